"""Composer (Packagist) versions as PHP's ``version_compare`` orders them, which ``Composer\\Semver`` calls.

A leading ``v`` does not count. Elements are runs of digits or of letters; ``-``, ``_``, ``+``, dots and most other
characters separate. Words order by how they begin: any other < dev < a(lpha) < b(eta) < RC, rc < end of the version
< number < p(l). Case counts, and words of one rank are equal. PHP saturates numbers at 64 bits; here they have no
limit.

From Composer come three rules: ``A as B`` is A and ``@stability`` is dropped; ``1.2.x-dev`` is the newest of 1.2;
two different branches (``dev-``) are not comparable with one another, and sort before every number.

``#`` stands for any number in PHP's table, so that 1.2 = 1.2.# = 1.2.1 although 1.2 < 1.2.1. No key can carry that;
texts with a ``#`` are answered two by two.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Literal

from oakum.versions.encoding import NUMBER_FIRST, NUMBER_LAST, number
from oakum.versions.unparsable import Unparsable

_ALIAS = re.compile(r"(\S+) +as +\S+\Z")
_STABILITY = re.compile(r"@(?:stable|RC|beta|alpha|dev)\Z", re.IGNORECASE)
_V = re.compile(r"[vV]+(?=[0-9])")
_BRANCH = re.compile(r"([vV]?[0-9]+(?:\.[0-9]+)*)\.[xX*](?:\.[xX*])*-dev\Z")
_NEWEST = ".9999999"

#: rank of a word by its beginning; the first that fits counts.
_WORDS = (("dev", b"\x03"), ("a", b"\x04"), ("b", b"\x05"), ("RC", b"\x06"), ("rc", b"\x06"), ("p", b"\xfa"))
_EMPTY, _OTHER, _END = b"\x01", b"\x02", b"\x07"
_ANY_NUMBER = "#"
_SEPARATORS = "-_+"
_FIRST_NUMBER, _LAST_NUMBER = bytes((NUMBER_FIRST,)), bytes((NUMBER_LAST + 1,))


def key(text: str) -> bytes | Unparsable:
    """The sort key of one Composer version."""
    version = _plain(text)
    if not version:
        return Unparsable(text, "an empty text is no version")
    if _ANY_NUMBER in version:
        return Unparsable(text, "# stands for any number, so that it has no one place")
    first, *others = _elements(version)
    return b"".join((_place(first) if first else _OTHER, *map(_place, others), _END))


def apart(left: str, right: str) -> str | None:
    """Composer compares a branch with numbers only."""
    one, other = _plain(left), _plain(right)
    if one != other and one.startswith("dev-") and other.startswith("dev-"):
        return "Composer does not order branches among themselves"
    return None


def pairwise(left: str, right: str) -> Literal["<", "=", ">", "?"] | None:
    """How two texts compare of which one has a ``#``; None where neither has or one is blank."""
    one, other = _plain(left), _plain(right)
    if (_ANY_NUMBER not in one and _ANY_NUMBER not in other) or not one or not other:
        return None
    for pair in zip_longest(_elements(one), _elements(other)):
        a, b = (_END if element is None else _place(element) for element in pair)
        if _ANY_NUMBER in pair:
            a, b = (_END if _FIRST_NUMBER <= place <= _LAST_NUMBER else place for place in (a, b))
        if a != b:
            return "<" if a < b else ">"
    return "="


def _place(element: str) -> bytes:
    """The key part of one element."""
    if "0" <= element[:1] <= "9":
        return number(element)
    if not element:
        return _EMPTY
    if element == _ANY_NUMBER:
        return _END
    return next((place for beginning, place in _WORDS if element.startswith(beginning)), _OTHER)


def _elements(version: str) -> list[str]:
    """The elements of a version, cut where PHP cuts; an empty last one follows a separator at the end."""
    cut = [version[0]]
    last = version[0]
    for character in version[1:]:
        digit, word = _kinds(character)
        last_digit, last_word = _kinds(last)
        turn = (last_word and last not in _SEPARATORS and digit) or (last_digit and word)
        separator = character in _SEPARATORS or not (turn or (character.isascii() and character.isalnum()))
        if (separator or turn or character == _ANY_NUMBER) and cut[-1] != ".":
            cut.append(".")
        if not separator or character == _ANY_NUMBER:
            cut.append(character)
        last = character
    return "".join(cut).split(".")


def _kinds(character: str) -> tuple[bool, bool]:
    """Whether a character is a digit, and whether it is neither a digit nor a dot."""
    digit = "0" <= character <= "9"
    return digit, not digit and character != "."


def _plain(text: str) -> str:
    """The version without what Composer wraps around it."""
    version = text.strip()
    alias = _ALIAS.match(version)
    if alias:
        version = alias[1]
    version = _STABILITY.sub("", version)
    branch = _BRANCH.match(version)
    if branch:
        version = branch[1] + _NEWEST * max(1, 3 - branch[1].count("."))
    return _V.sub("", version, count=1) if _V.match(version) else version
