"""Why there is no plan: every reason is needed, and carrying out all remedies gives a plan that is right."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from tests.changes.agreement.cases import Case, cases

from oakum.changes.planning.edits import apply_edits
from oakum.changes.plans import Plan, Reason, WhyNot
from oakum.errors import OakumError


def mended(case: Case, reasons: Sequence[Reason]) -> Case:
    """The case after somebody has done what some remedies say."""
    edits = [edit for reason in reasons for edit in reason.remedy.edits]
    state, intents, policy = apply_edits(case.state, case.intents, case.policy, edits)
    return msgspec.structs.replace(case, state=state, intents=intents, policy=policy)


def reasons_of(case: Case) -> tuple[Reason, ...]:
    """The reasons why there is no plan; none where there is one, or nothing can be told."""
    try:
        found = case.plan()
    except OakumError:
        return ()
    return found.reasons if isinstance(found, WhyNot) else ()


@settings(max_examples=100)
@given(cases())
def test_all_remedies_together_give_a_plan_that_is_right(case: Case) -> None:
    reasons = reasons_of(case)
    if not reasons:
        return
    cured = mended(case, reasons)
    found = cured.plan()
    assert isinstance(found, Plan), found
    assert cured.verify(found) == ()


@settings(max_examples=100)
@given(cases())
def test_no_reason_can_be_left_out(case: Case) -> None:
    reasons = reasons_of(case)
    for reason in reasons:
        others = [each for each in reasons if each is not reason]
        try:
            found = mended(case, others).plan()
        except OakumError:
            continue
        assert isinstance(found, WhyNot), f"it takes no {reason.rule} of {reason.object}"
