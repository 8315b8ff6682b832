"""The index beside the store: built from all its facts, moved into place as a whole, known to be current by digest."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from oakum.adapters.feeds.store import FeedStore
from oakum.advisories.index import SourceFacts, build
from oakum.advisories.index.schema import FORMAT

INDEX = "index.sqlite"


def rebuild_index(store: FeedStore) -> Path:
    """Build the index of a store's present state; readers see the old one until the new one is whole."""
    final = store.folder / INDEX
    with store.exclusive():
        # Nobody else builds while the store is held: what lies here was left by a process that died.
        for left in store.folder.glob(f"{INDEX}.new*"):
            left.unlink()
        new = store.folder / f"{INDEX}.new"
        with closing(sqlite3.connect(new)) as connection:
            # A crash leaves the old index in place, so the new one needs no journal of its own.
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            build(
                connection,
                [
                    SourceFacts(
                        name=one.name,
                        format=one.format,
                        as_of=one.as_of,
                        recorded=one.recorded,
                        digest=one.digest,
                        problems=len(one.problems),
                        imports=tuple(store.imports(one.name)),
                        facts=store.facts(one.name),
                    )
                    for one in store.sources()
                ],
                digest=store.digest(),
            )
            connection.commit()
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.replace(final)
    return final


def current_index(store: FeedStore) -> Path:
    """The index of the store's present state, rebuilt where it is absent, of another layout or of an older state."""
    path = store.folder / INDEX
    if path.exists():
        with (
            suppress(sqlite3.DatabaseError),
            closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as found,
        ):
            meta = dict(found.execute("SELECT key, value FROM meta"))
            if meta.get("digest") == store.digest() and meta.get("format") == FORMAT:
                return path
    return rebuild_index(store)
