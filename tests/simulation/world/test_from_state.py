"""A world made of a state is that state: what a dump tells, and the same drains and budgets."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from tests.simulation.world.made import Made

from oakum.changes.drain.explain import explain
from oakum.changes.state.document import read_state, state_document
from oakum.fleet.cluster import objects as k
from oakum.simulation import state_of
from oakum.simulation.build import build
from oakum.simulation.from_state import from_state
from oakum.simulation.scenarios.reading import names, read


def test_a_state_tells_the_zones_of_nodes_and_hosts() -> None:
    made = Made(hosts="[{name: h, count: 2, zones: [x, y], kernel: '1'}]")
    zones = {each.id: each.labels["topology.kubernetes.io/zone"] for each in state_of(made.world).machines}
    assert zones == {"c/w-1": "a", "c/w-2": "b", "c/w-3": "c", "h-1": "x", "h-2": "y"}


SMALL = [name for name in names() if read(name).size < 20]


@pytest.mark.parametrize("name", SMALL)
def test_the_world_of_a_scenarios_state_is_that_of_the_scenario(name: str) -> None:
    first = build(read(name), 1)
    before = read_state(state_document(state_of(first)), f"{name}.json")
    second = from_state(before, 2)
    after = state_of(second)
    assert after.machines == before.machines
    for cluster, again in zip(before.clusters, after.clusters, strict=True):
        assert again.around.snapshot.version == cluster.around.snapshot.version
        assert (again.uid, again.etcd, again.facts, again.managed) == (
            cluster.uid, cluster.etcd, cluster.facts, cluster.managed,
        )  # fmt: skip
        assert {each.name for each in again.webhooks} == {each.name for each in cluster.webhooks}
        nodes = sorted(each.name for each in before.by_cluster.get(cluster.name, ()))
        told = [[(one.pod.metadata.name, one.outcome) for one in explain(each, nodes).pods]
                for each in (cluster.around, again.around)]  # fmt: skip
        assert told[0] == told[1]
        assert _budgets(again.around.snapshot.items) == _budgets(cluster.around.snapshot.items)


def _budgets(items: dict[str, tuple[k.Object, ...]]) -> list[object]:
    found = [each for each in items.get("PodDisruptionBudget", ()) if isinstance(each, k.DisruptionBudget)]
    return [(each.metadata.name, each.spec, msgspec.structs.replace(each.status)) for each in found]


def test_a_world_of_a_state_goes_on_like_any_other() -> None:
    made = Made(
        "[{name: web, replicas: 3}, {name: db, kind: StatefulSet, replicas: 2, volume: true},"
        " {name: log, kind: DaemonSet}]",
        "[{name: web, for: web, max_unavailable: 1}]",
    )  # fmt: skip
    world = from_state(state_of(made.world), 3)
    world.timeline.run_to(3600)
    cluster = world.clusters["c"]
    assert len(cluster.pods) == 8
    world.event("crash", "c/w-1", lasts=60.0)
    world.event("drain", "c/w-2")
    world.timeline.run_to(9000)
    assert sum(pod.ready for pod in cluster.pods.values()) >= 7
    assert cluster.machines["w-1"].ready


def test_static_and_finished_pods_are_left_out_and_unknown_controllers_make_pods_again() -> None:
    meta = k.Meta(name="x", namespace="n", uid="u")
    owner = k.OwnerReference(kind="Rollout", name="app", uid="r", controller=True, api_version="argoproj.io/v1alpha1")
    spec = k.PodSpec(node_name="w-1")
    ready = k.PodStatus(phase="Running", conditions=(k.Condition(type="Ready", status="True"),))
    mirror = {"kubernetes.io/config.mirror": "x"}
    pods = (
        k.Pod(kind="Pod", metadata=msgspec.structs.replace(meta, name="static", annotations=mirror), spec=spec),
        k.Pod(kind="Pod", metadata=msgspec.structs.replace(meta, name="over"), spec=spec,
              status=k.PodStatus(phase="Succeeded")),
        k.Pod(kind="Pod", metadata=msgspec.structs.replace(meta, name="app-7", owner_references=(owner,)), spec=spec,
              status=ready),
        k.Pod(kind="Pod", metadata=msgspec.structs.replace(meta, name="alone"), spec=spec, status=ready),
    )  # fmt: skip
    made = Made()
    state = state_of(made.world)
    (cluster,) = state.clusters
    items = {**cluster.around.snapshot.items, "Pod": pods}
    snapshot = msgspec.structs.replace(cluster.around.snapshot, items=items)
    around = type(cluster.around)(snapshot)
    state = msgspec.structs.replace(state, clusters=(msgspec.structs.replace(cluster, around=around),))
    world = from_state(state, 1)
    found = {pod.name: pod.workload.kind for pod in world.clusters["c"].pods.values()}
    assert found == {"app-7": "Deployment", "alone": "Pod"}


def test_a_machine_of_which_nobody_knows_whether_it_is_in_service_is_not() -> None:
    made = Made()
    state = state_of(made.world)
    machines = tuple(msgspec.structs.replace(each, healthy=None) for each in state.machines)
    world = from_state(msgspec.structs.replace(state, machines=machines, at=datetime(2026, 1, 1, tzinfo=UTC)), 1)
    assert not any(each.ready for each in world.machines.values())
