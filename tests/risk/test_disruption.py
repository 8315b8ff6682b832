"""What an action in a cluster disturbs, from replicas and budgets: small clusters with the answer counted by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.risk.flows.worlds import snapshot

from oakum.fleet.assets import Relation
from oakum.risk.bundles import Estimate
from oakum.risk.disruption import BLOCKED, DOWN, POD, estimates

Json = dict[str, Any]
NAMES = {"n1": "node-1", "n2": "node-2", "web": "shop/web", "db": "shop/db", "img": "shop/web:1", "dns": "CoreDNS"}


def pod(name: str, on: str, **labels: str) -> Json:
    return {"kind": "Pod", "metadata": {"namespace": "shop", "name": name, "labels": labels}, "spec": {"nodeName": on}}


def budget(allowed: int, expected: int = 2, **labels: str) -> Json:
    return {
        "kind": "PodDisruptionBudget",
        "metadata": {"namespace": "shop", "name": "guard"},
        "spec": {"selector": {"matchLabels": labels}, "minAvailable": 1},
        "status": {"disruptionsAllowed": allowed, "expectedPods": expected},
    }


def runs(workload: str, node: str, count: int = 1) -> Relation:
    return Relation(workload, "runs-on", node, count)


def found(key: str, *relations: Relation, objects: tuple[Json, ...] = (), pools: dict[str, str] | None = None) -> Any:
    return estimates(snapshot(*objects), relations, NAMES, pools or {}).get(key)


@pytest.mark.parametrize(
    ("key", "relations", "weight", "words"),
    [
        # an image: every pod of every workload that uses it restarts
        ("img", (runs("web", "n1", 2), runs("web", "n2", 1), Relation("web", "uses", "img")), 3 * POD,
         ("restarts 3 pods of shop/web",)),
        ("img", (runs("web", "n1"), Relation("web", "uses", "img")), POD + DOWN,
         ("restarts 1 pod of shop/web", "one replica, down meanwhile: shop/web")),
        ("img", (runs("web", "n1", 2), runs("db", "n1"), Relation("web", "uses", "img"), Relation("db", "uses", "img")),
         3 * POD + DOWN, ("restarts 3 pods of shop/db, shop/web", "one replica, down meanwhile: shop/db")),
        # nothing runs of it: nothing is disturbed
        ("img", (Relation("web", "uses", "img"),), 0.0, ()),
        # a component is rolled out as a workload is
        ("dns", (Relation("c", "holds", "dns"), runs("dns", "n1", 2)), 2 * POD, ("restarts 2 pods of CoreDNS",)),
        # a node is drained: a workload with one pod in all is down, one with another elsewhere is not
        ("n1", (runs("web", "n1"), runs("web", "n2")), 0.0, ()),
        ("n1", (runs("web", "n1"),), DOWN, ("one replica, down meanwhile: shop/web",)),
        ("n1", (runs("web", "n1"), runs("db", "n1")), 2 * DOWN,
         ("one replica, down meanwhile: shop/db, shop/web",)),
    ],
)  # fmt: skip
def test_replicas_tell_what_is_disturbed(
    key: str, relations: tuple[Relation, ...], weight: float, words: tuple[str, ...]
) -> None:
    told = found(key, *relations)
    assert (told.weight, told.words) == (pytest.approx(weight), words)


@pytest.mark.parametrize(
    ("of", "labels", "blocked"),
    [
        (budget(0, app="web"), {"app": "web"}, True),
        (budget(1, app="web"), {"app": "web"}, False),
        (budget(0, app="db"), {"app": "web"}, False),
        # policy/v1: an empty selector selects every pod of the namespace
        (budget(0), {"app": "web"}, True),
        # a budget without pods blocks nobody
        (budget(0, expected=0, app="web"), {"app": "web"}, False),
    ],
)
def test_a_budget_that_allows_nothing_weighs_on_the_drain_and_not_on_a_roll_out(
    of: Json, labels: dict[str, str], blocked: bool
) -> None:
    objects = (of, pod("web-1", "node-1", **labels), pod("web-2", "node-2", **labels))
    relations = (runs("web", "n1"), runs("web", "n2"), Relation("web", "uses", "img"))
    drained = found("n1", *relations, objects=objects)
    said = "no eviction is allowed now by PodDisruptionBudget shop/guard"
    assert (said in drained.words) is blocked
    assert drained.weight == (BLOCKED if blocked else 0.0)
    assert found("img", *relations, objects=objects).weight == pytest.approx(2 * POD)


def test_a_pool_is_told_of_nodes_with_and_without_pods() -> None:
    relations = (runs("web", "n1"), runs("web", "n2"))
    assert found("n1", *relations, pools={"n1": "blue", "n2": "blue"}).pool == "blue"
    assert found("n2", pools={"n2": "blue"}) == Estimate(pool="blue")


def test_a_node_belongs_to_the_cluster_that_holds_it() -> None:
    assert found("n1", Relation("c", "holds", "n1"), runs("web", "n1"), pools={"n1": "blue"}).cluster == "c"
    assert found("n2", Relation("c", "holds", "n2"), pools={"n2": "blue"}) == Estimate(pool="blue", cluster="c")


def test_of_many_workloads_some_are_named_and_the_others_counted() -> None:
    names = {"n1": "node-1", **{f"w{number}": f"shop/w{number}" for number in range(6)}}
    relations = [runs(f"w{number}", "n1") for number in range(6)]
    told = estimates(snapshot(), relations, names, {})["n1"].words
    assert "one replica, down meanwhile: shop/w0, shop/w1, shop/w2 and 3 more" in told
