"""Groups and what is out of service: who counts against which limit, what mends it, and in which words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from tests.changes.planning.worlds import ZONE, change, draft, machine, masters, policy, state, workers

from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.limits import Limits
from oakum.changes.planning.settings import Policies
from oakum.changes.plans.model import Group, Subject
from oakum.changes.plans.why_not import Edit, Reason
from oakum.changes.state import Machine
from oakum.policy import entries
from oakum.policy.amounts import Amount
from oakum.policy.entries import Budget
from oakum.policy.model import Policy
from oakum.policy.scopes import Scope

ALL = Scope()
HALF = Amount(50, percent=True)
RACK = "example.org/rack"


def placed(machines: Sequence[Machine], rules: Policy, *changes: Any, **more: Any) -> list[Draft]:
    """A draft of each machine, placed and, where nothing is in its way, in a group."""
    return grouped(machines, rules, *changes, **more)[0]


def grouped(machines: Sequence[Machine], rules: Policy, *changes: Any, **more: Any) -> tuple[list[Draft], list[Group]]:
    limits = Limits(state(*machines, clusters=[]), Policies(rules, None))
    drafts = [draft(each, *changes, rules=rules, **more) for each in machines]
    for each in drafts:
        limits.place(each)
    limits.enter([each for each in drafts if not each.reasons])
    return drafts, list(limits.groups.values())


def told(drafts: Sequence[Draft]) -> dict[str, list[str]]:
    """The rules by the machines that they keep out."""
    return {each.subject.name: [reason.rule for reason in each.reasons] for each in drafts if each.reasons}


def reason_of(drafts: Sequence[Draft], name: str, rule: str) -> Reason:
    (draft_,) = (each for each in drafts if each.subject.name == name)
    (reason,) = (each for each in draft_.reasons if each.rule == rule)
    return reason


def edits(reason: Reason) -> list[tuple[str, str, object]]:
    return [(each.object, each.field, each.value) for each in reason.remedy.edits]


def budgets(*several: Budget) -> Policy:
    return policy(budgets=several)


# How many are out


OUT: list[dict[str, Any]] = [
    {"healthy": False},
    {"healthy": None},
    {"cordoned": True},
    {"cordoned": True, "owner": "r"},
]


@pytest.mark.parametrize("odd", OUT)
@pytest.mark.parametrize(("most", "blocked"), [(1, True), (2, False)])
def test_whoever_is_out_of_service_takes_a_place(odd: dict[str, Any], most: int, blocked: bool) -> None:
    machines = [*workers(3), machine("odd", **odd)]
    drafts = placed(machines, budgets(Budget("b", ALL, Amount(most))))
    assert told(drafts) == ({name: ["max-unavailable"] for name in ("w-1", "w-2", "w-3")} if blocked else {})


def test_one_that_is_out_itself_takes_the_place_that_it_has() -> None:
    machines = [*workers(2), machine("odd", healthy=False), machine("other", healthy=False)]
    rules = budgets(Budget("b", ALL, Amount(1)))
    assert told(placed(machines[:3], rules)) == {"w-1": ["max-unavailable"], "w-2": ["max-unavailable"]}
    assert told(placed(machines, rules)) == {each.name: ["max-unavailable"] for each in machines}


def test_as_many_are_to_be_mended_as_one_more_step_needs() -> None:
    odd = [machine("o-1", healthy=False), machine("o-2", cordoned=True, owner="run"),
           machine("o-3", healthy=None, cordoned=True)]  # fmt: skip
    drafts = placed([*workers(2), *odd], budgets(Budget("b", ALL, Amount(2), max_domains=9)))
    reason = reason_of(drafts, "w-1", "max-unavailable")
    assert (reason.object, reason.source) == ("c: budget b", "policy: budgets b")
    assert reason.why == "3 of 5 machines are out of service, and at most 2 may be"
    assert reason.remedy.says == "bring c/o-1, c/o-2 back into service"
    assert edits(reason) == [("c/o-1", "healthy", True), ("c/o-2", "owner", ""), ("c/o-2", "cordoned", False)]
    assert reason.figures == {"members": 5, "out": 3, "allowed": 2}
    (alone,) = placed([*workers(1), odd[2]], budgets(Budget("b", ALL)))[0].reasons
    assert alone.why == "1 of 2 machines is out of service, and at most 1 may be"
    assert edits(alone) == [("c/o-3", "healthy", True), ("c/o-3", "cordoned", False)]


def test_many_to_be_mended_are_told_by_five_names() -> None:
    odd = [machine(f"o-{n}", healthy=False) for n in range(1, 8)]
    reason = reason_of(placed([*workers(1), *odd], budgets(Budget("b", ALL))), "w-1", "max-unavailable")
    assert reason.remedy.says == "bring c/o-1, c/o-2, c/o-3, c/o-4, c/o-5 and 2 more back into service"
    assert len(reason.remedy.edits) == 7


@pytest.mark.parametrize(("policy_", "edit"), [
    (budgets(Budget("b", ALL, Amount(10, percent=True))), [("budgets/b", "at_least", 1)]),
    (budgets(Budget("(default)", ALL, Amount(0))), []),
])  # fmt: skip
def test_a_share_of_too_few_machines_is_none(policy_: Policy, edit: list[object]) -> None:
    (budget,) = policy_.budgets
    reason = reason_of(placed([*workers(4), machine("o", healthy=False)], policy_), "w-1", "max-unavailable-none")
    assert reason.object == f"c: budget {budget.name}"
    assert reason.why == f"{budget.max_unavailable} of 5 machines rounds down to none that may be out of service"
    assert (edits(reason), len(reason.figures)) == (edit, 2)
    assert told(placed(workers(2), policy_)) == {"w-1": ["max-unavailable-none"], "w-2": ["max-unavailable-none"]}


def test_hosts_outside_of_clusters_are_told_as_hosts() -> None:
    hosts = [machine("h-1", ""), machine("h-2", "", healthy=False)]
    assert reason_of(placed(hosts, budgets(Budget("b", ALL))), "h-1", "max-unavailable").object == "hosts: budget b"
    _, (group,) = grouped(hosts[:1], policy())
    assert (group.id, group.members) == ("hosts", ("h-1",))


# Failure domains


def zoned(*zones: str, label: str = ZONE, **more: Any) -> list[Machine]:
    return [machine(f"{zone}-{n}", labels={label: zone} if zone else {}, **more) for n, zone in enumerate(zones)]


def test_a_domain_more_than_may_be_disturbed_stays() -> None:
    machines = [*zoned("a", "b", "c"), *zoned("a", "a", "b", "", healthy=False)[:3]]
    machines = [msgspec.structs.replace(each, name=f"m-{n}") for n, each in enumerate(machines)]
    rules = budgets(Budget("b", ALL, Amount(9), max_domains=2))
    drafts = placed(machines, rules)
    assert told(drafts) == {"m-2": ["max-domains"]}
    reason = reason_of(drafts, "m-2", "max-domains")
    assert reason.object == f"c: {ZONE} c"
    assert reason.why == "machines are out of service in a, b, and at most 2 failure domains may be disturbed"
    assert (reason.source, reason.remedy.says) == ("policy: budgets b", "bring c/m-5 back into service")
    assert (edits(reason), reason.figures) == ([("c/m-5", "healthy", True)], {"domains": 2, "allowed": 2})


def test_the_domains_with_fewest_machines_out_are_to_be_mended() -> None:
    sick = [machine(f"{zone}-{n}", zone=zone, healthy=False) for zone, count in (("a", 2), ("b", 1), ("c", 1), ("d", 3))
            for n in range(count)]  # fmt: skip
    rules = budgets(Budget("b", ALL, Amount(20), max_domains=2))
    reason = reason_of(placed([machine("new", zone="x"), *sick], rules), "new", "max-domains")
    assert [each.object for each in reason.remedy.edits] == ["c/b-0", "c/c-0", "c/a-0", "c/a-1"]
    same = reason_of(placed([machine("new", zone="d"), *sick], rules), "new", "max-domains")
    assert [each.object for each in same.remedy.edits] == ["c/b-0", "c/c-0"]
    small = reason_of(placed([machine("new", zone="b"), *sick], rules), "new", "max-domains")
    assert [each.object for each in small.remedy.edits] == ["c/c-0", "c/a-0", "c/a-1"]


def test_a_machine_without_the_label_is_in_a_domain_of_its_own_kind() -> None:
    machines = [machine("none"), machine("sick", healthy=False), machine("a", zone="a")]
    rules = budgets(Budget("b", ALL, Amount(5)))
    drafts = placed(machines, rules)
    assert told(drafts) == {"a": ["max-domains"]}
    reason = reason_of(drafts, "a", "max-domains")
    assert reason.why == "machines are out of service in (none), and at most 1 failure domain may be disturbed"
    other = placed([machine("none"), machine("sick", zone="a", healthy=False)], rules)
    assert reason_of(other, "none", "max-domains").object == f"c: {ZONE} (none)"


def test_the_label_is_that_of_the_budget_with_the_fewest_domains() -> None:
    machines = [machine(f"m-{n}", labels={RACK: f"r{n}", ZONE: "z"}) for n in range(2)]
    loose, tight = (
        Budget("z", Scope(facts={"change": ("kernel",)}), Amount(2), max_domains=2),
        Budget("r", Scope(facts={"change": ("packages",)}), Amount(3), max_domains=1, domain_label=RACK),
    )
    drafts, (group,) = grouped(machines, budgets(loose, tight), change(), change("lib", "packages"))
    assert [each.domain for each in drafts] == ["r0", "r1"]
    assert group.domain_of == {"c/m-0": "r0", "c/m-1": "r1"}
    assert (group.max_unavailable, group.max_domains) == (2, 1)


# Who counts together


def test_a_budget_per_pool_counts_its_pool_and_one_per_cluster_all_of_it() -> None:
    machines = [
        machine(f"{pool}-{n}", pool=pool, healthy=(pool, n) != ("x", 0)) for pool in ("x", "y") for n in range(3)
    ]
    pool = budgets(Budget("b", ALL, per="pool"))
    assert told(placed(machines, pool)) == {"x-1": ["max-unavailable"], "x-2": ["max-unavailable"]}
    assert len(told(placed(machines, budgets(Budget("b", ALL))))) == 5
    well = [machine(f"{name}-{n}", pool=name) for name in ("x", "y") for n in range(2)]
    drafts, groups = grouped(well, pool)
    assert [(each.id, each.members) for each in groups] == [
        ("c/worker/x", ("c/x-0", "c/x-1")), ("c/worker/y", ("c/y-0", "c/y-1")),
    ]  # fmt: skip
    assert [each.group for each in drafts] == ["c/worker/x"] * 2 + ["c/worker/y"] * 2


def test_only_machines_for_which_the_same_budget_decides_count() -> None:
    two = (Budget("x", Scope(facts={"pool": ("x",)})), Budget("rest", ALL, Amount(3), max_domains=2))
    machines = [machine("x-1", pool="x"), machine("x-2", pool="x"), machine("y-1", pool="y", healthy=False)]
    drafts, groups = grouped(machines, budgets(*two))
    assert told(drafts) == {}
    assert [(each.id, each.members, each.max_unavailable, each.max_domains) for each in groups] == [
        ("c/worker", ("c/x-1", "c/x-2"), 1, 1), ("c/worker#2", ("c/y-1",), 1, 2),
    ]  # fmt: skip


def test_clusters_do_not_count_against_each_other() -> None:
    machines = [machine("w", "one", healthy=False), machine("w", "two"), machine("v", "two")]
    drafts, groups = grouped(machines, policy())
    assert told(drafts) == {}
    assert [(each.id, each.members) for each in groups] == [
        ("one/worker", ("one/w",)),
        ("two/worker", ("two/w", "two/v")),
    ]


def test_a_machine_that_nobody_can_place_counts() -> None:
    rules = budgets(Budget("prod", Scope(facts={"environment": ("prod",)})))
    drafts = [draft(machine("w", facts={"environment": "prod"}), rules=rules)]
    for facts, blocked in (({}, True), ({"environment": "dev"}, False)):
        world = state(
            machine("w", facts={"environment": "prod"}), machine("odd", healthy=False, facts=facts), clusters=[]
        )
        limits = Limits(world, Policies(rules, None))
        (one,) = drafts
        one.reasons = []
        limits.place(one)
        assert bool(one.reasons) is blocked


def test_a_visit_under_two_budgets_counts_against_both() -> None:
    kernels, libs = (Scope(facts={"change": (kind,)}) for kind in ("kernel", "packages"))
    per_pool = Budget("p", libs, Amount(1), per="pool", max_domains=3)
    machines = [machine(f"{pool}-{n}", pool=pool) for pool in ("x", "y") for n in range(2)]
    rules = budgets(Budget("k", kernels, Amount(3), max_domains=2), per_pool)
    _, groups = grouped(machines, rules, change(), change("lib", "packages"))
    everyone = {each.id for each in machines}
    assert [(each.id, set(each.members), each.max_unavailable, each.max_domains) for each in groups] == [
        ("c/worker/x", everyone, 1, 2), ("c/worker/y", everyone, 1, 2),
    ]  # fmt: skip


def test_visits_with_other_limits_are_groups_of_their_own() -> None:
    soak = entries.Soak("s", Scope(facts={"node": ("w-2",)}), after_node=600)
    _, groups = grouped(workers(3), policy(soak=(soak,)))
    assert [(each.id, each.soak_node) for each in groups] == [("c/worker", 0), ("c/worker#2", 600)]
    everyone = ("c/w-1", "c/w-2", "c/w-3")
    assert [(each.members, each.serial) for each in groups] == [(everyone, False)] * 2


def test_visits_that_share_all_limits_share_a_group() -> None:
    drafts, groups = grouped(workers(3), policy())
    assert [each.group for each in drafts] == ["c/worker"] * 3
    assert len(groups) == 1
    assert (groups[0].gate.name, groups[0].drain.name, groups[0].approval.name) == ("(default)",) * 3


# Control planes and objects


def test_a_control_plane_goes_one_at_a_time_whatever_the_budgets_say() -> None:
    rules = budgets(Budget("b", ALL, Amount(3), max_domains=2))
    drafts, groups = grouped([*masters(3), *workers(2)], rules)
    plane, rest = groups if groups[0].serial else groups[::-1]
    assert (plane.id, plane.members, plane.max_unavailable, plane.max_domains, plane.serial) == (
        "c/control-plane", ("c/cp-1", "c/cp-2", "c/cp-3"), 1, 2, True,
    )  # fmt: skip
    assert (rest.id, len(rest.members), rest.serial) == ("c/worker", 5, False)
    assert [each.group for each in drafts] == ["c/control-plane"] * 3 + ["c/worker"] * 2


def test_a_control_plane_obeys_the_fewest_domains_of_any_of_its_budgets() -> None:
    two = (Budget("x", Scope(facts={"node": ("cp-2",)}), max_domains=1), Budget("r", ALL, Amount(3), max_domains=3))
    _, (group,) = grouped(masters(2), budgets(*two))
    assert group.max_domains == 1


def test_control_planes_with_other_limits_or_labels_are_groups_of_their_own() -> None:
    two = (Budget("x", Scope(facts={"node": ("cp-2",)}), domain_label=RACK), Budget("r", ALL))
    machines = masters(2, labels={RACK: "r", ZONE: "z"})
    _, groups = grouped(machines, budgets(*two))
    assert [(each.id, each.domain_of) for each in groups] == [
        ("c/control-plane", {"c/cp-1": "z", "c/cp-2": "z"}), ("c/control-plane#2", {"c/cp-1": "r", "c/cp-2": "r"}),
    ]  # fmt: skip
    _, groups = grouped([*masters(1, "one"), *masters(1, "two")], policy())
    assert [(each.id, each.members) for each in groups] == [
        ("one/control-plane", ("one/cp-1",)), ("two/control-plane", ("two/cp-1",)),
    ]  # fmt: skip


@pytest.mark.parametrize("sick", [1, 2])
def test_a_control_plane_waits_for_those_of_it_that_are_out_of_service(sick: int) -> None:
    machines = [msgspec.structs.replace(each, healthy=n >= sick) for n, each in enumerate(masters(4))]
    rules = budgets(Budget("b", ALL, Amount(9), max_domains=9))
    drafts = placed([*machines, *workers(1), machine("odd", healthy=False)], rules)
    names = {"cp-2", "cp-3", "cp-4"} | ({"cp-1"} if sick > 1 else set())
    assert {name for name, found in told(drafts).items() if found == ["control-plane-serial"]} == names
    reason = reason_of(drafts, "cp-4", "control-plane-serial")
    those, are = ("c/cp-1", "is") if sick == 1 else ("c/cp-1, c/cp-2", "are")
    assert reason.object == "c: control plane"
    assert (
        reason.why == f"{those} of 4 control-plane machines {are} out of service, and they are disturbed one at a time"
    )
    assert reason.remedy.says == f"bring {those} back into service"
    assert [edit[0] for edit in edits(reason)] == ["c/cp-1", "c/cp-2"][:sick]
    assert reason.figures == {"machines": 4, "out": sick}


def test_objects_of_a_cluster_go_one_at_a_time() -> None:
    rules = policy(soak=(entries.Soak("s", Scope(facts={"change": ("image-bump",)}), after_node=60),))
    limits = Limits(state(*workers(1), clusters=[]), Policies(rules, None))
    drafts: list[Draft] = []
    for cluster, name, kind in (
        ("c", "a", "add-on"),
        ("c", "b", "add-on"),
        ("c", "x", "image-bump"),
        ("d", "a", "add-on"),
    ):
        each = draft(machine("w"), change("image/i", kind), rules=rules)
        each.machine, each.subject = (
            None,
            Subject(kind="object", cluster=cluster, name=f"Deployment/s/{name}", uid=name),
        )
        limits.place(each)
        drafts.append(each)
    limits.enter(drafts)
    assert [each.group for each in drafts] == ["c/objects", "c/objects", "c/objects#2", "d/objects"]
    assert [(each.members, each.max_unavailable, each.max_domains, each.serial) for each in limits.groups.values()] == [
        (("c/Deployment/s/a", "c/Deployment/s/b"), 1, 1, True),
        (("c/Deployment/s/x",), 1, 1, True),
        (("d/Deployment/s/a",), 1, 1, True),
    ]
    assert limits.groups["c/objects"].domain_of == {"c/Deployment/s/a": "", "c/Deployment/s/b": ""}


# The way back


def test_the_way_back_of_a_machine_that_is_out_is_kept_out_by_no_budget() -> None:
    machines = [machine("a", healthy=False), machine("b", healthy=False), machine("well")]
    rules = budgets(Budget("b", ALL))
    assert told(placed(machines, rules, undoes=True)) == {"well": ["max-unavailable"]}
    assert told(placed(machines, rules)) == {each.name: ["max-unavailable"] for each in machines}


def test_an_edit_is_of_the_state() -> None:
    drafts = placed([machine("a", healthy=False), machine("w")], policy())
    assert drafts[1].reasons[0].remedy.edits == (Edit(of="state", object="c/a", field="healthy", value=True),)
