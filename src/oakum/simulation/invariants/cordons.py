"""Cordons: a human's is never lifted, and nothing of ours stays behind."""

from __future__ import annotations

from typing import ClassVar

from oakum.changes.running.journal import Noted, Record
from oakum.simulation.invariants.base import US, Court, Invariant
from oakum.simulation.things import Machine, marks_of


class HumanCordon(Invariant):
    """A cordon that somebody else has set is lifted by somebody else."""

    name: ClassVar[str] = "foreign-cordon-lifted"
    rule: ClassVar[str] = "we never lift a cordon that we have not set"
    source: ClassVar[str] = "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"

    def __init__(self, court: Court) -> None:
        super().__init__(court)
        self._foreign = {each.uid: each.cordoner for each in self.world.machines.values() if foreign(each)}

    def turned(self, machine: Machine) -> None:
        """The cordon of a machine may have changed."""
        whose = self._foreign.get(machine.uid)
        if foreign(machine):
            self._foreign[machine.uid] = machine.cordoner
        elif whose is not None:
            del self._foreign[machine.uid]
            act = self.court.acting
            if act is not None and act.subject.id == machine.id and not machine.gone:
                what = "lifted" if not machine.unschedulable else "taken over"
                self.report(machine.id, f"the cordon of {whose or 'somebody'} was {what} by {act.do} {act.key}")

    def recheck(self) -> None:
        """Looks at every machine."""
        found = {each.uid for each in self.world.machines.values() if foreign(each)}
        kept = {uid for uid in self._foreign if any(each.uid == uid for each in self.world.machines.values())}
        assert found == kept, f"foreign cordons of {sorted(found ^ kept)} were missed"


class Leftovers(Invariant):
    """When a run is over, no machine that can be reached carries anything of ours."""

    name: ClassVar[str] = "left-behind"
    rule: ClassVar[str] = "no cordon, mark, record, silence or snapshot of ours is left when the run is over"
    source: ClassVar[str] = "docs/decisions/0009-claims-and-fencing.md"

    def __init__(self, court: Court) -> None:
        super().__init__(court)
        self._marks = {each.uid: marks_of(each) for each in self.world.machines.values()}
        self._silenced = {each.uid: each.silenced_until for each in self.world.machines.values()}
        self._away: frozenset[str] = frozenset()

    def wrote(self, record: Record, executor: str) -> None:
        """A run that ends while a host does not answer can take away nothing there, also if that comes back at once."""
        if isinstance(record, Noted) and record.what in ("done", "stopped"):
            several = self.world.machines.values()
            self._away = frozenset(each.uid for each in several if each.cluster is None and not each.reached)

    def finish(self, result: str) -> None:
        """What is still there. A run that is held has its duties still; so has one whose machine cannot be reached."""
        if result not in ("done", "stopped"):
            return
        for machine in self.world.machines.values():
            if machine.reached and machine.uid not in self._away and (machine.cluster is None or reachable(machine)):
                for what in self.left_on(machine):
                    self.report(machine.id, what)

    def left_on(self, machine: Machine) -> list[str]:
        """Everything of ours on a machine, in words."""
        left: list[str] = []
        if machine.unschedulable and machine.cordoner == US:
            left.append("our cordon is left")
        if machine.claim is not None:
            left.append(f"the record of {machine.claim.run} is left")
        before = self._marks.get(machine.uid, {})
        now = marks_of(machine)
        left += [f"the mark {name} is left" for name in sorted(now.keys() - before.keys())]
        left += [
            f"the mark {name} was {before[name]}" for name in sorted(before.keys()) if now.get(name) != before[name]
        ]
        silenced = machine.silenced_until
        if silenced > self.world.timeline.now and silenced != self._silenced.get(machine.uid, -1.0):
            left.append("our silence is left")
        if machine.copies:
            left.append(f"{len(machine.copies)} snapshots are left")
        return left


def foreign(machine: Machine) -> bool:
    """Whether somebody else has cordoned it."""
    return machine.unschedulable and machine.cordoner not in ("", US) and not machine.gone


def reachable(machine: Machine) -> bool:
    """Whether the API of its cluster can be asked and written."""
    return machine.cluster is not None and not machine.cluster.cut and machine.cluster.writable
