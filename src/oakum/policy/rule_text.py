"""Reads and writes the text of a recurrence rule, ``FREQ=WEEKLY;BYDAY=SA`` (RFC 5545, section 3.3.10).

Refused with a remedy is what the RFC forbids (BYWEEKNO without YEARLY, COUNT beside UNTIL), and what no window needs: a
frequency finer than daily, and more than 48 starts a day.
"""

from __future__ import annotations

import re

import msgspec

from oakum.errors import InputError, LimitError
from oakum.policy.recurrence import Rule, Weekday

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,6}", re.ASCII)
_UNTIL = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?", re.ASCII)
_MOST_STARTS_A_DAY = 48
_LONGEST = 1000

#: Part -> (the field of ``Rule``, lowest, highest, whether it may count from the end).
_LISTS: dict[str, tuple[str, int, int, bool]] = {
    "BYMONTH": ("months", 1, 12, False),
    "BYWEEKNO": ("weeks", 1, 53, True),
    "BYYEARDAY": ("year_days", 1, 366, True),
    "BYMONTHDAY": ("month_days", 1, 31, True),
    "BYHOUR": ("hours", 0, 23, False),
    "BYMINUTE": ("minutes", 0, 59, False),
    "BYSECOND": ("seconds", 0, 59, False),
    "BYSETPOS": ("positions", 1, 366, True),
}
_PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *_LISTS)


def parse(text: str) -> Rule:
    """The rule that the text says. Raises InputError."""
    if len(text) > _LONGEST:
        raise LimitError(f"a rule of {len(text)} characters", remedy=f"at most {_LONGEST} are read")
    parts = _split(text.strip().upper().removeprefix("RRULE:"))
    frequency = parts.pop("FREQ", "")
    if frequency not in _FREQUENCIES:
        remedy = f"one of {', '.join(_FREQUENCIES)}; for several starts a day list BYHOUR"
        raise InputError(f"FREQ is {frequency or 'missing'}", remedy=remedy)
    values: dict[str, object] = {}
    for key, text_ in parts.items():
        if key in _LISTS:
            field, low, high, negative = _LISTS[key]
            values[field] = _numbers(key, text_, low, high, negative=negative)
        elif key == "BYDAY":
            values["weekdays"] = tuple(sorted({_weekday(each) for each in text_.split(",")}))
        elif key == "WKST":
            if text_ not in _DAYS:
                raise InputError(f"WKST={text_} is no day", remedy=f"one of {', '.join(_DAYS)}")
            values["week_start"] = _DAYS.index(text_)
        elif key == "UNTIL":
            values["until"] = _until(text_)
        else:
            values[key.lower()] = _numbers(key, text_, 1, 100_000, negative=False)[0]
    rule = msgspec.convert({"frequency": frequency, **values}, Rule)
    _check(rule)
    return rule


def _split(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.rstrip(";").split(";"):
        key, equals, value = part.partition("=")
        if not equals or not value:
            raise InputError(f"{part[:40]!r} is no part of a rule", remedy="write FREQ=WEEKLY;BYDAY=SA")
        if key not in _PARTS:
            raise InputError(f"unknown part {key[:40]!r}", remedy=f"the parts are {', '.join(_PARTS)}")
        if key in parts:
            raise InputError(f"{key} stands twice", remedy="drop one of them")
        parts[key] = value
    return parts


def _numbers(key: str, text: str, low: int, high: int, *, negative: bool) -> tuple[int, ...]:
    numbers: set[int] = set()
    for each in text.split(","):
        number = int(each) if _NUMBER.fullmatch(each) else None
        if number is None or not low <= (abs(number) if negative else number) <= high:
            also = f", or -{high} to -{low} from the end" if negative else ""
            raise InputError(f"{key}={each[:40]} is not possible", remedy=f"{low} to {high}{also}")
        numbers.add(number)
    if key in ("INTERVAL", "COUNT") and len(numbers) > 1:
        raise InputError(f"{key} is one number", remedy=f"write {key}={min(numbers)}")
    return tuple(sorted(numbers))


def _weekday(text: str) -> Weekday:
    found = _WEEKDAY.fullmatch(text)
    if found is None or (found[1] is not None and not 1 <= abs(int(found[1])) <= 53):
        raise InputError(
            f"BYDAY={text[:40]} is not possible", remedy="MO to SU; 1SU is the first, -1SU the last Sunday"
        )
    return Weekday(int(found[1] or 0), _DAYS.index(found[2]))


def _until(text: str) -> str:
    found = _UNTIL.fullmatch(text)
    if found is None or (found[4] and not found[7]):
        raise InputError(
            f"UNTIL={text[:40]} is no UTC time", remedy="write it in UTC, as 20261231T225959Z (RFC 5545, 3.3.10)"
        )
    day = f"{found[1]}-{found[2]}-{found[3]}"
    return f"{day}T{found[4]}:{found[5]}:{found[6]}Z" if found[4] else day


def _check(rule: Rule) -> None:
    """What RFC 5545 forbids, and what would be a flood."""
    frequency = rule.frequency
    if rule.count and rule.until:
        raise InputError("COUNT beside UNTIL", remedy="keep one of them")
    if rule.weeks and frequency != "YEARLY":
        raise InputError(f"BYWEEKNO with FREQ={frequency}", remedy="it goes with FREQ=YEARLY only")
    if rule.year_days and frequency != "YEARLY":
        raise InputError(f"BYYEARDAY with FREQ={frequency}", remedy="it goes with FREQ=YEARLY only")
    if rule.month_days and frequency == "WEEKLY":
        raise InputError("BYMONTHDAY with FREQ=WEEKLY", remedy="use FREQ=MONTHLY, or FREQ=DAILY with BYDAY")
    if any(each.nth for each in rule.weekdays) and (frequency not in ("MONTHLY", "YEARLY") or rule.weeks):
        raise InputError(
            "BYDAY with a number", remedy="2TU goes with FREQ=MONTHLY, or with FREQ=YEARLY without BYWEEKNO"
        )
    others = (rule.months, rule.weeks, rule.year_days, rule.month_days, rule.weekdays, rule.hours, rule.minutes)
    if rule.positions and not any((*others, rule.seconds)):
        raise InputError("BYSETPOS alone", remedy="it chooses from what another BY part lists")
    starts = max(1, len(rule.hours)) * max(1, len(rule.minutes)) * max(1, len(rule.seconds))
    if starts > _MOST_STARTS_A_DAY:
        raise LimitError(f"{starts} starts a day", remedy=f"at most {_MOST_STARTS_A_DAY}; use a longer duration")
