"""Drives the step machine of a run against a simulated world: kills it, restarts it, runs a zombie beside it.

A process is a generator of ``oakum.changes.run``. It can be dropped between any two of its requests, which is what a
crash is, and another one takes up the same journal. Acts and looks take a moment each; what a process waits for comes
when its time is there or when people ask for something. The driver decides nothing: it carries out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from math import isfinite
from typing import Literal

import msgspec

from oakum.changes.plans.model import Plan
from oakum.changes.run import Do, Ended, Late, Look, Machine, Wait, Write, run
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import Answered, Journal, Meant, Noted, Record, Started, Turned, encode
from oakum.policy.openings import Calendar
from oakum.simulation.alarms import Metric
from oakum.simulation.faults import ACT, RECORD, START, Schedule, Strike, Struck, strike
from oakum.simulation.scenarios.model import Approvals
from oakum.simulation.watching import Watch, Watches
from oakum.simulation.world import World

#: Seconds that a request takes.
ACT_TAKES, LOOK_TAKES = 0.1, 0.05
#: Whoever has begun to wait is not woken before so many seconds: what happens together is looked at together.
PAUSE = 1.0
#: Seconds until somebody starts a process again where none is left, and that the world goes on after the end.
AGAIN, AFTER = 30.0, 180.0
#: More requests than any run needs, and for each step: whoever makes them turns in a circle.
MOST, MOST_OF_STEP = 300_000, 500


class Result(msgspec.Struct, kw_only=True):
    """What came of a run.

    ``result``: done, stopped, or held where it had not ended when its time was over (``why`` says by what). ``struck``
    are the faults that found something. ``seconds`` of simulated time until the end, ``patched`` until the last step
    was done. ``missed`` are the pod seconds in which a pod of a workload was missing. ``states`` are of steps.
    """

    result: Literal["done", "stopped", "held"]
    why: str
    plan: Plan
    records: list[Record]
    struck: list[Struck]
    states: dict[str, str]
    seconds: float
    patched: float
    evictions: int
    missed: float
    processes: int
    requests: int
    trace: list[str]

    @property
    def digest(self) -> str:
        """The hash of the journal."""
        return hashlib.sha256(b"\n".join(encode(each) for each in self.records)).hexdigest()


class _Process:
    """One process: its generator, what it is handed next, and when."""

    def __init__(self, name: str, machine: Machine, at: float) -> None:
        self.name, self.machine, self.at = name, machine, at
        self.answer: object = None
        self.waits = False
        self.since = self.looked = at


class _Struck(Watch):
    """Notes which faults found something, with the state of the step then."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def struck(self, kind: str, subject: str, delivered: bool) -> None:
        """Notes it."""
        if delivered:
            self._driver.note(kind, subject)


