"""The language in which the structure of a format is told: what JSON Schema would say, as values of ours.

A shape that names a ``test`` is that numbered test of the specification; the others are the structure itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from oakum.advisories.vex.forms import Form

#: The test of a problem that only the structure knows of: no numbered test of a specification says it.
SCHEMA = "schema"


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text of at least ``least`` characters, of a ``form``, or one of ``words``."""

    least: int = 1
    most: int | None = None
    form: Form | None = None
    words: frozenset[str] | None = None
    test: str = SCHEMA


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A number within bounds; ``whole`` numbers may be written as 1.0, as JSON Schema has it."""

    low: float | None = None
    high: float | None = None
    whole: bool = False
    test: str = SCHEMA


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """True or false."""

    test: str = SCHEMA


class Items(msgspec.Struct, frozen=True, kw_only=True):
    """A list of at least ``least`` items of one shape, each of them different where they are ``unique``."""

    of: Shape
    least: int = 1
    unique: bool = False
    test: str = SCHEMA


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """An object: its known fields, those it needs, how many there are, and whether others are ``barred``."""

    of: dict[str, Shape]
    need: tuple[str, ...] = ()
    least: int = 0
    most: int | None = None
    barred: bool = False
    test: str = SCHEMA


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The shape of an object depends on what it says itself."""

    pick: Callable[[Mapping[str, Any]], Fields]
    test: str = SCHEMA


Shape = Text | Number | Truth | Items | Fields | Choice


def words(*known: str, test: str = SCHEMA) -> Text:
    """One of a few words."""
    return Text(words=frozenset(known), test=test)


TEXT = Text()
"""A text that is not empty."""
