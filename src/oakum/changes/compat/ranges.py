"""Versions of components as spans, and ranges that cover a span wholly, not at all, or in part.

A version with three numbers names one release, one with two names its whole line: ``1.7`` is every 1.7.x, and whether
``>=1.7.24`` covers it cannot be said. Vendors' marks (``-eksbuild.1``, ``~ds1``, etcd's ``-0``) say who built a release
and are left out: a build is at least what it is built from. A pre-release comes before its release (semver.org 2.0.0,
item 11) and belongs to the line of its release.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import msgspec

from oakum.errors import InputError
from oakum.versions import semver

#: No version is written longer.
_LONGEST = 128
_VERSION = re.compile(
    r"(?:[a-z-]{1,20}://)?v?([0-9]{1,9}(?:\.[0-9]{1,9}){1,3})"
    r"(?:[-.~]?(alpha|beta|rc)[-.]?([0-9]{0,9}(?:\.[0-9]{1,9}){0,3}))?"
    r"(?:[-+~_][0-9A-Za-z.+_~:-]*)?\Z"
)
_BOUND = re.compile(r"(>=|<)?([0-9]{1,9}(?:\.[0-9]{1,9}){1,3})\Z")
_PRERELEASE, _RELEASE = b"\x02", b"\x03"
_REMEDY = "write ranges as '>=1.7.24 <1.8', one release as 1.7.24, one release line as 1.7, or * for all"


class Span(NamedTuple):
    """The versions that a text names: sort keys from ``low`` to before ``high``. ``numbers`` are its first two."""

    low: bytes
    high: bytes
    numbers: tuple[int, int]


class Range(msgspec.Struct, frozen=True):
    """A range of versions: ``text`` as it was written, sort keys from ``low`` to before ``high`` (None: no end)."""

    text: str
    low: bytes
    high: bytes | None

    def covers(self, span: Span) -> bool | None:
        """Whether the range holds all versions of a span; None where it holds some and not others."""
        if span.low >= self.low and (self.high is None or span.high <= self.high):
            return True
        if span.high <= self.low or (self.high is not None and span.low >= self.high):
            return False
        return None

    def meets(self, other: Range) -> bool:
        """Whether the two have a version in common."""
        return (other.high is None or self.low < other.high) and (self.high is None or other.low < self.high)


@lru_cache(maxsize=65_536)
def span(text: str) -> Span | None:
    """What a version's text names; None for a text that is no version (with two to four numbers)."""
    found = _VERSION.match(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        return None
    numbers, stage, count = found.groups()
    if stage:
        key = semver.numbers_key(numbers) + _PRERELEASE + semver.identifiers_key(f"{stage}.{count}".rstrip("."))
        return Span(key, key + b"\x00", _first(numbers))
    return _named(numbers)


def parse_range(text: str) -> Range:
    """Read ``>=1.7.24 <1.8``, ``1.7.24`` (that release), ``1.7`` (that line) or ``*`` (all). Raises InputError."""
    words = text.split()
    if words == ["*"]:
        return Range("*", b"", None)
    low, high = b"", None
    seen: set[str] = set()
    for word in words:
        found = _BOUND.match(word)
        sign = (found[1] or "=") if found else ""
        if found is None or sign in seen or (seen and "=" in {sign, *seen}):
            raise InputError(f"{text[:60]!r} is no range of versions", remedy=_REMEDY)
        seen.add(sign)
        named = _named(found[2])
        if sign in {">=", "="}:
            low = named.low
        if sign in {"<", "="}:
            high = named.low if sign == "<" else named.high
    if not words or (high is not None and low >= high):
        raise InputError(f"the range {text[:60]!r} holds no version", remedy=_REMEDY)
    return Range(" ".join(words), low, high)


def _named(numbers: str) -> Span:
    parts = numbers.split(".")
    key = semver.numbers_key(numbers)
    if len(parts) == 2:
        return Span(key, semver.numbers_key(f"{parts[0]}.{int(parts[1]) + 1}"), _first(numbers))
    return Span(key + _RELEASE, key + _RELEASE + b"\x00", _first(numbers))


def _first(numbers: str) -> tuple[int, int]:
    major, minor = numbers.split(".")[:2]
    return int(major), int(minor)
