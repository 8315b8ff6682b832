"""The answer for a text that an ecosystem gives no place in its order."""

from __future__ import annotations

import msgspec


class Unparsable(msgspec.Struct, frozen=True):
    """``text`` has no place in the order of its ecosystem; ``why`` says so in words for a person."""

    text: str
    why: str
