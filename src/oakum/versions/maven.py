"""Maven versions as ``org.apache.maven.artifact.versioning.ComparableVersion`` orders them.

A version is numbers and words; a hyphen, or a change between digits and letters, opens a list inside the list. Lists
nest only at the end, so a version is one row of tokens with marks where a list opens. Where two versions differ, a
word sorts before a list and a list before a number. What is missing sorts like 0 and like a release: after the words
of pre-releases, before ``sp`` and every other word. Zeros and release words at the end of a list do not count.

Words after a dot stand in the same list as the numbers, as in Maven up to 3.8.6 and in the specification of the
ordering in the POM reference (``2-1 < 2.0.a``); ``1-ga-1 = 1-1`` follows that specification as well.

That order is not transitive: ``1 < 1.foo < 1.0.alpha < 1``. No key can carry a circle, so two texts are answered by
``pairwise``, as Maven does, and the key puts what closes a circle where the missing part says it belongs.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Literal, NamedTuple

from oakum.versions.encoding import number
from oakum.versions.encoding import text as text_part
from oakum.versions.unparsable import Unparsable

_KNOWN = ("alpha", "beta", "milestone", "rc", "snapshot", "", "sp")
_RELEASE, _UNKNOWN = _KNOWN.index(""), len(_KNOWN)
_ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}
_BEFORE_DIGIT = {"a": "alpha", "b": "beta", "m": "milestone"}
_TOKENS = re.compile(r"[.-]|[0-9]+|[^.\-0-9]+")

#: What a token is, in the order of different kinds at one place.
_WORD, _LIST, _NUMBER = 1, 2, 3

#: Bytes of the key: ``_BEFORE`` and ``_AFTER`` are the end of the version, seen from the tokens that follow.
_WORD_BYTES = [bytes((2 + rank,)) for rank in range(_RELEASE)]
_RELEASE_BEFORE, _LIST_BEFORE, _ZERO_BEFORE, _END = b"\x07", b"\x08", b"\x09", b"\x0a"
_RELEASE_AFTER, _SP, _OTHER_WORD, _LIST_AFTER = b"\x0b", b"\x0c", b"\x0d", b"\x0e"


class _Token(NamedTuple):
    """``kind``; ``rank`` of a known word, 7 for any other; ``value`` compares within kind and rank."""

    kind: int
    rank: int = 0
    value: bytes = b""


_ZERO = _Token(_NUMBER, 0, number(""))
_OPEN = _Token(_LIST)


def key(text: str) -> bytes | Unparsable:
    """The sort key of one Maven version; only a blank text has none."""
    if not text.strip():
        return Unparsable(text, "an empty text is no version")
    parts = [_END]
    after = True
    for token in reversed(_row(text)):
        side = _side(token)
        after = side > 0 if side else after
        parts.append(_bytes(token, after))
    return b"".join(reversed(parts))


def pairwise(left: str, right: str) -> Literal["<", "=", ">", "?"] | None:
    """How Maven orders two texts; None where one is blank."""
    if not left.strip() or not right.strip():
        return None
    lefts, rights = _row(left), _row(right)
    for place, (a, b) in enumerate(zip_longest(lefts, rights)):
        if a is not None and b is not None:
            if a != b:
                return "<" if a < b else ">"
        elif a is not None:
            return _against_nothing(lefts[place:], "<", ">")
        else:
            return _against_nothing(rights[place:], ">", "<")
    return "="


def _against_nothing(row: list[_Token], before: Literal["<", ">"], after: Literal["<", ">"]) -> Literal["<", "=", ">"]:
    side = next(filter(None, map(_side, row)), 0)
    return "=" if not side else before if side < 0 else after


def _side(token: _Token) -> int:
    """Where a token stands to a missing one: -1 before, 0 alike, 1 after."""
    if token.kind == _WORD:
        return (token.rank > _RELEASE) - (token.rank < _RELEASE)
    return int(token.kind == _NUMBER and token != _ZERO)


def _bytes(token: _Token, after: bool) -> bytes:
    if token.kind == _LIST:
        return _LIST_AFTER if after else _LIST_BEFORE
    if token.kind == _NUMBER:
        return token.value if after else _ZERO_BEFORE if token == _ZERO else token.value
    if token.rank < _RELEASE:
        return _WORD_BYTES[token.rank]
    if token.rank == _RELEASE:
        return _RELEASE_AFTER if after else _RELEASE_BEFORE
    return _OTHER_WORD + token.value if token.rank == _UNKNOWN else _SP


def _row(text: str) -> list[_Token]:
    """The tokens of a version, with ``_OPEN`` where a list opens, without what does not count."""
    return _counting(_lists(_ascii_digits(text.lower())))


def _lists(text: str) -> list[list[_Token]]:
    """The lists of a version from the outermost to the innermost; all but the last end with the next one."""
    lists: list[list[_Token]] = [[]]
    pieces = _TOKENS.findall(text)
    before = "."
    for at, piece in enumerate(pieces):
        if piece in ".-":
            if before in ".-":
                lists[-1].append(_ZERO)
            if piece == "-":
                lists.append([])
        else:
            if before not in ".-":
                lists.append([])
            digit_follows = at + 1 < len(pieces) and "0" <= pieces[at + 1][0] <= "9"
            lists[-1].append(_Token(_NUMBER, 0, number(piece)) if piece.isdecimal() else _word(piece, digit_follows))
        before = piece
    return lists


def _word(word: str, digit_follows: bool) -> _Token:
    if digit_follows:
        word = _BEFORE_DIGIT.get(word, word)
    word = _ALIASES.get(word, word)
    if word in _KNOWN:
        return _Token(_WORD, _KNOWN.index(word))
    return _Token(_WORD, _UNKNOWN, text_part(word))


def _counting(lists: list[list[_Token]]) -> list[_Token]:
    """One row of the tokens that count: zeros and release words before the end of a list are dropped."""
    row: list[_Token] = []
    for tokens in reversed(lists):
        kept = len(tokens)
        while kept and not _side(tokens[kept - 1]):
            kept -= 1
        released = kept == 0 and any(token.kind == _WORD for token in tokens)
        if released and row[-1:] == [_OPEN] and row[-2].kind == _NUMBER:
            row.pop()  # 1-ga-1 is 1-1: the list that held only a release word is no list
        row.extend(reversed(tokens[:kept]))
        if row:
            row.append(_OPEN)
    return row[-2::-1] if row else row


def _ascii_digits(text: str) -> str:
    """Java takes every decimal digit of the basic plane for a digit."""
    if text.isascii():
        return text
    return "".join(str(int(c)) if c.isdecimal() and c <= "\uffff" else c for c in text)
