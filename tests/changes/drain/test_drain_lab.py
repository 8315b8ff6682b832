"""Evictions and drains against a real API server, a real disruption controller and the kubectl of the same release.

The first plane has no controllers, so that budgets keep whatever status a case gives them. ``OAKUM_DRAIN_CASES`` is how
many nodes kubectl drains.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.changes.drain.lab import evicted, random_budget, random_pod, read, spaces
from tests.changes.drain.makings import Json, budget
from tests.changes.drain.twin import Twin
from tests.lab.build import programs
from tests.lab.control_plane import ControlPlane
from tests.lab.fixtures import need

from oakum.changes.budgets import ask, recomputed
from oakum.changes.drain import departures, explain
from oakum.fleet.cluster.objects import DisruptionBudget

#: kubectl drains so many nodes at a time.
EVICTIONS, NODES = 240, 12
BATCHES = -(-int(os.environ.get("OAKUM_DRAIN_CASES", str(NODES))) // NODES)


def test_evictions_are_answered_as_the_api_server_answers_them(still_plane: ControlPlane) -> None:
    dice = random.Random(20260131)
    names = spaces(still_plane, "evict", 12)
    for number in range(EVICTIONS):
        given = random_pod(dice, f"p{number}", names[number % len(names)], "n1")
        dying = dice.random() < 0.1
        if dying:
            given["metadata"]["finalizers"] = ["example.org/hold"]
        still_plane.apply([given])
        if dying:
            still_plane.request("DELETE", still_plane.client.path(given))
    for number, space in enumerate(names):
        # Some namespaces have no budget at all, and some have pods under three.
        still_plane.apply(random_budget(dice, f"b{each}", space) for each in range(number % 5))
    around = read(still_plane)
    differences, codes = [], []
    for one in around.on("n1"):
        space, name = one.metadata.namespace, one.metadata.name
        got, said = ask(one, around.budgets.guarding(one)), evicted(still_plane, space, name)
        codes.append(said)
        if got.code != said:
            differences.append((space, name, got, said))
    assert not differences
    assert len(codes) == EVICTIONS
    # The cases are worth something only if every answer is among them, more than once.
    assert {code: codes.count(code) >= 5 for code in (201, 429, 500)} == {201: True, 429: True, 500: True}


# The disruption controller


def replica_set(name: str, space: str, replicas: int) -> Json:
    """A ReplicaSet whose pods the lab makes."""
    labels = {"set": name}
    template: Json = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "c:1"}]}}
    template["spec"]["nodeName"] = "drained"
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name, "namespace": space}, "spec": spec}


def make_ready(plane: ControlPlane, space: str, ready: Callable[[], bool]) -> None:
    """What a kubelet would report of every pod that has no status yet."""
    for one in plane.request("GET", f"/api/v1/namespaces/{space}/pods")["items"]:
        if not any(each["type"] == "Ready" for each in one["status"].get("conditions", [])):
            status = {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready())}]}
            path = f"/api/v1/namespaces/{space}/pods/{one['metadata']['name']}/status"
            plane.request("PATCH", path, {"status": status}, "application/merge-patch+json")


def settled(plane: ControlPlane, space: str, pods: int) -> Callable[[], bool]:
    """Whether all pods are there and every budget's status is what we compute, by the controller's own word."""

    def holds() -> bool:
        around = read(plane)
        here = [one for one in around.pods if one.metadata.namespace == space and not one.metadata.deletion_timestamp]
        if len(here) != pods:
            return False
        budgets = [
            one
            for one in around.snapshot.of(DisruptionBudget, "PodDisruptionBudget")
            if one.metadata.namespace == space
        ]
        return all(
            recomputed(one, around.members(one), around.scales).disruptions_allowed == one.status.disruptions_allowed
            and one.status.observed_generation == one.metadata.generation
            for one in budgets
        )

    return holds


WANTED: list[Json] = [
    {"minAvailable": 2}, {"minAvailable": 0}, {"minAvailable": 9}, {"minAvailable": "50%"}, {"minAvailable": "1%"},
    {"minAvailable": "100%"}, {"maxUnavailable": 1}, {"maxUnavailable": 0}, {"maxUnavailable": "34%"},
    {"maxUnavailable": "50%"}, {"maxUnavailable": "100%"}, {"maxUnavailable": 2},
]  # fmt: skip


def test_statuses_are_computed_as_the_controller_computes_them(control_plane: ControlPlane, namespace: str) -> None:
    dice = random.Random(7)
    sizes = [dice.randint(1, 7) for _ in WANTED]
    control_plane.apply(replica_set(f"s{at}", namespace, size) for at, size in enumerate(sizes))
    control_plane.wait_until(settled(control_plane, namespace, sum(sizes)), "all pods are made")
    make_ready(control_plane, namespace, lambda: dice.random() < 0.8)
    made = [
        budget(f"b{at}", namespace=namespace, selector={"matchLabels": {"set": f"s{at}"}}, **wanted)
        for at, wanted in enumerate(WANTED)
    ]
    for each in made:
        each["metadata"].pop("generation")
        each.pop("status")
    control_plane.apply(made)

    def equal() -> bool:
        around = read(control_plane)
        budgets = [
            one for one in around.snapshot.of(DisruptionBudget, "PodDisruptionBudget")
            if one.metadata.namespace == namespace
        ]  # fmt: skip
        return len(budgets) == len(WANTED) and all(
            recomputed(one, around.members(one), around.scales) == one.status for one in budgets
        )

    control_plane.wait_until(equal, "every status is what we compute", seconds=30)
    around = read(control_plane)
    twin = Twin(around, namespace)
    for one in around.snapshot.of(DisruptionBudget, "PodDisruptionBudget"):
        if one.metadata.namespace == namespace:
            said = one.status
            written = (said.disruptions_allowed, said.current_healthy, said.desired_healthy, said.expected_pods)
            assert twin.counted(one.metadata.name) == written, one.spec


def test_a_drain_goes_in_the_rounds_that_were_foretold(control_plane: ControlPlane, namespace: str) -> None:
    """Evictions that are real: what is foretold to leave leaves, round by round, and what is foretold to stay stays."""
    plans: list[tuple[int, Json | None]] = [
        (3, {"maxUnavailable": 1}), (4, {"minAvailable": "50%"}), (2, {"minAvailable": 2}), (2, None),
    ]  # fmt: skip
    total = sum(size for size, _ in plans)
    control_plane.apply(replica_set(f"s{at}", namespace, size) for at, (size, _) in enumerate(plans))
    control_plane.wait_until(settled(control_plane, namespace, total), "all pods are made")
    make_ready(control_plane, namespace, lambda: True)
    made = [
        budget(f"b{at}", namespace=namespace, selector={"matchLabels": {"set": f"s{at}"}}, **wanted)
        for at, (_, wanted) in enumerate(plans)
        if wanted is not None
    ]
    for each in made:
        each["metadata"].pop("generation")
        each.pop("status")
    control_plane.apply(made)
    control_plane.wait_until(settled(control_plane, namespace, total), "the budgets are computed")
    around = read(control_plane)
    leaving = [one for one in around.on("drained") if one.metadata.namespace == namespace]
    played = departures(leaving, around.selected, around.budgets, around.scales)
    assert [len(each) for each in played.rounds] == [1 + 2 + 2, 1 + 2, 1]
    assert {one.pod.metadata.labels["set"] for one in played.stuck} == {"s2"}
    for number, leaves in enumerate(played.rounds):
        asked = {one.metadata.name: evicted(control_plane, namespace, one.metadata.name, dry=False) for one in leaves}
        assert set(asked.values()) == {201}, (number, asked)
        for one in leaves:  # there is no kubelet that would confirm the end
            path = f"/api/v1/namespaces/{namespace}/pods/{one.metadata.name}"
            control_plane.request("DELETE", path, {"gracePeriodSeconds": 0})
        control_plane.wait_until(settled(control_plane, namespace, total), "they are replaced")
        make_ready(control_plane, namespace, lambda: True)
        control_plane.wait_until(settled(control_plane, namespace, total), "the replacements count")
    assert {evicted(control_plane, namespace, one.pod.metadata.name) for one in played.stuck} == {429}


# kubectl

FATAL = {
    "DaemonSet-managed Pods": "daemonset",
    "Pods with local storage": "local-data",
    "Pods that declare no controller": "unreplicated",
    "daemonsets.apps": "orphan",
}
FLAGS = {
    "force": "--force",
    "ignore_daemonsets": "--ignore-daemonsets",
    "delete_emptydir_data": "--delete-emptydir-data",
}


@pytest.fixture(scope="module")
def kubectl(still_plane: ControlPlane) -> str:
    """The kubectl of the API server's release: its filters have no version of their own."""
    need("kubectl")
    return str(programs("kubectl")["kubectl"])


