"""What corruptions of plans are made of: edits of the world under a plan, of its policy, or of several things of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from tests.changes.drain.makings import budget, node
from tests.changes.verify import edits
from tests.changes.verify.edits import replace
from tests.changes.verify.worlds import (
    ALL,
    CONTROL,
    NOW,
    Draft,
    World,
    control,
    kernel,
    kernels,
    kubelet,
    machine,
    packages,
    upgrade,
    workload,
)

from oakum.changes.compat import read
from oakum.changes.intents.model import Intent
from oakum.changes.plans import LeftOut, Override, Plan, Takes, Times
from oakum.changes.state import EtcdMember, Webhook
from oakum.policy.amounts import Span
from oakum.policy.entries import (
    Emergency,
    Freeze,
    Stage,
)
from oakum.policy.model import Order
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.scopes import Scope

Corrupt = Callable[[World, Plan], Plan]
Base = Callable[[World], Draft]


def same(plan: Plan) -> Plan:
    return plan


def policy(world: World, plan: Plan, **fields: object) -> Plan:
    """Another policy, and the plan made under it as far as digests go."""
    world.policy = replace(world.policy, **fields)
    return replace(plan, policy=world.policy.digest)


def after_world(edit: Callable[[World], object]) -> Corrupt:
    """The plan stays, the world is another."""

    def corrupt(world: World, plan: Plan) -> Plan:
        edit(world)
        return plan

    return corrupt


def planned(edit: Callable[[Plan], Plan]) -> Corrupt:
    return lambda world, plan: edit(plan)


def knowing(text: str) -> Corrupt:
    def corrupt(world: World, plan: Plan) -> Plan:
        world.knowledge = read(text.encode(), "site.yaml")
        return plan

    return corrupt


SCHEDULE = Schedule(Moment(datetime(2026, 3, 2, 22, 0), "UTC"), span=Span(seconds=1800))
W1, W2, W3, W4 = (f"edge/w-{number}/k" for number in (1, 2, 3, 4))
TAKES = Takes(work=Times(p50=300, p95=1800), back=Times(p50=200, p95=900))
TIER = Scope(facts={"tier": ("1",)})
#: A kernel that is as wanted.
PATCHED = kernel("6.1.100")
HOOK = Webhook(name="policy", pods=("shop/hook-1",))
KNOWN = {
    "compat": """version: 1
compatible:
  - {component: containerd, versions: ["1.7"], kubernetes: "<1.31", answer: compatible, why: tested,
     source: "https://example.org/a", read: 2026-11-24}
  - {component: containerd, versions: ["1.7"], kubernetes: ">=1.31", answer: incompatible, why: it breaks,
     source: "https://example.org/a", read: 2026-11-24}
""",
    "edges": """version: 1
edges:
  - {name: data loss, components: [etcd], from: "3.5.15", to: "3.5.16", why: it loses data, remedy: wait for 3.5.17,
     source: "https://example.org/b", read: 2026-11-24}
""",
    "apis": """version: 1
apis_until: "1.40"
apis:
  - {api: policy/v1, kinds: [PodDisruptionBudget], removed: "1.31", source: "https://example.org/c", read: 2026-11-24}
