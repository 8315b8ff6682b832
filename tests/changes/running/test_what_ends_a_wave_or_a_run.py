"""Gates, guardrails, pauses, and the ends of waves and runs, in tables and in the words that people read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.changes.running.looks import ALL, NEW, NOW, Play, plan, step

from oakum.changes.plans import Stop, Subject, Wave
from oakum.changes.running.gates import Gate as Said
from oakum.changes.running.gates import Measure, measures_of, weigh
from oakum.changes.running.next_actions import subjects
from oakum.changes.running.observed import Sample
from oakum.changes.running.standing import Standing
from oakum.policy.entries import Gate, Metric

ID, STEP = "shop/w-1", "kernel@shop/w-1"
MANY = Stop(failed=99, lost=99)
RATE = Metric("rate", "q", "value < 0.01", "value > 0.05", count=3, max_failures=1, max_inconclusive=1, max_errors=1)


# Gates


@pytest.mark.parametrize(
    ("success", "failure", "value", "verdict"),
    [
        ("value < 1.0", "value > 2.0", 0.5, "success"),
        ("value < 1.0", "value > 2.0", 1.5, "inconclusive"),
        ("value < 1.0", "value > 2.0", 2.5, "failure"),
        ("value < 1.0", "value < 2.0", 0.5, "failure"),
        ("value < 1.0", "", 1.5, "inconclusive"),
        ("value < 1.0", "", 0.5, "success"),
        ("value < 1.0", "", None, "error"),
        # Neither says anything where one of them cannot be worked out.
        ("1 / int(value) > 0", "value > 2.0", 0.0, "error"),
        ("value < 1.0", "1 / int(value) > 0", 0.0, "error"),
    ],
)
def test_what_one_measurement_says(success: str, failure: str, value: float | None, verdict: str) -> None:
    sample = Sample(at=NOW, metric="m", about="w1", value=value)
    assert Measure(Metric("m", "q", success, failure)).judge(sample) == verdict


def samples(values: str, metric: str = "rate") -> list[Sample]:
    """Measurements a minute apart: good, bad, neither, or an error by their letters."""
    each = {"g": 0.0, "b": 1.0, "n": 0.02, "e": None}
    return [
        Sample(at=NOW + timedelta(minutes=number), metric=metric, about="w1", value=each[letter])
        for number, letter in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("ggg", Said(True)),
        ("gg", Said(False, False, "rate was not measured 3 times yet")),
        ("bgg", Said(True)),
        ("bbg", Said(False, True, "rate failed 2 of 3 times")),
        ("bb", Said(False, True, "rate failed 2 of 2 times")),
        ("bbggg", Said(True)),
        ("ngg", Said(True)),
        ("nng", Said(False, False, "rate is neither good nor bad")),
        ("egg", Said(True)),
        ("eeg", Said(False, False, "rate could not be measured")),
        ("", Said(False, False, "rate was not measured 3 times yet")),
    ],
)
def test_a_gate_passes_fails_or_holds_by_its_newest_measurements(values: str, said: Said) -> None:
    assert weigh(measures_of((RATE,)), samples(values), NOW) == said
    assert weigh(measures_of((RATE,)), samples(values)[::-1], NOW) == said


def test_a_measurement_of_the_very_moment_counts_and_one_from_before_does_not() -> None:
    once = measures_of((Metric("rate", "q", "value < 0.01"),))
    assert weigh(once, samples("g"), NOW).passed
    assert not weigh(once, samples("g"), NOW + timedelta(seconds=1)).passed


def test_a_metric_that_fails_ends_a_gate_that_another_holds() -> None:
    other = Metric("other", "q", "value < 0.01", "value > 0.05")
    held = weigh(measures_of((RATE, other)), [*samples("gg"), *samples("g", "other")], NOW)
    assert held == Said(False, False, "rate was not measured 3 times yet")
    both = weigh(measures_of((RATE, other)), samples("gg"), NOW)
    assert both == held
    failed = weigh(measures_of((RATE, other)), [*samples("gg"), *samples("b", "other")], NOW)
    assert failed == Said(False, True, "other failed 1 of 1 times")
    third = Metric("third", "q", "value < 0.01", "value > 0.05")
    failed = weigh(measures_of((RATE, other, third)), [*samples("gg"), *samples("b", "third")], NOW)
    assert failed == Said(False, True, "third failed 1 of 1 times")


# Pauses


def test_a_pause_that_was_taken_back_is_none() -> None:
    play = Play(plan(step()))
    play.sight.wishes |= {"pause", "resume"}
    play.turn()
    assert not play.noted("paused")
    assert play.state() == "admitted"


def test_every_pause_that_lasts_for_more_than_a_day_is_told() -> None:
    play = Play(plan(step()))
    play.sight.wishes |= {"pause"}
    play.turn()
    play.later(24 * 3600)
    play.turn()
    assert not play.noted("overdue")
    play.later(1)
    play.turn(2)
    assert [each.why for each in play.noted("overdue")] == ["the pause has lasted for more than a day"]
    play.sight.wishes -= {"pause"}
    play.later(60)
    play.turn()
    play.sight.wishes |= {"pause"}
    play.turn()
    play.later(24 * 3600 + 1)
    play.turn(2)
    assert len(play.noted("overdue")) == 2
    assert [each.what for each in play.journal.notes if each.what != "overdue"][:3] == ["paused", "resumed", "paused"]


# Guardrails


def stops(play: Play) -> str:
    """Why the run stops; empty where it does not."""
    play.turn()
    return next((each.why for each in play.noted("stopping")), "")


@pytest.mark.parametrize(
    ("states", "stop", "why"),
    [
        (("failed",), Stop(failed=1, lost=9), "1 failed, and the limit is 1"),
        (("failed", "undone"), Stop(failed=2, lost=9), "2 failed, and the limit is 2"),
        (("failed",), Stop(failed=2, lost=9), ""),
        (("lost",), Stop(failed=9, lost=1), "1 lost, and the limit is 1"),
        (("lost", "lost"), Stop(failed=9, lost=2), "2 lost, and the limit is 2"),
        (("lost",), Stop(failed=9, lost=2), ""),
        (("lost failed",), Stop(failed=9, lost=1), "1 lost, and the limit is 1"),
        # It came back.
        (("lost verifying",), Stop(failed=9, lost=1), ""),
        (("lost verifying restoring done",), Stop(failed=9, lost=1), ""),
    ],
)
def test_a_run_stops_at_so_many_failed_or_lost(states: tuple[str, ...], stop: Stop, why: str) -> None:
    steps = [step(f"w-{number}") for number in range(4)]
    play = Play(plan(*steps, stop=stop))
    for each, several in zip(steps, states, strict=False):
        for state in several.split():
            play.puts(each.id, state, left_in="rebooting")
            play.turn_of()
    assert stops(play) == why


@pytest.mark.parametrize(
    ("named", "fires", "why"),
    [
        (("Outage", "Burning"), frozenset({"Outage", "Burning"}), "the alarm Burning fires"),
        (("Outage",), frozenset({"Other"}), ""),
        (("Outage",), None, ""),
        ((), frozenset({"Other"}), ""),
        ((), None, ""),
    ],
)
def test_a_run_stops_at_an_alarm_of_its_guardrail(
    named: tuple[str, ...], fires: frozenset[str] | None, why: str
) -> None:
    play = Play(plan(step(), stop=Stop(failed=9, lost=9, alarms=named)))
    play.sight.alarms = fires
    assert stops(play) == why


AWAY = NOW - timedelta(seconds=900)


@pytest.mark.parametrize(
    ("seen", "falls"),
    [
        ({"up": False, "since": AWAY - timedelta(seconds=1)}, True),
        ({"up": False, "since": AWAY}, False),
        ({"up": False, "since": None}, False),
        ({"up": None, "since": AWAY - timedelta(hours=1)}, False),
        ({"up": True, "cordoned": True, "since": AWAY - timedelta(hours=1)}, False),
    ],
)
def test_a_changed_machine_that_is_down_for_longer_than_its_gate_allows_has_failed(
    seen: dict[str, Any], falls: bool
) -> None:
    play = Play(plan(step(), step("w-2")))
    play.show("shop/a-stranger", uid="x", up=False, since=NOW - timedelta(days=3))
    play.puts(STEP, "done")
    play.show(ID, **({"running": {"linux": NEW}} | seen))
    assert stops(play) == ("1 failed, and the limit is 1" if falls else "")


def test_a_machine_that_was_not_changed_is_no_failure_of_ours() -> None:
    play = Play(plan(step(), step("w-2")))
    play.puts(STEP, "done")
    play.show("shop/w-2", up=False, since=NOW - timedelta(days=3))
    assert stops(play) == ""
    # One that was is counted also behind one that was not.
    play = Play(plan(step(), step("w-2")))
    play.puts("kernel@shop/w-2", "done")
    for name in ("w-1", "w-2"):
        play.show(f"shop/{name}", up=False, since=NOW - timedelta(days=3))
    assert stops(play) == "1 failed, and the limit is 1"


def test_a_machine_that_is_in_hand_again_is_no_failure_of_an_earlier_step() -> None:
    again = step("w-1", id="again@shop/w-1")
    play = Play(plan(step(), again, step("w-2")))
    play.puts(STEP, "done")
    play.puts(again.id, "rebooting", boot="boot-1")
    play.show(ID, up=False, since=NOW - timedelta(days=3))
    assert stops(play) == ""


@pytest.mark.parametrize(
    ("states", "counts"),
    [
        (("waiting",), True),
        (("skipped",), True),
        (("admitted", "cordoned", "waiting"), True),
        (("admitted", "skipped"), True),
        (("admitted",), False),
        # That it has failed is counted as such.
        (("applying", "undone"), False),
    ],
)
@pytest.mark.parametrize("resumed", [False, True])
def test_a_machine_remains_changed_by_an_earlier_step_while_a_later_one_of_it_is_not_in_hand(
    states: tuple[str, ...], counts: bool, resumed: bool
) -> None:
    again = step("w-1", id="again@shop/w-1")
    play = Play(plan(step(), again, step("w-2")))
    play.puts(STEP, "done")
    if not resumed:
        assert play.turn_of().standing.changed == {ID: STEP}
    for state in states:
        play.puts(again.id, state)
    assert play.turn_of().standing.changed == ({ID: STEP} if counts else {})


OTHER = "again@shop/w-1"


@pytest.mark.parametrize(
    ("turned", "changed"),
    [
        # What was mentioned first is not what came last.
        ([(OTHER, "waiting"), (STEP, "done"), (OTHER, "rebooting")], {}),
        ([(STEP, "waiting"), (OTHER, "undone"), (STEP, "done")], {ID: STEP}),
        ([(STEP, "waiting"), (OTHER, "done"), (STEP, "done")], {ID: STEP}),
        ([(OTHER, "waiting"), (STEP, "done"), (OTHER, "done")], {ID: OTHER}),
    ],
)
def test_a_resumed_run_knows_of_a_machine_what_the_first_one_knew(
    turned: list[tuple[str, str]], changed: dict[str, str]
) -> None:
    play = Play(plan(step(), step("w-1", id=OTHER), step("w-2")))
    live = play.turn_of().standing
    for id, state in turned:
        play.puts(id, state, "why" if state == "waiting" else "")
    assert live.changed == changed
    assert Standing(play.compiled, play.journal).changed == changed


@pytest.mark.parametrize("facts", [{}, {"left_in": "applying"}])
@pytest.mark.parametrize("state", ["lost", "failed", "done"])
def test_a_journal_that_tells_of_steps_of_no_plan_counts_none_of_them(state: str, facts: dict[str, str]) -> None:
    play = Play(plan(step(), step("w-2")))
    play.puts("nowhere", state, "", **facts)
    standing = play.turn_of().standing
    assert (standing.lost, standing.failed, standing.changed) == (set(), set(), {})
    assert subjects(play.compiled, play.journal) is not None


def test_only_machines_can_fall_out_of_service_after_their_change() -> None:
    subject = Subject(kind="object", cluster="shop", name="Deployment/x/y", uid="u")
    image = step("y", id="image", kind="set-object", subject=subject)
    play = Play(plan(step(), image))
    play.puts(STEP, "done")
    play.puts("image", "done")
    assert play.turn_of().standing.changed == {ID: STEP}


# The ends of waves


def waves(*needed: Wave, **given: Any) -> tuple[Wave, ...]:
    """One machine in a first wave, another in a second that needs it."""
    first = Wave(id="w1", name="a", needs=(), steps=given.pop("steps", (step("w-1"),)), **given)
    return (first, *needed, Wave(id="w2", name="b", needs=("w1",), steps=(step("w-2"),)))


def ended(**limits: Any) -> Play:
    """The only wave's only step is done."""
    given = {name: limits.pop(name) for name in ("soak",) if name in limits}
    play = Play(plan(waves=(Wave(id="w1", name="a", needs=(), steps=(step(),), **given),), stop=MANY, **limits))
    play.puts(STEP, "done")
    play.show(ID, running={"linux": NEW})
    return play


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (0, "60 s: it is watched"),
        (539, "60 s: it is watched"),
        (570, "30 s: it is watched"),
        (600, "noted wave-over: "),
    ],
)
def test_a_wave_is_watched_for_as_long_as_it_soaks(after: float, said: str) -> None:
    play = ended(soak=600)
    play.later(after)
    play.turn()
    assert play.said("w1") == [said]


