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
    masters,
    order_of,
    out,
    policy,
    servers,
    soft,
    state,
    workers,
)

from oakum.changes.durations import Durations
from oakum.changes.intents.catalogue import KINDS
from oakum.changes.intents.model import Intent
from oakum.changes.planning import rollback
from oakum.changes.plans.model import Plan
from oakum.changes.plans.why_not import WhyNot
from oakum.changes.running.journal import Journal, Turned
from oakum.changes.state import Machine, State
from oakum.policy import entries
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.policy.scopes import Scope


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


def after_all(machines: list[Machine], *intents: Intent) -> tuple[Plan, Journal, State]:
    """A plan of which every step is done, and the state after it."""
    found = good(state(*machines), *intents)
    after = {change.component: change.after for step in found.steps.values() for change in step.changes}
    made = [
        msgspec.structs.replace(
            each,
            software={
                name: msgspec.structs.replace(one, installed=after.get(name, one.installed), running="")
                for name, one in each.software.items()
            },
        )
        for each in machines
    ]
    return found, Journal(Turned(at=NOW, step=id, state="done") for id in found.steps), state(*made)


def test_a_control_plane_of_which_one_machine_stays_goes_back_on_the_others() -> None:
    plane = masters(3, software=servers("1.31.4", "1.31.9", etcd="") | kubelet())
    found, run, after = after_all(plane, intent("control-plane", to="1.31.9"))
    keep = entries.Protected("keep", Scope(facts={"node": ("cp-1",)}), "it is dear")
    made = way_back(found, run, after, policy(protected=(keep,)), "all")
    assert (order_of(made), out(made)) == ([["cp-2", "cp-3"]], {"c/cp-1": "protected"})


def test_a_control_plane_does_not_go_back_below_its_kubelets() -> None:
    plane = masters(1, software=servers("1.31.4", "1.32.1", etcd="") | kubelet(), snapshots=True)
    node = workers(1, software=kubelet("1.31.4", "1.32.1"))
    found, run, after = after_all([*plane, *node], intent("control-plane", to="1.32.1"))
    kept = {
        name: msgspec.structs.replace(each, offers=("1.31.4", "1.32.1"))
        for name, each in after.machines[0].software.items()
    }
    newer = msgspec.structs.replace(node[0], software=kubelet("1.32.1"))
    now = state(msgspec.structs.replace(after.machines[0], software=kept), newer)
    refused = back(found, run, now, policy(), "all")
    assert isinstance(refused, WhyNot)
    assert [each.rule for each in refused.reasons] == ["skew/kubelet/newer"]


def test_the_way_back_of_a_later_intent_does_not_wait_for_that_of_an_earlier_one() -> None:
    machines = workers(1, software=kernel() | {"lib": soft("1", "2", kept=("1",))})
    found, run, after = after_all(machines, intent(), intent("packages", names=("lib",), after=("kernel",)))
    windows = (entries.Window("libs", Scope(facts={"change": ("packages",)}), (), always=True),)
    made = way_back(found, run, after, policy(windows=windows), "all")
    assert list(made.steps) == ["undo-packages~2@c/w-1"]


def test_a_whole_intent_goes_back_as_far_as_it_can() -> None:
    machines = workers(2)
    found, run, after = after_all(machines, intent(whole=True))
    held = state(after.machines[0], msgspec.structs.replace(after.machines[1], owner="run-9"))
    made = way_back(found, run, held, policy(), "all")
    assert (order_of(made), out(made)) == ([["w-1"]], {"c/w-2": "held"})


def test_a_step_that_waits_or_was_skipped_is_not_looked_at() -> None:
    rules, before = policy(), workers(4)
    found = good(state(*before), rules=rules)
    after = state(*(patched(each, healthy=False) for each in before))
    run = journal(found, w_1="skipped", w_2="late", w_3="lost", w_4="done")
    assert order_of(way_back(found, run, after, rules, "failed")) == [["w-2", "w-3", "w-4"]]
    well = state(*(patched(each) for each in before))
    assert order_of(way_back(found, run, well, rules)) == [["w-2", "w-3"]]
    unknown = state(*(patched(each, healthy=None if each.name == "w-4" else True) for each in before))
    loose = policy(max_unavailable=2)
    assert order_of(way_back(found, run, unknown, loose)) == [["w-2", "w-3", "w-4"]]


def test_a_machine_that_is_gone_is_told_when_all_goes_back() -> None:
    rules, before = policy(), workers(2)
    found = good(state(*before), rules=rules)
    run = journal(found, w_1="done", w_2="done")
    made = way_back(found, run, state(patched(before[1])), rules, "all")
    assert (order_of(made), out(made)) == ([["w-2"]], {"c/w-1": "gone"})
    assert way_back(found, run, state(patched(before[1])), rules).waves == ()
