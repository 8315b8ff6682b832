"""One trial: a scenario's world is built, planned for, run under a schedule of faults, and judged.

The plan of a scenario is made once: its world is the same at the start whatever the seed. Everything that a trial needs
to be had again is the scenario's name and its schedule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from importlib import resources
from typing import Literal

import msgspec

from oakum.changes.compat import Knowledge
from oakum.changes.compat.model import joined
from oakum.changes.compat.reading import read as read_knowledge
from oakum.changes.durations import Durations
from oakum.changes.intents.catalogue import KINDS
from oakum.changes.intents.model import Intent
from oakum.changes.planning import plan
from oakum.changes.plans.model import Override, Plan
from oakum.changes.plans.why_not import WhyNot
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.simulation.build import build
from oakum.simulation.faults import Schedule
from oakum.simulation.invariants import Broken, Judge, Terms
from oakum.simulation.oracle import Oracle
from oakum.simulation.runner import Result, drive
from oakum.simulation.scenarios.facts import wrong_facts
from oakum.simulation.scenarios.model import Scenario
from oakum.simulation.scenarios.reading import calendar_of, intents_of, policy_of
from oakum.simulation.stating import state_of
from oakum.simulation.watching import Watches
from oakum.simulation.world import World

Ends = Literal["done", "stopped", "held", "why-not"]
#: What is broken where something of ours is left, in the words of the invariant.
STRANDED = "left-behind"


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same in all trials of a scenario; ``make`` makes its world at its start from a seed."""

    scenario: Scenario
    policy: Policy
    calendar: Calendar
    intents: tuple[Intent, ...]
    answer: Plan | WhyNot
    make: Callable[[int], World]


class Trial(msgspec.Struct, kw_only=True):
    """What came of one trial.

    ``broken`` are the unsafe states, ``stuck`` what the oracle does not accept of how it ended, ``wrong`` the facts
    that the scenario expects and that are not so (asked only where nothing struck). ``result`` is None where there
    was no plan.
    """

    scenario: str
    schedule: Schedule
    ends: Ends
    why: str
    broken: tuple[Broken, ...] = ()
    stuck: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    result: Result | None = None
    answer: Plan | WhyNot | None = None

    @property
    def failed(self) -> bool:
        """Whether anything went as it must not."""
        return bool(self.broken or self.stuck or self.wrong)

    @property
    def stranded(self) -> int:
        """How many machines are left with a cordon, a mark, a record, a silence or a snapshot of ours."""
        return len({each.object for each in self.broken if each.name == STRANDED})

    @property
    def unsafe(self) -> Counter[str]:
        """Unsafe states by the name of the invariant."""
        return Counter(each.name for each in self.broken)

    @property
    def faults(self) -> Counter[tuple[str, str]]:
        """Faults that found something to strike, by kind and the state of the step then."""
        return Counter((each.kind, each.state) for each in self.result.struck) if self.result is not None else Counter()


@lru_cache(maxsize=1)
def known() -> Knowledge:
    """What ships with Oakum about compatibility."""
    folder = resources.files("oakum.changes.compat").joinpath("data")
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(".yaml"))
    return joined(*(read_knowledge(folder.joinpath(name).read_bytes(), name) for name in names))


def durations() -> Durations:
    """What is known of durations before anything was learned."""
    return Durations({name: kind.prior for name, kind in KINDS.items()})


def prepare(scenario: Scenario) -> Ready:
    """Plans for the world of a scenario as it is at its start. Raises what the planner raises."""
    return ready_for(
        scenario, policy_of(scenario), intents_of(scenario), lambda seed: build(scenario, seed)
    )  # fmt: skip


def ready_for(
    scenario: Scenario, policy: Policy, intents: tuple[Intent, ...], make: Callable[[int], World]
) -> Ready:  # fmt: skip
    """The same for a world that is made otherwise, a dump's for instance. Raises what the planner raises."""
    calendar = calendar_of(policy)
    world = make(0)
    world.timeline.run_to(0.0)
    answer = plan(
        state_of(world), intents, policy, world.timeline.wall(), calendar=calendar, knowledge=known(),
        durations=durations(), override=override_of(scenario, policy),
    )  # fmt: skip
    return Ready(scenario=scenario, policy=policy, calendar=calendar, intents=intents, answer=answer, make=make)


_KEPT: dict[str, Ready] = {}


def ready(scenario: Scenario) -> Ready:
    """The same, made once for each scenario."""
    if scenario.name not in _KEPT or _KEPT[scenario.name].scenario is not scenario:
        _KEPT[scenario.name] = prepare(scenario)
    return _KEPT[scenario.name]


def adopt(given: Ready) -> None:
    """Has the trials of a scenario use what was made for it otherwise."""
    _KEPT[given.scenario.name] = given


def override_of(scenario: Scenario, policy: Policy) -> Override | None:
    """The emergency that the scenario has declared, as its policy has it."""
    given = scenario.override
    if given is None:
        return None
    entry = next(each for each in policy.emergency if each.name == given.emergency)
    people = tuple(f"{given.by} {number}" for number in range(1, entry.approvals + 1))
    return Override(
        emergency=entry.name, reason=given.reason, by=people, until=scenario.start + timedelta(seconds=entry.lasts),
        lifts=entry.lifts, outside_windows=entry.outside_windows,
    )  # fmt: skip


def attempt(scenario: Scenario, schedule: Schedule, *, trace: bool = False, recheck: int = 500) -> Trial:
    """One trial."""
    given = ready(scenario)
    if isinstance(given.answer, WhyNot):
        ends: Ends = "why-not"
        why = "; ".join(each.rule for each in given.answer.reasons)
        wrong = wrong_facts(scenario, None, given.answer, None, ends) if not schedule.strikes else ()
        return Trial(scenario=scenario.name, schedule=schedule, ends=ends, why=why, wrong=wrong, answer=given.answer)
    world = given.make(schedule.seed)
    terms = Terms(
        policy=given.policy, calendar=given.calendar,
        lifted=given.answer.override.lifts if given.answer.override else (),
        outside=bool(given.answer.override and given.answer.override.outside_windows),
    )  # fmt: skip
    terms.agree(given.answer)
    judge, oracle = Judge(world, terms, recheck=recheck), Oracle(world, terms, scenario)
    world.watch = Watches([judge, oracle])
    result = drive(
        world, given.answer, given.calendar, schedule=schedule, approvals=scenario.approvals,
        lasts=float(scenario.lasts), trace=trace,
    )  # fmt: skip
    judge.finish(result.result)
    stuck = oracle.verdict(result.result, result.states)
    wrong = wrong_facts(scenario, world, given.answer, result, result.result) if not schedule.strikes else ()
    return Trial(
        scenario=scenario.name, schedule=schedule, ends=result.result, why=result.why, broken=tuple(judge.broken),
        stuck=stuck, wrong=wrong, result=result, answer=given.answer,
    )  # fmt: skip
