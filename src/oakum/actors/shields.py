"""What keeps other actors away from a node while somebody works on it: the mark that each of them documents.

A mark on the node itself can be set and taken away with the visit. Some actors obey only what stands elsewhere, which
concerns more than one node and is for people to set; against some there is nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from oakum.actors.marks import Said

_FAQ = "https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md"


class Shield(msgspec.Struct, frozen=True, kw_only=True):
    """How one actor is kept away.

    ``on`` says where its mark stands: an annotation or a label of the node, elsewhere, or nowhere. ``key`` and
    ``value`` are those of the node. ``says`` is what it keeps away and what it does not, or what to do elsewhere.
    """

    actor: str
    on: Literal["annotation", "label", "elsewhere", "nowhere"]
    says: str
    source: str
    key: str = ""
    value: str = ""


SHIELDS: dict[str, Shield] = {
    each.actor: each
    for each in (
        Shield(
            actor="cluster-autoscaler", on="annotation",
            key="cluster-autoscaler.kubernetes.io/scale-down-disabled", value="true",
            says="it begins no removal of the node; one that has begun goes on",
            source=f"{_FAQ}#how-can-i-prevent-cluster-autoscaler-from-scaling-down-a-particular-node",
        ),
        Shield(
            actor="karpenter", on="annotation", key="karpenter.sh/do-not-disrupt", value="true",
            says="it does not consolidate or replace the node of its own will; an expiry, an interruption or a "
            "deletion still ends it",
            source="https://karpenter.sh/docs/concepts/disruption/#node-level-controls",
        ),
        Shield(
            actor="node-healthcheck-operator", on="label", key="remediation.medik8s.io/exclude-from-remediation",
            value="true", says="it does not fence or restart the node when it does not report ready",
            source="https://github.com/medik8s/node-healthcheck-operator/blob/main/docs/configuration.md",
        ),
        Shield(
            actor="flatcar-linux-update-operator", on="annotation",
            key="flatcar-linux-update.v1.flatcar-linux.net/reboot-paused", value="true",
            says="it does not restart the node", source="https://github.com/flatcar/flatcar-linux-update-operator",
        ),
        Shield(
            actor="kured", on="elsewhere", source="https://kured.dev/docs/operation/",
            says="hold its lock by hand: annotate its DaemonSet with "
            'weave.works/kured-node-lock={"nodeID":"manual"}, and take that away afterwards; '
            "no node is restarted meanwhile",
        ),
        Shield(
            actor="machine-config-operator", on="elsewhere",
            source="https://github.com/openshift/machine-config-operator/blob/main/docs/MachineConfigDaemon.md",
            says="pause the node's MachineConfigPool (spec.paused: true), and let it go on afterwards; what it manages "
            "is changed by its MachineConfigs, not on the node",
        ),
        Shield(
            actor="cluster-api", on="elsewhere",
            source="https://cluster-api.sigs.k8s.io/tasks/automated-machine-management/healthchecking",
            says="its health checks leave a Machine with the annotation cluster.x-k8s.io/skip-remediation alone, and "
            "it all of a Cluster with spec.paused; a Machine that is replaced takes along what was changed on the node",
        ),
        Shield(
            actor="system-upgrade-controller", on="elsewhere",
            source="https://github.com/rancher/system-upgrade-controller",
            says="change no Plan whose nodeSelector means the node, or let the selector leave it out",
        ),
        Shield(
            actor="aws-node-termination-handler", on="nowhere",
            source="https://github.com/aws/aws-node-termination-handler",
            says="the provider takes the machine away; wait until it is gone",
        ),
        Shield(
            actor="node lifecycle controller", on="nowhere",
            source="https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-not-ready",
            says="make the node ready; pods with tolerationSeconds of their own stay that long",
        ),
        Shield(
            actor="cloud controller", on="nowhere",
            source="https://kubernetes.io/docs/reference/labels-annotations-taints/#node-cloudprovider-kubernetes-io-shutdown",
            says="start the machine, or delete its node",
        ),
    )
}  # fmt: skip


def against(said: Iterable[Said]) -> tuple[Shield, ...]:
    """How the actors of some marks are kept away, each once, but for those that are already, and ourselves."""
    several = list(said)
    away = {each.actor for each in several if each.stance == "kept-away"}
    acting = {each.actor for each in several if each.stance == "acts"}
    actors = dict.fromkeys(each.actor for each in several if each.stance != "kept-away")
    return tuple(SHIELDS[each] for each in actors if each in SHIELDS and (each not in away or each in acting))


#: Actors that leave no mark on the nodes that they act on: their own is set wherever a node is visited.
UNSEEN = ("cluster-autoscaler", "node-healthcheck-operator")
#: These act on a node whose health says so; health has rules of its own.
_BY_HEALTH = frozenset({"node lifecycle controller"})
_OURSELVES = "oakum"


def beside(said: Iterable[Said]) -> tuple[str, ...]:
    """The actors that a visit of a node has to reckon with, in the order of ``SHIELDS``."""
    named = {*UNSEEN, *(each.actor for each in said)}
    return tuple(name for name in SHIELDS if name in named and name not in _BY_HEALTH)


def worn(actors: Iterable[str]) -> tuple[Shield, ...]:
    """The marks that stand on a node against some actors while it is visited."""
    return tuple(each for name in actors if (each := SHIELDS[name]).on in ("annotation", "label"))


def in_the_way(said: Iterable[Said], kept_away: Collection[str] = ()) -> tuple[Said, ...]:
    """Marks of actors that act on the node already, or will of their own accord, and that no mark of ours stops.

    ``kept_away`` are actors that somebody keeps away by what they obey elsewhere; one that acts already does not count
    as such.
    """
    return tuple(each for each in said if _acts(each) or (_will(each) and each.actor not in kept_away))


def _acts(said: Said) -> bool:
    return said.stance == "acts" and said.actor not in (_OURSELVES, *_BY_HEALTH)


def _will(said: Said) -> bool:
    return said.stance == "means-to" and said.unasked and SHIELDS[said.actor].on in ("elsewhere", "nowhere")
