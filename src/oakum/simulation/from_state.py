"""A world made of a real state: the clusters of a dump and the hosts of inventories, as if they were simulated.

What a dump does not tell is taken so: pods come up and end in the usual times, each node holds as many pods as it
allows, where no request says more, what a controller of an unknown kind has made is made again, a workload that runs on
tainted or selected nodes goes to their pools alone, and a machine that nobody knows to be in service is not.

Static pods stay with their machines and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from oakum.changes import state
from oakum.changes.drain import Surroundings
from oakum.changes.running.observed import Claim
from oakum.fleet.cluster import objects as k
from oakum.simulation.build import put, settle
from oakum.simulation.controllers import KINDS as CONTROLLED
from oakum.simulation.pods import guards
from oakum.simulation.things import ZONE, Budget, Cluster, Kinds, Local, Machine, Member, Soft, Webhook, Workload
from oakum.simulation.times import Times
from oakum.simulation.watching import Watch
from oakum.simulation.world import World

_MIRROR = "kubernetes.io/config.mirror"
_CORDON = "node.kubernetes.io/unschedulable"
#: How many pods a node holds where it does not say (kubernetes.io/docs/setup/best-practices/cluster-large).
_PODS = 110


def from_state(found: state.State, seed: int, watch: Watch | None = None, *, times: Times | None = None) -> World:
    """The world at the moment of the state; the seed decides about what is left to chance later."""
    world = World(seed, found.at, times=times, watch=watch)
    clusters = {each.name: world.add_cluster(_bare(each)) for each in found.clusters}
    for machine in found.machines:
        cluster = clusters.get(machine.cluster)
        node = found.clusters_by_name[machine.cluster].around.node(machine.name) if cluster is not None else None
        world.add_machine(_machine(machine, cluster, node))
    for each in found.clusters:
        _fill(world, clusters[each.name], each)
    return world


def _bare(given: state.Cluster) -> Cluster:
    version = given.around.snapshot.version
    return Cluster(name=given.name, uid=given.uid, facts=dict(given.facts), managed=given.managed, release=version)


def _machine(given: state.Machine, cluster: Cluster | None, node: k.Node | None) -> Machine:
    spec = node.spec if node is not None else k.NodeSpec()
    notes = dict(node.metadata.annotations) if node is not None else {}
    labels = {name: value for name, value in given.labels.items() if name != ZONE}
    pods = node.status.allocatable.get("pods", _PODS) if node is not None else _PODS
    machine = Machine(
        name=given.name, uid=given.uid, id=given.id, cluster=cluster, role=given.role, pool=given.pool,
        speed=given.speed, zone=given.labels.get(ZONE, ""), facts=dict(given.facts), labels=labels, annotations=notes,
        taints=tuple(each.key for each in spec.taints if each.effect != "PreferNoSchedule" and each.key != _CORDON),
        cpu=int(pods) if str(pods).isdigit() else _PODS, unschedulable=given.cordoned,
        cordoner=("us" if given.owner else "human") if given.cordoned else "", ready=given.healthy is True,
        sick=given.healthy is not True, ours=given.ours, snapshots=given.snapshots, image=given.image,
        claim=Claim(run=given.owner, step="", token=0, cordoned=False) if given.owner else None,
        software={name: _soft(each) for name, each in given.software.items()},
    )  # fmt: skip
    machine.first_boot = given.boot_id
    return machine


def _soft(given: state.Software) -> Soft:
    return Soft(
        installed=given.installed, running=given.current, part=given.part, effect=given.effect,
        ecosystem=given.ecosystem, offers=tuple(given.offers or ()), kept=given.kept, closes=dict(given.closes),
        security=given.security, packages=dict(given.packages),
    )  # fmt: skip


def _fill(world: World, cluster: Cluster, given: state.Cluster) -> None:
    around = given.around
    for each in around.snapshot.of(k.DisruptionBudget, "PodDisruptionBudget"):
        if each.spec.selector is not None:
            budget = Budget(
                namespace=each.metadata.namespace, name=each.metadata.name, uid=each.metadata.uid,
                labels=dict(each.spec.selector.match_labels), expressions=each.spec.selector.match_expressions,
                min_available=each.spec.min_available, max_unavailable=each.spec.max_unavailable,
                unhealthy=each.spec.unhealthy_pod_eviction_policy,
            )  # fmt: skip
            cluster.budgets[budget.namespace, budget.name] = budget
    served: dict[str, Workload] = {}
    known = {one.key: one for kind in CONTROLLED for one in around.snapshot.of(k.Workload, kind)}
    for key, pods in _by_workload(around).items():
        kind = key[0]
        workload = _workload(world, cluster, around, key, known.get(key), pods)
        for pod in pods:
            served[f"{key[1]}/{pod.metadata.name}"] = workload
            machine = cluster.machines.get(pod.spec.node_name)
            if machine is not None:
                made = put(world, cluster, workload, machine, _ordinal(pod), pod.metadata.name)
                if made.ready and not (machine.ready and _is_ready(pod)):
                    made.ready, made.crashes = False, machine.ready
                    workload.ready -= 1
            elif not pod.spec.node_name:
                world.pods[cluster.name].create(workload, ordinal=_ordinal(pod) if kind == "StatefulSet" else -1)
    for hook in given.webhooks:
        backend = next((served[each] for each in hook.pods if each in served), None)
        if backend is not None:
            cluster.webhooks.append(
                Webhook(name=hook.name, backend=backend, fail_closed=hook.fail_closed, exempt=hook.exempt)
            )
    for member in given.etcd:
        on = world.machines.get(member.machine)
        if on is not None:
            down = member.healthy is not True
            cluster.etcd.append(Member(name=member.name, machine=on, learner=member.learner, down=down))
    settle(cluster, world.timeline.now)


def _by_workload(around: Surroundings) -> Mapping[tuple[Kinds, str, str], list[k.Pod]]:
    """The pods by what has made them; workloads without a pod as well."""
    found: dict[tuple[Kinds, str, str], list[k.Pod]] = {}
    for kind in CONTROLLED:
        for one in around.snapshot.of(k.Workload, kind):
            found[kind, one.metadata.namespace, one.metadata.name] = []
    for pod in around.pods:
        if _MIRROR in pod.metadata.annotations or pod.status.phase in ("Succeeded", "Failed"):
            continue
        found.setdefault(_maker(around, pod), []).append(pod)
    return found


def _maker(around: Surroundings, pod: k.Pod) -> tuple[Kinds, str, str]:
    namespace, owner = pod.metadata.namespace, pod.metadata.controller
    if owner is None:
        return "Pod", namespace, pod.metadata.name
    one = around.owner(pod, owner)
    above = one.metadata.controller if one is not None else None
    if above is not None and above.kind in ("Deployment", "CronJob"):
        name, kind = (above.name, above.kind) if above.kind == "Deployment" else (owner.name, owner.kind)
    else:
        name, kind = owner.name, owner.kind
    return next((each for each in CONTROLLED if each == kind), "Deployment"), namespace, name


def _workload(
    world: World, cluster: Cluster, around: Surroundings, key: tuple[Kinds, str, str], one: k.Workload | None,
    pods: list[k.Pod],
) -> Workload:  # fmt: skip
    kind, namespace, name = key
    first = pods[0] if pods else None
    template = one.spec.template.spec if one is not None else first.spec if first is not None else k.PodSpec()
    labels = one.spec.template.metadata.labels if one is not None else {}
    wanted = one.spec.replicas if one is not None and one.spec.replicas is not None else None
    spec = first.spec if first is not None else template
    grace = 30 if spec.termination_grace_period_seconds is None else spec.termination_grace_period_seconds
    workload = Workload(
        kind=kind, namespace=namespace, name=name, uid=one.metadata.uid if one is not None else world.uid("workload"),
        replicas=(1 if one is not None else max(1, len(pods))) if wanted is None else wanted,
        labels=dict(labels) or (dict(first.metadata.labels) if first is not None else {}),
        annotations=dict(first.metadata.annotations) if first is not None else {}, grace=grace,
        sticks=any(not each.key and each.operator == "Exists" for each in spec.tolerations),
        volume=kind == "StatefulSet" and first is not None and _claims(first) and not _local(around, first),
        local=_local(around, first) if first is not None and kind != "DaemonSet" else "",
        pools=_pools(cluster, spec, pods) if kind != "DaemonSet" else (),
        image=template.containers[0].image if template.containers else "",
    )  # fmt: skip
    cluster.workloads[workload.key] = workload
    several = (each for each in cluster.budgets.values() if guards(each, workload))
    workload.budgets = tuple(sorted(several, key=lambda each: each.name))
    for budget in workload.budgets:
        budget.workloads[workload.uid] = workload
    return workload


def _claims(pod: k.Pod) -> bool:
    return any(each.persistent_volume_claim is not None for each in pod.spec.volumes)


def _local(around: Surroundings, pod: k.Pod) -> Local:
    if around.storage.local_volume(pod):
        return "local-volume"
    if any(each.empty_dir is not None for each in pod.spec.volumes):
        return "emptyDir"
    return "hostPath" if any(each.host_path is not None for each in pod.spec.volumes) else ""


def _pools(cluster: Cluster, spec: k.PodSpec, pods: Iterable[k.Pod]) -> tuple[str, ...]:
    """The pools to which a workload keeps: those it runs on, where some of them are tainted or it selects nodes."""
    on = [cluster.machines[each.spec.node_name] for each in pods if each.spec.node_name in cluster.machines]
    if spec.node_selector or any(each.taints or each.role == "control-plane" for each in on):
        return tuple(sorted({each.pool for each in on}))
    return ()


def _is_ready(pod: k.Pod) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions)


def _ordinal(pod: k.Pod) -> int:
    number = pod.metadata.name.rpartition("-")[2]
    return int(number) if number.isdigit() and len(number) < 9 else 0
