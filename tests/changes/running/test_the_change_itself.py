"""The changes of a visit in tables: when they begin, are tried again, are given up or undone, and what follows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.changes.running.looks import ALL, DONE, NOW, OLD, Play, change, open_for, plan, step

from oakum.changes.plans import Change, Step
from oakum.changes.running.acts import Outcome
from oakum.changes.running.applying import reversed_of
from oakum.changes.running.observed import Etcd
from oakum.policy.entries import Drain
from oakum.policy.openings import Calendar

ID, STEP = "shop/w-1", "kernel@shop/w-1"
UNKNOWN = Outcome(result="unknown")
NOT_NOW = Outcome(result="refused", code="not-now", why="busy")
NEVER = Outcome(result="refused", code="never", why="it is read-only")
STOPS = "restoring: the run stops before its change (ending=waiting)"
UNDER_WAY = "the changes are under way"
AGAIN = "to be tried again: the lock is held"


def backwards(why: str) -> str:
    """The way back is taken for a reason."""
    return f"applying: {why} (failed={why}, way=back)"


def applying(made: Step | None = None, calendar: Calendar | None = None, /, **given: Any) -> Play:
    """A machine that is ours, and whose changes are to begin now. ``given`` are facts, and limits of the group."""
    limits = {name: given.pop(name) for name in ("serial", "drain", "members") if name in given}
    made = made or step()
    play = Play(plan(made, **limits), *(() if calendar is None else (calendar,)))
    play.puts(made.id, "applying", **given)
    play.claimed(made.subject.id, made.id, cordoned=bool(made.subject.cluster))
    return play


@pytest.mark.parametrize(
    ("number", "outcome", "work", "after", "said"),
    [
        (1, DONE, "running", 240, f"10 s: {UNDER_WAY}"),
        (1, DONE, "running", 2700, f"15 s: {UNDER_WAY}"),
        (1, DONE, "running", 2701, "60 s, held: the installation does not end: somebody has to look at the machine"),
        # What failed is tried again after a pause, which grows.
        (1, DONE, "failed", 0, f"60 s: {AGAIN}"),
        (1, DONE, "failed", 59, f"1 s: {AGAIN}"),
        (1, DONE, "failed", 60, "apply/2"),
        (2, DONE, "failed", 100, f"20 s: {AGAIN}"),
        (2, DONE, "failed", 120, "apply/3"),
        (3, DONE, "failed", 0, backwards("the lock is held")),
        # Without work to be seen: what was refused, what nobody knows of, and what was not begun after all.
        (1, NEVER, "", 0, backwards("refused: it is read-only")),
        (1, None, "", 0, "apply/1"),
        (1, UNKNOWN, "", 60, "apply/1"),
        (1, NOT_NOW, "", 60, "apply/2"),
        (1, DONE, "", 2200, "apply/2"),
        (3, NOT_NOW, "", 2101, "apply/4"),
        (4, NOT_NOW, "", 2100, "apply/5"),
        (4, NOT_NOW, "", 2101, backwards("it could not be begun")),
        (4, UNKNOWN, "", 2101, "apply/4"),
    ],
)
def test_changes_are_watched_tried_again_and_given_up(
    number: int, outcome: Outcome | None, work: str, after: float, said: str
) -> None:
    play = applying()
    play.meant("apply", number, outcome)
    if work:
        play.works(ID, "apply", work, "the lock is held")
    play.later(after)
    play.turn()
    assert play.said() == [said]


@pytest.mark.parametrize(
    ("facts", "number", "after", "said"),
    [
        ({"tries-apply": "2"}, 2, 10, "apply/3"),
        ({"tries-apply": "2"}, 3, 30, f"30 s: {AGAIN}"),
        ({"tries-apply": "2"}, 4, 30, f"90 s: {AGAIN}"),
        ({"tries-apply": "2"}, 5, 0, backwards("the lock is held")),
        ({"tries-undo": "2"}, 3, 0, backwards("the lock is held")),
        ({"tries-apply": "2", "way": "back"}, 1, 30, f"30 s: {AGAIN}"),
        ({"tries-undo": "1", "way": "back"}, 1, 10, "undo/2"),
    ],
)
def test_tries_of_an_earlier_visit_do_not_count_in_this_one(
    facts: dict[str, str], number: int, after: float, said: str
) -> None:
    play = applying(**facts)
    do = "undo" if "way" in facts else "apply"
    play.meant(do, number)
    play.works(ID, do, "failed", "the lock is held")
    play.later(after)
    play.turn()
    assert play.said() == [said]


def test_work_that_ended_in_the_future_by_a_clock_that_was_set_back_is_not_waited_for() -> None:
    play = applying()
    play.meant("apply")
    play.works(ID, "apply", "failed", "the lock is held")
    play.later(-2 * 3600)
    play.turn()
    assert play.said() == ["apply/2"]


@pytest.mark.parametrize(
    ("tried", "up", "after", "said"),
    [
        (True, False, 240, "10 s: it was begun, and the machine does not answer"),
        (True, False, 2095, "5 s: it was begun, and the machine does not answer"),
        (True, False, 2100, "1 s: it was begun, and the machine does not answer"),
        (True, False, 2101, "lost: it is out of service, and its changes were begun (left_in=applying, lost=true)"),
        (True, True, 2101, "1 s: it was begun, and the machine does not answer"),
        (False, False, 2101, "apply/1"),
    ],
)
def test_a_machine_is_lost_when_it_stays_away_after_its_changes_were_begun(
    tried: bool, up: bool, after: float, said: str
) -> None:
    play = applying()
    if tried:
        play.meant("apply")
    play.later(after)
    play.show(ID, up=up, scanned=NOW)
    play.turn()
    assert play.said() == [said]


# What held when the changes were meant is asked again where they were not begun then


@pytest.mark.parametrize(
    ("outcome", "resumed", "scanned", "work", "said"),
    [
        (None, 200, 300, "", STOPS),
        (None, 200, 200, "", STOPS),
        (UNKNOWN, 200, 300, "", STOPS),
        # Nobody has looked since then; it may have been begun.
        (None, 200, 199, "", "apply/1"),
        (None, 200, None, "", "apply/1"),
        # It was meant by whoever carries out the run now.
        (None, 100, 300, "", "apply/1"),
        (None, 50, 300, "", "apply/1"),
        # It was answered, or is seen.
        (DONE, 200, 300, "", "apply/2"),
        (NOT_NOW, 200, 300, "", "apply/2"),
        (None, 200, 300, "running", f"12.5 s: {UNDER_WAY}"),
    ],
)
def test_changes_of_which_nobody_knows_after_a_cut_are_begun_only_where_they_may_begin_anew(
    outcome: Outcome | None, resumed: float, scanned: float | None, work: str, said: str
) -> None:
    play = applying()
    play.later(100)
    play.meant("apply", 1, outcome)
    if work:
        play.works(ID, "apply", work)
    play.resumed(resumed)
    play.stops()
    play.later(200)
    play.show(ID, scanned=None if scanned is None else NOW + timedelta(seconds=scanned))
    play.turn()
    assert play.said() == [said]


def test_changes_that_were_meant_in_an_earlier_visit_are_begun_only_where_they_may_begin_anew() -> None:
    play = applying()
    play.meant("apply", 1, None)
    play.puts(STEP, "waiting")
    play.puts(STEP, "applying")
    play.stops()
    play.turn()
    assert play.said() == [STOPS]


@pytest.mark.parametrize(("before", "said"), [("1", STOPS), ("0", "apply/2")])
def test_changes_that_failed_in_an_earlier_visit_are_begun_only_where_they_may_begin_anew(
    before: str, said: str
) -> None:
    play = applying(**{"tries-apply": before})
    play.meant("apply")
    play.works(ID, "apply", "failed", "the lock is held")
    play.stops()
    play.later(60)
    play.turn()
    assert play.said() == [said]


def test_the_way_back_begins_also_when_the_run_stops() -> None:
    play = applying(way="back")
    play.stops()
    play.turn()
    assert play.said() == ["undo/1"]


HOST, ON_HOST = step("db", ""), "kernel@db"
UNRECORDED = "restoring: our record was taken away from the machine (ending=skipped)"
TAKEN = "restoring: somebody has taken our record away from it (ending=skipped, uncordoned=true)"
RESTARTS = "rebooting:  (boot=boot-1, boots=0, rebooted=true)"
NO_ROOM = "always: never open for as long as it takes"
UNCORDONED = "restoring: somebody has uncordoned it while it was drained (ending=skipped, uncordoned=true)"


@pytest.mark.parametrize(
    ("made", "seen", "said"),
    [
        (step(), {}, "apply/1"),
        (step(), {"claim": None}, TAKEN),
        (step(), {"cordoned": False}, UNCORDONED),
        (HOST, {}, "apply/1"),
        (HOST, {"claim": None}, UNRECORDED),
    ],
)
def test_nothing_is_changed_on_a_machine_that_is_no_longer_ours(made: Step, seen: dict[str, Any], said: str) -> None:
    play = applying(made)
    play.show(made.subject.id, **seen)
    play.turn()
    assert play.said(made.id) == [said]


@pytest.mark.parametrize(("minutes", "begins"), [(20, True), (19, False)])
def test_changes_begin_only_where_the_reboot_and_the_way_back_fit_the_window(minutes: int, begins: bool) -> None:
    play = applying(None, open_for((0, minutes)))
    play.turn()
    late = "restoring: the change does not fit any more: always: never open for as long as it takes (ending=waiting)"
    assert play.said() == ["apply/1" if begins else late]


@pytest.mark.parametrize(("way", "minutes", "begins"), [("", 25, True), ("", 24, False), ("back", 24, True)])
def test_changes_that_failed_are_tried_again_only_where_the_way_back_still_fits(
    way: str, minutes: int, begins: bool
) -> None:
    do = "undo" if way else "apply"
    play = applying(None, open_for((0, minutes)), **({"way": way} if way else {}))
    play.meant(do)
    play.works(ID, do, "failed", "the lock is held")
    play.later(300)
    play.turn()
    late = "the lock is held; another try does not fit any more: always: never open for as long as it takes"
    assert play.said() == [f"{do}/2" if begins else backwards(late)]


@pytest.mark.parametrize(
    ("made", "way", "minutes", "stops", "said"),
    [
        (HOST, "", 25, False, RESTARTS),
        (HOST, "", 24, False, f"300 s, held: its changes are made, and its restart does not fit any more: {NO_ROOM}"),
        (HOST, "", 24, True, backwards("the run stops before its restart")),
        # A node that is drained already is not kept empty, and a way back is taken at any time.
        (step(), "", 24, False, RESTARTS),
        (HOST, "back", 24, False, RESTARTS),
    ],
)
def test_a_machine_that_serves_is_restarted_only_where_that_fits_the_window(
    made: Step, way: str, minutes: int, stops: bool, said: str
) -> None:
    do, facts = ("undo", {"way": way, "rebooted": "true"}) if way else ("apply", {})
    play = applying(made, open_for((0, minutes)), **facts)
    play.meant(do, step=made.id)
    play.works(made.subject.id, do, "done")
    if stops:
        play.stops()
    play.later(300)
    play.turn()
    assert play.said(made.id) == [said]


SHAKY = "only 1 other member of etcd is healthy, and 2 are needed"


def member(healthy: bool, **facts: Any) -> Play:
    """A member of etcd whose changes are to begin; the others are a quorum or are not."""
    play = applying(serial=True, drain=Drain("drain", ALL, timeout=900), **facts)
    play.show(ID, running={"linux": OLD, "etcd": "3.5.15"})
    play.sight.members = Etcd(voters={ID: True, "shop/cp-2": True, "shop/cp-3": healthy})
    return play


@pytest.mark.parametrize(
    ("healthy", "after", "said"),
    [
        (True, 900, "apply/1"),
        (False, 24, f"1 s: {SHAKY}"),
        (False, 900, f"15 s: {SHAKY}"),
        (False, 901, f"restoring: {SHAKY} (ending=waiting)"),
    ],
)
def test_a_member_of_etcd_waits_for_the_others_as_long_as_a_drain_may_take(
    healthy: bool, after: float, said: str
) -> None:
    play = member(healthy)
    play.later(after)
    play.turn()
    assert play.said() == [said]


@pytest.mark.parametrize(("healthy", "said"), [(True, "undo/1"), (False, f"1 s: {SHAKY}")])
def test_the_way_back_of_a_member_of_etcd_waits_for_the_others_too(healthy: bool, said: str) -> None:
    play = member(healthy, way="back")
    play.turn()
    assert play.said() == [said]


@pytest.mark.parametrize("healthy", [True, False])
def test_the_reboot_of_a_member_of_etcd_waits_for_the_others_too(healthy: bool) -> None:
    play = member(healthy)
    play.meant("apply")
    play.works(ID, "apply", "done")
    play.turn()
    assert play.said() == ["rebooting:  (boot=boot-1, boots=0, rebooted=true)" if healthy else f"1 s: {SHAKY}"]


@pytest.mark.parametrize(("server", "begins"), [("1.32.1", True), ("1.31.4", False)])
def test_a_skew_that_came_about_during_the_drain_keeps_the_change_back(server: str, begins: bool) -> None:
    moved = change(kind="kubelet", component="kubelet", before="1.31.4", after="1.32.1", back="1.31.4", reboot=False)
    made = step(changes=(moved,), id="kubelet@shop/w-1")
    play = applying(made, serial=True, members=("shop/cp-1",))
    play.show("shop/cp-1", uid="cp-1", running={"kube-apiserver": server})
    play.turn()
    (said,) = play.said(made.id)
    assert (said == "apply/1") is begins
    assert begins or "1 s: " in said


# What is asked for


TWO = (
    change(kind="packages", component="openssl", before="1", after="2", back="1", reboot=False),
    change(kind="packages", component="curl", before="3", after="4", back="", reboot=False),
)


@pytest.mark.parametrize(
    ("facts", "own", "do", "changes", "parameters"),
    [
        ({}, True, "apply", TWO, {}),
        ({"way": "back"}, True, "undo", (reversed_of(TWO[0]),), {}),
        ({"way": "back"}, False, "undo", (reversed_of(TWO[1]), reversed_of(TWO[0])), {}),
        ({"way": "back", "copy": "its key"}, True, "undo", (), {"copy": "its key"}),
    ],
)
def test_the_changes_and_the_way_back_are_asked_for_in_their_order_of_the_machine_as_it_was_seen(
    facts: dict[str, str], own: bool, do: str, changes: tuple[Change, ...], parameters: dict[str, str]
) -> None:
    play = applying(step(changes=TWO) if own else step(changes=TWO, back=()), **facts)
    play.turn()
    (act,) = play.acts()
    assert (act.do, act.changes, act.parameters) == (do, changes, parameters)
    assert (act.uid, act.resource_version) == ("uid-w-1", "7")


@pytest.mark.parametrize(("back", "to"), [("1.1", "1.1"), ("", "1")])
def test_a_reversed_change_leads_to_the_version_of_its_way_back(back: str, to: str) -> None:
    found = reversed_of(change(before="1", after="2", back=back))
    assert (found.before, found.after, found.back) == ("2", to, "2")


UNDONE = "restoring: the lock is held (ending=failed, failed=the lock is held)"


@pytest.mark.parametrize(
    ("made", "facts", "said"),
    [
        (step(), {}, backwards("the lock is held")),
        (step(back=()), {}, UNDONE),
        (step(reversibility="needs-snapshot"), {}, UNDONE),
        (step(reversibility="forward-only"), {}, UNDONE),
        (step(reversibility="needs-snapshot"), {"copy": "its key"}, backwards("the lock is held")),
        (step(back=()), {"copy": "its key"}, backwards("the lock is held")),
        (
            step(), {"way": "back", "failed": "broken"},
            "restoring: broken; and the way back failed: the lock is held (ending=failed)",
        ),
        (step(), {"way": "back"}, "restoring: the lock is held (ending=failed)"),
    ],
)  # fmt: skip
def test_a_change_that_failed_is_undone_where_there_is_a_way_back(made: Step, facts: dict[str, str], said: str) -> None:
    play = applying(made, **facts)
    do = "undo" if "way" in facts else "apply"
    play.meant(do)
    play.works(ID, do, "failed", "the lock is held", for_good=True)
    play.turn()
    assert play.said() == [said]


# When they are made


@pytest.mark.parametrize(
    ("made", "facts", "seen", "said"),
    [
        (step(), {}, {}, "rebooting:  (boot=boot-1, boots=0, rebooted=true)"),
        (step(), {}, {"cordoned": False}, backwards("somebody has uncordoned it before its reboot")),
        (HOST, {}, {}, "rebooting:  (boot=boot-1, boots=0, rebooted=true)"),
        (step(changes=TWO), {}, {"cordoned": False}, "verifying:  (boot=boot-1)"),
        # What was undone before its reboot needs none, and after it needs another.
        (step(), {"way": "back"}, {}, "verifying:  (boot=boot-1)"),
        (step(), {"way": "back", "rebooted": "true"}, {}, "rebooting:  (boot=boot-1, boots=0, rebooted=true)"),
        (
            step(), {"way": "back", "rebooted": "true"}, {"cordoned": False},
            "rebooting:  (boot=boot-1, boots=0, rebooted=true)",
        ),
        (step(changes=TWO), {"way": "back", "rebooted": "true"}, {}, "verifying:  (boot=boot-1)"),
    ],
)  # fmt: skip
def test_what_follows_when_the_changes_are_made(
    made: Step, facts: dict[str, str], seen: dict[str, Any], said: str
) -> None:
    play = applying(made, **facts)
    do = "undo" if facts else "apply"
    play.meant(do, step=made.id)
    play.works(made.subject.id, do, "done")
    play.show(made.subject.id, **seen)
    play.turn()
    assert play.said(made.id) == [said]


def test_the_way_back_is_told_from_the_way_ahead_while_it_is_under_way() -> None:
    play = applying(way="back")
    play.meant("undo")
    play.works(ID, "undo", "running")
    play.later(240)
    play.turn()
    assert play.said() == ["10 s: the way back is under way"]
