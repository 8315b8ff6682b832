"""Small worlds and legal plans for them, laid out by hand: what the planner would say plays no part in it.

``World`` is a cluster ``edge`` of three control-plane machines and four workers in two zones, and two hosts outside of
any cluster. ``Draft`` lays a plan out for it: waves of visits, with limits as the default policy of the world has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from tests.changes.drain.makings import EVERY_KIND, Json, budget, controller, node, owned, pod

from oakum.actors.shields import SHIELDS
from oakum.changes.compat import Knowledge
from oakum.changes.drain import Surroundings
from oakum.changes.intents.catalogue import wanted
from oakum.changes.intents.model import Intent
from oakum.changes.plans import Actor, Change, Evictions, Group, LeftOut, Plan, Step, Stop, Subject, Takes, Times, Wave
from oakum.changes.state import Cluster, EtcdMember, Machine, Software, State, Webhook
from oakum.changes.verify import Violation, verify
from oakum.local.drain import of_value
from oakum.policy.amounts import Amount
from oakum.policy.entries import Approval, Budget, Canary, Drain, Escalation, Gate, Guardrail, Soak, Window
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.policy.scopes import Scope

NOW = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
ALL = Scope()
WORKERS = Scope(facts={"node_role": ("worker",)})
CONTROL = Scope(facts={"node_role": ("control-plane",)})
WORST = ("reversible", "needs-snapshot", "forward-only")

POLICY = Policy(
    windows=(Window("always", ALL, always=True),),
    budgets=(
        Budget("control planes", CONTROL, max_domains=3),
        Budget("workers", WORKERS, Amount(2)),
        Budget("rest", ALL, Amount(50, percent=True), at_least=1, max_domains=9),
    ),
    canary=(Canary("one first", ALL, Amount(1), 1800),),
    soak=(Soak("watched", ALL, 60, 600),),
    gates=(Gate("ready", ALL, 900, True, (), ("KubeAPIDown",)),),
    guardrails=(Guardrail("first", ALL, Amount(2), 1, ("EtcdMembersDown",)),),
    approvals=(Approval("two", ALL, 2, ("platform",), 1, ("platform",)),),
    escalation=(Escalation("wait", ALL),),
    drain=(Drain("gentle", ALL, 3600, 3600),),
)  # fmt: skip


def kernel(installed: str = "6.1.90", **more: Any) -> Software:
    return Software(installed=installed, part="kernel", effect="reboot", offers=("6.1.100",), **more)


def kubelet(installed: str = "1.30.4", offers: Sequence[str] = ("1.31.4",)) -> Software:
    return Software(
        installed=installed, part="kubelet", effect="restart", ecosystem="kubernetes", offers=tuple(offers),
        kept=(installed,),
    )  # fmt: skip


def runtime(installed: str = "1.7.20") -> Software:
    return Software(
        installed=installed, part="container-runtime", effect="restart", offers=("1.7.24",), ecosystem="semver",
        kept=(installed,),
    )  # fmt: skip


def control(installed: str = "1.30.4", offers: Sequence[str] = ("1.31.4",)) -> dict[str, Software]:
    one = Software(
        installed=installed, part="control-plane", effect="restart", ecosystem="kubernetes", offers=tuple(offers)
    )
    etcd = Software(installed="3.5.15", part="etcd", effect="restart", ecosystem="semver", offers=("3.5.16",))
    return {"kube-apiserver": one, "kube-controller-manager": one, "kube-scheduler": one, "etcd": etcd}


def machine(name: str, **more: Any) -> Machine:
    """A machine of the cluster edge, or with ``cluster=""`` a host."""
    cluster = more.pop("cluster", "edge")
    role = more.pop("role", "worker" if cluster else "")
    software: dict[str, Software] = {"linux": kernel(), "openssl": Software(
        installed="3.0.15-1", offers=("3.0.16-1",), kept=("3.0.15-1",), security=("3.0.16-1",)
    )}  # fmt: skip
    if cluster:
        software |= {"kubelet": kubelet(), "containerd": runtime()}
    software |= control() if role == "control-plane" else {}
    software |= more.pop("software", {})
    zone = more.pop("zone", "a")
    return Machine(
        **{
            "name": name, "uid": f"uid-{name}", "cluster": cluster, "role": role, "pool": more.pop("pool", ""),
            "facts": {"environment": "prod", "region": "eu", "tier": "2"},
            "labels": {"topology.kubernetes.io/zone": zone}, "healthy": True, "boot_id": f"boot-{name}",
            "software": software, "snapshots": True, **more,
        }
    )  # fmt: skip


def workload(name: str, *nodes: str, allowed: int = 1, **more: Any) -> list[Json]:
    """A ReplicaSet with a ready pod on each node, and a budget for them (``budget=False``: none)."""
    labels = {"app": name}
    guarded = more.pop("budget", True)
    pods = [
        pod(f"{name}-{number}", owned("ReplicaSet", name), labels=labels, node=at, **more)
        for number, at in enumerate(nodes, 1)
    ]
    made = [*pods, controller("ReplicaSet", name, len(nodes))]
    if guarded:
        healthy = len(nodes)
        made.append(
            budget(
                f"{name}-pdb", allowed=allowed, healthy=healthy, desired=healthy - allowed, expected=healthy,
                selector={"matchLabels": labels}, maxUnavailable=allowed,
            )
        )  # fmt: skip
    return made


class World:
    """A state, a policy and what is known, each of which a test may change before it asks."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.policy, self.knowledge = policy, Knowledge()
        self.machines: dict[str, Machine] = {}
        for number, zone in enumerate("aab", 1):
            self.add(machine(f"cp-{number}", role="control-plane", zone=zone))
        for number, zone in enumerate("aabb", 1):
            self.add(machine(f"w-{number}", zone=zone))
        for number in (1, 2):
            self.add(machine(f"db-{number}", cluster="", zone=""))
        self.objects: list[Json] = workload("web", "w-1", "w-2", "w-3")
        self.etcd = tuple(EtcdMember(name=f"etcd-{n}", machine=f"edge/cp-{n}", healthy=True) for n in (1, 2, 3))
        self.webhooks: tuple[Webhook, ...] = ()
        self.listed = EVERY_KIND
        self.version = ""
        self.nodes: dict[str, Json] = {}

    def add(self, one: Machine) -> None:
        self.machines[one.id] = one

    def change(self, id_: str, **fields: Any) -> None:
        """Another state of a machine; ``software`` is laid over what it has."""
        one = self.machines[id_]
        if "software" in fields:
            fields["software"] = {**one.software, **fields["software"]}
        self.machines[id_] = msgspec.structs.replace(one, **fields)

    def changed(self, id_: str, **fields: Any) -> World:
        """The same, as an expression."""
        self.change(id_, **fields)
        return self

    @property
    def state(self) -> State:
        nodes = [self.nodes.get(one.name, node(one.name)) for one in self.machines.values() if one.cluster]
        read = of_value({"apiVersion": "v1", "kind": "List", "items": [*nodes, *self.objects]}, "made up")
        snapshot = msgspec.structs.replace(read.snapshot, listed=self.listed, gaps=(), version=self.version)
        around = Surroundings(snapshot, read.machines, read.storage)
        cluster = Cluster(
            name="edge", uid="uid-edge", around=around, facts={"environment": "prod", "region": "eu", "tier": "2"},
            etcd=self.etcd, webhooks=self.webhooks,
        )  # fmt: skip
        return State(
            at=NOW - timedelta(minutes=1), digest="sha256:state", machines=tuple(self.machines.values()),
            clusters=(cluster,),
        )  # fmt: skip

    def ask(self, plan: Plan, state: State | None = None) -> tuple[Violation, ...]:
        """What the verifier says, of a state that somebody has kept or of this one."""
        calendar = Calendar(self.policy, {})
        return verify(plan, state or self.state, policy=self.policy, calendar=calendar, knowledge=self.knowledge)

    def rules(self, plan: Plan) -> set[str]:
        """The rules that a plan breaks."""
        return {each.rule for each in self.ask(plan)}


