"""Whether the pods that a drain moves find room on other nodes: capacity, taints, selectors, anti-affinity, volumes.

The rules are the scheduler's filters (kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler,
.../assign-pod-node, .../taint-and-toleration), for one drained node at a time and with what is free now. Where they
leave no node a pod would stay pending, and its node with it. Preferences decide nothing. Pods are placed one after the
other, the largest first, on the nodes with most room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from oakum.changes.budgets import is_finished
from oakum.changes.drain.model import named
from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.quantities import quantity
from oakum.changes.planning.reasons import because, object_edit
from oakum.changes.plans.why_not import Reason
from oakum.changes.state.model import Cluster, Machine
from oakum.fleet.cluster.objects import AffinityTerm, Node, NodeSelector, NodeSelectorTerm, Pod, Taint, Toleration
from oakum.fleet.cluster.selecting import selects

_SCHEDULER = "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/"
_HOSTNAME = "kubernetes.io/hostname"
#: A node that does not say how many pods it takes takes so many (the kubelet's default).
_PODS = 110
_REFUSING = ("NoSchedule", "NoExecute")
#: What a pod takes that asks for nothing.
_ONE = (0.0, 0.0, 1.0)


class _Place(msgspec.Struct, eq=False):
    """A node with what is free on it."""

    node: Node
    labels: dict[str, str]
    free: list[float]

    @property
    def name(self) -> str:
        return self.node.metadata.name


class Room:
    """The room on the nodes of one cluster, as things stand."""

    def __init__(self, cluster: Cluster, machines: Iterable[Machine]) -> None:
        self._cluster = cluster
        around = cluster.around
        known = {each.name: each.healthy is True and not each.cordoned for each in machines}
        self._places = [
            _Place(
                node,
                {_HOSTNAME: node.metadata.name, **node.metadata.labels},
                _free(node, around.on(node.metadata.name)),
            )
            for node in around.snapshot.of(Node, "Node")
            if not node.spec.unschedulable and known.get(node.metadata.name, _is_ready(node))
        ]
        self._by_name = {each.name: each for each in self._places}
        self._kept: dict[bytes, list[_Place]] = {}
        self._simple: dict[tuple[Toleration, ...], list[_Place]] = {}

    def lacking(self, draft: Draft) -> Iterable[Reason]:
        """The pods of a draft's node that would find no place elsewhere."""
        mine = [each for each in draft.leaving if not is_finished(each) and each.metadata.controller is not None]
        gone = {id(each) for each in mine}
        taken: dict[str, list[float]] = {}
        put: list[tuple[Pod, _Place]] = []
        for needs, pod in sorted(((_needs(each), each) for each in mine), key=_largest):
            place = self._find(pod, needs, draft.subject.name, taken, put, gone)
            if place is None:
                yield self._because(pod, draft)
                return
            used = taken.setdefault(place.name, [0.0, 0.0, 0.0])
            for at, amount in enumerate(needs):
                used[at] += amount
            put.append((pod, place))

    def _find(
        self,
        pod: Pod,
        needs: Sequence[float],
        node: str,
        taken: Mapping[str, Sequence[float]],
        put: Sequence[tuple[Pod, _Place]],
        gone: set[int],
    ) -> _Place | None:
        terms = _terms(pod)
        for place in self._eligible(pod):
            if place.name == node:
                continue
            used = taken.get(place.name)
            if any(
                amount > place.free[at] - (used[at] if used is not None else 0.0) for at, amount in enumerate(needs)
            ):
                continue
            if not terms or not any(self._beside(term, pod, place, put, gone) for term in terms):
                return place
        return None

    def _eligible(self, pod: Pod) -> list[_Place]:
        """The nodes that a pod may run on by taints, selectors and volumes, those with most room first."""
        spec = pod.spec
        reach = self._cluster.around.storage.reach(pod) if spec.volumes else ()
        affinity = spec.affinity.node_affinity
        required = affinity.required_during_scheduling_ignored_during_execution if affinity is not None else None
        selectors = (*reach, *([required] if required is not None else []))
        if not selectors and not spec.node_selector:
            if spec.tolerations not in self._simple:
                self._simple[spec.tolerations] = self._sorted(spec.tolerations, {}, ())
            return self._simple[spec.tolerations]
        key = msgspec.json.encode([spec.node_selector, selectors, spec.tolerations], order="sorted")
        if key not in self._kept:
            self._kept[key] = self._sorted(spec.tolerations, spec.node_selector, selectors)
        return self._kept[key]

    def _sorted(
        self, tolerations: Sequence[Toleration], labels: Mapping[str, str], selectors: Sequence[NodeSelector]
    ) -> list[_Place]:
        found = [
            each
            for each in self._places
            if all(each.labels.get(key) == value for key, value in labels.items())
            and all(_holds(one, each) for one in selectors)
            and not any(_refuses(taint, tolerations) for taint in each.node.spec.taints)
        ]
        return sorted(found, key=lambda each: ([-amount for amount in each.free], each.name))

    def _beside(
        self, term: AffinityTerm, pod: Pod, place: _Place, put: Sequence[tuple[Pod, _Place]], gone: set[int]
    ) -> bool:
        """Whether a pod that must not share a topology with this one is there already."""
        where = place.labels.get(term.topology_key)
        if where is None:
            return False
        if term.topology_key == _HOSTNAME:
            there: Iterable[_Place] = (place,)
        else:
            there = (each for each in self._places if each.labels.get(term.topology_key) == where)
        others = (
            other for each in there for other in self._cluster.around.on(each.name)
            if id(other) not in gone and not is_finished(other)
        )  # fmt: skip
        beside = (other for other, at in put if at.labels.get(term.topology_key) == where)
        return any(self._meant(term, pod, other) for several in (others, beside) for other in several)

    def _meant(self, term: AffinityTerm, pod: Pod, other: Pod) -> bool:
        namespace = other.metadata.namespace
        if term.namespace_selector is not None:
            found = self._cluster.around.namespace(namespace)
            here = namespace in term.namespaces or selects(
                term.namespace_selector, found.metadata.labels if found is not None else {}
            )
        else:
            here = namespace in (term.namespaces or (pod.metadata.namespace,))
        return here and selects(term.label_selector, other.metadata.labels)

    def _because(self, pod: Pod, draft: Draft) -> Reason:
        cpu, memory, _ = _needs(pod)
        others = [each for each in self._eligible(pod) if each.name != draft.subject.name]
        asks = ", ".join(
            part for part in (f"{cpu:g} CPU" if cpu else "", f"{memory / 2**20:g} MiB" if memory else "") if part
        )
        if not others:
            why = "no other node in service may run it (taints, selectors, the zone of its volume)"
        else:
            apart = " apart from its like" if _terms(pod) else ""
            why = f"none of {len(others)} other nodes that may run it has room for it{apart}"
        node = self._by_name.get(draft.subject.name)
        labels = dict(node.labels) if node is not None else {}
        name = f"extra-for-{draft.subject.name}"
        made = {
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "uid": name, "labels": {**labels, _HOSTNAME: name}},
            "status": {
                "allocatable": {"cpu": "1000", "memory": "8Ti", "pods": "1000"},
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }  # fmt: skip
        return because(
            "no-room", f"{self._cluster.name}/{named(pod)}",
            f"when {draft.subject.name} is drained, {why}" + (f"; it asks for {asks}" if asks else ""), _SCHEDULER,
            f"add a node like {draft.subject.name}, or make room on the others",
            [object_edit(self._cluster.name, f"Node/{name}", "", made)], nodes=len(others),
        )  # fmt: skip


