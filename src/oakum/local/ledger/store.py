"""The ledger's file: SQLite, entries that are only ever added, and the nodes of their tree.

What ``append`` has returned from survives a crash and a power cut: every transaction is synced with its journal, and
the folder as well (``synchronous=EXTRA``). One writer at a time: the size is read and the entries are written in one
transaction that holds the write lock. Triggers refuse every change of a row, so that a mistake is stopped; against
somebody who means it there are checkpoints, kept elsewhere.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from oakum.errors import InputError, NotAssessableError, Place, UsageError
from oakum.ledger.entries import Entry, canonical
from oakum.ledger.merkle import appended, consistency, inclusion, leaf_hash, root_of
from oakum.ledger.sources import CHECKPOINT
from oakum.ledger.tiles import Tile, bundle_bytes, tile_bytes, tiles_of
from oakum.local.paths import data_folder

FILE = "ledger.sqlite"
#: "Oakl" in the file's header tells what it is (PRAGMA application_id).
_ID, _VERSION = 0x4F616B6C, 1
_HEADER = b"SQLite format 3\0"
_PATIENCE = 10.0
_SCHEMA = """
CREATE TABLE entries (number INTEGER PRIMARY KEY, run TEXT, place INTEGER, data BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX records ON entries (run, place) WHERE run IS NOT NULL;
CREATE TABLE nodes (level INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY (level, number)) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (number INTEGER PRIMARY KEY, size INTEGER NOT NULL, note BLOB NOT NULL) STRICT;
CREATE TRIGGER entries_in_order BEFORE INSERT ON entries
  WHEN NEW.number IS NOT (SELECT coalesce(max(number) + 1, 0) FROM entries)
  BEGIN SELECT RAISE(ABORT, 'a ledger only grows at its end'); END;
CREATE TRIGGER nodes_once BEFORE INSERT ON nodes
  WHEN EXISTS (SELECT 1 FROM nodes WHERE level = NEW.level AND number = NEW.number)
  BEGIN SELECT RAISE(ABORT, 'a ledger only grows at its end'); END;
CREATE TRIGGER checkpoints_in_order BEFORE INSERT ON checkpoints
  WHEN NEW.number IS NOT (SELECT coalesce(max(number) + 1, 0) FROM checkpoints)
    OR NEW.size < (SELECT coalesce(max(size), 0) FROM checkpoints)
  BEGIN SELECT RAISE(ABORT, 'a ledger only grows at its end'); END;
"""
_FROZEN = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
  BEGIN SELECT RAISE(ABORT, 'nothing in a ledger is changed or taken out'); END;
"""


def ledger_file(given: Path | None, data: Path | None = None) -> Path:
    """The file that was named, else the one in the data folder."""
    return given if given is not None else data_folder(str(data) if data else None) / FILE


def is_store(path: Path) -> bool:
    """Whether a file is SQLite's. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


class Store:
    """One ledger in its file. Use as a context manager."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        """Opens a ledger; to write, one is made where there is none. Raises InputError, UsageError."""
        self.path = path
        if not write and not path.is_file():
            remedy = "name the ledger with --ledger FILE, or begin one with oakum ledger append"
            raise UsageError("there is no ledger", place=Place(str(path)), remedy=remedy)
        with self._errors():
            if write:
                path.absolute().parent.mkdir(parents=True, exist_ok=True)
            # A reader that may write is able to take back what a writer left half-done when it was killed.
            mode = "rwc" if write else "rw" if os.access(path, os.W_OK) else "ro"
            uri = f"{path.absolute().as_uri()}?mode={mode}"
            self._db = sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)
            if not write:
                self._db.execute("PRAGMA query_only = ON")
        try:
            with self._errors():
                self._prepare(write)
        except BaseException:  # whatever it was, the file is closed
            self._db.close()
            raise

    def _prepare(self, write: bool) -> None:
        if write:
            self._db.execute("PRAGMA journal_mode = DELETE")
            self._db.execute("PRAGMA synchronous = EXTRA")
            with self._writing():
                if self._one("PRAGMA application_id") == 0 and not self._one("SELECT count(*) FROM sqlite_schema"):
                    self._make()
        found = (self._one("PRAGMA application_id"), self._one("PRAGMA user_version"))
        if found[0] != _ID:
            raise InputError("this is no ledger", place=Place(str(self.path)), remedy="name the file of a ledger")
        if found[1] != _VERSION:
            what = f"the ledger has format {found[1]}, and {_VERSION} is known"
            raise InputError(what, place=Place(str(self.path)), remedy="update Oakum")

    def _make(self) -> None:
        script = _SCHEMA + "".join(
            _FROZEN.format(table=table, verb=verb)
            for table in ("entries", "nodes", "checkpoints")
            for verb in ("update", "delete")
        )
        # executescript would end the transaction.
        statement = ""
        for line in script.splitlines():
            statement += f"{line}\n"
            if sqlite3.complete_statement(statement):
                self._db.execute(statement)
                statement = ""
        self._db.execute(f"PRAGMA application_id = {_ID}")
        self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    # Writing

    def append(self, entries: Iterable[Entry], *, run: str | None = None, first: int = 0) -> int:
        """Adds entries, all or none, durably, and gives the size after it. Raises InputError.

        With ``run`` they stand for the records of that run's journal from number ``first`` on, each of which is
        recorded once: it is an error where another process was faster.
        """
        made = [canonical(each) for each in entries]
        with self._errors(), self._writing():
            size = self.size()
            for at, data in enumerate(made):
                row = (size + at, run, None if run is None else first + at, data)
                self._db.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", row)
                rows = list(appended(size + at, leaf_hash(data), self.node))
                self._db.executemany("INSERT INTO nodes VALUES (?, ?, ?)", rows)
            return size + len(made)

    def keep(self, size: int, note: bytes) -> None:
        """Adds a signed checkpoint. Raises InputError where a later one is there already."""
        with self._errors(), self._writing():
            number = self._one("SELECT coalesce(max(number) + 1, 0) FROM checkpoints")
            self._db.execute("INSERT INTO checkpoints VALUES (?, ?, ?)", (number, size, note))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:  # nothing half-written stays, whatever it was
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Reading

    def size(self) -> int:
        """How many entries there are."""
        return int(self._one("SELECT coalesce(max(number) + 1, 0) FROM entries"))

    def recorded(self, run: str) -> int:
        """How many records of a run's journal are there."""
        with self._errors():
            query = "SELECT coalesce(max(place) + 1, 0) FROM entries WHERE run = ?"
            return int(self._db.execute(query, (run,)).fetchone()[0])

    def of(self, run: str) -> list[tuple[int, bytes]]:
        """Number and data of the entries that stand for the records of a run's journal, in their order."""
        with self._errors():
            query = "SELECT number, data FROM entries WHERE run = ? ORDER BY place"
            return [(int(number), bytes(data)) for number, data in self._db.execute(query, (run,))]

    def entries(self, begin: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The entries from ``begin`` on, before ``end``, as they are written."""
        query = "SELECT data FROM entries WHERE number >= ? AND number < ? ORDER BY number"
        with self._errors():
            for (data,) in self._db.execute(query, (begin, self.size() if end is None else end)):
                yield data

    def node(self, level: int, number: int) -> bytes:
        """The hash of a complete node of the tree. Raises InputError where it is missing."""
        with self._errors():
            query = "SELECT hash FROM nodes WHERE level = ? AND number = ?"
            row = self._db.execute(query, (level, number)).fetchone()
        if row is None:
            what = f"the hash of node {number} of level {level} is missing"
            raise InputError(what, place=Place(str(self.path)), remedy="verify the ledger: oakum ledger verify")
        return bytes(row[0])

    def root(self, size: int | None = None) -> bytes:
        """The root of the first ``size`` entries, of all without."""
        return root_of(self.size() if size is None else size, self.node)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that an entry is among the first ``size``."""
        return inclusion(index, size, self.node)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the first ``new`` entries begin with the first ``old``."""
        return consistency(old, new, self.node)

    def checkpoints(self) -> list[tuple[int, bytes]]:
        """Size and note of all checkpoints, in the order of signing."""
        with self._errors():
            return [
                (size, note) for size, note in self._db.execute("SELECT size, note FROM checkpoints ORDER BY number")
            ]

    def newest(self) -> tuple[int, bytes]:
        """The newest checkpoint. Raises NotAssessableError where none was signed."""
        found = self.checkpoints()
        if not found:
            remedy = "sign one: oakum ledger checkpoint --sign KEYFILE"
            raise NotAssessableError("no checkpoint was signed yet", place=Place(str(self.path)), remedy=remedy)
        return found[-1]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The files of an export up to the newest checkpoint, by their paths."""
        size, note = self.newest()
        yield CHECKPOINT, note
        for tile in tiles_of(size):
            yield tile.path, self.tile(tile)

    def tile(self, tile: Tile) -> bytes:
        """The content of a tile."""
        if tile.level < 0:
            return bundle_bytes(list(self.entries(tile.begin, tile.begin + tile.width)))
        return tile_bytes(tile, self.node)

    def _one(self, query: str) -> int:
        return int(self._db.execute(query).fetchone()[0])

    @contextmanager
    def _errors(self) -> Iterator[None]:
        place = Place(str(self.path))
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                what = f"another process has written to it for more than {_PATIENCE:.0f} seconds"
                raise InputError(what, place=place, remedy="wait for it, or see which process has it open") from None
            raise InputError(f"{error}", place=place, remedy="name a file that may be opened") from None
        except sqlite3.IntegrityError as error:
            remedy = "nothing was written; see what another process has written meanwhile"
            raise InputError(f"{error}", place=place, remedy=remedy) from None
        except sqlite3.DatabaseError as error:
            remedy = "restore it from a copy, and verify that with a checkpoint that was kept elsewhere"
            raise InputError(f"{error}", place=place, remedy=remedy) from None
        except OSError as error:
            raise InputError(
                error.strerror or str(error), place=place, remedy="name a file that may be written"
            ) from None


class StoreSource:
    """A store as the files that its export would have, for the verifier."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tiles: dict[str, Tile] = {}

    def read(self, path: str, limit: int) -> bytes:
        """The content of a file of the export. Raises InputError where the database is damaged."""
        if path == CHECKPOINT:
            return self._store.newest()[1]
        return self._store.tile(self._tiles[path])

    def expect(self, paths: Sequence[str]) -> None:
        """Finds the tiles by their paths."""
        wanted = set(paths)
        size = self._store.newest()[0]
        # What the note says counts, not what the table says beside it.
        for tile in tiles_of(max(size, self._store.size())):
            self._tiles[tile.path] = tile
        missing = wanted - self._tiles.keys() - {CHECKPOINT}
        for path in missing:
            self._tiles[path] = _tile_of(path)

    def strangers(self) -> Iterator[str]:
        """Nothing: entries that were added after the checkpoint are no fault."""
        yield from ()


def _tile_of(path: str) -> Tile:
    place, _, width = path.removeprefix("tile/").partition(".p/")
    level, *parts = place.split("/")
    number = int("".join(part.removeprefix("x") for part in parts))
    return Tile(-1 if level == "entries" else int(level), number, int(width or 256))
