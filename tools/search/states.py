"""The state of a run: the world, the journal, the processes, and what those who judge remember.

Everything is in it that decides what can happen next. Where nobody has to leave a node nobody looks at pods, and they
are left out. Of processes that were overtaken, where more may happen than that, only those are told apart that ask for
different things next (they are ``alike``).
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from oakum.changes.plans.model import Plan
from oakum.changes.run import Do, Ended, Look, Write
from oakum.changes.running.journal import Answered
from oakum.simulation.build import build
from oakum.simulation.faults import Schedule
from oakum.simulation.invariants import Judge, Terms
from oakum.simulation.invariants.base import LOOK
from oakum.simulation.oracle import Oracle
from oakum.simulation.runner import Driver, _Process
from oakum.simulation.trials import Ready
from oakum.simulation.watching import Watches
from tools.search.ago import since, until
from tools.search.journal_states import JournalStates
from tools.search.passes import Limits
from tools.search.processes import Ahead, Standing, next_of
from tools.search.seen import hashed
from tools.search.ticks import CORDONED, Fixed, Ticking
from tools.search.world_states import world_state


class Stated(Driver):
    """One run that can tell its state. ``fine`` keeps all times as they are; otherwise they are ticks.

    ``held_up`` are the processes that were overtaken and have not gone on, ``known`` is where each process is from
    outside, ``first`` how the run ended while somebody was still held up. ``changes`` counts what changed the world,
    ``world_was`` is the hash of that, with what it was made of.
    """

    def __init__(
        self, given: Ready, limits: Limits, *, alike: bool = False, fine: bool = False, trace: bool = False
    ) -> None:
        assert isinstance(given.answer, Plan)
        scenario = given.scenario
        world = build(scenario, 0)
        world._chance = Fixed()
        if not fine:
            world.timeline.__class__ = Ticking
        super().__init__(world, given.answer, given.calendar, Schedule(), trace=trace)
        terms = Terms(policy=given.policy, calendar=given.calendar)
        terms.agree(given.answer)
        self.judge, self.oracle = Judge(world, terms, recheck=10**9), Oracle(world, terms, scenario)
        world.watch = Watches([self.judge, self.oracle])
        self.limits, self.alike, self.fine = limits, alike, fine
        self.held_up: list[_Process] = []
        self.known: dict[str, Standing] = {}
        self.first: Ended | None = None
        self.changes = 0
        self.world_was: tuple[object, bytes] = None, b""
        self._journal_was: tuple[object, bytes] = None, b""
        self._journal_states = JournalStates(self.journal, self.plan, world)
        #: Where nobody has to leave a node, nobody looks at pods.
        self.drains = any(change.drain for step in self.plan.steps.values() for change in step.changes)

    def digest(self) -> bytes:
        """The state, as a hash."""
        now = self.world.timeline.now
        processes = [(until(each.at, now), each.waits, *self._standing(each)) for each in self._processes]
        late = [self._late(each) for each in self.held_up]
        first = self.first.result if self.first is not None else ""
        return hashed((*self.limits, first, processes, late, self.world_digest()))

    def _late(self, process: _Process) -> tuple[object, ...]:
        """Where a process is that was held up; once another has the lease, those may be alike but for their request."""
        behind = self.behind(process)
        if not (behind and self.alike):
            return behind, *self._standing(process)
        match next_of(process):
            case Look():
                return behind, "look", self._unwatched(self.journal.resumed)
            case Write(record=Answered() as record):
                return behind, "answered", record.key
            case Do(act=act) if act.do == "lease":
                return behind, "lease", self._unwatched(self.journal.resumed)
        return (behind, "acts")

    def _standing(self, process: _Process) -> tuple[object, ...]:
        """Where a process is: what it asks next, and what that and all that comes follows from."""
        known, lease, journal = self.known[process.name], self.world.lease, self.journal
        ahead = cast("Ahead", process.machine)
        between = ahead.begun and not isinstance(next_of(process), Look)
        old = min(self.world.timeline.now - process.looked, LOOK + 1)
        about = (known.looked, known.requests, old) if between else bool(known.looked)
        if not known.token or known.token < lease.token:
            # Before it does anything it has to take the lease, and reads the journal then.
            taken_up = self._unwatched(journal.resumed) if known.started else 0
            token = known.token - lease.token if known.token else -1
            return ahead.begun, known.last, known.started, about, token, taken_up
        idle, unwatched = 0 if journal.active else min(known.idle, 5), self._unwatched(known.resumed)
        return ahead.begun, known.last, about, lease.holder == process.name, idle, unwatched, known.others, known.back

    def behind(self, process: _Process) -> bool:
        """Whether another has had the lease after a process had it."""
        return 0 < self.known[process.name].token < self.world.lease.token

    def _unwatched(self, resumed: datetime | None) -> int:
        """When the run was taken up, which is left out of the time in a state: before that nobody watched."""
        wall, active = self.world.timeline.wall(), self.journal.active.values()
        return max(since(resumed, wall), min(since(each.since, wall) for each in active)) if active else 0

    def world_digest(self) -> bytes:
        """The world, the journal and what is remembered of both; made anew where something has changed."""
        now, lease, length = self.world.timeline.now, self.world.lease, len(self.records)
        about = now, lease.until, lease.token, self.changes
        if self.world_was[0] != about:
            grid = now % CORDONED if self.limits.others and not self.fine else 0
            self.world_was = about, hashed((grid, world_state(self.world, pods=self.drains), self._judges()))
        if self._journal_was[0] != (about, length):
            self._journal_was = (about, length), hashed((*self._journal_states.state(), sorted(self.oracle._lost)))
        return self.world_was[1] + self._journal_was[1] + bytes([len(self.judge.broken)])

    def _judges(self) -> tuple[object, ...]:
        """What those who judge remember, as far as it decides how they judge what comes."""
        now, court = self.world.timeline.now, self.judge.court
        seen = [(id, min(now - at, LOOK + 1)) for id, at in sorted(court.seen_since.items())]
        harm = sorted((id, sorted(each)) for id, each in self.oracle._harm.items() if each)
        return seen, harm
