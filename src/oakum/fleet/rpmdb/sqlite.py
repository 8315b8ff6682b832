"""``rpmdb.sqlite``: rpm's database since version 4.16 (Fedora, RHEL 9, Amazon Linux 2023), read from memory.

Headers are the rows of ``Packages(hnum INTEGER PRIMARY KEY, blob BLOB)``. SQLite opens the bytes without a
file; since a file may be hostile, it may do nothing there but read that one table: no view, function or
recursion, a bounded number of steps, and rows in rising order, which a circle in the tree of pages cannot
keep up. Sources: rpm's lib/backend/sqlite.c; https://www.sqlite.org/fileformat2.html;
https://www.sqlite.org/security.html.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing

from oakum.errors import InputError, NotAssessableError
from oakum.fleet.rpmdb.records import Record
from oakum.fleet.rpmdb.wal import replay

_MAGIC = b"SQLite format 3\0"
_HEAD = 100
_STEPS = 10_000  # instructions of SQLite's machine between two looks
_LOOKS = 2_000  # a database with 100,000 headers needs about 50

_REMEDY = "copy the whole file again with its -wal beside it, or rebuild it with 'rpm --rebuilddb'"


def records(data: bytes, log: bytes = b"") -> Iterator[Record]:
    """Every header of an ``rpmdb.sqlite`` with its write-ahead ``log`` (the content of ``rpmdb.sqlite-wal``).

    Raises InputError where the file is truncated, malformed or has no table of packages.
    """
    image = bytearray(data)
    replay(image, log)
    _check(image)
    # Versions 2 mean "only with a write-ahead log", which an image in memory cannot have; it is replayed already.
    image[18:20] = b"\1\1"
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            yield from _rows(connection, image)
        except sqlite3.Error as error:
            raise InputError(f"SQLite cannot read the database: {error}", remedy=_REMEDY) from error


def _check(image: bytearray) -> None:
    if len(image) < _HEAD:
        raise InputError(f"truncated: {len(image)} bytes, where the head alone has {_HEAD}", remedy=_REMEDY)
    if image[:16] != _MAGIC:
        raise InputError("not an SQLite database: its first bytes are others", remedy=_REMEDY)
    page_size = int.from_bytes(image[16:18], "big")
    page_size = 65536 if page_size == 1 else page_size
    changes, pages = struct.unpack_from(">II", image, 24)
    (counted_at,) = struct.unpack_from(">I", image, 92)
    if page_size < 512 or page_size & (page_size - 1):
        raise InputError(f"the page size {page_size} is not possible", remedy=_REMEDY)
    if image[18] not in (1, 2) or image[19] not in (1, 2):
        raise InputError("the database is of a later file format than is known", remedy=_REMEDY)
    if len(image) % page_size or (changes == counted_at and pages * page_size > len(image)):
        raise InputError(
            f"truncated: {pages} pages of {page_size} bytes declared, {len(image)} bytes present", remedy=_REMEDY
        )


def _rows(connection: sqlite3.Connection, image: bytearray) -> Iterator[Record]:
    if not hasattr(connection, "deserialize"):  # optional where Python is built with an SQLite before 3.36
        raise NotAssessableError(
            "the SQLite of this Python cannot read a database from memory",
            remedy="run oakum with a Python whose SQLite is 3.36 or later",
        )
    looks = iter(range(_LOOKS))
    connection.deserialize(image)
    connection.text_factory = bytes
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, len(image))
    connection.set_progress_handler(lambda: next(looks, None) is None, _STEPS)
    connection.set_authorizer(_allowed)
    # A view has another type, a virtual table has no root page.
    table = "SELECT 1 FROM sqlite_master WHERE name = 'Packages' AND type = 'table' AND rootpage > 0"
    if connection.execute(table).fetchone() is None:
        raise InputError("the database has no table 'Packages': it is not rpm's", remedy=_REMEDY)
    previous = 0
    budget = len(image)
    for number, blob in connection.execute("SELECT hnum, blob FROM Packages"):
        if not isinstance(number, int) or number <= previous:
            raise InputError("the rows of the database are not in order: its pages are mixed up", remedy=_REMEDY)
        previous = number
        if not isinstance(blob, bytes):
            yield Record(number, damage="the row holds no header blob")
            continue
        budget -= len(blob)
        if budget < 0:
            raise InputError("the rows hold more bytes than the file has: its pages are mixed up", remedy=_REMEDY)
        yield Record(number, blob)


def _allowed(action: int, first: str | None, _second: str | None, _database: str | None, _by: str | None) -> int:
    reads_table = action == sqlite3.SQLITE_READ and first in ("Packages", "sqlite_master")
    return sqlite3.SQLITE_OK if action == sqlite3.SQLITE_SELECT or reads_table else sqlite3.SQLITE_DENY
