"""etcd: a member goes down by us only while the others are a quorum of all voters without it."""

from __future__ import annotations

from typing import ClassVar

from oakum.changes.running.acts import Act
from oakum.simulation.invariants.base import US, Court, Invariant
from oakum.simulation.things import Cluster, Member


class Quorum(Invariant):
    """Judged when a member goes down by us: the healthy voters that are left have to be more than half of all.

    A member that fails by itself while ours is down is bad luck, and so is one that fails while the installation runs
    that is going to restart ours; one that had failed before we began, and could be seen, is not.
    """

    name: ClassVar[str] = "quorum"
    rule: ClassVar[str] = "no act of ours leaves etcd without a majority of healthy voting members"
    source: ClassVar[str] = "https://etcd.io/docs/v3.5/faq/"

    def __init__(self, court: Court) -> None:
        super().__init__(court)
        #: Since when each member is down, by the uid of its machine.
        self._down: dict[str, float] = {}
        #: When we have begun what takes each machine's member down.
        self._begun: dict[str, float] = {}
        for cluster in self.world.clusters.values():
            self._down |= {each.machine.uid: -1e9 for each in cluster.etcd if not each.healthy}

    def asked(self, act: Act, executor: str) -> None:
        """Something begins that may take the member of a machine down."""
        machine = self.world.machines.get(act.subject.id)
        if machine is not None and act.do in ("apply", "undo", "reboot", "delete-node"):
            self._begun[machine.uid] = self.world.timeline.now

    def settled(self, cluster: Cluster) -> None:
        """The membership or health of etcd has changed."""
        now = self.world.timeline.now
        ours: list[Member] = []
        for each in cluster.etcd:
            uid = each.machine.uid
            if each.healthy:
                self._down.pop(uid, None)
            elif uid not in self._down:
                self._down[uid] = now
                if not each.learner and self._by_us(each):
                    ours.append(each)
        if ours:
            voters = [each for each in cluster.etcd if not each.learner]
            begun = min(self._begun.get(each.machine.uid, now) for each in ours)
            unseen = [each for each in voters if not each.healthy and self._unseen(each, now - begun)]
            left = sum(each.healthy for each in voters) + len(unseen)
            if 2 * left <= len(voters):
                why = f"{ours[0].machine.id} went down by us: {left} of {len(voters)} voters are left"
                self.report(f"etcd of {cluster.name}", why)

    def _unseen(self, member: Member, ago: float) -> bool:
        """Whether nobody could have seen, so many seconds ago, that it is down."""
        return not self._by_us(member) and self.court.fresh(self._down[member.machine.uid] + ago)

    def _by_us(self, member: Member) -> bool:
        machine = member.machine
        if machine.alive and not machine.gone:
            return member.down and machine.claim is not None
        return machine.down_by == US
