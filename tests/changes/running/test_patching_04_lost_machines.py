"""Traps 4 and 5: machines that come back late, never, too often, or as they were before."""

from __future__ import annotations

import pytest
from tests.changes.running.looks import NEW, OLD, Play, change, plan, step

from oakum.changes.plans import Stop
from oakum.changes.running.acts import Outcome

ID, STEP = "shop/w-1", "kernel@shop/w-1"
SEVERAL = Stop(failed=9, lost=9)


def rebooting(*more: str, stop: Stop = SEVERAL) -> Play:
    """A machine that was asked to reboot and is away; others wait."""
    play = Play(plan(step(), *(step(name) for name in more), stop=stop))
    play.rebooting()
    play.later(1)
    play.show(ID, up=False)
    return play


def test_patching_04_a_slow_machine_is_late_then_lost_and_never_failed_by_a_constant() -> None:
    play = rebooting()
    play.later(590)
    play.turn()
    assert play.state() == "rebooting"
    play.later(20)
    play.turn()
    assert play.state() == "late"
    play.later(1480)
    play.turn()
    assert play.state() == "late"
    play.later(100)
    play.turn()
    assert play.state() == "lost"


def test_patching_04_one_that_comes_back_late_is_looked_at_like_any_other() -> None:
    for away in (700, 2200, 5000):
        play = rebooting()
        for _ in range(away // 100):
            play.later(100)
            play.turn()
        play.show(ID, up=True, boot_id="boot-2", running={"linux": NEW})
        play.turn()
        assert play.state() == "verifying"
        play.later(1)
        play.turn()
        assert play.state() == "restoring"


def test_patching_04_a_lost_machine_keeps_its_place_so_that_nothing_marches_on() -> None:
    play = rebooting("w-2")
    for _ in range(40):
        play.later(100)
        play.turn()
    assert play.state() == "lost"
    assert play.state("kernel@shop/w-2") == "waiting"


def test_patching_04_a_lost_machine_is_given_back_and_handed_over_when_the_run_stops() -> None:
    play = rebooting(stop=Stop(failed=9, lost=1))
    while play.state() != "lost":
        play.later(100)
        play.turn()
    play.turn(3)
    assert play.noted("stopping")
    assert play.ever("release")
    play.released()
    play.turn()
    assert play.state() == "failed"
    assert play.noted("handed-over")


def test_patching_04_a_lost_host_that_is_not_seen_at_all_is_released_on_its_answer() -> None:
    play = Play(plan(step("db", "")))
    play.rebooting("db", "kernel@db")
    play.hide("db", True)
    for _ in range(30):
        play.later(100)
        play.turn(2)
    assert play.ever("release")
    assert play.state("kernel@db") == "failed"


def test_patching_04_a_lost_host_that_answers_nothing_is_handed_over_as_it_is() -> None:
    play = Play(plan(step("db", "")))
    play.rebooting("db", "kernel@db")
    play.hide("db", True)
    play.answers["release"] = play.answers["unsilence"] = Outcome(result="unknown")
    while play.state("kernel@db") != "restoring":
        play.later(100)
        play.turn()
    play.later(1700)
    play.turn()
    assert play.state("kernel@db") == "restoring"
    play.later(200)
    play.turn()
    assert play.state("kernel@db") == "failed"
    assert "could not be taken away" in play.noted("handed-over")[0].why


def test_patching_04_a_lost_host_still_counts_when_its_step_has_failed() -> None:
    play = Play(plan(step("db", ""), step("dc", ""), stop=SEVERAL))
    play.rebooting("db", "kernel@db")
    play.hide("db", True)
    for _ in range(200):
        play.later(100)
        play.turn(2)
    assert play.state("kernel@db") == "failed"
    assert play.state("kernel@dc") == "waiting"


def test_patching_04_a_machine_that_was_deleted_gives_its_place_back() -> None:
    play = rebooting("w-2")
    play.hide(ID, False)
    play.turn(2)
    assert play.state() == "failed"
    assert play.state("kernel@shop/w-2") == "admitted"


def test_patching_04_what_cannot_be_asked_is_not_taken_for_deleted() -> None:
    play = rebooting("w-2")
    play.hide(ID, None)
    play.turn(2)
    assert play.state() == "rebooting"


def test_patching_04_a_deadline_stands_in_the_journal_and_survives_whoever_waits() -> None:
    play = rebooting()
    play.later(700)
    play.turn()
    since = play.journal.of(STEP).since
    play.later(300)
    play.turn()
    assert play.state() == "late"
    assert play.journal.of(STEP).since == since


def test_patching_05_a_restarted_kubelet_is_no_reboot() -> None:
    play = rebooting()
    play.show(ID, up=True, running={"linux": NEW})
    play.later(30)
    play.turn()
    assert play.state() == "rebooting"


def test_patching_05_the_old_kernel_after_the_reboot_is_a_failure_and_not_a_success() -> None:
    play = rebooting()
    play.show(ID, up=True, boot_id="boot-2", running={"linux": OLD})
    play.turn()
    play.later(1)
    play.turn()
    assert play.journal.of(STEP).facts["way"] == "back"
    assert "not effective" in play.journal.of(STEP).facts["failed"]


def test_patching_05_a_machine_that_was_asked_to_reboot_and_goes_on_running_has_failed() -> None:
    play = rebooting()
    play.show(ID, up=True)
    for _ in range(30):
        play.later(100)
        play.turn()
    assert len([each for each in play.acts() if each.do == "reboot"]) == 2
    assert play.journal.of(STEP).facts["way"] == "back"


def test_patching_05_a_reboot_is_asked_for_under_the_boot_id_that_was_seen() -> None:
    play = Play(plan(step()))
    play.show(ID, boot_id="boot-77")
    play.rebooting()
    play.turn()
    assert [each.boot_id for each in play.acts() if each.do == "reboot"] == ["boot-77"]


def test_patching_05_a_machine_that_restarts_again_and_again_has_failed() -> None:
    play = rebooting()
    for boot in range(2, 7):
        play.later(60)
        play.show(ID, boot_id=f"boot-{boot}", up=False)
        play.turn()
    assert "restarted" in play.journal.of(STEP).facts.get("failed", "")


def test_patching_05_a_loop_is_seen_also_while_the_effect_is_looked_at() -> None:
    play = rebooting()
    for boot in range(2, 7):
        play.later(60)
        play.show(ID, boot_id=f"boot-{boot}", up=False, scanned=None)
        play.turn()
        if play.state() == "rebooting":
            play.show(ID, up=True)
            play.turn()
    assert "restarted" in play.journal.of(STEP).facts.get("failed", "")


def test_patching_05_the_way_back_of_a_kernel_that_was_booted_boots_again() -> None:
    play = rebooting()
    play.show(ID, up=True, boot_id="boot-2", running={"linux": "6.1.95"})
    play.turn()
    play.later(1)
    play.turn(2)
    assert play.did() == ["undo"]
    play.works(ID, "undo", "done")
    play.turn(2)
    assert play.did() == ["reboot"]
    assert play.acts()[-1].boot_id == "boot-2"
    play.show(ID, up=True, boot_id="boot-3", running={"linux": OLD})
    play.later(60)
    play.turn(2)
    play.later(1)
    play.turn(2)
    play.released()
    play.turn()
    assert play.state() == "undone"


def test_patching_04_one_that_was_lost_in_its_installation_goes_on_with_it() -> None:
    play = Play(plan(step(), stop=SEVERAL))
    play.drained()
    play.turn()
    play.hide(ID, None)
    while play.state() != "lost":
        play.later(100)
        play.turn()
    play.claimed(uid="uid-w-1", running={"linux": OLD}, boot_id="boot-1")
    play.works(ID, "apply", "done")
    play.turn()
    assert play.state() == "applying"
    play.turn(2)
    assert play.state() == "rebooting"
    assert len([each for each in play.acts() if each.do == "apply"]) == 1


def test_patching_04_one_that_dies_before_its_changes_were_begun_is_lost_in_the_end() -> None:
    play = Play(plan(step(), stop=SEVERAL))
    play.drained()
    play.answers["apply"] = Outcome(result="unknown")
    play.turn()
    for _ in range(25):
        play.later(100)
        play.show(ID, up=False, scanned=None)
        play.turn()
    assert play.state() == "lost"
    assert len({each.key for each in play.acts() if each.do == "apply"}) == 1


@pytest.mark.parametrize("do", ["claim", "snapshot"])
def test_patching_04_one_that_dies_before_it_was_taken_is_given_back(do: str) -> None:
    made = step(changes=(change(reversibility="needs-snapshot"),), snapshot=True)
    play = Play(plan(made, stop=SEVERAL))
    play.answers[do] = Outcome(result="unknown")
    play.turn(2)
    if do == "snapshot":
        play.claimed()
    for _ in range(25):
        play.later(100)
        play.show(ID, up=False, scanned=None)
        play.turn()
    assert play.journal.of(STEP).facts["ending"] == "skipped"


def test_patching_04_copies_on_a_machine_that_stays_away_do_not_keep_the_run_from_its_end() -> None:
    for state, facts in (("restoring", {"ending": "failed"}), ("soaking", {"failed-soak": "true", "soak": "60"})):
        play = Play(plan(step(), stop=SEVERAL))
        play.answers["discard"] = Outcome(result="unknown")
        play.puts(STEP, state, "it did not come back", **facts)
        play.later(1)
        play.show(ID, up=False, copies=(f"run-1/{STEP}/snapshot/1",))
        play.turn()
        assert play.did() == ["discard"]
        play.later(1700)
        play.turn()
        assert play.state() == state
        play.later(200)
        play.turn()
        assert play.state() == "failed"
