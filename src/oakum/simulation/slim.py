"""The Kubernetes objects of a simulated cluster, as its API server would show them; each is kept until it changes.

They are the slim objects that the readers of live clusters and dumps make, so that whoever plans or drains cannot tell
a simulated cluster from a real one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from oakum.changes.drain.storage import (
    Attachment,
    AttachmentSource,
    AttachmentSpec,
    AttachmentStatus,
    Claim,
    ClaimSpec,
    PersistentVolume,
    Storage,
    VolumeAffinity,
    VolumeSpec,
)
from oakum.fleet.cluster import objects as k
from oakum.simulation.things import CLAIM, CONTROL_PLANE, POOL, ZONE, Budget, Cluster, Machine, Pod, Workload

_API = {"Deployment": "apps/v1", "ReplicaSet": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1"}
_NO_SCHEDULE = "node.kubernetes.io/unschedulable"
_HOSTNAME = "kubernetes.io/hostname"


def pod_object(pod: Pod, start: datetime) -> k.Pod:
    """A pod's object; ``start`` is when the world began."""
    if pod.slim is None:
        pod.slim = _pod(pod, start)
    return pod.slim


def budget_object(budget: Budget, start: datetime) -> k.DisruptionBudget:
    """A budget's object."""
    if budget.slim is None:
        budget.slim = _budget(budget, start)
    return budget.slim


def time_text(start: datetime, at: float) -> str:
    """A time as objects write it."""
    return (start + timedelta(seconds=int(at))).strftime("%Y-%m-%dT%H:%M:%SZ")


def storage_of(cluster: Cluster) -> Storage:
    """The claims, volumes and attachments of a cluster."""
    claims: list[Claim] = []
    volumes: list[PersistentVolume] = []
    for workload in cluster.workloads.values():
        if workload.volume or workload.local == "local-volume":
            for pod in workload.pods.values():
                name = f"pv-{workload.namespace}-{pod.name}"
                meta = k.Meta(name=f"data-{pod.name}", namespace=workload.namespace)
                claims.append(Claim(metadata=meta, spec=ClaimSpec(volume_name=name)))
                local: dict[str, object] | None = {"path": "/data"} if workload.local == "local-volume" else None
                affinity = VolumeAffinity(required=reach_of(pod))
                spec = VolumeSpec(local=local, node_affinity=affinity)
                volumes.append(PersistentVolume(metadata=k.Meta(name=name), spec=spec))
    attached = [
        Attachment(
            metadata=k.Meta(name=f"{machine.name}-{volume}"), status=AttachmentStatus(attached=True),
            spec=AttachmentSpec(node_name=machine.name, source=AttachmentSource(persistent_volume_name=volume)),
        )
        for machine in cluster.machines.values()
        for volume in machine.attached
    ]  # fmt: skip
    return Storage(claims, volumes, attached)


def reach_of(pod: Pod) -> k.NodeSelector | None:
    """From which nodes a pod's volume can be reached: its own where it is local, else those of its zone."""
    if pod.pinned:
        return _nodes(_HOSTNAME, pod.pinned)
    return _nodes(ZONE, pod.zone) if pod.zone else None


def _nodes(label: str, *values: str) -> k.NodeSelector:
    """Nodes with one of some values of a label."""
    requirement = k.Requirement(key=label, operator="In", values=values)
    return k.NodeSelector(node_selector_terms=(k.NodeSelectorTerm(match_expressions=(requirement,)),))


def namespaces_of(cluster: Cluster) -> tuple[k.Namespace, ...]:
    """The namespaces; the uid of kube-system is that of the cluster."""
    names = sorted({"kube-system", *(key[1] for key in cluster.workloads)})
    return tuple(
        k.Namespace(
            api_version="v1", kind="Namespace",
            metadata=k.Meta(name=each, uid=cluster.uid if each == "kube-system" else f"ns-{each}"),
        )
        for each in names
    )  # fmt: skip


