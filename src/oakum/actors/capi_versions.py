"""How Cluster API reads the versions of Kubernetes in its objects, and which of two it takes for newer.

Sources: ``ParseTolerant`` of github.com/blang/semver (v4/semver.go) and ``Compare`` with build tags in
util/version/version.go of github.com/kubernetes-sigs/cluster-api. A leading v, zeros before a number and spaces around
the text do not matter, and numbers that are missing at the end are 0; without a patch there is no pre-release and no
build tag. The order is that of semantic versions, and then the build tags count part by part, where only numbers have
an order: two texts may be hashes of commits, so they are merely different.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from oakum.errors import InputError, Place

#: Where to read about it.
PARSED = "https://github.com/blang/semver/blob/master/v4/semver.go"
COMPARED = "https://github.com/kubernetes-sigs/cluster-api/blob/main/util/version/version.go"

#: lower, equal, higher, or different in a way that has no order.
Order = Literal[-1, 0, 1, 2]

_Ordered = tuple[tuple[bool, int, str], ...]

_NUMBERS = frozenset("0123456789")
_NUMBER = re.compile(r"[0-9]{1,20}")
_IDENTIFIER = re.compile(r"[0-9A-Za-z-]+")
#: Numbers are 64 bits wide there.
_GREATEST = 2**64 - 1
#: Of a text that comes from outside so much is shown.
_SHOWN = 60


class Version(NamedTuple):
    """A version in its parts, without the v; identifiers are between the dots."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()
    build: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As Cluster API writes it: without v, with all three numbers."""
        numbers = f"{self.major}.{self.minor}.{self.patch}"
        prerelease = f"-{'.'.join(self.prerelease)}" if self.prerelease else ""
        return numbers + prerelease + (f"+{'.'.join(self.build)}" if self.build else "")


def parse(text: str) -> Version | None:
    """The version in a text, None where there is none."""
    parts = [_without_zeros(part) for part in text.strip().removeprefix("v").split(".", 2)]
    if len(parts) < 3 and ("+" in parts[-1] or "-" in parts[-1]):
        return None
    major, minor, rest = (*parts, "0", "0")[:3]
    rest, plus, build = rest.partition("+")
    patch, minus, prerelease = rest.partition("-")
    numbers = [int(part) for part in (major, minor, patch) if _NUMBER.fullmatch(part)]
    before = tuple(prerelease.split(".")) if minus else ()
    tags = tuple(build.split(".")) if plus else ()
    if len(numbers) < 3 or max(numbers) > _GREATEST or not all(map(_stage, before)) or not all(map(_tag, tags)):
        return None
    return Version(numbers[0], numbers[1], numbers[2], before, tags)


def read(text: str, field: str) -> Version:
    """The version in a field. Raises InputError naming the field where it is none."""
    version = parse(text)
    if version is None:
        raise InputError(f"{text[:_SHOWN]!r} is no version", place=Place(field=field), remedy="write it as v1.34.1")
    return version


def precedence(one: Version, other: Version) -> Literal[-1, 0, 1]:
    """The order of semantic versions: build tags do not count."""
    left, right = one[:3], other[:3]
    if left != right:
        return 1 if left > right else -1
    if bool(one.prerelease) != bool(other.prerelease):
        return -1 if one.prerelease else 1
    return _sign(tuple(map(_rank, one.prerelease)), tuple(map(_rank, other.prerelease)))


def compare(one: Version, other: Version) -> Order:
    """The order with build tags: -1, 0 or 1, and 2 where the two differ in a text of their build tags."""
    order = precedence(one, other)
    if order:
        return order
    for left, right in zip(one.build, other.build, strict=False):
        number, against = _number(left), _number(right)
        if number is None and against is None:
            if left != right:
                return 2
        elif number is None or against is None:
            return 1 if number is None else -1
        elif number != against:
            return 1 if number > against else -1
    more = len(one.build) - len(other.build)
    return 0 if not more else 1 if more > 0 else -1


def _without_zeros(part: str) -> str:
    if len(part) < 2:
        return part
    bare = part.lstrip("0")
    return bare if bare[:1] in _NUMBERS else f"0{bare}"


def _stage(part: str) -> bool:
    """Whether a part of a pre-release is well formed: a number has no zeros in front and fits."""
    if not _NUMBERS.issuperset(part):
        return _IDENTIFIER.fullmatch(part) is not None
    return _NUMBER.fullmatch(part) is not None and str(int(part)) == part and int(part) <= _GREATEST


def _tag(part: str) -> bool:
    return _IDENTIFIER.fullmatch(part) is not None


def _rank(part: str) -> tuple[bool, int, str]:
    return (False, int(part), "") if _NUMBERS.issuperset(part) else (True, 0, part)


def _number(tag: str) -> int | None:
    """The number that a build tag is; one that does not fit counts as the greatest there is."""
    if not _NUMBERS.issuperset(tag):
        return None
    digits = tag.lstrip("0") or "0"
    return min(int(digits), _GREATEST) if _NUMBER.fullmatch(digits) else _GREATEST


def _sign(left: _Ordered, right: _Ordered) -> Literal[-1, 0, 1]:
    return 0 if left == right else 1 if left > right else -1
