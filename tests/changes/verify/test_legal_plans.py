"""Plans that look odd and are right: the verifier keeps its peace."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.changes.verify import edits
from tests.changes.verify.corrupting import KNOWN, emergency, policy
from tests.changes.verify.edits import replace
from tests.changes.verify.worlds import (
    ALL,
    POLICY,
    WORKERS,
    Draft,
    World,
    back_of,
    control,
    kernels,
    kubelet,
    packages,
    upgrade,
    workload,
)

from oakum.changes.compat import read
from oakum.changes.intents.model import Intent
from oakum.changes.plans import Change, LeftOut, Plan
from oakum.changes.state import Webhook
from oakum.policy.amounts import Amount
from oakum.policy.entries import Budget, Canary, Emergency, Stage
from oakum.policy.model import Order
from oakum.policy.scopes import Scope

EDGE = Scope(facts={"cluster": ("edge",)})
WAY = ("1.30.4", "1.31.4", "1.32.1")


def staged(world: World) -> Plan:
    """The hosts first, watched for an hour, then the cluster."""
    hosts = Stage("hosts", Scope(facts={"cluster": ("",)}), 3600)
    world.policy = replace(world.policy, order=Order(stages=(hosts, Stage("clusters", ALL))))
    one, other = packages(world), kernels(world)
    both = Draft(world, *one.intents, *other.intents).usual()
    both.waves = [
        replace(wave, id=f"h-{wave.id}", needs=tuple(f"h-{need}" for need in wave.needs)) for wave in one.waves
    ]
    both.waves[-1] = replace(both.waves[-1], soak=3600)
    both.waves += [replace(wave, needs=wave.needs or ("h-rest",)) for wave in other.waves]
    return both.plan()


def two_minors(world: World) -> Plan:
    """Control plane and kubelets to 1.31, then to 1.32: the intents say in which order, against the ranks."""
    for number in (1, 2, 3):
        world.change(f"edge/cp-{number}", software={**control(WAY[0], WAY[1:]), "kubelet": kubelet(WAY[0], WAY[1:])})
    for number in (1, 2, 3, 4):
        world.change(f"edge/w-{number}", software={"kubelet": kubelet(WAY[0], WAY[1:])})
    chain = [("cp", "control-plane"), ("kl", "kubelet")]
    intents: list[Intent] = []
    for to in WAY[1:]:
        for name, kind in chain:
            after = (intents[-1].name,) if intents else ()
            intents.append(Intent(name=f"{name}-{to}", kind=kind, scope=EDGE, wants={"to": to}, after=after))
    draft = Draft(world, *intents).usual()
    now = dict.fromkeys(("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet"), WAY[0])
    for intent in intents:
        machines = [id_ for id_ in draft.found[intent.name].changes if "/cp-" in id_ or intent.kind == "kubelet"]
        steps = []
        for id_ in machines:
            changes = [_from(change, now[change.component]) for change in draft.found[intent.name].changes[id_]]
            steps.append(draft.visit(id_, intent.name, "control" if "/cp-" in id_ else "workers", changes))
        planes = [step for step in steps if step.group == "control"]
        draft.wave(f"{intent.name}-canary", planes[0], soak=1800)
        draft.wave(f"{intent.name}-control", *planes[1:])
        if len(steps) > len(planes):
            draft.wave(f"{intent.name}-workers", *(step for step in steps if step.group == "workers"))
        now |= {change.component: change.after for change in steps[0].changes}
    return draft.plan()


def _from(change: Change, before: str) -> Change:
    """A change that starts where the one before it has led; nobody keeps what that one brought."""
    if change.before == before:
        return change
    class_ = "needs-snapshot" if change.reversibility == "reversible" else change.reversibility
    return replace(change, before=before, back=before, reversibility=class_)


def own_last(world: World) -> Plan:
    """The canary, the others, and at the end the machine that Oakum runs on."""
    world.change("edge/w-2", ours=True)
    draft = kernels(world)
    own = next(step for step in draft.waves[-1].steps if step.subject.id == "edge/w-2")
    rest = [step for step in draft.waves[-1].steps if step is not own]
    draft.waves[-1] = replace(draft.waves[-1], steps=tuple(rest))
    return draft.wave("own", own).plan()


def workers_as_canary(world: World) -> Plan:
    """A worker is lost more easily than a member of etcd, so it may be the canary before the control plane."""
    draft = Draft(world, Intent(name="k", kind="kernel", scope=EDGE)).usual()
    draft.wave("canary", draft.visit("edge/w-1", "k", "workers"), soak=1800)
    draft.wave("control", *(draft.visit(f"edge/cp-{number}", "k", "control") for number in (1, 2, 3)))
    return draft.wave("rest", *(draft.visit(f"edge/w-{number}", "k", "workers") for number in (2, 3, 4))).plan()


def stricter(world: World) -> Plan:
    """Less at once, longer soaks, more people: nobody minds."""
    plan = kernels(world).plan()
    plan = edits.group(plan, "workers", max_unavailable=1, soak_node=600)
    plan = edits.on_group(plan, "workers", lambda one: replace(one, approval=replace(one.approval, count=3)))
    plan = edits.on_group(plan, "workers", lambda one: replace(one, gate=replace(one.gate, ready_within=60)))
    return edits.wave(plan, "rest", soak=7200)


def left_out(world: World) -> Plan:
    """An unhealthy worker stays out, and takes the place of one that may go."""
    world.change("edge/w-2", healthy=False)
    reason = LeftOut(subject="edge/w-2", rule="unhealthy", why="it is not in service", remedy="mend it")
    zone = [f"edge/w-{number}" for number in (3, 4)]
    draft = kernels(world)
    others = [LeftOut(subject=id_, rule="domains", why="another domain is hurt", remedy="mend w-2") for id_ in zone]
    plan = replace(draft.plan(), left_out=(reason, *others))
    return replace(plan, waves=plan.waves[:1])


def percentages(world: World) -> Plan:
    """Half of four workers are two; a quarter of them is the one that goes first."""
    world.policy = replace(
        world.policy,
        budgets=(Budget("half", WORKERS, Amount(50, percent=True)),),
        canary=(Canary("quarter", ALL, Amount(25, percent=True), 1800),),
    )
    return kernels(world).plan()


def backends_apart(world: World) -> Plan:
    """Two backends of a webhook on two nodes: the run does not evict the last one."""
    world.objects += workload("hook", "w-2", "w-3", budget=False)
    world.webhooks = (Webhook(name="policy", pods=("shop/hook-1", "shop/hook-2")),)
    return kernels(world).plan()


def outside_windows(world: World) -> Plan:
    """An emergency for which no window has to be open."""
    plan = policy(world, kernels(world).plan(), emergency=(Emergency("fire", ALL, ("security",), (), True, 2, 9000),))
    told = emergency(World(), plan, lifts=(), outside_windows=True)
    return replace(edits.group(plan, "workers", calendars=()), override=told.override)


def undone(world: World) -> Plan:
    """The way back of kernels: machines that are out of service, one after the other, without canary or wants."""
    plan = kernels(world).plan()
    for number in (1, 2, 3):
        software = world.machines[f"edge/w-{number}"].software["linux"]
        patched = replace(software, installed="6.1.100", kept=("6.1.90",))
        world.change(f"edge/w-{number}", software={"linux": patched}, healthy=number == 3)
    draft = Draft(world, *plan.intents).usual()
    found = [step for step in plan.steps.values() if step.subject.id != "edge/w-4"]
    steps = [
        replace(step, id=f"undo-{step.id}", changes=step.back, back=tuple(map(back_of, step.back)),
                after={one.component: one.after for one in step.back})
        for step in found
    ]  # fmt: skip
    return draft.wave("back", *steps[:2]).plan(undoes=plan.hash)


def known_to_fit(world: World) -> Plan:
    """Data about other versions says nothing of these."""
    world.knowledge = read(KNOWN["edges"].replace("3.5.16", "3.5.17").encode(), "site.yaml")
    return upgrade(world).plan()


LEGAL: dict[str, Callable[[World], Plan]] = {
    each.__name__: each
    for each in (
        staged, two_minors, own_last, workers_as_canary, stricter, left_out, percentages, backends_apart,
        outside_windows, undone, known_to_fit,
    )
}  # fmt: skip


@pytest.mark.parametrize("name", LEGAL)
def test_a_plan_that_is_right_breaks_nothing(name: str) -> None:
    world = World(POLICY)
    plan = LEGAL[name](world)
    assert world.ask(plan) == ()


def test_a_second_minor_in_the_wrong_order_is_found() -> None:
    world = World()
    plan = two_minors(world)
    swapped = edits.swapped(plan, "cp-1.32.1-control", "kl-1.31.4-control")
    assert "intents-order" in world.rules(swapped)


def test_what_nobody_wants_undone_is_not_taken_for_an_upgrade() -> None:
    world = World()
    plan = replace(undone(world), undoes="")
    assert "targets" in world.rules(plan)
