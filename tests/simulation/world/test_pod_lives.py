"""Pods as the documentation of Kubernetes tells their lives (pod-lifecycle, nodes, workload controllers)."""

from __future__ import annotations

import pytest
from tests.simulation.world.made import Made

from oakum.changes.running.observed import Seen


def test_everything_is_in_service_at_the_start() -> None:
    made = Made("[{name: web, replicas: 6}, {name: log, kind: DaemonSet}, {name: db, kind: StatefulSet, replicas: 2}]")
    assert [pod.ready for pod in made.cluster.pods.values()] == [True] * 11
    assert sorted(len(each.pods) for each in made.cluster.machines.values()) == [3, 4, 4]
    made.wait(3600)
    assert len(made.cluster.pods) == 11


def test_a_replica_set_makes_the_replacement_while_the_old_pod_still_ends() -> None:
    made = Made("[{name: web, replicas: 2, stops: 20s, starts: 5s}]")
    made.lease()
    first = made.pods("web")[0]
    assert made.evict(first).result == "done"
    made.wait(10)
    assert first.deleted >= 0
    assert first.uid in made.workload("web").pods
    assert [pod.ready for pod in made.pods("web")] == [False, True, True]
    made.wait(30)
    assert len(made.pods("web")) == 2
    assert first.uid not in {pod.uid for pod in made.pods("web")}


def test_a_stateful_set_never_has_two_pods_of_one_identity() -> None:
    made = Made("[{name: db, kind: StatefulSet, replicas: 3, stops: 25s, starts: 5s}]")
    made.lease()
    first = made.pods("db")[1]
    made.evict(first)
    made.wait(20)
    assert [pod.uid for pod in made.pods("db") if pod.name == "db-1"] == [first.uid]
    made.wait(20)
    (again,) = [pod for pod in made.pods("db") if pod.name == "db-1"]
    assert again.uid != first.uid
    assert again.ready


def test_the_pods_of_a_daemon_set_stay_on_cordoned_nodes_and_come_back() -> None:
    made = Made("[{name: log, kind: DaemonSet}]")
    made.lease()
    made.act("claim", "w-1")
    made.evict(made.pods("log")[0])
    made.wait(60)
    assert made.on("w-1") != []


def test_nothing_else_is_scheduled_to_a_cordoned_node() -> None:
    made = Made("[{name: web, replicas: 3}, {name: any, replicas: 1, sticks: true, on: [w-1]}]")
    made.lease()
    made.act("claim", "w-1")
    for pod in list(made.machine("w-1").pods.values()):
        made.evict(pod)
    made.wait(60)
    names = {pod.workload.name for pod in made.machine("w-1").pods.values()}
    assert names <= {"any"}, "only what tolerates the taint of a cordon bounces back"


def test_what_nothing_owns_is_not_made_again() -> None:
    made = Made("[{name: bare, kind: Pod}]")
    made.lease()
    made.evict(made.pods("bare")[0])
    made.wait(60)
    assert made.pods("bare") == []


def test_a_job_makes_a_pod_again_until_one_succeeds_and_none_after_that() -> None:
    made = Made("[{name: sum, kind: Job, runs: 100s}]")
    made.lease()
    made.wait(50)
    first = made.pods("sum")[0]
    made.evict(first)
    made.wait(80)
    (second,) = made.pods("sum")
    assert (second.uid == first.uid, second.phase) == (False, "Running")
    made.wait(100)
    assert [pod.phase for pod in made.pods("sum")] == ["Succeeded"]
    made.wait(500)
    assert len(made.pods("sum")) == 1


def test_the_grace_period_bounds_how_long_a_pod_takes_to_end() -> None:
    made = Made("[{name: slow, replicas: 1, stops: 100s, grace: 30s}]")
    made.lease()
    first = made.pods("slow")[0]
    made.evict(first)
    made.wait(29)
    assert first.uid in made.workload("slow").pods
    made.wait(2)
    assert first.uid not in made.workload("slow").pods


