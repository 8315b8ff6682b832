"""A run in the ledger: who asked, who agreed, what was done, all of it once, and nobody by name."""

from __future__ import annotations

from pathlib import Path

from tests.local.estate import NOW, Estate

from oakum.changes.running.journal import Noted, Started
from oakum.ledger.discretion import pseudonym
from oakum.ledger.entries import Entry, digest, read_entry
from oakum.ledger.verification import verify
from oakum.local.ledger.keys import make_key, pseudonym_secret
from oakum.local.ledger.places import export, opened
from oakum.local.ledger.runs import record_all
from oakum.local.ledger.signing import sign
from oakum.local.ledger.store import Store
from oakum.local.policies import policy_files
from oakum.local.runs import Run, make_run


def made(estate: Estate, name: str = "r-1") -> Run:
    return make_run(
        estate.data, name, estate.plan, policy_files(estate.policy), NOW,
        request=estate.approval("asks", "request"), approvals=[estate.approval("agrees")],
    )  # fmt: skip


def entries(ledger: Path) -> list[Entry]:
    with Store(ledger) as store:
        return [read_entry(each) for each in store.entries()]


def test_everything_of_a_run_is_there_once_whenever_it_is_asked_for(estate: Estate, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    run = made(estate)
    assert record_all(ledger, run) == 5
    assert record_all(ledger, run) == 0
    run.file.append(Started(at=NOW, run="r-1", plan=estate.plan.hash, executor="jo@laptop"))
    run.file.agree(estate.approval("third"), NOW)
    assert record_all(ledger, run) == 2
    run.file.append(Noted(at=NOW, what="done"))
    assert record_all(ledger, run) == 2, "the record, and that these are all"
    assert record_all(ledger, run) == 0
    run.close()
    kinds = [(each.kind, each.what) for each in entries(ledger)]
    assert kinds == [
        ("policy", ""), ("intent", "packages"), ("plan", ""), ("approval", "request"), ("approval", "approve"),
        ("approval", "approve"), ("run", ""), ("note", "done"), ("run", "whole"),
    ]  # fmt: skip
    assert {each.run for each in entries(ledger)} == {"r-1"}


def test_people_stand_there_as_pseudonyms_of_their_names(estate: Estate, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    run = made(estate)
    # Two keys of one person are one actor; a stranger is one as well.
    run.file.agree(estate.approval("agrees-too"), NOW)
    run.file.agree(estate.approval("stranger"), NOW)
    record_all(ledger, run)
    run.close()
    found = [each for each in entries(ledger) if each.kind == "approval"]
    secret = pseudonym_secret(ledger)
    names = [pseudonym(name, secret) for name in ("approver-1", "approver-2", "approver-2")]
    assert [each.actor for each in found[:3]] == names
    assert found[3].actor not in names
    whole = ledger.read_bytes()
    assert b"approver-" not in whole
    assert b"ssh-ed25519" not in whole
    assert found[1].body == digest(estate.approval("agrees"))


def test_what_is_no_approval_is_none_and_moves_no_other(estate: Estate, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    run = made(estate)
    run.file.agree(b"I agree, honestly", NOW)
    assert record_all(ledger, run) == 5
    run.file.agree(estate.approval("third"), NOW)
    assert record_all(ledger, run) == 1
    assert record_all(ledger, run) == 0
    run.close()


def test_two_runs_are_told_apart_and_verified_together(estate: Estate, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    for name in ("r-1", "r-2"):
        run = made(estate, name)
        assert record_all(ledger, run) == 5
        run.close()
    key = make_key("example.com/oakum", tmp_path / "key")
    sign(ledger, tmp_path / "key")
    with Store(ledger) as store:
        export(store.files(), tmp_path / "out.tar")
    with opened(tmp_path / "out.tar") as source:
        verdict = verify(source, [key])
    assert (verdict.faults, verdict.entries) == ((), 10)
