"""Fail-closed admission webhooks: while one has no backend, no pod of the cluster is made again, its own neither."""

from __future__ import annotations

from typing import ClassVar

from oakum.simulation.invariants.base import US, Invariant
from oakum.simulation.things import Machine, Pod


class LastBackend(Invariant):
    """The last ready pod of a workload that serves a fail-closed webhook does not end by us."""

    name: ClassVar[str] = "last-webhook-backend"
    rule: ClassVar[str] = "the last backend of a webhook with failurePolicy Fail is never drained"
    source: ClassVar[str] = (
        "https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy"
    )

    def ended(self, pod: Pod, machine: Machine | None, why: str, by: str) -> None:
        """A healthy pod is about to end."""
        if by != US or why == "not-ready" or pod.machine is None or pod.machine.cluster is None:
            return
        for webhook in pod.machine.cluster.webhooks:
            if webhook.fail_closed and webhook.backend is pod.workload and pod.workload.ready <= 1:
                place = machine.id if machine is not None else "no node"
                self.report(f"webhook {webhook.name}", f"{pod.full_name} on {place} was its last backend")
