"""How a run takes its lease, keeps it alive, sees that another has it, and gives it back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from tests.changes.running.by_hand import MADE, SILENT, WORK, ByHand, meant, rest
from tests.changes.running.looks import NOW, RUN

from oakum.changes.run import Ended, Look, Wait, Write
from oakum.changes.running.actions import Action
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import Answered, Journal, Meant, Noted, Record, Started, Turned
from oakum.errors import UsageError


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> ByHand:
    return ByHand(monkeypatch, [])


def busy(journal: Journal, at: datetime) -> Iterable[Action]:
    """A step is in flight and takes its time."""
    if not journal.active:
        yield Turned(at=at, step=WORK, state="admitted", token=journal.token)
    yield rest(at, 10_000)


def over(what: str = "done", why: str = "all waves are over") -> object:
    """The run is over at once."""

    def turn(journal: Journal, at: datetime) -> Iterable[Action]:
        yield Noted(at=at, what=what, why=why, token=journal.token)

    return turn


def refused(code: str, why: str = "", retry_after: int = 0) -> Outcome:
    return Outcome(result="refused", code=code, why=why, retry_after=retry_after)  # type: ignore[arg-type] # a test's own word


# Taking and keeping it


def test_the_lease_comes_first_and_is_asked_for_again_after_a_third_of_its_time(hand: ByHand) -> None:
    hand.turn = busy
    hand.until(450)
    assert hand.leases() == [(0, 0, 300), (100, 1, 300), (200, 1, 300), (300, 1, 300), (400, 1, 300)]
    assert {at for at, _, _ in hand.waits()} == {0, 100, 200, 300, 400}


def test_a_lease_that_is_taken_is_written_down_with_its_answer_and_one_that_is_kept_is_not(hand: ByHand) -> None:
    hand.turn = busy
    hand.until(250)
    first, asks, answer, turned = hand.written()
    assert first == Started(at=NOW, run=RUN, plan=MADE.hash, executor="me")
    assert isinstance(asks, Meant)
    assert asks.act.parameters == {"holder": "me", "seconds": "300"}
    assert answer == Answered(at=NOW, key=asks.act.key, outcome=Outcome(result="done", token=1))
    assert isinstance(turned, Turned)


def test_with_nothing_in_flight_it_is_asked_for_longer_and_more_seldom(hand: ByHand) -> None:
    hand.turn = lambda journal, at: [rest(at, 10_000, held=True)]
    hand.until(1500)
    assert hand.leases() == [(0, 0, 300), (100, 1, 900), (400, 1, 900), (700, 1, 900), (1000, 1, 900), (1300, 1, 900)]


def test_whoever_has_work_again_asks_for_the_usual_time_again(hand: ByHand) -> None:
    hand.turn = lambda journal, at: (
        [rest(at, 10_000, held=True)] if (at - NOW).total_seconds() < 400 else busy(journal, at)
    )
    hand.until(1000)
    assert hand.leases()[:5] == [(0, 0, 300), (100, 1, 900), (400, 1, 900), (700, 1, 300), (800, 1, 300)]


def test_before_it_has_the_lease_it_looks_at_nothing_and_then_at_what_is_in_flight(hand: ByHand) -> None:
    hand.turn = busy
    hand.until(50)
    looks = hand.looks()
    assert looks[:2] == [(), ()]
    assert all("shop/w-1" in each for each in looks[2:])
    assert len(looks) > 2


def test_a_clock_that_was_put_back_is_no_reason_to_keep_a_lease_for_longer(hand: ByHand) -> None:
    hand.turn = busy
    looked = 0
    for request in hand.requests():
        if isinstance(request, Look) and hand.leases():
            looked += 1
            if looked == 2:
                hand.sight.at = NOW - timedelta(seconds=1)
        if len(hand.leases()) == 2:
            break
    assert looked == 2


# Another has it


def test_it_waits_for_a_lease_that_another_holds_as_long_as_it_is_told_to(hand: ByHand) -> None:
    hand.sight.lease = ("other", 7)
    told = [0, 1, 2, 3, 7, 59, 60, 61, 1000]
    answers = iter([refused("not-now", "other holds it", seconds) for seconds in told])
    hand.answer = lambda act: next(answers)
    for _ in range(len(told)):
        next(each for each in hand.requests() if isinstance(each, Wait))
    assert [until - at for at, until, _ in hand.waits()] == [2, 2, 2, 3, 7, 59, 60, 60, 60]
    assert {why for _, _, why in hand.waits()} == {"the lease: other holds it"}
    assert not hand.done()


@pytest.mark.parametrize("seconds", [0, 50, 100])
def test_whoever_sees_that_another_has_taken_over_ends_at_once(hand: ByHand, seconds: int) -> None:
    def turn(journal: Journal, at: datetime) -> Iterable[Action]:
        if (at - NOW).total_seconds() >= seconds:
            hand.sight.lease = ("other", 2)
            yield meant(1, at)
        yield from busy(journal, at)

    hand.turn = turn
    assert hand.finish() == Ended("fenced", "other has taken the run over")
    assert hand.done() == ["claim"]


def test_a_look_that_is_older_than_the_lease_shows_who_had_it_before_and_ends_nothing(hand: ByHand) -> None:
    hand.sight.lease, hand.token = ("other", 6), 6

    def answer(act: Act) -> object:
        """The view of the lease lags behind by some looks."""
        if len(hand.leases()) == 2:
            hand.sight.lease = ("me", 7)
        return Outcome(result="done", token=7)

    hand.turn, hand.answer = busy, answer
    hand.until(50)
    assert hand.ended is None
    assert [token for _, token, _ in hand.leases()] == [0, 7]


def test_a_lease_whose_answer_was_lost_is_our_own_and_is_taken_up(hand: ByHand) -> None:
    lost = iter([SILENT])

    def answer(act: Act) -> object:
        if act.do == "lease" and hand.now >= 100 and (found := next(lost, None)) is not None:
            hand.token = 2
            hand.sight.lease = ("me", 2)
            return found
        return None

    hand.turn, hand.answer = busy, answer
    hand.until(250)
    assert hand.ended is None
    assert hand.leases()[:4] == [(0, 0, 300), (100, 1, 300), (101, 1, 300), (201, 3, 300)]


def test_an_act_that_is_refused_by_a_newer_token_is_the_last_one(hand: ByHand) -> None:
    hand.turn = lambda journal, at: [meant(1, at), meant(2, at)]
    hand.answer = lambda act: refused("fenced", "token 2 was seen") if act.do == "claim" else None
    assert hand.finish() == Ended("fenced", "token 2 was seen")
    assert hand.done() == ["claim"]
    last = hand.written()[-1]
    assert isinstance(last, Answered)
    assert last.outcome.code == "fenced"


def test_a_lease_that_is_refused_by_a_newer_token_ends_it(hand: ByHand) -> None:
    hand.turn = busy
    hand.answer = lambda act: refused("fenced", "other holds token 2") if hand.now >= 100 else None
    assert hand.finish() == Ended("fenced", "other holds token 2")


def test_a_lease_that_had_run_out_between_look_and_act_is_taken_again_and_that_is_written(hand: ByHand) -> None:
    def answer(act: Act) -> object:
        if act.do == "lease" and hand.now >= 100 and hand.token == 1:
            hand.token = 2
            hand.sight.lease = ("me", 2)
            return Outcome(result="done", token=2)
        return None

    seen: list[int] = []

    def turn(journal: Journal, at: datetime) -> Iterable[Action]:
        seen.append(journal.token)
        if at > NOW and not hand.done():
            yield meant(1, at)
        yield from busy(journal, at)

    hand.turn, hand.answer = turn, answer
    hand.until(150)
    assert [(at, token) for at, token, _ in hand.leases()] == [(0, 0), (100, 1), (100, 0)]
    assert len([each for each in hand.written() if isinstance(each, Meant) and each.act.do == "lease"]) == 2
    assert hand.done() == ["claim"]
    assert sorted(set(seen)) == [1, 3], "nothing is decided or tried under the token that is gone"


# Nobody answers


def test_a_lease_of_which_nobody_answers_is_ours_for_half_of_its_time_and_then_taken_anew(hand: ByHand) -> None:
    hand.turn = busy
    silent = True
    hand.answer = lambda act: SILENT if act.do == "lease" and hand.now >= 100 and silent else None
    hand.until(151)
    (wait,) = [each for each in hand.waits() if "lease" in each[2]]
    assert wait == (150, 152, "the lease: whether the lease was taken is not known")
    silent = False
    before = len(hand.asked)
    hand.until(170)
    after = [each for _, each in hand.asked[before:]]
    assert isinstance(after[0], Look)
    assert after[0].about == ()
    assert isinstance(after[1], Write)
    assert isinstance(after[1].record, Meant)
    assert after[1].record.act.token == 0


def test_a_refusal_is_an_answer_and_the_lease_is_not_ours_from_then_on(hand: ByHand) -> None:
    hand.turn = busy
    hand.answer = lambda act: refused("not-now", "too many requests", 5) if 100 <= hand.now < 105 else None
    hand.until(150)
    assert (100, 105, "the lease: too many requests") in hand.waits()
    assert [(at, token) for at, token, _ in hand.leases()] == [(0, 0), (100, 1), (105, 0)]


def test_without_the_lease_it_waits_for_an_answer_as_well(hand: ByHand) -> None:
    """However short ago it was last ours."""
    hand.turn = busy
    hand.answer = lambda act: (
        refused("not-now", "too many requests", 5) if hand.now == 100 else SILENT if hand.now == 105 else None
    )
    hand.until(150)
    assert (105, 107, "the lease: whether the lease was taken is not known") in hand.waits()


def test_what_is_no_answer_is_taken_for_none(hand: ByHand) -> None:
    hand.answer = lambda act: "yes"
    next(each for each in hand.requests() if isinstance(each, Wait))
    assert hand.waits() == [(0, 2, "the lease: no answer")]
    assert hand.done() == []


# What the journal says


class Shelf:
    """A journal that is read from its store each time."""

    def __init__(self, *records: Record) -> None:
        self.lines = list(records)

    def __iter__(self) -> object:
        return iter(tuple(self.lines))


def lengths(monkeypatch: pytest.MonkeyPatch, records: object) -> tuple[ByHand, list[int]]:
    """A run whose lease is lost once; how long the journal was at each turn."""
    hand, found = ByHand(monkeypatch, records), []  # type: ignore[arg-type] # whatever can be read is a journal

    def turn(journal: Journal, at: datetime) -> Iterable[Action]:
        found.append(journal.length)
        if (at - NOW).total_seconds() == 100 and hand.token == 1:
            hand.sight.lease = None
        return busy(journal, at)

    hand.turn = turn
    hand.until(250)
    return hand, found


OLD = (Started(at=NOW, run=RUN, plan=MADE.hash, executor="before"),)


def test_each_record_counts_once_whether_the_journal_has_it_by_then_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for records in (list(OLD), Shelf(*OLD), iter(OLD)):
        hand, found = lengths(monkeypatch, records)
        written = 1 + len(hand.written())
        assert hand.token == 2
        assert found[-1] == written
        assert found == sorted(found)
        assert len(hand.leases()) == 3


@pytest.mark.parametrize(
    ("run", "plan", "says"),
    [("run-2", MADE.hash, f"the journal is of run run-1, run-2 and plan {MADE.hash}"),
     (RUN, "sha256:other", f"the journal is of run run-1 and plan {', '.join(sorted([MADE.hash, 'sha256:other']))}")],
)  # fmt: skip
def test_a_journal_of_another_run_or_plan_is_refused(
    monkeypatch: pytest.MonkeyPatch, run: str, plan: str, says: str
) -> None:
    hand = ByHand(monkeypatch, [Started(at=NOW, run=run, plan=plan, executor="x")])
    with pytest.raises(UsageError) as raised:
        hand.finish()
    assert raised.value.what == says
    assert not hand.done()


def test_a_lease_without_a_token_is_none_and_is_asked_for_again_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    hand = ByHand(monkeypatch, [])

    def answer(act: Act) -> Outcome:
        hand.sight.lease = ("me", 0)
        return Outcome(result="done", token=0)

    hand.answer = answer
    hand.turn = busy
    hand.until(100)
    assert len(hand.leases()) == 50, "each 2 seconds, and nothing else is done"
    assert {why for _, _, why in hand.waits()} == {"the lease: whether the lease was taken is not known"}
    assert not [each for each in hand.written() if isinstance(each, Turned)]


def test_whoever_had_the_lease_and_sees_it_without_a_token_takes_it_anew(hand: ByHand) -> None:
    hand.turn = busy
    hand.until(50)
    hand.sight.lease = ("me", 0)
    hand.until(120)
    assert hand.leases()[-1][1] == 1, "it asks as the one who had it"


def test_whoever_has_no_token_any_more_takes_the_lease_whoever_seems_to_have_it(hand: ByHand) -> None:
    def answer(act: Act) -> Outcome | None:
        if len(hand.leases()) != 2:
            return None
        hand.sight.lease = ("me", 0)
        return Outcome(result="done", token=2)

    hand.turn, hand.answer = busy, answer
    hand.until(150)
    assert hand.leases()[:3] == [(0, 0, 300), (100, 1, 300), (100, 0, 300)]


def test_nothing_is_done_without_a_token_however_fresh_the_last_one_was(hand: ByHand) -> None:
    turns: list[float] = []

    def turn(journal: Journal, at: datetime) -> Iterable[Action]:
        turns.append((at - NOW).total_seconds())
        yield rest(at, 5)

    hand.turn = turn
    hand.until(20)
    hand.sight.lease = ("me", 0)
    hand.answer = lambda act: refused("not-now")
    before = len(turns)
    hand.until(60)
    assert len(turns) == before
    assert [token for _, token, _ in hand.leases()[-3:]] == [0, 0, 0]


def test_a_lease_that_was_refused_is_none_whatever_token_it_tells(hand: ByHand) -> None:
    hand.answer = lambda act: Outcome(result="refused", code="not-now", token=5)
    hand.turn = busy
    hand.until(10)
    assert not [each for each in hand.written() if isinstance(each, Turned)]
    assert hand.waits()


# The end


@pytest.mark.parametrize(("what", "result"), [("done", "done"), ("stopped", "stopped")])
def test_at_the_end_the_lease_is_given_back_and_the_last_word_is_told(hand: ByHand, what: str, result: str) -> None:
    def turn(journal: Journal, at: datetime) -> Iterable[Action]:
        yield Noted(at=at, what="held", why="a window", token=journal.token)
        yield Noted(at=at, what=what, why="so it ended", token=journal.token)
        yield Noted(at=at, what="overdue", why="a pause", token=journal.token)

    hand.turn = turn
    assert hand.finish() == Ended(result, "so it ended")  # type: ignore[arg-type] # one of its words
    assert hand.leases() == [(0, 0, 300), (0, 1, 0)]


def ending(hand: ByHand, *answers: Outcome) -> Ended:
    """The end of a run that is over, with these answers to the lease's being given back."""
    left = iter(answers)
    hand.turn = over()  # type: ignore[assignment] # a turn
    hand.answer = lambda act: next(left, None) if act.do == "lease" and act.parameters["seconds"] == "0" else None
    return hand.finish()


def test_whether_it_was_given_back_is_asked_three_times_and_then_left_to_its_end(hand: ByHand) -> None:
    assert ending(hand, *[SILENT] * 9) == Ended("done", "all waves are over")
    why = "whether the lease was given back is not known"
    assert hand.waits() == [(0, 3, why), (3, 6, why), (6, 9, why)]
    assert hand.leases()[1:] == [(0, 1, 0), (3, 1, 0), (6, 1, 0), (9, 1, 0)]
    assert hand.looks()[-3:] == [(), (), ()]


def test_an_answer_ends_the_asking(hand: ByHand) -> None:
    assert ending(hand, SILENT, Outcome(result="done", token=1)).result == "done"
    assert len(hand.leases()) == 3


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refused("fenced", "other holds it"), Ended("fenced", "other holds it")),
        (refused("not-now"), Ended("fenced", "another has taken the run over")),
        (Outcome(result="done", token=2), Ended("fenced", "another has taken the run over")),
        (Outcome(result="done", token=1), Ended("done", "all waves are over")),
    ],
)
def test_whoever_has_the_lease_no_more_when_it_is_over_has_not_ended_the_run(
    hand: ByHand, answer: Outcome, expected: Ended
) -> None:
    assert ending(hand, answer) == expected
