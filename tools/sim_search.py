"""Searches small worlds exhaustively: every moment at which a run may die, be taken over, or meet somebody else.

    make sim-search                        the whole of it
    python -m tools.sim_search --only A    one world

A run is driven through a world of three nodes and two workloads with disruption budgets. Before its requests (where it
makes a difference) the search branches: the process dies and another takes the run up; the process is held up, another
takes the run over, and the first goes on at any later moment; somebody else acts (cordons, uncordons, deletes a pod,
takes a node down, asks to stop). Every branch is followed to its end, or to a state that was met before with as much
left to happen. A state that comes back on its own path is a run that turns in a circle, and is told.

The branches are forks of this process, so that nothing has to be copied; as many run at once as there are processors.
A state is everything that decides what can happen next: the world, the journal, the processes, what those who judge
remember, with times relative to now and without what tells states apart that behave alike (uids of pods, counters of
what is over, times that nobody asks for any more). Only a hash of 64 bits is kept of it.

What it gives up:

* Time goes in ticks of half a minute, unless it is told to be ``fine``. Looks and requests take no time, everything
  else that takes any ends on a tick, and what falls on the same tick happens before the requests of that tick. Whatever
  depends on a smaller difference (a controller that looks between two requests of one turn, say) is the soak's.
* Leases last as long as the search and are lost where a run is taken over; whoever waits for one takes it as soon as it
  is free. Boots take a fixed time. Somebody's cordon lasts until the ten minutes are over, whenever it was set.
* Somebody acts before a look, or before an act that his could meet: one on the same node, an eviction, a reboot. In
  between the order makes no difference. Of nodes that are alike the next in turn stands for the others. Where nobody
  has to leave a node nobody looks at pods, and they are left out.
* Of processes that were overtaken, where more may happen than that, only those are told apart that ask for different
  things next. While another has the lease each act of theirs is tried once in each world, and where it is refused
  nothing that follows is gone through again.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import mmap
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from select import select
from typing import NamedTuple, cast

import msgspec

from oakum.changes.plans.model import Plan
from oakum.changes.run import Asked, Do, Ended, Look, Wait, Write, run
from oakum.changes.run import Machine as Process
from oakum.changes.running.acts import Outcome
from oakum.changes.running.journal import OVER, Answered, Attempt, Meant, Noted, Progress, Started, Turned
from oakum.simulation.build import build
from oakum.simulation.faults import Schedule
from oakum.simulation.invariants import Judge, Terms
from oakum.simulation.invariants.base import LOOK
from oakum.simulation.oracle import Oracle
from oakum.simulation.runner import LOOK_TAKES, Driver, _Process
from oakum.simulation.scenarios.model import Scenario
from oakum.simulation.scenarios.reading import parse
from oakum.simulation.things import Machine, Pod
from oakum.simulation.timeline import Timeline
from oakum.simulation.trials import Ready, ready
from oakum.simulation.watching import Watches
from oakum.simulation.world import World

FOR_EVER = 10**8
#: When whoever waits for the lease goes on, unless that becomes free.
NEVER = 1e12
#: Seconds after which nobody asks how long something is ago, and until a process that died is started again.
LONG_AGO, AGAIN = 3600.0, 30.0
#: The seconds between two ticks; somebody's cordon lasts until the next multiple of so many; longer silences are alike.
TICK, CORDONED, SILENT, FAILS = 30.0, 600.0, 600.0, 200.0
#: For so many seconds a run asks how long ago an act was tried: one that may still arrive, was refused, or done.
ARRIVES, REFUSED, ANSWERED = 130.0, 70.0, 15.0
_ARRIVING = frozenset({"silence", "claim", "snapshot"})
#: What may happen to a process.
LATE, DIES, OVERTAKEN = "the late one goes on", "the process dies", "the process is held up, another takes over"
_OF_PROCESSES = frozenset({LATE, DIES, OVERTAKEN})
#: Facts of a step that are times, and matter while it is drained; acts of which the tries are counted; what is owed.
_TIMES, _COUNTED = ("begun", "blocked"), ("apply", "undo", "reboot", "snapshot")
_OWED = {"claim": "claim", "release": "claim", "silence": "silence", "unsilence": "silence"}
#: Acts that ask for more than the node that they are about.
_MEETS_ALL = frozenset({"evict", "delete-pod", "reboot"})
#: How a branch ends in which something was wrong; others tell their slot.
FAILED = 100
_HEADER = """
start: 2026-03-02T22:00:00Z
lasts: 1d
world:
  clusters:
    - name: c
      facts: {environment: prod, region: eu, tier: "1"}
      managed: true
      pools:
%s
      workloads:
        - {name: web, namespace: shop, replicas: 2, starts: 10s, apart: true}
        - {name: db, kind: StatefulSet, namespace: shop, replicas: 2, starts: 15s}
      budgets:
        - {name: web, namespace: shop, for: web, max_unavailable: 1}
        - {name: db, namespace: shop, for: db, min_available: 1}
expect: {ends: [done, stopped]}
"""
_POOL = """
        - name: %s
          count: %d
          cpu: 8
          kernel: %s
          kubelet: 1.31.4
          offers: {kernel: [6.1.100]}
          packages: {openssl: [%s]}
