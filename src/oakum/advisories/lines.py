"""What fixes in several lines of a product mean for the versions between them.

A vendor that keeps several lines (milestones of Container-Optimized OS, minors of GKE, branches of Flatcar) fixes a
flaw in each of them under that line's own numbers. A version is affected until the fix of its own line, whatever number
another line's fix has; a line without a fix of its own is affected until the next one that has. Of two fixes in one
line the later one counts: what a vendor fixes again was not done the first time. Above the last fix nothing is said to
be affected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from oakum.advisories.model import EventKind, Range
from oakum.versions import Unparsable, scheme


class Lines(msgspec.Struct, frozen=True):
    """How a product's versions name a line: ``shape`` finds its numbers, and ``first`` is how the lowest version of a
    line is written, with the line's last number and all before it in place of ``{}``."""

    product: str
    shape: re.Pattern[str]
    first: str

    def of(self, version: str) -> tuple[int, ...]:
        """The line of a version. Raises ValueError where it names none."""
        found = self.shape.match(version.strip())
        if found is None:
            raise ValueError(f"{version[:60]!r} names no line of {self.product}")
        return tuple(map(int, found.groups()))

    def after(self, line: tuple[int, ...]) -> str:
        """The lowest version that belongs to no line up to this one."""
        return self.first.format(".".join(map(str, (*line[:-1], line[-1] + 1))))


_MINOR = re.compile(r"v?(\d{1,9})\.(\d{1,9})(?![0-9])", re.ASCII)
LINES = {
    lines.product: lines
    for lines in (
        Lines("gke", _MINOR, "{}.0-0"),
        Lines("eks", _MINOR, "{}.0-0"),
        Lines("aks", _MINOR, "{}.0-0"),
        Lines("openshift", _MINOR, "{}.0-0"),
        Lines("talos", _MINOR, "{}.0-0"),
        Lines("bottlerocket", _MINOR, "{}.0"),
        Lines("flatcar", re.compile(r"v?(\d{1,9})\.(\d{1,9})\.\d", re.ASCII), "{}.0"),
        Lines("cos", re.compile(r"(?:cos-(?:arm64-)?(?:[a-z]+-)?)?(\d{1,9})-\d", re.ASCII), "cos-{}-0-0-0"),
        Lines("rhcos", re.compile(r"(\d{1,9})\.\d", re.ASCII), "{}.0.00000000-0"),
    )
}


def upto(product: str, fixes: Iterable[str], since: str = "0") -> Range:
    """The versions of a product that a flaw is in, by the versions that fix it (one or more) and the first one that
    has it. Raises ValueError for a version that the product's order does not know."""
    lines, order = LINES[product], scheme(product)
    assert order is not None, "every product has an order"
    last: dict[tuple[int, ...], tuple[bytes, str]] = {}
    for fix in fixes:
        key = order.key(fix)
        if isinstance(key, Unparsable):
            raise ValueError(f"the fixed version {fix[:60]!r} is {key.why}")
        line = lines.of(fix)
        last[line] = max(last.get(line, (b"", "")), (key, fix))
    lowest = b"" if since == "0" else order.key(since)
    if isinstance(lowest, Unparsable):
        raise ValueError(f"the first affected version {since[:60]!r} is {lowest.why}")
    events: list[tuple[EventKind, str]] = []
    before: tuple[int, ...] | None = None
    for line in sorted(last):
        start = since if before is None else lines.after(before)
        first = order.key(start)
        if start != since and not isinstance(first, Unparsable) and first < lowest:
            start = since
        if last[line][0] > lowest:
            events += [("introduced", start), ("fixed", last[line][1])]
        before = line
    if not events:
        raise ValueError("no fixed version is later than the first affected one")
    return Range("ECOSYSTEM", tuple(events))
