"""Schedules of cron as robfig/cron reads them (Kubernetes and Karpenter use it), in UTC.

Source: ``ParseStandard`` in parser.go, ``SpecSchedule.Next`` in spec.go and constantdelay.go of
github.com/robfig/cron, v3. Five fields: minute, hour, day of the month, month, day of the week; or a name such as
@daily, or ``@every 1h30m``. It differs from other crons in this:

- ``5/15`` is 5-59/15, and ``?`` is ``*``; 7 is no day of the week; a range does not run over its end (``fri-mon``);
- where both the days of the month and those of the week are limited, one of them is enough; ``*/2`` limits, ``*``
  and ``*/1`` do not, also within a list;
- what follows a ``*`` with a hyphen says nothing, and so does an empty piece of a list; a field of commas never fits;
- the search ends with the fifth year after the one where it began.

A zone in front (TZ=, CRON_TZ=) is not taken: those who ask here have put UTC in front already.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import NamedTuple

from oakum.errors import InputError, Place

_YEARS = 5
_INT64 = 2**63 - 1
_NUMBER = re.compile(r"\+?[0-9]{1,19}")
_SHOWN = 60


class _Field(NamedTuple):
    """The bounds of a field, and the names that some of its values have."""

    name: str
    low: int
    high: int
    names: Mapping[str, int]


def _named(first: int, text: str) -> Mapping[str, int]:
    return MappingProxyType({name: at for at, name in enumerate(text.split(), first)})


_FIELDS = (
    _Field("minute", 0, 59, _named(0, "")),
    _Field("hour", 0, 23, _named(0, "")),
    _Field("day of the month", 1, 31, _named(0, "")),
    _Field("month", 1, 12, _named(1, "jan feb mar apr may jun jul aug sep oct nov dec")),
    _Field("day of the week", 0, 6, _named(0, "sun mon tue wed thu fri sat")),
)
_WRITTEN = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY = "@every "
_NANOSECONDS = {
    "ns": 1, "us": 10**3, "\u00b5s": 10**3, "\u03bcs": 10**3, "ms": 10**6, "s": 10**9,
    "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip
_PART = re.compile(r"(?:([0-9]{1,19})(?:\.([0-9]{0,18}))?|\.([0-9]{1,18}))(ns|us|\u00b5s|\u03bcs|ms|s|m|h)")
_LONGEST = 200


class ScheduleError(InputError):
    """A text is no schedule for robfig/cron."""


class Cron(NamedTuple):
    """When it is time: minutes, hours and months in order, days of the month and of the week (Sunday is 0).

    ``either``: one of the two kinds of days is enough; else both have to fit.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: tuple[int, ...]
    weekdays: frozenset[int]
    either: bool


class Every(NamedTuple):
    """A whole number of seconds after the moment that is asked for."""

    seconds: int


def parse(text: str, field: str = "schedule") -> Cron | Every:
    """The schedule. Raises ScheduleError naming ``field`` for one that robfig/cron refuses."""
    try:
        stripped = text.strip()
        if stripped.startswith(_EVERY):
            return _every(stripped.removeprefix(_EVERY))
        return _cron(_WRITTEN[stripped] if stripped.startswith("@") else stripped)
    except KeyError:
        why = "the name is unknown"
    except _RefusedError as error:
        why = str(error)
    what = f"{text[:_SHOWN]!r} is no schedule: {why}"
    raise ScheduleError(what, place=Place(field=field), remedy="give it as 30 6 * * mon-fri, or as @daily")


def next_after(schedule: Cron | Every, moment: datetime) -> datetime | None:
    """The first time after ``moment`` (strictly, in UTC) that the schedule names; null where five years have none.

    Raises InputError where the search leaves the years 1 to 9999.
    """
    try:
        second = moment.astimezone(UTC).replace(microsecond=0)
        if isinstance(schedule, Every):
            return second + timedelta(seconds=schedule.seconds)
        last = (second + timedelta(seconds=1)).year + _YEARS
        first = second.replace(second=0) + timedelta(minutes=1)
        return next(_hits(schedule, first, last), None)
    except (OverflowError, ValueError):
        what = "the search leaves the years 1 to 9999"
        raise InputError(what, place=Place(field="now"), remedy="give a time nearer to today") from None


