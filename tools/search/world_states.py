"""The state of a world: everything that decides what can happen next.

What tells worlds apart that behave alike is left out: uids of pods, counters of what is over, and times that nobody
asks for any more.
"""

from __future__ import annotations

from collections.abc import Callable

from oakum.simulation.things import Machine, Pod
from oakum.simulation.world import World
from tools.search.ago import ago, since, until

#: Silences that last longer than so many seconds are alike, and so is work that failed longer ago than that.
SILENT, FAILS = 600.0, 200.0


def world_state(world: World, *, pods: bool = True) -> object:
    """Everything of a world that decides what can happen next; without its ``pods`` where nobody looks at them."""
    now = world.timeline.now
    machines = [_machine(each, now, world) for _, each in sorted(world.machines.items())]
    groups = [
        (sorted(_pod(pod, now) for pod in workload.pods.values()), workload.waiting)
        for cluster in world.clusters.values()
        for workload in cluster.workloads.values()
    ]
    budgets = [
        (each.allowed, each.healthy, each.desired, each.expected, each.observed < each.generation,
         sorted(ago(at, now) for at in each.grants.values()), each.waiting)
        for cluster in world.clusters.values() for each in cluster.budgets.values()
    ]  # fmt: skip
    heap = world.timeline._heap
    heap = heap if pods else [each for each in heap if not each[2].__qualname__.startswith(("Pods.", "Controllers."))]
    coming = sorted((ago(at, now), *what) for at, _, do, given in heap if (what := _coming(do, given, now)))
    return machines, (groups, budgets) if pods else (), coming, world.lease.held, sorted(world.wishes)


def _machine(one: Machine, now: float, world: World) -> object:
    wall = world.timeline.wall()
    work = sorted(
        (key.partition("/")[2], each.state, since(each.since, wall, FAILS) if each.state == "failed" else 0)
        for key, each in one.work.items()
    )
    claim = (one.claim.step, one.claim.cordoned, one.claim.token == world.lease.token) if one.claim else None
    return (
        one.id, one.unschedulable, one.cordoner, claim, one.alive, one.answers, one.sick, one.ready,
        0 if one.ready else ago(one.since, now), one.down_by, one.boots, one.known_boot,
        sorted((name, each.installed, each.running) for name, each in one.software.items()), work,
        len(one.copies), until(max(one.silenced_until, now), now, SILENT), sorted(one.annotations.items()),
        one.token - world.lease.token, sorted(one.troubles), 0 if one.reached else ago(one.scanned, now),
    )  # fmt: skip


def pod_name(one: Pod) -> str:
    """What tells a pod from the others of its workload that behave otherwise."""
    return f"{one.workload.name}/{one.machine.name if one.machine else ''}/{one.ordinal}/{one.phase}/{one.ready}"


def _pod(one: Pod, now: float) -> tuple[object, ...]:
    return pod_name(one), ago(one.deleted, now) if one.deleted >= 0 else 1, one.evicted


def _coming(do: Callable[..., object], given: tuple[object, ...], now: float) -> tuple[object, ...] | None:
    """What is going to happen, as far as it decides anything; None where it comes too late to have an effect."""
    name = do.__qualname__
    match (name.partition(".")[2], *given):
        case ("_look", *_):
            return None
        case ("_over" | "_installed", Machine() as machine, str(key), *_) if machine.work[key].state != "running":
            return None
        case ("boot" | "_serves" | "_unready", Machine() as machine, int(boots)) if boots != machine.boots:
            return None
        case ("boot", Machine(alive=True), *_):
            return None
        case ("abandon", Machine() as machine, float(since)) if machine.ready or machine.since != since:
            return None
        case ("_started", Pod() as pod, int(turn)) if turn != pod.turn or pod.uid not in pod.workload.pods:
            return None
        case ("_stopped", Pod() as pod, Machine() as machine, int(boots), _) if (
            boots != machine.boots or pod.uid not in pod.workload.pods
        ):
            return None
    return name, [_given(each, now) for each in given]


def _given(one: object, now: float) -> object:
    if isinstance(one, Machine):
        return one.id
    if isinstance(one, Pod):
        return _pod(one, now)
    if isinstance(one, float):
        return ago(one, now)
    return one.partition("/")[2] or one if isinstance(one, str) else getattr(one, "name", "")
