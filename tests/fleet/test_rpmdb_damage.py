"""Truncated, damaged and hostile databases: an error or a gap, never a silently smaller inventory."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fleet.rpm_roots import FOLDER, Files, bdb, blob, ndb, package

from oakum.errors import InputError, OakumError
from oakum.fleet import rpmdb
from oakum.fleet.rpmdb import header

NAMES = {"sqlite": "rpmdb.sqlite", "ndb": "Packages.db", "bdb-little": "Packages", "bdb-big": "Packages"}
FORMS = sorted(NAMES)
BLOBS = {
    number: package(f"package-{number}" + "x" * number, epoch=number, arch="x86_64") for number in range(1, 30)
} | {number: package(f"large-{number}", vendor="v" * 4000, label="m:s:" + "1" * 3000) for number in range(30, 36)}


def sqlite_file(path: Path, statements: tuple[str, ...] = (), blobs: dict[int, object] | None = None) -> bytes:
    connection = sqlite3.connect(path)
    for statement in statements or (
        "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)",
    ):
        connection.execute(statement)
    if not statements:
        connection.executemany("INSERT INTO Packages VALUES (?, ?)", (BLOBS if blobs is None else blobs).items())
    connection.commit()
    connection.close()
    return path.read_bytes()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("files")
    return {
        "sqlite": sqlite_file(folder / "rpmdb.sqlite"),
        "ndb": ndb(BLOBS),
        "bdb-little": bdb(BLOBS, folder / "little", big_endian=False, page_size=512),
        "bdb-big": bdb(BLOBS, folder / "big", big_endian=True, page_size=4096),
    }


def read(form: str, data: bytes, log: bytes = b"") -> tuple[int, int]:
    """How many packages and gaps; an error must say where and what to do."""
    path = f"{FOLDER}/{NAMES[form]}"
    tree = Files({path: data} | ({f"{path}-wal": log} if log else {}))
    try:
        packages, gaps = rpmdb.read(tree, "x")
    except OakumError as error:
        assert error.place is not None
        assert error.place.file == path
        assert error.what
        assert error.remedy
        raise
    assert all(gap.kind == "incomplete-inventory" and gap.why and gap.remedy for gap in gaps)
    return len(packages), len(gaps)


@pytest.mark.parametrize("form", FORMS)
def test_the_undamaged_file_is_read_whole(files: dict[str, bytes], form: str) -> None:
    assert read(form, files[form]) == (35, 0)


@pytest.mark.parametrize("form", FORMS)
def test_a_truncated_file_is_an_error_that_says_so(files: dict[str, bytes], form: str) -> None:
    whole = files[form]
    for size in (0, 1, 15, 31, 99, 511, 513, 4095, 4096, 5000, len(whole) // 2, len(whole) - 4096, len(whole) - 1):
        with pytest.raises(InputError, match="truncated"):
            read(form, whole[:size])


@pytest.mark.parametrize("form", FORMS)
def test_another_file_in_its_place_is_an_error(form: str) -> None:
    for data in (bytes(65536), b"\xff" * 65536, b"\x7fELF" + bytes(9000)):
        with pytest.raises(InputError):
            read(form, data)


@pytest.mark.parametrize("form", FORMS)
def test_random_damage_gives_an_error_or_a_gap_or_packages_and_ends(files: dict[str, bytes], form: str) -> None:
    whole = files[form]

    @given(
        edits=st.lists(st.tuples(st.integers(0, len(whole) - 1), st.binary(min_size=1, max_size=8)), max_size=20),
        moves=st.lists(st.tuples(st.integers(0, len(whole) // 512), st.integers(0, len(whole) // 512)), max_size=3),
        cut=st.one_of(st.none(), st.integers(0, len(whole))),
    )
    def damage(edits: list[tuple[int, bytes]], moves: list[tuple[int, int]], cut: int | None) -> None:
        data = bytearray(whole)
        for source, target in moves:
            page = data[source * 512 : (source + 1) * 512]
            data[target * 512 : target * 512 + len(page)] = page
        for at, new in edits:
            data[at : at + len(new)] = new
        try:
            packages, gaps = read(form, bytes(data[:cut]))
        except OakumError:
            return
        assert packages <= 2 * len(BLOBS)
        assert gaps <= 3 * len(BLOBS)

    damage()


@pytest.mark.parametrize("form", FORMS)
def test_damage_of_the_structure_near_the_start_ends(files: dict[str, bytes], form: str) -> None:
    """Heads, page tables and schemas are a small part of a file, so they get examples of their own."""
    whole = files[form]

    @given(st.lists(st.tuples(st.integers(0, 1200), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4))
    def damage(edits: list[tuple[int, bytes]]) -> None:
        data = bytearray(whole)
        for at, new in edits:
            data[at : at + len(new)] = new
        try:
            read(form, bytes(data))
        except OakumError:
            return

    damage()


def test_an_ndb_blob_that_changed_is_seen_by_its_checksum(files: dict[str, bytes]) -> None:
    data = files["ndb"].replace(b"package-7xxx", b"package-7yyy")
    assert read("ndb", data) == (34, 1)


def test_ndb_slots_that_overlap_or_repeat_are_seen() -> None:
    data = bytearray(ndb({1: package("a"), 2: package("b")}))
    data[48 + 32 : 48 + 48] = data[48 : 48 + 16]
    assert read("ndb", bytes(data)) == (1, 1)
    overlapping = bytearray(ndb({number: package("a" * 2000) for number in range(1, 120)}))
    for number in range(1, 119):
        at = 48 + 32 * number
        overlapping[at + 8 : at + 16] = struct.pack("<II", 256, 5000)
    with pytest.raises(InputError, match="overlap"):
        read("ndb", bytes(overlapping))


def pages_of(data: bytes, kind: int) -> list[int]:
    return [at for at in range(0, len(data), 512) if data[at + 25] == kind and at]


def test_a_berkeley_db_chain_that_is_a_circle_ends_in_a_gap(files: dict[str, bytes]) -> None:
    data = bytearray(files["bdb-little"])
    for at in pages_of(bytes(data), 7):
        data[at + 16 : at + 20] = data[at + 8 : at + 12]
    assert read("bdb-little", bytes(data)) == (29, 6)
    data = bytearray(files["bdb-little"])
    for at in pages_of(bytes(data), 13):
        data[at + 16 : at + 20] = data[at + 8 : at + 12]
    packages, gaps = read("bdb-little", bytes(data))
    assert packages + gaps >= 35
    assert gaps


def test_a_berkeley_db_overflow_page_without_bytes_ends_in_a_gap(files: dict[str, bytes]) -> None:
    data = bytearray(files["bdb-little"])
    for at in pages_of(bytes(data), 7):
        data[at + 22 : at + 24] = b"\0\0"
    assert read("bdb-little", bytes(data)) == (13, 22)


def test_a_lost_berkeley_db_page_is_a_gap(files: dict[str, bytes]) -> None:
    data = bytearray(files["bdb-little"])
    at = pages_of(bytes(data), 13)[0]
    data[at : at + 512] = bytes(512)
    packages, gaps = read("bdb-little", bytes(data))
    assert packages < 35
    assert gaps == 1


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE VIEW Packages AS WITH RECURSIVE n(hnum) AS (SELECT 1 UNION ALL SELECT hnum+1 FROM n) "
         "SELECT hnum, zeroblob(1000000) AS blob FROM n",),
        ("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob AS (zeroblob(1000000000)))",
         "INSERT INTO Packages (hnum) VALUES (1)"),
        ("CREATE TABLE other (hnum, blob)", "CREATE VIEW Packages AS SELECT a.hnum, a.blob FROM other a, other b"),
        ("CREATE TABLE Something (hnum)",),
        ("CREATE TABLE Packages (number INTEGER PRIMARY KEY)",),
        ("CREATE TABLE Packages (hnum, blob)", "INSERT INTO Packages VALUES (2, x'00'), (1, x'00')"),
        ("CREATE TABLE Packages (hnum, blob)", "INSERT INTO Packages VALUES ('1', x'00')"),
    ],
)  # fmt: skip
def test_an_sqlite_file_that_does_more_than_hold_a_table_is_an_error(
    tmp_path: Path, statements: tuple[str, ...]
) -> None:
    with pytest.raises(InputError):
        read("sqlite", sqlite_file(tmp_path / "hostile", statements))


def test_an_sqlite_row_without_a_blob_is_a_gap(tmp_path: Path) -> None:
    data = sqlite_file(tmp_path / "db", blobs={1: package("a"), 2: "text", 3: 5, 4: package("b")})
    assert read("sqlite", data) == (2, 2)


def test_an_interrupted_transaction_beside_the_file_is_a_gap(files: dict[str, bytes]) -> None:
    path = f"{FOLDER}/rpmdb.sqlite"
    journal = bytes.fromhex("d9d505f920a163d7") + bytes(504)
    packages, gaps = rpmdb.read(Files({path: files["sqlite"], f"{path}-journal": journal}), "x")
    assert (len(packages), [gap.what for gap in gaps]) == (35, [path])


GOOD: dict[int, int | str | bytes] = {1000: "n", 1001: "1", 1002: "2"}


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("empty", b"", "needs at least 8"),
        ("no entries", struct.pack(">II", 0, 0), "0 index entries"),
        ("huge index", struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF), "4294967295 index entries"),
        ("cut", blob(GOOD)[:-1], "declares"),
        ("longer", blob(GOOD) + b"\0", "declares"),
        ("no name", blob({1001: "1", 1002: "2"}), "NAME: the header has no such tag"),
        ("empty release", blob(GOOD | {1002: ""}), "RELEASE"),
        ("name is a number", blob(GOOD | {1000: 5}), "NAME: the entry has type 4"),
        ("epoch is a text", blob(GOOD | {1003: "1"}), "EPOCH"),
        ("epoch is 16 bits", blob(GOOD | {1003: 1}, kinds={1003: 3}), "EPOCH"),
        ("name is not UTF-8", blob(GOOD | {1000: b"\xff"}), "NAME: the string is not UTF-8"),
        ("line feed in the version", blob(GOOD | {1001: "1\n2"}), "VERSION"),
        ("space in the architecture", blob(GOOD | {1022: "x 86"}), "ARCH"),
        ("endless name", blob(GOOD | {1000: "n" * 5000}), "does not end"),
        ("unterminated", blob(GOOD)[:-1] + b"x", "does not end"),
        ("outside", struct.pack(">IIIIII", 1, 1, 1000, 6, 0xFFFFFFF0, 1) + b"\0", "outside"),
        ("number outside", struct.pack(">IIIIII", 1, 1, 1003, 4, 0, 1) + b"\0", "EPOCH"),
    ],
)  # fmt: skip
def test_a_header_with_a_false_count_offset_or_type_is_refused(name: str, data: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what) as error:
        header.parse(data)
    assert error.value.remedy


def test_a_header_is_read_with_what_rpm_added_at_installation_and_old_encodings() -> None:
    first = blob(GOOD | {1022: "i386", 1011: "Müller".encode("latin-1")})
    entries, size = struct.unpack_from(">II", first)
    store = first[8 + 16 * entries :]
    added = struct.pack(">IIII", 1022, 6, size, 1)
    whole = struct.pack(">II", entries + 1, size + 5) + first[8 : 8 + 16 * entries] + added + store + b"i686\0"
    tags = header.parse(whole)
    assert (tags.arch, tags.vendor, tags.epoch) == ("i686", "Müller", None)


def total(parse: Callable[[bytes], object], data: bytes) -> None:
    try:
        parse(data)
    except OakumError as error:
        assert error.what


@given(st.binary(max_size=400))
def test_any_bytes_as_a_header_raise_nothing_else(data: bytes) -> None:
    total(header.parse, data)


@given(st.lists(st.tuples(st.integers(0, 200), st.binary(min_size=1, max_size=4)), max_size=6))
def test_a_damaged_header_raises_nothing_else(edits: list[tuple[int, bytes]]) -> None:
    data = bytearray(package("bash", epoch=0, arch="x86_64", source_rpm="bash-1-2.src.rpm", vendor="v"))
    for at, new in edits:
        data[at : at + len(new)] = new
    total(header.parse, bytes(data))
