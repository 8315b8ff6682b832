"""A roll-out takes hardly longer than its critical path where nothing strikes: waiting costs five per cent at most."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

import msgspec
import pytest

from oakum.changes.plans.model import Plan
from oakum.simulation.build import build
from oakum.simulation.critical import Timetable, step_seconds, wall_seconds
from oakum.simulation.runner import Result, drive
from oakum.simulation.scenarios.model import Scenario
from oakum.simulation.scenarios.reading import names, read
from oakum.simulation.trials import Ready, ready

#: Too large for this test; `make bench-plans` and the soak run them.
LARGE = ("five-thousand-nodes", "forty-clusters")
MOST = 1.05


def undisturbed() -> list[str]:
    """Scenarios in which nothing happens but the run, which ends done."""
    found = [read(name) for name in names() if name not in LARGE]
    return [each.name for each in found if not each.events and each.expect.ends == ("done",)]


def run(given: Ready, scenario: Scenario, *, eager: bool) -> Result:
    assert isinstance(given.answer, Plan)
    world = build(scenario, 1)
    lasts = float(scenario.lasts)
    return drive(world, given.answer, given.calendar, approvals=scenario.approvals, lasts=lasts, eager=eager)


def path(given: Ready, scenario: Scenario, seconds: dict[str, float], start: datetime) -> float:
    assert isinstance(given.answer, Plan)
    impaired = frozenset(each.id for each in build(scenario, 1).machines.values() if each.impaired)
    return Timetable(given.answer, given.calendar, seconds, impaired).seconds(start)


@cache
def ratio(name: str) -> float:
    scenario = read(name)
    given = ready(scenario)
    seconds = step_seconds(run(given, scenario, eager=True).records)
    waited = float(scenario.approvals.plan)
    forced = path(given, scenario, seconds, scenario.start + timedelta(seconds=waited)) + waited
    return wall_seconds(run(given, scenario, eager=False).records) / forced


@pytest.mark.parametrize("name", undisturbed())
def test_a_roll_out_takes_hardly_longer_than_its_critical_path(name: str) -> None:
    if name == "no-evidence":
        pytest.skip("its gates hold until metrics are there, which no path knows")
    assert ratio(name) <= MOST


def test_the_path_follows_the_slots_and_the_domains() -> None:
    """Eight hosts of 100 s each, by the number of slots, of domains that may be touched at once, and of zones."""
    scenario = read("bare-hosts-script")
    given = ready(scenario)
    answer = given.answer
    assert isinstance(answer, Plan)
    (wave, *_), (group, *_) = answer.waves, answer.groups
    step = wave.steps[0]

    def forced(slots: int, domains: int, zones: str) -> float:
        hosts = [f"h-{number}" for number in range(8)]
        limits = msgspec.structs.replace(
            group, members=tuple(hosts), max_unavailable=slots, max_domains=domains, calendars=(), serial=False,
            domain_of={host: zones[number % len(zones)] for number, host in enumerate(hosts)},
        )  # fmt: skip
        steps = tuple(
            msgspec.structs.replace(step, id=host, subject=msgspec.structs.replace(step.subject, cluster="", name=host))
            for host in hosts
        )
        one = msgspec.structs.replace(wave, needs=(), steps=steps, soak=0)
        return Timetable(
            msgspec.structs.replace(answer, groups=(limits,), waves=(one,)), given.calendar, dict.fromkeys(hosts, 100.0)
        ).seconds(scenario.start)

    assert forced(2, 9, "a") == 400
    assert forced(2, 1, "ab") == 400
    assert forced(3, 1, "ab") == 400
    assert forced(3, 9, "ab") == 300
    assert forced(1, 1, "a") == 800
