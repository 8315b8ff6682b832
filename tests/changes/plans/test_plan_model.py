"""A plan says nothing that nobody has said: what is left out of its parts is the harmless answer."""

from __future__ import annotations

from tests.changes.running.looks import NOW, step

from oakum.changes.plans import Change, Evictions, Override, Step, Subject, Takes, Times, Wave


def test_what_nobody_has_said_of_a_change_is_no() -> None:
    made = Change(intent="i", kind="kernel", component="c", before="1", after="2", reversibility="reversible")
    assert (made.drain, made.reboot, made.installed, made.back, made.proof) == (False, False, "", "", ())


def test_a_drain_of_which_nothing_is_predicted_moves_no_pod() -> None:
    assert Evictions() == Evictions(pods=0, rounds=0, stay=0, waits=(), grace=0)


def test_a_step_reboots_and_copies_only_where_it_says_so() -> None:
    times = Times(p50=1, p95=2)
    made = Step(
        id="s", kind="visit", subject=step().subject, group="g", changes=(), reversibility="reversible", back=(),
        takes=Takes(work=times, back=times), after={},
    )  # fmt: skip
    assert (made.reboot, made.snapshot, made.evictions) == (False, False, None)


def test_a_wave_that_says_nothing_of_it_does_not_soak() -> None:
    assert Wave(id="w", name="w", needs=(), steps=()).soak == 0


def test_an_emergency_acts_in_windows_unless_it_says_otherwise() -> None:
    made = Override(emergency="e", reason="r", by=("jo",), until=NOW)
    assert (made.outside_windows, made.lifts) == (False, ())


def test_a_subject_is_called_by_its_cluster_where_it_is_in_one() -> None:
    assert Subject(kind="machine", cluster="shop", name="w-1", uid="u").id == "shop/w-1"
    assert Subject(kind="machine", cluster="", name="host", uid="u").id == "host"
