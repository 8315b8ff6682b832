"""Base64 that has one form only: what does not encode back to the same text is no base64 here.

Source: RFC 4648, sections 4 and 3.5. Spare bits in the last character could be flipped without changing a byte of the
data; of text that is meant to be tamper-evident nothing may be changed.
"""

from __future__ import annotations

import binascii

from oakum.errors import InputError


def encoded(data: bytes) -> str:
    """The text of some bytes."""
    return binascii.b2a_base64(data, newline=False).decode()


def decoded(text: str) -> bytes:
    """The bytes of a text. Raises InputError where it is not exactly what ``encoded`` gives."""
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        data = None
    if data is None or encoded(data) != text:
        raise InputError("not base64", remedy="RFC 4648, section 4, with padding and without line breaks")
    return data