def test_a_finalizer_holds_a_pod_until_it_is_taken_away() -> None:
    made = Made("[{name: web, replicas: 1, on: [w-1]}]")
    made.lease()
    assert made.world.event("hold", "c/w-1", lasts=600)
    first = made.pods("web")[0]
    made.evict(first)
    made.wait(590)
    assert first.uid in made.workload("web").pods
    made.wait(20)
    assert first.uid not in made.workload("web").pods


def test_a_dead_node_is_not_ready_after_40_seconds_and_its_pods_are_deleted_after_5_minutes_more() -> None:
    made = Made("[{name: web, replicas: 3, on: [w-1, w-2, w-3]}]")
    made.world.event("crash", "c/w-1")
    made.wait(39)
    assert made.machine("w-1").ready
    made.wait(2)
    assert not made.machine("w-1").ready
    made.wait(298)
    assert [pod.deleted for pod in made.machine("w-1").pods.values()] == [-1.0]
    made.wait(30)
    (stuck,) = made.machine("w-1").pods.values()
    assert stuck.deleted > 0
    assert sum(pod.ready for pod in made.pods("web")) == 3
    made.wait(3600)
    assert made.on("w-1") == [stuck.name], "nobody can tell that its containers have ended"


def test_a_stateful_pod_of_a_dead_node_is_made_again_only_when_the_node_is_gone_or_back() -> None:
    made = Made("[{name: db, kind: StatefulSet, replicas: 2, on: [w-1, w-2]}]")
    made.world.event("crash", "c/w-1")
    made.wait(3600)
    assert sum(pod.ready for pod in made.pods("db")) == 1
    made.world.event("delete-node", "c/w-1")
    made.wait(60)
    assert [pod.ready for pod in made.pods("db")] == [True, True]


def test_a_node_that_returns_ends_what_was_deleted_and_starts_the_rest() -> None:
    made = Made("[{name: web, replicas: 1, on: [w-1]}, {name: log, kind: DaemonSet}]")
    made.world.event("crash", "c/w-1", lasts=600)
    made.wait(1200)
    assert made.machine("w-1").ready
    assert made.on("w-1") == ["log-1"]
    assert all(pod.ready for pod in made.cluster.pods.values())


def test_a_node_that_restarts_at_once_keeps_its_pods() -> None:
    made = Made("[{name: web, replicas: 1, on: [w-1]}]")
    (pod,) = made.pods("web")
    made.world.event("restart", "c/w-1")
    made.wait(30)
    assert not pod.ready
    made.wait(170)
    assert pod.ready
    assert made.pods("web") == [pod]


def test_a_deleted_node_takes_its_pods_with_it() -> None:
    made = Made("[{name: web, replicas: 3, on: [w-1, w-2, w-3]}]")
    made.world.event("delete-node", "c/w-1")
    assert "c/w-1" not in made.world.machines
    made.wait(60)
    assert {pod.machine.name for pod in made.pods("web") if pod.machine} == {"w-2", "w-3"}


def test_a_volume_is_detached_some_time_after_its_pod_has_ended() -> None:
    made = Made("[{name: db, kind: StatefulSet, replicas: 1, volume: true, on: [w-1]}]", nodes=6)
    made.lease()
    assert made.seen("w-1").attached == ("pv-default-db-0",)
    made.act("claim", "w-1")
    made.evict(made.pods("db")[0])
    made.wait(5)
    assert made.on("w-1") == []
    assert made.seen("w-1").attached == ("pv-default-db-0",)
    made.wait(60)
    assert made.seen("w-1").attached == ()
    (again,) = made.pods("db")
    assert again.machine is not None
    assert again.machine.name == "w-4", "its volume is in zone a"


def test_a_pod_waits_where_no_node_has_room_and_comes_up_when_one_has() -> None:
    made = Made("[{name: web, replicas: 2, cpu: 5}]", nodes=2)
    made.lease()
    made.act("claim", "w-1")
    made.evict(made.pods("web")[0])
    made.wait(60)
    assert [pod.phase for pod in made.pods("web")] == ["Running", "Pending"]
    made.act("release", "w-1")
    made.wait(60)
    assert [pod.ready for pod in made.pods("web")] == [True, True]