QUIET = Gate("gate", ALL, quiet_alarms=("Slow", "Errors"))
METRIC = Gate("gate", ALL, metrics=(Metric("rate", "q", "value < 0.01", "value > 0.05"),))


@pytest.mark.parametrize(
    ("gate", "alarms", "values", "said"),
    [
        (QUIET, frozenset({"Slow", "Errors"}), "", "15 s, held: the alarm Errors fires"),
        (QUIET, None, "", "15 s, held: nobody could say which alarms fire"),
        (QUIET, frozenset({"Other"}), "", "noted wave-over: "),
        (Gate("gate", ALL), None, "", "noted wave-over: "),
        (METRIC, frozenset(), "", "15 s, held: rate was not measured yet"),
        (METRIC, frozenset(), "n", "15 s, held: rate is neither good nor bad"),
        (METRIC, frozenset(), "b", "noted stopping: its gate has failed: rate failed 1 of 1 times (gate=failed)"),
        (METRIC, frozenset(), "g", "noted wave-over: "),
    ],
)
def test_a_wave_ends_when_its_gate_says_so(gate: Gate, alarms: frozenset[str] | None, values: str, said: str) -> None:
    play = ended(gate=gate)
    play.sight.alarms = alarms
    play.sight.measured = tuple(samples(values))
    play.turn()
    assert play.said("w1") == [said]


