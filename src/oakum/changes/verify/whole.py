"""The verifier: every check in turn, from the plan as a document to versions beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from oakum.changes.compat import Knowledge
from oakum.changes.plans import Plan
from oakum.changes.state import State
from oakum.changes.verify.actors import reckoned
from oakum.changes.verify.form import form, origin
from oakum.changes.verify.given import Given
from oakum.changes.verify.governed import governed
from oakum.changes.verify.leaving import leaving
from oakum.changes.verify.limits import limited
from oakum.changes.verify.model import Violation
from oakum.changes.verify.quorum import quorate
from oakum.changes.verify.sequence import in_order
from oakum.changes.verify.targets import accounted, untouched
from oakum.changes.verify.versions import beside
from oakum.changes.verify.walk import walked
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar

_CHECKS: tuple[Callable[[Given], Iterator[Violation]], ...] = (
    accounted, untouched, reckoned, walked, limited, quorate, in_order, governed, leaving, beside,
)  # fmt: skip


def verify(
    plan: Plan, state: State, *, policy: Policy, calendar: Calendar, knowledge: Knowledge
) -> tuple[Violation, ...]:
    """Every rule that a plan breaks for a state, under a policy; empty where it may be carried out.

    ``calendar`` is that of the policy, ``knowledge`` what is known about compatibility. Nothing of the planner is used:
    all that the plan says is worked out anew. A plan whose form is wrong is judged no further.
    """
    wrong = tuple(form(plan))
    if wrong:
        return wrong
    given = Given(plan, state, policy, calendar, knowledge)
    found = [*origin(plan, state, policy), *given.unplaced]
    for check in _CHECKS:
        found += check(given)
    return tuple(dict.fromkeys(found))
