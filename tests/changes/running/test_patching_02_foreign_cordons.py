"""Trap 2: a cordon has an owner. Nobody else's is lifted, and ours is restored to what was recorded."""

from __future__ import annotations

import pytest
from tests.changes.running.looks import NEW, RUN, Play, plan, pod, step

from oakum.changes.running.observed import Claim

ID, STEP = "shop/w-1", "kernel@shop/w-1"


def test_patching_02_a_machine_that_somebody_else_has_cordoned_is_not_started_on() -> None:
    play = Play(plan(step()))
    play.show(ID, cordoned=True)
    play.turn(2)
    assert play.acts() == []
    assert play.state() == "waiting"


def test_patching_02_it_is_left_out_in_the_end_and_stays_as_it_is() -> None:
    play = Play(plan(step()))
    play.show(ID, cordoned=True)
    play.turn(2)
    play.later(601)
    play.turn()
    assert play.state() == "skipped"
    assert "cordoned" in play.why()
    assert play.acts() == []


def test_patching_02_it_is_started_on_when_the_cordon_is_lifted() -> None:
    play = Play(plan(step()))
    play.show(ID, cordoned=True)
    play.turn(2)
    play.later(300)
    play.show(ID, cordoned=False)
    play.turn()
    assert play.state() == "admitted"


def test_patching_02_a_cordon_between_the_look_and_the_claim_is_noticed() -> None:
    play = Play(plan(step()))
    play.turn()
    assert play.state() == "admitted"
    play.show(ID, cordoned=True)
    play.turn()
    assert play.state() == "restoring"
    assert not play.ever("claim")


def test_patching_02_our_own_record_is_not_taken_for_somebody_elses_cordon() -> None:
    play = Play(plan(step()))
    play.claimed()
    play.turn(2)
    assert play.state() in ("admitted", "cordoned")


@pytest.mark.parametrize("other", [("run-2", STEP), (RUN, "packages@shop/w-1")])
def test_patching_02_a_machine_that_another_run_or_step_holds_is_left_alone(other: tuple[str, str]) -> None:
    play = Play(plan(step()))
    play.show(ID, cordoned=True, claim=Claim(run=other[0], step=other[1], token=1, cordoned=False))
    play.turn(2)
    assert play.acts() == []
    assert play.state() == "waiting"


def test_patching_02_who_uncordons_a_machine_that_is_drained_has_the_last_word() -> None:
    play = Play(plan(step()))
    play.sight.pods = [pod("web-1"), pod("web-2")]
    play.turn(2)
    play.claimed()
    play.turn(3)
    assert play.did() == ["evict", "evict"]
    play.claimed(cordoned=False)
    play.later(10)
    play.turn()
    assert play.did() == []
    assert play.state() == "restoring"
    play.turn()
    release = next(each for each in play.acts() if each.do == "release")
    assert release.parameters["cordon"] == "false"
    play.released()
    play.turn()
    assert play.state() == "skipped"
    assert "uncordoned" in play.why()


def test_patching_02_a_machine_that_was_uncordoned_is_not_rebooted() -> None:
    play = Play(plan(step()))
    play.drained()
    play.turn()
    play.works(ID, "apply", "done")
    play.claimed(cordoned=False)
    play.turn()
    assert play.journal.of(STEP).facts["way"] == "back"
    assert not play.ever("reboot")


def test_patching_02_a_restored_machine_ends_only_when_its_record_is_seen_to_be_gone() -> None:
    play = Play(plan(step()))
    play.verified()
    play.turn()
    assert "release" in play.did()
    play.later(1)
    play.turn()
    assert play.state() == "restoring"
    play.released()
    play.turn()
    assert play.state() == "done"


def test_patching_02_a_release_of_which_nobody_knows_is_not_taken_for_done() -> None:
    play = Play(plan(step()))
    play.verified()
    play.turn()
    play.later(30)
    play.turn()
    assert play.did() == ["release", "unsilence"]
    assert play.state() == "restoring"


def test_patching_02_the_silence_of_a_machine_ends_with_its_visit() -> None:
    play = Play(plan(step()))
    play.verified()
    play.turn()
    play.later(1)
    play.show(ID, claim=None, cordoned=False)
    play.turn()
    assert play.state() == "restoring"
    play.show(ID, silenced=False, running={"linux": NEW})
    play.turn()
    assert play.state() == "done"


def test_patching_02_a_silence_has_an_end_of_its_own() -> None:
    play = Play(plan(step()))
    play.turn(2)
    silence = next(each for each in play.acts() if each.do == "silence")
    assert silence.parameters["until"] > play.sight.at.isoformat()
