"""The decision tables, expanded: which row a set of inputs stands in, what it says, and what would change it.

A table is total: each combination of its inputs stands in exactly one row. Everything is computed once a table, so
that a look-up is one dictionary access.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product

import msgspec

from oakum.errors import UsageError
from oakum.risk.table_data import SOURCES, Column, Numbering, Source

Values = tuple[str, ...]


class Outcome(msgspec.Struct, frozen=True):
    """What a table answers. ``urgency`` 0 is the most urgent; ``days`` is None where the table names no number."""

    name: str
    urgency: int
    days: int | None


class Change(msgspec.Struct, frozen=True):
    """A single input whose other ``value`` (the rest unchanged) would give another ``outcome``."""

    key: str
    value: str
    outcome: str


class Row(msgspec.Struct, frozen=True):
    """One row: the publisher's number, the inputs in the order of the columns, the outcome, what would change it."""

    number: int
    values: Values
    outcome: Outcome
    changes: tuple[Change, ...]


class Table(msgspec.Struct, frozen=True):
    """A decision table with its source. ``rows`` stand in the publisher's order."""

    source: Source
    rows: tuple[Row, ...]
    by_values: dict[Values, Row]

    @property
    def name(self) -> str:
        """The name that commands and policies use."""
        return self.source.name

    @property
    def keys(self) -> Values:
        """The keys of the inputs, in the order of the columns."""
        return tuple(column.key for column in self.source.columns)

    def row(self, given: Mapping[str, str]) -> Row:
        """The row for these inputs; keys and values in any of the spellings that ``key_of`` and ``plain`` accept.

        Raises UsageError for a missing, unknown or repeated key and for an unknown value, naming what is allowed.
        """
        named: dict[str, str] = {}
        for text, value in given.items():
            key = text if text in self.keys else key_of(text)
            if key in named:
                raise UsageError(f"{key} is given twice", remedy="give it once")
            named[key] = value
        if unknown := [key for key in named if key not in self.keys]:
            raise UsageError(
                f"{self.name} has no input {', '.join(unknown)[:200]}", remedy=f"its inputs are {', '.join(self.keys)}"
            )
        if missing := [column for column in self.source.columns if column.key not in named]:
            wanted = "; ".join(f"{column.key}={'|'.join(column.values)}" for column in missing)
            raise UsageError(f"{self.name} also needs {', '.join(column.key for column in missing)}", remedy=wanted)
        return self.by_values[tuple(value_of(column, named[column.key]) for column in self.source.columns)]


def plain(text: str) -> str:
    """A word in the spelling of the tables' values: lower case, blanks for hyphens and underscores."""
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()


def key_of(text: str) -> str:
    """The key of a column, from its key or from its official title: ``In KEV v1.0.0 (cisa)`` is ``in_kev``."""
    bare = re.sub(r"\([^()]{0,80}\)", " ", text)
    bare = re.sub(r"(?i)\bv\d[\d.]*(?=\s|$)", " ", bare)
    return re.sub(r"\W+", "_", plain(bare)).strip("_")


def value_of(column: Column, text: str) -> str:
    """The value of a column that ``text`` means. Raises UsageError with the allowed values where it means none."""
    if text in column.values:
        return text
    word = _OTHER_WORDS.get(plain(text), plain(text))
    if word not in column.values:
        raise UsageError(
            f"{text.strip()[:80]!r} is no value of {column.key}", remedy=f"one of {', '.join(column.values)}"
        )
    return word


#: Vulnrichment writes ``PoC`` for the value that the tables call ``public poc``; JSON has true and false.
_OTHER_WORDS = {"poc": "public poc", "true": "yes", "false": "no"}


@cache
def table(name: str) -> Table:
    """A table by its name. Raises UsageError, naming the tables there are."""
    for source in SOURCES:
        if source.name == name:
            return _expanded(source)
    raise UsageError(f"there is no decision table {name[:80]!r}", remedy=f"one of {', '.join(names())}")


def names() -> Values:
    """The names of all tables."""
    return tuple(source.name for source in SOURCES)


def numbered(columns: Sequence[Column], numbering: Numbering) -> list[Values]:
    """All combinations of the inputs in the order in which the publisher numbers the rows.

    ``by level`` first counts how many steps a row is away from the most harmless one, and within a level reads the
    inputs from the last to the first.
    """
    places = list(product(*(range(len(column.values)) for column in columns)))
    if numbering == "by level":
        places.sort(key=lambda place: (sum(place), place[::-1]))
    return [tuple(column.values[at] for column, at in zip(columns, place, strict=True)) for place in places]


def _expanded(source: Source) -> Table:
    outcomes = {word.letter: Outcome(word.name, urgency, word.days) for urgency, word in enumerate(source.words)}
    letters = "".join(source.matrix.split())
    combinations = list(product(*(column.values for column in source.columns)))
    answer = {values: outcomes[letter] for values, letter in zip(combinations, letters, strict=True)}
    rows = tuple(
        Row(number, values, answer[values], _changes(source.columns, answer, values))
        for number, values in enumerate(numbered(source.columns, source.numbering))
    )
    return Table(source, rows, {row.values: row for row in rows})


def _changes(columns: Sequence[Column], answer: Mapping[Values, Outcome], values: Values) -> tuple[Change, ...]:
    changes = []
    for at, column in enumerate(columns):
        for other in column.values:
            outcome = answer[(*values[:at], other, *values[at + 1 :])]
            if outcome != answer[values]:
                changes.append(Change(column.key, other, outcome.name))
    return tuple(changes)
