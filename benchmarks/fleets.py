"""A large made-up cluster for the planner, the verifier and the simulation: what it holds follows from its nodes.

Of N nodes in six zones: 12 N pods, 0.16 N disruption budgets, a tenth of the pods under two budgets and another 5 % in
budgets that never allow any (each on nodes of their own, since one such pod keeps its node from being drained), every
fifth workload with required anti-affinity, every tenth a StatefulSet with volumes, 2 % of the nodes not ready, all in
one zone.
"""

from __future__ import annotations

from datetime import UTC, datetime

from oakum.simulation.build import build
from oakum.simulation.scenarios import model
from oakum.simulation.world import World

ZONES = ("a", "b", "c", "d", "e", "f")
START = datetime(2026, 3, 2, 22, tzinfo=UTC)
#: The pools, with their shares of the nodes and of the pods.
POOLS = {"general": 0.85, "double": 0.10, "stuck": 0.05}
POLICY = {
    "windows": [{"name": "always", "always": True}],
    "budgets": [{"name": "a tenth", "max_unavailable": "12%", "max_domains": 3}],
    "guardrails": [{"name": "several", "stop_at_failed": 20, "stop_at_lost": 20}],
}


def scenario(nodes: int) -> model.Scenario:
    """The cluster as a scenario: its kernel is to be patched."""
    pools = tuple(
        model.Pool(
            name=name, count=round(nodes * share), zones=ZONES, kernel="6.1.90", kubelet="1.31.4", cpu=32,
            offers={"kernel": ("6.1.100",)},
        )
        for name, share in POOLS.items()
    )  # fmt: skip
    workloads: list[model.Workload] = []
    budgets: list[model.Budget] = []
    count = round(nodes * 0.16 / 1.1)
    replicas = round(12 * nodes / count)
    for number in range(count):
        pool = _pool(number, count)
        name, space = f"w{number}", f"team-{number % 40}"
        volume = number % 10 == 3
        workloads.append(
            model.Workload(
                kind="StatefulSet" if volume else "Deployment", namespace=space, name=name, replicas=replicas,
                apart=number % 5 == 0, volume=volume, pools=(pool,),
            )
        )  # fmt: skip
        most: int | str = 0 if pool == "stuck" else "10%"
        budgets.append(model.Budget(namespace=space, name=name, labels={"app": name}, max_unavailable=most))
        if pool == "double":
            budgets.append(model.Budget(namespace=space, name=f"{name}-too", labels={"app": name}, min_available=1))
    return model.Scenario(
        name=f"nodes-{nodes}", title="A large cluster", about="Made up, to be measured.", start=START,
        world=model.World(clusters=(_cluster(pools, workloads, budgets),)),
        intents=(model.Wanted(name="kernel", kind="kernel", wants={"to": "6.1.100"}),), policy=POLICY,
    )  # fmt: skip


def _cluster(
    pools: tuple[model.Pool, ...], workloads: list[model.Workload], budgets: list[model.Budget]
) -> model.Cluster:
    return model.Cluster(
        name="big", facts={"environment": "prod", "region": "eu", "tier": "1"}, managed=True, pools=pools,
        workloads=tuple(workloads), budgets=tuple(budgets),
    )  # fmt: skip


def _pool(number: int, count: int) -> str:
    """The pool of a workload: the last ones are under two budgets, or under one that never allows any."""
    if number >= count * (1 - POOLS["stuck"]):
        return "stuck"
    return "double" if number >= count * POOLS["general"] else "general"


def world(nodes: int) -> World:
    """The cluster a minute after 2 % of its nodes, all in one zone, have gone."""
    made = build(scenario(nodes), 1)
    made.timeline.run_to(30.0)
    sick = [each for each in made.machines.values() if each.zone == "a" and each.pool == "general"]
    for machine in sick[: round(nodes * 0.02)]:
        made.hosts.fall_sick(machine)
    made.timeline.run_to(90.0)
    return made
