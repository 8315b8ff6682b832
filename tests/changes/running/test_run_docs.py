"""The pages about runs list every act, state, fact and note, and runs obey the table of states."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from tests.changes.running.fleets import fleet
from tests.changes.running.looks import ALWAYS

from oakum.changes.running.acts import ACTS, Do
from oakum.changes.running.journal import NEXT, NOTES, OVER, Journal, Record, States, Turned
from oakum.simulation.faults import FAULTS, schedule_of
from oakum.simulation.runner import drive

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "reference/journal.md").read_text()


def test_the_reference_lists_every_act_state_and_note() -> None:
    assert set(ACTS) == set(get_args(Do))
    assert set(NEXT) | OVER == set(get_args(States))
    for words in (ACTS, NOTES):
        for word, means in words.items():
            assert f"| `{word}` | {means} |" in PAGE
    for state, following in NEXT.items():
        row = re.search(rf"^\| `{state}` \| (.*) \|$", PAGE, re.MULTILINE)
        assert row is not None
        assert set(re.findall(r"`([a-z]+)`", row[1])) == following


def test_the_explanation_tells_every_state() -> None:
    page = (DOCS / "explanation/how-a-run-goes.md").read_text()
    told = set(re.findall(r"`([a-z]+)`", " ".join(re.findall(r"^\| (`[^|]*) \|", page, re.MULTILINE))))
    assert set(get_args(States)) <= told


@pytest.mark.parametrize("seed", range(40))
def test_runs_under_faults_obey_the_table_of_states_and_name_only_facts_that_are_told(seed: int) -> None:
    world, made = fleet(seed)
    result = drive(world, made, ALWAYS, schedule=schedule_of(list(FAULTS), seed), lasts=40_000.0)
    journal = Journal()
    facts: set[str] = set()
    for record in result.records:
        obeys(journal, record)
        journal.add(record)
        facts |= set(record.facts) if isinstance(record, Turned) else set()
    assert not {fact for fact in facts if f"`{fact}`" not in PAGE}


def obeys(journal: Journal, record: Record) -> None:
    """The state of a record that counts may follow the one before it."""
    if isinstance(record, Turned) and record.token >= journal.token:
        before = journal.state(record.step)
        assert record.state in NEXT[before], f"{before} -> {record.state}: {record.why}"