def _hits(schedule: Cron, first: datetime, last: int) -> Iterator[datetime]:
    """All times from ``first``, a whole minute, to the end of the year ``last``."""
    if not (schedule.hours and schedule.minutes):
        return
    today, earliest = first.date(), (first.hour, first.minute)
    for day in _days(schedule, today, last):
        for hour in schedule.hours:
            for minute in schedule.minutes:
                if day > today or (hour, minute) >= earliest:
                    yield datetime.combine(day, time(hour, minute), tzinfo=UTC)


def _days(schedule: Cron, first: date, last: int) -> Iterator[date]:
    for year in range(first.year, last + 1):
        for month in schedule.months:
            if (year, month) < (first.year, first.month):
                continue
            before, length = monthrange(year, month)
            begin = first.day if (year, month) == (first.year, first.month) else 1
            for day in range(begin, length + 1):
                # monthrange counts from Monday and names the first of the month; Sunday is 0 here.
                fits = day in schedule.days, (before + day) % 7 in schedule.weekdays
                if any(fits) if schedule.either else all(fits):
                    yield date(year, month, day)


class _RefusedError(Exception):
    """Why a schedule is none."""


def _cron(text: str) -> Cron:
    pieces = text.split()
    if len(pieces) != len(_FIELDS):
        raise _RefusedError(f"five fields are expected, not {len(pieces)}")
    read = [_read(piece, field) for piece, field in zip(pieces, _FIELDS, strict=True)]
    (minutes, _), (hours, _), (days, any_day), (months, _), (weekdays, any_weekday) = read
    return Cron(
        minutes=tuple(sorted(minutes)), hours=tuple(sorted(hours)), days=days, months=tuple(sorted(months)),
        weekdays=weekdays, either=not (any_day or any_weekday),
    )  # fmt: skip


def _read(text: str, field: _Field) -> tuple[frozenset[int], bool]:
    """The values of a field, and whether a piece of it is a plain star."""
    values: set[int] = set()
    star = False
    for piece in filter(None, text.split(",")):
        span, is_star = _span(piece, field)
        values.update(span)
        star = star or is_star
    return frozenset(values), star


def _span(piece: str, field: _Field) -> tuple[range, bool]:
    bounds, *steps = piece.split("/")
    low, *highs = bounds.split("-")
    star = low in ("*", "?")
    if len(steps) > 1 or (len(highs) > 1 and not star):
        raise _RefusedError(f"{piece[:_SHOWN]!r} is no range for the {field.name}")
    start = field.low if star else _value(low, field)
    end = field.high if star or (steps and not highs) else _value(highs[0], field) if highs else start
    step = _number(steps[0], field) if steps else 1
    if start < field.low or end > field.high:
        raise _RefusedError(f"{piece[:_SHOWN]!r} is not within {field.low} to {field.high} for the {field.name}")
    if start > end:
        raise _RefusedError(f"the beginning of the range ({start}) is beyond its end ({end}) in the {field.name}")
    if not step:
        raise _RefusedError(f"a step of 0 in the {field.name}")
    return range(start, end + 1, step), star and step == 1


def _value(text: str, field: _Field) -> int:
    name = field.names.get(text.lower())
    return _number(text, field) if name is None else name


def _number(text: str, field: _Field) -> int:
    number = int(text) if _NUMBER.fullmatch(text) else _INT64 + 1
    if number > _INT64:
        raise _RefusedError(f"{text[:_SHOWN]!r} is no number for the {field.name}")
    return number


def _every(text: str) -> Every:
    """Whole seconds of a duration of Go, at least one; what is negative is less than one."""
    bare = text[1:] if text[:1] in ("+", "-") else text
    parts = list(_PART.finditer(bare)) if len(bare) <= _LONGEST else []
    total = 0
    for whole, fraction, only, unit in (part.groups("") for part in parts):
        digits = fraction or only
        total += int(whole or "0") * _NANOSECONDS[unit] + int(digits or "0") * _NANOSECONDS[unit] // 10 ** len(digits)
    complete = bool(parts) and "".join(part[0] for part in parts) == bare
    if not (complete or bare == "0") or total > _INT64:
        raise _RefusedError(f"{text[:_SHOWN]!r} is no duration")
    return Every(seconds=max(1, 0 if text.startswith("-") else total // 10**9))
