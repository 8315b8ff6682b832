"""Searches small worlds exhaustively: every moment at which a run may die, be taken over, or meet somebody else.

    make sim-search                        the whole of it, some minutes
    python -m tools.sim_search --only A    one world

A run is driven through a world of three nodes and two workloads with disruption budgets. Before each of its requests
(where it makes a difference) the search branches: the process dies and another takes the run up; the process is held
up, another takes the run over, and the first goes on at any later moment; somebody else acts (cordons, uncordons,
deletes a pod, takes a node down, asks to stop). Every branch is followed to its end, or to a state that was met before
with as much left to happen.

The branches are forks of this process, so that nothing has to be copied. A state is everything that decides what can
happen next: the world, the journal, the processes, with times relative to now and without counters (ids, generations,
resource versions) that only tell states apart that behave alike. Leases last as long as the search and are lost where
a run is taken over, for their renewal would make every moment a state of its own; boots take a fixed time.
"""

from __future__ import annotations

import argparse
import hashlib
import mmap
import os
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from oakum.changes.plans.model import Plan
from oakum.changes.run import Ended, run
from oakum.changes.running.acts import Outcome
from oakum.changes.running.journal import OVER, Started
from oakum.simulation.build import build
from oakum.simulation.faults import Schedule
from oakum.simulation.invariants import Judge, Terms
from oakum.simulation.oracle import Oracle
from oakum.simulation.runner import LOOK_TAKES, Driver, _Process
from oakum.simulation.scenarios.model import Scenario
from oakum.simulation.scenarios.reading import parse
from oakum.simulation.things import Machine, Pod, Workload
from oakum.simulation.trials import Ready, ready
from oakum.simulation.watching import Watches
from oakum.simulation.world import World

FOR_EVER = 10**8
#: Seconds after which nobody asks how long something is ago, and until a process that died is started again.
LONG_AGO, AGAIN = 3600.0, 30.0
#: How long a machine has been as it is no longer matters after so many seconds.
SETTLED = 120.0
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


#: What is searched: each kind of thing by itself where all three nodes change, and all three kinds on one path, at any
#: moments, where one node does: how much there is to search grows with the power of how much may happen.
ALONE = (Limits(1, 0, 0), Limits(0, 1, 0), Limits(0, 0, 1))
TOGETHER = (Limits(1, 1, 1),)
SEARCHES = {
    **dict.fromkeys(WORLDS, ALONE),
    **{f"one-{name}": TOGETHER for name in ("kernel", "packages")},
}


class Fixed(Random):
    """Chance without chance: every boot takes as long as the others."""

    def uniform(self, a: float, b: float) -> float:
        """The middle."""
        return (a + b) / 2


class Seen:
    """The states that were met, shared by all forks: a table of 64-bit hashes in shared memory, and counters beside it.

    Branches run one after another, so nobody has to lock it.
    """

    def __init__(self, bits: int = 23) -> None:
        self._size = 1 << bits
        self._table = mmap.mmap(-1, 8 * self._size)
        self._counts = mmap.mmap(-1, 64)

    def add(self, digest: bytes) -> bool:
        """Takes a state up; whether it is new. Raises MemoryError where the table is nearly full."""
        wanted = digest[:8]
        place = int.from_bytes(digest[8:14], "big") % self._size
        while True:
            found = self._table[8 * place : 8 * place + 8]
            if found == wanted:
                return False
            if found == b"\0" * 8:
                if self.count(0) > 0.9 * self._size:
                    raise MemoryError("the table of states is full")
                self._table[8 * place : 8 * place + 8] = wanted
                self.more(0)
                return True
            place = (place + 1) % self._size

    def count(self, slot: int) -> int:
        """A counter: 0 states, 1 branches, 2 paths that came to an end."""
        found: int = struct.unpack_from("Q", self._counts, 8 * slot)[0]
        return found

    def more(self, slot: int) -> None:
        """Counts one."""
        struct.pack_into("Q", self._counts, 8 * slot, self.count(slot) + 1)


