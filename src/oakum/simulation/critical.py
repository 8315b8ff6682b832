"""The critical path of a roll-out: the longest chain that limits, order, soaks and windows force, by true durations.

How long each step takes is measured in a run that never comes late (it wakes at every event of the world). From these
durations the shortest timetable is drawn up that a wave's limits allow: on ``max_unavailable`` slots, the longest step
first; where one failure domain at a time may be touched, domain after domain. Waves begin when those that they need are
over and have soaked; a step starts only where all its calendars are open for as long as it may take. How much longer a
run took than that is what its own waiting has cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import heapreplace

from oakum.changes.plans.model import Group, Plan, Step, Wave
from oakum.changes.running.journal import OVER, Record, Started, Turned
from oakum.policy.openings import Calendar, NoOpening


def step_seconds(records: Iterable[Record]) -> dict[str, float]:
    """How long each step took from its admission to its end, in seconds; only steps that ended."""
    begun: dict[str, datetime] = {}
    found: dict[str, float] = {}
    for each in records:
        if isinstance(each, Turned):
            if each.state in OVER:
                if each.step in begun:
                    found[each.step] = (each.at - begun[each.step]).total_seconds()
            elif each.state != "waiting":
                begun.setdefault(each.step, each.at)
    return found


def wall_seconds(records: Sequence[Record]) -> float:
    """From the start of a run to the end of its last step, in seconds."""
    start = next(each.at for each in records if isinstance(each, Started))
    ends = [each.at for each in records if isinstance(each, Turned) and each.state in OVER]
    return (max(ends) - start).total_seconds() if ends else 0.0


class Timetable:
    """The shortest timetable of a plan whose steps take ``seconds``; ``impaired`` machines fill slots all the time."""

    def __init__(
        self, plan: Plan, calendar: Calendar, seconds: Mapping[str, float], impaired: frozenset[str] = frozenset()
    ) -> None:
        self._plan, self._calendar, self._seconds, self._impaired = plan, calendar, seconds, impaired
        self._groups = {each.id: each for each in plan.groups}
        self._ends: dict[str, datetime] = {}

    def seconds(self, start: datetime) -> float:
        """From ``start`` to the end of the last step."""
        last = start
        for wave in self._in_order():
            begins = max((self._ends[each] for each in wave.needs), default=start)
            end = self._wave(wave, begins)
            last = max(last, end)
            self._ends[wave.id] = end + timedelta(seconds=wave.soak)
        return (last - start).total_seconds()

    def _in_order(self) -> list[Wave]:
        """The waves, each after all that it needs."""
        left, found = {wave.id: wave for wave in self._plan.waves}, dict[str, Wave]()
        while left:
            ready = [wave for wave in left.values() if all(each in found for each in wave.needs)]
            for wave in ready:
                found[wave.id] = left.pop(wave.id)
        return list(found.values())

    def _wave(self, wave: Wave, begins: datetime) -> datetime:
        groups: defaultdict[str, list[Step]] = defaultdict(list)
        for step in wave.steps:
            if step.id in self._seconds:
                groups[step.group].append(step)
        ends = [self._group(self._groups[id], steps, begins) for id, steps in groups.items()]
        return max(ends, default=begins)

    def _group(self, group: Group, steps: Sequence[Step], begins: datetime) -> datetime:
        if group.max_domains > 1 or group.serial:
            return self._slots(group, steps, begins)
        domains: defaultdict[str, list[Step]] = defaultdict(list)
        for step in steps:
            domains[group.domain_of.get(step.subject.id, "")].append(step)
        for several in domains.values():
            begins = self._slots(group, several, begins)
        return begins

    def _slots(self, group: Group, steps: Sequence[Step], begins: datetime) -> datetime:
        """When steps end that share the slots of a group, the longest first."""
        most = 1 if group.serial else group.max_unavailable - len(self._impaired & set(group.members))
        free = [begins] * max(1, min(most, len(steps)))
        last = begins
        for step in sorted(steps, key=lambda each: (-self._seconds[each.id], each.id)):
            end = self._opens(group, step, free[0]) + timedelta(seconds=self._seconds[step.id])
            heapreplace(free, end)
            last = max(last, end)
        return last

    def _opens(self, group: Group, step: Step, at: datetime) -> datetime:
        """The first time from ``at`` on at which all calendars of a step are open for as long as it may take."""
        needs = timedelta(seconds=step.takes.work.p95 + group.soak_node + step.takes.back.p95)
        while True:
            found = [self._calendar.next_of(windows, freezes, at, needs) for windows, freezes in group.calendars]
            starts = [at if isinstance(each, NoOpening) else max(at, each.start) for each in found]
            if not starts or max(starts) == at:
                return at
            at = max(starts)
