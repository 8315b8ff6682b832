"""The write-ahead log beside ``rpmdb.sqlite``: what it commits is installed, what it does not commit is not."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fleet.rpm_roots import FOLDER, Files, package

from oakum.errors import InputError, OakumError
from oakum.fleet import rpmdb

PATH = f"{FOLDER}/rpmdb.sqlite"
PAGE = 1024
FRAME = 24 + PAGE


def names(main: bytes, log: bytes) -> set[str]:
    packages, gaps = rpmdb.read(Files({PATH: main, f"{PATH}-wal": log}), "x")
    assert gaps == []
    return {package.name for package in packages}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[bytes, bytes, list[int]]]:
    """A database, a log with three transactions, and the log's length after each of them."""
    path = tmp_path_factory.mktemp("wal") / "rpmdb.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA page_size = {PAGE}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    connection.execute("INSERT INTO Packages VALUES (1, ?)", (package("old"),))
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log = Path(f"{path}-wal")
    lengths = []
    for number, name in enumerate(("two", "three", "four"), 2):
        connection.execute("INSERT INTO Packages VALUES (?, ?)", (number, package(name, vendor="v" * 4000)))
        if name == "four":
            connection.execute("DELETE FROM Packages WHERE hnum = 1")
        connection.commit()
        lengths.append(log.stat().st_size)
    yield path.read_bytes(), log.read_bytes(), lengths
    connection.close()


def test_committed_pages_are_part_of_the_database(written: tuple[bytes, bytes, list[int]]) -> None:
    main, log, _ = written
    assert names(main, b"") == {"old"}
    assert names(main, log) == {"two", "three", "four"}


def test_a_cut_log_counts_up_to_its_last_whole_transaction(written: tuple[bytes, bytes, list[int]]) -> None:
    main, log, lengths = written
    states = [{"old"}, {"old", "two"}, {"old", "two", "three"}, {"two", "three", "four"}]
    for size in range(0, len(log), 500):
        assert names(main, log[:size]) == states[sum(length <= size for length in lengths)]


def test_the_same_as_sqlite_itself_recovers(written: tuple[bytes, bytes, list[int]], tmp_path: Path) -> None:
    main, log, _ = written
    for case, damage in enumerate([32, 40, 56, len(log) // 2, len(log) - FRAME + 3, 8, 0, 20, 28]):
        damaged = bytearray(log)
        damaged[damage] ^= 0x55
        path = tmp_path / f"{case}.sqlite"
        path.write_bytes(main)
        Path(f"{path}-wal").write_bytes(damaged)
        connection = sqlite3.connect(path)
        count = connection.execute("SELECT count(*) FROM Packages").fetchone()[0]
        connection.close()
        assert len(names(main, bytes(damaged))) == count


def test_frames_of_an_earlier_use_of_the_log_do_not_count(written: tuple[bytes, bytes, list[int]]) -> None:
    main, log, lengths = written
    stale = bytearray(log)
    for at in range(lengths[0], len(stale), FRAME):
        stale[at + 8 : at + 12] = b"\0\0\0\0"
    assert names(main, bytes(stale)) == {"old", "two"}


def test_a_log_over_an_empty_file_is_enough(tmp_path: Path) -> None:
    """rpm's first transaction may stand in the log alone."""
    path = tmp_path / "rpmdb.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    connection.execute("INSERT INTO Packages VALUES (1, ?)", (package("first"),))
    connection.commit()
    main, log = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    connection.close()
    assert names(main, log) == {"first"}


def test_a_log_of_another_database_is_an_error(written: tuple[bytes, bytes, list[int]]) -> None:
    main, log, _ = written
    other = bytearray(main)
    other[16:18] = struct.pack(">H", 4096)
    with pytest.raises(InputError, match="pages of 1024 bytes"):
        names(bytes(other), log)


@pytest.mark.parametrize("whole", [True, False])
def test_any_damage_of_a_log_raises_nothing_else(written: tuple[bytes, bytes, list[int]], whole: bool) -> None:
    main, log, _ = written

    @given(st.lists(st.tuples(st.integers(0, len(log)), st.binary(min_size=1, max_size=8)), max_size=5))
    def damage(edits: list[tuple[int, bytes]]) -> None:
        data = bytearray(log)
        for at, new in edits:
            data[at if whole else at % 100 : (at if whole else at % 100) + len(new)] = new
        try:
            names(main, bytes(data))
        except OakumError as error:
            assert error.remedy

    damage()
