"""Corruptions of how much goes at once, in which order, when, under whose eyes, and beside what."""

from __future__ import annotations

from datetime import timedelta

from tests.changes.drain.makings import controller, owned, pod
from tests.changes.verify import edits
from tests.changes.verify.corrupting import (
    KNOWN,
    SCHEDULE,
    TAKES,
    W1,
    W2,
    W3,
    Base,
    Corrupt,
    add,
    after_intent,
    after_world,
    emergency,
    etcd_down,
    knowing,
    kubelet_behind,
    kubelets_first,
    learner,
    left_out_first,
    lone_backend,
    one_cordoned,
    ours,
    planned,
    policy,
    skipping,
    stage_soak,
    stages,
    stuck,
    two_budgets,
    two_groups,
    two_members,
    two_sick,
)
from tests.changes.verify.edits import replace
from tests.changes.verify.worlds import (
    ALL,
    NOW,
    POLICY,
    WORKERS,
    kernels,
    machine,
    upgrade,
    workload,
)

from oakum.changes.plans import Evictions, Stop, Takes, Times
from oakum.policy.amounts import Amount, Span
from oakum.policy.entries import (
    Approval,
    Budget,
    Drain,
    Escalation,
    Freeze,
    Gate,
    Metric,
    Window,
)
from oakum.policy.entries import Step as Rung
from oakum.policy.model import Order

