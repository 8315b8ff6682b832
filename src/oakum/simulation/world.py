"""The simulated world: clusters, machines and everybody who acts in them, on one clock and from one seed.

``port`` gives an executor its way in (the port World); ``event`` and ``strike`` make things happen from outside. The
rest is what the modules beside this one share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from oakum.changes.plans.model import Change
from oakum.changes.running.observed import Sample
from oakum.simulation.acting import Acting, copy_of
from oakum.simulation.alarms import Alarms
from oakum.simulation.chance import chance
from oakum.simulation.controllers import Controllers
from oakum.simulation.events import Events
from oakum.simulation.hosts import Hosts
from oakum.simulation.leases import Lease
from oakum.simulation.others import Others
from oakum.simulation.pods import Pods, guards
from oakum.simulation.showing import Shown
from oakum.simulation.things import Budget, Cluster, Machine, Member, Soft, Workload, unmarked
from oakum.simulation.timeline import Timeline
from oakum.simulation.times import SPEEDS, Times
from oakum.simulation.watching import Watch

if TYPE_CHECKING:
    from oakum.simulation.ports import Port


class World:
    """One world. ``machines`` are those that exist, by id; ``loose`` the hosts outside of clusters out of service.

    ``bad`` gives for a component and version after how many seconds it harms, and how that shows (sick, alarm,
    metric). ``evictions`` counts those granted to us, ``wishes`` are what people have asked for so far, ``due`` kinds
    of faults that wait for something to strike.
    """

    def __init__(self, seed: int, start: datetime, *, times: Times | None = None, watch: Watch | None = None) -> None:
        self.seed, self.times = seed, times or Times()
        self.timeline = Timeline(start)
        self.watch = watch or Watch()
        self.clusters: dict[str, Cluster] = {}
        self.machines: dict[str, Machine] = {}
        self.loose: dict[str, Machine] = {}
        self.pods: dict[str, Pods] = {}
        self.controllers: dict[str, Controllers] = {}
        self.shown: dict[str, Shown] = {}
        self.bad: dict[tuple[str, str], tuple[float, str]] = {}
        self.wishes: set[str] = set()
        self.evictions = 0
        self.no_evictions_until = -1.0
        self.hosts = Hosts(self)
        self.lease = Lease(self)
        self.alarms = Alarms(self)
        self.acting = Acting(self)
        self.others = Others(self)
        self.events = Events(self)
        self._ports: dict[str, Port] = {}
        self._chance, self.dice = chance(seed, "boots"), chance(seed, "strikes")
        self.due: set[tuple[str, str]] = set()
        self._made = 0

    # Making

    def uid(self, kind: str) -> str:
        """A new uid."""
        self._made += 1
        return f"{kind}-{self._made}"

    def add_cluster(self, cluster: Cluster) -> Cluster:
        """A cluster begins to exist."""
        self.clusters[cluster.name] = cluster
        pods = self.pods[cluster.name] = Pods(cluster, self)
        self.controllers[cluster.name] = Controllers(cluster, self, pods)
        self.shown[cluster.name] = Shown(cluster, self.timeline.start)
        return cluster

    def add_machine(self, machine: Machine) -> Machine:
        """A machine begins to exist, in service unless it says otherwise."""
        machine.known_boot = machine.boot_id
        machine.since = self.timeline.now
        self.machines[machine.id] = machine
        if machine.cluster is not None:
            machine.cluster.machines[machine.name] = machine
            machine.cluster.order, machine.cluster.servers = (), None
        self.hosts.touch(machine)
        return machine

    def add_budget(self, cluster: Cluster, budget: Budget) -> None:
        """A disruption budget begins to guard the pods that it selects."""
        cluster.budgets[budget.namespace, budget.name] = budget
        self.rebind(cluster, [each for each in cluster.workloads.values() if guards(budget, each)])

    def rebind(self, cluster: Cluster, workloads: Iterable[Workload]) -> None:
        """Finds anew which budgets guard the pods of some workloads."""
        for workload in workloads:
            found = [each for each in cluster.budgets.values() if guards(each, workload)]
            for budget in cluster.budgets.values():
                budget.workloads.pop(workload.uid, None)
            for budget in found:
                budget.workloads[workload.uid] = workload
            workload.budgets = tuple(sorted(found, key=lambda each: each.name))
            for pod in workload.pods.values():
                for budget in (*pod.budgets, *workload.budgets):
                    budget.pods.pop(pod.uid, None)
                pod.budgets = workload.budgets
                for budget in workload.budgets:
                    budget.pods[pod.uid] = pod
            for budget in workload.budgets:
                self.pods[cluster.name].count_soon(budget)
        cluster.shape += 1
        cluster.version += 1

    # What the other modules ask

    def member(self, machine: Machine) -> Member | None:
        """The member of etcd on a machine."""
        if machine.cluster is None:
            return None
        return next((each for each in machine.cluster.etcd if each.machine is machine), None)

    def impaired(self, machine: Machine) -> dict[str, Machine]:
        """The index of what is out of service to which a machine belongs."""
        return self.loose if machine.cluster is None else machine.cluster.impaired

    @property
    def indexes(self) -> Iterable[dict[str, Machine]]:
        """All indexes of what is out of service."""
        yield self.loose
        for each in self.clusters.values():
            yield each.impaired

    def speed(self, machine: Machine) -> float:
        """How many times as long as usual work takes on a machine."""
        return SPEEDS.get(machine.speed, SPEEDS["vm"]).work

    def boot_time(self, machine: Machine) -> float:
        """Seconds until the machine's next boot has come to its kernel; no two are alike."""
        return SPEEDS.get(machine.speed, SPEEDS["vm"]).boot * self._chance.uniform(0.9, 1.2)

    @property
    def staleness(self) -> float:
        """For how many seconds back the looks of somebody may show what is no longer so."""
        return max((each.staleness for each in self._ports.values()), default=0.0)

    @property
    def eviction_webhook_down(self) -> bool:
        """Whether a webhook refuses all evictions now."""
        return self.no_evictions_until > self.timeline.now

    def alarm(self, name: str, seconds: float) -> None:
        """An alarm begins to fire."""
        self.alarms.fire(name, seconds)

    def firing(self) -> frozenset[str] | None:
        """What fires and is not silenced by us; None where nobody can ask."""
        return self.alarms.firing

    def measured(self, about: str) -> tuple[Sample, ...]:
        """The samples taken for a step or a wave."""
        return self.alarms.samples(about)

    def stir(self) -> None:
        """Something has happened that is worth a look; whoever drives a run may want to know."""

    def happened(self, kind: str, subject: str) -> None:
        """Something of the kind of a fault has happened; the watcher is told when one of that kind was due there."""
        for key in ((kind, subject), (kind, "")):
            if key in self.due:
                self.due.discard(key)
                self.watch.struck(kind, subject, True)
                return

    def set_image(self, cluster: Cluster, workload: Workload, image: str) -> None:
        """A workload gets another image, and its controller rolls that out."""
        if workload.image != image:
            workload.image = image
            workload.generation += 1
            workload.rolling = True
            self.reshaped(cluster, workload)
            self.others.changed(cluster, workload)

    def reshaped(self, cluster: Cluster, workload: Workload) -> None:
        """The object of a workload has changed."""
        workload.slims = ()
        cluster.shape += 1
        cluster.version += 1
        self.controllers[cluster.name].soon(workload)

    def replaced(self, machine: Machine, name: str, changes: Mapping[str, Change]) -> Machine | None:
        """A new machine, as ``machine`` was made but from a clean image, joins the cluster."""
        cluster = machine.cluster
        if cluster is None or name in cluster.machines:
            return None
        software = {
            each: copy_of(soft, changes[each].after if each in changes else "")
            for each, soft in machine.software.items()
        }
        image = changes["image"].after if "image" in changes else machine.image
        return self.join(machine, name, software, image)

    def join(self, like: Machine, name: str, software: dict[str, Soft] | None = None, image: str = "") -> Machine:
        """Another machine of the same make joins the cluster, and is ready when its kubelet is."""
        if software is None:
            software = {each: copy_of(soft, soft.installed) for each, soft in like.software.items()}
        machine = Machine(
            name=name, uid=self.uid("node"), id=f"{like.cluster.name}/{name}" if like.cluster else name,
            cluster=like.cluster, role=like.role, pool=like.pool, speed=like.speed, zone=like.zone,
            facts=dict(like.facts), labels=unmarked(like), cpu=like.cpu, snapshots=like.snapshots, ready=False,
            taints=like.taints, boots=0, alive=False, software=software, image=image or like.image,
        )  # fmt: skip
        self.add_machine(machine)
        self.timeline.after(0.0, self.hosts.boot, machine, 0)
        return machine

    def event(self, do: str, on: str = "", what: str = "", by: str = "", lasts: float = float("inf")) -> bool:
        """Something happens from outside (``events``); whether there was anything for it to happen to."""
        return self.events.happen(do, on, what, by, lasts)

    # The ways in

    def port(self, executor: str) -> Port:
        """The way into the world of one executor; the same one for the same executor."""
        if executor not in self._ports:
            self._ports[executor] = _port(self, executor)
        return self._ports[executor]


def _port(world: World, executor: str) -> Port:
    from oakum.simulation.ports import Port

    return Port(world, executor)
