"""The oracle sees a run that does nothing though it could, stops for no reason, or gives a machine up for nothing."""

from __future__ import annotations

import pytest

from oakum.changes.plans.model import Plan
from oakum.changes.running.journal import Noted, States, Turned
from oakum.simulation.build import build
from oakum.simulation.invariants import Terms
from oakum.simulation.oracle import PATIENCE, Oracle
from oakum.simulation.scenarios import parse
from oakum.simulation.trials import ready
from oakum.simulation.watching import Watches

TEXT = """
name: NAME
title: Three nodes
about: Three nodes, and a run that is written by hand.
start: 2026-03-02T22:00:00Z
world:
  clusters:
    - name: c
      managed: yes
      facts: {environment: prod, region: eu, tier: "1"}
      pools: [{name: w, count: 3, kernel: "1", kubelet: 1.31.4, offers: {kernel: ["2"]}}]
      workloads: [{name: web, replicas: 3}]
      budgets: [{name: web, for: web, max_unavailable: 1}]
intents: [{name: k, kind: kernel, wants: {to: "2"}}]
policy: {windows: [WINDOW], guardrails: [{name: g, stop_at_failed: 2, stop_at_lost: 1, alarms: [Burn]}]}
"""
ALWAYS = "{name: always, always: yes}"
NIGHT = "{name: night, time_zone: UTC, dtstart: 2026-01-05T20:00, duration: 1h, rrule: FREQ=DAILY}"


class Watched:
    """A world, its plan, an oracle that watches, and a journal that is written by hand."""

    def __init__(self, window: str = ALWAYS, *, approved: bool = True) -> None:
        scenario = parse(TEXT.replace("WINDOW", window).replace("NAME", f"by-hand-{len(window)}"), "by-hand.yaml")
        known = ready(scenario)
        assert isinstance(known.answer, Plan)
        self.plan = known.answer
        self.world = build(scenario, 1)
        terms = Terms(policy=known.policy, calendar=known.calendar)
        terms.agree(self.plan)
        if approved:
            self.world.wishes.add(f"approve:{self.plan.hash}")
        self.oracle = Oracle(self.world, terms, scenario)
        self.world.watch = Watches([self.oracle])
        self.states: dict[str, str] = dict.fromkeys(self.plan.steps, "waiting")

    @property
    def steps(self) -> list[str]:
        """The ids of the steps, in the order of the waves."""
        return list(self.plan.steps)

    def turn(self, step: str, state: States) -> None:
        """A step enters a state."""
        self.states[step] = state
        self.oracle.wrote(Turned(at=self.world.timeline.wall(), step=step, state=state), "e")

    def over(self) -> None:
        """The first wave is over."""
        self.oracle.wrote(Noted(at=self.world.timeline.wall(), what="wave-over", about=self.plan.waves[0].id), "e")

    def patch(self, step: str) -> None:
        """A step is done, in the world and in the journal."""
        machine = self.world.machines[self.plan.step(step).subject.id]
        machine.software["linux"].installed = machine.software["linux"].running = "2"
        self.turn(step, "done")

    def wait(self, hours: float) -> None:
        """Time passes."""
        self.world.timeline.run_to(self.world.timeline.now + hours * 3600)

    def verdict(self, result: str) -> tuple[str, ...]:
        """What the oracle says of an end."""
        return self.oracle.verdict(result, self.states)


PATIENT = PATIENCE / 3600 + 1


def test_a_run_that_is_done_is_accepted() -> None:
    run = Watched()
    for each in run.steps:
        run.patch(each)
    assert run.verdict("done") == ()


def test_a_run_that_does_nothing_for_hours_is_stuck() -> None:
    run = Watched()
    run.wait(PATIENT)
    assert any("could have begun" in each for each in run.verdict("held"))


def test_a_step_in_hand_with_nothing_in_its_way_is_stuck() -> None:
    run = Watched()
    run.turn(run.steps[0], "verifying")
    run.wait(PATIENT)
    assert any("in hand" in each for each in run.verdict("held"))


def test_a_wave_that_is_over_lets_the_next_begin() -> None:
    run = Watched()
    run.patch(run.plan.waves[0].steps[0].id)
    run.over()
    run.wait(PATIENT)
    assert any(run.plan.waves[1].steps[0].id in each for each in run.verdict("held"))


@pytest.mark.parametrize(
    ("do", "on", "what"),
    [
        ("pause", "", ""), ("alarm", "", "Burn"), ("cut", "c", ""), ("budget", "c", "default/web=max 0"),
        ("webhook-down", "", ""),
    ],
)  # fmt: skip
def test_a_run_may_wait_for_what_is_in_its_way(do: str, on: str, what: str) -> None:
    run = Watched()
    run.world.event(do, on, what)
    run.wait(PATIENT)
    assert run.verdict("held") == ()


def test_a_run_may_wait_for_people_and_for_its_window() -> None:
    for run in (Watched(approved=False), Watched(NIGHT)):
        run.wait(PATIENT)
        assert run.verdict("held") == ()


def test_a_run_may_wait_while_others_fill_the_budget() -> None:
    run = Watched()
    run.world.event("crash", "c/w-3")
    run.wait(PATIENT)
    assert run.verdict("held") == ()


def test_a_run_that_stops_for_nothing_is_not_accepted() -> None:
    run = Watched()
    run.patch(run.steps[0])
    assert any("it stopped" in each for each in run.verdict("stopped"))


def test_a_run_may_stop_when_people_ask_or_an_alarm_fires() -> None:
    for do, what in (("stop", ""), ("rollback", ""), ("alarm", "Burn")):
        run = Watched()
        run.patch(run.steps[0])
        run.world.event(do, what=what)
        assert run.verdict("stopped") == ()


def test_a_machine_that_is_given_up_for_nothing_is_not_accepted() -> None:
    run = Watched()
    for each in run.steps[1:]:
        run.patch(each)
    run.turn(run.steps[0], "skipped")
    assert any("nothing has happened to it" in each for each in run.verdict("done"))


def test_a_machine_may_be_given_up_that_somebody_else_has_taken() -> None:
    run = Watched()
    run.world.event("cordon", run.plan.step(run.steps[0]).subject.id, by="human")
    for each in run.steps[1:]:
        run.patch(each)
    run.turn(run.steps[0], "skipped")
    assert run.verdict("done") == ()


def test_a_fault_that_passes_excuses_nothing() -> None:
    run = Watched()
    run.oracle.struck("killed", run.plan.step(run.steps[0]).subject.id, True)
    for each in run.steps[1:]:
        run.patch(each)
    run.turn(run.steps[0], "failed")
    assert run.verdict("done")


def test_done_with_a_step_in_hand_is_not_accepted() -> None:
    run = Watched()
    for each in run.steps[1:]:
        run.patch(each)
    assert any("done, and" in each for each in run.verdict("done"))
