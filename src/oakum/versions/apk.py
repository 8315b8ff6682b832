"""Versions of Alpine, Wolfi and Chainguard packages, as apk orders them.

The grammar is that of apk-package(5): ``number{.number}{letter}{_suffix{number}}{~hash}{-rN}``. At each place what
comes next decides, from low to high: a suffix before the release (alpha, beta, pre, rc), a tail that apk cannot
read, the end, ``-rN``, ``~hash``, the number of a suffix, a suffix after the release (cvs, svn, git, hg, p), a
letter, a further number. Numbers after a dot that start with 0 are compared as text and sort before the others.

apk has no error: it compares whatever it is given, and repositories hold forms outside the grammar. Version 3 of
apk-tools (src/version.c) decides, so a tail that it cannot read sorts below the end, and any two such tails at one
place are equal. Version 2, which Alpine shipped up to 3.22, reads some forms that version 3 rejects; those are read
as version 2 does: digits after the letter (``6.6.2p1``), a dot without a number (below a letter), no number at the
start (zero), ``-r`` without a number (zero).

Only a text without any number that is not a single letter has no place: it is no version at all.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import Parts, number
from oakum.versions.encoding import text as text_part
from oakum.versions.unparsable import Unparsable

_SUFFIXES = {
    "alpha": b"\x01", "beta": b"\x02", "pre": b"\x03", "rc": b"\x04",
    "cvs": b"\x0a", "svn": b"\x0b", "git": b"\x0c", "hg": b"\x0d", "p": b"\x0e",
}  # fmt: skip
_UNREADABLE, _END, _REVISION, _HASH, _SUFFIX_NUMBER = b"\x05", b"\x06", b"\x07", b"\x08", b"\x09"
_DOT_ALONE = b"\x0f"
_LEADING_ZERO, _NUMBER = b"\x80", b"\x81"  # a letter is its own byte, 0x61 to 0x7a

_SHAPE = re.compile(
    r"[0-9]*(?:\.[0-9]*)*(?:[a-z][0-9]+(?:\.[0-9]*)*)*[a-z]?"
    rf"(?:_(?:{'|'.join(_SUFFIXES)})(?![a-z])[0-9]*)*"
    r"(?:~[0-9a-f]+)?"
    r"(?:-r(?:[0-9]+|(?=-|\Z)))?"
)
_DIGIT = re.compile(r"[0-9]")
_TOKENS = re.compile(r"\.[0-9]*|[0-9]+|_[a-z]+[0-9]*|-r[0-9]*|~[0-9a-f]+|[a-z]")


def _encode(token: str) -> bytes:
    mark, rest = token[0], token[1:]
    if mark == ".":
        if not rest:
            return _DOT_ALONE
        return _LEADING_ZERO + text_part(rest) if rest[0] == "0" else _NUMBER + number(rest)
    if mark == "_":
        name = rest.rstrip("0123456789")
        digits = rest[len(name) :]
        return _SUFFIXES[name] + (_SUFFIX_NUMBER + number(digits) if digits else b"")
    if mark == "-":
        return _REVISION + number(rest[1:])
    if mark == "~":
        return _HASH + text_part(rest)
    return _NUMBER + number(token) if mark <= "9" else mark.encode("ascii")


_part = Parts(_encode).__getitem__


def key(text: str) -> bytes | Unparsable:
    """The sort key of one apk version."""
    tokens, readable = _split(text)
    if not tokens or not tokens[0][0].isdecimal():
        if not tokens or not (readable or _DIGIT.search("".join(tokens))):
            return Unparsable(text, "there is no version number")
        tokens.insert(0, "0")
    return b"".join(map(_part, tokens)) + (_END if readable else _UNREADABLE)


def _split(text: str) -> tuple[list[str], bool]:
    shape = _SHAPE.match(text)
    end = shape.end() if shape else 0
    return _TOKENS.findall(text, 0, end), end == len(text)
