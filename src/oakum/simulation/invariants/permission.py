"""What people have agreed to: the plan by its hash, its final steps one by one, the windows, quiet alarms."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from oakum.changes.running.acts import Act, Outcome
from oakum.simulation.invariants.base import Court, Invariant, kinds_of, targets
from oakum.simulation.things import Machine, Soft

#: Acts that begin to disturb something.
_BEGINS = frozenset({"claim", "create-node"})
#: Acts that carry on with what was begun.
_CARRIES_ON = frozenset({"evict", "delete-pod", "apply", "delete-node"})
#: Acts that change nothing that anybody notices, or end what was begun.
_HARMLESS = frozenset({"lease", "unsilence", "discard"})


class Approved(Invariant):
    """Nothing is done for a plan that was not agreed on, or under a hash that is none of the agreed plans'."""

    name: ClassVar[str] = "without-approval"
    rule: ClassVar[str] = "no act without an approval of the very plan that it belongs to"
    source: ClassVar[str] = "docs/decisions/0008-one-step-machine.md"

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        """An act has had its effect."""
        if outcome.result != "done" or act.do == "lease":
            return
        if act.plan not in self.terms.plans:
            self.report(act.subject.id, f"{act.do} under {act.plan or 'no plan'}, which is no plan of this run")
        elif f"approve:{act.plan}" not in self.world.wishes:
            self.report(act.subject.id, f"{act.do} before anybody had approved {act.plan}")


class ForwardOnly(Invariant):
    """What cannot be undone is begun only under an approval of its own.

    Judged by what is there: the versions that the machine keeps, and whether a copy of it was made before.
    """

    name: ClassVar[str] = "forward-only"
    rule: ClassVar[str] = "no step that cannot be undone begins without an approval of its own"
    source: ClassVar[str] = "policy: approvals.forward_only_count"

    def __init__(self, court: Court) -> None:
        super().__init__(court)
        self._final: tuple[str, str] | None = None

    def asked(self, act: Act, executor: str) -> None:
        """Looks before anything has changed whether there would be a way back."""
        self._final = None
        machine = self.world.machines.get(act.subject.id)
        if act.do != "apply" or machine is None:
            return
        step = self.terms.step(act)
        lost = self._lost(machine, act)
        if lost and (step is None or f"approve:{act.plan}/{step.id}" not in self.world.wishes):
            self._final = machine.id, f"{lost} cannot be brought back, and nobody has agreed to that step"

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        """An act has had its effect."""
        if self._final is not None and outcome.result == "done":
            self.report(*self._final)
        self._final = None

    @staticmethod
    def _lost(machine: Machine, act: Act) -> str:
        """The first change whose old version nothing could bring back."""
        if machine.copies:
            return ""
        for change in act.changes:
            soft = machine.software.get(change.component)
            if change.kind == "script" or soft is None:
                # A script: what undoes it is what its own way back says.
                if not change.back:
                    return change.component
            elif soft.running != change.after and not _kept(soft, change.after):
                return f"{change.component} {soft.running}"
        return ""


def _kept(soft: Soft, after: str) -> bool:
    """Whether the version in effect can be put back.

    The boot loader keeps the kernel before; a control plane and etcd go back within a minor version only.
    """
    if soft.part in ("control-plane", "etcd"):
        return soft.running.split(".")[:2] == after.split(".")[:2]
    return soft.part == "kernel" or soft.running in soft.kept or soft.installed in soft.kept


class Window(Invariant):
    """A step begins while its windows are open; what was begun is carried on for no longer than it takes."""

    name: ClassVar[str] = "outside-window"
    rule: ClassVar[str] = "no node is taken while its windows are closed or a freeze holds"
    source: ClassVar[str] = "policy: windows, freezes"

    def __init__(self, court: Court) -> None:
        super().__init__(court)
        #: By how much the clock of the run is ahead; how much it was before its last jump, and when that was seen.
        #: Machines whose changes are being brought back, which may restart at any time.
        self._back: set[str] = set()
        self._ahead = self._ahead_before = self.world.timeline.offset
        self._jumped = -1e9

    def asked(self, act: Act, executor: str) -> None:
        """Looks whether the clock has jumped since the last act."""
        ahead = self.world.timeline.offset
        if ahead != self._ahead:
            self._ahead_before, self._ahead, self._jumped = self._ahead, ahead, self.world.timeline.now

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        """An act has had its effect."""
        begins = act.do in _BEGINS or (act.subject.kind == "object" and act.do == "apply")
        machine = self.world.machines.get(act.subject.id)
        if act.do in ("apply", "undo"):
            (self._back.add if act.do == "undo" else self._back.discard)(act.subject.id)
        # A host serves until it is restarted; a node was emptied before, and is not kept so until the next window.
        restarts = act.do == "reboot" and machine is not None and machine.cluster is None
        carries_on = act.do in _CARRIES_ON or (restarts and act.subject.id not in self._back)
        if outcome.result != "done" or not (begins or carries_on) or self.terms.outside:
            return
        step = self.terms.step(act)
        if machine is None or step is None:
            return
        grace = timedelta() if begins else timedelta(seconds=step.takes.work.p95 + step.takes.back.p95)
        now = self.world.timeline.wall()
        # Whoever looked before the clock jumped has decided by what it showed then.
        moments = {now}
        if self.court.fresh(self._jumped):
            moments.add(now + timedelta(seconds=self._ahead_before - self._ahead))
        for target in targets(machine, kinds_of(step)):
            if not any(
                self.terms.calendar.openings(
                    target, each - grace, each + timedelta(seconds=1), lifted=self.terms.lifted
                )
                for each in moments
            ):
                self.report(machine.id, f"{act.do} while no window is open for {target.change} ({now:%a %H:%M} UTC)")


class Alarm(Invariant):
    """No node is taken while an alarm fires that the policy wants quiet."""

    name: ClassVar[str] = "under-alarm"
    rule: ClassVar[str] = "no node is taken while an alarm of its gate or its guardrail fires"
    source: ClassVar[str] = "policy: gates.quiet_alarms, guardrails.alarms"

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        """An act has had its effect."""
        if outcome.result != "done" or act.do not in _BEGINS:
            return
        machine = self.world.machines.get(act.subject.id)
        if machine is None:
            return
        alarms = self.world.alarms
        firing = {name for name in alarms.true if not self.court.fresh(alarms.since(name))}
        for target in targets(machine, kinds_of(self.terms.step(act))):
            policy = self.terms.policy
            watched = {*policy.gate_for(target).quiet_alarms, *policy.guardrail_for(target).alarms}
            for name in sorted(firing & watched):
                self.report(machine.id, f"{act.do} while the alarm {name} fires")