def pod_for_kubectl(dice: random.Random, name: str, space: str, node: str) -> Json:
    """A pod with anything that the filters of kubectl look at; most of them pass."""
    owner: Json | None = None
    kind = dice.choice(["ReplicaSet"] * 6 + ["DaemonSet", "DaemonSet", "gone", "none", "none"])
    if kind == "ReplicaSet":
        owner = {"apiVersion": "apps/v1", "kind": kind, "name": "rs", "uid": "1", "controller": True}
    elif kind != "none":
        which = "agent" if kind == "DaemonSet" else "gone"
        owner = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": which, "uid": "2", "controller": True}
    given = random_pod(dice, name, space, node, owner)
    if dice.random() < 0.1:
        given["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    if dice.random() < 0.15:
        given["spec"]["volumes"] = [{"name": "scratch", "emptyDir": {}}]
    return given


def daemon_set(space: str) -> Json:
    """The DaemonSet ``agent``."""
    labels = {"daemon": "agent"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "c:1"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    meta = {"name": "agent", "namespace": space}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta, "spec": spec}


def start_drain(kubectl: str, plane: ControlPlane, node: str, options: dict[str, Any]) -> subprocess.Popen[str]:
    """kubectl drain --dry-run=server; a refused eviction is tried again after 5 s, which ends it."""
    flags = [flag for name, flag in FLAGS.items() if options.get(name)]
    words = [kubectl, f"--kubeconfig={plane.admin}", "drain", node, "--dry-run=server", "--timeout=4s", *flags]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def judged(out: str, errors: str) -> dict[str, str]:
    """What kubectl said of each pod: a fatal filter's reason, or the fate of its eviction; nothing of ignored ones."""
    found: dict[str, str] = {}
    for message, names in re.findall(r"cannot delete ([^\n\[\]]*?): ((?:[\w-]+/[\w-]+(?:, )?)+)", errors):
        reason = next(word for start, word in FATAL.items() if start in message)
        found |= dict.fromkeys(re.findall(r"[\w-]+/[\w-]+", names), reason)
    if found:
        return found
    found = dict.fromkeys(re.findall(r"^evicting pod (\S+) \(server dry run\)", out, re.MULTILINE), "evict")
    for name, space, why in re.findall(r'error when evicting pods/"([\w-]+)" -n "([\w-]+)"([^\n]*)', errors):
        if "more than one PodDisruptionBudget" in why:
            found[f"{space}/{name}"] = "multiple-pdb"
        elif "violate the pod's disruption budget" in why:
            found[f"{space}/{name}"] = "pdb"
    return found


@pytest.mark.parametrize("batch", range(BATCHES))
def test_kubectl_drains_as_foretold(kubectl: str, still_plane: ControlPlane, batch: int) -> None:
    dice = random.Random(11 + batch)
    names = spaces(still_plane, f"kubectl-{batch}", 4)
    nodes = [f"k{batch}-{number}" for number in range(NODES)]
    still_plane.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}} for name in nodes)
    still_plane.apply(daemon_set(space) for space in names)
    for number in range(NODES * 10):
        node = nodes[number % NODES]
        still_plane.apply([pod_for_kubectl(dice, f"k{number}", dice.choice(names), node)])
    for space in names:
        # For a changed budget the server asks to come again in 10 s, ten times over: no kubectl is that quick to end.
        still_plane.apply(random_budget(dice, f"b{each}", space, (1,)) for each in range(3))
    around = read(still_plane)
    options = [
        {"force": at % 3 > 0, "ignore_daemonsets": at % 4 > 0, "delete_emptydir_data": at % 3 > 0}
        for at in range(NODES)
    ]
    running = [start_drain(kubectl, still_plane, *each) for each in zip(nodes, options, strict=True)]
    deadline, reasons = time.monotonic() + 60, set()
    for node, given_options, process in zip(nodes, options, running, strict=True):
        try:
            out, errors = process.communicate(timeout=max(1, deadline - time.monotonic()))
        finally:
            process.kill()
        pods = explain(around, [node], profile="kubectl", options=given_options).pods
        ours = {
            f"{one.pod.metadata.namespace}/{one.pod.metadata.name}": one.outcome.reason or one.outcome.verdict
            for one in pods
            if one.outcome.verdict != "ignore"
        }
        stopped = {name: reason for name, reason in ours.items() if reason in FATAL.values()}
        # A fatal filter ends the drain before any eviction: nothing is said of the other pods.
        assert judged(out, errors) == (stopped or ours), (node, given_options, errors)
        reasons |= set(ours.values())
    assert reasons <= {"evict", "pdb", "multiple-pdb", *FATAL.values()}
    assert batch > 0 or len(reasons) == 3 + len(FATAL), "the cases show every fate"
