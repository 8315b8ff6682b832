"""How a plan is laid beside the state: which steps are placed, with what, and what is said of the others."""

from __future__ import annotations

import pytest
from tests.changes.verify import edits
from tests.changes.verify.asking import OF_DNS, deployment, laid, objects, objects_first, told
from tests.changes.verify.corrupting import TIER, W2, W3, policy
from tests.changes.verify.edits import replace
from tests.changes.verify.test_legal_plans import two_minors
from tests.changes.verify.worlds import ALL, POLICY, World, kernels, packages

from oakum.changes.verify import Violation
from oakum.changes.verify.given import Placed
from oakum.policy.entries import Protected, Soak
from oakum.policy.scopes import Scope


def placed() -> Placed:
    """The step of w-2."""
    world = World()
    return next(each for each in laid(world, kernels(world).plan()).placed if each.step.id == W2)


def test_pods_leave_a_node_where_one_change_of_several_asks_for_it_or_it_is_replaced() -> None:
    one = placed()
    (change,) = one.step.changes
    calm = replace(change, drain=False)

    def drains(**fields: object) -> bool:
        return replace(one, step=replace(one.step, **fields)).drains

    assert one.drains
    assert drains(changes=(change, calm))
    assert not drains(changes=(calm, calm))
    assert drains(changes=(calm,), kind="replace")


def test_there_is_nothing_to_drain_on_a_host_or_an_object() -> None:
    one = placed()
    host = replace(one, step=replace(one.step, subject=replace(one.step.subject, cluster="")))
    assert not host.drains
    assert not replace(one, machine=None).drains


def test_a_step_counts_in_the_last_of_its_phases() -> None:
    assert replace(placed(), phases=((20, 1), (40, 0))).phase == (40, 0)


def test_a_violation_is_about_the_subject_unless_something_else_is_in_danger() -> None:
    one = placed()
    assert one.broken("form", "why") == Violation(
        rule="form", wave="rest", step=W2, object="edge/w-2", why="why", source="oakum.changes.plans.model"
    )
    assert one.broken("form", "why", "else").object == "else"


def test_an_intent_that_others_come_after_is_drawn_to_their_place_and_stands_before_them() -> None:
    world = World()
    plan = two_minors(world)
    found = laid(world, plan).phase_of
    assert found == {
        "cp-1.31.4": (20, 0), "kl-1.31.4": (20, 1), "cp-1.32.1": (20, 2), "kl-1.32.1": (40, 3),
    }  # fmt: skip
    # An intent stands as deep as the longest row of intents before it.
    one, two, three, four = plan.intents
    given = laid(world, replace(plan, intents=(one, two, three, replace(four, after=(one.name, three.name)))))
    assert given.phase_of["kl-1.32.1"] == (40, 3)
    assert given.after["kl-1.32.1"] == {one.name, two.name, three.name}


def test_intents_in_long_rows_and_many_ways_are_counted_once() -> None:
    world = World()
    plan = kernels(world).plan()
    (first,) = plan.intents
    rows = [replace(first, name="n0", after=("k",)), replace(first, name="n1", after=("n0",))]
    rows += [replace(first, name=f"n{each}", after=(f"n{each - 1}", f"n{each - 2}")) for each in range(2, 900)]
    found = laid(world, replace(plan, intents=(*reversed(rows), first))).phase_of
    assert (found["k"][1], found["n0"][1], found["n899"][1]) == (0, 1, 900)


@pytest.mark.parametrize(("cluster", "name"), [("", "edge/w-2"), ("edge/w-2", "")])
def test_a_machine_is_one_of_its_cluster_whatever_its_id_looks_like(cluster: str, name: str) -> None:
    """A step that named no cluster would be drained by nobody, and asked for no quorum."""
    world = World()
    plan = kernels(world).plan()
    subject = replace(plan.step(W2).subject, cluster=cluster, name=name)
    given = laid(world, edits.step(plan, W2, subject=subject))
    if name:
        assert subject.id == "edge/w-2"
        (found,) = given.unplaced
        assert found.why == "edge/w-2 is w-2 of edge, not edge/w-2 of no cluster"
    assert [(each.rule, each.step) for each in given.unplaced] == [("subject", W2)]
    assert [each.step.subject.name for each in given.placed] == ["w-1", "w-3", "w-4"]


def test_an_object_is_found_by_kind_namespace_and_name_under_its_uid() -> None:
    world = World()
    plan = objects(world).plan()
    assert world.ask(plan) == ()
    (one,) = laid(world, plan).placed
    assert one.workload is not None
    assert (one.machine, one.workload.metadata.name, one.cluster) == (None, "dns", "edge")
    anew = deployment()
    anew["metadata"]["uid"] = "another"
    world.objects[-1] = anew
    (gone,) = laid(world, plan).unplaced
    assert (gone.rule, gone.wave, gone.step, gone.object) == ("subject", "dns", f"{OF_DNS}/dns", OF_DNS)
    assert gone.why == "its uid is another, the plan says Deployment/dns"
    del world.objects[-1]
    assert [each.why for each in laid(world, plan).unplaced] == ["it does not exist"]


