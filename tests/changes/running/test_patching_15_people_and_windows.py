"""Traps 14 and 15: approvals, windows that are too short, pause and stop, and steps that cannot be undone."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from tests.changes.running.looks import NOW, Play, change, open_for, plan, step

from oakum.changes.plans import Override, Stop

ID, STEP = "shop/w-1", "kernel@shop/w-1"
#: 900 s of work and 600 s of the way back.
NEEDS = 25


def test_patching_15_nothing_is_done_without_an_approval_of_this_plan() -> None:
    play = Play(plan(step()), approved=False)
    play.turn(2)
    assert play.acts() == []
    play.sight.wishes = frozenset({"approve:sha256:another", f"approve:{play.plan.hash}/{STEP}"})
    play.turn(2)
    assert play.acts() == []
    assert "approval" in play.whys()


def test_patching_14_a_forward_only_step_waits_for_an_approval_of_its_own() -> None:
    play = Play(plan(step(changes=(change(reversibility="forward-only", back=""),)), step("w-2"), max_unavailable=2))
    play.turn()
    assert play.state() == "waiting"
    assert play.state("kernel@shop/w-2") == "admitted"
    play.sight.wishes |= {f"approve:{play.plan.hash}/{STEP}"}
    play.turn()
    assert play.state() == "admitted"


@pytest.mark.parametrize(
    ("spans", "starts"),
    [
        (((-60, NEEDS),), True),
        (((-60, NEEDS - 1),), False),
        (((0, NEEDS),), True),
        (((1, 60),), False),
        (((-60, -1),), False),
        (((-60, 10), (10, NEEDS)), True),
        ((), False),
    ],
)
def test_patching_15_a_step_starts_only_where_work_and_way_back_fit_the_window(
    spans: tuple[tuple[int, int], ...], starts: bool
) -> None:
    play = Play(plan(step()), open_for(*spans))
    play.turn()
    assert (play.state() == "admitted") is starts


def test_patching_15_the_soak_has_to_fit_as_well() -> None:
    play = Play(plan(step(), soak_node=60), open_for((0, NEEDS)))
    play.turn()
    assert play.state() == "waiting"


def test_patching_15_every_calendar_of_a_group_has_to_be_open() -> None:
    play = Play(plan(step(), calendars=((("always",), ()), (("never",), ()))), open_for((0, 600)))
    play.turn()
    assert play.state() == "waiting"


def test_patching_15_an_override_is_bounded_by_its_end() -> None:
    made = plan(step(), calendars=())
    until = NOW + timedelta(minutes=NEEDS)
    override = Override(
        emergency="cve", reason="exploited", by=("security",), until=until, lifts=(), outside_windows=True
    )
    play = Play(msgspec.structs.replace(made, override=override))
    play.turn()
    assert play.state() == "admitted"
    shorter = msgspec.structs.replace(override, until=until - timedelta(seconds=1))
    play = Play(msgspec.structs.replace(made, override=shorter))
    play.turn()
    assert play.state() == "waiting"


def test_patching_15_a_drain_that_took_too_long_is_given_back_before_the_change_and_tried_again() -> None:
    play = Play(plan(step()), open_for((0, 30), (600, 700)))
    play.turn(2)
    play.claimed()
    play.turn()
    play.later(15 * 60)
    play.turn(2)
    assert play.state() == "restoring"
    assert not play.ever("apply")
    play.turn()
    play.released()
    play.turn()
    assert play.state() == "waiting"
    play.turn()
    assert play.state() == "waiting"
    play.later(600 * 60)
    play.turn(2)
    assert play.state() == "admitted"
    assert [each.key for each in play.acts() if each.do == "claim"][-1].endswith("/2")


def test_patching_15_what_was_admitted_before_a_crash_is_not_claimed_after_the_window() -> None:
    play = Play(plan(step()), open_for((0, 60)))
    play.turn()
    assert play.state() == "admitted"
    play.later(120 * 60)
    play.turn()
    assert not play.ever("claim")
    assert play.state() == "restoring"


def test_patching_15_a_change_that_has_begun_is_finished_when_the_window_has_closed() -> None:
    play = Play(plan(step()), open_for((0, NEEDS)))
    play.drained()
    play.turn()
    play.later(60 * 60)
    play.works(ID, "apply", "done")
    play.turn(2)
    assert play.ever("reboot")


def test_patching_15_a_pause_starts_nothing_and_finishes_what_is_in_hand() -> None:
    play = Play(plan(step(), step("w-2"), max_unavailable=2))
    play.puts(STEP, "admitted")
    play.sight.wishes |= {"pause"}
    play.turn(3)
    assert play.noted("paused")
    assert play.ever("claim")
    assert play.state("kernel@shop/w-2") == "waiting"
    play.sight.wishes = (play.sight.wishes - {"pause"}) | {"resume"}
    play.turn(2)
    assert play.state("kernel@shop/w-2") == "admitted"


def test_patching_15_a_pause_that_nobody_remembers_is_told_once_a_day_has_passed() -> None:
    play = Play(plan(step()))
    play.sight.wishes |= {"pause"}
    play.turn()
    play.later(24 * 3600 - 1)
    play.turn()
    assert not play.noted("overdue")
    play.later(2)
    play.turn(3)
    assert len(play.noted("overdue")) == 1


@pytest.mark.parametrize("wish", ["stop", "rollback"])
def test_patching_15_a_stop_gives_back_what_has_not_been_changed_and_ends(wish: str) -> None:
    play = Play(plan(step(), step("w-2")))
    play.turn(2)
    play.claimed()
    play.turn()
    play.sight.wishes |= {wish}
    play.turn(3)
    assert "release" in play.did()
    play.released()
    play.turn(3)
    assert play.state() == "waiting"
    assert play.state("kernel@shop/w-2") == "waiting"
    assert [each.what for each in play.journal.notes] == ["stopping", "stopped"]
    assert not play.ever("apply")


def test_patching_15_a_stop_finishes_a_change_that_has_begun() -> None:
    play = Play(plan(step(), step("w-2")))
    play.rebooting()
    play.sight.wishes |= {"stop"}
    play.later(60)
    play.show(ID, boot_id="boot-2", running={"linux": "6.1.100"})
    play.turn(3)
    play.later(1)
    play.turn(2)
    play.released()
    play.turn(2)
    assert play.state() == "done"
    assert play.noted("stopped")


def test_patching_15_a_stop_is_not_taken_back_when_the_wish_is() -> None:
    play = Play(plan(step()))
    play.sight.wishes |= {"stop"}
    play.turn()
    play.sight.wishes -= {"stop"}
    play.turn(3)
    assert play.noted("stopped")


@pytest.mark.parametrize(("failed", "limit", "stops"), [(1, 1, True), (1, 2, False), (2, 2, True)])
def test_patching_14_the_run_stops_at_as_many_failures_as_its_guardrail_says(
    failed: int, limit: int, stops: bool
) -> None:
    steps = [step(f"w-{number}") for number in range(1, 5)]
    play = Play(plan(*steps, stop=Stop(failed=limit, lost=9)))
    for number in range(failed):
        play.puts(steps[number].id, "undone" if number else "failed")
    play.turn(2)
    assert bool(play.noted("stopping")) is stops
    assert (play.state(steps[3].id) == "waiting") is True


def test_patching_14_an_alarm_of_the_guardrail_stops_the_run() -> None:
    play = Play(plan(step(), stop=Stop(failed=9, lost=9, alarms=("Outage",))))
    play.sight.alarms = frozenset({"Outage"})
    play.turn(2)
    assert [each.what for each in play.journal.notes] == ["stopping", "stopped"]
