"""The way back of a run: what failed, or all of it, from what the machines still have."""

from __future__ import annotations

import msgspec
from tests.changes.planning.worlds import (
    KNOWLEDGE,
    NOW,
    good,
    intent,
    kernel,
    kubelet,
    order_of,
    out,
    policy,
    soft,
    state,
    workers,
)

from oakum.changes.durations import Durations
from oakum.changes.intents.catalogue import KINDS
from oakum.changes.planning import rollback
from oakum.changes.plans.model import Plan
from oakum.changes.plans.why_not import WhyNot
from oakum.changes.running.journal import Journal, Turned
from oakum.changes.state import Machine, State
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar


def journal(found: Plan, **states: str) -> Journal:
    """A journal in which the steps of these machines (w_1 for w-1) reached a state."""
    by_name = {step.subject.name: step.id for step in found.steps.values()}
    return Journal(
        Turned(at=NOW, step=by_name[name.replace("_", "-")], state=reached)  # type: ignore[arg-type] # texts
        for name, reached in states.items()
    )


def patched(machine: Machine, **more: object) -> Machine:
    """The machine with the newer kernel in effect."""
    newer = msgspec.structs.replace(machine.software["linux"], installed="6.1.100", running="6.1.100")
    return msgspec.structs.replace(machine, software={**machine.software, "linux": newer}, **more)


def back(found: Plan, run: Journal, now: State, rules: Policy, what: str = "failed") -> Plan | WhyNot:
    return rollback(
        found, run, now, rules, NOW, what=what, calendar=Calendar(rules, {}), knowledge=KNOWLEDGE,  # type: ignore[arg-type] # texts
        durations=Durations({name: kind.prior for name, kind in KINDS.items()}),
    )  # fmt: skip


def way_back(found: Plan, run: Journal, now: State, rules: Policy, what: str = "failed") -> Plan:
    made = back(found, run, now, rules, what)
    assert isinstance(made, Plan), made
    return made


def test_patching_14_only_bad_nodes_go_back_and_healthy_ones_keep_their_patch() -> None:
    rules, before = policy(), workers(10)
    found = good(state(*before), rules=rules)
    ended: dict[str, str] = {f"w_{n}": "done" for n in range(1, 8)} | {f"w_{n}": "failed" for n in range(8, 11)}
    after = state(*(patched(each, healthy=each.name not in ("w-8", "w-9", "w-10")) for each in before))
    made = way_back(found, journal(found, **ended), after, rules)
    assert made.undoes == found.hash
    assert order_of(made) == [["w-8", "w-9", "w-10"]]
    (change,) = made.step("undo-kernel@c/w-8").changes
    assert (change.before, change.after, change.back, change.reboot) == ("6.1.100", "6.1.90", "6.1.100", True)


def test_patching_14_on_request_all_that_was_changed_goes_back() -> None:
    rules, before = policy(), workers(4)
    found = good(state(*before), rules=rules)
    run = journal(found, w_1="done", w_2="done", w_3="skipped")
    after = state(*(patched(each) if each.name in ("w-1", "w-2") else each for each in before))
    assert order_of(way_back(found, run, after, rules, "all")) == [["w-1", "w-2"]]
    assert way_back(found, run, after, rules).waves == ()


def test_a_node_that_fell_ill_after_its_step_was_done_is_bad() -> None:
    rules, before = policy(), workers(3)
    found = good(state(*before), rules=rules)
    after = state(*(patched(each, healthy=each.name != "w-2") for each in before))
    assert order_of(way_back(found, journal(found, w_1="done", w_2="done", w_3="done"), after, rules)) == [["w-2"]]


def test_a_step_that_changed_nothing_needs_no_plan() -> None:
    rules, before = policy(), workers(3)
    found = good(state(*before), rules=rules)
    assert way_back(found, journal(found, w_1="failed", w_2="draining"), state(*before), rules, "all").waves == ()


def test_what_is_installed_and_never_came_into_effect_goes_back_too() -> None:
    rules, before = policy(), workers(2)
    found = good(state(*before), rules=rules)
    half = msgspec.structs.replace(before[0].software["linux"], installed="6.1.100", running="6.1.90")
    after = state(msgspec.structs.replace(before[0], software={"linux": half}), before[1])
    assert order_of(way_back(found, journal(found, w_1="failed"), after, rules)) == [["w-1"]]


def test_patching_14_components_go_back_in_the_other_order() -> None:
    both = kernel() | kubelet("1.31.4", "1.31.9")
    rules, before = policy(), workers(1, software=both)
    found = good(state(*before), intent(), intent("kubelet", to="1.31.9"), rules=rules)
    run = Journal(Turned(at=NOW, step=id, state="done") for id in found.steps)
    newer = {
        name: msgspec.structs.replace(each, installed=(each.offers or ())[-1], running="")
        for name, each in both.items()
    }
    after = state(msgspec.structs.replace(before[0], software=newer))
    made = way_back(found, run, after, rules, "all")
    assert list(made.steps) == ["undo-kernel@c/w-1", "undo-kubelet@c/w-1"]
    assert made.waves[1].needs == ("w1",)


def test_patching_14_a_forward_only_step_is_told_and_not_touched() -> None:
    software = {"lib": soft("1.0", "1.1")}
    rules, before = policy(), workers(2, software=software)
    found = good(state(*before), intent("packages", names=("lib",)), rules=rules)
    assert {step.reversibility for step in found.steps.values()} == {"forward-only"}
    newer = {"lib": soft("1.1", "1.1")}
    after = state(*(msgspec.structs.replace(each, software=newer) for each in before))
    made = way_back(found, journal(found, w_1="failed", w_2="done"), after, rules)
    assert made.waves == ()
    assert out(made) == {"c/w-1": "forward-only"}


def test_what_somebody_has_changed_since_is_left_to_them() -> None:
    rules, before = policy(), workers(1)
    found = good(state(*before), rules=rules)
    other = msgspec.structs.replace(before[0].software["linux"], installed="6.1.105", running="6.1.105")
    after = state(msgspec.structs.replace(before[0], software={"linux": other}))
    assert out(way_back(found, journal(found, w_1="failed"), after, rules)) == {"c/w-1": "changed-since"}


def test_an_old_version_that_nobody_keeps_cannot_be_put_back() -> None:
    kept = {"lib": soft("1.0", "1.1", kept=("1.0",))}
    rules, before = policy(), workers(1, software=kept)
    found = good(state(*before), intent("packages", names=("lib",)), rules=rules)
    after = state(msgspec.structs.replace(before[0], software={"lib": soft("1.1", "1.1")}))
    assert out(way_back(found, journal(found, w_1="failed"), after, rules)) == {"c/w-1": "not-kept"}


def test_a_machine_of_the_same_name_is_another_machine() -> None:
    rules, before = policy(), workers(1)
    found = good(state(*before), rules=rules)
    after = state(patched(before[0], uid="another"))
    assert out(way_back(found, journal(found, w_1="failed"), after, rules)) == {"c/w-1": "another-machine"}


def test_a_node_that_somebody_cordoned_since_is_not_brought_back() -> None:
    rules, before = policy(), workers(2)
    found = good(state(*before), rules=rules)
    after = state(*(patched(each, cordoned=each.name == "w-1") for each in before))
    refused = back(found, journal(found, w_1="failed"), after, rules)
    assert isinstance(refused, WhyNot)
    assert [each.rule for each in refused.reasons] == ["foreign-cordon"]
