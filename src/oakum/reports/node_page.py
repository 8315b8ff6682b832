"""What each actor would do with one node now, and why: the marks that it bears, and its pods by everybody's rules.

The answer for a person who stands before a node that nobody dares to touch. Everything in it is what ``oakum drain
explain``, ``oakum skew check`` and the marks of ``oakum.actors.marks`` say of this node, side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from oakum.actors.marks import Said, cordoned_by, said_of
from oakum.actors.shields import Shield, against
from oakum.changes.drain import Judged, Surroundings, explain
from oakum.changes.skew import State, check
from oakum.errors import InputError, NotAssessableError, Place
from oakum.fleet.assets import Gap
from oakum.fleet.cluster.objects import Node, Pod

#: What people usually give kubectl drain.
USUAL = {"ignore_daemonsets": True, "delete_emptydir_data": True}
_DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The node itself.

    ``cordoned_by`` is "" where it takes pods, and "somebody" where nothing says whose the cordon is. ``skew`` are the
    rules of the version skew policy that its kubelet or kube-proxy breaks.
    """

    name: str
    kubelet: str
    ready: str
    cordoned_by: str
    taints: tuple[str, ...]
    pods: int
    skew: tuple[str, ...]


class Drained(msgspec.Struct, frozen=True, kw_only=True):
    """A drain by somebody's rules: how many pods by verdict, and those that stop it or that it waits for.

    ``outcome`` is stopped, possible, possible-as-far-as-known (the dump lacks what could stop it) or unknown.
    """

    actor: str
    options: dict[str, object]
    outcome: str
    counts: dict[str, int]
    held: tuple[Judged, ...]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The whole page.

    ``shields`` is how the actors of the ``marks`` are kept away. ``guarded`` are pods that Karpenter may not disrupt;
    ``gaps`` what the dump does not tell.
    """

    node: Facts
    marks: tuple[Said, ...]
    shields: tuple[Shield, ...]
    drains: tuple[Drained, ...]
    guarded: tuple[str, ...]
    gaps: tuple[Gap, ...]


def page_of(around: Surroundings, name: str, skew: State, gaps: Sequence[Gap], now: datetime | None) -> Page:
    """The page of a node. Raises InputError where there is no such node."""
    node = around.node(name)
    if node is None:
        names = sorted(one.metadata.name for one in around.snapshot.of(Node, "Node"))
        shown = f"{', '.join(names[:5])}{' and more' if len(names) > 5 else ''}" if names else "none"
        raise InputError(f"there is no node {name[:80]!r} in it", place=Place(field="NODE"), remedy=f"nodes: {shown}")
    marks = said_of(node)
    broken, unknown = _skew(name, skew)
    drains, told = [], {gap.what: gap for gap in (*gaps, *unknown)}
    for profile, options in _profiles(node, marks, around):
        found = explain(around, [name], profile=profile, options=options, now=now)
        held = (one for one in found.pods if one.outcome.verdict in ("error", "blocked", "wait"))
        counts = Counter(one.outcome.verdict for one in found.pods)
        outcome = _outcome(counts, known=not found.gaps)
        drains.append(
            Drained(actor=profile, options=dict(options), outcome=outcome, counts=dict(counts), held=tuple(held))
        )
        told |= {gap.what: gap for gap in found.gaps}
    return Page(
        node=_facts(node, len(around.on(name)), broken), marks=marks, shields=against(marks, node),
        drains=tuple(drains),
        guarded=tuple(_guarded(around.on(name))) if any(one.actor == "karpenter" for one in marks) else (),
        gaps=tuple(told.values()),
    )  # fmt: skip


def _outcome(counts: Mapping[str, int], *, known: bool) -> str:
    if counts.get("blocked") or counts.get("error"):
        return "stopped"
    if known:
        return "possible"
    return "possible-as-far-as-known" if counts else "unknown"


def _profiles(node: Node, marks: Iterable[Said], around: Surroundings) -> Iterable[tuple[str, Mapping[str, object]]]:
    """Whose drains are worth telling: Cluster API's only where it knows the node."""
    yield "oakum", {}
    yield "kubectl", {}
    yield "kubectl", USUAL
    yield "cluster-autoscaler", {}
    if any(one.actor == "cluster-api" for one in marks) or around.machines.of(node.metadata.name) is not None:
        yield "cluster-api", {}


def _skew(node: str, state: State) -> tuple[tuple[str, ...], tuple[Gap, ...]]:
    """The rules that the kubelet or kube-proxy of a node breaks, or why nobody can tell."""
    try:
        broken = [each for each in check(state) if each.instance is not None and each.instance.node == node]
    except NotAssessableError as error:
        return (), (Gap("unread-objects", "version skew", error.what, "add the pods of kube-system to the dump"),)
    return tuple(f"{each.component} {each.rule.id}: {each.why}" for each in broken), ()


def _facts(node: Node, pods: int, skew: tuple[str, ...]) -> Facts:
    ready = {each.type: each.status for each in node.status.conditions}.get("Ready")
    return Facts(
        name=node.metadata.name, kubelet=node.status.node_info.kubelet_version, pods=pods,
        ready={"True": "ready", "False": "not ready", "Unknown": "not heard of"}.get(ready or "", "readiness unknown"),
        cordoned_by=cordoned_by(node), taints=tuple(f"{each.key}:{each.effect}" for each in node.spec.taints),
        skew=skew,
    )  # fmt: skip


def _guarded(pods: Iterable[Pod]) -> Iterable[str]:
    for pod in pods:
        value = pod.metadata.annotations.get(_DO_NOT_DISRUPT)
        if value and value != "false":
            yield f"{pod.metadata.namespace}/{pod.metadata.name} ({_DO_NOT_DISRUPT}={value})"
