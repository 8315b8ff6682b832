"""When something recurs, in the local time of its zone: recurrence rules of RFC 5545, section 3.3.10.

The rule is walked period by period (a year, month, week or day, times INTERVAL). A BYxxx part "expands" or "limits"
depending on FREQ; both come to one thing: the days of the period for which every given part holds, where a part that
nobody gave is taken from DTSTART. So a period is a filter over its days, and every question has a first and a last
moment: unlike a search for "the next occurrence", a rule that never happens (30 February) costs no more than one that
does. Rules finer than daily are refused: a window that opens every minute is a mistake.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Literal

import msgspec

Frequency = Literal["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]


class Weekday(msgspec.Struct, frozen=True, order=True):
    """A day of the week, 0 for Monday; ``nth`` counts it in its month or year (-1 the last), 0 means every one."""

    nth: int
    day: int


class Rule(msgspec.Struct, frozen=True):
    """A recurrence rule; an empty tuple is a part that was not given. ``until`` is judged by who knows the zone."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: str = ""
    week_start: int = 0
    months: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    seconds: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()


def occurrences(rule: Rule, start: datetime, first: datetime, last: datetime) -> Iterator[datetime]:
    """The local starts from ``first`` to ``last``, both included and without zone, in order.

    ``start`` is DTSTART; nothing happens before it, and COUNT counts from it.
    """
    times = [
        time(*each)
        for each in product(
            rule.hours or (start.hour,), rule.minutes or (start.minute,), rule.seconds or (start.second,)
        )
    ]
    full = _completed(rule, start)
    counted = 0
    for days in _periods(full, start.date(), first.date() if rule.count is None else start.date(), last.date()):
        moments = [datetime.combine(day, each) for day in days if _fits(full, day) for each in times]
        for moment in _chosen(moments, rule.positions):
            if moment < start:
                continue
            counted += 1
            if moment > last or (rule.count is not None and counted > rule.count):
                return
            if moment >= first:
                yield moment


def _completed(rule: Rule, start: datetime) -> Rule:
    """With the parts that follow from DTSTART: the day of the week, of the month, and the month."""
    weekday, day = (Weekday(0, start.weekday()),), (start.day,)
    if rule.frequency == "WEEKLY" and not rule.weekdays:
        return msgspec.structs.replace(rule, weekdays=weekday)
    if rule.frequency == "MONTHLY" and not (rule.weekdays or rule.month_days):
        return msgspec.structs.replace(rule, month_days=day)
    if rule.frequency == "YEARLY" and not (rule.weekdays or rule.month_days or rule.year_days):
        if rule.weeks:
            return msgspec.structs.replace(rule, weekdays=weekday)
        return msgspec.structs.replace(rule, month_days=day, months=rule.months or (start.month,))
    return rule


def _periods(rule: Rule, start: date, first: date, last: date) -> Iterator[list[date]]:
    """The days of each period of the rule that ends on ``first`` or later and begins on ``last`` or earlier."""
    step = rule.interval
    if rule.frequency in ("DAILY", "WEEKLY"):
        length = 7 if rule.frequency == "WEEKLY" else 1
        begin = start - timedelta((start.weekday() - rule.week_start) % 7 if length == 7 else 0)
        skipped = max(0, (first - begin).days // (length * step))
        for number in range(skipped, (last - begin).days // (length * step) + 1):
            day = begin + timedelta(number * length * step)
            yield [day + timedelta(each) for each in range(length)]
        return
    length = 12 if rule.frequency == "YEARLY" else 1
    begin_month = start.year * 12 + (0 if length == 12 else start.month - 1)
    skipped = max(0, (first.year * 12 + first.month - 1 - begin_month) // (length * step))
    for number in range(skipped, (last.year * 12 + last.month - 1 - begin_month) // (length * step) + 1):
        month = begin_month + number * length * step
        if length == 1:
            yield _days_of(month // 12, month % 12 + 1)
        else:
            # Only the months that the rule names, where it names any and the whole year is not counted.
            named = sorted(rule.months) if rule.months else range(1, 13)
            yield [day for each in named for day in _days_of(month // 12, each)]


def _days_of(year: int, month: int) -> list[date]:
    return [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]


def _fits(rule: Rule, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    if rule.month_days:
        length = monthrange(day.year, day.month)[1]
        if day.day not in rule.month_days and day.day - length - 1 not in rule.month_days:
            return False
    if rule.year_days:
        number = day.timetuple().tm_yday
        if number not in rule.year_days and number - _length_of(day.year) - 1 not in rule.year_days:
            return False
    if rule.weeks and not _in_weeks(rule, day):
        return False
    return not rule.weekdays or any(_is_weekday(rule, each, day) for each in rule.weekdays)


def _is_weekday(rule: Rule, weekday: Weekday, day: date) -> bool:
    if weekday.day != day.weekday():
        return False
    if not weekday.nth:
        return True
    if rule.frequency == "MONTHLY" or rule.months:
        place, length = day.day, monthrange(day.year, day.month)[1]
    else:
        place, length = day.timetuple().tm_yday, _length_of(day.year)
    return weekday.nth in ((place + 6) // 7, -((length - place) // 7 + 1))


def _in_weeks(rule: Rule, day: date) -> bool:
    """Week 1 is the first with at least four days in its year: a week belongs to the year of its fourth day."""
    fourth = day - timedelta((day.weekday() - rule.week_start) % 7) + timedelta(3)
    place = fourth.timetuple().tm_yday
    number = (place + 6) // 7
    total = number + (_length_of(fourth.year) - place) // 7
    return number in rule.weeks or number - total - 1 in rule.weeks


def _length_of(year: int) -> int:
    return 366 if isleap(year) else 365


def _chosen(moments: list[datetime], positions: tuple[int, ...]) -> list[datetime]:
    """BYSETPOS: those at the given places of the period's set, counted from 1 or from the end by -1."""
    if not positions:
        return moments
    count = len(moments)
    places = {place - 1 if place > 0 else count + place for place in positions if 0 < abs(place) <= count}
    return [moments[place] for place in sorted(places)]
