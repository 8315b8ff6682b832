"""Haskell package versions as Cabal orders them (Haskell Package Versioning Policy): lists of numbers.

A shorter list sorts before a longer one that it begins: ``1.0`` is older than ``1.0.0``.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number
from oakum.versions.unparsable import Unparsable

_SHAPE = re.compile(r"[0-9]+(?:\.[0-9]+)*\Z")
_END = b"\x01"


def key(text: str) -> bytes | Unparsable:
    """The sort key of one Haskell package version."""
    if not _SHAPE.match(text):
        return Unparsable(text, "Cabal admits only numbers separated by dots")
    return b"".join(map(number, text.split("."))) + _END
