"""Durations as the flags of Go programs take them (``1h30m``, ``90s``, ``0``), or a number of seconds."""

from __future__ import annotations

import math
import re

from oakum.errors import InputError, Place

_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d{1,15}(?:\.\d{0,9})?|\.\d{1,9})(h|ms|m|s|us|µs|ns)", re.ASCII)
#: Go counts nanoseconds in 64 bits: about 292 years.
_LONGEST = 9.2e9


def duration_of(value: str | float, field: str) -> float:
    """Seconds. Raises InputError naming the field."""
    if isinstance(value, int | float):
        seconds = float(value) if abs(value) <= _LONGEST else math.inf
    else:
        parts = list(_PART.finditer(value)) if len(value) <= 100 else []
        whole = "".join(part[0] for part in parts) == value and parts
        seconds = sum(float(part[1]) * _SECONDS[part[2]] for part in parts) if whole else math.nan
        seconds = 0.0 if value == "0" else seconds
    if not 0 <= seconds <= _LONGEST:
        what = f"{str(value)[:40]!r} is no duration"
        raise InputError(what, place=Place(field=field), remedy="give it as 1h30m, or a number of seconds")
    return seconds
