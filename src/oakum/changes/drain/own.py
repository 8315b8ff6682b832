"""Oakum's own drain, the strictest: nothing is forced, no data is lost without consent, no owner's word is passed over.

A pod leaves only by an eviction that its budgets allow, and the evictions of the whole node are played forward before
the first (``departures``): ``order`` is the round in which a pod goes, each round after the replacements of the one
before are up. What never leaves that way is blocked for ever and names the object to mend; what waits for something is
blocked for now.

Sources: the annotations and labels of the cluster autoscaler and of Cluster API are taken as what an owner wants, since
they are documented and in use; the rest is kubernetes.io/docs/tasks/administer-cluster/safely-drain-node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from oakum.changes.budgets import is_finished, is_terminating
from oakum.changes.drain import eviction
from oakum.changes.drain.autoscaler import SAFE, SAFE_VOLUMES, not_safe, on_completion
from oakum.changes.drain.cluster_api import drain_label
from oakum.changes.drain.departures import departures
from oakum.changes.drain.kubectl import mirror
from oakum.changes.drain.model import BLOCKED, EVICT, FOR_EVER, IGNORE, WAIT, Outcome, Profile, Rule, Scene, named
from oakum.changes.drain.surroundings import CONTROLLERS, Key
from oakum.fleet.cluster.objects import Object, OwnerReference, Pod

_DRAIN = "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"
_STATIC = "https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/"
_LIFECYCLE = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination"
_OWNERS = "https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/"
_DAEMONSET = "https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/"
_EMPTY = "https://kubernetes.io/docs/concepts/storage/volumes/#emptydir"
_LOCAL = "https://kubernetes.io/docs/concepts/storage/volumes/#local"
_FAQ = "https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md"
_CAPI = "https://cluster-api.sigs.k8s.io/tasks/automated-machine-management/machine_deletions#node-drain"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``delete_emptydir_data``: somebody has accepted that the data in emptyDirs is deleted."""

    delete_emptydir_data: bool = False


