"""What people and programs read of a drain: the fields of the machine form, the words, remedies, gaps and orders."""

from __future__ import annotations

import pytest
from tests.changes.drain.makings import WEB, Json, budget, controller, drain, node, owned, pod, surroundings

from oakum.changes.budgets import MOST_DISRUPTED
from oakum.changes.drain import Explained, explain
from oakum.changes.drain.answers import explained
from oakum.changes.drain.model import named
from oakum.fleet.cluster.objects import Node
from oakum.local.drain import of_value

RS, WEB_RS = owned(), controller()
SCRATCH: list[Json] = [{"name": "scratch", "emptyDir": {}}]
HOST: list[Json] = [{"name": "host", "hostPath": {"path": "/var"}}]
CLAIM: list[Json] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
ATTACHED: Json = {
    "apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": {"name": "a"},
    "spec": {"nodeName": "n1", "source": {"persistentVolumeName": "pv1"}}, "status": {"attached": True},
}  # fmt: skip


def dump(*objects: Json) -> Json:
    """Objects of which no one says that all of their kinds were listed."""
    return {"apiVersion": "v1", "kind": "List", "items": list(objects)}


# The machine form


def test_a_pod_that_leaves_has_its_turn_and_null_for_what_does_not_apply() -> None:
    assert explained(drain("oakum", pod(owner=RS), WEB_RS)) == {
        "pods": [
            {"namespace": "shop", "name": "p", "verdict": "evict", "reason": None, "order": 1, "duration": None,
             "object": None}
        ]
    }  # fmt: skip


def test_a_pod_that_is_blocked_says_why_by_which_rule_and_what_mends_it() -> None:
    assert explained(drain("oakum", pod(owner=RS, volumes=SCRATCH), WEB_RS)) == {
        "pods": [
            {"namespace": "shop", "name": "p", "verdict": "blocked", "reason": "local-data", "order": None,
             "duration": "for-ever", "object": "Pod/shop/p", "rule": "local-data",
             "source": "https://kubernetes.io/docs/concepts/storage/volumes/#emptydir",
             "why": "its data in the emptyDir scratch does not go with it",
             "remedy": "let its owner say that the data may be lost: "
             "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes: scratch"}
        ]
    }  # fmt: skip


def test_volumes_and_gaps_stand_beside_the_pods_where_there_are_any() -> None:
    answer = explained(explain(of_value(dump(node(), ATTACHED), "made up"), ["n1"]))
    assert answer["volumes"] == [{"node": "n1", "volume": "pv1"}]
    gaps = answer["not_assessable"]
    assert isinstance(gaps, list)
    assert [each["what"] for each in gaps] == ["Pod objects", "PodDisruptionBudget objects"]
    assert all(each["why"] and each["remedy"] for each in gaps)


def test_pods_are_in_the_order_of_namespaces_and_names_over_all_nodes() -> None:
    objects = [pod("b"), pod("a", node="n2"), pod("c", namespace="bank", node="n2"), node("n2")]
    found = drain("kubectl", *objects, nodes=["n1", "n2"])
    assert [one.pod.metadata.name for one in found.pods] == ["c", "a", "b"]


# Words and remedies


def refused(*objects: Json, profile: str = "oakum") -> tuple[str, str, str]:
    """Of the one pod that is refused: the object, why, and the remedy; the eviction is the rule that says so."""
    (one,) = (each for each in drain(profile, *objects).pods if each.outcome.verdict == "blocked")
    assert (one.rule, one.source) == (
        "eviction", "https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/"
    )  # fmt: skip
    return one.outcome.object, one.outcome.why, one.outcome.remedy


@pytest.mark.parametrize("profile", ["oakum", "kubectl", "cluster-api"])
def test_a_refusal_names_the_budget_and_the_least_that_helps(profile: str) -> None:
    space: Json = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    web = pod(owner=RS, **WEB)
    found = refused(web, WEB_RS, space, budget(maxUnavailable=0), profile=profile)
    assert found == (
        "PodDisruptionBudget/shop/pdb",
        "it needs 3 healthy pods, and 3 are",
        "let the budget allow one disruption (maxUnavailable of 1, or a lower minAvailable)",
    )


def test_several_budgets_are_all_named_and_the_first_stays() -> None:
    found = refused(pod(owner=RS, **WEB), WEB_RS, budget("a", 1), budget("b", 1), budget("c", 1))
    a, b, c = (f"PodDisruptionBudget/shop/{name}" for name in "abc")
    assert found == (
        a,
        f"3 disruption budgets select the pod, an eviction allows for one: {a}, {b}, {c}",
        f"change the selectors of {b}, {c} so that the pod stays under one budget",
    )


def test_a_workload_grows_only_where_that_helps() -> None:
    web = pod(owner=RS, **WEB)
    lower = "let the budget allow one disruption (maxUnavailable of 1, or a lower minAvailable)"
    grown = "scale ReplicaSet/shop/web to 4 replicas, or let the budget allow one disruption"
    assert refused(web, WEB_RS, budget(minAvailable=3))[2] == grown
    assert refused(web, WEB_RS, budget(minAvailable="100%"))[2] == lower


