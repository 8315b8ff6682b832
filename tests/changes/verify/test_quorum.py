"""Whether etcd keeps its quorum, whatever of a plan is in flight."""

from __future__ import annotations

from typing import Any

from tests.changes.verify import edits
from tests.changes.verify.asking import OF_DNS, found, objects_first, told
from tests.changes.verify.edits import replace
from tests.changes.verify.worlds import CONTROL, Draft, World, kernels, machine

from oakum.changes.intents.model import Intent
from oakum.changes.plans import Plan
from oakum.changes.state import EtcdMember
from oakum.changes.verify.quorum import quorate

#: A group that lets several machines go at once.
LOOSE = {"serial": False, "max_unavailable": 9}


def ask(world: World, plan: Plan) -> list[tuple[str, str, str]]:
    return told(found(quorate, world, plan))


def whys(world: World, plan: Plan) -> list[str]:
    return [each.why for each in found(quorate, world, plan)]


def of(voters: int, **unlike: dict[str, Any]) -> World:
    """A world with so many control-plane machines, each with a healthy voter unless ``cp_N`` says otherwise."""
    world = World()
    for number in range(4, voters + 1):
        world.add(machine(f"cp-{number}", role="control-plane", zone="b"))
    for number in range(voters + 1, 4):
        del world.machines[f"edge/cp-{number}"]
    world.etcd = tuple(
        EtcdMember(**{"name": f"etcd-{n}", "machine": f"edge/cp-{n}", "healthy": True, **unlike.get(f"cp_{n}", {})})
        for n in range(1, voters + 1)
    )
    return world


def reboots(world: World, *waves: str, needs: Any = None, **group: Any) -> Plan:
    """Kernels of control-plane machines: each wave names some by their numbers."""
    draft = Draft(world, Intent(name="k", kind="kernel", scope=CONTROL)).usual()
    for id_, numbers in zip("abcd", waves, strict=False):
        steps = [draft.visit(f"edge/cp-{number}", "k", "control", id=f"cp-{number}") for number in numbers]
        draft.wave(id_, *steps, needs=None if needs is None else needs.get(id_, ()))
    return edits.group(draft.plan(), "control", **group)


def test_machines_of_one_serial_group_take_out_one_member_at_a_time() -> None:
    world = of(3)
    assert ask(world, reboots(world, "1", "23")) == []
    assert ask(world, reboots(world, "123", serial=False, max_unavailable=1)) == []
    assert ask(world, reboots(world, "123", serial=True, max_unavailable=3)) == []
    assert (
        whys(world, reboots(world, "123", serial=False, max_unavailable=2))
        == ["0 of 3 voters would be left, a quorum is 2"] * 3
    )
    assert ask(world, reboots(world, "12", "3", **LOOSE)) == [
        ("quorum", "cp-1", "etcd-1"), ("quorum", "cp-2", "etcd-2"),
    ]  # fmt: skip


def test_two_of_five_may_go_at_once_and_three_may_not() -> None:
    world = of(5)
    assert ask(world, reboots(world, "12", "34", **LOOSE)) == []
    assert whys(world, reboots(world, "123", **LOOSE)) == ["2 of 5 voters would be left, a quorum is 3"] * 3
    # Four voters need three of them, as five do.
    assert ask(of(4), reboots(of(4), "1", "2", **LOOSE)) == []
    assert ask(of(4), reboots(of(4), "12", **LOOSE)) != []
    assert ask(of(1), reboots(of(1), "1")) == [("quorum", "cp-1", "etcd-1")]
    assert ask(of(2), reboots(of(2), "1")) == [("quorum", "cp-1", "etcd-1")]


def test_waves_that_may_run_together_count_together() -> None:
    world = of(3)
    assert ask(world, reboots(world, "1", "2", "3", **LOOSE)) == []
    together = reboots(world, "1", "2", "3", needs={"b": ("a",), "c": ("a",)}, **LOOSE)
    assert ask(world, together) == [("quorum", "cp-2", "etcd-2"), ("quorum", "cp-3", "etcd-3")]


def test_two_groups_exclude_each_other_only_if_each_counts_the_machines_of_the_other() -> None:
    world = of(3)
    whole = reboots(world, "12")
    control = next(group for group in whole.groups if group.id == "control")
    everybody = control.members

    def two(mine: tuple[str, ...], theirs: tuple[str, ...]) -> list[tuple[str, str, str]]:
        plan = edits.group(whole, "control", members=mine)
        plan = replace(plan, groups=(*plan.groups, replace(control, id="second", members=theirs)))
        return ask(world, edits.step(plan, "cp-2", group="second"))

    assert two(everybody, everybody) == []
    lost = [("quorum", "cp-1", "etcd-1"), ("quorum", "cp-2", "etcd-2")]
    assert two(everybody, everybody[1:]) == lost
    assert two(everybody[:1], everybody) == lost


def test_a_member_that_is_down_is_not_lost_once_more() -> None:
    world = of(5, cp_2={"healthy": False})
    assert ask(world, reboots(world, "1", "2", "345")) == []
    assert ask(world, reboots(world, "12", **LOOSE)) == []
    # The sick one alone takes nobody away; with two others there are two left.
    assert ask(world, reboots(world, "13", **LOOSE)) == [("quorum", "cp-1", "etcd-1"), ("quorum", "cp-3", "etcd-3")]
    assert whys(world, reboots(world, "13", **LOOSE))[0] == "2 of 5 voters would be left, a quorum is 3"


