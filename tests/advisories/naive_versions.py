"""Version orders written plainly from their specifications, so that the index can be checked by something else.

Each comparator takes two texts and says -1, 0 or 1. Sources: rpm's ``rpmvercmp`` as rpm-version(7) tells it,
deb-version(7) (Debian Policy 5.6.12), semver.org 2.0.0 clause 11, apk-package(5). They read what the feeds hold and
nothing stranger.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import zip_longest
from typing import Any, Protocol, TypeVar

Comparator = Callable[[str, str], int]


class _Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=_Ordered)


def _sign(left: T, right: T) -> int:
    return (right < left) - (left < right)


def rpm(left: str, right: str) -> int:
    """EVR: the epoch (none is 0), then version, then release, each by ``rpmvercmp``."""
    for one, other in zip(_evr(left), _evr(right), strict=True):
        if order := _rpmvercmp(one, other):
            return order
    return 0


def _evr(text: str) -> tuple[str, str, str]:
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    version, _, release = rest.partition("-")
    return epoch, version, release


def _rpmvercmp(left: str, right: str) -> int:
    while left or right:
        left, right = (re.sub(r"\A[^A-Za-z0-9~^]+", "", side) for side in (left, right))
        if left[:1] == "~" or right[:1] == "~":
            if left[:1] != right[:1]:
                return -1 if left[:1] == "~" else 1
            left, right = left[1:], right[1:]
            continue
        if left[:1] == "^" or right[:1] == "^":
            if left[:1] != right[:1]:
                # A caret is newer than the end and older than anything else.
                if not left or not right:
                    return -1 if not left else 1
                return -1 if left[0] == "^" else 1
            left, right = left[1:], right[1:]
            continue
        if not left or not right:
            break
        kind = r"\A[0-9]+" if left[0].isdigit() else r"\A[A-Za-z]+"
        mine, theirs = re.match(kind, left), re.match(kind, right)
        assert mine is not None
        if theirs is None:
            # A number is newer than letters.
            return 1 if left[0].isdigit() else -1
        order = _sign(int(mine[0]), int(theirs[0])) if left[0].isdigit() else _sign(mine[0], theirs[0])
        if order:
            return order
        left, right = left[mine.end() :], right[theirs.end() :]
    return _sign(len(left) > 0, len(right) > 0)


def deb(left: str, right: str) -> int:
    """Epoch, upstream version, revision: parts that are no digits by modified ASCII, digits as numbers, in turn."""
    for one, other in zip(_deb_parts(left), _deb_parts(right), strict=True):
        if order := _verrevcmp(one, other):
            return order
    return 0


def _deb_parts(text: str) -> tuple[str, str, str]:
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    upstream, dash, revision = rest.rpartition("-")
    return (epoch, upstream, revision) if dash else (epoch, rest, "0")


def _verrevcmp(left: str, right: str) -> int:
    parts = zip_longest(re.findall(r"(\D*)(\d*)", left), re.findall(r"(\D*)(\d*)", right), fillvalue=("", ""))
    for (letters, number), (other_letters, other_number) in parts:
        for mine, theirs in zip_longest(letters, other_letters, fillvalue=""):
            if order := _sign(_deb_weight(mine), _deb_weight(theirs)):
                return order
        if order := _sign(int(number or 0), int(other_number or 0)):
            return order
    return 0


def _deb_weight(character: str) -> int:
    """A tilde before the end, the end before letters, letters before everything else."""
    if character == "~":
        return -1
    if not character:
        return 0
    return ord(character) if character.isalpha() else ord(character) + 256


def semver(left: str, right: str) -> int:
    """Three numbers; a version with a pre-release before the one without; build metadata never counts."""
    (numbers, pre), (other_numbers, other_pre) = _semver(left), _semver(right)
    if order := _sign(numbers, other_numbers):
        return order
    if not pre or not other_pre:
        return _sign(not pre, not other_pre)
    return _identifiers(pre, other_pre)


def _semver(text: str) -> tuple[list[int], str]:
    release, _, pre = text.partition("+")[0].partition("-")
    numbers = [int(part) for part in release.split(".")]
    return numbers + [0] * (3 - len(numbers)), pre


def _identifiers(left: str, right: str) -> int:
    for mine, theirs in zip_longest(left.split("."), right.split(".")):
        if mine is None or theirs is None:
            return -1 if mine is None else 1
        if mine.isdigit() != theirs.isdigit():
            return -1 if mine.isdigit() else 1
        if order := _sign(int(mine), int(theirs)) if mine.isdigit() else _sign(mine, theirs):
            return order
    return 0


def bitnami(left: str, right: str) -> int:
    """Semver, but ``-3`` is the third rebuild of a version and so after it; ``-0`` is the version itself."""
    (numbers, tail), (other_numbers, other_tail) = _semver(left), _semver(right)
    if order := _sign(numbers, other_numbers):
        return order
    revision, other_revision = _revision(tail), _revision(other_tail)
    if revision is None or other_revision is None:
        if revision is None and other_revision is None:
            return _identifiers(tail, other_tail)
        return -1 if revision is None else 1
    return _sign(revision, other_revision)


def _revision(tail: str) -> int | None:
    return int(tail or 0) if (tail or "0").isdigit() else None


_APK = re.compile(r"(?P<numbers>\d+(?:\.\d+)*)(?P<letter>[a-z]?)(?P<suffixes>(?:_[a-z]+\d*)*)(?:-r(?P<build>\d+))?")
_APK_SUFFIXES = ("alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p")


def apk(left: str, right: str) -> int:
    """Numbers, letter, suffixes (alpha to rc before the plain version, cvs to p behind it), build."""
    one, other = _APK.fullmatch(left), _APK.fullmatch(right)
    assert one is not None, left
    assert other is not None, right
    mine, theirs = one["numbers"].split("."), other["numbers"].split(".")
    for position, (number, other_number) in enumerate(zip(mine, theirs, strict=False)):
        # Behind a dot, a number that starts with 0 is the digits of a fraction.
        if position and (number[0] == "0" or other_number[0] == "0") and number != other_number:
            return _sign(number, other_number)
        if order := _sign(int(number), int(other_number)):
            return order
    if len(mine) != len(theirs):
        # A further number is above whatever else may follow.
        return _sign(len(mine), len(theirs))
    if order := _sign(one["letter"], other["letter"]):
        return order
    for suffix, other_suffix in zip_longest(
        re.findall(r"_([a-z]+)(\d*)", one["suffixes"]),
        re.findall(r"_([a-z]+)(\d*)", other["suffixes"]),
        fillvalue=("", ""),
    ):
        if order := _sign(_APK_SUFFIXES.index(suffix[0]), _APK_SUFFIXES.index(other_suffix[0])):
            return order
        if order := _sign(int(suffix[1] or 0), int(other_suffix[1] or 0)):
            return order
    return _sign(int(one["build"] or -1), int(other["build"] or -1))


def apk_valid(text: str) -> bool:
    """Whether a version has the form of apk-package(5); repositories hold a few that do not."""
    return _APK.fullmatch(text) is not None
