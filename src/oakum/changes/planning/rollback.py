"""Rollback: a plan like any other, under the same guards, that brings back steps of an earlier one.

By default those that failed or whose machines are bad now; healthy machines keep their patches. On request everything
that was changed. What was changed last goes back first. A step that was admitted but changed nothing needs no plan: its
machine is given back by its own run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from oakum.changes.compat import Knowledge
from oakum.changes.durations import Durations
from oakum.changes.planning.attempt import Question, attempt
from oakum.changes.planning.minimal import why_not
from oakum.changes.planning.undoing import Undo
from oakum.changes.plans.model import Plan, Step
from oakum.changes.plans.why_not import WhyNot
from oakum.changes.running.journal import Journal
from oakum.changes.state.model import State
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar

_FAILED = frozenset({"failed", "lost", "late"})
_UNTOUCHED = frozenset({"waiting", "skipped"})


def rollback(
    plan: Plan,
    journal: Journal,
    state: State,
    policy: Policy,
    now: datetime,
    *,
    what: Literal["failed", "all"] = "failed",
    calendar: Calendar,
    knowledge: Knowledge,
    durations: Durations,
) -> Plan | WhyNot:
    """The way back of a run, from its journal and a fresh state; without a wave where nothing is left to bring back.

    What cannot be brought back is left out with its reason. Raises NotAssessableError as planning does.
    """
    undo = Undo(plan.hash, tuple(_chosen(plan, journal, state, everything=what == "all")))
    question = Question(
        state=state, intents=plan.intents, policy=policy, now=now, calendar=calendar, knowledge=knowledge,
        durations=durations, undo=undo,
    )  # fmt: skip
    found = attempt(question)
    return found.plan if found.plan is not None else why_not(question, found)


def _chosen(plan: Plan, journal: Journal, state: State, *, everything: bool) -> Iterator[Step]:
    for step in plan.steps.values():
        reached = journal.state(step.id)
        if reached in _UNTOUCHED:
            continue
        machine = state.by_id.get(step.subject.id)
        bad = machine is not None and machine.healthy is not True
        if everything or reached in _FAILED or bad:
            yield step
