"""What all checks look at: the plan laid beside the state and the policy it claims to be made from.

Nothing here is taken from the plan's word where the state or the policy can be asked. A step is *placed* when its
subject, its group and the settings of each of its changes are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from oakum.changes.compat import Knowledge
from oakum.changes.intents.catalogue import KINDS, Wanted, wanted
from oakum.changes.intents.kinds import Kind
from oakum.changes.intents.model import Intent
from oakum.changes.plans import Change, Group, Plan, Step
from oakum.changes.state import Cluster, Machine, State
from oakum.changes.verify.model import Violation
from oakum.changes.verify.order import Order
from oakum.changes.verify.rules import RULES
from oakum.changes.verify.settings import Book, Settings
from oakum.errors import NotAssessableError, OakumError
from oakum.fleet.cluster.objects import Workload
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.policy.scopes import Target


class Placed(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A step with what it is about. ``wave`` is the place of its wave, ``position`` its own in that wave.

    ``machine`` or ``workload`` is its subject. ``settings`` are those of its changes' targets, each once. ``phases``
    are the places of its changes' kinds in the order of a cluster.
    """

    step: Step
    wave: int
    wave_id: str
    position: int
    group: Group
    machine: Machine | None
    workload: Workload | None
    settings: tuple[Settings, ...]
    phases: tuple[tuple[int, int], ...]

    @property
    def cluster(self) -> str:
        """The cluster of its subject, empty for a host outside of any."""
        return self.step.subject.cluster

    @property
    def phase(self) -> tuple[int, int]:
        """The last of its phases."""
        return max(self.phases)

    @property
    def drains(self) -> bool:
        """Whether pods have to leave its machine."""
        drained = any(each.drain for each in self.step.changes) or self.step.kind == "replace"
        return drained and self.machine is not None and bool(self.cluster)

    def broken(self, rule: str, why: str, object_: str = "") -> Violation:
        """A violation by this step."""
        return violation(rule, why, wave=self.wave_id, step=self.step.id, object_=object_ or self.step.subject.id)


