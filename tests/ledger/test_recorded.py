"""A run in the ledger: one entry a record, whoever wrote it, once, and no name or text in the clear."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.ledger.ledgers import BEGIN

from oakum.changes.approvals import Statement
from oakum.changes.plans.model import Plan, Subject
from oakum.changes.recorded import entries_of, entries_of_intents, entry_of_approval, entry_of_plan, veiled
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import Answered, Meant, Noted, Record, Started, Turned, encode
from oakum.ledger.discretion import pseudonym
from oakum.ledger.entries import Entry, canonical, digest
from oakum.local.ledger.runs import record_run
from oakum.local.ledger.store import Store
from oakum.simulation.faults import Schedule
from oakum.simulation.scenarios import read
from oakum.simulation.trials import attempt

NAME = partial(pseudonym, secret=b"secret")
PLAN = digest(b"plan")
WHERE = Subject(kind="machine", cluster="shop", name="w-1", uid="1")


@pytest.fixture(scope="module")
def simulated() -> tuple[Plan, Sequence[Record]]:
    """A whole run of a scenario, with its plan."""
    result = attempt(read("foreign-cordon"), Schedule(seed=1)).result
    assert result is not None
    return result.plan, result.records


def act(do: str, key: str, token: int = 1) -> Act:
    return Act(key=key, do=do, run="r", plan=PLAN, token=token, subject=WHERE)  # type: ignore[arg-type]  # any word


def lease(who: str, token: int) -> list[Record]:
    key = f"r/lease/{who}/2026-01-31T06:00:00+00:00"
    asked = Act(key=key, do="lease", run="r", plan=PLAN, token=0, subject=WHERE, parameters={"holder": who})
    return [
        Started(at=BEGIN, run="r", plan=PLAN, executor=who),
        Meant(at=BEGIN, act=asked),
        Answered(at=BEGIN, key=key, outcome=Outcome(result="done", token=token)),
    ]


def entries(records: Sequence[Record]) -> list[Entry]:
    return list(entries_of(records, pseudonym=NAME, policy=digest(b"policy"), feeds=digest(b"feeds")))


def test_each_record_is_one_entry_in_order(simulated: tuple[Plan, Sequence[Record]]) -> None:
    plan, records = simulated
    made = entries(records)
    assert len(made) == len(records) > 50
    kinds = {Started: "run", Meant: "act", Answered: "outcome", Turned: "observation", Noted: "note"}
    assert [each.kind for each in made] == [kinds[type(record)] for record in records]
    assert [each.at for each in made] == [record.at for record in records]
    assert [each.body for each in made] == [digest(encode(veiled(record, NAME))) for record in records]
    assert len({each.body for each in made}) == len(made)
    assert {each.plan for each in made} == {plan.hash}
    assert {(each.policy, each.feeds) for each in made} == {(digest(b"policy"), digest(b"feeds"))}
    for each in made:
        canonical(each)


def test_what_is_told_in_the_clear() -> None:
    records: list[Record] = [
        *lease("jo@laptop.example.org", 1),
        Turned(at=BEGIN, step="kernel@shop/w-1", state="admitted", token=1, why="jo said so", facts={"password": "x"}),
        Meant(at=BEGIN, act=act("evict", "k"), step="kernel@shop/w-1"),
        Answered(at=BEGIN, key="k", outcome=Outcome(result="refused", code="not-now", why="Bearer x")),
        Noted(at=BEGIN, what="held", about="kernel@shop/w-1", why="token=abc", token=1),
        Noted(at=BEGIN, what="done", token=1),
    ]
    made = entries(records)
    assert [(each.kind, each.what, each.step, each.subject) for each in made] == [
        ("run", "", "", ""),
        ("act", "lease", "", "shop/w-1"),
        ("outcome", "done", "", "shop/w-1"),
        ("observation", "admitted", "kernel", "shop/w-1"),
        ("act", "evict", "kernel", "shop/w-1"),
        ("outcome", "refused/not-now", "kernel", "shop/w-1"),
        ("note", "held", "kernel", "shop/w-1"),
        ("note", "done", "", ""),
    ]
    whole = b"".join(map(canonical, made))
    for told in (b"jo", b"laptop", b"password", b"Bearer", b"token", b"said"):
        assert told not in whole


def test_a_name_cannot_be_tried_out_on_a_digest() -> None:
    for record, made in zip(lease("jo", 1), entries(lease("jo", 1)), strict=True):
        assert made.body != digest(encode(record))
        assert b'"jo"' not in encode(veiled(record, NAME))
        assert b"/jo/" not in encode(veiled(record, NAME))


def test_a_late_writer_s_records_are_his() -> None:
    """A zombie's records stand between those of whoever has taken over; the token tells whose they are."""
    old, new = NAME("old"), NAME("new")
    records: list[Record] = [
        *lease("old", 1),
        Meant(at=BEGIN, act=act("apply", "a", 1), step="kernel@shop/w-1"),
        *lease("new", 2),
        Answered(at=BEGIN, key="a", outcome=Outcome(result="unknown")),
        Turned(at=BEGIN, step="kernel@shop/w-1", state="lost", token=1),
        Turned(at=BEGIN, step="kernel@shop/w-1", state="applying", token=2),
        Meant(at=BEGIN, act=act("apply", "b", 2), step="kernel@shop/w-1"),
    ]
    assert [each.actor for each in entries(records)] == [old] * 4 + [new] * 3 + [old, old, new, new]


