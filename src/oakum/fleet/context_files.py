"""The two spellings of a context file, each brought to rows of texts with their line numbers.

YAML is read as texts (see ``yaml_events``), so that ``yes`` and ``1`` mean what they say. Source of CSV: RFC 4180.
"""

from __future__ import annotations

import csv

from oakum.errors import InputError, LimitError, Place
from oakum.fleet.yaml_events import Cell, texts

#: Rules in one file; each costs a pattern match for every asset.
_MOST_ROWS = 20_000
_DEEPEST = 4

Row = dict[str, Cell]


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
    root = texts(text, name, deepest=_DEEPEST)
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
