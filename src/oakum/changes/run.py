"""The one executor: a step machine without I/O that carries out a plan.

It yields what it wants and is sent the answer: ``Write`` a record (None), ``Do`` an act (its Outcome), ``Look`` (what
is Observed; its ``at`` is the time), ``Wait`` (None, at that time or when something has happened). Simulation, command
line and hub drive it, and none of them decides anything. A driver may drop it between any two of these; another one,
begun with the records that were written, goes on.

The lease comes first and is kept alive; a lease that is taken anew brings a higher fencing token, and the journal is
read again then, since somebody else may have written meanwhile. Who sees that another has taken over ends at once. Who
was held up between a look and an act (its machine slept, say) takes the run up anew, as if it had died and come back.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from oakum.changes.plans.model import Plan, Subject
from oakum.changes.running.actions import Rest
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.compiled import Compiled
from oakum.changes.running.journal import Answered, Journal, Meant, Noted, Record, Started, Turned
from oakum.changes.running.next_actions import next_actions, subjects
from oakum.changes.running.observed import Observed
from oakum.changes.running.standing import standing_of
from oakum.errors import UsageError
from oakum.policy.openings import Calendar

#: For how long a lease is asked, and after which part of that it is asked again.
LEASE = 300
_KEEP = 3
#: How often it is asked again whether the lease was given back.
_GIVE_BACK = 3
#: More acts than this wait for another look.
_MOST_ACTS = 64
#: With nothing in flight: seconds between two looks, at first and at most, and how much longer a lease is asked.
_IDLE, _MOST_IDLE, _IDLE_LEASE = 60.0, 300.0, 3
#: Seconds for which what a look has shown is good enough to act by.
_GOOD = 20.0
#: Turns on one look, when only records were written.
_MOST_TURNS = 16


class Write(msgspec.Struct, frozen=True):
    """Write a record down; answered by None when it would survive a crash."""

    record: Record


class Do(msgspec.Struct, frozen=True):
    """Try an act; answered by its Outcome, ``unknown`` where no answer comes.

    It has to be tried ``within`` so many seconds after the last look was answered, by the clock on the wall; where it
    is too late for that it is not tried, and the answer is ``Late``.
    """

    act: Act
    within: float | None = None

    def late(self, elapsed: float) -> bool:
        """Whether so many seconds after the last look are too many; a clock that went back says nothing of them."""
        return self.within is not None and not 0.0 <= elapsed <= self.within


class Late(msgspec.Struct, frozen=True):
    """The answer to an act that was not tried: whoever decided it was held up, and the world has gone on."""


class Look(msgspec.Struct, frozen=True):
    """Look at the world, at least at these machines, objects and waves; answered by Observed."""

    about: tuple[str, ...]


class Wait(msgspec.Struct, frozen=True):
    """Nothing is to be done before ``until`` unless something happens; answered by None."""

    until: datetime
    why: str


class Ended(msgspec.Struct, frozen=True):
    """The end: ``done``, ``stopped`` before all was done, or ``fenced`` because another carries the run out now."""

    result: Literal["done", "stopped", "fenced"]
    why: str = ""


class _HeldUpError(Exception):
    """What was decided is too old to be done."""


Asked = Write | Do | Look | Wait
Machine = Generator[Asked, object, Ended]


def run(
    plan: Plan, calendar: Calendar, records: Iterable[Record], *, run: str, executor: str, lease: int = LEASE
) -> Machine:
    """Carries out ``plan`` as ``run``, in the name of ``executor``, from what ``records`` say has been done.

    ``records`` is read when the lease has been taken, and again whenever it was taken anew: hand in what reads the
    journal, not a copy of it. Raises UsageError where the journal is that of another plan or run.
    """
    return _Run(plan, calendar, records, run, executor, lease).go()


class _Run:
    def __init__(
        self, plan: Plan, calendar: Calendar, records: Iterable[Record], run: str, executor: str, lease: int
    ) -> None:
        self.compiled = Compiled(plan, calendar)
        self.records = list(records) if iter(records) is records else records
        self.run, self.executor, self.lease = run, executor, lease
        self.journal = Journal()
        self.written: list[Record] = []
        self.token = 0
        self.kept: datetime | None = None
        self.lasts = lease
        self.idle = 0

    def go(self) -> Machine:
        while True:
            try:
                return (yield from self._watch())
            except _HeldUpError:
                continue

    def _watch(self) -> Machine:
        """Takes the run up, and carries it on to its end. Raises _HeldUpError where it was not there meanwhile."""
        first = yield from self._look(())
        over = self._taken_over(first)
        if over is not None:
            return over
        self.token, self.kept = 0, None
        started = Started(at=first.at, run=self.run, plan=self.compiled.hash, executor=self.executor)
        yield from self._write(started)
        while True:
            about = subjects(self.compiled, self.journal) if self.token else ()
            observed = yield from self._look(about)
            if self._due(observed):
                before = self.token
                ended = yield from self._keep(observed)
                if ended is not None:
                    return ended
                if not self.token or self.token != before:
                    continue
            ended = yield from self._turns(observed)
            if ended is not None:
                return ended

    # The lease

    def _due(self, observed: Observed) -> bool:
        """Whether the lease has to be taken or kept before anything is done."""
        if not self.token or self.kept is None or observed.lease != (self.executor, self.token):
            return True
        return not 0 <= (observed.at - self.kept).total_seconds() < self.lasts / _KEEP

    def _keep(self, observed: Observed) -> Generator[Asked, object, Ended | None]:
        """Takes the lease, or keeps it. Without it nothing is done but waiting for it."""
        held = observed.lease
        over = self._taken_over(observed)
        if over is not None:
            return over
        # Whoever has nothing in flight may be missed for longer, and asks less often.
        lasts = self.lease * (_IDLE_LEASE if self.idle else 1)
        act = self._lease_act(observed.at, lasts)
        taking = not self.token or held != (self.executor, self.token)
        if taking:
            yield from self._write(Meant(at=observed.at, act=act))
        outcome = yield from self._do(act)
        if taking:
            yield from self._write(Answered(at=observed.at, key=act.key, outcome=outcome))
        # A lease without a fencing token is none: nothing that is done under it could be fenced.
        if outcome.result == "done" and outcome.token > 0:
            if outcome.token == self.token:
                self.kept, self.lasts = observed.at, lasts
            elif taking:
                self._taken(outcome.token, observed.at)
            else:
                # It had run out between the look and the act: before anything else it is taken anew, and written down.
                self.token = 0
            return None
        if outcome.code == "fenced":
            return Ended("fenced", outcome.why)
        why = outcome.why or "whether the lease was taken is not known"
        held_until = None if self.kept is None else self.kept + timedelta(seconds=self.lasts / 2)
        if self.token and held_until is not None and observed.at < held_until and outcome.result == "unknown":
            return None
        yield Wait(observed.at + timedelta(seconds=min(max(outcome.retry_after, 2), 60)), f"the lease: {why}")
        # Kept for too long without an answer: from here on it has to be taken anew.
        self.token = 0
        return None

    def _taken_over(self, observed: Observed) -> Ended | None:
        """The end, where another has the lease that was ours."""
        held = observed.lease
        if self.token and held is not None and held[0] != self.executor and held[1] > self.token:
            return Ended("fenced", f"{held[0]} has taken the run over")
        return None

    def _taken(self, token: int, at: datetime) -> None:
        """The lease is ours: what the journal says now is where the run stands."""
        records = list(self.records)
        if self.written[0] not in records:
            records += self.written
        plans = {record.plan for record in records if isinstance(record, Started)}
        runs = {record.run for record in records if isinstance(record, Started)}
        if plans != {self.compiled.hash} or runs != {self.run}:
            raise UsageError(
                f"the journal is of run {', '.join(sorted(runs))} and plan {', '.join(sorted(plans))}",
                remedy="resume a run with the plan that it was started with",
            )
        self.journal = Journal(records)
        self.token, self.kept, self.lasts = token, at, self.lease

    def _lease_act(self, at: datetime, seconds: int) -> Act:
        return Act(
            key=f"{self.run}/lease/{self.executor}/{at.isoformat()}", do="lease", run=self.run,
            plan=self.compiled.hash, token=self.token,
            subject=Subject(kind="object", cluster="", name=self.run, uid=""),
            parameters={"holder": self.executor, "seconds": str(seconds)}, expects="the lease is ours",
        )  # fmt: skip

    # Turns

    def _turns(self, observed: Observed) -> Generator[Asked, object, Ended | None]:
        """Turns on one look, as long as only records are written; an act asks for another look."""
        for _ in range(_MOST_TURNS):
            actions = next_actions(self.compiled, self.journal, observed, observed.at)
            rests = [each for each in actions if isinstance(each, Rest)]
            wrote, acts = False, 0
            for action in actions:
                if isinstance(action, Meant):
                    acts += 1
                    fenced = yield from self._act(action, observed.at)
                    if fenced is not None:
                        return fenced
                    if acts >= _MOST_ACTS:
                        break
                elif isinstance(action, Turned | Noted):
                    wrote = True
                    yield from self._write(action)
            for note in self._held(rests, observed.at):
                yield from self._write(note)
            if standing_of(self.compiled, self.journal).ended:
                return (yield from self._end(observed.at))
            if acts or wrote:
                self.idle = 0
            if acts:
                return None
            if not wrote:
                yield from self._rest(rests, observed.at)
                return None
        yield Wait(observed.at + timedelta(seconds=1), "there is more to decide")
        return None

    def _act(self, meant: Meant, at: datetime) -> Generator[Asked, object, Ended | None]:
        yield from self._write(meant)
        outcome = yield from self._do(meant.act, _GOOD)
        yield from self._write(Answered(at=at, key=meant.act.key, outcome=outcome))
        if outcome.code == "fenced":
            return Ended("fenced", outcome.why)
        return None

    def _held(self, rests: Iterable[Rest], at: datetime) -> Iterator[Noted]:
        """What is held for a reason that was not noted yet."""
        for rest in rests:
            if rest.held and (rest.about, rest.why) not in self.journal.held:
                yield Noted(at=at, what="held", about=rest.about, why=rest.why, token=self.journal.token)

    def _rest(self, rests: list[Rest], at: datetime) -> Generator[Asked, object, None]:
        until = min((rest.until for rest in rests), default=at + timedelta(seconds=15))
        if until <= at:
            return
        if not self.journal.active and all(rest.held for rest in rests):
            # It waits for people or for the world; a driver wakes it when something happens.
            self.idle += 1
            pause = timedelta(seconds=min(_IDLE * self.idle, _MOST_IDLE))
            until = min((rest.until for rest in rests if rest.sharp), default=at + pause)
            until = min(until, at + pause)
        if self.kept is not None:
            until = min(until, self.kept + timedelta(seconds=self.lasts / _KEEP))
        rest = next((rest for rest in rests if rest.until <= until), rests[0] if rests else None)
        why = "" if rest is None else f"{rest.about}: {rest.why}" if rest.about and rest.why else rest.why
        yield Wait(max(until, at + timedelta(seconds=1)), why)

    def _end(self, at: datetime) -> Generator[Asked, object, Ended]:
        """Gives the lease back, so that what comes next does not have to wait for its end.

        Whoever does not have it any more has concluded from what was so when he had it: his end is not the run's.
        """
        last = next(note for note in reversed(self.journal.notes) if note.what in ("done", "stopped"))
        outcome = yield from self._do(self._lease_act(at, 0))
        for _ in range(_GIVE_BACK):
            if outcome.result != "unknown":
                break
            yield Wait(at + timedelta(seconds=_KEEP), "whether the lease was given back is not known")
            at = (yield from self._look(())).at
            outcome = yield from self._do(self._lease_act(at, 0))
        if outcome.result == "refused" or (outcome.result == "done" and outcome.token != self.token):
            return Ended("fenced", outcome.why or "another has taken the run over")
        return Ended("done" if last.what == "done" else "stopped", last.why)

    # What is asked of the driver

    def _look(self, about: tuple[str, ...]) -> Generator[Asked, object, Observed]:
        return (yield Look(about))  # type: ignore[return-value]  # a driver answers a look with what it saw

    def _do(self, act: Act, within: float | None = None) -> Generator[Asked, object, Outcome]:
        outcome = yield Do(act, within)
        if isinstance(outcome, Late):
            raise _HeldUpError
        return outcome if isinstance(outcome, Outcome) else Outcome(result="unknown", why="no answer")

    def _write(self, record: Record) -> Generator[Asked, object, None]:
        yield Write(record)
        self.written.append(record)
        self.journal.add(record)
