"""kubectl drain: its filters in their order, then what the API server would say to the eviction.

Source: kubernetes.io/docs/reference/kubectl/generated/kubectl_drain and .../docs/tasks/administer-cluster/
safely-drain-node. A filter that takes a pod out ends the matter for it; a fatal one stops the whole drain, here the
pod is blocked. Every option is the flag of the same name; those that only say how long to wait change no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from oakum.changes.budgets import is_finished, is_terminating
from oakum.changes.drain import eviction
from oakum.changes.drain.labels import parse_selector
from oakum.changes.drain.model import BLOCKED, FOR_EVER, IGNORE, Opt, Outcome, Profile, Rule, Scene, named
from oakum.changes.drain.surroundings import Key
from oakum.fleet.cluster.objects import Pod
from oakum.fleet.cluster.selecting import selects

MIRROR = "kubernetes.io/config.mirror"
_SOURCE = "https://kubernetes.io/docs/reference/kubectl/generated/kubectl_drain/"
_OPTIONS = f"{_SOURCE}#options"
_STATIC = "https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The flags of kubectl drain that bear on its verdicts; durations are whole seconds."""

    force: bool = False
    ignore_daemonsets: bool = False
    delete_emptydir_data: bool = False
    disable_eviction: bool = False
    pod_selector: str = ""
    grace_period: int = -1
    skip_wait_for_delete_timeout: int = 0


def _not_selected(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    selector = scene.options.pod_selector
    if selects(parse_selector(selector, "options.pod_selector"), pod.metadata.labels):
        return None
    return Outcome(verdict=IGNORE, reason="not-selected", why=f"--pod-selector {selector} does not select it")


def _long_deleted(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    return long_deleted(pod, scene, scene.options.skip_wait_for_delete_timeout)


def long_deleted(pod: Pod, scene: Scene[Opt], timeout: int) -> Outcome | None:
    """Whether a pod has been terminating for longer than ``timeout`` seconds, 0 for never, so that nobody waits."""
    if timeout <= 0 or not is_terminating(pod) or int(scene.since_deletion(pod)) <= timeout:
        return None
    why = f"its deletion time was more than {timeout} s ago"
    return Outcome(verdict=IGNORE, reason="terminating", object=named(pod), why=why)


def _of_daemonset(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    owner = pod.metadata.controller
    if owner is None or (owner.kind, owner.api_version) != ("DaemonSet", "apps/v1") or is_finished(pod):
        return None
    name = f"DaemonSet/{pod.metadata.namespace}/{owner.name}"
    if scene.around.owner(pod, owner) is None:
        if scene.options.force:
            return None
        return Outcome(
            verdict=BLOCKED, reason="orphan", duration=FOR_EVER, object=named(pod),
            why=f"its controller {name} is gone, so that nothing would make it again",
            remedy="delete the pod if nobody needs it",
        )  # fmt: skip
    if scene.options.ignore_daemonsets:
        return Outcome(verdict=IGNORE, reason="daemonset", object=name, why="its DaemonSet would put it back at once")
    return Outcome(
        verdict=BLOCKED, reason="daemonset", duration=FOR_EVER, object=name,
        why="a DaemonSet made it, and would put it back at once", remedy="ignore DaemonSets: --ignore-daemonsets",
    )  # fmt: skip


def mirror(pod: Pod, scene: Scene[Opt]) -> Outcome | None:
    """A mirror pod only shows a static pod of the kubelet, which no API call stops."""
    if MIRROR not in pod.metadata.annotations:
        return None
    return Outcome(verdict=IGNORE, reason="mirror", object=named(pod), why="the kubelet runs it from a file")


def _local_data(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    volume = next((each.name for each in pod.spec.volumes if each.empty_dir is not None), None)
    if volume is None or is_finished(pod) or scene.options.delete_emptydir_data:
        return None
    return Outcome(
        verdict=BLOCKED, reason="local-data", duration=FOR_EVER, object=named(pod),
        why=f"the data in its emptyDir {volume} would be deleted",
        remedy="save the data, or accept its loss: --delete-emptydir-data",
    )  # fmt: skip


def _unmanaged(pod: Pod, scene: Scene[Options]) -> Outcome | None:
    if is_finished(pod) or pod.metadata.controller is not None or scene.options.force:
        return None
    return Outcome(
        verdict=BLOCKED, reason="unreplicated", duration=FOR_EVER, object=named(pod),
        why="no controller would make it again", remedy="let a Deployment or a Job run it, or delete it yourself",
    )  # fmt: skip


def _settle(pods: Sequence[Pod], scene: Scene[Options]) -> Mapping[Key, Outcome]:
    return {} if scene.options.disable_eviction else eviction.settle(pods, scene)


RULES: tuple[Rule[Options], ...] = (
    Rule(
        name="not-selected", source=_OPTIONS, decide=_not_selected,
        says="with --pod-selector, only the pods that it selects are drained", example="pod_selector app=web",
    ),
    Rule(
        name="terminating", source=_OPTIONS, decide=_long_deleted,
        says="a pod whose deletion time is more than --skip-wait-for-delete-timeout seconds ago is not waited for",
        example="deleted 90 s ago, timeout 60 -> ignore",
    ),
    Rule(
        name="daemonset", source=_SOURCE, decide=_of_daemonset,
        says="pods of a DaemonSet stop the drain, with --ignore-daemonsets they are left alone; where the DaemonSet is "
        "gone, --force evicts them",
        example="owner DaemonSet fluentd -> blocked, with ignore_daemonsets ignore",
    ),
    Rule(
        name="mirror", source=_STATIC, decide=mirror,
        says="mirror pods are left alone, since the API server cannot delete static pods",
        example="annotation kubernetes.io/config.mirror -> ignore",
    ),
    Rule(
        name="local-data", source=_OPTIONS, decide=_local_data,
        says="pods with an emptyDir stop the drain, unless --delete-emptydir-data; finished pods do not",
        example="emptyDir scratch -> blocked",
    ),
    Rule(
        name="unreplicated", source=_SOURCE, decide=_unmanaged,
        says="pods without a controller stop the drain, unless --force; finished pods do not",
        example="kubectl run -> blocked",
    ),
)  # fmt: skip

PROFILE: Profile[Options] = Profile(
    name="kubectl",
    options=Options,
    all_rules=RULES,
    rules=lambda _: RULES,
    settle=_settle,
    last=eviction.rule(),
)
