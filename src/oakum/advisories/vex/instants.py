"""Points in time: RFC 3339 date-times as values that can be compared across time zones.

The fraction of a second is kept as digits, so that no two instants are made equal by rounding.
Source: RFC 3339 sections 5.6 and 5.7; CSAF 2.1 sections 2.2 and 6.1.37.
"""

from __future__ import annotations

import re
from datetime import date

#: Seconds since the first day of the calendar, and the digits of the fraction without trailing zeros.
Instant = tuple[int, str]

_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_DAY = 86_400
#: The Gregorian calendar repeats itself after these years and days; Python's has no year 0.
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097


def instant(text: object) -> Instant | None:
    """The instant of a date-time; None where it is none. A leap second is one only at the end of a day in UTC."""
    match = _DATE_TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    try:
        days = date(year or _CYCLE_YEARS, month, day).toordinal() - (0 if year else _CYCLE_DAYS)
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 60:
        return None
    offset = 0
    if match[8]:
        hours, minutes = int(match[9]), int(match[10])
        if hours > 23 or minutes > 59:
            return None
        offset = (hours * 60 + minutes) * (-60 if match[8] == "-" else 60)
    seconds = days * _DAY + hour * 3600 + minute * 60 + second - offset
    if second == 60 and seconds % _DAY:
        return None
    return seconds, (match[7] or "").rstrip("0")


def is_strict(text: str) -> bool:
    """Whether a date-time follows CSAF 2.1: upper case T and Z, and no leap second."""
    return instant(text) is not None and text[10] == "T" and not text.endswith("z") and text[17:19] != "60"