#: Actors that leave no mark on a node, so that nobody can tell that they are not there, and the marks that they obey.
UNSEEN = ("cluster-autoscaler", "node-healthcheck-operator")
ACTORS = (
    Actor(
        name="cluster-autoscaler", does=(), on="annotation", key="cluster-autoscaler.kubernetes.io/scale-down-disabled",
        value="true", says=SHIELDS["cluster-autoscaler"].says, source=SHIELDS["cluster-autoscaler"].source,
    ),
    Actor(
        name="node-healthcheck-operator", does=(), on="label", key="remediation.medik8s.io/exclude-from-remediation",
        value="true", says=SHIELDS["node-healthcheck-operator"].says,
        source=SHIELDS["node-healthcheck-operator"].source,
    ),
)  # fmt: skip


def back_of(change: Change) -> Change:
    """A change the other way round."""
    return msgspec.structs.replace(
        change, before=change.after, after=change.back, back=change.after, installed="", closes=()
    )


class Draft:
    """A plan that is laid out wave by wave."""

    def __init__(self, world: World, *intents: Intent) -> None:
        self.world, self.intents, self.state = world, intents, world.state
        self.waves: list[Wave] = []
        self.groups: dict[str, Group] = {}
        self.left_out: list[LeftOut] = []
        self.found = {intent.name: wanted(intent, self.state) for intent in intents}

    def group(self, id_: str, members: Sequence[str], most: int = 1, **more: Any) -> str:
        """Limits as the world's policy has them for these members."""
        policy = self.world.policy
        state = self.state
        fields: dict[str, Any] = {
            "max_domains": 1, "serial": False, "calendars": ((("always",), ()),),
            "soak_node": policy.soak[0].after_node, "gate": policy.gates[0], "drain": policy.drain[0],
            "escalation": policy.escalation[0], "approval": policy.approvals[0],
            "domain_of": {id_: state.by_id[id_].labels["topology.kubernetes.io/zone"] for id_ in members},
        }  # fmt: skip
        self.groups[id_] = Group(id=id_, members=tuple(members), max_unavailable=most, **{**fields, **more})
        return id_

    def usual(self) -> Draft:
        """Groups for control plane, workers and hosts."""
        ids = list(self.state.by_id)
        self.group("control", [id_ for id_ in ids if "/cp-" in id_], max_domains=3, serial=True)
        self.group("workers", [id_ for id_ in ids if "/w-" in id_], 2)
        self.group("hosts", [id_ for id_ in ids if "/" not in id_], 1, max_domains=9)
        return self

    def visit(self, id_: str, intent: str, group: str, changes: Sequence[Change] | None = None, **more: Any) -> Step:
        """One visit of a machine (or change of an object) that makes all changes of an intent there."""
        changes = self.found[intent].changes[id_] if changes is None else changes
        subject = self.found[intent].subjects[id_]
        worst = max((each.reversibility for each in changes), key=WORST.index)
        found = self.state.by_id.get(id_)
        drains = found is not None and bool(found.cluster) and any(each.drain for each in changes)
        fields: dict[str, Any] = {
            "id": f"{id_}/{intent}",
            "kind": "visit" if subject.kind == "machine" else "set-object",
            "back": () if worst == "forward-only" else tuple(back_of(each) for each in changes),
            "takes": Takes(work=Times(p50=300, p95=1800), back=Times(p50=200, p95=900)),
            "after": {each.component: each.after for each in changes},
            "evictions": self.evictions(subject) if drains else None,
            "reboot": any(each.reboot for each in changes),
            "snapshot": worst == "needs-snapshot",
            "domain": self.groups[group].domain_of.get(id_, ""),
            "reversibility": worst,
            "actors": UNSEEN if found is not None and found.cluster else (),
        }  # fmt: skip
        return Step(subject=subject, group=group, changes=tuple(changes), **{**fields, **more})

    def evictions(self, subject: Subject) -> Evictions:
        """Every pod of a controller leaves at once; the others of these worlds are given by hand."""
        pods = self.state.clusters_by_name[subject.cluster].around.on(subject.name)
        leave = [each for each in pods if each.metadata.controller and each.metadata.controller.kind == "ReplicaSet"]
        return Evictions(pods=len(leave), rounds=1 if leave else 0, stay=len(pods) - len(leave), grace=30 * bool(leave))

    def wave(self, id_: str, *steps: Step, needs: Sequence[str] | None = None, soak: int = 600) -> Draft:
        """One more wave; it needs the one before it, unless ``needs`` says otherwise."""
        needs = [self.waves[-1].id] if needs is None and self.waves else needs or []
        self.waves.append(Wave(id=id_, name=id_, needs=tuple(needs), steps=steps, soak=soak))
        return self

    def plan(self, **more: Any) -> Plan:
        fields: dict[str, Any] = {
            "at": NOW, "state": self.state.digest, "policy": self.world.policy.digest, "intents": self.intents,
            "groups": tuple(self.groups.values()), "waves": tuple(self.waves), "left_out": tuple(self.left_out),
            "stop": Stop(failed=1, lost=1, alarms=("EtcdMembersDown",)),
            "actors": ACTORS if any(step.actors for wave in self.waves for step in wave.steps) else (),
        }  # fmt: skip
        return Plan(**{**fields, **more})


