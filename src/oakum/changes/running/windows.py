"""Windows: whether a step still fits what is left of every opening that it needs, and when it would.

A step starts only where its work, its soak and its way back fit as they take 95 of 100 times: a node that is open when
the window closes is worse than one that starts a week later. What would change next is checked again before the change
itself, for a drain may have taken longer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from oakum.changes.plans.model import Group, Plan
from oakum.policy.openings import Calendar, NoOpening

#: When somebody looks again at a window that is nowhere in sight.
_SELDOM = timedelta(hours=1)


class Fit(msgspec.Struct, frozen=True):
    """Whether it fits now; else ``why`` and when to ask again."""

    fits: bool
    again: datetime | None = None
    why: str = ""


_FITS = Fit(True)


class Windows:
    """The openings of a plan's groups as of one moment, each looked up once."""

    def __init__(self, plan: Plan, calendar: Calendar, now: datetime) -> None:
        self._plan, self._calendar, self._now = plan, calendar, now
        self._open: dict[tuple[tuple[str, ...], tuple[str, ...]], datetime | None] = {}

    def fit(self, group: Group, seconds: float) -> Fit:
        """Whether so many seconds from now on are open for a group."""
        needs, override = timedelta(seconds=seconds), self._plan.override
        if override is not None and self._now + needs > override.until:
            return Fit(False, self._now + _SELDOM, f"the override {override.emergency} ends before it would be over")
        again: datetime | None = None
        why = ""
        for pair in group.calendars:
            end = self._end(pair)
            if end is not None and self._now + needs <= end:
                continue
            found = self._calendar.next_of(*pair, self._now, needs)
            names = ", ".join(pair[0]) or "no window"
            if isinstance(found, NoOpening):
                start = self._now + _SELDOM
                why = f"{names}: never open for as long as it takes"
            else:
                start, why = found.start, f"{names}: open for as long as it takes from {found.start:%Y-%m-%d %H:%M} UTC"
            again = start if again is None else max(again, start)
        return _FITS if again is None else Fit(False, again, why)

    def _end(self, pair: tuple[tuple[str, ...], tuple[str, ...]]) -> datetime | None:
        """Until when it is open from now on; None where it is closed."""
        if pair not in self._open:
            found = self._calendar.next_of(*pair, self._now)
            self._open[pair] = None if isinstance(found, NoOpening) or found.start > self._now else found.end
        return self._open[pair]
