"""The cluster autoscaler: its drainability rules in their default order, as they decide whether a node can be removed.

Source: the FAQ of kubernetes/autoscaler ("What types of pods can prevent CA from removing a node?", "What are the
parameters to CA?"), its pull requests 7914 (system pods after a time) and 9355 (on-completion). Rules in the first
group can end the matter either way before the blocking ones are asked. The budget rule looks at disruptionsAllowed
alone: it knows neither unhealthy pods nor that several budgets on one pod forbid an eviction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from oakum.changes.budgets import is_terminating, moment, never_allows
from oakum.changes.drain.durations import duration_of
from oakum.changes.drain.kubectl import MIRROR
from oakum.changes.drain.kubectl import mirror as _mirror
from oakum.changes.drain.model import BLOCKED, EVICT, FOR_EVER, IGNORE, NOW, WAIT, Outcome, Profile, Rule, Scene, named
from oakum.changes.drain.surroundings import CONTROLLERS, Key
from oakum.fleet.cluster.objects import OwnerReference, Pod, Workload

SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict"
SAFE_VOLUMES = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
DAEMONSET_POD = "cluster-autoscaler.kubernetes.io/daemonset-pod"
ON_COMPLETION = "on-completion"
_FAQ = "https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md"
_PREVENT = f"{_FAQ}#what-types-of-pods-can-prevent-ca-from-removing-a-node"
_FLAGS = f"{_FAQ}#what-are-the-parameters-to-ca"
_DAEMONSETS = f"{_FAQ}#how-can-i-enabledisable-eviction-for-a-specific-daemonset"
_GRACEFUL = f"{_FAQ}#does-ca-respect-gracefultermination-in-scale-down"
_DISRUPTION = f"{_FAQ}#does-ca-work-with-poddisruptionbudget-in-scale-down"
_SYSTEM = "https://github.com/kubernetes/autoscaler/pull/7914"
_COMPLETION = "https://github.com/kubernetes/autoscaler/pull/9355"

#: A pod without a grace period of its own has this one; so long after it a terminating pod is taken for gone.
_GRACE, _LONG = 30, 30
_REPLICATED = ("ReplicationController", "Job", "ReplicaSet", "StatefulSet")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Flags of the cluster autoscaler, with its defaults. ``bsp_disruption_timeout`` is a duration (1h30m) or seconds.

    That timeout is the flag --blocking-system-pod-distruption-timeout.
    """

    skip_nodes_with_system_pods: bool = True
    skip_nodes_with_local_storage: bool = True
    skip_nodes_with_custom_controller_pods: bool = True
    min_replica_count: int = 0
    bsp_disruption_timeout: str | int | float = "1h"


