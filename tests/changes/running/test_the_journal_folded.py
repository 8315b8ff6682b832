"""What the records of a run come to: tries and their answers, tokens, and where the run stands, however it is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.changes.running.looks import DONE, NOW, RUN, Play, plan, step

from oakum.changes.plans import Stop, Subject, Wave
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import Answered, Journal, Meant, Noted, Progress, Record, Started, Turned, slot
from oakum.changes.running.standing import Standing, standing_of

SUBJECT = Subject(kind="machine", cluster="shop", name="w-1", uid="uid-w-1")
STEP = "kernel@shop/w-1"
REFUSED = Outcome(result="refused", code="not-now")
UNKNOWN = Outcome(result="unknown")


def act(do: str = "claim", number: int = 1, *, token: int = 1, uid: str = "uid-w-1", pod: str = "") -> Act:
    """An act of the first step."""
    key = f"{RUN}/{STEP}/{do}/{uid}/{number}"
    return Act(key=key, do=do, run=RUN, plan="p", token=token, subject=SUBJECT, uid=uid, pod=pod)  # type: ignore[arg-type] # a test's own word


def tried(number: int, outcome: Outcome | None, do: str = "claim", **given: Any) -> list[Record]:
    """A try and its answer."""
    one = act(do, number, **given)
    meant = Meant(at=NOW, act=one, step=STEP)
    return [meant] if outcome is None else [meant, Answered(at=NOW, key=one.key, outcome=outcome)]


@pytest.mark.parametrize(
    ("tries", "number", "repeats", "refusals"),
    [
        ([(1, None)], 1, 1, 0),
        ([(1, UNKNOWN), (1, None)], 1, 2, 0),
        ([(1, UNKNOWN), (1, UNKNOWN), (1, None)], 1, 3, 0),
        ([(1, DONE), (2, None)], 2, 1, 0),
        ([(1, REFUSED), (2, None)], 2, 1, 1),
        ([(1, REFUSED), (2, REFUSED), (3, None)], 3, 1, 2),
        ([(1, REFUSED), (2, DONE), (3, None)], 3, 1, 0),
        ([(1, REFUSED), (2, UNKNOWN), (2, None)], 2, 2, 1),
        ([(1, None), (2, None)], 2, 1, 0),
    ],
)
def test_tries_repeats_and_refusals_are_counted(
    tries: list[tuple[int, Outcome | None]], number: int, repeats: int, refusals: int
) -> None:
    journal = Journal(each for one in tries for each in tried(*one))
    found = journal.of(STEP).attempts["claim"]
    assert (found.number, found.repeats, found.refusals) == (number, repeats, refusals)
    assert journal.of(STEP).tries == {"claim": len(tries)}


@pytest.mark.parametrize(
    ("outcome", "is_open", "pending"), [(None, True, 1), (UNKNOWN, True, 1), (DONE, False, 0), (REFUSED, False, 0)]
)
def test_an_act_is_open_until_somebody_knows_what_became_of_it(
    outcome: Outcome | None, is_open: bool, pending: int
) -> None:
    progress = Journal(tried(1, outcome)).of(STEP)
    assert progress.attempts["claim"].open is is_open
    assert len(progress.pending) == pending
    assert progress.outcomes == ({} if outcome is None else {act().key: outcome})


def test_an_answer_that_comes_after_another_try_is_not_that_tries_answer() -> None:
    late = Answered(at=NOW, key=act("claim", 1).key, outcome=DONE)
    progress = Journal([*tried(1, None), *tried(2, None), late]).of(STEP)
    assert progress.attempts["claim"].open
    assert progress.outcomes == {act("claim", 1).key: DONE}
    # One that comes twice changes nothing.
    again = Answered(at=NOW + timedelta(hours=1), key=act("claim", 1).key, outcome=REFUSED)
    progress = Journal([*tried(1, DONE), again]).of(STEP)
    assert (progress.attempts["claim"].outcome, progress.attempts["claim"].answered) == (DONE, NOW)


def test_followers_hear_every_record_that_counts() -> None:
    heard: list[Record] = []
    journal = Journal()
    journal.followers.append(heard.append)
    several = [Started(at=NOW, run=RUN, plan="p", executor="me"), *lease(1), *tried(1, DONE), turned("admitted")]
    for each in several:
        journal.add(each)
    assert heard == several


def test_an_answer_to_an_act_that_nobody_meant_counts_for_nothing() -> None:
    heard: list[Record] = []
    journal = Journal()
    journal.followers.append(heard.append)
    journal.add(Answered(at=NOW, key="unheard of", outcome=Outcome(result="done", token=9)))
    assert (journal.steps, journal.whole, journal.token, heard) == ({}, Progress(), 0, [])


@pytest.mark.parametrize(
    ("do", "pod", "name"),
    [
        ("claim", "", "claim"), ("evict", "shop/web-1", "evict/uid-w-1"),
        ("delete-pod", "shop/web-1", "delete-pod/uid-w-1"),
        ("delete-node", "", "delete-node/uid-w-1"), ("create-node", "", "create-node"),
    ],
)  # fmt: skip
def test_acts_of_which_there_may_be_several_are_told_apart_by_uid(do: str, pod: str, name: str) -> None:
    assert slot(act(do, pod=pod)) == name


def turned(state: str, token: int = 1, **given: Any) -> Turned:
    return Turned(at=NOW, step=STEP, state=state, token=token, **given)  # type: ignore[arg-type] # a test's own word


def lease(token: int) -> list[Record]:
    """A lease was taken under a token."""
    one = Act(key=f"lease-{token}", do="lease", run=RUN, plan="p", token=0, subject=SUBJECT)
    return [
        Meant(at=NOW, act=one),
        Answered(at=NOW, key=one.key, outcome=Outcome(result="done", token=token)),
    ]


def test_only_a_lease_raises_the_token_and_a_lower_one_does_not_lower_it() -> None:
    assert Journal([*lease(3), *lease(2)]).token == 3
    assert Journal([*lease(3), *lease(4)]).token == 4
    other = Answered(at=NOW, key=act(token=3).key, outcome=Outcome(result="done", token=9))
    assert Journal([*lease(3), Meant(at=NOW, act=act(token=3), step=STEP), other]).token == 3


@pytest.mark.parametrize(("token", "counts"), [(1, False), (2, True), (3, True)])
def test_records_of_whoever_has_lost_the_lease_are_void(token: int, counts: bool) -> None:
    heard: list[Record] = []
    journal = Journal(lease(2))
    journal.followers.append(heard.append)
    several: list[Record] = [
        turned("admitted", token), Noted(at=NOW, what="stopping", token=token),
        Noted(at=NOW, what="held", about="w1", why="x", token=token), Meant(at=NOW, act=act(token=token), step=STEP),
    ]  # fmt: skip
    for each in several:
        journal.add(each)
    assert (journal.state(STEP) == "admitted") is counts
    assert bool(journal.notes) is counts
    assert journal.held == ({("w1", "x")} if counts else set())
    assert bool(journal.of(STEP).attempts) is counts
    assert heard == (several if counts else [])


def test_records_without_a_token_are_those_of_nobody_who_holds_the_lease() -> None:
    journal = Journal(lease(1))
    journal.add(Turned(at=NOW, step=STEP, state="admitted"))
    journal.add(Noted(at=NOW, what="stopping"))
    assert (journal.state(STEP), journal.notes) == ("waiting", [])


def test_an_answer_says_nothing_that_was_not_said() -> None:
    assert (DONE.token, DONE.retry_after, DONE.code) == (0, 0, "")


def test_only_what_was_noted_as_held_is_held() -> None:
    assert Journal([Noted(at=NOW, what="stopping", about="w1", why="x")]).held == set()


def test_the_acts_of_the_whole_run_belong_to_no_step() -> None:
    journal = Journal(lease(1))
    assert journal.of("") is journal.whole
    assert journal.steps == {}
    assert set(journal.whole.attempts) == {"lease"}


def test_what_was_tried_in_an_earlier_state_was_not_tried_in_this_one() -> None:
    journal = Journal([*tried(1, DONE), turned("applying")])
    assert journal.of(STEP).tried("claim") is None
    for each in tried(2, None):
        journal.add(each)
    found = journal.of(STEP).tried("claim")
    assert found is not None
    assert found.number == 2
    assert journal.of(STEP).tried("apply") is None
    # Before its first state it is in none.
    assert Journal(tried(1, None)).of(STEP).tried("claim") is not None


def test_a_run_was_started_once_and_resumed_by_whoever_came_last() -> None:
    later = NOW + timedelta(hours=1)
    journal = Journal(Started(at=at, run=RUN, plan="p", executor=name) for at, name in ((NOW, "one"), (later, "two")))
    assert (journal.started, journal.resumed, journal.executor) == (NOW, later, "two")
    assert Journal([turned("admitted")]).started is None


@pytest.mark.parametrize(
    ("state", "active"),
    [("waiting", False), ("admitted", True), ("lost", True), ("soaking", True), ("done", False), ("skipped", False)],
)
def test_a_step_is_in_flight_from_its_admission_to_its_end(state: str, active: bool) -> None:
    assert set(Journal([turned("admitted"), turned(state)]).active) == ({STEP} if active else set())


# Where a run stands, followed record by record or read anew


def two_waves() -> Play:
    """Two machines in a first wave, one in a second; what was written is kept."""
    first = Wave(id="w1", name="a", needs=(), steps=(step("w-1"), step("w-2", domain="b")))
    return Play(
        plan(waves=(first, Wave(id="w2", name="b", needs=("w1",), steps=(step("w-3"),))), stop=Stop(failed=9, lost=9))
    )


W1, W2, W3 = (f"kernel@shop/w-{number}" for number in (1, 2, 3))
#: Steps and their states in order, and what is noted; a number is a pause in seconds.
STORIES: dict[str, list[Any]] = {
    "nothing yet": [],
    "one waits for a machine": [(W1, "waiting", "cordoned"), 5, (W2, "admitted", "")],
    "given back, to be tried again": [(W1, "admitted", ""), 5, (W1, "restoring", "late"), (W1, "waiting", "")],
    "a wave is over": [(W1, "done", ""), 5, (W2, "undone", ""), 5, ("w1", "wave-over")],
    "the last of a wave is done": [(W2, "done", ""), 5, (W1, "done", "")],
    "the first of a wave is done first": [(W1, "done", ""), 5, (W2, "done", "")],
    "held": [(W1, "admitted", ""), ("w1", "held"), ("", "held")],
    "one waits no longer": [(W1, "waiting", "cordoned"), 5, (W1, "admitted", "")],
    "in effect already": [(W1, "skipped", "", {"already": "true"}), (W2, "skipped", "gone")],
    "lost": [(W1, "lost", "", {"lost": "true", "left_in": "rebooting"})],
    "lost and given up": [(W1, "lost", "", {"lost": "true", "left_in": "rebooting"}), 5, (W1, "failed", "gone")],
    "stopped": [(W1, "failed", ""), ("", "stopping"), ("", "stopped")],
    "paused": [("", "paused"), 5, (W1, "admitted", "")],
    "paused and resumed": [("", "paused"), 5, ("", "resumed")],
    "told": [(W1, "waiting", "cordoned"), (W1, "notify", {"rung": "1"})],
    "all is over": [
        (W1, "done", ""), (W2, "done", ""), ("w1", "wave-over"), (W3, "done", ""), ("w2", "wave-over"), ("", "done"),
    ],
}  # fmt: skip


def tells(play: Play, story: list[Any]) -> list[Record]:
    """The records of a story, which is told to the journal of a run that is followed."""
    records: list[Record] = []
    play.journal.followers.append(records.append)
    standing_of(play.compiled, play.journal)
    for each in story:
        if isinstance(each, int):
            play.later(each)
        elif each[0] in play.plan.steps and each[1] != "notify":
            play.puts(*each[:3], **(each[3] if len(each) > 3 else {}))
        else:
            facts = each[2] if len(each) > 2 else {}
            play.journal.add(Noted(at=play.sight.at, what=each[1], about=each[0], facts=facts, token=1))
    return records


def told(standing: Standing) -> dict[str, Any]:
    """All that a standing says."""
    left_out = ("compiled", "judged", "_journal")
    return {name: value for name, value in vars(standing).items() if name not in left_out}


@pytest.mark.parametrize("story", STORIES)
def test_whoever_takes_up_a_run_knows_what_he_would_who_followed_it(story: str) -> None:
    play = two_waves()
    records = tells(play, STORIES[story])
    play.meant("evict", uid="u", pod="shop/web-1", step=W1)
    play.later(5)
    play.meant("delete-pod", uid="u", pod="shop/web-1", step=W1)
    play.meant("delete-pod", uid="v", pod="shop/web-2", step=W1)
    assert told(standing_of(play.compiled, play.journal)) == told(Standing(play.compiled, Journal(records)))


def test_an_eviction_is_the_newest_request_for_its_pod() -> None:
    play = two_waves()
    records = tells(play, [])
    play.meant("evict", uid="u", pod="shop/web-1", step=W1)
    play.meant("claim", step=W1)
    play.later(5)
    play.meant("delete-pod", uid="u", pod="shop/web-1", step=W1)
    for journal in (play.journal, Journal(records)):
        assert standing_of(play.compiled, journal).evicted == {"shop/web-1": NOW + timedelta(seconds=5)}


def begun(play: Play, wave: str = "w1") -> tuple[int, int, list[str], list[str]]:
    """Of a wave: how many are left and show that the change works, and which may start and are obstructed."""
    found = standing_of(play.compiled, play.journal).begun[wave]
    return found.left, found.done, [step for each in found.waiting.values() for step in each], list(found.obstructed)


@pytest.mark.parametrize(
    ("story", "stands"),
    [
        ("nothing yet", (2, 0, [W1, W2], [])),
        ("one waits for a machine", (2, 0, [], [W1])),
        ("given back, to be tried again", (2, 0, [W2, W1], [])),
        ("the last of a wave is done", (0, 2, [], [])),
        ("in effect already", (0, 1, [], [])),
        ("lost and given up", (1, 0, [W2], [])),
    ],
)
def test_where_a_wave_stands(story: str, stands: tuple[int, int, list[str], list[str]]) -> None:
    play = two_waves()
    tells(play, STORIES[story])
    assert begun(play) == stands


def test_a_wave_begins_when_those_that_it_needs_are_over_and_is_forgotten_when_it_is_over_itself() -> None:
    play = two_waves()
    standing = standing_of(play.compiled, play.journal)
    assert set(standing.begun) == {"w1"}
    tells(play, [*STORIES["a wave is over"], ("w-unknown", "wave-over")])
    assert (set(standing.begun), standing.over) == ({"w2"}, {"w1"})
    assert standing.failed == {W2}


def test_a_wave_has_soaked_from_when_its_last_step_ended() -> None:
    for story in ("the last of a wave is done", "the first of a wave is done first"):
        play = two_waves()
        records = tells(play, STORIES[story])
        for journal in (play.journal, Journal(records)):
            assert standing_of(play.compiled, journal).begun["w1"].since == NOW + timedelta(seconds=5)


def test_the_standing_of_a_journal_is_made_once_for_each_plan() -> None:
    play, other = two_waves(), two_waves()
    standing = standing_of(play.compiled, play.journal)
    play.journal.followers.insert(0, lambda record: None)
    assert standing_of(play.compiled, play.journal) is standing
    assert standing_of(other.compiled, play.journal) is not standing


def test_the_first_few_of_every_bucket_may_start_next() -> None:
    steps = [step(f"w-{number}", domain="ab"[number % 2]) for number in range(8)]
    play = Play(plan(*steps))
    play.puts(steps[0].id, "done")
    found = {bucket: several for _, bucket, several in standing_of(play.compiled, play.journal).frontier(3)}
    assert found == {
        ("g", "a"): [f"kernel@shop/w-{number}" for number in (2, 4, 6)],
        ("g", "b"): [f"kernel@shop/w-{number}" for number in (1, 3, 5)],
    }
