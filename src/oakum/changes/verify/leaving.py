"""What each drain disturbs: every pod that leaves, judged anew by its budgets, and the webhooks that it serves.

The drains of a plan are judged as the cluster is now. Later drains find pods elsewhere, which nobody can foretell; but
a budget that refuses for ever refuses wherever its pods are, and a pod that cannot leave does not move before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oakum.changes.budgets import is_finished, is_ready, is_terminating
from oakum.changes.drain import Judged, explain
from oakum.changes.drain.model import BLOCKED, EVICT, FOR_EVER, IGNORE
from oakum.changes.drain.storage import Storage
from oakum.changes.plans import Evictions
from oakum.changes.state import Cluster
from oakum.changes.verify.given import Given, Placed, violation
from oakum.changes.verify.model import Violation
from oakum.errors import OakumError
from oakum.fleet.cluster.objects import Pod

_GRACE = 30
#: So many drains are judged at a time: what is known of 60,000 pods at once only costs memory.
_AT_A_TIME = 100


def leaving(given: Given) -> Iterator[Violation]:
    """Every drain of every cluster."""
    for name, several in given.by_cluster.items():
        drains = [each for each in several if each.drains]
        for each in several:
            if not each.drains and each.step.evictions is not None:
                yield each.broken("evictions", "it tells of evictions, and drains nothing")
        cluster = given.state.clusters_by_name.get(name)
        if not drains:
            continue
        if cluster is None:
            yield violation("not-assessable", "it is drained, and nothing is known of its cluster", object_=name)
            continue
        for scratch in ("block", "evict"):
            chosen = [each for each in drains if each.group.drain.local_data == scratch]
            yield from _judged(given, cluster, chosen, delete=scratch == "evict")


def _judged(given: Given, cluster: Cluster, drains: Sequence[Placed], *, delete: bool) -> Iterator[Violation]:
    options = {"delete_emptydir_data": delete}
    hooks = Hooks(cluster)
    for start in range(0, len(drains), _AT_A_TIME):
        some = drains[start : start + _AT_A_TIME]
        nodes = [each.step.subject.name for each in some]
        try:
            found = explain(cluster.around, nodes, options=options, now=given.state.at)
        except OakumError as error:
            yield violation("not-assessable", error.what, object_=cluster.name)
            continue
        for gap in found.gaps:
            if not gap.what.startswith("PersistentVolume"):
                yield violation("not-assessable", f"{gap.what}: {gap.why}", object_=cluster.name)
        by_node: dict[str, list[Judged]] = {}
        for judged in found.pods:
            by_node.setdefault(judged.pod.spec.node_name, []).append(judged)
        for each in some:
            yield from _drain(each, by_node.get(each.step.subject.name, ()), cluster.around.storage, hooks)


def _drain(each: Placed, pods: Sequence[Judged], storage: Storage, hooks: Hooks) -> Iterator[Violation]:
    leave: list[Judged] = []
    waits: set[str] = set()
    later: list[Pod] = []
    stay = 0
    for judged in pods:
        outcome, pod = judged.outcome, judged.pod
        if outcome.verdict != IGNORE and not storage.knows(pod):
            yield each.broken("not-assessable", f"the volumes of {_name(pod)} are not known", f"Pod/{_name(pod)}")
        lone = outcome.reason == "unreplicated" and each.group.drain.unreplicated == "evict"
        if outcome.verdict == IGNORE:
            stay += 1
        elif outcome.verdict == EVICT or lone:
            leave.append(judged)
        elif outcome.duration == FOR_EVER:
            why = f"{outcome.object or _name(judged.pod)} keeps {_name(judged.pod)} for ever: {outcome.why}"
            yield each.broken("blocked", why, f"Pod/{_name(judged.pod)}")
        else:
            waits.add(_name(judged.pod))
            later += [pod] if outcome.verdict == BLOCKED else []
    yield from hooks.taken(each, [*(judged.pod for judged in leave), *later])
    told = each.step.evictions
    if told is None:
        yield each.broken("evictions", "it drains, and does not say what that disturbs")
        return
    yield from _told(each, told, leave, waits, stay)


def _told(each: Placed, told: Evictions, leave: Sequence[Judged], waits: set[str], stay: int) -> Iterator[Violation]:
    """The plan's figures beside those of the state. A pod that waits leaves in the end, so it may be counted or not."""
    rounds = max((judged.outcome.order or 1 for judged in leave), default=0)
    grace = max((_grace(judged.pod) for judged in leave), default=0)
    if not len(leave) <= told.pods <= len(leave) + len(waits):
        yield each.broken("evictions", f"{told.pods} pods leave, it says; {len(leave)} do, and {len(waits)} wait")
    if told.rounds < rounds:
        yield each.broken("evictions", f"in {told.rounds} rounds, it says; it needs {rounds}")
    if told.stay != stay:
        yield each.broken("evictions", f"{told.stay} pods stay, it says; {stay} do")
    if set(told.waits) != waits:
        other = min(set(told.waits) ^ waits)
        yield each.broken("evictions", f"it is wrong about what has to be waited for: {other}", f"Pod/{other}")
    if told.grace < grace:
        yield each.broken("evictions", f"up to {told.grace} s of grace, it says; a pod has {grace} s")
    if grace > each.group.drain.max_grace:
        why = f"a pod has {grace} s of grace, and the drain gives {each.group.drain.max_grace} s"
        yield each.broken("drain", why)


def _grace(pod: Pod) -> int:
    seconds = pod.spec.termination_grace_period_seconds
    return _GRACE if seconds is None else seconds


def _name(pod: Pod) -> str:
    return f"{pod.metadata.namespace}/{pod.metadata.name}"


class Hooks:
    """The webhooks of a cluster that fail closed, each with the pods that serve it now."""

    def __init__(self, cluster: Cluster) -> None:
        hooks = [hook for hook in cluster.webhooks if hook.fail_closed]
        wanted = {name for hook in hooks for name in hook.pods}
        pods = {_name(pod): pod for pod in cluster.around.pods if _name(pod) in wanted} if hooks else {}
        self._serving = {
            hook.name: {name for name in hook.pods if name in pods and _serves(pods[name])} for hook in hooks
        }

    def taken(self, each: Placed, leave: Sequence[Pod]) -> Iterator[Violation]:
        """Whether a drain takes all backends of a webhook without which no pod is made again, or there is none already.

        Of backends on several nodes the last is never evicted: a run waits until another one is ready.
        """
        names = {_name(pod) for pod in leave}
        for hook, serving in self._serving.items() if leave else ():
            if serving <= names:
                what = f"it takes all {len(serving)} backends of" if serving else "no ready pod serves"
                yield each.broken("webhook", f"{what} {hook}, which fails closed", hook)


def _serves(pod: Pod) -> bool:
    return is_ready(pod) and not is_terminating(pod) and not is_finished(pod)
