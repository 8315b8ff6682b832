"""What a drain needs to know of a cluster beside the pods of its node, indexed once for all questions.

The objects that are here are taken for all there are: an owner that is not found does not exist. What a dump does not
say to be complete is told as a gap by ``explain``, so that nobody takes that for knowledge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from oakum.changes.budgets import Budgets, Scales, is_ready, members
from oakum.changes.drain.machines import NO_MACHINES, Machines
from oakum.changes.drain.storage import NO_STORAGE, Storage
from oakum.fleet.cluster.objects import DisruptionBudget, Namespace, Node, Object, OwnerReference, Pod
from oakum.fleet.cluster.snapshot import Snapshot

Key = tuple[str, str]
#: The kinds that control pods and can be looked up in a dump, with the API group of each.
CONTROLLERS = {
    "ReplicaSet": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "ReplicationController": "",
    "Job": "batch",
}
_WORKLOADS = (*CONTROLLERS, "Deployment")


class Surroundings:
    """A cluster, as the rules of drains ask for it."""

    def __init__(self, snapshot: Snapshot, machines: Machines = NO_MACHINES, storage: Storage = NO_STORAGE) -> None:
        self.snapshot, self.machines, self.storage = snapshot, machines, storage
        self._unready: dict[Key, tuple[Pod, ...]] = {}

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """All pods."""
        return self.snapshot.of(Pod, "Pod")

    @cached_property
    def budgets(self) -> Budgets:
        """All disruption budgets."""
        return Budgets(self.snapshot.of(DisruptionBudget, "PodDisruptionBudget"))

    @cached_property
    def budget_versions(self) -> tuple[str, ...]:
        """The API versions in which disruption budgets are given, in the order of the objects."""
        found = self.snapshot.of(DisruptionBudget, "PodDisruptionBudget")
        return tuple(dict.fromkeys(each.api_version for each in found))

    @cached_property
    def scales(self) -> Scales:
        """How many pods each controller wants."""
        return Scales(self.snapshot.all(*_WORKLOADS))

    def on(self, node: str) -> tuple[Pod, ...]:
        """The pods that are bound to a node, by namespace and name."""
        return self._by_node.get(node, ())

    def node(self, name: str) -> Node | None:
        """A node by its name."""
        return self._nodes.get(name)

    def namespace(self, name: str) -> Namespace | None:
        """A namespace by its name."""
        return self._namespaces.get(name)

    def owner(self, pod: Pod, reference: OwnerReference) -> Object | None:
        """The object of the same namespace that a pod's owner reference names, whatever its uid."""
        return self._workloads.get((reference.kind, pod.metadata.namespace, reference.name))

    def unready(self, budget: DisruptionBudget) -> tuple[Pod, ...]:
        """The pods that a budget selects and that are not healthy."""
        key = budget.metadata.namespace, budget.metadata.name
        if key not in self._unready:
            self._unready[key] = tuple(each for each in self.members(budget) if not is_ready(each))
        return self._unready[key]

    def members(self, budget: DisruptionBudget) -> Sequence[Pod]:
        """The pods that a budget selects."""
        return self.selected.get((budget.metadata.namespace, budget.metadata.name), ())

    @cached_property
    def selected(self) -> Mapping[Key, Sequence[Pod]]:
        """The pods of every budget, by its namespace and name."""
        return members(self.pods, self.budgets)

    @cached_property
    def _by_node(self) -> dict[str, tuple[Pod, ...]]:
        found: defaultdict[str, list[Pod]] = defaultdict(list)
        for pod in self.pods:
            if pod.spec.node_name:
                found[pod.spec.node_name].append(pod)
        return {name: tuple(pods) for name, pods in found.items()}

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return {one.metadata.name: one for one in self.snapshot.of(Node, "Node")}

    @cached_property
    def _namespaces(self) -> dict[str, Namespace]:
        return {one.metadata.name: one for one in self.snapshot.of(Namespace, "Namespace")}

    @cached_property
    def _workloads(self) -> dict[tuple[str, str, str], Object]:
        return {one.key: one for one in self.snapshot.all(*_WORKLOADS)}
