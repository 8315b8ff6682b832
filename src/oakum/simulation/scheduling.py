"""The scheduler: which node takes a pod.

Filters after kubernetes.io/docs/concepts/scheduling-eviction: readiness, cordon (as the taint that it is), taints,
free capacity, required anti-affinity between the pods of a workload, the zone of a volume, the node of a local one.
Of up to ``ENOUGH`` nodes that fit, found from a cursor on, the emptiest takes it, as percentageOfNodesToScore has it.
"""

from __future__ import annotations

from itertools import chain, islice

from oakum.simulation.things import Cluster, Machine, Pod

#: So many nodes that fit are compared.
ENOUGH = 16


def fits(pod: Pod, machine: Machine) -> bool:
    """Whether a node may take a pod now."""
    workload = pod.workload
    return (
        machine.ready
        and not machine.gone
        and (not machine.unschedulable or workload.sticks)
        and (not machine.taints or machine.pool in workload.pools)
        and (machine.pool in workload.pools if workload.pools else machine.role != "control-plane")
        and machine.used + workload.cpu <= machine.cpu
        and (not pod.pinned or pod.pinned == machine.name)
        and (not pod.zone or pod.zone == machine.zone)
        and not (workload.apart and any(other.workload is workload for other in machine.pods.values()))
    )


def place(pod: Pod, cluster: Cluster) -> Machine | None:
    """The node for a pod; None where none fits."""
    if not cluster.order:
        cluster.order = tuple(cluster.machines.values())
    machines = cluster.order
    if not machines:
        return None
    cluster.cursor = (cluster.cursor + 1) % len(machines)
    turned = chain(islice(machines, cluster.cursor, None), islice(machines, cluster.cursor))
    found = list(islice((each for each in turned if fits(pod, each)), ENOUGH))
    return min(found, key=lambda each: (each.used / each.cpu, each.name)) if found else None
