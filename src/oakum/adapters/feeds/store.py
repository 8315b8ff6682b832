"""The feeds store: every fact of every source with the time from which and until which this store held it.

One SQLite file (``feeds.sqlite``, WAL). An import replaces a whole source in one transaction, so that a crash leaves
the old state or the new one: an unchanged fact keeps the time of its first recording, a changed one is closed and
opened anew, a vanished one is closed. Nothing is deleted, so a read as of a past day finds what was known then. A
source that comes back much smaller is taken for an outage of its publisher and refused (a feed that shrank is not a
mass fix); a record that could not be read this time keeps what was last known of it.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from oakum.advisories.index import Recorded
from oakum.advisories.index.state import Import, state_digest
from oakum.advisories.model import (
    Advisory,
    Enrichment,
    Epss,
    Exploited,
    Fact,
    Lifecycle,
    Parsed,
    Problem,
)
from oakum.advisories.words import instant
from oakum.errors import InputError, Place, UsageError

FILE = "feeds.sqlite"
_VERSION = 1
#: The part of its facts that a source may lose at once.
_MAY_LOSE = 0.10
_TABLES = """
CREATE TABLE sources (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, format TEXT NOT NULL, origin TEXT NOT NULL,
    digest TEXT NOT NULL, as_of TEXT NOT NULL, recorded TEXT NOT NULL, facts INTEGER NOT NULL, problems BLOB NOT NULL
);
CREATE TABLE imports (
    source INTEGER NOT NULL REFERENCES sources, recorded TEXT NOT NULL, as_of TEXT NOT NULL, digest TEXT NOT NULL,
    facts INTEGER NOT NULL, problems INTEGER NOT NULL, PRIMARY KEY (source, recorded)
) WITHOUT ROWID;
CREATE TABLE facts (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources, key TEXT NOT NULL, digest BLOB NOT NULL,
    body BLOB NOT NULL, recorded_from TEXT NOT NULL, recorded_to TEXT NOT NULL DEFAULT ''
);
CREATE INDEX facts_open ON facts (source, key, digest) WHERE recorded_to = '';
CREATE INDEX facts_source ON facts (source);
"""
#: What the facts of a format are; those of all others are advisories.
TYPES: dict[str, type[Fact]] = {
    "kev": Exploited,
    "epss": Epss,
    "vulnrichment": Enrichment,
    "endoflife": Lifecycle,
}


class StoredSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source as it stands: times are RFC 3339 UTC, ``as_of`` is the publisher's own, empty where it gives none."""

    name: str
    format: str
    origin: str
    digest: str
    as_of: str
    recorded: str
    facts: int
    problems: tuple[Problem, ...] = ()


class Change(msgspec.Struct, frozen=True):
    """What an import did to the facts of a source."""

    added: int = 0
    changed: int = 0
    closed: int = 0
    unchanged: int = 0


def key_of(fact: Fact) -> str:
    """What a fact is about, unique in its source."""
    if isinstance(fact, Advisory):
        return fact.id
    if isinstance(fact, Lifecycle):
        return f"{fact.product}/{fact.cycle}"
    return fact.cve


