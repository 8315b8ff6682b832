"""A small world for the tests of rivals, and a rival's hands in it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Change
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.simulation.build import build
from oakum.simulation.rivals.hands import Hands
from oakum.simulation.rivals.model import Process, Scene
from oakum.simulation.scenarios.model import Scenario
from oakum.simulation.scenarios.reading import parse
from oakum.simulation.things import Machine, Pod
from oakum.simulation.world import World

_WORLD = """\
name: test
title: A world for tests
about: Three nodes, two of them with a zone, and whatever a test adds.
start: 2026-03-02T12:00:00Z
world:
  clusters:
    - name: c
      managed: true
      pools:
        - {{name: w, count: {nodes}, zones: [a, b], kernel: 6.1.90, kubelet: 1.31.4, offers: {{kernel: [6.1.100]}}}}
      workloads: [{workloads}]
      budgets: [{budgets}]
intents: [{{name: kernel, kind: kernel, wants: {{to: 6.1.100}}}}]
policy: {{windows: [{{name: always, always: yes}}]}}
"""
KERNEL = Change(
    intent="kernel", kind="kernel", component="linux", before="6.1.90", after="6.1.100", reversibility="reversible",
    back="6.1.90", drain=True, reboot=True,
)  # fmt: skip


def scenario(*workloads: str, budgets: tuple[str, ...] = (), nodes: int = 3) -> Scenario:
    """A scenario with some workloads and budgets, each as one line of YAML."""
    text = _WORLD.format(workloads=", ".join(workloads), budgets=", ".join(budgets), nodes=nodes)
    return parse(text, "test.yaml")


class Stage:
    """A world, a rival's scene in it, and its processes, which a test lets go on as far as it wants."""

    def __init__(self, *workloads: str, budgets: tuple[str, ...] = (), nodes: int = 3) -> None:
        self.world = build(scenario(*workloads, budgets=budgets, nodes=nodes), 1)
        self.world.timeline.run_to(30.0)
        self.entered: list[tuple[str, str]] = []
        self.believed: list[str] = []
        self._processes: list[tuple[float, int, Process]] = []
        policy = Policy()
        self.scene = Scene(
            world=self.world, hands=Hands(self.world, "rival", "plan"),
            changes=dict.fromkeys(sorted(self.world.machines), (KERNEL,)), policy=policy,
            calendar=Calendar(policy, {}), entered=lambda state, machine: self.entered.append((machine.name, state)),
            believe=lambda machine, changes: self.believed.append(machine.name),
            begin=lambda name, make: self.begin(make()),
        )  # fmt: skip
        self.hands = self.scene.hands

    @property
    def now(self) -> float:
        """The true time in seconds."""
        return self.world.timeline.now

    def machine(self, name: str) -> Machine:
        """A machine."""
        return self.world.machines[f"c/{name}"]

    def pods(self, name: str) -> list[Pod]:
        """The pods of a workload that are there, by name."""
        return sorted(
            (each for each in self.world.clusters["c"].pods.values() if each.workload.name == name),
            key=lambda pod: pod.name,
        )

    def begin(self, process: Process) -> None:
        """A process begins now."""
        self._processes.append((self.now, len(self._processes), process))

    def run(self, seconds: float) -> None:
        """Lets everybody go on for so long."""
        until = self.now + seconds
        while True:
            due = [each for each in self._processes if each[0] <= until]
            if not due:
                break
            first = min(due, key=lambda each: each[:2])
            self.world.timeline.run_to(first[0])
            self._processes.remove(first)
            try:
                self._processes.append((self.now + next(first[2]), first[1], first[2]))
            except StopIteration:
                continue
        self.world.timeline.run_to(until)

    def finish(self, generator: Generator[float, None, Any], most: float = 100_000.0) -> Any:
        """Runs one generator alone to its end; what it returns, or None where it does not end in time."""
        until = self.now + most
        try:
            while self.now < until:
                self.world.timeline.run_to(self.now + next(generator))
        except StopIteration as stop:
            return stop.value
        return None


def states(stage: Stage, name: str) -> list[str]:
    """The states that the work on a machine has entered."""
    return [state for machine, state in stage.entered if machine == name]


__all__ = ["KERNEL", "Intent", "Stage", "World", "scenario", "states"]
