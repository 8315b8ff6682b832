"""Small simulated fleets for whole runs: a plan made by hand over a simulated world, and a driver that can be cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.changes.running.looks import ALWAYS, plan, step

from oakum.changes.plans import Plan, Subject
from oakum.changes.run import Do, Ended, Look, Machine, Wait, Write, run
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import Journal, Record
from oakum.policy.openings import Calendar
from oakum.simulation.build import build
from oakum.simulation.scenarios import reading
from oakum.simulation.world import World

FLEET = """
name: a-fleet
title: Two nodes
about: For runs that are cut.
start: 2026-03-02T22:00:00Z
world:
  clusters:
    - name: shop
      managed: true
      pools:
        - {name: w, count: 2, kernel: 6.1.90, kubelet: 1.31.4, offers: {kernel: [6.1.100]}, snapshots: true}
      workloads:
        - {name: web, namespace: shop, replicas: 3, starts: 5s}
      budgets:
        - {name: web, namespace: shop, for: web, max_unavailable: 1}
intents:
  - {name: kernel, kind: kernel, wants: {to: 6.1.100}}
policy:
  windows: [{name: always, always: yes}]
"""


def fleet(seed: int = 1) -> tuple[World, Plan]:
    """Two nodes, and a plan for their kernel, one at a time, each with a copy that is made before."""
    world = build(reading.parse(FLEET, "fleet.yaml"), seed)
    subjects = [
        Subject(kind="machine", cluster="shop", name=name, uid=world.machines[f"shop/{name}"].uid)
        for name in ("w-1", "w-2")
    ]
    made = plan(*(step(each.name, subject=each, snapshot=True) for each in subjects))
    world.wishes.add(f"approve:{made.hash}")
    return world, made


class Process:
    """One executor over a world. ``records`` is the journal that all executors share."""

    def __init__(
        self, world: World, made: Plan, records: list[Record], name: str = "one", calendar: Calendar = ALWAYS
    ) -> None:
        self.world, self.records, self.name = world, records, name
        self.machine: Machine = run(made, calendar, records, run="run-1", executor=name)
        self.answer: object = None
        self.asked: list[Act] = []
        self.answered: list[Outcome] = []
        self.ended: Ended | None = None

    def next(self) -> object:
        """One request, carried out; None at the end."""
        try:
            request = self.machine.send(self.answer)
        except StopIteration as end:
            self.ended = end.value
            return None
        self.answer = None
        time = self.world.timeline
        match request:
            case Write():
                self.records.append(request.record)
            case Do():
                self.answer = self.world.port(self.name).act(request.act)
                self.asked.append(request.act)
                self.answered.append(self.answer)
                time.run_to(time.now + 0.1)
            case Look():
                self.answer = self.world.port(self.name).observe(request.about)
                time.run_to(time.now + 0.05)
            case Wait():
                time.run_to(max(time.seconds(request.until), time.now + 0.05))
        return request

    def requests(self, most: int = 20_000) -> Iterator[object]:
        """All requests until the end."""
        for _ in range(most):
            request = self.next()
            if request is None:
                return
            yield request
        raise AssertionError(f"{self.name} made {most} requests and has not ended")

    def finish(self) -> Ended:
        """Runs to the end."""
        for _ in self.requests():
            pass
        assert self.ended is not None
        return self.ended

    def until(self, holds: Callable[[object], bool]) -> None:
        """Runs until just after a request of which something holds."""
        for request in self.requests():
            if holds(request):
                return


def left(world: World) -> list[str]:
    """What of ours is on the machines of a world."""
    found: list[str] = []
    for machine in world.machines.values():
        if machine.unschedulable or machine.claim is not None or machine.copies:
            found.append(f"{machine.id}: {machine.cordoner} {machine.claim} {machine.copies}")
        if machine.silenced_until > world.timeline.now:
            found.append(f"{machine.id}: silenced")
        found += [f"{machine.id}: {name}" for name in machine.annotations]
    return found


def states(records: list[Record]) -> dict[str, str]:
    """The state of every step."""
    return {step: progress.state for step, progress in Journal(records).steps.items()}
