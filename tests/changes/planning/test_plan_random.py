"""Random small worlds: a plan that accounts for every target, or the fewest reasons, whose remedies give a plan."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.changes.drain.makings import budget, controller, owned, pod
from tests.changes.planning.worlds import (
    KNOWLEDGE,
    NOW,
    cluster,
    intent,
    kernel,
    kubelet,
    machine,
    policy,
    servers,
    soft,
)

from oakum.changes.durations import Durations
from oakum.changes.intents.catalogue import KINDS, wanted
from oakum.changes.intents.model import Intent
from oakum.changes.planning import apply_edits, explain, plan
from oakum.changes.plans.model import Plan, canonical
from oakum.changes.plans.why_not import Edit, WhyNot
from oakum.changes.state import Machine, State, Webhook
from oakum.policy import entries
from oakum.policy.amounts import Span
from oakum.policy.model import Order, Policy
from oakum.policy.openings import Calendar
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.scopes import Scope

World = tuple[State, tuple[Intent, ...], Policy]


@st.composite
def machines(draw: st.DrawFn) -> list[Machine]:
    found: list[Machine] = []
    masters = draw(st.sampled_from([0, 0, 1, 3]))
    for number in range(masters + draw(st.integers(1, 5))):
        master = number < masters
        software = kernel() | kubelet("1.31.4", "1.31.9", "1.32.1", "1.33.0") | {"lib": soft("1", "2", kept=("1",))}
        if master:
            software |= servers("1.31.4", "1.32.1", "1.33.0")
        odd = draw(st.sampled_from([""] * 12 + ["cordoned", "ill", "unknown", "held", "ours"]))
        found.append(
            machine(
                f"n-{number}",
                role="control-plane" if master else "worker",
                software=software,
                zone=draw(st.sampled_from(["a", "b"])),
                pool="" if master else draw(st.sampled_from(["x", "y"])),
                healthy={"ill": False, "unknown": None}.get(odd, True),
                cordoned=odd in ("cordoned", "held"),
                owner="other-run" if odd == "held" else "",
                ours=odd == "ours",
                snapshots=draw(st.booleans()),
            )
        )
    return found


@st.composite
def objects(draw: st.DrawFn, names: list[str]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for app in draw(st.sets(st.sampled_from(["web", "db"]))):
        replicas = draw(st.integers(1, 3))
        made.append(controller("ReplicaSet", app, replicas))
        for number in range(replicas):
            more: dict[str, Any] = {"node": draw(st.sampled_from(names)), "labels": {"app": app, "tier": "t"}}
            if draw(st.integers(0, 5)) == 5:
                more["volumes"] = [{"name": "scratch", "emptyDir": {}}]
            if draw(st.integers(0, 5)) == 5:
                more["terminationGracePeriodSeconds"] = 7200
            owner = None if draw(st.integers(0, 6)) == 6 else owned(name=app)
            made.append(pod(f"{app}-{number}", owner, ready=draw(st.integers(0, 4)) < 4, **more))
        limit = draw(st.sampled_from([{}, {"maxUnavailable": 1}, {"maxUnavailable": 0}, {"minAvailable": replicas}]))
        if limit:
            selector = {"matchLabels": {"app": app}}
            made.append(budget(f"pdb-{app}", 0, 0, 0, observed=0, selector=selector, expected=0, **limit))
        if draw(st.integers(0, 5)) == 5:
            selector = {"matchLabels": {"tier": "t"}}
            made.append(budget(f"more-{app}", 0, 0, 0, observed=0, selector=selector, expected=0, maxUnavailable=1))
    return made


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    lengths = draw(st.sampled_from([None, None, None, 600, 86_400]))
    windows = (entries.Window("always", Scope(), (), always=True),)
    if lengths is not None:
        at = Schedule(start=Moment(NOW.replace(tzinfo=None), "UTC"), span=Span(0, lengths))
        windows = (entries.Window("once", Scope(), (at,)),)
    guarded = entries.Protected("keep", Scope(facts={"node": ("n-1",)}), "it is precious")
    return policy(
        windows=windows,
        protected=(guarded,) if draw(st.integers(0, 4)) == 4 else (),
        max_unavailable=draw(st.sampled_from([3, 2, 1, 1, 0])),
        max_domains=draw(st.sampled_from([2, 1])),
        per=draw(st.sampled_from(["cluster", "pool"])),
        order=Order(pools=draw(st.sampled_from([(), ("y", "x")]))),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    several = draw(machines())
    names = [each.name for each in several]
    things = draw(objects(names))
    pods = [f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in things if each["kind"] == "Pod"]
    hooks = (Webhook(name="hook", pods=tuple(pods[:2])),) if pods and draw(st.integers(0, 4)) == 4 else ()
    around = cluster("c", several, things, webhooks=hooks)
    kinds = draw(st.sets(st.sampled_from(["kernel", "kubelet", "control-plane", "packages"]), min_size=1))
    has_masters = any(each.role == "control-plane" for each in several)
    intents: list[Intent] = []
    for kind in sorted(kinds):
        whole = draw(st.integers(0, 2)) == 2
        if kind == "kernel":
            intents.append(intent(whole=whole))
        elif kind == "packages":
            after = ("kernel",) if "kernel" in kinds and draw(st.booleans()) else ()
            intents.append(intent("packages", names=("lib",), whole=whole, after=after))
        elif kind == "kubelet":
            intents.append(intent("kubelet", to=draw(st.sampled_from(["1.31.9", "1.32.1", "1.33.0"])), whole=whole))
        elif has_masters:
            intents.append(intent("control-plane", to=draw(st.sampled_from(["1.32.1", "1.33.0"])), whole=whole))
    intents = intents or [intent()]
    state = State(at=NOW, digest="sha256:random", machines=tuple(several), clusters=(around,))
    return state, tuple(intents), draw(policies())


def made(world: World) -> Plan | WhyNot:
    state, intents, rules = world
    return plan(
        state, intents, rules, NOW, calendar=Calendar(rules, {}), knowledge=KNOWLEDGE,
        durations=Durations({name: kind.prior for name, kind in KINDS.items()}),
    )  # fmt: skip


def mended(world: World, edits: list[Edit]) -> World:
    state, intents, rules = world
    return apply_edits(state, intents, rules, edits)


quietly = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@quietly
@given(worlds())
def test_every_target_is_planned_or_told(world: World) -> None:
    found = made(world)
    if isinstance(found, WhyNot):
        assert found.reasons
        return
    state, intents, _ = world
    planned = {(change.intent, step.subject.id) for step in found.steps.values() for change in step.changes}
    left = {each.subject for each in found.left_out}
    for each in intents:
        come = wanted(each, state)
        for subject in come.changes:
            assert (each.name, subject) in planned or subject in left
        assert {one.subject for one in come.obstacles} <= left
        if each.whole:
            assert {name for name in come.changes if (each.name, name) not in planned} == set()
    known: set[str] = set()
    for wave in found.waves:
        assert set(wave.needs) <= known
        known.add(wave.id)
        assert wave.steps


@quietly
@given(worlds())
def test_applying_all_remedies_gives_a_plan_and_no_reason_can_be_dropped(world: World) -> None:
    found = made(world)
    if isinstance(found, Plan):
        return
    edits = [list(each.remedy.edits) for each in found.reasons]
    assert all(edits), [each.rule for each in found.reasons if not each.remedy.edits]
    cured = made(mended(world, [edit for several in edits for edit in several]))
    assert isinstance(cured, Plan), [(each.rule, each.object) for each in cured.reasons]
    for some in combinations(edits, len(edits) - 1):
        rest = [edit for several in some for edit in several]
        assert isinstance(made(mended(world, rest)), WhyNot), "a reason could have been dropped"


@settings(quietly, max_examples=20)
@given(worlds())
def test_the_same_world_gives_the_same_bytes_and_words(world: World) -> None:
    one, other = made(world), made(world)
    assert canonical(one) == canonical(other)
    assert list(explain(one)) == list(explain(other))


_PROBE = """
from tests.changes.planning.worlds import *
both = kernel() | kubelet("1.31.4", "1.31.9")
machines = [*masters(3, software=kernel() | servers()), *workers(7, zones=("a", "b", "c"), software=both)]
found = good(state(*machines), intent(), intent("kubelet", to="1.31.9"), rules=policy(max_unavailable=2, max_domains=2))
print(found.hash)
"""


def test_the_hash_does_not_depend_on_the_order_of_sets() -> None:
    hashes = set()
    for seed in ("0", "1", "42"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "src:."}
        command = [sys.executable, "-c", _PROBE]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        hashes.add(done.stdout.strip())
    assert len(hashes) == 1
