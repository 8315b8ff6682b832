"""For each rule a legal plan, and the same plan with one thing wrong, which has to be found under that rule.

The legal plans of ``worlds`` break nothing (the first test); each entry of the table is one small corruption of a plan,
or one change of the world under a plan that was right before.
"""

from __future__ import annotations

import pytest
from tests.changes.verify import edits
from tests.changes.verify.corrupting import (
    W3,
    Base,
    emergency,
)
from tests.changes.verify.of_limits import OF_LIMITS
from tests.changes.verify.of_steps import OF_STEPS
from tests.changes.verify.worlds import (
    World,
    kernels,
    packages,
    upgrade,
)

from oakum.changes.compat import Knowledge
from oakum.changes.verify import RULES

TABLE = OF_STEPS | OF_LIMITS


@pytest.mark.parametrize("base", [kernels, upgrade, packages])
def test_a_legal_plan_breaks_nothing(base: Base) -> None:
    world = World()
    assert world.ask(base(world).plan()) == ()


@pytest.mark.parametrize("name", TABLE)
def test_a_corruption_is_found(name: str) -> None:
    rule, base, corrupt = TABLE[name]
    world = World()
    plan = corrupt(world, base(world).plan())
    found = world.ask(plan)
    assert rule in {each.rule for each in found}, found
    told = {each.rule: each.source for each in found if each.rule not in ("compatibility", "known-bad")}
    assert told == {name: RULES[name].source for name in told}


def test_every_rule_has_a_corruption() -> None:
    # What a roll-back may bring back is asked beside another plan: test_undoing.py.
    assert {rule for rule, _, _ in TABLE.values()} | {"undoes"} == RULES.keys()


def test_there_are_enough_corruptions() -> None:
    assert len(TABLE) >= 40


def test_a_violation_names_wave_step_object_reason_and_source() -> None:
    world = World()
    (found,) = world.ask(edits.step(kernels(world).plan(), W3, domain="a"))
    assert (found.wave, found.step, found.object) == ("rest", W3, "edge/w-3")
    assert found.why == "the step says domain 'a', its group 'b'"
    assert found.source == "policy"


def test_an_override_that_the_policy_gives_is_no_violation() -> None:
    world = World()
    plan = kernels(world).plan()
    assert world.ask(emergency(world, plan)) == ()


def test_an_unknown_pair_is_no_violation() -> None:
    world = World()
    world.knowledge = Knowledge()
    assert world.ask(upgrade(world).plan()) == ()
