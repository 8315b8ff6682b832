"""Which workload a pod belongs to: by owner references ("Owners and Dependents" of Kubernetes), never by labels."""

from __future__ import annotations

import msgspec
import pytest

from oakum.fleet.cluster.objects import (
    Condition,
    CronJob,
    Meta,
    Object,
    OwnerReference,
    Pod,
    PodSpec,
    PodStatus,
    VirtualMachine,
    Workload,
    WorkloadSpec,
    WorkloadStatus,
)
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.fleet.cluster.workloads import MIRROR, Owners, WorkloadKey

MIRRORED = {MIRROR: "0123456789abcdef"}


def meta(name: str, uid: str, owner: tuple[str, str, str] | None, **more: dict[str, str]) -> Meta:
    owners = () if owner is None else (OwnerReference(kind=owner[0], name=owner[1], uid=owner[2], controller=True),)
    return msgspec.structs.replace(Meta(name=name, namespace="n", uid=uid, owner_references=owners), **more)


def made(kind: str, name: str, uid: str, owner: tuple[str, str, str] | None = None) -> Object:
    if kind == "CronJob":
        return CronJob(kind=kind, metadata=meta(name, uid, owner))
    if kind == "VirtualMachine":
        return VirtualMachine(kind=kind, metadata=meta(name, uid, owner))
    return Workload(kind=kind, metadata=meta(name, uid, owner))


def pod(
    name: str,
    owner: tuple[str, str, str] | None = None,
    *,
    node: str = "",
    phase: str = "Running",
    **more: dict[str, str],
) -> Pod:
    status = PodStatus(
        phase=phase, conditions=(Condition(type="Ready", status="True" if phase == "Running" else "False"),)
    )
    return Pod(
        kind="Pod", metadata=meta(name, f"uid-{name}", owner, **more), spec=PodSpec(node_name=node), status=status
    )


def snapshot(*objects: Object) -> Snapshot:
    items: dict[str, tuple[Object, ...]] = {}
    for one in objects:
        items[one.kind] = (*items.get(one.kind, ()), one)
    return Snapshot(source="test", items=items)


def owner_of(one: Pod, *others: Object) -> WorkloadKey:
    return Owners(snapshot(one, *others)).of(one)


