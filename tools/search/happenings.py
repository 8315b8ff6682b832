"""What may happen to a run besides its own requests, and when that makes a difference.

The process dies and another takes the run up; the process is held up, another takes the run over, and the first goes
on at any later moment; somebody else acts (cordons, uncordons, deletes a pod, takes a node down, asks to stop).

* Somebody acts before a look, or before an act that his could meet: one on the same node, an eviction, a reboot. In
  between the order makes no difference. Of nodes that are alike the next in turn stands for the others.
* While another has the lease each act of a process that was overtaken is tried once in each world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from oakum.changes.run import Do, Ended, Look, Wait, Write
from oakum.changes.running.journal import OVER, Answered, Meant, Noted, Turned
from oakum.simulation.runner import _Process
from oakum.simulation.trials import Ready
from tools.search.ago import FOR_EVER
from tools.search.passes import Limits
from tools.search.processes import next_of
from tools.search.seen import Seen, hashed
from tools.search.ticks import CORDONED
from tools.search.turns import AGAIN, Turning

#: What may happen to a process.
LATE, DIES, OVERTAKEN = "the late one goes on", "the process dies", "the process is held up, another takes over"
OF_PROCESSES = frozenset({LATE, DIES, OVERTAKEN})
#: Acts that ask for more than the node that they are about.
_MEETS_ALL = frozenset({"evict", "delete-pod", "reboot"})


class Disturbed(Turning):
    """One run to which things may happen. ``comes_late`` is who went on late, and the world that he met."""

    def __init__(
        self, given: Ready, limits: Limits, seen: Seen, *, alike: bool = False, fine: bool = False, trace: bool = False
    ) -> None:
        super().__init__(given, limits, alike=alike, fine=fine, trace=trace)
        self.seen = seen
        self.comes_late: tuple[str, bytes] = "", b""

    def others(self, process: _Process) -> Iterator[tuple[str, Callable[[], None]]]:
        """What else may happen now, where that differs from the same a request earlier or later.

        To die after a look is to die before it, and while nothing happens there is a look at every tick. Somebody
        else's act, and that of a process that comes late, differ only where they come before a look or an act. A late
        look finds another lease and ends, unless nobody holds it.
        """
        late, dies, overtaken, others = self.may(process)
        request = next_of(process)
        for one in self.held_up if late else ():
            if self._may_matter(one, request):
                yield LATE, partial(self.goes_on, one)
        if dies:
            yield DIES, partial(self._dies, process)
        if overtaken:
            yield OVERTAKEN, partial(self._overtaken, process)
        for do, on, lasts in self._events() if others else ():
            if not isinstance(request, Do) or self._meets(request, on):
                yield f"{do} {on}", partial(self._happens, do, on, lasts)

    def may(self, process: _Process) -> tuple[bool, bool, bool, bool]:
        """Whether one who comes late may go on now, the process die or be overtaken, somebody else act."""
        known, request = self.known[process.name], next_of(process)
        acts, looks = isinstance(request, Do), isinstance(request, Look)
        return (
            bool(self.held_up) and (acts or looks),
            self.limits.crashes > 0 and (known.last in ("write", "do") or (known.last == "wait" and looks)),
            self.limits.overtakings > 0 and not self.held_up and not isinstance(request, Wait | Ended),
            self.limits.others > 0 and (acts or looks),
        )

    def _may_matter(self, late: _Process, before: object) -> bool:
        """Whether it makes a difference that one who was held up goes on ``before`` a request.

        While another has the lease a look only finds that, a record is void, and an act is tried once in each world.
        What was answered counts for whoever reads the journal next, which he does when he has taken the lease: before
        that everybody may go on.
        """
        request, held = next_of(late), self.world.lease.held
        answers = isinstance(request, Write) and isinstance(request.record, Answered)
        if held and (isinstance(request, Look | Wait) or not self.known[late.name].token):
            return False
        if not self.behind(late) or not self.alike:
            return held or isinstance(before, Do)
        if answers or not held:
            return not held and isinstance(before, Do)
        self.world_digest()
        return self._tracing or self.seen.add(hashed((self.world_was[1], _told(request))), state=False)

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
            if self.drains and any(pod.deleted < 0 for pod in machine.pods.values()):
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
        self.wake()
        self._start(self.world.timeline.now + AGAIN)

    def _overtaken(self, process: _Process) -> None:
        self.limits = self.limits._replace(overtakings=self.limits.overtakings - 1)
        self._processes.remove(process)
        self.held_up.append(process)
        self.world.lease.lose()
        self.wake()
        self._start(self.world.timeline.now + (1.0 if self.fine else 0.0))

    def goes_on(self, late: _Process) -> None:
        """One who was held up goes on now."""
        self.held_up.remove(late)
        late.at = self.world.timeline.now
        late.waits = False
        self._processes.insert(0, late)
        self.comes_late = (late.name, self.world_digest()) if self.first is None else ("", b"")

    def _happens(self, do: str, on: str, lasts: float) -> None:
        self.limits = self.limits._replace(others=self.limits.others - 1)
        self.disturbs(None, f"{do} {on}")
        self.world.event(do, on, by="human", lasts=lasts if lasts < FOR_EVER else float("inf"))
        self.changes += 1
        self.stir()


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
