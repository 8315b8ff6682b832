"""What the drains of a plan disturb: every figure beside the cluster, what stays, what waits, and the webhooks."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.drain.makings import Json, budget, controller, owned, pod
from tests.changes.verify import edits
from tests.changes.verify.asking import OF_DNS, found, objects_first, told
from tests.changes.verify.corrupting import W1, W2, W3, W4
from tests.changes.verify.edits import replace
from tests.changes.verify.test_legal_plans import staged
from tests.changes.verify.worlds import POLICY, Draft, World, kernels, machine, upgrade, workload

from oakum.changes.intents.model import Intent
from oakum.changes.plans import Evictions, Plan
from oakum.changes.state import Webhook
from oakum.changes.verify import Violation
from oakum.changes.verify import leaving as module
from oakum.changes.verify.leaving import leaving

LOCAL: Json = {"volumes": [{"name": "d", "emptyDir": {}}]}
CLAIM: Json = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}


def of(*more: Json, world: World | None = None, drain: dict[str, Any] | None = None, **told: Any) -> list[Violation]:
    """What is found of the drain of w-4, on which nothing but ``more`` runs, if its step tells ``told`` of it."""
    world = world or World()
    plan = kernels(world).plan()
    world.objects += more
    plan = edits.step(plan, W4, evictions=Evictions(**{"pods": 1, "rounds": 1, "grace": 30, **told}))
    if drain:
        policy = replace(POLICY.drain[0], **drain)
        world.policy = replace(world.policy, drain=(policy,))
        plan = edits.group(plan, "workers", drain=policy)
    return found(leaving, world, plan)


def whys(several: list[Violation]) -> list[str]:
    return [each.why for each in several]


def batch(name: str, *nodes: str, **more: Any) -> list[Json]:
    """Pods of a ReplicaSet without a budget."""
    return workload(name, *nodes, budget=False, **more)


def test_pods_without_a_grace_period_of_their_own_have_half_a_minute() -> None:
    assert of(*batch("b", "w-4")) == []
    (found,) = of(*batch("b", "w-4"), grace=29)
    assert (found.rule, found.why) == ("evictions", "up to 29 s of grace, it says; a pod has 30 s")


def test_the_longest_grace_of_all_pods_counts() -> None:
    pods = [*batch("a", "w-4", terminationGracePeriodSeconds=45), *batch("b", "w-4")]
    assert of(*pods, pods=2, grace=45) == []
    assert whys(of(*pods, pods=2, grace=44)) == ["up to 44 s of grace, it says; a pod has 45 s"]
    # A plan may expect more than that: the time is over the sooner.
    assert of(*pods, pods=2, grace=60) == []


def test_a_grace_may_be_as_long_as_the_drain_gives_and_no_longer() -> None:
    pods = batch("a", "w-4", terminationGracePeriodSeconds=3600)
    assert of(*pods, grace=3600) == []
    (found,) = of(*pods, grace=3600, drain={"max_grace": 3599})
    assert (found.rule, found.why) == ("drain", "a pod has 3600 s of grace, and the drain gives 3599 s")


def test_pods_that_a_budget_lets_go_one_at_a_time_need_as_many_rounds() -> None:
    pods = workload("b", "w-4", "w-4", "w-4", allowed=1)
    assert of(*pods, pods=3, rounds=3) == []
    assert of(*pods, pods=3, rounds=4) == []
    assert whys(of(*pods, pods=3, rounds=2)) == ["in 2 rounds, it says; it needs 3"]


def test_a_node_without_pods_needs_no_round_and_no_grace() -> None:
    assert of(pods=0, rounds=0, grace=0) == []


@pytest.mark.parametrize(("count", "is_told"), [(0, False), (1, True), (2, True), (3, False)])
def test_a_pod_that_waits_may_be_counted_among_those_that_leave_or_not(count: int, is_told: bool) -> None:
    ending = pod("ending", owned("ReplicaSet", "b"), node="w-4", deleted=10)
    several = of(*batch("b", "w-4"), ending, pods=count, waits=("shop/ending",))
    expected = [] if is_told else [f"{count} pods leave, it says; 1 do, and 1 wait"]
    assert whys(several) == expected


def test_what_has_to_be_waited_for_is_told_by_name() -> None:
    ending = [pod(name, owned("ReplicaSet", "b"), node="w-4", deleted=10) for name in ("e-1", "e-2")]
    rest = [*batch("b", "w-4"), *ending]
    assert of(*rest, waits=("shop/e-2", "shop/e-1")) == []
    (found,) = of(*rest, waits=())
    assert (found.object, found.why) == (
        "Pod/shop/e-1", "it is wrong about what has to be waited for: shop/e-1",
    )  # fmt: skip
    (found,) = of(*rest, waits=("shop/e-1", "shop/e-2", "shop/e-3"))
    assert found.object == "Pod/shop/e-3"


def test_a_pod_whose_budget_lets_nobody_go_now_is_waited_for() -> None:
    hurt = budget("b-pdb", 0, 2, 2, expected=3, selector={"matchLabels": {"app": "b"}}, maxUnavailable=1)
    several = of(*batch("b", "w-4"), hurt, pods=0, rounds=0, grace=0, waits=("shop/b-1",))
    assert several == []
    # It leaves in the end, so that a webhook would be without it.
    world = World()
    world.webhooks = (Webhook(name="policy", pods=("shop/b-1",)),)
    several = of(*batch("b", "w-4"), hurt, world=world, pods=0, rounds=0, grace=0, waits=("shop/b-1",))
    assert told(several) == [("webhook", W4, "policy")]


def test_pods_of_daemons_stay_each_of_them() -> None:
    logs = [pod(f"log-{number}", owned("DaemonSet", "log"), node="w-4") for number in (1, 2)]
    several = [*batch("b", "w-4"), *logs, controller("DaemonSet", "log")]
    assert of(*several, stay=2) == []
    assert whys(of(*several, stay=1)) == ["1 pods stay, it says; 2 do"]


def test_a_pod_that_never_leaves_is_blocked_and_is_not_counted() -> None:
    (found,) = of(pod("alone", node="w-4"), pods=0, rounds=0, grace=0)
    assert told([found]) == [("blocked", W4, "Pod/shop/alone")]
    assert found.why.startswith("Pod/shop/alone keeps shop/alone for ever: ")


def test_a_pod_of_nobody_leaves_where_the_policy_evicts_such() -> None:
    alone = pod("alone", node="w-4")
    assert of(alone, drain={"unreplicated": "evict"}) == []
    # What else keeps a pod keeps it there too.
    (found,) = of(
        pod("data", owned("ReplicaSet", "b"), node="w-4", **LOCAL), controller("ReplicaSet", "b", 1),
        pods=0, rounds=0, grace=0, drain={"unreplicated": "evict"},
    )  # fmt: skip
    assert found.rule == "blocked"


def test_data_on_a_node_is_given_up_only_in_groups_that_give_it_up() -> None:
    world = World()
    plan = kernels(world).plan()
    for name in ("w-3", "w-4"):
        world.objects.append(pod(f"data-{name}", owned("ReplicaSet", "web"), node=name, **LOCAL))
    whole = next(group for group in plan.groups if group.id == "workers")
    giving = replace(whole, id="giving", drain=replace(whole.drain, local_data="evict"))
    plan = replace(plan, groups=(*plan.groups, giving))
    plan = edits.step(plan, W4, group="giving", evictions=Evictions(pods=1, rounds=1, grace=30))
    assert told(found(leaving, world, plan)) == [("blocked", W3, "Pod/shop/data-w-3")]


def test_a_volume_of_which_nothing_is_known_is_not_assessable_for_a_pod_that_has_to_leave() -> None:
    several = of(*batch("b", "w-4", **CLAIM))
    assert told(several) == [("not-assessable", W4, "Pod/shop/b-1")]
    assert whys(several) == ["the volumes of shop/b-1 are not known"]
    known = [
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"},
         "spec": {"volumeName": "v"}},
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {}},
    ]  # fmt: skip
    assert of(*batch("b", "w-4", **CLAIM), *known) == []
    daemon = [pod("log", owned("DaemonSet", "log"), node="w-4", **CLAIM), controller("DaemonSet", "log")]
    assert of(*batch("b", "w-4"), *daemon, stay=1) == []


@pytest.mark.parametrize("at_a_time", [1, 2, 3, 100])
def test_every_drain_is_judged_however_many_at_a_time(at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_A_TIME", at_a_time)
    world = World()
    plan = kernels(world).plan()
    for step in (W1, W2, W3, W4):
        plan = edits.step(plan, step, evictions=None)
    assert told(found(leaving, world, plan)) == [
        ("evictions", step, step.removesuffix("/k")) for step in (W1, W2, W3, W4)
    ]  # fmt: skip


def test_a_node_that_the_dump_does_not_have_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_A_TIME", 1)
    world = World()
    plan = edits.step(kernels(world).plan(), W4, evictions=None)
    state = world.state
    (cluster,) = state.clusters
    snapshot = cluster.around.snapshot
    nodes = tuple(one for one in snapshot.items["Node"] if one.metadata.name != "w-1")
    pods = tuple(one for one in snapshot.items["Pod"] if one.metadata.name != "web-1")
    around = type(cluster.around)(
        replace(snapshot, items={**snapshot.items, "Node": nodes, "Pod": pods}),
        cluster.around.machines,
        cluster.around.storage,
    )
    state = replace(state, clusters=(replace(cluster, around=around),))
    several = world.ask(plan, state)
    assert told(several) == [("not-assessable", "", "edge"), ("evictions", W4, "edge/w-4")]
    assert several[0].why == "there is no node 'w-1'"


def test_what_a_dump_lacks_is_told_once_for_a_cluster() -> None:
    world = World()
    plan = kernels(world).plan()
    world.listed -= {"PodDisruptionBudget"}
    several = world.ask(plan)
    assert told(several) == [("not-assessable", "", "edge")]
    assert several[0].why.startswith("PodDisruptionBudget objects: ")


def test_a_step_that_drains_nothing_tells_of_no_evictions() -> None:
    world = World()
    plan = upgrade(world).plan()
    assert found(leaving, world, plan) == []
    several = found(leaving, world, edits.step(plan, "edge/cp-1/cp", evictions=Evictions()))
    assert told(several) == [("evictions", "edge/cp-1/cp", "edge/cp-1")]
    assert whys(several) == ["it tells of evictions, and drains nothing"]
    plan = edits.step(objects_first(world), f"{OF_DNS}/dns", evictions=Evictions())
    assert told(found(leaving, world, plan)) == [("evictions", f"{OF_DNS}/dns", OF_DNS)]


def test_hosts_without_a_cluster_do_not_hide_the_drains_of_clusters() -> None:
    world = World()
    plan = edits.step(staged(world), W4, evictions=None)
    assert told(found(leaving, world, plan)) == [("evictions", W4, "edge/w-4")]


def far_and_near(world: World) -> Plan:
    """A kernel of a node of a cluster of which nothing is known, and those of the workers of edge."""
    world.machines = {"far/x-1": machine("x-1", cluster="far"), **world.machines}
    draft = Draft(world, Intent(name="k", kind="kernel")).usual()
    draft.group("far", ["far/x-1"])
    far = draft.found["k"].changes["far/x-1"]
    step = draft.visit("edge/w-1", "k", "workers", far)
    draft.wave("far", replace(step, id="far/x-1/k", subject=draft.found["k"].subjects["far/x-1"], group="far"))
    return draft.wave("near", draft.visit("edge/w-4", "k", "workers", evictions=None)).plan()


def test_a_node_of_an_unknown_cluster_cannot_be_drained_and_the_others_are_judged() -> None:
    world = World()
    several = found(leaving, world, far_and_near(world))
    assert told(several) == [("not-assessable", "", "far"), ("evictions", W4, "edge/w-4")]
    assert several[0].why == "it is drained, and nothing is known of its cluster"


def hooked(*pods: Json, names: tuple[str, ...] = ("shop/b-1",), **hook: Any) -> list[tuple[str, str, str]]:
    """What is found of the drain of w-4 where pods of these names serve a webhook."""
    world = World()
    world.webhooks = (Webhook(name="policy", pods=names, **hook),)
    world.objects += [*pods, *batch("other", "w-4")]
    plan = kernels(world).plan()
    return [each for each in told(found(leaving, world, plan)) if each[0] == "webhook" and each[1] == W4]


def test_the_only_backend_of_a_webhook_that_fails_closed_is_not_taken() -> None:
    assert hooked(*batch("b", "w-4")) == [("webhook", W4, "policy")]
    assert hooked(*batch("b", "w-4"), fail_closed=False) == []


def test_another_backend_counts_only_if_it_serves() -> None:
    names = ("shop/b-1", "shop/b-2")
    first, owner = batch("b", "w-4")

    def second(**more: Any) -> Json:
        return pod("b-2", owned("ReplicaSet", "b"), labels={"app": "b"}, node="w-9", **more)

    taken = [("webhook", W4, "policy")]
    assert hooked(first, second(), owner, names=names) == []
    assert hooked(first, second(ready=False), owner, names=names) == taken
    assert hooked(first, second(deleted=5), owner, names=names) == taken
    assert hooked(first, second(phase="Succeeded"), owner, names=names) == taken
    # One that the cluster does not have serves nothing either.
    assert hooked(first, owner, names=names) == taken
    # A pod that serves something else is no backend.
    assert hooked(first, second(), owner, names=("shop/b-1",)) == taken


def test_no_pod_leaves_while_nothing_serves_a_webhook_that_fails_closed() -> None:
    world = World()
    world.webhooks = (Webhook(name="policy", pods=("shop/gone",)),)
    plan = kernels(world).plan()
    several = found(leaving, world, plan)
    # Nothing leaves w-4, where nothing runs.
    assert told(several) == [("webhook", step, "policy") for step in (W1, W2, W3)]
    assert whys(several) == ["no ready pod serves policy, which fails closed"] * 3


def test_a_webhook_says_how_many_backends_are_taken() -> None:
    world = World()
    world.webhooks = (Webhook(name="policy", pods=("shop/b-1", "shop/b-2")),)
    world.objects += batch("b", "w-4", "w-4")
    (found_,) = found(leaving, world, kernels(world).plan())
    assert found_.why == "it takes all 2 backends of policy, which fails closed"