#: name -> (the pod's controller, the other objects, the workload that the pod belongs to: kind, name, uid)
Row = tuple[tuple[str, str, str] | None, list[Object], tuple[str, str, str]]
CHAINS: dict[str, Row] = {
    "Deployment": (
        ("ReplicaSet", "web-1", "rs"),
        [made("ReplicaSet", "web-1", "rs", ("Deployment", "web", "d")), made("Deployment", "web", "d")],
        ("Deployment", "web", "d"),
    ),
    "ReplicaSet of its own": (
        ("ReplicaSet", "web", "rs"),
        [made("ReplicaSet", "web", "rs")],
        ("ReplicaSet", "web", "rs"),
    ),
    "StatefulSet": (("StatefulSet", "db", "s"), [made("StatefulSet", "db", "s")], ("StatefulSet", "db", "s")),
    "DaemonSet": (("DaemonSet", "log", "ds"), [made("DaemonSet", "log", "ds")], ("DaemonSet", "log", "ds")),
    "Job of its own": (("Job", "once", "j"), [made("Job", "once", "j")], ("Job", "once", "j")),
    "CronJob": (
        ("Job", "nightly-1", "j"),
        [made("Job", "nightly-1", "j", ("CronJob", "nightly", "c")), made("CronJob", "nightly", "c")],
        ("CronJob", "nightly", "c"),
    ),
    "CronJob that was deleted": (
        ("Job", "nightly-1", "j"),
        [made("Job", "nightly-1", "j", ("CronJob", "nightly", "c"))],
        ("Job", "nightly-1", "j"),
    ),
    "ReplicationController": (
        ("ReplicationController", "old", "rc"),
        [made("ReplicationController", "old", "rc")],
        ("ReplicationController", "old", "rc"),
    ),
    "DeploymentConfig of OpenShift": (
        ("ReplicationController", "app-3", "rc"),
        [made("ReplicationController", "app-3", "rc", ("DeploymentConfig", "app", "dc"))],
        ("DeploymentConfig", "app", "dc"),
    ),
    "Rollout of Argo": (
        ("ReplicaSet", "web-1", "rs"),
        [made("ReplicaSet", "web-1", "rs", ("Rollout", "web", "ro"))],
        ("Rollout", "web", "ro"),
    ),
    "CloneSet of OpenKruise": (("CloneSet", "web", "cs"), [], ("CloneSet", "web", "cs")),
    "advanced StatefulSet of OpenKruise": (("StatefulSet", "db", "as"), [], ("StatefulSet", "db", "as")),
    "Workflow of Argo": (("Workflow", "build", "wf"), [], ("Workflow", "build", "wf")),
    "Job of another controller": (
        ("Job", "train-0", "j"),
        [made("Job", "train-0", "j", ("JobSet", "train", "js"))],
        ("JobSet", "train", "js"),
    ),
    "Deployment of an operator": (
        ("ReplicaSet", "kafka-1", "rs"),
        [
            made("ReplicaSet", "kafka-1", "rs", ("Deployment", "kafka", "d")),
            made("Deployment", "kafka", "d", ("Kafka", "main", "k")),
        ],
        ("Deployment", "kafka", "d"),
    ),
    "StatefulSet of an operator": (
        ("StatefulSet", "db", "s"),
        [made("StatefulSet", "db", "s", ("Postgres", "db", "pg"))],
        ("StatefulSet", "db", "s"),
    ),
    "virtual machine": (
        ("VirtualMachineInstance", "vm", "vmi"),
        [made("VirtualMachine", "vm", "vm-uid")],
        ("VirtualMachine", "vm", "vm-uid"),
    ),
    "virtual machine instance of its own": (
        ("VirtualMachineInstance", "vm", "vmi"),
        [],
        ("VirtualMachineInstance", "vm", "vmi"),
    ),
    "no owner": (None, [], ("Pod", "p", "uid-p")),
    "owner that was not read": (("ReplicaSet", "web-1", "rs"), [], ("ReplicaSet", "web-1", "rs")),
    "Deployment that was deleted": (
        ("ReplicaSet", "web-1", "rs"),
        [made("ReplicaSet", "web-1", "rs", ("Deployment", "web", "d"))],
        ("ReplicaSet", "web-1", "rs"),
    ),
    "the name was used again": (
        ("ReplicaSet", "web-1", "old"),
        [made("ReplicaSet", "web-1", "new")],
        ("ReplicaSet", "web-1", "old"),
    ),
    "the Deployment was made anew": (
        ("ReplicaSet", "web-1", "rs"),
        [made("ReplicaSet", "web-1", "rs", ("Deployment", "web", "old")), made("Deployment", "web", "new")],
        ("ReplicaSet", "web-1", "rs"),
    ),
    "manifests without uids": (
        ("ReplicaSet", "web-1", ""),
        [made("ReplicaSet", "web-1", "", ("Deployment", "web", "")), made("Deployment", "web", "")],
        ("Deployment", "web", ""),
    ),
    "a node is the owner": (("Node", "n1", "node"), [], ("Pod", "p", "uid-p")),
}


@pytest.mark.parametrize("case", CHAINS)
def test_the_controller_of_the_controller_is_the_workload(case: str) -> None:
    owner, others, (kind, name, uid) = CHAINS[case]
    assert owner_of(pod("p", owner), *others) == WorkloadKey(kind, "n", name, uid)


def test_a_mirror_pod_is_its_own_whatever_owns_it() -> None:
    one = pod("kube-apiserver-cp1", ("Node", "cp1", "node"), annotations=MIRRORED)
    owners = Owners(snapshot(one))
    assert owners.of(one) == WorkloadKey("Pod", "n", "kube-apiserver-cp1", "uid-kube-apiserver-cp1")
    assert owners.workload(one).static
    assert owners.workload(one).template == one.spec
    claimed = pod("p", ("ReplicaSet", "web", "rs"), annotations=MIRRORED)
    assert owner_of(claimed, made("ReplicaSet", "web", "rs")).kind == "Pod"


def test_labels_do_not_make_an_owner() -> None:
    one = pod("web-1", labels={"app": "web"})
    assert (
        owner_of(
            one, Workload(kind="Deployment", metadata=Meta(name="web", namespace="n", uid="d", labels={"app": "web"}))
        ).kind
        == "Pod"
    )