""",
}  # fmt: skip


def marked(taint: str) -> Callable[[World], object]:
    """The node w-2 bears a taint, KEY:EFFECT."""
    key, _, effect = taint.partition(":")
    made = node("w-2")
    made["spec"] = {"taints": [{"key": key, "effect": effect}]}
    return lambda world: world.nodes.update({"w-2": made})


def lone_backend(world: World) -> None:
    world.objects += workload("hook", "w-2", budget=False)
    world.webhooks = (HOOK,)


def add(*objects: object) -> Callable[[World], object]:
    return lambda world: world.objects.extend(objects)  # type: ignore[arg-type] # objects are JSON


def two_budgets(world: World) -> None:
    world.objects.append(budget("second", 1, 3, 2, selector={"matchLabels": {"app": "web"}}))


def stuck(world: World) -> None:
    world.objects[-1] = workload("web", "w-1", "w-2", "w-3", allowed=0)[-1]


def two_sick(world: World) -> None:
    for name in ("w-3", "w-4"):
        world.add(machine(name, healthy=False, software={"linux": PATCHED}))


def one_cordoned(world: World) -> None:
    world.add(machine("w-4", zone="b", cordoned=True, software={"linux": PATCHED}))


def ours(world: World, plan: Plan) -> Plan:
    world.change("edge/w-2", ours=True)
    return plan


def learner(world: World) -> None:
    world.etcd = (*world.etcd, EtcdMember(name="new", machine="", learner=True, healthy=True))


def etcd_down(world: World) -> None:
    world.etcd = (*world.etcd[:2], replace(world.etcd[2], healthy=False))


def two_members(world: World) -> None:
    world.etcd = world.etcd[:2]
    world.change("edge/cp-3", software={"etcd": replace(control()["etcd"], part="image")})


def after_intent(plan: Plan) -> Plan:
    """The intents say that the kubelets come before the control plane; the waves do not."""
    etcd, cp, kl = plan.intents
    return replace(plan, intents=(etcd, replace(cp, after=("kl",)), kl))


def kubelets_first(plan: Plan) -> Plan:
    """An order of intents that the skew policy forbids, in waves that keep it."""
    plan = after_intent(plan)
    needs = {
        "kl-canary": ("etcd-control",), "kl-workers": ("kl-control",), "cp-canary": ("kl-workers",),
    }  # fmt: skip
    for id_, wanted in needs.items():
        plan = edits.wave(plan, id_, needs=wanted)
    return plan


def left_out_first(world: World, plan: Plan) -> Plan:
    """The control plane of cp-3 is left out, and kubelets that come after it are not."""
    left = LeftOut(subject="edge/cp-3", rule="room", why="no room", remedy="make room")
    etcd, cp, kl = plan.intents
    plan = replace(edits.without(plan, "edge/cp-3/cp"), left_out=(left,))
    return replace(plan, intents=(etcd, cp, replace(kl, after=("cp",))))


def skipping(world: World, plan: Plan) -> Plan:
    """All of the cluster is at 1.29, and the plan goes to 1.31 in one step."""
    for number in (1, 2, 3):
        world.change(f"edge/cp-{number}", software={**control("1.29.4"), "kubelet": kubelet("1.29.4")})
    for number in (1, 2, 3, 4):
        world.change(f"edge/w-{number}", software={"kubelet": kubelet("1.29.4")})
    return upgrade(world).plan()


def kubelet_behind(world: World, plan: Plan) -> Plan:
    """A kubelet of a node that the plan does not touch is three minors behind, and the control plane goes on."""
    draft = Draft(world, Intent(name="cp", kind="control-plane", scope=CONTROL, wants={"to": "1.31.4"}))
    world.change("edge/w-4", software={"kubelet": kubelet("1.27.4")})
    draft = Draft(world, *draft.intents).usual()
    draft.wave("canary", draft.visit("edge/cp-1", "cp", "control"), soak=1800)
    return draft.wave("rest", *(draft.visit(f"edge/cp-{n}", "cp", "control") for n in (2, 3))).plan()


def two_groups(plan: Plan) -> Plan:
    """Half of the workers under limits of their own: together they may take four."""
    whole = next(group for group in plan.groups if group.id == "workers")
    plan = replace(plan, groups=(*plan.groups, replace(whole, id="more", members=("edge/w-3", "edge/w-4"))))
    return edits.step(plan, W4, group="more")


def stages(world: World, plan: Plan) -> Plan:
    """The cluster is the second stage; nothing of the first stage, the hosts, is awaited."""
    stages = (Stage("hosts", Scope(facts={"cluster": ("",)}), 3600), Stage("clusters", Scope(), 0))
    world.policy = replace(world.policy, order=Order(stages=stages))
    draft = kernels(world)
    hosts = packages(world)
    both = Draft(world, *draft.intents, *hosts.intents).usual()
    both.waves = [*draft.waves, *(replace(wave, id=f"h-{wave.id}", needs=tuple(f"h-{n}" for n in wave.needs))
                                  for wave in hosts.waves)]  # fmt: skip
    return both.plan()


def stage_soak(world: World, plan: Plan) -> Plan:
    """The stages are in order, and the first is watched for ten minutes where the policy says an hour."""
    plan = stages(world, plan)
    return edits.wave(plan, "canary", needs=("h-rest",))


def external_etcd(world: World, plan: Plan) -> Plan:
    """A control-plane machine reboots, and its cluster's etcd is neither on its machines nor with a provider."""
    for number in (1, 2, 3):
        world.machines[f"edge/cp-{number}"].software.pop("etcd")
    world.etcd = ()
    draft = Draft(world, Intent(name="k", kind="kernel", scope=CONTROL)).usual()
    draft.wave("canary", draft.visit("edge/cp-1", "k", "control"), soak=1800)
    return draft.wave("rest", *(draft.visit(f"edge/cp-{number}", "k", "control") for number in (2, 3))).plan()


def emergency(world: World, plan: Plan, **fields: object) -> Plan:
    """An override that the policy allows, with something about it that it does not."""
    entry = Emergency("fire", ALL, ("security",), ("year end",), False, 2, 3600)
    freeze = Freeze("year end", ALL, (SCHEDULE,), "nobody is there")
    plan = policy(world, plan, emergency=(entry,), freezes=(freeze,))
    override = Override(
        emergency="fire", reason="exploited", by=("a", "b"), until=NOW + timedelta(minutes=50), lifts=("year end",)
    )
    return replace(plan, override=replace(override, **fields))
