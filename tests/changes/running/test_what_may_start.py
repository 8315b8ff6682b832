"""Admission in tables: limits, domains, windows and obstacles, and when each is asked again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.changes.running.looks import ALL, ALWAYS, NEW, NOW, OLD, Play, budget, change, open_for, plan, pod, step

from oakum.changes.plans import Override, Stop, Subject, Wave
from oakum.changes.running.actions import Rest
from oakum.changes.running.ladder import Due, due
from oakum.changes.running.windows import Windows
from oakum.policy.entries import Escalation
from oakum.policy.entries import Step as Rung

ID, STEP = "shop/w-1", "kernel@shop/w-1"
MANY = Stop(failed=99, lost=99)


def states(play: Play) -> str:
    """The first letters of the states of all steps."""
    return "".join(play.state(each)[0] for each in play.plan.steps)


# Limits


@pytest.mark.parametrize(
    ("most", "domains", "down", "started"),
    [
        (0, 9, (), "wwww"),
        (1, 9, (), "awww"),
        (2, 9, (), "aaww"),
        (9, 9, (), "aaaa"),
        (9, 1, (), "aaww"),
        (9, 2, (), "aaaw"),
        (2, 9, ("w-9",), "awww"),
        (1, 9, ("w-9",), "wwww"),
        (9, 1, ("w-9",), "wwww"),
        (9, 2, ("w-9",), "aaww"),
        (9, 2, ("w-9", "w-8"), "wwww"),
        (9, 9, ("w-9", "w-8"), "aaaa"),
    ],
)
def test_limits_count_whoever_is_out_of_service(most: int, domains: int, down: tuple[str, ...], started: str) -> None:
    steps = [step("w-1"), step("w-2"), step("w-3", domain="b"), step("w-4", domain="c")]
    names = ["w-1", "w-2", "w-3", "w-4", "w-8", "w-9"]
    domain_of = dict(zip([f"shop/{name}" for name in names], "aabcyz", strict=True))
    play = Play(plan(*steps, max_unavailable=most, max_domains=domains, domain_of=domain_of, members=tuple(domain_of)))
    for name in ("w-8", "w-9"):
        play.show(f"shop/{name}", uid=name, up=name not in down)
    play.turn()
    assert states(play) == started


@pytest.mark.parametrize("how", [{"up": False}, {"up": None}, {"cordoned": True}])
def test_a_member_is_out_of_service_when_it_is_down_unknown_or_cordoned(how: dict[str, Any]) -> None:
    play = Play(plan(step("w-1"), members=(ID, "shop/w-9"), domain_of={}))
    play.show("shop/w-9", uid="w-9", **how)
    play.turn()
    assert play.state() == "waiting"
    assert play.whys() == "shop/w-9 is out of service, at most 1 at a time"


def test_our_own_step_in_hand_holds_nothing_and_is_called_so() -> None:
    play = Play(plan(step("w-1"), step("w-2"), step("w-3"), max_unavailable=2))
    play.show("shop/w-3", up=False)
    play.turn()
    assert states(play) == "aww"
    rests = [each for each in play.turn() if isinstance(each, Rest) and each.about == "w1"]
    assert {each.why for each in rests} == {"shop/w-1 is in hand and shop/w-3 is out of service, at most 2 at a time"}
    # Nobody has to look at that: it goes on by itself, in the first turn as in the next.
    fresh = Play(plan(step("w-1"), step("w-2")))
    assert not [each for each in fresh.turn() if isinstance(each, Rest) and each.held]
    assert not [each for each in rests if each.held]


def test_machines_that_are_no_members_do_not_count() -> None:
    play = Play(plan(step("w-1")))
    play.show("shop/w-9", uid="w-9", up=False)
    play.turn()
    assert play.state() == "admitted"


def test_a_machine_that_takes_up_the_only_place_itself_is_left_out_in_the_end() -> None:
    play = Play(plan(step("w-1"), step("w-2"), stop=MANY))
    play.show("shop/w-2", cordoned=True)
    play.turn()
    assert states(play) == "ww"
    play.later(601)
    play.turn()
    assert play.state("kernel@shop/w-2") == "skipped"


def test_two_steps_are_never_at_work_on_one_machine() -> None:
    second = step("w-1", id="packages@shop/w-1", changes=(change(kind="packages", component="openssl", reboot=False),))
    waves = (Wave(id="w1", name="a", needs=(), steps=(step(),)), Wave(id="w2", name="b", needs=(), steps=(second,)))
    play = Play(plan(waves=waves, max_unavailable=9))
    play.show(ID, running={"linux": OLD, "openssl": OLD})
    play.turn()
    assert play.state() == "admitted"
    assert play.state("packages@shop/w-1") == "waiting"


def test_objects_of_a_serial_group_go_one_at_a_time() -> None:
    steps = []
    for name in ("dns", "proxy"):
        moved = change(kind="add-on", component=f"image/{name}", drain=False, reboot=False)
        subject = Subject(kind="object", cluster="shop", name=f"Deployment/kube-system/{name}", uid=name)
        steps.append(step(name, changes=(moved,), id=name, kind="set-object", subject=subject, domain=""))
    play = Play(plan(*steps, serial=True, max_unavailable=2))
    play.turn()
    assert states(play) == "aw"
    play = Play(plan(*steps, max_unavailable=2))
    play.turn()
    assert states(play) == "aa"


def test_a_wave_of_thousands_starts_no_more_than_the_limit_and_looks_at_no_more_than_it_needs() -> None:
    steps = [step(f"w-{number}") for number in range(300)]
    play = Play(plan(*steps, max_unavailable=40))
    play.turn(3)
    assert len(play.journal.active) == 40


# Windows


@pytest.mark.parametrize(
    ("spans", "seconds", "fits", "again"),
    [
        (((0, 60),), 3600, True, None),
        (((0, 60),), 3601, False, 60),
        (((10, 60),), 60, False, 10),
        (((-10, 5), (30, 90)), 600, False, 30),
        (((-10, 5), (5, 90)), 600, True, None),
        ((), 0, False, 60),
    ],
)
def test_a_window_that_does_not_fit_says_when_to_ask_again(
    spans: tuple[tuple[int, int], ...], seconds: int, fits: bool, again: int | None
) -> None:
    made = plan(step())
    found = Windows(made, open_for(*spans), NOW).fit(made.groups[0], seconds)
    assert found.fits is fits
    assert found.again == (None if again is None else NOW + timedelta(minutes=again))
    assert bool(found.why) is not fits


def test_of_several_calendars_the_last_one_to_open_decides() -> None:
    both = ((("always",), ()), (("never",), ()))
    made = plan(step(), calendars=both)
    assert Windows(made, open_for((5, 90)), NOW).fit(made.groups[0], 60).again == NOW + timedelta(minutes=60)
    assert Windows(plan(step(), calendars=()), ALWAYS, NOW).fit(plan(step(), calendars=()).groups[0], 1e6).fits


def test_a_wait_for_a_window_ends_when_it_opens() -> None:
    play = Play(plan(step()), open_for((90, 300)))
    (rest,) = [each for each in play.turn() if isinstance(each, Rest)]
    assert (rest.until, rest.held, rest.sharp) == (NOW + timedelta(minutes=90), True, True)


def test_an_override_without_an_end_that_is_reached_opens_nothing_for_longer() -> None:
    until = NOW + timedelta(seconds=100)
    override = Override(emergency="cve", reason="r", by=("a",), until=until, lifts=(), outside_windows=True)
    made = msgspec.structs.replace(plan(step(), calendars=()), override=override)
    windows = Windows(made, ALWAYS, NOW)
    assert windows.fit(made.groups[0], 100).fits
    assert not windows.fit(made.groups[0], 101).fits


# Obstacles


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        ({}, "admitted"),
        ({"uid": "other"}, "skipped"),
        ({"cordoned": True}, "waiting"),
        ({"up": None}, "waiting"),
        ({"scanned": None}, "waiting"),
        ({"scanned": NOW - timedelta(seconds=1)}, "waiting"),
        ({"running": {"linux": NEW}}, "skipped"),
        ({"running": {"linux": "6.1.95"}}, "skipped"),
        ({"running": {}}, "waiting"),
    ],
)
def test_what_lies_in_the_machine_itself(seen: dict[str, Any], state: str) -> None:
    play = Play(plan(step(), max_unavailable=2, members=()))
    play.show(ID, **seen)
    play.turn()
    assert play.state() == state
    assert not play.ever("claim")


@pytest.mark.parametrize(
    ("seen", "skipped"),
    [({"cordoned": True}, True), ({"up": False}, True), ({"running": {}}, True), ({"up": None}, False)],
)
def test_what_may_pass_is_waited_for_and_what_is_not_known_holds(seen: dict[str, Any], skipped: bool) -> None:
    play = Play(plan(step(), max_unavailable=2))
    for _ in range(70):
        play.show(ID, **seen)
        play.turn()
        play.later(10)
    assert (play.state() == "skipped") is skipped


@pytest.mark.parametrize(("found", "state"), [(False, "skipped"), (True, "waiting"), (None, "waiting")])
def test_a_machine_that_is_not_seen(found: bool | None, state: str) -> None:
    play = Play(plan(step()))
    play.hide(ID, found)
    play.turn()
    assert play.state() == state


def test_a_cluster_that_cannot_be_asked_leaves_nothing_out_however_long_that_lasts() -> None:
    play = Play(plan(step()))
    play.hide(ID, None)
    for _ in range(100):
        play.later(60)
        play.turn()
    assert play.state() == "waiting"


def test_an_obstacle_starts_its_time_anew_only_after_another_visit() -> None:
    play = Play(plan(step()))
    play.show(ID, cordoned=True)
    play.turn()
    play.later(500)
    play.show(ID, cordoned=False, up=False)
    play.turn()
    play.later(101)
    play.turn()
    assert play.state() == "skipped"


def test_only_pods_that_could_not_leave_ask_for_an_approval_to_force_them() -> None:
    ladder = Escalation("force", ALL, (Rung("wait", 60), Rung("force-evict")))
    play = Play(plan(step(), escalation=ladder))
    play.show(ID, cordoned=True)
    play.turn()
    play.later(61)
    play.turn()
    assert play.state() == "skipped"
    for pods, admitted in (([pod("web-1")], True), ([pod("web-1"), pod("naked", owners=())], False)):
        play = Play(plan(step(), escalation=ladder))
        play.sight.pods, play.sight.budgets, play.sight.replicas = pods, [budget(0)], 1
        play.turn()
        play.later(61)
        play.turn()
        assert play.state() == "waiting"
        play.sight.wishes |= {f"approve:{play.plan.hash}/{STEP}/force-evict"}
        play.turn()
        assert (play.state() == "admitted") is admitted


def test_a_ladder_that_stops_the_run_does_so_only_for_a_drain() -> None:
    ladder = Escalation("stop", ALL, (Rung("wait", 60), Rung("stop-and-report")))
    for blocked, stops in ((True, True), (False, False)):
        play = Play(plan(step(), escalation=ladder))
        if blocked:
            play.sight.pods = [pod("naked", owners=())]
        else:
            play.show(ID, cordoned=True)
        play.turn()
        play.later(61)
        play.turn()
        assert bool([each for each in play.noted("stopping") if each.about == STEP]) is stops


# Ladders

LADDER = Escalation(
    "l", ALL, (Rung("wait", 60), Rung("notify", roles=("a",)), Rung("wait", 30), Rung("notify"), Rung("force-evict"))
)


@pytest.mark.parametrize(
    ("seconds", "rung"),
    [
        (0, Due("wait", 60.0)),
        (59, Due("wait", 60.0)),
        (60, Due("wait", 90.0, (1,))),
        (89, Due("wait", 90.0, (1,))),
        (90, Due("force-evict", None, (1, 3))),
        (1e9, Due("force-evict", None, (1, 3))),
    ],
)
def test_the_rung_that_is_due(seconds: float, rung: Due) -> None:
    assert due(LADDER, seconds) == rung


def test_a_ladder_without_a_final_rung_ends_by_leaving_the_machine() -> None:
    assert due(Escalation("l", ALL, (Rung("wait", 60),)), 60).do == "skip-and-report"


# Afterwards


@pytest.mark.parametrize(("seconds", "limit", "stops"), [(899, 1, False), (901, 1, True), (901, 2, False)])
def test_a_changed_machine_that_stays_out_of_service_is_a_failure(seconds: int, limit: int, stops: bool) -> None:
    play = Play(plan(step(), step("w-2"), stop=Stop(failed=limit, lost=9)))
    play.puts(STEP, "done")
    play.show(ID, up=False, since=NOW, running={"linux": NEW})
    play.later(seconds)
    play.turn()
    assert bool(play.noted("stopping")) is stops


def test_a_wave_is_not_over_while_one_of_its_machines_is_out_of_service() -> None:
    play = Play(plan(step(), stop=Stop(failed=9, lost=9)))
    play.puts(STEP, "done")
    play.show(ID, up=False, since=NOW, running={"linux": NEW})
    play.later(60)
    play.turn()
    assert not play.noted("wave-over")
    play.show(ID, up=True)
    play.turn()
    assert play.noted("wave-over")


def test_a_machine_that_falls_out_of_service_when_it_is_given_back_is_not_done() -> None:
    play = Play(plan(step()))
    play.verified()
    play.turn()
    play.released()
    play.show(ID, up=False, since=play.sight.at)
    play.turn()
    assert play.state() == "restoring"
    play.later(901)
    play.turn()
    assert play.state() == "failed"
    play = Play(plan(step()))
    play.verified()
    play.turn()
    play.released()
    play.show(ID, up=False, since=play.sight.at)
    play.turn()
    play.later(60)
    play.show(ID, up=True)
    play.turn()
    assert play.state() == "done"
