"""What somebody who sees everything could do now for a run: the safe moves, by ground truth and the plan's own limits.

Neither the planner nor what decides the next act is asked: the questions are put again here, to the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from oakum.changes.plans.model import Group, Plan, Step, Wave
from oakum.changes.running.journal import OVER, Journal
from oakum.changes.skew import parse_release
from oakum.changes.skew.model import API_SERVER, KUBE_PROXY, KUBELET
from oakum.policy.openings import NoOpening
from oakum.simulation.disruption import GRANTED, answer
from oakum.simulation.invariants.base import Terms
from oakum.simulation.invariants.cordons import foreign
from oakum.simulation.things import Machine

if TYPE_CHECKING:
    from oakum.simulation.world import World


class Moves:
    """The safe moves of one run. ``harm`` are the machines to which something was done that may keep a run away."""

    def __init__(self, world: World, terms: Terms, journal: Journal, harm: Mapping[str, set[str]]) -> None:
        self._world, self._terms, self._journal, self._harm = world, terms, journal, harm
        #: Members, who of them is out or in hand, and their domains, by group; of this look alone.
        self._out: dict[str, tuple[set[str], set[str]]] = {}
        self._members: dict[str, frozenset[str]] = {}
        #: The oldest minor version of the API servers by cluster; of this look alone.
        self._oldest: dict[str, int | None] = {}

    @property
    def _plan(self) -> Plan | None:
        return next(iter(self._terms.plans.values()), None)

    def safe(self) -> str:
        """Something that could be done now, in words; empty where there is nothing."""
        self._out.clear()
        self._oldest.clear()
        plan = self._plan
        if plan is None or self.waits_for_people(plan) or self._guarded(plan):
            return ""
        groups = {each.id: each for each in plan.groups}
        for id in list(self._journal.active):
            step = plan.steps.get(id)
            if step is not None and self._free(step, groups[step.group]):
                return f"{id} was in hand with nothing in its way"
        for wave in plan.waves:
            if all(self._over(plan, need) for need in wave.needs):
                for step in wave.steps:
                    if self._journal.state(step.id) == "waiting" and self._may_begin(step, groups[step.group], plan):
                        return f"{step.id} could have begun"
        return ""

    def waits_for_people(self, plan: Plan) -> bool:
        """Whether people have to say something first, or have said to do nothing."""
        wishes = self._world.wishes
        return f"approve:{plan.hash}" not in wishes or bool(wishes & {"pause", "stop", "rollback"})

    def _guarded(self, plan: Plan) -> bool:
        """Whether an alarm fires, nobody can ask for alarms and metrics, or metrics are bad."""
        alarms, now = self._world.alarms, self._world.timeline.now
        watched = {*plan.stop.alarms, *(name for group in plan.groups for name in group.gate.quiet_alarms)}
        measured = any(group.gate.metrics for group in plan.groups)
        dark = alarms.dark_until > now and bool(watched or measured)
        return dark or bool(alarms.true & watched) or (measured and alarms.bad_until > now)

    def _over(self, plan: Plan, id: str) -> bool:
        """Whether a wave is over, with its soak and the time that its gate may take."""
        wave = next(each for each in plan.waves if each.id == id)
        if any(each.what == "wave-over" and each.about == id for each in self._journal.notes):
            return True
        latest = [self._journal.of(step.id).since for step in wave.steps if self._journal.state(step.id) in OVER]
        if len(latest) < len(wave.steps):
            return False
        return self._world.timeline.wall() >= max(each for each in latest if each) + timedelta(
            seconds=self._watched(plan, wave)
        )

    @staticmethod
    def _watched(plan: Plan, wave: Wave) -> float:
        groups = {each.id: each for each in plan.groups}
        gates = [groups[step.group].gate for step in wave.steps]
        return wave.soak + max((sum(m.interval * (m.count + 1) for m in each.metrics) for each in gates), default=0)

    def _free(self, step: Step, group: Group) -> bool:
        """Whether nothing is in the way of a step in hand; what serves meanwhile may wait for its window."""
        machine = self._world.machines.get(step.subject.id)
        if machine is None or machine.uid != step.subject.uid or self._broken(machine):
            return False
        if any(work.state == "running" for work in machine.work.values()) or foreign(machine):
            return False
        if not self._quorum(machine) or (machine.cluster is None and not self._open(step, group)):
            return False
        return self._journal.state(step.id) != "draining" or self.drains(machine)

    @staticmethod
    def _broken(machine: Machine) -> bool:
        """Whether a machine, or the way to it, does not work."""
        cluster = machine.cluster
        away = not machine.alive or not machine.answers or machine.sick or not machine.ready
        return away or (cluster is not None and (cluster.cut or not cluster.writable))

    def _may_begin(self, step: Step, group: Group, plan: Plan) -> bool:
        machine = self._world.machines.get(step.subject.id)
        if machine is None:
            return (
                step.subject.kind == "object"
                and self._open(step, group)
                and not self._waiting_pods(step.subject.cluster)
            )
        if machine.uid != step.subject.uid or self._broken(machine) or machine.unschedulable or machine.claim:
            return False
        if machine.id in self._harm:
            # What was done to it by others (another version on it, say) may rightly keep a run away.
            return False
        if step.reversibility == "forward-only" and f"approve:{plan.hash}/{step.id}" not in self._world.wishes:
            return False
        drains = any(each.drain for each in step.changes)
        return (
            self._room(machine, group)
            and self._open(step, group)
            and self._quorum(machine)
            and not self._ahead(machine, step)
            and not (drains and (not self.drains(machine) or self._waiting_pods(step.subject.cluster)))
        )

    def _open(self, step: Step, group: Group) -> bool:
        """Whether all windows are open for as long as the step and its way back take."""
        now = self._world.timeline.wall()
        needs = timedelta(seconds=step.takes.work.p95 + group.soak_node + step.takes.back.p95)
        for windows, freezes in group.calendars:
            found = self._terms.calendar.next_of(windows, freezes, now, needs)
            if isinstance(found, NoOpening) or found.start > now:
                return False
        return True

    def _room(self, machine: Machine, group: Group) -> bool:
        """Whether one more may be out of service, and in that domain."""
        ids, domains = self._taken(group)
        most = 1 if group.serial else group.max_unavailable
        return len(ids) < most and len(domains | {group.domain_of.get(machine.id, "")}) <= group.max_domains

    def _taken(self, group: Group) -> tuple[set[str], set[str]]:
        """The members of a group that are out, in hand, lost or soaking, and the domains of all but the last."""
        if group.id not in self._out:
            members = self._members.setdefault(group.id, frozenset(group.members))
            ids = {each.id for index in self._world.indexes for each in index.values()}
            ids |= {self._subject(id) for id in self._journal.active}
            ids |= {self._subject(id) for id, each in self._journal.steps.items() if each.state == "lost"}
            ids &= members
            self._out[group.id] = ids | self._soaking(group), {group.domain_of.get(each, "") for each in ids}
        return self._out[group.id]

    def _soaking(self, group: Group) -> set[str]:
        if not group.soak_node:
            return set()
        after = self._world.timeline.wall() - timedelta(seconds=group.soak_node)
        recent = [
            id for id, each in self._journal.steps.items() if each.state in OVER and each.since and each.since > after
        ]
        return {self._subject(each) for each in recent}

    def _subject(self, step: str) -> str:
        plan = self._plan
        found = plan.steps.get(step) if plan is not None else None
        return found.subject.id if found is not None else ""

    def _quorum(self, machine: Machine) -> bool:
        member = self._world.member(machine)
        if member is None or machine.cluster is None:
            return True
        voters = [each for each in machine.cluster.etcd if not each.learner]
        left = sum(each.healthy for each in voters if each is not member)
        return 2 * left > len(voters) and len(voters) == len(machine.cluster.etcd)

    def _ahead(self, machine: Machine, step: Step) -> bool:
        """Whether its kubelet or kube-proxy would be newer than an API server: the version skew policy forbids it."""
        wanted = [each.after for each in step.changes if each.component in (KUBELET, KUBE_PROXY)]
        oldest = self._oldest_server(machine) if wanted else None
        return oldest is not None and any(parse_release(each).minor > oldest for each in wanted)

    def _oldest_server(self, machine: Machine) -> int | None:
        if machine.cluster is None:
            return None
        name = machine.cluster.name
        if name not in self._oldest:
            servers = (each.software.get(API_SERVER) for each in machine.cluster.machines.values() if not each.gone)
            minors = (parse_release(each.running).minor for each in servers if each is not None and each.running)
            self._oldest[name] = min(minors, default=None)
        return self._oldest[name]

    def _waiting_pods(self, cluster: str) -> bool:
        """Whether pods of a cluster find no place already."""
        known = self._world.clusters.get(cluster)
        return known is not None and bool(known.pending)

    def drains(self, machine: Machine) -> bool:
        """Whether every pod that has to go may go now."""
        cluster = machine.cluster
        if cluster is None:
            return True
        if self._world.eviction_webhook_down:
            return False
        hooks = {each.backend.uid: each for each in cluster.webhooks if each.fail_closed}
        for pod in machine.pods.values():
            workload = pod.workload
            if workload.kind == "DaemonSet":
                continue
            if workload.held or workload.sticks or workload.kind == "Pod" or workload.local:
                return False
            if workload.uid in hooks and workload.ready < 2:
                return False
            if pod.deleted < 0 and answer(pod)[0] != GRANTED:
                return False
        return True
