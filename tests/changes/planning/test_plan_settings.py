"""What holds for a visit of several changes: of everything that the policy says of them, the strictest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.changes.planning.worlds import (
    ALWAYS,
    KNOWLEDGE,
    NOW,
    change,
    cluster,
    draft,
    good,
    intent,
    kernel,
    machine,
    policy,
    soft,
    state,
    workers,
)

from oakum.changes.intents.model import Intent
from oakum.changes.planning.agreeing import disagreeing
from oakum.changes.planning.settings import Policies, Settings
from oakum.changes.plans.model import Override, Plan
from oakum.changes.state import Machine
from oakum.changes.verify import verify
from oakum.policy import entries
from oakum.policy.amounts import Amount
from oakum.policy.entries import Metric, Step
from oakum.policy.model import DEFAULT, Order, Policy
from oakum.policy.openings import Calendar
from oakum.policy.scopes import Scope

KERNEL, RUNTIME, LIB = (Scope(facts={"change": (kind,)}) for kind in ("kernel", "container-runtime", "packages"))
BOTH = (("kernel", "reversible"), ("packages", "reversible"))
OTHER_WAY = BOTH[::-1]
SOFTWARE = kernel() | {"lib": soft("1", "2", kept=("1",))}


def found(rules: Policy, doings: Any = BOTH, override: Override | None = None, **more: Any) -> Settings:
    return Policies(rules, override).of_machine(machine("w", **more), doings)


def agreed(machines: Sequence[Machine], rules: Policy, *intents: Intent) -> Plan:
    """The plan of a kernel and a package in one visit, when the verifier has nothing against it."""
    world = state(*machines)
    found = good(world, *(intents or (intent(), intent("packages", names=("lib",)))), rules=rules)
    assert verify(found, world, policy=rules, calendar=Calendar(rules, {}), knowledge=KNOWLEDGE) == ()
    return found


def both(rules: Policy) -> list[Settings]:
    """The settings of a visit whose changes are told in one order and in the other."""
    return [found(rules, BOTH), found(rules, OTHER_WAY)]


def test_one_change_has_the_settings_of_its_entries() -> None:
    canary, gate = entries.Canary("c", KERNEL, Amount(3), 60), entries.Gate("g", KERNEL, 5, False)
    rules = policy(canary=(canary,), gates=(gate,), windows=(ALWAYS, entries.Window("n", KERNEL, (), always=True)))
    one = found(rules, BOTH[:1])
    assert (one.canaries, one.gate, one.calendars) == ((canary,), gate, ((("always", "n"), ()),))
    assert (one.budgets, one.soak.name, one.stage) == ((entries.Budget(DEFAULT, Scope()),), DEFAULT, 0)


def test_budgets_and_protections_of_all_changes_hold_each_once() -> None:
    budgets = (entries.Budget("one", KERNEL), entries.Budget("rest", Scope()))
    keep = tuple(entries.Protected(name, scope, "") for name, scope in (("z", LIB), ("a", KERNEL), ("m", Scope())))
    rules = policy(budgets=budgets, protected=keep)
    assert [[each.name for each in one.budgets] for one in both(rules)] == [["one", "rest"], ["rest", "one"]]
    assert [[each.name for each in one.protections] for one in both(rules)] == [["a", "m", "z"]] * 2
    same = found(policy(budgets=budgets[1:]))
    assert [each.name for each in same.budgets] == ["rest"]


def test_every_calendar_has_to_be_open() -> None:
    windows = (entries.Window("k", KERNEL, (), always=True), entries.Window("l", LIB, (), always=True))
    frozen = (entries.Freeze("peak", LIB, (), "busy"),)
    for one in both(policy(windows=windows, freezes=frozen)):
        assert one.calendars == ((("k",), ()), (("l",), ("peak",)))


@pytest.mark.parametrize(
    ("few", "many", "machines", "first"),
    [
        (Amount(1), Amount(3), 30, 1),
        (Amount(5, percent=True), Amount(3), 30, 2),
        (Amount(20, percent=True), Amount(3), 30, 3),
        (Amount(20, percent=True), Amount(3), 10, 2),
    ],
)
def test_the_fewest_machines_go_first_and_are_watched_longest(
    few: Amount, many: Amount, machines: int, first: int
) -> None:
    canary = (entries.Canary("few", KERNEL, few, soak=900), entries.Canary("many", LIB, many, soak=60))
    found = agreed(workers(machines, software=SOFTWARE), policy(canary=canary))
    assert (len(found.waves[0].steps), found.waves[0].soak) == (first, 900)


def test_the_longest_soaks_hold() -> None:
    for one in both(policy(soak=(entries.Soak("k", KERNEL, 10, 900), entries.Soak("l", LIB, 20, 600)))):
        assert (one.soak.after_node, one.soak.after_wave) == (20, 900)
    assert found(policy(soak=(entries.Soak("k", KERNEL, 10), entries.Soak("l", LIB, 20)))).soak.name == "k"


def test_metrics_that_cannot_keep_their_name_get_one_that_no_other_has() -> None:
    one = entries.Gate("one", KERNEL, metrics=(Metric("m", "a", "value < 1"), Metric("two: m", "b", "value < 1")))
    two = entries.Gate("two", LIB, metrics=(Metric("m", "c", "value < 1"), Metric("two: m", "b", "value < 1")))
    metrics = found(policy(gates=(one, two))).gate.metrics
    assert [(each.name, each.query) for each in metrics] == [("m", "a"), ("two: m", "b"), ("two: two: m", "c")]


def test_every_gate_has_to_pass() -> None:
    errors, slow, other = (Metric(name, query, "value < 1") for name, query in
                           (("errors", "a"), ("slow", "b"), ("errors", "c")))  # fmt: skip
    one = entries.Gate("one", KERNEL, ready_within=0, rescan=False, metrics=(errors, slow), quiet_alarms=("disk",))
    two = entries.Gate("two", LIB, ready_within=60, rescan=True, metrics=(other, slow), quiet_alarms=("cpu", "disk"))
    first, second = both(policy(gates=(one, two)))
    assert (first.gate.name, second.gate.name) == ("one", "two")
    for gate in (first.gate, second.gate):
        assert (gate.ready_within, gate.rescan, gate.quiet_alarms) == (60, True, ("cpu", "disk"))
    assert [(each.name, each.query) for each in first.gate.metrics] == [
        ("errors", "a"), ("slow", "b"), ("two: errors", "c"),
    ]  # fmt: skip


@pytest.mark.parametrize(("one", "two", "holds"), [(900, 60, 60), (60, 900, 60), (0, 0, 0), (0, 900, 900)])
def test_readiness_is_asked_for_as_soon_as_any_gate_wants_it(one: int, two: int, holds: int) -> None:
    gates = (entries.Gate("one", KERNEL, ready_within=one), entries.Gate("two", LIB, ready_within=two))
    assert found(policy(gates=gates)).gate.ready_within == holds


@pytest.mark.parametrize(
    ("one", "two", "machines", "failed"),
    [
        (Amount(50, percent=True), Amount(3), 10, 3),
        (Amount(20, percent=True), Amount(3), 10, 2),
        (Amount(20, percent=True), Amount(30, percent=True), 3, 1),
    ],
)
def test_the_run_stops_at_the_fewest_failures_and_at_any_alarm(
    one: Amount, two: Amount, machines: int, failed: int
) -> None:
    rails = (entries.Guardrail("one", KERNEL, one, 2, ("b",)), entries.Guardrail("two", LIB, two, 4, ("a", "b")))
    stop = agreed(workers(machines, software=SOFTWARE), policy(guardrails=rails)).stop
    assert (stop.failed, stop.lost, stop.alarms) == (failed, 2, ("a", "b"))


def test_a_machine_that_is_visited_twice_counts_once_for_when_the_run_stops() -> None:
    rules = policy(guardrails=(entries.Guardrail("tenth", Scope(), Amount(10, percent=True)),))
    found = agreed(
        workers(10, software=SOFTWARE), rules, intent(), intent("packages", names=("lib",), after=("kernel",))
    )
    assert (len(found.steps), found.stop.failed) == (20, 1)


def test_a_guardrail_that_no_step_is_under_stops_nothing() -> None:
    rails = (entries.Guardrail("disks", RUNTIME, Amount(1)), entries.Guardrail("rest", Scope(), Amount(4), 3, ("a",)))
    stop = agreed(workers(9, software=SOFTWARE), policy(guardrails=rails)).stop
    assert (stop.failed, stop.lost, stop.alarms) == (4, 3, ("a",))


def test_most_people_agree_and_all_of_them_may_agree_to_every_change() -> None:
    one = entries.Approval("one", KERNEL, 3, ("ops", "lead", "duty"), 1, ("lead", "head"))
    two = entries.Approval("two", LIB, 1, ("duty", "lead"), 2, ("dba", "lead"))
    for each in both(policy(approvals=(one, two))):
        asked = each.approval
        assert (asked.count, asked.roles) == (3, ("duty", "lead"))
        assert (asked.forward_only_count, asked.forward_only_roles) == (2, ("lead",))


def test_an_entry_that_lets_anybody_agree_does_not_widen_another_one() -> None:
    one = entries.Approval("one", KERNEL, 1, ("ops",), 1, ("lead",))
    two = entries.Approval("two", LIB, 3, (), 2, ())
    for each in both(policy(approvals=(one, two))):
        asked = each.approval
        assert (asked.count, asked.roles, asked.forward_only_roles) == (3, ("ops",), ("lead",))


def test_where_nobody_may_agree_to_all_of_it_that_never_becomes_anybody() -> None:
    one = entries.Approval("one", KERNEL, 2, ("ops",), 2, ("lead",))
    two = entries.Approval("two", LIB, 1, ("dba",), 1, ("head",))
    for each in both(policy(approvals=(one, two))):
        assert (each.approval.roles, each.approval.forward_only_roles) == (("ops",), ("lead",))
        assert sorted(entry.name for entry in each.approvals) == ["one", "two"]
    assert [entry.name for entry in found(policy(approvals=(one,)), BOTH[:1]).approvals] == ["one"]


Roles = tuple[str, ...]


@pytest.mark.parametrize(
    ("one", "two", "three", "widened"),
    [
        ((1, ("ops",)), (1, ("ops",)), (1, ("ops",)), {}),
        ((1, ("ops",)), (1, ()), (1, ()), {}),
        ((1, ()), (1, ()), (1, ()), {}),
        ((1, ("ops", "lead")), (1, ("dba", "lead")), (1, ()), {}),
        # The entry that asks for most people stays as it is.
        ((2, ("ops",)), (1, ("dba",)), (5, ()), {"two": ["dba", "ops"]}),
        ((1, ("ops",)), (2, ("dba",)), (1, ()), {"one": ["ops", "dba"]}),
        ((1, ("ops", "duty")), (1, ("dba", "a")), (1, ()), {"one": ["ops", "duty", "a"]}),
        # As few as possible change.
        ((3, ("ops",)), (1, ("dba",)), (1, ("lead", "dba")), {"one": ["ops", "dba"]}),
        ((1, ("ops", "net")), (1, ("dba", "net")), (3, ("ops", "dba")), {"one": ["ops", "net", "dba"]}),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("field", "count"), [("roles", "count"), ("forward_only_roles", "forward_only_count")])
def test_roles_that_have_none_in_common_are_told_with_the_fewest_entries_to_widen(
    one: tuple[int, Roles], two: tuple[int, Roles], three: tuple[int, Roles], widened: dict[str, list[str]],
    field: str, count: str,
) -> None:  # fmt: skip
    scopes = {"one": KERNEL, "two": LIB, "three": RUNTIME}
    rules = policy(
        approvals=tuple(
            entries.Approval(name, scopes[name], **{count: asked, field: roles})  # type: ignore[arg-type] # by name
            for name, (asked, roles) in zip(scopes, (one, two, three), strict=True)
        )
    )
    doings = (*BOTH, ("container-runtime", "reversible"))
    visit = draft(machine("w"), *(change(kind=kind) for kind, _ in doings), rules=rules)
    found = list(disagreeing(visit))
    told = {each.object.partition("/")[2]: each.value for reason in found for each in reason.remedy.edits}
    assert told == widened
    assert {(each.of, each.field) for reason in found for each in reason.remedy.edits} <= {("policy", field)}
    assert len(found) == (1 if widened else 0)


def test_who_may_not_agree_together_is_told_in_plain_words() -> None:
    one = entries.Approval("one", KERNEL, 2, ("ops", "net"), 1, ("lead",))
    two = entries.Approval("two", LIB, 1, ("dba",), 1, ("head",))
    first, second = disagreeing(draft(machine("w"), change(), change("lib", "packages"),
                                      rules=policy(approvals=(two, one))))  # fmt: skip
    assert (first.rule, first.object, first.source) == (
        "approvals", "approvals one, two", "policy: approvals one, two",
    )  # fmt: skip
    assert first.why == (
        "one visit makes changes of all of them, and nobody may agree to every one by one role: "
        "one asks for ops or net; two asks for dba"
    )
    assert first.remedy.says == "name in two a role of people who may agree to all of it, such as net"
    assert (second.rule, second.object) == ("approvals", "approvals one, two: forward-only")


def test_a_visit_whose_settings_are_not_known_is_not_asked_who_agrees() -> None:
    assert list(disagreeing(draft(machine("w"), settings=None))) == []


def test_a_ladder_that_ends_without_force_is_taken_before_one_that_ends_with_it() -> None:
    hard = entries.Escalation("hard", KERNEL, (Step("wait", 60), Step("force-evict", roles=("lead",))))
    soft = entries.Escalation("soft", LIB, (Step("wait", 60), Step("skip-and-report")))
    assert [each.escalation.name for each in both(policy(escalation=(hard, soft)))] == ["soft", "soft"]


@pytest.mark.parametrize(
    ("one", "two", "options"), [("evict", "evict", True), ("evict", "block", False), ("block", "evict", False),
                                ("block", "block", False)],
)  # fmt: skip
def test_a_drain_waits_the_shortest_time_and_gives_up_only_what_every_entry_gives_up(
    one: Any, two: Any, options: bool
) -> None:
    drains = (entries.Drain("one", KERNEL, 600, 90, one, two), entries.Drain("two", LIB, 900, 30, two, one))
    drain = found(policy(drain=drains)).drain
    assert (drain.name, drain.timeout, drain.max_grace) == ("one", 600, 30)
    assert drain.local_data == drain.unreplicated == ("evict" if options else "block")
    assert found(policy(drain=drains)).options == {"delete_emptydir_data": options}


def test_a_visit_is_in_the_last_stage_of_its_changes() -> None:
    stages = (entries.Stage("early", KERNEL), entries.Stage("late", LIB))
    assert [each.stage for each in both(policy(order=Order(stages=stages)))] == [1, 1]


# What a policy can tell apart


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (Scope(facts={"node": ("w-2",)}), {}),
        (Scope(condition='node == "w-2"'), {}),
        (Scope(condition='"rack" in labels && labels["rack"] == "2"'), {"labels": {"rack": "2"}}),
        (Scope(labels={"rack": ("2",)}), {"labels": {"rack": "2"}}),
        (Scope(facts={"zone": ("b",)}), {"zone": "b"}),
        (Scope(facts={"pool": ("gpu",)}), {"pool": "gpu"}),
        (Scope(facts={"tier": ("1",)}), {"facts": {"tier": "1"}}),
        (Scope(facts={"node_role": ("control-plane",)}), {"role": "control-plane"}),
        (Scope(facts={"cluster": ("other",)}), {"cluster": "other"}),
    ],
)
def test_machines_that_the_policy_tells_apart_have_settings_of_their_own(scope: Scope, seen: dict[str, Any]) -> None:
    rules = policy(protected=(entries.Protected("keep", scope, "precious"),))
    policies = Policies(rules, None)
    facts = {"tier": "3"}
    plain, odd = machine("w-1", facts=facts), machine("w-2", **{"facts": facts, **seen})
    assert [len(policies.of_machine(each, BOTH).protections) for each in (plain, odd, plain)] == [0, 1, 0]


def test_machines_that_the_policy_cannot_tell_apart_share_their_settings() -> None:
    policies = Policies(policy(), None)
    one, two = (policies.of_machine(machine(name), BOTH) for name in ("w-1", "w-2"))
    assert one is two


def test_an_object_has_the_settings_of_its_cluster_and_its_own_labels() -> None:
    dns = {"apiVersion": "apps/v1", "kind": "Deployment",
           "metadata": {"name": "dns", "namespace": "shop", "labels": {"app": "dns"}}}  # fmt: skip
    around = cluster("c", [], [dns], facts={"tier": "1", "environment": "prod", "region": "eu"})
    (one,) = around.around.snapshot.items["Deployment"]
    facts = {"tier": "1", "environment": "prod", "region": "eu", "node": "", "namespace": "shop", "cluster": "c",
             "workload": "Deployment/dns", "change": "add-on", "reversibility": "reversible", "zone": "", "pool": "",
             "node_role": ""}  # fmt: skip
    scope = Scope(facts={key: (value,) for key, value in facts.items()}, labels={"app": ("dns",)})
    rules = policy(protected=(entries.Protected("keep", scope, "precious"),))
    told = Policies(rules, None).of_object(one, around, (("add-on", "reversible"),))
    assert [each.name for each in told.protections] == ["keep"]


# Emergencies


def override(**more: Any) -> Override:
    given: dict[str, Any] = {
        "emergency": "cve",
        "reason": "exploited",
        "by": ("ann",),
        "until": NOW,
        "lifts": ("peak",),
    }
    return Override(**given | more)


FROZEN = tuple(entries.Freeze(name, Scope(), (), "busy") for name in ("peak", "sale"))


def test_an_override_lifts_the_freezes_that_it_names_and_no_other() -> None:
    rules = policy(freezes=FROZEN, emergency=(entries.Emergency("cve", Scope(), ("duty",)),))
    assert found(rules).calendars == ((("always",), ("peak", "sale")),)
    lifted = found(rules, override=override())
    assert (lifted.overridden, lifted.calendars) == (True, ((("always",), ("sale",)),))
    assert found(rules, override=override(outside_windows=True)).calendars == ()


@pytest.mark.parametrize("scope", [Scope(facts={"pool": ("gpu",)}), KERNEL, LIB])
def test_an_override_holds_only_where_its_emergency_is_that_of_every_change(scope: Scope) -> None:
    rules = policy(freezes=FROZEN, emergency=(entries.Emergency("cve", scope, ("duty",)),))
    for doings in (BOTH, OTHER_WAY):
        one = found(rules, doings, override(outside_windows=True))
        assert (one.overridden, one.calendars) == (False, ((("always",), ("peak", "sale")),))


def test_an_override_of_one_emergency_lifts_nothing_under_another() -> None:
    entry = entries.Emergency("outage", Scope(), ("duty",))
    one = found(policy(freezes=FROZEN, emergency=(entry,)), override=override(outside_windows=True))
    assert (one.overridden, one.calendars) == (False, ((("always",), ("peak", "sale")),))
