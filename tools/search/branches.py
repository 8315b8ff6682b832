"""The branching: every branch of a path is followed to its end, or to a state that was met with as much left to happen.

The branches are forks of this process, so that nothing has to be copied; as many run at once as there are slots. A
state that comes back on its own path is a run that turns in a circle, and is told. Where the act of a process that was
overtaken is refused nothing that follows is gone through again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable

from oakum.changes.run import Ended, Look
from oakum.simulation.runner import _Process
from oakum.simulation.scenarios.model import Scenario
from oakum.simulation.trials import Ready
from tools.search.ago import LONG_AGO
from tools.search.happenings import OF_PROCESSES, Disturbed
from tools.search.passes import Limits
from tools.search.processes import next_of
from tools.search.seen import Seen
from tools.search.turns import AGAIN

#: How a branch ends in which something was wrong; others tell their slot.
FAILED = 100


class Search(Disturbed):
    """One run that branches before its requests; ``depth`` is how many forks this process is away from the first.

    What is unsafe is written to ``report``, a file that is open. No more branches are made than ``most``, where that is
    not 0. With ``replay`` nothing branches: that path is gone again.
    """

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
        super().__init__(given, limits, seen, alike=alike, fine=fine, trace=bool(replay))
        self._replay = replay.split(" > ")
        self.report, self.most, self.depth = report, most, 0
        self.path: list[str] = []
        self._met: set[bytes] = set()
        self._told: set[str] = set()
        self._children: list[int] = []
        self._began = b""
        self._met_before = self._own = False

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

    def _loop(self, lasts: float) -> Ended | None:
        time = self.world.timeline
        while True:
            process = min(self._processes, key=lambda each: each.at)
            if process.at > lasts:
                time.run_to(lasts)
                return self.first
            time.run_to(max(process.at, time.now))
            if process.at > time.now or process not in self._processes:
                continue
            next_of(process)
            if self._tracing:
                if self._again(process):
                    continue
            elif self._met_before:
                return Ended("stopped", "met before")
            elif self.behind(process) and self.world.lease.held:
                # It goes on to its end: what happens meanwhile may as well happen before or after.
                pass
            elif not isinstance(next_of(process), Look) and not any(self.may(process)):
                # Nothing else can happen here.
                pass
            elif not self._new():
                return Ended("stopped", "met before")
            else:
                for name, happen in self.others(process):
                    if self._forked(name, happen):
                        return self._loop(lasts)
            ended = self._turn(process)
            if ended is not None and self.comes_late == (process.name, self.world_digest()):
                # It was refused and has changed nothing: whoever is held up may as well never go on.
                return Ended("stopped", "met before")
            if ended is not None and ended.result != "fenced":
                self.first = self.first or ended
                if not self.held_up:
                    return self.first
                # It has ended; whoever was held up before goes on now at the latest.
                self._processes.clear()
                self.goes_on(self.held_up[0])
            if not self._processes:
                if self.first is not None:
                    return self.first
                self._start(time.now + AGAIN)

    def _new(self) -> bool:
        """Whether nobody was in this state before."""
        digest = self.digest()
        if digest == self._began or self.seen.add(digest):
            self._met.add(digest)
            return True
        if digest in self._met:
            self._tell(["it turns in a circle"])
        return False

    def _again(self, process: _Process) -> bool:
        """Has happen what happens here on the path that is gone again; whether anything does."""
        for name, happen in self.others(process):
            if self._replay[:1] == [f"{self._requests} {name}"]:
                del self._replay[0]
                self._say("search", name)
                happen()
                return True
        return False

    def _forked(self, name: str, happen: Callable[[], None]) -> bool:
        """Branches, unless that was met before where it can be told without; True in the branch, where it happened."""
        if self.most and self.seen.count(1) >= self.most:
            return False
        ours = name in OF_PROCESSES
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
        self.depth += 1
        self._children = []
        self._own = slot is not None
        if slot is not None:
            self.seen.slot = slot
        self.path.append(f"{self._requests} {name}")
        happen()
        self._began = self.digest()
        if not ours and not self.seen.add(self._began):
            self._met_before = True
        return True

    def _leads_on(self, happen: Callable[[], None]) -> bool:
        """Whether what happens to processes alone leads to a state that is new."""
        lease, kept = self.world.lease, (self.limits, self._started, [*self._processes], [*self.held_up])
        until, known = lease.until, dict(self.known)
        times = [(each, each.at, each.waits) for each in (*self._processes, *self.held_up)]
        happen()
        new = self.seen.add(self.digest())
        self.limits, self._started, self._processes, self.held_up = kept
        lease.until, self.known = until, known
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
