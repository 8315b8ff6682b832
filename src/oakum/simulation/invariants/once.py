"""At most once: what has been installed is not installed again, whatever was killed in between."""

from __future__ import annotations

from typing import ClassVar

from oakum.changes.running.acts import Act, Outcome
from oakum.simulation.invariants.base import Court, Invariant


class Once(Invariant):
    """Per machine and plan: an installation that ended well is not begun again, unless it was undone between."""

    name: ClassVar[str] = "twice"
    rule: ClassVar[str] = "no change is made a second time after it was made"
    source: ClassVar[str] = "docs/decisions/0008-one-step-machine.md"

    def __init__(self, court: Court) -> None:
        super().__init__(court)
        self._begun: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[str]] = {}
        self._again: tuple[str, str] | None = None

    def asked(self, act: Act, executor: str) -> None:
        """Looks at how an earlier one ended before this one begins."""
        self._again = None
        machine = self.world.machines.get(act.subject.id)
        if act.do != "apply" or machine is None:
            return
        for key in self._begun.get(self._of(act, machine.uid), ()):
            work = machine.work.get(key)
            if work is not None and key != act.key and work.state in ("running", "done"):
                self._again = machine.id, f"{act.key} makes the changes of {key} again, which is {work.state}"

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        """An act has had its effect."""
        machine = self.world.machines.get(act.subject.id)
        if outcome.result == "done" and machine is not None:
            if self._again is not None:
                self.report(*self._again)
            if act.do == "apply":
                self._begun.setdefault(self._of(act, machine.uid), []).append(act.key)
            elif act.do == "undo":
                self._begun = {key: each for key, each in self._begun.items() if key[0] != machine.uid}
        self._again = None

    @staticmethod
    def _of(act: Act, uid: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        return uid, act.plan, tuple((each.component, each.after) for each in act.changes)