"""
_OLD, _NEW = ("6.1.90", "3.0.15, 3.0.16"), ("6.1.100", "3.0.16")
#: The pools of the three nodes: all of them are to change, or one beside two that are as they should be.
POOLS = {
    "": _POOL % ("w", 3, *_OLD),
    "one-": _POOL % ("w", 1, *_OLD) + _POOL % ("x", 2, *_NEW),
}
#: The worlds, each a scenario that differs in what is changed and under which limits.
WORLDS = {
    "kernel": """
name: kernel
title: A kernel with reboots
about: Three nodes, one at a time.
intents: [{name: kernel, kind: kernel, wants: {to: 6.1.100}}]
policy: {windows: [{name: always, always: yes}], guardrails: [{name: g, stop_at_failed: 3, stop_at_lost: 2}]}
""",
    "packages": """
name: packages
title: A package without a drain
about: Three nodes, two at a time, nobody has to leave.
intents: [{name: openssl, kind: packages, wants: {names: [openssl]}}]
policy:
  windows: [{name: always, always: yes}]
  budgets: [{name: two, max_unavailable: 2, max_domains: 3}]
  guardrails: [{name: g, stop_at_failed: 3, stop_at_lost: 2}]
""",
    "two-at-a-time": """
name: two-at-a-time
title: Two nodes at a time under budgets of one
about: The budgets let one pod of each workload go at a time, the policy two nodes.
intents: [{name: kernel, kind: kernel, wants: {to: 6.1.100}}]
policy:
  windows: [{name: always, always: yes}]
  budgets: [{name: two, max_unavailable: 2, max_domains: 3}]
  guardrails: [{name: g, stop_at_failed: 3, stop_at_lost: 2}]
""",
}


def text_of(name: str) -> str:
    """A world's scenario; ``one-NAME`` is NAME with one node to change."""
    few = "one-" if name.startswith("one-") else ""
    return WORLDS[name.removeprefix(few)] + _HEADER % POOLS[few]


class Limits(NamedTuple):
    """How often each kind of thing may still happen on a path."""

    crashes: int = 1
    overtakings: int = 1
    others: int = 1

    def __str__(self) -> str:
        return f"{self.crashes} deaths, {self.overtakings} overtakings, {self.others} of somebody else's acts"


#: What is searched: all three kinds on one path where one node changes, each two of them where all three do: how much
#: there is to search grows with the power of how much may happen. Other limits can be asked for.
PAIRS = (Limits(1, 1, 0), Limits(1, 0, 1), Limits(0, 1, 1))
TOGETHER = (Limits(1, 1, 1),)
SEARCHES = {
    "one-packages": TOGETHER,
    "one-kernel": TOGETHER,
    "packages": PAIRS,
    "kernel": PAIRS,
    "two-at-a-time": PAIRS,
}


class Fixed(Random):
    """Chance without chance: every boot takes as long as the others."""

    def uniform(self, a: float, b: float) -> float:
        """The middle."""
        return (a + b) / 2


class Ticking(Timeline):
    """A time in which everything happens on the ticks of one clock: what takes a moment ends with the tick."""

    __slots__ = ()

    def after(self, seconds: float, do: Callable[..., object], *given: object) -> None:
        """Has something happen at the first tick after so many seconds."""
        super().after(tick_after(self.now + max(0.0, seconds)) - self.now, do, *given)


