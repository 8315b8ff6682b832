"""The simulated hosts of an estate in this process: world, clock and listener in one, for runs that nobody kills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tests.local.estate import Estate

from oakum.changes.run import Wait
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import Record
from oakum.changes.running.observed import Observed
from oakum.simulation.from_state import from_state
from oakum.simulation.timeline import SimulatedClock


class Simulated:
    """``acts`` are those that the world carried out, ``waited`` the reasons; after ``patience`` waits it gives up."""

    def __init__(self, estate: Estate, patience: int = 10_000) -> None:
        self.world = from_state(estate.state, 1)
        self._clock, self._port = SimulatedClock(self.world.timeline), self.world.port("run")
        self._patience = self._left = patience
        self.acts: list[str] = []
        self.records: list[Record] = []
        self.waited: list[str] = []

    def again(self, patience: int = 0) -> Simulated:
        self._left = patience or self._patience
        return self

    def act(self, act: Act) -> Outcome:
        outcome = self._port.act(act)
        self.acts.append(f"{act.do} {act.subject.id}")
        return outcome

    def observe(self, about: Sequence[str]) -> Observed:
        return self._port.observe(about)

    def now(self) -> datetime:
        return self._clock.now()

    def sleep_until(self, moment: datetime) -> None:
        self._left -= 1
        if self._left < 0:
            raise TimeoutError
        self._clock.sleep_until(moment)

    def wrote(self, record: Record) -> None:
        self.records.append(record)

    def waits(self, wait: Wait) -> None:
        self.waited.append(wait.why)

    def stopping(self) -> None:
        pass
