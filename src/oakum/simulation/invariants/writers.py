"""One writer: whoever was cut off and comes back late changes nothing on a node that another has taken over."""

from __future__ import annotations

from typing import ClassVar

from oakum.changes.running.acts import Act, Outcome
from oakum.simulation.invariants.base import Court, Invariant

#: Evictions carry no token: the eviction API has no place for one (docs/decisions/0009-claims-and-fencing.md).
_WITHOUT_TOKEN = frozenset({"lease", "evict", "delete-pod"})


class TwoWriters(Invariant):
    """Per subject: tokens never fall, and one token is one executor."""

    name: ClassVar[str] = "two-writers"
    rule: ClassVar[str] = "no node is changed by an executor after another one with a newer token has changed it"
    source: ClassVar[str] = "docs/decisions/0009-claims-and-fencing.md"

    def __init__(self, court: Court) -> None:
        super().__init__(court)
        self._last: dict[str, tuple[int, str]] = {}
        self._holder: dict[int, str] = {}
        self._under: str = ""

    def asked(self, act: Act, executor: str) -> None:
        """Remembers which long operations run before the act."""
        machine = self.world.machines.get(act.subject.id)
        running = [] if machine is None else [key for key, each in machine.work.items() if each.state == "running"]
        self._under = running[0] if running else ""

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        """An act has had its effect, or was refused."""
        if outcome.result != "done" or act.do in _WITHOUT_TOKEN:
            return
        about = act.subject.id
        token, holder = self._last.get(about, (-1, ""))
        if act.token < token:
            self.report(about, f"{executor} did {act.do} with token {act.token} after {holder} had token {token}")
        elif self._holder.setdefault(act.token, executor) != executor:
            self.report(about, f"{executor} and {self._holder[act.token]} both act with token {act.token}")
        if act.do in ("apply", "undo", "snapshot") and self._under not in ("", act.key):
            self.report(about, f"{act.do} {act.key} began while {self._under} was running")
        self._last[about] = max((token, holder), (act.token, executor))
