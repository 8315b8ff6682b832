"""The ledger's file: only added to, durable, one writer at a time, clear about what is wrong with it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.ledger.ledgers import ORIGIN, entry, written

from oakum.errors import InputError, NotAssessableError, OakumError, UsageError
from oakum.ledger.checkpoints import open_checkpoint
from oakum.ledger.merkle import Tree, consistency, inclusion, leaf_hash
from oakum.ledger.verification import Verdict, verify
from oakum.local.ledger.keys import FileSigner, make_key, public_keys
from oakum.local.ledger.places import export, opened
from oakum.local.ledger.signing import sign
from oakum.local.ledger.store import Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger of 300 entries with a checkpoint of all, and its key beside it."""
    make_key(ORIGIN, tmp_path / "key")
    path = tmp_path / "ledger.sqlite"
    with Store(path, write=True) as store:
        store.append(entry(number) for number in range(300))
    sign(path, tmp_path / "key")
    return path


def verdict(path: Path, key: Path) -> Verdict:
    with opened(path) as source:
        return verify(source, public_keys([str(key)]))


def test_the_store_is_the_tree_of_its_entries(ledger: Path) -> None:
    entries = written(300)
    tree = Tree(map(leaf_hash, entries))
    with Store(ledger) as store:
        assert store.size() == 300
        assert list(store.entries()) == entries
        assert list(store.entries(10, 12)) == entries[10:12]
        assert [store.root(size) for size in (0, 1, 255, 300)] == [tree.root(size) for size in (0, 1, 255, 300)]
        assert store.inclusion(17, 299) == inclusion(17, 299, tree.node)
        assert store.consistency(100, 300) == consistency(100, 300, tree.node)


def test_file_folder_and_archive_are_verified_alike(ledger: Path, tmp_path: Path) -> None:
    for name in ("folder", "file.tar"):
        with Store(ledger) as store:
            export(store.files(), tmp_path / name)
    for path in (ledger, tmp_path / "folder", tmp_path / "file.tar"):
        found = verdict(path, tmp_path / "key.pub")
        assert (found.faults, found.entries) == ((), 300)


def test_a_later_export_into_the_same_folder_leaves_a_right_one(ledger: Path, tmp_path: Path) -> None:
    for more in (0, 1, 300):
        with Store(ledger, write=True) as store:
            store.append(entry(number) for number in range(more))
        sign(ledger, tmp_path / "key")
        with Store(ledger) as store:
            export(store.files(), tmp_path / "folder")
        assert verdict(tmp_path / "folder", tmp_path / "key.pub").faults == ()
    assert (tmp_path / "folder/tile/0/001.p/44").is_file()
    assert (tmp_path / "folder/tile/0/002.p/89").is_file()


def test_entries_after_the_checkpoint_are_no_fault(ledger: Path, tmp_path: Path) -> None:
    with Store(ledger, write=True) as store:
        store.append([entry(1)])
        assert store.newest()[0] == 300
    found = verdict(ledger, tmp_path / "key.pub")
    assert (found.faults, found.entries) == ((), 300)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET data = x'00' WHERE number = 3",
        "UPDATE entries SET number = 1000 WHERE number = 3",
        "DELETE FROM entries WHERE number = 299",
        "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries VALUES (3, NULL, NULL, x'00')",
        "INSERT INTO entries VALUES (301, NULL, NULL, x'00')",
        "INSERT INTO entries VALUES (-1, NULL, NULL, x'00')",
        "UPDATE nodes SET hash = x'00'",
        "DELETE FROM nodes",
        "INSERT OR REPLACE INTO nodes VALUES (0, 0, x'00')",
        "UPDATE checkpoints SET size = 1",
        "DELETE FROM checkpoints",
        "INSERT OR REPLACE INTO checkpoints VALUES (0, 300, x'00')",
        "INSERT INTO checkpoints VALUES (1, 299, x'00')",
    ],
)
def test_nothing_is_changed_or_taken_out(ledger: Path, statement: str) -> None:
    before = ledger.read_bytes()
    with sqlite3.connect(ledger) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    connection.close()
    assert ledger.read_bytes() == before


def tampered(ledger: Path, *statements: str) -> None:
    """As somebody does who knows how."""
    connection = sqlite3.connect(ledger)
    triggers = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")]
    for name in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE entries SET data = (SELECT data FROM entries WHERE number = 4) WHERE number = 3", ("index", "3")),
        ("DELETE FROM entries WHERE number = 270", ("index", "270")),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 0 AND number = 260", ("tile", "tile/0/001.p/44")),
        ("DELETE FROM nodes WHERE level = 8", ("tile", "tile/1/000.p/1")),
        (
            "UPDATE checkpoints SET note = CAST(replace(CAST(note AS TEXT), '300', '301') AS BLOB)",
            ("checkpoint", "checkpoint"),
        ),
        ("DELETE FROM entries WHERE number >= 200", ("index", "200")),
    ],
)
def test_who_changes_it_all_the_same_is_found(
    ledger: Path, tmp_path: Path, statement: str, place: tuple[str, str]
) -> None:
    tampered(ledger, statement)
    fault = verdict(ledger, tmp_path / "key.pub").faults[0]
    assert (fault.where, fault.name) == place


