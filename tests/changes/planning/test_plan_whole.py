"""From wants to a plan or to reasons: what is drafted, what keeps what out, and which reasons are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.changes.drain.makings import EVERY_KIND, Json, budget, controller, owned, pod
from tests.changes.planning.worlds import (
    ALWAYS,
    NOW,
    cluster,
    good,
    intent,
    kernel,
    kubelet,
    machine,
    masters,
    order_of,
    out,
    planned,
    policy,
    refused,
    rules_of,
    servers,
    soft,
    state,
    workers,
)

from oakum.changes.compat.reading import read
from oakum.changes.planning.edits import apply_edits
from oakum.changes.plans.model import Plan
from oakum.changes.plans.why_not import Reason, WhyNot
from oakum.changes.state import Machine, Software, State
from oakum.errors import InputError, NotAssessableError
from oakum.policy import entries
from oakum.policy.amounts import Span
from oakum.policy.model import Policy
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.scopes import Scope

LIB = {"lib": soft("1", "2", kept=("1",))}
BOTH = kernel() | LIB


def packages(name: str = "packages", **more: Any) -> Any:
    return intent("packages", name, names=("lib",), **more)


def only(*names: str) -> Scope:
    return Scope(facts={"node": names})


def edits(reason: Reason) -> list[tuple[str, str, object]]:
    return [(each.object, each.field, each.value) for each in reason.remedy.edits]


def steps(found: Plan) -> list[str]:
    return list(found.steps)


def cured(found: WhyNot, world: State, *intents: Any, rules: Policy | None = None) -> Plan:
    """The plan after all that the reasons say was done."""
    several = [edit for each in found.reasons for edit in each.remedy.edits]
    changed, wants, given = apply_edits(world, intents or (intent(),), rules or policy(), several)
    return good(changed, *wants, rules=given)


# Drafts


def test_a_target_has_one_visit_for_all_that_is_due_in_a_phase() -> None:
    found = good(state(*workers(2, software=BOTH)), intent(), packages())
    assert steps(found) == ["kernel+packages@c/w-1", "kernel+packages@c/w-2"]
    assert [each.component for each in found.step("kernel+packages@c/w-1").changes] == ["linux", "lib"]


def test_reasons_are_told_cluster_by_cluster_in_the_order_of_the_state() -> None:
    names = (("d", "w-10"), ("c", "w-2"), ("d", "w-1"), ("c", "w-1"))
    machines = [machine(name, cluster, cordoned=True) for cluster, name in names]
    found = refused(state(*machines), intent(whole=True), rules=policy(max_unavailable=5))
    assert [each.object for each in found.reasons] == ["c/w-2", "c/w-1", "d/w-10", "d/w-1"]
    assert order_of(good(state(*(machine(name) for name in ("w-10", "w-2", "w-1"))))) == [["w-1"], ["w-2", "w-10"]]


def test_each_phase_begins_where_the_one_before_has_left_the_machine() -> None:
    machines = [
        machine("cp", role="control-plane", software=servers("1.32.1", etcd="")),
        machine("w", software=kubelet("1.30.4", "1.31.4", "1.32.1")),
    ]
    one = intent("kubelet", "one", to="1.31.4")
    found = good(state(*machines), intent("kubelet", "two", to="1.32.1", after=("one",)), one)
    changes = [(each.intent, each.before, each.after) for step in found.steps.values() for each in step.changes]
    assert changes == [("one", "1.30.4", "1.31.4"), ("two", "1.31.4", "1.32.1")]
    assert steps(found) == ["kubelet@c/w", "kubelet~2@c/w"]


def test_the_same_component_once_more_waits_for_its_first_step() -> None:
    machines = [
        *masters(1, software=servers("1.32.1", etcd="")),
        machine("w", software=kubelet("1.30.4", "1.31.4", "1.32.1"), cordoned=True),
    ]
    wants = intent("kubelet", "one", to="1.31.4"), intent("kubelet", "two", to="1.32.1", after=("one",))
    assert rules_of(refused(state(*machines), *wants)) == ["foreign-cordon"]


BAD = b"""
version: 1
edges:
  - {name: bad, components: [kubelet], from: "*", to: "1.31.4", why: it stops, remedy: wait,
     source: "https://example.org/a", read: 2026-11-01}
