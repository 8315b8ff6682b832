"""XML of feeds, one record after the other: elements with their text, and nothing that XML can do beside that.

A feed may hold millions of elements, so that a record (an ``update``, a ``definition``) is handed on as soon as it ends
and what is outside of records is passed over. A document type declaration is refused: with it go entities that grow,
entities that name files or hosts, and attributes that nobody wrote. Depth and the size of one record are bounded. Of a
name only the part behind its namespace is kept: publishers write the same elements under different prefixes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from oakum.errors import InputError, LimitError, Place

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

_DEEPEST = 64
#: Elements of one record: the longest real ones, updates of whole desktops, have some ten thousand.
_LONGEST = 1_000_000
_PIECE = 1 << 20
#: Between a namespace and a name; no namespace's address has it.
_APART = " "
_REMEDY, _SUSPICIOUS = "fetch the file again", "check where it comes from"


class Element(msgspec.Struct):
    """An element with all inside it; ``text`` is what stands directly in it, stripped."""

    name: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    inside: list[Element] = []

    def all(self, name: str) -> Iterator[Element]:
        """The elements of this name directly inside."""
        return (each for each in self.inside if each.name == name)

    def one(self, name: str) -> Element:
        """The only element of this name directly inside; an empty one where there is none.

        Raises ValueError for a second: readers disagree about which one counts.
        """
        found = list(self.all(name))
        if len(found) > 1:
            raise ValueError(f"the element {name} stands twice in one {self.name}")
        return found[0] if found else Element(name, self.line, {}, inside=[])

    def get(self, name: str) -> str:
        """An attribute; "" where there is none."""
        return self.attributes.get(name, "").strip()


def records(text: str, name: str, wanted: frozenset[str], take: Callable[[Element], None]) -> None:
    """Hand each element of the ``wanted`` names to ``take``, in order; those inside another one are parts of it.

    Raises InputError for what is not well-formed, cut short or has a document type declaration, LimitError for what is
    nested too deeply or too long; records before that place have been handed on.
    """
    # Imported when first needed: most feeds are JSON.
    from xml.parsers import expat

    reading = _Reading(name, wanted, take, expat.ParserCreate("utf-8", _APART))
    try:
        for start in range(0, len(text), _PIECE):
            reading.parser.Parse(text[start : start + _PIECE], False)
        reading.parser.Parse("", True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        cut = why in (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN)
        raise InputError(
            "is cut short" if cut else f"is not well-formed XML: {why}", place=Place(name, error.lineno), remedy=_REMEDY
        ) from None


class _Reading:
    """The state of one pass over a document."""

    def __init__(
        self, name: str, wanted: frozenset[str], take: Callable[[Element], None], parser: XMLParserType
    ) -> None:
        self.parser = parser
        self._name = name
        self._wanted = wanted
        self._take = take
        self._depth = 0
        self._count = 0
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters

    def _place(self) -> Place:
        return Place(self._name, self.parser.CurrentLineNumber)

    def _doctype(self, *_: object) -> None:
        raise InputError(
            "has a document type declaration (DOCTYPE), which no feed needs: entities can name files or grow",
            place=self._place(),
            remedy=_SUSPICIOUS,
        )

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise LimitError(f"is nested more than {_DEEPEST} deep", place=self._place(), remedy=_SUSPICIOUS)
        name = qualified.rpartition(_APART)[2]
        if not self._open:
            if name not in self._wanted:
                return
            self._count = 0
        self._count += 1
        if self._count > _LONGEST:
            raise LimitError(
                f"has a record of more than {_LONGEST} elements",
                place=self._place(),
                remedy=_SUSPICIOUS,
            )
        own = {key.rpartition(_APART)[2]: value for key, value in attributes.items()}
        element = Element(name, self.parser.CurrentLineNumber, own, inside=[])
        if self._open:
            self._open[-1].inside.append(element)
        self._open.append(element)
        self._texts.append([])

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._open:
            element = self._open.pop()
            element.text = "".join(self._texts.pop()).strip()
            if not self._open:
                self._take(element)

    def _characters(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)
