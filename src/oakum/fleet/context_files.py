"""The two spellings of a context file, each brought to rows of texts with their line numbers.

YAML is read from its event stream and never constructed: a scalar stays the text that was written (so that ``yes`` and
``1`` mean what they say), aliases are refused (they make YAML bombs), and so are tags, duplicate keys, several
documents and any depth beyond what rules need. Sources: YAML 1.2 section 3.2.1.3 (keys are unique), RFC 4180 (CSV).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

import msgspec

from oakum.errors import InputError, LimitError, Place

#: Rules in one file; each costs a pattern match for every asset.
_MOST_ROWS = 20_000
_DEEPEST = 4


class Cell(msgspec.Struct, frozen=True):
    """A text and the line, counted from 1, on which it stands."""

    value: str
    line: int


Row = dict[str, Cell]
_Node = Cell | list["_Node"] | dict[str, "_Node"]


def rows_of_csv(text: str, name: str) -> list[Row]:
    """One row for each line below the header; an empty cell says nothing."""
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    rows: list[Row] = []
    header: list[str] | None = None
    try:
        for fields in reader:
            line = reader.line_num
            cells = [field.strip() for field in fields]
            if not any(cells) or cells[0].startswith("#"):
                continue
            if header is None:
                header = [cell.lower().replace(" ", "_") for cell in cells]
                twice = next((key for key in header if header.count(key) > 1), None)
                if twice is not None:
                    raise InputError(f"the column {twice!r} stands twice", place=Place(name, line), remedy="drop one")
                continue
            if len(cells) != len(header):
                raise InputError(
                    f"{len(cells)} fields, but the header has {len(header)}",
                    place=Place(name, line),
                    remedy="quote values that contain commas",
                )
            rows.append({key: Cell(cell, line) for key, cell in zip(header, cells, strict=True)})
            _bounded(rows, name)
    except csv.Error as error:
        raise InputError(
            f"not valid CSV: {error}", place=Place(name, reader.line_num), remedy="mend the line"
        ) from None
    return rows


def rows_of_yaml(text: str, name: str) -> list[Row]:
    """The rules below ``assets:``, or the rules of a list that is the whole document."""
    root = _document(text, name)
    if isinstance(root, dict):
        unknown = next((key for key in root if key != "assets"), None)
        if unknown is not None:
            raise InputError(f"unknown key {unknown!r}", place=Place(name, field=unknown), remedy="allowed: assets")
        root = root.get("assets", [])
    if isinstance(root, Cell) and not root.value:
        return []
    if not isinstance(root, list):
        raise InputError("the rules are not a list", place=Place(name, field="assets"), remedy="write '- name: GLOB'")
    rows: list[Row] = []
    for number, item in enumerate(root, 1):
        if not isinstance(item, dict):
            raise InputError(
                "a rule is a mapping", place=Place(name, field=f"assets[{number}]"), remedy="write '- name: GLOB'"
            )
        row: Row = {}
        for key, cell in item.items():
            if not isinstance(cell, Cell):
                raise InputError("a value is a plain text", place=Place(name, field=key), remedy="write KEY: VALUE")
            row[key] = cell
        rows.append(row)
        _bounded(rows, name)
    return rows


def _bounded(rows: list[Row], name: str) -> None:
    if len(rows) > _MOST_ROWS:
        raise LimitError(f"more than {_MOST_ROWS} rules", place=Place(name), remedy="use globs")


def _document(text: str, name: str) -> _Node:
    # Imported here because most runs have no context file.
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(yaml.parse(text, Loader=loader), name).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).partition("\n")[0]
        line = mark.line + 1 if mark is not None else None
        raise InputError(f"not valid YAML: {what}", place=Place(name, line), remedy="mend the line") from None


class _Builder:
    """Builds texts, lists and mappings from one document's events."""

    def __init__(self, events: Iterator[object], name: str) -> None:
        self._events = events
        self._name = name
        self._line = 1

    def document(self) -> _Node:
        root: _Node | None = None
        for kind, _ in self._read():
            if kind == "DocumentStartEvent":
                if root is not None:
                    raise self._error("several documents in one file", "keep one document")
                first, content = next(self._read())
                root = self._node(first, content, 0)
        return root if root is not None else []

    def _read(self) -> Iterator[tuple[str, object]]:
        for event in self._events:
            mark = getattr(event, "start_mark", None)
            self._line = mark.line + 1 if mark is not None else self._line
            yield type(event).__name__, event

    def _node(self, kind: str, event: object, depth: int) -> _Node:
        if kind == "AliasEvent":
            raise self._error("an alias (*name)", "write the value out")
        if getattr(event, "tag", None) not in {None, "!"}:
            raise self._error("a tag (!type)", "write plain values")
        if depth > _DEEPEST:
            raise LimitError("nested too deeply", place=Place(self._name, self._line), remedy="rules are flat")
        if kind == "ScalarEvent":
            value = str(getattr(event, "value", ""))
            plain = bool(getattr(event, "implicit", (True, False))[0])
            empty = plain and value.lower() in {"", "~", "null"}
            return Cell("" if empty else value.strip(), self._line)
        if kind == "SequenceStartEvent":
            return [self._node(k, e, depth + 1) for k, e in self._until("SequenceEndEvent")]
        mapping: dict[str, _Node] = {}
        for key_kind, key_event in self._until("MappingEndEvent"):
            key = self._node(key_kind, key_event, depth + 1)
            if not isinstance(key, Cell):
                raise self._error("a key is a plain word", "write KEY: VALUE")
            if key.value in mapping:
                raise self._error(f"the key {key.value!r} stands twice", "drop one of them")
            value_kind, value_event = next(self._read())
            mapping[key.value] = self._node(value_kind, value_event, depth + 1)
        return mapping

    def _until(self, end: str) -> Iterator[tuple[str, object]]:
        for kind, event in self._read():
            if kind == end:
                return
            yield kind, event

    def _error(self, what: str, remedy: str) -> InputError:
        return InputError(what, place=Place(self._name, self._line), remedy=remedy)
