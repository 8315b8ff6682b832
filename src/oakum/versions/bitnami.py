"""Versions of Bitnami packages: semver, except that a numeric pre-release is a revision of the package.

``1.2.3-4`` is the fourth rebuild of 1.2.3 and sorts after it (github.com/bitnami/vulndb; the README of
bitnami/go-version: "the bigger the revision number, the newer the version"). Revision 0 changes nothing: the
database also carries Go's ``1.22.0-0`` as the start of a range, which must contain 1.22.0. Any other pre-release
(``2.6.0-rc1``) sorts before its release as in semver.
"""

from __future__ import annotations

import re

from oakum.versions import semver
from oakum.versions.unparsable import Unparsable

_REVISION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_PRERELEASE, _RELEASE = b"\x02", b"\x03"


def key(text: str) -> bytes | Unparsable:
    """The sort key of one Bitnami version."""
    parts = semver.split(text)
    if isinstance(parts, Unparsable):
        return parts
    numbers, suffix = parts
    base = semver.numbers_key(numbers)
    if suffix and not _REVISION.fullmatch(suffix):
        return base + _PRERELEASE + semver.identifiers_key(suffix)
    return base + _RELEASE + semver.numbers_key(suffix)
