"""Elixir and Erlang package versions as Elixir's ``Version`` orders them: strict semantic versions 2.0.0.

Hex publishes nothing else, so what ``Version.parse`` refuses has no place: fewer or more than three numbers, zeros
that lead a number, empty identifiers. Build metadata never counts.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number
from oakum.versions.semver import identifiers_key
from oakum.versions.unparsable import Unparsable

_NUMBER = r"(?:0|[1-9][0-9]*)"
_PRERELEASE_PART = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_SHAPE = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_PRERELEASE_PART}(?:\.{_PRERELEASE_PART})*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\Z"
)

_PRERELEASE, _RELEASE = b"\x02", b"\x03"


def key(text: str) -> bytes | Unparsable:
    """The sort key of one Hex version."""
    found = _SHAPE.match(text)
    if not found:
        return Unparsable(text, "Hex admits only MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD] without leading zeros")
    *numbers, prerelease = found.groups()
    tail = _RELEASE if prerelease is None else _PRERELEASE + identifiers_key(prerelease)
    return b"".join(map(number, numbers)) + tail
