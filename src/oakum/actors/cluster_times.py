"""Times of a roll-out over clusters: moments and durations as Open Cluster Management reads them, in nanoseconds.

Source: pkg/apis/cluster/v1alpha1/rollout.go of github.com/open-cluster-management-io/sdk-go (``parseTimeout``,
``calculateRecheckTime``), and of the Go library ParseDuration and RFC 3339 (pkg.go.dev/time). Nanoseconds as whole
numbers, because that is what the other side counts in: a deadline is over at its very moment, not after it.
"""

from __future__ import annotations

import re
from datetime import datetime

from oakum.errors import InputError, Place

SECOND = 10**9
#: The longest duration there is (about 292 years). Open Cluster Management takes it for none at all.
LONGEST = 2**63 - 1

_UNITS = {
    "ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND,
}  # fmt: skip
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]+)")
#: A deadline begins like this, whatever follows: 1h30m and 90ms are deadlines, 1.5h and 2d are none.
_BEGINS = re.compile(r"[0-9]+[hms]")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,]([0-9]{1,30}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_EPOCH = datetime(1970, 1, 1)
_LONGEST_TEXT = 100
_SHOWN = 40


def soak(value: object, field: str) -> int | None:
    """A ``minSuccessTime``: 0 where it is left out, None where it is the longest of all, which is never waited for.

    Raises InputError naming the field.
    """
    found = 0 if value is None else _duration(value, field)
    return None if found == LONGEST else found


def deadline(value: object, field: str) -> int | None:
    """A ``progressDeadline``; None where there is none. Raises InputError naming the field."""
    if value is None or value in ("", "None"):
        return None
    if isinstance(value, str) and not _BEGINS.match(value):
        raise _no_duration(value, field, "write None, or whole hours, minutes or seconds first, as in 90m or 1h30m")
    found = _duration(value, field)
    return None if found == LONGEST else found


def moment(text: str, field: str) -> int:
    """Nanoseconds since 1970 at a time in RFC 3339. Raises InputError naming the field."""
    found = _MOMENT.fullmatch(text)
    if found:
        local, fraction, sign, hours, minutes = found.groups()
        try:
            apart = datetime.fromisoformat(local) - _EPOCH
        except ValueError:
            apart = None
        ahead = (int(hours or 0) * 60 + int(minutes or 0)) * 60
        if apart is not None and int(hours or 0) < 24 and int(minutes or 0) < 60:
            seconds = apart.days * 86_400 + apart.seconds - (-ahead if sign == "-" else ahead)
            return seconds * SECOND + int((fraction or "")[:9].ljust(9, "0"))
    what = f"{text[:_SHOWN]!r} is no time with a zone"
    raise InputError(what, place=Place(field=field), remedy="write RFC 3339 in UTC: 2026-01-31T22:00:00Z")


def in_seconds(nanoseconds: int) -> int | float:
    """Seconds, whole where they are whole."""
    return nanoseconds // SECOND if nanoseconds % SECOND == 0 else nanoseconds / SECOND


def _duration(value: object, field: str) -> int:
    if isinstance(value, int):
        if 0 <= value * SECOND <= LONGEST:
            return value * SECOND
        raise _no_duration(str(value) if abs(value) < 10**30 else "this", field)
    if not isinstance(value, str):
        raise _no_duration(type(value).__name__, field)
    sign, body = (-1 if value[:1] == "-" else 1), (value[1:] if value[:1] in ("-", "+") else value)
    if body == "0":
        return 0
    total, at = 0, 0
    while at < len(body) <= _LONGEST_TEXT:
        part = _PART.match(body, at)
        unit = _UNITS.get(part[3]) if part else None
        if part is None or unit is None or not (part[1] or part[2]):
            break
        fraction = (part[2] or "")[:18]
        # The other side computes fractions in floating point, and cuts off what is less than a nanosecond.
        total += int(part[1] or 0) * unit + int(int(fraction or 0) * (unit / 10 ** len(fraction)))
        at = part.end()
    if not body or at < len(body) or total > LONGEST:
        raise _no_duration(value, field)
    return sign * total


def _no_duration(value: str, field: str, remedy: str = "write it as 90m or 1h30m") -> InputError:
    return InputError(f"{value[:_SHOWN]!r} is no duration", place=Place(field=field), remedy=remedy)
