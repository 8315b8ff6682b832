"""Trap 1: an epoch that nobody stated is not the epoch 0, and a verdict that hangs on it says so."""

from __future__ import annotations

from tests.traps.answers import ALMA, findings, ids, index_of, record, rpm, upto

INDEX = index_of(record("ALSA-1", upto("almalinux:8", "bind", "32:9.11.36-16.el8")))


def test_trap_01_epoch_nobody_stated_marks_the_verdict_that_hangs_on_it() -> None:
    (found,) = findings(INDEX, ALMA, rpm("bind", "9.11.36-16.el8"))
    assert any("hangs on the epoch" in note for note in found.notes)


def test_trap_01_epoch_nobody_stated_is_no_mark_where_it_changes_nothing() -> None:
    (older,) = findings(INDEX, ALMA, rpm("bind", "9.11.36-3.el8"))
    assert older.notes == ()


def test_trap_01_epoch_stated_as_0_is_a_fact_and_no_guess() -> None:
    (found,) = findings(INDEX, ALMA, rpm("bind", "9.11.36-16.el8", epoch=0))
    assert found.notes == ()


def test_trap_01_epoch_stated_decides() -> None:
    assert ids(findings(INDEX, ALMA, rpm("bind", "9.11.36-16.el8", epoch=32))) == []
    assert ids(findings(INDEX, ALMA, rpm("bind", "9.11.36-3.el8", epoch=32))) == ["ALSA-1"]
