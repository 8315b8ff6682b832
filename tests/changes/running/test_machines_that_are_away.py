"""Reboots, machines that are late, lost, gone or not to be seen, and what a turn has to look at."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.running.looks import DONE, RUN, Play, change, open_for, plan, step

from oakum.changes.plans import Step, Stop, Subject, Wave
from oakum.changes.running.acts import Outcome
from oakum.changes.running.next_actions import subjects
from oakum.changes.running.replacing import successor

ID, STEP = "shop/w-1", "kernel@shop/w-1"
MANY = Stop(failed=99, lost=99)
UNKNOWN = Outcome(result="unknown")
NOT_NOW = Outcome(result="refused", code="not-now", why="busy")
NEVER = Outcome(result="refused", code="never", why="it is read-only")
UNSEEN: Any = object()
ON, OFF, BOOTED = {"up": True}, {"up": False}, {"up": True, "boot_id": "boot-2"}
STARTS = {"up": False, "boot_id": "boot-2"}


def away(state: str, seen: Any, **facts: str) -> Play:
    """A machine in a state of its reboot, which was begun under boot-1."""
    play = Play(plan(step(), stop=MANY))
    play.puts(STEP, state, **({"boot": "boot-1", "boots": "0", "rebooted": "true"} | facts))
    play.claimed(**(seen if seen is not UNSEEN else {}))
    if seen is UNSEEN:
        play.hide(ID, None)
    return play


def backwards(why: str) -> str:
    """The way back is taken for a reason."""
    return f"applying: {why} (failed={why}, way=back)"


@pytest.mark.parametrize(
    ("number", "outcome", "facts", "seen", "after", "said"),
    [
        # It is asked for once, and again where it was refused or nobody knows and it goes on running.
        (0, None, {}, ON, 0, "reboot/1"),
        (0, None, {}, OFF, 0, "reboot/1"),
        (0, None, {}, UNSEEN, 24, "1 s: it does not answer"),
        (0, None, {}, UNSEEN, 2095, "5 s: it does not answer"),
        (1, None, {}, ON, 0, "reboot/1"),
        (1, None, {}, OFF, 48, "2 s: it reboots"),
        (1, None, {}, UNSEEN, 48, "2 s: it reboots"),
        (1, UNKNOWN, {}, ON, 60, "reboot/1"),
        (1, UNKNOWN, {}, UNSEEN, 48, "2 s: it reboots"),
        (1, NOT_NOW, {}, ON, 60, "reboot/2"),
        (1, NEVER, {}, ON, 0, backwards("the reboot was refused: it is read-only")),
        # It serves under its old boot id, by a kubelet that restarted or because nothing has happened.
        (1, DONE, {}, ON, 240, "10 s: it reboots"),
        (1, DONE, {}, ON, 601, "reboot/2"),
        (2, DONE, {}, ON, 601, backwards("it was asked to reboot and goes on running")),
        (2, DONE, {"tries-reboot": "1"}, ON, 601, "reboot/3"),
        (3, DONE, {"tries-reboot": "1"}, ON, 601, backwards("it was asked to reboot and goes on running")),
        # A machine that does not tell its boot id has not rebooted.
        (1, DONE, {}, {"up": True, "boot_id": ""}, 240, "10 s: it reboots"),
        # Late by what the slow ones of its class take.
        (1, DONE, {}, OFF, 599, "1 s: it reboots"),
        (1, DONE, {}, OFF, 600, "late: it takes longer than the slow ones of its class"),
        (1, DONE, {}, ON, 600, "late: it takes longer than the slow ones of its class"),
    ],
)
def test_a_reboot_is_asked_for_and_waited_for(
    number: int, outcome: Outcome | None, facts: dict[str, str], seen: Any, after: float, said: str
) -> None:
    play = away("rebooting", seen, **facts)
    if number:
        play.meant("reboot", number, outcome)
    play.later(after)
    play.turn()
    assert play.said() == [said]
    if said.startswith("reboot/"):
        assert (play.acts()[-1].boot_id, play.acts()[-1].resource_version) == ("boot-1", "7")


HOST = step("db", "")
LATE = "its restart does not fit any more: always: never open for as long as it takes"


@pytest.mark.parametrize(
    ("made", "minutes", "way", "said"),
    [
        (HOST, 20, "", "reboot/2"),
        (HOST, 19, "", f"applying: {LATE} (rebooted=)"),
        # A node that is drained already is not kept empty, and a way back is taken at any time.
        (step(), 19, "", "reboot/2"),
        (HOST, 19, "back", "reboot/2"),
    ],
)
def test_a_machine_that_serves_is_asked_to_restart_again_only_where_that_fits_the_window(
    made: Step, minutes: int, way: str, said: str
) -> None:
    play = Play(plan(made, stop=MANY), open_for((0, 1 + minutes)))
    play.puts(made.id, "rebooting", boot="boot-1", boots="0", rebooted="true", **({"way": way} if way else {}))
    play.claimed(made.subject.id, made.id, cordoned=bool(made.subject.cluster))
    play.meant("reboot", 1, NOT_NOW, step=made.id)
    play.later(60)
    play.turn()
    assert play.said(made.id) == [said]


@pytest.mark.parametrize(
    ("seen", "after", "said"),
    [
        (OFF, 1499, "1 s: it is late"),
        (UNSEEN, 240, "10 s: it is late"),
        (OFF, 1500, "lost: it did not come back from its reboot (left_in=rebooting, lost=true)"),
        (BOOTED, 0, "verifying:  (booted=boot-2, boots=1, lost=)"),
        (STARTS, 0, "late: it starts (booted=boot-2, boots=1)"),
    ],
)
def test_a_late_machine_is_waited_for_until_it_counts_as_lost(seen: Any, after: float, said: str) -> None:
    play = away("rebooting", seen)
    play.meant("reboot")
    play.puts(STEP, "late")
    play.later(after)
    play.turn()
    assert play.said() == [said]


@pytest.mark.parametrize(
    ("state", "facts", "seen", "after", "said"),
    [
        ("rebooting", {}, BOOTED, 0, "verifying:  (booted=boot-2, boots=1, lost=)"),
        ("rebooting", {"boots": "1"}, BOOTED, 0, "verifying:  (booted=boot-2, boots=2, lost=)"),
        ("rebooting", {"booted": "boot-2", "boots": "1"}, BOOTED, 0, "verifying:  (booted=boot-2, boots=1, lost=)"),
        ("rebooting", {}, STARTS, 0, "rebooting: it starts (booted=boot-2, boots=1)"),
        ("lost", {}, STARTS, 0, "rebooting: it starts (booted=boot-2, boots=1)"),
        ("rebooting", {"booted": "boot-2", "boots": "1"}, STARTS, 48, "2 s: it reboots"),
        ("late", {"booted": "boot-2", "boots": "1"}, STARTS, 48, "2 s: it is late"),
        ("lost", {"booted": "boot-2", "boots": "1"}, STARTS, 48, "2 s: it is lost"),
        # Three boots may be, the fourth is a loop.
        ("rebooting", {"booted": "boot-9", "boots": "2"}, BOOTED, 0, "verifying:  (booted=boot-2, boots=3, lost=)"),
        ("rebooting", {"booted": "boot-9", "boots": "3"}, BOOTED, 0, backwards("it restarted 4 times")),
    ],
)
def test_what_has_booted_is_looked_at_unless_it_boots_again_and_again(
    state: str, facts: dict[str, str], seen: Any, after: float, said: str
) -> None:
    play = away(state, seen, **facts)
    play.later(after)
    play.turn()
    assert play.said() == [said]


NO_RETURN = "restoring: it did not come back (ending=failed, failed=it did not come back)"


@pytest.mark.parametrize(
    ("stops", "facts", "seen", "after", "said"),
    [
        (False, {}, OFF, 240, "10 s: it is lost"),
        (False, {}, UNSEEN, 8395, "5 s: it is lost"),
        (False, {}, OFF, 8400, "1 s: it is lost"),
        (False, {}, OFF, 8401, NO_RETURN),
        (True, {}, OFF, 0, NO_RETURN),
        (True, {"failed": "broken"}, UNSEEN, 0, "restoring: broken (ending=failed, failed=broken)"),
        (False, {"left_in": "verifying"}, ON, 0, "verifying: it is back (lost=)"),
        (False, {"left_in": "applying"}, ON, 0, "applying: it is back (lost=)"),
        (False, {"left_in": "applying"}, OFF, 24, "1 s: it is lost"),
        # Which boot it serves under is not known.
        (False, {"left_in": "applying"}, {"up": True, "boot_id": ""}, 24, "1 s: it is lost"),
    ],
)
def test_a_lost_machine_keeps_its_place_until_it_is_back_or_given_up(
    stops: bool, facts: dict[str, str], seen: Any, after: float, said: str
) -> None:
    play = away("lost", seen, **facts)
    if stops:
        play.stops()
    play.later(after)
    play.turn()
    assert play.said() == [said]


# Not to be seen, and gone


@pytest.mark.parametrize(
    ("state", "after", "said"),
    [
        ("draining", 9000, "15 s: it could not be looked at"),
        ("applying", 2100, "15 s: it could not be looked at"),
        ("applying", 2101, "lost: it could not be looked at for a long time (left_in=applying, lost=true)"),
        ("verifying", 2101, "lost: it could not be looked at for a long time (left_in=verifying, lost=true)"),
    ],
)
def test_a_machine_that_cannot_be_looked_at_is_lost_once_its_changes_have_begun(
    state: str, after: float, said: str
) -> None:
    play = away(state, UNSEEN)
    play.later(after)
    play.turn()
    assert play.said() == [said]


GONE, OTHER = "it does not exist any more", "another machine has its name now"


@pytest.mark.parametrize(
    ("state", "facts", "other", "said"),
    [
        ("admitted", {}, False, f"skipped: {GONE}"),
        ("admitted", {}, True, f"skipped: {OTHER}"),
        ("draining", {}, False, f"skipped: {GONE}"),
        ("applying", {}, False, f"failed: {GONE}"),
        ("applying", {"failed": "broken"}, True, "failed: broken"),
        ("soaking", {}, True, f"failed: {OTHER}"),
        ("restoring", {"ending": "skipped"}, False, f"skipped: {GONE}"),
        ("restoring", {"ending": "waiting"}, False, f"skipped: {GONE}"),
        ("restoring", {"ending": "done"}, False, f"failed: {GONE}"),
        ("verifying", {"ending": "waiting"}, False, f"failed: {GONE}"),
    ],
)
def test_what_is_owed_to_a_machine_goes_with_it(state: str, facts: dict[str, str], other: bool, said: str) -> None:
    play = Play(plan(step(), stop=MANY))
    play.puts(STEP, state, **facts)
    if other:
        play.show(ID, uid="another")
    else:
        play.hide(ID, False)
    # Whatever has the name that a successor would have is nothing to a visit.
    play.show(successor(RUN, STEP, step().subject).id, uid="new")
    play.turn()
    assert play.said() == [said]


def replacement() -> Play:
    """A node that is to be replaced."""
    return Play(plan(step(kind="replace", reboot=False, changes=(change(reboot=False),)), stop=MANY))


NEW = successor(RUN, STEP, step().subject)
LEFT = f"the new machine {NEW.name} is in service beside the old one"


@pytest.mark.parametrize(
    ("state", "facts", "new", "said"),
    [
        ("admitted", {}, None, [f"skipped: {GONE}"]),
        ("admitted", {}, OFF, ["delete-node/new/1"]),
        ("draining", {"new": NEW.name}, OFF, [f"noted handed-over: {LEFT}", "restoring:  (left=true)"]),
        ("draining", {}, ON, [f"noted handed-over: {LEFT}", "restoring:  (left=true)"]),
        ("restoring", {"ending": "skipped"}, OFF, ["delete-node/new/1"]),
        ("restoring", {"ending": "skipped", "left": "true"}, OFF, [f"skipped: {GONE}"]),
        ("restoring", {"ending": "skipped", "left": "true"}, ON, [f"skipped: {GONE}"]),
        ("restoring", {"ending": "failed", "left": "true"}, ON, [f"failed: {GONE}"]),
    ],
)
def test_the_new_machine_of_a_node_that_is_gone_is_deleted_or_left_to_people(
    state: str, facts: dict[str, str], new: dict[str, Any] | None, said: list[str]
) -> None:
    play = replacement()
    play.puts(STEP, state, **facts)
    play.hide(ID, False)
    if new is not None:
        play.show(NEW.id, uid="new", **new)
    play.turn()
    assert play.said() == said


def test_a_new_machine_is_not_begun_while_the_old_one_is_not_seen() -> None:
    play = replacement()
    play.puts(STEP, "admitted")
    play.hide(ID, None)
    play.turn()
    assert play.said() == ["15 s: it could not be looked at"]


def test_a_visit_does_not_ask_after_a_new_machine_when_it_ends() -> None:
    play = Play(plan(step(), stop=MANY))
    play.puts(STEP, "restoring", ending="skipped")
    play.hide(NEW.id, None)
    play.later(1)
    play.turn()
    assert play.state() == "skipped"


# What a turn does beside the visits


def test_nothing_starts_in_the_turn_in_which_a_gate_stops_the_run() -> None:
    both = (
        Wave(id="w1", name="a", needs=(), steps=(step("w-1"),)),
        Wave(id="w2", name="b", needs=(), steps=(step("w-2"),)),
    )
    last = Wave(id="w3", name="c", needs=("w1",), steps=(step("w-3"),))
    play = Play(plan(waves=(*both, last), stop=MANY))
    play.puts(STEP, "skipped", "cordoned")
    play.turn()
    assert play.noted("stopping")
    assert play.state("kernel@shop/w-2") == "waiting"
    play = Play(plan(waves=both, stop=MANY))
    play.puts(STEP, "done")
    play.show(ID, running={"linux": "6.1.100"})
    play.turn()
    assert play.noted("wave-over")
    assert play.state("kernel@shop/w-2") == "admitted"


def test_a_run_ends_only_when_nothing_is_in_flight() -> None:
    play = Play(plan(step(), stop=MANY))
    play.puts(STEP, "done")
    play.show(ID, running={"linux": "6.1.100"})
    play.turn()
    assert [each.what for each in play.journal.notes] == ["wave-over"]
    play.turn()
    assert [each.what for each in play.journal.notes] == ["wave-over", "done"]


def looked_at(play: Play) -> set[str]:
    """What the next turn has to look at."""
    return set(subjects(play.compiled, play.journal))


def test_a_turn_looks_at_what_is_in_flight_what_may_start_and_what_their_rules_ask_about() -> None:
    names = [f"w-{number}" for number in range(1, 5)]
    waves = (
        Wave(id="w1", name="a", needs=(), steps=tuple(step(name) for name in names)),
        Wave(id="w2", name="b", needs=("w1",), steps=(step("w-9"),)),
    )
    play = Play(plan(waves=waves, stop=MANY))
    assert looked_at(play) == {f"shop/{name}" for name in names}
    play.puts("kernel@shop/w-1", "applying")
    play.puts("kernel@shop/w-2", "waiting", "cordoned")
    play.puts("kernel@shop/w-3", "lost")
    play.puts("kernel@shop/w-3", "failed")
    assert looked_at(play) == {f"shop/{name}" for name in names}
    play.puts("kernel@shop/x", "applying")
    play.puts("kernel@shop/w-4", "done")
    assert looked_at(play) == {f"shop/{name}" for name in names[:3]}
    play.stops()
    assert looked_at(play) == {"shop/w-1", "shop/w-3"}


def test_a_turn_looks_at_a_wave_whose_steps_are_over() -> None:
    play = Play(plan(step(), stop=MANY))
    assert looked_at(play) == {ID}
    play.puts(STEP, "done")
    assert looked_at(play) == {"w1"}


def test_a_turn_looks_at_the_control_plane_beside_its_machines_and_at_new_machines() -> None:
    play = Play(plan(step(), members=(ID, "shop/cp-1", "blog/cp-1"), serial=True))
    assert looked_at(play) == {ID, "shop/cp-1"}
    assert looked_at(replacement()) == {ID, NEW.id}


def test_a_new_machine_is_named_after_the_old_one_its_run_and_its_step() -> None:
    subject = Subject(kind="machine", cluster="shop", name="w-1", uid="u")
    assert successor("run-1", "kernel@shop/w-1", subject).id == "shop/w-1-1b5521"
    assert successor("run-2", "kernel@shop/w-1", subject).id != "shop/w-1-1b5521"


def test_a_machine_that_has_only_now_agreed_to_restart_is_waited_for() -> None:
    """It serves for a moment still. Given up at once, its place would be free while it goes down."""
    play = away("late", ON)
    play.later(900)
    play.meant("reboot", 2, DONE)
    play.later(1)
    play.turn()
    assert play.said()[0].endswith("it is late")
    play.later(601)
    play.turn()
    assert play.said() == [backwards("it was asked to reboot and goes on running")]