def _long_terminating(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    if not is_terminating(pod):
        return None
    grace = pod.spec.termination_grace_period_seconds
    limit = (_GRACE if grace is None else grace) + _LONG
    if scene.since_deletion(pod) <= limit:
        return None
    why = f"it should have ended {limit} s after its deletion time, and is taken for gone"
    return Outcome(verdict=IGNORE, reason="terminating", object=named(pod), why=why)


def _replica_count(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    owner = pod.metadata.controller
    if owner is None or owner.kind not in CONTROLLERS:
        return None
    if owner.kind in ("DaemonSet", "StatefulSet") and owner.api_version.rpartition("/")[0] != "apps":
        return None  # the autoscaler cannot look up those of other groups
    if owner.kind != "ReplicationController" and _is_daemonset(pod) and owner.kind != "DaemonSet":
        return None
    found = scene.around.owner(pod, owner)
    if found is None:
        return Outcome(
            verdict=BLOCKED, reason="orphan", duration=FOR_EVER, object=named(pod),
            why=f"its controller {owner.kind}/{pod.metadata.namespace}/{owner.name} is not found",
            remedy="delete the pod if nobody needs it",
        )  # fmt: skip
    return _too_few(owner, found, scene) if isinstance(found, Workload) else None


def _too_few(owner: OwnerReference, found: Workload, scene: Scene[Options]) -> Outcome | None:
    replicas, least = found.spec.replicas, scene.options.min_replica_count
    if owner.kind not in ("ReplicationController", "ReplicaSet") or replicas is None or replicas >= least:
        return None
    return Outcome(
        verdict=BLOCKED, reason="unreplicated", duration=FOR_EVER, object=named(found),
        why=f"it has {replicas} replicas, fewer than --min-replica-count {least}", remedy=f"scale it to {least}",
    )  # fmt: skip


def _is_daemonset(pod: Pod) -> bool:
    owner = pod.metadata.controller
    return (owner is not None and owner.kind == "DaemonSet") or pod.metadata.annotations.get(DAEMONSET_POD) == "true"


def _of_daemonset(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    if not _is_daemonset(pod):
        return None
    owner, name = pod.metadata.controller, named(pod)
    if owner is not None and owner.kind == "DaemonSet":
        name = f"DaemonSet/{pod.metadata.namespace}/{owner.name}"
    return Outcome(verdict=EVICT, reason="daemonset", object=name, why="it keeps no node, and moves to no other")


def _safe(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    return Outcome(verdict=EVICT) if pod.metadata.annotations.get(SAFE) == "true" else None


def _terminal(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    phase, restarts = pod.status.phase, pod.spec.restart_policy
    ended = phase == "Failed" or (phase == "Succeeded" and restarts in ("Never", "OnFailure"))
    return Outcome(verdict=EVICT) if ended else None


def on_completion(pod: Pod, scene: object) -> Outcome | None:
    """A pod that its owner wants to end by itself: the autoscaler waits."""
    if pod.metadata.annotations.get(SAFE) != ON_COMPLETION:
        return None
    return Outcome(verdict=WAIT, reason=ON_COMPLETION, object=named(pod), why="its owner lets it run to its end")


def _replicated(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    owner = pod.metadata.controller
    if owner is not None and not scene.options.skip_nodes_with_custom_controller_pods:
        return None
    if owner is not None and owner.kind in _REPLICATED:
        return None
    by = f"its controller {owner.kind} is none of {', '.join(_REPLICATED)}" if owner else "it has no controller"
    return Outcome(
        verdict=BLOCKED, reason="unreplicated", duration=FOR_EVER, object=named(pod), why=by,
        remedy=f"let its owner say that it may go: {SAFE}: true",
    )  # fmt: skip


def _system(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    if pod.metadata.namespace != "kube-system" or scene.around.budgets.guarding(pod):
        return None
    created = pod.metadata.creation_timestamp
    if created:
        seconds = duration_of(scene.options.bsp_disruption_timeout, "options.bsp_disruption_timeout")
        if scene.now > moment(created, "creationTimestamp") + timedelta(seconds=seconds):
            return Outcome(verdict=EVICT)
    return Outcome(
        verdict=BLOCKED, reason="system", duration=NOW if created else FOR_EVER, object=named(pod),
        why="a pod of kube-system without a disruption budget", remedy="give it a disruption budget that allows one",
    )  # fmt: skip


def not_safe(pod: Pod, scene: object) -> Outcome | None:
    """A pod whose owner says that it must not be evicted."""
    if pod.metadata.annotations.get(SAFE) != "false":
        return None
    return Outcome(
        verdict=BLOCKED, reason="not-safe-to-evict", duration=FOR_EVER, object=named(pod),
        why=f"its owner forbids it: {SAFE}: false", remedy="ask its owner when it may be moved",
    )  # fmt: skip


def _local_storage(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    allowed = pod.metadata.annotations.get(SAFE_VOLUMES, "").split(",")
    for volume in pod.spec.volumes:
        on_disk = volume.empty_dir is not None and volume.empty_dir.get("medium") != "Memory"
        if (on_disk or volume.host_path is not None) and volume.name not in allowed:
            return Outcome(
                verdict=BLOCKED, reason="local-data", duration=FOR_EVER, object=named(pod),
                why=f"its volume {volume.name} is on the node's disk",
                remedy=f"let its owner list the volume: {SAFE_VOLUMES}: {volume.name}",
            )  # fmt: skip
    return None


def _budget(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    for each in scene.around.budgets.guarding(pod):
        if each.status.disruptions_allowed < 1:
            ever = never_allows(each, scene.around.members(each), scene.around.scales)
            return Outcome(
                verdict=BLOCKED, reason="pdb", duration=FOR_EVER if ever else NOW, object=named(each),
                why="it allows no disruption now",
                remedy="let the budget allow one disruption" if ever else "wait until its pods are healthy",
            )  # fmt: skip
    return None


def _rules(options: Options) -> Sequence[Rule[Options]]:
    skipped = {
        "replica-count": not options.skip_nodes_with_custom_controller_pods,
        "system": not options.skip_nodes_with_system_pods,
        "local-storage": not options.skip_nodes_with_local_storage,
    }
    return [rule for rule in RULES if not skipped.get(rule.name, False)]


def _settle(pods: Sequence[Pod], scene: Scene[Options]) -> Mapping[Key, Outcome]:
    """No rule objects: the autoscaler takes that for "can be moved"."""
    return {}


RULES: tuple[Rule[Options], ...] = (
    Rule(
        name="mirror", source=_PREVENT, decide=_mirror,
        says="mirror pods are left alone", example=f"annotation {MIRROR} -> ignore",
    ),
    Rule(
        name="long-terminating", source=_GRACEFUL, decide=_long_terminating,
        says="a pod that is still there 30 s after its deletion time and grace period is taken for gone",
        example="grace 30 s, deletion time 61 s ago -> ignore",
    ),
    Rule(
        name="replica-count", source=_FLAGS, decide=_replica_count,
        says="with --skip-nodes-with-custom-controller-pods, the controller has to exist and, if it is a ReplicaSet or "
        "ReplicationController, to want --min-replica-count pods",
        example="its ReplicaSet is gone -> blocked, orphan",
    ),
    Rule(
        name="daemonset", source=_DAEMONSETS, decide=_of_daemonset,
        says=f"pods of a DaemonSet, or with the annotation {DAEMONSET_POD}, keep no node",
        example="owner DaemonSet fluentd -> evict",
    ),
    Rule(
        name="safe-to-evict", source=_PREVENT, decide=_safe,
        says=f"with the annotation {SAFE}: true no further rule is asked", example="a bare pod with it -> evict",
    ),
    Rule(
        name="terminal", source=_PREVENT, decide=_terminal,
        says="pods that have failed, or succeeded and are not restarted, keep no node", example="Failed -> evict",
    ),
    Rule(
        name="on-completion", source=_COMPLETION, decide=on_completion,
        says=f"with the annotation {SAFE}: on-completion the autoscaler waits for the pod's end", example="-> wait",
    ),
    Rule(
        name="replicated", source=_PREVENT, decide=_replicated,
        says="pods without a controller keep the node; with --skip-nodes-with-custom-controller-pods so do pods of "
        "controllers other than ReplicationController, Job, ReplicaSet and StatefulSet",
        example="kubectl run -> blocked",
    ),
    Rule(
        name="system", source=_SYSTEM, decide=_system,
        says="pods of kube-system without a disruption budget keep the node until they are older than the timeout, "
        "with --skip-nodes-with-system-pods; after it no further rule is asked",
        example="coredns, 5 minutes old -> blocked",
    ),
    Rule(
        name="not-safe-to-evict", source=_PREVENT, decide=not_safe,
        says=f"the annotation {SAFE}: false keeps the node", example="-> blocked",
    ),
    Rule(
        name="local-storage", source=_PREVENT, decide=_local_storage,
        says="pods with a hostPath or an emptyDir that is not in memory keep the node, unless every such volume is in "
        f"the annotation {SAFE_VOLUMES} (with commas and no spaces), with --skip-nodes-with-local-storage",
        example="emptyDir scratch -> blocked",
    ),
    Rule(
        name="budget", source=_DISRUPTION, decide=_budget,
        says="a pod under any disruption budget that allows no disruption keeps the node",
        example="disruptionsAllowed: 0 -> blocked, pdb",
    ),
)  # fmt: skip

PROFILE: Profile[Options] = Profile(
    name="cluster-autoscaler", options=Options, all_rules=RULES, rules=_rules, settle=_settle
)
