"""Numbers and texts as bytes whose plain order is the order of the values ("memcomparable").

A key is a concatenation of parts, and each part must end by itself: otherwise the bytes of the next part
would be compared with the tail of this one. Two forms are enough for every ecosystem:

- ``number``: leading zeros go, one byte says how many digits are left, then the digits. A longer run is a
  greater number, and runs of one length compare as text; so a run of any length is ordered without ever
  becoming an integer (Python refuses more than 4,300 digits, and converting is quadratic).
- ``text``: UTF-8 and a closing zero byte, so that a prefix sorts first. The bytes 0 and 1 inside are escaped
  as 1 1 and 1 2. UTF-8 keeps the order of code points; lone surrogates count as characters.

A number starts with a byte from ``NUMBER_FIRST`` to ``NUMBER_LAST``. A scheme marks what sorts below every
number (the end, a pre-release, a word) with a single byte below ``NUMBER_FIRST``, and what sorts above with
one above ``NUMBER_LAST``.
"""

from __future__ import annotations

from collections.abc import Callable

NUMBER_FIRST = 0x10
NUMBER_LAST = 0xF8

_LONG = 0xF0
_SHORT_HEADS = tuple(bytes((head,)) for head in range(NUMBER_FIRST, _LONG))


def number(digits: str) -> bytes:
    """The key part of a run of digits; the empty run is zero. The caller passes nothing but 0 to 9."""
    stripped = digits.lstrip("0")
    return length_head(len(stripped)) + stripped.encode("ascii")


def length_head(length: int) -> bytes:
    """A length as one byte where it is below 224, else as a byte that counts the bytes which follow."""
    if length < len(_SHORT_HEADS):
        return _SHORT_HEADS[length]
    size = (length.bit_length() + 7) // 8
    return bytes((_LONG + size,)) + length.to_bytes(size, "big")


def text(value: str) -> bytes:
    """The key part of any string, in the order of its code points."""
    encoded = value.encode("utf-8", "surrogatepass")
    if b"\x00" in encoded or b"\x01" in encoded:
        encoded = encoded.replace(b"\x01", b"\x01\x02").replace(b"\x00", b"\x01\x01")
    return encoded + b"\x00"


class Parts(dict[str, bytes]):
    """Key parts by their text: each is worked out by ``encode`` and, while short ones are few, remembered.

    Versions are made of few different parts, and a look-up costs a tenth of the work. The limits keep hostile
    input from filling memory; beyond them parts are only slower.
    """

    _MOST_PARTS = 4096
    _LONGEST_PART = 16

    def __init__(self, encode: Callable[[str], bytes]) -> None:
        super().__init__()
        self._encode = encode

    def __missing__(self, part: str) -> bytes:
        encoded = self._encode(part)
        if len(part) <= self._LONGEST_PART and len(self) < self._MOST_PARTS:
            self[part] = encoded
        return encoded
