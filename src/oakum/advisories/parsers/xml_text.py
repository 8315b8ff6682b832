"""XML of feeds: records of one name, each with its elements, and nothing that XML can do beside that.

A document type declaration is refused: with it go entities that grow, and entities that name files or hosts. Depth and
the size of a record are bounded while it is read. Records are handed out one after the other, so that a feed of any
length takes the room of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

import msgspec

from oakum.errors import InputError, LimitError, Place

_DEEPEST = 16
#: Elements of one record: a kernel's notice lists a few dozen packages.
_MOST = 20_000
_STEP = 1 << 16
_REMEDY = "fetch the file again"


class Element(msgspec.Struct):
    """An element with its attributes, the text directly in it, and the elements inside it."""

    name: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    inside: list[Element] = []

    def all(self, name: str) -> Iterator[Element]:
        """The elements of this name anywhere inside, in their order."""
        for one in self.inside:
            if one.name == name:
                yield one
            yield from one.all(name)

    def word(self, name: str) -> str:
        """The text of the first element of this name, "" where there is none."""
        return next((one.text.strip() for one in self.all(name)), "")


def root(text: str) -> str:
    """The name of the document's root, "" where that cannot be told; nothing behind its first tag is looked at."""
    found: list[str] = []
    parser = expat.ParserCreate()

    def start(name: str, _: dict[str, str]) -> None:
        found.append(name)

    parser.StartElementHandler = start
    try:
        parser.Parse(text[:4096].encode(), False)
    except expat.ExpatError:
        return found[0] if found else ""
    return found[0] if found else ""


def records(text: str, record: str, name: str) -> Iterator[Element]:
    """The elements called ``record`` directly below the root.

    Raises InputError with the line for what is not well-formed or has a DOCTYPE, LimitError where it is too deep or a
    record too large; what was handed out before is then only a part.
    """
    reading = _Reading(record, name)
    data = text.encode()
    for at in range(0, len(data) + 1, _STEP):
        try:
            reading.parser.Parse(data[at : at + _STEP], at + _STEP > len(data))
        except expat.ExpatError as error:
            raise InputError(
                f"is not well-formed XML: {expat.ErrorString(error.code)}",
                place=Place(name, error.lineno),
                remedy=_REMEDY,
            ) from None
        yield from reading.done
        reading.done.clear()


class _Reading:
    def __init__(self, record: str, name: str) -> None:
        self.done: list[Element] = []
        self._record = record
        self._name = name
        self._depth = 0
        self._count = 0
        self._open: list[Element] = []
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _place(self) -> Place:
        return Place(self._name, self.parser.CurrentLineNumber)

    def _doctype(self, *_: object) -> None:
        raise InputError(
            "has a document type declaration (DOCTYPE), which no feed needs", place=self._place(), remedy=_REMEDY
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise LimitError(f"is nested more than {_DEEPEST} deep", place=self._place(), remedy=_REMEDY)
        if self._open or (self._depth == 2 and name == self._record):
            self._count = self._count + 1 if self._open else 1
            if self._count > _MOST:
                raise LimitError(
                    f"has a record of more than {_MOST} elements", place=self._place(), remedy="check its source"
                )
            self._open.append(Element(name, self.parser.CurrentLineNumber, attributes, "", []))

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._open:
            one = self._open.pop()
            (self._open[-1].inside if self._open else self.done).append(one)

    def _characters(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text
