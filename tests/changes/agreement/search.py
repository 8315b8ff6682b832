"""A search for a safe order, one change of one machine at a time, by the rules as people would tell them.

It is slow and knows no waves, groups or batches: it tries orders until one keeps every rule before, while and after
each step, or all are tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
from tests.changes.agreement.cases import NEEDED, REMOVED, Case
from tests.changes.verify.worlds import NOW

from oakum.changes.budgets import is_finished, is_ready, is_terminating
from oakum.changes.drain import explain
from oakum.changes.intents.catalogue import KINDS, wanted
from oakum.changes.intents.model import Intent
from oakum.changes.plans import Change
from oakum.changes.skew import Instance, State, check, parse_release
from oakum.changes.state import Cluster, Machine
from oakum.fleet.cluster.objects import Node, Pod
from oakum.policy.openings import Opening
from oakum.policy.scopes import Target

#: Longer than the short windows of the cases, shorter than their nights.
NEEDS = timedelta(hours=2)
KUBERNETES = ("kube-apiserver", "kubelet")


class Move(msgspec.Struct, frozen=True, eq=False):
    """What one intent changes on one machine."""

    intent: Intent
    machine: Machine
    changes: tuple[Change, ...]

    @property
    def targets(self) -> Iterator[Target]:
        for change in self.changes:
            yield self.machine.target(change.kind, change.reversibility)


def moves(case: Case) -> list[Move] | None:
    """All that is wanted; None where a target of an intent cannot be had at all."""
    found: list[Move] = []
    for intent in case.intents:
        asked = wanted(intent, case.state)
        if asked.obstacles:
            return None
        found += [Move(intent, case.state.by_id[id_], changes) for id_, changes in asked.changes.items()]
    return found


def safe_order(case: Case, several: list[Move]) -> list[Move] | None:
    """An order of all moves that keeps every rule, or None."""
    if not all(_possible(case, move) for move in several):
        return None
    if _illegal(case, several, frozenset()) - _illegal(case, [], frozenset()):
        return None
    tried: set[frozenset[int]] = set()

    def search(done: frozenset[int]) -> list[int] | None:
        if len(done) == len(several):
            return []
        tried.add(done)
        for number, move in enumerate(several):
            after = done | {number}
            if number in done or after in tried or not _may_begin(several, move, done):
                continue
            if _skips(case, several, move, done) or _illegal(case, several, after) & _touched(several, after):
                continue
            if _illegal(case, several, after) - _illegal(case, several, frozenset()):
                continue
            rest = search(after)
            if rest is not None:
                return [number, *rest]
        return None

    found = search(frozenset())
    return None if found is None else [several[number] for number in found]


def _possible(case: Case, move: Move) -> bool:
    """What does not depend on the order: nobody is impaired by what is done, and what is done is whole again."""
    machine, policy = move.machine, case.policy
    if machine.healthy is not True or machine.cordoned or machine.owner or _others_act(case, machine):
        return False
    for target in move.targets:
        if policy.protections_for(target):
            return False
        if not isinstance(case.calendar.next_opening(target, NOW, NEEDS), Opening):
            return False
    return (
        _knows_kubelets(case, move)
        and all(_has_room(case, move, change) for change in move.changes)
        and _keeps_quorum(case, move)
        and (not any(change.drain for change in move.changes) or _drains(case, move))
    )


def _others_act(case: Case, machine: Machine) -> bool:
    """Whether the autoscaler removes the node, or kured waits to restart it and nobody keeps it away."""
    snapshot = case.state.clusters_by_name[machine.cluster].around.snapshot
    (one,) = [each for each in snapshot.of(Node, "Node") if each.metadata.name == machine.name]
    if any(taint.key == REMOVED for taint in one.spec.taints):
        return True
    return NEEDED in one.metadata.annotations and "kured" not in machine.kept_away


def _knows_kubelets(case: Case, move: Move) -> bool:
    """Whether an API server meets no kubelet of which nobody knows whether they may stand beside each other."""
    machines = case.state.by_cluster[move.machine.cluster]
    moves_server = any(change.component == "kube-apiserver" for change in move.changes)
    return not moves_server or all("kubelet" in one.software for one in machines)


def _has_room(case: Case, move: Move, change: Change) -> bool:
    """The budget of one change, with all that are out of service counted."""

    def budget_of(one: Machine) -> str:
        return case.policy.budget_for(one.target(change.kind, change.reversibility)).name

    budget = case.policy.budget_for(move.machine.target(change.kind, change.reversibility))
    counted = [
        one
        for one in case.state.by_cluster[move.machine.cluster]
        if budget_of(one) == budget.name and (budget.per == "cluster" or one.pool == move.machine.pool)
    ]
    out = [one for one in counted if one.id != move.machine.id and (one.healthy is not True or one.cordoned)]
    domains = {one.labels.get(budget.domain_label, "") for one in (*out, move.machine)}
    if len(out) + 1 > budget.nodes(len(counted)) or (out and len(domains) > budget.max_domains):
        return False
    planes = [one for one in case.state.by_cluster[move.machine.cluster] if one.role == "control-plane"]
    return move.machine.role != "control-plane" or not any(
        one.id != move.machine.id and (one.healthy is not True or one.cordoned) for one in planes
    )


def _keeps_quorum(case: Case, move: Move) -> bool:
    etcd = _cluster(case, move).etcd
    if not any(change.reboot or change.kind == "etcd" for change in move.changes):
        return True
    if all(member.machine != move.machine.id for member in etcd if not member.learner):
        return True
    voters = [member for member in etcd if not member.learner]
    others = sum(member.healthy is True for member in voters if member.machine != move.machine.id)
    return len(voters) == len(etcd) and others >= len(voters) // 2 + 1


def _drains(case: Case, move: Move) -> bool:
    """Whether all that has to leave can leave, and has somewhere to go."""
    cluster, machine = _cluster(case, move), move.machine
    drain = case.policy.drain_for(next(move.targets))
    options = {"delete_emptydir_data": drain.local_data == "evict"}
    leaving: list[Pod] = []
    for judged in explain(cluster.around, [machine.name], options=options, now=NOW).pods:
        outcome, grace = judged.outcome, judged.pod.spec.termination_grace_period_seconds or 30
        if outcome.verdict == "ignore":
            continue
        lone = outcome.reason == "unreplicated" and drain.unreplicated == "evict"
        if outcome.verdict == "blocked" and outcome.duration == "for-ever" and not lone:
            return False
        if grace > drain.max_grace:
            return False
        if outcome.verdict != "wait":
            leaving.append(judged.pod)
    made_again = [pod for pod in leaving if pod.metadata.controller is not None and not is_finished(pod)]
    others = [
        one
        for one in case.state.by_cluster[machine.cluster]
        if one.id != machine.id and one.healthy is True and not one.cordoned
    ]
    return (not made_again or bool(others)) and not _last_backends(cluster, leaving)


def _last_backends(cluster: Cluster, leaving: list[Pod]) -> bool:
    names = {(pod.metadata.namespace, pod.metadata.name) for pod in leaving}
    for hook in cluster.webhooks if leaving else ():
        ready = {
            (pod.metadata.namespace, pod.metadata.name)
            for pod in cluster.around.pods
            if f"{pod.metadata.namespace}/{pod.metadata.name}" in hook.pods
            and is_ready(pod) and not is_terminating(pod) and not is_finished(pod)
        }  # fmt: skip
        if ready <= names:
            return True
    return False


def _cluster(case: Case, move: Move) -> Cluster:
    return case.state.clusters_by_name[move.machine.cluster]


def _may_begin(several: list[Move], move: Move, done: frozenset[int]) -> bool:
    """Whether all is done that has to be over in the cluster before: intents that it is after, lower ranks."""
    after = {each.intent.name: set(each.intent.after) for each in several}

    def follows(one: str, other: str) -> bool:
        return other in after[one] or any(follows(each, other) for each in after[one] if each in after)

    for number, other in enumerate(several):
        if number in done or other.intent.name == move.intent.name:
            continue
        mine, its = move.intent.name, other.intent.name
        if follows(mine, its):
            return False
        lower = KINDS[other.intent.kind].rank < KINDS[move.intent.kind].rank
        pulled = any(
            follows(name, mine) and (name == its or _rank(several, name) < KINDS[other.intent.kind].rank)
            for name in after
        )
        if lower and not pulled:
            return False
    return True


def _rank(several: list[Move], name: str) -> int:
    return next(KINDS[each.intent.kind].rank for each in several if each.intent.name == name)


def _versions(case: Case, several: list[Move], done: frozenset[int]) -> dict[tuple[str, str], str]:
    found = {
        (name, machine.name): machine.software[name].current
        for machine in case.state.machines
        for name in KUBERNETES
        if name in machine.software
    }
    for number in done:
        for change in several[number].changes:
            if change.component in KUBERNETES:
                found[change.component, several[number].machine.name] = change.after
    if not any(name == "kube-apiserver" for name, _ in found):
        found["kube-apiserver", ""] = case.state.clusters[0].around.snapshot.version
    return found


def _illegal(case: Case, several: list[Move], done: frozenset[int]) -> set[tuple[str, tuple[str, str]]]:
    """The rules of version skew that a state breaks, each with the part that breaks it."""
    versions = _versions(case, several, done)
    state = State(tuple(Instance(name, at, parse_release(text), at) for (name, at), text in versions.items()))
    return {(each.rule.id, each.instance.key) for each in check(state) if each.instance is not None}


def _touched(several: list[Move], done: frozenset[int]) -> set[tuple[str, tuple[str, str]]]:
    """All rules about what has been moved: what was wrong before may not stay wrong where it is moved."""
    rules = ("kubelet/newer", "kubelet/older", "kube-apiserver/ha-skew")
    moved = {(change.component, several[number].machine.name) for number in done for change in several[number].changes}
    return {(rule, key) for rule in rules for key in moved}


def _skips(case: Case, several: list[Move], move: Move, done: frozenset[int]) -> bool:
    """Whether an API server would skip a minor version."""
    for change in move.changes:
        if change.component == "kube-apiserver":
            before = _versions(case, several, done)[change.component, move.machine.name]
            if parse_release(change.after).minor > parse_release(before).minor + 1:
                return True
    return False
