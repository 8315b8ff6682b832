"""Versions of Arch Linux packages, as pacman's ``vercmp`` orders them (lib/libalpm/version.c; vercmp(8)).

- ``[epoch:]version[-release]``: an epoch is digits before a colon and 0 where absent; the release follows the last
  hyphen and is compared only where both sides have one, so ``1.5`` equals ``1.5-1`` and ``1.5-2`` (see ``alike``).
- A part is a row of segments of ASCII digits or ASCII letters. After a segment comes, from low to high: letters at
  once (``1.0rc``), the end, digits at once, then what follows separators: fewer separators first, and there letters
  before numbers.

vercmp is no total order where two or more separators stand together; there the key follows the rule above.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import Parts, length_head, number
from oakum.versions.unparsable import Unparsable

_LETTERS, _END, _DIGITS, _SEPARATED = b"\x01", b"\x02", b"\x03", b"\x04"
_NO_RELEASE, _RELEASE = b"\x00", b"\x01"

_EVR = re.compile(r"(?:([0-9]*):)?(.*?)(?:-([^-]*))?\Z", re.DOTALL)
_TOKENS = re.compile(r"[^0-9A-Za-z]*(?:[0-9]+|[A-Za-z]+)|[^0-9A-Za-z]+\Z")
_SEPARATORS = re.compile(r"[^0-9A-Za-z]*")


def _encode(token: str) -> bytes:
    found = _SEPARATORS.match(token)
    width = found.end() if found else 0
    segment = token[width:]
    head = _SEPARATED + length_head(width) if width else b""
    if not segment:
        return _SEPARATED + length_head(1) + _END
    if segment.isdecimal():
        return (head or _DIGITS) + number(segment)
    return head + _LETTERS + segment.encode("ascii") + b"\x00"


_part = Parts(_encode).__getitem__
_EPOCH_0 = number("0")


def key(text: str) -> bytes | Unparsable:
    """The sort key of one pacman version; without a release it sorts before the same version with one."""
    if not text:
        return Unparsable(text, "the version is empty")
    unreleased, release = _split(text)
    if release is None:
        return unreleased + _NO_RELEASE
    return unreleased + _RELEASE + _segments(release)


def alike(left: str, right: str) -> bool:
    """Whether vercmp calls two versions equal only because one of them names no release."""
    one, one_release = _split(left)
    two, two_release = _split(right)
    return one == two and (one_release is None or two_release is None)


def _split(text: str) -> tuple[bytes, str | None]:
    """The key of epoch and version, and the text of the release."""
    found = _EVR.match(text)
    epoch, version, release = found.groups() if found else (None, text, None)
    return (number(epoch) if epoch else _EPOCH_0) + _segments(version), release


def _segments(part: str) -> bytes:
    return b"".join(map(_part, _TOKENS.findall(part))) + _END
