"""What a dump lacks before a change of its cluster can be planned, and which clusters nobody can plan for.

A plan foretells every drain, so it needs all nodes, pods, namespaces, disruption budgets and admission webhooks, every
controller of a pod that has one, and the volumes of a pod that claims one. A kind of which the dump holds nothing and
does not say that it was listed is missing: a cluster without disruption budgets and a dump without them look alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from oakum.changes.drain import Surroundings
from oakum.changes.drain.surroundings import CONTROLLERS
from oakum.changes.state import webhooks
from oakum.errors import NotAssessableError
from oakum.fleet.assets import Gap
from oakum.fleet.cluster.snapshot import KINDS

#: What every plan needs, with the words of people and the argument of ``kubectl get``.
NEEDED = {
    "Node": ("nodes", "nodes"),
    "Pod": ("pods", "pods"),
    "Namespace": ("namespaces", "namespaces"),
    "PodDisruptionBudget": ("disruption budgets", "pdb"),
    webhooks.KINDS[0]: ("validating admission webhooks", "validatingwebhookconfigurations"),
    webhooks.KINDS[1]: ("mutating admission webhooks", "mutatingwebhookconfigurations"),
}
_OWNERS = {
    "Deployment": ("Deployments", "deployments"),
    "ReplicaSet": ("ReplicaSets", "replicasets"),
    "StatefulSet": ("StatefulSets", "statefulsets"),
    "DaemonSet": ("DaemonSets", "daemonsets"),
    "ReplicationController": ("ReplicationControllers", "rc"),
    "Job": ("Jobs", "jobs"),
}
#: Every kind that an inventory may call listed, and the word for all of them.
LISTABLE = (*NEEDED, *_OWNERS)
ALL = "all"
_WORDS = NEEDED | _OWNERS
_OTHERS = frozenset(kind for _, _, kind in KINDS) - _WORDS.keys()
#: What the reader of dumps says of a kind that it found nothing of; told here in other words.
_UNLISTED = frozenset(f"{kind} objects" for kind in _WORDS)
#: The kind of gap with which a cluster can't be planned for.
BLOCKS = "unread-objects"


def missing_objects(around: Surroundings, cluster: str, listed: Collection[str]) -> Iterator[Gap]:
    """The gaps of a cluster: kinds that are not ``listed``, and objects of the needed kinds that could not be read."""
    for kind in _needed(around):
        if kind not in listed:
            words, resource = _WORDS[kind]
            why = f"the dump of {cluster} has no {words} and does not say that they were listed"
            remedy = (
                f"add the output of: kubectl get {resource} -A -o json; or, where there are none, "
                f"say so in an inventory: clusters: {{{cluster}: {{listed: [{kind}]}}}}"
            )
            yield Gap(BLOCKS, words, why, remedy, asset=cluster)
    for gap in around.snapshot.gaps:
        if gap.what.partition(" ")[0] not in _OTHERS and gap.what not in _UNLISTED:
            yield Gap(gap.kind, gap.what, gap.why, gap.remedy, asset=cluster)
    unknown = next((pod for pod in around.pods if not around.storage.knows(pod)), None)
    if unknown is not None:
        why = f"those of pod {unknown.metadata.namespace}/{unknown.metadata.name} are not in the dump of {cluster}"
        remedy = "add the output of: kubectl get pv,pvc,volumeattachments -A -o json"
        yield Gap(BLOCKS, "volumes and claims", why, remedy, asset=cluster)


def _needed(around: Surroundings) -> list[str]:
    """The kinds that are needed: of controllers those that a pod, or its ReplicaSet, names."""
    owners = {owner.kind for pod in around.pods if (owner := pod.metadata.controller) is not None}
    for one in around.snapshot.all("ReplicaSet"):
        owner = one.metadata.controller
        if owner is not None:
            owners.add(owner.kind)
    return [*NEEDED, *(kind for kind in (*CONTROLLERS, "Deployment") if kind in owners)]


def require(gaps: Iterable[Gap], clusters: Collection[str], control_planes: Collection[str] = ()) -> None:
    """Raises NotAssessableError where a gap keeps one of those clusters from being planned for.

    ``control_planes`` are the clusters of which a control-plane machine would be touched: whether their etcd keeps its
    quorum has to be known too.
    """
    found = [
        gap
        for gap in gaps
        if (gap.kind == BLOCKS and gap.asset in clusters)
        or (gap.what == etcd_of(gap.asset) and gap.asset in control_planes)
    ]
    if found:
        first, more = found[0], len(found) - 1
        tail = f" (and {more} more gap{'s' if more > 1 else ''})" if more else ""
        why = first.why if first.asset in first.why else f"{first.what}: {first.why}"
        raise NotAssessableError(f"not assessable: {why}{tail}", remedy=first.remedy)


def etcd_of(cluster: str) -> str:
    """What the gap of a cluster is called whose members of etcd nobody knows."""
    return f"etcd of cluster {cluster}"