class Search(Driver):
    """One run that branches before each request."""

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
    ) -> None:
        assert isinstance(given.answer, Plan)
        scenario = given.scenario
        world = build(scenario, 0)
        world._chance = Fixed()
        super().__init__(world, given.answer, given.calendar, Schedule(), trace=bool(replay))
        parts = (each.partition(" ") for each in replay.split(" > "))
        self._replay = {number: name for number, _, name in parts}
        terms = Terms(policy=given.policy, calendar=given.calendar)
        terms.agree(given.answer)
        self.judge, self.oracle = Judge(world, terms, recheck=10**9), Oracle(world, terms, scenario)
        world.watch = Watches([self.judge, self.oracle])
        self.limits, self.seen, self.report, self.most = limits, seen, report, most
        self.path: list[str] = []
        self.held_up: list[_Process] = []
        self._looked: dict[str, tuple[str, int]] = {}
        self._last: dict[str, str] = {}
        self._tokens: dict[str, int] = {}
        self.alike = alike

    def explore(self, scenario: Scenario) -> None:
        """Follows this path to its end, and every branch of it in a fork."""
        self.world.wishes.add(f"approve:{self.plan.hash}")
        self.world.timeline.run_to(LONG_AGO)
        self._start(self.world.timeline.now)
        ended = self._loop(float(scenario.lasts))
        if ended is None or ended.why != "met before":
            self._judge("held" if ended is None else ended.result)

    def _judge(self, result: str) -> None:
        self.seen.more(2)
        time = self.world.timeline
        time.run_to(time.now + 180.0)
        self.judge.finish(result)
        states = {step: self.journal.state(step) for step in self.plan.steps}
        for what in (*map(str, self.judge.broken), *self.oracle.verdict(result, states)):
            os.write(self.report, f"{' > '.join(self.path) or 'undisturbed'} => {what}\n".encode())

    # Processes, with leases that last

    def _start(self, at: float) -> _Process:
        self._started += 1
        name = f"oakum-{self._started}"
        made = run(self.plan, self.calendar, self.records, run=self.name, executor=name, lease=FOR_EVER)
        process = _Process(name, made, at)
        self._processes.append(process)
        return process

    def _loop(self, lasts: float) -> Ended | None:
        time = self.world.timeline
        while True:
            process = min(self._processes, key=lambda each: each.at)
            if process.at > lasts:
                return None
            if process.at > time.now:
                time.run_to(process.at)
                if process.at > time.now or process not in self._processes:
                    continue
            if not process.waits or process.answer is None:
                if self._tracing:
                    for name, happen in self._others(process):
                        if self._replay.get(str(self._requests)) == name:
                            del self._replay[str(self._requests)]
                            self._say("search", name)
                            happen()
                            return self._loop(lasts)
                elif not self.seen.add(self._digest()):
                    return Ended("stopped", "met before")
                for name, happen in self._others(process) if not self._tracing else ():
                    if self._forked(name, happen):
                        return self._loop(lasts)
            ended = self._turn(process)
            if ended is not None and ended.result != "fenced":
                return ended
            if not self._processes:
                self._start(time.now + AGAIN)

    def _turn(self, process: _Process) -> Ended | None:
        ended = super()._turn(process)
        if process.waits:
            self._last[process.name] = "wait"
        elif process.answer is None:
            self._last[process.name] = "write"
        else:
            self._last[process.name] = "do" if isinstance(process.answer, Outcome) else "look"
        if process.answer is None or isinstance(process.answer, Outcome):
            looked, requests = self._looked.get(process.name, ("", 0))
            self._looked[process.name] = (looked, requests + 1)
        else:
            # It has just looked: what it will ask next follows from what was so then.
            self._looked[process.name] = (self._world_digest(), 0)
        return ended

    def _forked(self, name: str, happen: Callable[[], None]) -> bool:
        """Branches; True in the branch, where it has happened."""
        if self.most and self.seen.count(1) >= self.most:
            return False
        self.seen.more(1)
        sys.stdout.flush()
        child = os.fork()
        if child:
            _, status = os.waitpid(child, 0)
            if status:
                os.write(self.report, f"{' > '.join([*self.path, name])} => the branch ended with {status}\n".encode())
            return False
        self.path.append(f"{self._requests} {name}")
        _DEPTH[0] += 1
        happen()
        return True

    def _others(self, process: _Process) -> Iterator[tuple[str, Callable[[], None]]]:
        """What else may happen now, where that differs from the same a request earlier.

        To die after a look is to die before it. A record changes nothing that others see; an answer that has come
        in leaves nothing that could come late.
        """
        last = self._last.get(process.name, "write")
        for late in self.held_up if last != "write" else ():
            yield "the late one goes on", partial(self._goes_on, late)
        if self.limits.crashes and last in ("write", "do"):
            yield "the process dies", partial(self._dies, process)
        if self.limits.overtakings and not self.held_up and last in ("look", "write"):
            yield "the process is held up, another takes over", partial(self._overtaken, process)
        if self.limits.others and last != "write":
            for do, on, lasts in self._events():
                yield f"{do} {on}", partial(self._happens, do, on, lasts)

    def _events(self) -> Iterator[tuple[str, str, float]]:
        # Nodes are alike until one is in hand: the next in turn stands for the others.
        busy = {self.plan.steps[each].subject.id for each in self.journal.active}
        idle = [each for each in sorted(self.world.machines) if each not in busy]
        for id in [*sorted(busy), *idle[:1]]:
            machine = self.world.machines[id]
            if machine.unschedulable:
                yield "uncordon", id, FOR_EVER
            else:
                yield "cordon", id, 600.0
            if machine.alive:
                yield "crash", id, 30.0
            if any(pod.deleted < 0 for pod in machine.pods.values()):
                yield "delete-pod", id, FOR_EVER
        if "stop" not in self.world.wishes:
            yield "stop", "", FOR_EVER

    def _dies(self, process: _Process) -> None:
        self.limits = self.limits._replace(crashes=self.limits.crashes - 1)
        self._processes.remove(process)
        self.world.lease.lose()
        self._start(self.world.timeline.now + AGAIN)

    def _overtaken(self, process: _Process) -> None:
        self.limits = self.limits._replace(overtakings=self.limits.overtakings - 1)
        self._processes.remove(process)
        self.held_up.append(process)
        self._tokens[process.name] = self.world.lease.token
        self.world.lease.lose()
        self._start(self.world.timeline.now + 1.0)

    def _goes_on(self, late: _Process) -> None:
        self.held_up.remove(late)
        late.at = self.world.timeline.now
        late.waits = False
        self._processes.append(late)

    def _happens(self, do: str, on: str, lasts: float) -> None:
        self.limits = self.limits._replace(others=self.limits.others - 1)
        self.world.event(do, on, by="human", lasts=lasts if lasts < FOR_EVER else float("inf"))
        self.stir()

    # What a state is

    def _digest(self) -> bytes:
        now = self.world.timeline.now
        processes = sorted((_ago(each.at, now), each.waits, *self._standing(each)) for each in self._processes)
        late = [self._late(each) for each in self.held_up]
        found = (tuple(self.limits), processes, late, self._world_digest())
        return hashlib.blake2b(repr(found).encode(), digest_size=16).digest()

    def _late(self, process: _Process) -> tuple[object, ...]:
        """Where a process is that was held up; once another has the lease, those may all be alike."""
        behind = self.world.lease.token > self._tokens[process.name]
        return (behind,) if behind and self.alike else (behind, *self._standing(process))

    def _standing(self, process: _Process) -> tuple[object, ...]:
        """Where a process is: what it last saw, how many requests ago, and whether it has started and has the lease."""
        name = process.name
        looked, requests = self._looked.get(name, ("", 0))
        started = self.journal.executor == name or any(
            isinstance(each, Started) and each.executor == name for each in self.records
        )
        return name == f"oakum-{self._started}", started, self.world.lease.holder == name, looked, requests

    def _world_digest(self) -> str:
        found = (world_state(self.world), self._journal_state())
        return hashlib.blake2b(repr(found).encode(), digest_size=12).hexdigest()

    def _journal_state(self) -> object:
        journal, now = self.journal, self.world.timeline.wall()
        steps = sorted(
            (
                id, each.state, len(each.pending), sorted(each.facts.items()) if each.state not in OVER else (),
                _since(each.since, now) if each.state not in OVER else 0,
                sorted(
                    (name, tried.number, tried.repeats, tried.refusals, _since(tried.at, now),
                     tried.outcome.result if tried.outcome else "", tried.place > each.entered)
                    for name, tried in each.attempts.items()
                ) if each.state not in OVER else (),
            )
            for id, each in journal.steps.items()
        )  # fmt: skip
        notes = sorted({(each.what, each.about) for each in journal.notes})
        current = journal.token == self.world.lease.token, journal.executor == f"oakum-{self._started}"
        return steps, notes, current, len(journal.whole.pending)


