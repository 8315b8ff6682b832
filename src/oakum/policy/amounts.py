"""How much and how long: a count or a percentage with its rounding, and durations.

A budget rounds down, as Kubernetes does with maxUnavailable, and never silently up to one: ten per cent of five nodes
is no node. A canary rounds up, because a canary of nothing proves nothing. Durations are ISO 8601 (``PT6H``) or
short (``6h``, ``1d12h``). RFC 5545 section 3.3.6: a day is nominal (the same time tomorrow), an hour is exact.
"""

from __future__ import annotations

import re

import msgspec

_AMOUNT = re.compile(r"(\d{1,6})(%?)", re.ASCII)
_SHORT = re.compile(r"(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
_ISO = re.compile(
    r"\+?P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?",
    re.IGNORECASE | re.ASCII,
)


class Amount(msgspec.Struct, frozen=True):
    """A number of things, or a percentage of them."""

    number: int
    percent: bool = False

    def down(self, total: int) -> int:
        """Of ``total``, rounded down and at most all of them."""
        return min(self.number * total // 100 if self.percent else self.number, total)

    def up(self, total: int) -> int:
        """Of ``total``, rounded up and at most all of them."""
        return min(-(-self.number * total // 100) if self.percent else self.number, total)

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)


class Span(msgspec.Struct, frozen=True):
    """A duration: nominal ``days`` and exact ``seconds``."""

    days: int = 0
    seconds: int = 0

    @property
    def exact(self) -> int:
        """In seconds, where no calendar is meant: a day has 24 hours."""
        return self.days * 86_400 + self.seconds


def amount(text: str) -> Amount | None:
    """``3`` or ``10%``; None where the text is neither, or more than 100 %."""
    found = _AMOUNT.fullmatch(text)
    if found is None or (found[2] and int(found[1]) > 100):
        return None
    return Amount(int(found[1]), bool(found[2]))


def span(text: str) -> Span | None:
    """A duration as RFC 5545 or a person writes it; None where the text is none. Weeks count as seven days."""
    found = _ISO.fullmatch(text) if text[:1] in "Pp+" else _SHORT.fullmatch(text)
    if not text or found is None or not any(found.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return Span(weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)


def spoken(seconds: int) -> str:
    """Seconds for people: ``1 d 2 h``, ``30 min``, ``0 s``."""
    parts: list[str] = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"
