"""The driver for real use: carries out what the machine asks for, through the ports, one thing after another."""

from __future__ import annotations

from collections.abc import Iterator

from oakum import ports
from oakum.changes.plans.model import Plan
from oakum.changes.run import LEASE, Do, Ended, Late, Look, Machine, Wait, Write, run
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import Record
from oakum.changes.running.observed import Observed
from oakum.policy.openings import Calendar


class Reading:
    """The records of a journal, read anew whenever somebody asks for them."""

    def __init__(self, journal: ports.Journal[Record]) -> None:
        self._journal = journal

    def __iter__(self) -> Iterator[Record]:
        return iter(self._journal.records())


def drive(
    machine: Machine, world: ports.World[Act, Outcome, Observed], journal: ports.Journal[Record], clock: ports.Clock
) -> Ended:
    """Runs a machine to its end. What a port raises ends the process as a crash would; the run can be resumed."""
    answer: object = None
    looked = clock.now()
    while True:
        try:
            asked = machine.send(answer)
        except StopIteration as end:
            ended: Ended = end.value
            return ended
        answer = None
        match asked:
            case Write():
                journal.append(asked.record)
            case Do():
                late = asked.late((clock.now() - looked).total_seconds())
                answer = Late() if late else world.act(asked.act)
            case Look():
                answer = world.observe(asked.about)
                looked = clock.now()
            case Wait():
                clock.sleep_until(asked.until)


def carry_out(
    plan: Plan,
    calendar: Calendar,
    world: ports.World[Act, Outcome, Observed],
    journal: ports.Journal[Record],
    clock: ports.Clock,
    *,
    run_id: str,
    executor: str,
    lease: int = LEASE,
) -> Ended:
    """Carries out a plan, or goes on with a run that was begun, by its journal."""
    machine = run(plan, calendar, Reading(journal), run=run_id, executor=executor, lease=lease)
    return drive(machine, world, journal, clock)
