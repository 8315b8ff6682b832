"""The last backend of a webhook: without it no pod of its cluster can be made again, its own successor neither.

An admission webhook with failurePolicy Fail that nobody serves refuses everything (kubernetes.io/docs/reference/
access-authn-authz/extensible-admission-controllers, "Failure policy"). Budgets rarely say so; a run looks after it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from oakum.changes.running.observed import Observed
from oakum.changes.running.standing import Standing
from oakum.fleet.cluster.objects import Pod

#: A pod that was asked to leave may still be shown as serving for so long.
_SHOWN = timedelta(minutes=2)


class Backends:
    """The backends of one cluster's webhooks in one turn; what is evicted in it no longer counts."""

    def __init__(self, observed: Observed, standing: Standing, now: datetime, cluster: str) -> None:
        hooks = observed.webhooks(cluster)
        self.unknown = "the admission webhooks of the cluster could not be asked" if hooks is None else ""
        evicted = standing.evicted
        self.serving: dict[str, frozenset[str]] = {
            hook.name: frozenset(pod for pod in hook.pods if pod not in evicted or now - evicted[pod] >= _SHOWN)
            for hook in hooks or ()
            if hook.fail_closed
        }

    def last(self, pod: Pod) -> str:
        """The webhook that nobody would serve without the pod; empty where there is none."""
        name = f"{pod.metadata.namespace}/{pod.metadata.name}"
        return next((hook for hook, pods in self.serving.items() if name in pods and len(pods) == 1), "")

    def leaves(self, pod: Pod) -> None:
        """The pod is asked to leave."""
        name = f"{pod.metadata.namespace}/{pod.metadata.name}"
        for hook, pods in self.serving.items():
            self.serving[hook] = pods - {name}
