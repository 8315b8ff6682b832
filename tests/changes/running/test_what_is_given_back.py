"""The beginning and the end of a visit in tables: claims, copies, releases, silences, soaks, and late requests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.changes.running.looks import ALL, DONE, NEW, NOW, OLD, Play, change, open_for, plan, step

from oakum.changes.plans import Actor, Step, Stop
from oakum.changes.running.acts import Outcome
from oakum.changes.running.observed import Claim, Etcd, Seen, Work
from oakum.changes.running.verifying import differing, expected
from oakum.policy.entries import Gate

ID, STEP = "shop/w-1", "kernel@shop/w-1"
MANY = Stop(failed=99, lost=99)
UNKNOWN = Outcome(result="unknown")
NOT_NOW = Outcome(result="refused", code="not-now", why="busy")
NEVER = Outcome(result="refused", code="never", why="no snapshots here")
GONE = Outcome(result="refused", code="gone")
COPIED = step(changes=(change(reversibility="needs-snapshot"),), snapshot=True)
UNDRAINED = (change(kind="packages", component="openssl", drain=False, reboot=False),)
COPY = f"run-1/{STEP}/snapshot/1"
HOST = step("db", "")
WRONG = f"linux is at {OLD}, not {NEW}"


def visit(state: str, made: Step | None = None, calendar: Any = None, /, **given: Any) -> Play:
    """A visit in a state since now. ``given`` are facts, the reason, and limits of the group."""
    limits = {name: given.pop(name) for name in ("gate", "soak_node", "serial") if name in given}
    made = made or step()
    play = Play(plan(made, stop=MANY, **limits), *(() if calendar is None else (calendar,)))
    play.puts(made.id, state, given.pop("why", ""), **given)
    return play


# The claim


def test_a_claim_sets_the_marks_that_the_plan_names_for_its_step() -> None:
    others = (
        Actor(name="a", does=(), on="annotation", key="a.example/keep", value="true", says="", source=""),
        Actor(name="b", does=(), on="elsewhere", says="", source=""),
        Actor(name="c", does=(), on="label", key="c.example/away", value="yes", says="", source=""),
        Actor(name="d", does=(), on="annotation", key="d.example/keep", value="true", says="", source=""),
    )
    made = msgspec.structs.replace(plan(step(actors=("a", "b", "c"))), actors=others)
    play = Play(made)
    play.puts(STEP, "admitted")
    play.turn()
    (claim,) = [each for each in play.acts() if each.do == "claim"]
    assert claim.parameters["marks"] == "annotation:a.example/keep=true label:c.example/away=yes"


def stopped(play: Play) -> None:
    play.stops()


def foreign(play: Play) -> None:
    play.claimed(claim=Claim(run="run-2", step=STEP, token=1, cordoned=False))


def cordoned(play: Play) -> None:
    play.show(ID, cordoned=True)


def ours(play: Play) -> None:
    play.claimed()


def ours_of_before(play: Play) -> None:
    play.later(60)
    play.puts(STEP, "admitted")
    play.claimed(at=NOW)


@pytest.mark.parametrize(
    ("arrange", "after", "said"),
    [
        (stopped, 0, ["restoring: the run stops before its change (ending=waiting)"]),
        (foreign, 0, ["restoring: run-2 holds the machine (ending=skipped)"]),
        (cordoned, 0, ["restoring: somebody has cordoned it meanwhile (ending=skipped, foreign=true)"]),
        (ours, 0, ["cordoned: "]),
        (ours_of_before, 0, ["claim/1"]),
        (lambda play: None, 0, ["silence/1", "claim/1"]),
        (lambda play: play.show(ID, silenced=True), 0, ["claim/1"]),
        (lambda play: None, 2100, ["silence/1", "claim/1"]),
        (lambda play: None, 2101, ["restoring: it could not be claimed (ending=skipped)"]),
    ],
)
def test_a_machine_is_claimed_unless_somebody_else_has_it(arrange: Any, after: float, said: list[str]) -> None:
    play = visit("admitted")
    arrange(play)
    if after:
        play.later(after)
    play.turn()
    assert play.said() == said


def test_a_claim_that_does_not_fit_its_window_any_more_is_not_made() -> None:
    play = visit("admitted", None, open_for((0, 25)))
    play.turn()
    assert play.said() == ["silence/1", "claim/1"]
    play = visit("admitted", None, open_for((0, 24)))
    play.turn()
    late = "it does not fit any more: always: never open for as long as it takes"
    assert play.said() == [f"restoring: {late} (ending=waiting)"]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (step(), "cordoned: "),
        (step(changes=UNDRAINED), "applying: "),
        (step(changes=UNDRAINED, snapshot=True), "snapshot/1"),
        (COPIED, "cordoned: "),
    ],
)
def test_what_follows_the_claim(made: Step, said: str) -> None:
    play = visit("admitted", made)
    play.claimed()
    play.turn()
    assert play.said() == [said]


def test_a_claim_says_what_it_does_and_the_silence_lasts_three_times_as_long_as_a_slow_visit() -> None:
    play = visit("admitted", soak_node=100)
    play.turn()
    silence, claim = play.acts()
    assert silence.parameters == {"until": (NOW + timedelta(seconds=3 * 1600)).isoformat()}
    assert claim.expects == "our record is on the machine, and it is cordoned"
    assert (claim.parameters, claim.resource_version) == ({"step": STEP, "cordon": "true"}, "7")
    play = visit("admitted", step(changes=UNDRAINED))
    play.turn()
    claim = play.acts()[-1]
    assert claim.expects == "our record is on the machine"
    assert claim.parameters == {"step": STEP, "cordon": "false"}


@pytest.mark.parametrize(
    ("state", "made", "stops", "said"),
    [
        ("cordoned", step(), True, "restoring: the run stops before its change (ending=waiting)"),
        ("cordoned", step(), False, f"draining:  (begun={NOW.isoformat()}, blocked=)"),
        ("cordoned", COPIED, False, "snapshot/1"),
        ("snapshotted", COPIED, True, "restoring: the run stops before its change (ending=waiting)"),
        ("snapshotted", COPIED, False, f"draining:  (begun={NOW.isoformat()}, blocked=)"),
        ("snapshotted", step(changes=UNDRAINED, snapshot=True), False, "applying: "),
    ],
)
def test_what_follows_the_cordon_and_the_copy(state: str, made: Step, stops: bool, said: str) -> None:
    play = visit(state, made)
    play.claimed()
    if stops:
        play.stops()
    play.turn()
    assert play.said() == [said]


@pytest.mark.parametrize(
    ("number", "outcome", "work", "copies", "after", "said"),
    [
        (1, DONE, "", True, 0, f"snapshotted:  (copy={COPY})"),
        (1, DONE, "done", True, 0, f"snapshotted:  (copy={COPY})"),
        # What is kept is not whole yet.
        (1, DONE, "running", True, 48, "2 s: a copy is being made"),
        (1, DONE, "running", False, 48, "2 s: a copy is being made"),
        (1, DONE, "failed", False, 48, "snapshot/2"),
        (1, DONE, "done", False, 48, "snapshot/2"),
        (2, DONE, "failed", False, 48, "snapshot/3"),
        (3, DONE, "failed", False, 0, "restoring: no copy of it could be made: no space (ending=skipped)"),
        (3, DONE, "done", False, 48, "snapshot/4"),
        (1, None, "", False, 0, "snapshot/1"),
        (1, NOT_NOW, "", False, 60, "snapshot/2"),
        (1, NEVER, "", False, 0, "restoring: no copy of it can be made: no snapshots here (ending=skipped)"),
        (1, UNKNOWN, "", False, 2100, "snapshot/1"),
        (1, UNKNOWN, "", False, 2101, "restoring: it does not answer when a copy is asked for (ending=skipped)"),
        (0, None, "", False, 0, "snapshot/1"),
    ],
)
def test_a_copy_is_made_and_waited_for(
    number: int, outcome: Outcome | None, work: str, copies: bool, after: float, said: str
) -> None:
    play = visit("cordoned", COPIED)
    play.claimed()
    if number:
        play.meant("snapshot", number, outcome)
    if work:
        play.works(ID, "snapshot", work, "no space")
    play.show(ID, copies=(COPY,) if copies else ())
    play.later(after)
    play.turn()
    assert play.said() == [said]
    if "/" in said and said.startswith("snapshot/"):
        assert play.acts()[-1].resource_version == "7"


# What is given back


def ending(as_what: str, made: Step | None = None, **given: Any) -> Play:
    """A visit that ends, a second after that was decided, with nothing of ours on its machine."""
    play = visit("restoring", made, ending=as_what, **({"why": "why"} | given))
    play.later(1)
    play.show((made or step()).subject.id, running={"linux": NEW})
    return play


@pytest.mark.parametrize(
    ("as_what", "said"),
    [
        ("done", ["done: "]),
        ("undone", ["undone: why"]),
        ("skipped", ["skipped: why"]),
        ("failed", ["noted handed-over: why", "failed: why"]),
        (
            "waiting",
            ["waiting:  (copy=, ending=, given_back=why, tries-apply=0, tries-reboot=0, tries-undo=0)"],
        ),
    ],
)
def test_how_a_visit_ends_when_nothing_of_ours_is_left(as_what: str, said: list[str]) -> None:
    play = ending(as_what)
    play.turn()
    assert play.said() == said


def test_tries_of_a_visit_that_is_given_back_are_counted_for_the_next_one() -> None:
    play = visit("applying")
    play.meant("apply", 3, DONE)
    play.meant("undo", 2, UNKNOWN)
    play.meant("reboot", 1, DONE)
    play.puts(STEP, "restoring", "why", ending="waiting")
    play.later(1)
    play.turn()
    counts = "tries-apply=3, tries-reboot=1, tries-undo=1"
    assert play.said() == [f"waiting:  (copy=, ending=, given_back=why, {counts})"]


FELL = "it fell out of service when it was given back"


@pytest.mark.parametrize(
    ("seen", "after", "said"),
    [
        ({"up": False}, 23, [f"1 s: {FELL}"]),
        ({"up": False}, 898, [f"15 s: {FELL}"]),
        ({"up": False}, 899, [f"noted handed-over: {FELL}", f"failed: {FELL}"]),
        (
            {"up": False, "why": "no route"}, 899,
            [f"noted handed-over: {FELL} (no route)", f"failed: {FELL} (no route)"],
        ),
        (
            {"running": {"linux": OLD}}, 0,
            [f"noted handed-over: it did not stay: {WRONG}", f"failed: it did not stay: {WRONG}"],
        ),
    ],
)  # fmt: skip
def test_a_visit_is_done_only_when_its_machine_serves_what_was_wanted(
    seen: dict[str, Any], after: float, said: list[str]
) -> None:
    play = ending("done")
    play.later(after)
    play.show(ID, **seen)
    play.turn()
    assert play.said() == said


@pytest.mark.parametrize(
    ("soak", "copies", "said"),
    [(0, (), "done: "), (600, (), "soaking:  (soak=600)"), (0, (COPY,), "soaking:  (soak=0)"), (0, ("x",), "done: ")],
)
def test_a_visit_that_is_done_soaks_or_throws_its_copy_away(soak: int, copies: tuple[str, ...], said: str) -> None:
    play = ending("done", soak_node=soak)
    play.show(ID, copies=copies)
    play.turn()
    assert play.said() == [said]


NOT_TAKEN = "why; what is ours could not be taken away, for it does not answer"


@pytest.mark.parametrize(
    ("made", "seen", "after", "said"),
    [
        # The record of a node is on its API, which answers although the node does not.
        (step(), {"up": False}, 1900, ["release/1"]),
        (HOST, {"up": False}, 1799, ["release/1"]),
        (HOST, {"up": True}, 1900, ["release/1"]),
        (HOST, {"up": False}, 1800, [f"noted handed-over: {NOT_TAKEN}", f"failed: {NOT_TAKEN}"]),
        (HOST, None, 1800, [f"noted handed-over: {NOT_TAKEN}", f"failed: {NOT_TAKEN}"]),
        (HOST, None, 1799, ["release/1"]),
    ],
)
def test_a_host_that_stays_away_is_handed_over_as_it_is(
    made: Step, seen: dict[str, Any] | None, after: float, said: list[str]
) -> None:
    play = ending("failed", made)
    play.claimed(made.subject.id, made.id, silenced=False, cordoned=False)
    play.later(after)
    if seen is None:
        play.hide(made.subject.id, True)
    else:
        play.show(made.subject.id, **seen)
    play.turn()
    assert play.said(made.id) == said


def test_a_copy_alone_that_is_left_on_a_machine_that_stays_away_is_told() -> None:
    play = ending("failed")
    play.show(ID, up=False, copies=(COPY,))
    play.later(1800)
    play.show(ID, up=False)
    play.turn()
    assert play.said() == [f"noted handed-over: {NOT_TAKEN}", f"failed: {NOT_TAKEN}"]


# The record


def owing(made: Step | None = None, outcome: Outcome | None = None, **seen: Any) -> Play:
    """A visit that ends as skipped, a minute after its release was asked for (None: it was not)."""
    made = made or step()
    play = visit("restoring", made, ending="skipped", why="why")
    play.later(1)
    if outcome is not None:
        play.meant("release", 1, outcome, step=made.id)
    play.later(60)
    play.claimed(made.subject.id, made.id, **({"silenced": False, "cordoned": False} | seen))
    return play


RELEASED = ["skipped: why"]


@pytest.mark.parametrize(
    ("made", "outcome", "seen", "said"),
    [
        (step(), None, {}, ["release/1"]),
        (step(), None, {"claim": None}, RELEASED),
        (step(), DONE, {}, ["release/2"]),
        (step(), DONE, {"claim": None}, RELEASED),
        (step(), UNKNOWN, {"claim": None}, RELEASED),
        (step(), UNKNOWN, {}, ["release/1"]),
        (step(), GONE, {}, RELEASED),
        (step(), NOT_NOW, {}, ["release/2"]),
        # A look from before the answer says nothing; the answer does, but it is not seen yet.
        (step(), DONE, {"at": NOW}, ["2.54167 s: whether it was given back is not seen yet"]),
        (step(), DONE, {"at": NOW + timedelta(seconds=1)}, ["release/2"]),
        (step(), DONE, {"at": NOW, "up": False}, RELEASED),
        (step(), UNKNOWN, {"at": NOW, "claim": None}, ["release/1"]),
        # That of a host is read on the host itself, when it is scanned.
        (HOST, DONE, {"scanned": NOW, "claim": None}, ["2.54167 s: whether it was given back is not seen yet"]),
        (HOST, DONE, {"scanned": None, "claim": None}, ["2.54167 s: whether it was given back is not seen yet"]),
        (HOST, DONE, {"at": NOW, "claim": None}, RELEASED),
        (step(), DONE, {"scanned": NOW, "claim": None}, RELEASED),
        (HOST, NOT_NOW, {"scanned": None, "claim": None}, ["release/2"]),
    ],
)
def test_the_record_is_taken_away_until_that_is_seen(
    made: Step, outcome: Outcome | None, seen: dict[str, Any], said: list[str]
) -> None:
    play = owing(made, outcome, **seen)
    play.turn()
    assert play.said(made.id) == said


def test_a_look_from_before_the_visit_ended_does_not_show_that_nothing_is_ours() -> None:
    play = visit("admitted")
    play.later(60)
    play.puts(STEP, "restoring", "why", ending="skipped")
    play.show(ID, at=NOW)
    play.turn()
    assert play.said() == ["release/1"]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [(DONE, ["skipped: why"]), (GONE, ["skipped: why"]), (NOT_NOW, ["release/2"]), (UNKNOWN, ["release/1"])],
)
def test_a_machine_that_is_not_seen_is_given_back_by_its_answer(outcome: Outcome, said: list[str]) -> None:
    play = owing(outcome=outcome)
    play.hide(ID, None)
    play.turn()
    assert play.said() == said


def test_requests_to_give_back_that_were_not_answered_are_made_again_under_their_keys() -> None:
    for hidden in (False, True):
        play = visit("admitted")
        play.meant("silence", 1, DONE)
        play.puts(STEP, "restoring", "why", ending="skipped")
        play.later(1)
        play.meant("release", 1, None)
        play.meant("unsilence", 1, None)
        play.later(60)
        play.claimed()
        if hidden:
            play.hide(ID, None)
        play.turn()
        assert play.said() == ["release/1", "unsilence/1"]


def test_a_visit_is_not_done_while_its_machine_is_not_seen() -> None:
    for after, said in (
        (898, [f"15 s: {FELL}"]),
        (899, [f"noted handed-over: {FELL}", f"failed: {FELL}"]),
    ):
        play = visit("restoring", ending="done")
        play.later(1)
        play.meant("release", 1, DONE)
        play.later(after)
        play.hide(ID, None)
        play.turn()
        assert play.said() == said


@pytest.mark.parametrize(
    ("tries", "owed"),
    [
        ([("claim", DONE)], True),
        ([("claim", UNKNOWN)], True),
        ([("claim", NOT_NOW)], False),
        ([("claim", DONE), ("release", DONE)], False),
        ([("claim", DONE), ("release", GONE)], False),
        ([("claim", DONE), ("release", NOT_NOW)], True),
        ([("claim", DONE), ("release", UNKNOWN)], True),
        ([("claim", DONE), ("silence", GONE)], True),
        ([("claim", DONE), ("release", DONE), ("claim", DONE)], True),
        ([("silence", NOT_NOW)], False),
    ],
)
def test_what_was_taken_is_owed_until_it_was_given_back_whatever_a_look_shows(
    tries: list[tuple[str, Outcome]], owed: bool
) -> None:
    play = visit("admitted")
    seen: dict[str, int] = {}
    for do, outcome in tries:
        seen[do] = seen.get(do, 0) + 1
        play.meant(do, seen[do], outcome)
    play.later(600)
    play.puts(STEP, "restoring", "why", ending="skipped")
    play.later(600)
    play.turn()
    assert any(line.startswith("release/") for line in play.said()) is owed


@pytest.mark.parametrize(
    ("made", "facts", "cordon"),
    [(step(), {}, "true"), (step(), {"uncordoned": "true"}, "false"), (step(changes=UNDRAINED), {}, "false")],
)
def test_a_release_restores_the_scheduling_unless_a_person_has_changed_it_or_we_never_did(
    made: Step, facts: dict[str, str], cordon: str
) -> None:
    play = ending("skipped", made, **facts)
    play.claimed(silenced=False)
    play.turn()
    assert play.acts()[-1].parameters == {"cordon": cordon}
    assert play.acts()[-1].resource_version == "7"


# The silence


@pytest.mark.parametrize(
    ("silence", "unsilence", "seen", "said"),
    [
        (None, None, {"silenced": True}, ["unsilence/1"]),
        (None, None, {"silenced": False}, RELEASED),
        (DONE, None, {"silenced": False}, ["unsilence/1"]),
        (DONE, DONE, {"silenced": False}, RELEASED),
        (DONE, DONE, {"silenced": True}, ["unsilence/2"]),
        (DONE, DONE, {"silenced": True, "at": NOW + timedelta(seconds=60)}, ["unsilence/2"]),
        (DONE, DONE, {"silenced": True, "at": NOW + timedelta(seconds=59)}, RELEASED),
        (DONE, None, {"silenced": True, "at": NOW + timedelta(seconds=59)}, ["unsilence/1"]),
        (DONE, GONE, {"silenced": True}, RELEASED),
        (DONE, NOT_NOW, {"silenced": True}, ["unsilence/2"]),
        (NOT_NOW, None, {"silenced": False}, RELEASED),
        (DONE, UNKNOWN, {"silenced": True}, ["unsilence/1"]),
    ],
)
def test_the_silence_of_a_machine_that_is_seen_is_ended(
    silence: Outcome | None, unsilence: Outcome | None, seen: dict[str, Any], said: list[str]
) -> None:
    play = visit("admitted")
    if silence is not None:
        play.meant("silence", 1, silence)
    play.puts(STEP, "restoring", "why", ending="skipped")
    play.later(60)
    if unsilence is not None:
        play.meant("unsilence", 1, unsilence)
    play.later(60)
    play.show(ID, **seen)
    play.turn()
    assert play.said() == said


@pytest.mark.parametrize(
    ("silence", "unsilence", "said"),
    [
        (None, None, RELEASED),
        (DONE, None, ["unsilence/1"]),
        (DONE, DONE, RELEASED),
        (DONE, NOT_NOW, RELEASED),
        (DONE, UNKNOWN, ["unsilence/1"]),
        (UNKNOWN, None, ["unsilence/1"]),
    ],
)
def test_the_silence_of_a_machine_that_is_not_seen_is_ended_by_its_answer(
    silence: Outcome | None, unsilence: Outcome | None, said: list[str]
) -> None:
    play = visit("admitted")
    if silence is not None:
        play.meant("silence", 1, silence)
    play.later(600)
    play.puts(STEP, "restoring", "why", ending="skipped")
    play.meant("release", 1, DONE)
    if unsilence is not None:
        play.meant("unsilence", 1, unsilence)
    play.later(600)
    play.hide(ID, None)
    play.turn()
    assert play.said() == said


# Requests that may still arrive


@pytest.mark.parametrize(
    ("do", "outcome", "version", "after", "said"),
    [
        ("claim", None, "", 60, "60 s: a request (claim) may still arrive"),
        ("claim", UNKNOWN, "", 60, "60 s: a request (claim) may still arrive"),
        ("snapshot", UNKNOWN, "", 119, "1 s: a request (snapshot) may still arrive"),
        ("silence", UNKNOWN, "", 119.5, "0.5 s: a request (silence) may still arrive"),
        ("snapshot", UNKNOWN, "", 120, ""),
        ("snapshot", UNKNOWN, "", -1, ""),
        ("snapshot", UNKNOWN, "", 0, "120 s: a request (snapshot) may still arrive"),
        ("snapshot", DONE, "", 60, ""),
        ("snapshot", UNKNOWN, "7", 60, "60 s: a request (snapshot) may still arrive"),
        # The machine is no longer as it was when that was asked: it would be refused.
        ("snapshot", UNKNOWN, "6", 60, ""),
        ("apply", UNKNOWN, "", 60, ""),
    ],
)
def test_a_request_of_which_nobody_knows_is_waited_for_before_a_visit_ends(
    do: str, outcome: Outcome | None, version: str, after: float, said: str
) -> None:
    play = visit("admitted")
    play.later(3600)
    play.puts(STEP, "restoring", "why", ending="skipped")
    play.sight.at = NOW + timedelta(seconds=3600)
    play.meant(do, 1, outcome, resource_version=version)
    if do == "claim":
        play.meant("release", 1, DONE)
    if do == "silence":
        play.meant("unsilence", 1, DONE)
    play.later(after)
    play.turn()
    assert [line for line in play.said() if "may still arrive" in line] == ([said] if said else [])


def test_a_request_is_waited_for_from_its_answer_and_also_where_its_machine_is_not_seen() -> None:
    play = visit("admitted")
    act = play.meant("snapshot", 1, None, resource_version="6")
    play.later(100)
    play.answered(act.key, UNKNOWN)
    play.puts(STEP, "restoring", "why", ending="skipped")
    play.meant("release", 1, DONE)
    play.later(60)
    play.hide(ID, None)
    play.turn()
    assert play.said() == ["60 s: a request (snapshot) may still arrive"]


def test_every_request_that_may_still_arrive_is_waited_for() -> None:
    play = visit("admitted")
    play.meant("silence", 1, UNKNOWN, resource_version="6")
    play.meant("snapshot", 1, UNKNOWN)
    play.puts(STEP, "restoring", "why", ending="skipped")
    play.meant("unsilence", 1, DONE)
    play.later(60)
    play.turn()
    assert play.said() == ["60 s: a request (snapshot) may still arrive"]


# Copies


def working(key: str, state: str) -> dict[str, Work]:
    return {key: Work(key=key, state=state, since=NOW)}  # type: ignore[arg-type] # a test's own word


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"copies": (COPY,)}, ["discard/1"]),
        ({"copies": ("another's", COPY)}, ["discard/1"]),
        ({"copies": ("another's",)}, RELEASED),
        ({"work": working(COPY, "running")}, ["1 s: a copy is still being made, which has to be thrown away"]),
        ({"work": working(COPY, "done")}, RELEASED),
        ({"work": working("another's", "running")}, RELEASED),
    ],
)
def test_copies_of_a_visit_that_did_not_end_well_are_thrown_away(seen: dict[str, Any], said: list[str]) -> None:
    play = ending("skipped")
    play.show(ID, **seen)
    play.turn()
    assert play.said() == said


# The soak


WATCHED = "it is watched"
READY = Gate("gate", ALL).ready_within
FELL_IN_SOAK = "soaking: it fell out of service while it was watched (failed-soak=true)"
NOT_STAYED = f"soaking: it did not stay: linux is at {OLD}, not {NEW} (failed-soak=true)"


@pytest.mark.parametrize(
    ("soak", "seen", "after", "said"),
    [
        ("600", {}, 0, [f"30 s: {WATCHED}"]),
        ("600", {}, 585, [f"15 s: {WATCHED}"]),
        ("600", {}, 598, [f"5 s: {WATCHED}"]),
        ("600", {}, 600, ["done: "]),
        ("600", {"running": {"linux": OLD}}, 599, [f"5 s: {WATCHED}"]),
        ("600", {"running": {"linux": OLD}}, 600, [NOT_STAYED]),
        # A lost heartbeat is no failure, a minute away is.
        ("600", {"up": False, "away": 59}, 300, [f"30 s: {WATCHED}"]),
        ("600", {"up": False, "away": 60}, 300, [FELL_IN_SOAK]),
        ("600", {"up": False, "away": 1}, 600, [FELL_IN_SOAK]),
        ("600", {"up": False, "since": None}, 59, [f"30 s: {WATCHED}"]),
        ("600", {"up": False, "since": None}, 60, [FELL_IN_SOAK]),
        ("600", {"up": None}, 600, [f"5 s: {WATCHED}"]),
        # Without a soak it may take as long as it may to become ready; its copy is kept so long.
        ("0", {"up": False, "away": 3600}, 0, [FELL_IN_SOAK]),
        ("0", {"up": False, "away": READY, "copies": (COPY,)}, 0, [FELL_IN_SOAK]),
        ("0", {"up": False, "away": READY - 1, "copies": (COPY,)}, 300, [f"5 s: {WATCHED}"]),
        ("0", {"up": False, "since": None}, READY - 1, [f"5 s: {WATCHED}"]),
        ("0", {"up": False, "since": None}, READY, [FELL_IN_SOAK]),
        ("0", {"up": None, "copies": (COPY,)}, 0, [f"5 s: {WATCHED}"]),
        ("0", {"copies": (COPY,)}, 0, ["discard/1"]),
        ("600", {"copies": (COPY,)}, 600, ["discard/1"]),
        (
            "600",
            {"work": working(COPY, "running")},
            600,
            ["15 s: a copy is still being made, which has to be thrown away"],
        ),
    ],
)
def test_a_machine_is_watched_after_it_was_given_back(
    soak: str, seen: dict[str, Any], after: float, said: list[str]
) -> None:
    play = visit("soaking", soak=soak)
    play.later(after)
    seen = dict(seen)
    if "away" in seen:
        seen["since"] = play.sight.at - timedelta(seconds=seen.pop("away"))
    play.show(ID, **({"running": {"linux": NEW}} | seen))
    play.turn()
    assert play.said() == said


def test_a_soak_that_failed_is_handed_over_when_its_copy_is_gone() -> None:
    play = visit("soaking", soak="600", **{"failed-soak": "true"}, why="it fell")
    play.show(ID, copies=(COPY,))
    play.turn()
    assert play.said() == ["discard/1"]
    play.show(ID, copies=())
    play.turn()
    assert play.said() == ["noted handed-over: it fell", "failed: it fell"]


# The proof


def backwards(why: str) -> str:
    """The way back is taken for a reason."""
    return f"applying: {why} (failed={why}, way=back)"


LATER = {"boot_id": "boot-2", "running": {"linux": NEW}}
ANEW = {**LATER, "boot_id": "boot-3"}
REBOOTED = {"booted": "boot-2", "rebooted": "true"}
RESTARTED = "verifying: it has restarted again"
SHOWN = "restoring:  (ending=done)"


@pytest.mark.parametrize(
    ("facts", "within", "seen", "after", "said"),
    [
        ({}, 900, LATER, 24, SHOWN),
        ({}, 900, {**LATER, "up": None}, 24, "1 s: it is not ready yet"),
        ({}, 0, {**LATER, "up": None}, 24, SHOWN),
        ({}, 0, {**LATER, "up": False}, 24, "1 s: it is not ready yet"),
        ({}, 900, {**LATER, "scanned": NOW}, 24, "1 s: it could not be scanned since"),
        ({}, 900, {**LATER, "at": NOW}, 24, "1 s: it could not be scanned since"),
        ({}, 900, {**LATER, "up": False}, 895, "5 s: it is not ready yet"),
        ({}, 900, {**LATER, "up": False}, 900, backwards("it is not ready")),
        # Where readiness is not asked it has as long as the way back takes.
        ({}, 0, {**LATER, "up": False}, 599, "1 s: it is not ready yet"),
        ({}, 0, {**LATER, "up": False}, 600, backwards("it is not ready")),
        ({}, 900, {"boot_id": "boot-2", "up": False}, 24, f"1 s: {WRONG}"),
        # It has restarted and serves the old version: more time shows nothing.
        (REBOOTED, 900, {"boot_id": "boot-2"}, 24, backwards(f"it restarted and the change is not effective: {WRONG}")),
        (REBOOTED, 900, {"boot_id": "boot-2", "up": False}, 24, f"1 s: {WRONG}"),
        (REBOOTED, 900, {"boot_id": "boot-2", "scanned": NOW}, 24, "1 s: it could not be scanned since"),
        ({"booted": "boot-2"}, 900, {"boot_id": "boot-2"}, 24, f"1 s: {WRONG}"),
        ({"rebooted": "true"}, 900, {"boot_id": "boot-2"}, 24, f"1 s: {WRONG}"),
        # It restarts while it is looked at.
        ({"booted": "boot-2", "boots": "2"}, 900, ANEW, 24, f"{RESTARTED} (booted=boot-3, boots=3)"),
        ({"booted": "boot-2", "boots": "3"}, 900, ANEW, 24, backwards("it restarted 4 times")),
        ({"booted": "boot-2"}, 900, ANEW, 24, f"{RESTARTED} (booted=boot-3, boots=1)"),
        ({"booted": "boot-2"}, 900, {**LATER, "boot_id": ""}, 24, SHOWN),
        # On its way back.
        ({"way": "back", "failed": "broken"}, 900, {"boot_id": "boot-3"}, 24, "restoring: broken (ending=undone)"),
        (
            {"way": "back", "failed": "broken"}, 900, LATER, 900,
            f"restoring: broken; and the way back failed: linux is at {NEW}, not {OLD} (ending=failed)",
        ),
    ],
)  # fmt: skip
def test_a_change_is_proven_by_a_look_at_the_machine(
    facts: dict[str, str], within: int, seen: dict[str, Any], after: float, said: str
) -> None:
    play = visit("applying", gate=Gate("gate", ALL, ready_within=within))
    play.later(60)
    play.puts(STEP, "verifying", **facts)
    play.later(after)
    play.show(ID, **seen)
    play.turn()
    assert play.said() == [said]


CURL = change(kind="packages", component="curl", before="1", after="2", back="1.5", reboot=False)


@pytest.mark.parametrize(
    ("made", "back", "versions"),
    [
        (step(), False, {"linux": NEW}),
        (step(), True, {"linux": OLD}),
        # Another step moves it further in between, or its way back leads elsewhere.
        (step(changes=(CURL,), after={"curl": "3"}), False, {"curl": "3"}),
        (step(changes=(CURL,), after={}), False, {"curl": "2"}),
        (step(changes=(CURL,)), True, {"curl": "1.5"}),
        (step(changes=(change(back=""),)), True, {"linux": OLD}),
    ],
)
def test_the_versions_that_a_step_leads_to(made: Step, back: bool, versions: dict[str, str]) -> None:
    assert expected(made, back=back) == versions


@pytest.mark.parametrize(
    ("wanted", "running", "said"),
    [
        ({"curl": "2"}, {"curl": "2", "bash": "5"}, ""),
        ({"curl": "2"}, {"curl": "1"}, "curl is at 1, not 2"),
        ({"curl": "2"}, {}, "curl is at no known version, not 2"),
        ({"curl": "absent"}, {}, ""),
        ({"curl": "absent"}, {"curl": "1"}, "curl is at 1, not absent"),
        ({"bash": "5", "curl": "2"}, {"bash": "5"}, "curl is at no known version, not 2"),
        ({}, {"curl": "1"}, ""),
    ],
)
def test_what_runs_in_another_version_than_is_wanted(
    wanted: dict[str, str], running: dict[str, str], said: str
) -> None:
    assert differing(wanted, Seen(at=NOW, uid="u", running=running)) == said


def test_a_machine_without_a_reboot_may_restart_while_it_is_looked_at() -> None:
    play = visit("verifying", step(changes=UNDRAINED), booted="boot-1")
    play.claimed(boot_id="boot-2", running={"openssl": NEW})
    play.turn()
    assert play.said() == [SHOWN]
    play.puts(STEP, "verifying", booted="boot-2", rebooted="true")
    play.show(ID, running={"openssl": OLD})
    play.turn()
    assert play.said() == [f"1 s: openssl is at {OLD}, not {NEW}"]


def test_a_member_of_etcd_that_does_not_vote_yet_is_waited_for_and_has_failed_when_the_time_is_over() -> None:
    for after, said in (
        (24, "1 s: its member of etcd does not vote yet"),
        (900, backwards("its member of etcd does not vote yet")),
    ):
        play = visit("verifying", serial=True)
        play.sight.members = Etcd(voters={ID: False, "shop/cp-2": True, "shop/cp-3": True})
        play.later(after)
        play.show(ID, **LATER)
        play.turn()
        assert play.said() == [said]
