"""A schedule as exact intervals of time: DTSTART, DTEND or DURATION, RRULE, RDATE and EXDATE of RFC 5545 in IANA zones.

Sources of the rules: section 3.3.5, a local time that does not exist is read with the offset before the gap, one that
occurs twice is the first; section 3.3.10, computed starts are read likewise; section 3.3.6, days are nominal (added to
the local time) and hours exact; section 3.8.5.3, DTEND gives every occurrence the same exact length, DURATION the same
nominal one. Arithmetic and comparisons happen in UTC; intervals are half open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo

import msgspec

from oakum.errors import InputError
from oakum.policy.amounts import Span
from oakum.policy.recurrence import Rule, occurrences

#: How far ahead the next opening is looked for: leap days are up to eight years apart.
HORIZON_YEARS = 10
#: No zone is further from UTC, and a gap moves a time by no more.
_SLACK = timedelta(days=2)

Zones = Mapping[str, tzinfo]


class Moment(msgspec.Struct, frozen=True):
    """A local time as it is written, and the zone that makes an instant of it."""

    local: datetime
    zone: str

    def instant(self, zones: Zones) -> datetime:
        """In UTC. Raises InputError where the zone was not handed in."""
        if self.zone == "UTC":
            return self.local.replace(tzinfo=UTC)
        zone = zones.get(self.zone)
        if zone is None:
            raise unknown_zone(self.zone)
        # fold=0 is both rules of section 3.3.5: the offset before a gap, the first of two.
        return self.local.replace(tzinfo=zone, fold=0).astimezone(UTC)


class Schedule(msgspec.Struct, frozen=True):
    """When something is open: a first time, how long, and how it recurs.

    ``end`` is DTEND and ``span`` DURATION, one of the two. ``without_days`` are dates on which no occurrence starts.
    """

    start: Moment
    end: Moment | None = None
    span: Span = Span()
    rule: Rule | None = None
    extra: tuple[Moment, ...] = ()
    without: tuple[Moment, ...] = ()
    without_days: tuple[date, ...] = ()

    @property
    def zone_names(self) -> frozenset[str]:
        """The zones that have to be handed in."""
        moments = (self.start, *([self.end] if self.end else []), *self.extra, *self.without)
        return frozenset(each.zone for each in moments) - {"UTC"}

    def intervals(self, zones: Zones, first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
        """The occurrences that touch ``[first, last)``, whole, in order of their start. Raises InputError."""
        length = self._length(zones)
        reach = timedelta(days=self.span.days) + length
        starts = self._starts(zones, first - reach, last)
        found = {(start.instant(zones), self._end(start, length, zones)) for start in starts}
        return sorted(each for each in found if each[0] < each[1] and each[0] < last and each[1] > first)

    def excluded(self, zones: Zones, moment: Moment | date) -> bool:
        """Whether an exclusion takes an occurrence away; one that takes none is a mistake."""
        bare = msgspec.structs.replace(self, without=(), without_days=())
        if isinstance(moment, Moment):
            at = moment.instant(zones)
            return any(each.instant(zones) == at for each in bare._starts(zones, at, at + timedelta(seconds=1)))
        begin = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
        return any(each.local.date() == moment for each in bare._starts(zones, begin - _SLACK, begin + _SLACK))

    def _length(self, zones: Zones) -> timedelta:
        """The exact part of every occurrence's length."""
        if self.end is None:
            return timedelta(seconds=self.span.seconds)
        length = self.end.instant(zones) - self.start.instant(zones)
        return max(length, timedelta(0))

    def _end(self, start: Moment, length: timedelta, zones: Zones) -> datetime:
        if not self.span.days:
            return start.instant(zones) + length
        return Moment(start.local + timedelta(days=self.span.days), start.zone).instant(zones) + length

    def _starts(self, zones: Zones, first: datetime, last: datetime) -> Iterator[Moment]:
        """Every start from ``first`` to ``last`` and some around them, without those that are excluded."""
        without = {each.instant(zones) for each in self.without}
        days = set(self.without_days)
        for each in (*self._recurring(zones, first, last), *self.extra):
            if each.local.date() not in days and not (without and each.instant(zones) in without):
                yield each

    def _recurring(self, zones: Zones, first: datetime, last: datetime) -> Iterator[Moment]:
        begin = self.start.local
        if self.rule is None:
            yield self.start
            return
        early, late = (each.replace(tzinfo=None) for each in (first - _SLACK, last + _SLACK))
        until = self.rule.until
        if until:
            late = min(late, datetime.fromisoformat(until[:10]) + _SLACK)
        for local in occurrences(self.rule, begin, early, late):
            moment = Moment(local, self.start.zone)
            if "T" in until:
                # A start in a gap comes after one that is later on the wall: go on to the end of what is asked for.
                if moment.instant(zones) > datetime.fromisoformat(until):
                    continue
            elif until and until < local.date().isoformat():
                return
            yield moment


def unknown_zone(name: str) -> InputError:
    """The error for a zone that the time zone database lacks."""
    return InputError(f"the time zone {name!r} is not known", remedy="use an IANA name such as Europe/Berlin")
