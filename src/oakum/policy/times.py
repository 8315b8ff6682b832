"""What people and calendars write as a time, made into schedules, with the checks that both share.

A local time needs a zone; an offset is refused, because it does not say what happens when summer time ends. RFC 5545
section 3.8.5.3 leaves undefined what a DTSTART means that is no occurrence of its own rule, and programs differ: here
it is an error that names the first date that fits. A rule that happens at no time in ten years is one, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from oakum.errors import InputError
from oakum.policy.amounts import Span
from oakum.policy.recurrence import Rule, occurrences
from oakum.policy.schedules import HORIZON_YEARS, Moment, Schedule

_TIME = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d))?(Z)?)?", re.ASCII)
_OFFSET = re.compile(r".*T.*[+-]\d\d:?\d\d")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,3}", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


def zone_name(text: str) -> str:
    """The text, where it could be the name of a time zone; whether there is one is not asked. Raises InputError."""
    if len(text) > 64 or not _ZONE.fullmatch(text):
        raise InputError(f"{text[:64]!r} is no time zone", remedy="use an IANA name such as Europe/Berlin")
    return text


def moment(text: str, zone: str) -> Moment | date:
    """A day, or a time in ``zone`` (UTC where it ends with Z). Raises InputError."""
    found = _TIME.fullmatch(text)
    if found is None:
        if _OFFSET.fullmatch(text):
            raise InputError(
                f"{text[:40]!r} has an offset", remedy="write the local time and its time_zone, or UTC with a Z"
            )
        raise InputError(f"{text[:40]!r} is no time", remedy="write 2026-01-31 or 2026-01-31T22:00")
    year, month, day, hour, minute, second = (int(each or 0) for each in found.groups()[:6])
    try:
        local = datetime(year, month, day, hour, minute, min(second, 59))
    except ValueError as error:
        raise InputError(f"{text[:40]!r} is no time: {error}", remedy="write a day of the calendar") from None
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise InputError(f"the year {year}", remedy=f"write a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    if found[4] is None:
        return local.date()
    if found[7]:
        return Moment(local, "UTC")
    if not zone:
        raise InputError(f"{text[:40]!r} is a local time", remedy="add time_zone, as in time_zone: Europe/Berlin")
    return Moment(local, zone)


def schedule(
    start: Moment | date,
    *,
    zone: str,
    end: Moment | date | None = None,
    span: Span | None = None,
    rule: Rule | None = None,
    extra: Sequence[Moment | date] = (),
    without: Sequence[Moment | date] = (),
) -> Schedule:
    """The schedule that the parts make; ``zone`` is where days begin and end. Raises InputError."""
    if end is not None and span is not None:
        raise InputError("an end beside a duration", remedy="keep one of them")
    first = _begin(start, zone)
    last = None
    if isinstance(start, Moment):
        if isinstance(end, Moment):
            last = end
        elif end is not None:
            raise InputError("the start is a time and the end a day", remedy="write both as times or both as days")
        if end is None and span is None:
            raise InputError("it has no end", remedy="add duration (or dtend)")
    else:
        span = _days(start, end, span)
    backwards = last is not None and last.zone == first.zone and last.local <= first.local
    if backwards or (span is not None and span.exact <= 0):
        raise InputError("it ends before it begins", remedy="give a later end; overnight is a day later")
    if rule is not None:
        _check_start(rule, first.local, isinstance(start, Moment))
    return Schedule(
        first,
        last,
        span or Span(),
        rule,
        tuple(sorted((_begin(each, zone, first) for each in extra), key=_order)),
        tuple(sorted((each for each in without if isinstance(each, Moment)), key=_order)),
        tuple(sorted(each for each in without if not isinstance(each, Moment))),
    )


def _begin(at: Moment | date, zone: str, first: Moment | None = None) -> Moment:
    """A day begins at midnight; a further day (RDATE) at the time of the first."""
    if isinstance(at, Moment):
        return at
    if first is not None:
        return Moment(datetime.combine(at, first.local.time()), first.zone)
    if not zone:
        raise InputError(f"{at} begins somewhere else first", remedy="add time_zone, as in time_zone: Europe/Berlin")
    return Moment(datetime(at.year, at.month, at.day), zone)


def _days(start: date, end: Moment | date | None, span: Span | None) -> Span:
    """The nominal length of something that begins with a day: to the end day, exclusive, or one day."""
    if isinstance(end, Moment):
        raise InputError("the start is a day and the end a time", remedy="write both as days or both as times")
    return span if span is not None else Span(days=(end - start).days if end is not None else 1)


def _check_start(rule: Rule, start: datetime, timed: bool) -> None:
    if timed and rule.until and "T" not in rule.until:
        raise InputError(
            f"UNTIL={rule.until.replace('-', '')} is a day, and dtstart a time",
            remedy="write the last moment in UTC, as UNTIL=20261231T225959Z (RFC 5545, 3.3.10)",
        )
    if rule.until and rule.until[:10] < start.date().isoformat():
        raise InputError("UNTIL comes before dtstart", remedy="give a later UNTIL")
    last = start + timedelta(days=366 * HORIZON_YEARS)
    first = next(occurrences(rule, start, start, last), None)
    if first is None:
        raise InputError(
            f"the rule never happens: no occurrence in {HORIZON_YEARS} years", remedy="change its BY parts or INTERVAL"
        )
    if first != start:
        raise InputError(
            f"the start does not fit the rule, whose first occurrence is {first:%A %Y-%m-%d %H:%M}",
            remedy=f"write {first:%Y-%m-%dT%H:%M}; RFC 5545 leaves undefined what another start means",
        )


def _order(at: Moment) -> tuple[datetime, str]:
    return at.local, at.zone
