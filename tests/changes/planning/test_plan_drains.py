"""What the drain of a node is found to do: pods that leave, stay or are waited for, and the objects that block it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from tests.changes.drain.makings import EVERY_KIND, Json, budget, controller, owned, pod
from tests.changes.planning.worlds import cluster, draft, policy, state, workers

from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.drains import judge
from oakum.changes.planning.edits import apply_edits
from oakum.changes.plans.model import Evictions
from oakum.changes.plans.why_not import Reason
from oakum.changes.state import Cluster, Machine
from oakum.errors import NotAssessableError
from oakum.policy import entries
from oakum.policy.model import Policy
from oakum.policy.scopes import Scope

SAFE_VOLUMES = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict"
MACHINES = workers(2)
WEB: Json = {"labels": {"app": "web"}}


def web(count: int = 1, node: str = "w-1", **more: Any) -> list[Json]:
    """Pods of the ReplicaSet web; their names count from 0."""
    return [pod(f"web-{n}", owned(), node=node, **{**WEB, **more}) for n in range(count)]


def around(*objects: Json, replicas: int = 3, **more: Any) -> Cluster:
    return cluster("c", MACHINES, [controller(replicas=replicas), *objects], **more)


def judged(given: Cluster, rules: Policy | None = None, machines: Sequence[Machine] = MACHINES) -> list[Draft]:
    drafts = [draft(each, rules=rules, cluster=given) for each in machines]
    judge(given, drafts)
    return drafts


def blocked(*objects: Json, rules: Policy | None = None, **more: Any) -> Reason:
    """The one reason why w-1 is not drained; w-2 is."""
    one, two = judged(around(*objects, **more), rules)
    assert two.reasons == []
    (reason,) = one.reasons
    return reason


def edits(reason: Reason) -> list[tuple[str, str, object]]:
    assert all((each.of, each.cluster) == ("state", "c") for each in reason.remedy.edits)
    return [(each.object, each.field, each.value) for each in reason.remedy.edits]


def pdb(name: str = "pdb", **more: Any) -> Json:
    return budget(name, observed=0, **more)


# What moves


def test_pods_are_counted_by_what_becomes_of_them() -> None:
    daemon = [controller("DaemonSet", "log", None), pod("log", owned("DaemonSet", "log"), node="w-1")]
    given = around(
        *web(2), *daemon, pod("gone", owned(), node="w-1", deleted=5), pod("done", owned(), node="w-1", phase="Failed")
    )
    one, two = judged(given)
    assert one.evictions == Evictions(pods=3, rounds=1, stay=1, waits=("shop/gone",), grace=30)
    assert sorted(each.metadata.name for each in one.leaving) == ["done", "web-0", "web-1"]
    assert (two.evictions, two.leaving) == (Evictions(), ())


def test_pods_that_a_budget_lets_go_one_by_one_leave_in_rounds() -> None:
    limit = budget(allowed=1, healthy=3, desired=2, maxUnavailable=1)
    one, _ = judged(around(*web(3), limit))
    assert one.evictions is not None
    assert (one.evictions.pods, one.evictions.rounds) == (3, 3)


def test_a_pod_that_its_budget_holds_for_now_is_waited_for_and_leaves() -> None:
    pods = [pod(f"web-{n}", owned(), node=f"w-{n + 1}", ready=n == 0, **WEB) for n in range(2)]
    limit = budget(allowed=0, healthy=1, desired=1, maxUnavailable=1, expected=2)
    one, _ = judged(around(*pods, limit, replicas=2))
    assert one.evictions is not None
    assert (one.evictions.pods, one.evictions.waits, one.reasons) == (1, ("shop/web-0",), [])
    assert [each.metadata.name for each in one.leaving] == ["web-0"]


@pytest.mark.parametrize(
    ("given", "grace"), [([], 0), ([None], 30), ([5], 5), ([5, 90], 90), ([90, 5, None], 90), ([0], 0)]
)
def test_the_longest_grace_of_what_leaves_is_told(given: list[int | None], grace: int) -> None:
    pods = [
        pod(f"web-{n}", owned(), node="w-1", **({} if each is None else {"terminationGracePeriodSeconds": each}))
        for n, each in enumerate(given)
    ]
    daemon = [controller("DaemonSet", "log", None),
              pod("log", owned("DaemonSet", "log"), node="w-1", terminationGracePeriodSeconds=900)]  # fmt: skip
    one, _ = judged(around(*pods, *daemon))
    assert one.evictions is not None
    assert one.evictions.grace == grace


# What is not known


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("PodDisruptionBudget",
         "the dump of cluster c has no disruption budgets, without which no drain can be judged"),
        ("Pod", "the dump of cluster c has no Pod"),
        ("ReplicaSet", "the dump of cluster c has no ReplicaSet"),
    ],
)  # fmt: skip
def test_a_dump_that_does_not_tell_is_not_assessable_and_says_what_to_add(kind: str, said: str) -> None:
    given = around(*web(), listed=EVERY_KIND - {kind})
    with pytest.raises(NotAssessableError) as refused:
        judged(given)
    assert refused.value.what.startswith(f"not assessable: {said}")
    assert kind.lower() in refused.value.remedy.lower()


@pytest.mark.parametrize("listed", [True, False])
def test_a_machine_without_a_node_is_kept_out_where_nodes_were_listed(listed: bool) -> None:
    given = around(*web(), listed=EVERY_KIND if listed else EVERY_KIND - {"Node"})
    other = msgspec.structs.replace(MACHINES[0], name="other", uid="u")
    first, two = judged(given, machines=[other, MACHINES[0]])
    assert [each.rule for each in first.reasons] == (["node-unknown"] if listed else [])
    assert two.evictions is not None
    assert two.evictions.pods == 1
    if listed:
        world = state(*MACHINES, other, clusters=[given])
        cured, _, _ = apply_edits(world, (), Policy(), first.reasons[0].remedy.edits)
        found = cured.clusters[0].around.node("other")
        assert found is not None
        assert found.metadata.uid == "u"


def test_a_volume_that_is_not_in_the_dump_keeps_the_node_of_its_pod() -> None:
    reason = blocked(*web(volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]))
    assert (reason.rule, reason.object) == ("volumes-unknown", "c/Pod/shop/web-0")
    assert edits(reason) == [("Pod/shop/web-0", "spec.volumes", [])]


def test_a_volume_that_is_in_the_dump_keeps_no_node() -> None:
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"},
             "spec": {"volumeName": "v"}}  # fmt: skip
    pods = web(volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}])
    assert [each.reasons for each in judged(around(*pods, volume, claim))] == [[], []]


# What never leaves


@pytest.mark.parametrize(("given", "out"), [(3600, False), (3601, True), (None, False)])
def test_a_pod_may_take_no_longer_to_end_than_a_drain_waits(given: int | None, out: bool) -> None:
    more: Json = {} if given is None else {"terminationGracePeriodSeconds": given}
    one, _ = judged(around(*web(**more)))
    assert [each.rule for each in one.reasons] == (["grace"] if out else [])
    if out:
        (reason,) = one.reasons
        assert reason.why == "it may take 1 h 1 s to end, and a drain waits at most 1 h for one pod"
        assert reason.source.endswith("; policy: drain (default)")
        assert reason.remedy.says == "let its owner end it within 1 h"
        assert edits(reason) == [("Pod/shop/web-0", "spec.termination_grace_period_seconds", 3600)]
        assert reason.figures == {"grace": 3601, "max_grace": 3600}


def test_the_policy_may_give_up_pods_that_nothing_makes_again_and_no_others() -> None:
    rules = policy(drain=(entries.Drain("naked", Scope(), unreplicated="evict"),))
    alone, orphan = pod("alone", node="w-1"), pod("lost", owned(name="gone"), node="w-1")
    one, _ = judged(around(alone, orphan), rules)
    assert [each.rule for each in one.reasons] == ["drain/orphan"]
    assert [each.metadata.name for each in one.leaving] == ["alone"]
    assert one.evictions is not None
    assert one.evictions.rounds == 1
    two, _ = judged(around(alone, orphan))
    assert [each.rule for each in two.reasons] == ["drain/unreplicated", "drain/orphan"]
    assert two.leaving == ()


def test_drafts_of_other_drain_options_are_judged_by_their_own() -> None:
    scratch: Json = {"volumes": [{"name": "scratch", "emptyDir": {}}]}
    rules = policy(drain=(entries.Drain("lossy", Scope(facts={"node": ("w-2",)}), local_data="evict"),))
    one, two = judged(around(*web(**scratch), *[pod("other", owned(), node="w-2", **scratch)]), rules)
    assert ([each.rule for each in one.reasons], two.reasons) == (["drain/local-data"], [])


@pytest.mark.parametrize("before", ["", "cache,tmp"])
def test_local_data_is_given_up_by_its_owner_volume_by_volume(before: str) -> None:
    notes: Json = {"annotations": {SAFE_VOLUMES: before}} if before else {}
    volumes: list[Json] = [{"name": name, "emptyDir": {}} for name in (*before.split(","), "data") if name]
    reason = blocked(*web(volumes=volumes, **notes))
    assert (reason.rule, reason.object) == ("drain/local-data", "c/Pod/shop/web-0")
    assert reason.why == "its data in the emptyDir data does not go with it"
    assert edits(reason) == [
        ("Pod/shop/web-0", f"metadata.annotations|{SAFE_VOLUMES}", ",".join(filter(None, [before, "data"])))
    ]


def test_a_local_volume_is_the_object_that_is_told_and_its_pod_what_goes() -> None:
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["w-1"]}]}
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"},
              "spec": {"local": {"path": "/d"}, "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}},
              }  # fmt: skip
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"},
             "spec": {"volumeName": "v"}}  # fmt: skip
    reason = blocked(*web(volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]), volume, claim)
    assert reason.object == "c/PersistentVolume/v"
    assert reason.why.startswith("shop/web-0 would never leave: the volume is on this node alone")
    assert edits(reason) == [("Pod/shop/web-0", "", None)]


@pytest.mark.parametrize(
    ("one", "rule", "edit"),
    [
        (pod("alone", node="w-1"), "drain/unreplicated", ("Pod/shop/alone", "", None)),
        (pod("lost", owned(name="gone"), node="w-1"), "drain/orphan", ("Pod/shop/lost", "", None)),
        (pod("kept", owned(), node="w-1", annotations={SAFE: "false"}), "drain/not-safe-to-evict",
         ("Pod/shop/kept", f"metadata.annotations|{SAFE}", None)),
    ],
)  # fmt: skip
def test_a_pod_that_never_leaves_is_told_by_its_own_name(one: Json, rule: str, edit: tuple[str, str, object]) -> None:
    reason = blocked(one)
    assert (reason.rule, reason.object) == (rule, f"c/{edit[0]}")
    assert "would never leave" not in reason.why
    assert edits(reason) == [edit]


# Budgets that never allow anything

NAME = "PodDisruptionBudget/shop/pdb"


def test_a_budget_that_wants_all_replicas_is_mended_by_one_more() -> None:
    reason = blocked(*web(2), pdb(minAvailable=3))
    assert (reason.rule, reason.object) == ("drain/pdb", f"c/{NAME}")
    assert reason.why.startswith("no pod under it could ever be evicted: ")
    assert edits(reason) == [("ReplicaSet/shop/web", "spec.replicas", 4)]
    assert reason.figures == {"pods": 2, "min_available": 3, "replicas": 3}


@pytest.mark.parametrize(("least", "replicas"), [(3, 3), (5, 3)])
def test_replicas_grow_to_one_more_than_the_budget_wants(least: int, replicas: int) -> None:
    assert edits(blocked(*web(3), pdb(minAvailable=least), replicas=replicas))[0][2] == least + 1


def test_a_budget_that_allows_nothing_has_to_allow_one() -> None:
    for limit in ({"maxUnavailable": 0}, {"minAvailable": "100%"}):
        reason = blocked(*web(2), pdb(**limit))
        assert edits(reason) == [(NAME, "spec.min_available", None), (NAME, "spec.max_unavailable", 1)]
        assert reason.figures == {"pods": 2}


THING = {"apiVersion": "example.org/v1", "kind": "Thing", "name": "t", "uid": "t", "controller": True}


@pytest.mark.parametrize(
    ("things", "webs", "limit", "kept"),
    [
        (1, 0, {"maxUnavailable": 0}, 0),
        (3, 0, {"maxUnavailable": 0}, 2),
        (2, 0, {"minAvailable": 2}, 1),
        (1, 1, {"maxUnavailable": 0}, 1),
        (1, 1, {"minAvailable": 2}, 1),
        (1, 2, {"minAvailable": 9}, 2),
    ],
)
def test_a_budget_of_pods_that_nothing_scales_has_to_want_one_less_than_there_are(
    things: int, webs: int, limit: Json, kept: int
) -> None:
    pods = [pod(f"a-{n}", THING, node="w-1", **WEB) for n in range(things)]
    given = around(*pods, *web(webs), pdb(expected=0, **limit))
    one, _ = judged(given)
    (reason,) = one.reasons
    assert edits(reason) == [(NAME, "spec.max_unavailable", None), (NAME, "spec.min_available", kept)]
    assert reason.figures == {"pods": things + webs}
    cured, _, _ = apply_edits(state(*MACHINES, clusters=[given]), (), Policy(), reason.remedy.edits)
    after, _ = judged(cured.clusters[0])
    assert after.reasons == []


def test_pods_of_nobody_under_a_budget_are_joined_by_more_replicas() -> None:
    rules = policy(drain=(entries.Drain("naked", Scope(), unreplicated="evict"),))
    given = around(pod("alone", node="w-1", **WEB), *web(1), pdb(minAvailable=4))
    one, _ = judged(given, rules)
    assert [edits(each) for each in one.reasons] == [[("ReplicaSet/shop/web", "spec.replicas", 5)]]


def test_all_pods_of_one_budget_have_the_same_reason() -> None:
    pods = [pod(f"web-{n}", owned(), node=f"w-{n + 1}", **WEB) for n in range(2)]
    one, two = judged(around(*pods, *[pod("web-9", owned(), node="w-1", **WEB)], pdb(maxUnavailable=0)))
    assert len(one.reasons) == 1
    assert one.reasons[0] is two.reasons[0]
    limits = pdb(maxUnavailable=0), pdb("other", maxUnavailable=0, selector={"matchLabels": {"app": "db"}})
    first, _ = judged(around(*pods, pod("db", owned(), node="w-1", labels={"app": "db"}), *limits))
    assert [each.object for each in first.reasons] == ["c/PodDisruptionBudget/shop/other", f"c/{NAME}"]


# Several budgets


@pytest.mark.parametrize(
    ("labels", "first", "leave"),
    [
        ({"app": "web", "a": "1"}, {"matchLabels": {"app": "web"}},
         {"key": "app", "operator": "NotIn", "values": ["web"]}),
        ({"app": "web", "a": "1"}, {"matchLabels": {"app": "web", "a": "1"}},
         {"key": "a", "operator": "NotIn", "values": ["1"]}),
        ({"b": "2", "a": "1"}, {}, {"key": "a", "operator": "NotIn", "values": ["1"]}),
        ({"b": "2", "a": "1"}, {"matchExpressions": [{"key": "b", "operator": "Exists"}]},
         {"key": "a", "operator": "NotIn", "values": ["1"]}),
        ({}, {}, {"key": "oakum.dev/none", "operator": "Exists", "values": []}),
    ],
)  # fmt: skip
def test_of_several_budgets_all_but_the_first_let_the_pod_go(labels: Json, first: Json, leave: Json) -> None:
    there = [{"key": "x", "operator": "DoesNotExist", "values": []}]
    other = pdb("other", maxUnavailable=1, selector={"matchExpressions": there})
    reason = blocked(
        pod("web-0", owned(), node="w-1", labels=labels), pdb("a-first", maxUnavailable=1, selector=first), other
    )
    assert reason.rule == "drain/multiple-pdb"
    ((object, field, value),) = edits(reason)
    assert (object, field) == ("PodDisruptionBudget/shop/other", "spec.selector.match_expressions")
    assert isinstance(value, list)
    told = [
        {"key": each["key"], "operator": each["operator"], "values": list(each.get("values", ()))} for each in value
    ]
    assert told == [*there, leave]