class FeedStore:
    """Open with ``FeedStore.open``; usable in a ``with`` statement."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self.folder = folder
        self._connection = connection

    @classmethod
    def open(cls, folder: Path) -> FeedStore:
        """The store in a folder, made where there is none. Raises ``InputError`` where the file is no store."""
        with readable(folder):
            if (folder / FILE).exists() and not os.access(folder, os.W_OK):
                # WAL needs to write beside the file; on a read-only medium nobody else writes either.
                address = f"{(folder / FILE).resolve().as_uri()}?mode=ro&immutable=1"
                connection = sqlite3.connect(address, uri=True, isolation_level=None)
            else:
                folder.mkdir(parents=True, exist_ok=True)
                connection = sqlite3.connect(folder / FILE, timeout=30, isolation_level=None)
                connection.execute("PRAGMA journal_mode = WAL")
                # FULL: an import that was reported is on the disk, whatever happens next.
                connection.execute("PRAGMA synchronous = FULL")
            store = cls(connection, folder)
            store._prepare()
        return store

    def _prepare(self) -> None:
        if self._version() == 0:
            with self.exclusive():
                if self._version() == 0:
                    for statement in _TABLES.split(";"):
                        self._connection.execute(statement)
                    self._connection.execute(f"PRAGMA user_version = {_VERSION}")
        version = self._version()
        if version != _VERSION:
            raise InputError(
                f"was made by another version (layout {version} instead of {_VERSION})",
                place=Place(FILE),
                remedy="use that version, or import the feeds into an empty folder with --data",
            )

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def __enter__(self) -> FeedStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One transaction that no other process can write beside: all of it happens, or nothing."""
        with readable(self.folder):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:  # whatever ends the block, half of it must not stay; it is raised again
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def replace(
        self,
        source: str,
        parsed: Parsed,
        recorded_at: str,
        *,
        origin: str = "",
        digest: str = "",
        allow_shrink: bool = False,
    ) -> Change:
        """Make ``parsed`` the state of a source from ``recorded_at`` (RFC 3339) on.

        Raises ``InputError`` where the source shrank or is of another format, ``UsageError`` where the time is none
        or lies before the last import; the store is then as it was.
        """
        time = instant(recorded_at)
        if not time:
            raise UsageError(f"{recorded_at!r} is no RFC 3339 time", remedy="write it as 2026-01-31T06:00:00Z")
        with self.exclusive():
            before = self._source(source)
            if before is not None:
                self._check(before, parsed, time)
            number = self._number(source)
            held: dict[str, tuple[int, bytes, str]] = {
                key: (row, mark, since)
                for row, key, mark, since in self._connection.execute(
                    "SELECT id, key, digest, recorded_from FROM facts WHERE source = ? AND recorded_to = ''",
                    (number,),
                )
            }
            # Files are named after their records, and Red Hat writes those in lower case.
            unread = {problem.record.casefold() for problem in parsed.problems}
            kept = {key for key in held if key.casefold() in unread}
            change, facts = self._write(number, parsed.facts, held, kept, time, allow_shrink, source)
            self._connection.execute(
                "UPDATE sources SET format = ?, origin = ?, digest = ?, as_of = ?, recorded = ?, facts = ?,"
                " problems = ? WHERE id = ?",
                (
                    parsed.format, origin, digest, parsed.as_of, time, facts,
                    msgspec.msgpack.encode(parsed.problems), number,
                ),
            )  # fmt: skip
            self._connection.execute(
                "INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?, ?, ?)",
                (number, time, parsed.as_of, digest, facts, len(parsed.problems)),
            )
        return change

    def confirm(self, source: str, recorded_at: str) -> None:
        """The publisher still says what is in force: it is recorded anew, with no fact changed.

        Raises ``UsageError`` where there is no such source, or the time lies before its last import.
        """
        with self.exclusive():
            before = self._source(source)
            if before is None or recorded_at < before.recorded:
                raise UsageError(f"nothing of {source!r} can be confirmed at {recorded_at}", remedy="import it first")
            self._connection.execute("UPDATE sources SET recorded = ? WHERE name = ?", (recorded_at, source))
            self._connection.execute(
                "INSERT OR REPLACE INTO imports SELECT id, recorded, as_of, digest, facts, ? FROM sources"
                " WHERE name = ?",
                (len(before.problems), source),
            )

    def _check(self, before: StoredSource, parsed: Parsed, time: str) -> None:
        if before.format != parsed.format:
            raise InputError(
                f"the source {before.name!r} holds {before.format}, and this is {parsed.format}",
                remedy="give it another name with --source",
            )
        if time < before.recorded:
            raise UsageError(
                f"the source {before.name!r} was last recorded at {before.recorded}, after {time}",
                remedy="restore history in the order of time",
            )

    def _number(self, source: str) -> int:
        self._connection.execute(
            "INSERT OR IGNORE INTO sources (name, format, origin, digest, as_of, recorded, facts, problems)"
            " VALUES (?, '', '', '', '', '', 0, x'90')",
            (source,),
        )
        row = self._connection.execute("SELECT id FROM sources WHERE name = ?", (source,)).fetchone()
        return int(row[0])

    def _write(
        self,
        number: int,
        facts: list[Fact],
        held: dict[str, tuple[int, bytes, str]],
        kept: set[str],
        time: str,
        allow_shrink: bool,
        source: str,
    ) -> tuple[Change, int]:
        encode = msgspec.msgpack.Encoder().encode
        new: dict[str, tuple[bytes, bytes]] = {}
        for fact in facts:
            body = encode(fact)
            new[key_of(fact)] = (hashlib.blake2b(body, digest_size=16).digest(), body)
        gone = held.keys() - new.keys() - kept
        remaining = len(new) + len(kept - new.keys())
        if held and not allow_shrink and (remaining == 0 or remaining < len(held) * (1 - _MAY_LOSE)):
            raise InputError(
                f"the source {source!r} shrank from {len(held)} facts to {remaining}: taken for an outage, not used",
                remedy="check the file; if the publisher really withdrew so much, import with --allow-shrink",
            )
        changed = [key for key, (mark, _) in new.items() if key in held and held[key][1] != mark]
        added = [key for key in new if key not in held]
        ended = [held[key] for key in (*changed, *gone)]
        # What was opened at this very moment never held for any time: it is replaced, not closed.
        self._connection.executemany(
            "DELETE FROM facts WHERE id = ?", [(row,) for row, _, since in ended if since == time]
        )
        self._connection.executemany(
            "UPDATE facts SET recorded_to = ? WHERE id = ?", [(time, row) for row, _, since in ended if since != time]
        )
        self._connection.executemany(
            "INSERT INTO facts (source, key, digest, body, recorded_from) VALUES (?, ?, ?, ?, ?)",
            [(number, key, *new[key], time) for key in (*added, *changed)],
        )
        change = Change(len(added), len(changed), len(gone), len(new) - len(added) - len(changed))
        return change, remaining

    def _source(self, name: str) -> StoredSource | None:
        return next((one for one in self.sources() if one.name == name), None)

    def sources(self) -> list[StoredSource]:
        """All sources by name."""
        with readable(self.folder):
            rows = self._connection.execute(
                "SELECT name, format, origin, digest, as_of, recorded, facts, problems FROM sources ORDER BY name"
            ).fetchall()
        decode = msgspec.msgpack.Decoder(tuple[Problem, ...]).decode
        return [
            StoredSource(
                name=name, format=format_, origin=origin, digest=digest, as_of=as_of, recorded=recorded, facts=facts,
                problems=decode(problems),
            )
            for name, format_, origin, digest, as_of, recorded, facts, problems in rows
        ]  # fmt: skip

    def imports(self, source: str) -> list[Import]:
        """Every import of a source, the earliest first."""
        with readable(self.folder):
            rows = self._connection.execute(
                "SELECT recorded, as_of, digest, facts, problems FROM imports"
                " WHERE source = (SELECT id FROM sources WHERE name = ?) ORDER BY recorded",
                (source,),
            ).fetchall()
        return [Import(*row) for row in rows]

    def facts(self, source: str) -> Iterator[Recorded]:
        """Every fact of a source, the superseded ones too, with its two times ("" until it is superseded)."""
        with readable(self.folder):
            row = self._connection.execute("SELECT id, format FROM sources WHERE name = ?", (source,)).fetchone()
            if row is None:
                return
            decode = msgspec.msgpack.Decoder(TYPES.get(row[1], Advisory)).decode
            rows = self._connection.execute(
                "SELECT body, recorded_from, recorded_to FROM facts WHERE source = ? ORDER BY id", (row[0],)
            )
            for body, since, until in rows:
                yield Recorded(decode(body), since, until)

    def rows(self, query: str, given: tuple[object, ...]) -> Iterator[tuple[Any, ...]]:
        """The rows of a query that only reads."""
        yield from self._connection.execute(query, given)

    def digest(self) -> str:
        """``sha256:`` over the sources and when they were recorded: the state that an index or an answer is of."""
        return state_digest((one.name, one.digest, one.recorded, one.facts) for one in self.sources())


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """What goes wrong within, as an InputError that names the store."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise InputError(
            f"the feeds store cannot be used: {error}",
            place=Place(str(folder / FILE)),
            remedy="check the folder and its rights; a damaged store is made anew by importing into another --data",
        ) from None
    except msgspec.DecodeError as error:
        raise InputError(
            f"the feeds store holds a damaged fact: {error}",
            place=Place(str(folder / FILE)),
            remedy="restore it, or import the feeds into another --data",
        ) from None
    except OSError as error:
        raise InputError(
            f"the feeds store cannot be used: {error.strerror}",
            place=Place(str(folder)),
            remedy="check the folder and its rights",
        ) from None
