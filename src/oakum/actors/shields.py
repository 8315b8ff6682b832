"""What keeps other actors away from a node while somebody works on it: the mark that each of them documents.

A mark on the node itself can be set and taken away with the visit. Some actors obey only what stands elsewhere, which
concerns more than one node and is for people to set; against some there is nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from oakum.actors.marks import Said
from oakum.fleet.cluster.objects import Node

#: A mark with one key for each plan of its actor ends with a slash; the plan's name comes behind it.
_PLAN = "plan.upgrade.cattle.io/"
_FAQ = "https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md"


class Shield(msgspec.Struct, frozen=True, kw_only=True):
    """How one actor is kept away.

    ``on`` says where its mark stands: an annotation or a label of the node, elsewhere, or nowhere. ``key`` and
    ``value`` are those of the node. ``says`` is what it keeps away and what it does not, or what to do elsewhere.
    ``before`` is what stands at the key of a certain node, to be put back afterwards: "" for nothing.
    """

    actor: str
    on: Literal["annotation", "label", "elsewhere", "nowhere"]
    says: str
    source: str
    key: str = ""
    value: str = ""
    before: str = ""


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
            says="it does not consolidate or replace the node of its own will; an expiry, an interruption, the repair "
            "of a node that is not ready or a deletion still ends it",
            source="https://karpenter.sh/docs/concepts/disruption/#node-level-controls",
        ),
        Shield(
            actor="node-healthcheck-operator", on="label", key="remediation.medik8s.io/exclude-from-remediation",
            value="true", says="it does not fence or restart the node when it does not report ready",
            source="https://github.com/medik8s/node-healthcheck-operator/blob/main/docs/overview.md",
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
            "no node is restarted meanwhile, unless it runs with a --concurrency of its own",
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
            says="annotate the Machine cluster.x-k8s.io/skip-remediation against health checks; against a roll-out set "
            "spec.paused of its Cluster, or wait until the Machine was replaced: what the node has goes with it",
        ),
        Shield(
            actor="system-upgrade-controller", on="label", key=_PLAN, value="disabled",
            source="https://github.com/rancher/system-upgrade-controller",
            says="it leaves the node out of the plan; a job that has begun goes on",
        ),
        Shield(
            actor="aws-node-termination-handler", on="nowhere",
            source="https://github.com/aws/aws-node-termination-handler",
            says="the provider takes the machine away or restarts it; wait until it has",
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


def against(said: Iterable[Said], node: Node) -> tuple[Shield, ...]:
    """How the actors of a node's marks are kept away, each once, but for those that are already, and ourselves."""
    several = list(said)
    away = {(each.actor, each.found.key) for each in several if each.stance == "kept-away"}
    acting = {each.actor for each in several if each.stance == "acts"}
    actors = dict.fromkeys(each.actor for each in several if each.stance != "kept-away")
    shields = [(name, shield) for name in actors if name in SHIELDS for shield in _of(name, several)]
    return tuple(
        msgspec.structs.replace(shield, before=_standing(node, shield))
        for name, shield in shields
        if (name, shield.key) not in away or name in acting
    )


def _standing(node: Node, shield: Shield) -> str:
    fields = {"annotation": node.metadata.annotations, "label": node.metadata.labels}
    return fields.get(shield.on, {}).get(shield.key, "")


#: Actors that leave no mark on the nodes that they act on: their own is set wherever a node is visited.
UNSEEN = ("cluster-autoscaler", "node-healthcheck-operator")
#: Actors that people can keep away from a node by what stands elsewhere only.
BY_PEOPLE = tuple(each.actor for each in SHIELDS.values() if each.on in ("elsewhere", "nowhere"))
#: These act on a node whose health says so; health has rules of its own.
_BY_HEALTH = frozenset({"node lifecycle controller"})
_OURSELVES = "oakum"


def beside(said: Iterable[Said]) -> tuple[Shield, ...]:
    """How the actors are kept away that a visit of a node has to reckon with, in the order of ``SHIELDS``."""
    several = list(said)
    named = {*UNSEEN, *(each.actor for each in several)} - _BY_HEALTH
    return tuple(shield for name in SHIELDS if name in named for shield in _of(name, several))


def _of(name: str, said: Iterable[Said]) -> list[Shield]:
    """The shield against an actor; where it has a key for each of its plans, one for each there, as ACTOR: PLAN."""
    shield = SHIELDS[name]
    if not shield.key.endswith("/"):
        return [shield]
    keys = dict.fromkeys(each.found.key for each in said if each.actor == name)
    return [msgspec.structs.replace(shield, actor=f"{name}: {key.removeprefix(shield.key)}", key=key) for key in keys]


def in_the_way(said: Iterable[Said], kept_away: Collection[str] = ()) -> tuple[Said, ...]:
    """Marks of actors that act on the node already, or will of their own accord, and that no mark of ours stops.

    ``kept_away`` are actors that somebody keeps away by what they obey elsewhere; one that acts already does not count
    as such.
    """
    return tuple(each for each in said if _acts(each) or (_will(each) and each.actor not in kept_away))


def _acts(said: Said) -> bool:
    return said.stance == "acts" and said.actor not in (_OURSELVES, *_BY_HEALTH)


def _will(said: Said) -> bool:
    return said.stance == "means-to" and said.unasked and said.actor in BY_PEOPLE
