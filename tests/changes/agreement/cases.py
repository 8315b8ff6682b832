"""Random small worlds with something that is wanted of them: one to five nodes, up to three workloads, and trouble.

The objects are those of ``tests.changes.verify.worlds``; nothing here knows how plans are made or judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from hypothesis import strategies as st
from tests.changes.drain.makings import Json, budget, controller, node, owned, pod
from tests.changes.verify.worlds import ALL, NOW, World, control, kubelet, machine, runtime

from oakum.changes.compat import Knowledge
from oakum.changes.durations import Durations
from oakum.changes.intents.catalogue import KINDS
from oakum.changes.intents.model import Intent
from oakum.changes.planning import plan
from oakum.changes.plans import Plan, WhyNot
from oakum.changes.state import EtcdMember, Software, State, Webhook
from oakum.changes.verify import Violation, verify
from oakum.policy.amounts import Amount, Span
from oakum.policy.entries import Approval, Budget, Canary, Drain, Freeze, Gate, Metric, Protected, Soak, Window
from oakum.policy.model import Order, Policy
from oakum.policy.openings import Calendar
from oakum.policy.recurrence import Rule
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.scopes import Scope

KNOWLEDGE = Knowledge(apis_until=99)
DURATIONS = Durations({name: kind.prior for name, kind in KINDS.items()})
#: Open for a minute, a night, all year, and closed all year; a step of these worlds takes more than a minute, and less
#: than a night.
MINUTE = Schedule(Moment(datetime(2026, 3, 2, 23, 0), "UTC"), span=Span(seconds=60))
NIGHT = Schedule(Moment(datetime(2026, 3, 2, 23, 0), "UTC"), span=Span(seconds=6 * 3600), rule=Rule("DAILY"))
EVER = Schedule(Moment(datetime(2026, 1, 1), "UTC"), span=Span(days=6000))
HALF = Amount(50, percent=True)
LOSING = Drain("d", ALL, unreplicated="evict")
KERNELS, RUNTIMES = (Scope(facts={"change": (kind,)}) for kind in ("kernel", "container-runtime"))
METERED = (
    Gate("k", KERNELS, metrics=(Metric("errors", "a", "value < 1.0"),), quiet_alarms=("disk",)),
    Gate("r", RUNTIMES, 60, metrics=(Metric("errors", "b", "value < 1.0"), Metric("slow", "c", "value < 1.0"))),
    Gate("g", ALL, 0, True, (Metric("errors", "b", "value < 1.0"), Metric("r: errors", "d", "value < 1.0"))),
)
AGREED = (
    Approval("k", KERNELS, 2, ("ops", "lead"), 1, ("lead",)),
    Approval("r", RUNTIMES, 1, ("dba",), 2, ("dba", "lead")),
    Approval("a", ALL, 1, ("ops", "dba")),
)
KUBE = ("1.29.9", "1.30.4", "1.31.4", "1.32.1")


class Case(msgspec.Struct, frozen=True):
    """A question, and what it is asked of."""

    state: State
    intents: tuple[Intent, ...]
    policy: Policy

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.policy, {})

    def plan(self) -> Plan | WhyNot:
        return plan(
            self.state, self.intents, self.policy, NOW, calendar=self.calendar, knowledge=KNOWLEDGE,
            durations=DURATIONS,
        )  # fmt: skip

    def verify(self, found: Plan) -> tuple[Violation, ...]:
        return verify(found, self.state, policy=self.policy, calendar=self.calendar, knowledge=KNOWLEDGE)


#: Marks of other actors on one node: annotations, and taints without a slash.
REMOVED = "ToBeDeletedByClusterAutoscaler"
NEEDED, ONCE = "weave.works/kured-reboot-in-progress", "weave.works/kured-most-recent-reboot-needed"
MARKED = ((REMOVED,), (NEEDED,), (NEEDED, REMOVED), (NEEDED, ONCE), (ONCE,), ("cluster.x-k8s.io/machine",))


def often(value: Any, *others: Any, times: int = 6) -> st.SearchStrategy[Any]:
    """Mostly one value, and now and then another."""
    return st.sampled_from([value] * times + list(others))


@st.composite
def machines(draw: st.DrawFn, name: str, role: str) -> Any:
    minor = draw(often(KUBE[1], KUBE[0], KUBE[2]))
    waits = draw(often("", "6.1.90"))
    linux = Software(
        installed="6.1.100" if waits else draw(often("6.1.90", "6.1.100")), running=waits, part="kernel",
        effect="reboot", offers=draw(often(("6.1.100",), None, times=20)),
    )  # fmt: skip
    software: dict[str, Software] = {"linux": linux, "kubelet": kubelet(minor, KUBE), "containerd": runtime()}
    if role == "control-plane":
        software |= control(draw(often(KUBE[1], KUBE[2])), KUBE)
    zone, cordoned = draw(st.sampled_from(["a", "b"])), draw(often(False, True, times=10))
    made = machine(
        name, role=role, zone=zone, healthy=draw(often(True, False, None, times=16)), cordoned=cordoned,
        owner=draw(st.sampled_from(["", "run-1"])) if cordoned else "", pool=draw(st.sampled_from(["", "x"])),
        ours=draw(often(False, True)), snapshots=draw(st.booleans()), software=software,
    )  # fmt: skip
    software = {**made.software, **software}
    if draw(often(False, True, times=20)):
        del software["kubelet"]
    return msgspec.structs.replace(made, software=software)


@st.composite
def marked(draw: st.DrawFn, name: str, others: Sequence[str]) -> Json:
    """A node with the marks of other actors."""
    made = node(name)
    made["metadata"]["annotations"] = {key: "true" for key in others if "/" in key}
    made["spec"] = {"taints": [{"key": key, "effect": "NoSchedule"} for key in others if "/" not in key]}
    if draw(st.booleans()):
        made["metadata"]["labels"] = {"karpenter.sh/nodepool": "a"}
    return made


@st.composite
def workloads(draw: st.DrawFn, name: str, nodes: Sequence[str]) -> list[Json]:
    """Pods of a ReplicaSet under no, one or two budgets; or of nobody, or of a DaemonSet."""
    where = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3))
    kind = draw(often("ReplicaSet", "DaemonSet", ""))
    labels = {"app": name}
    more: Json = {}
    if draw(often(False, True, times=10)):
        more["volumes"] = [{"name": "scratch", "emptyDir": {}}]
    if draw(often(False, True, times=10)):
        more["terminationGracePeriodSeconds"] = draw(st.sampled_from([5, 7200]))
    ready = [draw(often(True, False)) for _ in where]
    made = [
        pod(f"{name}-{number}", owned(kind, name) if kind else None, labels=labels, node=at, ready=is_ready, **more)
        for number, (at, is_ready) in enumerate(zip(where, ready, strict=True), 1)
    ]
    if draw(often(False, True, times=10)):
        made.append(pod(f"{name}-end", owned("ReplicaSet", name), labels=labels, node=where[0], deleted=5))
    if kind:
        made.append(controller(kind, name, len(where)))
    for number in range(draw(st.sampled_from([0, 1, 1, 1, 2])) if kind == "ReplicaSet" else 0):
        allowed = draw(often(1, 0))
        healthy, desired = sum(ready), len(where) - allowed
        made.append(
            budget(
                f"{name}-{number}", allowed=max(0, healthy - desired), healthy=healthy, desired=desired,
                expected=len(where), selector={"matchLabels": labels},
                **draw(st.sampled_from([{"maxUnavailable": allowed}, {"minAvailable": desired}])),
            )
        )  # fmt: skip
    return made


@st.composite
def policies(draw: st.DrawFn, *, disagreeing: bool) -> Policy:
    """A policy; with ``disagreeing`` there may be visits to which no role may agree."""
    scope = draw(st.sampled_from([ALL, ALL, Scope(facts={"zone": ("a",)}), Scope(facts={"node_role": ("worker",)})]))
    window = draw(often(Window("w", ALL, always=True), Window("w", ALL, (MINUTE,)), Window("w", ALL, (NIGHT,))))
    windows = draw(often((window,), (), times=12))
    freezes = draw(often((), (Freeze("f", scope, (EVER,), "closed"),), (Freeze("f", scope, (MINUTE,), "closed"),)))
    limit = draw(st.sampled_from([Amount(1), Amount(2), Amount(50, percent=True), Amount(30, percent=True)]))
    budgets = draw(
        st.sampled_from(
            [
                (),
                (Budget("b", ALL, limit, draw(st.integers(0, 1)), max_domains=draw(st.integers(1, 2))),),
                (Budget("p", ALL, limit, 1, "pool", max_domains=2),),
                (Budget("s", scope, limit, 1), Budget("t", ALL, Amount(2), max_domains=2)),
            ]
        )
    )
    return Policy(
        windows=windows, freezes=freezes, budgets=budgets,
        protected=draw(often((), (Protected("no", Scope(facts={"node": ("w-1",)}), "certified"),), times=10)),
        order=Order(pools=draw(st.sampled_from([(), ("x",), ("", "x")]))),
        canary=draw(st.sampled_from([(), (Canary("c", ALL, Amount(1), 900),), (Canary("c", scope, HALF, 60),)])),
        soak=draw(st.sampled_from([(), (Soak("s", ALL, 30, 600),), (Soak("s", scope, 60, 60),)])),
        gates=draw(often((), METERED, METERED[1:], times=2)),
        approvals=draw(often((), AGREED, AGREED[1:], times=2)) if disagreeing else AGREED[:1],
        drain=draw(st.sampled_from([(), (Drain("d", ALL, local_data="evict"),), (LOSING,)])),
    )  # fmt: skip


def _wanted(name: str, scope: Scope, to: str) -> Intent:
    wants: dict[str, str | bool | tuple[str, ...]] = {
        "kernel": {"to": "6.1.100"},
        "kubelet": {"to": to},
        "control-plane": {"to": to},
        "etcd": {"to": "3.5.16"},
        "packages": {"names": ("openssl",)},
        "container-runtime": {"to": "1.7.24"},
        "script": {"run": "/fix", "check": "/check", "drain": True},
    }[name]  # type: ignore[assignment] # the values of a table of kinds
    return Intent(name=name, kind=name, scope=scope, wants=wants)


@st.composite
def intents(draw: st.DrawFn, *, whole: bool | None = None) -> tuple[Intent, ...]:
    kinds = draw(
        st.lists(
            st.sampled_from(["kernel", "kubelet", "control-plane", "etcd", "packages", "container-runtime", "script"]),
            min_size=1, max_size=3, unique=True,
        )
    )  # fmt: skip
    scope = draw(st.sampled_from([ALL, ALL, Scope(facts={"node_role": ("worker",)})]))
    made: list[Intent] = []
    for name in kinds:
        one = _wanted(name, scope if name not in ("control-plane", "etcd") else ALL, draw(st.sampled_from(KUBE[1:])))
        after = (made[-1].name,) if made and draw(often(False, True)) else ()
        wants_all = draw(st.booleans()) if whole is None else whole
        made.append(msgspec.structs.replace(one, after=after, whole=wants_all))
    return tuple(made)


@st.composite
def cases(draw: st.DrawFn, *, whole: bool | None = None) -> Case:
    """A world, a policy and intents; with ``whole`` each of these wants all of its targets or none."""
    # Whoever tries orders change by change knows no visits.
    world = World(draw(policies(disagreeing=whole is None)))
    world.machines.clear()
    planes, workers = draw(st.sampled_from([(0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (1, 2), (1, 4), (3, 1), (3, 2)]))
    names = [f"cp-{n + 1}" for n in range(planes)] + [f"w-{n + 1}" for n in range(workers)]
    for name in names:
        world.add(draw(machines(name, "control-plane" if name.startswith("cp") else "worker")))
    for name in names:
        others = draw(often((), *MARKED, times=16))
        if others:
            world.nodes[name] = draw(marked(name, others))
            world.change(f"edge/{name}", kept_away=draw(st.sampled_from([(), ("kured",), ("cluster-api", "kured")])))
    world.objects = []
    for name in ("one", "two", "three")[: draw(st.integers(0, 3))]:
        world.objects += draw(workloads(name, names))
    members = [
        EtcdMember(name=f"etcd-{name}", machine=f"edge/{name}", healthy=draw(often(True, False)))
        for name in names
        if name.startswith("cp")
    ]
    if members and draw(often(False, True, times=10)):
        members.append(EtcdMember(name="new", learner=True, healthy=True))
    world.etcd = tuple(members)
    if world.objects and draw(often(False, True)):
        world.webhooks = (Webhook(name="hook", pods=("shop/one-1", "shop/one-2")),)
    world.version = "" if planes else draw(st.sampled_from(["v1.31.4", "v1.32.1"]))
    return Case(world.state, draw(intents(whole=whole)), world.policy)
