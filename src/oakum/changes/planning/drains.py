"""What the drain of each node would do, judged before any cordon by our own profile of ``oakum.changes.drain``.

A pod that never leaves keeps its node out of the plan and names the object to mend; one that does not leave now is
waited for. Nothing is judged on absence: a cluster of which the disruption budgets, the pods or their controllers were
not listed is not assessable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from oakum.changes.drain import Judged, Surroundings, explain
from oakum.changes.drain.autoscaler import SAFE, SAFE_VOLUMES
from oakum.changes.drain.model import BLOCKED, EVICT, FOR_EVER, WAIT, named
from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.reasons import because, object_edit
from oakum.changes.plans.model import Evictions
from oakum.changes.plans.why_not import Edit, Reason
from oakum.changes.state.model import Cluster
from oakum.errors import NotAssessableError
from oakum.fleet.cluster.objects import Pod
from oakum.policy.amounts import spoken
from oakum.policy.entries import Drain

_GRACE = 30
_BUDGETS = "PodDisruptionBudget"
_VOLUMES = "https://kubernetes.io/docs/concepts/storage/persistent-volumes/"
_TERMINATION = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination"
_NODES = "https://kubernetes.io/docs/concepts/architecture/nodes/"


def judge(cluster: Cluster, drafts: Sequence[Draft]) -> None:
    """Fills in what the drains of some nodes of a cluster disturb, and blocks those that never end.

    Raises NotAssessableError where the cluster's objects do not tell.
    """
    around = cluster.around
    by_options: dict[bytes, list[Draft]] = {}
    for draft in drafts:
        assert draft.settings is not None and draft.machine is not None
        if "Node" in around.snapshot.listed and around.node(draft.machine.name) is None:
            draft.block(_without_node(draft))
            continue
        by_options.setdefault(msgspec.json.encode(draft.settings.options), []).append(draft)
    for options, several in by_options.items():
        names = [draft.subject.name for draft in several]
        explained = explain(around, names, options=msgspec.json.decode(options))
        for gap in explained.gaps:
            if not gap.what.startswith("PersistentVolume"):
                raise _not_assessable(cluster, gap.what, gap.remedy)
        by_node: dict[str, list[Judged]] = {name: [] for name in names}
        for one in explained.pods:
            by_node[one.pod.spec.node_name].append(one)
        known: dict[str, Reason] = {}
        for draft in several:
            _take(draft, by_node[draft.subject.name], cluster, known)


def _not_assessable(cluster: Cluster, what: str, remedy: str) -> NotAssessableError:
    said = "disruption budgets" if what.startswith(_BUDGETS) else what
    return NotAssessableError(
        f"not assessable: the dump of cluster {cluster.name} has no {said}, without which no drain can be judged",
        remedy=remedy,
    )


def _without_node(draft: Draft) -> Reason:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": draft.subject.name, "uid": draft.subject.uid}}
    return because(
        "node-unknown", draft.id, "its cluster has no node of that name", _NODES, "read the cluster again",
        [object_edit(draft.subject.cluster, f"Node/{draft.subject.name}", "", node)],
    )  # fmt: skip


def _take(draft: Draft, judged: Sequence[Judged], cluster: Cluster, known: dict[str, Reason]) -> None:
    assert draft.settings is not None
    drain, around = draft.settings.drain, cluster.around
    waits: list[str] = []
    leaving: list[Pod] = []
    rounds = grace = stay = 0
    for one in judged:
        pod, outcome = one.pod, one.outcome
        given_up = outcome.reason == "unreplicated" and drain.unreplicated == "evict"
        if outcome.verdict == EVICT or given_up:
            leaving.append(pod)
            rounds = max(rounds, outcome.order or 1)
        elif outcome.duration == FOR_EVER:
            draft.block(_for_ever(one, cluster, known))
            continue
        elif outcome.verdict in (BLOCKED, WAIT):
            waits.append(f"{pod.metadata.namespace}/{pod.metadata.name}")
            if outcome.verdict == BLOCKED:
                leaving.append(pod)
        else:
            stay += 1
            continue
        for reason in _of_leaving(draft, pod, drain, around):
            draft.block(reason)
        given = pod.spec.termination_grace_period_seconds
        grace = max(grace, _GRACE if given is None else given)
    draft.leaving = tuple(leaving)
    draft.evictions = Evictions(pods=len(leaving), rounds=rounds, stay=stay, waits=tuple(sorted(waits)), grace=grace)


def _of_leaving(draft: Draft, pod: Pod, drain: Drain, around: Surroundings) -> Iterable[Reason]:
    """What a pod that leaves may still object to."""
    cluster, name = draft.subject.cluster, named(pod)
    given = pod.spec.termination_grace_period_seconds
    if given is not None and given > drain.max_grace:
        yield because(
            "grace", f"{cluster}/{name}",
            f"it may take {spoken(given)} to end, and a drain waits at most {spoken(drain.max_grace)} for one pod",
            f"{_TERMINATION}; policy: drain {drain.name}", f"let its owner end it within {spoken(drain.max_grace)}",
            [object_edit(cluster, name, "spec.termination_grace_period_seconds", drain.max_grace)],
            grace=given, max_grace=drain.max_grace,
        )  # fmt: skip
    if not around.storage.knows(pod):
        yield because(
            "volumes-unknown", f"{cluster}/{name}",
            "the volumes of its claims are not in the dump, so that nobody can tell whether they are tied to the node",
            _VOLUMES, "add the output of: kubectl get pv,pvc -A -o json",
            [object_edit(cluster, name, "spec.volumes", [])],
        )  # fmt: skip


def _for_ever(one: Judged, cluster: Cluster, known: dict[str, Reason]) -> Reason:
    """Why a pod never leaves; a budget's reason is the same for all of its pods, so it is ``known`` after the first."""
    if one.outcome.reason != "pdb":
        return _never(one, cluster)
    if one.outcome.object not in known:
        why = f"no pod under it could ever be evicted: {one.outcome.why}"
        known[one.outcome.object] = msgspec.structs.replace(_never(one, cluster), why=why)
    return known[one.outcome.object]