def node_object(machine: Machine) -> k.Node:
    """A node's object."""
    if machine.slim is None:
        taints = tuple(k.Taint(key=each, effect="NoSchedule") for each in machine.taints)
        if machine.unschedulable:
            taints += (k.Taint(key=_NO_SCHEDULE, effect="NoSchedule"),)
        notes = dict(machine.annotations)
        if machine.claim is not None:
            notes[CLAIM] = machine.claim.run
        kubelet, kernel, runtime = (machine.of(part) for part in ("kubelet", "kernel", "container-runtime"))
        info = k.NodeInfo(
            kubelet_version=kubelet.running if kubelet else "", kernel_version=kernel.running if kernel else "",
            container_runtime_version=f"containerd://{runtime.running}" if runtime else "", boot_id=machine.known_boot,
            operating_system="linux", architecture="amd64",
        )  # fmt: skip
        ready = k.Condition(type="Ready", status="True" if machine.ready else "False")
        machine.slim = k.Node(
            api_version="v1", kind="Node",
            metadata=k.Meta(
                name=machine.name, uid=machine.uid, resource_version=str(machine.version), annotations=notes,
                labels=labels_of(machine),
            ),
            spec=k.NodeSpec(unschedulable=machine.unschedulable, taints=taints),
            status=k.NodeStatus(
                node_info=info, conditions=(ready,), allocatable={"cpu": machine.cpu, "pods": 110},
            ),
        )  # fmt: skip
    return machine.slim


def labels_of(machine: Machine) -> dict[str, str]:
    """The labels of a machine: its own and its zone's; of a node also those that tell its name and pool."""
    zone, pool = {ZONE: machine.zone} if machine.zone else {}, {POOL: machine.pool} if machine.pool else {}
    if machine.cluster is None:
        return {**machine.labels, **zone}
    return {**machine.labels, _HOSTNAME: machine.name, **zone, **pool}


def workload_objects(workload: Workload) -> tuple[k.Object, ...]:
    """A workload's object, for a Deployment with its ReplicaSet; none for pods that nothing made."""
    if workload.kind == "Pod" or workload.gone:
        return ()
    if not workload.slims:
        meta = k.Meta(
            name=workload.name, namespace=workload.namespace, uid=workload.uid, generation=workload.generation,
            labels=workload.labels, annotations=workload.annotations,
        )  # fmt: skip
        spec = k.WorkloadSpec(
            replicas=None if workload.kind == "DaemonSet" else workload.replicas,
            template=k.PodTemplate(metadata=k.Meta(labels=workload.labels), spec=_spec(workload)),
        )
        api = _API.get(workload.kind, "batch/v1")
        top = k.Workload(api_version=api, kind=workload.kind, metadata=meta, spec=spec)
        workload.slims = (top,)
        if workload.kind == "Deployment":
            owner = _owner("Deployment", workload.name, workload.uid)
            below = k.Meta(
                name=f"{workload.name}-rs", namespace=workload.namespace, uid=f"{workload.uid}-rs",
                labels=workload.labels, owner_references=(owner,), generation=1,
            )  # fmt: skip
            workload.slims += (k.Workload(api_version="apps/v1", kind="ReplicaSet", metadata=below, spec=spec),)
    return workload.slims


def _owner(kind: str, name: str, uid: str) -> k.OwnerReference:
    return k.OwnerReference(kind=kind, name=name, uid=uid, controller=True, api_version=_API.get(kind, "batch/v1"))


def _spec(workload: Workload) -> k.PodSpec:
    return k.PodSpec(
        containers=(_container(workload, workload.image),), volumes=_volumes(workload, ""),
        affinity=_affinity(workload), tolerations=_tolerations(workload),
    )  # fmt: skip


def _container(workload: Workload, image: str) -> k.Container:
    return k.Container(name="main", image=image, resources=k.Resources(requests={"cpu": workload.cpu}))