NOTHING = "nothing of it was changed"


def test_a_wave_of_which_nothing_was_changed_stops_the_run_only_where_others_need_its_proof() -> None:
    play = Play(plan(waves=waves(), stop=MANY))
    play.puts(STEP, "skipped", "cordoned")
    play.turn()
    assert play.said("w1") == [f"noted stopping: {NOTHING}, so nothing shows that it is safe to go on"]
    play = Play(plan(step(), stop=MANY))
    play.puts(STEP, "skipped", "cordoned")
    play.turn()
    assert play.said("w1") == [f"noted wave-over: {NOTHING}"]
    # One that has no steps is over, and proves nothing that anybody waits for.
    play = Play(plan(waves=waves(steps=()), stop=MANY))
    play.turn()
    assert play.said("w1") == [f"noted wave-over: {NOTHING}"]


@pytest.mark.parametrize(
    ("id", "seen", "said"),
    [
        (ID, {"up": False, "since": NOW}, f"15 s, held: {ID} fell out of service after its change"),
        (
            ID,
            {"up": False, "since": NOW, "why": "no route"},
            f"15 s, held: {ID} fell out of service after its change (no route)",
        ),
        # It is counted as a failure by then.
        (ID, {"up": False, "since": AWAY - timedelta(seconds=1)}, "noted wave-over: "),
        (ID, {"up": None}, "noted wave-over: "),
        (ID, {"cordoned": True}, "noted wave-over: "),
        ("shop/a-stranger", {"up": False, "since": NOW}, "noted wave-over: "),
    ],
)
def test_a_wave_waits_for_its_own_machines_that_fell_out_of_service(id: str, seen: dict[str, Any], said: str) -> None:
    play = ended()
    play.show(id, **({"uid": "x"} if id != ID else {}), **seen)
    play.turn()
    assert play.said("w1") == [said]


