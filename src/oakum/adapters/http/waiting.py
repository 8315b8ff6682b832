"""How long to wait before a server is asked again: what it said itself, else ever longer with chance in it.

Sources: RFC 9110 (Retry-After: seconds or a date). Chance keeps many clients from coming back at once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

#: Attempts in all for one answer.
ATTEMPTS = 5
#: Seconds: the first wait at most, every wait at most, and what a server may ask for within one sync.
FIRST, LONGEST, PATIENCE = 1.0, 60.0, 120.0
#: Seconds for which a server may send us away at most.
AWAY = 86_400.0


class Clockwork(msgspec.Struct, frozen=True):
    """What the world has of time and chance: seconds that only grow, the time, waiting, a number from 0 to 1."""

    seconds: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], object] = time.sleep
    chance: Callable[[], float] = random.random


def retry_after(text: str, now: datetime) -> float | None:
    """Seconds that a server asks for, at most ``AWAY``; None where it says nothing that can be understood."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), AWAY)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), AWAY)


def pause(attempt: int, chance: float) -> float:
    """Seconds before attempt ``attempt`` + 1 (the first is 0): between half and all of a doubling wait."""
    return min(FIRST * 2.0**attempt, LONGEST) * (0.5 + chance / 2)