def test_what_contradicts_an_earlier_checkpoint_is_not_signed(ledger: Path, tmp_path: Path) -> None:
    tampered(ledger, "UPDATE entries SET data = (SELECT data FROM entries WHERE number = 4) WHERE number = 3")
    with pytest.raises(InputError, match="its first 300 entries are not those that were signed"):
        sign(ledger, tmp_path / "key")


def test_nodes_that_do_not_follow_from_the_entries_are_not_signed(tmp_path: Path) -> None:
    make_key(ORIGIN, tmp_path / "key")
    with Store(tmp_path / "l", write=True) as store:
        store.append(entry(number) for number in range(3))
    tampered(tmp_path / "l", "UPDATE nodes SET hash = zeroblob(32) WHERE level = 1")
    with pytest.raises(InputError, match="nodes of its tree"):
        sign(tmp_path / "l", tmp_path / "key")


def test_another_key_does_not_sign_this_ledger(ledger: Path, tmp_path: Path) -> None:
    make_key("example.com/other", tmp_path / "other")
    with pytest.raises(InputError, match=r"this ledger is example\.com/oakum"):
        sign(ledger, tmp_path / "other")


def test_a_refused_entry_adds_none_of_its_batch(ledger: Path) -> None:
    with Store(ledger, write=True) as store:
        with pytest.raises(InputError):
            store.append([entry(1), entry(2, subject="password=x")])
        assert store.size() == 300


def test_the_records_of_a_run_are_there_once(ledger: Path) -> None:
    with Store(ledger, write=True) as store:
        store.append([entry(1), entry(2)], run="r-1")
        assert store.recorded("r-1") == 2
        assert store.recorded("r-2") == 0
        store.append([entry(3)], run="r-1", first=2)
        with pytest.raises(InputError):
            store.append([entry(3)], run="r-1", first=2)
        assert (store.recorded("r-1"), store.size()) == (3, 303)


def test_two_writers_take_turns(ledger: Path) -> None:
    def add(word: int) -> None:
        for number in range(6):
            with Store(ledger, write=True) as store:
                store.append([entry(1000 * word + number)])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(add, (1, 2)))
    with Store(ledger) as store:
        assert store.size() == 312
        assert store.root() == Tree(map(leaf_hash, store.entries())).root()


