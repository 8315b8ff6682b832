"""Versions as kubeadm reads and compares them, and the kubelets of a cluster by their versions.

Source: ``ParseSemantic`` and ``LessThan`` in staging/src/k8s.io/apimachinery/pkg/util/version/version.go of
github.com/kubernetes/kubernetes. Strict where it is: three numbers of 64 bits without zeros in front, a ``v`` or none,
spaces around. Semantic versions (semver.org) but for two things: a number of a pre-release beside a text compares as
text, and so does a number beyond 64 bits. Build metadata never counts. A vendor's ``-eks-ae9a62a`` is a pre-release
here, because it is one to kubeadm; ``oakum.versions.kubernetes`` knows better and does not answer for kubeadm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from oakum.errors import InputError, Place

#: Numbers of versions are 64 bits wide and without sign; arithmetic with them wraps around.
WRAP = 2**64
#: Of a text that comes from outside so much is shown.
SHOWN = 60

_LONGEST = len(str(WRAP))
_NUMBER = rf"(0|[1-9][0-9]{{0,{_LONGEST - 1}}})"
_DOTTED = r"([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)"
_SPACE = r"[\t\n\f\r ]*"
_VERSION = re.compile(rf"{_SPACE}v?({_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_DOTTED})?(?:\+{_DOTTED})?){_SPACE}")
_DIGITS = re.compile(r"[0-9]+")

#: One version, several, versions with the names (or the count) of their nodes, or nodes with their versions.
Kubelets = str | list[str] | dict[str, list[str] | int | str]


class Version(msgspec.Struct, frozen=True):
    """One version; ``text`` is how kubeadm writes it, with its ``v``. Compared by ``older``, never by its fields."""

    text: str
    major: int
    minor: int
    patch: int
    prerelease: str = ""

    @property
    def shown(self) -> str:
        """Its text as far as a sentence shows it."""
        return self.text[:SHOWN]

    def older(self, other: Version) -> bool:
        """Whether this one comes before the other."""
        mine, theirs = (self.major, self.minor, self.patch), (other.major, other.minor, other.patch)
        if mine != theirs:
            return mine < theirs
        if not self.prerelease or not other.prerelease:
            return bool(self.prerelease)
        return _before(self.prerelease.split("."), other.prerelease.split("."))


def parsed(text: str) -> Version | None:
    """The version, or None where kubeadm could not read it."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    major, minor, patch = (int(found[at]) for at in (2, 3, 4))
    prerelease = found[5] or ""
    if any(_has_zeros_in_front(each) for each in prerelease.split(".")) or max(major, minor, patch) >= WRAP:
        return None
    return Version(f"v{found[1]}", major, minor, patch, prerelease)


def read_version(text: str, field: str) -> Version:
    """The version in a field. Raises InputError naming the field where there is none."""
    version = parsed(text)
    if version is None:
        remedy = "write it as v1.30.1 or v1.31.0-rc.1"
        raise InputError(f"{text[:SHOWN]!r} is no version", place=Place(field=field), remedy=remedy)
    return version


def read_optional(text: str | None, field: str) -> Version | None:
    """The version in a field that may be left out or empty. Raises InputError as ``read_version``."""
    return None if text is None or not text.strip() else read_version(text, field)


def kubelet_versions(kubelets: Kubelets | None) -> tuple[str, ...] | None:
    """The texts of the versions, each once, in their order; None where nobody knows them (left out or empty)."""
    if kubelets is None or (isinstance(kubelets, str) and not kubelets.strip()):
        return None
    if isinstance(kubelets, str):
        return (kubelets,)
    if isinstance(kubelets, Mapping):
        return tuple(dict.fromkeys(_of_entry(key, value) for key, value in kubelets.items()))
    return tuple(dict.fromkeys(kubelets))


def _of_entry(key: str, value: list[str] | int | str) -> str:
    """The version of an entry: its key, but for an entry that gives a node its version as text."""
    if isinstance(value, str) and (parsed(value) is not None or parsed(key) is None):
        return value
    return key


def _before(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    for one, other in zip(mine, theirs, strict=False):
        if one != other:
            left, right = _number(one), _number(other)
            if left is None or right is None:
                return one < other
            return left < right
    return len(mine) < len(theirs)


def _has_zeros_in_front(identifier: str) -> bool:
    return identifier != "0" and identifier.startswith("0") and _number(identifier) is not None


def _number(identifier: str) -> int | None:
    """What an identifier counts as, None for text; zeros in front count for nothing however many they are."""
    if not _DIGITS.fullmatch(identifier):
        return None
    digits = identifier.lstrip("0") or "0"
    return int(digits) if len(digits) <= _LONGEST and int(digits) < WRAP else None
