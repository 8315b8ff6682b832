"""The planner's door: a plan, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from oakum.changes.compat import Knowledge
from oakum.changes.durations import Durations
from oakum.changes.intents.model import Intent
from oakum.changes.planning.attempt import Question, attempt
from oakum.changes.planning.minimal import why_not
from oakum.changes.plans.model import Override, Plan
from oakum.changes.plans.why_not import WhyNot
from oakum.changes.state.model import State
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar


def plan(
    state: State,
    intents: Sequence[Intent],
    policy: Policy,
    now: datetime,
    *,
    calendar: Calendar,
    knowledge: Knowledge,
    durations: Durations,
    override: Override | None = None,
) -> Plan | WhyNot:
    """Waves of steps that bring about what is wanted, or the fewest reasons why nothing can.

    ``calendar`` are the openings of the same policy. Targets that a rule keeps out are told in the plan. A plan without
    a wave says that everything is in effect already.

    Raises InputError for intents that contradict themselves or are for nothing in the state, and NotAssessableError
    where the state does not tell what a rule asks (the dump has no disruption budgets).
    """
    question = Question(
        state=state, intents=tuple(intents), policy=policy, now=now, calendar=calendar, knowledge=knowledge,
        durations=durations, override=override,
    )  # fmt: skip
    found = attempt(question)
    return found.plan if found.plan is not None else why_not(question, found)
