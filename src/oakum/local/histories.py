"""The file of a history: one SQLite database, written by one scan at a time, as a whole or not at all.

A scan holds the file from its look at the past to its last word: two at once wait for one another, and what is killed
between leaves the file as it was. What is not a history, of another version or damaged is refused and never begun anew:
an empty history would call everything new.

Sources: sqlite.org/atomiccommit.html, sqlite.org/pragma.html (application_id, trusted_schema).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from oakum.errors import InputError, Place
from oakum.findings.history.model import Item
from oakum.findings.history.scores import Score

_APPLICATION = 0x4F414B48
_VERSION = 1
#: Seconds to wait for another scan.
_BUSY = 30.0
_SCHEMA = (
    "CREATE TABLE assets (name TEXT PRIMARY KEY, looked TEXT NOT NULL, holder TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE items (asset TEXT, type TEXT, package TEXT, id TEXT, body BLOB NOT NULL,"
    " PRIMARY KEY (asset, type, package, id)) WITHOUT ROWID",
    "CREATE TABLE scans (number INTEGER PRIMARY KEY, at TEXT NOT NULL, feeds TEXT NOT NULL)",
    "CREATE TABLE scores (cve TEXT PRIMARY KEY, epss REAL, kev INTEGER) WITHOUT ROWID",
)
_ANEW = "name another file to begin a new history, or restore this one from a copy"


class Looked(msgspec.Struct, frozen=True):
    """When an asset was last looked at, and the cluster that holds it, "" for none."""

    at: str
    holder: str = ""


class Past(msgspec.Struct, frozen=True):
    """What a history holds; ``since`` is the time of its last scan, empty where there was none."""

    since: str = ""
    items: tuple[Item, ...] = ()
    assets: dict[str, Looked] = {}
    scores: dict[str, Score] = {}


class Written(msgspec.Struct, frozen=True):
    """What one scan adds to a history."""

    at: str
    feeds: str
    items: tuple[Item, ...]
    assets: dict[str, Looked]
    scores: dict[str, Score]


class History:
    """An open history; ``past`` is what it held when it was opened."""

    def __init__(self, connection: sqlite3.Connection, past: Past) -> None:
        self._connection = connection
        self.past = past

    def write(self, one: Written) -> None:
        """Adds a scan; it is kept when the history is left without an error."""
        body = msgspec.msgpack.Encoder().encode
        write = self._connection.executemany
        rows = [(each.asset, each.type, each.package, each.id, body(each)) for each in one.items]
        write("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?)", rows)
        looked = [(name, each.at, each.holder) for name, each in one.assets.items()]
        write("INSERT OR REPLACE INTO assets VALUES (?, ?, ?)", looked)
        scores = [(cve, each.epss, each.kev) for cve, each in one.scores.items()]
        write("INSERT OR REPLACE INTO scores VALUES (?, ?, ?)", scores)
        write("INSERT INTO scans (at, feeds) VALUES (?, ?)", [(one.at, one.feeds)])


@contextmanager
def opened(path: Path, now: str) -> Iterator[History]:
    """The history in a file, made where there is none. Raises InputError where it is none, or cannot be read.

    What is written is kept as a whole when this ends without an error, and not at all otherwise.
    """
    place = Place(str(path))
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY, isolation_level=None)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            past = _read(connection, place)
            if past.since > now:
                what = f"its last scan is of {past.since}, which is later than now, {now}"
                raise InputError(what, place=place, remedy="see to the clock, or give a later --now")
            yield History(connection, past)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise InputError(f"this history cannot be used: {error}", place=place, remedy=_ANEW) from None


def _read(connection: sqlite3.Connection, place: Place) -> Past:
    tables = connection.execute("SELECT name, sql FROM sqlite_master").fetchall()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if not tables and not application:
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        for statement in _SCHEMA:
            connection.execute(statement)
        return Past()
    if application != _APPLICATION:
        raise InputError("this is no history of findings", place=place, remedy=_ANEW)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != _VERSION:
        what = f"this history has version {version}, this program reads version {_VERSION}"
        raise InputError(what, place=place, remedy="use the program that wrote it, or begin a new history")
    if sorted(sql or "" for _, sql in tables) != sorted(_SCHEMA):
        raise InputError("this history has other tables than it was made with", place=place, remedy=_ANEW)
    decode = msgspec.msgpack.Decoder(Item).decode
    (since,) = connection.execute("SELECT coalesce(max(at), '') FROM scans").fetchone()
    try:
        return msgspec.convert(
            {
                "since": since,
                "items": tuple(decode(body) for (body,) in connection.execute("SELECT body FROM items")),
                "assets": {
                    name: Looked(at, holder)
                    for name, at, holder in connection.execute("SELECT name, looked, holder FROM assets")
                },
                "scores": {
                    cve: Score(epss, None if kev is None else bool(kev))
                    for cve, epss, kev in connection.execute("SELECT cve, epss, kev FROM scores")
                },
            },
            Past,
        )
    except (msgspec.MsgspecError, TypeError, UnicodeDecodeError) as error:
        raise InputError(f"this history is damaged: {error}", place=place, remedy=_ANEW) from None
