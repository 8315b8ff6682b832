"""Where the pods of a drained node find room: the scheduler's filters, one by one.

Node n1 is drained. Unless a test says otherwise there is one other node, n2, on which everything fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from tests.changes.drain.makings import EVERY_KIND, namespace, owned, pod
from tests.changes.planning.worlds import machine

from oakum.changes.drain import Surroundings
from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.order import Phase
from oakum.changes.planning.room import Room
from oakum.changes.plans.model import Subject
from oakum.changes.plans.why_not import Reason
from oakum.changes.state import Cluster, Machine
from oakum.local.drain import of_value

Json = dict[str, Any]
HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


def node(name: str, labels: Json | None = None, taints: Sequence[Json] = (), ready: str = "True", **more: Any) -> Json:
    """A node; what is not known here is what it has to give (cpu, memory, pods)."""
    unschedulable = more.pop("unschedulable", False)
    return {
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": name, "labels": labels or {}},
        "spec": {"taints": list(taints), "unschedulable": unschedulable},
        "status": {"allocatable": more, "conditions": [{"type": "DiskPressure", "status": "False"},
                                                       {"type": "Ready", "status": ready}]},
    }  # fmt: skip


def asking(cpu: str = "", memory: str = "", **more: Any) -> Json:
    """A container that asks for so much."""
    requests = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    return {"name": "c", "resources": {"requests": requests}, **more}


def on(at: str, name: str = "", **more: Any) -> Json:
    """A pod of a ReplicaSet on a node, asking for ``cpu`` and ``memory`` where they are given."""
    asked = {key: more.pop(key) for key in ("cpu", "memory") if key in more}
    if asked:
        more["containers"] = [asking(**asked)]
    return pod(name or f"p-{at}", more.pop("owner", owned()), node=at, **more)


def drained(*objects: Json, machines: Sequence[Machine] = ()) -> list[Reason]:
    """What the pods of n1 lack."""
    nodes = () if any(each["kind"] == "Node" for each in objects) else (node("n1"), node("n2"))
    around = of_value({"apiVersion": "v1", "kind": "List", "items": [*nodes, *objects]}, "made up")
    snapshot = msgspec.structs.replace(around.snapshot, listed=EVERY_KIND, gaps=())
    around = Surroundings(snapshot, around.machines, around.storage)
    cluster = Cluster(name="c", uid="c", around=around)
    subject = Subject(kind="machine", cluster="c", name="n1", uid="n1")
    draft = Draft(phase=Phase(0, 0, 0), subject=subject, changes=(), cluster=cluster, leaving=around.on("n1"))
    return list(Room(cluster, machines).lacking(draft))


def fits(*objects: Json, machines: Sequence[Machine] = ()) -> bool:
    return not drained(*objects, machines=machines)


# Which nodes count


@pytest.mark.parametrize(
    ("other", "machines", "there"),
    [
        (node("n2"), (), True),
        (node("n2", unschedulable=True), (), False),
        (node("n2", ready="False"), (), False),
        (node("n2", ready="Unknown"), (), False),
        (node("n2", ready="False"), (machine("n2"),), True),
        (node("n2"), (machine("n2", healthy=False),), False),
        (node("n2"), (machine("n2", healthy=None),), False),
        (node("n2"), (machine("n2", cordoned=True),), False),
        (node("n2", unschedulable=True), (machine("n2"),), False),
    ],
)
def test_only_nodes_in_service_take_pods(other: Json, machines: Sequence[Machine], there: bool) -> None:
    assert fits(node("n1"), other, on("n1"), machines=machines) is there


def test_a_node_is_ready_only_by_its_condition_of_that_name() -> None:
    other = node("n2", ready="False")
    other["status"]["conditions"][0]["status"] = "True"
    assert not fits(node("n1"), other, on("n1"))


@pytest.mark.parametrize("leaving", [on("n1", phase="Succeeded"), on("n1", phase="Failed"), pod("alone", node="n1")])
def test_pods_that_have_ended_and_pods_that_nobody_makes_again_need_no_room(leaving: Json) -> None:
    assert fits(node("n1"), leaving)
    assert not fits(node("n1"), on("n1"))


# How much is free


@pytest.mark.parametrize(
    ("has", "asks", "enough"),
    [
        ({"cpu": "2"}, {"cpu": "2"}, True),
        ({"cpu": "2"}, {"cpu": "2001m"}, False),
        ({"memory": "1Gi"}, {"memory": "1024Mi"}, True),
        ({"memory": "1Gi"}, {"memory": "1025Mi"}, False),
        ({"cpu": "4", "memory": "1Gi"}, {"cpu": "1", "memory": "2Gi"}, False),
        ({"cpu": "1", "memory": "4Gi"}, {"cpu": "2", "memory": "1Gi"}, False),
        ({"pods": "0"}, {}, False),
        ({"pods": "1"}, {}, True),
        ({}, {"cpu": "1000", "memory": "8Ti"}, True),
        ({"cpu": "many"}, {"cpu": "1000"}, True),
        ({"cpu": "1"}, {"cpu": "much"}, True),
        ({"memory": "1"}, {"memory": "much"}, True),
    ],
)
def test_a_pod_needs_as_much_as_it_asks_for(has: Json, asks: Json, enough: bool) -> None:
    assert fits(node("n1"), node("n2", **has), on("n1", **asks)) is enough


@pytest.mark.parametrize(
    ("there", "enough"),
    [
        ({"cpu": "2"}, True),
        ({"cpu": "2100m"}, False),
        ({"cpu": "3", "phase": "Failed"}, True),
        ({"memory": "1Ki"}, False),
    ],
)
def test_what_runs_on_a_node_takes_its_room(there: Json, enough: bool) -> None:
    asked = on("n1", cpu="1", memory="1Mi")
    assert fits(node("n1"), node("n2", cpu="3", memory="1Mi"), asked, on("n2", **there)) is enough


@pytest.mark.parametrize(
    ("has", "asks"), [({"cpu": "3"}, {"cpu": "2"}), ({"memory": "3Gi"}, {"memory": "2Gi"}), ({"pods": "1"}, {})]
)
def test_pods_that_move_together_share_what_is_free(has: Json, asks: Json) -> None:
    pods = [on("n1", f"p-{number}", **asks) for number in range(2)]
    assert fits(node("n1"), node("n2", **has), pods[0])
    assert not fits(node("n1"), node("n2", **has), *pods)
    assert fits(node("n1"), node("n2", **has), node("n3", **has), *pods)


def test_a_node_that_does_not_say_how_many_pods_it_takes_takes_110() -> None:
    there = [on("n2", f"there-{number}") for number in range(109)]
    assert fits(*there, on("n1"))
    assert not fits(*there, on("n1", "one"), on("n1", "two"))


def test_the_largest_pods_are_placed_first_and_where_most_is_free() -> None:
    nodes = node("n1"), node("n2", cpu="4"), node("n3", cpu="3")
    assert fits(*nodes, on("n1", "a", cpu="1"), on("n1", "b", cpu="2"), on("n1", "z", cpu="4"))
    assert not fits(*nodes, on("n1", "a", cpu="3"), on("n1", "b", cpu="2"), on("n1", "z", cpu="4"))
    # The one with memory goes to the larger node first, though the smaller would do.
    assert not fits(*nodes, on("n1", "a", cpu="3"), on("n1", "b", cpu="4500m"))


@pytest.mark.parametrize(
    ("containers", "first", "cpu", "memory"),
    [
        ([asking("1", "1Gi"), asking("2", "3Gi")], [], "3", "4Gi"),
        ([asking("1", "1Gi")], [asking("3", "512Mi"), asking("2", "2Gi")], "3", "2Gi"),
        ([asking("4", "4Gi")], [asking("3", "3Gi")], "4", "4Gi"),
        ([asking("4", "1Gi")], [asking("1", "2Gi", restartPolicy="Always")], "5", "3Gi"),
        ([asking("1", "1Gi")], [asking("1", "2Gi", restartPolicy="Always"), asking("3", "3Gi")], "4", "5Gi"),
        ([asking("1", "1Gi")], [asking("3", "3Gi"), asking("1", "2Gi", restartPolicy="Always")], "3", "3Gi"),
        ([asking("1", "1Gi")], [asking(restartPolicy="Always")], "1", "1Gi"),
        ([], [asking("1", "1Gi")], "1", "1Gi"),
    ],
)
def test_containers_run_together_init_containers_before_them_and_sidecars_all_the_time(
    containers: list[Json], first: list[Json], cpu: str, memory: str
) -> None:
    moving = on("n1", containers=containers, initContainers=first)
    assert fits(node("n1"), node("n2", cpu=cpu, memory=memory), moving)
    less = {"cpu": str(int(cpu) - 0.5), "memory": f"{int(memory[:-2]) * 1024 - 1}Mi"}
    assert not fits(node("n1"), node("n2", cpu=less["cpu"], memory=memory), moving)
    assert not fits(node("n1"), node("n2", cpu=cpu, memory=less["memory"]), moving)


# Taints, selectors, affinity

GPU: Json = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("taints", "tolerations", "welcome"),
    [
        ([GPU], [], False),
        ([GPU | {"effect": "NoExecute"}], [], False),
        ([GPU | {"effect": "PreferNoSchedule"}], [], True),
        ([GPU], [{"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}], True),
        ([GPU], [{"key": "gpu", "value": "yes"}], True),
        ([GPU], [{"key": "gpu", "value": "no"}], False),
        ([GPU], [{"key": "other", "value": "yes"}], False),
        ([GPU], [{"key": "gpu", "operator": "Exists"}], True),
        ([GPU], [{"key": "other", "operator": "Exists"}], False),
        ([GPU], [{"operator": "Exists"}], True),
        ([GPU], [{"operator": "Exists", "effect": "NoExecute"}], False),
        ([GPU], [{"key": "other", "operator": "Exists"}, {"key": "gpu", "operator": "Exists"}], True),
        ([GPU, GPU | {"key": "disk"}], [{"key": "gpu", "operator": "Exists"}], False),
    ],
)
def test_a_taint_keeps_away_whoever_does_not_tolerate_it(
    taints: list[Json], tolerations: list[Json], welcome: bool
) -> None:
    assert fits(node("n1"), node("n2", taints=taints), on("n1", tolerations=tolerations)) is welcome


@pytest.mark.parametrize(
    ("wanted", "found"),
    [({"disk": "ssd"}, True), ({"disk": "hdd"}, False), ({"disk": "ssd", "gpu": "yes"}, False), ({HOST: "n2"}, True)],
)
def test_a_node_selector_wants_all_of_its_labels(wanted: Json, found: bool) -> None:
    assert fits(node("n1"), node("n2", {"disk": "ssd"}), on("n1", nodeSelector=wanted)) is found


def requires(key: str, operator: str, *values: str) -> Json:
    return {"key": key, "operator": operator, "values": list(values)}


def affine(*terms: Json) -> Json:
    needed = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"affinity": {"nodeAffinity": needed}}


@pytest.mark.parametrize(
    ("requirement", "holds"),
    [
        (requires("size", "In", "3", "5"), True),
        (requires("size", "In", "3"), False),
        (requires("none", "In", "3"), False),
        (requires("size", "NotIn", "5"), False),
        (requires("size", "NotIn", "3"), True),
        (requires("none", "NotIn", "3"), True),
        (requires("size", "Exists"), True),
        (requires("none", "Exists"), False),
        (requires("size", "DoesNotExist"), False),
        (requires("none", "DoesNotExist"), True),
        (requires("size", "Gt", "4"), True),
        (requires("size", "Gt", "5"), False),
        (requires("size", "Lt", "6"), True),
        (requires("size", "Lt", "5"), False),
        (requires("none", "Gt", "4"), False),
        (requires("none", "Lt", "4"), False),
        (requires("size", "Gt", "x"), False),
        (requires("disk", "Lt", "4"), False),
        (requires("size", "Gt", "4", "1"), False),
        (requires("size", "Gt"), False),
        (requires("size", "Near", "5"), False),
    ],
)
def test_node_affinity_holds_by_its_operator(requirement: Json, holds: bool) -> None:
    other = node("n2", {"size": "5", "disk": "ssd"})
    assert fits(node("n1"), other, on("n1", **affine({"matchExpressions": [requirement]}))) is holds


@pytest.mark.parametrize(
    ("terms", "holds"),
    [
        ([{"matchExpressions": [requires("a", "Exists"), requires("b", "Exists")]}], False),
        ([{"matchExpressions": [requires("a", "Exists")]}, {"matchExpressions": [requires("b", "Exists")]}], True),
        ([{"matchExpressions": [requires("b", "Exists")]}, {"matchExpressions": [requires("b", "Exists")]}], False),
        ([{}], False),
        ([{"matchFields": [requires("metadata.name", "In", "n2")]}], True),
        ([{"matchFields": [requires("metadata.name", "In", "n1")]}], False),
        ([{"matchExpressions": [requires("a", "Exists")],
           "matchFields": [requires("metadata.name", "In", "n1")]}], False),
        ([{"matchFields": [requires("metadata.name", "In", "n2")], "matchExpressions": [requires("b", "Exists")]}],
         False),
        ([{"matchFields": [requires("a", "Exists")]}], False),
    ],
)  # fmt: skip
def test_one_term_of_node_affinity_is_enough_and_all_of_it_has_to_hold(terms: list[Json], holds: bool) -> None:
    assert fits(node("n1"), node("n2", {"a": "1"}), on("n1", **affine(*terms))) is holds


@pytest.mark.parametrize(("zone", "reached"), [("a", True), ("b", False)])
def test_a_pod_follows_its_volumes(zone: str, reached: bool) -> None:
    term = {"matchExpressions": [requires(ZONE, "In", "a")]}
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"},
              "spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}}}  # fmt: skip
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"},
             "spec": {"volumeName": "v"}}  # fmt: skip
    moving = on("n1", volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}])
    assert fits(node("n1"), node("n2", {ZONE: zone}), volume, claim, moving) is reached
    bound = moving | {"spec": moving["spec"] | affine({"matchExpressions": [requires("gpu", "Exists")]})}
    assert not fits(node("n1"), node("n2", {ZONE: zone}), volume, claim, bound)


# Pods that stand apart


def apart(labels: Json | None = None, topology: str = HOST, **more: Any) -> Json:
    """Required anti-affinity to pods with these labels (app: web)."""
    term = {"labelSelector": {"matchLabels": labels or {"app": "web"}}, "topologyKey": topology, **more}
    return {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


WEB: Json = {"labels": {"app": "web"}}
TWO_ZONES = (node("n1", {ZONE: "a"}), node("n2", {ZONE: "a"}), node("n3", {ZONE: "b"}))


@pytest.mark.parametrize(
    ("other", "room"),
    [
        ({}, True),
        (WEB, False),
        (WEB | {"phase": "Succeeded"}, True),
        (WEB | {"namespace": "bank"}, True),
        ({"labels": {"app": "db"}}, True),
    ],
)
def test_a_pod_goes_nowhere_beside_those_that_it_shuns_nor_they_beside_it(other: Json, room: bool) -> None:
    assert fits(on("n1", **apart()), on("n2", **other)) is room
    shy = {"labels": {"app": "x"}}
    there = on(
        "n2", "there", **apart({"app": "web"}), **{key: other[key] for key in ("namespace", "phase") if key in other}
    )
    assert fits(on("n1", labels=other.get("labels", {})), there, on("n1", "more", **shy)) is room


def test_a_pod_that_is_bound_to_no_node_keeps_nobody_away() -> None:
    assert fits(on("n1", **apart()), on("", "waiting", **WEB))
    assert fits(on("n1", **WEB), on("", "waiting", **apart()))


def test_every_term_keeps_away_by_itself() -> None:
    both = apart({"app": "db"}, "rack")
    terms = both["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    terms += apart()["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert not fits(on("n1", **both), on("n2", **WEB))
    assert not fits(on("n1", **WEB), on("n2", **both))
    assert fits(on("n1", **both), on("n2", labels={"app": "db"})), "the node is in no rack"


@pytest.mark.parametrize("reverse", [False, True])
def test_pods_that_move_together_stand_apart_where_they_go(reverse: bool) -> None:
    shy, other = on("n1", "a-shy", cpu="2", **apart()), on("n1", "b-web", cpu="1", **WEB)
    if reverse:
        shy, other = on("n1", "a-shy", cpu="1", **apart()), on("n1", "b-web", cpu="2", **WEB)
    assert fits(shy, on("n1", "z"))
    assert not fits(shy, other)
    assert fits(node("n1"), node("n2"), node("n3"), shy, other)
    assert fits(shy, on("n1", "b-db", cpu="1", labels={"app": "db"}))
    assert fits(shy, on("n1", "b-web", namespace="bank", **WEB))


@pytest.mark.parametrize("reverse", [False, True])
def test_pods_that_move_together_stand_apart_by_the_topology_that_they_name(reverse: bool) -> None:
    large, small = ("2", "1") if not reverse else ("1", "2")
    moving = on("n1", "a-shy", cpu=large, **apart(topology=ZONE)), on("n1", "b-web", cpu=small, **WEB)
    assert fits(*TWO_ZONES, *moving)
    same = node("n1"), node("n2", {ZONE: "a"}), node("n3", {ZONE: "a"})
    assert not fits(*same, *moving)
    none = node("n1"), node("n2")
    assert fits(*none, *moving)


def test_the_pods_that_leave_with_it_keep_no_pod_away() -> None:
    both = on("n1", "one", **WEB, **apart(topology=ZONE)), on("n1", "two", labels={"app": "x"})
    assert fits(*TWO_ZONES[:2], *both)
    assert fits(*TWO_ZONES[:2], both[0])
    assert not fits(*TWO_ZONES[:2], *both, on("n2", "third", **WEB))
    assert fits(*TWO_ZONES, *both, on("n2", "third", **WEB)), "there is another zone"


@pytest.mark.parametrize("first", [apart(topology=ZONE), {}])
def test_a_pod_on_a_node_that_is_cordoned_counts_in_its_zone(first: Json) -> None:
    second = {} if first else apart(topology=ZONE)
    cordoned = node("n4", {ZONE: "a"}, unschedulable=True)
    moving, there = on("n1", **WEB, **first), on("n4", "there", **WEB, **second)
    assert not fits(*TWO_ZONES[:2], cordoned, moving, there)
    assert fits(*TWO_ZONES, cordoned, moving, there)


@pytest.mark.parametrize(
    ("more", "room"),
    [
        ({}, True),
        ({"namespaces": ["bank"]}, False),
        ({"namespaces": ["shop"]}, True),
        ({"namespaceSelector": {"matchLabels": {"team": "money"}}}, False),
        ({"namespaceSelector": {"matchLabels": {"team": "other"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"team": "other"}}, "namespaces": ["bank"]}, False),
        ({"namespaceSelector": {}}, False),
    ],
)
def test_anti_affinity_is_about_the_namespaces_that_it_names(more: Json, room: bool) -> None:
    spaces = namespace("bank", team="money"), namespace("shop", team="goods")
    there = on("n2", namespace="bank", **WEB)
    assert fits(*spaces, on("n1", **apart(**more)), there) is room


def test_terms_of_other_selectors_or_topologies_are_not_mixed_up() -> None:
    moving = on("n1", "a", **apart({"app": "db"})), on("n1", "b", **apart()), on("n1", "c", **apart({"app": "x"}, ZONE))
    assert fits(*TWO_ZONES, *moving, on("n2", **WEB))
    for n in range(3):
        assert fits(*TWO_ZONES[:2], moving[n], on("n2", **WEB)) is (n != 1)


# What is told


def test_a_pod_without_a_node_is_told_with_what_it_asks_for_and_a_node_that_would_do() -> None:
    (reason,) = drained(node("n1", {"disk": "ssd"}), on("n1", "web", cpu="1500m", memory="512Mi"))
    assert (reason.rule, reason.object) == ("no-room", "c/Pod/shop/web")
    assert reason.why == (
        "when n1 is drained, no other node in service may run it (taints, selectors, the zone of its volume); it asks "
        "for 1.5 CPU, 512 MiB"
    )
    assert reason.remedy.says == "add a node like n1, or make room on the others"
    assert reason.figures == {"nodes": 0}
    (edit,) = reason.remedy.edits
    assert (edit.object, edit.cluster) == ("Node/extra-for-n1", "c")
    assert isinstance(edit.value, dict)
    assert edit.value["metadata"]["labels"] == {"disk": "ssd", HOST: "extra-for-n1"}


@pytest.mark.parametrize(
    ("asks", "said"),
    [
        ({"cpu": "3"}, "has room for it; it asks for 3 CPU"),
        ({"memory": "3Gi"}, "has room for it; it asks for 3072 MiB"),
        (apart(), "has room for it apart from its like"),
        ({"labels": {"app": "shy"}}, "has room for it apart from what keeps it away"),
    ],
)
def test_a_pod_without_room_is_told_on_how_many_nodes_it_might_run(asks: Json, said: str) -> None:
    two, three = (node(name, cpu="2", memory="1Gi") for name in ("n2", "n3"))
    there = [on(name, **WEB, **apart({"app": "shy"})) for name in ("n2", "n3")]
    (reason,) = drained(node("n1"), two, there[0], on("n1", **asks))
    assert reason.why == f"when n1 is drained, not even the one other node that may run it {said}"
    assert reason.figures == {"nodes": 1}
    (reason,) = drained(node("n1"), two, three, *there, on("n1", **asks))
    assert reason.why == f"when n1 is drained, none of 2 other nodes that may run it {said}"


def test_only_the_first_pod_without_room_is_told() -> None:
    assert len(drained(node("n1"), on("n1", "a"), on("n1", "b"))) == 1
