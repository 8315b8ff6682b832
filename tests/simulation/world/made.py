"""Small worlds from a few lines of YAML, and acts by hand in them."""

from __future__ import annotations

from itertools import count

from oakum.changes.plans.model import Change, Subject
from oakum.changes.running.acts import Act, Do, Outcome
from oakum.changes.running.observed import Seen
from oakum.simulation.build import build
from oakum.simulation.scenarios.reading import parse
from oakum.simulation.things import Budget, Cluster, Machine, Pod, Workload
from oakum.simulation.watching import Watch
from oakum.simulation.world import World

TEXT = """
name: made
title: A small world
about: For tests of the world itself.
start: 2026-03-02T22:00:00Z
world: {clusters: CLUSTERS, hosts: HOSTS, bad: BAD}
events: EVENTS
intents: []
policy: {windows: [{name: always, always: yes}]}
"""
POOL = (
    "{name: w, count: COUNT, zones: [a, b, c], cpu: 8, kernel: '1', kubelet: 1.31.4, runtime: 1.7.20, "
    "packages: {openssl: ['3', '4']}, offers: {kernel: ['2'], kubelet: [1.32.1]}, snapshots: true}"
)
KERNEL = Change(intent="k", kind="kernel", component="linux", before="1", after="2", reversibility="reversible")
OPENSSL = Change(intent="o", kind="packages", component="openssl", before="3", after="4", reversibility="reversible")
BACK = Change(intent="o", kind="packages", component="openssl", before="4", after="3", reversibility="reversible")


class Made:
    """A world with one cluster ``c`` of workers w-1, w-2, ...; ``act`` acts as the executor ``a`` under its lease."""

    def __init__(
        self,
        workloads: str = "[]",
        budgets: str = "[]",
        *,
        nodes: int = 3,
        more: str = "",
        pools: str = "",
        hosts: str = "[]",
        bad: str = "[]",
        events: str = "[]",
        seed: int = 1,
        watch: Watch | None = None,
    ) -> None:
        made = pools or f"[{POOL.replace('COUNT', str(nodes))}]"
        cluster = f"{{name: c, pools: {made}, workloads: {workloads}, budgets: {budgets}{more}}}"
        text = TEXT.replace("CLUSTERS", f"[{cluster}]").replace("HOSTS", hosts)
        text = text.replace("BAD", bad).replace("EVENTS", events)
        self.world: World = build(parse(text, "made.yaml"), seed, watch)
        self.keys = count(1)

    @property
    def cluster(self) -> Cluster:
        return self.world.clusters["c"]

    def machine(self, name: str) -> Machine:
        return self.world.machines[name if name in self.world.machines else f"c/{name}"]

    def workload(self, name: str) -> Workload:
        return next(each for key, each in self.cluster.workloads.items() if key[2] == name)

    def budget(self, name: str) -> Budget:
        return self.cluster.budgets["default", name]

    def pods(self, workload: str) -> list[Pod]:
        return sorted(self.workload(workload).pods.values(), key=lambda each: (len(each.name), each.name))

    def on(self, name: str) -> list[str]:
        return sorted(each.name for each in self.machine(name).pods.values())

    def wait(self, seconds: float) -> None:
        self.world.timeline.run_to(self.world.timeline.now + seconds)

    def seen(self, name: str, executor: str = "a") -> Seen:
        found = self.world.port(executor).observe(()).seen(self.machine(name).id)
        assert found is not None
        return found

    def lease(self, executor: str = "a", seconds: str = "100000") -> Outcome:
        return self.act("lease", "w-1", executor=executor, token=0, parameters={"seconds": seconds})

    def act(
        self,
        do: Do,
        name: str,
        *,
        key: str = "",
        executor: str = "a",
        token: int = 1,
        uid: str = "",
        pod: str = "",
        changes: tuple[Change, ...] = (),
        **more: object,
    ) -> Outcome:
        machine = self.world.machines.get(name) or self.world.machines.get(f"c/{name}")
        kind = "object" if machine is None else "machine"
        cluster = "c" if machine is None or machine.cluster is not None else ""
        subject = Subject(kind=kind, cluster=cluster, name=name, uid="")  # type: ignore[arg-type]  # one of the two
        act = Act(
            key=key or f"key-{next(self.keys)}", do=do, run="r", plan="p", token=token, subject=subject, uid=uid,
            pod=pod, changes=changes, **more,  # type: ignore[arg-type]  # fields of an act
        )  # fmt: skip
        return self.world.port(executor).act(act)

    def evict(self, pod: Pod, **more: object) -> Outcome:
        where = pod.machine.name if pod.machine is not None else "w-1"
        return self.act("evict", where, pod=pod.full_name, uid=pod.uid, **more)  # type: ignore[arg-type]  # passed on
