"""All invariants of one world, each event told to those that asked for it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import Record
from oakum.simulation.invariants.base import Broken, Court, Invariant, Terms
from oakum.simulation.invariants.claims import Success
from oakum.simulation.invariants.cordons import HumanCordon, Leftovers
from oakum.simulation.invariants.data import LocalData
from oakum.simulation.invariants.disruption import DisruptionBudget
from oakum.simulation.invariants.nodes import DomainBudget, NodeBudget
from oakum.simulation.invariants.once import Once
from oakum.simulation.invariants.ours import NotOurs
from oakum.simulation.invariants.permission import Alarm, Approved, ForwardOnly, Window
from oakum.simulation.invariants.quorum import Quorum
from oakum.simulation.invariants.versions import Skew
from oakum.simulation.invariants.webhooks import LastBackend
from oakum.simulation.invariants.writers import TwoWriters
from oakum.simulation.things import Cluster, Machine, Pod
from oakum.simulation.watching import Watch

if TYPE_CHECKING:
    from oakum.simulation.world import World

#: Every invariant, in the order in which reports list them.
INVARIANTS: tuple[type[Invariant], ...] = (
    DisruptionBudget, Quorum, Skew, NodeBudget, DomainBudget, HumanCordon, Leftovers, TwoWriters, Window, Alarm,
    Approved, ForwardOnly, LocalData, Success, LastBackend, NotOurs, Once,
)  # fmt: skip
#: A full recheck comes after so many events.
RECHECK = 500
_HEARD = ("asked", "acted", "ended", "turned", "version", "lost", "settled", "wrote")


class Judge(Watch):
    """Tells every event to the invariants, and checks what they keep against the whole world every so often.

    ``without`` names invariants that do not apply: a rival knows no approvals.
    """

    def __init__(self, world: World, terms: Terms, *, without: Collection[str] = (), recheck: int = RECHECK) -> None:
        self.court = Court(world, terms)
        self._world = world
        for each in world.machines.values():
            if each.impaired:
                self.court.seen_since[each.id] = -1e9
        self.invariants = [kind(self.court) for kind in INVARIANTS if kind.name not in without]
        self._hear = {
            name: [
                getattr(each, name) for each in self.invariants if getattr(type(each), name) is not getattr(Watch, name)
            ]
            for name in _HEARD
        }
        self._every, self._left = recheck, recheck

    @property
    def broken(self) -> list[Broken]:
        """All unsafe states so far."""
        return self.court.broken

    def _settled(self) -> None:
        """Between two things that happen, when nothing is half done."""
        if self._left <= 0:
            self._left = self._every
            self.recheck()

    def recheck(self) -> None:
        """Compares what the invariants keep with the whole world. Raises AssertionError where they differ."""
        for each in self.invariants:
            each.recheck()

    def finish(self, result: str) -> None:
        """The run has ended (done, stopped), or its time is over (held)."""
        self.recheck()
        for each in self.invariants:
            each.finish(result)

    # Events

    def asked(self, act: Act, executor: str) -> None:
        """An act arrives."""
        self.court.acting = act
        for hear in self._hear["asked"]:
            hear(act, executor)

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        """An act has had its effect, or was refused."""
        for hear in self._hear["acted"]:
            hear(act, outcome, executor)
        self.court.acting = None
        self._left -= 1
        self._settled()

    def ended(self, pod: Pod, machine: Machine | None, why: str, by: str) -> None:
        """A healthy pod is about to end."""
        for hear in self._hear["ended"]:
            hear(pod, machine, why, by)

    def turned(self, machine: Machine) -> None:
        """The service, the cordon or the claim of a machine has changed."""
        since = self.court.seen_since
        if machine.gone or not machine.impaired:
            since.pop(machine.id, None)
        else:
            since.setdefault(machine.id, self._world.timeline.now)
        for hear in self._hear["turned"]:
            hear(machine)
        self._left -= 1

    def version(self, machine: Machine, component: str) -> None:
        """Another version is in effect."""
        for hear in self._hear["version"]:
            hear(machine, component)

    def lost(self, pod: Pod, by: str) -> None:
        """Data that a pod kept on its node is destroyed."""
        for hear in self._hear["lost"]:
            hear(pod, by)

    def settled(self, cluster: Cluster) -> None:
        """The membership or health of etcd has changed."""
        for hear in self._hear["settled"]:
            hear(cluster)

    def wrote(self, record: Record, executor: str) -> None:
        """A record has been written to the journal of the run."""
        for hear in self._hear["wrote"]:
            hear(record, executor)
        self._settled()
