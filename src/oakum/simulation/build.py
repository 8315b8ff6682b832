"""Builds a world from a scenario: everything in service, every pod placed and ready, unless it says otherwise.

The pods are placed without a scheduler, in turn, as far as capacity, pools, zones of volumes and anti-affinity let
them; what finds no place waits, as it would.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice

from oakum.changes.state.model import Effect, Part
from oakum.errors import InputError
from oakum.simulation.controllers import wants
from oakum.simulation.disruption import recount
from oakum.simulation.others import add_actors
from oakum.simulation.pods import guards
from oakum.simulation.scenarios import model
from oakum.simulation.scheduling import fits
from oakum.simulation.things import CONTROL_PLANE, Budget, Cluster, Machine, Member, Pod, Soft, Webhook, Workload
from oakum.simulation.times import Times
from oakum.simulation.watching import Watch
from oakum.simulation.world import World

#: What a pool's fields stand for: field -> (names, part, effect, how versions compare).
_PARTS: dict[str, tuple[tuple[str, ...], Part, Effect, str]] = {
    "kernel": (("linux",), "kernel", "reboot", "deb"),
    "kubelet": (("kubelet",), "kubelet", "restart", "kubernetes"),
    "kube_proxy": (("kube-proxy",), "kube-proxy", "restart", "kubernetes"),
    "runtime": (("containerd",), "container-runtime", "restart", "semver"),
    "control_plane": (
        ("kube-apiserver", "kube-controller-manager", "kube-scheduler"), "control-plane", "restart", "kubernetes",
    ),
    "etcd": (("etcd",), "etcd", "restart", "semver"),
}  # fmt: skip


def build(
    scenario: model.Scenario, seed: int, watch: Watch | None = None, *, times: Times | None = None, events: bool = True
) -> World:
    """The world of a scenario at its start; its events are set up unless ``events`` is false."""
    world = World(seed, scenario.start, times=times, watch=watch)
    for cluster in scenario.world.clusters:
        for number in range(1, cluster.count + 1):
            _cluster(world, cluster, cluster.name if cluster.count == 1 else f"{cluster.name}-{number}")
    for pool in scenario.world.hosts:
        _pool(world, pool, None)
    for bad in scenario.world.bad:
        world.bad[bad.component, bad.version] = (float(bad.after), bad.shows)
    for event in scenario.events if events else ():
        world.timeline.after(event.at, world.event, event.do, event.on, event.what, event.by, float(event.lasts))
    return world


def _cluster(world: World, given: model.Cluster, name: str) -> None:
    cluster = world.add_cluster(Cluster(name=name, uid=world.uid("cluster"), facts=given.facts, managed=given.managed))
    for pool in given.pools:
        _pool(world, pool, cluster)
    for machine in cluster.machines.values():
        if machine.of("etcd") is not None and not given.managed:
            cluster.etcd.append(
                Member(
                    name=machine.name, machine=machine, learner=machine.name in given.etcd.learners,
                    stopped=machine.name in given.etcd.down,
                )
            )  # fmt: skip
    for each in given.budgets:
        cluster.budgets[each.namespace, each.name] = Budget(
            namespace=each.namespace, name=each.name, uid=world.uid("budget"), labels=each.selector,
            min_available=each.min_available, max_unavailable=each.max_unavailable, unhealthy=each.unhealthy,
        )  # fmt: skip
    turns: dict[str, int] = {}
    for one in given.workloads:
        _workload(world, cluster, one, turns)
    for hook in given.webhooks:
        kind, namespace, backend = hook.backend.split("/")
        found = next((each for each in cluster.workloads.values() if each.key == (kind, namespace, backend)), None)
        if found is None:
            raise InputError(f"no workload {hook.backend} serves the webhook {hook.name}", remedy="name one of them")
        cluster.webhooks.append(
            Webhook(name=hook.name, backend=found, fail_closed=hook.fail_closed, exempt=hook.exempt)
        )
    if given.managed:
        kubelets = sorted((each.kubelet for each in given.pools if each.kubelet), key=_minor)
        cluster.release = kubelets[-1] if kubelets else ""
    settle(cluster, world.timeline.now)
    add_actors(world, cluster, given.actors.autoscaler, given.actors.health_check, given.actors.gitops)


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.lstrip("v").split("-")[0].split("+")[0].split(".") if part.isdigit())


def settle(cluster: Cluster, now: float) -> None:
    """Has all controllers of disruption budgets look once, at once."""
    for each in cluster.budgets.values():
        recount(each, now, cluster.pods)
    cluster.version += 1


def _pool(world: World, pool: model.Pool, cluster: Cluster | None) -> None:
    for number in range(1, pool.count + 1):
        name = f"{pool.name}-{number}"
        software = _software(pool)
        taints = (CONTROL_PLANE,)
        world.add_machine(
            Machine(
                name=name, uid=world.uid("node" if cluster else "host"), cluster=cluster,
                id=f"{cluster.name}/{name}" if cluster else name, role=pool.role if cluster else "", pool=pool.name,
                speed=pool.speed,
                zone=pool.zones[(number - 1) % len(pool.zones)] if pool.zones else "", facts=_facts(pool, cluster),
                labels=dict(pool.labels), cpu=pool.cpu, snapshots=pool.snapshots, image=pool.image,
                ours=name in pool.ours, software=software,
                taints=taints if pool.role == "control-plane" and not pool.schedulable else (),
            )
        )  # fmt: skip


def _facts(pool: model.Pool, cluster: Cluster | None) -> dict[str, str]:
    return {**(cluster.facts if cluster else {}), **pool.facts}


def _software(pool: model.Pool) -> dict[str, Soft]:
    found: dict[str, Soft] = {}
    for field, (names, part, effect, ecosystem) in _PARTS.items():
        version = getattr(pool, field)
        for name in names if version else ():
            found[name] = _soft(version, pool.offers.get(field, ()), part, effect, ecosystem, keeps=pool.keeps)
    for name, versions in pool.packages.items():
        found[name] = _soft(versions[0], versions[1:], "package", "at-once", "deb", keeps=pool.keeps)
    return found


def _soft(installed: str, offers: Sequence[str], part: Part, effect: Effect, ecosystem: str, *, keeps: bool) -> Soft:
    return Soft(
        installed=installed, running=installed, part=part, effect=effect, ecosystem=ecosystem, offers=tuple(offers),
        kept=(installed,) if keeps else (), security=tuple(offers) if part == "package" else (),
    )  # fmt: skip


def image_name(workload: str, image: str) -> str:
    """The image of a workload in full, where only its tag is given."""
    return image if "/" in image or ":" in image else f"registry.example/{workload}:{image}"


def _workload(world: World, cluster: Cluster, given: model.Workload, turns: dict[str, int]) -> None:
    workload = Workload(
        kind=given.kind, namespace=given.namespace, name=given.name, uid=world.uid("workload"),
        replicas=given.replicas, labels={"app": given.name}, cpu=given.cpu, starts=float(given.starts),
        stops=float(given.stops), grace=int(given.grace), runs=float(given.runs), apart=given.apart,
        volume=given.volume, local=given.local, sticks=given.sticks, held=given.held, crashes=given.crashes,
        pools=given.pools, image=image_name(given.name, given.image),
    )  # fmt: skip
    cluster.workloads[workload.key] = workload
    workload.budgets = tuple(
        sorted((each for each in cluster.budgets.values() if guards(each, workload)), key=lambda each: each.name)
    )
    for budget in workload.budgets:
        budget.workloads[workload.uid] = workload
    if given.kind == "DaemonSet":
        for each in cluster.machines.values():
            if wants(workload, each):
                put(world, cluster, workload, each)
        return
    named = [cluster.machines[each] for each in given.on if each in cluster.machines]
    turn = f"{'/'.join(workload.pools)}"
    for number in range(given.replicas):
        if named:
            machine: Machine | None = named[number % len(named)]
        else:
            turns[turn], machine = _next(cluster, workload, turns.get(turn, 0))
        if machine is None:
            world.pods[cluster.name].create(workload, ordinal=number if given.kind == "StatefulSet" else -1)
        else:
            put(world, cluster, workload, machine, number)


def _next(cluster: Cluster, workload: Workload, turn: int) -> tuple[int, Machine | None]:
    """The next machine in turn that takes a pod of a workload, and whose turn it is then."""
    if not cluster.order:
        cluster.order = tuple(cluster.machines.values())
    machines = cluster.order
    probe = Pod(name="", uid="", workload=workload)
    start = turn % max(1, len(machines))
    around: Iterable[Machine] = chain(islice(machines, start, None), islice(machines, start))
    for passed, machine in enumerate(around, 1):
        if fits(probe, machine):
            return turn + passed, machine
    return turn, None


def put(world: World, cluster: Cluster, workload: Workload, machine: Machine, number: int = -1, name: str = "") -> Pod:
    """A pod that has been on a machine for long: it runs, and is ready unless it crashes."""
    workload.made += 1
    ordinal = number if workload.kind == "StatefulSet" else -1
    pod = Pod(
        name=name or f"{workload.name}-{workload.made if ordinal < 0 else ordinal}", uid=world.uid("pod"),
        workload=workload, machine=machine, phase="Running", ready=not workload.crashes, ordinal=ordinal,
        image=workload.image,
        crashes=workload.crashes, budgets=workload.budgets, turn=1,
    )  # fmt: skip
    if workload.volume:
        pod.zone = machine.zone if ordinal >= 0 else ""
        workload.annotations[f"zone-{ordinal}"] = machine.zone
        machine.attached[world.pods[cluster.name].volume(pod)] = True
    if workload.local == "local-volume":
        pod.pinned = machine.name
        workload.annotations[f"node-{max(ordinal, 0)}"] = machine.name
    cluster.pods[workload.namespace, pod.name] = workload.pods[pod.uid] = machine.pods[pod.uid] = pod
    machine.used += workload.cpu
    workload.ready += pod.ready
    for each in workload.budgets:
        each.pods[pod.uid] = pod
    if workload.runs:
        world.pods[cluster.name].finish_later(pod)
    return pod
