"""One mapping of a policy file, read field by field: each with its type, its line, and a remedy where it is wrong.

Whoever reads an entry asks for the fields that it may have and calls ``done``: a field that nobody asked for is a
mistake, and the error lists those that would have been understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn

from oakum.errors import InputError, LimitError, OakumError, Place
from oakum.fleet.yaml_events import Cell, Node
from oakum.policy.amounts import Amount, Span, amount, span
from oakum.policy.scopes import FACTS, VALUES, Scope, condition_of

_YES = frozenset({"true", "yes", "on"})
_NO = frozenset({"false", "no", "off"})
_LONGEST_TEXT = 4096
_MOST_ITEMS = 2000


def line_of(node: Node) -> int | None:
    """The first line of a node that holds any text."""
    if isinstance(node, Cell):
        return node.line
    for child in node.values() if isinstance(node, dict) else node:
        line = line_of(child)
        if line is not None:
            return line
    return None


class Fields:
    """The fields of one mapping; ``path`` is what people call it: ``windows[2]``."""

    def __init__(self, node: Node, place: Place) -> None:
        """Raises InputError where the node is no mapping."""
        line = line_of(node)
        self.place = Place(place.file, place.line if line is None else line, place.field)
        if not isinstance(node, dict):
            raise InputError("this is no mapping", place=self.place, remedy="write KEY: VALUE lines")
        self._node = node
        self._asked: list[str] = []

    def place_of(self, key: str) -> Place:
        """Where a field stands; the mapping itself where it is not given."""
        line = line_of(self._node[key]) if key in self._node else None
        field = f"{self.place.field}.{key}" if self.place.field else key
        return Place(self.place.file, self.place.line if line is None else line, field)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the fields, as they stand."""
        return tuple(self._node)

    def fail(self, key: str, what: str, remedy: str) -> NoReturn:
        """Raise InputError at a field."""
        raise InputError(what, place=self.place_of(key), remedy=remedy)

    def has(self, key: str) -> bool:
        """Whether the field is given and not empty."""
        self._asked.append(key)
        value = self._node.get(key)
        return value is not None and not (isinstance(value, Cell) and not value.value)

    def is_empty_list(self, key: str) -> bool:
        """Whether the field is given as ``[]``, where that says more than leaving it out."""
        self._asked.append(key)
        return self._node.get(key) == []

    def text(self, key: str, default: str | None = None) -> str:
        """A text; without ``default`` it has to be there."""
        if not self.has(key):
            if default is None:
                self.fail(key, f"{key} is missing", f"give {key}: TEXT")
            return default
        value = self._node[key]
        if not isinstance(value, Cell):
            self.fail(key, f"{key} is no plain text", f"write {key}: TEXT")
        if len(value.value) > _LONGEST_TEXT:
            raise LimitError(
                f"{key} has {len(value.value)} characters", place=self.place_of(key), remedy=f"at most {_LONGEST_TEXT}"
            )
        return value.value

    def choice(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """One of a few words."""
        value = self.text(key, default)
        if value not in (known := list(allowed)):
            self.fail(key, f"{key} cannot be {value!r}", f"one of {', '.join(known)}")
        return value

    def flag(self, key: str) -> bool:
        """Yes or no; no where it is not given."""
        value = self.text(key, "no").lower()
        if value not in _YES | _NO:
            self.fail(key, f"{key} cannot be {value!r}", "yes or no")
        return value in _YES

    def number(self, key: str, default: int, *, low: int = 0, high: int = 100_000) -> int:
        """A whole number within limits."""
        value = self.text(key, str(default))
        if not (value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high):
            self.fail(key, f"{key} cannot be {value!r}", f"a whole number from {low} to {high}")
        return int(value)

    def amount(self, key: str, default: Amount) -> Amount:
        """A count or a percentage."""
        value = self.text(key, str(default))
        return amount(value) or self.fail(key, f"{key} cannot be {value!r}", "a count such as 3, or 0% to 100%")

    def span(self, key: str) -> Span:
        """A duration of the calendar, up to a year."""
        value = self.text(key)
        found = span(value) or self.fail(
            key, f"{key} {value!r} is no duration", "write 6h, 90m or 1d, or PT6H as iCalendar does"
        )
        if found.exact > 366 * 86_400:
            self.fail(key, f"{key} is longer than a year", "divide it")
        return found

    def seconds(self, key: str, default: int) -> int:
        """A duration in seconds, up to a year."""
        return self.span(key).exact if self.has(key) else default

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one; each at most once."""
        return tuple(cell.value for cell in self.cells(key))

    def cells(self, key: str) -> list[Cell]:
        """The same with their lines."""
        if not self.has(key):
            return []
        value = self._node[key]
        found = value if isinstance(value, list) else [value]
        cells = [each for each in found if isinstance(each, Cell) and each.value]
        if len(cells) != len(found) or not cells:
            self.fail(key, f"{key} is no list of texts", f"write {key}: [ONE, ANOTHER]")
        if len(cells) > _MOST_ITEMS:
            raise LimitError(f"{key} has {len(cells)} items", place=self.place_of(key), remedy=f"at most {_MOST_ITEMS}")
        values = [each.value for each in cells]
        for each in cells:
            if values.count(each.value) > 1:
                raise InputError(
                    f"{each.value!r} stands twice in {key}",
                    place=Place(self.place.file, each.line, self.place_of(key).field),
                    remedy="drop one of them",
                )
        return cells

    def children(self, key: str) -> list[Fields]:
        """The mappings of a list."""
        if not self.has(key):
            return []
        value = self._node[key]
        if not isinstance(value, list):
            self.fail(key, f"{key} is no list", f"write {key}: and below it entries that begin with '-'")
        if len(value) > _MOST_ITEMS:
            raise LimitError(f"{key} has {len(value)} items", place=self.place_of(key), remedy=f"at most {_MOST_ITEMS}")
        whole = self.place_of(key)
        return [
            Fields(each, Place(whole.file, whole.line, f"{whole.field}[{number}]"))
            for number, each in enumerate(value, 1)
        ]

    def mapping(self, key: str) -> Mapping[str, Node]:
        """A mapping whose keys are the writer's own."""
        if not self.has(key):
            return {}
        value = self._node[key]
        if not isinstance(value, dict):
            self.fail(key, f"{key} is no mapping", f"write {key}: and below it KEY: VALUE lines")
        return value

    def scope(self) -> Scope:
        """``for`` (facts, and ``labels``) and ``when`` (a condition)."""
        facts: dict[str, tuple[str, ...]] = {}
        labels: dict[str, tuple[str, ...]] = {}
        given = self.mapping("for")
        if given:
            inner = Fields(dict(given), self.place_of("for"))
            for key in given:
                if key == "labels":
                    found = Fields(dict(inner.mapping(key)), inner.place_of(key))
                    labels = {label: _values(found, label) for label in inner.mapping(key)}
                elif key in FACTS:
                    facts[key] = _values(inner, key)
                    wrong = [each for each in facts[key] if key in VALUES and each not in VALUES[key]]
                    if wrong:
                        known = ", ".join(each or "none" for each in VALUES[key])
                        inner.fail(key, f"{key} cannot be {wrong[0]!r}", f"one of {known}")
                else:
                    inner.fail(key, f"unknown fact {key!r}", f"the facts are {', '.join(FACTS)}, labels")
        condition = self.text("when", "")
        if condition:
            try:
                condition_of(condition)
            except OakumError as error:
                where = error.place.field if error.place else "when"
                self.fail("when", f"{error.what} ({where})", error.remedy)
        return Scope(facts, labels, condition)

    def done(self) -> None:
        """Raises InputError at a field that nobody asked for."""
        for key in self._node:
            if key not in self._asked:
                self.fail(key, f"unknown field {key!r}", f"the fields here are {', '.join(sorted(set(self._asked)))}")


def _values(fields: Fields, key: str) -> tuple[str, ...]:
    """The values that a scope allows for a fact, sorted: their order means nothing. ``none`` is the empty fact."""
    values = fields.texts(key)
    if not values:
        fields.fail(key, f"no value for {key}", "give a value, a list of them, or leave the fact out")
    return tuple(sorted("" if each == "none" else each for each in values))