class Driver:
    """One run in one world. ``trace`` keeps a line for each request and strike.

    ``eager`` wakes whoever waits after every event of the world: a run that never comes late, to measure others by.
    """

    def __init__(
        self, world: World, plan: Plan, calendar: Calendar, schedule: Schedule, *, name: str = "run-1",
        trace: bool = False, eager: bool = False,
    ) -> None:  # fmt: skip
        self.world, self.plan, self.calendar, self.name = world, plan, calendar, name
        self._eager = eager
        self.records: list[Record] = []
        self.journal = Journal()
        self.struck: list[Struck] = []
        self.trace: list[str] = []
        self._tracing = trace
        self._processes: list[_Process] = []
        self._occasions: dict[tuple[str, int], list[Strike]] = {}
        self._counts: dict[str, int] = {}
        self._started = self._requests = 0
        self._patched = -1.0
        self._step_of = {step.subject.id: step.id for step in plan.steps.values()}
        for each in schedule.strikes:
            self._occasions.setdefault((each.state, each.nth), []).append(each)

    def run(self, lasts: float, approvals: Approvals) -> Result:
        """Runs it until it has ended or its time is over."""
        world, time = self.world, self.world.timeline
        watch = world.watch
        world.stir = self.stir  # type: ignore[method-assign]  # the driver is who wants to know
        world.watch = Watches([watch, _Struck(self)])
        self._prepare(approvals)
        self._start(time.now)
        for each in self._occasions.pop((START, 1), []):
            time.after(each.delay, self._strike, each, next(iter(self._step_of), ""), self._processes[0])
        ended = self._loop(lasts)
        seconds = time.now
        time.run_to(time.now + AFTER)
        world.watch = watch
        why = ended.why if ended is not None else self._held()
        return Result(
            result="held" if ended is None or ended.result == "fenced" else ended.result,
            why=why, plan=self.plan, records=self.records, struck=self.struck, seconds=seconds,
            states={step: self.journal.state(step) for step in self.plan.steps}, patched=self._patched,
            evictions=world.evictions, missed=missed(world), processes=self._started, requests=self._requests,
            trace=self.trace,
        )  # fmt: skip

    def _held(self) -> str:
        """Why a run that has not ended waits, in its own words."""
        held = [each.why for each in self.journal.notes if each.what == "held"]
        return held[-1] if held else "it has noted nothing"

    def _prepare(self, approvals: Approvals) -> None:
        world, hash_ = self.world, self.plan.hash
        for group in self.plan.groups:
            for each in group.gate.metrics:
                world.alarms.metrics.setdefault(each.name, Metric(name=each.name, interval=float(each.interval)))
        wishes = [(approvals.plan, f"approve:{hash_}")]
        for step in self.plan.steps.values():
            if step.reversibility == "forward-only":
                wishes.append((approvals.steps, f"approve:{hash_}/{step.id}"))
            wishes.append((approvals.evict, f"approve:{hash_}/{step.id}/force-evict"))
        for at, wish in wishes:
            if at <= 0.0:
                world.wishes.add(wish)
            elif isfinite(at):
                world.timeline.after(float(at), self._wish, wish)

    def _wish(self, wish: str) -> None:
        self.world.wishes.add(wish)
        self.stir()

    def stir(self) -> None:
        """Wakes whoever waits: something has happened that is worth a look."""
        now = self.world.timeline.now
        for each in self._processes:
            if each.waits:
                each.at = min(each.at, max(now + LOOK_TAKES, each.since + PAUSE))
        self.world.timeline.halt()

    # Processes

    def _start(self, at: float) -> _Process:
        self._started += 1
        name = f"oakum-{self._started}"
        made = run(self.plan, self.calendar, self.records, run=self.name, executor=name)
        process = _Process(name, made, at)
        self._processes.append(process)
        self._say(name, "starts")
        return process

    def _loop(self, lasts: float) -> Ended | None:
        time = self.world.timeline
        most = MOST + MOST_OF_STEP * len(self.plan.steps)
        while self._requests < most:
            if not self._processes:
                self._start(time.now + AGAIN)
            process = min(self._processes, key=lambda each: each.at)
            if process.at > lasts:
                time.run_to(lasts)
                if time.now >= lasts:
                    return None
                continue
            if process.at > time.now:
                time.run_to(process.at)
                if process.at > time.now or process not in self._processes:
                    continue
            ended = self._turn(process)
            if ended is not None and ended.result != "fenced":
                return ended
        # No end of its own: it counts as held, and no oracle accepts that.
        return Ended("fenced", f"it turns in a circle: more than {most} requests")

    def _turn(self, process: _Process) -> Ended | None:
        """Has a process go on to its next request, and carries that out."""
        self._requests += 1
        time = self.world.timeline
        process.waits = False
        try:
            request = process.machine.send(process.answer)
        except StopIteration as stop:
            self._processes.remove(process)
            ended: Ended = stop.value
            self._say(process.name, "ends", ended)
            return ended
        process.answer = None
        match request:
            case Write():
                self._write(request.record, process)
            case Do():
                late = request.late(time.now - process.looked)
                process.answer = Late() if late else self.world.port(process.name).act(request.act)
                process.at = time.now + ACT_TAKES
                self._say(process.name, request.act, process.answer)
                self._occasion(ACT, request.act.subject.id, process)
            case Look():
                process.answer = self.world.port(process.name).observe(request.about)
                process.at, process.looked = time.now + LOOK_TAKES, time.now
            case Wait():
                until = time.seconds(request.until)
                if self._eager and time.next is not None:
                    until = min(until, time.next)
                process.at = max(until, time.now + LOOK_TAKES)
                process.waits, process.since = True, time.now
                self._say(process.name, "waits", request.why)
        return None

    def _write(self, record: Record, process: _Process) -> None:
        self.records.append(record)
        self.journal.add(record)
        self.world.watch.wrote(record, process.name)
        self._say(process.name, record)
        subject = ""
        if isinstance(record, Turned):
            step = self.plan.steps.get(record.step)
            subject = step.subject.id if step is not None else ""
            if record.state == "done":
                self._patched = self.world.timeline.now
            self._occasion(record.state, subject, process)
        self._occasion(RECORD, subject, process)

    # Faults

    def _occasion(self, state: str, subject: str, process: _Process) -> None:
        number = self._counts[state] = self._counts.get(state, 0) + 1
        for each in self._occasions.get((state, number), ()):
            if each.delay:
                self.world.timeline.after(each.delay, self._strike, each, subject, process)
            else:
                self._strike(each, subject, process)

    def _strike(self, given: Strike, subject: str, process: _Process) -> None:
        subject = subject or next((self.plan.steps[each].subject.id for each in self.journal.active), "")
        self._say("fault", given.kind, subject)
        if given.fault.how == "process":
            self._strike_process(given, process)
            self.world.watch.struck(given.kind, subject, True)
        else:
            step = self.plan.steps.get(self._step_of.get(subject, ""))
            changes = [f"{each.component} {each.after}" for each in step.changes] if step is not None else []
            strike(self.world, given, subject, process.name, changes)
            self.stir()

    def _strike_process(self, given: Strike, process: _Process) -> None:
        time = self.world.timeline
        if process not in self._processes:
            process = self._processes[0] if self._processes else self._start(time.now)
        match given.kind:
            case "killed" | "outage":
                self._processes.remove(process)
                process.machine.close()
                self._start(time.now + given.lasts)
            case "zombie":
                process.at = time.now + given.lasts
                process.waits = False
                self._start(time.now + 1.0)
            case _:
                self._start(time.now + 1.0)

    def note(self, kind: str, subject: str) -> None:
        """A fault has found something to strike."""
        state = self.journal.state(self._step_of.get(subject, "")) if subject in self._step_of else ""
        if not state:
            states = sorted({each.state for each in self.journal.active.values()})
            state = states[0] if states else "waiting"
        self.struck.append(Struck(kind=kind, at=self.world.timeline.now, subject=subject, state=state))
        self._say("struck", kind, subject, state)

    def _say(self, who: str, *what: object) -> None:
        if self._tracing:
            said = " ".join(_told(each) for each in what)
            self.trace.append(f"{self.world.timeline.now:10.2f} {who}: {said}")


