"""The window that kured and the system-upgrade-controller know: days of the week, a start and an end, a time zone.

Sources: kured.dev/docs/configuration, "Setting a schedule"; the field ``window`` of a Plan in
github.com/rancher/system-upgrade-controller/blob/master/doc/plan.md. Neither knows dates, freezes, or a window that
goes over midnight: of a policy's window they get what begins on its day and ends by midnight.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo

import msgspec

from oakum.errors import InputError
from oakum.policy.entries import Window
from oakum.policy.model import Policy
from oakum.policy.scopes import Target

_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?\s*(am|pm)?", re.ASCII | re.IGNORECASE)
LAST = time(23, 59, 59)


class DayWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Open on ``days`` (0 is Monday) from ``start`` to ``end``, both included, in ``zone``; always by default."""

    days: frozenset[int] = frozenset(range(7))
    start: time = time(0)
    end: time = LAST
    zone: tzinfo = UTC

    def open(self, at: datetime) -> bool:
        """Whether it is open at a moment."""
        local = at.astimezone(self.zone)
        return local.weekday() in self.days and self.start <= local.time() <= self.end


def day(text: str) -> int:
    """A day of the week as it may be written: su, sun, Sunday or 0 for Sunday, and so on; 0 is Monday in the answer."""
    word = text.strip().lower()
    if word.isdigit() and int(word) < 7:
        return (int(word) - 1) % 7
    if word[:2] in _DAYS and len(word) != 1:
        return _DAYS.index(word[:2])
    raise InputError(f"{text[:20]!r} is no day of the week", remedy="write mo, mon or monday")


def clock(text: str) -> time:
    """A time of day as it may be written: 5pm, 5:00pm, 17:00, 17 or 23:59:59."""
    found = _TIME.fullmatch(text.strip())
    if found is not None:
        hour, half = int(found[1]), (found[4] or "").lower()
        right = 1 <= hour <= 12 if half else hour < 24
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0)
        if right:
            return time(hour, int(found[2] or 0), int(found[3] or 0))
    raise InputError(f"{text[:20]!r} is no time of day", remedy="write 17:00 or 5pm")


def of_policy(policy: Policy, target: Target, zones: Mapping[str, tzinfo]) -> tuple[DayWindow, ...]:
    """A target's windows in these words; none where one is always open, so that nothing has to be said."""
    windows = policy.windows_for(target)
    if any(each.always for each in windows):
        return ()
    return tuple(_day_window(each, zones) for each in windows if each.schedules)


def _day_window(window: Window, zones: Mapping[str, tzinfo]) -> DayWindow:
    schedule = window.schedules[0]
    local = schedule.start.local
    length = timedelta(days=schedule.span.days, seconds=schedule.span.seconds)
    if schedule.end is not None:
        length = schedule.end.local - local
    end = local + length
    rule = schedule.rule
    days = frozenset(range(7))
    if rule is not None and rule.weekdays:
        days = frozenset(each.day for each in rule.weekdays)
    elif rule is None or rule.frequency != "DAILY":
        days = frozenset({local.weekday()})
    zone = zones[schedule.start.zone] if schedule.start.zone != "UTC" else UTC
    return DayWindow(days=days, start=local.time(), end=end.time() if end.date() == local.date() else LAST, zone=zone)
