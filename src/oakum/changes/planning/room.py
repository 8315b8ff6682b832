"""Whether the pods that a drain moves find room on other nodes: capacity, taints, selectors, anti-affinity, volumes.

The rules are the scheduler's filters (kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler,
.../assign-pod-node, .../taint-and-toleration), for one drained node at a time and with what is free now. Where they
leave no node a pod would stay pending, and its node with it. Preferences decide nothing. Pods are placed one after the
other, the largest first, on the nodes with most room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cached_property, lru_cache

import msgspec

from oakum.changes.budgets import is_finished
from oakum.changes.drain.model import named
from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.quantities import quantity
from oakum.changes.planning.reasons import because, object_edit
from oakum.changes.plans.why_not import Reason
from oakum.changes.state.model import Cluster, Machine
from oakum.fleet.cluster.objects import (
    AffinityTerm,
    Container,
    Namespace,
    Node,
    NodeSelector,
    NodeSelectorTerm,
    Pod,
    Taint,
    Toleration,
)
from oakum.fleet.cluster.selecting import selects

_SCHEDULER = "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/"
_HOSTNAME = "kubernetes.io/hostname"
#: A node that does not say how many pods it takes takes so many (the kubelet's default).
_PODS = 110
_REFUSING = ("NoSchedule", "NoExecute")
#: What a pod takes that asks for nothing.
_ONE = (0.0, 0.0, 1.0)
_NOTHING = (0.0, 0.0, 0.0)
_NONE: frozenset[int] = frozenset()


#: A key of nodes' labels, and the pods in question by its value.
_Where = tuple[str, Mapping[str, Set[int]]]


class _Place(msgspec.Struct, eq=False):
    """A node with what is free on it."""

    node: Node
    labels: dict[str, str]
    free: list[float]

    @property
    def name(self) -> str:
        return self.node.metadata.name


#: What keeps others away of a pod that was put somewhere.
_Wary = tuple[AffinityTerm, Pod, _Place]


class Room:
    """The room on the nodes of one cluster, as things stand."""

    def __init__(self, cluster: Cluster, machines: Iterable[Machine]) -> None:
        self._cluster = cluster
        around = cluster.around
        known = {each.name: each.healthy is True and not each.cordoned for each in machines}
        nodes = around.snapshot.of(Node, "Node")
        self._labels = {each.metadata.name: {_HOSTNAME: each.metadata.name, **each.metadata.labels} for each in nodes}
        self._places = [
            _Place(node, self._labels[node.metadata.name], _free(node, around.on(node.metadata.name)))
            for node in nodes
            if not node.spec.unschedulable and known.get(node.metadata.name, _is_ready(node))
        ]
        self._kept: dict[object, list[_Place]] = {}
        self._like: dict[bytes, dict[str, frozenset[int]]] = {}
        self._shunned: dict[object, list[_Where]] = {}

    @cached_property
    def _by_namespace(self) -> dict[str, list[Pod]]:
        found: dict[str, list[Pod]] = {}
        for pod in self._cluster.around.pods:
            if not is_finished(pod):
                found.setdefault(pod.metadata.namespace, []).append(pod)
        return found

    def lacking(self, draft: Draft) -> Iterable[Reason]:
        """The pods of a draft's node that would find no place elsewhere."""
        mine = [each for each in draft.leaving if not is_finished(each) and each.metadata.controller is not None]
        gone = {id(each) for each in mine}
        taken: dict[str, list[float]] = {}
        put: list[tuple[Pod, _Place]] = []
        wary: list[_Wary] = []
        for needs, pod in sorted(((_needs(each), each) for each in mine), key=_largest):
            place = self._find(pod, needs, draft.subject.name, taken, put, wary, gone)
            if place is None:
                yield self._because(pod, draft)
                return
            used = taken.setdefault(place.name, [0.0, 0.0, 0.0])
            for at, amount in enumerate(needs):
                used[at] += amount
            put.append((pod, place))
            wary += [(term, pod, place) for term in _terms(pod)]

    def _find(
        self,
        pod: Pod,
        needs: Sequence[float],
        node: str,
        taken: Mapping[str, Sequence[float]],
        put: Sequence[tuple[Pod, _Place]],
        wary: Sequence[_Wary],
        gone: Set[int],
    ) -> _Place | None:
        terms, keeping = _terms(pod), self._shunning(pod)
        for place in self._eligible(pod):
            if place.name == node:
                continue
            (cpu, memory, pods), used = place.free, taken.get(place.name, _NOTHING)
            if needs[0] > cpu - used[0] or needs[1] > memory - used[1] or needs[2] > pods - used[2]:
                continue
            if terms and self._shuns(terms, pod, place, put, gone):
                continue
            # The scheduler asks both: who keeps others away, and who must be kept away from.
            if not ((keeping or wary) and self._is_shunned(keeping, pod, place, wary, gone)):
                return place
        return None

    def _eligible(self, pod: Pod) -> list[_Place]:
        """The nodes that a pod may run on by taints, selectors and volumes, those with most room first."""
        spec = pod.spec
        reach = self._cluster.around.storage.reach(pod) if spec.volumes else ()
        affinity = spec.affinity.node_affinity
        required = affinity.required_during_scheduling_ignored_during_execution if affinity is not None else None
        selectors = (*reach, required) if required is not None else reach
        key = (selectors, frozenset(spec.node_selector.items()), spec.tolerations)
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

    def _shuns(
        self,
        terms: Sequence[AffinityTerm],
        pod: Pod,
        place: _Place,
        put: Sequence[tuple[Pod, _Place]],
        gone: Set[int],
    ) -> bool:
        """Whether a pod is there already with which this one must not share a topology."""
        for term in terms:
            where = place.labels.get(term.topology_key)
            if where is None:
                continue
            if not self._matching(term, pod).get(where, _NONE) <= gone:
                return True
            if any(at.labels.get(term.topology_key) == where and self._means(term, pod, other) for other, at in put):
                return True
        return False

    def _is_shunned(
        self, keeping: Sequence[_Where], pod: Pod, place: _Place, wary: Sequence[_Wary], gone: Set[int]
    ) -> bool:
        """Whether a pod is there already that must not share a topology with this one."""
        for key, there in keeping:
            if not there.get(place.labels.get(key, ""), _NONE) <= gone:
                return True
        return any(
            at.labels.get(term.topology_key, "") == place.labels.get(term.topology_key)
            and self._means(term, other, pod)
            for term, other, at in wary
        )

    def _means(self, term: AffinityTerm, pod: Pod, other: Pod) -> bool:
        """Whether a term of a pod is about another one."""
        return other.metadata.namespace in self._spaces(term, pod) and selects(
            term.label_selector, other.metadata.labels
        )

    @cached_property
    def _shy(self) -> list[tuple[AffinityTerm, Pod, dict[str, set[int]]]]:
        """Each term that keeps others away, with one of its pods, and where its pods are."""
        found: dict[bytes, tuple[AffinityTerm, Pod, dict[str, set[int]]]] = {}
        for pod in (one for several in self._by_namespace.values() for one in several):
            for term in _terms(pod):
                where = self._labels.get(pod.spec.node_name, {}).get(term.topology_key)
                if where is not None:
                    key = msgspec.json.encode((term, pod.metadata.namespace))
                    found.setdefault(key, (term, pod, {}))[2].setdefault(where, set()).add(id(pod))
        return list(found.values())

    def _shunning(self, pod: Pod) -> list[_Where]:
        """The pods that keep this one away, by the topologies in which they do."""
        key = pod.metadata.namespace, frozenset(pod.metadata.labels.items())
        if key not in self._shunned:
            meant = [(term, there) for term, other, there in self._shy if self._means(term, other, pod)]
            self._shunned[key] = [(term.topology_key, there) for term, there in meant]
        return self._shunned[key]

    def _matching(self, term: AffinityTerm, pod: Pod) -> dict[str, frozenset[int]]:
        """The pods that a term means, by the value of its topology."""
        spaces = self._spaces(term, pod)
        key = msgspec.json.encode((term.label_selector, sorted(spaces), term.topology_key))
        if key not in self._like:
            found: dict[str, set[int]] = {}
            for space in spaces:
                for other in self._by_namespace.get(space, ()):
                    if selects(term.label_selector, other.metadata.labels):
                        where = self._labels.get(other.spec.node_name, {}).get(term.topology_key)
                        if where is not None:
                            found.setdefault(where, set()).add(id(other))
            self._like[key] = {where: frozenset(several) for where, several in found.items()}
        return self._like[key]

    def _spaces(self, term: AffinityTerm, pod: Pod) -> frozenset[str]:
        """The namespaces that a term is about; without any its pod's own."""
        if term.namespace_selector is None:
            return frozenset(term.namespaces or (pod.metadata.namespace,))
        known = self._cluster.around.snapshot.of(Namespace, "Namespace")
        chosen = (each.metadata.name for each in known if selects(term.namespace_selector, each.metadata.labels))
        return frozenset((*term.namespaces, *chosen))

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
            apart = apart or (" apart from what keeps it away" if self._shunning(pod) else "")
            none = f"none of {len(others)} other nodes" if len(others) > 1 else "not even the one other node"
            why = f"{none} that may run it has room for it{apart}"
        labels = self._labels.get(draft.subject.name, {})
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


