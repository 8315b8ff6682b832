"""How many machines and failure domains may go at once, in the worst case that groups and waves leave open.

A run counts against a group every member that is impaired and every member with a step in flight, whichever group that
step is of; it admits a step only below the group's limits. So the steps of one group never break a budget that the
group's own limits keep, if its members are all that the budget counts. Steps of other groups are admitted under those
groups' limits: where they may run at the same time on machines that the budget counts, their limits have to keep it as
well. That is all that can go wrong, because the last step that was admitted has counted all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from oakum.changes.plans import Group
from oakum.changes.state import Machine
from oakum.changes.verify.given import Given, Placed, violation
from oakum.changes.verify.model import Violation
from oakum.errors import NotAssessableError
from oakum.policy.entries import Budget


class Counted(msgspec.Struct, frozen=True, eq=False):
    """A budget with the machines that it counts for one kind of change in one cluster or pool, by id."""

    budget: Budget
    machines: dict[str, Machine]
    scope: frozenset[str]

    @property
    def most(self) -> int:
        """How many of them may be unavailable at once."""
        return self.budget.nodes(len(self.machines))

    def domain(self, machine: Machine) -> str:
        """The failure domain of a machine, empty where it has no such label."""
        return machine.labels.get(self.budget.domain_label, "")


class Limits:
    """The budgets of all steps."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._counted: dict[tuple[str, ...], Counted] = {}
        self.unknown: list[Violation] = []
        self._of_group: dict[str, dict[int, tuple[Counted, Placed]]] = {}
        for each in given.placed:
            if each.machine is None:
                continue
            for change in each.step.changes:
                counted = self._count(each.machine, change.kind, change.reversibility)
                self._of_group.setdefault(each.group.id, {}).setdefault(id(counted), (counted, each))

    def of(self, group: Group) -> Sequence[tuple[Counted, Placed]]:
        """The budgets of a group's steps, each with one of these steps."""
        return tuple(self._of_group.get(group.id, {}).values())

    def _count(self, machine: Machine, kind: str, reversibility: str) -> Counted:
        given = self._given
        budget = given.book.of(machine.target(kind, reversibility)).budget
        pool = machine.pool if budget.per == "pool" else ""
        key = (budget.name, budget.per, machine.cluster, pool, kind, reversibility)
        if key in self._counted:
            return self._counted[key]
        around = given.state.by_cluster[machine.cluster]
        scope = [one for one in around if budget.per == "cluster" or one.pool == machine.pool]
        members: dict[str, Machine] = {}
        for one in scope:
            try:
                mine = given.book.of(one.target(kind, reversibility)).budget
            except NotAssessableError as error:
                # A machine of which nobody knows whether the budget counts it: it is counted.
                self.unknown.append(violation("not-assessable", error.what, object_=one.id))
                mine = budget
            if mine.name == budget.name:
                members[one.id] = one
        found = Counted(budget, members, frozenset(one.id for one in scope))
        self._counted[key] = found
        return found


def impaired(machine: Machine) -> bool:
    """Whether a machine counts as unavailable already; one of unknown health does."""
    return machine.healthy is not True or machine.cordoned


def limited(given: Given) -> Iterator[Violation]:
    """Members, limits and domains of each group against the budgets of its steps; and whether there is room."""
    limits = Limits(given)
    yield from limits.unknown
    for group in given.plan.groups:
        several = limits.of(group)
        for counted, each in several:
            yield from _members(given, group, counted, each)
            yield from _most(group, counted, each)
            yield from _room(given, group, counted)
        yield from _serial(given, group)
    yield from _together(given, limits)


def _of_control_plane(each: Placed) -> bool:
    """Whether a step is of a control plane: its group may count the control plane alone, one at a time.

    A worker that is lost during a run does not keep a control plane between two versions. When the plan is made the
    impaired workers count (``_room``).
    """
    return each.machine is not None and each.machine.role == "control-plane" and each.group.serial


def _members(given: Given, group: Group, counted: Counted, each: Placed) -> Iterator[Violation]:
    members = set(group.members)
    if len(members) != len(group.members):
        yield each.broken("members", f"the group {group.id} names a machine twice", group.id)
    for id_, one in counted.machines.items():
        if id_ not in members and not (_of_control_plane(each) and one.role != "control-plane"):
            yield each.broken("members", f"{counted.budget.name} counts it, the group {group.id} does not", id_)
    scope = counted.scope
    if _of_control_plane(each):
        scope |= {one.id for one in given.state.by_cluster[each.cluster] if one.role == "control-plane"}
    for id_ in sorted(members - scope):
        yield each.broken("members", f"the group {group.id} counts it, {counted.budget.name} does not", id_)
    for id_ in group.members:
        machine = given.state.by_id.get(id_)
        if machine is not None and group.domain_of.get(id_, "") != counted.domain(machine):
            why = f"its domain is {counted.domain(machine)!r}, the group {group.id} says {group.domain_of.get(id_)!r}"
            yield each.broken("domains", why, id_)


