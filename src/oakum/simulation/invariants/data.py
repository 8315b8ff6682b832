"""Local data: what a pod keeps on its node is not destroyed by us, unless the policy has it so."""

from __future__ import annotations

from typing import ClassVar

from oakum.simulation.invariants.base import US, Invariant, targets
from oakum.simulation.things import Pod


class LocalData(Invariant):
    """Judged when the data of a pod is destroyed."""

    name: ClassVar[str] = "local-data"
    rule: ClassVar[str] = "no data that a pod keeps on its node is destroyed by us, unless the policy says evict"
    source: ClassVar[str] = "policy: drain.local_data"

    def lost(self, pod: Pod, by: str) -> None:
        """The data that a pod kept on its node is destroyed."""
        if by != US or pod.phase in ("Succeeded", "Failed"):
            return
        machine = pod.machine
        act = self.court.acting
        if machine is not None:
            kinds = [("kernel", "reversible"), ("packages", "reversible")]
            if act is not None and (step := self.terms.step(act)) is not None:
                kinds = [(each.kind, each.reversibility) for each in step.changes]
            if all(self.terms.policy.drain_for(each).local_data == "evict" for each in targets(machine, kinds)):
                return
        where = machine.id if machine is not None else "its node"
        self.report(pod.full_name, f"its {pod.workload.local or 'data'} on {where} is destroyed")
