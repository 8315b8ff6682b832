"""How much may be pulled: seconds and bytes for all images together, and when a registry is left alone."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from threading import Event, Lock

from oakum.errors import UsageError

#: So many failures of one registry for one reason, with no success in between, are enough.
FAILURES = 3
_SIZE = re.compile(r"(\d{1,9})(?:\.(\d{1,3}))?\s*(B|[kKMGT]i?B)?")
_TIME = re.compile(r"(\d{1,9})(s|m|h)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}


class SpentError(Exception):
    """A limit was reached. No OakumError: whatever was being read must not take it for a fault of what it reads."""


class Budget:
    """What is left of the seconds and the bytes; used by several threads at once.

    The seconds run from the first time that anything is asked for.
    """

    def __init__(self, seconds: float, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._given = seconds
        self._size = size
        self._clock = clock
        self._left = size
        self._end: float | None = None
        self._lock = Lock()
        self._stopped = Event()

    @property
    def spent(self) -> int:
        """Bytes that are gone, those included that are about to come."""
        return self._size - self._left

    @property
    def seconds(self) -> float:
        """Seconds that are left."""
        with self._lock:
            if self._end is None:
                self._end = self._clock() + self._given
            return max(self._end - self._clock(), 0.0)

    def check(self) -> None:
        """Raises SpentError where the time is over."""
        if self._stopped.is_set():
            raise SpentError("the scan was interrupted")
        if not self.seconds:
            raise SpentError(f"{told_time(self._given)} for pulling images (--pull-budget) were over")

    def take(self, size: int) -> None:
        """Set bytes aside; SpentError where there are not so many."""
        with self._lock:
            if size > self._left:
                what = f"its {told_size(size)} are more than was left of {told_size(self._size)} (--pull-bytes)"
                raise SpentError(what)
            self._left -= size

    def give_back(self, size: int) -> None:
        """Bytes that were set aside and did not come."""
        with self._lock:
            self._left += size

    def sleep(self, seconds: float) -> None:
        """Wait, no longer than there is time."""
        self._stopped.wait(min(seconds, self.seconds))
        self.check()

    def stop(self) -> None:
        """Nothing more is to be done."""
        self._stopped.set()


class Circuits:
    """Registries that fail again and again for the same reason are not asked again; used by several threads."""

    def __init__(self, failures: int = FAILURES) -> None:
        self._most = failures
        self._counts: dict[str, Counter[str]] = {}
        self._open: dict[str, str] = {}
        self._lock = Lock()

    def left_alone(self, registry: str) -> str:
        """Why a registry is not asked any more; "" where it is."""
        return self._open.get(registry, "")

    def failed(self, registry: str, cause: str) -> bool:
        """One more failure; whether this was the one that is enough."""
        with self._lock:
            if registry in self._open:
                return False
            counts = self._counts.setdefault(registry, Counter())
            counts[cause] += 1
            if counts[cause] < self._most:
                return False
            self._open[registry] = cause
            return True

    def succeeded(self, registry: str) -> None:
        """It answered as it should."""
        with self._lock:
            self._counts.pop(registry, None)


def seconds_of(text: str, option: str) -> float:
    """A time as ``90s``, ``10m`` or ``2h``. Raises UsageError."""
    found = _TIME.fullmatch(text.strip())
    if not found or not int(found[1]):
        raise UsageError(f"{option} {text[:50]!r} is no time", remedy="a number and a unit, as 90s, 10m, 2h")
    return int(found[1]) * _SECONDS[found[2]]


def bytes_of(text: str, option: str) -> int:
    """A size as ``500MB``, ``5GiB`` or a number of bytes. Raises UsageError."""
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise UsageError(f"{option} {text[:50]!r} is no size", remedy="a number and a unit, as 500MB, 5GiB")
    number = float(f"{found[1]}.{found[2] or 0}")
    unit = found[3] or "B"
    size = int(number * (1024 if "i" in unit else 1000) ** _POWERS.get(unit[0].lower(), 0))
    if not size:
        raise UsageError(f"{option} {text[:50]!r} is nothing", remedy="a number and a unit, as 500MB, 5GiB")
    return size


def told_size(size: int) -> str:
    """Bytes for people."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if size >= 10**power:
            return f"{size / 10**power:.3g} {unit}"
    return f"{size} bytes"


def told_time(seconds: float) -> str:
    """Seconds for people."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
