"""Bytes of a feed file as text or as JSON values, before anyone asks which format it is.

Feeds come as one JSON document, as JSON Lines or as plain text. What cannot be a feed is refused here with its line:
empty, not UTF-8, cut short, nested too deeply, the same key twice in an object (RFC 8259 leaves its meaning open, so
two readers could see two advisories). A bad line of JSON Lines is a problem of that line; the others go on.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from oakum.advisories.model import Fact, Parsed, Problem
from oakum.errors import InputError, LimitError, Place

_FETCH_AGAIN = "fetch the file again"
#: JSON begins with an object, or with an array of objects; a Debian advisory list begins with "[01 Aug 2002]".
_JSON = re.compile(r"\s*(?:\{|\[\s*[\[{\"\]])")
#: Before the first element of an XML document may stand its declaration, comments and instructions.
_ROOT = re.compile(
    r"\s*+(?:<\?[^>]{0,1000}\?>\s*+|<!--(?:(?!-->).){0,4000}-->\s*+){0,8}<(?:[\w.-]+:)?(?P<name>[\w.-]+)", re.DOTALL
)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Value(msgspec.Struct, frozen=True):
    """One JSON value, with its line where it came from JSON Lines."""

    value: object
    line: int | None = None


class Content(msgspec.Struct, kw_only=True):
    """A feed file: ``values`` are its JSON values, empty where it is not JSON; ``problems`` its unreadable lines."""

    name: str
    text: str
    values: list[Value]
    problems: list[Problem]

    @property
    def first(self) -> object:
        """The first record: the document, or the first object of an array; None where there is none."""
        value = self.values[0].value if self.values else None
        return next(iter(value), None) if isinstance(value, list) else value

    @property
    def root(self) -> str:
        """The name of the first element of an XML document, without its prefix; "" for what is no XML."""
        found = None if self.values else _ROOT.match(self.text)
        return found["name"] if found else ""

    def records(self) -> Iterator[Value]:
        """Every record, with the arrays taken apart."""
        for value in self.values:
            if isinstance(value.value, list):
                yield from (Value(one, value.line) for one in value.value)
            else:
                yield value

    def problem(self, record: str, why: str, line: int | None = None) -> None:
        """Note a record that could not be read."""
        self.problems.append(Problem(self.name, record, why, line))

    def parsed(self, format_: str, facts: list[Fact], as_of: str = "", *, may_be_empty: bool = False) -> Parsed:
        """The answer of a parser. A file of which nothing could be read is no answer but an error."""
        if not facts and not may_be_empty:
            if self.problems:
                bad = self.problems[0]
                raise InputError(
                    f"none of its {len(self.problems)} records could be read; the first, {bad.record}: {bad.why}",
                    place=Place(self.name, bad.line),
                    remedy=_FETCH_AGAIN,
                )
            raise InputError("holds no record", place=Place(self.name), remedy=_FETCH_AGAIN)
        return Parsed(format=format_, facts=facts, problems=self.problems, as_of=as_of)


def read(data: bytes, name: str) -> Content:
    """Decode a file; ``name`` is used in errors only.

    Raises ``InputError`` where nothing of it can be read, ``LimitError`` where it is nested too deeply.
    """
    if not data.strip():
        raise InputError("is empty", place=Place(name), remedy=_FETCH_AGAIN)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"is not UTF-8 text (byte {error.start})",
            place=Place(name, line),
            remedy="import the feed as its publisher serves it, unpacked or as .gz or .zip",
        ) from None
    content = Content(name=name, text=text, values=[], problems=[])
    if _JSON.match(text):
        if _is_lines(text):
            _read_lines(content)
        else:
            content.values.append(Value(_document(text, name)))
    return content


def _is_lines(text: str) -> bool:
    """JSON Lines: the first two lines that are not blank both begin an object at their first column."""
    found = 0
    for line in _lines(text):
        if line.strip():
            if not line.startswith("{") or line.strip() == "{":
                return False
            found += 1
        if found == 2:
            return True
    return False


def _lines(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


def _read_lines(content: Content) -> None:
    last = 0
    for number, line in enumerate(_lines(content.text), start=1):
        if not line.strip():
            continue
        last = number
        try:
            content.values.append(Value(_document(line, content.name), number))
        except InputError as error:
            content.problem(f"line {number}", error.what, number)
    # A writer ends each line; a last line that is neither whole nor ended is where a transfer broke off.
    cut = content.problems and content.problems[-1].line == last and not content.text.endswith("\n")
    if cut or not content.values:
        bad = content.problems[-1]
        what = "is cut short" if cut else "holds no readable line"
        raise InputError(f"{what}: {bad.why}", place=Place(content.name, bad.line), remedy=_FETCH_AGAIN)


class _RepeatedKeyError(ValueError):
    """A key that stands twice in one object."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counted = Counter(key for key, _ in pairs)
        raise _RepeatedKeyError(counted.most_common(1)[0][0])
    return found


def _not_json(word: str) -> object:
    raise ValueError(f"{word} is no JSON number")


_DECODE = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_not_json).decode


def _document(text: str, name: str) -> object:
    try:
        value = _DECODE(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        what = "is cut short" if cut else f"is not valid JSON: {error.msg} (column {error.colno})"
        raise InputError(what, place=Place(name, error.lineno), remedy=_FETCH_AGAIN) from None
    except _RepeatedKeyError as error:
        raise InputError(
            f"has the key {error.args[0]!r} twice in one object", place=Place(name), remedy=_FETCH_AGAIN
        ) from None
    except RecursionError:
        raise LimitError(
            "is nested more deeply than any feed is", place=Place(name), remedy="check where it comes from"
        ) from None
    except UnicodeEncodeError:
        raise InputError(
            "holds an unpaired surrogate, which is no text", place=Place(name), remedy=_FETCH_AGAIN
        ) from None
    except ValueError as error:
        raise InputError(f"is not valid JSON: {error}", place=Place(name), remedy=_FETCH_AGAIN) from None
    return value