def _told(what: object) -> str:
    """A request, an answer or a record in the words of a trace."""
    match what:
        case Act():
            pod = f" {what.pod}" if what.pod else ""
            return f"does {what.do} {what.subject.id}{pod} [{what.key.removeprefix(what.run + '/')}]"
        case Outcome():
            code = f" ({what.code})" if what.code else ""
            return f"=> {what.result}{code}" + (f": {what.why}" if what.why else "")
        case Started():
            return f"writes: takes {what.run} up, plan {what.plan}"
        case Meant():
            return f"writes: means {what.act.do} {what.act.subject.id} {what.act.pod}".rstrip()
        case Answered():
            return f"writes: answered {_told(what.outcome)} [{what.key}]"
        case Turned():
            return f"writes: {what.step} -> {what.state}" + (f": {what.why}" if what.why else "")
        case Noted():
            return f"writes: {what.what} {what.about}".rstrip() + (f": {what.why}" if what.why else "")
        case Late():
            return "=> too late"
        case Ended():
            return what.result + (f": {what.why}" if what.why else "")
    return str(what)


def missed(world: World) -> float:
    """The pod seconds so far in which a pod of a workload was missing."""
    now = world.timeline.now
    return sum(
        workload.missed + max(0, workload.replicas - workload.ready) * (now - workload.counted)
        for cluster in world.clusters.values()
        for workload in cluster.workloads.values()
        if workload.kind not in ("DaemonSet", "Job")
    )


def drive(
    world: World, plan: Plan, calendar: Calendar, *, schedule: Schedule | None = None,
    approvals: Approvals | None = None, lasts: float = 2 * 86_400.0, trace: bool = False,
    before: Callable[[World], None] | None = None, eager: bool = False,
) -> Result:  # fmt: skip
    """Runs a plan in a world to its end, or for ``lasts`` seconds, under a schedule of faults."""
    if before is not None:
        before(world)
    driver = Driver(world, plan, calendar, schedule or Schedule(), trace=trace, eager=eager)
    return driver.run(world.timeline.now + lasts, approvals or Approvals())