def test_names_that_no_entry_may_hold_stand_as_digests() -> None:
    records: list[Record] = [
        Started(at=BEGIN, run="a run with spaces", plan="not a hash", executor=""),
        Turned(at=BEGIN, step="kernel@password=x", state="admitted"),
    ]
    first, second = entries(records)
    assert (first.run, first.plan, first.actor) == (digest(b"a run with spaces"), "", "oakum")
    assert second.subject == digest(b"password=x")
    canonical(second)


def test_an_answer_to_nothing_is_kept_as_well() -> None:
    made = entries([Answered(at=BEGIN, key="who knows", outcome=Outcome(result="done"))])
    assert (made[0].kind, made[0].what, made[0].subject) == ("outcome", "done", "")


def test_a_run_is_recorded_once_however_often_and_wherever_it_was_cut_off(
    tmp_path: Path, simulated: tuple[Plan, Sequence[Record]]
) -> None:
    _, records = simulated
    run = next(record.run for record in records if isinstance(record, Started))
    with Store(tmp_path / "l", write=True) as store:
        added = [record_run(store, run, records[:end]) for end in (0, 1, 1, 40, 40, len(records), len(records))]
        assert added == [0, 1, 0, 39, 0, len(records) - 40, 0]
        assert store.size() == len(records)


def test_a_plan_is_recorded_by_its_hash_and_so_are_its_intents(simulated: tuple[Plan, Sequence[Record]]) -> None:
    plan, _ = simulated
    made = entry_of_plan(plan, actor=NAME("jo"))
    assert (made.kind, made.body, made.plan, made.policy) == ("plan", plan.hash, plan.hash, plan.policy)
    intents = list(entries_of_intents(plan, actor=NAME("jo")))
    assert [each.what for each in intents] == [each.kind for each in plan.intents]
    for each in (made, *intents):
        canonical(each)


def test_an_approval_is_recorded_with_the_digest_of_what_was_signed() -> None:
    statement = Statement(
        says="break-glass", plan=PLAN, at=BEGIN, until=BEGIN + timedelta(hours=1), step="kernel@shop/w-1",
        reason="jo was alone",
    )  # fmt: skip
    found = entry_of_approval(statement, b"signed", actor=NAME("jo"))
    data = canonical(found)
    assert (found.kind, found.what, found.plan, found.step, found.subject) == (
        "approval", "break-glass", PLAN, "kernel", "shop/w-1",
    )  # fmt: skip
    assert found.body == digest(b"signed")
    assert b"jo" not in data


def test_the_records_of_another_run_are_refused(tmp_path: Path) -> None:
    with Store(tmp_path / "l", write=True) as store:
        with pytest.raises(ValueError, match="not those of"):
            record_run(store, "other", lease("jo", 1))
        assert store.size() == 0


def test_pseudonyms_are_those_of_one_ledger(tmp_path: Path) -> None:
    actors: list[bytes] = []
    for name in ("one", "one", "two"):
        with Store(tmp_path / name, write=True) as store:
            record_run(store, f"r-{len(actors)}", [
                Started(at=datetime(2026, 1, 1, tzinfo=UTC), run=f"r-{len(actors)}", plan=PLAN, executor="jo")
            ])  # fmt: skip
            actors.append(next(store.entries(store.size() - 1))[10:44])
    assert actors[0] == actors[1] != actors[2]
    assert (tmp_path / "one.pseudonyms").stat().st_mode & 0o777 == 0o600


def test_who_is_refused_the_lease_is_not_told_by_whom_in_a_veiled_record() -> None:
    why = "ann@desk holds the lease"
    refused = Answered(at=BEGIN, key="r/lease/jo@laptop/2026", outcome=Outcome(result="refused", why=why))
    told = veiled(refused, NAME)
    assert b"ann" not in encode(told) and b"jo" not in encode(told)
    assert veiled(told, lambda who: who) == told, "whoever has the veiled record makes the same entry"
    kept = Answered(at=BEGIN, key="r/packages@a/apply/1", outcome=Outcome(result="refused", why="no room"))
    assert veiled(kept, NAME) == kept
