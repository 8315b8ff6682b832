"""Runs in simulated worlds: the driver kills, restarts and doubles processes, counts faults, and can be repeated."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from oakum.changes.compat import Knowledge
from oakum.changes.durations import Durations
from oakum.changes.intents.catalogue import KINDS
from oakum.changes.planning import plan
from oakum.changes.plans import Plan
from oakum.changes.running.journal import Meant, Started, Turned
from oakum.policy.openings import Calendar
from oakum.simulation import World, state_of
from oakum.simulation.build import build
from oakum.simulation.faults import ACT, RECORD, START, Schedule, Strike
from oakum.simulation.runner import Result, drive
from oakum.simulation.scenarios.model import NEVER, Approvals, Seconds
from oakum.simulation.scenarios.reading import calendar_of, intents_of, parse, policy_of

ROOT = Path(__file__).parents[2]
TEXT = """
name: small
title: Three nodes
about: A kernel on three nodes with a workload under a budget.
start: 2026-03-02T22:00:00Z
world:
  clusters:
    - name: c
      facts: {environment: prod}
      pools: [{name: w, count: 3, kernel: '1', kubelet: 1.31.4, offers: {kernel: ['2']}}]
      workloads: [{name: web, replicas: 4}, {name: log, kind: DaemonSet}]
      budgets: [{name: web, for: web, max_unavailable: 1}]
intents: [{name: k, kind: kernel, wants: {to: '2'}}]
policy: {windows: [{name: always, always: yes}]}
"""
SCENARIO = parse(TEXT, "small.yaml")


@cache
def planned() -> tuple[Plan, Calendar]:
    policy = policy_of(SCENARIO)
    calendar, world = calendar_of(policy), build(SCENARIO, 0)
    durations = Durations({name: kind.prior for name, kind in KINDS.items()})
    found = plan(
        state_of(world), intents_of(SCENARIO), policy, world.timeline.wall(), calendar=calendar,
        knowledge=Knowledge(), durations=durations,
    )  # fmt: skip
    assert isinstance(found, Plan)
    return found, calendar


def ran(*strikes: Strike, seed: int = 1, approvals: Approvals | None = None, trace: bool = False) -> Result:
    return in_world(build(SCENARIO, seed), *strikes, approvals=approvals, trace=trace)


def in_world(world: World, *strikes: Strike, approvals: Approvals | None = None, trace: bool = False) -> Result:
    found, calendar = planned()
    return drive(world, found, calendar, schedule=Schedule(strikes=strikes), approvals=approvals, trace=trace)


def test_a_run_that_nothing_strikes_ends_done_and_everything_is_in_effect() -> None:
    world = build(SCENARIO, 1)
    result = in_world(world)
    assert (result.result, set(result.states.values()), result.processes) == ("done", {"done"}, 1)
    assert {each.software["linux"].running for each in world.machines.values()} == {"2"}
    assert not any(each.unschedulable or each.claim or each.annotations for each in world.machines.values())
    assert result.evictions > 0
    assert 0 < result.missed < 600
    assert 0 < result.patched <= result.seconds


def test_nothing_is_done_without_the_plans_approval() -> None:
    result = ran(approvals=Approvals(plan=NEVER))
    assert (result.result, set(result.states.values())) == ("held", {"waiting"})
    assert {each.act.do for each in result.records if isinstance(each, Meant)} == {"lease"}
    assert "appr" in result.why


def test_a_killed_process_is_followed_by_another_that_goes_on() -> None:
    calm = len(ran().records)
    for nth in range(1, calm, 7):
        for state in (RECORD, ACT):
            world = build(SCENARIO, 1)
            result = in_world(world, Strike(kind="killed", state=state, nth=nth))
            assert (result.result, nth, state) == ("done", nth, state)
            started = [each.executor for each in result.records if isinstance(each, Started)]
            assert started == ["oakum-1", "oakum-2"][: result.processes]
            assert not any(each.unschedulable or each.claim for each in world.machines.values())


def test_a_zombie_wakes_up_and_changes_nothing() -> None:
    world = build(SCENARIO, 1)
    result = in_world(world, Strike(kind="zombie", state="draining", nth=2))
    assert result.result == "done"
    assert result.processes == 2
    assert world.lease.token == 2
    assert not any(each.unschedulable or each.claim for each in world.machines.values())


def test_a_second_process_waits_for_the_first() -> None:
    result = ran(Strike(kind="second-executor", state="cordoned"))
    assert (result.result, result.processes) == ("done", 2)


def test_a_strike_finds_its_occasion_and_is_counted_with_the_state_of_its_step() -> None:
    result = ran(Strike(kind="slow-boot", state="applying", nth=2))
    (struck,) = result.struck
    second = [each.step for each in result.records if isinstance(each, Turned) and each.state == "applying"][1]
    assert (struck.kind, struck.state, struck.subject) == ("slow-boot", "rebooting", second.partition("@")[2])
    assert result.seconds > ran().seconds + 300


def test_a_strike_whose_occasion_never_comes_is_not_counted() -> None:
    assert ran(Strike(kind="crash", state="lost")).struck == []
    assert ran(Strike(kind="etcd-down", state="applying")).struck == []


def test_a_strike_can_wait_and_can_come_at_a_time() -> None:
    (later,) = ran(Strike(kind="alarm", state="applying", delay=30.0)).struck
    (timed,) = ran(Strike(kind="alarm", state=START, delay=30.0)).struck
    assert (timed.at, later.at > timed.at) == (30.0, True)


def test_an_outage_lets_a_run_stand_until_the_process_is_started_again() -> None:
    result = ran(Strike(kind="outage", state="applying"))
    assert result.result == "done"
    assert result.seconds > 6 * 3600


@pytest.mark.parametrize("kind", ["killed", "answer-lost", "stale-read", "never-returns", "human-cordons"])
def test_a_run_repeats_to_the_letter(kind: str) -> None:
    strikes = Strike(kind=kind, state="draining", nth=2)
    one, two = ran(strikes, trace=True), ran(strikes, trace=True)
    assert one.digest == two.digest
    assert one.trace == two.trace
    assert one.trace


def test_another_seed_is_another_world() -> None:
    assert ran(seed=2).digest != ran(seed=1).digest, "boots take another time"


def test_a_run_repeats_in_another_process_whatever_its_hashes() -> None:
    code = (
        "from tests.simulation.test_runs import *; r = ran(Strike(kind='crash', state='applying'), trace=True);"
        "print(r.digest, hash(tuple(r.trace)) is None, len(r.trace))"
    )
    found = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": ""},
        )  # fmt: skip
        found.add(done.stdout)
    assert len(found) == 1


def test_whoever_waits_is_woken_by_what_happens() -> None:
    """A machine that is up again is seen at once, however long the run meant to wait."""
    result = ran(trace=True)
    ready = [float(line.split()[0]) for line in result.trace if line.endswith("-> verifying")]
    assert len(ready) == 3
    late = Approvals(plan=Seconds(5000.3))
    first = next(each for each in ran(approvals=late).records if isinstance(each, Turned))
    assert 5000.3 <= (first.at - SCENARIO.start).total_seconds() < 5001


def test_what_is_looked_at_again_is_as_fresh_as_the_look() -> None:
    world = build(SCENARIO, 1)
    port = world.port("a")
    for seconds in (10.0, 20.0):
        world.timeline.run_to(seconds)
        look = port.observe(())
        assert look.around("c").snapshot.read_at == look.at.isoformat()
