"""What an action on a part of a cluster disturbs, from replicas and disruption budgets.

A roll-out restarts the pods of every workload that uses the image or is the component; draining a node evicts the pods
on it. A workload with one pod is down meanwhile. A budget that allows no eviction now (policy/v1, the controller's own
``disruptionsAllowed``) stops a drain until its owner does something; it does not stop a roll-out, since deployments
replace pods without evicting them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from oakum.fleet.assets import Relation
from oakum.fleet.cluster.objects import DisruptionBudget, Pod
from oakum.fleet.cluster.selecting import selects
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.naming import listed
from oakum.risk.bundles import Estimate

#: Units of one service restart (see ``actions.DISRUPTION``): a pod that is replaced, a workload that is down
#: meanwhile, a budget that has to be renegotiated with its owner.
POD, DOWN, BLOCKED = 0.1, 2.0, 5.0
#: So many names are told, the others counted.
_TOLD = 3


def estimates(
    snapshot: Snapshot, relations: Iterable[Relation], names: Mapping[str, str], pools: Mapping[str, str]
) -> dict[str, Estimate]:
    """What an action on each image, component and node disturbs, by asset key.

    ``names`` are the assets' names and ``pools`` the node pools, by asset key.
    """
    pods: defaultdict[str, int] = defaultdict(int)
    on_node: defaultdict[str, list[str]] = defaultdict(list)
    users: defaultdict[str, list[str]] = defaultdict(list)
    held: dict[str, str] = {}
    for one in relations:
        if one.kind == "runs-on":
            pods[one.subject] += one.count
            on_node[one.object].append(one.subject)
        elif one.kind == "uses":
            users[one.object].append(one.subject)
        elif one.kind == "holds":
            held[one.object] = one.subject
    blocked = _blocked(snapshot)
    found = {node: _node(names[node], workloads, pods, names, blocked) for node, workloads in on_node.items()}
    for image, workloads in users.items():
        found[image] = _rollout(workloads, pods, names)
    for key in held:
        if key in pods and key not in found:
            found[key] = _rollout((key,), pods, names)
    known = {**dict.fromkeys(pools, Estimate()), **found}
    return {key: Estimate(one.weight, one.words, pools.get(key, ""), held.get(key, "")) for key, one in known.items()}


def _rollout(workloads: Iterable[str], pods: Mapping[str, int], names: Mapping[str, str]) -> Estimate:
    running = [each for each in workloads if pods.get(each)]
    total = sum(pods[each] for each in running)
    single = sorted(names[each] for each in running if pods[each] == 1)
    words = []
    if total:
        words.append(f"restarts {_count(total, 'pod')} of {listed(sorted(names[each] for each in running), _TOLD)}")
    if single:
        words.append(f"one replica, down meanwhile: {listed(single, _TOLD)}")
    return Estimate(POD * total + DOWN * len(single), tuple(words))


def _node(
    node: str,
    workloads: Iterable[str],
    pods: Mapping[str, int],
    names: Mapping[str, str],
    blocked: Mapping[str, tuple[str, ...]],
) -> Estimate:
    single = sorted(names[each] for each in workloads if pods[each] == 1)
    budgets = blocked.get(node, ())
    words = []
    if single:
        words.append(f"one replica, down meanwhile: {listed(single, _TOLD)}")
    if budgets:
        words.append(f"no eviction is allowed now by {listed(budgets, _TOLD)}")
    return Estimate(DOWN * len(single) + BLOCKED * len(budgets), tuple(words))


def _blocked(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """The budgets that allow no eviction of some pod on a node, by the node's name."""
    tight: defaultdict[str, list[DisruptionBudget]] = defaultdict(list)
    for budget in snapshot.of(DisruptionBudget, "PodDisruptionBudget"):
        if budget.status.expected_pods and not budget.status.disruptions_allowed:
            tight[budget.metadata.namespace].append(budget)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for pod in snapshot.of(Pod, "Pod") if tight else ():
        for budget in tight.get(pod.metadata.namespace, ()):
            if selects(budget.spec.selector, pod.metadata.labels):
                found[pod.spec.node_name].add(f"PodDisruptionBudget {pod.metadata.namespace}/{budget.metadata.name}")
    return {node: tuple(sorted(budgets)) for node, budgets in found.items()}


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
