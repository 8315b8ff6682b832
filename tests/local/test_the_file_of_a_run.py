"""The file of a run: what it has taken survives, a torn end is not there, and whatever was changed is found."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.local.estate import NOW, Estate

from oakum.changes.running.journal import Noted, Record, Started
from oakum.errors import InputError, OakumError, UsageError
from oakum.local.journal import RunFile
from oakum.local.policies import policy_files
from oakum.local.runs import Run, hand_over, make_run, open_run, run_names, runs_folder


def records(number: int) -> list[Record]:
    return [
        Started(at=NOW, run="run-1", plan="sha256:1", executor="here"),
        *(Noted(at=NOW, what="held", about=f"w{each}", why="it waits") for each in range(1, number)),
    ]


def written(folder: Path, number: int = 8) -> RunFile:
    file = RunFile.make(folder / "run.sqlite", {"plan": b"a plan"})
    for each in records(number):
        file.append(each)
    return file


def test_what_was_written_is_read_in_order_by_others_while_it_is_open(tmp_path: Path) -> None:
    file = written(tmp_path)
    other = RunFile(tmp_path / "run.sqlite")
    assert list(other.records()) == records(8)
    assert other.head == file.head and other.length == 8
    file.append(records(9)[-1])
    assert list(other.records()) == records(9)


def test_a_log_that_is_cut_off_anywhere_gives_whole_records_up_to_there_and_goes_on(tmp_path: Path) -> None:
    file = written(tmp_path)
    log = Path(f"{tmp_path / 'run.sqlite'}-wal").read_bytes()
    lengths: set[int] = set()
    for place, cut in enumerate([*range(0, len(log), max(1, len(log) // 40)), len(log) - 1]):
        folder = tmp_path / f"cut-{place}"
        folder.mkdir()
        shutil.copy(tmp_path / "run.sqlite", folder)
        (folder / "run.sqlite-wal").write_bytes(log[:cut])
        try:
            torn = RunFile(folder / "run.sqlite")
        except InputError:
            # Cut off before it was even made: there never was a run.
            continue
        found = list(torn.records())
        assert found == records(8)[: len(found)]
        torn.append(records(2)[-1])
        assert list(torn.records())[-1] == records(2)[-1]
        lengths.add(len(found))
        torn.close()
    file.close()
    assert len(lengths) > 4, "it was cut in too few places to show anything"


def change(sql: str, *values: object) -> Callable[[Path], None]:
    """Somebody who writes into the database as if the triggers were not there."""

    def do(path: Path) -> None:
        with sqlite3.connect(path) as other:
            for table in ("records", "wishes", "approvals", "inputs"):
                for verb in ("UPDATE", "DELETE"):
                    other.execute(f"DROP TRIGGER {table}_{verb}")
            other.execute(sql, values)

    return do


CHANGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a word of a record": (
        change("UPDATE records SET record = replace(CAST(record AS TEXT), 'w3', 'w4') WHERE number = 4"), "record 4"
    ),
    "a record and its digest": (
        change("UPDATE records SET record = x'7b7d', digest = x'00' WHERE number = 5"), "record 5 is not as"
    ),
    "one record less": (change("DELETE FROM records WHERE number = 2"), "record 2 is not as"),
    "the first is gone": (change("DELETE FROM records WHERE number = 1"), "record 1 is not as"),
    "one more at the end": (
        change("INSERT INTO records SELECT 9, record, digest FROM records WHERE number = 8"), "record 9 is not as"
    ),
    "two change places": (
        change("UPDATE records SET number = CASE number WHEN 3 THEN -1 ELSE number END"), "record 1 is not as"
    ),
    "another plan": (change("UPDATE inputs SET data = x'00' WHERE name = 'plan'"), "record 1 is not as"),
}  # fmt: skip


@pytest.mark.parametrize(("do", "says"), CHANGES.values(), ids=CHANGES)
def test_whatever_was_changed_is_found(tmp_path: Path, do: Callable[[Path], None], says: str) -> None:
    written(tmp_path).close()
    do(tmp_path / "run.sqlite")
    file = RunFile(tmp_path / "run.sqlite")
    with pytest.raises(InputError, match=says):
        list(file.records())


@pytest.mark.parametrize("sql", ["UPDATE records SET record = x'00'", "DELETE FROM records", "DELETE FROM inputs"])
def test_records_are_only_ever_added(tmp_path: Path, sql: str) -> None:
    written(tmp_path).close()
    with sqlite3.connect(tmp_path / "run.sqlite") as other, pytest.raises(sqlite3.Error, match="only added to"):
        other.execute(sql)


@pytest.mark.parametrize("data", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_another_file_is_no_journal(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "run.sqlite").write_bytes(data)
    with pytest.raises(InputError) as caught:
        RunFile(tmp_path / "run.sqlite")
    assert "run.sqlite" in str(caught.value)


# Runs


def made(estate: Estate, name: str = "run-1") -> Run:
    return make_run(
        estate.data, name, estate.plan, policy_files(estate.policy), NOW, request=estate.approval("asks", "request")
    )


def test_a_run_holds_what_it_was_started_from(estate: Estate) -> None:
    made(estate).close()
    shutil.rmtree(estate.policy)
    run = open_run(estate.data, "run-1")
    assert run.plan == estate.plan
    assert run.policy()[0].digest == estate.plan.policy
    request = run.request()
    assert request is not None and request.statement.says == "request"
    assert (runs_folder(estate.data) / "run-1").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("name", "old", "new", "says"), [
    ("plan", b"web-1", b"web-9", "plan or its name was changed"), ("plan", b"{", b"", "does not hold"),
    ("about", b"run-1", b"run-2", "plan or its name was changed"),
])  # fmt: skip
def test_a_run_whose_plan_was_changed_is_not_opened(
    estate: Estate, name: str, old: bytes, new: bytes, says: str
) -> None:
    made(estate).close()
    path = runs_folder(estate.data) / "run-1/run.sqlite"
    with sqlite3.connect(path) as other:
        data = other.execute("SELECT data FROM inputs WHERE name = ?", (name,)).fetchone()[0]
    change("UPDATE inputs SET data = ? WHERE name = ?", data.replace(old, new), name)(path)
    with pytest.raises(InputError, match=says):
        open_run(estate.data, "run-1")


def test_a_run_whose_policy_was_changed_is_not_carried_out(estate: Estate) -> None:
    made(estate).close()
    path = runs_folder(estate.data) / "run-1/run.sqlite"
    text = (estate.policy / "policy.yaml").read_bytes().replace(b"count: 1", b"count: 2")
    change("UPDATE inputs SET data = ? WHERE name = 'policy/policy.yaml'", text)(path)
    with pytest.raises(InputError, match="policy was changed"):
        open_run(estate.data, "run-1").policy()


def test_an_approval_that_was_changed_in_the_file_counts_for_nothing(estate: Estate) -> None:
    run = made(estate)
    run.file.agree(estate.approval("agrees").replace(b"at: 20", b"at: 19"), NOW)
    run.file.agree(estate.approval("third"), NOW)
    found, wrong = run.approvals()
    assert [each.key for each in found] == [estate.signed("third").key]
    assert len(wrong) == 1 and "approval 1" in wrong[0]


def test_runs_are_found_by_the_beginning_of_their_name(estate: Estate) -> None:
    for name in ("20260101-1-a", "20260101-2-b", "20260201-1-c"):
        made(estate, name).close()
    (runs_folder(estate.data) / ".new-half").mkdir()
    assert run_names(estate.data) == ["20260101-1-a", "20260101-2-b", "20260201-1-c"]
    assert open_run(estate.data, "202602").name == "20260201-1-c"
    for wrong, says in (("20260101", "several runs"), ("2027", "no run"), ("", "no run"), ("../x", "no run")):
        with pytest.raises(UsageError, match=says):
            open_run(estate.data, wrong)


def test_a_run_that_cannot_be_made_leaves_nothing(estate: Estate) -> None:
    made(estate).close()
    with pytest.raises(OakumError):
        made(estate)
    assert [each.name for each in runs_folder(estate.data).iterdir()] == ["run-1"]


def test_an_approval_of_another_plan_is_not_handed_over(estate: Estate) -> None:
    made(estate).close()
    other = estate.approval("agrees", plan="sha256:" + "0" * 64)
    with pytest.raises(UsageError, match="another plan"):
        hand_over(estate.data, "run-1", other)
    with pytest.raises(InputError, match="not that of this text"):
        hand_over(estate.data, "run-1", estate.approval("agrees").replace(b"says: approve\n", b"says: request\n"))
    assert open_run(estate.data, "run-1").file.approvals() == ()
