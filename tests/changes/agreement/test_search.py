"""Where a search over all orders finds a safe one the planner finds a plan, and where it finds none there is none."""

from __future__ import annotations

from hypothesis import given, settings
from tests.changes.agreement.cases import Case, cases
from tests.changes.agreement.search import moves, safe_order

from oakum.changes.plans import Plan
from oakum.errors import OakumError

#: Orders of more moves than that are too many to try.
MOST = 9


@settings(max_examples=200)
@given(cases(whole=True))
def test_there_is_a_plan_exactly_where_there_is_a_safe_order(case: Case) -> None:
    try:
        found = case.plan()
    except OakumError:
        return
    several = moves(case)
    if several is not None and len(several) > MOST:
        return
    order = None if several is None else safe_order(case, several)
    assert isinstance(found, Plan) == (order is not None)
    if isinstance(found, Plan) and several is not None:
        planned = {(change.intent, step.subject.id) for step in found.steps.values() for change in step.changes}
        assert planned == {(move.intent.name, move.machine.id) for move in several}
