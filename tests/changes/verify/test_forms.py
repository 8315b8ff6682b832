"""The plan as a document: each thing that may be wrong with it, and what is said of it; and its origin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.changes.verify import edits
from tests.changes.verify.corrupting import W1, W2, emergency
from tests.changes.verify.edits import replace
from tests.changes.verify.worlds import NOW, World, kernels, upgrade

from oakum.changes.intents.model import Intent
from oakum.changes.plans import Change, Plan, Wave
from oakum.changes.verify.form import form, origin
from oakum.changes.verify.order import circle

REPLACED = Change(
    intent="n", kind="node-replacement", component="image", before="a", after="b", reversibility="forward-only",
    proof=("ready",),
)  # fmt: skip


def kernel() -> Plan:
    return kernels(World()).plan()


def intents(*intents: Intent) -> Callable[[Plan], Plan]:
    return lambda plan: replace(plan, intents=(*plan.intents, *intents))


def also(plan: Plan, intent: Intent, change: Change, kind: str) -> Plan:
    """The step of w-2 as another kind of step, which makes one more change for one more intent."""
    plan = edits.on_step(plan, W2, lambda step: replace(step, kind=kind, changes=(*step.changes, change)))
    return replace(plan, intents=(*plan.intents, intent))


def in_a_fire(plan: Plan) -> Plan:
    plan = emergency(World(), plan)
    assert plan.override is not None
    return replace(plan, override=replace(plan.override, until=NOW.replace(tzinfo=None)))


def for_ever(plan: Plan) -> Plan:
    plan = emergency(World(), plan)
    assert plan.override is not None
    return replace(plan, override=replace(plan.override, until=datetime.max.replace(tzinfo=UTC)))


def slow(plan: Plan) -> Plan:
    takes = plan.step(W2).takes
    return edits.step(plan, W2, takes=replace(takes, work=replace(takes.work, p95=10**15)))


def waves(*needs: tuple[str, str]) -> tuple[Wave, ...]:
    return tuple(Wave(id=id_, name=id_, needs=tuple(several), steps=()) for id_, several in needs)


NEW = Intent(name="n", kind="node-replacement", wants={"image": "b"})
TABLE: dict[str, tuple[Callable[[Plan], Plan], tuple[str, str, str], str]] = {
    "a long format": (
        lambda p: replace(p, format="x" * 90), ("", "", ""), f"the format is '{'x' * 40}', not oakum-plan/1",
    ),
    "an end without a zone": (in_a_fire, ("", "", ""), "it gives a time without a zone"),
    "a time at the end of all years": (
        lambda p: replace(p, at=datetime.max.replace(microsecond=0, tzinfo=timezone(timedelta(hours=-14)))),
        ("", "", ""), "it gives the time 9999-12-31 23:59:59-14:00, and is of a year from 1970 to 2100",
    ),
    "an override for ever": (
        for_ever, ("", "", ""),
        "it gives the time 9999-12-31 23:59:59.999999+00:00, and is of a year from 1970 to 2100",
    ),
    "a machine's soak without end": (
        lambda p: replace(p, groups=(replace(p.groups[0], soak_node=10**18), *p.groups[1:])),
        ("", "", "control"), f"machines soak for {10**18} s",
    ),
    "a wave's soak without end": (
        lambda p: edits.wave(p, "rest", soak=100_000_001), ("rest", "", "rest"), "its soak is 100000001 s",
    ),
    "a step without end": (slow, ("rest", W2, "edge/w-2"), f"it takes {10**15} s"),
    "more intents than anybody has": (
        intents(*(Intent(name=f"n{each}", kind="kubelet") for each in range(1000))), ("", "", ""),
        "it has 1001 intents, and 1000 are the most",
    ),
    "a step called nothing": (
        lambda p: edits.step(p, W2, id=""), ("", "", ""), "1 of the plan's steps are called ''",
    ),
    "two steps called alike": (
        lambda p: edits.step(p, W2, id=W1), ("", "", W1), f"2 of the plan's steps are called '{W1}'",
    ),
    "two groups called alike": (
        lambda p: replace(p, groups=(*p.groups, p.groups[0])), ("", "", "control"),
        "2 of the plan's groups are called 'control'",
    ),
    "two intents called alike": (
        lambda p: replace(p, intents=p.intents * 2), ("", "", "k"), "2 of the plan's intents are called 'k'",
    ),
    "a need of nothing": (
        lambda p: edits.wave(p, "rest", needs=("canary", "other")), ("rest", "", "other"),
        "it needs the wave 'other', which does not exist",
    ),
    "an empty wave": (lambda p: edits.wave(p, "rest", steps=()), ("rest", "", "rest"), "it has no step"),
    "a soak below nothing": (lambda p: edits.wave(p, "rest", soak=-1), ("rest", "", "rest"), "its soak is -1 s"),
    "waves in a circle": (
        lambda p: edits.wave(p, "canary", needs=("rest",)), ("", "", "canary"),
        "waves wait for each other: canary, rest",
    ),
    "a group of nothing": (
        lambda p: edits.step(p, W2, group="other"), ("rest", W2, "other"), "its group 'other' does not exist",
    ),
    "a change of nothing": (
        lambda p: edits.step(p, W2, changes=()), ("rest", W2, "edge/w-2"), "it changes nothing",
    ),
    "an object visited": (
        lambda p: edits.on_step(p, W2, lambda s: replace(s, subject=replace(s.subject, kind="object"))),
        ("rest", W2, "edge/w-2"), "a visit of a object",
    ),
    "a machine set as an object": (
        lambda p: edits.step(p, W2, kind="set-object"), ("rest", W2, "edge/w-2"), "a set-object of a machine",
    ),
    "a replacement of nothing": (
        lambda p: edits.step(p, W2, kind="replace"), ("rest", W2, "edge/w-2"), "a replace that makes kernel",
    ),
    "a visit that replaces": (
        lambda p: also(p, NEW, REPLACED, "visit"), ("rest", W2, "edge/w-2"),
        "a visit that makes kernel, node-replacement",
    ),
    "a change for another intent": (
        lambda p: edits.change(p, W2, intent="other"), ("rest", W2, "other"),
        "linux is changed for the intent 'other' of kind 'kernel', which the plan does not have",
    ),
    "a kind that nobody knows": (
        intents(Intent(name="m", kind="magic" * 20)), ("", "", "m"), f"'{'magic' * 8}' is no kind of change",
    ),
    "an intent after nothing": (
        intents(Intent(name="m", kind="kubelet", after=("k", "other"))), ("", "", "m"),
        "it comes after 'other', which the plan does not have",
    ),
    "intents in a circle": (
        intents(
            Intent(name="n", kind="kubelet", after=("m",)), Intent(name="m", kind="kubelet", after=("n",)),
            Intent(name="o", kind="kubelet", after=("k",)),
        ),
        ("", "", "m"), "intents wait for each other: m, n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_what_is_wrong_with_a_document_is_said_once_and_of_the_right_thing(name: str) -> None:
    corrupt, where, why = TABLE[name]
    found = list(form(corrupt(kernel())))
    assert [(each.rule, each.wave, each.step, each.object, each.why) for each in found] == [("form", *where, why)]


def test_a_document_may_have_intents_in_a_row_and_waves_without_a_soak() -> None:
    plan = upgrade(World()).plan()
    etcd, cp, kl = plan.intents
    plan = replace(plan, intents=(kl, replace(etcd, after=("cp",)), replace(cp, after=("kl",))))
    assert list(form(edits.wave(plan, "cp-canary", soak=0))) == []


def test_times_and_numbers_up_to_their_limits_are_right() -> None:
    plan = replace(kernel(), at=datetime(2100, 1, 1, tzinfo=UTC))
    more = (Intent(name=f"n{each}", kind="kubelet") for each in range(999))
    plan = edits.wave(intents(*more)(plan), "rest", soak=100_000_000)
    plan = replace(plan, groups=(replace(plan.groups[0], soak_node=100_000_000), *plan.groups[1:]))
    takes = plan.step(W2).takes
    plan = edits.step(plan, W2, takes=replace(takes, work=replace(takes.work, p95=100_000_000)))
    assert list(form(plan)) == []
    assert list(form(replace(plan, at=datetime(1970, 1, 1, tzinfo=UTC)))) == []
    assert list(form(replace(plan, at=datetime(2100, 1, 1, 0, 0, 1, tzinfo=UTC)))) != []
    assert list(form(replace(plan, at=datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)))) != []


def test_a_step_that_replaces_a_machine_may_change_more_in_the_same_visit() -> None:
    assert list(form(also(kernel(), NEW, REPLACED, "replace"))) == []


def test_waves_wait_for_each_other_only_where_none_of_them_can_begin() -> None:
    assert circle(waves(("c", "b"), ("b", "a"), ("a", ""))) == ()
    assert circle(waves(("a", ""), ("b", "ac"), ("c", "b"), ("d", "c"))) == ("b", "c", "d")
    # A need of a wave that is not there is told by itself.
    assert circle(waves(("a", "x"), ("b", "a"))) == ()


def test_a_plan_may_be_made_at_the_very_moment_at_which_the_state_was_seen() -> None:
    world = World()
    plan = kernels(world).plan()
    state = world.state
    assert list(origin(replace(plan, at=state.at), state, world.policy)) == []
    (found,) = origin(replace(plan, at=state.at - timedelta(seconds=1)), state, world.policy)
    assert found.rule == "other-state"
