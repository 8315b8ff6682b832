"""Which machines go first: workers, of every pool and failure domain in turn, that have nothing to wait for."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.planning.worlds import draft, machine, policy

from oakum.changes.planning.canary import canaries
from oakum.changes.planning.drafts import Draft
from oakum.changes.plans.model import Evictions
from oakum.policy import entries
from oakum.policy.amounts import Amount
from oakum.policy.model import Policy
from oakum.policy.scopes import Scope


def rules(amount: Amount) -> Policy:
    return policy(canary=(entries.Canary("first", Scope(), amount),))


def many(*names: str, amount: int = 2, **more: Any) -> list[Draft]:
    """Drafts of machines POOL-ZONE-NUMBER, of which so many go first."""
    made: list[Draft] = []
    for name in names:
        pool, zone, _ = name.split("-")
        made.append(draft(machine(name, pool=pool, zone=zone, **more), rules=rules(Amount(amount))))
    return made


def first(drafts: list[Draft], *pools: str) -> list[str]:
    return [each.subject.name for each in canaries(drafts, pools)]


def test_pools_take_turns_and_in_a_pool_its_failure_domains() -> None:
    names = ("x-a-10", "x-a-2", "x-a-3", "x-b-1", "y-a-1", "y-a-2", "z-c-1")
    wanted = ["x-a-2", "y-a-1", "z-c-1", "x-b-1", "y-a-2", "x-a-3", "x-a-10"]
    for count in range(1, 8):
        assert first(many(*names, amount=count)) == wanted[:count]
    assert first(many(*reversed(names), amount=7)) == wanted


def test_pools_that_the_policy_orders_come_before_the_others() -> None:
    names = ("a-a-1", "b-a-1", "c-a-1", "d-a-1")
    assert first(many(*names, amount=4), "d", "b") == ["d-a-1", "b-a-1", "a-a-1", "c-a-1"]


def test_a_drain_with_nothing_to_wait_for_goes_before_one_that_waits() -> None:
    drafts = many("x-a-1", "x-a-2", "x-a-3", "x-a-4", amount=4)
    for each, waits in zip(drafts, (("p", "q"), ("p",), (), None), strict=True):
        each.evictions = None if waits is None else Evictions(waits=waits)
    assert first(drafts) == ["x-a-3", "x-a-4", "x-a-2", "x-a-1"]


def test_the_machine_that_oakum_runs_on_is_first_only_where_there_is_no_other() -> None:
    own = many("x-a-1", ours=True, amount=9)
    assert first([*own, *many("y-a-1", amount=9)]) == ["y-a-1"]
    assert first(own) == ["x-a-1"]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_control_plane_is_first_only_where_nothing_else_changes_and_then_one_of_it(workers: int) -> None:
    masters = many("-a-1", "-a-2", "-a-3", role="control-plane", amount=2)
    others = many(*(f"w-a-{n}" for n in range(1, workers + 1)), amount=2)
    wanted = {0: ["-a-1"], 1: ["w-a-1"], 3: ["w-a-1", "w-a-2"]}
    assert first([*masters, *others]) == wanted[workers]


@pytest.mark.parametrize(("percent", "count"), [(10, 1), (20, 1), (21, 2), (100, 5)])
def test_a_percentage_is_one_of_all_machines_that_the_entry_is_for(percent: int, count: int) -> None:
    amount = Amount(percent, percent=True)
    drafts = [draft(machine(f"w-{n}"), rules=rules(amount)) for n in range(5)]
    assert len(first(drafts)) == count


def test_every_entry_of_the_policy_has_its_own_first_machines() -> None:
    scopes = [Scope(facts={"pool": (name,)}) for name in ("x", "y")]
    canary = (entries.Canary("two", scopes[1], Amount(2)), entries.Canary("one", scopes[0], Amount(1)))
    machines = [machine(f"{pool}-{n}", pool=pool) for pool in ("y", "x") for n in range(3)]
    drafts = [draft(each, rules=policy(canary=canary)) for each in machines]
    assert first(drafts) == ["x-0", "y-0", "y-1"]
