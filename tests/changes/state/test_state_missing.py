"""What a dump lacks is a gap with its remedy, and never read as absence: no plan is made for such a cluster."""

from __future__ import annotations

import pytest
from tests.changes.state.makings import LISTED, NO_WEBHOOKS, Item, dump, namespace, node, pod, state_of, static

from oakum.changes.state import State, webhooks
from oakum.changes.state.missing import ALL, BLOCKS, LISTABLE, NEEDED, require
from oakum.errors import NotAssessableError

WHOLE = (namespace(), node(), pod("web-1", owner="ReplicaSet"))
BUDGET: Item = {
    "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}},
}  # fmt: skip
REPLICAS: Item = {
    "apiVersion": "apps/v1", "kind": "ReplicaSet",
    "metadata": {"name": "owner", "namespace": "shop", "uid": "o", "ownerReferences": [
        {"kind": "Deployment", "name": "web", "uid": "d", "controller": True, "apiVersion": "apps/v1"}
    ]},
}  # fmt: skip


def blocking(state: State) -> list[str]:
    return sorted(gap.what for gap in state.gaps if gap.kind == BLOCKS and gap.asset == "prod")


def test_a_dump_that_says_what_it_lists_lacks_nothing_but_the_webhooks_that_oakum_does_not_list() -> None:
    assert blocking(state_of(dump(*WHOLE))) == ["mutating admission webhooks", "validating admission webhooks"]
    assert blocking(state_of(dump(*WHOLE), NO_WEBHOOKS)) == []


def test_a_raw_dump_lacks_every_kind_of_which_it_holds_nothing() -> None:
    assert blocking(state_of(dump(*WHOLE, listed=None))) == [
        "ReplicaSets", "disruption budgets", "mutating admission webhooks", "validating admission webhooks",
    ]  # fmt: skip


def test_one_object_of_a_kind_shows_that_the_kind_was_asked_for() -> None:
    assert "disruption budgets" not in blocking(state_of(dump(*WHOLE, BUDGET, listed=None)))


def test_controllers_are_needed_where_a_pod_or_its_replica_set_names_one() -> None:
    assert "Deployments" in blocking(state_of(dump(*WHOLE, REPLICAS, listed=None)))
    assert "Deployments" not in blocking(state_of(dump(*WHOLE, listed=None)))
    alone = {**REPLICAS, "metadata": {**REPLICAS["metadata"], "ownerReferences": []}}
    assert "Deployments" not in blocking(state_of(dump(*WHOLE, alone, listed=None)))
    assert "DaemonSets" in blocking(state_of(dump(*WHOLE, pod("agent", owner="DaemonSet"), listed=None)))


def test_the_gap_says_what_the_dump_has_not_and_what_to_add() -> None:
    (gap,) = [each for each in state_of(dump(*WHOLE, listed=None)).gaps if each.what == "disruption budgets"]
    assert gap.why == "the dump of prod has no disruption budgets and does not say that they were listed"
    assert "kubectl get pdb -A -o json" in gap.remedy
    assert "listed: [PodDisruptionBudget]" in gap.remedy


@pytest.mark.parametrize("kind", LISTABLE)
def test_somebody_may_vouch_for_a_kind(kind: str) -> None:
    """Exactly that kind is then no gap any more, and counts as listed for whoever plans."""
    before = state_of(dump(*WHOLE, REPLICAS, listed=None))
    after = state_of(dump(*WHOLE, REPLICAS, listed=None), NO_WEBHOOKS.replace(ALL, kind))
    assert len(set(blocking(before)) - set(blocking(after))) == (kind in _missing_of(before))
    assert kind in after.clusters[0].around.snapshot.listed
    assert not any(gap.what == f"{kind} objects" for gap in after.clusters[0].around.snapshot.gaps)


def _missing_of(state: State) -> set[str]:
    listed = state.clusters[0].around.snapshot.listed
    return {kind for kind in (*NEEDED, "Deployment") if kind not in listed}


def test_a_pod_that_could_not_be_read_is_a_gap_that_blocks() -> None:
    broken = pod("web-2")
    broken["spec"]["nodeName"] = 7
    assert "Pod shop/web-2" in blocking(state_of(dump(*WHOLE, broken), NO_WEBHOOKS))


def test_an_object_of_a_kind_that_plans_do_not_ask_for_blocks_nothing() -> None:
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": 7}}
    assert blocking(state_of(dump(*WHOLE, policy), NO_WEBHOOKS)) == []


def test_a_pod_with_a_claim_needs_its_volume() -> None:
    claiming = pod("db-0")
    claiming["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    claim = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"},
        "spec": {"volumeName": "v"},
    }  # fmt: skip
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}}
    assert blocking(state_of(dump(*WHOLE, claiming), NO_WEBHOOKS)) == ["volumes and claims"]
    assert blocking(state_of(dump(*WHOLE, claiming, claim), NO_WEBHOOKS)) == ["volumes and claims"]
    assert blocking(state_of(dump(*WHOLE, claiming, claim, volume), NO_WEBHOOKS)) == []


def test_a_node_without_a_uid_blocks_for_another_node_could_have_its_name() -> None:
    nameless = node("w-2")
    del nameless["metadata"]["uid"]
    assert blocking(state_of(dump(*WHOLE, nameless), NO_WEBHOOKS)) == ["Node w-2"]


def test_only_clusters_that_are_touched_have_to_be_whole() -> None:
    state = state_of(dump(*WHOLE, listed=LISTED.replace("PodDisruptionBudget,", "")), NO_WEBHOOKS.replace(ALL, "Job"))
    require(state.gaps, ["staging"])
    with pytest.raises(
        NotAssessableError, match="not assessable: the dump of prod has no disruption budgets"
    ) as raised:
        require(state.gaps, ["prod"])
    assert raised.value.exit_code == 3
    assert "kubectl get pdb" in raised.value.remedy


@pytest.mark.parametrize(
    ("listed", "tail"),
    [
        ("Node,Namespace,Pod,ReplicaSet", ""),
        ("Node,Namespace,Pod", " (and 1 more gap)"),
        ("Node,Namespace", " (and 2 more gaps)"),
    ],
)
def test_the_first_of_several_gaps_is_told_with_how_many_more_there_are(listed: str, tail: str) -> None:
    state = state_of(dump(*WHOLE, listed=listed), NO_WEBHOOKS.replace("[all]", f"[{', '.join(webhooks.KINDS)}]"))
    with pytest.raises(NotAssessableError) as raised:
        require(state.gaps, ["prod"])
    first = next(gap for gap in state.gaps if gap.kind == BLOCKS)
    assert raised.value.what == f"not assessable: {first.why}{tail}"


def test_a_control_plane_whose_etcd_is_known_may_have_other_parts_that_nobody_knows() -> None:
    parts = [static("etcd", "3.5.12-0", "cp-1"), static("kube-scheduler", "latest", "cp-1")]
    state = state_of(dump(*WHOLE, node("cp-1", control=True), *parts), NO_WEBHOOKS)
    assert any("kube-scheduler" in gap.what for gap in state.gaps)
    assert not any("etcd" in gap.what for gap in state.gaps)
    require(state.gaps, ["prod"], ["prod"])


def test_a_control_plane_whose_etcd_nobody_knows_is_not_touched() -> None:
    state = state_of(dump(*WHOLE, node("cp-1", control=True)), NO_WEBHOOKS)
    require(state.gaps, ["prod"])
    with pytest.raises(NotAssessableError, match="etcd of cluster prod: no pod shows a member of it") as raised:
        require(state.gaps, ["prod"], ["prod"])
    assert "clusters, prod, etcd" in raised.value.remedy