def test_a_machine_is_not_looked_for_among_objects() -> None:
    world = World()
    plan = objects(world).plan()
    step = plan.step(f"{OF_DNS}/dns")
    other = replace(step, id="other", kind="visit", subject=replace(step.subject, kind="machine"))
    plan = edits.on_wave(plan, "dns", lambda wave: replace(wave, steps=(*wave.steps, other)))
    given = laid(world, plan)
    assert [each.step.id for each in given.placed] == [step.id]
    assert told(given.unplaced) == [("subject", "other", OF_DNS)]


def test_machines_and_objects_stand_in_one_plan() -> None:
    world = World()
    plan = objects_first(world)
    assert world.ask(plan) == ()
    assert len(laid(world, plan).placed) == 5


@pytest.mark.parametrize("rule", ["subject", "not-assessable"])
def test_one_step_that_cannot_be_placed_hides_none_of_the_others(rule: str) -> None:
    world = World()
    plan = kernels(world).plan()
    if rule == "subject":
        world.change("edge/w-2", uid="another")
    else:
        world.change("edge/w-2", facts={})
        plan = policy(world, plan, soak=(Soak("t", TIER), *POLICY.soak))
    given = laid(world, plan)
    assert told(given.unplaced) == [(rule, W2, "edge/w-2")]
    assert [each.step.subject.name for each in given.placed] == ["w-1", "w-3", "w-4"]


def test_a_step_has_the_settings_of_each_of_its_changes_once() -> None:
    world = World()
    world.policy = replace(POLICY, soak=(Soak("k", Scope(facts={"change": ("kernel",)}), 5), Soak("p", ALL, 6)))
    plan = kernels(world).plan()
    change = plan.step(W2).changes[0]
    other = replace(change, kind="packages", intent="p", component="openssl")
    plan = edits.step(plan, W2, changes=(change, change, other))
    plan = replace(plan, intents=(*plan.intents, *packages(world).intents))
    by_id = {each.step.id: each for each in laid(world, plan).placed}
    assert [each.soak.name for each in by_id[W2].settings] == ["k", "p"]
    assert [each.soak.name for each in by_id[W3].settings] == ["k"]


def test_what_a_policy_says_of_an_object_goes_by_its_namespace_name_and_labels() -> None:
    world = World()
    world.objects.append(deployment(team="net"))
    plan = objects(world).plan()
    scopes = (
        Scope(facts={"namespace": ("shop",)}), Scope(facts={"workload": ("Deployment/dns",)}),
        Scope(labels={"team": ("net",)}), Scope(facts={"change": ("add-on",)}),
        Scope(facts={"environment": ("prod",), "region": ("eu",), "tier": ("2",), "cluster": ("edge",)}),
        Scope(facts={"node_role": ("",), "pool": ("",), "zone": ("",), "node": ("",)}),
        Scope(facts={"reversibility": ("reversible",)}),
        Scope(condition='labels.team == "net" && workload == "Deployment/dns"'),
    )  # fmt: skip
    guarded = policy(
        world, plan, protected=tuple(Protected(f"p{number}", scope, "r") for number, scope in enumerate(scopes))
    )
    (one,) = laid(world, guarded).placed
    ((settings,),) = (one.settings,)
    assert [each.name for each in settings.protected] == [f"p{number}" for number in range(len(scopes))]


def test_settings_tell_apart_whatever_an_entry_asks_for() -> None:
    """Targets that differ in a fact, a label or in what a condition asks for get their own settings."""
    world = World()
    world.change("edge/w-3", labels={"topology.kubernetes.io/zone": "b", "disk": "ssd"})
    world.change("edge/w-4", pool="gpu")
    plan = kernels(world).plan()
    for scope, names in (
        (Scope(facts={"node": ("w-2",)}), ["w-2"]),
        (Scope(labels={"disk": ("ssd",)}), ["w-3"]),
        (Scope(condition='pool == "gpu"'), ["w-4"]),
        (Scope(condition='"disk" in labels'), ["w-3"]),
    ):
        guarded = policy(world, plan, protected=(Protected("p", scope, "r"),))
        placed = laid(world, guarded).placed
        assert [each.step.subject.name for each in placed if each.settings[0].protected] == names
        assert len({id(each.settings[0]) for each in placed if not each.settings[0].protected}) <= 3


def test_targets_that_no_entry_tells_apart_share_their_settings() -> None:
    world = World()
    given = laid(world, kernels(world).plan())
    assert len({id(settings) for each in given.placed for settings in each.settings}) == 1
