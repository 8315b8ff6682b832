"""NuGet versions as ``NuGet.Versioning`` (``NuGetVersion``, ``VersionComparer.Default``) orders them.

One to four numbers, missing ones zero; then labels as in semantic versions, but case does not count, zeros may lead a
number, and a label is a number only where it fits 32 bits with its sign (``int.TryParse``). Metadata never counts.
NuGet refuses main numbers above 32 bits; ordering them does no harm, so no limit is kept here.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number
from oakum.versions.encoding import text as text_part
from oakum.versions.signed import signed
from oakum.versions.unparsable import Unparsable

_LABELS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_SHAPE = re.compile(rf"\s*([0-9]+(?:\.[0-9]+){{0,3}})(?:-({_LABELS}))?(?:\+{_LABELS})?\s*\Z")

_LARGEST, _SMALLEST = 2**31 - 1, -(2**31)
_END, _NUMBER, _WORD, _RELEASE = b"\x01", b"\x02", b"\x03", b"\x04"


def key(text: str) -> bytes | Unparsable:
    """The sort key of one NuGet version."""
    found = _SHAPE.match(text)
    if not found:
        return Unparsable(text, "not of the form NUMBER[.NUMBER[.NUMBER[.NUMBER]]][-LABELS][+METADATA]")
    numbers, labels = found.groups()
    numbers = [*numbers.split("."), "", "", ""][:4]
    tail = _RELEASE if labels is None else b"".join(map(_label, labels.lower().split("."))) + _END
    return b"".join(map(number, numbers)) + tail


def _label(label: str) -> bytes:
    value = signed(label, _SMALLEST, _LARGEST)
    return _WORD + text_part(label) if value is None else _NUMBER + value