def kernels(world: World) -> Draft:
    """The kernel of all workers: w-1 as the canary, then the others."""
    intent = Intent(name="k", kind="kernel", scope=WORKERS)
    draft = Draft(world, intent).usual()
    ids = [id_ for id_ in draft.found["k"].changes if id_ not in {each.subject for each in draft.left_out}]
    draft.wave("canary", draft.visit(ids[0], "k", "workers"), soak=1800)
    return draft.wave("rest", *(draft.visit(id_, "k", "workers") for id_ in ids[1:]))


def upgrade(world: World) -> Draft:
    """Etcd, control plane and kubelets to 1.31: each with its canary, control plane first."""
    draft = Draft(
        world,
        Intent(name="etcd", kind="etcd", scope=CONTROL, wants={"to": "3.5.16"}),
        Intent(name="cp", kind="control-plane", scope=CONTROL, wants={"to": "1.31.4"}),
        Intent(name="kl", kind="kubelet", scope=Scope(facts={"cluster": ("edge",)}), wants={"to": "1.31.4"}),
    ).usual()
    for name in ("etcd", "cp", "kl"):
        ids = [f"edge/cp-{number}" for number in (1, 2, 3)]
        draft.wave(f"{name}-canary", draft.visit(ids[0], name, "control"), soak=1800)
        draft.wave(f"{name}-control", *(draft.visit(id_, name, "control") for id_ in ids[1:]))
    return draft.wave("kl-workers", *(draft.visit(f"edge/w-{number}", "kl", "workers") for number in (1, 2, 3, 4)))


def packages(world: World) -> Draft:
    """A package of the two hosts, one after the other."""
    scope = Scope(facts={"cluster": ("",)})
    draft = Draft(world, Intent(name="p", kind="packages", scope=scope, wants={"names": ("openssl",)})).usual()
    draft.wave("canary", draft.visit("db-1", "p", "hosts"), soak=1800)
    return draft.wave("rest", draft.visit("db-2", "p", "hosts"))
