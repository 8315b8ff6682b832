"""The lease of a run: who may carry it out, until when, and the fencing token that grows with each take-over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oakum.changes.running.acts import Act, Outcome

if TYPE_CHECKING:
    from oakum.simulation.world import World


class Lease:
    """One lease. It can be taken when nobody holds it, or its time is over; whoever holds it keeps its token."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.holder = ""
        self.token = 0
        self.until = -1.0

    def take(self, act: Act, executor: str) -> Outcome:
        """Takes or keeps it for ``holder`` (or the executor who asks), for ``seconds``."""
        now = self._world.timeline.now
        holder = act.parameters.get("holder") or executor
        if self.held and self.holder != holder:
            wait = int(self.until - now) + 1
            return Outcome(result="refused", code="not-now", why=f"{self.holder} holds the lease", retry_after=wait)
        if not self.held or not self.token:
            # An expired lease has to be taken anew, also by its last holder: meanwhile another may have had it.
            self.token += 1
        self.holder = holder
        self.until = now + float(act.parameters.get("seconds", "60"))
        return Outcome(result="done", token=self.token)

    @property
    def held(self) -> bool:
        """Whether somebody holds it now."""
        return bool(self.holder) and self.until > self._world.timeline.now

    @property
    def seen(self) -> tuple[str, int] | None:
        """The holder and the token, for whoever looks."""
        return (self.holder, self.token) if self.held else None

    def lose(self) -> None:
        """Takes it away from its holder, who does not know."""
        self.until = -1.0
