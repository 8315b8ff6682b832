"""What is ours to touch: the machines of the plan by their uids, and of them none that somebody else has taken out."""

from __future__ import annotations

from typing import ClassVar

from oakum.changes.running.acts import Act, Outcome
from oakum.simulation.invariants.base import Court, Invariant, kinds_of, targets
from oakum.simulation.invariants.cordons import foreign
from oakum.simulation.things import Machine

_CHANGES = frozenset(
    {"claim", "snapshot", "apply", "reboot", "undo", "create-node", "delete-node", "evict", "delete-pod"}
)


class NotOurs(Invariant):
    """Judged by the machine as it was before the act."""

    name: ClassVar[str] = "not-ours"
    rule: ClassVar[str] = (
        "no act on a machine that is not in the plan, is another one of that name, or is held by others"
    )
    source: ClassVar[str] = "policy: protected; docs/decisions/0009-claims-and-fencing.md"

    def __init__(self, court: Court) -> None:
        super().__init__(court)
        self._before: tuple[str, str] | None = None

    def asked(self, act: Act, executor: str) -> None:
        """Looks at the machine before anything has changed."""
        self._before = None
        machine = self.world.machines.get(act.subject.id)
        if machine is not None and act.do in _CHANGES:
            why = self._wrong(act, machine)
            self._before = (machine.id, why) if why else None

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        """An act has had its effect."""
        if self._before is not None and outcome.result == "done":
            self.report(*self._before)
        self._before = None

    def _wrong(self, act: Act, machine: Machine) -> str:
        step = self.terms.step(act)
        if step is None or step.subject.id != machine.id:
            return f"{act.do} on a machine that is not in the plan"
        if step.subject.uid != machine.uid:
            return f"{act.do} on {machine.uid}; the plan is for {step.subject.uid}"
        if act.do in ("claim", "create-node") and foreign(machine) and machine.claim is None:
            return f"{act.do} though {machine.cordoner} has cordoned it"
        for target in targets(machine, kinds_of(step)):
            protected = self.terms.policy.protections_for(target)
            if protected:
                return f"{act.do} though it is protected: {protected[0].name}"
        return ""
