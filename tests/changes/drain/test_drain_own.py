"""Oakum's own drain: nothing is forced, no data is lost without consent, and what never leaves is known beforehand.

Rows are written from docs/reference/drain.md and from what Kubernetes documents (SAFE: .../docs/tasks/administer-
cluster/safely-drain-node, TERM: pod-lifecycle#pod-termination, OWNERS: owners-dependents, VOLUMES: .../docs/concepts/
storage/volumes, PDB: configure-pdb, FAQ: the cluster autoscaler's, BOOK: Cluster API's machine_deletions).
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.drain.makings import (
    WEB,
    Json,
    budget,
    check,
    controller,
    drain,
    namespace,
    owned,
    pod,
    surroundings,
    verdicts,
)

from oakum.changes.drain import PROFILES, explain
from oakum.errors import InputError, NotAssessableError
from oakum.local.drain import of_value

RS, WEB_RS, DS = owned(), controller(), owned("DaemonSet", "agent")
SAFE, LABEL = "cluster-autoscaler.kubernetes.io/safe-to-evict", "cluster.x-k8s.io/drain"
SCRATCH: list[Json] = [{"name": "scratch", "emptyDir": {}}]
CLAIM: list[Json] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]


def claim(volume: str = "pv1") -> Json:
    """The claim of ``CLAIM``."""
    meta = {"name": "data", "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": {"volumeName": volume}}


def volume(**source: Any) -> Json:
    """The volume of that claim."""
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv1"}, "spec": source}


def attachment(name: str, node: str = "n1", *, attached: bool = True) -> Json:
    """A volume on a node."""
    spec = {"nodeName": node, "attacher": "csi", "source": {"persistentVolumeName": name}}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": {"name": f"a-{name}"},
            "spec": spec, "status": {"attached": attached}}  # fmt: skip


Row = tuple[str, str, list[Json], dict[str, Any], str]
ROWS: list[Row] = [
    ("a pod of a ReplicaSet", "SAFE", [pod(owner=RS), WEB_RS], {}, "evict"),
    ("a bare pod", "SAFE", [pod()], {}, "blocked unreplicated for-ever"),
    ("a pending bare pod", "SAFE", [pod(phase="Pending")], {}, "blocked unreplicated for-ever"),
    ("a Secret", "VOLUMES", [pod(owner=RS, volumes=[{"name": "s", "secret": {}}]), WEB_RS], {},
     "evict"),
    ("a finished bare pod", "TERM", [pod(phase="Succeeded")], {}, "evict"),
    ("a failed pod under budgets", "TERM", [pod(phase="Failed", **WEB), budget("a"), budget("b")], {}, "evict"),
    ("a mirror pod", "SAFE", [pod(annotations={"kubernetes.io/config.mirror": "x"})], {}, "ignore mirror"),
    ("being deleted", "TERM", [pod(owner=RS, deleted=5)], {}, "wait terminating"),
    ("deleted long ago", "TERM", [pod(owner=RS, deleted=99_999)], {}, "wait terminating"),
    ("of a DaemonSet", "SAFE", [pod(owner=DS), controller("DaemonSet", "agent")], {}, "ignore daemonset"),
    ("its DaemonSet is gone", "OWNERS", [pod(owner=DS)], {}, "blocked orphan for-ever"),
    ("another DaemonSet of that name", "OWNERS", [pod(owner=DS), controller("DaemonSet", "agent", uid="new")], {},
     "blocked orphan for-ever"),
    ("a ReplicaSet of that name, and no uid in the dump", "OWNERS", [pod(owner=RS), controller(uid="")], {}, "evict"),
    ("a ReplicaSet of that name, and no uid in the reference", "OWNERS", [pod(owner={**RS, "uid": ""}), WEB_RS], {},
     "evict"),
    ("its ReplicaSet is gone", "OWNERS", [pod(owner=RS)], {}, "blocked orphan for-ever"),
    ("another ReplicaSet of that name", "OWNERS", [pod(owner=RS), controller(uid="new")], {},
     "blocked orphan for-ever"),
    ("its Job is gone", "OWNERS", [pod(owner=owned("Job"))], {}, "blocked orphan for-ever"),
    ("of a custom controller", "OWNERS", [pod(owner=owned("Rollout"))], {}, "evict"),
    ("of a StatefulSet of another group", "OWNERS", [pod(owner=owned("StatefulSet", version="apps.kruise.io/v1"))], {},
     "evict"),
    ("an emptyDir", "VOLUMES", [pod(owner=RS, volumes=SCRATCH), WEB_RS], {}, "blocked local-data for-ever"),
    ("an emptyDir with consent", "VOLUMES", [pod(owner=RS, volumes=SCRATCH), WEB_RS], {"delete_emptydir_data": True},
     "evict"),
    ("an emptyDir that its owner gives up", "FAQ",
     [pod(owner=RS, volumes=SCRATCH, annotations={f"{SAFE}-local-volumes": "scratch"}), WEB_RS], {}, "evict"),
    ("an owner that gives up all", "FAQ", [pod(owner=RS, volumes=SCRATCH, annotations={SAFE: "true"}), WEB_RS], {},
     "evict"),
    ("a bare pod that its owner calls safe", "SAFE", [pod(annotations={SAFE: "true"})], {},
     "blocked unreplicated for-ever"),
    ("a hostPath", "VOLUMES", [pod(owner=RS, volumes=[{"name": "h", "hostPath": {"path": "/"}}]), WEB_RS],
     {"delete_emptydir_data": True}, "blocked local-data for-ever"),
    ("a local volume", "VOLUMES", [pod(owner=RS, volumes=CLAIM), WEB_RS, claim(), volume(local={"path": "/d"})], {},
     "blocked local-data for-ever"),
    ("a local volume is not given up", "VOLUMES",
     [pod(owner=RS, volumes=CLAIM, annotations={SAFE: "true"}), WEB_RS, claim(), volume(local={"path": "/d"})], {},
     "blocked local-data for-ever"),
    ("a volume of a host's path", "VOLUMES",
     [pod(owner=RS, volumes=CLAIM), WEB_RS, claim(), volume(hostPath={"path": "/d"})], {},
     "blocked local-data for-ever"),
    ("a network volume", "VOLUMES", [pod(owner=RS, volumes=CLAIM), WEB_RS, claim(), volume(csi={})], {}, "evict"),
    ("not safe to evict", "FAQ", [pod(owner=RS, annotations={SAFE: "false"}), WEB_RS], {},
     "blocked not-safe-to-evict for-ever"),
    ("on completion", "FAQ", [pod(annotations={SAFE: "on-completion"})], {}, "wait on-completion"),
    ("label skip", "BOOK", [pod(labels={LABEL: "skip"})], {}, "ignore drain-label"),
    ("label wait-completed", "BOOK", [pod(labels={LABEL: "wait-completed"})], {}, "wait drain-label"),
    ("a budget that allows one", "PDB", [pod(owner=RS, **WEB), WEB_RS, budget(allowed=1, desired=2)], {}, "evict"),
    ("a budget with a sick pod elsewhere", "PDB", [pod(owner=RS, **WEB), WEB_RS, budget(healthy=2)], {},
     "blocked pdb now"),
    ("minAvailable as many as replicas", "PDB",
     [pod(owner=RS, **WEB), controller(replicas=1), budget(healthy=1, desired=1, minAvailable=1)], {},
     "blocked pdb for-ever"),
    ("minAvailable of 100 %", "PDB", [pod(owner=RS, **WEB), WEB_RS, budget(minAvailable="100%")], {},
     "blocked pdb for-ever"),
    ("minAvailable of 50 % of one", "PDB: rounded up",
     [pod(owner=RS, **WEB), controller(replicas=1), budget(healthy=1, desired=1, minAvailable="50%")], {},
     "blocked pdb for-ever"),
    ("two budgets", "PDB", [pod(owner=RS, **WEB), WEB_RS, budget("a", 1), budget("b", 1)], {},
     "blocked multiple-pdb for-ever"),
    ("an unready pod that holds up itself", "PDB",
     [pod(owner=RS, ready=False, **WEB), controller(replicas=2), budget(healthy=1, desired=1, minAvailable=1)], {},
     "evict"),
    ("an unready pod of a sick application", "PDB", [pod(owner=RS, ready=False, **WEB), WEB_RS, budget(healthy=1)], {},
     "blocked pdb now"),
    ("an unready pod that may always go", "PDB",
     [pod(owner=RS, ready=False, **WEB), WEB_RS, budget(healthy=0, policy="AlwaysAllow")], {}, "evict"),
    ("an unready pod under an unknown policy", "API reference: disallow",
     [pod(owner=RS, ready=False, **WEB), WEB_RS, budget(healthy=3, policy="Sometimes")], {}, "blocked pdb now"),
    ("an empty selector", "PDB: selects every pod in policy/v1",
     [pod(owner=RS), controller(replicas=3), budget(healthy=2, selector={})], {}, "blocked pdb now"),
    ("no selector", "PDB: selects no pod", [pod(owner=RS, **WEB), WEB_RS, budget(healthy=2, selector=None)], {},
     "evict"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "objects", "options", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row(name: str, source: str, objects: list[Json], options: dict[str, Any], expected: str) -> None:
    check("oakum", objects, options, expected)


def test_trap_01_pods_of_one_budget_leave_one_after_another() -> None:
    pods = [pod(f"p{number}", RS, **WEB) for number in range(3)]
    found = drain("oakum", *pods, WEB_RS, budget(allowed=1, desired=2))
    assert [one.outcome.order for one in found.pods] == [1, 2, 3]


def test_trap_01_an_unready_pod_does_not_stop_the_ready_one_for_ever() -> None:
    """Three wanted, two must stay, one is sick: the sick one leaves, and its replacement frees the other."""
    pods = [pod("sick", RS, ready=False, **WEB), pod("well", RS, **WEB)]
    found = drain("oakum", *pods, WEB_RS, budget(allowed=0, healthy=2, desired=2))
    assert {one.pod.metadata.name: one.outcome.order for one in found.pods} == {"sick": 1, "well": 2}


def test_the_remedy_grows_the_workload_before_it_weakens_the_budget() -> None:
    one_pod = budget(healthy=1, desired=1, minAvailable=1)
    deployment = controller("Deployment", "shop", replicas=1)
    owner = controller(replicas=1, owner=owned("Deployment", "shop"))
    (one,) = drain("oakum", pod(owner=RS, **WEB), owner, deployment, one_pod).pods
    assert one.outcome.remedy == "scale Deployment/shop/shop to 2 replicas, or let the budget allow one disruption"
    assert one.outcome.object == "PodDisruptionBudget/shop/pdb"


def test_the_remedy_names_the_pods_that_a_budget_waits_for() -> None:
    objects = [pod(owner=RS, **WEB), pod("sick", RS, ready=False, node="n2", **WEB), WEB_RS, budget(healthy=2)]
    (one,) = drain("oakum", *objects).pods
    assert one.outcome.remedy == "mend the unhealthy pods of the budget, or wait for them: shop/sick"


def test_trap_09_volumes_that_are_still_attached_are_told() -> None:
    found = drain("oakum", attachment("pv1"), attachment("pv2", "n2"), attachment("pv3", attached=False))
    assert found.volumes == (("n1", "pv1"),)


def test_volumes_that_are_not_in_the_dump_are_a_gap() -> None:
    found = drain("oakum", pod(owner=RS, volumes=CLAIM), WEB_RS)
    assert [gap.what for gap in found.gaps] == ["PersistentVolume and PersistentVolumeClaim objects"]
    assert found.gaps[0].why == "those of pod shop/p are not in the dump"
    assert not drain("oakum", pod(owner=RS, volumes=CLAIM), WEB_RS, claim(), volume(csi={})).gaps


def test_a_dump_that_does_not_list_budgets_says_so_beside_its_answer() -> None:
    around = of_value({"apiVersion": "v1", "kind": "List", "items": [pod(owner=RS)]}, "made up")
    for profile in PROFILES:
        whats = [gap.what for gap in explain(around, ["n1"], profile=profile).gaps]
        assert "PodDisruptionBudget objects" in whats, profile
        assert ("ReplicaSet objects" in whats) == (profile != "kubectl")
        assert ("Namespace objects" in whats) == (profile == "cluster-api")


def test_an_object_that_cannot_be_read_is_a_gap() -> None:
    bad = {**budget(), "spec": {"minAvailable": 1.5}}
    around = of_value({"apiVersion": "v1", "kind": "List", "items": [pod(owner=RS), WEB_RS, bad]}, "made up")
    assert "PodDisruptionBudget shop/pdb" in [gap.what for gap in explain(around, ["n1"]).gaps]


def test_an_unknown_version_of_a_budget_is_named() -> None:
    with pytest.raises(NotAssessableError, match="PodDisruptionBudget policy/v2 is unknown"):
        drain("oakum", pod(owner=RS), {**budget(), "apiVersion": "policy/v2"})


def test_an_empty_selector_of_policy_v1beta1_selects_nothing() -> None:
    old = {**budget(healthy=2, selector={}), "apiVersion": "policy/v1beta1"}
    assert verdicts("oakum", pod(owner=RS), WEB_RS, old)["p"] == ("evict",)


def test_an_unknown_node_is_an_error_and_an_empty_one_is_not() -> None:
    around = surroundings([pod(owner=RS), namespace()])
    with pytest.raises(InputError, match="there is no node 'n9'"):
        explain(around, ["n9"])
    assert explain(surroundings([]), ["n1"]).pods == ()


def test_unknown_profiles_and_options_are_named() -> None:
    around = surroundings([pod()])
    with pytest.raises(NotAssessableError, match="profile 'karpenter' is unknown"):
        explain(around, ["n1"], profile="karpenter")
    with pytest.raises(InputError, match=r"options: no options of oakum: .*force"):
        explain(around, ["n1"], options={"force": True})
    with pytest.raises(InputError, match="options"):
        explain(around, ["n1"], profile="kubectl", options={"force": "yes"})


def test_every_rule_has_a_source_and_an_example() -> None:
    for profile in PROFILES.values():
        assert len({rule.name for rule in profile.all_rules}) == len(profile.all_rules)
        for rule in profile.all_rules:
            assert rule.says
            assert rule.example
            assert rule.source.startswith("https://")
