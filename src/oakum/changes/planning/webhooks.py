"""Fail-closed webhooks: a node that holds all backends of one is not drained, for then no pod could be made anywhere.

``failurePolicy: Fail`` refuses what the webhook cannot be asked about, the pods that replace its own backends included
(kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers, "Avoiding deadlocks in
self-hosted webhooks"). One that has no backend already lets nobody make a pod, so that no drain would end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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
        return because("webhook", name, why, _SOURCE, says, self._served(hook), serving=serving)

    def _served(self, hook: Webhook) -> list[Edit]:
        """Ready backends more on two nodes, so that one of them is always elsewhere."""
        cluster = self._cluster
        nodes = [each.metadata.name for each in cluster.around.snapshot.of(Node, "Node")][:2]
        model = next((self._pods[name] for name in hook.pods if name in self._pods), None)
        owned = model is not None and model.metadata.controller is not None
        made = [_backend(hook, model if owned else None, node) for node in (nodes if len(nodes) > 1 else [*nodes, "+"])]
        names = [f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in made]
        more = msgspec.structs.replace(hook, pods=(*hook.pods, *names))
        value = [msgspec.to_builtins(more if each is hook else each) for each in cluster.webhooks]
        return [
            *(object_edit(cluster.name, f"Pod/{name}", "", each) for name, each in zip(names, made, strict=True)),
            Edit(of="state", object=cluster.name, field="webhooks", value=value, cluster=cluster.name),
        ]


def _backend(hook: Webhook, model: Pod | None, node: str) -> dict[str, Any]:
    """A ready pod like the ones that serve a webhook, or one that something of the site's own makes."""
    owner = {"apiVersion": "example.org/v1", "kind": "Backend", "name": hook.name, "uid": hook.name, "controller": True}
    owners = [owner] if model is None else [msgspec.to_builtins(each) for each in model.metadata.owner_references]
    name = f"{hook.name}-on-{node}"
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "default" if model is None else model.metadata.namespace, "uid": name,
            "labels": {} if model is None else model.metadata.labels, "ownerReferences": owners,
        },
        "spec": {"nodeName": node},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }  # fmt: skip


def _serves(pod: Pod) -> bool:
    return is_ready(pod) and not is_terminating(pod) and not is_finished(pod)
