"""Plans and simulations as requests: everything that they rest on comes in the request, and nothing from files.

A program that asks a thousand times mostly brings the same policy, so the last one that was read is kept.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec

from oakum.actors.model import Request
from oakum.changes.intents.reading import read_intents
from oakum.changes.plans import Plan, WhyNot
from oakum.errors import InputError, LimitError, Place
from oakum.local.plans import plan_under
from oakum.local.remediations import pinned
from oakum.local.simulate import Report, rivals_of, simulate
from oakum.local.states import states_of
from oakum.local.zones import time_zones
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.policy.reading import read as read_policy
from oakum.simulation.scenarios import names, parse
from oakum.simulation.scenarios import read as read_scenario
from oakum.simulation.scenarios.model import Scenario

#: So many seeds are simulated for one request at the most.
MOST_RUNS = 1_000


class PlanRequest(Request, frozen=True):
    """What is wanted of what there is, under which policy, at which time.

    ``states`` has dumps of clusters by the names of the clusters, and inventories and states (oakum-inventory/1,
    oakum-state/1) by any name; each as an object or as a text. ``intents`` is a document of intents or its list.
    ``policy`` is the text of one YAML file, or texts by path. ``now`` is the time of planning (RFC 3339).
    """

    now: datetime
    states: dict[str, Any]
    intents: dict[str, Any] | list[Any] | str
    policy: dict[str, str] | str


class PlanAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Either ``plan`` with its ``hash``, or ``why_not``: the fewest reasons why there is none."""

    hash: str = ""
    plan: Plan | None = None
    why_not: WhyNot | None = None


class SimulateRequest(Request, frozen=True):
    """Which ``scenario``: the name of one that comes with Oakum, or the text of one's own.

    Without ``seed`` no fault strikes; with it ``runs`` seeds from there on. ``rivals``: kured, suc, naive.
    """

    scenario: str
    seed: int | None = None
    runs: int = 1
    rivals: tuple[str, ...] = ()
    trace: bool = False


_policies: dict[str, tuple[Policy, Calendar]] = {}


def planned(request: PlanRequest) -> PlanAnswer:
    """The answer of ``oakum plan`` to a request. Raises OakumError naming the field."""
    if request.now.tzinfo is None:
        raise InputError("a time without a zone", place=Place(field="now"), remedy="write it in UTC, with a Z")
    rules, calendar = _policy(request.policy)
    state = states_of([(f"states.{name}", name, _bytes(each)) for name, each in request.states.items()], request.now)
    given = request.intents
    document = {"version": 1, "intents": given} if isinstance(given, list) else given
    intents = pinned(read_intents({"intents": _bytes(document)}), rules, ())
    found = plan_under(rules, calendar, state, intents, request.now)
    return PlanAnswer(plan=found, hash=found.hash) if isinstance(found, Plan) else PlanAnswer(why_not=found)


def simulated(request: SimulateRequest) -> Report:
    """The answer of ``oakum simulate`` to a request. Raises OakumError naming the field."""
    if not 1 <= request.runs <= MOST_RUNS:
        raise LimitError(f"not 1 to {MOST_RUNS} runs", place=Place(field="runs"), remedy="ask several times")
    if request.runs > 1 and request.seed is None:
        raise InputError("runs count seeds from seed on", place=Place(field="runs"), remedy="give seed")
    report: Report | None = None
    for said in simulate(
        [_scenario(request.scenario)],
        seed=request.seed,
        runs=request.runs,
        rivals=rivals_of(request.rivals),
        trace=request.trace,
    ):
        report = said if isinstance(said, Report) else report
    assert report is not None
    return report


def _scenario(given: str) -> Scenario:
    return read_scenario(given) if given in names() or "\n" not in given else parse(given, "scenario")


def _bytes(value: object) -> bytes:
    return value.encode(errors="replace") if isinstance(value, str) else json.dumps(value).encode()


def _policy(given: dict[str, str] | str) -> tuple[Policy, Calendar]:
    files = {"policy.yaml": given} if isinstance(given, str) else given
    key = json.dumps(files, sort_keys=True)
    if key not in _policies:
        reading = read_policy({name: text.encode(errors="replace") for name, text in files.items()})
        calendar = reading.calendar(time_zones(reading.policy.zone_names))
        _policies.clear()
        _policies[key] = reading.policy, calendar
    return _policies[key]
