"""kubectl drain, row by row from its public documentation.

REFERENCE: kubernetes.io/docs/reference/kubectl/generated/kubectl_drain (text and flags). DRAIN: kubernetes.io/docs/
tasks/administer-cluster/safely-drain-node. EVICTION: kubernetes.io/docs/concepts/scheduling-eviction/api-eviction.
PDB: kubernetes.io/docs/tasks/run-application/configure-pdb. STATIC: .../docs/tasks/configure-pod-container/static-pod.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.drain.makings import (
    WEB,
    Json,
    ago,
    budget,
    check,
    controller,
    drain,
    namespace,
    owned,
    pod,
    verdicts,
)

from oakum.errors import InputError

RS = owned()
DS = owned("DaemonSet", "agent")
AGENT = controller("DaemonSet", "agent")
SCRATCH = [{"name": "scratch", "emptyDir": {}}]
MIRROR = {"kubernetes.io/config.mirror": "abc"}

Row = tuple[str, str, list[Json], dict[str, Any], str]
ROWS: list[Row] = [
    ("a pod of a ReplicaSet", "REFERENCE", [pod(owner=RS)], {}, "evict"),
    ("a pod of a Job", "REFERENCE", [pod(owner=owned("Job", "batch"))], {}, "evict"),
    ("a pod of a StatefulSet", "REFERENCE", [pod(owner=owned("StatefulSet", "db"))], {}, "evict"),
    ("a pod of a ReplicationController", "REFERENCE", [pod(owner=owned("ReplicationController", "rc"))], {}, "evict"),
    ("a pod of a custom controller", "REFERENCE", [pod(owner=owned("Rollout", "r"))], {}, "evict"),
    ("a pod of a controller that is gone", "REFERENCE", [pod(owner=RS)], {}, "evict"),
    ("a bare pod", "REFERENCE --force", [pod()], {}, "blocked unreplicated for-ever"),
    ("a bare pod, forced", "REFERENCE --force", [pod()], {"force": True}, "evict"),
    ("an owner that is no controller", "REFERENCE", [pod(owner={**RS, "controller": False})], {},
     "blocked unreplicated for-ever"),
    ("a finished bare pod", "REFERENCE", [pod(phase="Succeeded")], {}, "evict"),
    ("a failed bare pod", "REFERENCE", [pod(phase="Failed")], {}, "evict"),
    ("a pending bare pod", "REFERENCE", [pod(phase="Pending")], {}, "blocked unreplicated for-ever"),
    ("a DaemonSet's pod", "REFERENCE --ignore-daemonsets", [pod(owner=DS), AGENT], {}, "blocked daemonset for-ever"),
    ("forced, too", "REFERENCE", [pod(owner=DS), AGENT], {"force": True}, "blocked daemonset for-ever"),
    ("ignoring DaemonSets", "REFERENCE", [pod(owner=DS), AGENT], {"ignore_daemonsets": True}, "ignore daemonset"),
    ("its DaemonSet is gone", "REFERENCE", [pod(owner=DS)], {}, "blocked orphan for-ever"),
    ("gone, ignoring DaemonSets", "REFERENCE", [pod(owner=DS)], {"ignore_daemonsets": True}, "blocked orphan for-ever"),
    ("gone, forced", "REFERENCE --force: also managed by a DaemonSet that is missing", [pod(owner=DS)],
     {"force": True}, "evict"),
    ("the DaemonSet of that name is in another namespace", "REFERENCE",
     [pod(owner=DS), controller("DaemonSet", "agent", namespace="other")], {}, "blocked orphan for-ever"),
    ("a finished pod of a DaemonSet", "REFERENCE", [pod(owner=DS, phase="Failed"), AGENT], {}, "evict"),
    ("a DaemonSet of another API group", "REFERENCE", [pod(owner=owned("DaemonSet", "agent", "apps.kruise.io/v1"))],
     {}, "evict"),
    ("a mirror pod", "STATIC", [pod(annotations=MIRROR)], {}, "ignore mirror"),
    ("a mirror pod is no bare pod", "STATIC", [pod(annotations=MIRROR, volumes=SCRATCH)], {}, "ignore mirror"),
    ("an emptyDir", "REFERENCE --delete-emptydir-data", [pod(owner=RS, volumes=SCRATCH)], {},
     "blocked local-data for-ever"),
    ("an emptyDir in memory", "REFERENCE", [pod(owner=RS, volumes=[{"name": "m", "emptyDir": {"medium": "Memory"}}])],
     {}, "blocked local-data for-ever"),
    ("an emptyDir that may go", "REFERENCE", [pod(owner=RS, volumes=SCRATCH)], {"delete_emptydir_data": True}, "evict"),
    ("an emptyDir, forced", "REFERENCE", [pod(owner=RS, volumes=SCRATCH)], {"force": True},
     "blocked local-data for-ever"),
    ("an emptyDir of a finished pod", "REFERENCE", [pod(phase="Succeeded", volumes=SCRATCH)], {}, "evict"),
    ("a hostPath", "REFERENCE", [pod(owner=RS, volumes=[{"name": "h", "hostPath": {"path": "/var"}}])], {}, "evict"),
    ("a DaemonSet's emptyDir", "REFERENCE", [pod(owner=DS, volumes=SCRATCH), AGENT], {"ignore_daemonsets": True},
     "ignore daemonset"),
    ("terminating for long", "REFERENCE --skip-wait-for-delete-timeout", [pod(deleted=61)],
     {"skip_wait_for_delete_timeout": 60}, "ignore terminating"),
    ("not terminating", "REFERENCE", [pod(owner=RS)], {"skip_wait_for_delete_timeout": 60}, "evict"),
    ("terminating for exactly so long", "REFERENCE", [pod(owner=RS, deleted=60)],
     {"skip_wait_for_delete_timeout": 60}, "evict"),
    ("terminating without the flag", "REFERENCE", [pod(owner=RS, deleted=9_999)], {}, "evict"),
    ("its deletion time is yet to come", "REFERENCE", [pod(owner=RS, deleted=-30)],
     {"skip_wait_for_delete_timeout": 1}, "evict"),
    ("selected", "REFERENCE --pod-selector", [pod(owner=RS, **WEB)], {"pod_selector": "app in (web, api)"}, "evict"),
    ("not selected", "REFERENCE --pod-selector", [pod(**WEB)], {"pod_selector": "app!=web"}, "ignore not-selected"),
    ("selected by a label that is there", "REFERENCE --pod-selector", [pod(owner=RS, **WEB)], {"pod_selector": "app"},
     "evict"),
    ("not selected by a label that is not there", "REFERENCE --pod-selector", [pod(owner=RS, **WEB)],
     {"pod_selector": "legacy"}, "ignore not-selected"),
    ("selected by a label that must not be there", "REFERENCE --pod-selector", [pod(owner=RS, **WEB)],
     {"pod_selector": "!legacy"}, "evict"),
    ("not selected, for a label is there", "REFERENCE --pod-selector", [pod(owner=RS, **WEB)],
     {"pod_selector": "!app"}, "ignore not-selected"),
    ("selected by another value", "REFERENCE --pod-selector", [pod(owner=RS, **WEB)],
     {"pod_selector": "app notin (db, api),app==web"}, "evict"),
    ("not selected by a set", "REFERENCE --pod-selector", [pod(owner=RS, **WEB)], {"pod_selector": "app notin (web)"},
     "ignore not-selected"),
    ("not selected by one of two requirements", "REFERENCE --pod-selector", [pod(owner=RS, **WEB)],
     {"pod_selector": "app=web,tier=front"}, "ignore not-selected"),
    ("a budget that allows one", "EVICTION", [pod(owner=RS, **WEB), budget(allowed=1, desired=2)], {}, "evict"),
    ("a budget that allows none now", "EVICTION 429", [pod(owner=RS, **WEB), controller(), budget(healthy=2)], {},
     "blocked pdb now"),
    ("a budget that never allows one", "PDB: maxUnavailable of 0 means zero voluntary evictions",
     [pod(owner=RS, **WEB), controller(), budget(maxUnavailable=0)], {}, "blocked pdb for-ever"),
    ("two budgets", "EVICTION 500", [pod(owner=RS, **WEB), budget("a", 1), budget("b", 1)], {},
     "blocked multiple-pdb for-ever"),
    ("two budgets, deleting", "REFERENCE --disable-eviction", [pod(owner=RS, **WEB), budget("a"), budget("b")],
     {"disable_eviction": True}, "evict"),
    ("a budget of another namespace", "PDB", [pod(owner=RS, **WEB), budget(namespace="other")], {}, "evict"),
    ("force is not against budgets", "REFERENCE", [pod(**WEB), budget(healthy=2, minAvailable=1)], {"force": True},
     "blocked pdb for-ever"),
    ("an unready pod of a healthy application", "PDB IfHealthyBudget",
     [pod(owner=RS, ready=False, **WEB), budget(healthy=3)], {}, "evict"),
    ("an unready pod of a sick application", "PDB IfHealthyBudget",
     [pod(owner=RS, ready=False, **WEB), controller(), budget(healthy=1)], {}, "blocked pdb now"),
    ("an unready pod that may always go", "PDB AlwaysAllow",
     [pod(owner=RS, ready=False, **WEB), budget(healthy=1, policy="AlwaysAllow")], {}, "evict"),
    ("a ready pod under AlwaysAllow", "PDB AlwaysAllow",
     [pod(owner=RS, **WEB), controller(), budget(healthy=2, policy="AlwaysAllow")], {}, "blocked pdb now"),
    ("a pending pod", "EVICTION", [pod(owner=RS, phase="Pending", **WEB), budget()], {}, "evict"),
    ("a finished pod", "EVICTION", [pod(owner=RS, phase="Succeeded", **WEB), budget("a"), budget("b")], {}, "evict"),
    ("a terminating pod", "EVICTION", [pod(owner=RS, deleted=1, **WEB), budget()], {}, "evict"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "objects", "options", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_of_the_documentation(
    name: str, source: str, objects: list[Json], options: dict[str, Any], expected: str
) -> None:
    check("kubectl", objects, options, expected)


def test_each_pod_is_judged_for_itself() -> None:
    objects = [pod("one", RS, **WEB), pod("two", RS, **WEB), pod("bare"), budget(allowed=1, desired=2), namespace()]
    found = verdicts("kubectl", *objects)
    # One disruption is allowed now: the API server says yes to either, asked for it alone.
    assert found == {"one": ("evict",), "two": ("evict",), "bare": ("blocked", "unreplicated", "for-ever")}


def test_only_pods_of_the_node_are_told() -> None:
    objects = [pod("here", RS), pod("there", RS, node="n2"), pod("nowhere", RS, node="")]
    assert set(verdicts("kubectl", *objects)) == {"here"}
    assert set(verdicts("kubectl", *objects, nodes=["n2", "n1", "n2"])) == {"here", "there"}


def test_the_object_to_mend() -> None:
    (one,) = drain("kubectl", pod(owner=RS, **WEB), controller(), budget(maxUnavailable=0)).pods
    assert one.outcome.object == "PodDisruptionBudget/shop/pdb"
    (two,) = drain("kubectl", pod(owner=DS), AGENT).pods
    assert two.outcome.object == "DaemonSet/shop/agent"


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("", True), ("a", True), ("!a", False), ("a=b", True), ("a==b,c!=d", True), ("a in (b,c),d notin (e)", True),
        ("a in (c),d notin (e)", False), ("x.io/a=1, b", False), ("a in ()", False), ("a=", False),
        ("aa," * 3333 + "a", False),
    ],
)  # fmt: skip
def test_selectors_as_kubectl_takes_them(selector: str, selected: bool) -> None:
    (one,) = drain("kubectl", pod(owner=RS, labels={"a": "b"}), pod_selector=selector).pods
    assert (one.outcome.reason != "not-selected") is selected


@pytest.mark.parametrize(
    "selector", ["(", "a=b=c", "a in b", "a,,b", "a in (b", "=a", "a b", ",", "a" * 20_000, "aa," * 3333 + "aa"]
)
def test_a_selector_that_is_none(selector: str) -> None:
    with pytest.raises(InputError, match="is no label selector"):
        verdicts("kubectl", pod(), pod_selector=selector)


def test_the_time_is_asked_for_only_where_it_matters() -> None:
    from tests.changes.drain.makings import surroundings

    from oakum.changes.drain import explain

    around = surroundings([pod(owner=RS, deleted=5)])
    assert explain(around, ["n1"], profile="kubectl").pods
    with pytest.raises(InputError, match="now: the field is missing"):
        explain(around, ["n1"], profile="kubectl", options={"skip_wait_for_delete_timeout": 1})
    assert ago(0) == "2026-01-31T06:00:00Z"