def _most(group: Group, counted: Counted, each: Placed) -> Iterator[Violation]:
    budget = counted.budget
    if group.max_unavailable > counted.most:
        why = f"{group.max_unavailable} of {len(group.members)} at once; {budget.name} lets {counted.most}"
        yield each.broken("max-unavailable", f"{why} of the {len(counted.machines)} that it is for", group.id)
    if group.max_domains > budget.max_domains:
        yield each.broken("domains", f"{group.max_domains} domains at once; {budget.name} lets {budget.max_domains}",
                          group.id)  # fmt: skip


def _serial(given: Given, group: Group) -> Iterator[Violation]:
    """Control planes one at a time, with all of the cluster's control plane counted."""
    for each in given.by_group.get(group.id, ()):
        if each.machine is None or each.machine.role != "control-plane":
            continue
        if not group.serial:
            yield each.broken("serial", f"its group {group.id} lets more than one go at once")
        members = set(group.members)
        for one in given.state.by_cluster[each.cluster]:
            if one.role == "control-plane" and one.id not in members:
                yield each.broken("serial", f"its group {group.id} does not count this machine", one.id)
        break
    for each in given.by_group.get(group.id, ()):
        machine = each.machine
        if machine is not None and each.step.domain != group.domain_of.get(machine.id, ""):
            why = f"the step says domain {each.step.domain!r}, its group {group.domain_of.get(machine.id)!r}"
            yield each.broken("domains", why)


def _room(given: Given, group: Group, counted: Counted) -> Iterator[Violation]:
    """A step that can never be admitted as things stand is no step to promise."""
    down = {id_: counted.domain(one) for id_, one in counted.machines.items() if impaired(one)}
    mine = {id_ for id_ in group.members if (one := given.state.by_id.get(id_)) and impaired(one)}
    most = min(1, group.max_unavailable) if group.serial else group.max_unavailable
    domains = min(group.max_domains, counted.budget.max_domains)
    for each in given.by_group.get(group.id, ()):
        machine = each.machine
        if machine is None or machine.id not in counted.machines:
            continue
        if given.plan.undoes and machine.id in down:
            continue  # it is out of service, and brought back it is so no longer
        for several, limit, name in ((mine, most, group.id), (down, counted.most, counted.budget.name)):
            others = len(several) - (machine.id in several)
            if others + 1 > limit:
                why = f"{others} other machines that {name} counts are impaired, and {limit} may be at once"
                yield each.broken("room", why)
        touched = {*down.values(), counted.domain(machine)}
        if len(touched) > domains:
            why = f"impaired machines and this one lie in {len(touched)} domains, and {domains} may be"
            yield each.broken("room", why)


def _together(given: Given, limits: Limits) -> Iterator[Violation]:
    """Groups that may run at the same time on machines that a budget of the other counts."""
    for several in given.by_cluster.values():
        units: dict[tuple[str, int], list[Placed]] = {}
        for each in several:
            if each.machine is not None:
                units.setdefault((each.group.id, each.wave), []).append(each)
        told: set[tuple[str, str]] = set()
        for one, wave in units:
            for (other, later), steps in units.items():
                if one != other and (one, other) not in told and given.order.together(wave, later):
                    found = list(_beside(given, limits, one, given.groups[other], steps))
                    if found:
                        told.add((one, other))
                    yield from found


def _beside(given: Given, limits: Limits, one: str, other: Group, steps: Sequence[Placed]) -> Iterator[Violation]:
    """What steps of another group may do to the budgets of the group ``one`` while one of its steps is in flight."""
    first, second = given.by_group[one][0], steps[0]
    if _of_control_plane(first) and _of_control_plane(second):
        # Both serial, and each counts the machines of the other: they exclude each other.
        mine, theirs = set(first.group.members), set(other.members)
        if not all(each.step.subject.id in mine for each in steps) or not all(
            each.step.subject.id in theirs for each in given.by_group[one]
        ):
            yield second.broken("serial", f"it may run beside steps of the group {one} on the same control plane")
        return
    for counted, _ in limits.of(given.groups[one]):
        met = next((each for each in steps if each.machine and each.machine.id in counted.machines), None)
        if met is None:
            continue
        missing = [id_ for id_ in counted.machines if id_ not in set(other.members)]
        if missing or other.max_unavailable > counted.most or other.max_domains > counted.budget.max_domains:
            counts = f"counts {len(other.members)} machines and lets {other.max_unavailable} go"
            why = f"it may run beside the group {one}, whose budget {counted.budget.name} lets {counted.most} go of"
            yield met.broken("together", f"{why} {len(counted.machines)}; the group {other.id} {counts}")
