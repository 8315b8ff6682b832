"""Which sources a path holds: a file is one, a folder or a zip of single records is one, other folders are many.

A source is what is replaced as a whole. Publishers of OSV put each record in a file of its own, so single records of
one folder belong together; a file that is a whole feed stands for itself. A file that cannot be read spoils only
itself: beside its siblings it is a problem of their source, named by its record so that what was known stays known.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from oakum.adapters.feeds.unpack import DEFAULT_LIMITS, Limits, Unpacked, raw, shown, unpack
from oakum.advisories.model import Advisory, Fact, Parsed, Problem
from oakum.advisories.parsers import parse
from oakum.advisories.parsers.merging import merged
from oakum.errors import InputError, OakumError, Place

#: What lies beside feeds in archives and checkouts and is none.
_NO_FEED = (".md", ".rst", ".html", ".asc", ".sig", ".sha256", ".py", ".sh")
_NO_FEED_NAMES = frozenset({"license", "licence", "copying", "readme", "notice", "makefile"})
_EXTENSIONS = (".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".csv", ".tsv", ".txt", ".xml", ".zip", ".gz")
#: Formats whose publishers write one record to a file, and one document with several records to a file.
_RECORDS = frozenset({"osv", "kubernetes", "vulnrichment"})
_DOCUMENTS = frozenset({"csaf"})


class Feed(msgspec.Struct, frozen=True):
    """One source as it was read: its name, the base name it came from, the sha256 of its content, its facts."""

    source: str
    origin: str
    digest: str
    parsed: Parsed


class Reading(msgspec.Struct, frozen=True):
    """What a path holds, and what in it could not be read."""

    feeds: list[Feed]
    errors: list[OakumError]


class _File(msgspec.Struct, frozen=True):
    name: str
    digest: str
    parsed: Parsed


def source_name(path: str) -> str:
    """A base name without its extensions: ``go`` of ``/tmp/go.jsonl.gz``."""
    name = path.rstrip("/").rpartition("/")[2]
    while name.lower().endswith(_EXTENSIONS) and len(cut := name.rpartition(".")[0]) > 0:
        name = cut
    return shown(name) or "feed"


def read_feeds(path: Path, limits: Limits = DEFAULT_LIMITS, wanted: Callable[[str], bool] = lambda _: True) -> Reading:
    """Everything that a file, an archive or a folder holds. Nothing is raised for what can be said of a part.

    ``wanted`` tells by the name of an archive's entry whether it is looked at.
    """
    files: list[_File] = []
    errors: list[OakumError] = []
    group = source_name(path.resolve().name if path.name in ("", ".", "..") else path.name)
    folder = path.is_dir()
    for file in _files(path) if folder else [path]:
        name = file.relative_to(path).as_posix() if folder else path.name
        try:
            data = raw(file, limits)
        except OakumError as error:
            errors.append(error)
            continue
        whole = hashlib.sha256(data).hexdigest()
        for one in unpack(data, shown(name), limits):
            if _is_no_feed(one.name) or (one.name != shown(name) and not wanted(one.name)):
                continue
            try:
                parsed = _parsed(one)
            except OakumError as error:
                errors.append(error.within(one.name))
                continue
            digest = whole if one.name == shown(name) else hashlib.sha256(one.data).hexdigest()
            files.append(_File(one.name, digest, parsed))
    singles = [file for file in files if _is_record(file)]
    # A record that was given alone is its own source; in a folder or an archive it is one of many.
    together = [file for file in singles if folder or file.name != shown(path.name)]
    feeds = [_own(file, folder) for file in files if file not in together]
    feeds.extend(_grouped(group, together, errors))
    if not feeds and not errors:
        errors.append(InputError("holds no feed", place=Place(shown(path.name)), remedy="give a feed's file or folder"))
    return Reading(feeds, errors)


def read_folder(path: Path) -> list[tuple[str, Parsed]]:
    """The sources of a folder (or file) without a store; a file that cannot be read is a source with only a problem.

    Raises the first error where nothing could be read.
    """
    reading = read_feeds(path)
    if not reading.feeds:
        raise reading.errors[0]
    noted = {problem.why for feed in reading.feeds for problem in feed.parsed.problems}
    broken = [
        (source_name(error.place.file), Parsed(format="unknown", facts=[], problems=[_problem(error)]))
        for error in reading.errors
        if error.what not in noted and error.place is not None
    ]
    return [*((feed.source, feed.parsed) for feed in reading.feeds), *broken]


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(parent, name)


def _is_no_feed(name: str) -> bool:
    base = name.rpartition("/")[2].lower()
    return base.endswith(_NO_FEED) or base.partition(".")[0] in _NO_FEED_NAMES


def _parsed(one: Unpacked) -> Parsed:
    if one.error is not None:
        raise one.error
    return parse(one.data, name=one.name)


def _is_record(file: _File) -> bool:
    if not file.name.endswith(".json") or file.parsed.problems:
        return False
    return file.parsed.format in _DOCUMENTS or (file.parsed.format in _RECORDS and len(file.parsed.facts) == 1)


def _own(file: _File, folder: bool) -> Feed:
    """A whole feed; in a folder its sub-folders tell it apart (``v3.20-main`` of ``v3.20/main.yaml``)."""
    name = source_name(file.name)
    if folder and "/" in file.name:
        name = f"{file.name.rpartition('/')[0].replace('/', '-')}-{name}"
    return Feed(name, file.name.rpartition("/")[2], f"sha256:{file.digest}", file.parsed)


def _grouped(group: str, files: list[_File], errors: list[OakumError]) -> Iterator[Feed]:
    """The single records of each format as one source, the broken files among its problems."""
    formats = sorted({file.parsed.format for file in files})
    for format_ in formats:
        members = [file for file in files if file.parsed.format == format_]
        facts: list[Fact] = [fact for file in members for fact in file.parsed.facts]
        if all(isinstance(fact, Advisory) for fact in facts):
            facts = [*merged(fact for fact in facts if isinstance(fact, Advisory))]
        digest = hashlib.sha256()
        for file in sorted(members, key=lambda one: one.name):
            digest.update(f"{file.name}\0{file.digest}\n".encode())
        parsed = Parsed(
            format=format_,
            facts=facts,
            problems=[_problem(error) for error in errors],
            as_of=max(file.parsed.as_of for file in members),
        )
        name = group if format_ == formats[0] else f"{group}-{format_}"
        yield Feed(name, group, f"sha256:{digest.hexdigest()}", parsed)


def _problem(error: OakumError) -> Problem:
    place = error.place or Place()
    return Problem(place.file, source_name(place.file), error.what, place.line)
