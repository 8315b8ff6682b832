"""What keeps other actors away, as their documentation says; and a page that names it for the actors that are there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.actors.marks import MARKS, said_of
from oakum.actors.shields import SHIELDS, against
from oakum.cli.main import main
from oakum.fleet.cluster.objects import Node
from tests.actors.test_marks import FLUO, node, pool

CASES = [
    (node(), []),
    (node(notes={"oakum.dev/claim": "run-1"}), []),
    (node(labels={"karpenter.sh/nodepool": "a"}), ["karpenter"]),
    (node(labels={"karpenter.sh/nodepool": "a"}, notes={"karpenter.sh/do-not-disrupt": "true"}), []),
    # A mark comes too late for what has begun: it is named again.
    (node(labels={"karpenter.sh/nodepool": "a"}, notes={"karpenter.sh/do-not-disrupt": "true"},
          taints="karpenter.sh/disrupted:NoSchedule"), ["karpenter"]),
    (node(taints="DeletionCandidateOfClusterAutoscaler:PreferNoSchedule"), ["cluster-autoscaler"]),
    (node(taints="DeletionCandidateOfClusterAutoscaler:PreferNoSchedule",
          notes={"cluster-autoscaler.kubernetes.io/scale-down-disabled": "true"}), []),
    (node(notes={f"{FLUO}/reboot-needed": "true"}), ["flatcar-linux-update-operator"]),
    (node(notes={f"{FLUO}/reboot-needed": "true", f"{FLUO}/reboot-paused": "true"}), []),
    (node(notes=pool("a", "b", "Working")), ["machine-config-operator"]),
    (node(labels={"remediation.medik8s.io/exclude-from-remediation": "true"}), []),
    # Each plan is kept away by a label of its own.
    (node(labels={"plan.upgrade.cattle.io/agent": "disabled", "plan.upgrade.cattle.io/server": "0f3a"}),
     ["system-upgrade-controller: server"]),
    (node(labels={"plan.upgrade.cattle.io/agent": "disabled"}), []),
]  # fmt: skip


@pytest.mark.parametrize(("given", "actors"), CASES)
def test_those_who_act_or_mean_to_are_told_how_they_are_kept_away(given: Node, actors: list[str]) -> None:
    assert [each.actor for each in against(said_of(given), given)] == actors


def test_every_actor_that_leaves_a_mark_has_an_answer_with_its_source() -> None:
    assert {each.actor for each in MARKS} - {"oakum"} == SHIELDS.keys()
    for each in SHIELDS.values():
        assert each.source.startswith("https://")
        assert bool(each.key) == bool(each.value) == (each.on in ("annotation", "label"))


@pytest.mark.parametrize("actor", [name for name, each in SHIELDS.items() if each.on in ("annotation", "label")])
def test_who_bears_the_mark_is_seen_to_be_left_alone(actor: str) -> None:
    shield = SHIELDS[actor]
    bears = {f"{shield.key}server" if shield.key.endswith("/") else shield.key: shield.value}
    made = node(notes=bears) if shield.on == "annotation" else node(labels=bears)
    assert [(one.actor, one.stance) for one in said_of(made)] == [(actor, "kept-away")]


def test_the_page_has_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = {"karpenter.sh/nodepool": "a", "plan.upgrade.cattle.io/server": "0f3a"}
    meta = {"name": "n1", "uid": "1", "labels": labels, "annotations": pool("a", "a", "Done")}
    objects = [{"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {}, "status": {}}]
    dump = tmp_path / "dump.json"
    dump.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    main(["explain", "n1", "--from", str(dump)])
    out = capsys.readouterr().out
    assert "  karpenter: kubectl annotate node n1 karpenter.sh/do-not-disrupt=true\n" in out
    assert "undo: kubectl annotate node n1 karpenter.sh/do-not-disrupt-" in out
    # Without its label the node would be upgraded again: what stood there is put back.
    plan = "kubectl label node n1 plan.upgrade.cattle.io/server"
    assert f"  system-upgrade-controller: server: {plan}=disabled --overwrite\n" in out
    assert f"undo: {plan}=0f3a --overwrite\n" in out
    assert "  machine-config-operator: pause the node's MachineConfigPool" in out
    main(["explain", "n1", "--from", str(dump), "-o", "json"])
    shields = {each["actor"]: each["on"] for each in json.loads(capsys.readouterr().out)["shields"]}
    assert shields == {"karpenter": "annotation", "machine-config-operator": "elsewhere",
                       "system-upgrade-controller: server": "label"}  # fmt: skip
