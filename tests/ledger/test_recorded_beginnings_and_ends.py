"""What the ledger keeps around a run: what it begins with, the looks before and after, its end, and whose a word is."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest
from tests.changes.running.looks import plan, step
from tests.ledger.ledgers import BEGIN

from oakum.changes.intents.model import Intent
from oakum.changes.plans import Subject
from oakum.changes.recorded import entries_of, entries_of_look, entries_of_plan, entry_of_plan, over, veiled
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import Answered, Meant, Noted, Record, Started, Turned
from oakum.ledger.discretion import pseudonym
from oakum.ledger.entries import digest

NAME = partial(pseudonym, secret=b"secret")
POLICY, FEEDS = digest(b"policy"), digest(b"feeds")
MADE = msgspec.structs.replace(plan(step()), policy=POLICY, intents=(Intent(name="i", kind="kernel"),))
WHERE = Subject(kind="machine", cluster="shop", name="w-1", uid="1")
JO, ANN = NAME("jo"), NAME("ann")


def started(who: str) -> Started:
    return Started(at=BEGIN, run="r", plan=MADE.hash, executor=who)


def act(do: str, key: str, token: int = 0, **parameters: str) -> Meant:
    made = Act(key=key, do=do, run="r", plan=MADE.hash, token=token, subject=WHERE, parameters=parameters)  # type: ignore[arg-type] # any word
    return Meant(at=BEGIN, act=made)


def answer(key: str, token: int = 0, result: str = "done") -> Answered:
    return Answered(at=BEGIN, key=key, outcome=Outcome(result=result, token=token))  # type: ignore[arg-type] # any word


def actors(*records: Record) -> list[str]:
    return [each.actor for each in entries_of(records, pseudonym=NAME)]


# What a run begins with, and the looks


def test_a_run_begins_with_its_policy_its_feeds_its_intents_and_its_plan() -> None:
    made = entries_of_plan(MADE, actor=JO, feeds=FEEDS)
    assert [(each.kind, each.actor, each.body) for each in made if each.kind != "intent"] == [
        ("policy", "oakum", POLICY), ("feeds", "oakum", FEEDS), ("plan", JO, MADE.hash)
    ]  # fmt: skip
    assert [each.kind for each in made] == ["policy", "feeds", "intent", "plan"]
    assert {each.at for each in made} == {MADE.at}
    assert (made[-1].policy, made[-1].feeds, made[-1].what) == (POLICY, FEEDS, "")


def test_what_a_plan_does_not_go_by_is_no_entry() -> None:
    bare = msgspec.structs.replace(MADE, policy="")
    assert [each.kind for each in entries_of_plan(bare, actor=JO)] == ["intent", "plan"]


def test_a_plan_that_brings_back_another_says_so() -> None:
    back = msgspec.structs.replace(MADE, undoes=digest(b"another"))
    assert entry_of_plan(back, actor=JO).what == "rollback"


def test_a_look_is_an_inventory_and_the_findings_in_it_which_alone_go_by_feeds() -> None:
    made = entries_of_look("before", MADE, at=BEGIN, inventory=b"machines", findings=b"none", feeds=FEEDS)
    assert [(each.kind, each.body, each.feeds) for each in made] == [
        ("inventory", digest(b"machines"), ""), ("findings", digest(b"none"), FEEDS)
    ]  # fmt: skip
    assert {(each.what, each.plan, each.policy, each.actor) for each in made} == {
        ("before", MADE.hash, POLICY, "oakum")
    }  # fmt: skip


# The end


def note(what: str, token: int = 1) -> Noted:
    return Noted(at=BEGIN, what=what, token=token)


BEGUN = (started("jo"), act("lease", "r/lease/jo/1", holder="jo"), answer("r/lease/jo/1", 1))
TAKEN = (started("ann"), act("lease", "r/lease/ann/2", holder="ann"), answer("r/lease/ann/2", 2))


@pytest.mark.parametrize(
    ("records", "word"),
    [
        ((*BEGUN,), ""),
        ((*BEGUN, note("held"), note("stopping")), ""),
        ((*BEGUN, note("done")), "done"),
        ((*BEGUN, note("stopping"), note("stopped"), note("held")), "stopped"),
        ((*BEGUN, *TAKEN, note("done", token=1)), ""),
        ((*BEGUN, *TAKEN, note("done", token=1), note("stopped", token=2)), "stopped"),
    ],
)
def test_how_a_run_ended_is_the_last_word_of_who_had_the_lease(records: tuple[Record, ...], word: str) -> None:
    assert over(records) == word


# Whose a word is


def test_whoever_asks_for_the_lease_late_asks_for_himself() -> None:
    assert actors(*BEGUN, *TAKEN, act("lease", "r/lease/jo/3", 0, holder="jo")) == [JO] * 3 + [ANN] * 3 + [JO]


def test_only_a_lease_that_was_given_out_makes_a_holder() -> None:
    """Not the answer to another act, and not a refusal; a word without a token is that of who has taken up the run."""
    records: list[Record] = [
        *BEGUN, act("apply", "a", 1), answer("a"), act("lease", "r/lease/jo/4", holder="jo"),
        answer("r/lease/jo/4", result="refused"), started("ann"), Turned(at=BEGIN, step="s", state="admitted"),
        note("held", token=0),
    ]  # fmt: skip
    assert actors(*records)[-3:] == [ANN] * 3


def test_an_act_of_which_the_key_looks_like_a_lease_is_that_of_the_holder() -> None:
    assert actors(*BEGUN, *TAKEN, act("apply", "r/kernel@shop/lease/jo/1", 1))[-1] == JO
    assert actors(*BEGUN, *TAKEN, act("apply", "r/kernel@shop/lease/jo/1", 2))[-1] == ANN


def test_a_lease_is_veiled_as_far_as_it_names_somebody() -> None:
    whole = veiled(act("lease", "r/lease/jo/1", holder="jo"), NAME)
    assert isinstance(whole, Meant)
    assert (whole.act.key, whole.act.parameters) == (f"r/lease/{JO}/1", {"holder": JO})
    for nobody in (act("lease", "r/lease/now", seconds="300"), act("lease", "now"), act("apply", "a", holder="x")):
        assert veiled(nobody, NAME) == nobody
