"""The port World of one executor: its acts and looks, and what the wire between does to them.

Each executor has a port of its own, for faults of the wire strike one and spare the other. ``next_acts`` are what is to
happen to its next acts, first in first out: ``fail`` (the request does not arrive), ``mute`` (it takes effect, the
answer gets lost), ``late`` (it arrives after its sender has given it up, if it is still allowed then).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.observed import Observed
from oakum.simulation.answers import UNKNOWN
from oakum.simulation.looking import OldView, View

if TYPE_CHECKING:
    from oakum.simulation.world import World

Wire = Literal["fail", "mute", "late"]
_THROTTLED = Outcome(result="refused", code="not-now", why="too many requests", retry_after=5)


class Port:
    """One executor's way into the world."""

    def __init__(self, world: World, executor: str) -> None:
        self._world, self._executor = world, executor
        self.next_acts: deque[Wire] = deque()
        self.throttled_until = self.stale_until = self.gap_until = -1.0
        self._old: View | None = None
        self._since = 0.0

    def act(self, act: Act) -> Outcome:
        """Tries one act."""
        now = self._world.timeline.now
        if self.throttled_until > now:
            self._world.happened("throttling", act.subject.id)
            return _THROTTLED
        wire = self.next_acts.popleft() if self.next_acts else None
        if wire == "fail":
            self._world.happened("request-fails", act.subject.id)
            return UNKNOWN
        if wire == "late":
            self._world.happened("arrives-late", act.subject.id)
            self._world.timeline.after(self._world.times.request, self._world.acting.act, act, self._executor)
            return UNKNOWN
        outcome = self._world.acting.act(act, self._executor)
        if wire == "mute":
            self._world.happened("answer-lost", act.subject.id)
            return UNKNOWN
        return outcome

    def observe(self, about: Sequence[str]) -> Observed:
        """Looks at the world, or at what a cache still shows of it."""
        now = self._world.timeline.now
        if self._old is not None and max(self.stale_until, self.gap_until) > now:
            self._world.happened("stale-read" if self.stale_until > now else "watch-gap", "")
            return OldView(self._world, self._old, about, self._executor, pods_only=self.stale_until <= now)
        self._old = None
        return View(self._world, about, self._executor)

    @property
    def staleness(self) -> float:
        """How many seconds old what its looks show may be."""
        stale = self._old is not None and max(self.stale_until, self.gap_until) >= self._world.timeline.now
        return self._world.timeline.now - self._since if stale else 0.0

    def go_stale(self, seconds: float, *, pods_only: bool = False) -> None:
        """From now on its looks show the world of now, for so long; ``pods_only`` where nodes are still seen."""
        until = self._world.timeline.now + seconds
        if pods_only:
            self.gap_until = until
        else:
            self.stale_until = until
        self._since = self._world.timeline.now
        self._old = View(self._world, (), self._executor).kept()
