"""The simulated time, and the queue of what will happen: one heap, in the order of time and then of asking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

Happening = Callable[..., object]


class Timeline:
    """What will happen and when, in seconds since ``start`` (UTC).

    ``now`` is the true time. ``offset`` is by how much the clock that a run reads is ahead of it: it changes where a
    clock jumps.
    """

    __slots__ = ("_heap", "_number", "_until", "now", "offset", "start")

    def __init__(self, start: datetime) -> None:
        self.start = start.astimezone(UTC)
        self.now = 0.0
        self.offset = 0.0
        self._number = 0
        self._until = 0.0
        self._heap: list[tuple[float, int, Happening, tuple[object, ...]]] = []

    def after(self, seconds: float, do: Happening, *given: object) -> None:
        """Has something happen in so many seconds."""
        self._number += 1
        heappush(self._heap, (self.now + max(0.0, seconds), self._number, do, given))

    def run_to(self, until: float) -> None:
        """Lets everything happen that is due until then, and makes it the present."""
        heap, self._until = self._heap, until
        while heap and heap[0][0] <= self._until:
            self.now, _, do, given = heappop(heap)
            do(*given)
        self.now = max(self.now, self._until)

    def halt(self) -> None:
        """Ends ``run_to`` when everything of this moment has happened."""
        self._until = self.now

    @property
    def next(self) -> float | None:
        """When the next thing happens; None where nothing will."""
        return self._heap[0][0] if self._heap else None

    def wall(self, at: float | None = None) -> datetime:
        """A time as the clock of a run shows it now."""
        return self.start + timedelta(seconds=(self.now if at is None else at) + self.offset)

    def seconds(self, moment: datetime) -> float:
        """The true time in seconds at which the clock of a run will show ``moment``."""
        return (moment - self.start).total_seconds() - self.offset


class SimulatedClock:
    """The port Clock over a timeline: waiting lets the world go on."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def now(self) -> datetime:
        """The time in UTC as the run's clock shows it."""
        return self._timeline.wall()

    def sleep_until(self, moment: datetime) -> None:
        """Lets the world go on until that time."""
        self._timeline.run_to(self._timeline.seconds(moment))
