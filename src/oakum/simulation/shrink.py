"""The smallest schedule that still fails in the same way: fewer strikes, earlier occasions, no delays.

Each change is kept when the trial still fails with one of the names it failed with before. Nothing is random: the same
schedule shrinks to the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from oakum.simulation.faults import Schedule, Strike
from oakum.simulation.scenarios.model import Scenario
from oakum.simulation.trials import Trial, attempt

#: Trials at the most.
MOST = 400


def signature(trial: Trial) -> frozenset[str]:
    """How a trial failed: the names of broken invariants; without any, that it was stuck or not as expected."""
    if trial.broken:
        return frozenset(each.name for each in trial.broken)
    return frozenset({"stuck"} if trial.stuck else {"unexpected"} if trial.wrong else ())


def shrink(
    scenario: Scenario, schedule: Schedule, *, trial_of: Callable[[Scenario, Schedule], Trial] = attempt
) -> tuple[Schedule, int]:
    """The smallest schedule found, and after how many trials. A schedule that does not fail is given back as it is."""
    wanted = signature(trial_of(scenario, schedule))
    tried = 1
    if not wanted:
        return schedule, tried
    again = True
    while again and tried < MOST:
        again = False
        for smaller in _smaller(schedule):
            tried += 1
            if signature(trial_of(scenario, smaller)) & wanted:
                schedule, again = smaller, True
                break
            if tried >= MOST:
                break
    return schedule, tried


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    """Schedules that are a little smaller, the largest cuts first."""
    strikes = schedule.strikes
    for number in range(len(strikes)):
        yield _with(schedule, (*strikes[:number], *strikes[number + 1 :]))
    for number, each in enumerate(strikes):
        for simpler in _simpler(each):
            yield _with(schedule, (*strikes[:number], simpler, *strikes[number + 1 :]))
    if schedule.seed:
        yield Schedule(seed=0, strikes=strikes)


def _simpler(strike: Strike) -> Iterator[Strike]:
    if strike.delay:
        yield msgspec.structs.replace(strike, delay=0.0)
    if strike.nth > 1:
        yield from (
            msgspec.structs.replace(strike, nth=nth) for nth in dict.fromkeys((1, strike.nth // 2, strike.nth - 1))
        )


def _with(schedule: Schedule, strikes: tuple[Strike, ...]) -> Schedule:
    return Schedule(seed=schedule.seed, strikes=strikes)