OF_LIMITS: dict[str, tuple[str, Base, Corrupt]] = {
    # how much at once
    "a member less": (
        "members",
        kernels,
        planned(lambda p: edits.group(p, "workers", members=("edge/w-1", "edge/w-2", "edge/w-3"))),
    ),
    "a member of elsewhere": (
        "members",
        kernels,
        planned(lambda p: edits.on_group(p, "workers", lambda g: replace(g, members=(*g.members, "db-1")))),
    ),
    "a machine that joined": ("members", kernels, after_world(lambda w: w.add(machine("w-5")))),
    "three at once": ("max-unavailable", kernels, planned(lambda p: edits.group(p, "workers", max_unavailable=3))),
    "a percentage rounded up": (
        "max-unavailable",
        kernels,
        lambda w, p: policy(w, p, budgets=(Budget("workers", WORKERS, Amount(49, percent=True)), *POLICY.budgets[2:])),
    ),
    "two domains at once": ("domains", kernels, planned(lambda p: edits.group(p, "workers", max_domains=2))),
    "another domain": (
        "domains",
        kernels,
        planned(
            lambda p: edits.on_group(p, "workers", lambda g: replace(g, domain_of={**g.domain_of, "edge/w-3": "a"}))
        ),
    ),
    "another domain of a step": ("domains", kernels, planned(lambda p: edits.step(p, W3, domain="a"))),
    "no room beside the unhealthy": (
        "room",
        kernels,
        after_world(two_sick),
    ),
    "no room in another domain": (
        "room",
        kernels,
        after_world(one_cordoned),
    ),
    "nothing at once": ("room", kernels, planned(lambda p: edits.group(p, "workers", max_unavailable=0))),
    "limits side by side": ("together", kernels, planned(two_groups)),
    "a control plane in parallel": ("serial", upgrade, planned(lambda p: edits.group(p, "control", serial=False))),
    "a control plane not counted": (
        "serial",
        upgrade,
        planned(lambda p: edits.group(p, "control", members=("edge/cp-1", "edge/cp-2"))),
    ),
    "a quorum lost": ("quorum", upgrade, after_world(etcd_down)),
    "a learner": ("quorum", upgrade, after_world(learner)),
    "two members": ("quorum", upgrade, after_world(two_members)),
    # in which order
    "kinds at once": ("rank", upgrade, planned(lambda p: edits.wave(p, "cp-canary", needs=("etcd-canary",)))),
    "kinds swapped": ("rank", upgrade, planned(lambda p: edits.swapped(p, "cp-control", "kl-control"))),
    "intents at once": ("intents-order", upgrade, planned(after_intent)),
    "an intent that is never done": ("intents-order", upgrade, left_out_first),
    "workers first": ("roles-order", upgrade, planned(lambda p: edits.swapped(p, "kl-control", "kl-workers"))),
    "workers at once": ("roles-order", upgrade, planned(lambda p: edits.wave(p, "kl-workers", needs=("kl-canary",)))),
    "pools swapped": (
        "roles-order",
        kernels,
        lambda w, p: policy(w.changed("edge/w-4", pool="batch"), p, order=Order(pools=("batch",))),
    ),
    "stages at once": ("stages", kernels, stages),
    "a stage not watched": ("stages", kernels, stage_soak),
    "no canary": ("canary", kernels, planned(lambda p: edits.moved(edits.moved(p, W2, "canary"), W3, "canary"))),
    "no canary at all": (
        "canary",
        kernels,
        planned(
            lambda p: replace(
                edits.wave(edits.moved(p, W1, "rest"), "rest", needs=()),
                waves=(edits.wave(edits.moved(p, W1, "rest"), "rest", needs=()).waves[1],),
            )
        ),
    ),
    "a canary beside the rest": ("canary", kernels, planned(lambda p: edits.wave(p, "rest", needs=()))),
    "a canary hardly watched": ("canary", kernels, planned(lambda p: edits.wave(p, "canary", soak=600))),
    "the own machine in between": ("own-last", kernels, ours),
    # when, and under whose eyes
    "a soak too short": ("soak", kernels, planned(lambda p: edits.wave(p, "rest", soak=599))),
    "a soak of machines too short": ("soak", kernels, planned(lambda p: edits.group(p, "workers", soak_node=59))),
    "a gate without our scan": (
        "gate",
        kernels,
        planned(lambda p: edits.on_group(p, "workers", lambda g: replace(g, gate=replace(g.gate, rescan=False)))),
    ),
    "a gate without readiness": (
        "gate",
        kernels,
        planned(lambda p: edits.on_group(p, "workers", lambda g: replace(g, gate=replace(g.gate, ready_within=0)))),
    ),
    "a gate under alarm": (
        "gate",
        kernels,
        planned(lambda p: edits.on_group(p, "workers", lambda g: replace(g, gate=replace(g.gate, quiet_alarms=())))),
    ),
    "a gate without its metric": (
        "gate",
        kernels,
        lambda w, p: policy(w, p, gates=(Gate("m", ALL, 900, True, (Metric("e", "q", "value < 1.0"),)),)),
    ),
    "a run that goes on": (
        "guardrail",
        kernels,
        planned(lambda p: replace(p, stop=Stop(failed=3, lost=1, alarms=p.stop.alarms))),
    ),
    "a run that loses two": (
        "guardrail",
        kernels,
        planned(lambda p: replace(p, stop=Stop(failed=1, lost=2, alarms=p.stop.alarms))),
    ),
    "a run under alarm": ("guardrail", kernels, planned(lambda p: replace(p, stop=Stop(failed=1, lost=1)))),
    "one person": (
        "approval",
        kernels,
        planned(lambda p: edits.group(p, "workers", approval=Approval("a", ALL, 1, ("platform",)))),
    ),
    "a person of any role": (
        "approval",
        kernels,
        planned(lambda p: edits.group(p, "workers", approval=Approval("a", ALL, 2))),
    ),
    "a forward-only step on one role less": (
        "approval",
        kernels,
        planned(lambda p: edits.group(p, "workers", approval=Approval("a", ALL, 2, ("platform",), 1, ()))),
    ),
    "a ladder that forces": (
        "escalation",
        kernels,
        planned(
            lambda p: edits.group(
                p, "workers", escalation=Escalation("e", ALL, (Rung("force-evict", 0, ("platform",)),))
            )
        ),
    ),
    "a drain that lasts": (
        "drain",
        kernels,
        planned(lambda p: edits.group(p, "workers", drain=Drain("d", ALL, 7200, 3600))),
    ),
    "a drain that deletes data": (
        "drain",
        kernels,
        planned(lambda p: edits.group(p, "workers", drain=Drain("d", ALL, 3600, 3600, "evict"))),
    ),
    "a drain that loses pods": (
        "drain",
        kernels,
        planned(lambda p: edits.group(p, "workers", drain=Drain("d", ALL, 3600, 3600, "block", "evict"))),
    ),
    "a grace that the drain does not give": (
        "drain",
        kernels,
        after_world(lambda w: add(*workload("slow", "w-4", terminationGracePeriodSeconds=7200))(w)),
    ),
    "other windows": ("calendar", kernels, planned(lambda p: edits.group(p, "workers", calendars=((("other",), ()),)))),
    "no calendar": ("calendar", kernels, planned(lambda p: edits.group(p, "workers", calendars=()))),
    "a freeze forgotten": (
        "calendar",
        kernels,
        lambda w, p: policy(w, p, freezes=(Freeze("year end", ALL, (SCHEDULE,), "nobody"),)),
    ),
    "a window too short": (
        "calendar",
        kernels,
        lambda w, p: policy(w, p, windows=(Window("always", ALL, (SCHEDULE,)),)),
    ),
    "a step too long for its window": (
        "calendar",
        kernels,
        lambda w, p: policy(
            w,
            edits.step(p, W2, takes=Takes(work=Times(p50=1, p95=1700), back=TAKES.back)),
            windows=(Window("always", ALL, (replace(SCHEDULE, span=Span(seconds=2400)),)),),
        ),
    ),
    "an override without reason": ("override", kernels, lambda w, p: emergency(w, p, reason=" ")),
    "an override of one person": ("override", kernels, lambda w, p: emergency(w, p, by=("a", "a"))),
    "an override for ever": ("override", kernels, lambda w, p: emergency(w, p, until=NOW + timedelta(days=9))),
    "an override of windows": ("override", kernels, lambda w, p: emergency(w, p, outside_windows=True)),
    "an override of another freeze": ("override", kernels, lambda w, p: emergency(w, p, lifts=("sale",))),
    "an override of nobody": ("override", kernels, lambda w, p: emergency(w, p, emergency="flood")),
    "an override that ends too early": (
        "calendar",
        kernels,
        lambda w, p: emergency(
            w, edits.group(p, "workers", calendars=()), outside_windows=True, until=NOW + timedelta(seconds=2000)
        ),
    ),
    "a step of no time": (
        "takes",
        kernels,
        planned(lambda p: edits.step(p, W2, takes=Takes(work=Times(p50=0, p95=0), back=TAKES.back))),
    ),
    "a way back of no time": (
        "takes",
        kernels,
        planned(lambda p: edits.step(p, W2, takes=Takes(work=TAKES.work, back=Times(p50=0, p95=0)))),
    ),
    "a median above the worst": (
        "takes",
        kernels,
        planned(lambda p: edits.step(p, W2, takes=Takes(work=Times(p50=9, p95=8), back=TAKES.back))),
    ),
    "a step shorter than its drain": (
        "takes",
        kernels,
        planned(lambda p: edits.step(p, W2, takes=Takes(work=Times(p50=9, p95=29), back=TAKES.back))),
    ),
    # what runs beside it
    "a budget that never lets go": ("blocked", kernels, after_world(stuck)),
    "two budgets on a pod": ("blocked", kernels, after_world(two_budgets)),
    "a pod of nobody": ("blocked", kernels, after_world(add(pod("alone", node="w-2")))),
    "data on the node": (
        "blocked",
        kernels,
        after_world(add(pod("data", owned("ReplicaSet", "web"), node="w-2", volumes=[{"name": "d", "emptyDir": {}}]))),
    ),
    "fewer evictions told": (
        "evictions",
        kernels,
        planned(lambda p: edits.step(p, W2, evictions=Evictions(pods=0, rounds=1, grace=30))),
    ),
    "no evictions told": ("evictions", kernels, planned(lambda p: edits.step(p, W2, evictions=None))),
    "fewer rounds told": (
        "evictions",
        kernels,
        planned(lambda p: edits.step(p, W2, evictions=Evictions(pods=1, rounds=0, grace=30))),
    ),
    "a shorter grace told": (
        "evictions",
        kernels,
        planned(lambda p: edits.step(p, W2, evictions=Evictions(pods=1, rounds=1, grace=1))),
    ),
    "a pod that has to be waited for": (
        "evictions",
        kernels,
        after_world(add(pod("ending", owned("ReplicaSet", "web"), node="w-2", deleted=10))),
    ),
    "a pod that stays, not told": (
        "evictions",
        kernels,
        after_world(add(pod("log", owned("DaemonSet", "log"), node="w-2"), controller("DaemonSet", "log"))),
    ),
    "evictions without a drain": (
        "evictions",
        upgrade,
        planned(lambda p: edits.step(p, "edge/cp-1/cp", evictions=Evictions())),
    ),
    "the last backend": ("webhook", kernels, after_world(lone_backend)),
    "kubelets before the control plane": ("skew", upgrade, planned(kubelets_first)),
    "a minor version skipped": ("skew", upgrade, skipping),
    "a kubelet left behind": ("skew", upgrade, kubelet_behind),
    "a pair that is known to break": ("compatibility", upgrade, knowing(KNOWN["compat"])),
    "an edge that harms": ("known-bad", upgrade, knowing(KNOWN["edges"])),
    "an API that goes": ("removed-api", upgrade, knowing(KNOWN["apis"])),
}
