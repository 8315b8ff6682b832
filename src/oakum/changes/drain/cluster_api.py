"""Cluster API: how its Machine controller drains a node before it deletes the machine.

Source: cluster-api.sigs.k8s.io/tasks/automated-machine-management/machine_deletions ("Node drain") and the proposal
of MachineDrainRules. The pod's label comes before any MachineDrainRule, and of those the first by name that applies
counts. Emptied volumes and unmanaged pods do not stop it. Pods with a lower order have to be gone before the next are
evicted; every eviction keeps to the disruption budgets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from oakum.changes.budgets import is_finished, is_terminating, moment
from oakum.changes.drain import eviction
from oakum.changes.drain.durations import duration_of
from oakum.changes.drain.kubectl import long_deleted, mirror
from oakum.changes.drain.machines import DrainRule, Machine, flaw
from oakum.changes.drain.model import (
    ERROR,
    EVICT,
    IGNORE,
    WAIT,
    Opt,
    Outcome,
    Profile,
    Rule,
    Scene,
    named,
)
from oakum.changes.drain.surroundings import Key
from oakum.fleet.cluster.objects import Map, Namespace, Pod, Selector
from oakum.fleet.cluster.selecting import selects

LABEL = "cluster.x-k8s.io/drain"
EXCLUDED = "machine.cluster.x-k8s.io/exclude-node-draining"
_SOURCE = "https://cluster-api.sigs.k8s.io/tasks/automated-machine-management/machine_deletions"
_DRAIN = f"{_SOURCE}#node-drain"
_RULES = "https://github.com/kubernetes-sigs/cluster-api/blob/main/docs/proposals/20240930-machine-drain-rules.md"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``skip_wait_for_delete_timeout``, in seconds: without it 1 on a node that cannot be reached, else none."""

    skip_wait_for_delete_timeout: int | None = None


