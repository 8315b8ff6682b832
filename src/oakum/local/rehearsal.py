"""A rehearsal: a plan carried out by the same machine in a simulation that is made of the machines' state.

Nothing real is touched and nothing is kept. Approvals are taken as given, no fault strikes, and time passes as fast as
it can be worked out; what it shows is the order, the waits and how long it takes where nothing goes wrong.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from oakum.changes.plans import Plan
from oakum.changes.run import Ended, Wait, run
from oakum.changes.running.drive import drive
from oakum.changes.running.journal import Record
from oakum.changes.state import State
from oakum.local.policies import calendar_of
from oakum.local.running import Listener, heard
from oakum.reports.runs import Summary, summary
from oakum.simulation.alarms import Metric
from oakum.simulation.from_state import from_state
from oakum.simulation.timeline import SimulatedClock

#: A rehearsal in which nothing has been written for so long of simulated time ends as it stands.
_PATIENCE = timedelta(days=35)
_NAME = "rehearsal"


class Rehearsed(msgspec.Struct, frozen=True):
    """How it ended (None: it waited for too long), and all that happened."""

    ended: Ended | None
    summary: Summary


class _InMemory:
    """The port ``Journal``, forgotten at the end."""

    def __init__(self) -> None:
        self.kept: list[Record] = []

    def append(self, record: Record) -> None:
        """Keeps a record."""
        self.kept.append(record)

    def records(self) -> list[Record]:
        """All so far."""
        return self.kept


class _TooLong(Exception):  # noqa: N818 (it ends a rehearsal, nothing is wrong)
    """Nothing will happen any more."""


class _Patience:
    """Hears what somebody else hears, and gives up when nothing happens for long."""

    def __init__(self, listener: Listener, start: datetime) -> None:
        self._listener, self._last = listener, start
        self.why = ""

    def wrote(self, record: Record) -> None:
        """Something happened."""
        self._last = record.at
        self._listener.wrote(record)

    def waits(self, wait: Wait) -> None:
        """Nothing happens for now."""
        self.why = wait.why
        if wait.until - self._last > _PATIENCE:
            raise _TooLong
        self._listener.waits(wait)

    def stopping(self) -> None:
        """Nobody asks a rehearsal to stop."""


def rehearse(plan: Plan, state: State, policy: Path, now: datetime, listener: Listener) -> Rehearsed:
    """Carries a plan out in a simulation of a state, from ``now`` on. Raises OakumError for what it is made from."""
    _, calendar = calendar_of(policy)
    # What was read before goes on now: the clock of the machines is that of whoever rehearses.
    world = from_state(msgspec.structs.replace(state, at=now), 0)
    for group in plan.groups:
        for each in group.gate.metrics:
            world.alarms.metrics.setdefault(each.name, Metric(name=each.name, interval=float(each.interval)))
    world.wishes |= {f"approve:{plan.hash}", *(f"approve:{plan.hash}/{step}" for step in plan.steps)}
    journal = _InMemory()
    patience = _Patience(listener, now)
    machine = run(plan, calendar, journal.kept, run=_NAME, executor=_NAME)
    clock = SimulatedClock(world.timeline)
    try:
        ended = drive(heard(machine, patience), world.port(_NAME), journal, clock)
    except _TooLong:
        ended = None
    by = "" if ended else "the simulation"
    return Rehearsed(ended, summary(_NAME, plan, journal.kept, carried_by=by, rehearsal=True))
