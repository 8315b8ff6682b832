"""From an advisory's events to half-open intervals of version keys.

The rule is the evaluation text of the OSV schema (ossf.github.io/osv-schema, "Evaluation"): events are sorted by
version, ``introduced`` opens, ``fixed`` closes, ``last_affected`` closes behind its version, ``limit`` cuts, and an
explicit ``versions`` list counts whatever the ranges say. Publishers do not sort their events, so order never matters
here. Where one version both closes and opens, the state before it goes on: two branches that touch stay affected, an
empty branch stays empty.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oakum.advisories.model import Affected, Range
from oakum.versions import Scheme, Unparsable

#: Greater than every key of every scheme: keys are built from bytes below 0xff at their start.
END = b"\xff"


class Interval(msgspec.Struct, frozen=True, array_like=True):
    """Keys from ``low`` up to but without ``high``; ``fix`` is the version that ends it, empty where none does."""

    low: bytes
    high: bytes
    fix: str = ""


class Unusable(msgspec.Struct, frozen=True):
    """Why (a part of) an advisory cannot be evaluated for a package that it names."""

    why: str


def intervals(affected: Affected, scheme: Scheme) -> tuple[list[Interval], list[Unusable]]:
    """Everything that ``affected`` calls vulnerable, and every part of it that cannot be evaluated."""
    found: list[Interval] = []
    unusable: list[Unusable] = []
    for range_ in affected.ranges:
        part = _evaluate(range_, scheme)
        if isinstance(part, Unusable):
            # Listed versions answer for a range of commits, which no package version can be compared with.
            if not (range_.kind == "GIT" and affected.versions):
                unusable.append(part)
        else:
            found.extend(part)
    for version in affected.versions:
        key = scheme.key(version)
        if isinstance(key, Unparsable):
            unusable.append(Unusable(f"the listed version {version!r}: {key.why}"))
        elif not any(one.low <= key < one.high for one in found):
            found.append(Interval(key, key + b"\0"))
    if (
        not affected.ranges
        and not affected.versions
        and affected.state_class in ("affected", "will-not-fix", "deferred")
    ):
        found.append(Interval(b"", END))
    return found, unusable


def _evaluate(range_: Range, scheme: Scheme) -> list[Interval] | Unusable:
    if range_.kind == "GIT":
        return Unusable("its range is of commits, and no versions are listed")
    opens: set[bytes] = set()
    closes: dict[bytes, str] = {}
    limits: list[bytes] = []
    for kind, version in range_.events:
        if version == "0" and kind == "introduced":
            opens.add(b"")
            continue
        if kind == "limit" and version == "*":
            limits.append(END)
            continue
        key = scheme.key(version)
        if isinstance(key, Unparsable):
            return Unusable(f"its event {kind} {version!r}: {key.why}")
        if kind == "introduced":
            opens.add(key)
        elif kind == "fixed":
            closes[key] = version
        elif kind == "last_affected":
            closes.setdefault(key + b"\0", "")
        else:
            limits.append(key)
    if not opens:
        return Unusable("its range has no introduced event")
    return list(_cut(_walk(opens, closes), max(limits, default=END)))


def _walk(opens: set[bytes], closes: dict[bytes, str]) -> Iterable[Interval]:
    low: bytes | None = None
    for at in sorted(opens | closes.keys()):
        if at in opens and at in closes:
            continue
        if at in opens:
            low = at if low is None else low
        elif low is not None:
            yield Interval(low, at, closes[at])
            low = None
    if low is not None:
        yield Interval(low, END)


def _cut(parts: Iterable[Interval], limit: bytes) -> Iterable[Interval]:
    for part in parts:
        if part.low < limit:
            yield part if part.high <= limit else Interval(part.low, limit)