def _terminating(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    if not is_terminating(pod):
        return None
    why = "it is being deleted already; the node is drained when it is gone"
    return Outcome(verdict=WAIT, reason="terminating", object=named(pod), why=why)


def _finished(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    return Outcome(verdict=EVICT, order=1) if is_finished(pod) else None


def _of_daemonset(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    owner = pod.metadata.controller
    if owner is None or owner.kind != "DaemonSet" or not _exists(pod, owner, scene.around.owner(pod, owner)):
        return None
    name = f"DaemonSet/{pod.metadata.namespace}/{owner.name}"
    return Outcome(verdict=IGNORE, reason="daemonset", object=name, why="its DaemonSet would put it back at once")


def _unmanaged(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    if pod.metadata.controller is not None:
        return None
    return Outcome(
        verdict=BLOCKED, reason="unreplicated", duration=FOR_EVER, object=named(pod),
        why="no controller would make it again", remedy="let a Deployment or a Job run it, or let its owner delete it",
    )  # fmt: skip


def _orphan(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    owner = pod.metadata.controller
    if owner is None or owner.kind not in CONTROLLERS or _exists(pod, owner, scene.around.owner(pod, owner)):
        return None
    if owner.api_version.rpartition("/")[0] != CONTROLLERS[owner.kind]:
        return None  # a custom kind of the same name, which no dump shows
    return Outcome(
        verdict=BLOCKED, reason="orphan", duration=FOR_EVER, object=named(pod),
        why=f"its controller {owner.kind}/{pod.metadata.namespace}/{owner.name} is gone: nothing would make it again",
        remedy="let its owner delete it if nobody needs it",
    )  # fmt: skip


def _exists(pod: Pod, owner: OwnerReference, found: Object | None) -> bool:
    """Another object under the controller's name is not the controller: uids tell."""
    return found is not None and (not owner.uid or not found.metadata.uid or owner.uid == found.metadata.uid)


def _local_data(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    notes = pod.metadata.annotations
    if notes.get(SAFE) != "true":
        allowed = notes.get(SAFE_VOLUMES, "").split(",")
        for volume in pod.spec.volumes:
            lost = volume.empty_dir is not None and not scene.options.delete_emptydir_data
            if (lost or volume.host_path is not None) and volume.name not in allowed:
                kind = "emptyDir" if volume.host_path is None else "hostPath"
                return Outcome(
                    verdict=BLOCKED, reason="local-data", duration=FOR_EVER, object=named(pod),
                    why=f"its data in the {kind} {volume.name} does not go with it",
                    remedy=f"let its owner say that the data may be lost: {SAFE_VOLUMES}: {volume.name}",
                )  # fmt: skip
    volume_name = scene.around.storage.local_volume(pod)
    if not volume_name:
        return None
    return Outcome(
        verdict=BLOCKED, reason="local-data", duration=FOR_EVER, object=f"PersistentVolume/{volume_name}",
        why="the volume is on this node alone, and the pod can run nowhere else",
        remedy="patch the node in place, or let the owner move the data first",
    )  # fmt: skip


def _settle(pods: Sequence[Pod], scene: Scene[Options]) -> Mapping[Key, Outcome]:
    around = scene.around
    played = departures(pods, around.selected, around.budgets, around.scales)
    found = {_key(one.pod): eviction.refused(one.pod, one.answer, one.for_ever, scene) for one in played.stuck}
    for order, leaving in enumerate(played.rounds, 1):
        for pod in leaving:
            why = "" if order == 1 else f"when the pods before it are replaced (round {order})"
            found[_key(pod)] = Outcome(verdict=EVICT, order=order, why=why)
    return found


def _key(pod: Pod) -> Key:
    return pod.metadata.namespace, pod.metadata.name


RULES: tuple[Rule[Options], ...] = (
    Rule(
        name="mirror", source=_STATIC, decide=mirror,
        says="static pods stay: they stop and start with the node", example="mirror pod -> ignore",
    ),
    Rule(
        name="terminating", source=_LIFECYCLE, decide=_terminating,
        says="a pod that is being deleted has to be gone before the node is drained", example="finalizer -> wait",
    ),
    Rule(
        name="finished", source=_LIFECYCLE, decide=_finished,
        says="a finished pod disrupts nothing", example="phase Succeeded -> evict",
    ),
    Rule(
        name="daemonset", source=_DAEMONSET, decide=_of_daemonset,
        says="pods of a DaemonSet that exists stay", example="owner DaemonSet fluentd -> ignore",
    ),
    Rule(
        name="drain-label", source=_CAPI, decide=drain_label,
        says="an owner may say by the label cluster.x-k8s.io/drain: skip, or wait-completed",
        example="wait-completed -> wait",
    ),
    Rule(
        name="on-completion", source=_FAQ, decide=on_completion,
        says=f"an owner may want the pod to run to its end: {SAFE}: on-completion", example="-> wait",
    ),
    Rule(
        name="not-safe-to-evict", source=_FAQ, decide=not_safe,
        says=f"an owner may forbid an eviction: {SAFE}: false", example="-> blocked for ever",
    ),
    Rule(
        name="unreplicated", source=_DRAIN, decide=_unmanaged,
        says="a pod without a controller would be lost", example="kubectl run -> blocked for ever",
    ),
    Rule(
        name="orphan", source=_OWNERS, decide=_orphan,
        says="a pod whose controller is gone, or is another object of that name, would be lost",
        example="its DaemonSet was deleted with --cascade=orphan -> blocked for ever",
    ),
    Rule(
        name="local-data", source=_EMPTY, decide=_local_data,
        says="data in an emptyDir or a hostPath, or in a persistent volume that only this node has, does not move; an "
        f"owner may give consent with {SAFE}: true or {SAFE_VOLUMES} (not for the persistent volume, {_LOCAL})",
        example="emptyDir scratch -> blocked for ever",
    ),
)  # fmt: skip

PROFILE: Profile[Options] = Profile(
    name="oakum",
    options=Options,
    all_rules=RULES,
    rules=lambda _: RULES,
    settle=_settle,
    last=eviction.rule(),
)