def world_state(world: World) -> object:
    """Everything of a world that decides what can happen next."""
    now = world.timeline.now
    machines = [_machine(each, now, world) for _, each in sorted(world.machines.items())]
    pods = [
        sorted(_pod(pod, now) for pod in workload.pods.values())
        for cluster in world.clusters.values()
        for workload in cluster.workloads.values()
    ]
    budgets = [
        (each.allowed, each.healthy, each.desired, each.expected, each.observed < each.generation,
         sorted(_ago(at, now) for at in each.grants.values()), each.waiting)
        for cluster in world.clusters.values() for each in cluster.budgets.values()
    ]  # fmt: skip
    coming = sorted(
        (_ago(at, now), do.__qualname__, repr([_given(each, now) for each in given]))
        for at, _, do, given in world.timeline._heap
        if do.__qualname__ != "Oracle._look"
    )
    return machines, pods, budgets, coming, world.lease.held, sorted(world.wishes)


def _machine(one: Machine, now: float, world: World) -> object:
    work = sorted(
        (key.rpartition("/")[0], each.state, _since(each.since, world.timeline.wall()))
        for key, each in one.work.items()
        if each.state == "running"
    )
    ended = sorted({(key, each.state) for key, each in one.work.items() if each.state != "running"})
    claim = (one.claim.step, one.claim.cordoned, one.claim.token == world.lease.token) if one.claim else None
    return (
        one.id, one.unschedulable, one.cordoner, claim, one.alive, one.answers, one.sick, one.ready,
        max(_ago(one.since, now), -SETTLED), one.down_by,
        sorted((name, each.installed, each.running) for name, each in one.software.items()), work, ended,
        len(one.copies), max(_ago(one.silenced_until, now), 0.0), sorted(one.annotations.items()),
        one.boot_id == one.known_boot, one.token == world.lease.token,
        sorted(one.troubles), _ago(one.scanned, now) if one.work else 0,
    )  # fmt: skip


