"""How a run takes turns: what is written and tried on one look, and for how long it waits for what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

import pytest
from tests.changes.running.by_hand import WORK, ByHand, meant, rest
from tests.changes.running.looks import NOW

from oakum.changes.run import Look, Wait, Write
from oakum.changes.running.actions import Action, Rest
from oakum.changes.running.journal import Answered, Journal, Noted, Turned


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> ByHand:
    return ByHand(monkeypatch, [])


def note(at: datetime, journal: Journal, why: str = "") -> Noted:
    return Noted(at=at, what="overdue", why=why, token=journal.token)


def first_wait(hand: ByHand, *rests: Rest, active: bool = False) -> tuple[float, str]:
    """For how many seconds it waits, and for what, with these rests; a step is in flight where it is ``active``."""

    def turn(journal: Journal, at: datetime) -> Iterable[Action]:
        if active and not journal.active:
            yield Turned(at=at, step=WORK, state="admitted", token=journal.token)
        yield from rests

    hand.turn = turn
    next(each for each in hand.requests() if isinstance(each, Wait))
    ((at, until, why),) = hand.waits()
    return until - at, why


# Turns


def words(hand: ByHand) -> list[str]:
    """What was asked, in a word each."""
    return [type(each).__name__ for _, each in hand.asked]


def test_the_acts_of_one_look_are_each_written_tried_and_answered_and_then_it_looks_again(hand: ByHand) -> None:
    hand.turn = lambda journal, at: [meant(1, at), meant(2, at)] if not hand.done() else [rest(at, 50)]
    hand.until(0)
    assert words(hand)[-8:] == [*["Write", "Do", "Write"] * 2, "Look", "Wait"]


def test_more_than_64_acts_wait_for_another_look(hand: ByHand) -> None:
    hand.turn = lambda journal, at: [meant(number, at) for number in range(len(hand.done()), 100)] or [rest(at, 50)]
    at_looks: list[int] = []
    for request in hand.requests():
        if isinstance(request, Look):
            at_looks.append(len(hand.done()))
        if isinstance(request, Wait):
            break
    assert at_looks == [0, 0, 0, 64, 100]


def test_records_alone_need_no_other_look_and_what_follows_from_them_is_decided_at_once(hand: ByHand) -> None:
    several = iter([["a"], ["b", "c"]])
    hand.turn = lambda journal, at: [note(at, journal, why) for why in next(several, [])] or [rest(at, 50)]
    hand.until(0)
    assert words(hand)[-5:] == ["Look", "Write", "Write", "Write", "Wait"]


def test_whoever_decides_again_and_again_on_one_look_takes_another_look_after_a_second(hand: ByHand) -> None:
    hand.turn = lambda journal, at: [note(at, journal)]
    for request in hand.requests():
        if isinstance(request, Wait):
            break
    assert hand.waits() == [(0, 1, "there is more to decide")]
    assert words(hand)[-18:] == ["Look", *["Write"] * 16, "Wait"]
    assert isinstance(next(hand.requests()), Look)


def test_what_is_held_is_noted_once_for_each_new_reason(hand: ByHand) -> None:
    """``Rest.held``: noted once for each new why; what only takes its time is not."""

    def turn(journal: Journal, at: datetime) -> Iterable[Action]:
        yield rest(at, 500, "a window opens" if hand.now < 100 else "somebody approves", held=True)
        yield rest(at, 500, "the kernel installs", "kernel@shop/w-2")

    hand.turn = turn
    hand.until(300)
    notes = [each for each in hand.written() if isinstance(each, Noted)]
    assert [(each.what, each.about, each.why, each.token) for each in notes] == [
        ("held", WORK, "a window opens", 1), ("held", WORK, "somebody approves", 1)
    ]  # fmt: skip
    assert [type(each) for each in hand.written()].count(Answered) == 1


# Waits


def test_it_waits_until_the_first_thing_is_due_and_says_which(hand: ByHand) -> None:
    rests = [rest(NOW, 40, "it reboots", "x"), rest(NOW, 20, "it drains"), rest(NOW, 30, "it installs", "y")]
    assert first_wait(hand, *rests, active=True) == (20, f"{WORK}: it drains")


@pytest.mark.parametrize(
    ("about", "why", "says"), [(WORK, "it drains", f"{WORK}: it drains"), ("", "a gate", "a gate"), (WORK, "", "")]
)
def test_a_wait_says_about_what_and_why_as_far_as_it_is_known(hand: ByHand, about: str, why: str, says: str) -> None:
    assert first_wait(hand, rest(NOW, 20, why, about), active=True) == (20, says)


def test_without_anything_to_wait_for_it_looks_again_after_a_quarter_of_a_minute(hand: ByHand) -> None:
    assert first_wait(hand, active=True) == (15, "")


def test_what_is_due_already_is_looked_at_again_without_a_wait(hand: ByHand) -> None:
    hand.turn = lambda journal, at: [rest(at, 0 if len(hand.looks()) < 5 else 20)]
    hand.until(0)
    assert len(hand.looks()) == 5
    assert [until for _, until, _ in hand.waits()] == [20]


def test_no_wait_is_shorter_than_a_second(hand: ByHand) -> None:
    assert first_wait(hand, rest(NOW, 0.25), active=True)[0] == 1


def test_a_wait_ends_when_the_lease_is_due_and_tells_the_first_reason(hand: ByHand) -> None:
    rests = [rest(NOW, 900, "it copies"), rest(NOW, 800, "it installs", "y")]
    assert first_wait(hand, *rests, active=True) == (100, f"{WORK}: it copies")


def test_a_run_that_waits_for_the_world_looks_every_minute_more_seldom_up_to_five(hand: ByHand) -> None:
    """Each pause is a minute longer, and ends where the lease is due."""
    hand.turn = lambda journal, at: [rest(at, 20, held=True), rest(at, 30, held=True, about="y")]
    hand.until(1500)
    times = [0.0, *(until for _, until, _ in hand.waits())]
    pauses = [after - before for before, after in pairwise(times)]
    assert pauses[:2] == [60, 40]
    assert pauses[2:4] == [180, 120]
    assert set(pauses[4:]) == {300}


def test_what_is_due_at_a_moment_is_not_slept_over(hand: ByHand) -> None:
    sharp = rest(NOW, 47, "a window opens", "y", held=True, sharp=True)
    later = rest(NOW, 55, "another opens", "z", held=True, sharp=True)
    vague = rest(NOW, 20, "somebody approves", held=True)
    assert first_wait(hand, vague, later, sharp) == (47, f"{WORK}: somebody approves")


def test_a_moment_that_is_far_away_is_no_reason_to_look_more_seldom(hand: ByHand) -> None:
    assert first_wait(hand, rest(NOW, 5000, "a window opens", held=True, sharp=True))[0] == 60


@pytest.mark.parametrize("active", [True, False])
def test_with_anything_in_flight_or_on_its_way_it_looks_when_that_is_due(hand: ByHand, active: bool) -> None:
    rests = [rest(NOW, 20, "somebody approves", held=True)]
    rests += [] if active else [rest(NOW, 30, "it soaks", "y")]
    assert first_wait(hand, *rests, active=active)[0] == 20


def test_work_ends_the_patience(hand: ByHand) -> None:
    """After something was done or decided the next pause is a minute again."""

    def turn(journal: Journal, at: datetime) -> Iterable[Action]:
        if at == NOW.replace(minute=1, second=40) and not hand.done():
            yield meant(1, at)
        else:
            yield rest(at, 20, held=True)

    hand.turn = turn
    hand.until(150)
    assert [(at, until) for at, until, _ in hand.waits()] == [(0, 60), (60, 100), (100, 160)]
    assert [each for _, each in hand.asked if isinstance(each, Write)]