def test_a_writer_that_never_ends_is_told(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oakum.local.ledger.store._PATIENCE", 0.05)
    other = sqlite3.connect(ledger, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(InputError, match="another process has written"), Store(ledger, write=True) as store:
        store.append([entry(1)])
    other.close()


WRITER = """
import sys
from tests.ledger.ledgers import entry
from oakum.local.ledger.store import Store
number = int(sys.argv[2])
while True:
    with Store(__import__("pathlib").Path(sys.argv[1]), write=True) as store:
        size = store.append([entry(number), entry(number + 1)])
    print(size, flush=True)
    number += 2
"""


def test_what_was_answered_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    told = 0
    for turn in range(4):
        command = [sys.executable, "-c", WRITER, str(path), str(told)]
        environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT) as process:
            assert process.stdout is not None
            for _ in range(3 + 2 * turn):
                told = int(process.stdout.readline())
            os.kill(process.pid, signal.SIGKILL)
            rest = process.stdout.read().split(b"\n")
        told = int(rest[-2]) if len(rest) > 1 else told
        with Store(path, write=True) as store:
            size = store.size()
            # Nothing that was answered is lost, nothing is there by half.
            assert size in (told, told + 2)
            assert list(store.entries()) == written(size)
            assert store.root() == Tree(map(leaf_hash, written(size))).root()
        told = size


def test_what_a_killed_writer_left_half_done_is_taken_back_by_a_reader(ledger: Path, tmp_path: Path) -> None:
    writer = sqlite3.connect(ledger, isolation_level=None)
    writer.execute("PRAGMA cache_size = 1")
    writer.execute("PRAGMA cache_spill = 1")
    writer.execute("BEGIN IMMEDIATE")
    for number in range(300, 900):
        writer.execute("INSERT INTO entries VALUES (?, NULL, NULL, zeroblob(500))", (number,))
    # As the disk is at this moment; the locks of whoever is killed are gone.
    for name in (ledger.name, f"{ledger.name}-journal"):
        (tmp_path / "crashed").mkdir(exist_ok=True)
        (tmp_path / "crashed" / name).write_bytes((tmp_path / name).read_bytes())
    writer.execute("ROLLBACK")
    writer.close()
    crashed = tmp_path / "crashed" / ledger.name
    assert crashed.stat().st_size > ledger.stat().st_size
    with Store(crashed) as store:
        assert list(store.entries()) == written(300)
        with pytest.raises(InputError, match=r"readonly|read-only"):
            store.append([entry(1)])
    assert verdict(crashed, tmp_path / "key.pub").faults == ()


def test_a_reader_needs_no_right_to_write(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oakum.local.ledger.store.os.access", lambda *_: False)
    with Store(ledger) as store:
        assert store.size() == 300


def test_the_same_checkpoint_is_kept_once(ledger: Path, tmp_path: Path) -> None:
    assert sign(ledger, tmp_path / "key") == sign(ledger, tmp_path / "key")
    with Store(ledger) as store:
        assert len(store.checkpoints()) == 1


# Bad input


def is_folder(path: Path) -> None:
    path.mkdir()


def is_text(path: Path) -> None:
    path.write_text("hello" * 500)


def is_another_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE x (y)")
    connection.close()


def is_newer(path: Path) -> None:
    with Store(path, write=True):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def is_cut(path: Path) -> None:
    with Store(path, write=True) as store:
        store.append(entry(number) for number in range(300))
    os.truncate(path, 20_000)


def is_pipe(path: Path) -> None:
    os.mkfifo(path)


def is_empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("make", [is_folder, is_text, is_another_database, is_newer, is_cut])
def test_what_is_no_ledger_is_refused_with_file_and_remedy(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "x"
    make(path)
    for write in (False, True):
        with pytest.raises(OakumError) as raised, Store(path, write=write) as store:
            list(store.entries())
            store.append([entry(1)])
        assert str(path) in str(raised.value)
        assert raised.value.remedy


@pytest.mark.parametrize("make", [is_text, is_another_database, is_newer, is_empty, is_pipe])
def test_what_is_no_ledger_is_not_verified(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "x"
    make(path)
    with pytest.raises(OakumError) as raised, opened(path):
        pass
    assert str(path) in str(raised.value)


def test_a_folder_without_a_checkpoint_is_no_ledger(tmp_path: Path) -> None:
    make_key(ORIGIN, tmp_path / "key")
    with pytest.raises(InputError, match="it has no file checkpoint"):
        verdict(tmp_path, tmp_path / "key.pub")


def test_a_ledger_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    for path in (tmp_path / "no", tmp_path / "no/no"):
        with pytest.raises(UsageError, match="there is no ledger"):
            Store(path)
        with pytest.raises(UsageError, match="there is no ledger"):
            sign(path, signing_key(tmp_path))
    assert not (tmp_path / "no").exists()


def signing_key(folder: Path) -> Path:
    if not (folder / "key").exists():
        make_key(ORIGIN, folder / "key")
    return folder / "key"


def test_without_a_checkpoint_nothing_can_be_verified(tmp_path: Path) -> None:
    with Store(tmp_path / "l", write=True) as store:
        store.append([entry(1)])
    with pytest.raises(NotAssessableError, match="no checkpoint was signed yet"), opened(tmp_path / "l"):
        pass


# Keys


def test_a_key_is_made_once_and_is_its_owner_s(tmp_path: Path) -> None:
    made = make_key(ORIGIN, tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert public_keys([str(tmp_path / "key.pub")]) == [made] == public_keys([made.text])
    assert FileSigner(tmp_path / "key").public == made
    before = (tmp_path / "key").read_bytes()
    for path in (tmp_path / "key", tmp_path / "other"):
        (tmp_path / "other.pub").write_text("x")
        with pytest.raises(UsageError, match="already"):
            make_key(ORIGIN, path)
    assert (tmp_path / "key").read_bytes() == before
    assert not (tmp_path / "other").exists()


def test_a_key_that_others_may_read_does_not_sign(tmp_path: Path) -> None:
    make_key(ORIGIN, tmp_path / "key")
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(UsageError, match="0640"):
        FileSigner(tmp_path / "key")


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"x" * 5000, b"PRIVATE+KEY+a+00000000+AAAA", b"hello"])
def test_what_is_no_key_is_refused_with_its_file(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(text)
    path.chmod(0o600)
    for read in (FileSigner, lambda path: public_keys([str(path)])):
        with pytest.raises(InputError) as raised:
            read(path)
        assert str(path) in str(raised.value)
        assert raised.value.remedy


def test_a_private_key_whose_name_was_changed_is_refused(tmp_path: Path) -> None:
    make_key(ORIGIN, tmp_path / "key")
    text = (tmp_path / "key").read_text().replace("oakum", "other")
    (tmp_path / "key").write_text(text)
    with pytest.raises(InputError, match="its id belongs to another key"):
        FileSigner(tmp_path / "key")


def test_a_signature_is_of_the_checkpoint(ledger: Path, tmp_path: Path) -> None:
    with Store(ledger) as store:
        note = store.newest()[1]
    assert open_checkpoint(note, public_keys([str(tmp_path / "key.pub")])).size == 300