def _pod(one: Pod, now: float) -> tuple[object, ...]:
    place = one.machine.name if one.machine else ""
    return place, one.phase, one.ready, _ago(one.deleted, now) if one.deleted >= 0 else 0.0, one.ordinal, one.evicted


def _given(one: object, now: float) -> object:
    if isinstance(one, Machine):
        return one.id, one.boots
    if isinstance(one, Pod):
        return one.workload.name, _pod(one, now), one.turn
    if isinstance(one, Workload):
        return one.name
    if isinstance(one, float):
        return _ago(one, now)
    return getattr(one, "name", one if isinstance(one, str) else "")


def _ago(at: float, now: float) -> float:
    """Seconds from now, to a twentieth; what is long ago is all the same."""
    return round(max(-LONG_AGO, at - now) / LOOK_TAKES) * LOOK_TAKES


def _since(at: datetime | None, now: datetime) -> float:
    return 0.0 if at is None else _ago(at.timestamp(), now.timestamp())


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


def search(name: str, limits: Limits, most: int = 0) -> Found:
    """Searches one world, with ``most`` branches where that is not 0.

    Where more may happen than one overtaking, processes that were overtaken are alike: the search of overtakings alone
    follows each of them from each moment, and shows that none has any effect.
    """
    alike = limits.overtakings > 0 and limits.crashes + limits.others > 0
    scenario = parse(text_of(name), f"{name}.yaml")
    given = ready(scenario)
    seen, began = Seen(), time.monotonic()
    with tempfile.TemporaryFile() as file:
        try:
            Search(given, limits, seen, file.fileno(), most=most, alike=alike).explore(scenario)
        finally:
            if _DEPTH[0]:
                code = 1 if sys.exc_info()[0] else 0
                if code:
                    traceback.print_exc()
                sys.stdout.flush()
                os._exit(code)
        file.seek(0)
        unsafe = file.read().decode().splitlines()
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
            found.append(one := search(name, limits, asked.most))
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
