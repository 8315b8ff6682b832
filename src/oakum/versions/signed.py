"""Identifiers that a tool reads as machine integers: an optional minus and digits, within the integer's range.

``int.TryParse`` of .NET and ``int.tryParse`` of Dart decide so what is a number among pre-release identifiers; what
they refuse (too long, a letter) is a word.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number

_INTEGER = re.compile(r"(-?)0*([0-9]{1,20})\Z")
_NEGATIVE, _NOT_NEGATIVE = b"\x01", b"\x02"
_COMPLEMENT = bytes(range(255, -1, -1))


def signed(identifier: str, smallest: int, largest: int) -> bytes | None:
    """The key part of an integer from ``smallest`` to ``largest``, or None where the identifier is none."""
    found = _INTEGER.match(identifier)
    if not found:
        return None
    value = int(found[1] + found[2])
    if not smallest <= value <= largest:
        return None
    if value < 0:
        return _NEGATIVE + number(str(-value)).translate(_COMPLEMENT)
    return _NOT_NEGATIVE + number(str(value))