def test_pods_that_are_kept_apart_never_share_a_node() -> None:
    made = Made("[{name: web, replicas: 3, apart: true}]")
    made.lease()
    made.act("claim", "w-1")
    for pod in list(made.machine("w-1").pods.values()):
        made.evict(pod)
    made.wait(60)
    assert sorted(pod.machine.name if pod.machine else "" for pod in made.pods("web")) == ["", "w-2", "w-3"]


def test_a_fail_closed_webhook_without_a_backend_keeps_new_pods_out() -> None:
    hook = ", webhooks: [{name: gate, backend: Deployment/guard/gate}]"
    made = Made("[{name: gate, namespace: guard}, {name: web, replicas: 2}]", more=hook)
    made.lease()
    (gate,) = made.pods("gate")
    made.evict(gate)
    made.evict(made.pods("web")[0])
    made.wait(600)
    assert (len(made.pods("gate")), len(made.pods("web"))) == (0, 1), "not even its own backend is made again"
    made.cluster.webhooks[0].exempt = ("guard",)
    made.wait(60)
    assert (len(made.pods("gate")), len(made.pods("web"))) == (1, 2)
    made.world.event("admission-down", "c", lasts=300)
    made.evict(made.pods("web")[0])
    made.wait(200)
    assert len(made.pods("web")) == 1, "its backend runs, and does not answer"
    made.wait(200)
    assert len(made.pods("web")) == 2


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_a_roll_out_replaces_all_pods_one_at_a_time_and_then_is_seen_to_be_over(kind: str) -> None:
    made = Made(f"[{{name: app, kind: {kind}, replicas: 3, starts: 5s}}]")
    made.lease()
    workload, name = made.workload("app"), f"{kind}/default/app"
    made.world.set_image(made.cluster, workload, "registry.example/app:2")
    least = 3
    seen: Seen | None = None
    for _ in range(400):
        made.wait(0.5)
        least = min(least, workload.ready)
        seen = made.world.port("a").observe(()).seen(f"c/{name}")
        assert seen is not None
        if seen.up:
            break
    assert seen is not None
    assert seen.up
    assert seen.running == {"image/main": "registry.example/app:2"}
    assert least >= (3 if kind == "Deployment" else 2)
    assert {pod.image for pod in made.pods("app") if pod.deleted < 0} == {"registry.example/app:2"}


def test_missing_pods_are_counted_in_pod_seconds() -> None:
    made = Made("[{name: web, replicas: 2, starts: 10s, stops: 2s}]")
    made.lease()
    made.evict(made.pods("web")[0])
    made.wait(600)
    workload = made.workload("web")
    assert 10 < workload.missed < 15


def test_the_five_minutes_begin_anew_when_a_node_was_back_in_between() -> None:
    made = Made("[{name: web, replicas: 1, on: [w-1]}]")
    (pod,) = made.pods("web")
    made.world.event("crash", "c/w-1", lasts=100)
    made.wait(230)
    assert made.machine("w-1").ready
    made.world.event("crash", "c/w-1")
    made.wait(330)
    assert pod.deleted < 0, "560 seconds after the first failure, 330 after the second"
    made.wait(20)
    assert pod.deleted >= 0


def test_a_stateful_set_makes_the_next_pod_when_those_before_it_are_ready() -> None:
    made = Made("[{name: db, kind: StatefulSet, replicas: 3, starts: 20s}]")
    made.lease()
    first, second, _ = made.pods("db")
    made.evict(first)
    made.wait(5)
    made.evict(second)
    made.wait(10)
    assert [pod.name for pod in made.pods("db")] == ["db-0", "db-2"]
    made.wait(60)
    assert [pod.name for pod in made.pods("db")] == ["db-0", "db-1", "db-2"]
