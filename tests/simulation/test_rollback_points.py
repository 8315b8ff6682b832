"""Three of ten nodes do not bear a patch: at every moment at which somebody asks for the way back, it ends well.

The patch harms minutes after a node was done with it. Whoever asks is obeyed: what is in hand is finished or restored,
and a plan of its own brings back what is bad (or, on request, everything). In the end nothing of ours is left, nothing
unsafe has happened, the bad nodes run what they ran before, and healthy patched ones were kept.

``make sim-rollback`` asks after every record of the journal, the test run after some.
"""

from __future__ import annotations

import os
from functools import cache

import pytest

from oakum.changes.planning import rollback
from oakum.changes.plans.model import Plan
from oakum.changes.running.journal import Journal, Record
from oakum.simulation import state_of
from oakum.simulation.build import build
from oakum.simulation.faults import Schedule
from oakum.simulation.invariants import Judge, Terms
from oakum.simulation.runner import Driver, Result, _Process
from oakum.simulation.scenarios.model import Approvals, Scenario
from oakum.simulation.scenarios.reading import parse
from oakum.simulation.trials import Ready, durations, known, ready
from oakum.simulation.world import World

OLD, GOOD, BAD = "6.1.90", "6.1.100", "6.1.101"
TEN_NODES = f"""
name: ten-nodes
title: Three of ten nodes do not bear the patch
about: The machines of an older make are offered a kernel that makes them sick minutes after it was proven.
start: 2026-03-02T22:00:00Z
lasts: 1d
world:
  clusters:
    - name: c
      facts: {{environment: prod, region: eu, tier: "1"}}
      managed: true
      pools:
        - {{name: new, count: 7, kernel: {OLD}, kubelet: 1.31.4, offers: {{kernel: [{GOOD}]}}}}
        - {{name: old, count: 3, kernel: {OLD}, kubelet: 1.31.4, offers: {{kernel: [{BAD}]}}}}
      workloads:
        - {{name: web, namespace: shop, replicas: 10}}
      budgets:
        - {{name: web, namespace: shop, for: web, max_unavailable: 40%}}
  bad:
    - {{component: linux, version: {BAD}, after: 8m, shows: sick}}
intents: [{{name: kernel, kind: kernel, wants: {{to: newest}}}}]
policy:
  windows: [{{name: always, always: yes}}]
  budgets: [{{name: four, max_unavailable: 4, max_domains: 9}}]
  soak: [{{name: short, after_node: 1m}}]
  guardrails: [{{name: patient, stop_at_failed: 9, stop_at_lost: 9}}]
expect: {{ends: [done, stopped]}}
"""
#: More than a run has.
NEVER = 10**9
EVERY = 1 if os.environ.get("OAKUM_EVERY_POINT") else 29


class Asked(Driver):
    """A run of which somebody asks for the way back after so many records."""

    def __init__(self, world: World, given: Ready, after: int) -> None:
        assert isinstance(given.answer, Plan)
        super().__init__(world, given.answer, given.calendar, Schedule())
        self._after = after

    def _write(self, record: Record, process: _Process) -> None:
        super()._write(record, process)
        if len(self.records) == self._after:
            self.world.wishes.add("rollback")
            self.stir()


@cache
def scenario() -> Scenario:
    return parse(TEN_NODES, "ten-nodes.yaml")


@cache
def length() -> int:
    world = build(scenario(), 1)
    return len(Asked(world, ready(scenario()), NEVER).run(float(scenario().lasts), Approvals()).records)


def points() -> list[int]:
    return [*range(1, length(), EVERY), NEVER]


def forward(after: int) -> tuple[World, Judge, Terms, Result]:
    given, world = ready(scenario()), build(scenario(), 1)
    assert isinstance(given.answer, Plan)
    terms = Terms(policy=given.policy, calendar=given.calendar)
    terms.agree(given.answer)
    world.watch = judge = Judge(world, terms)
    result = Asked(world, given, after).run(float(scenario().lasts), Approvals())
    # What is bad shows, and is seen.
    until = world.timeline.now + 1200.0
    while world.timeline.now < until:
        world.timeline.run_to(until)
    return world, judge, terms, result


@pytest.mark.parametrize("what", ["failed", "all"])
@pytest.mark.parametrize("after", points())
def test_patching_14_the_way_back_from_every_point(after: int, what: str) -> None:
    world, judge, terms, result = forward(after)
    plan, given = result.plan, ready(scenario())
    assert result.result in ("done", "stopped"), result.why
    patched = {each.id for each in world.machines.values() if kernel(world, each.id) != OLD}
    bad = {each.id for each in world.machines.values() if kernel(world, each.id) == BAD}
    assert bad == {each.id for each in world.machines.values() if not each.ready}

    world.wishes.discard("rollback")
    back = rollback(
        plan, Journal(result.records), state_of(world), given.policy, world.timeline.wall(),
        what="all" if what == "all" else "failed", calendar=given.calendar, knowledge=known(), durations=durations(),
    )  # fmt: skip
    assert isinstance(back, Plan), back
    assert back.undoes == plan.hash
    assert {each.subject.id for each in back.steps.values()} == (patched if what == "all" else bad)
    if back.steps:
        terms.agree(back)
        driver = Driver(world, back, given.calendar, Schedule(), name="run-2")
        ended = driver.run(world.timeline.now + float(scenario().lasts), Approvals())
        assert ended.result == "done", ended.why
    judge.finish("done")

    assert not judge.broken, [str(each) for each in judge.broken]
    kept = set() if what == "all" else patched - bad
    assert {each.id for each in world.machines.values() if kernel(world, each.id) != OLD} == kept
    assert all(each.ready and not each.unschedulable and each.claim is None for each in world.machines.values())


def kernel(world: World, machine: str) -> str:
    return world.machines[machine].software["linux"].running
