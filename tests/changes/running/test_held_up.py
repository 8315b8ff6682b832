"""A process may be held up between any look and the act that was decided by it: its machine sleeps, or is busy.

What it decided may be hours old then, and it still has the lease where nobody else wanted it. It has to look again
before it does anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.changes.running.fleets import fleet, left, states
from tests.changes.running.looks import ALWAYS
from tests.changes.running.test_driving import Kept

from oakum.changes.plans import Subject
from oakum.changes.run import Do
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.drive import carry_out
from oakum.changes.running.journal import Meant, Record, Started, Turned
from oakum.changes.running.observed import Observed
from oakum.simulation.timeline import SimulatedClock
from oakum.simulation.world import World

#: Seconds that an act may come after the look by which it was decided.
GOOD = 20.0


class Port:
    """The simulated world; every act comes soon after a look."""

    def __init__(self, world: World) -> None:
        self.world, self.port, self.looked = world, world.port("me"), -1e9
        self.acts: list[str] = []

    def act(self, act: Act) -> Outcome:
        assert act.do == "lease" or 0 <= self.world.timeline.now - self.looked <= GOOD, act
        assert act.do != "claim" or not any(each.unschedulable for each in self.world.machines.values()), act
        self.acts.append(f"{act.do} {act.subject.name}")
        return self.port.act(act)

    def observe(self, about: Sequence[str]) -> Observed:
        self.looked = self.world.timeline.now
        return self.port.observe(about)


class Sleepy(Kept):
    """A journal whose machine falls asleep for some seconds, each time after a record of that number was written."""

    def __init__(self, world: World, sleeps: dict[int, float]) -> None:
        super().__init__()
        self.world, self.sleeps = world, sleeps

    def append(self, record: Record) -> None:
        super().append(record)
        time = self.world.timeline
        time.run_to(time.now + self.sleeps.get(len(self.lines), 0.0))


def test_a_machine_that_slept_after_the_decision_to_take_a_node_does_not_take_it() -> None:
    world, made = fleet()
    clock, port = SimulatedClock(world.timeline), Port(world)

    class Slept(Sleepy):
        def append(self, record: Record) -> None:
            super().append(record)
            if isinstance(record, Meant) and record.act.do == "claim" and "claim w-1" not in port.acts and not slept:
                slept.append(True)
                world.event("cordon", "shop/w-2", by="human", lasts=7200.0)
                world.timeline.run_to(world.timeline.now + 3600.0)

    slept: list[bool] = []
    journal = Slept(world, {})
    ended = carry_out(made, ALWAYS, port, journal, clock, run_id="run-1", executor="me")
    # The run was taken up anew, and the node let go of until the other one was there again.
    assert slept and sum(isinstance(each, Started) for each in journal.lines) == 2
    whys = [each.why for each in journal.lines if isinstance(each, Turned) and each.step.endswith("w-1")]
    assert any("shop/w-2 is out of service" in why for why in whys)
    assert ended.result == "done" and states(journal.lines)["kernel@shop/w-1"] == "done" and left(world) == []


def test_who_finds_the_run_in_other_hands_after_it_was_held_up_ends_and_writes_nothing_more() -> None:
    world, made = fleet()

    class Slept(Sleepy):
        def append(self, record: Record) -> None:
            super().append(record)
            if isinstance(record, Meant) and record.act.do == "claim" and not overtaken:
                world.timeline.run_to(world.timeline.now + 3600.0)
                subject = Subject(kind="object", cluster="", name="run-1", uid="")
                lease = Act(
                    key="other/lease", do="lease", run="run-1", plan=made.hash, token=0, subject=subject,
                    parameters={"seconds": "7200"},
                )  # fmt: skip
                overtaken.append(world.port("other").act(lease).result)

    overtaken: list[str] = []
    journal = Slept(world, {})
    ended = carry_out(
        made, ALWAYS, Port(world), journal, SimulatedClock(world.timeline), run_id="run-1", executor="me"
    )  # fmt: skip
    assert overtaken == ["done"]
    assert (ended.result, ended.why) == ("fenced", "other has taken the run over")
    assert isinstance(journal.lines[-1], Meant)
    assert sum(isinstance(each, Started) for each in journal.lines) == 1


@given(st.dictionaries(st.integers(1, 60), st.sampled_from([5.0, 19.0, 21.0, 90.0, 400.0]), max_size=6))
@settings(max_examples=40, deadline=None)
def test_whenever_it_is_held_up_every_act_comes_soon_after_a_look(sleeps: dict[int, float]) -> None:
    world, made = fleet()
    journal = Sleepy(world, sleeps)
    ended = carry_out(made, ALWAYS, Port(world), journal, SimulatedClock(world.timeline), run_id="run-1", executor="me")
    assert ended.result == "done" and set(states(journal.lines).values()) == {"done"} and left(world) == []


ACT = Act(
    key="", do="apply", run="r", plan="p", token=1, subject=Subject(kind="machine", cluster="c", name="n", uid="u")
)


@pytest.mark.parametrize(
    ("within", "elapsed", "late"),
    [(None, 1e9, False), (20.0, 0.0, False), (20.0, 20.0, False), (20.0, 20.1, True), (20.0, -0.1, True)],
)
def test_late_is_what_comes_after_the_time_or_by_a_clock_that_went_back(
    within: float | None, elapsed: float, late: bool
) -> None:
    assert Do(ACT, within).late(elapsed) is late
