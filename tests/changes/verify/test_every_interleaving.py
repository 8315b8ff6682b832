"""The verifier asks about pairs of versions; here every order in which steps can be done is tried instead.

Small clusters with a legal start, random waves and random versions: some order of steps brings about a state that the
skew policy forbids exactly if the verifier says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.changes.verify.worlds import ALL, Draft, World, control, kubelet, machine

from oakum.changes.intents.model import Intent
from oakum.changes.plans import Change, Plan, Step, Subject
from oakum.changes.skew import Instance, State, check, parse_release

MINORS = st.integers(28, 31)
SERVERS, KUBELETS = ("cp-1", "cp-2"), ("w-1", "w-2")
COMPONENT = dict.fromkeys(SERVERS, "kube-apiserver") | dict.fromkeys(KUBELETS, "kubelet")
KIND = {"kube-apiserver": "control-plane", "kubelet": "kubelet"}
#: The waves of a plan, each with those that it needs: a diamond behind a chain, and one that needs nothing.
NEEDS = {"a": (), "b": ("a",), "c": ("b",), "d": ("b",), "e": ("c", "d"), "f": ()}
#: What can follow what on one machine.
ROWS = [(), *((one,) for one in NEEDS), ("a", "b"), ("a", "e"), ("b", "c"), ("b", "d"), ("c", "e"), ("a", "d")]


@st.composite
def plans(draw: st.DrawFn) -> tuple[World, Plan]:
    """Two API servers and two kubelets, each of which moves never, once or twice, in waves at random."""
    world = World()
    world.machines.clear()
    world.objects = []
    lowest = draw(MINORS)
    minors = {name: lowest + draw(st.integers(0, 1)) for name in SERVERS}
    minors |= {name: lowest - draw(st.integers(0, 2)) for name in KUBELETS}
    world.add(machine("w-9"))
    world.machines["edge/w-9"].software.clear()
    for name, minor in minors.items():
        software = {"kube-apiserver": control()["kube-apiserver"], "kubelet": kubelet()}[COMPONENT[name]]
        world.add(machine(name))
        world.machines[f"edge/{name}"].software.clear()
        version = f"1.{minor}.1"
        world.change(f"edge/{name}", software={COMPONENT[name]: type(software)(installed=version, part=software.part)})
    intents = (
        Intent(name="control-plane", kind="control-plane", scope=ALL, wants={"to": "1.40.1"}),
        Intent(name="kubelet", kind="kubelet", scope=ALL, wants={"to": "1.40.1"}),
    )
    draft = Draft(world, *intents)
    draft.group("all", list(draft.state.by_id), 9, max_domains=9)
    steps: dict[str, list[Step]] = {wave: [] for wave in NEEDS}
    for name, minor in minors.items():
        for wave in draw(st.sampled_from(ROWS)):
            to = minor + draw(st.sampled_from((1, 1, 1, 1, 1, 2, -1) if name in SERVERS else (1, 1, 2, -1)))
            kind = KIND[COMPONENT[name]]
            change = Change(
                intent=kind, kind=kind, component=COMPONENT[name], before=f"1.{minor}.1", after=f"1.{to}.1",
                reversibility="forward-only", proof=("running",),
            )  # fmt: skip
            id_ = f"edge/{name}"
            subject = Subject(kind="machine", cluster="edge", name=name, uid=draft.state.by_id[id_].uid)
            draft.found[kind].subjects[id_] = subject
            steps[wave].append(draft.visit(id_, kind, "all", [change], id=f"{name}/{wave}"))
            minor = to
    # A wave has a step; one more machine is visited in every wave, for something that has no skew.
    for wave, needs in NEEDS.items():
        filler = Change(
            intent="control-plane", kind="control-plane", component=f"nothing-{wave}", before="1", after="2",
            reversibility="forward-only", proof=("running",),
        )  # fmt: skip
        subject = Subject(kind="machine", cluster="edge", name="w-9", uid="uid-w-9")
        draft.found["control-plane"].subjects["edge/w-9"] = subject
        fill = draft.visit("edge/w-9", "control-plane", "all", [filler], id=f"w-9/{wave}")
        draft.wave(wave, fill, *steps[wave], needs=needs)
    return world, draft.plan()


def reachable(plan: Plan) -> Iterator[frozenset[str]]:
    """Every set of steps that can be done at one moment: a step waits for all steps of the waves that it waits for."""
    waits: dict[str, frozenset[str]] = {}
    of_wave: dict[str, frozenset[str]] = {}
    for wave in plan.waves:  # NEEDS is written in an order in which each comes after what it needs
        before = frozenset().union(*(of_wave[need] for need in wave.needs))
        of_wave[wave.id] = before | {step.id for step in wave.steps}
        waits |= dict.fromkeys((step.id for step in wave.steps), before)
    seen = {frozenset[str]()}
    left = list(seen)
    while left:
        done = left.pop()
        yield done
        for step, needed in waits.items():
            if step not in done and needed <= done and (more := done | {step}) not in seen:
                seen.add(more)
                left.append(more)


def versions(world: World, plan: Plan, done: frozenset[str]) -> State:
    """The cluster with some steps done."""
    found = {name: world.machines[f"edge/{name}"].software[part].current for name, part in COMPONENT.items()}
    for wave in plan.waves:
        for step in wave.steps:
            if step.id in done and step.subject.name in COMPONENT:
                found[step.subject.name] = step.changes[0].after
    return State(tuple(Instance(COMPONENT[name], name, parse_release(text), name) for name, text in found.items()))


def leaps(world: World, plan: Plan) -> bool:
    """Whether an API server skips a minor version, or is lowered."""
    for name in SERVERS:
        chain = [world.machines[f"edge/{name}"].software["kube-apiserver"].current]
        chain += [step.changes[0].after for wave in plan.waves for step in wave.steps if step.subject.name == name]
        minors = [parse_release(text).minor for text in chain]
        if any(not one <= other <= one + 1 for one, other in pairwise(minors)):
            return True
    return False


@settings(max_examples=300)
@given(plans())
def test_a_forbidden_state_can_be_reached_exactly_if_the_verifier_says_so(case: tuple[World, Plan]) -> None:
    world, plan = case
    assume(not check(versions(world, plan, frozenset())))
    broken = any(check(versions(world, plan, done)) for done in reachable(plan))
    assert ("skew" in world.rules(plan)) == (broken or leaps(world, plan))