def test_an_owner_that_does_not_control_is_no_controller() -> None:
    reference = OwnerReference(kind="ReplicaSet", name="web", uid="rs", controller=False)
    one = Pod(kind="Pod", metadata=Meta(name="p", namespace="n", uid="u", owner_references=(reference,)))
    assert owner_of(one, made("ReplicaSet", "web", "rs")) == WorkloadKey("Pod", "n", "p", "u")


def test_of_several_owners_the_controller_counts() -> None:
    references = (
        OwnerReference(kind="ReplicaSet", name="other", uid="x"),
        OwnerReference(kind="ReplicaSet", name="web", uid="rs", controller=True),
    )
    one = Pod(kind="Pod", metadata=Meta(name="p", namespace="n", uid="u", owner_references=references))
    assert owner_of(one, made("ReplicaSet", "web", "rs"), made("ReplicaSet", "other", "x")).name == "web"


@pytest.mark.parametrize("uid", ["rs", ""])
def test_an_owner_in_another_namespace_is_none(uid: str) -> None:
    elsewhere = Workload(kind="ReplicaSet", metadata=Meta(name="web", namespace="other", uid=uid))
    assert owner_of(pod("p", ("ReplicaSet", "web", uid)), elsewhere) == WorkloadKey("ReplicaSet", "n", "web", uid)


@pytest.mark.parametrize("length", [1, 2, 3, 50])
def test_owners_in_a_circle_end(length: int) -> None:
    ring = [
        made("ReplicaSet", f"r{n}", f"u{n}", ("ReplicaSet", f"r{(n + 1) % length}", f"u{(n + 1) % length}"))
        for n in range(length)
    ]
    owners = Owners(snapshot(pod("p", ("ReplicaSet", "r0", "u0")), *ring))
    assert sum(len(each.pods) for each in owners.workloads) == 1


def test_both_replica_sets_of_a_rollout_are_one_workload() -> None:
    sets = [made("ReplicaSet", f"web-{n}", f"rs{n}", ("Rollout", "web", "ro")) for n in (1, 2)]
    pods = [pod(f"p{n}", ("ReplicaSet", f"web-{n}", f"rs{n}")) for n in (1, 2)]
    owners = Owners(snapshot(*sets, *pods))
    (only,) = owners.workloads
    assert (only.key.kind, only.object, only.template, [one.metadata.name for one in only.pods]) == (
        "Rollout",
        None,
        None,
        ["p1", "p2"],
    )


def test_a_workload_without_pods_is_a_workload() -> None:
    owners = Owners(snapshot(made("Deployment", "idle", "d"), made("CronJob", "later", "c")))
    assert [each.key.name for each in owners.workloads] == ["later", "idle"]
    assert all(each.pods == () for each in owners.workloads)


def test_counts_are_the_workloads_own_word_where_it_has_one() -> None:
    deployment = Workload(
        kind="Deployment",
        metadata=meta("web", "d", None),
        spec=WorkloadSpec(replicas=5),
        status=WorkloadStatus(ready_replicas=4),
    )
    unset = Workload(kind="StatefulSet", metadata=meta("db", "s", None))
    none = Workload(kind="Deployment", metadata=meta("off", "o", None), spec=WorkloadSpec(replicas=0))
    daemon = Workload(
        kind="DaemonSet",
        metadata=meta("log", "ds", None),
        status=WorkloadStatus(desired_number_scheduled=7, number_ready=6),
    )
    owners = Owners(
        snapshot(
            deployment, unset, none, daemon, pod("free"), pod("job-1", ("Job", "job", "j")), made("Job", "job", "j")
        )
    )
    counts = {each.key.name: (each.wanted, each.ready) for each in owners.workloads}
    assert counts == {"web": (5, 4), "db": (1, 0), "off": (0, 0), "log": (7, 6), "free": (1, 1), "job": (1, 1)}


def test_pods_that_have_ended_are_not_running_anywhere() -> None:
    job = made("Job", "job", "j")
    pods = [
        pod("a", ("Job", "job", "j"), node="n1", phase="Succeeded"),
        pod("b", ("Job", "job", "j"), node="n1", phase="Failed"),
        pod("c", ("Job", "job", "j"), node="n2"),
        pod("d", ("Job", "job", "j"), node="", phase="Pending"),
    ]
    (owned,) = Owners(snapshot(job, *pods)).workloads
    assert len(owned.pods) == 4
    assert [one.metadata.name for one in owned.running] == ["c", "d"]
    assert owned.nodes == {"n2": 1}
    assert (owned.wanted, owned.ready) == (2, 1)
