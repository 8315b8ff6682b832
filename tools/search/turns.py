"""How the processes of a run take their turns, from tick to tick, and what each is known to have done.

Leases last as long as the search and are lost where a run is taken over; whoever waits for one takes it as soon as it
is free.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from oakum.changes.run import Do, Ended, Look, Wait, Write, run
from oakum.changes.run import Machine as Process
from oakum.changes.running.acts import Outcome
from oakum.changes.running.journal import Answered, Meant, Noted, Started, Turned
from oakum.simulation.runner import _Process
from tools.search.ago import FOR_EVER
from tools.search.processes import Ahead, Standing, next_of
from tools.search.seen import hashed
from tools.search.states import Stated
from tools.search.ticks import tick_after

#: When whoever waits for the lease goes on, unless that becomes free.
NEVER = 1e12
#: Seconds until a process that died is started again.
AGAIN = 30.0


class Turning(Stated):
    """One run whose processes take their turns, each of them known from outside."""

    def _start(self, at: float) -> _Process:
        self._started += 1
        name = f"oakum-{self._started}"
        made = partial(run, self.plan, self.calendar, self.records, run=self.name, executor=name, lease=FOR_EVER)
        process = _Process(name, cast("Process", Ahead(made)), at if self.fine else tick_after(at))
        self.known[name] = Standing()
        self._processes.append(process)
        return process

    def _turn(self, process: _Process) -> Ended | None:
        known, request = self.known[process.name], next_of(process)
        ended = super()._turn(process)
        known.requests += 1
        match request:
            case Look():
                # What it asks next follows from what was so then; without the lease it asks for that, whatever it saw.
                ours = self.world.lease.seen == (process.name, known.token)
                known.last, known.looked, known.requests = "look", self.world_digest() if ours else b"-", 0
            case Do():
                known.last, known.idle = "do", 0
                self._done(process, request)
            case Write():
                held = isinstance(request.record, Noted) and request.record.what == "held"
                known.last, known.idle = "write", known.idle if held else 0
                self._wrote(process, request)
            case Wait():
                known.last, known.idle = "wait", known.idle + 1
        lease = self.world.lease
        if not self.fine and process.waits and lease.held and lease.holder != process.name:
            process.at = NEVER
        elif not self.fine:
            process.at = tick_after(process.at) if process.waits else self.world.timeline.now
        self.wake()
        return ended

    def wake(self) -> None:
        """Whoever waits for the lease takes it as soon as nobody has it."""
        for each in self._processes if not self.world.lease.held else ():
            each.at = min(each.at, self.world.timeline.now) if each.at == NEVER else each.at

    def _done(self, process: _Process, request: Do) -> None:
        known, outcome = self.known[process.name], process.answer
        self.changes += 1
        if not isinstance(outcome, Outcome) or outcome.result != "done":
            return
        if request.act.do == "lease":
            known.token, known.resumed = outcome.token, self.journal.resumed
            known.others = known.back = ()
        else:
            self.disturbs(process, request.act.key)

    def _wrote(self, process: _Process, request: Write) -> None:
        record = request.record
        known = self.known[process.name]
        known.started = known.started or isinstance(record, Started)
        if isinstance(record, Turned) and record.state == "waiting":
            known.back = (*(each for each in known.back if each != record.step), record.step)
        key = record.key if isinstance(record, Answered) else record.act.key if isinstance(record, Meant) else ""
        known.others = tuple(each for each in known.others if each.partition(" ")[0] != key)
        if isinstance(record, Answered) and "/lease/" not in record.key:
            for name, other in self.known.items():
                if name != process.name and other.token:
                    other.others = (*other.others, f"{record.key} {record.outcome.result}")

    def disturbs(self, by: _Process | None, what: str) -> None:
        """The world has changed: whoever is between two looks may see a part of that."""
        self.changes += 1
        for each in (*self._processes, *self.held_up):
            known = self.known[each.name]
            if each is not by and known.requests and known.looked != b"-":
                known.looked = hashed((known.looked, known.requests, what))

    def stir(self) -> None:
        """Wakes whoever waits, at the next tick at the latest."""
        before = [(each, each.at) for each in self._processes]
        super().stir()
        for each, at in before if not self.fine else ():
            each.at = NEVER if at == NEVER else tick_after(each.at) if each.waits else each.at
