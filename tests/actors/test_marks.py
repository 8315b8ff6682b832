"""The marks of other actors on nodes, each from the documentation that its rule names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.actors.marks import MARKS, Mark, cordoned_by, said_of
from oakum.cli.main import main
from oakum.fleet.cluster.objects import Meta, Node, NodeSpec, Taint

MCO = "machineconfiguration.openshift.io"
FLUO = "flatcar-linux-update.v1.flatcar-linux.net"


def node(*, notes: dict[str, str] | None = None, labels: dict[str, str] | None = None, taints: str = "",
         cordoned: bool = False) -> Node:  # fmt: skip
    parted = (each.split(":") for each in taints.split())
    return Node(
        kind="Node", metadata=Meta(name="n1", annotations=notes or {}, labels=labels or {}),
        spec=NodeSpec(unschedulable=cordoned, taints=tuple(Taint(key=key, effect=effect) for key, effect in parted)),
    )  # fmt: skip


def pool(current: str, desired: str, state: str, **drain: str) -> dict[str, str]:
    return {f"{MCO}/currentConfig": current, f"{MCO}/desiredConfig": desired, f"{MCO}/state": state,
            **{f"{MCO}/{key}": value for key, value in drain.items()}}  # fmt: skip


TABLE = [
    ("nothing", node(), []),
    ("ours", node(notes={"oakum.dev/claim": "run-1"}), ["oakum acts"]),
    ("not ready, seen by the controller", node(taints="node.kubernetes.io/not-ready:NoExecute"),
     ["node lifecycle controller acts"]),
    ("not ready, told to the scheduler only", node(taints="node.kubernetes.io/not-ready:NoSchedule"), []),
    ("unreachable", node(taints="node.kubernetes.io/unreachable:NoExecute"), ["node lifecycle controller acts"]),
    ("declared dead", node(taints="node.kubernetes.io/out-of-service:NoExecute"), ["node lifecycle controller acts"]),
    ("shut down", node(taints="node.cloudprovider.kubernetes.io/shutdown:NoSchedule"), ["cloud controller acts"]),
    ("the autoscaler removes it", node(taints="ToBeDeletedByClusterAutoscaler:NoSchedule"),
     ["cluster-autoscaler acts"]),
    ("the autoscaler may", node(taints="DeletionCandidateOfClusterAutoscaler:PreferNoSchedule"),
     ["cluster-autoscaler means-to"]),
    ("the autoscaler may not", node(notes={"cluster-autoscaler.kubernetes.io/scale-down-disabled": "true"}),
     ["cluster-autoscaler kept-away"]),
    ("the autoscaler's mark says no", node(notes={"cluster-autoscaler.kubernetes.io/scale-down-disabled": "false"}),
     []),
    ("karpenter disrupts it", node(taints="karpenter.sh/disrupted:NoSchedule", labels={"karpenter.sh/nodepool": "a"}),
     ["karpenter acts", "karpenter means-to"]),
    ("karpenter may not", node(notes={"karpenter.sh/do-not-disrupt": "true"}), ["karpenter kept-away"]),
    ("kured restarts it", node(notes={"weave.works/kured-reboot-in-progress": "2026-01-01T00:00:00Z"}, cordoned=True),
     ["kured acts"]),
    ("kured waits for its lock", node(notes={"weave.works/kured-reboot-in-progress": "2026-01-01T00:00:00Z",
                                             "weave.works/kured-most-recent-reboot-needed": "2026-01-01T00:00:00Z"}),
     ["kured means-to"]),
    ("kured has restarted it once", node(notes={"weave.works/kured-most-recent-reboot-needed": "2026-01-01T00:00:00Z"}),
     []),
    ("left alone by health checks", node(labels={"remediation.medik8s.io/exclude-from-remediation": "true"}),
     ["node-healthcheck-operator kept-away"]),
    ("not left alone by health checks", node(labels={"remediation.medik8s.io/exclude-from-remediation": ""}), []),
    ("a pool at rest", node(notes=pool("a", "a", "Done")), ["machine-config-operator means-to"]),
    ("a pool on its way", node(notes=pool("a", "b", "Working")), ["machine-config-operator acts"]),
    ("chosen and not begun", node(notes=pool("a", "b", "Done")), ["machine-config-operator acts"]),
    ("degraded", node(notes=pool("a", "a", "Degraded")), ["machine-config-operator acts"]),
    ("its drain is wanted",
     node(notes=pool("a", "b", "Working", desiredDrain="drain-b", lastAppliedDrain="uncordon-a")),
     ["machine-config-operator acts", "machine-config-operator acts"]),
    ("its drain is over", node(notes=pool("a", "a", "Done", desiredDrain="uncordon-a", lastAppliedDrain="uncordon-a")),
     ["machine-config-operator means-to"]),
    ("a Machine's", node(notes={"cluster.x-k8s.io/machine": "m1"}), ["cluster-api means-to"]),
    ("outdated", node(taints="node.cluster.x-k8s.io/outdated-revision:PreferNoSchedule"), ["cluster-api means-to"]),
    ("let restart", node(notes={f"{FLUO}/reboot-ok": "true", f"{FLUO}/reboot-needed": "true"}),
     ["flatcar-linux-update-operator acts", "flatcar-linux-update-operator means-to"]),
    ("paused", node(notes={f"{FLUO}/reboot-paused": "true"}), ["flatcar-linux-update-operator kept-away"]),
    ("not paused", node(notes={f"{FLUO}/reboot-paused": "false"}), []),
    ("a plan was carried out", node(labels={"plan.upgrade.cattle.io/server": "0f3a"}),
     ["system-upgrade-controller means-to"]),
    ("left out of a plan", node(labels={"plan.upgrade.cattle.io/server": "disabled"}),
     ["system-upgrade-controller kept-away"]),
    ("two plans", node(labels={"plan.upgrade.cattle.io/agent": "disabled", "plan.upgrade.cattle.io/server": "0f3a"}),
     ["system-upgrade-controller means-to", "system-upgrade-controller kept-away"]),
    ("the provider wants it back", node(taints="aws-node-termination-handler/spot-itn:NoSchedule"),
     ["aws-node-termination-handler acts"]),
    ("a taint that only begins alike", node(taints="ToBeDeletedByClusterAutoscalerNever:NoSchedule"), []),
]  # fmt: skip


@pytest.mark.parametrize(("one", "wanted"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_mark_says_what_its_owner_documents(one: Node, wanted: list[str]) -> None:
    assert [f"{each.actor} {each.stance}" for each in said_of(one)] == wanted


def test_every_rule_has_its_row() -> None:
    met = {(each.actor, each.stance, each.why) for _, one, _ in TABLE for each in said_of(one)}
    assert met == {(each.actor, each.stance, each.says) for each in MARKS}


@pytest.mark.parametrize("rule", MARKS, ids=[each.example for each in MARKS])
def test_the_example_of_a_rule_is_one(rule: Mark) -> None:
    notes: dict[str, str] = {}
    labels: dict[str, str] = {}
    taints: list[str] = []
    parts = rule.example.split(", ")
    for on, _, text in (part.partition(" ") for part in parts):
        key, _, value = text.partition("=")
        if on == "taint":
            taints.append(text)
        elif on in ("annotation", "label"):
            (notes if on == "annotation" else labels)[key] = value
    one = node(notes=notes, labels=labels, taints=" ".join(taints), cordoned="cordoned" in parts)
    assert [each.why for each in said_of(one)] == [rule.says]


@pytest.mark.parametrize(
    ("one", "who"),
    [
        (node(), ""),
        (node(taints="ToBeDeletedByClusterAutoscaler:NoSchedule"), ""),
        (node(cordoned=True), "somebody"),
        (node(cordoned=True, notes={"oakum.dev/claim": "run-1"}), "oakum"),
        (node(cordoned=True, notes={"weave.works/kured-reboot-in-progress": "x"}), "kured"),
        (node(cordoned=True, taints="node.kubernetes.io/unreachable:NoExecute"), "somebody"),
        (node(cordoned=True, notes={"weave.works/kured-most-recent-reboot-needed": "x"}), "somebody"),
    ],
)
def test_a_cordon_is_whose_mark_stands_beside_it_and_else_somebody_s(one: Node, who: str) -> None:
    assert cordoned_by(one) == who


def dump(*, own: dict[str, Any] | None = None, pods: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    nodes = [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "uid": "1", "annotations": {}},
         "spec": {}, "status": {"nodeInfo": {"kubeletVersion": "v1.33.1"},
                                "conditions": [{"type": "Ready", "status": "True"}]}}
    ]  # fmt: skip
    nodes[0].update(own or {})
    return {"apiVersion": "v1", "kind": "List", "items": [*nodes, *(pods or [])]}


def pod(name: str, **more: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": "a", "uid": name, **more}
    spec = {"nodeName": "n1", "containers": [{"name": "c", "image": "registry.example/i:1"}]}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def page(tmp_path: Path, capsys: pytest.CaptureFixture[str], given: dict[str, Any], *words: str) -> tuple[int, str]:
    file = tmp_path / "dump.json"
    file.write_text(json.dumps(given))
    code = main(["explain", "n1", "--from", str(file), "--now", "2026-01-31T06:00:00Z", *words])
    return code, capsys.readouterr().out


def test_a_page_tells_everybody_s_view_of_a_naked_pod(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said = page(tmp_path, capsys, dump(pods=[pod("bare")]))
    assert said.startswith("n1: kubelet v1.33.1, ready, takes pods, 1 pods\n")
    assert "kubectl drain: stopped (1 blocked)" in said
    assert "kubectl drain --ignore-daemonsets --delete-emptydir-data: stopped (1 blocked)" in said
    assert "A removal by cluster-autoscaler: stopped (1 blocked)" in said
    assert "cluster-api" not in said


def test_what_the_dump_does_not_tell_is_no_good_news(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = page(tmp_path, capsys, dump())
    assert code == 3
    assert "kubectl drain: not assessable (no pods)" in said and "can be done" not in said
    owner = {"kind": "Job", "name": "j", "uid": "j", "controller": True}
    _, said = page(tmp_path, capsys, dump(pods=[pod("over", ownerReferences=[owner])]), "-o", "json")
    assert {each["outcome"] for each in json.loads(said)["drains"]} <= {"possible-as-far-as-known", "stopped"}


def test_somebody_s_cordon_is_told_and_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said = page(tmp_path, capsys, dump(own={"spec": {"unschedulable": True}}))
    assert "cordoned, and nothing says by whom" in said and "Oakum leaves this cordon" in said


def test_a_machine_s_node_is_told_of_by_cluster_api_s_rules_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    meta = {"name": "n1", "uid": "1", "annotations": {"cluster.x-k8s.io/machine": "m1"}}
    code, said = page(tmp_path, capsys, dump(own={"metadata": meta}, pods=[pod("bare")]), "-o", "json")
    answer = json.loads(said)
    assert [each["actor"] for each in answer["drains"]][-1] == "cluster-api"
    assert [each["actor"] for each in answer["marks"]] == ["cluster-api"]
    assert code == 3 and answer["not_assessable"], "the dump says nothing of budgets"


def test_pods_that_karpenter_may_not_disrupt_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    meta = {"name": "n1", "uid": "1", "labels": {"karpenter.sh/nodepool": "blue"}}
    guarded = [pod("kept", annotations={"karpenter.sh/do-not-disrupt": "5m"}),
               pod("free", annotations={"karpenter.sh/do-not-disrupt": "false"})]  # fmt: skip
    _, said = page(tmp_path, capsys, dump(own={"metadata": meta}, pods=guarded))
    assert "a/kept (karpenter.sh/do-not-disrupt=5m)" in said and "a/free (karpenter" not in said


def test_a_node_that_is_not_there_is_an_error_with_those_that_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "dump.json"
    file.write_text(json.dumps(dump()))
    assert main(["explain", "n2", "--from", str(file)]) == 2
    assert "nodes: n1" in capsys.readouterr().err