"""


def test_a_later_visit_of_the_same_component_waits_for_the_first_though_nothing_says_after() -> None:
    kubelets = kubelet("1.30.4", "1.31.4", "1.32.1")
    plane, other = masters(1, software=servers("1.32.1", etcd="")), machine("v")
    wants = [
        intent("kubelet", "one", to="1.31.4"), intent(name="x", scope=only("v")),
        intent("kubelet", "two", to="1.32.1", after=("x",)),
    ]  # fmt: skip
    world = state(*plane, machine("w", software=kubelets), other)
    assert set(steps(good(world, *wants))) == {"kubelet@c/w", "kernel@c/v", "kubelet~2@c/w"}
    found = good(world, *wants, knowledge=read(BAD, "site.yaml"))
    assert (steps(found), out(found)) == (["kernel@c/v"], {"c/w": "known-bad/bad"})


def test_two_intents_may_want_the_same_change_and_it_is_made_once() -> None:
    found = good(state(*workers(1)), intent(name="a"), intent(name="b"))
    (step,) = found.steps.values()
    assert [each.intent for each in step.changes] == ["a"]


def test_two_versions_of_one_thing_are_refused_by_the_names_of_their_intents() -> None:
    world = state(*workers(1, software=kernel("6.1.90", "6.1.95", "6.1.100")))
    with pytest.raises(InputError) as refusal:
        good(world, intent(name="a", to="6.1.95"), intent(name="b", to="6.1.100"))
    assert refusal.value.what == "linux is wanted at 6.1.100, and by intent a at 6.1.95"
    assert str(refusal.value.place) == "intent b"


def test_of_two_versions_of_one_phase_neither_is_seen_by_the_other() -> None:
    world = state(*workers(1, software=kernel("6.1.90", "6.1.95", "6.1.100")))
    with pytest.raises(InputError, match=r"linux is wanted at 6\.1\.95, and by intent a at 6\.1\.100"):
        good(world, intent(name="a", to="6.1.100"), intent(name="b", to="6.1.95"))


def test_a_change_of_what_is_no_software_may_come_before_others() -> None:
    world = state(machine("w", image="old", software=LIB))
    found = good(world, packages(after=("node-replacement",)), intent("node-replacement", image="new"))
    assert steps(found) == ["node-replacement@c/w", "packages~2@c/w"]


@pytest.mark.parametrize(
    ("machines", "wants", "fine"),
    [
        (workers(1), intent(), True),
        (workers(1, software=kernel("6.1.100", "6.1.100")), intent(), True),
        (workers(1, software={"linux": Software(installed="6.1.90", part="kernel")}), intent(to="6.1.99"), True),
        (workers(1, software=LIB), intent(), False),
        (workers(1), intent(scope=only("none")), False),
    ],
)
def test_an_intent_that_is_for_nothing_is_a_mistake(machines: list[Machine], wants: Any, fine: bool) -> None:
    if fine:
        assert planned(state(*machines), wants) is not None
    else:
        with pytest.raises(InputError, match="it is for nothing in the state"):
            planned(state(*machines), wants)


def test_an_object_is_found_among_those_of_its_kind() -> None:
    def deployment(name: str, namespace: str = "shop", image: str = "dns:1") -> Json:
        made = controller("Deployment", name, 2, namespace=namespace)
        return made | {"spec": {"template": {"spec": {"containers": [{"name": "dns", "image": image}]}}}}

    keep = entries.Protected("keep", Scope(facts={"namespace": ("bank",)}), "it is money")
    objects = [deployment("other"), deployment("dns", "bank"), deployment("dns")]
    wants = (
        intent("add-on", "a", object="Deployment/shop/dns", image="dns:2"),
        intent("add-on", "b", object="Deployment/bank/dns", image="dns:2"),
    )
    found = good(state(*workers(1), objects=objects), *wants, rules=policy(protected=(keep,)))
    assert steps(found) == ["add-on@c/Deployment/shop/dns"]
    assert out(found) == {"c/Deployment/bank/dns": "protected"}
    assert found.step("add-on@c/Deployment/shop/dns").kind == "set-object"


# What a kind leaves out, and its remedy


@pytest.mark.parametrize(
    ("software", "to", "rule", "edit"),
    [
        (kernel("6.1.105", "6.1.105"), "6.1.100", "downgrade", ("kernel", "wants.to", "6.1.105")),
        (
            kernel("6.1.90", "6.1.90"),
            "6.1.100",
            "not-offered",
            ("c/w-1", "software|linux|offers", ["6.1.90", "6.1.100"]),
        ),
    ],
)
def test_what_a_kind_leaves_out_has_the_least_remedy(software: Any, to: str, rule: str, edit: tuple[Any, ...]) -> None:
    world = state(*workers(1, software=software))
    found = refused(world, intent(to=to))
    (reason,) = found.reasons
    assert (reason.rule, reason.object, edits(reason)) == (rule, "c/w-1", [edit])
    assert cured(found, world, intent(to=to)) is not None


@pytest.mark.parametrize("other", [kernel(), kernel("6.1.100", "6.1.100")])
def test_a_target_beside_others_is_left_out_of_the_intent(other: Any) -> None:
    machines = [machine("w-1", software=kernel("6.1.105", "6.1.105")), machine("w-2", software=other)]
    found = refused(state(*machines), intent(to="6.1.100", whole=True))
    (reason,) = found.reasons
    assert edits(reason) == [("kernel", "scope.and", '!(cluster == "c" && node == "w-1")')]
    assert "kernel@c/w-1" not in cured(found, state(*machines), intent(to="6.1.100", whole=True)).steps


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("k", {"which": "2.21", "linux-headers": "6.1.99", "linux-firmware": "6.1.100"}),
        ("kube-server", {"server": "6.1", "is": "2"}),
        ("linux", {}),
    ],
)
def test_the_version_in_effect_is_that_of_the_software_that_is_spoken_of(name: str, others: dict[str, str]) -> None:
    software = {each: soft(version) for each, version in others.items()} | {name: soft("6.1.105", part="kernel")}
    for names in (list(software), list(software)[::-1]):
        world = state(machine("w", software={each: software[each] for each in names}))
        (reason,) = refused(world, intent(to="6.1.100")).reasons
        assert (reason.rule, edits(reason)) == ("downgrade", [("kernel", "wants.to", "6.1.105")])


@pytest.mark.parametrize(("more", "rule", "edit"), [
    ({"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}}}, "managed", ("dns", "wants.managed", True)),
    ({"spec": {"paused": True}}, "paused", ("Deployment/shop/dns", "spec.paused", False)),
    ({"spec": {"template": {"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}}}, "container-unknown", None),
])  # fmt: skip
def test_an_object_that_its_owner_keeps_is_given_free_by_what_the_owner_says(more: Json, rule: str, edit: Any) -> None:
    dns = controller("Deployment", "dns", 2)
    template = {"spec": {"containers": [{"name": "dns", "image": "dns:1"}]}}
    dns["spec"] = {"template": template} | more.get("spec", {})
    dns["metadata"] |= more.get("metadata", {})
    world = state(*workers(1), objects=[dns])
    wants = intent("add-on", "dns", object="Deployment/shop/dns", image="dns:2")
    found = refused(world, wants)
    (reason,) = found.reasons
    assert (reason.rule, edits(reason)) == (rule, [] if edit is None else [edit])
    if edit is not None:
        assert len(cured(found, world, wants).steps) == 1


def test_an_object_beside_others_is_left_out_by_its_name() -> None:
    def deployment(name: str) -> Json:
        made = controller("Deployment", name, 2)
        containers = [{"name": "dns", "image": "dns:1"}] + ([{"name": "b"}] if name == "odd" else [])
        return made | {"spec": {"template": {"spec": {"containers": containers}}}}

    one = cluster("c", workers(1), [deployment("odd")])
    two = cluster("d", workers(1, "d"), [deployment("odd") | {"spec": deployment("dns")["spec"]}])
    wants = intent("add-on", "dns", object="Deployment/shop/odd", image="dns:2", whole=True)
    world = state(*workers(1), *workers(1, "d"), clusters=[one, two])
    found = refused(world, wants)
    (reason,) = found.reasons
    assert edits(reason) == [("dns", "scope.and", '!(cluster == "c" && workload == "Deployment/odd")')]
    assert steps(cured(found, world, wants)) == ["add-on@d/Deployment/shop/odd"]


def test_a_machine_of_which_the_scope_asks_an_unknown_fact_gets_it_stated() -> None:
    scope = Scope(facts={"tier": ("2", "1"), "environment": ("prod",), "node": ("w-1",)})
    world = state(*workers(2))
    found = refused(world, intent(scope=scope))
    (reason,) = found.reasons
    assert (reason.rule, reason.object) == ("unknown-target", "c/w-1")
    assert edits(reason) == [("c/w-1", "facts|tier", "2"), ("c/w-1", "facts|environment", "prod")]
    labelled = refused(state(*workers(1)), intent(scope=Scope(facts={"region": ("eu",)}, condition='tier == "1"')))
    assert edits(labelled.reasons[0]) == [("c/w-1", "facts|region", "eu")]


# Facts that decide


def test_a_machine_of_which_a_deciding_fact_is_not_known_stays_and_the_facts_are_named() -> None:
    budgets = (entries.Budget("prod", Scope(facts={"environment": ("prod",)})),)
    facts = {"environment": "dev"}
    machines = [machine("w-1", facts=facts), machine("w-2", facts={"region": "eu"}), machine("w-3", facts=facts)]
    found = good(state(*machines), rules=policy(budgets=budgets))
    assert out(found) == {"c/w-2": "facts-unknown"}
    (left,) = found.left_out
    assert (left.why, left.source) == ("whether 'prod' decides is not known: environment", "policy budgets")
    assert [(each.field, each.value) for each in left.edits] == [("facts|environment", "unknown"), ("facts|tier", "")]


def test_where_all_facts_are_known_and_something_else_decides_nothing_can_be_assessed() -> None:
    budgets = (entries.Budget("odd", Scope(condition='labels["rack"] == "1"')),)
    facts = {"environment": "dev", "region": "eu", "tier": "1"}
    with pytest.raises(NotAssessableError, match="whether 'odd' decides is not known"):
        planned(state(machine("w", facts=facts)), rules=policy(budgets=budgets))


def test_an_object_of_which_a_deciding_fact_is_not_known_is_not_assessable() -> None:
    dns = controller("Deployment", "dns", 2)
    dns["spec"]["template"] = {"spec": {"containers": [{"name": "dns", "image": "dns:1"}]}}
    budgets = (entries.Budget("prod", Scope(facts={"environment": ("prod",)})),)
    wants = intent("add-on", object="Deployment/shop/dns", image="dns:2")
    with pytest.raises(NotAssessableError, match="whether 'prod' decides is not known"):
        planned(state(*workers(1), objects=[dns]), wants, rules=policy(budgets=budgets))


# What follows from what


def test_nothing_is_drained_that_is_not_drained() -> None:
    machines = workers(2, software=LIB)
    around = cluster("c", machines, listed=frozenset({"Node"}))
    assert len(good(state(*machines, clusters=[around]), packages()).steps) == 2
    hosts = [machine("h", "", software=BOTH)]
    assert len(good(state(*hosts), intent(), packages()).steps) == 1


def test_each_cluster_is_judged_by_its_own_objects() -> None:
    machines = [*workers(2, "c"), *workers(2, "d")]
    naked = pod("alone", node="w-1")
    found = good(state(*machines, clusters=[cluster("c", machines, [naked]), cluster("d", machines)]))
    assert out(found) == {"c/w-1": "drain/unreplicated"}


def test_what_comes_after_an_intent_is_kept_out_by_every_obstacle_of_it() -> None:
    machines = [
        machine("w-1", software=BOTH), machine("w-2", software=BOTH, cordoned=True),
        machine("w-3", software=kernel("6.1.105", "6.1.105") | LIB), machine("w-4", software=LIB),
    ]  # fmt: skip
    rules = policy(max_unavailable=3)
    found = good(state(*machines), intent(to="6.1.100"), packages(after=("kernel",)), rules=rules)
    assert steps(found) == ["kernel@c/w-1"]
    told = {(each.subject, each.rule) for each in found.left_out}
    assert {
        ("c/w-1", "foreign-cordon"),
        ("c/w-1", "downgrade"),
        ("c/w-4", "foreign-cordon"),
        ("c/w-4", "downgrade"),
    } <= told
    free = good(state(*machines), intent(to="6.1.100"), packages(), rules=rules)
    assert steps(free) == ["packages@c/w-3", "kernel+packages@c/w-1", "packages@c/w-4"] or len(free.steps) == 3


def test_left_out_targets_are_told_as_people_count_and_each_reason_once() -> None:
    machines = [machine(f"w-{n}", software=BOTH, cordoned=n != 3, healthy=n != 10) for n in (10, 9, 3)]
    found = good(state(*machines), intent(), packages(), rules=policy(max_unavailable=3))
    assert [(each.subject, each.rule) for each in found.left_out] == [
        ("c/w-9", "foreign-cordon"), ("c/w-10", "foreign-cordon"), ("c/w-10", "unhealthy"),
    ]  # fmt: skip


def test_a_failure_domain_that_is_hurt_already_goes_before_the_others() -> None:
    sick = machine("sick", zone="b", healthy=False)
    found = good(state(*workers(5, zones=("a", "b")), sick), rules=policy(max_unavailable=2, max_domains=2))
    assert order_of(found) == [["w-1"], ["w-2", "w-4", "w-3", "w-5"]]


def test_a_plan_without_a_step_stops_at_the_first_failure() -> None:
    stop = good(state(*workers(2, software=kernel("6.1.100", "6.1.100")))).stop
    assert (stop.failed, stop.lost, stop.alarms) == (1, 1, ())


def test_reasons_of_several_rules_are_told_by_rule_first() -> None:
    found = good(state(*workers(2), objects=[pod("a", node="w-1"), pod("z", owned(name="gone"), node="w-1")]))
    assert [each.rule for each in found.left_out] == ["drain/orphan", "drain/unreplicated"]


def test_the_reasons_of_one_target_are_told_by_rule_and_object() -> None:
    pods = [pod(name, node="w-1") for name in ("b", "a")]
    found = good(state(*workers(2), objects=pods))
    assert [each.why.partition(":")[0] for each in found.left_out] == ["c/Pod/shop/a", "c/Pod/shop/b"]


# All or none


def test_an_intent_that_is_whole_is_refused_by_the_reasons_of_its_targets_alone() -> None:
    machines = [
        machine("w-1", software=BOTH),
        machine("w-2", software=kernel() | {"curl": soft("1")}, cordoned=True),
        machine("w-3", software=LIB),
    ]
    rules = policy(max_unavailable=3)
    assert rules_of(refused(state(*machines), intent(whole=True), packages(), rules=rules)) == ["foreign-cordon"]
    found = good(state(*machines), intent(), packages(whole=True), rules=rules)
    assert out(found) == {"c/w-2": "foreign-cordon"}
    assert len(found.steps) == 2


def test_a_visit_of_two_intents_is_needed_by_the_one_that_is_whole() -> None:
    machines = [machine("w-1", software=BOTH, cordoned=True), machine("w-2", software=BOTH)]
    rules = policy(max_unavailable=2)
    for one, other in ((True, False), (False, True)):
        found = refused(state(*machines), intent(whole=one), packages(whole=other), rules=rules)
        assert rules_of(found) == ["foreign-cordon"]


def test_a_target_that_a_kind_cannot_plan_refuses_the_whole_intent() -> None:
    machines = [machine("w-1"), machine("w-2", software=kernel("6.1.90", "6.1.90"))]
    found = refused(state(*machines), intent(to="6.1.100", whole=True))
    assert [(each.rule, each.subjects) for each in found.reasons] == [("not-offered", ("c/w-2",))]


def test_a_plan_that_would_change_nothing_although_something_is_wanted_is_none() -> None:
    assert rules_of(refused(state(*workers(2, cordoned=True)), rules=policy(max_unavailable=5))) == ["foreign-cordon"]
    blocked = state(*workers(1, software=kernel("6.1.90", "6.1.90")))
    assert rules_of(refused(blocked, intent(to="6.1.100"))) == ["not-offered"]


# Which reasons are told


def test_the_smallest_set_of_reasons_that_frees_a_target_is_told() -> None:
    machines = [
        machine("w-1", cordoned=True, uid=""), machine("w-2", cordoned=True), machine("w-3", cordoned=True, uid=""),
    ]  # fmt: skip
    (reason,) = refused(state(*machines), rules=policy(max_unavailable=5)).reasons
    assert (reason.object, reason.subjects) == ("c/w-2", ("c/w-2",))


def test_of_sets_of_one_size_that_which_frees_most_targets_is_told() -> None:
    machines = [machine("a", cordoned=True), *workers(3)]
    keep = entries.Protected("keep", only("b"), "it is dear")
    objects = [
        controller(replicas=3),
        *(pod(f"web-{n}", owned(), node=f"w-{n}", labels={"app": "web"}) for n in (1, 2, 3)),
    ]
    limit = budget(maxUnavailable=0, observed=0)
    found = refused(state(*machines, objects=[*objects, limit]), rules=policy(protected=(keep,), max_unavailable=5))
    (reason,) = found.reasons
    assert (reason.rule, reason.subjects) == ("drain/pdb", ("c/w-1", "c/w-2", "c/w-3"))


def test_a_reason_with_a_remedy_as_data_is_told_before_one_without() -> None:
    dns = controller("Deployment", "dns", 2)
    dns["spec"]["template"] = {"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}
    world = state(*workers(1, cordoned=True), objects=[dns])
    wants = intent("add-on", "dns", object="Deployment/shop/dns", image="dns:2"), intent()
    assert rules_of(refused(world, *wants)) == ["foreign-cordon"]
    assert rules_of(refused(world, *wants[::-1])) == ["foreign-cordon"]


def test_reasons_that_show_only_when_others_are_mended_are_told_too() -> None:
    rules = policy(windows=())
    world = state(machine("w-1", cordoned=True))
    found = refused(world, intent(whole=True), rules=rules)
    assert set(rules_of(found)) == {"foreign-cordon", "no-window"}
    assert len(cured(found, world, intent(whole=True), rules=rules).steps) == 1


def test_a_reason_that_is_mended_by_the_remedy_of_another_is_dropped() -> None:
    sick = [machine("s-1", healthy=False), machine("s-2", cordoned=True)]
    found = refused(state(*workers(2), *sick), intent(whole=True))
    assert rules_of(found) == ["max-unavailable"], "its remedy mends both of those that are out of service"


def crowd() -> tuple[State, Any]:
    """A whole intent whose one machine is protected; two others are ill, and a limit tells to mend both."""
    sick = [machine("s-1", healthy=False), machine("s-2", cordoned=True)]
    return state(*workers(2), *sick), policy(protected=(entries.Protected("keep", only("w-1"), "it is dear"),))


def test_of_many_reasons_only_those_that_are_needed_are_told() -> None:
    world, rules = crowd()
    assert sorted(rules_of(refused(world, intent(whole=True), rules=rules))) == ["max-unavailable", "protected"]


@pytest.mark.parametrize(("most", "told"), [(24, 2), (23, 6)])
def test_in_a_very_large_fleet_all_reasons_are_told(most: int, told: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oakum.changes.planning.minimal._TRIED", most)
    world, rules = crowd()
    assert len(refused(world, intent(whole=True), rules=rules).reasons) == told


def test_a_set_of_reasons_with_all_remedies_as_data_is_told_before_one_that_lacks_some() -> None:
    machines = [
        machine("a", software=kernel("6.1.90", "6.1.100"), cordoned=True),
        machine("b", software=kernel("6.1.90", "6.1.95"), cordoned=True, uid=""),
    ]
    known = read(BAD.replace(b"kubelet", b"linux").replace(b"1.31.4", b"6.1.100"), "site.yaml")
    found = refused(state(*machines), rules=policy(max_unavailable=5), knowledge=known)
    assert [(each.rule, each.object) for each in found.reasons] == [("uid-unknown", "c/b"), ("foreign-cordon", "c/b")]


def test_each_reason_tells_the_targets_that_met_it() -> None:
    (reason,) = refused(state(*workers(3)), rules=policy(windows=())).reasons
    assert reason.subjects == ("c/w-1", "c/w-2", "c/w-3")


# Windows


def once(name: str, minutes: int, after: int = 0, **more: Any) -> entries.Window:
    at = Schedule(
        start=Moment((NOW + timedelta(minutes=after)).replace(tzinfo=None), "UTC"), span=Span(0, minutes * 60)
    )
    return entries.Window(name, more.pop("scope", Scope()), (at,), **more)


def frozen(name: str, minutes: int) -> entries.Freeze:
    at = Schedule(start=Moment(NOW.replace(tzinfo=None), "UTC"), span=Span(0, minutes * 60))
    return entries.Freeze(name, Scope(), (at,), "busy")


def test_a_step_that_fits_nowhere_tells_what_it_needs_and_what_there_is() -> None:
    rules = policy(windows=(once("night", 10), once("dawn", 5, 60)), soak=(entries.Soak("s", Scope(), 120),))
    world = state(*workers(1))
    found = refused(world, rules=rules)
    (reason,) = found.reasons
    takes = good(world).step("kernel@c/w-1").takes
    work, back = takes.work.p95, takes.back.p95
    needs = work + 120 + back
    assert (reason.rule, reason.object) == ("window", "c: dawn, night")
    assert reason.why.endswith(
        "way back 22 min; 95 of 100 take no longer); dawn, night: the longest opening has 10 min"
    )
    assert reason.figures == {"needs": needs, "work": work, "soak": 120, "back": back, "longest": 600}
    assert reason.source.startswith("policy: windows dawn, night; https://")
    ((object, field, value),) = edits(reason)
    assert object.startswith("windows/extra for kernel in c, ")
    assert field == ""
    assert isinstance(value, dict)
    assert value["schedules"][0]["span"] == {"days": 0, "seconds": needs}
    made = cured(found, world, rules=rules)
    assert made.groups[0].calendars == ((("dawn", object.partition("/")[2], "night"), ()),)


def test_the_extra_window_is_for_the_kinds_and_the_cluster_alone_and_begins_in_a_minute() -> None:
    hosts = [machine("h", "", software=BOTH)]
    (reason,) = refused(
        state(*hosts), intent(), packages(), rules=policy(windows=()), now=NOW + timedelta(microseconds=5)
    ).reasons
    assert (reason.rule, reason.object) == ("no-window", "hosts: windows")
    assert "; no window is for it" in reason.why
    ((object, _, value),) = edits(reason)
    assert object.startswith("windows/extra for kernel+packages in hosts, ")
    assert isinstance(value, dict)
    assert value["scope"]["facts"] == {"cluster": ("",), "change": ("kernel", "packages")}
    assert value["schedules"][0]["start"]["local"] == "2026-03-02T22:01:00"


def test_the_extra_window_begins_when_the_freezes_leave_room() -> None:
    rules = policy(windows=(once("night", 1),), freezes=(frozen("peak", 90), frozen("sale", 30)))
    world = state(*workers(1))
    found = refused(world, rules=rules)
    (reason,) = found.reasons
    ((_, _, value),) = edits(reason)
    assert isinstance(value, dict)
    assert value["schedules"][0]["start"]["local"] == "2026-03-02T23:30:00"
    assert len(cured(found, world, rules=rules).steps) == 1


@pytest.mark.parametrize(
    ("windows", "minutes", "rule"),
    [
        ((ALWAYS,), 60 * 24 * 365 * 20, "freeze"),
        ((once("night", 300),), 300, "freeze"),
        ((once("night", 3),), 1, "window"),
    ],
)
def test_freezes_are_the_reason_where_without_them_there_would_be_room(
    windows: tuple[entries.Window, ...], minutes: int, rule: str
) -> None:
    rules = policy(windows=windows, freezes=(frozen("peak", minutes), frozen("sale", minutes)))
    (reason,) = refused(state(*workers(1)), rules=rules).reasons
    assert reason.rule == rule
    if rule == "freeze":
        assert reason.object == "c: peak, sale"
        assert reason.why.endswith("and the freezes leave 0 s at most")
        assert edits(reason) == [("freezes/peak", "", None), ("freezes/sale", "", None)]


def test_steps_of_other_needs_have_reasons_of_their_own() -> None:
    soak = (entries.Soak("s", Scope(facts={"node": ("w-2",)}), after_node=3600),)
    found = good(state(*workers(2)), rules=policy(windows=(once("night", 100),), soak=soak))
    assert (order_of(found), out(found)) == ([["w-1"]], {"c/w-2": "window"})


def test_a_dump_without_pods_is_not_assessable_only_where_something_is_drained() -> None:
    machines = workers(1, software=BOTH)
    given = state(*machines, clusters=[cluster("c", machines, listed=EVERY_KIND - {"Pod"})])
    assert len(good(given, packages()).steps) == 1
    with pytest.raises(NotAssessableError):
        planned(given, intent())
