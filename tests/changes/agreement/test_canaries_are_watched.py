"""Where all machines of a phase are canaries, those that go first are watched as canaries are."""

from __future__ import annotations

import pytest
from tests.changes.planning.worlds import KNOWLEDGE, intent, kernel, machine, planned, policy, state

from oakum.changes.plans import Plan
from oakum.changes.verify import verify
from oakum.policy import entries
from oakum.policy.amounts import Amount
from oakum.policy.model import Order
from oakum.policy.openings import Calendar
from oakum.policy.scopes import Scope


@pytest.mark.parametrize(
    ("pools", "nodes", "soaks"),
    [
        (("b", "a"), 3, [600, 0]),
        (("b", "a", "c"), 3, [600, 600, 0]),
        ((), 3, [0]),
        (("b", "a"), 1, [600, 0, 0]),
    ],
)
def test_what_goes_first_is_watched(pools: tuple[str, ...], nodes: int, soaks: list[int]) -> None:
    names = ("a", "b", "c") if "c" in pools else ("b", "b", "a")
    fleet = state(*(machine(f"w-{n}", pool=pool, software=kernel()) for n, pool in enumerate(names)))
    canary = (entries.Canary("first", Scope(), Amount(nodes), 600),)
    rules = policy(canary=canary, order=Order(pools=pools), max_unavailable=2, max_domains=2)
    found = planned(fleet, intent("kernel"), rules=rules)
    assert isinstance(found, Plan)
    assert [wave.soak for wave in found.waves] == soaks
    assert verify(found, fleet, policy=rules, calendar=Calendar(rules, {}), knowledge=KNOWLEDGE) == ()
