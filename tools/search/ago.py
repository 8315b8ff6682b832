"""The times in a state: relative to now, and all the same where nobody asks any more how long ago they are."""

from __future__ import annotations

from datetime import datetime

from oakum.simulation.runner import LOOK_TAKES

#: Seconds after which nobody asks how long something is ago, and that are longer than any run lasts.
LONG_AGO, FOR_EVER = 3600.0, 10**8


def until(at: float, now: float, most: float = FOR_EVER) -> int:
    """From now on; what comes later than ``most`` is all the same."""
    return ago(min(at, now + most), now)


def ago(at: float, now: float, most: float = LONG_AGO) -> int:
    """From now on, in twentieths of a second; what is longer ago than ``most`` is all the same."""
    return round(max(-most, at - now) / LOOK_TAKES)


def since(at: datetime | None, now: datetime, most: float = LONG_AGO) -> int:
    """The same of a time of the run's clock; 0 where there is none."""
    return 0 if at is None else ago((at - now).total_seconds(), 0.0, most)
