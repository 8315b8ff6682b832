"""Open the advisory index that a scan reads: the user's store, another store, or a folder of plain OSV files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from oakum.advisories.index import Index
from oakum.errors import InputError, UsageError
from oakum.local.paths import feeds_folder

STORE = "feeds.sqlite"


def open_index(
    feeds: Path | None, data: Path | None, *, as_of: str = "", progress: Callable[[str], None] = lambda _: None
) -> Index:
    """The index as of a time. Without any store or file it is empty, so that nothing can be assessed by it.

    Raises UsageError where ``feeds`` is no folder, InputError where a store is damaged.
    """
    if feeds is None:
        folder = feeds_folder(str(data) if data else None)
        return _of_store(folder, as_of) if (folder / STORE).is_file() else _of_nothing(as_of)
    if not feeds.is_dir():
        raise UsageError(f"{feeds}: no such folder", remedy="name a store made by `oakum feeds import`, or OSV files")
    for folder in (feeds, feeds / "feeds"):
        if (folder / STORE).is_file():
            return _of_store(folder, as_of)
    if not any(feeds.iterdir()):
        return _of_nothing(as_of)
    progress(f"reading {feeds}")
    return _of_folder(feeds, as_of)


def _of_store(folder: Path, as_of: str) -> Index:
    from oakum.adapters.feeds.indexing import current_index
    from oakum.adapters.feeds.store import FeedStore

    with FeedStore.open(folder) as store:
        path = current_index(store)
    try:
        # Immutable: a new index is another file moved into this one's place, so no lock is ever needed.
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error as error:
        raise InputError(f"{path}: {error}", remedy="import the feeds again") from None
    return Index(connection, as_of=as_of)


def _of_folder(folder: Path, as_of: str) -> Index:
    from oakum.adapters.feeds.inputs import read_folder
    from oakum.advisories.index import Recorded, SourceFacts, build

    connection = sqlite3.connect(":memory:")
    sources = [
        SourceFacts(
            name=name,
            format=parsed.format,
            as_of=parsed.as_of,
            problems=len(parsed.problems),
            facts=[Recorded(fact) for fact in parsed.facts],
        )
        for name, parsed in read_folder(folder)
    ]
    build(connection, sources)
    return Index(connection, as_of=as_of)


def _of_nothing(as_of: str) -> Index:
    from oakum.advisories.index import build

    connection = sqlite3.connect(":memory:")
    build(connection, [])
    return Index(connection, as_of=as_of)
