"""What is measured in a world: alarms that fire, silences, and the samples that gates ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from oakum.changes.running.observed import Sample
from oakum.simulation.things import Machine

if TYPE_CHECKING:
    from oakum.simulation.world import World

#: Fires for machines that have been out of service, not only cordoned, for so many seconds; a silence keeps it quiet.
NODE_DOWN, DOWN_FOR = "NodeDown", 60.0


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric by name: its value in good times and in bad, and how many seconds lie between two samples."""

    name: str
    good: float = 0.0
    bad: float = 1.0
    interval: float = 60.0


class Alarms:
    """The alarms and metrics of one world. Metrics are bad until ``bad_until``; nobody can ask until ``dark_until``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._until: dict[str, float] = {}
        self.began: dict[str, float] = {}
        self._taken: dict[str, list[Sample]] = {}
        self._last: dict[str, float] = {}
        self.metrics: dict[str, Metric] = {}
        self.bad_until = self.dark_until = -1.0

    def fire(self, name: str, seconds: float) -> None:
        """An alarm begins to fire, for so long."""
        now = self._world.timeline.now
        if self._until.get(name, -1.0) <= now:
            self.began[name] = now
        self._until[name] = max(self._until.get(name, -1.0), now + seconds)

    def end(self, name: str) -> None:
        """An alarm ends."""
        self._until.pop(name, None)

    def since(self, name: str) -> float:
        """Since when an alarm that fires has done so."""
        if name != NODE_DOWN or self._until.get(name, -1.0) > self._world.timeline.now:
            return self.began[name]
        down = [each.since for index in self._world.indexes for each in index.values() if self._is_down(each)]
        return min(down, default=self._world.timeline.now - DOWN_FOR) + DOWN_FOR

    @property
    def firing(self) -> frozenset[str] | None:
        """What fires and is not silenced by us; None where nobody can ask."""
        now = self._world.timeline.now
        return None if self.dark_until > now else self.true

    @property
    def true(self) -> frozenset[str]:
        """What fires and is not silenced by us, whoever could ask."""
        now = self._world.timeline.now
        found = [name for name, until in self._until.items() if until > now]
        if any(self._is_down(each) for index in self._world.indexes for each in index.values()):
            found.append(NODE_DOWN)
        return frozenset(found)

    def _is_down(self, machine: Machine) -> bool:
        now = self._world.timeline.now
        return not machine.ready and machine.since + DOWN_FOR <= now and machine.silenced_until <= now

    def samples(self, about: str) -> tuple[Sample, ...]:
        """The samples for a step or a wave; asking takes new ones where it is time."""
        time = self._world.timeline
        taken = self._taken.setdefault(about, [])
        for metric in self.metrics.values():
            key = f"{about}\n{metric.name}"
            if self._last.get(key, -1e9) + metric.interval <= time.now:
                self._last[key] = time.now
                if self.dark_until > time.now:
                    sample = Sample(at=time.wall(), metric=metric.name, about=about, why="the metrics do not answer")
                else:
                    value = metric.bad if self.bad_until > time.now else metric.good
                    sample = Sample(at=time.wall(), metric=metric.name, about=about, value=value)
                taken.append(sample)
        return tuple(taken)
