"""What a world tells whoever watches it: every event that an invariant or a count may need, by ground truth."""

from __future__ import annotations

from collections.abc import Sequence

from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import Record
from oakum.simulation.things import Cluster, Machine, Pod


class Watch:
    """Hears everything and does nothing; watchers override what they need."""

    def asked(self, act: Act, executor: str) -> None:
        """An act arrives; nothing has changed yet."""

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        """An act has had its effect, or was refused; an answer that got lost is told as it was."""

    def ended(self, pod: Pod, machine: Machine | None, why: str, by: str) -> None:
        """A healthy pod is about to end: by an eviction, or with its machine (``why`` eviction, delete, down)."""

    def turned(self, machine: Machine) -> None:
        """The service, the cordon or the claim of a machine has changed."""

    def version(self, machine: Machine, component: str) -> None:
        """Another version is in effect on a machine."""

    def lost(self, pod: Pod, by: str) -> None:
        """The data that a pod kept on its node is destroyed."""

    def settled(self, cluster: Cluster) -> None:
        """The membership or health of etcd has changed."""

    def struck(self, kind: str, subject: str, delivered: bool) -> None:
        """A fault strikes; ``delivered`` says whether it found something to strike."""

    def wrote(self, record: Record, executor: str) -> None:
        """A record has been written to the journal of the run."""


class Watches(Watch):
    """Several watchers as one."""

    def __init__(self, several: Sequence[Watch]) -> None:
        self.several = tuple(several)

    def asked(self, act: Act, executor: str) -> None:
        """Tells all."""
        for each in self.several:
            each.asked(act, executor)

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        """Tells all."""
        for each in self.several:
            each.acted(act, outcome, executor)

    def ended(self, pod: Pod, machine: Machine | None, why: str, by: str) -> None:
        """Tells all."""
        for each in self.several:
            each.ended(pod, machine, why, by)

    def turned(self, machine: Machine) -> None:
        """Tells all."""
        for each in self.several:
            each.turned(machine)

    def version(self, machine: Machine, component: str) -> None:
        """Tells all."""
        for each in self.several:
            each.version(machine, component)

    def lost(self, pod: Pod, by: str) -> None:
        """Tells all."""
        for each in self.several:
            each.lost(pod, by)

    def settled(self, cluster: Cluster) -> None:
        """Tells all."""
        for each in self.several:
            each.settled(cluster)

    def struck(self, kind: str, subject: str, delivered: bool) -> None:
        """Tells all."""
        for each in self.several:
            each.struck(kind, subject, delivered)

    def wrote(self, record: Record, executor: str) -> None:
        """Tells all."""
        for each in self.several:
            each.wrote(record, executor)
