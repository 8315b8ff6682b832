"""When a change may run on a target: the union of its windows without the freezes that hold for it.

The rule of precedence: windows of all matches are a union, and every matching freeze holds. A window opens only for a
target that is known to be meant; a freeze holds unless the target is known not to be meant. A policy without a window
for a target has no opening for it: who wants to act at any time writes a window that is always open.

Expansions are kept by calendar year, so that a planner can ask for each of thousands of nodes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

from oakum.errors import UsageError
from oakum.policy.entries import Freeze, Window
from oakum.policy.model import Policy
from oakum.policy.schedules import HORIZON_YEARS
from oakum.policy.scopes import Target

#: Years that are remembered for each combination of windows and freezes, times combinations.
_MOST_KEPT = 4096
_LAST_YEAR = 2400

Interval = tuple[datetime, datetime]
_Named = Iterable[tuple[str, list[Interval]]]


class Opening(msgspec.Struct, frozen=True):
    """An interval ``[start, end)`` in UTC in which a change may run, and the windows that are open in it."""

    start: datetime
    end: datetime
    names: tuple[str, ...]

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


class NoOpening(msgspec.Struct, frozen=True):
    """That nothing fits before ``until``: the ``longest`` opening there is, if any, and how many windows there are."""

    until: datetime
    longest: Opening | None
    windows: tuple[str, ...]
    freezes: tuple[str, ...]


class Calendar:
    """The openings of one policy; ``zones`` are its time zones by name, loaded by the caller."""

    def __init__(self, policy: Policy, zones: Mapping[str, tzinfo]) -> None:
        """Raises InputError where a zone that the policy needs is missing, when that zone is first asked for."""
        self._policy = policy
        self._zones = zones
        self._years: dict[tuple[frozenset[str], frozenset[str], int], list[Opening]] = {}
        self._expanded: dict[tuple[str, str, int], list[Interval]] = {}

    def of(self, policy: Policy) -> Calendar:
        """The openings of another policy in the same time zones."""
        return Calendar(policy, self._zones)

    def openings(
        self, target: Target, start: datetime, until: datetime, *, lifted: Collection[str] = ()
    ) -> list[Opening]:
        """The sorted disjoint openings for the target in ``[start, until)``.

        ``lifted`` names freezes that a recorded override lifted. Raises UsageError for a time without zone.
        """
        windows = {each.name for each in self._policy.windows_for(target)}
        freezes = {each.name for each in self._policy.freezes_for(target) if each.name not in lifted}
        return self.openings_of(windows, freezes, start, until)

    def openings_of(
        self, windows: Collection[str], freezes: Collection[str], start: datetime, until: datetime
    ) -> list[Opening]:
        """The same for the named windows and freezes."""
        return list(_joined(self._parts(frozenset(windows), frozenset(freezes), _utc(start), _utc(until))))

    def next_opening(
        self, target: Target, at: datetime, needs: timedelta = timedelta(), *, lifted: Collection[str] = ()
    ) -> Opening | NoOpening:
        """What is left, from ``at`` on, of the first opening in which ``needs`` fits; it may have begun before.

        Looks ten years ahead. Raises UsageError for a time without zone or a negative need.
        """
        windows = {each.name for each in self._policy.windows_for(target)}
        freezes = {each.name for each in self._policy.freezes_for(target) if each.name not in lifted}
        return self.next_of(windows, freezes, at, needs)

    def next_of(
        self, windows: Collection[str], freezes: Collection[str], at: datetime, needs: timedelta = timedelta()
    ) -> Opening | NoOpening:
        """The same for the named windows and freezes."""
        if needs < timedelta(0):
            raise UsageError("a negative duration is needed", remedy="give 0 or more")
        at = _utc(at)
        horizon = at.replace(year=at.year + HORIZON_YEARS, day=min(at.day, 28))
        longest: Opening | None = None
        for each in _joined(self._parts(frozenset(windows), frozenset(freezes), at, horizon)):
            if each.length >= needs:
                return each
            if longest is None or each.length > longest.length:
                longest = each
        return NoOpening(horizon, longest, tuple(sorted(windows)), tuple(sorted(freezes)))

    def frozen(self, target: Target, at: datetime) -> list[tuple[Freeze, datetime]]:
        """The freezes that hold for the target at a moment, each with its end, the one that ends last at the end."""
        at = _utc(at)
        holding: list[tuple[Freeze, datetime]] = []
        for freeze in self._policy.freezes_for(target):
            ends = [end for start, end in self._touching(freeze, at, at + timedelta(seconds=1)) if start <= at]
            if ends:
                holding.append((freeze, max(ends)))
        return sorted(holding, key=lambda each: (each[1], each[0].name))

    def _parts(
        self, windows: frozenset[str], freezes: frozenset[str], start: datetime, until: datetime
    ) -> Iterator[Opening]:
        """Pieces in order, each with the same windows from its start to its end."""
        for year in range(start.year, until.year + 1):
            pieces = self._year(windows, freezes, year)
            first = max(0, bisect_right(pieces, start, key=lambda each: each.start) - 1)
            for each in pieces[first:]:
                if each.start >= until:
                    return
                if max(each.start, start) < min(each.end, until):
                    yield Opening(max(each.start, start), min(each.end, until), each.names)

    def _year(self, windows: frozenset[str], freezes: frozenset[str], year: int) -> list[Opening]:
        key = (windows, freezes, year)
        if key not in self._years:
            if len(self._years) >= _MOST_KEPT:
                self._years.clear()
                self._expanded.clear()
            opened = [(each.name, self._of_year(each, year)) for each in self._policy.windows if each.name in windows]
            closed = [(each.name, self._of_year(each, year)) for each in self._policy.freezes if each.name in freezes]
            self._years[key] = list(_swept(opened, closed))
        return self._years[key]

    def _of_year(self, entry: Window | Freeze, year: int) -> list[Interval]:
        """The entry's intervals within a year of UTC, cut at its ends."""
        key = (type(entry).__name__, entry.name, year)
        if key not in self._expanded:
            begin, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
            touching = self._touching(entry, begin, end)
            self._expanded[key] = [(max(first, begin), min(last, end)) for first, last in touching]
        return self._expanded[key]

    def _touching(self, entry: Window | Freeze, begin: datetime, end: datetime) -> list[Interval]:
        if isinstance(entry, Window) and entry.always:
            return [(begin, end)]
        return [each for schedule in entry.schedules for each in schedule.intervals(self._zones, begin, end)]


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise UsageError("a time without zone", remedy="give it in UTC, as 2026-01-31T06:00:00Z")
    # By its own zone first: what lies at the end of all years cannot be told by another one.
    if moment.year + 1 >= 1970 and moment.year - 1 <= _LAST_YEAR:
        moment = moment.astimezone(UTC)
    if not 1970 <= moment.year <= _LAST_YEAR:
        raise UsageError(f"the year {moment.year}", remedy=f"ask for a time from 1970 to {_LAST_YEAR}")
    return moment


def _swept(opened: _Named, closed: _Named) -> Iterator[Opening]:
    """Pieces with a window and no freeze: a sweep over all starts and ends."""
    edges: list[tuple[datetime, int, str, bool]] = []
    for is_window, entries in ((True, opened), (False, closed)):
        for name, intervals in entries:
            for start, end in intervals:
                edges += ((start, 1, name, is_window), (end, -1, name, is_window))
    edges.sort(key=lambda each: each[0])
    depth: dict[str, int] = {}
    freezes = 0
    before: datetime | None = None
    for at, change, name, is_window in edges:
        if before is not None and before < at and depth and not freezes:
            yield Opening(before, at, tuple(sorted(depth)))
        if is_window:
            depth[name] = depth.get(name, 0) + change
            if not depth[name]:
                del depth[name]
        else:
            freezes += change
        before = at


def _joined(pieces: Iterable[Opening]) -> Iterator[Opening]:
    """Pieces that touch become one opening with the names of both."""
    held: Opening | None = None
    for each in pieces:
        if held is None:
            held = each
        elif held.end == each.start:
            held = Opening(held.start, each.end, tuple(sorted({*held.names, *each.names})))
        else:
            yield held
            held = each
    if held is not None:
        yield held
