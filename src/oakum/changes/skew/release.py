"""A version as the skew policy reads it: its minor decides, patch and vendor's build only tell which of two is newer.

The policy (kubernetes.io/releases/version-skew-policy) counts in minor versions and knows one major version, 1; about
another one nothing is known. Texts are read by ``oakum.versions.kubernetes``, builds of vendors included.
"""

from __future__ import annotations

import re

import msgspec

from oakum.errors import InputError, NotAssessableError, Place
from oakum.versions import Unparsable, compare, scheme
from oakum.versions.kubernetes import base, key
from oakum.versions.schemes import Scheme

_NUMBERS = re.compile(r"v?([0-9]{1,9})\.([0-9]{1,9})(?![0-9])")
#: No release is written longer; a number of thousands of digits is no version.
_LONGEST = 128
_MAJOR = 1


def _kubernetes() -> Scheme:
    found = scheme("kubernetes")
    assert found is not None
    return found


_SCHEME = _kubernetes()


class Release(msgspec.Struct, frozen=True):
    """One version: ``text`` as it was given, and its minor number."""

    text: str
    minor: int

    @property
    def line(self) -> str:
        """The release line, as people call it: ``1.29``."""
        return line(self.minor)

    @property
    def is_prerelease(self) -> bool:
        """Whether it is an alpha, a beta or a release candidate."""
        return "-" in base(self.text)

    def is_before(self, other: Release) -> bool:
        """Whether it is older; False also where the two are builds that nobody can order."""
        return compare(_SCHEME, self.text, other.text).sign == "<"


def line(minor: int) -> str:
    """The name of a release line: ``1.29``."""
    return f"{_MAJOR}.{minor}"


def parse_release(text: str, place: Place | None = None) -> Release:
    """Read one version; ``1.29`` names a whole line.

    Raises InputError where it is none, NotAssessableError for another major version than 1.
    """
    shown = text if len(text) <= 40 else f"{text[:40]}..."
    if len(text) > _LONGEST:
        raise InputError(f"{shown!r} is no version of Kubernetes: too long", place=place, remedy="give one as v1.29.3")
    found = _NUMBERS.match(base(text))
    known = key(text)
    if isinstance(known, Unparsable) or found is None:
        why = known.why if isinstance(known, Unparsable) else "its numbers are too long"
        raise InputError(f"{shown!r} is no version of Kubernetes: {why}", place=place, remedy="give one as v1.29.3")
    if int(found[1]) != _MAJOR:
        raise NotAssessableError(
            f"the version {shown} is of the major version {int(found[1])}, for which no skew policy is known",
            place=place,
            remedy="give a version 1.x",
        )
    return Release(text.strip(), int(found[2]))
