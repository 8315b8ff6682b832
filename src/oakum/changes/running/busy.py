"""Who is out of service: for every group its members that are impaired in truth, or whose step is in flight.

Both count against the group's limit and its failure domains: a node that is down for any other reason is as little use
to anybody as one that we took, and one that was lost keeps its place until it is back or deleted.

A plan that brings a change back may visit machines that are out of service themselves: that makes nothing worse, so
that only what is in flight counts there. Three bad nodes of ten would otherwise keep each other from being mended.
"""

from __future__ import annotations

from collections.abc import Iterable

from oakum.changes.plans.model import Group, Step
from oakum.changes.running.turn import Turn
from oakum.naming import listed

#: Machines that a reason names.
_NAMED = 3


class Busy:
    """The busy members of every group of a plan in one turn. Admissions are added as they are made."""

    def __init__(self, turn: Turn) -> None:
        self._compiled, self._observed = turn.compiled, turn.observed
        self._asked: set[str] = set()
        self._undoes = bool(turn.plan.undoes)
        self._members: dict[str, set[str]] = {}
        self._domains: dict[str, set[str]] = {}
        self._objects: dict[str, set[str]] = {}
        self.in_flight: set[str] = set()
        for step in turn.journal.active:
            known = turn.compiled.steps.get(step)
            if known is not None:
                self.admit(known)
        for step in turn.standing.lost:
            # A host that does not answer is not seen at all: it is out of service until it is seen in service. One
            # that was deleted is nobody's any more, and whatever has its name now is counted for itself.
            subject = turn.compiled.steps[step].subject
            seen = turn.observed.seen(subject.id)
            if seen is None:
                if turn.observed.found(subject.id) is not False:
                    self._take((subject.id,))
            elif seen.uid == subject.uid and not seen.up:
                self._take((subject.id,))

    def admit(self, step: Step) -> None:
        """Counts a step that is in flight."""
        self.in_flight.add(step.subject.id)
        if step.subject.kind == "object":
            self._objects.setdefault(step.group, set()).add(step.subject.id)
        else:
            self._take((step.subject.id,))

    def _take(self, machines: Iterable[str]) -> None:
        groups_of = self._compiled.groups_of
        for machine in machines:
            for group in groups_of.get(machine, ()):
                self._members.setdefault(group, set()).add(machine)
                self._domains.setdefault(group, set()).add(self._compiled.groups[group].domain_of.get(machine, ""))

    def _ask(self, group: Group) -> None:
        """Looks at what is impaired in the clusters of a group, once in a turn."""
        for cluster in self._compiled.clusters_of[group.id]:
            if cluster not in self._asked:
                self._asked.add(cluster)
                self._take(self._observed.impaired(cluster))

    def _counted(self, group: Group) -> set[str]:
        """The members that count whoever is asked about."""
        busy = self._members.get(group.id, set())
        return busy & self.in_flight if self._undoes else busy

    def is_out(self, group: Group, step: Step) -> bool:
        """Whether the machine of a step that has not begun is out of service."""
        return step.subject.id in self._members.get(group.id, ()) and step.subject.id not in self.in_flight

    def full(self, group: Group) -> str:
        """Why nothing of a group may start, whatever it is; empty where something may."""
        self._ask(group)
        busy = self._counted(group)
        if group.serial and busy:
            return self._taken(busy, 1)
        if len(busy) >= group.max_unavailable and group.members:
            return self._taken(busy, group.max_unavailable)
        return ""

    def _taken(self, busy: set[str], most: int) -> str:
        """Who takes up all the places there are: those that we have in hand, and those that are out of service."""
        ours, others = sorted(busy & self.in_flight), sorted(busy - self.in_flight)
        parts = [f"{_named(ours)} in hand"] if ours else []
        parts += [f"{_named(others)} out of service"] if others else []
        return f"{' and '.join(parts)}, at most {most} at a time" if parts else f"at most {most} at a time"

    def refuses(self, group: Group, step: Step) -> str:
        """Why a step may not start beside those that are out of service; empty where it may."""
        self._ask(group)
        id = step.subject.id
        if step.subject.kind == "object":
            others = self._objects.get(group.id, set()) - {id}
            most = 1 if group.serial else max(1, group.max_unavailable)
            are = "is" if len(others) == 1 else "are"
            return f"{len(others)} of at most {most} {are} being changed" if len(others) >= most else ""
        mends = self._undoes and id in self._members.get(group.id, ()) and id not in self.in_flight
        busy = (self._counted(group) if mends else self._members.get(group.id, set())) - {id}
        if group.serial and busy:
            return self._taken(busy, 1)
        if len(busy) + 1 > group.max_unavailable:
            return self._taken(busy, group.max_unavailable)
        domain = group.domain_of.get(id, "")
        itself = id in self._members.get(group.id, ())
        domains = {group.domain_of.get(each, "") for each in busy} if itself else self._domains.get(group.id, set())
        if len(domains | {domain}) > group.max_domains:
            return f"at most {group.max_domains} failure domains, and {', '.join(sorted(domains))} is touched"
        return ""


def _named(names: list[str]) -> str:
    return f"{listed(names, _NAMED)} {'is' if len(names) == 1 else 'are'}"
