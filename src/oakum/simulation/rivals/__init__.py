"""Rivals: the policies of other tools in the same worlds, with the same settings, judged by the same invariants.

They are reimplementations from public documentation, not the programs: every behaviour has its source, and a test; what
no documentation decides is listed as an assumption (``Rival.assumes``).
"""

from __future__ import annotations

from oakum.simulation.build import build
from oakum.simulation.faults import Schedule
from oakum.simulation.rivals.driving import drive
from oakum.simulation.rivals.entries import KURED, SCRIPT, UPGRADE_CONTROLLER
from oakum.simulation.rivals.model import NOT_THE_PROGRAM, Result, Rival
from oakum.simulation.scenarios.model import Scenario
from oakum.simulation.scenarios.reading import calendar_of, intents_of, policy_of

__all__ = ["NOT_THE_PROGRAM", "RIVALS", "Result", "Rival", "attempt", "drive"]

RIVALS: dict[str, Rival] = {each.name: each for each in (KURED, UPGRADE_CONTROLLER, SCRIPT)}


def attempt(rival: Rival, scenario: Scenario, schedule: Schedule, *, trace: bool = False) -> Result:
    """One trial of a rival, as ``trials.attempt`` is one of ours: the same world, settings, events and faults."""
    policy = policy_of(scenario)
    given = scenario.override
    entry = next((each for each in policy.emergency if given is not None and each.name == given.emergency), None)
    world = build(scenario, schedule.seed)
    world.timeline.run_to(0.0)
    return drive(
        rival, world, policy, calendar_of(policy), intents_of(scenario), schedule, lasts=float(scenario.lasts),
        lifted=entry.lifts if entry else (), outside=bool(entry and entry.outside_windows), trace=trace,
    )  # fmt: skip
