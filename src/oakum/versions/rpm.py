"""Versions of rpm packages, as rpm's own ``rpmverCmp`` orders them (rpmio/rpmver.c; rpm-version(7)).

- ``[epoch:]version[-release]``: an epoch is digits before the first colon and 0 where absent; any other colon is
  part of the version. The release follows the last hyphen. No release sorts before any release, an empty one too.
- A part is a row of segments of ASCII digits or ASCII letters; everything else only separates. At each place
  ``~`` sorts before the end, the end before ``^``, that before letters, and letters before numbers.

The key is the epoch as a number, then the segments of the version, its end, and the same for the release.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import Parts, number
from oakum.versions.unparsable import Unparsable

_TILDE, _END, _CARET, _LETTERS = b"\x01", b"\x02", b"\x03", b"\x04"
_NO_RELEASE, _RELEASE = b"\x00", b"\x01"

_SEGMENTS = re.compile(r"[0-9]+|[A-Za-z]+|[~^]")


def _encode(segment: str) -> bytes:
    if segment == "~":
        return _TILDE
    if segment == "^":
        return _CARET
    if segment.isdecimal():
        return number(segment)
    return _LETTERS + segment.encode("ascii") + b"\x00"


_part = Parts(_encode).__getitem__

_EPOCH_0 = number("0")
_END_NO_RELEASE = _END + _NO_RELEASE
_END_RELEASE = _END + _RELEASE


def key(text: str) -> bytes | Unparsable:
    """The sort key of one rpm version; only the empty text has none."""
    if not text:
        return Unparsable(text, "the version is empty")
    epoch = _EPOCH_0
    version = text
    if ":" in text:
        digits, _, rest = text.partition(":")
        if not digits.strip("0123456789"):
            epoch = _part(digits or "0")
            version = rest
    version, dash, release = version.rpartition("-")
    if not dash:
        return epoch + b"".join(map(_part, _SEGMENTS.findall(release))) + _END_NO_RELEASE
    return b"".join(
        (
            epoch,
            *map(_part, _SEGMENTS.findall(version)),
            _END_RELEASE,
            *map(_part, _SEGMENTS.findall(release)),
            _END,
        )
    )
