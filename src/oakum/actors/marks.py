"""What the marks on a node say of other actors: who acts on it now, who means to, and who is kept away.

Tools that act on nodes leave labels, annotations and taints there, and obey some that people set. Each rule here is one
such mark from the documentation of the tool that reads or writes it. A mark is evidence of an intention at the time
when the node was read, not of the tool being there still. An actor that leaves no marks is not told of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from oakum.fleet.cluster.objects import Node

#: acts: it is doing so now. means-to: it will, when its time comes. kept-away: it leaves the node alone.
Stance = Literal["acts", "means-to", "kept-away"]

_FAQ = "https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md"
_KARPENTER = "https://karpenter.sh/docs/concepts/disruption/"
_KURED = "https://kured.dev/docs/operation/"
_MCO = "https://github.com/openshift/machine-config-operator/blob/main/docs/MachineConfigDaemon.md"
_CAPI = "https://cluster-api.sigs.k8s.io/reference/api/labels-and-annotations"
_TAINTS = "https://kubernetes.io/docs/reference/labels-annotations-taints/"
_FLUO = "https://github.com/flatcar/flatcar-linux-update-operator"
_NHC = "https://github.com/medik8s/node-healthcheck-operator/blob/main/docs/overview.md"
_SUC = "https://github.com/rancher/system-upgrade-controller"
_NTH = "https://github.com/aws/aws-node-termination-handler"
_MACHINE = "machineconfiguration.openshift.io"
_FLATCAR = "flatcar-linux-update.v1.flatcar-linux.net"
#: Owners of a cordon that leave a mark of their own beside it.
_PLAN = "plan.upgrade.cattle.io/"


class Told(msgspec.Struct, frozen=True):
    """A mark as it was found: the field of the node and the key without which it would say nothing; and in words."""

    on: Literal["annotation", "label", "taint"]
    key: str
    text: str


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a mark says: the ``actor``, its ``stance``, ``why`` for people, the ``mark`` itself, and its ``source``.

    ``unasked`` says that the actor does so of its own will; else it waits for somebody to change its objects. ``found``
    is where the mark stands.
    """

    actor: str
    stance: Stance
    why: str
    mark: str
    source: str
    unasked: bool
    found: Told


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: the actor, what its mark says, where that is written, and how it is seen on a node.

    ``example`` is such a mark in words: annotation KEY=VALUE, label KEY=VALUE or taint KEY:EFFECT, several with commas
    between them, and ``cordoned`` where the node has to be.
    """

    actor: str
    stance: Stance
    says: str
    source: str
    look: Callable[[Node], Iterable[Told]]
    example: str
    unasked: bool = True


def said_of(node: Node) -> tuple[Said, ...]:
    """What the marks of a node say, in the order of the rules; those who act now come first."""
    found = [
        Said(
            actor=each.actor, stance=each.stance, why=each.says, mark=told.text, source=each.source,
            unasked=each.unasked, found=told,
        )
        for each in MARKS
        for told in each.look(node)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.stance != "acts"))


def cordoned_by(node: Node) -> str:
    """Who has cordoned a node: the actor whose mark stands beside the cordon, "somebody", or "" where it is open."""
    if not node.spec.unschedulable:
        return ""
    owners = (one.actor for one in said_of(node) if one.stance == "acts" and one.actor not in _NEVER_CORDON)
    return next(owners, "somebody")


def _annotated(*keys: str, value: str = "", cordoned: bool | None = None) -> Callable[[Node], Iterator[Told]]:
    """Annotations of any of the keys; with ``value`` only where they are that, with ``cordoned`` only on such nodes."""

    def look(node: Node) -> Iterator[Told]:
        for key in keys:
            found = node.metadata.annotations.get(key)
            fits = cordoned in (None, node.spec.unschedulable)
            if found is not None and fits and (found == value or not value):
                yield Told("annotation", key, f"annotation {key}={found}")

    return look


def _tainted(*keys: str, effect: str = "") -> Callable[[Node], Iterator[Told]]:
    def look(node: Node) -> Iterator[Told]:
        for taint in node.spec.taints:
            if (taint.key in keys or taint.key.startswith(_prefixes(keys))) and effect in ("", taint.effect):
                yield Told("taint", taint.key, f"taint {taint.key}:{taint.effect}")

    return look


def _prefixes(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(key for key in keys if key.endswith("/"))


def _labelled(prefix: str, *, only: str = "", never: str = "") -> Callable[[Node], Iterator[Told]]:
    """Labels of a key, or below a prefix; with ``only`` those of that value, with ``never`` those of any other."""

    def look(node: Node) -> Iterator[Told]:
        for key, value in sorted(node.metadata.labels.items()):
            fits = only in ("", value) and value != (never or None)
            if fits and (key == prefix or (prefix.endswith("/") and key.startswith(prefix))):
                yield Told("label", key, f"label {key}={value}")

    return look


def _configured(*, moving: bool) -> Callable[[Node], Iterator[Told]]:
    """Whether a node of a pool is on its way to another configuration, or is where it should be."""

    def look(node: Node) -> Iterator[Told]:
        notes = node.metadata.annotations
        current, desired = notes.get(f"{_MACHINE}/currentConfig"), notes.get(f"{_MACHINE}/desiredConfig")
        state = notes.get(f"{_MACHINE}/state", "")
        if not current or not desired:
            return
        if (current != desired or state not in ("Done", "")) == moving:
            text = f"annotation {_MACHINE}/state={state or '(none)'}, {current} -> {desired}"
            yield Told("annotation", f"{_MACHINE}/desiredConfig", text)

    return look


def _drained_by_pool(node: Node) -> Iterator[Told]:
    wanted, done = (node.metadata.annotations.get(f"{_MACHINE}/{key}") for key in ("desiredDrain", "lastAppliedDrain"))
    if wanted and wanted != done and wanted.startswith("drain"):
        key = f"{_MACHINE}/desiredDrain"
        yield Told("annotation", key, f"annotation {key}={wanted}")


#: These set taints and leave the scheduling switch of a node alone.
_NEVER_CORDON = frozenset({"node lifecycle controller", "cluster-autoscaler", "karpenter", "cloud controller"})

MARKS: tuple[Mark, ...] = (
    Mark(
        actor="oakum", stance="acts", source="https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/",
        says="a run of Oakum has taken the node, and gives it back when it is done", look=_annotated("oakum.dev/claim"),
        example="annotation oakum.dev/claim=run-1",
    ),
    Mark(
        actor="node lifecycle controller", stance="acts", source=f"{_TAINTS}#node-kubernetes-io-not-ready",
        says="the node does not report ready: pods leave it when their tolerationSeconds are over (300 s by default)",
        look=_tainted("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable", effect="NoExecute"),
        example="taint node.kubernetes.io/unreachable:NoExecute",
    ),
    Mark(
        actor="node lifecycle controller", stance="acts", source=f"{_TAINTS}#node-kubernetes-io-out-of-service",
        says="somebody has declared the node dead: its pods are deleted by force, and their volumes detached",
        look=_tainted("node.kubernetes.io/out-of-service"),
        example="taint node.kubernetes.io/out-of-service:NoExecute",
    ),
    Mark(
        actor="cloud controller", stance="acts", source=f"{_TAINTS}#node-cloudprovider-kubernetes-io-shutdown",
        says="the provider says that the machine is shut down",
        look=_tainted("node.cloudprovider.kubernetes.io/shutdown"),
        example="taint node.cloudprovider.kubernetes.io/shutdown:NoSchedule",
    ),
    Mark(
        actor="cluster-autoscaler", stance="acts", source=f"{_FAQ}#how-does-scale-down-work",
        says="it is removing the node now", look=_tainted("ToBeDeletedByClusterAutoscaler"),
        example="taint ToBeDeletedByClusterAutoscaler:NoSchedule",
    ),
    Mark(
        actor="cluster-autoscaler", stance="means-to", source=f"{_FAQ}#how-does-scale-down-work",
        says="it holds the node for unneeded, and removes it when it has been so for long enough",
        look=_tainted("DeletionCandidateOfClusterAutoscaler"),
        example="taint DeletionCandidateOfClusterAutoscaler:PreferNoSchedule",
    ),
    Mark(
        actor="cluster-autoscaler", stance="kept-away",
        source=f"{_FAQ}#how-can-i-prevent-cluster-autoscaler-from-scaling-down-a-particular-node",
        says="it never removes the node as long as this stands",
        look=_annotated("cluster-autoscaler.kubernetes.io/scale-down-disabled", value="true"),
        example="annotation cluster-autoscaler.kubernetes.io/scale-down-disabled=true",
    ),
    Mark(
        actor="karpenter", stance="acts", source=f"{_KARPENTER}#disruption-controller",
        says="it is disrupting the node now, and deletes it when its pods are gone",
        look=_tainted("karpenter.sh/disrupted", "karpenter.sh/disruption"),
        example="taint karpenter.sh/disrupted:NoSchedule",
    ),
    Mark(
        actor="karpenter", stance="kept-away", source=f"{_KARPENTER}#node-level-controls",
        says="it does not disrupt the node of its own will; an expiry, an interruption, a repair or a deletion still "
        "ends it",
        look=_annotated("karpenter.sh/do-not-disrupt", value="true"),
        example="annotation karpenter.sh/do-not-disrupt=true",
    ),
    Mark(
        actor="karpenter", stance="means-to", source=f"{_KARPENTER}#automated-graceful-methods",
        says="it made the node, and replaces or removes it when it drifts, expires, is empty or underused",
        look=_labelled("karpenter.sh/nodepool"),
        example="label karpenter.sh/nodepool=general",
    ),
    Mark(
        actor="kured", stance="acts", source=_KURED,
        says="it has drained the node and is restarting it",
        look=_annotated("weave.works/kured-reboot-in-progress", cordoned=True),
        example="annotation weave.works/kured-reboot-in-progress=2026-01-01T00:00:00Z, cordoned",
    ),
    Mark(
        actor="kured", stance="means-to", source=_KURED,
        says="it has seen that the node wants a restart, and drains and restarts it when it gets its lock",
        look=_annotated("weave.works/kured-reboot-in-progress", cordoned=False),
        example="annotation weave.works/kured-reboot-in-progress=2026-01-01T00:00:00Z",
    ),
    Mark(
        actor="machine-config-operator", stance="acts", source=_MCO,
        says="it drains the node", look=_drained_by_pool,
        example="annotation machineconfiguration.openshift.io/desiredDrain=drain-b, "
        "annotation machineconfiguration.openshift.io/lastAppliedDrain=uncordon-a",
    ),
    Mark(
        actor="machine-config-operator", stance="acts", source=_MCO,
        says="it brings the node to another configuration, with a drain and a restart where that needs one",
        look=_configured(moving=True),
        example="annotation machineconfiguration.openshift.io/currentConfig=a, "
        "annotation machineconfiguration.openshift.io/desiredConfig=b",
    ),
    Mark(
        actor="machine-config-operator", stance="means-to", source=_MCO,
        says="it keeps the node's configuration, and changes it when that of its pool changes", unasked=False,
        look=_configured(moving=False),
        example="annotation machineconfiguration.openshift.io/currentConfig=a, "
        "annotation machineconfiguration.openshift.io/desiredConfig=a",
    ),
    Mark(
        actor="cluster-api", stance="means-to", source=_CAPI,
        says="the node is a Machine's: it is drained and deleted when that Machine is, by people, or by a "
        "MachineHealthCheck where the node is not ready for longer than that allows", unasked=False,
        look=_annotated("cluster.x-k8s.io/machine"),
        example="annotation cluster.x-k8s.io/machine=prod-md-0-x7k2",
    ),
    Mark(
        actor="cluster-api", stance="means-to", source=_CAPI,
        says="the node's Machine is of an outdated revision, and is replaced in the roll-out",
        look=_tainted("node.cluster.x-k8s.io/outdated-revision"),
        example="taint node.cluster.x-k8s.io/outdated-revision:PreferNoSchedule",
    ),
    Mark(
        actor="flatcar-linux-update-operator", stance="acts", source=_FLUO,
        says="it has let the node restart", look=_annotated(f"{_FLATCAR}/reboot-ok", value="true"),
        example="annotation flatcar-linux-update.v1.flatcar-linux.net/reboot-ok=true",
    ),
    Mark(
        actor="flatcar-linux-update-operator", stance="means-to", source=_FLUO,
        says="the node wants a restart", look=_annotated(f"{_FLATCAR}/reboot-needed", value="true"),
        example="annotation flatcar-linux-update.v1.flatcar-linux.net/reboot-needed=true",
    ),
    Mark(
        actor="flatcar-linux-update-operator", stance="kept-away", source=_FLUO,
        says="it does not restart the node as long as this stands",
        look=_annotated(f"{_FLATCAR}/reboot-paused", value="true"),
        example="annotation flatcar-linux-update.v1.flatcar-linux.net/reboot-paused=true",
    ),
    Mark(
        actor="node-healthcheck-operator", stance="kept-away", source=_NHC,
        says="it does not fence or restart the node as long as this stands",
        look=_labelled("remediation.medik8s.io/exclude-from-remediation", only="true"),
        example="label remediation.medik8s.io/exclude-from-remediation=true",
    ),
    Mark(
        actor="system-upgrade-controller", stance="means-to", source=_SUC,
        says="it has carried this plan out here, and does so again when the plan's version, image or channel changes",
        look=_labelled(_PLAN, never="disabled"),
        example="label plan.upgrade.cattle.io/server-plan=0f3a9c",
    ),
    Mark(
        actor="system-upgrade-controller", stance="kept-away", source=_SUC,
        says="it leaves the node out of this plan as long as this stands", look=_labelled(_PLAN, only="disabled"),
        example="label plan.upgrade.cattle.io/server-plan=disabled",
    ),
    Mark(
        actor="aws-node-termination-handler", stance="acts", source=_NTH,
        says="the provider is about to take the machine away or to restart it, and its pods are moved",
        look=_tainted("aws-node-termination-handler/"),
        example="taint aws-node-termination-handler/spot-itn:NoSchedule",
    ),
)  # fmt: skip
