"""Fail-closed webhooks: a node that holds all backends of one is not drained, for then no pod could be made anywhere.

``failurePolicy: Fail`` refuses what the webhook cannot be asked about, the pods that replace its own backends included
(kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers, "Avoiding deadlocks in
self-hosted webhooks"). One that has no backend already lets nobody make a pod, so that no drain would end.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oakum.changes.budgets import is_finished, is_ready, is_terminating
from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.reasons import because, object_edit
from oakum.changes.plans.why_not import Edit, Reason
from oakum.changes.state.model import Cluster, Webhook
from oakum.fleet.cluster.objects import Node, Pod

_SOURCE = "https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/"


class Hooks:
    """The fail-closed webhooks of a cluster, and where their backends are."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._hooks = [each for each in cluster.webhooks if each.fail_closed]
        wanted = {name for each in self._hooks for name in each.pods}
        self._pods: dict[str, Pod] = {}
        for pod in cluster.around.pods if wanted else ():
            name = f"{pod.metadata.namespace}/{pod.metadata.name}"
            if name in wanted:
                self._pods[name] = pod

    def closed_by(self, draft: Draft) -> Iterable[Reason]:
        """The webhooks that nothing would serve while a node is drained."""
        leaving = {id(each) for each in draft.leaving}
        if not leaving:
            return
        for hook in self._hooks:
            serving = [pod for name in hook.pods if (pod := self._pods.get(name)) is not None and _serves(pod)]
            if all(id(pod) in leaving for pod in serving):
                yield self._because(hook, len(serving), draft)

    def _because(self, hook: Webhook, serving: int, draft: Draft) -> Reason:
        if serving:
            why = f"all {serving} ready pods that serve it are on {draft.subject.name}, and it is fail-closed"
            says = "run it with replicas on two nodes or more (required anti-affinity)"
        else:
            why = "no ready pod serves it, and it is fail-closed: no pod that leaves would be made again"
            says = "mend its backend"
        name = f"{self._cluster.name}/Webhook/{hook.name}"
        return because("webhook", name, why, _SOURCE, says, self._served(hook, draft.subject.name), serving=serving)

    def _served(self, hook: Webhook, node: str) -> list[Edit]:
        """One ready backend more, on another node."""
        cluster = self._cluster
        others = (each.metadata.name for each in cluster.around.snapshot.of(Node, "Node"))
        elsewhere = next((each for each in others if each != node), None)
        if elsewhere is None:
            return []
        model = next((self._pods[name] for name in hook.pods if name in self._pods), None)
        owners = model.metadata.owner_references if model is not None else ()
        namespace = model.metadata.namespace if model is not None else "default"
        labels = model.metadata.labels if model is not None else {}
        made = f"more-{hook.name}"
        pod = {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": made, "namespace": namespace, "uid": made, "labels": labels,
                "ownerReferences": [msgspec.to_builtins(each) for each in owners],
            },
            "spec": {"nodeName": elsewhere},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        }  # fmt: skip
        more = msgspec.structs.replace(hook, pods=(*hook.pods, f"{namespace}/{made}"))
        value = [msgspec.to_builtins(more if each is hook else each) for each in cluster.webhooks]
        return [
            object_edit(cluster.name, f"Pod/{namespace}/{made}", "", pod),
            Edit(of="state", object=cluster.name, field="webhooks", value=value, cluster=cluster.name),
        ]


def _serves(pod: Pod) -> bool:
    return is_ready(pod) and not is_terminating(pod) and not is_finished(pod)
