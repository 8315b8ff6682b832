"""What is held of a publisher's CSAF documents: of each the facts that were read from it, in one archive.

A publisher has tens of thousands of documents, and a day changes hundreds: what has not changed is not read again. So
each document is kept as what it says, beside its path, its SHA-256 and the time that the publisher lists; the documents
themselves lie at the publisher. A zip: first ``oakum-csaf-facts-1``, then the documents by path. Another version of
this reader, which may read more in them, begins anew.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from oakum.adapters.feeds.csaf_archive import LARGEST
from oakum.adapters.feeds.inputs import Feed
from oakum.adapters.feeds.unpack import UNREADABLE, shown
from oakum.advisories.model import Advisory, Parsed, Problem
from oakum.advisories.parsers import content, csaf
from oakum.advisories.parsers.merging import merged
from oakum.errors import InputError, LimitError, OakumError, Place

#: The first entry; its number counts up when the same document would be read as something else.
FIRST = "oakum-csaf-facts-1"
_AGAIN = "sync again; it begins with the publisher's archive"
_ENTRIES = 2_000_000


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One document as it was read: when its publisher says that it changed (RFC 3339 UTC, "" where that is not said),
    its SHA-256, its latest time in itself, its facts, and what could not be read."""

    time: str = ""
    sha256: str = ""
    modified: str = ""
    facts: tuple[Advisory, ...] = ()
    problems: tuple[Problem, ...] = ()

    def marked(self, time: str) -> Document:
        """The same, said to have been changed at this time."""
        return msgspec.structs.replace(self, time=time)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Whose documents they are: the publisher's folder, and the archive that they began with."""

    base: str
    archive: str = ""


def read_document(path: str, data: bytes) -> Document:
    """A document as facts; one that cannot be read is a problem."""
    name = shown(path)
    try:
        whole = content.read(data, name)
        if not csaf.matches(whole):
            raise InputError("is no CSAF document", place=Place(name))
        parsed = csaf.parse(whole, may_be_empty=True)
    except OakumError as error:
        line = error.place.line if error.place else None
        problem = Problem(name, record_of(path), error.what, line)
        return Document(sha256=hashlib.sha256(data).hexdigest(), problems=(problem,))
    return Document(
        sha256=hashlib.sha256(data).hexdigest(),
        modified=parsed.as_of,
        facts=tuple(fact for fact in parsed.facts if isinstance(fact, Advisory)),
        problems=tuple(
            one if one.record != "record 1" else msgspec.structs.replace(one, record=record_of(path))
            for one in parsed.problems
        ),
    )


def record_of(path: str) -> str:
    """What a document is called after its path: the base name without its extension."""
    return shown(path.rpartition("/")[2].removesuffix(".json"))


def write(out: Path, head: Head, documents: Iterable[tuple[str, Document]]) -> None:
    """Write an archive, each path once."""
    encode = msgspec.json.Encoder().encode
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        archive.writestr(zipfile.ZipInfo(FIRST), encode(head), zipfile.ZIP_DEFLATED)
        for path, document in documents:
            # A fixed time: the same documents make the same archive.
            archive.writestr(zipfile.ZipInfo(path), encode(document), zipfile.ZIP_DEFLATED)
    with out.open("rb") as file:
        os.fsync(file.fileno())


def is_one(path: Path) -> bool:
    """Whether a file begins as such an archive does, of whatever version."""
    try:
        with path.open("rb") as file:
            start = file.read(30 + len(FIRST))
    except OSError:
        return False
    return start.startswith(b"PK\x03\x04") and start[30:].startswith(FIRST.rpartition("-")[0].encode())


def head(path: Path) -> Head:
    """Whose documents an archive holds. Raises InputError where it is damaged or of another version."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.namelist()[:1] != [FIRST]:
                raise InputError("was written by another version", remedy=_AGAIN)
            return msgspec.json.decode(_content(archive, archive.infolist()[0]), type=Head)
    except (*UNREADABLE, msgspec.MsgspecError) as error:
        raise _damaged(error) from None


def documents(path: Path) -> Iterator[tuple[str, Document]]:
    """Every document, in the order of the archive. Raises InputError, LimitError where it is damaged or too large."""
    head(path)
    decode = msgspec.json.Decoder(Document).decode
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()[1:]
            if len(entries) > _ENTRIES:
                raise LimitError(f"holds more than {_ENTRIES} documents", remedy=_AGAIN)
            for entry in entries:
                yield entry.filename, decode(_content(archive, entry))
    except (*UNREADABLE, msgspec.MsgspecError) as error:
        raise _damaged(error) from None


def read(path: Path, source: str, origin: str) -> Feed:
    """The feed that the documents of an archive are together. Raises InputError, LimitError where it is damaged."""
    facts: list[Advisory] = []
    problems: list[Problem] = []
    marks: dict[str, bytes] = {}
    encode = msgspec.msgpack.Encoder().encode
    for name, document in documents(path):
        facts.extend(document.facts)
        problems.extend(document.problems)
        # When a document was listed makes it no other document.
        marks[name] = hashlib.sha256(encode((document.facts, document.problems))).digest()
    if not facts:
        raise InputError("holds no document that says anything", remedy=_AGAIN)
    digest = hashlib.sha256()
    for name, mark in sorted(marks.items()):
        digest.update(name.encode("utf-8", "surrogatepass") + b"\0" + mark)
    one = merged(facts)
    as_of = max(fact.modified for fact in one)
    parsed = Parsed(format=csaf.FORMAT, facts=[*one], problems=csaf.gathered(problems), as_of=as_of)
    return Feed(source, origin, f"sha256:{digest.hexdigest()}", parsed)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise LimitError(f"{shown(entry.filename)[:100]} is larger than {LARGEST >> 20} MiB", remedy=_AGAIN)
    return data


def _damaged(error: Exception) -> InputError:
    return InputError(f"what is held is damaged: {str(error)[:200]}", remedy=_AGAIN)


class Journal:
    """Documents that came in one by one, until they are taken: what broke off goes on with the rest."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Document]:
        """What came in until now; a line that is not whole, and what follows it, is cut off."""
        found: dict[str, Document] = {}
        decode = msgspec.json.Decoder(tuple[str, Document]).decode
        if not self.path.is_file():
            return found
        with self.path.open("rb+") as file:
            whole = 0
            for line in file:
                try:
                    path, document = decode(line if line.endswith(b"\n") else b"")
                except msgspec.MsgspecError:
                    file.truncate(whole)
                    break
                found[path] = document
                whole += len(line)
        return found

    def add(self, path: str, document: Document) -> None:
        """One more."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode((path, document)) + b"\n")

    def drop(self) -> None:
        """Away with it."""
        self.path.unlink(missing_ok=True)


def united(old: Mapping[str, Document], path: str, new: Document) -> Document:
    """A document in place of another: where it cannot be read, what was last known stays beside the problem."""
    before = old.get(path)
    if new.facts or not new.problems or before is None:
        return new
    return msgspec.structs.replace(new, facts=before.facts, modified=before.modified)
