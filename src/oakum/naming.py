"""A few of many things in one line: the first by name, the others as a number."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import islice
from typing import TypeVar

_Thing = TypeVar("_Thing")


def listed(things: Collection[_Thing], most: int, name: Callable[[_Thing], str] = str) -> str:
    """The first ``most`` things (one or more) with commas between, and how many more there are.

    ``name`` makes the words of a thing; only those that are shown are asked for theirs.
    """
    shown = ", ".join(map(name, islice(things, most)))
    return f"{shown} and {len(things) - most} more" if len(things) > most else shown