def test_the_workload_of_any_pod_of_the_budget_is_the_one_to_grow() -> None:
    """The first pod by name has a controller that no dump shows; a workload that is large enough stays as it is."""
    pods, held = [pod("a", owned("Rollout"), node="n2", **WEB), pod("p", RS, **WEB)], budget(minAvailable=3)
    grown = "scale ReplicaSet/shop/web to 4 replicas, or let the budget allow one disruption"
    assert refused(*pods, controller(replicas=2), held)[2] == grown
    assert refused(*pods, controller(replicas=5), held)[2].startswith("let the budget allow one disruption (")


def test_the_wait_is_for_what_the_budget_waits_for() -> None:
    web, held = pod(owner=RS, **WEB), budget(healthy=2)
    elsewhere = [pod(f"s{number}", RS, ready=False, node="n2", **WEB) for number in range(4)]
    assert refused(web, WEB_RS, held)[2] == "wait until another pod of the budget is healthy"
    sick = "mend the unhealthy pods of the budget, or wait for them: "
    assert refused(web, *elsewhere[:3], WEB_RS, held)[2] == f"{sick}shop/s0, shop/s1, shop/s2"
    assert refused(web, *elsewhere, WEB_RS, held)[2].startswith(f"{sick}shop/s0, shop/s1, shop/s2 ")
    assert "s3" not in refused(web, *elsewhere, WEB_RS, held)[2]
    many = budget(allowed=1, desired=2, status={"disruptedPods": dict.fromkeys(
        (f"x{number}" for number in range(MOST_DISRUPTED + 1)), "2026-01-31T06:00:00Z")})  # fmt: skip
    assert refused(web, WEB_RS, many)[2] == "wait for the disruption controller to bring the budget's status up to date"


def test_a_pod_that_alone_is_unhealthy_is_to_be_mended_itself() -> None:
    itself = pod(owner=RS, ready=False, **WEB)
    held = budget(healthy=1)
    alone = "mend the pod; or set unhealthyPodEvictionPolicy: AlwaysAllow, since the pod itself is the unhealthy one"
    assert refused(itself, WEB_RS, held)[2] == alone
    other = pod("q", RS, ready=False, node="n2", **WEB)
    both = "mend the unhealthy pods of the budget, or wait for them: shop/p, shop/q"
    assert refused(itself, other, WEB_RS, held)[2] == both


def test_a_host_path_is_called_so() -> None:
    (one,) = drain("oakum", pod(owner=RS, volumes=HOST), WEB_RS).pods
    assert one.outcome.why == "its data in the hostPath host does not go with it"


def test_a_pod_that_waits_for_its_turn_says_so_and_the_first_round_needs_no_word() -> None:
    objects = [pod("a", RS, **WEB), pod("b", RS, **WEB), pod("c", phase="Succeeded"), WEB_RS]
    found = drain("oakum", *objects, budget(allowed=1, desired=2))
    assert [(one.pod.metadata.name, one.outcome.order, one.outcome.why) for one in found.pods] == [
        ("a", 1, ""), ("b", 2, "when the pods before it are replaced (round 2)"), ("c", 1, "")
    ]  # fmt: skip


def test_an_object_without_a_namespace_is_named_without_one() -> None:
    assert named(surroundings([]).snapshot.of(Node, "Node")[0]) == "Node/n1"


# Gaps


def whats(found: Explained) -> list[str]:
    return [gap.what for gap in found.gaps]


def test_kubectl_asks_for_daemonsets_and_for_no_other_controller() -> None:
    around = of_value(dump(pod("a", owned("DaemonSet")), pod("b", RS), pod("c", owned("Rollout")), pod("d")), "made up")
    unlisted = ["DaemonSet objects", "PodDisruptionBudget objects"]
    assert sorted(whats(explain(around, ["n1"], profile="kubectl"))) == unlisted
    assert sorted(whats(explain(around, ["n1"]))) == [*unlisted, "ReplicaSet objects"]


def test_what_no_answer_depends_on_is_no_gap_of_it() -> None:
    bad: Json = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "shop"}, "spec": 5}
    around = of_value(dump(pod(owner=RS), WEB_RS, bad), "made up")
    assert [gap.what for gap in around.snapshot.gaps if "Job" in gap.what]
    assert not [what for what in whats(explain(around, ["n1"])) if "Job" in what]


def test_volumes_are_a_gap_for_oakum_alone_and_only_those_of_pods_with_claims() -> None:
    gap = "PersistentVolume and PersistentVolumeClaim objects"
    assert not drain("oakum", pod(owner=RS), WEB_RS).gaps
    for profile in ("kubectl", "cluster-autoscaler"):
        assert not drain(profile, pod(owner=RS, volumes=CLAIM), WEB_RS).gaps
    claim: Json = {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
                   "metadata": {"name": "data", "namespace": "shop"}, "spec": {"volumeName": "pv1"}}  # fmt: skip
    volume: Json = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv1"}, "spec": {"csi": {}}}
    two = [*CLAIM, {"name": "more", "persistentVolumeClaim": {"claimName": "more"}}]
    assert whats(drain("oakum", pod(owner=RS, volumes=CLAIM), WEB_RS, claim)) == [gap]
    assert whats(drain("oakum", pod(owner=RS, volumes=two), WEB_RS, claim, volume)) == [gap]


def test_where_nodes_were_not_listed_a_node_without_pods_may_be_one() -> None:
    assert explain(of_value(dump(pod(node="n2")), "made up"), ["n1"]).pods == ()


def test_a_pod_without_a_node_is_on_none() -> None:
    assert surroundings([pod(node="")]).on("") == ()
