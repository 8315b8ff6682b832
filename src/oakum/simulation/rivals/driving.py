"""Drives a rival in a simulated world, under the same faults and the same judgement as our own runs.

A strike comes where it would come for us: when the work on a machine enters a state for the nth time. A process of a
rival that is killed is made anew and knows only what it has written to the API. Invariants about what only we have
(approvals, fencing tokens, a journal) are not asked of a rival.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Literal

from oakum.changes.durations import Durations
from oakum.changes.intents.catalogue import KINDS, wanted
from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Change, Plan, Step, Stop, Subject, Wave
from oakum.changes.running.acts import Act, Outcome
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.simulation.faults import ACT, RECORD, START, Schedule, Strike, Struck, strike
from oakum.simulation.invariants import Judge, Terms
from oakum.simulation.rivals.hands import Hands
from oakum.simulation.rivals.model import Process, Result, Rival, Scene
from oakum.simulation.runner import missed
from oakum.simulation.stating import state_of
from oakum.simulation.things import Machine
from oakum.simulation.watching import Watch, Watches
from oakum.simulation.world import World

#: What is not asked of a rival: it has no approvals, tokens, journal or rule of once.
NOT_ASKED = frozenset({"without-approval", "forward-only", "two-writers", "twice"})
#: Seconds until a process that was killed is made anew where the fault says nothing, and that the world goes on after.
AGAIN, AFTER = 30.0, 180.0
#: Seconds between two looks whether everything is done.
LOOK = 60.0
#: Where more machines than these are missing, nobody looks at them one by one.
MANY = 20


class _Running:
    """One process, and the turn that it waits for; an older turn in the queue is void."""

    def __init__(self, name: str, make: Callable[[], Process]) -> None:
        self.name, self.make, self.turn = name, make, 0
        self.process = make()


class _Following(Watch):
    """Notes when machines come to be patched, which faults strike, and the acts."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def version(self, machine: Machine, component: str) -> None:
        """Another version is in effect."""
        self._driver.versions(machine)

    def struck(self, kind: str, subject: str, delivered: bool) -> None:
        """A fault strikes."""
        if delivered:
            self._driver.note(kind, subject)

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        """An act is done: its occasion comes when it has had its effect."""
        self._driver.occasion(ACT, act.subject.id)


