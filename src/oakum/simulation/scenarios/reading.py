"""Reads scenarios: those that come with Oakum by their names, and files of anybody's own.

Everything is checked before anything is built: a key that is not known, a budget that guards nothing, a policy with a
mistake is an error with its place. Raises InputError.
"""

from __future__ import annotations

import json
import re
from datetime import tzinfo
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import msgspec

from oakum.changes.intents.catalogue import kind_of
from oakum.changes.intents.model import Intent
from oakum.errors import InputError, Place
from oakum.fleet.yaml_events import values
from oakum.policy import reading as policies
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.simulation.scenarios.model import NEVER, Scenario, Seconds

_DEEPEST = 12
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|m|h|d)", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def names() -> tuple[str, ...]:
    """The scenarios that come with Oakum, in alphabetical order."""
    folder = resources.files(__package__)
    return tuple(sorted(each.name.removesuffix(".yaml") for each in folder.iterdir() if each.name.endswith(".yaml")))


@cache
def read(name: str) -> Scenario:
    """One of those by its name."""
    if name not in names():
        raise InputError(f"no scenario is called {name[:60]!r}", remedy=f"they are {', '.join(names())}")
    return parse((resources.files(__package__) / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml")


def parse(text: str, file: str) -> Scenario:
    """A scenario from the text of a file."""
    documents = list(values(text, file, deepest=_DEEPEST))
    if len(documents) != 1:
        raise InputError("a scenario is one document", place=Place(file), remedy="keep one in each file")
    try:
        scenario = msgspec.convert(documents[0], Scenario, dec_hook=_seconds)
    except (msgspec.ValidationError, ValueError) as error:
        raise InputError(str(error), place=Place(file), remedy="see the reference of the simulation") from None
    _check(scenario, file)
    return scenario


def _seconds(kind: type, given: object) -> object:
    if kind is not Seconds:
        raise NotImplementedError(kind)
    if given == "never":
        return NEVER
    found = _SPAN.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        raise ValueError(f"{given!r} is no duration: write 30s, 5m, 2h, 1d or never")
    return Seconds(float(found[1]) * _UNITS[found[2]])


def intents_of(scenario: Scenario) -> tuple[Intent, ...]:
    """The intents, checked."""
    several = tuple(
        Intent(name=each.name, kind=each.kind, scope=each.scope, wants=each.wants, after=each.after, whole=each.whole)
        for each in scenario.intents
    )
    for each in several:
        kind_of(each)
    return several


def policy_of(scenario: Scenario) -> Policy:
    """The policy, as the same text in a policy folder would be read."""
    text = json.dumps(scenario.policy, default=str)
    return policies.read({f"{scenario.name} policy.yaml": text.encode()}).checked()


def calendar_of(policy: Policy) -> Calendar:
    """Its openings, with the time zones that Python finds."""
    zones: dict[str, tzinfo] = {name: ZoneInfo(name) for name in sorted(policy.zone_names)}
    return Calendar(policy, zones)


def _check(scenario: Scenario, file: str) -> None:
    place = Place(file)
    if not scenario.about.strip():
        raise InputError("about is empty", place=place, remedy="say what it shows, and why that matters")
    for cluster in scenario.world.clusters:
        known = {(each.namespace, each.name) for each in cluster.workloads}
        for budget in cluster.budgets:
            if budget.of and (budget.namespace, budget.of) not in known:
                what = f"the budget {budget.namespace}/{budget.name} is for {budget.of}, which is not there"
                raise InputError(what, place=place, remedy="name a workload of its namespace")
        for webhook in cluster.webhooks:
            if webhook.backend not in {f"{each.kind}/{each.namespace}/{each.name}" for each in cluster.workloads}:
                what = f"the webhook {webhook.name} is served by {webhook.backend}, which is not there"
                raise InputError(what, place=place, remedy="write Kind/namespace/name of a workload")
    intents_of(scenario)
    policy_of(scenario)
