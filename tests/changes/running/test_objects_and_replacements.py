"""Objects and replacements in tables: what each state does, waits for, and ends as."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.changes.running.looks import ALL, DONE, NEW, NOW, OLD, RUN, Play, change, open_for, plan, step

from oakum.changes.plans import Change, Stop, Subject
from oakum.changes.running.acts import Outcome
from oakum.changes.running.applying import reversed_of
from oakum.changes.running.observed import Etcd
from oakum.changes.running.replacing import successor
from oakum.policy.entries import Gate

ID, STEP = "shop/w-1", "kernel@shop/w-1"
OBJECT, DNS = "shop/Deployment/kube-system/dns", "add-on@shop/Deployment/kube-system/dns"
MANY = Stop(failed=99, lost=99)
UNKNOWN = Outcome(result="unknown")
NOT_NOW = Outcome(result="refused", code="not-now", why="busy")
NEVER = Outcome(result="refused", code="never", why="invalid")
AFTER = {"running": {"image/dns": "1.12"}}
DIFFERS = "image/dns is at 1.11, not 1.12"
MOVED = change(
    kind="add-on", component="image/dns", before="1.11", after="1.12", back="1.11", drain=False, reboot=False,
)  # fmt: skip


def rollout(state: str, *changes: Change, uid: str = "dns", calendar: Any = None, **given: Any) -> Play:
    """A Deployment whose step is in a state. ``given`` are facts, and limits of the group."""
    limits = {name: given.pop(name) for name in ("gate", "soak_node") if name in given}
    back = {"back": given.pop("back")} if "back" in given else {}
    subject = Subject(kind="object", cluster="shop", name="Deployment/kube-system/dns", uid=uid)
    made = step("dns", changes=changes or (MOVED,), id=DNS, kind="set-object", subject=subject, domain="", **back)
    play = Play(plan(made, serial=True, stop=MANY, **limits), *(() if calendar is None else (calendar,)))
    play.puts(DNS, state, **given)
    return play


@pytest.mark.parametrize(
    ("state", "hidden", "uid", "said"),
    [
        ("admitted", True, None, "15 s: it could not be looked at"),
        ("admitted", False, None, "skipped: it does not exist any more"),
        ("verifying", True, None, "15 s: it could not be looked at"),
        ("verifying", False, None, "failed: it does not exist any more"),
        ("admitted", None, "other", "skipped: another object has its name now"),
        ("verifying", None, "other", "failed: another object has its name now"),
    ],
)
def test_an_object_that_is_gone_or_another_one_ends_its_step(
    state: str, hidden: bool | None, uid: str | None, said: str
) -> None:
    play = rollout(state)
    if uid is None:
        play.hide(OBJECT, None if hidden else False)
    else:
        play.show(OBJECT, uid=uid)
    play.turn()
    assert play.said(DNS) == [said]


def test_an_object_whose_uid_the_plan_does_not_know_is_known_by_its_name() -> None:
    play = rollout("admitted", uid="")
    play.show(OBJECT, uid="whatever")
    play.turn()
    assert play.said(DNS) == ["applying: "]
    play = rollout("waiting", uid="")
    play.show(OBJECT, uid="whatever")
    play.turn()
    assert play.said(DNS) == ["admitted: " + play.said(DNS)[0].removeprefix("admitted: ")]


def backwards(why: str) -> str:
    """The way back is taken for a reason."""
    return f"applying: {why} (failed={why}, way=back)"


@pytest.mark.parametrize(
    ("number", "outcome", "facts", "seen", "stops", "after", "said"),
    [
        (0, None, {}, {}, False, 0, "apply/1"),
        (1, DONE, {}, {}, False, 0, "verifying: "),
        (1, NEVER, {}, {}, False, 0, backwards("refused: invalid")),
        (1, NOT_NOW, {}, {}, False, 60, "apply/2"),
        (1, NOT_NOW, {}, AFTER, False, 60, "apply/2"),
        # Nobody knows what became of it: what is seen decides.
        (1, None, {}, {}, False, 0, "apply/1"),
        (1, None, {}, AFTER, False, 0, "verifying: "),
        (1, UNKNOWN, {}, {}, False, 60, "apply/1"),
        (1, UNKNOWN, {}, AFTER, False, 0, "verifying: "),
        # A run that stops begins nothing, and finishes what was begun and what is on its way back.
        (0, None, {}, {}, True, 0, "waiting: "),
        (1, UNKNOWN, {}, {}, True, 60, "apply/1"),
        (0, None, {"way": "back"}, {}, True, 0, "undo/1"),
        (0, None, {"way": "back"}, AFTER, False, 0, "undo/1"),
    ],
)
def test_the_new_version_of_an_object_is_set(
    number: int,
    outcome: Outcome | None,
    facts: dict[str, str],
    seen: dict[str, Any],
    stops: bool,
    after: float,
    said: str,
) -> None:
    play = rollout("applying", **facts)
    if number:
        play.meant("apply", number, outcome, step=DNS)
    if stops:
        play.stops()
    play.show(OBJECT, **seen)
    play.later(after)
    play.turn()
    assert play.said(DNS) == [said]
    if "/" in said:
        assert play.acts()[-1].resource_version == "7"


@pytest.mark.parametrize(("minutes", "said"), [(30, "apply/1"), (24, "waiting: ")])
def test_the_change_of_an_object_does_not_begin_after_its_window(minutes: int, said: str) -> None:
    play = rollout("applying", calendar=open_for((0, minutes)))
    play.turn()
    assert play.said(DNS) == [said]


SECOND = msgspec.structs.replace(MOVED, component="image/sidecar", back="")


@pytest.mark.parametrize(
    ("facts", "changes"),
    [
        ({}, (MOVED, SECOND)),
        ({"way": "back"}, (reversed_of(MOVED),)),
        ({"way": "back", "back": ()}, (reversed_of(MOVED), reversed_of(SECOND))),
    ],
)
def test_an_object_is_set_to_what_the_plan_says_and_back(facts: dict[str, Any], changes: tuple[Change, ...]) -> None:
    play = rollout("applying", MOVED, SECOND, **facts)
    play.turn()
    assert play.acts()[-1].changes == changes


@pytest.mark.parametrize(
    ("within", "seen", "after", "said"),
    [
        (900, {"up": False}, 24, f"1 s: {DIFFERS}"),
        (900, {"up": True}, 24, f"1 s: {DIFFERS}"),
        (900, {"up": False, **AFTER}, 24, "1 s: its pods are being replaced"),
        (900, {"up": True, "at": NOW, **AFTER}, 24, "restoring:  (ending=done)"),
        (900, {"up": False}, 899, f"1 s: {DIFFERS}"),
        (900, {"up": False}, 900, backwards(DIFFERS)),
        (900, {"up": False, **AFTER}, 900, backwards("its rollout did not end")),
        # The longer of what it takes and what its gate gives it.
        (1200, {"up": False}, 1199, f"1 s: {DIFFERS}"),
        (1200, {"up": False}, 1200, backwards(DIFFERS)),
        (60, {"up": False}, 899, f"1 s: {DIFFERS}"),
    ],
)
def test_a_rollout_is_waited_for(within: int, seen: dict[str, Any], after: float, said: str) -> None:
    play = rollout("verifying", gate=Gate("gate", ALL, ready_within=within))
    play.later(after)
    play.show(OBJECT, **seen)
    play.turn()
    assert play.said(DNS) == [said]


def test_a_look_from_before_the_new_version_was_set_shows_nothing() -> None:
    play = rollout("applying")
    play.later(60)
    play.puts(DNS, "verifying")
    play.later(24)
    play.show(OBJECT, at=NOW, **AFTER)
    play.turn()
    assert play.said(DNS) == ["1 s: it was not looked at since"]


@pytest.mark.parametrize(
    ("soak", "seen", "after", "said"),
    [
        ("600", AFTER, 0, "30 s: it is watched"),
        ("600", AFTER, 585, "15 s: it is watched"),
        ("600", AFTER, 598, "5 s: it is watched"),
        ("600", AFTER, 600, "done: "),
        ("600", {}, 585, "15 s: it is watched"),
        ("600", {}, 600, f"failed: it did not stay: {DIFFERS}"),
        ("600", {"up": False, **AFTER}, 600, backwards("its pods did not stay available")),
        ("0", {"up": False, **AFTER}, 0, "done: "),
    ],
)
def test_an_object_is_watched_after_its_rollout(soak: str, seen: dict[str, Any], after: float, said: str) -> None:
    play = rollout("soaking", soak=soak)
    play.show(OBJECT, **seen)
    play.later(after)
    play.turn()
    assert play.said(DNS) == [said]


@pytest.mark.parametrize(
    ("ending", "said"),
    [("done", "soaking:  (soak=60)"), ("undone", "undone: why"), ("failed", "failed: why"), ("", "failed: why")],
)
def test_the_step_of_an_object_ends_as_its_rollout_or_its_way_back_did(ending: str, said: str) -> None:
    play = rollout("applying", soak_node=60)
    play.puts(DNS, "restoring", "why", **({"ending": ending} if ending else {}))
    play.turn()
    assert play.said(DNS) == [said]


# Replacements

NEW_ONE = successor(RUN, STEP, step().subject)
COMES_UP = "the new machine comes up"
PROVEN = {"uid": "new", "up": True, "running": {"linux": NEW}}


def replaced(state: str, calendar: Any = None, **given: Any) -> Play:
    """A node that is replaced, in a state. ``given`` are facts, and limits of the group."""
    limits = {name: given.pop(name) for name in ("serial", "soak_node") if name in given}
    made = step(kind="replace", reboot=False, changes=(change(reboot=False),))
    play = Play(plan(made, stop=MANY, **limits), *(() if calendar is None else (calendar,)))
    play.puts(STEP, state, **given)
    return play


@pytest.mark.parametrize(
    ("number", "outcome", "work", "new", "after", "said"),
    [
        (0, None, "", None, 0, "create-node/1"),
        (1, None, "", None, 0, "create-node/1"),
        (1, NEVER, "", None, 0, "restoring: no new machine can be made: invalid (ending=skipped)"),
        (1, NOT_NOW, "", None, 60, "create-node/2"),
        (1, DONE, "running", None, 48, f"2 s: {COMES_UP}"),
        (1, DONE, "done", None, 48, f"2 s: {COMES_UP}"),
        (1, DONE, "failed", None, 48, "create-node/2"),
        (2, DONE, "failed", None, 48, "create-node/3"),
        (3, DONE, "failed", None, 0, "restoring: no new machine could be made: no quota (ending=skipped)"),
        (3, NOT_NOW, "", None, 60, "create-node/4"),
        (1, DONE, "", {"up": False}, 48, f"2 s: {COMES_UP}"),
        (1, DONE, "failed", {"up": False}, 48, f"2 s: {COMES_UP}"),
        (1, DONE, "", {**PROVEN, "running": {"linux": OLD}}, 48, f"2 s: {COMES_UP}"),
        (1, DONE, "", {**PROVEN, "scanned": None}, 48, f"2 s: {COMES_UP}"),
        (1, DONE, "", PROVEN, 48, f"admitted:  (new={NEW_ONE.name}, new-uid=new)"),
        (1, DONE, "running", None, 2995, f"5 s: {COMES_UP}"),
        (1, DONE, "running", None, 3000, f"1 s: {COMES_UP}"),
        (
            1, DONE, "running", None, 3001,
            "restoring: the new machine did not come into service as it should (ending=skipped)",
        ),
    ],
)  # fmt: skip
def test_a_new_machine_is_made_and_waited_for(
    number: int, outcome: Outcome | None, work: str, new: dict[str, Any] | None, after: float, said: str
) -> None:
    play = replaced("admitted")
    if number:
        play.meant("create-node", number, outcome)
    if work:
        play.works(ID, "create-node", work, "no quota")
    play.later(after)
    if new is not None:
        play.show(NEW_ONE.id, **({"uid": "new"} | new))
    play.turn()
    assert play.said() == [said]


def test_a_new_machine_that_was_scanned_before_its_step_began_is_not_proven_by_that() -> None:
    play = replaced("admitted")
    play.later(60)
    play.puts(STEP, "admitted")
    play.later(24)
    play.show(NEW_ONE.id, **PROVEN, scanned=NOW)
    play.turn()
    assert play.said() == [f"1 s: {COMES_UP}"]


def test_a_new_machine_that_was_asked_for_is_not_asked_for_again_before_a_look() -> None:
    play = replaced("admitted")
    play.meant("create-node")
    play.later(48)
    play.show(ID, scanned=NOW)
    play.turn()
    assert play.said() == ["2 s: a new machine was asked for"]


def test_no_new_machine_is_made_when_the_run_stops_or_it_does_not_fit_its_window() -> None:
    play = replaced("admitted")
    play.stops()
    play.turn()
    assert play.said() == ["restoring: the run stops before its change (ending=waiting)"]
    play = replaced("admitted", open_for((0, 20)))
    play.turn()
    assert play.said() == ["create-node/1"]
    play = replaced("admitted", open_for((0, 19)))
    play.turn()
    late = "it does not fit any more: always: never open for as long as it takes"
    assert play.said() == [f"restoring: {late} (ending=waiting)"]


def test_a_machine_is_deleted_as_it_was_seen() -> None:
    play = replaced("applying")
    play.claimed()
    play.turn()
    assert play.said() == ["delete-node/uid-w-1/1"]
    assert play.acts()[-1].resource_version == "7"


def test_a_deletion_that_is_refused_is_tried_again_after_a_pause_under_a_key_of_its_own() -> None:
    play = replaced("applying")
    play.claimed()
    play.answers["delete-node"] = NOT_NOW
    play.turn()
    play.turn()
    assert play.said() == ["5 s: delete-node: busy"]
    play.later(5)
    play.turn()
    assert play.said() == ["delete-node/uid-w-1/2"]
    assert len({each.key for each in play.acts()}) == 2


def test_a_deletion_that_was_begun_is_carried_through_when_the_run_stops() -> None:
    for begun, said in (
        (True, "delete-node/uid-w-1/1"),
        (False, "restoring: the run stops before its change (ending=waiting)"),
    ):
        play = replaced("applying")
        play.claimed()
        if begun:
            play.meant("delete-node", 1, UNKNOWN, uid="uid-w-1")
        play.stops()
        play.later(60)
        play.turn()
        assert play.said() == [said]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([NOT_NOW], "restoring: the run stops before its change (ending=waiting)"),
        ([NOT_NOW, NOT_NOW], "restoring: the run stops before its change (ending=waiting)"),
        # Once it was answered as done it is on its way, whatever is said later.
        ([DONE, NOT_NOW], "delete-node/uid-w-1/3"),
        ([NOT_NOW, UNKNOWN], "delete-node/uid-w-1/2"),
        ([None], "delete-node/uid-w-1/1"),
    ],
)
def test_a_machine_whose_deletion_was_only_refused_is_given_back_when_the_run_stops(
    answers: list[Outcome | None], said: str
) -> None:
    play = replaced("applying")
    play.claimed()
    for number, answer in enumerate(answers, 1):
        play.meant("delete-node", number, answer, uid="uid-w-1")
    play.stops()
    play.later(120)
    play.turn()
    assert play.said() == [said]


@pytest.mark.parametrize(
    ("healthy", "said"),
    [(True, "delete-node/uid-w-1/1"), (False, "1 s: only 1 other member of etcd is healthy, and 2 are needed")],
)
def test_a_member_of_etcd_is_deleted_only_while_the_others_are_a_quorum(healthy: bool, said: str) -> None:
    play = replaced("applying", serial=True)
    play.claimed()
    play.sight.members = Etcd(voters={ID: True, "shop/cp-2": True, "shop/cp-3": healthy})
    play.turn()
    assert play.said() == [said]


@pytest.mark.parametrize(
    ("hidden", "uid", "said"),
    [
        (True, "", "1 s: whether it is gone is not seen"),
        (False, "", "verifying: "),
        (None, "another", "verifying: "),
    ],
)
def test_a_machine_is_gone_when_it_is_known_not_to_be_there(hidden: bool | None, uid: str, said: str) -> None:
    play = replaced("applying")
    if uid:
        play.show(ID, uid=uid)
    else:
        play.hide(ID, None if hidden else False)
    play.turn()
    assert play.said() == [said]


LOOKED_AT = "the new machine is looked at"
FELL = "the new machine fell out of service"


@pytest.mark.parametrize(
    ("new", "after", "said"),
    [
        (PROVEN, 24, ["soaking:  (soak=600)"]),
        (None, 24, [f"1 s: {LOOKED_AT}"]),
        ({**PROVEN, "up": False}, 24, [f"1 s: {LOOKED_AT}"]),
        ({**PROVEN, "at": NOW}, 24, [f"1 s: {LOOKED_AT}"]),
        ({**PROVEN, "running": {"linux": OLD}}, 24, [f"1 s: {LOOKED_AT}"]),
        (None, 2099, [f"1 s: {LOOKED_AT}"]),
        (None, 2100, [f"noted handed-over: {FELL}", f"failed: {FELL}"]),
    ],
)
def test_the_new_machine_is_proven_again_once_the_old_one_is_gone(
    new: dict[str, Any] | None, after: float, said: list[str]
) -> None:
    play = replaced("applying", soak_node=600)
    play.later(60)
    play.puts(STEP, "verifying")
    play.hide(ID, False)
    play.later(after)
    if new is not None:
        play.show(NEW_ONE.id, **new)
    play.turn()
    assert play.said() == said


IN_SOAK = f"{FELL} while it was watched"
FAILS = [f"noted handed-over: {IN_SOAK}", f"failed: {IN_SOAK}"]


@pytest.mark.parametrize(
    ("soak", "new", "after", "said"),
    [
        ("600", PROVEN, 0, ["30 s: it is watched"]),
        ("600", None, 0, ["30 s: it is watched"]),
        ("600", PROVEN, 585, ["15 s: it is watched"]),
        ("600", PROVEN, 598, ["5 s: it is watched"]),
        ("600", PROVEN, 600, ["done: "]),
        ("600", None, 600, FAILS),
        ("600", {**PROVEN, "up": False}, 600, FAILS),
        ("0", {**PROVEN, "up": False}, 0, ["done: "]),
        ("0", None, 0, ["done: "]),
    ],
)
def test_the_new_machine_is_watched(soak: str, new: dict[str, Any] | None, after: float, said: list[str]) -> None:
    play = replaced("soaking", soak=soak)
    play.hide(ID, False)
    play.later(after)
    if new is not None:
        play.show(NEW_ONE.id, **new)
    play.turn()
    assert play.said() == said


LEFT = f"the new machine {NEW_ONE.name} is in service beside the old one"
HANDED = [f"noted handed-over: {LEFT}", "restoring: why (left=true)"]


@pytest.mark.parametrize(
    ("facts", "new", "found", "said"),
    [
        ({}, None, None, ["15 s: whether there is a new machine is not seen"]),
        ({}, None, False, ["skipped: why"]),
        ({}, {"up": False}, True, ["delete-node/new/1"]),
        ({"new": NEW_ONE.name}, {"up": False}, True, HANDED),
        ({}, {"up": True}, True, HANDED),
        ({"new": NEW_ONE.name, "left": "true"}, {"up": True}, True, ["skipped: why"]),
    ],
)
def test_what_becomes_of_the_new_machine_when_the_replacement_is_given_up(
    facts: dict[str, str], new: dict[str, Any] | None, found: bool | None, said: list[str]
) -> None:
    play = replaced("admitted")
    play.puts(STEP, "restoring", "why", ending="skipped", **facts)
    play.later(1)
    if new is None:
        play.hide(NEW_ONE.id, found)
    else:
        play.show(NEW_ONE.id, uid="new", **new)
    play.turn()
    assert play.said() == said