class Driver:
    """One rival in one world."""

    def __init__(
        self, rival: Rival, world: World, policy: Policy, calendar: Calendar, intents: tuple[Intent, ...],
        schedule: Schedule, *, lifted: tuple[str, ...] = (), outside: bool = False, trace: bool = False,
        recheck: int = 500,
    ) -> None:  # fmt: skip
        self.rival, self.world, self.time = rival, world, world.timeline
        self.wanted = wanted_of(world, intents)
        changes = {
            id: of_kind
            for id, several in self.wanted.items()
            if (of_kind := tuple(each for each in several if each.kind in rival.kinds))
        }
        plan = plan_of(world, self.wanted)
        terms = Terms(policy=policy, calendar=calendar, lifted=lifted, outside=outside)
        terms.agree(plan)
        self.judge = Judge(world, terms, without=NOT_ASKED, recheck=recheck)
        self.scene = Scene(
            world=world, hands=Hands(world, rival.name, plan.hash), changes=changes, policy=policy, calendar=calendar,
            seed=schedule.seed, lifted=lifted, outside=outside, entered=self.entered, believe=self.believe,
            begin=self.begin,
        )  # fmt: skip
        self.struck: list[Struck] = []
        self.trace: list[str] = []
        self._tracing = trace
        self._running: list[_Running] = []
        self._queue: list[tuple[float, int, _Running]] = []
        self._number = 0
        self._state: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._missing, self._todo = set(self.wanted), set(changes)
        self._patched = -1.0
        self._occasions: dict[tuple[str, int], list[Strike]] = {}
        for each in schedule.strikes:
            self._occasions.setdefault((each.state, each.nth), []).append(each)

    def run(self, lasts: float) -> Result:
        """Runs it until everything is patched, it does nothing more, or its time is over."""
        if not self.scene.changes:
            return self._result("out-of-scope", f"it makes none of these changes: {self._kinds()}")
        watch = self.world.watch
        self.world.watch = Watches([watch, self.judge, _Following(self)])
        for each in list(self.world.machines.values()):
            self.versions(each)
        self.rival.start(self.scene)
        if not self._running:
            self.world.watch = watch
            return self._result("out-of-scope", "it knows nothing of these machines, or no window opens for them")
        first = next(iter(self.scene.changes))
        for given in self._occasions.pop((START, 1), []):
            self.time.after(given.delay, self._strike, given, first)
        result, why = self._loop(self.time.now + lasts)
        self.time.run_to(self.time.now + AFTER)
        self.judge.finish("stopped" if result == "stopped" else result)
        self.world.watch = watch
        return self._result(result, why)

    def _loop(self, until: float) -> tuple[Literal["done", "stopped", "held"], str]:
        look = self.time.now
        while self._queue:
            at, turn, process = self._queue[0]
            if turn != process.turn:
                heappop(self._queue)
                continue
            if at > until:
                self.time.run_to(until)
                return "held", f"{len(self._open())} machines are not patched, or not in service"
            self.time.run_to(at)
            if turn != process.turn:
                continue
            heappop(self._queue)
            try:
                self._queue_up(process, next(process.process))
            except StopIteration:
                self._running.remove(process)
                self._say(process.name, "ends")
            if self.time.now >= look:
                look = self.time.now + LOOK
                if len(self._todo) <= MANY and not self._open():
                    return "done", ""
        return ("stopped", "it does nothing more") if self._open() else ("done", "")

    def _queue_up(self, process: _Running, seconds: float) -> None:
        self._number += 1
        process.turn = self._number
        heappush(self._queue, (self.time.now + max(0.0, seconds), self._number, process))

    def _open(self) -> list[str]:
        """The machines that it would patch and that are not patched, not in service, or still in its hands."""
        found: list[str] = []
        for id in self.scene.changes:
            machine = self.world.machines.get(id)
            if machine is not None and (
                not self.scene.patched(machine)
                or not machine.ready
                or (machine.unschedulable and machine.cordoner == "us")
            ):
                found.append(id)
        return found

    def _result(self, result: Literal["done", "stopped", "held", "out-of-scope"], why: str) -> Result:
        machines = [self.world.machines[id] for id in self.wanted if id in self.world.machines]
        finished = sum(patched(each, self.wanted[each.id]) and each.ready for each in machines)
        stranded = {each.id for each in self.world.machines.values() if each.unschedulable and each.cordoner == "us"}
        return Result(
            rival=self.rival.name, result=result, why=why, broken=tuple(self.judge.broken), struck=tuple(self.struck),
            stranded=len(stranded), targets=len(self.wanted), finished=finished, seconds=self.time.now,
            patched=self._patched if not self._missing else -1.0, evictions=self.world.evictions,
            missed=missed(self.world), trace=tuple(self.trace),
        )  # fmt: skip

    def _kinds(self) -> str:
        return ", ".join(sorted({each.kind for several in self.wanted.values() for each in several})) or "none"

    # What the rival tells

    def begin(self, name: str, make: Callable[[], Process]) -> None:
        """A process of the rival begins."""
        process = _Running(name, make)
        self._running.append(process)
        self._queue_up(process, 0.0)

    def entered(self, state: str, machine: Machine) -> None:
        """The work on a machine has come to a state."""
        self._state[machine.id] = state
        self._say(machine.id, state)
        self.occasion(state, machine.id)
        self.occasion(RECORD, machine.id)

    def believe(self, machine: Machine, changes: tuple[Change, ...]) -> None:
        """The rival takes changes for made."""
        for change in changes:
            soft = machine.software.get(change.component)
            running = soft.running if soft is not None else "nothing"
            if running != change.after:
                why = f"taken for patched, and {change.component} runs {running}"
                self.judge.court.report("success-without-effect", machine.id, why)

    def versions(self, machine: Machine) -> None:
        """Another version is in effect on a machine."""
        if machine.id in self._todo and self.scene.patched(machine):
            self._todo.discard(machine.id)
        if machine.id in self._missing and patched(machine, self.wanted[machine.id]):
            self._missing.discard(machine.id)
            self._patched = self.time.now

    # Faults

    def occasion(self, state: str, subject: str) -> None:
        """Something has happened to which a strike may be bound; it comes when this moment is over."""
        number = self._counts[state] = self._counts.get(state, 0) + 1
        for each in self._occasions.get((state, number), ()):
            self.time.after(each.delay, self._strike, each, subject)

    def _strike(self, given: Strike, subject: str) -> None:
        self._say("fault", given.kind, subject)
        if given.fault.how == "process":
            name = subject.rpartition("/")[2]
            process = next((each for each in self._running if each.name.rpartition(" ")[2] == name), None)
            process = process or next(iter(self._running), None)
            if process is not None:
                process.process.close()
                process.process = process.make()
                self._queue_up(process, max(AGAIN, min(given.lasts, 1e9)))
            self.world.watch.struck(given.kind, subject, process is not None)
            return
        changes = [f"{each.component} {each.after}" for each in self.scene.changes.get(subject, ())]
        strike(self.world, given, subject, self.rival.name, changes)

    def note(self, kind: str, subject: str) -> None:
        """A fault has found something to strike."""
        state = self._state.get(subject, "waiting")
        self.struck.append(Struck(kind=kind, at=self.time.now, subject=subject, state=state))

    def _say(self, *what: str) -> None:
        if self._tracing:
            self.trace.append(f"{self.time.now:10.2f} {' '.join(what)}")


