"""A roll-back makes changes of the way back of the plan that it names, on the same machines, and no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.changes.verify import edits
from tests.changes.verify.corrupting import W1, W2
from tests.changes.verify.edits import replace
from tests.changes.verify.worlds import World, kernels

from oakum.changes.plans import Plan, Step
from oakum.changes.verify import brings_back


def taken_back(former: Plan) -> Plan:
    """The whole of a plan taken back: each step makes its way back."""

    def back(step: Step) -> Step:
        return replace(step, changes=tuple(replace(each, reversibility="reversible") for each in step.back), back=())

    waves = tuple(replace(wave, steps=tuple(back(step) for step in wave.steps)) for wave in former.waves)
    return replace(former, waves=waves, undoes=former.hash)


def changed(**fields: object) -> Callable[[Plan], Plan]:
    return lambda plan: edits.change(plan, W2, **fields)


def of_another(plan: Plan) -> Plan:
    """The step of w-2 as one of w-1."""
    return edits.step(plan, W2, subject=plan.step(W1).subject, changes=(replace(plan.step(W2).changes[0], after="9"),))


def of_another_uid(plan: Plan) -> Plan:
    return edits.on_step(plan, W2, lambda step: replace(step, subject=replace(step.subject, uid="another")))


def test_a_whole_plan_or_a_part_of_it_is_brought_back() -> None:
    former = kernels(World()).plan()
    plan = taken_back(former)
    assert list(brings_back(plan, former)) == []
    assert list(brings_back(replace(plan, waves=plan.waves[1:]), former)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        changed(after="6.0.evil"), changed(before="6.0.evil"), changed(component="openssl"), changed(kind="packages"),
        changed(drain=False), changed(reboot=False), changed(proof=()), of_another, of_another_uid,
    ],
)  # fmt: skip
def test_what_is_no_way_back_is_named_with_its_step(wrong: Callable[[Plan], Plan]) -> None:
    former = kernels(World()).plan()
    (found,) = brings_back(wrong(taken_back(former)), former)
    assert (found.rule, found.step) == ("undoes", W2)
    assert found.why.startswith(f"no step of {former.hash} on it goes back from")


def test_another_plan_than_the_one_that_it_names_has_no_way_back_for_it() -> None:
    former = kernels(World()).plan()
    plan = replace(taken_back(former), undoes=f"sha256:{'0' * 64}")
    assert {each.step for each in brings_back(plan, former)} == set(plan.steps)