def _never(one: Judged, cluster: Cluster) -> Reason:
    outcome, pod = one.outcome, one.pod
    name = named(pod)
    said = f"{pod.metadata.namespace}/{pod.metadata.name} would never leave: {outcome.why}"
    edits, figures = _edits(one, cluster)
    return because(
        f"drain/{outcome.reason}", f"{cluster.name}/{outcome.object}", said if outcome.object != name else outcome.why,
        one.source, outcome.remedy, edits, **figures,
    )  # fmt: skip


def _edits(one: Judged, cluster: Cluster) -> tuple[list[Edit], dict[str, int | str]]:
    outcome, pod = one.outcome, one.pod
    name = named(pod)
    match outcome.reason:
        case "pdb":
            return _of_budget(outcome.object, cluster)
        case "multiple-pdb":
            return _of_several(pod, cluster), {}
        case "local-data" if outcome.object == name:
            notes = pod.metadata.annotations.get(SAFE_VOLUMES, "").split(",")
            volume = outcome.remedy.rpartition(": ")[2]
            value = ",".join([*(each for each in notes if each), volume])
            return [object_edit(cluster.name, name, f"metadata.annotations|{SAFE_VOLUMES}", value)], {}
        case "not-safe-to-evict":
            return [object_edit(cluster.name, name, f"metadata.annotations|{SAFE}", None)], {}
        case _:
            return [object_edit(cluster.name, name, "", None)], {}


def _of_budget(object: str, cluster: Cluster) -> tuple[list[Edit], dict[str, int | str]]:
    """More replicas weaken nothing, where they help; else the budget has to allow one disruption."""
    around = cluster.around
    _, namespace, name = object.split("/")
    budget = around.budgets.named(namespace, name)
    assert budget is not None
    pods, least = around.members(budget), budget.spec.min_available
    owned = [around.scales.of(pod) for pod in pods if pod.metadata.controller is not None]
    known = [each for each in owned if each is not None]
    figures: dict[str, int | str] = {"pods": len(pods)}
    if isinstance(least, int) and len(known) == len(owned):
        figures |= {"min_available": least, "replicas": known[0].replicas}
        return [object_edit(cluster.name, known[0].object, "spec.replicas", least + 1)], figures
    if len(known) < len(pods):
        value: list[Edit] = [
            object_edit(cluster.name, object, "spec.max_unavailable", None),
            object_edit(cluster.name, object, "spec.min_available", max(0, len(pods) - 1)),
        ]
        return value, figures
    return [
        object_edit(cluster.name, object, "spec.min_available", None),
        object_edit(cluster.name, object, "spec.max_unavailable", 1),
    ], figures


def _of_several(pod: Pod, cluster: Cluster) -> list[Edit]:
    """All budgets but the first stop to select pods of these labels."""
    first, *others = cluster.around.budgets.guarding(pod)
    labels = pod.metadata.labels
    mine = first.spec.selector.match_labels if first.spec.selector is not None else {}
    label = next(iter(sorted(mine) or sorted(labels)), "")
    edits: list[Edit] = []
    for each in others:
        selector = each.spec.selector
        assert selector is not None
        leave = {"key": label, "operator": "NotIn", "values": [labels.get(label, "")]}
        if not label:
            leave = {"key": "oakum.dev/none", "operator": "Exists", "values": []}
        kept = [msgspec.to_builtins(one) for one in selector.match_expressions]
        edits.append(object_edit(cluster.name, named(each), "spec.selector.match_expressions", [*kept, leave]))
    return edits