def wanted_of(world: World, intents: tuple[Intent, ...]) -> dict[str, tuple[Change, ...]]:
    """What the intents want on each machine, in the order of the kinds."""
    found: dict[str, list[Change]] = {}
    state = state_of(world)
    for intent in sorted(intents, key=lambda each: KINDS[each.kind].rank):
        several = wanted(intent, state)
        for id, changes in several.changes.items():
            if several.subjects[id].kind == "machine":
                found.setdefault(id, []).extend(changes)
    return {id: tuple(changes) for id, changes in found.items()}


def plan_of(world: World, changes: dict[str, tuple[Change, ...]]) -> Plan:
    """What a rival is judged by: a step for every machine that the intents change, without any order or limit."""
    durations = Durations({name: kind.prior for name, kind in KINDS.items()})
    steps: list[tuple[str, Step]] = []
    for id, several in sorted(changes.items()):
        machine = world.machines[id]
        cluster = machine.cluster.name if machine.cluster is not None else ""
        subject = Subject(kind="machine", cluster=cluster, name=machine.name, uid=machine.uid)
        step = Step(
            id=id, kind="visit", subject=subject, group="", changes=several, reversibility="reversible", back=(),
            takes=durations.takes(machine.speed, several), after={each.component: each.after for each in several},
        )  # fmt: skip
        steps.append((id, step))
    return Plan(
        at=world.timeline.start, state="", policy="", intents=(), groups=(), stop=Stop(failed=0, lost=0),
        waves=(_wave(tuple(step for _, step in steps)),),
    )  # fmt: skip


def _wave(steps: tuple[Step, ...]) -> Wave:
    return Wave(id="all", name="all", needs=(), steps=steps)


def patched(machine: Machine, changes: tuple[Change, ...]) -> bool:
    """Whether all changes are in effect on a machine."""
    return all(
        (soft := machine.software.get(each.component)) is not None and soft.running == each.after for each in changes
    )


def drive(
    rival: Rival, world: World, policy: Policy, calendar: Calendar, intents: tuple[Intent, ...],
    schedule: Schedule | None = None, *, lifted: tuple[str, ...] = (), outside: bool = False,
    lasts: float = 2 * 86_400.0, trace: bool = False, recheck: int = 500,
) -> Result:  # fmt: skip
    """Lets a rival patch a world, judged as we are."""
    driver = Driver(
        rival, world, policy, calendar, intents, schedule or Schedule(), lifted=lifted, outside=outside, trace=trace,
        recheck=recheck,
    )  # fmt: skip
    return driver.run(lasts)