def _place(node: Node, pods: Sequence[Pod]) -> _Place:
    return _Place(node, {_HOSTNAME: node.metadata.name, **node.metadata.labels}, _free(node, pods))


def _largest(each: tuple[Sequence[float], Pod]) -> tuple[list[float], str, str]:
    needs, pod = each
    return [-amount for amount in needs], pod.metadata.namespace, pod.metadata.name


def _needs(pod: Pod) -> tuple[float, float, float]:
    """CPU, memory and one pod. Containers run together, init containers before them."""
    spec = pod.spec
    if not spec.init_containers and not any(each.resources.requests for each in spec.containers):
        return _ONE
    found: list[float] = []
    for resource in ("cpu", "memory"):
        together = sum(_asked(each.resources.requests, resource) for each in spec.containers)
        first = max((_asked(each.resources.requests, resource) for each in spec.init_containers), default=0.0)
        found.append(max(together, first))
    return found[0], found[1], 1.0


def _asked(requests: Mapping[str, int | float | str], resource: str) -> float:
    value = requests.get(resource)
    return 0.0 if value is None else quantity(value) or 0.0


def _free(node: Node, pods: Sequence[Pod]) -> list[float]:
    """What is left of a node; a resource of which it does not tell how much it has is not counted."""
    allocatable = node.status.allocatable
    free = [_told(allocatable, "cpu"), _told(allocatable, "memory"), _told(allocatable, "pods", _PODS)]
    for pod in pods:
        if not is_finished(pod):
            for at, amount in enumerate(_needs(pod)):
                free[at] -= amount
    return free


def _is_ready(node: Node) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in node.status.conditions)


def _told(allocatable: Mapping[str, int | float | str], resource: str, default: float = float("inf")) -> float:
    value = allocatable.get(resource)
    found = None if value is None else quantity(value)
    return default if found is None else found


def _terms(pod: Pod) -> tuple[AffinityTerm, ...]:
    apart = pod.spec.affinity.pod_anti_affinity
    return () if apart is None else apart.required_during_scheduling_ignored_during_execution


def _refuses(taint: Taint, tolerations: Iterable[Toleration]) -> bool:
    return taint.effect in _REFUSING and not any(_tolerates(each, taint) for each in tolerations)


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect not in ("", taint.effect):
        return False
    if toleration.operator == "Exists":
        return toleration.key in ("", taint.key)
    return toleration.key == taint.key and toleration.value == taint.value


def _holds(selector: NodeSelector, place: _Place) -> bool:
    return any(_term(each, place) for each in selector.node_selector_terms)


def _term(term: NodeSelectorTerm, place: _Place) -> bool:
    if not term.match_expressions and not term.match_fields:
        return False
    fields = {"metadata.name": place.name}
    asked = [(each, place.labels) for each in term.match_expressions]
    asked += [(each, fields) for each in term.match_fields]
    return all(_requires(each.key, each.operator, each.values, known) for each, known in asked)


def _requires(key: str, operator: str, values: Sequence[str], labels: Mapping[str, str]) -> bool:
    value = labels.get(key)
    match operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt":
            numbers = [quantity(each) for each in (value or "", *values)]
            if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
                return False
            return numbers[0] > numbers[1] if operator == "Gt" else numbers[0] < numbers[1]
        case _:
            return False