def _no_drain(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    machine = scene.around.machines.of(scene.node_name)
    if machine is None:
        return None
    name = f"Machine/{machine.metadata.namespace}/{machine.metadata.name}"
    if EXCLUDED in machine.metadata.annotations:
        return Outcome(verdict=IGNORE, reason="drain-label", object=name, why=f"the machine has {EXCLUDED}")
    start, limit = machine.status.deletion.node_drain_start_time, _timeout(machine)
    if limit and start and (scene.now - moment(start, "nodeDrainStartTime")).total_seconds() >= limit:
        why = f"the node drain timeout of {limit:g} s is over, and the machine is deleted with its pods"
        return Outcome(verdict=IGNORE, reason="drain-label", object=name, why=why)
    return None


def _timeout(machine: Machine) -> float:
    seconds = machine.spec.deletion.node_drain_timeout_seconds
    if seconds is not None:
        return float(seconds)
    given = machine.spec.node_drain_timeout
    return duration_of(given, "nodeDrainTimeout") if given else 0.0


def _long_deleted(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    timeout = scene.options.skip_wait_for_delete_timeout
    if timeout is None:
        node = scene.node
        ready = () if node is None else [each for each in node.status.conditions if each.type == "Ready"]
        timeout = 1 if any(each.status == "Unknown" for each in ready) else 0
    return long_deleted(pod, scene, timeout)


def _of_daemonset(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    owner = pod.metadata.controller
    if owner is None or owner.kind != "DaemonSet" or is_finished(pod) or scene.around.owner(pod, owner) is None:
        return None
    name = f"DaemonSet/{pod.metadata.namespace}/{owner.name}"
    return Outcome(verdict=IGNORE, reason="daemonset", object=name, why="its DaemonSet would put it back at once")


def drain_label(pod: Pod, scene: Scene[Opt]) -> Outcome | None:
    """What the pod's own label says: skip, or wait-completed; upper and lower case do not matter."""
    value = pod.metadata.labels.get(LABEL, "")
    if value.lower() == "skip":
        return Outcome(verdict=IGNORE, reason="drain-label", object=named(pod), why=f"it has {LABEL}: {value}")
    if value.replace("-", "", 1).lower() == "waitcompleted":
        why = f"it has {LABEL}: {value}"
        return Outcome(verdict=WAIT, reason="drain-label", object=named(pod), order=0, why=why)
    return None


def _namespace(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    name = pod.metadata.namespace
    if scene.around.namespace(name) is not None:
        return None
    return Outcome(
        verdict=ERROR, reason="namespace-missing", object=f"Namespace/{name}",
        why="the pod's namespace is not there, and the whole drain fails", remedy="give all namespaces in the dump",
    )  # fmt: skip


def _invalid_rule(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    for rule in _of_machine_namespace(scene):
        why = flaw(rule)
        if why:
            return Outcome(
                verdict=ERROR, reason="drain-rule", object=_named(rule),
                why=f"its selectors are invalid, and the whole drain fails: {why}", remedy="mend the selectors",
            )  # fmt: skip
    return None


def _drain_rule(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    rule = _first(pod, scene)
    if rule is None or rule.spec.drain.behavior == "Drain":
        return None
    behavior, name = rule.spec.drain.behavior, _named(rule)
    if behavior == "Skip":
        return Outcome(verdict=IGNORE, reason="drain-rule", object=name, why="the rule says Skip")
    if behavior == "WaitCompleted":
        return Outcome(verdict=WAIT, reason="drain-rule", object=name, order=0, why="the rule says WaitCompleted")
    return Outcome(
        verdict=ERROR, reason="unknown-behavior", object=name,
        why=f"its behavior {behavior[:40]!r} is unknown, and the whole drain fails",
        remedy="set it to Drain, Skip or WaitCompleted",
    )  # fmt: skip


def _terminating(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    if not is_terminating(pod):
        return None
    why = "it is being deleted already, and the drain waits until it is gone"
    return Outcome(verdict=WAIT, reason="terminating", object=named(pod), order=_order(pod, scene), why=why)


def _settle(pods: Sequence[Pod], scene: Scene[Options]) -> Mapping[Key, Outcome]:
    found: dict[Key, Outcome] = {}
    for pod in pods:
        outcome = eviction.outcome_of(pod, scene) or Outcome(verdict=EVICT)
        key = pod.metadata.namespace, pod.metadata.name
        found[key] = msgspec.structs.replace(outcome, order=_order(pod, scene))
    return found


def _order(pod: Pod, scene: Scene[Options]) -> int:
    rule = _first(pod, scene)
    return (0 if rule is None else rule.spec.drain.order) or 0


def _first(pod: Pod, scene: Scene[Options]) -> DrainRule | None:
    """The first rule by name that applies to the machine and the pod."""
    namespace = scene.around.namespace(pod.metadata.namespace) or Namespace()
    return next((rule for rule in applicable(scene) if _concerns(rule, pod, namespace)), None)


def applicable(scene: Scene[Options]) -> list[DrainRule]:
    """The rules that apply to the node's machine."""
    machine = scene.around.machines.of(scene.node_name)
    labels = {} if machine is None else machine.metadata.labels
    above = {} if machine is None else scene.around.machines.labels_of_cluster(machine)
    return [
        rule
        for rule in _of_machine_namespace(scene)
        if not rule.spec.machines
        or any(_holds(one.selector, labels) and _holds(one.cluster_selector, above) for one in rule.spec.machines)
    ]


def _of_machine_namespace(scene: Scene[Options]) -> list[DrainRule]:
    """The rules beside the machine; all there are where the machine is not known."""
    machine = scene.around.machines.of(scene.node_name)
    rules = scene.around.machines.rules
    return [rule for rule in rules if machine is None or rule.metadata.namespace == machine.metadata.namespace]


def _concerns(rule: DrainRule, pod: Pod, namespace: Namespace) -> bool:
    return not rule.spec.pods or any(
        _holds(one.selector, pod.metadata.labels) and _holds(one.namespace_selector, namespace.metadata.labels)
        for one in rule.spec.pods
    )


def _holds(selector: Selector | None, labels: Map) -> bool:
    return selector is None or selects(selector, labels)


def _named(rule: DrainRule) -> str:
    return "/".join(part for part in ("MachineDrainRule", rule.metadata.namespace, rule.metadata.name) if part)


RULES: tuple[Rule[Options], ...] = (
    Rule(
        name="no-drain", source=_SOURCE, decide=_no_drain,
        says=f"a machine with the annotation {EXCLUDED}, or whose node drain timeout is over, is not drained",
        example="nodeDrainTimeoutSeconds: 600, drain began 10 minutes ago -> ignore",
    ),
    Rule(
        name="invalid-rule", source=_RULES, decide=_invalid_rule,
        says="a MachineDrainRule with an invalid selector makes the whole drain fail",
        example="operator Like -> error",
    ),
    Rule(
        name="terminating", source=_DRAIN, decide=_long_deleted,
        says="on a node that cannot be reached, a pod whose deletion time is more than a second ago is not waited for",
        example="Ready: Unknown, deletion time 5 s ago -> ignore",
    ),
    Rule(
        name="daemonset", source=_DRAIN, decide=_of_daemonset,
        says="pods of a DaemonSet are left alone, unless they are finished or the DaemonSet is gone",
        example="owner DaemonSet fluentd -> ignore",
    ),
    Rule(
        name="mirror", source=_DRAIN, decide=mirror,
        says="static pods are left alone", example="annotation kubernetes.io/config.mirror -> ignore",
    ),
    Rule(
        name="drain-label", source=_DRAIN, decide=drain_label,
        says=f"the pod's label {LABEL} says skip or wait-completed; other values say nothing",
        example="wait-completed -> wait",
    ),
    Rule(
        name="namespace", source=_RULES, decide=_namespace,
        says="the namespace of every other pod has to be there", example="namespace deleted -> error",
    ),
    Rule(
        name="drain-rule", source=_RULES, decide=_drain_rule,
        says="the first MachineDrainRule by name that applies to machine, cluster, pod and namespace decides: Skip, "
        "WaitCompleted, or Drain with an order",
        example="behavior: Skip -> ignore",
    ),
    Rule(
        name="being-deleted", source=_DRAIN, decide=_terminating,
        says="a pod that is being deleted is not evicted again, but has to be gone", example="-> wait",
    ),
)  # fmt: skip

PROFILE: Profile[Options] = Profile(
    name="cluster-api",
    options=Options,
    all_rules=RULES,
    rules=lambda _: RULES,
    settle=_settle,
    last=eviction.rule(),
)
