"""A rollback is a plan as any other: whatever a run has come to, the verifier finds nothing wrong with its way back."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.changes.agreement.cases import DURATIONS, KNOWLEDGE, Case, cases
from tests.changes.verify.worlds import NOW

from oakum.changes.planning import rollback
from oakum.changes.plans import Change, Plan, Step
from oakum.changes.running.journal import Journal, Turned
from oakum.changes.state import Machine, Software, State
from oakum.errors import OakumError

LATER = NOW + timedelta(days=3)


def carried_out(state: State, step: Step, *, bad: bool) -> State:
    """The state after a step; a machine that went bad is out of service, and still held by the run."""

    def changed(machine: Machine) -> Machine:
        if machine.id != step.subject.id:
            return machine
        software = {**machine.software, **{one.component: _after(machine, one) for one in step.changes}}
        return msgspec.structs.replace(machine, software=software, healthy=not bad)

    return msgspec.structs.replace(state, at=LATER - timedelta(minutes=1), machines=tuple(map(changed, state.machines)))


def _after(machine: Machine, change: Change) -> Software:
    before = machine.software.get(change.component, Software(installed=change.before))
    kept = (*before.kept, change.before)
    return msgspec.structs.replace(before, installed=change.after, running="", kept=kept)


@settings(max_examples=200)
@given(cases(), st.data(), st.sampled_from(["failed", "all"]))
def test_no_rollback_has_a_violation(case: Case, data: st.DataObject, what: Literal["failed", "all"]) -> None:
    try:
        plan = case.plan()
    except OakumError:
        return
    if not isinstance(plan, Plan) or not plan.waves:
        return
    reached = data.draw(st.integers(1, len(plan.steps)))
    state, journal = case.state, Journal()
    for number, step in enumerate(plan.steps.values()):
        if number < reached:
            bad = data.draw(st.booleans())
            state = carried_out(state, step, bad=bad)
            journal.add(Turned(at=LATER - timedelta(hours=1), step=step.id, state="failed" if bad else "done"))
    found = rollback(
        plan, journal, state, case.policy, LATER, what=what, calendar=case.calendar, knowledge=KNOWLEDGE,
        durations=DURATIONS,
    )  # fmt: skip
    if isinstance(found, Plan):
        assert msgspec.structs.replace(case, state=state).verify(found) == ()
