"""How much goes at once: whom a group counts, how many it lets go, where there is room, and groups side by side."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.verify import edits
from tests.changes.verify.asking import DNS, OF_DNS, deployment, found, objects_first, told
from tests.changes.verify.corrupting import W1, W2, W3, W4, two_groups
from tests.changes.verify.edits import replace
from tests.changes.verify.test_legal_plans import undone
from tests.changes.verify.worlds import ALL, POLICY, Draft, World, kernels, upgrade

from oakum.changes.intents.model import Intent
from oakum.changes.plans import Plan
from oakum.changes.verify.limits import limited
from oakum.policy.amounts import Amount
from oakum.policy.entries import Budget
from oakum.policy.scopes import Scope

WORKERS = ("edge/w-1", "edge/w-2", "edge/w-3", "edge/w-4")
CONTROL = ("edge/cp-1", "edge/cp-2", "edge/cp-3")


def ask(world: World, plan: Plan) -> list[tuple[str, str, str]]:
    return told(found(limited, world, plan))


def whys(world: World, plan: Plan) -> list[str]:
    return [each.why for each in found(limited, world, plan)]


def group(plan: Plan, id_: str, **fields: Any) -> Plan:
    return edits.group(plan, id_, **fields)


def beside(plan: Plan, *steps: str, **fields: Any) -> Plan:
    """Some steps of the workers in a group ``more`` of its own, which is like ``workers`` but for some fields."""
    whole = next(each for each in plan.groups if each.id == "workers")
    plan = replace(plan, groups=(*plan.groups, replace(whole, id="more", **fields)))
    for step in steps:
        plan = edits.step(plan, step, group="more")
    return plan


# whom a group counts


def test_who_is_missing_from_a_group_is_told_once_for_the_group() -> None:
    world = World()
    plan = group(kernels(world).plan(), "workers", members=WORKERS[:3])
    assert ask(world, plan) == [("members", W1, "edge/w-4")]
    assert whys(world, plan) == ["workers counts it, the group workers does not"]


def test_a_member_that_the_budget_does_not_count_is_told() -> None:
    world = World()
    plan = kernels(world).plan()
    plan = edits.on_group(plan, "workers", lambda one: replace(one, members=("edge/gone", "db-1", *one.members)))
    assert ask(world, plan) == [("members", W1, "db-1"), ("members", W1, "edge/gone")]
    assert whys(world, plan)[0] == "the group workers counts it, workers does not"


def test_a_machine_is_counted_once() -> None:
    world = World()
    plan = group(kernels(world).plan(), "workers", members=(*WORKERS, WORKERS[0]))
    assert ask(world, plan) == [("members", W1, "workers")]
    assert whys(world, plan) == ["the group workers names a machine twice"]


def test_a_group_may_count_more_of_its_cluster_than_its_budget_does() -> None:
    world = World()
    plan = kernels(world).plan()
    zones = {id_: world.machines[id_].labels["topology.kubernetes.io/zone"] for id_ in (*CONTROL, *WORKERS)}
    plan = group(plan, "workers", members=(*CONTROL, *WORKERS), domain_of=zones)
    assert ask(world, plan) == []


def pools(world: World, **of: Any) -> Plan:
    """Kernels of two pools of two workers each, every pool with a budget of one, in a group for each."""
    world.policy = replace(POLICY, budgets=(Budget("each pool", ALL, Amount(1), per="pool", max_domains=2),))
    for number, pool in enumerate(("fast", "fast", "slow", "slow"), 1):
        world.change(f"edge/w-{number}", pool=pool)
    draft = Draft(world, Intent(name="k", kind="kernel", scope=Scope(facts={"node_role": ("worker",)}))).usual()
    for pool, members in (("fast", WORKERS[:2]), ("slow", WORKERS[2:])):
        draft.group(pool, of.get(pool, members), 1)
    draft.wave("canary", draft.visit("edge/w-1", "k", "fast"), soak=1800)
    draft.wave(
        "rest", *(draft.visit(f"edge/w-{number}", "k", "fast" if number == 2 else "slow") for number in (2, 3, 4))
    )
    return draft.plan()


def test_a_budget_of_each_pool_counts_the_machines_of_that_pool_alone() -> None:
    world = World()
    assert ask(world, pools(world)) == []
    assert ("members", W3, "edge/w-3") in ask(world, pools(world, slow=WORKERS[3:]))
    assert ask(world, pools(world, slow=WORKERS[1:])) == [("members", W3, "edge/w-2")]
    # A machine of the control plane is of another pool as well.
    assert ask(world, pools(world, slow=(*WORKERS[2:], "edge/cp-3"))) == [("members", W3, "edge/cp-3")]


def test_a_budget_of_a_cluster_counts_the_machines_of_all_pools() -> None:
    world = World()
    world.change("edge/w-4", pool="gpu")
    plan = edits.without(kernels(world).plan(), W4)
    assert ask(world, plan) == []
    assert ask(world, group(plan, "workers", members=WORKERS[:3])) == [("members", W1, "edge/w-4")]


def test_a_machine_of_another_budget_is_not_counted() -> None:
    world = World()
    spare = Budget("spare", Scope(facts={"node": ("w-4",)}), Amount(1))
    world.policy = replace(POLICY, budgets=(spare, *POLICY.budgets))
    plan = edits.without(kernels(world).plan(), W4)
    assert ask(world, group(plan, "workers", members=WORKERS[:3])) == []


def test_a_machine_of_which_nobody_knows_the_budget_is_counted_and_told() -> None:
    world = World()
    world.policy = replace(POLICY, budgets=(Budget("t", Scope(facts={"tier": ("1",)})), *POLICY.budgets))
    plan = edits.without(kernels(world).plan(), W4)
    world.change("edge/w-4", facts={})
    # The budget of control planes asks for that of w-4 too.
    assert set(ask(world, plan)) == {("not-assessable", "", "edge/w-4")}
    short = group(plan, "workers", members=WORKERS[:3])
    assert ("members", W1, "edge/w-4") in ask(world, short)


def test_a_group_of_a_control_plane_counts_the_control_plane_alone() -> None:
    world = World()
    world.policy = replace(POLICY, budgets=(Budget("all", ALL, Amount(1), max_domains=3),))
    plan = upgrade(world).plan()
    everybody = (*CONTROL, *WORKERS)
    zones = {id_: world.machines[id_].labels["topology.kubernetes.io/zone"] for id_ in everybody}
    plan = group(plan, "workers", members=everybody, domain_of=zones, max_unavailable=1)
    assert ask(world, plan) == []
    # Workers are changed under a group that counts everybody, and so does a control plane that is not serial.
    assert ("members", "edge/w-1/kl", "edge/cp-1") in ask(world, group(plan, "workers", members=WORKERS))
    loose = ask(world, group(plan, "control", serial=False))
    assert {object_ for rule, _, object_ in loose if rule == "members"} == {*WORKERS}
    assert ("members", "edge/cp-1/etcd", "edge/cp-3") in ask(world, group(plan, "control", members=CONTROL[:2]))


def test_a_control_plane_of_several_pools_is_counted_as_one() -> None:
    world = World()
    world.policy = replace(POLICY, budgets=(Budget("each pool", ALL, Amount(1), per="pool", max_domains=3),))
    world.change("edge/cp-3", pool="other")
    world.change("edge/w-1", pool="third")
    draft = Draft(world, Intent(name="cp", kind="control-plane", scope=Scope(), wants={"to": "1.31.4"})).usual()
    draft.wave("canary", draft.visit("edge/cp-1", "cp", "control"), soak=1800)
    plan = draft.wave("rest", *(draft.visit(id_, "cp", "control") for id_ in CONTROL[1:])).plan()
    assert ask(world, plan) == []
    # A worker of a third pool is none of it; one of their own pool may be counted.
    zones = {id_: world.machines[id_].labels["topology.kubernetes.io/zone"] for id_ in (*CONTROL, *WORKERS)}
    plan = group(plan, "control", members=(*CONTROL, "edge/w-1", "edge/w-2"), domain_of=zones)
    several = ask(world, plan)
    assert ("members", "edge/cp-1/cp", "edge/w-1") in several
    assert ("members", "edge/cp-1/cp", "edge/w-2") not in several


def test_the_domain_of_each_member_is_its_label() -> None:
    world = World()
    plan = kernels(world).plan()
    plan = edits.on_group(plan, "workers", lambda one: replace(one, domain_of={**one.domain_of, "edge/w-4": "a"}))
    assert ask(world, plan) == [("domains", W1, "edge/w-4"), ("domains", W4, "edge/w-4")]
    assert whys(world, plan) == [
        "its domain is 'b', the group workers says 'a'", "the step says domain 'b', its group 'a'",
    ]  # fmt: skip
    # A machine without the label is in the domain without a name, whether the group says so or says nothing.
    world, plan = World(), kernels_of(World(), WORKERS[:3])
    world.change("edge/w-4", labels={})
    for domain in ({}, {"edge/w-4": ""}):
        zones = {"edge/w-1": "a", "edge/w-2": "a", "edge/w-3": "b", **domain}
        assert ask(world, group(plan, "workers", domain_of=zones)) == []


def kernels_of(world: World, ids: tuple[str, ...]) -> Plan:
    """The kernels of some workers, all of whom one group counts."""
    draft = Draft(world, Intent(name="k", kind="kernel", scope=Scope(facts={"node_role": ("worker",)})))
    draft.group("workers", WORKERS, 2)
    draft.wave("canary", draft.visit(ids[0], "k", "workers"), soak=1800)
    return draft.wave("rest", *(draft.visit(id_, "k", "workers") for id_ in ids[1:])).plan()


# how many it lets go


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"max_unavailable": 2, "max_domains": 1}, []),
        ({"max_unavailable": 3}, [("max-unavailable", W1, "workers")]),
        ({"max_domains": 2}, [("domains", W1, "workers")]),
    ],
)
def test_a_group_lets_no_more_go_than_its_budget(fields: dict[str, int], expected: list[tuple[str, str, str]]) -> None:
    world = World()
    assert ask(world, group(kernels(world).plan(), "workers", **fields)) == expected


def test_too_many_are_told_beside_objects_that_are_changed_before() -> None:
    world = World()
    plan = objects_first(world)
    assert ask(world, plan) == []
    assert ask(world, group(plan, "workers", max_unavailable=3)) == [("max-unavailable", W1, "workers")]


def mixed(world: World) -> Plan:
    """One group for a worker and, after it, a machine of the control plane."""
    draft = Draft(world, Intent(name="k", kind="kernel", scope=Scope(facts={"cluster": ("edge",)}))).usual()
    draft.group("both", [*WORKERS, *CONTROL], 1, max_domains=1)
    draft.wave("one", draft.visit("edge/w-1", "k", "both"), soak=1800)
    return draft.wave("two", *(draft.visit(id_, "k", "both") for id_ in CONTROL[:2])).plan()


def test_a_group_with_one_machine_of_the_control_plane_is_serial_and_counts_all_of_it() -> None:
    world = World()
    plan = mixed(world)
    assert ask(world, plan) == [("serial", "edge/cp-1/k", "edge/cp-1")]
    assert ask(world, group(plan, "both", serial=True)) == []
    short = group(plan, "both", serial=True, members=(*WORKERS, *CONTROL[:2]))
    assert [each for each in ask(world, short) if each[0] == "serial"] == [("serial", "edge/cp-1/k", "edge/cp-3")]
    # Workers that it does not count are no matter of the control plane.
    short = group(plan, "both", serial=True, members=(*WORKERS[:3], *CONTROL))
    assert ask(world, short) == [("members", "edge/w-1/k", "edge/w-4")]


# where there is room


def hurt(world: World, *names: str, **fields: Any) -> World:
    for name in names:
        world.change(f"edge/{name}", **(fields or {"healthy": False}))
    return world


@pytest.mark.parametrize("fields", [{"healthy": False}, {"healthy": None}, {"cordoned": True}])
def test_a_machine_out_of_service_or_of_unknown_health_takes_the_place_of_one_that_may_go(fields: Any) -> None:
    world = World()
    plan = edits.without(kernels(world).plan(), W2)
    assert ask(hurt(world, "w-2", **fields), edits.without(plan, W3)) == [("room", W4, "edge/w-4")]
    both = hurt(world, "w-3", "w-4", **fields)
    rules = found(limited, both, edits.without(edits.wave(plan, "rest", steps=()), W2))
    assert {each.step for each in rules} == {W1}


def test_there_is_room_beside_as_many_as_the_group_and_the_budget_let_go() -> None:
    world = hurt(World(), "w-2")
    plan = kernels_of(world, WORKERS[:1])
    plan = replace(plan, waves=plan.waves[:1])
    assert ask(world, plan) == []
    assert whys(world, group(plan, "workers", max_unavailable=1)) == [
        "1 other machines that workers counts are impaired, and 1 may be at once"
    ]
    # One more is too many for both; a machine that is in need of repair itself does not count against itself.
    assert len(ask(hurt(world, "w-1"), plan)) == 0
    world = hurt(World(), "w-2", "w-3")
    zones = dict.fromkeys(WORKERS, "a")
    for id_ in WORKERS:
        world.change(id_, labels={"topology.kubernetes.io/zone": "a"})
    plan = replace(group(kernels_of(world, WORKERS[:1]), "workers", domain_of=zones))
    plan = replace(plan, waves=plan.waves[:1])
    assert ask(world, plan) == [("room", W1, "edge/w-1")] * 2
    assert whys(world, plan)[0] == "2 other machines that workers counts are impaired, and 2 may be at once"


def test_there_is_no_room_in_another_domain_than_that_of_the_impaired() -> None:
    world = hurt(World(), "w-4")
    near, far = kernels_of(world, WORKERS[2:3]), kernels_of(world, WORKERS[:1])
    assert ask(world, replace(near, waves=near.waves[:1])) == []
    far = replace(far, waves=far.waves[:1])
    assert ask(world, far) == [("room", W1, "edge/w-1")]
    assert whys(world, far) == ["impaired machines and this one lie in 2 domains, and 1 may be"]
    # The budget and the group both have to let two domains go.
    world.policy = replace(POLICY, budgets=(Budget("workers", ALL, Amount(2), max_domains=2),))
    zones = {id_: one.labels["topology.kubernetes.io/zone"] for id_, one in world.machines.items() if one.cluster}
    wide = group(far, "workers", members=(*CONTROL, *WORKERS), domain_of=zones)
    assert ask(world, wide) == [("room", W1, "edge/w-1")]
    assert ask(world, group(wide, "workers", max_domains=2)) == []


@pytest.mark.parametrize("fields", [{"max_domains": 0}, {"max_unavailable": 0}])
def test_a_group_that_lets_nothing_go_has_no_room_for_any_step(fields: dict[str, int]) -> None:
    world = World()
    plan = group(kernels(world).plan(), "workers", **fields)
    assert ask(world, plan) == [("room", step, step.removesuffix("/k")) for step in (W1, W2, W3, W4)]
    serial = group(planes(world), "control", **fields)
    assert ask(world, serial) == [("room", step, step.removesuffix("/k")) for step in ("edge/cp-1/k", "edge/cp-2/k")]


def test_a_lone_impaired_machine_that_is_changed_itself_is_beside_nobody() -> None:
    world = hurt(World(), "w-1")
    plan = kernels_of(world, WORKERS[:1])
    assert ask(world, replace(plan, waves=plan.waves[:1])) == []


def test_one_machine_of_a_control_plane_goes_beside_no_impaired_one() -> None:
    world = hurt(World(), "cp-3")
    plan = upgrade(world).plan()
    plan = group(plan, "control", max_unavailable=3)
    several = found(limited, world, plan)
    rooms = [each for each in several if each.rule == "room"]
    assert {each.object for each in rooms} == {"edge/cp-1", "edge/cp-2"}
    assert "1 other machines that control counts are impaired, and 1 may be at once" in {each.why for each in rooms}


def test_an_impaired_member_of_another_budget_takes_a_place_of_the_group() -> None:
    world = hurt(World(), "cp-1")
    plan = kernels(world).plan()
    zones = {id_: world.machines[id_].labels["topology.kubernetes.io/zone"] for id_ in (*CONTROL, *WORKERS)}
    plan = group(plan, "workers", members=(*CONTROL, *WORKERS, "edge/gone"), domain_of=zones)
    assert {each[0] for each in ask(world, plan)} == {"members"}
    tight = ask(world, group(plan, "workers", max_unavailable=1))
    assert {each[1] for each in tight if each[0] == "room"} == {W1, W2, W3, W4}


def test_a_step_needs_room_among_those_alone_that_its_own_budget_counts() -> None:
    world = hurt(World(), "cp-3")
    plan = group(mixed(world), "both", serial=False, max_unavailable=2, max_domains=2)
    rooms = [each for each in found(limited, world, plan) if each.rule == "room"]
    assert {each.step for each in rooms} == {"edge/cp-1/k", "edge/cp-2/k"}


def test_a_machine_that_is_brought_back_is_not_in_its_own_way() -> None:
    world = World()
    plan = undone(world)
    # w-1 and w-2 are broken: either is brought back beside the other, and w-3 would have to wait for both.
    assert ask(world, plan) == []
    assert {each[0] for each in ask(world, replace(plan, undoes=""))} == set()
    tight = group(plan, "workers", max_unavailable=1)
    assert ask(world, tight) == []
    assert {each[1] for each in ask(world, replace(tight, undoes="")) if each[0] == "room"} == set(plan.steps)


def test_what_is_in_service_needs_room_in_a_plan_that_undoes_as_well() -> None:
    world = hurt(World(), "w-1", "w-2")
    plan = replace(kernels(world).plan(), undoes="sha256:other")
    assert {each for each in ask(world, plan) if each[0] == "room"} == {
        ("room", W3, "edge/w-3"), ("room", W4, "edge/w-4"),
    }  # fmt: skip


# groups side by side


def test_groups_side_by_side_keep_each_others_budgets() -> None:
    world = World()
    plan = kernels(world).plan()
    assert ask(world, beside(plan, W4)) == []
    assert ask(world, beside(plan, W4, max_unavailable=1)) == []
    several = found(limited, world, two_groups(plan))
    assert [each for each in told(several) if each[0] == "together"] == [("together", W4, "edge/w-4")]
    assert several[-1].why == (
        "it may run beside the group workers, whose budget workers lets 2 go of 4; "
        "the group more counts 2 machines and lets 2 go"
    )


@pytest.mark.parametrize("fields", [{"max_unavailable": 3}, {"max_domains": 2}])
def test_limits_that_let_too_many_go_break_the_budget_of_the_group_beside(fields: dict[str, int]) -> None:
    world = World()
    several = ask(world, beside(kernels(world).plan(), W4, **fields))
    assert [each for each in several if each[0] == "together"] == [("together", W4, "edge/w-4")]


def test_groups_in_waves_of_which_one_is_over_before_the_other_are_not_side_by_side() -> None:
    world = World()
    plan = kernels(world).plan()
    alone = edits.wave(beside(plan, W1, max_unavailable=3), "rest", needs=("canary",))
    assert not [each for each in ask(world, alone) if each[0] == "together"]
    assert [each for each in ask(world, edits.wave(alone, "rest", needs=())) if each[0] == "together"]


def test_a_group_beside_is_judged_by_the_machines_that_the_budget_counts() -> None:
    world = World()
    draft = Draft(world, Intent(name="k", kind="kernel", scope=Scope(facts={"cluster": ("edge",)}))).usual()
    draft.wave(
        "all", draft.visit("edge/w-1", "k", "workers"), *(draft.visit(id_, "k", "control") for id_ in CONTROL[:1]),
        draft.visit("edge/w-2", "k", "workers"),
    )  # fmt: skip
    assert ask(world, draft.plan()) == []


def test_a_group_that_changes_objects_as_well_is_held_against_others_by_its_machines() -> None:
    world = World()
    world.objects.append(deployment())
    draft = Draft(world, DNS, Intent(name="k", kind="kernel", scope=Scope(facts={"cluster": ("edge",)}))).usual()
    draft.group("more", WORKERS, 3)
    draft.wave(
        "all", draft.visit(OF_DNS, "dns", "control"), draft.visit("edge/w-1", "k", "workers"),
        draft.visit(CONTROL[0], "k", "control"), draft.visit("edge/w-2", "k", "more"),
    )  # fmt: skip
    assert [each for each in ask(world, draft.plan()) if each[0] == "together"] == [("together", W2, "edge/w-2")]


def planes(world: World) -> Plan:
    """Kernels of the control plane in two serial groups that may run at once."""
    draft = Draft(world, Intent(name="k", kind="kernel", scope=Scope(facts={"node_role": ("control-plane",)}))).usual()
    draft.group("second", CONTROL, max_domains=3, serial=True)
    draft.wave("canary", draft.visit("edge/cp-1", "k", "control"), soak=1800)
    draft.wave("two", draft.visit("edge/cp-2", "k", "control"), needs=["canary"])
    return draft.wave("three", draft.visit("edge/cp-3", "k", "second"), needs=["canary"]).plan()


def test_serial_groups_that_count_each_others_machines_exclude_each_other() -> None:
    world = World()
    plan = planes(world)
    assert ask(world, plan) == []
    # That one of the two counts a machine of the other is not enough.
    for id_, members in (("second", CONTROL[2:]), ("second", CONTROL[1:]), ("control", CONTROL[:2])):
        whys_ = whys(world, group(plan, id_, members=members))
        assert any("on the same control plane" in why for why in whys_), (id_, members)
    # Whom neither of them changes they need not both count.
    rest = replace(plan, waves=tuple(replace(wave, needs=()) for wave in plan.waves[1:]))
    several = whys(world, group(rest, "second", members=CONTROL[1:]))
    assert not any("on the same control plane" in why for why in several)


def test_every_wave_of_a_group_is_held_against_the_groups_beside() -> None:
    world = World()
    plan = replace(planes(world), waves=tuple(replace(wave, needs=()) for wave in planes(world).waves))
    plan = edits.step(plan, "edge/cp-2/k", group="second")
    plan = group(plan, "control", members=CONTROL[:2])
    # The other group counts cp-2 and not cp-3; the machine of the other one is counted by both.
    expected = [("serial", "edge/cp-3/k", "edge/cp-3"), ("serial", "edge/cp-1/k", "edge/cp-1")]
    both = [each for each in found(limited, world, plan) if "may run beside" in each.why]
    assert told(both) == expected
    assert both[0].why == "it may run beside steps of the group control on the same control plane"
    in_one = replace(
        plan, waves=(plan.waves[0], replace(plan.waves[1], steps=(*plan.waves[1].steps, *plan.waves[2].steps)))
    )
    both = [each for each in found(limited, world, in_one) if "may run beside" in each.why]
    assert told(both) == [("serial", "edge/cp-2/k", "edge/cp-2"), expected[1]]


def test_serial_groups_exclude_each_other_whatever_else_they_change_and_let_go() -> None:
    world = World()
    world.objects.append(deployment())
    plan = group(planes(world), "second", max_unavailable=3)
    draft = Draft(world, DNS).usual()
    dns = draft.visit(OF_DNS, "dns", "control")
    plan = edits.on_wave(plan, "three", lambda one: replace(one, steps=(replace(dns, group="second"), *one.steps)))
    plan = replace(plan, intents=(*plan.intents, DNS))
    assert [each[0] for each in ask(world, plan)] == ["max-unavailable"]


def test_each_budget_of_a_group_is_kept_by_the_groups_beside() -> None:
    world = World()
    draft = Draft(world, Intent(name="k", kind="kernel", scope=Scope(facts={"cluster": ("edge",)}))).usual()
    draft.group("both", [*WORKERS, *CONTROL], 1)
    draft.group("more", CONTROL[2:], 1)
    steps = [draft.visit(id_, "k", "both") for id_ in (WORKERS[0], CONTROL[0])]
    plan = draft.wave("all", *steps, draft.visit(CONTROL[2], "k", "more")).plan()
    assert [each for each in ask(world, plan) if each[0] == "together"] == [
        ("together", "edge/cp-3/k", "edge/cp-3")
    ]  # fmt: skip


def test_a_control_plane_group_that_is_not_serial_is_held_to_the_budget_as_others_are() -> None:
    world = World()
    plan = group(planes(world), "second", serial=False)
    assert ask(world, plan) == [("serial", "edge/cp-3/k", "edge/cp-3")]
    loose = ask(world, group(plan, "second", max_unavailable=2))
    assert [each for each in loose if each[0] == "together"] == [("together", "edge/cp-3/k", "edge/cp-3")]
    swapped = group(planes(world), "control", serial=False, max_unavailable=2)
    assert [each for each in ask(world, swapped) if each[0] == "together"] == [
        ("together", "edge/cp-2/k", "edge/cp-2")
    ]  # fmt: skip


def test_three_groups_are_each_held_against_each_other_once() -> None:
    world = World()
    plan = two_groups(kernels(world).plan())
    whole = next(each for each in plan.groups if each.id == "more")
    plan = replace(plan, groups=(*plan.groups, replace(whole, id="third")))
    plan = edits.wave(edits.step(plan, W3, group="third"), "canary", needs=())
    plan = edits.wave(plan, "rest", needs=())
    pairs = [each for each in ask(world, plan) if each[0] == "together"]
    # w-1 and w-2 are of the group that counts everybody: the two others are told against it and against each other.
    assert sorted(pairs) == [("together", step, step.removesuffix("/k")) for step in (W3, W3, W4, W4)]
