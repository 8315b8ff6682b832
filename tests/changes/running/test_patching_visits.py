"""A visit from its admission to its end: what is done in which state, and what has to be seen before the next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.changes.running.looks import NEW, OLD, Play, change, plan, pod, step

from oakum.changes.plans import Wave
from oakum.changes.running.acts import Outcome
from oakum.changes.running.journal import Meant

ID, STEP = "shop/w-1", "kernel@shop/w-1"


def two_waves(soak: int = 0) -> tuple[Wave, Wave]:
    """One machine first, and another when that wave is over."""
    return (
        Wave(id="w1", name="canary", needs=(), steps=(step("w-1"),), soak=soak),
        Wave(id="w2", name="rest", needs=("w1",), steps=(step("w-2"),)),
    )


def test_a_visit_goes_through_its_states_in_order_and_ends_with_nothing_of_ours_left() -> None:
    play = Play(plan(step()))
    play.sight.pods = [pod("web-1"), pod("web-2", "w-2")]
    play.turn()
    assert play.state() == "admitted"
    play.turn()
    assert play.did() == ["silence", "claim"]
    play.claimed()
    play.turn()
    assert play.state() == "cordoned"
    play.turn(2)
    assert play.state() == "draining"
    assert play.did() == ["evict"]
    play.sight.pods = [pod("web-3", "w-2"), pod("web-2", "w-2")]
    play.later(10)
    play.turn()
    assert play.state() == "applying"
    play.turn()
    assert play.did() == ["apply"]
    play.works(ID, "apply", "running")
    play.turn()
    assert play.did() == []
    play.works(ID, "apply", "done")
    play.turn()
    assert play.state() == "rebooting"
    play.turn()
    assert play.did() == ["reboot"]
    play.show(ID, up=False)
    play.later(60)
    play.turn()
    assert play.did() == []
    play.show(ID, up=True, boot_id="boot-2", running={"linux": NEW})
    play.turn()
    assert play.state() == "verifying"
    play.later(5)
    play.turn()
    assert play.state() == "restoring"
    play.turn()
    assert play.did() == ["release", "unsilence"]
    play.released()
    play.turn()
    assert play.state() == "done"
    play.turn(2)
    assert [each.what for each in play.journal.notes] == ["wave-over", "done"]
    assert play.turn() == []


def test_a_host_outside_of_clusters_is_claimed_without_a_cordon_and_never_drained() -> None:
    play = Play(plan(step("db", "")))
    play.turn(2)
    (claim,) = [each for each in play.acts() if each.do == "claim"]
    assert claim.parameters["cordon"] == "false"
    play.claimed("db", "kernel@db", cordoned=False)
    play.turn(2)
    assert play.state("kernel@db") == "applying"
    assert play.did() == ["apply"]


def test_a_change_without_a_drain_leaves_the_scheduling_of_its_machine_alone() -> None:
    made = step(changes=(change(kind="packages", component="openssl", drain=False, reboot=False),))
    play = Play(plan(made))
    play.turn(2)
    play.claimed(cordoned=False)
    play.turn(2)
    play.works(ID, "apply", "done")
    play.turn()
    assert play.state() == "verifying"
    play.show(ID, running={"openssl": NEW})
    play.turn(2)
    release = play.acts()[-2]
    assert release.do == "release"
    assert release.parameters["cordon"] == "false"


@pytest.mark.parametrize("do", ["claim", "apply", "reboot", "release"])
def test_every_act_on_a_machine_carries_token_uid_version_and_the_hash_of_the_plan(do: str) -> None:
    play = Play(plan(step()))
    play.verified()
    play.turn()
    act = next(each for each in play.acts() if each.do == do)
    assert (act.token, act.uid, act.resource_version, act.plan) == (1, "uid-w-1", "7", play.plan.hash)
    assert act.boot_id == ("boot-1" if do == "reboot" else "")
    assert act.expects


def test_keys_follow_from_run_step_act_and_try() -> None:
    play = Play(plan(step()))
    play.answers["claim"] = Outcome(result="refused", code="not-now", why="busy")
    play.turn(2)
    play.later(60)
    play.turn()
    keys = [each.key for each in play.acts() if each.do == "claim"]
    assert keys == [f"run-1/{STEP}/claim/1", f"run-1/{STEP}/claim/2"]


def test_an_act_whose_answer_nobody_knows_is_repeated_under_its_key_when_its_effect_is_not_seen() -> None:
    play = Play(plan(step()))
    play.answers["claim"] = Outcome(result="unknown")
    play.turn(2)
    play.turn()
    assert play.did() == []
    play.later(10)
    play.turn()
    assert "claim" in play.did()
    assert len({each.key for each in play.acts() if each.do == "claim"}) == 1


def test_an_act_whose_answer_nobody_knows_is_not_repeated_when_its_effect_is_seen() -> None:
    play = Play(plan(step()))
    play.answers["claim"] = Outcome(result="unknown")
    play.turn(2)
    play.claimed()
    play.later(10)
    play.turn()
    assert play.did() == []
    assert play.state() == "cordoned"


def test_a_meant_act_without_an_answer_is_looked_at_before_it_is_tried_again() -> None:
    play = Play(plan(step()))
    play.drained()
    meant = next(each for each in play.turn() if isinstance(each, Meant))
    # Whoever meant it died before the answer: a new journal has the intent and no answer.
    play.journal.add(meant)
    play.works(ID, "apply", "running")
    play.later(5)
    play.turn()
    assert play.did() == []


def test_failed_installations_are_tried_three_times_then_undone_on_the_same_drained_machine() -> None:
    play = Play(plan(step()))
    play.drained()
    for _ in range(3):
        play.turn()
        assert play.did() == ["apply"]
        play.works(ID, "apply", "failed", "the lock is held")
        play.turn()
        assert play.did() == []
        play.later(200)
    assert play.journal.of(STEP).facts["way"] == "back"
    play.turn()
    assert play.did() == ["undo"]
    undo = play.acts()[-1]
    assert [(each.before, each.after) for each in undo.changes] == [(NEW, OLD)]
    play.works(ID, "undo", "done")
    play.turn()
    assert play.state() == "verifying"
    play.later(1)
    play.turn(2)
    play.released()
    play.turn()
    assert play.state() == "undone"
    assert "lock" in play.why()


def test_an_installation_that_failed_for_good_is_undone_at_once_and_so_ends_a_way_back_that_did() -> None:
    play = Play(plan(step()))
    play.drained()
    play.turn()
    play.works(ID, "apply", "failed", "a script of it failed", for_good=True)
    play.turn(2)
    assert play.did() == ["undo"]
    play.works(ID, "undo", "failed", "a script of it hangs", for_good=True)
    play.turn()
    assert play.state() == "restoring"
    assert play.why() == "a script of it failed; and the way back failed: a script of it hangs"


def test_a_way_back_that_fails_as_well_ends_failed_with_a_hand_over_and_nothing_of_ours_left() -> None:
    play = Play(plan(step()))
    play.drained()
    for do in ("apply", "undo"):
        for _ in range(3):
            play.turn(2)
            assert play.acts()[-1].do == do
            play.works(ID, do, "failed", "no space left")
            play.later(200)
        play.turn()
    assert play.state() == "restoring"
    play.turn()
    assert "release" in play.did()
    play.released()
    play.turn()
    assert play.state() == "failed"
    assert [each.about for each in play.noted("handed-over")] == [STEP]


def test_a_forward_only_change_that_fails_is_not_undone() -> None:
    made = step(changes=(change(reversibility="forward-only", back=""),))
    play = Play(plan(made))
    play.sight.wishes |= {f"approve:{play.plan.hash}/{STEP}"}
    play.drained()
    for _ in range(3):
        play.turn(2)
        play.works(ID, "apply", "failed", "broken")
        play.later(200)
    play.turn()
    assert play.state() == "restoring"
    assert not play.ever("undo")


def test_a_copy_is_made_before_the_change_and_put_back_by_its_key_when_it_fails() -> None:
    made = step(changes=(change(reversibility="needs-snapshot"),), snapshot=True)
    play = Play(plan(made))
    play.turn(2)
    play.claimed()
    play.turn(2)
    assert play.did() == ["snapshot"]
    key = play.acts()[-1].key
    play.works(ID, "snapshot", "running")
    play.turn()
    assert play.state() == "cordoned"
    play.works(ID, "snapshot", "done")
    play.show(ID, copies=(key,))
    play.turn()
    assert play.state() == "snapshotted"
    play.turn(2)
    assert play.state() == "applying"
    for _ in range(3):
        play.turn(2)
        play.works(ID, "apply", "failed", "broken")
        play.later(200)
    play.turn(2)
    assert play.did() == ["undo"]
    assert play.acts()[-1].parameters == {"copy": key}


def test_no_change_begins_when_the_copy_that_it_needs_cannot_be_made() -> None:
    made = step(changes=(change(reversibility="needs-snapshot"),), snapshot=True)
    play = Play(plan(made))
    play.turn(2)
    play.claimed()
    for _ in range(3):
        play.turn(2)
        play.works(ID, "snapshot", "failed", "the copy failed")
        play.later(60)
    play.turn()
    assert play.journal.of(STEP).facts["ending"] == "skipped"
    assert not play.ever("apply")


def test_a_copy_is_kept_through_the_soak_and_thrown_away_after_it() -> None:
    made = step(changes=(change(reversibility="needs-snapshot"),), snapshot=True)
    play = Play(plan(made, soak_node=300))
    copy = f"run-1/{STEP}/snapshot/1"
    play.puts(STEP, "restoring", ending="done", copy=copy)
    play.later(1)
    play.show(ID, copies=(copy,), running={"linux": NEW})
    play.turn()
    assert play.state() == "soaking"
    play.later(200)
    play.turn()
    assert play.did() == []
    play.later(200)
    play.turn()
    assert play.did() == ["discard"]
    assert play.acts()[-1].parameters == {"copy": copy}
    play.released()
    play.turn()
    assert play.state() == "done"


def test_copies_of_others_are_not_thrown_away() -> None:
    play = Play(plan(step()))
    play.puts(STEP, "restoring", ending="undone")
    play.later(1)
    play.show(ID, copies=("somebody's",))
    play.turn()
    assert play.state() == "undone"
    assert not play.ever("discard")


def test_a_machine_that_falls_out_of_service_in_its_soak_has_failed() -> None:
    play = Play(plan(step(), soak_node=600))
    play.puts(STEP, "soaking", soak="600")
    play.later(100)
    play.show(ID, up=False, since=play.sight.at)
    play.turn()
    assert play.state() == "soaking"
    play.later(61)
    play.turn(2)
    assert play.state() == "failed"


def test_the_next_wave_begins_when_the_one_that_it_needs_is_over_and_has_soaked() -> None:
    first, second = step("w-1"), step("w-2")
    waves = (
        Wave(id="w1", name="canary", needs=(), steps=(first,), soak=600),
        Wave(id="w2", name="rest", needs=("w1",), steps=(second,)),
    )
    play = Play(plan(waves=waves))
    play.puts(STEP, "done")
    play.later(599)
    play.turn()
    assert play.state("kernel@shop/w-2") == "waiting"
    play.later(2)
    play.turn(2)
    assert play.state("kernel@shop/w-2") == "admitted"


def test_a_wave_in_which_nothing_was_changed_proves_nothing_for_the_waves_after_it() -> None:
    first, second = step("w-1"), step("w-2")
    waves = (
        Wave(id="w1", name="canary", needs=(), steps=(first,)),
        Wave(id="w2", name="rest", needs=("w1",), steps=(second,)),
    )
    play = Play(plan(waves=waves))
    play.puts(STEP, "skipped", "cordoned")
    play.turn(3)
    assert play.state("kernel@shop/w-2") == "waiting"
    assert [each.what for each in play.journal.notes] == ["stopping", "stopped"]


def test_what_is_in_effect_already_counts_as_proof_and_is_not_touched() -> None:
    first, second = step("w-1"), step("w-2")
    waves = (
        Wave(id="w1", name="canary", needs=(), steps=(first,)),
        Wave(id="w2", name="rest", needs=("w1",), steps=(second,)),
    )
    play = Play(plan(waves=waves))
    play.show(ID, running={"linux": NEW})
    play.turn(3)
    assert play.state() == "skipped"
    assert play.state("kernel@shop/w-2") == "admitted"
    assert play.acts() == []


def test_a_change_that_was_begun_is_not_begun_again_because_its_machine_does_not_answer() -> None:
    play = Play(plan(step()))
    play.drained()
    play.turn()
    scanned = play.sight.at
    for _ in range(9):
        play.later(60)
        play.show(ID, scanned=scanned - timedelta(seconds=1))
        play.turn()
    assert len([each for each in play.acts() if each.do == "apply"]) == 1
    assert play.state() == "applying"


def test_a_copy_that_was_begun_is_not_begun_again_because_its_machine_does_not_answer() -> None:
    play = Play(plan(step(changes=(change(reversibility="needs-snapshot"),), snapshot=True)))
    play.turn(2)
    play.claimed()
    play.turn(2)
    scanned = play.sight.at
    for _ in range(9):
        play.later(60)
        play.show(ID, scanned=scanned - timedelta(seconds=1))
        play.turn()
    assert len([each for each in play.acts() if each.do == "snapshot"]) == 1
