"""``oakum decide``: look a row up in a decision table, and see which single input would change the outcome."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from oakum.cli import machine
from oakum.errors import InputError, OakumError, Place, UsageError
from oakum.risk import tables
from oakum.risk.tables import Row, Table


class Disagreement(NamedTuple):
    """A line of a batch whose expected outcome is not the table's."""

    line: int
    row: int
    inputs: dict[str, str]
    expected: str
    got: str


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = (
        "Examples:\n"
        "  oakum decide --table cisa-bod-26-04 in_kev=yes publicly_exposed=no automatable=no technical_impact=total\n"
        "  oakum decide --table ssvc-deployer --batch expected.csv         the last column is the expected outcome\n"
        "  oakum decide --table ssvc-deployer --batch requests.jsonl -o json    one JSON object a line\n\n"
        "Inputs:\n" + "\n".join(_inputs_of(name) for name in tables.names())
    )
    parser.add_argument("inputs", nargs="*", metavar="KEY=VALUE", help="an input of the table")
    parser.add_argument("--table", metavar="TABLE", help=f"one of {', '.join(tables.names())}")
    parser.add_argument(
        "--batch", metavar="FILE", help="a CSV with expected outcomes, or one JSON request a line ('-': standard input)"
    )
    parser.add_argument("--request", metavar="FILE", help="answer the one JSON request in a file")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Decide; 1 where a batch disagrees with its expected outcomes, 2 where something was bad."""
    asked = [each for each in (arguments.inputs or None, arguments.batch, arguments.request) if each is not None]
    if len(asked) > 1:
        raise UsageError("KEY=VALUE, --batch and --request exclude each other", remedy="see oakum decide --help")
    if arguments.batch is not None:
        return _batch(arguments.batch, arguments.table, arguments.output)
    if arguments.request is not None:
        return machine.answer_request(arguments.request, _answerer(arguments.table))
    table = _table(arguments.table)
    row = table.row(_pairs(arguments.inputs))
    if arguments.output == "json":
        machine.print_json(answer(table, row))
    else:
        _print(table, row)
    return 0


def answer(table: Table, row: Row) -> machine.Answer:
    """The answer in its machine form."""
    return {
        "table": table.name,
        "row": row.number,
        "outcome": row.outcome.name,
        "inputs": dict(zip(table.keys, row.values, strict=True)),
        "changes": [{"key": change.key, "value": change.value, "outcome": change.outcome} for change in row.changes],
    }


def _inputs_of(name: str) -> str:
    columns = tables.table(name).source.columns
    return f"  {name}: " + ", ".join(f"{column.key}={'|'.join(column.values)}" for column in columns)


def _table(name: str | None) -> Table:
    if name is None:
        raise UsageError("--table is missing", remedy=f"one of {', '.join(tables.names())}")
    return tables.table(name)


def _pairs(words: Iterable[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in words:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{text!r} is no KEY=VALUE", remedy="write in_kev=yes; quote a value with a blank")
        if key in pairs:
            raise UsageError(f"{key} is given twice", remedy="give it once")
        pairs[key] = value
    return pairs


def _print(table: Table, row: Row) -> None:
    width = max(len(key) for key in table.keys)
    print(f"{table.source.title} {table.source.version}, row {row.number}: {row.outcome.name}\n")
    for key, value in zip(table.keys, row.values, strict=True):
        print(f"  {key:{width}}  {value}")
    if not row.changes:
        print("\nNo single input would change the outcome.")
        return
    print("\nA single other input would change it:")
    for change in row.changes:
        print(f"  {change.key:{width}}  {change.value} -> {change.outcome}")


def _answerer(name: str | None) -> Callable[[machine.Request], machine.Answer]:
    """Answers requests; the table is the command's, or that of the request's own field ``table``."""

    def answer_one(request: machine.Request) -> machine.Answer:
        own = machine.text_field(request, "table") if "table" in request else None
        if own is not None and name is not None and own != name:
            raise UsageError(f"the request asks {own!r:.80}, the command {name}", place=Place(field="table"))
        table = _table(name or own)
        given = {key: _text(key, value) for key, value in request.items() if key != "table"}
        return answer(table, table.row(given))

    return answer_one


def _text(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        raise InputError(f"{key[:80]} is no text", place=Place(field=key[:80]), remedy="give a text, true or false")
    return value


def _batch(name: str, table_name: str | None, output: str) -> int:
    lines = machine.read_lines(name)
    blank: list[bytes] = []
    first = b""
    for first in lines:
        if first.strip():
            break
        blank.append(first)
    whole = chain(blank, [first], lines)
    if not first.strip():
        raise InputError("the batch is empty", place=Place(name), remedy="give a CSV or one JSON object a line")
    if first.lstrip(b"\xef\xbb\xbf \t").startswith(b"{") or (output == "json" and not _is_header(first)):
        if table_name is not None:
            tables.table(table_name)  # a wrong --table is one error of the command and not one a line
        return machine.answer_batch(name, whole, _answerer(table_name))
    return _check(name, _table(table_name), _records(name, whole), output)


def _is_header(line: bytes) -> bool:
    """Whether a line names at least one input of some table, as the header of a CSV does."""
    known = {key for each in tables.names() for key in tables.table(each).keys}
    return any(tables.key_of(cell.strip('" ')) in known for cell in line.decode(errors="replace").split(",")[:64])


def _records(name: str, lines: Iterable[bytes]) -> Iterator[tuple[int, list[str]]]:
    """The records of a CSV with the line on which each ends. Raises InputError where it is none."""

    def texts() -> Iterator[str]:
        for number, line in enumerate(lines, 1):
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise InputError(
                    f"not UTF-8: {error.reason}", place=Place(name, number), remedy="write it in UTF-8"
                ) from None

    reader = csv.reader(texts(), strict=True)
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                yield reader.line_num, record
    except csv.Error as error:
        raise InputError(
            f"not CSV: {error}", place=Place(name, reader.line_num), remedy="quote cells that have commas or quotes"
        ) from None


def _check(name: str, table: Table, records: Iterator[tuple[int, list[str]]], output: str) -> int:
    line, header = next(records, (1, list[str]()))
    keys = [tables.key_of(title) for title in header[:-1]]
    if keys[:1] == ["row"]:
        keys[0] = ""
    if sorted(key for key in keys if key) != sorted(table.keys):
        raise InputError(
            f"the header names {', '.join(key for key in keys if key)[:200] or 'no input'}",
            place=Place(name, line),
            remedy=f"name {', '.join(table.keys)} and last the expected outcome",
        )
    agree, disagreements, bad = 0, list[Disagreement](), list[OakumError]()
    for line, record in records:
        try:
            if len(record) != len(header):
                raise InputError(f"{len(record)} cells under {len(header)} titles", remedy="give each column a cell")
            row = table.row({key: cell for key, cell in zip(keys, record, strict=False) if key})
        except OakumError as error:
            error.place = Place(name, line)
            bad.append(error)
            continue
        if tables.plain(record[-1]) == tables.plain(row.outcome.name):
            agree += 1
        else:
            given = dict(zip(table.keys, row.values, strict=True))
            disagreements.append(Disagreement(line, row.number, given, record[-1].strip(), row.outcome.name))
    for problem in bad:
        print(problem, file=sys.stderr)
    if output == "json":
        machine.print_json(
            {
                "checked": agree + len(disagreements),
                "disagreements": [each._asdict() for each in disagreements],
                "errors": [str(problem) for problem in bad],
            }
        )
    else:
        for each in disagreements:
            inputs = " ".join(f"{key}={value}" for key, value in each.inputs.items())
            print(f"line {each.line}: {inputs}: expected {each.expected}, got {each.got} (row {each.row})")
        print(f"{agree} agree, {len(disagreements)} disagree")
    return 2 if bad else 1 if disagreements else 0
