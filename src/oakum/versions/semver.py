"""Semantic versions (semver.org, 2.0.0, item 11) and what npm, Cargo and others publish around them.

Lenient where real data is: a leading ``v`` or ``=``, missing numbers (zero), more than three numbers, leading zeros,
numbers of any length, a pre-release joined without a hyphen (``1.2.3rc1``, ``1.2.3.Final``). Build metadata after
``+`` never counts. Identifiers of a pre-release that are all digits compare as numbers and sort before the others,
which compare by their characters.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import Parts, number
from oakum.versions.encoding import text as text_part
from oakum.versions.unparsable import Unparsable

_SHAPE = re.compile(r"=?[vV]?([0-9]+(?:\.[0-9]+)*)\.?(?:-([^+\s]*)|([A-Za-z_~][^+\s]*))?(?:\+.*)?\Z", re.DOTALL)
_RELEASE_SHAPE = re.compile(r"[vV]?([0-9]+(?:\.[0-9]+)*)\Z")
_ANY_NUMBER = re.compile(r"[xX](?:\.|\Z)")

_END = b"\x01"
_PRERELEASE, _RELEASE = b"\x02", b"\x03"
_WORD = b"\xf9"

_number = Parts(number).__getitem__


def key(text: str) -> bytes | Unparsable:
    """The sort key of one semantic version."""
    if (plain := release_key(text)) is not None:
        return plain
    parts = split(text)
    if isinstance(parts, Unparsable):
        return parts
    numbers, prerelease = parts
    return numbers_key(numbers) + (_PRERELEASE + identifiers_key(prerelease) if prerelease else _RELEASE)


def release_key(text: str) -> bytes | None:
    """The sort key of a plain release, None for anything else: most versions are one, and a match asks for millions."""
    plain = _RELEASE_SHAPE.match(text)
    return numbers_key(plain[1]) + _RELEASE if plain else None


def split(text: str) -> tuple[str, str] | Unparsable:
    """The dotted numbers and the pre-release ("" for a release) of a version."""
    found = _SHAPE.match(text.strip())
    if not found:
        return Unparsable(text, "not of the form NUMBER{.NUMBER}[-PRERELEASE][+BUILD]")
    numbers, prerelease, joined = found.groups()
    prerelease = prerelease or joined or ""
    if _ANY_NUMBER.match(prerelease):
        return Unparsable(text, "a range of versions, not one version")
    return numbers, prerelease


def numbers_key(numbers: str) -> bytes:
    """The key of dotted numbers; zeros at the end change nothing, and the end sorts before any further number."""
    parts = list(map(_number, numbers.split(".")))
    while parts and parts[-1] == _ZERO:
        parts.pop()
    return b"".join(parts) + _END


def identifiers_key(identifiers: str) -> bytes:
    """The key of dotted identifiers of a pre-release; fewer sort before more."""
    return b"".join(map(_identifier, identifiers.split("."))) + _END


def _encode_identifier(identifier: str) -> bytes:
    if identifier.isascii() and identifier.isdecimal():
        return number(identifier)
    return _WORD + text_part(identifier)


_identifier = Parts(_encode_identifier).__getitem__
_ZERO = number("0")
