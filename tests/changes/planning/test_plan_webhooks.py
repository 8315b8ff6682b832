"""Fail-closed webhooks: a node that holds all that serves one stays, and the remedy is one backend more elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.drain.makings import controller, owned, pod
from tests.changes.planning.worlds import cluster, draft, state, workers

from oakum.changes.planning.edits import apply_edits
from oakum.changes.planning.webhooks import Hooks
from oakum.changes.plans.why_not import Reason
from oakum.changes.state import Cluster, Webhook
from oakum.policy.model import Policy

Json = dict[str, Any]


def around(*objects: Json, nodes: int = 2, hooks: tuple[Webhook, ...] = ()) -> Cluster:
    return cluster("c", workers(nodes), [controller(), *objects], webhooks=hooks)


def closed(given: Cluster, node: str = "w-1") -> list[Reason]:
    """The webhooks that nothing would serve while a node is drained."""
    made = draft(next(each for each in workers(3) if each.name == node))
    made.leaving = given.around.on(node)
    return list(Hooks(given).closed_by(made))


def hook(*pods: str, name: str = "hook", **more: Any) -> Webhook:
    return Webhook(name=name, pods=tuple(f"shop/{each}" for each in pods), **more)


def serving(name: str, node: str = "w-1", **more: Any) -> Json:
    return pod(name, owned(), node=node, labels={"app": "hook"}, **more)


@pytest.mark.parametrize(
    ("other", "stays"),
    [
        (serving("b", "w-2"), False),
        (serving("b", "w-1"), True),
        (serving("b", "w-2", ready=False), True),
        (serving("b", "w-2", deleted=5), True),
        (serving("b", "w-2", phase="Failed"), True),
        (serving("b", "w-2", namespace="bank"), True),
        (serving("x", "w-2"), True),
    ],
)
def test_a_node_stays_whose_drain_would_leave_a_webhook_without_a_ready_pod(other: Json, stays: bool) -> None:
    given = around(serving("a"), other, hooks=(hook("a", "b"),))
    assert bool(closed(given)) is stays


def test_a_node_from_which_no_pod_leaves_closes_nothing() -> None:
    given = around(serving("a"), hooks=(hook("a"), hook("none", name="empty")))
    assert closed(given, "w-2") == []


def test_a_webhook_that_fails_open_keeps_no_node() -> None:
    given = around(serving("a"), hooks=(hook("a", fail_closed=False), hook("a", name="closed")))
    assert [each.object for each in closed(given)] == ["c/Webhook/closed"]


def test_a_webhook_is_told_with_how_many_pods_serve_it() -> None:
    given = around(
        serving("a"), serving("b"), serving("d", ready=False), hooks=(hook("a", "b", "d"), hook("x", name="none"))
    )
    one, none = closed(given)
    assert one.why == "all 2 ready pods that serve it are on w-1, and it is fail-closed"
    assert one.remedy.says == "run it with replicas on two nodes or more (required anti-affinity)"
    assert none.why == "no ready pod serves it, and it is fail-closed: no pod that leaves would be made again"
    assert none.remedy.says == "mend its backend"
    assert [each.figures for each in (one, none)] == [{"serving": 2}, {"serving": 0}]


@pytest.mark.parametrize(
    ("objects", "nodes", "made"),
    [
        ([serving("a", namespace="bank")], 2, ["bank/hook-on-w-1", "bank/hook-on-w-2"]),
        ([serving("a", namespace="bank")], 3, ["bank/hook-on-w-1", "bank/hook-on-w-2"]),
        ([serving("a", namespace="bank")], 1, ["bank/hook-on-w-1", "bank/hook-on-+"]),
        ([pod("a", node="w-1", namespace="bank")], 2, ["default/hook-on-w-1", "default/hook-on-w-2"]),
        ([serving("other")], 2, ["default/hook-on-w-1", "default/hook-on-w-2"]),
    ],
)
def test_the_remedy_is_a_ready_pod_on_each_of_two_nodes(objects: list[Json], nodes: int, made: list[str]) -> None:
    hooks = (Webhook(name="hook", pods=("bank/none", "bank/a")), hook("x", name="other", fail_closed=False))
    given = around(*objects, nodes=nodes, hooks=hooks)
    (reason,) = closed(given)
    *pods, last = reason.remedy.edits
    assert [each.object for each in pods] == [f"Pod/{name}" for name in made]
    assert (last.object, last.field, last.cluster) == ("c", "webhooks", "c")
    cured, _, _ = apply_edits(state(*workers(nodes), clusters=[given]), (), Policy(), reason.remedy.edits)
    assert [each.pods for each in cured.clusters[0].webhooks] == [("bank/none", "bank/a", *made), ("shop/x",)]
    assert closed(cured.clusters[0]) == []
    added = [each for each in cured.clusters[0].around.pods if each.metadata.name.startswith("hook-on-")]
    assert [each.spec.node_name for each in added] == ["w-1", "w-2" if nodes > 1 else "+"]
    copied = made[0].startswith("bank")
    assert [each.metadata.labels for each in added] == [{"app": "hook"} if copied else {}] * 2
    kinds = [owner.kind for each in added if (owner := each.metadata.controller) is not None]
    assert kinds == ["ReplicaSet" if copied else "Backend"] * 2