def tick_after(at: float) -> float:
    """The first tick that is not before a time."""
    return -(-at // TICK) * TICK


class Seen:
    """The states that were met, shared by all forks: a table of 64-bit hashes in shared memory, and counters beside it.

    Two branches may run at once. They do not lock each other out: where both take up a state in the same place of the
    table one of the two is forgotten, and gone through again when it is met again; nothing is ever taken for met that
    was not. Each slot (``taken`` and ``given``, as make has them for its jobs) has counters of its own.
    """

    def __init__(self, bits: int = 23, jobs: int = 1) -> None:
        self._size = 1 << bits
        self._memory = mmap.mmap(-1, 8 * self._size)
        self._table = memoryview(self._memory).cast("Q")
        self._counts = memoryview(mmap.mmap(-1, 4096)).cast("Q")
        self._jobs, self.slot = jobs, 0
        self._free, self._give = os.pipe()
        os.set_blocking(self._free, False)
        os.write(self._give, bytes(range(1, jobs)))

    def add(self, digest: bytes, *, state: bool = True) -> bool:
        """Takes a state (or another fact) up; whether it is new. Raises MemoryError where the table is nearly full."""
        wanted = int.from_bytes(digest[:8], "little") or 1
        place = int.from_bytes(digest[8:14], "little") % self._size
        table = self._table
        while found := table[place]:
            if found == wanted:
                return False
            place = (place + 1) % self._size
        if self.count(0) + self.count(3) > 0.9 * self._size:
            raise MemoryError("the table of states is full")
        table[place] = wanted
        self.more(0 if state else 3)
        return True

    def count(self, kind: int) -> int:
        """A counter: 0 states, 1 branches, 2 paths that came to an end, 3 acts that came late."""
        return sum(self._counts[8 * slot + kind] for slot in range(self._jobs))

    def more(self, kind: int) -> None:
        """Counts one."""
        self._counts[8 * self.slot + kind] += 1

    def take(self, *, wait: bool = False) -> int | None:
        """A free slot, or None where there is none and it is not waited for."""
        while True:
            try:
                return os.read(self._free, 1)[0]
            except BlockingIOError:
                if not wait:
                    return None
                select([self._free], [], [])

    def give(self, slot: int) -> None:
        """A slot is free again."""
        os.write(self._give, bytes((slot,)))


class Ahead:
    """The generator of a process that says what it asks next before it is asked; it is made when it is first asked."""

    def __init__(self, make: Callable[[], Process]) -> None:
        self._make = make
        self._machine: Process | None = None
        self._next: Asked | Ended | None = None

    @property
    def begun(self) -> bool:
        """Whether it has been asked for anything."""
        return self._machine is not None

    def look(self, answer: object) -> Asked | Ended:
        """What it asks next, or how it ends."""
        if self._next is None:
            self._machine = self._machine or self._make()
            try:
                self._next = self._machine.send(answer)
            except StopIteration as stop:
                self._next = cast("Ended", stop.value)
        return self._next

    def send(self, answer: object) -> Asked:
        """The same, and goes on."""
        found, self._next = self.look(answer), None
        if isinstance(found, Ended):
            raise StopIteration(found)
        return found


class Standing(msgspec.Struct):
    """What is known of one process from outside.

    ``last`` is what it did last. ``looked`` is what was so at its last look (with what others did since, and when),
    ``requests`` how many it made since; ``idle`` how often it has waited since it last did something. ``started``: it
    has written that it takes the run up. ``token`` is that of its lease, ``resumed`` when the run was taken up by what
    it has read, ``others`` what others wrote since and counts, ``back`` the steps that it has put back to wait.
    """

    last: str = "wait"
    looked: bytes = b""
    requests: int = 0
    idle: int = 0
    started: bool = False
    token: int = 0
    resumed: datetime | None = None
    others: tuple[str, ...] = ()
    back: tuple[str, ...] = ()


class Search(Driver):
    """One run that branches before its requests. ``fine`` keeps all times as they are; otherwise they are ticks."""

    def __init__(
        self,
        given: Ready,
        limits: Limits,
        seen: Seen,
        report: int,
        *,
        replay: str = "",
        most: int = 0,
        alike: bool = False,
        fine: bool = False,
    ) -> None:
        assert isinstance(given.answer, Plan)
        scenario = given.scenario
        world = build(scenario, 0)
        world._chance = Fixed()
        if not fine:
            world.timeline.__class__ = Ticking
        super().__init__(world, given.answer, given.calendar, Schedule(), trace=bool(replay))
        self._replay = replay.split(" > ")
        terms = Terms(policy=given.policy, calendar=given.calendar)
        terms.agree(given.answer)
        self.judge, self.oracle = Judge(world, terms, recheck=10**9), Oracle(world, terms, scenario)
        world.watch = Watches([self.judge, self.oracle])
        self.limits, self.seen, self.report, self.most = limits, seen, report, most
        self.path: list[str] = []
        self.held_up: list[_Process] = []
        self._known: dict[str, Standing] = {}
        self._met: set[bytes] = set()
        self._told: set[str] = set()
        self._children: list[int] = []
        self._began = b""
        self._first: Ended | None = None
        self._met_before = self._own = False
        self._changes = 0
        self._world_was: tuple[object, bytes] = None, b""
        self._journal_was: tuple[object, bytes] = None, b""
        self._comes_late: tuple[str, bytes] = "", b""
        self.alike, self.fine = alike, fine
        #: Where nobody has to leave a node, nobody looks at pods.
        self._drains = any(change.drain for step in self.plan.steps.values() for change in step.changes)

    def explore(self, scenario: Scenario) -> None:
        """Follows this path to its end, and every branch of it in a fork."""
        self.world.wishes.add(f"approve:{self.plan.hash}")
        self.world.timeline.run_to(LONG_AGO)
        self._start(self.world.timeline.now)
        ended = self._loop(float(scenario.lasts))
        if ended is None or ended.why != "met before":
            self._judge("held" if ended is None else ended.result)
        else:
            # What was unsafe already is told, though the path ends here.
            self._tell(map(str, self.judge.broken))

    def _judge(self, result: str) -> None:
        self.seen.more(2)
        time = self.world.timeline
        time.run_to(time.now + 180.0)
        self.judge.finish(result)
        states = {step: self.journal.state(step) for step in self.plan.steps}
        self._tell((*map(str, self.judge.broken), *self.oracle.verdict(result, states)))

    def _tell(self, found: Iterable[str]) -> None:
        for what in found:
            if what not in self._told:
                self._told.add(what)
                os.write(self.report, f"{' > '.join(self.path) or 'undisturbed'} => {what}\n".encode())

    # Processes, with leases that last

    def _start(self, at: float) -> _Process:
        self._started += 1
        name = f"oakum-{self._started}"
        made = partial(run, self.plan, self.calendar, self.records, run=self.name, executor=name, lease=FOR_EVER)
        process = _Process(name, cast("Process", Ahead(made)), at if self.fine else tick_after(at))
        self._known[name] = Standing()
        self._processes.append(process)
        return process

    def _loop(self, lasts: float) -> Ended | None:
        time = self.world.timeline
        while True:
            process = min(self._processes, key=lambda each: each.at)
            if process.at > lasts:
                time.run_to(lasts)
                return self._first
            time.run_to(max(process.at, time.now))
            if process.at > time.now or process not in self._processes:
                continue
            _next(process)
            if self._tracing:
                if self._again(process):
                    continue
            elif self._met_before:
                return Ended("stopped", "met before")
            elif self._behind(process) and self.world.lease.held:
                # It goes on to its end: what happens meanwhile may as well happen before or after.
                pass
            elif not isinstance(_next(process), Look) and not any(self._may(process)):
                # Nothing else can happen here.
                pass
            elif not self._new():
                return Ended("stopped", "met before")
            else:
                for name, happen in self._others(process):
                    if self._forked(name, happen):
                        return self._loop(lasts)
            ended = self._turn(process)
            if ended is not None and self._comes_late == (process.name, self._world_digest()):
                # It was refused and has changed nothing: whoever is held up may as well never go on.
                return Ended("stopped", "met before")
            if ended is not None and ended.result != "fenced":
                self._first = self._first or ended
                if not self.held_up:
                    return self._first
                # It has ended; whoever was held up before goes on now at the latest.
                self._processes.clear()
                self._goes_on(self.held_up[0])
            if not self._processes:
                if self._first is not None:
                    return self._first
                self._start(time.now + AGAIN)

    def _new(self) -> bool:
        """Whether nobody was in this state before."""
        digest = self._digest()
        if digest == self._began or self.seen.add(digest):
            self._met.add(digest)
            return True
        if digest in self._met:
            self._tell(["it turns in a circle"])
        return False

    def _again(self, process: _Process) -> bool:
        """Has happen what happens here on the path that is gone again; whether anything does."""
        for name, happen in self._others(process):
            if self._replay[:1] == [f"{self._requests} {name}"]:
                del self._replay[0]
                self._say("search", name)
                happen()
                return True
        return False

    def _turn(self, process: _Process) -> Ended | None:
        known, request = self._known[process.name], _next(process)
        ended = super()._turn(process)
        known.requests += 1
        match request:
            case Look():
                # What it asks next follows from what was so then; without the lease it asks for that, whatever it saw.
                ours = self.world.lease.seen == (process.name, known.token)
                known.last, known.looked, known.requests = "look", self._world_digest() if ours else b"-", 0
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
        self._wake()
        return ended

    def _wake(self) -> None:
        """Whoever waits for the lease takes it as soon as nobody has it."""
        for each in self._processes if not self.world.lease.held else ():
            each.at = min(each.at, self.world.timeline.now) if each.at == NEVER else each.at

    def _done(self, process: _Process, request: Do) -> None:
        known, outcome = self._known[process.name], process.answer
        self._changes += 1
        if not isinstance(outcome, Outcome) or outcome.result != "done":
            return
        if request.act.do == "lease":
            known.token, known.resumed = outcome.token, self.journal.resumed
            known.others = known.back = ()
        else:
            self._disturbs(process, request.act.key)

    def _wrote(self, process: _Process, request: Write) -> None:
        record = request.record
        known = self._known[process.name]
        known.started = known.started or isinstance(record, Started)
        if isinstance(record, Turned) and record.state == "waiting":
            known.back = (*(each for each in known.back if each != record.step), record.step)
        key = record.key if isinstance(record, Answered) else record.act.key if isinstance(record, Meant) else ""
        known.others = tuple(each for each in known.others if each.partition(" ")[0] != key)
        if isinstance(record, Answered) and "/lease/" not in record.key:
            for name, other in self._known.items():
                if name != process.name and other.token:
                    other.others = (*other.others, f"{record.key} {record.outcome.result}")

    def _disturbs(self, by: _Process | None, what: str) -> None:
        """The world has changed: whoever is between two looks may see a part of that."""
        self._changes += 1
        for each in (*self._processes, *self.held_up):
            known = self._known[each.name]
            if each is not by and known.requests and known.looked != b"-":
                known.looked = _hash((known.looked, known.requests, what))

    def stir(self) -> None:
        """Wakes whoever waits, at the next tick at the latest."""
        before = [(each, each.at) for each in self._processes]
        super().stir()
        for each, at in before if not self.fine else ():
            each.at = NEVER if at == NEVER else tick_after(each.at) if each.waits else each.at

    def _forked(self, name: str, happen: Callable[[], None]) -> bool:
        """Branches, unless that was met before where it can be told without; True in the branch, where it happened."""
        if self.most and self.seen.count(1) >= self.most:
            return False
        ours = name in _OF_PROCESSES
        if ours and not self._leads_on(happen):
            return False
        self.seen.more(1)
        sys.stdout.flush()
        slot = self.seen.take()
        child = os.fork()
        if child and slot is not None:
            self._children.append(child)
            return False
        if child:
            self._waited(child, name)
            return False
        _DEPTH[0] += 1
        self._children = []
        self._own = slot is not None
        if slot is not None:
            self.seen.slot = slot
        self.path.append(f"{self._requests} {name}")
        happen()
        self._began = self._digest()
        if not ours and not self.seen.add(self._began):
            self._met_before = True
        return True

    def _leads_on(self, happen: Callable[[], None]) -> bool:
        """Whether what happens to processes alone leads to a state that is new."""
        lease, kept = self.world.lease, (self.limits, self._started, [*self._processes], [*self.held_up])
        until, known = lease.until, dict(self._known)
        times = [(each, each.at, each.waits) for each in (*self._processes, *self.held_up)]
        happen()
        new = self.seen.add(self._digest())
        self.limits, self._started, self._processes, self.held_up = kept
        lease.until, self._known = until, known
        for each, at, waits in times:
            each.at, each.waits = at, waits
        return new

    def _waited(self, child: int, name: str = "") -> None:
        """A branch has come to its end, and tells the slot that it had last."""
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if not 0 <= code < FAILED:
            os.write(self.report, f"{' > '.join([*self.path, name])} => the branch ended with {code}\n".encode())
        elif name:
            self.seen.slot = code

    def finish(self) -> None:
        """Waits for the branches that run beside this one."""
        if self._children:
            self.seen.give(self.seen.slot)
            for each in self._children:
                self._waited(each)
            self.seen.slot = self.seen.take(wait=True) or 0
        if self._own:
            self.seen.give(self.seen.slot)

    def _others(self, process: _Process) -> Iterator[tuple[str, Callable[[], None]]]:
        """What else may happen now, where that differs from the same a request earlier or later.

        To die after a look is to die before it, and while nothing happens there is a look at every tick. Somebody
        else's act, and that of a process that comes late, differ only where they come before a look or an act. A late
        look finds another lease and ends, unless nobody holds it.
        """
        late, dies, overtaken, others = self._may(process)
        request = _next(process)
        for one in self.held_up if late else ():
            if self._may_matter(one, request):
                yield LATE, partial(self._goes_on, one)
        if dies:
            yield DIES, partial(self._dies, process)
        if overtaken:
            yield OVERTAKEN, partial(self._overtaken, process)
        for do, on, lasts in self._events() if others else ():
            if not isinstance(request, Do) or self._meets(request, on):
                yield f"{do} {on}", partial(self._happens, do, on, lasts)

    def _may(self, process: _Process) -> tuple[bool, bool, bool, bool]:
        """Whether one who comes late may go on now, the process die or be overtaken, somebody else act."""
        known, request = self._known[process.name], _next(process)
        acts, looks = isinstance(request, Do), isinstance(request, Look)
        return (
            bool(self.held_up) and (acts or looks),
            self.limits.crashes > 0 and (known.last in ("write", "do") or (known.last == "wait" and looks)),
            self.limits.overtakings > 0 and not self.held_up and not isinstance(request, Wait | Ended),
            self.limits.others > 0 and (acts or looks),
        )

    def _behind(self, process: _Process) -> bool:
        """Whether another has had the lease after a process had it."""
        return 0 < self._known[process.name].token < self.world.lease.token

    def _may_matter(self, late: _Process, before: object) -> bool:
        """Whether it makes a difference that one who was held up goes on ``before`` a request.

        While another has the lease a look only finds that, a record is void, and an act is tried once in each world.
        What was answered counts for whoever reads the journal next, which he does when he has taken the lease: before
        that everybody may go on.
        """
        request, held = _next(late), self.world.lease.held
        answers = isinstance(request, Write) and isinstance(request.record, Answered)
        if held and (isinstance(request, Look | Wait) or not self._known[late.name].token):
            return False
        if not self._behind(late) or not self.alike:
            return held or isinstance(before, Do)
        if answers or not held:
            return not held and isinstance(before, Do)
        self._world_digest()
        return self._tracing or self.seen.add(_hash((self._world_was[1], _told(request))), state=False)

    @staticmethod
    def _meets(request: Do, on: str) -> bool:
        """Whether an act could come to something else after what happens to a node."""
        return request.act.do in _MEETS_ALL or request.act.subject.id == on

    def _events(self) -> Iterator[tuple[str, str, float]]:
        # Nodes are alike until one is in hand: the next in turn stands for the others.
        busy = {self.plan.steps[each].subject.id for each in self.journal.active}
        over = {self.plan.steps[id].subject.id for id, each in self.journal.steps.items() if each.state in OVER}
        idle = sorted((each for each in self.world.machines if each not in busy), key=lambda each: (each in over, each))
        for id in [*sorted(busy), *idle[:1]]:
            machine = self.world.machines[id]
            if machine.unschedulable:
                yield "uncordon", id, FOR_EVER
            else:
                yield "cordon", id, self._cordoned
            if machine.alive:
                yield "crash", id, 30.0
            if self._drains and any(pod.deleted < 0 for pod in machine.pods.values()):
                yield "delete-pod", id, FOR_EVER
        if "stop" not in self.world.wishes:
            yield "stop", "", FOR_EVER

    @property
    def _cordoned(self) -> float:
        """For how long somebody cordons a node: to the end of the ten minutes, whenever that was."""
        now = self.world.timeline.now
        return CORDONED if self.fine else (now // CORDONED + 1) * CORDONED - now

    def _dies(self, process: _Process) -> None:
        self.limits = self.limits._replace(crashes=self.limits.crashes - 1)
        self._processes.remove(process)
        self.world.lease.lose()
        self._wake()
        self._start(self.world.timeline.now + AGAIN)

    def _overtaken(self, process: _Process) -> None:
        self.limits = self.limits._replace(overtakings=self.limits.overtakings - 1)
        self._processes.remove(process)
        self.held_up.append(process)
        self.world.lease.lose()
        self._wake()
        self._start(self.world.timeline.now + (1.0 if self.fine else 0.0))

    def _goes_on(self, late: _Process) -> None:
        self.held_up.remove(late)
        late.at = self.world.timeline.now
        late.waits = False
        self._processes.insert(0, late)
        self._comes_late = (late.name, self._world_digest()) if self._first is None else ("", b"")

    def _happens(self, do: str, on: str, lasts: float) -> None:
        self.limits = self.limits._replace(others=self.limits.others - 1)
        self._disturbs(None, f"{do} {on}")
        self.world.event(do, on, by="human", lasts=lasts if lasts < FOR_EVER else float("inf"))
        self._changes += 1
        self.stir()

    # What a state is

    def _digest(self) -> bytes:
        now = self.world.timeline.now
        processes = [(_until(each.at, now), each.waits, *self._standing(each)) for each in self._processes]
        late = [self._late(each) for each in self.held_up]
        first = self._first.result if self._first is not None else ""
        return _hash((*self.limits, first, processes, late, self._world_digest()))

    def _late(self, process: _Process) -> tuple[object, ...]:
        """Where a process is that was held up; once another has the lease, those may be alike but for their request."""
        behind = self._behind(process)
        if not (behind and self.alike):
            return behind, *self._standing(process)
        match _next(process):
            case Look():
                return behind, "look", self._unwatched(self.journal.resumed)
            case Write(record=Answered() as record):
                return behind, "answered", record.key
            case Do(act=act) if act.do == "lease":
                return behind, "lease", self._unwatched(self.journal.resumed)
        return (behind, "acts")

    def _standing(self, process: _Process) -> tuple[object, ...]:
        """Where a process is: what it asks next, and what that and all that comes follows from."""
        known, lease, journal = self._known[process.name], self.world.lease, self.journal
        ahead = cast("Ahead", process.machine)
        between = ahead.begun and not isinstance(_next(process), Look)
        about = (known.looked, known.requests) if between else bool(known.looked)
        if not known.token or known.token < lease.token:
            # Before it does anything it has to take the lease, and reads the journal then.
            taken_up = self._unwatched(journal.resumed) if known.started else 0
            token = known.token - lease.token if known.token else -1
            return ahead.begun, known.last, known.started, about, token, taken_up
        idle, unwatched = 0 if journal.active else min(known.idle, 5), self._unwatched(known.resumed)
        return ahead.begun, known.last, about, lease.holder == process.name, idle, unwatched, known.others, known.back

    def _unwatched(self, resumed: datetime | None) -> int:
        """When the run was taken up, which is left out of the time in a state: before that nobody watched."""
        wall, active = self.world.timeline.wall(), self.journal.active.values()
        return max(_since(resumed, wall), min(_since(each.since, wall) for each in active)) if active else 0

    def _world_digest(self) -> bytes:
        """The world, the journal and what is remembered of both; made anew where something has changed."""
        now, lease, length = self.world.timeline.now, self.world.lease, len(self.records)
        about = now, lease.until, lease.token, self._changes
        if self._world_was[0] != about:
            grid = now % CORDONED if self.limits.others and not self.fine else 0
            self._world_was = about, _hash((grid, world_state(self.world, pods=self._drains), self._judges()))
        if self._journal_was[0] != (about, length):
            self._journal_was = (about, length), _hash(self._journal_state())
        return self._world_was[1] + self._journal_was[1] + bytes([len(self.judge.broken)])

    def _journal_state(self) -> object:
        journal, now = self.journal, self.world.timeline.wall()
        steps = [(id, self._step_state(id, journal.steps[id], now)) for id in sorted(journal.steps)]
        notes = sorted({(each.what, each.about) for each in journal.notes})
        return steps, [*journal.active], notes, journal.token == self.world.lease.token, sorted(self.oracle._lost)

    def _step_state(self, id: str, each: Progress, now: datetime) -> tuple[object, ...]:
        if each.state in OVER:
            return each.state, each.facts.get("already", "")
        machine = self.world.machines.get(self.plan.steps[id].subject.id)
        pods = {} if machine is None else {pod.uid: _name(pod) for pod in machine.pods.values()}
        facts = sorted(
            (name, _since(datetime.fromisoformat(value), now) if name in _TIMES and value else value)
            for name, value in each.facts.items()
            if value and (name not in _TIMES or each.state == "draining")
        )
        attempts = (self._attempt(name, one, each, now, pods) for name, one in each.attempts.items())
        tried = sorted((one for one in attempts if one is not None), key=lambda one: one[:2])
        return each.state, bool(each.why), _since(each.since, now), facts, tried, _owed(each)

    def _attempt(
        self, name: str, one: Attempt, step: Progress, now: datetime, pods: dict[str, str]
    ) -> tuple[object, ...] | None:
        do, _, uid = name.partition("/")
        if uid and uid not in pods:
            # A pod that is gone: nobody asks again.
            return None
        resumed, outcome = self.journal.resumed, one.outcome
        refused = outcome is not None and outcome.result == "refused"
        if one.open:
            matters = ARRIVES if do in _ARRIVING else 0.0 if outcome is None else REFUSED
        else:
            matters = max(REFUSED, outcome.retry_after) if refused and outcome is not None else ANSWERED
        cut_off = one.open and do in ("apply", "undo") and resumed is not None and one.at < resumed
        return (
            do, pods.get(uid, ""), one.number if do in _COUNTED else 0, one.repeats if one.open else 0,
            one.refusals if refused else 0, _since(one.at, now, matters),
            (outcome.result, outcome.code, outcome.retry_after) if outcome is not None else "",
            one.place > step.entered, cut_off, one.open and one.act.key in self.world.acting._answers,
        )  # fmt: skip

    def _judges(self) -> tuple[object, ...]:
        """What those who judge remember, as far as it decides how they judge what comes."""
        now, court = self.world.timeline.now, self.judge.court
        seen = [(id, min(now - since, LOOK + 1)) for id, since in sorted(court.seen_since.items())]
        harm = sorted((id, sorted(each)) for id, each in self.oracle._harm.items() if each)
        return seen, harm


def _owed(step: Progress) -> list[tuple[str, str, str]]:
    """Of what a step takes and gives back, what was answered last, unless it was refused."""
    last = {}
    for key, outcome in step.outcomes.items():
        do = key.rpartition("/")[0].rpartition("/")[2]
        if do in _OWED and (outcome.result == "done" or outcome.code == "gone" or do in ("claim", "silence")):
            last[_OWED[do]] = do, outcome.result
    return sorted((what, *each) for what, each in last.items())


def _told(request: object) -> tuple[str, str, str]:
    """A request in short."""
    match request:
        case Do(act=act) | Write(record=Meant(act=act)):
            return type(request).__name__, act.key, act.do
        case Write(record=Turned() as record):
            return "turned", record.step, record.state
        case Write(record=Noted() as noted):
            return "noted", noted.what, noted.about
    return type(request).__name__, "", ""


def _hash(found: object) -> bytes:
    return hashlib.blake2b(msgspec.msgpack.encode(found), digest_size=16).digest()


def _next(process: _Process) -> Asked | Ended:
    """What a process asks next."""
    return cast("Ahead", process.machine).look(process.answer)


def world_state(world: World, *, pods: bool = True) -> object:
    """Everything of a world that decides what can happen next; without its ``pods`` where nobody looks at them."""
    now = world.timeline.now
    machines = [_machine(each, now, world) for _, each in sorted(world.machines.items())]
    groups = [
        (sorted(_pod(pod, now) for pod in workload.pods.values()), workload.waiting)
        for cluster in world.clusters.values()
        for workload in cluster.workloads.values()
    ]
    budgets = [
        (each.allowed, each.healthy, each.desired, each.expected, each.observed < each.generation,
         sorted(_ago(at, now) for at in each.grants.values()), each.waiting)
        for cluster in world.clusters.values() for each in cluster.budgets.values()
    ]  # fmt: skip
    heap = world.timeline._heap
    heap = heap if pods else [each for each in heap if not each[2].__qualname__.startswith(("Pods.", "Controllers."))]
    coming = sorted((_ago(at, now), *what) for at, _, do, given in heap if (what := _coming(do, given, now)))
    return machines, (groups, budgets) if pods else (), coming, world.lease.held, sorted(world.wishes)


def _machine(one: Machine, now: float, world: World) -> object:
    wall = world.timeline.wall()
    work = sorted(
        (key.partition("/")[2], each.state, _since(each.since, wall, FAILS) if each.state == "failed" else 0)
        for key, each in one.work.items()
    )
    claim = (one.claim.step, one.claim.cordoned, one.claim.token == world.lease.token) if one.claim else None
    return (
        one.id, one.unschedulable, one.cordoner, claim, one.alive, one.answers, one.sick, one.ready,
        0 if one.ready else _ago(one.since, now), one.down_by, one.boots, one.known_boot,
        sorted((name, each.installed, each.running) for name, each in one.software.items()), work,
        len(one.copies), _until(max(one.silenced_until, now), now, SILENT), sorted(one.annotations.items()),
        one.token - world.lease.token, sorted(one.troubles), 0 if one.reached else _ago(one.scanned, now),
    )  # fmt: skip


def _name(one: Pod) -> str:
    """What tells a pod from the others of its workload that behave otherwise."""
    return f"{one.workload.name}/{one.machine.name if one.machine else ''}/{one.ordinal}/{one.phase}/{one.ready}"


def _pod(one: Pod, now: float) -> tuple[object, ...]:
    return _name(one), _ago(one.deleted, now) if one.deleted >= 0 else 1, one.evicted


def _coming(do: Callable[..., object], given: tuple[object, ...], now: float) -> tuple[object, ...] | None:
    """What is going to happen, as far as it decides anything; None where it comes too late to have an effect."""
    name = do.__qualname__
    match (name.partition(".")[2], *given):
        case ("_look", *_):
            return None
        case ("_over" | "_installed", Machine() as machine, str(key), *_) if machine.work[key].state != "running":
            return None
        case ("boot" | "_serves" | "_unready", Machine() as machine, int(boots)) if boots != machine.boots:
            return None
        case ("boot", Machine(alive=True), *_):
            return None
        case ("abandon", Machine() as machine, float(since)) if machine.ready or machine.since != since:
            return None
        case ("_started", Pod() as pod, int(turn)) if turn != pod.turn or pod.uid not in pod.workload.pods:
            return None
        case ("_stopped", Pod() as pod, Machine() as machine, int(boots), _) if (
            boots != machine.boots or pod.uid not in pod.workload.pods
        ):
            return None
    return name, [_given(each, now) for each in given]


def _given(one: object, now: float) -> object:
    if isinstance(one, Machine):
        return one.id
    if isinstance(one, Pod):
        return _pod(one, now)
    if isinstance(one, float):
        return _ago(one, now)
    return one.partition("/")[2] or one if isinstance(one, str) else getattr(one, "name", "")


def _until(at: float, now: float, most: float = FOR_EVER) -> int:
    """From now on; what comes later than ``most`` is all the same."""
    return _ago(min(at, now + most), now)


def _ago(at: float, now: float, most: float = LONG_AGO) -> int:
    """From now on, in twentieths of a second; what is longer ago than ``most`` is all the same."""
    return round(max(-most, at - now) / LOOK_TAKES)


def _since(at: datetime | None, now: datetime, most: float = LONG_AGO) -> int:
    return 0 if at is None else _ago((at - now).total_seconds(), 0.0, most)


#: How many forks this process is away from the first.
_DEPTH = [0]


class Found(msgspec.Struct):
    """What a search has found."""

    world: str
    states: int
    branches: int
    ends: int
    seconds: float
    unsafe: list[str]


def search(name: str, limits: Limits, most: int = 0, *, fine: bool = False, jobs: int = 1, bits: int = 23) -> Found:
    """Searches one world, with about ``most`` branches where that is not 0.

    Where more may happen than one overtaking, processes that were overtaken are alike but for what they ask next: the
    search of overtakings alone follows each of them from each moment, and shows that none has any effect.
    """
    alike = limits.overtakings > 0 and limits.crashes + limits.others > 0
    scenario = parse(text_of(name), f"{name}.yaml")
    given = ready(scenario)
    seen, began = Seen(bits, jobs), time.monotonic()
    gc.collect()
    gc.disable()
    gc.freeze()
    with tempfile.TemporaryFile() as file:
        one = Search(given, limits, seen, file.fileno(), most=most, alike=alike, fine=fine)
        try:
            one.explore(scenario)
            one.finish()
        except BaseException:
            if not _DEPTH[0]:
                raise
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(FAILED)
        if _DEPTH[0]:
            sys.stdout.flush()
            os._exit(seen.slot)
        file.seek(0)
        unsafe = file.read().decode().splitlines()
    gc.unfreeze()
    gc.enable()
    return Found(name, seen.count(0), seen.count(1), seen.count(2), time.monotonic() - began, unsafe)


def replay(name: str, path: str) -> int:
    """Goes one path again, and prints what happened on it."""
    scenario = parse(text_of(name), f"{name}.yaml")
    one = Search(ready(scenario), Limits(9, 9, 9), Seen(16), sys.stderr.fileno(), replay=path)
    one.explore(scenario)
    print("\n".join(one.trace))
    return 1 if one.judge.broken else 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=sorted(SEARCHES), help="one world")
    parser.add_argument("--crashes", type=int, help="at most so many on a path (0 where another is given)")
    parser.add_argument("--overtakings", type=int, help="at most so many on a path (0 where another is given)")
    parser.add_argument("--others", type=int, help="at most so many on a path (0 where another is given)")
    parser.add_argument("--fine", action="store_true", help="keep all times as they are, instead of ticks")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="branches that run at once")
    parser.add_argument("--bits", type=int, default=23, help="the table holds two to the power of so many states")
    parser.add_argument("--most", type=int, default=0, help="no more branches than that")
    parser.add_argument(
        "--replay", metavar="PATH", help="go one path again, as a finding names it, and print its trace"
    )
    parser.add_argument("--report", type=Path, help="write what was found there, as JSON")
    asked = parser.parse_args()
    given = (asked.crashes, asked.overtakings, asked.others)
    passes = None if given == (None, None, None) else (Limits(*(each or 0 for each in given)),)
    if asked.replay:
        return replay(asked.only or next(iter(WORLDS)), asked.replay)
    found: list[Found] = []
    for name in [asked.only] if asked.only else SEARCHES:
        for limits in passes or SEARCHES[name]:
            found.append(one := search(name, limits, asked.most, fine=asked.fine, jobs=asked.jobs, bits=asked.bits))
            print(
                f"{name}, {limits}: {one.states:,} states visited, {one.branches:,} branches, {one.ends:,} ends, "
                f"{len(one.unsafe)} unsafe, {one.seconds:.0f} s",
                flush=True,
            )
            for line in sorted(set(one.unsafe))[:20]:
                print("  " + line)
    if asked.report:
        asked.report.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    return 1 if any(each.unsafe for each in found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
