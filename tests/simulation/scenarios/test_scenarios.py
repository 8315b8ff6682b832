"""Every scenario that comes with Oakum: it reads, it is about something, and undisturbed it ends as it says."""

from __future__ import annotations

import pytest

from oakum.errors import InputError
from oakum.simulation.faults import KINDS, Schedule
from oakum.simulation.scenarios import Scenario, names, parse, read
from oakum.simulation.scenarios.model import NEVER
from oakum.simulation.trials import attempt

#: Worlds that take minutes; ``make sim-soak`` runs them.
LARGE = 500
#: The items of the list of further traps, in the words in which scenarios name them.
FURTHER = (
    "an emergency in a freeze", "a patch that is superseded before it is approved", "a silence that outlives the run",
    "secrets and certificates renewed during an upgrade", "kubelet configuration drift",
    "pods of a node that cannot be reached", "Windows and arm pools",
    "a node that was renamed or made again under the same name", "a node's name that is not its host's name",
    "feature gates and cgroup v1 removed in a release", "a node image that a vendor pins",
    "an air-gapped registry that lacks the image",
)  # fmt: skip
SMALL = [name for name in names() if read(name).size <= LARGE]


@pytest.mark.parametrize("name", SMALL)
def test_an_undisturbed_scenario_ends_as_it_says(name: str) -> None:
    trial = attempt(read(name), Schedule(), recheck=50)
    assert trial.broken == ()
    assert trial.stuck == ()
    assert trial.wrong == ()


def test_there_are_scenarios_for_every_trap_and_kind_of_fleet() -> None:
    assert len(names()) >= 40
    told = {trap for name in names() for trap in read(name).traps}
    assert {str(number) for number in range(1, 16)} <= told
    assert set(FURTHER) <= told
    sizes = {read(name).size for name in names()}
    assert {3, 5000, 160} <= sizes
    assert any(not read(name).world.clusters for name in names())
    assert any(sum(each.count for each in read(name).world.clusters) == 40 for name in names())


def test_every_scenario_says_what_it_shows() -> None:
    for name in names():
        scenario = read(name)
        assert scenario.name == name
        assert len(scenario.about.split()) >= 15, name
        assert scenario.traps, name
        assert scenario.faults == "all" or set(scenario.faults) <= KINDS.keys()


MINIMAL = """
name: mine
title: One host
about: A host.
start: 2026-03-02T22:00:00Z
world: {hosts: [{name: h, kernel: "1", offers: {kernel: ["2"]}}]}
intents: [{name: k, kind: kernel}]
policy: {windows: [{name: always, always: yes}]}
"""


def test_a_scenario_of_ones_own_is_read_and_run() -> None:
    scenario = parse(MINIMAL, "mine.yaml")
    assert scenario.size == 1
    assert scenario.approvals.evict == NEVER
    assert attempt(scenario, Schedule()).ends == "done"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("about: A host.", 'about: ""', "about is empty"),
        ("title: One host", "titel: One host", "titel"),
        ("kind: kernel", "kind: colonel", "no kind of change"),
        ("always: yes", "always: maybe", "maybe"),
        ("intents:", "lasts: soon\nintents:", "no duration"),
        ("world: {hosts", "world: {hots", "hots"),
        ("start: 2026-03-02T22:00:00Z", "start: tomorrow", "RFC3339"),
        (MINIMAL, MINIMAL + "---\n" + MINIMAL, "one document"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(MINIMAL.replace(old, new), "mine.yaml")
    assert says in str(caught.value)


def test_what_guards_or_serves_nothing_is_a_mistake() -> None:
    cluster = "world: {clusters: [{name: c, managed: yes, pools: [{name: w, kernel: '1'}], PART}]}"
    for part in (
        "budgets: [{name: b, for: nobody, max_unavailable: 1}]",
        "webhooks: [{name: h, backend: Deployment/default/nobody}]",
    ):
        text = MINIMAL.replace('world: {hosts: [{name: h, kernel: "1", offers: {kernel: ["2"]}}]}', cluster)
        with pytest.raises(InputError, match="nobody"):
            parse(text.replace("PART", part), "mine.yaml")


def test_an_unknown_fact_or_scenario_is_a_mistake() -> None:
    scenario = parse(MINIMAL + "expect: {facts: [shiny]}\n", "mine.yaml")
    with pytest.raises(InputError, match="shiny"):
        attempt(scenario, Schedule())
    with pytest.raises(InputError, match="no scenario"):
        read("nothing-like-it")


WRONG = (
    "patched 0", "patched-at-least 2", "patched-at-most 0", "untouched h-1", "left-out h-1", "cordoned h-1",
    "evicted 1", "last h-2",
)  # fmt: skip


@pytest.mark.parametrize("fact", WRONG)
def test_a_fact_that_is_not_so_is_told(fact: str) -> None:
    scenario: Scenario = parse(MINIMAL + f'expect: {{facts: ["{fact}"]}}\n', "mine.yaml")
    assert attempt(scenario, Schedule()).wrong
