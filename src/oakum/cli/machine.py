"""The machine form: one JSON object in, one out.

``--batch FILE`` reads one object a line and writes one a line with the same ``id``; a bad line is answered with
``id`` and ``error`` and the others go on. ``--request FILE`` answers one. ``-`` is standard input. Any command whose
answer is a function of one request can be served by these two.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from oakum.errors import InputError, LimitError, OakumError, Place, UsageError

Request = dict[str, Any]
Answer = Mapping[str, object]

LONGEST_LINE = 4 * 1024 * 1024


def answer_batch(name: str, lines: Iterable[bytes], answer: Callable[[Request], Answer]) -> int:
    """Answer every line of ``lines``, which were read from ``name``; 2 where one of them was bad, else 0."""
    code: int | None = None
    shown = "standard input" if name == "-" else name
    write = sys.stdout.buffer.write
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        code = code or 0
        identity: object = None
        try:
            request = read_object(line, Place(shown, number))
            identity = _identity(request)
            result: dict[str, object] = {"id": identity, **answer(request)}
        except OakumError as error:
            result = {"id": identity, "error": str(error)}
            code = 2
        write(json.dumps(result).encode() + b"\n")
    sys.stdout.buffer.flush()
    if code is None:
        raise InputError("the batch is empty", place=Place(shown), remedy="give one JSON object a line")
    return code


def answer_request(name: str, answer: Callable[[Request], Answer], *, longest: int = LONGEST_LINE) -> int:
    """Answer the one request in the file ``name``; a bad one is an error as on any command."""
    request = read_object(b"".join(read_lines(name, longest=longest)), Place(name))
    try:
        identity = {"id": _identity(request)} if "id" in request else {}
        result = answer(request)
    except OakumError as error:
        raise error.within(name) from None
    print_json({**identity, **result})
    return 0


def serve(arguments: argparse.Namespace, answer: Callable[[Request], Answer], *, longest: int = LONGEST_LINE) -> int:
    """Answer what ``--batch`` or ``--request`` names; one of the two has to be given."""
    if (arguments.batch is None) == (arguments.request is None):
        raise UsageError("one of --batch and --request is needed", remedy="see --help")
    if arguments.batch is not None:
        return answer_batch(arguments.batch, read_lines(arguments.batch, longest=longest), answer)
    return answer_request(arguments.request, answer, longest=longest)


def print_json(value: object) -> None:
    """Write one JSON document for people who pipe: indented, keys in the order of the answer."""
    try:
        # Python's own indentation takes ten times as long, and an answer may have a million lines.
        text = msgspec.json.format(json.dumps(value), indent=2)
    except msgspec.DecodeError:
        # Half of a surrogate pair: JSON's grammar lets it be written.
        text = json.dumps(value, indent=2)
    sys.stdout.write(text + "\n")


def read_lines(name: str, *, longest: int = LONGEST_LINE) -> Iterator[bytes]:
    """The lines of a file or of standard input, one at a time and none above ``longest`` bytes.

    Raises InputError where it cannot be read.
    """
    try:
        if name == "-":
            yield from _bounded(sys.stdin.buffer, "standard input", longest)
            return
        with Path(name).open("rb") as file:
            yield from _bounded(file, name, longest)
    except (OSError, ValueError) as error:
        # ValueError: a name with a NUL character.
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"cannot be read: {why}", place=Place(name), remedy="name a readable file") from None


def _bounded(file: Any, name: str, longest: int) -> Iterator[bytes]:
    number = 0
    while line := file.readline(longest + 1):
        number += 1
        if len(line) > longest:
            raise LimitError(
                f"the line is longer than {longest} bytes",
                place=Place(name, number),
                remedy="give one request a line",
            )
        yield line


def read_object(text: bytes, place: Place) -> Request:
    """One JSON object. Raises InputError where it is none, says a key twice or is nested too deeply."""
    try:
        value = json.loads(text.decode("utf-8-sig"), object_pairs_hook=_unrepeated, parse_constant=_no_number)
    except InputError as error:
        error.place = place
        raise
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8: {error.reason} at byte {error.start}", place=place, remedy="write it in UTF-8"
        ) from None
    except RecursionError:
        raise InputError("nested too deeply", place=place, remedy="give one flat JSON object") from None
    except ValueError as error:
        raise InputError(f"not JSON: {error}", place=place, remedy="give one JSON object") from None
    if not isinstance(value, dict):
        raise InputError("not a JSON object", place=place, remedy='give an object, as in {"id": 1, ...}')
    return value


def _identity(request: Request) -> object:
    """The request's ``id``, taken out of it: given back as it is, so it has to be a plain value."""
    identity = request.pop("id", None)
    if isinstance(identity, dict | list):
        raise InputError("id is no text or number", place=Place(field="id"), remedy="give a text or a number")
    return identity


def _unrepeated(pairs: list[tuple[str, Any]]) -> Request:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in value if names.count(name) > 1)
        raise InputError(f"the key {twice!r} stands twice", remedy="give it once")
    return value


def _no_number(name: str) -> NoReturn:
    raise InputError(f"{name} is no JSON number", remedy="leave it out")


def text_field(request: Request, key: str) -> str:
    """A field that must be a text. Raises InputError where it is missing or of another type."""
    if key not in request:
        raise InputError("the field is missing", place=Place(field=key), remedy=f"give {key} as a text")
    value = request[key]
    if not isinstance(value, str):
        raise InputError("the field is no text", place=Place(field=key), remedy=f"give {key} as a text")
    return value
