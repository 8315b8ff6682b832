"""Whether a step fits into an opening: its work, its soak and its way back, all at their 95th percentile.

Of several calendars all must be open at once. A step that fits nowhere would begin and find the window closed before it
could be brought back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from oakum.changes.plans.model import Override
from oakum.changes.plans.why_not import Reason
from oakum.policy.openings import Calendar, Opening

Names = tuple[str, ...]
Calendars = Sequence[tuple[Names, Names]]
#: How far several calendars are laid over each other.
_HORIZON = timedelta(days=730)


class Fit(msgspec.Struct, frozen=True):
    """Where a step fits: from ``start`` on; or not (None), and then the ``longest`` opening in seconds."""

    start: datetime | None
    end: datetime | None = None
    longest: int = 0
    names: Names = ()


class Windows:
    """The openings of one planning, kept by calendars and need; ``told`` keeps why there is none."""

    def __init__(self, calendar: Calendar, now: datetime, override: Override | None) -> None:
        self._calendar, self._now, self._override = calendar, now, override
        self._kept: dict[tuple[object, ...], Fit] = {}
        self.told: dict[object, tuple[Reason, ...]] = {}

    def fit(self, calendars: Calendars, seconds: int, *, overridden: bool = False) -> Fit:
        """The first opening that holds so many seconds. Without calendars it is open at any time."""
        key = (tuple(calendars), seconds, overridden)
        if key not in self._kept:
            self._kept[key] = self._found(calendars, seconds, overridden)
        return self._kept[key]

    def _found(self, calendars: Calendars, seconds: int, overridden: bool) -> Fit:
        needs = timedelta(seconds=seconds)
        until = self._override.until if overridden and self._override is not None else None
        if not calendars:
            left = None if until is None else until - self._now
            if left is not None and left < needs:
                return Fit(None, None, max(0, int(left.total_seconds())))
            return Fit(self._now, until)
        if len(calendars) == 1:
            windows, freezes = calendars[0]
            found = self._calendar.next_of(windows, freezes, self._now, needs)
            if isinstance(found, Opening):
                return self._cut(found.start, found.end, found.names, needs, until)
            if found.longest is None:
                return Fit(None, None, 0, windows)
            return Fit(None, None, int(found.longest.length.total_seconds()), found.longest.names)
        openings = self._laid_over(calendars)
        for start, end, names in openings:
            if end - start >= needs:
                return self._cut(start, end, names, needs, until)
        best = max(openings, key=lambda each: each[1] - each[0], default=None)
        if best is None:
            return Fit(None, None, 0, tuple(sorted({name for windows, _ in calendars for name in windows})))
        return Fit(None, None, int((best[1] - best[0]).total_seconds()), best[2])

    def _cut(self, start: datetime, end: datetime, names: Names, needs: timedelta, until: datetime | None) -> Fit:
        if until is None:
            return Fit(start, end, 0, names)
        end = min(end, until)
        if end - start < needs:
            return Fit(None, None, max(0, int((end - start).total_seconds())), names)
        return Fit(start, end, 0, names)

    def _laid_over(self, calendars: Calendars) -> list[tuple[datetime, datetime, Names]]:
        until = self._now + _HORIZON
        laid: list[tuple[datetime, datetime, Names]] = [(self._now, until, ())]
        for windows, freezes in calendars:
            openings = self._calendar.openings_of(windows, freezes, self._now, until)
            laid = [
                (max(start, each.start), min(end, each.end), tuple(sorted({*names, *each.names})))
                for start, end, names in laid
                for each in openings
                if max(start, each.start) < min(end, each.end)
            ]
        return laid