class Given:
    """A plan whose form is right, and everything that it is measured against."""

    def __init__(self, plan: Plan, state: State, policy: Policy, calendar: Calendar, knowledge: Knowledge) -> None:
        self.plan, self.state, self.policy = plan, state, policy
        self.calendar, self.knowledge = calendar, knowledge
        self.book = Book(policy)
        self.order = Order(plan.waves)
        self.groups = {group.id: group for group in plan.groups}
        self.intents: dict[str, Intent] = {intent.name: intent for intent in plan.intents}
        self.kinds: dict[str, Kind] = {name: KINDS[intent.kind] for name, intent in self.intents.items()}
        self.after = {name: self._all_before(name) for name in self.intents}
        depths = _depths(self.intents)
        self.phase_of = {name: (self._rank(name), depths[name]) for name in self.kinds}
        pairings = (each.component for each in knowledge.pairings)
        self.components = tuple(
            dict.fromkeys((*pairings, *(name for each in knowledge.edges for name in each.components)))
        )
        self.unplaced: list[Violation] = []
        objects = any(step.subject.kind == "object" for wave in plan.waves for step in wave.steps)
        self._workloads = {cluster.name: _workloads(cluster) for cluster in state.clusters if objects}
        self.placed = list(self._place())
        self.by_subject: dict[str, list[Placed]] = {}
        self.by_cluster: dict[str, list[Placed]] = {}
        self.by_group: dict[str, list[Placed]] = {}
        for each in self.placed:
            self.by_subject.setdefault(each.step.subject.id, []).append(each)
            self.by_cluster.setdefault(each.cluster, []).append(each)
            self.by_group.setdefault(each.group.id, []).append(each)
        self.wanted: dict[str, Wanted] = {}
        if not plan.undoes:
            self._ask_intents()

    def target(self, machine: Machine, kind: str, reversibility: str) -> Target:
        """A machine as the policy sees it."""
        return machine.target(kind, reversibility)

    def settings_of(self, machine: Machine, change: Change) -> Settings:
        """What the policy says for a change of a machine. Raises NotAssessableError."""
        return self.book.of(machine.target(change.kind, change.reversibility))

    def _ask_intents(self) -> None:
        for name, intent in self.intents.items():
            try:
                self.wanted[name] = wanted(intent, self.state)
            except OakumError as error:
                self.unplaced.append(violation("form", f"the intent is wrong: {error.what}", object_=name))

    def _all_before(self, name: str) -> frozenset[str]:
        """The intents that an intent comes after, those of these included."""
        found: set[str] = set()
        left = [name]
        while left:
            for each in self.intents[left.pop()].after:
                if each not in found:
                    found.add(each)
                    left.append(each)
        return frozenset(found)

    def _rank(self, name: str) -> int:
        """The place of an intent among kinds; one that others come after is drawn to the place of these."""
        following = (each for each in self.kinds if name in self.after[each])
        return min(self.kinds[each].rank for each in (name, *following))

    def _place(self) -> Iterator[Placed]:
        for number, wave in enumerate(self.plan.waves):
            for position, step in enumerate(wave.steps):
                subject = step.subject
                machine = self.state.by_id.get(subject.id) if subject.kind == "machine" else None
                workload = None
                if subject.kind == "object":
                    workload = self._workloads.get(subject.cluster, {}).get(subject.name)
                if machine is not None and (machine.cluster, machine.name) != (subject.cluster, subject.name):
                    # Whatever is asked of a cluster's machines is asked by the cluster that the step names.
                    why = f"{subject.id} is {machine.name} of {machine.cluster or 'no cluster'}, not {subject.name}"
                    self._unplaced("subject", f"{why} of {subject.cluster or 'no cluster'}", wave.id, step)
                    continue
                uid = machine.uid if machine else workload.metadata.uid if workload else None
                if uid != subject.uid:
                    why = "it does not exist" if uid is None else f"its uid is {uid}, the plan says {subject.uid}"
                    self._unplaced("subject", why, wave.id, step)
                    continue
                try:
                    settings = tuple(dict.fromkeys(self._settings(machine, workload, step)))
                except NotAssessableError as error:
                    self._unplaced("not-assessable", error.what, wave.id, step)
                    continue
                phases = {self.phase_of[each.intent] for each in step.changes}
                yield Placed(
                    step=step, wave=number, wave_id=wave.id, position=position, group=self.groups[step.group],
                    machine=machine, workload=workload, settings=settings, phases=tuple(sorted(phases)),
                )  # fmt: skip

    def _unplaced(self, rule: str, why: str, wave: str, step: Step) -> None:
        self.unplaced.append(violation(rule, why, wave=wave, step=step.id, object_=step.subject.id))

    def _settings(self, machine: Machine | None, workload: Workload | None, step: Step) -> Iterable[Settings]:
        for change in step.changes:
            if machine is not None:
                yield self.settings_of(machine, change)
            elif workload is not None:
                yield self.book.of(self._object_target(step, workload, change))

    def _object_target(self, step: Step, one: Workload, change: Change) -> Target:
        facts = self.state.clusters_by_name[step.subject.cluster].facts
        return Target(
            cluster=step.subject.cluster, environment=facts.get("environment"), region=facts.get("region"),
            tier=facts.get("tier"), node_role="", pool="", zone="", node="", namespace=one.metadata.namespace,
            workload=f"{one.kind}/{one.metadata.name}", change=change.kind, reversibility=change.reversibility,
            labels=dict(one.metadata.labels),
        )  # fmt: skip


def violation(rule: str, why: str, *, wave: str = "", step: str = "", object_: str = "") -> Violation:
    """A violation of a rule, with the rule's source."""
    return Violation(rule=rule, wave=wave, step=step, object=object_, why=why, source=RULES[rule].source)


def _depths(intents: Mapping[str, Intent]) -> dict[str, int]:
    """How many intents at most stand one after the other before each."""
    found: dict[str, int] = {}
    for start in intents:
        way = [start]
        while way:
            after = intents[way[-1]].after
            missing = [each for each in after if each not in found]
            if missing:
                way += missing
            else:
                found[way.pop()] = max((1 + found[each] for each in after), default=0)
    return found


def _workloads(cluster: Cluster) -> dict[str, Workload]:
    """The objects of a cluster that steps can change, by Kind/namespace/name."""
    several = cluster.around.snapshot.all("Deployment", "DaemonSet", "StatefulSet")
    return {"/".join(one.key): one for one in several if isinstance(one, Workload)}
