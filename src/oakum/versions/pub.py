"""Dart versions as ``pub_semver`` orders them: semantic versions whose build metadata counts.

A version with build metadata sorts after the same version without, and the metadata compare like a pre-release.
An identifier is a number where it fits 64 bits with its sign (``int.tryParse``); a number sorts before a word.
Pub itself admits only three numbers; a leading ``v``, missing numbers (zero) and further numbers, which count as
build metadata, occur in advisories and are ordered too.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number
from oakum.versions.encoding import text as text_part
from oakum.versions.signed import signed
from oakum.versions.unparsable import Unparsable

_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_SHAPE = re.compile(rf"v?([0-9]+(?:\.[0-9]+)*)(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?\Z")

_LARGEST, _SMALLEST = 2**63 - 1, -(2**63)
_END, _NUMBER, _WORD = b"\x01", b"\x02", b"\x03"
_PRERELEASE, _RELEASE = b"\x02", b"\x03"


def key(text: str) -> bytes | Unparsable:
    """The sort key of one Dart version."""
    found = _SHAPE.match(text)
    if not found:
        return Unparsable(text, "not of the form MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD]")
    release, prerelease, build = found.groups()
    numbers = release.split(".")
    further = numbers[3:] + (build.split(".") if build else [])
    return b"".join(
        (
            *map(number, [*numbers, "", ""][:3]),
            _PRERELEASE + _identifiers(prerelease.split(".")) if prerelease else _RELEASE,
            _identifiers(further),
        )
    )


def _identifiers(identifiers: list[str]) -> bytes:
    return b"".join(map(_identifier, identifiers)) + _END


def _identifier(identifier: str) -> bytes:
    value = signed(identifier, _SMALLEST, _LARGEST)
    return _WORD + text_part(identifier) if value is None else _NUMBER + value
