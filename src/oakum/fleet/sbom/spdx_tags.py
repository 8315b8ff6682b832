"""SPDX 2.3 and 2.2 in tag-value: the same document as in JSON, line by line.

``Tag: value`` stands on a line; a value in ``<text>`` may have several. A package begins with its ``PackageName``, a
file, a snippet and a licence with tags of their own; annotations name what they are about. Source: SPDX specification
2.3, chapter 6 and annexes; tags that are not needed here are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from oakum.errors import InputError, LimitError, Place
from oakum.fleet.assets import Asset
from oakum.fleet.sbom.document import MAX_OBJECTS
from oakum.fleet.sbom.spdx import (
    Annotation,
    Creation,
    Document,
    Package,
    Reference,
    Relationship,
    describe,
    require_version,
)

_TAG = re.compile(r"([A-Za-z][A-Za-z0-9_]*):[ \t]*(.*)")
_OPEN, _CLOSE = "<text>", "</text>"
#: Tags that begin a section, whose identifier is not a package's.
_ELSEWHERE = frozenset({"FileName", "SnippetSPDXID", "SnippetSPDXIdentifier", "LicenseID"})
#: Tag -> where its value goes in the document, and in the package that was begun last.
_OF_DOCUMENT = {"SPDXVersion": "spdx_version", "DocumentName": "name", "DocumentNamespace": "document_namespace"}
_OF_PACKAGE = {
    "SPDXID": "spdxid",
    "PackageVersion": "version_info",
    "PackageSupplier": "supplier",
    "PackageSourceInfo": "source_info",
    "PrimaryPackagePurpose": "primary_package_purpose",
}


def read(data: bytes, *, name: str) -> Asset:
    """The asset that a tag-value document (unpacked UTF-8 text) describes; ``name`` is the input's for messages."""
    reading = _Reading(name)
    for line, tag, value in _tags(data.decode(), name):
        reading.take(line, tag, value)
    return describe(reading.finish(), data, name)


def _tags(text: str, name: str) -> Iterator[tuple[int, str, str]]:
    """Line, tag and value of everything that is said."""
    # By line feeds alone: a value may have other characters that Python takes for ends of lines.
    lines = enumerate(text.split("\n"), start=1)
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _TAG.fullmatch(line.strip())
        if found is None:
            raise InputError(
                f"no tag and value: {line.strip()[:60]!r}",
                place=Place(name, number),
                remedy="a line is TAG: VALUE; several lines of a value stand between <text> and </text>",
            )
        tag, value = found.groups()
        if value.startswith(_OPEN):
            parts = [value.removeprefix(_OPEN)]
            while _CLOSE not in parts[-1]:
                _, following = next(lines, (0, None))
                if following is None:
                    raise InputError(
                        f"the text of {tag} has no end",
                        place=Place(name, number, tag),
                        remedy="close it with </text>, or fetch the file again if it is truncated",
                    )
                parts.append(following)
            parts[-1], _, behind = parts[-1].partition(_CLOSE)
            if behind.strip():
                what = f"something stands behind the end of the text of {tag}"
                raise InputError(what, place=Place(name, number, tag), remedy="write the SBOM again")
            value = "\n".join(parts).strip()
        yield number, tag, value


class _Reading:
    """The document as far as it was read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._document = Document(packages=[], relationships=[], creation_info=Creation([]))
        self._packages: list[Package] = []
        self._relationships: list[Relationship] = []
        self._creators: list[str] = []
        self._remarks: dict[str, list[Annotation]] = {}
        #: What the next tag is about: the document, a package, or something that is not read.
        self._about: Document | Package | None = self._document
        self._annotated = ""
        self._given: set[str] = set()
        self._count = 0

    def take(self, line: int, tag: str, value: str) -> None:
        """One tag; the order decides what it belongs to."""
        if tag == "PackageName":
            self._begin(line, Package(name=value, external_refs=[]))
        elif tag in _ELSEWHERE:
            self._begin(line, None)
        elif tag == "Relationship":
            self._relationship(line, value)
        elif tag == "Creator":
            self._creators.append(value)
        elif tag == "SPDXREF":
            self._annotated = value
        elif tag == "AnnotationComment":
            self._bound(line)
            self._remarks.setdefault(self._annotated, []).append(Annotation(value))
        elif tag == "ExternalRef":
            self._reference(line, value)
        elif tag == "SPDXID" and self._about is not None and tag in self._given:
            # One tool leaves the name of a nameless package out: then its identifier comes first.
            self._begin(line, Package(spdxid=value, external_refs=[]))
            self._given.add(tag)
        elif isinstance(self._about, Document) and (tag in _OF_DOCUMENT or tag == "SPDXID"):
            self._once(line, tag)
            if tag in _OF_DOCUMENT:
                setattr(self._document, _OF_DOCUMENT[tag], value)
            if tag == "SPDXVersion":
                require_version(value, self._name, line)
        elif isinstance(self._about, Package) and tag in _OF_PACKAGE:
            self._once(line, tag)
            setattr(self._about, _OF_PACKAGE[tag], value)

    def finish(self) -> Document:
        """The whole document."""
        require_version(self._document.spdx_version, self._name)
        for package in self._packages:
            package.annotations = self._remarks.get(package.spdxid)
        return msgspec.structs.replace(
            self._document,
            packages=self._packages,
            relationships=self._relationships,
            creation_info=Creation(self._creators),
        )

    def _begin(self, line: int, about: Package | None) -> None:
        self._bound(line)
        self._about = about
        self._given = set()
        if about is not None:
            self._packages.append(about)

    def _once(self, line: int, tag: str) -> None:
        if tag in self._given:
            raise InputError(
                f"the tag {tag} stands twice",
                place=Place(self._name, line, tag),
                remedy="readers disagree about which one counts: write the SBOM again",
            )
        self._given.add(tag)

    def _reference(self, line: int, value: str) -> None:
        parts = value.split(None, 2)
        if len(parts) != 3:
            raise InputError(
                f"an external reference of {len(parts)} words",
                place=Place(self._name, line, "ExternalRef"),
                remedy="it has three: CATEGORY TYPE LOCATOR",
            )
        if isinstance(self._about, Package) and self._about.external_refs is not None:
            self._bound(line)
            self._about.external_refs.append(Reference(parts[1], parts[2]))

    def _relationship(self, line: int, value: str) -> None:
        parts = value.split()
        if len(parts) != 3:
            raise InputError(
                f"a relationship of {len(parts)} words",
                place=Place(self._name, line, "Relationship"),
                remedy="it has three: ELEMENT KIND ELEMENT",
            )
        # Those between packages are many, and say nothing that is needed.
        if parts[1] == "DESCRIBES":
            self._bound(line)
            self._relationships.append(Relationship(parts[1], parts[2]))

    def _bound(self, line: int) -> None:
        self._count += 1
        if self._count > MAX_OBJECTS:
            raise LimitError(f"more than {MAX_OBJECTS} objects", place=Place(self._name, line), remedy="split it")
