"""The file of a run: one SQLite database with its journal, what it was started from, and what people ask of it.

What ``append`` has taken survives ``kill -9`` and a power cut: every record is a transaction of its own in the
write-ahead log, synced before it returns, so that a torn last one is not there. Records are only ever added; each
carries the SHA-256 of the one before it with itself, so that a changed, lost or moved one is found. One process at a
time writes records (``holding``); others read them, and add wishes and approvals.

Sources: sqlite.org/wal.html, sqlite.org/pragma.html#pragma_synchronous.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from oakum.changes.running.acts import Outcome
from oakum.changes.running.journal import Record, decode, encode
from oakum.errors import InputError, Place

_APPLICATION = 0x4F414B52
_VERSION = 1
#: Seconds to wait for another process that adds something.
_BUSY = 30.0
_ADD_ONLY = ("records", "wishes", "approvals", "inputs")
_SCHEMA = """
CREATE TABLE inputs (name TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE records (number INTEGER PRIMARY KEY, record BLOB NOT NULL, digest BLOB NOT NULL);
CREATE TABLE wishes (number INTEGER PRIMARY KEY, at TEXT NOT NULL, wish TEXT NOT NULL, why TEXT NOT NULL);
CREATE TABLE approvals (number INTEGER PRIMARY KEY, at TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE lease (one INTEGER PRIMARY KEY CHECK (one = 1), holder TEXT, machine TEXT, token INTEGER, until REAL);
INSERT INTO lease VALUES (1, '', '', 0, 0);
"""


class RunFile:
    """An open file of a run; the port ``Journal`` is among its methods."""

    def __init__(self, path: Path) -> None:
        """Raises InputError where it is no file of a run."""
        self.path = path
        self._last: tuple[int, bytes] | None = None
        try:
            self._open = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY, isolation_level=None
            )
            with self._mended():
                if self._one("PRAGMA application_id") != _APPLICATION or self._one("PRAGMA user_version") != _VERSION:
                    raise self._wrong("this is no journal of a run")
                # FULL syncs the log at every transaction.
                self._open.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error as error:
            raise self._wrong(str(error)) from None

    @staticmethod
    def make(path: Path, inputs: dict[str, bytes]) -> RunFile:
        """A new file with what the run is started from. Raises InputError where it cannot be written."""
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as made:
                made.execute("PRAGMA journal_mode = WAL")
                made.execute("PRAGMA synchronous = FULL")
                triggers = "".join(
                    f"CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table}"
                    " BEGIN SELECT RAISE(ABORT, 'only added to'); END;"
                    for table in _ADD_ONLY
                    for verb in ("UPDATE", "DELETE")
                )
                made.executescript(
                    f"BEGIN; PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_VERSION};"
                    f"{_SCHEMA}{triggers} COMMIT;"
                )
                made.execute("BEGIN IMMEDIATE")
                made.executemany("INSERT INTO inputs VALUES (?, ?)", inputs.items())
                made.execute("COMMIT")
        except sqlite3.Error as error:
            raise InputError(str(error), place=Place(str(path)), remedy="see to the disk and the folder") from None
        return RunFile(path)

    def close(self) -> None:
        """Closes the file."""
        self._open.close()

    # The journal

    def append(self, record: Record) -> None:
        """Writes a record down, durably, before it returns."""
        with self._mended():
            number, before = self._last or self._end()
            data = encode(record)
            digest = _link(before, data)
            self._open.execute("INSERT INTO records VALUES (?, ?, ?)", (number + 1, data, digest))
            self._last = number + 1, digest

    def records(self) -> Iterator[Record]:
        """All records from the first on. Raises InputError naming the first that is not as it was written."""
        with self._mended():
            rows = self._open.execute(
                "SELECT number, CAST(record AS BLOB), CAST(digest AS BLOB) FROM records ORDER BY number"
            ).fetchall()
        before = self._first
        for place, (number, data, digest) in enumerate(rows, 1):
            if number != place or digest != _link(before, data):
                raise self._wrong(f"record {place} is not as it was written")
            try:
                yield decode(data)
            except (msgspec.MsgspecError, TypeError):
                raise self._wrong(f"record {place} is not understood") from None
            before = digest

    @property
    def length(self) -> int:
        """How many records there are."""
        return int(str(self._one("SELECT count(*) FROM records")))

    @property
    def head(self) -> str:
        """The digest of the last record, which stands for all of them."""
        return self._end()[1].hex()

    @property
    def _first(self) -> bytes:
        """Where the chain begins: at what the run was started from."""
        inputs = hashlib.sha256()
        for name, data in sorted(self.inputs().items()):
            inputs.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
        return inputs.digest()

    def _end(self) -> tuple[int, bytes]:
        row = self._open.execute(
            "SELECT number, CAST(digest AS BLOB) FROM records ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return (0, self._first) if row is None else (int(row[0]), bytes(row[1]))

    # What it was started from, and what people ask

    def inputs(self) -> dict[str, bytes]:
        """What the run was started from, by name."""
        with self._mended():
            return {
                name: bytes(data) for name, data in self._open.execute("SELECT name, CAST(data AS BLOB) FROM inputs")
            }

    def ask(self, wish: str, at: datetime, why: str = "") -> None:
        """Adds a wish of people."""
        with self._mended():
            self._open.execute("INSERT INTO wishes (at, wish, why) VALUES (?, ?, ?)", (at.isoformat(), wish, why))

    def wishes(self) -> frozenset[str]:
        """What people have asked for."""
        with self._mended():
            return frozenset(wish for (wish,) in self._open.execute("SELECT wish FROM wishes"))

    def agree(self, data: bytes, at: datetime) -> None:
        """Adds the file of an approval."""
        with self._mended():
            self._open.execute("INSERT INTO approvals (at, data) VALUES (?, ?)", (at.isoformat(), data))

    def approvals(self) -> tuple[bytes, ...]:
        """The files of approvals, in the order in which they came."""
        with self._mended():
            return tuple(
                bytes(data)
                for (data,) in self._open.execute("SELECT CAST(data AS BLOB) FROM approvals ORDER BY number")
            )

    def changed(self) -> int:
        """A number that is another one after another process has added something."""
        return int(str(self._one("PRAGMA data_version")))

    # The lease

    def lease(self, holder: str, machine: str, seconds: float, now: float) -> Outcome:
        """Takes or keeps the lease for a holder on a machine, who holds the file (``holding``) as well.

        A lease of this very machine is that of a process that has ended, since only one holds the file; that of another
        machine, which shares the folder, is waited for. Whoever takes it anew gets a higher token.
        """
        with self._mended(), self._transaction():
            row = self._open.execute("SELECT holder, machine, token, until FROM lease").fetchone()
            held, where, token, until = str(row[0]), str(row[1]), int(row[2]), float(row[3])
            if held not in ("", holder) and until > now and where != machine:
                wait = int(until - now) + 1
                return Outcome(result="refused", code="not-now", why=f"{held} holds the lease", retry_after=wait)
            if held != holder or until <= now:
                token += 1
            values = (holder, machine, token, now + seconds)
            self._open.execute("UPDATE lease SET holder = ?, machine = ?, token = ?, until = ?", values)
            return Outcome(result="done", token=token)

    def leased(self, now: float) -> tuple[str, int] | None:
        """Who holds the lease, and its token; None where nobody does."""
        with self._mended():
            row = self._open.execute("SELECT holder, token, until FROM lease").fetchone()
        return (str(row[0]), int(row[1])) if row[0] and float(row[2]) > now else None

    # Inside

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._open.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:  # whatever ends it, nothing half-written stays
            self._open.execute("ROLLBACK")
            raise
        self._open.execute("COMMIT")

    @contextmanager
    def _mended(self) -> Iterator[None]:
        """Errors of the database, in words that name the file."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._wrong(str(error)) from None

    def _one(self, question: str) -> object:
        row = self._open.execute(question).fetchone()
        return None if row is None else row[0]

    def _wrong(self, what: str) -> InputError:
        remedy = "see to the disk; where the file was changed or cut off, its machines have to be looked at by people"
        return InputError(what, place=Place(str(self.path)), remedy=remedy)


def _link(before: bytes, data: bytes) -> bytes:
    return hashlib.sha256(before + data).digest()