def test_a_wave_does_not_wait_for_the_machines_of_another_one() -> None:
    both = (
        Wave(id="w1", name="a", needs=(), steps=(step("w-1"),)),
        Wave(id="w2", name="b", needs=(), steps=(step("w-2"),)),
    )
    play = Play(plan(waves=both, stop=MANY))
    for name in ("w-1", "w-2"):
        play.puts(f"kernel@shop/{name}", "done")
        play.show(f"shop/{name}", running={"linux": NEW})
    play.show("shop/w-2", up=False, since=NOW)
    play.turn()
    assert play.said("w1") == ["noted wave-over: "]
    assert play.said("w2") == ["15 s, held: shop/w-2 fell out of service after its change"]


# The end of a run


def test_a_run_that_was_stopped_says_why_also_after_other_notes() -> None:
    play = Play(plan(step()))
    play.sight.wishes |= {"pause"}
    play.turn()
    play.sight.wishes |= {"stop"}
    play.turn(2)
    assert play.said("") == ["noted stopped: stop was asked for"]


def test_a_run_with_steps_in_flight_does_not_end() -> None:
    play = Play(plan(step()))
    play.puts(STEP, "restoring", ending="waiting")
    play.claimed()
    play.stops()
    play.turn()
    assert not play.noted("stopped")
