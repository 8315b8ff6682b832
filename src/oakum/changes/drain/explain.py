"""Judges every pod of some nodes by one profile, and says what the answer rests on that nobody has told.

Each question is answered for the objects that are there. Where a kind that the answer depends on was not listed, or an
object of it could not be read, that is a gap beside the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from oakum.changes.drain import autoscaler, cluster_api, kubectl, own
from oakum.changes.drain.model import EVICT, Judged, Opt, Outcome, Profile, Scene
from oakum.changes.drain.surroundings import CONTROLLERS, Key, Surroundings
from oakum.errors import InputError, NotAssessableError, Place
from oakum.fleet.assets import Gap
from oakum.fleet.cluster.dump import unlisted
from oakum.fleet.cluster.objects import Pod

#: Every profile by its name.
PROFILES: dict[str, Profile[Any]] = {
    each.name: each for each in (own.PROFILE, kubectl.PROFILE, autoscaler.PROFILE, cluster_api.PROFILE)
}
_UNKNOWN = "the dump holds none and does not say that they were listed"
_BUDGET_VERSIONS = ("policy/v1", "policy/v1beta1")


class Explained(msgspec.Struct, frozen=True):
    """Every pod of the nodes, by namespace and name, the volumes still attached to them, and what is not known."""

    pods: tuple[Judged, ...]
    volumes: tuple[tuple[str, str], ...]
    gaps: tuple[Gap, ...]


def explain(
    around: Surroundings,
    nodes: Sequence[str],
    *,
    profile: str = "oakum",
    options: Mapping[str, object] | None = None,
    now: datetime | None = None,
) -> Explained:
    """What a profile does with the pods of some nodes.

    Raises InputError for an unknown node or option, NotAssessableError for a profile or an API version that is unknown.
    """
    chosen = PROFILES.get(profile)
    if chosen is None:
        what = f"not assessable: the profile {profile[:40]!r} is unknown"
        raise NotAssessableError(what, place=Place(field="profile"), remedy=f"profiles: {', '.join(PROFILES)}")
    _check_versions(around)
    given = _options(chosen, options or {})
    judged: list[Judged] = []
    for name in dict.fromkeys(nodes):
        _check_node(around, name)
        judged += _judge(chosen, Scene(around, name, given, now))
    judged.sort(key=lambda one: (one.pod.metadata.namespace, one.pod.metadata.name))
    volumes = tuple((node, volume) for node in dict.fromkeys(nodes) for volume in around.storage.attached_to(node))
    return Explained(tuple(judged), volumes, tuple(_gaps(around, nodes, chosen.name, judged)))


def _judge(profile: Profile[Opt], scene: Scene[Opt]) -> list[Judged]:
    rules = profile.rules(scene.options)
    judged: list[Judged] = []
    leaving: list[Pod] = []
    for pod in scene.around.on(scene.node_name):
        for rule in rules:
            outcome = rule.decide(pod, scene)
            if outcome is not None:
                judged.append(Judged(pod, outcome, rule.name, rule.source))
                break
        else:
            leaving.append(pod)
    settled: Mapping[Key, Outcome] = profile.settle(leaving, scene) if leaving else {}
    for pod in leaving:
        outcome = settled.get((pod.metadata.namespace, pod.metadata.name), Outcome(verdict=EVICT))
        last = profile.last if outcome.verdict != EVICT else None
        judged.append(Judged(pod, outcome, last.name, last.source) if last else Judged(pod, outcome))
    return judged


def _options(profile: Profile[Opt], given: Mapping[str, object]) -> Opt:
    try:
        return msgspec.convert(dict(given), profile.options)
    except msgspec.ValidationError as error:
        names = ", ".join(profile.options.__struct_fields__)
        what = f"no options of {profile.name}: {error}"
        raise InputError(what, place=Place(field="options"), remedy=f"options: {names}") from None


def _check_node(around: Surroundings, name: str) -> None:
    """A node without pods may be right; one that a full list of nodes does not have is a slip of the pen."""
    if "Node" in around.snapshot.listed and around.node(name) is None and not around.on(name):
        raise InputError(f"there is no node {name[:80]!r}", place=Place(field="nodes"), remedy="give a node's name")


def _check_versions(around: Surroundings) -> None:
    for version in around.budget_versions:
        if version not in _BUDGET_VERSIONS:
            what = f"not assessable: PodDisruptionBudget {version[:40]} is unknown"
            raise NotAssessableError(what, remedy=f"give it in {_BUDGET_VERSIONS[0]}")


def _gaps(around: Surroundings, nodes: Sequence[str], profile: str, judged: Sequence[Judged]) -> list[Gap]:
    needed = ["Pod", "PodDisruptionBudget"]
    if profile == cluster_api.PROFILE.name:
        needed.append("Namespace")
    owners = (one.pod.metadata.controller for one in judged)
    kinds = {owner.kind for owner in owners if owner is not None}
    needed += [kind for kind in CONTROLLERS if kind in kinds and (kind == "DaemonSet" or profile != "kubectl")]
    listed = around.snapshot.listed
    told = [gap for gap in around.snapshot.gaps if gap.what.partition(" ")[0] in needed]
    missing = [unlisted(kind, _UNKNOWN) for kind in needed if kind not in listed]
    gaps = {gap.what: gap for gap in (*told, *missing)}
    if profile == own.PROFILE.name:
        unknown = next((one.pod for one in judged if not around.storage.knows(one.pod)), None)
        if unknown is not None:
            what = "PersistentVolume and PersistentVolumeClaim objects"
            why = f"those of pod {unknown.metadata.namespace}/{unknown.metadata.name} are not in the dump"
            gaps[what] = Gap("unread-objects", what, why, "add the output of: kubectl get pv,pvc -A -o json")
    if profile == cluster_api.PROFILE.name:
        for node in dict.fromkeys(nodes):
            if around.machines.of(node) is None and any(rule.spec.machines for rule in around.machines.rules):
                what = f"Machine objects of node {node}"
                why = "MachineDrainRules select machines, and none in the dump is this node's"
                remedy = "add the output of: kubectl get machines,clusters -A -o json"
                gaps[what] = Gap("unread-objects", what, why, remedy)
    return list(gaps.values())
