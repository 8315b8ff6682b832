"""A look at a world: what a run sees, as fresh as faults allow.

A view reads each thing when it is asked for and keeps what it read, so that one look tells one story. While reads are
stale a view shows the world as it was when that began; what we find out ourselves on a machine (its versions) carries
the time of our own look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from oakum.changes.drain import Surroundings
from oakum.changes.running.observed import Etcd, Sample, Seen
from oakum.changes.state.model import Webhook
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.simulation.things import Cluster, Machine

if TYPE_CHECKING:
    from oakum.simulation.world import World

_NOTHING = Surroundings(Snapshot(source="nothing"))


class View:
    """One look (``Observed``)."""

    def __init__(self, world: World, about: Sequence[str], executor: str) -> None:
        self._world, self._executor = world, executor
        self.at: datetime = world.timeline.wall()
        self._seen: dict[str, Seen | None] = {}
        self._impaired: dict[str, Mapping[str, Seen]] = {}
        self._around: dict[str, Surroundings] = {}
        self._reached: dict[str, bool] = {}
        for each in about:
            self.seen(each)

    @cached_property
    def lease(self) -> tuple[str, int] | None:
        """Who holds the lease of the run, and its token."""
        return self._world.lease.seen

    @cached_property
    def alarms(self) -> frozenset[str] | None:
        """What fires and is not silenced by us."""
        return self._world.firing()

    @cached_property
    def wishes(self) -> frozenset[str]:
        """What people have asked for."""
        return frozenset(self._world.wishes)

    def seen(self, subject: str) -> Seen | None:
        """A machine or an object."""
        if subject not in self._seen:
            self._seen[subject] = self._look(subject)
        return self._seen[subject]

    def _answers(self, cluster: Cluster) -> bool:
        """Whether the API of a cluster answers."""
        found = self._reached.get(cluster.name)
        if found is None:
            found = self._reached[cluster.name] = cluster.reachable
        return found

    def _look(self, subject: str) -> Seen | None:
        world = self._world
        machine = world.machines.get(subject)
        if machine is None:
            return self._object(subject)
        if machine.cluster is not None and not self._answers(machine.cluster):
            return None
        return self._of(machine)

    def _of(self, machine: Machine) -> Seen:
        world = self._world
        time = world.timeline
        if machine.reached:
            machine.scanned = time.now
            if machine.news:
                machine.news = False
                machine.found = {name: each.running for name, each in machine.software.items() if not each.half}
                machine.told, machine.told_copies = dict(machine.work), tuple(machine.copies)
            scanned: datetime | None = self.at
        else:
            scanned = time.wall(machine.scanned) if machine.scanned >= 0 else None
        if machine.since_told is None or machine.since_told[:2] != (machine.since, time.offset):
            machine.since_told = machine.since, time.offset, time.wall(machine.since)
        if machine.cluster is None:
            return self._of_host(machine, machine.since_told[2])
        return Seen(
            at=self.at, uid=machine.uid, resource_version=machine.resource_version, up=machine.ready,
            since=machine.since_told[2], cordoned=machine.unschedulable,
            claim=machine.claim, boot_id=machine.known_boot, running=machine.found, scanned=scanned, work=machine.told,
            silenced=machine.silenced_until > time.now, copies=machine.told_copies,
            attached=tuple(sorted(machine.attached)) if machine.attached else (),
        )  # fmt: skip

    def _of_host(self, machine: Machine, since: datetime) -> Seen:
        """A host has nobody who speaks for it: while it does not answer it is shown as it was when it last did."""
        if machine.reached:
            machine.shown = Seen(
                at=self.at, uid=machine.uid, resource_version=machine.resource_version, claim=machine.claim,
                boot_id=machine.boot_id, running=machine.found, scanned=self.at, work=machine.told,
                copies=machine.told_copies,
            )  # fmt: skip
        return msgspec.structs.replace(
            machine.shown or Seen(at=self.at, uid=machine.uid), at=self.at, up=machine.ready and machine.reached,
            since=since, cordoned=machine.unschedulable, silenced=machine.silenced_until > self._world.timeline.now,
        )  # fmt: skip

    def _object(self, subject: str) -> Seen | None:
        cluster_name, _, rest = subject.partition("/")
        parts = rest.split("/")
        cluster = self._world.clusters.get(cluster_name)
        if cluster is None or not self._answers(cluster) or len(parts) != 3:
            return None
        workload = cluster.workloads.get((parts[0], parts[1], parts[2]))
        if workload is None or workload.gone:
            return None
        up = self._world.controllers[cluster.name].rolled_out(workload)
        return Seen(
            at=self.at, uid=workload.uid, resource_version=str(workload.generation), up=up,
            running={"image/main": workload.image}, scanned=self.at,
        )  # fmt: skip

    def found(self, subject: str) -> bool | None:
        """Whether something of that id exists; None where its cluster cannot be asked."""
        machine = self._world.machines.get(subject)
        if machine is not None and machine.cluster is None:
            return True
        cluster = self._world.clusters.get(subject.partition("/")[0])
        if cluster is not None and not self._answers(cluster):
            return None
        return machine is not None or self._object(subject) is not None

    def impaired(self, cluster: str) -> Mapping[str, Seen]:
        """All machines of a cluster that are not up or cordoned."""
        if cluster not in self._impaired:
            known = self._world.clusters.get(cluster)
            several = self._world.loose if known is None else known.impaired
            cut = known is not None and not self._answers(known)
            seen = {} if cut else {name: self.seen(name) for name in sorted(several)}
            self._impaired[cluster] = {name: each for name, each in seen.items() if each is not None}
        return self._impaired[cluster]

    def around(self, cluster: str) -> Surroundings:
        """The objects of a cluster."""
        if cluster not in self._around:
            shown = self._world.shown.get(cluster)
            cut = shown is None or not self._answers(shown.cluster)
            self._around[cluster] = _NOTHING if shown is None or cut else shown.around(self.at.isoformat())
        return self._around[cluster]

    def etcd(self, cluster: str) -> Etcd | None:
        """The members of a cluster's etcd."""
        known = self._world.clusters.get(cluster)
        if known is None or not known.etcd or not self._answers(known):
            return None
        voters = {each.machine.id: each.healthy for each in known.etcd if not each.learner}
        return Etcd(voters=voters, learners=tuple(each.machine.id for each in known.etcd if each.learner))

    def webhooks(self, cluster: str) -> tuple[Webhook, ...] | None:
        """The admission webhooks with the pods that serve each."""
        known = self._world.clusters.get(cluster)
        if known is None or not self._answers(known):
            return None
        return tuple(
            Webhook(
                name=each.name, fail_closed=each.fail_closed, exempt=each.exempt,
                pods=tuple(sorted(p.full_name for p in each.backend.pods.values() if p.ready and p.deleted < 0)),
            )
            for each in known.webhooks
        )  # fmt: skip

    def samples(self, about: str) -> tuple[Sample, ...]:
        """The measurements for a step or a wave."""
        return self._world.measured(about)

    def kept(self) -> View:
        """Looks at everything now, so that the view can be shown later as what a cache still has."""
        world = self._world
        for name in world.machines:
            self.seen(name)
        for name in ("", *world.clusters):
            self.impaired(name)
            self._around[name] = world.shown[name].whole(self.at.isoformat()) if name in world.shown else _NOTHING
            self.etcd(name)
        return self


class OldView(View):
    """What a cache shows that has missed all events since ``old`` was looked at, and does not know it.

    ``pods_only`` where it has missed those of pods and budgets alone. What we find on a machine ourselves is of now.
    """

    def __init__(
        self, world: World, old: View, about: Sequence[str], executor: str, *, pods_only: bool = False
    ) -> None:
        self._old, self._pods_only = old, pods_only
        super().__init__(world, about, executor)

    def _look(self, subject: str) -> Seen | None:
        now = super()._look(subject)
        machine = self._world.machines.get(subject)
        if self._pods_only or subject not in self._old._seen or (machine is not None and machine.cluster is None):
            # Hosts are asked themselves: there is no cache between.
            return now
        then = self._old._seen[subject]
        if then is None or now is None:
            return then if now is None or then is None else now
        return msgspec.structs.replace(
            then, at=self.at, running=now.running, scanned=now.scanned, work=now.work, copies=now.copies
        )

    def impaired(self, cluster: str) -> Mapping[str, Seen]:
        """As it was then."""
        return super().impaired(cluster) if self._pods_only else self._old.impaired(cluster)

    def around(self, cluster: str) -> Surroundings:
        """As it was then."""
        return self._old.around(cluster)
