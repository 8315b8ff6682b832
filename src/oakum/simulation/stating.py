"""What a simulated world is to whoever plans: the same State that a dump and inventories of it would give."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from oakum.changes import state
from oakum.simulation.slim import labels_of
from oakum.simulation.things import Machine, Soft, Webhook

if TYPE_CHECKING:
    from oakum.simulation.world import World


def state_of(world: World) -> state.State:
    """The state of now. Its digest tells any two different moments of any two worlds apart."""
    at = world.timeline.wall()
    told = [str(world.seed), at.isoformat(), *(f"{each.name} {each.version}" for each in world.clusters.values())]
    machines = tuple(_machine(each) for _, each in sorted(world.machines.items()))
    told += [f"{each.id} {each.uid} {each.boot_id} {each.healthy} {each.cordoned}" for each in machines]
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()
    clusters = tuple(
        state.Cluster(
            name=each.name, uid=each.uid, around=world.shown[each.name].whole(at.isoformat()), facts=dict(each.facts),
            managed=each.managed, webhooks=tuple(_webhook(hook) for hook in each.webhooks),
            etcd=tuple(
                state.EtcdMember(
                    name=member.name, machine=member.machine.id, learner=member.learner, healthy=member.healthy
                )
                for member in each.etcd
            ),
        )
        for each in world.clusters.values()
    )  # fmt: skip
    return state.State(at=at, digest=f"sha256:{digest}", machines=machines, clusters=clusters)


def _machine(machine: Machine) -> state.Machine:
    return state.Machine(
        name=machine.name, uid=machine.uid, cluster=machine.cluster.name if machine.cluster else "",
        role=machine.role, pool=machine.pool, speed=machine.speed, facts=dict(machine.facts), labels=labels_of(machine),
        healthy=machine.ready, cordoned=machine.unschedulable,
        owner=machine.claim.run if machine.claim is not None else "", boot_id=machine.known_boot,
        software={name: _software(each) for name, each in machine.software.items()}, snapshots=machine.snapshots,
        image=machine.image, ours=machine.ours,
    )  # fmt: skip


def _webhook(hook: Webhook) -> state.Webhook:
    pods = tuple(sorted(each.full_name for each in hook.backend.pods.values() if each.ready))
    return state.Webhook(name=hook.name, pods=pods, fail_closed=hook.fail_closed, exempt=hook.exempt)


def _software(soft: Soft) -> state.Software:
    return state.Software(
        installed=soft.installed, running="" if soft.running == soft.installed else soft.running, part=soft.part,
        effect=soft.effect, ecosystem=soft.ecosystem, offers=soft.offers, kept=soft.kept, closes=soft.closes,
        security=soft.security, packages=soft.packages,
    )  # fmt: skip
