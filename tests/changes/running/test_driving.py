"""The driver over the ports, and how long a run waits for what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tests.changes.running.fleets import fleet, left, states
from tests.changes.running.looks import ALWAYS, open_for, plan, step

from oakum.changes.plans import Plan
from oakum.changes.run import Do, Look, Wait, Write, run
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.drive import carry_out
from oakum.changes.running.journal import Record
from oakum.changes.running.observed import Observed
from oakum.policy.openings import Calendar
from oakum.simulation.timeline import SimulatedClock
from oakum.simulation.world import World


class Kept:
    """A journal in memory."""

    def __init__(self) -> None:
        self.lines: list[Record] = []

    def append(self, record: Record) -> None:
        self.lines.append(record)

    def records(self) -> Iterable[Record]:
        return list(self.lines)


class Crash(Exception):
    """The process is gone."""


class Port:
    """The simulated world; it dies at the nth act where one is given."""

    def __init__(self, world: World, dies: int = 0) -> None:
        self.port, self.left = world.port("me"), dies

    def act(self, act: Act) -> Outcome:
        self.left -= 1
        outcome = self.port.act(act)
        if not self.left:
            raise Crash
        return outcome

    def observe(self, about: Sequence[str]) -> Observed:
        return self.port.observe(about)


def test_a_plan_is_carried_out_over_the_ports_and_goes_on_after_a_crash() -> None:
    world, made = fleet()
    journal, clock = Kept(), SimulatedClock(world.timeline)
    try:
        carry_out(made, ALWAYS, Port(world, 9), journal, clock, run_id="run-1", executor="one")
        raise AssertionError("it did not crash")
    except Crash:
        pass
    ended = carry_out(made, ALWAYS, Port(world), journal, clock, run_id="run-1", executor="two")
    assert ended.result == "done"
    assert set(states(journal.lines).values()) == {"done"}
    assert left(world) == []


def waits(made: Plan, calendar: Calendar, world: World, most: int) -> list[tuple[datetime, datetime]]:
    """From when until when a run waits, so many times."""
    machine = run(made, calendar, [], run="run-1", executor="me")
    answer: object = None
    found: list[tuple[datetime, datetime]] = []
    while len(found) < most:
        request = machine.send(answer)
        answer = None
        if isinstance(request, Look):
            answer = world.port("me").observe(request.about)
        elif isinstance(request, Do):
            answer = world.port("me").act(request.act)
        elif isinstance(request, Wait):
            found.append((world.timeline.wall(), request.until))
            world.timeline.run_to(world.timeline.seconds(request.until))
        else:
            assert isinstance(request, Write)
    return found


def test_a_run_that_is_held_looks_more_and_more_seldom() -> None:
    world, _ = fleet()
    pauses = [(until - at).total_seconds() for at, until in waits(plan(step()), ALWAYS, world, 12)]
    assert pauses[0] == 60
    assert pauses[-3:] == [300, 300, 300]


def test_a_run_that_waits_for_a_window_is_there_when_it_opens() -> None:
    world, made = fleet()
    found = waits(made, open_for((47, 300)), world, 40)
    assert any((until - made.at).total_seconds() == 47 * 60 for _, until in found)


def test_what_is_in_flight_is_looked_at_every_quarter_of_a_minute_at_least() -> None:
    world, made = fleet()
    assert max((until - at).total_seconds() for at, until in waits(made, ALWAYS, world, 60)) <= 15.0
