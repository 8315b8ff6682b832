"""A run that is driven by hand: what comes next is told by the test, and so is how its acts are answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import pytest
from tests.changes.running.looks import ALWAYS, NOW, RUN, Sight, plan, step

from oakum.changes import run as running
from oakum.changes.plans import Plan, Subject
from oakum.changes.run import Asked, Do, Ended, Look, Wait, Write, run
from oakum.changes.running.actions import Action, Rest
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.compiled import Compiled
from oakum.changes.running.journal import Journal, Meant, Record
from oakum.changes.running.observed import Observed

MADE = plan(step())
WORK = "kernel@shop/w-1"
DONE = Outcome(result="done")
SILENT = Outcome(result="unknown")


class ByHand:
    """A world of one lease, and an executor ``me`` of the run.

    ``turn`` tells what comes next from the journal and the time. ``answer`` answers an act; None leaves it to the
    lease, which is free or held, and to ``done`` for any other act. Time goes by only where the run waits.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, records: Iterable[Record] = (), made: Plan = MADE) -> None:
        self.sight = Sight()
        self.sight.lease = None
        self.token = 0
        self.records = records
        self.turn: Callable[[Journal, datetime], Iterable[Action]] = lambda journal, at: ()
        self.answer: Callable[[Act], object] = lambda act: None
        self.asked: list[tuple[float, Asked]] = []
        self.ended: Ended | None = None
        self.open: Asked | None = None
        self.machine = run(made, ALWAYS, records, run=RUN, executor="me")
        monkeypatch.setattr(running, "next_actions", self._next)

    def _next(self, compiled: Compiled, journal: Journal, observed: Observed, at: datetime) -> list[Action]:
        return list(self.turn(journal, at))

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return (self.sight.at - NOW).total_seconds()

    def requests(self, most: int = 2000) -> Iterator[Asked]:
        """What is asked until the end; each is answered when the next is asked for."""
        for _ in range(most):
            try:
                self.open = self.machine.send(None if self.open is None else self._answered(self.open))
            except StopIteration as end:
                self.ended = end.value
                return
            self.asked.append((self.now, self.open))
            yield self.open
        raise AssertionError(f"it has not ended after {most} requests")

    def _answered(self, request: Asked) -> object:
        if isinstance(request, Look):
            return self.sight
        if isinstance(request, Wait):
            self.sight.at = max(self.sight.at, request.until)
        elif isinstance(request, Do):
            found = self.answer(request.act)
            return self._done(request.act) if found is None else found
        elif isinstance(self.records, list):
            self.records.append(request.record)
        return None

    def _done(self, act: Act) -> Outcome:
        if act.do != "lease":
            return DONE
        if self.sight.lease != ("me", act.token):
            self.token += 1
            self.sight.lease = ("me", self.token)
        return Outcome(result="done", token=self.token)

    def until(self, seconds: float) -> None:
        """Goes on until it waits for so many seconds after the beginning or more, or to the end."""
        for request in self.requests():
            if isinstance(request, Wait) and (request.until - NOW).total_seconds() >= seconds:
                return

    def finish(self) -> Ended:
        """Goes on to the end."""
        for _ in self.requests():
            pass
        assert self.ended is not None
        return self.ended

    # What was asked

    def leases(self) -> list[tuple[float, int, int]]:
        """When the lease was asked for, with which token, and for how many seconds."""
        acts = [(at, each.act) for at, each in self.asked if isinstance(each, Do) and each.act.do == "lease"]
        return [(at, act.token, int(act.parameters["seconds"])) for at, act in acts]

    def waits(self) -> list[tuple[float, float, str]]:
        """From when until when it waited, and for what."""
        return [(at, (each.until - NOW).total_seconds(), each.why) for at, each in self.asked if isinstance(each, Wait)]

    def looks(self) -> list[tuple[str, ...]]:
        """At what it looked."""
        return [each.about for _, each in self.asked if isinstance(each, Look)]

    def written(self) -> list[Record]:
        """What it wrote."""
        return [each.record for _, each in self.asked if isinstance(each, Write)]

    def done(self) -> list[str]:
        """The acts that it tried beside those of the lease."""
        return [each.act.do for _, each in self.asked if isinstance(each, Do) and each.act.do != "lease"]


def meant(number: int, at: datetime) -> Meant:
    """An act of the step, under a key of its own."""
    subject = Subject(kind="machine", cluster="shop", name="w-1", uid="uid-w-1")
    act = Act(key=f"{RUN}/claim/{number}", do="claim", run=RUN, plan=MADE.hash, token=9, subject=subject)
    return Meant(at=at, act=act, step=WORK)


def rest(at: datetime, seconds: float, why: str = "it takes a while", about: str = WORK, **more: bool) -> Rest:
    """Nothing to do about something for so many seconds."""
    return Rest(until=at + timedelta(seconds=seconds), why=why, about=about, **more)