def _largest(each: tuple[Sequence[float], Pod]) -> tuple[list[float], str, str]:
    needs, pod = each
    return [-amount for amount in needs], pod.metadata.namespace, pod.metadata.name


def _needs(pod: Pod) -> tuple[float, float, float]:
    """CPU, memory and one pod. Containers run together, init containers before them, sidecars from their start on."""
    spec = pod.spec
    if not spec.init_containers and len(spec.containers) == 1:
        requests = spec.containers[0].resources.requests
        return _amounts(requests.get("cpu", 0), requests.get("memory", 0)) if requests else _ONE
    running, most = [0.0, 0.0], [0.0, 0.0]
    for each in spec.init_containers:
        for at, amount in enumerate(_amounts(*_asked(each))[:2]):
            most[at] = max(most[at], running[at] + amount)
            running[at] += amount if each.restart_policy == "Always" else 0.0
    together = [_amounts(*_asked(each)) for each in spec.containers]
    cpu, memory = (max(running[at] + sum(each[at] for each in together), most[at]) for at in (0, 1))
    return cpu, memory, 1.0


def _asked(container: Container) -> tuple[int | float | str, int | float | str]:
    requests = container.resources.requests
    return requests.get("cpu", 0), requests.get("memory", 0)


@lru_cache(maxsize=16_384)
def _amounts(cpu: int | float | str, memory: int | float | str) -> tuple[float, float, float]:
    return quantity(cpu) or 0.0, quantity(memory) or 0.0, 1.0


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