def _affinity(workload: Workload) -> k.Affinity:
    """The pools that it names, and that no two of its pods share a node."""
    nodes = k.NodeAffinity(required_during_scheduling_ignored_during_execution=_nodes(POOL, *workload.pools))
    own = k.AffinityTerm(label_selector=k.Selector(match_labels=workload.labels), topology_key=_HOSTNAME)
    apart = k.PodAntiAffinity(required_during_scheduling_ignored_during_execution=(own,))
    return k.Affinity(
        node_affinity=nodes if workload.pools else None, pod_anti_affinity=apart if workload.apart else None
    )


def _tolerations(workload: Workload) -> tuple[k.Toleration, ...]:
    """Everything, or what keeps others away from the pools that it names."""
    if workload.sticks or workload.kind == "DaemonSet":
        return (k.Toleration(operator="Exists"),)
    return (k.Toleration(key=CONTROL_PLANE, operator="Exists"),) if workload.pools else ()


def _volumes(workload: Workload, pod: str) -> tuple[k.Volume, ...]:
    """The volumes of a pod; those of claims only where the pod is known."""
    volumes: list[k.Volume] = []
    if workload.local == "emptyDir":
        volumes.append(k.Volume(name="scratch", empty_dir={}))
    elif workload.local == "hostPath":
        volumes.append(k.Volume(name="disk", host_path=k.HostPath(path="/var/data", type="Directory")))
    if pod and (workload.volume or workload.local == "local-volume"):
        volumes.append(k.Volume(name="data", persistent_volume_claim=k.ClaimReference(claim_name=f"data-{pod}")))
    return tuple(volumes)


def _pod(pod: Pod, start: datetime) -> k.Pod:
    workload = pod.workload
    owners: tuple[k.OwnerReference, ...] = ()
    if workload.kind == "Deployment":
        owners = (_owner("ReplicaSet", f"{workload.name}-rs", f"{workload.uid}-rs"),)
    elif workload.kind != "Pod":
        owners = (_owner(workload.kind, workload.name, workload.uid),)
    tolerations = _tolerations(workload)
    return k.Pod(
        api_version="v1", kind="Pod",
        metadata=k.Meta(
            name=pod.name, namespace=workload.namespace, uid=pod.uid, labels=workload.labels,
            annotations=workload.annotations, owner_references=owners,
            deletion_timestamp=time_text(start, pod.deleted + workload.grace) if pod.deleted >= 0 else "",
        ),
        spec=k.PodSpec(
            node_name=pod.machine.name if pod.machine else "", tolerations=tolerations,
            volumes=_volumes(workload, pod.name),
            containers=(_container(workload, pod.image),), affinity=_affinity(workload),
            termination_grace_period_seconds=workload.grace,
        ),
        status=k.PodStatus(
            phase=pod.phase, conditions=(k.Condition(type="Ready", status="True" if pod.ready else "False"),)
        ),
    )  # fmt: skip


def _budget(budget: Budget, start: datetime) -> k.DisruptionBudget:
    return k.DisruptionBudget(
        api_version="policy/v1", kind="PodDisruptionBudget",
        metadata=k.Meta(
            name=budget.name, namespace=budget.namespace, uid=budget.uid, generation=budget.generation
        ),
        spec=k.DisruptionBudgetSpec(
            min_available=budget.min_available, max_unavailable=budget.max_unavailable,
            selector=k.Selector(match_labels=budget.labels, match_expressions=budget.expressions),
            unhealthy_pod_eviction_policy=budget.unhealthy,
        ),
        status=k.DisruptionBudgetStatus(
            disruptions_allowed=budget.allowed, current_healthy=budget.healthy, desired_healthy=budget.desired,
            expected_pods=budget.expected, observed_generation=budget.observed,
            disrupted_pods={name: time_text(start, at) for name, at in budget.grants.items()},
        ),
    )  # fmt: skip
