"""XML as an SBOM needs it: elements of known names with their text, and nothing that XML can do beside that.

The parser is told one encoding, and a document type declaration is refused: with it go entities that grow, entities
that name files or hosts, and attributes that nobody wrote. Depth and number of elements are bounded while they are
read. What stands below an element of another name or namespace is passed over, so that a component inside somebody's
evidence is never taken for one that is there.
"""

from __future__ import annotations

from xml.parsers import expat

import msgspec

from oakum.errors import InputError, LimitError, Place
from oakum.fleet.sbom.document import MAX_OBJECTS

#: Components may hold components, two elements for each level.
_DEEPEST = 128
#: Between a namespace and a name; no namespace's address has it.
_APART = " "
#: Encodings that UTF-8 holds.
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


class Element(msgspec.Struct):
    """An element with those inside it that are wanted; ``text`` is what stands directly in it."""

    name: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    inside: list[Element] = []

    def all(self, name: str) -> list[Element]:
        """The elements of this name directly inside."""
        return [each for each in self.inside if each.name == name]

    def one(self, name: str, file: str) -> Element | None:
        """The only element of this name directly inside; None where there is none. Raises InputError for a second."""
        found = self.all(name)
        if len(found) > 1:
            raise InputError(
                f"the element {name} stands twice in one {self.name}",
                place=Place(file, found[1].line, name),
                remedy="readers disagree about which one counts: write the SBOM again",
            )
        return found[0] if found else None

    def word(self, name: str, file: str) -> str | None:
        """The text of the only element of this name; None where there is none."""
        found = self.one(name, file)
        return None if found is None else found.text


def read(data: bytes, wanted: frozenset[str], *, name: str) -> tuple[str, Element]:
    """The namespace of the document, and its root with the ``wanted`` elements inside, of that namespace only.

    Raises InputError (not well-formed, a document type declaration) or LimitError (too deep, too many) with the line.
    """
    reading = _Reading(wanted, name)
    try:
        reading.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise InputError(
            f"not valid XML: {expat.ErrorString(error.code)}",
            place=Place(name, error.lineno),
            remedy="write the SBOM again",
        ) from None
    return reading.namespace, reading.root


class _Reading:
    """The state of one pass over a document."""

    def __init__(self, wanted: frozenset[str], name: str) -> None:
        self.namespace = ""
        self.root = Element("", 0, {})
        self._wanted = wanted
        self._name = name
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._passed_over = 0
        self._count = 0
        self.parser = expat.ParserCreate("utf-8", _APART)
        self.parser.buffer_text = True
        self.parser.XmlDeclHandler = self._declared
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _place(self) -> Place:
        return Place(self._name, self.parser.CurrentLineNumber)

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            what = f"the file says that it is {encoding[:40]}, not UTF-8"
            raise InputError(what, place=self._place(), remedy="convert it to UTF-8, and its declaration too")

    def _doctype(self, *_: object) -> None:
        raise InputError(
            "a document type declaration (DOCTYPE) stands in it",
            place=self._place(),
            remedy="no SBOM needs one, and entities can name files or grow without end: write the SBOM without it",
        )

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_OBJECTS:
            raise LimitError(f"more than {MAX_OBJECTS} elements", place=self._place(), remedy="split it")
        if len(self._open) + self._passed_over >= _DEEPEST:
            what = f"elements are nested deeper than {_DEEPEST} levels: too deep"
            raise LimitError(what, place=self._place(), remedy="no SBOM needs that depth")
        namespace, _, name = qualified.rpartition(_APART)
        if not self._open:
            self.namespace = namespace
        elif self._passed_over or namespace != self.namespace or name not in self._wanted:
            self._passed_over += 1
            return
        element = Element(name, self.parser.CurrentLineNumber, attributes, inside=[])
        if self._open:
            self._open[-1].inside.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._texts.append([])

    def _end(self, _: str) -> None:
        if self._passed_over:
            self._passed_over -= 1
        else:
            self._open.pop().text = "".join(self._texts.pop()).strip()

    def _characters(self, text: str) -> None:
        if not self._passed_over:
            self._texts[-1].append(text)