def test_a_member_of_unknown_health_is_not_counted_as_healthy() -> None:
    world = of(3, cp_3={"healthy": None})
    assert ask(world, reboots(world, "1")) == [("quorum", "cp-1", "etcd-1")]
    assert ask(world, reboots(world, "3")) == []


def test_a_machine_that_is_visited_twice_takes_out_one_member() -> None:
    world = of(3)
    plan = reboots(world, "1", **LOOSE)
    twice = edits.on_wave(plan, "a", lambda one: replace(one, steps=(*one.steps, replace(one.steps[0], id="again"))))
    assert ask(world, twice) == []


def test_no_member_is_taken_out_while_a_learner_is_there() -> None:
    world = of(3)
    world.etcd = (*world.etcd, EtcdMember(name="new", learner=True, healthy=True))
    assert ask(world, reboots(world, "1", "23")) == [("quorum", "cp-1", "edge/cp-1")]
    assert whys(world, reboots(world, "1", "23")) == ["the member new is a learner: a change of members is under way"]
    # Others may be visited meanwhile.
    assert ask(world, kernels(world).plan()) == []


def test_a_learner_has_no_vote_and_takes_none_away() -> None:
    world = of(3, cp_3={"learner": True})
    assert ask(world, reboots(world, "3")) == [("quorum", "cp-3", "edge/cp-3")]
    assert whys(world, reboots(world, "1"))[1:] == ["1 of 2 voters would be left, a quorum is 2"]


def test_a_machine_takes_its_member_out_when_it_reboots_or_is_replaced_or_etcd_itself_is_changed() -> None:
    world = of(2)
    plan = reboots(world, "1")
    (change,) = plan.step("cp-1").changes
    calm = replace(change, reboot=False)

    def asks(*changes: Any, **fields: Any) -> bool:
        given = edits.step(plan, "cp-1", changes=changes, **{"reboot": False, **fields})
        intents = [*given.intents, Intent(name="e", kind="etcd"), Intent(name="r", kind="node-replacement")]
        return bool(ask(world, replace(given, intents=tuple(intents))))

    assert asks(change, reboot=True)
    assert not asks(calm)
    assert asks(calm, replace(calm, kind="etcd", intent="e"))
    assert asks(replace(calm, kind="node-replacement", intent="r"), kind="replace")


def test_an_object_is_no_member() -> None:
    world = World()
    plan = objects_first(world)
    assert ask(world, edits.step(plan, f"{OF_DNS}/dns", reboot=True)) == []


def test_a_machine_that_runs_etcd_and_is_no_known_member_is_not_assessable() -> None:
    world = of(3)
    world.etcd = world.etcd[1:]
    plan = reboots(world, "1", "23")
    assert ask(world, plan)[0] == ("not-assessable", "cp-1", "edge/cp-1")
    assert whys(world, plan)[0] == "it runs etcd, and its member is not known"
    # Every one is told, whoever of them is known.
    world.etcd = world.etcd[:1]
    assert [each for each in ask(world, reboots(world, "2", "13")) if each[0] == "not-assessable"] == [
        ("not-assessable", "cp-1", "edge/cp-1"), ("not-assessable", "cp-3", "edge/cp-3"),
    ]  # fmt: skip


def without_etcd(world: World) -> World:
    for number in (1, 2, 3):
        world.machines[f"edge/cp-{number}"].software.pop("etcd")
    return world


def test_a_control_plane_whose_etcd_runs_nowhere_that_is_known_is_not_assessable() -> None:
    world = without_etcd(of(3))
    world.etcd = ()
    assert ask(world, reboots(world, "1", "2")) == [
        ("not-assessable", "cp-1", "edge/cp-1"), ("not-assessable", "cp-2", "edge/cp-2"),
    ]  # fmt: skip
    assert whys(world, reboots(world, "1"))[0] == "the members of the cluster's etcd are not known"
    # Workers reboot as they like, and so does a control plane whose etcd runs elsewhere.
    assert ask(world, kernels(world).plan()) == []
    world.etcd = tuple(EtcdMember(name=f"far-{n}", healthy=True) for n in (1, 2, 3))
    assert ask(world, reboots(world, "1", "2")) == []


def test_a_provider_looks_after_the_etcd_of_a_managed_control_plane() -> None:
    world = without_etcd(of(3))
    world.etcd = ()
    plan = reboots(world, "1", "2")
    state = world.state
    managed = replace(state, clusters=(replace(state.clusters[0], managed=True),))
    assert "not-assessable" in {each.rule for each in world.ask(plan, state)}
    assert "not-assessable" not in {each.rule for each in world.ask(plan, managed)}


def test_a_cluster_of_which_nothing_is_known_has_no_members() -> None:
    world = of(3)
    plan = reboots(world, "1")
    state = replace(world.state, clusters=())
    assert "quorum" not in {each.rule for each in world.ask(plan, state)}
