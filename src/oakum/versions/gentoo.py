"""Versions of Gentoo ebuilds, by the Package Manager Specification (PMS, "Version Comparison").

``1.02.3b_rc1-r2``: the first number counts as a number; a further one that starts with 0 is compared as text
without its trailing zeros, before all that do not; then one letter, then suffixes (alpha < beta < pre < rc < none
< p, without a number 0), then the revision (absent is 0). What does not have this shape is no version.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number
from oakum.versions.encoding import text as text_part
from oakum.versions.unparsable import Unparsable

_SHAPE = re.compile(r"([0-9]+)((?:\.[0-9]+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)[0-9]*)*)(?:-r([0-9]+))?\Z")
_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)")
_SUFFIXES = {"alpha": b"\x01", "beta": b"\x02", "pre": b"\x03", "rc": b"\x04", "p": b"\x06"}
_NO_MORE_SUFFIXES = b"\x05"
_NO_MORE_NUMBERS, _LEADING_ZERO = b"\x01", b"\x02"
_NO_LETTER = b"\x00"


def key(text: str) -> bytes | Unparsable:
    """The sort key of one ebuild version."""
    found = _SHAPE.match(text)
    if not found:
        return Unparsable(text, "not of the form NUMBER{.NUMBER}[LETTER]{_SUFFIX[NUMBER]}[-rNUMBER]")
    first, further, letter, suffixes, revision = found.groups()
    parts = [number(first)]
    parts += [
        _LEADING_ZERO + text_part(digits.rstrip("0")) if digits[0] == "0" else number(digits)
        for digits in further.split(".")[1:]
    ]
    parts += [_NO_MORE_NUMBERS, letter.encode("ascii") or _NO_LETTER]
    parts += [_SUFFIXES[name] + number(digits) for name, digits in _SUFFIX.findall(suffixes)]
    parts += [_NO_MORE_SUFFIXES, number(revision or "0")]
    return b"".join(parts)
