"""Versions of documents: integers or semantic versions, and the history in the order in which they were released.

Sources: CSAF 2.0 and 2.1 section 3.1.11 (version type); https://semver.org/spec/v2.0.0.html section 11.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from oakum.advisories.vex import forms
from oakum.advisories.vex.instants import Instant, instant

#: A part of a version is read up to so many digits; Python refuses to read thousands.
_MOST_DIGITS = 1000


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A version: its core (major, minor, patch), the pre-release parts, and whether it is an integer."""

    text: str
    core: tuple[int, int, int]
    prerelease: tuple[str, ...] = ()
    is_integer: bool

    @property
    def key(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
        """The precedence: a pre-release stands before its release, and numbers before words."""
        parts = tuple((not part.isdigit(), _whole(part) if part.isdigit() else 0, part) for part in self.prerelease)
        return self.core, not self.prerelease, parts

    @property
    def is_initial(self) -> bool:
        """Whether it is 0 or 0.y.z, the time before the first release."""
        return self.core[0] == 0

    @property
    def without_build(self) -> str:
        """The version without its build metadata."""
        return self.text.partition("+")[0]


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a revision history: where it stands in the list, its date and its number."""

    at: int
    date: Instant
    number: Number


def number(text: object) -> Number | None:
    """The version that a text says; None where it says none."""
    if not isinstance(text, str) or not forms.VERSION.fits(text):
        return None
    plain = text.partition("+")[0]
    core, _, prerelease = plain.partition("-")
    major, *rest = (_whole(part) for part in core.split("."))
    minor, patch = rest or (0, 0)
    parts = tuple(prerelease.split(".")) if prerelease else ()
    return Number(text=text, core=(major, minor, patch), prerelease=parts, is_integer=not rest)


def revisions(history: Iterable[Mapping[str, Any]]) -> list[Revision]:
    """The items that can be read, by date and then by number."""
    found = []
    for at, item in enumerate(history):
        date, version = instant(item.get("date")), number(item.get("number"))
        if date is not None and version is not None:
            found.append(Revision(at=at, date=date, number=version))
    return sorted(found, key=lambda one: (one.date, one.number.key))


def _whole(digits: str) -> int:
    return int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS
