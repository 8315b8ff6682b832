"""Whatever the planner makes, the verifier finds nothing wrong with it."""

from __future__ import annotations

from hypothesis import given, settings
from tests.changes.agreement.cases import Case, cases

from oakum.changes.plans import Plan
from oakum.errors import OakumError


@settings(max_examples=200)
@given(cases())
def test_no_plan_has_a_violation(case: Case) -> None:
    try:
        found = case.plan()
    except OakumError:
        return
    if isinstance(found, Plan):
        assert case.verify(found) == ()
