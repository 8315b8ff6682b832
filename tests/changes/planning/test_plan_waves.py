"""The order of a plan: canary, sections, stages, phases and barriers, each as small as it can be."""

from __future__ import annotations

import pytest
from tests.changes.planning.worlds import (
    good,
    intent,
    kernel,
    kubelet,
    machine,
    masters,
    order_of,
    out,
    policy,
    refused,
    soft,
    state,
    workers,
)

from oakum.errors import InputError
from oakum.policy import entries
from oakum.policy.amounts import Amount
from oakum.policy.model import Order
from oakum.policy.scopes import Scope


def test_one_node_goes_first_and_the_others_follow_domain_by_domain() -> None:
    found = good(state(*workers(5, zones=("a", "b"))))
    assert order_of(found) == [["w-1"], ["w-3", "w-5", "w-2", "w-4"]]
    assert [each.needs for each in found.waves] == [(), ("w1",)]


def test_canaries_come_from_different_pools_and_domains() -> None:
    machines = [machine(f"{pool}-{n}", pool=pool, zone=zone) for pool in ("x", "y") for n, zone in enumerate("aabb")]
    rules = policy(canary=(entries.Canary("four", Scope(), Amount(4), soak=600),), max_unavailable=4)
    found = good(state(*machines), rules=rules)
    assert sorted(order_of(found)[0]) == ["x-0", "x-2", "y-0", "y-2"]
    assert found.waves[0].soak == 600


def test_workers_go_before_the_control_plane_only_as_canaries() -> None:
    found = good(state(*masters(3), *workers(3)), rules=policy(max_unavailable=2))
    assert order_of(found) == [["w-1"], ["cp-1", "cp-2", "cp-3"], ["w-2", "w-3"]]
    assert [(each.id, each.serial, each.max_unavailable) for each in found.groups] == [
        ("c/control-plane", True, 1),
        ("c/worker", False, 2),
    ]


def test_own_machines_go_last_and_never_first() -> None:
    machines = [machine("a-own", ours=True), *workers(2)]
    assert order_of(good(state(*machines))) == [["w-1"], ["w-2"], ["a-own"]]


def test_pools_follow_the_order_of_the_policy() -> None:
    machines = [machine(f"{pool}-{n}", pool=pool) for pool in ("late", "early", "other") for n in range(2)]
    rules = policy(order=Order(pools=("early", "late")))
    found = good(state(*machines), rules=rules)
    assert order_of(found) == [["early-0"], ["early-1"], ["late-0", "late-1"], ["other-0", "other-1"]]


def test_clusters_of_a_stage_need_nothing_of_each_other_and_all_of_the_stage_before() -> None:
    stages = (
        entries.Stage("staging", Scope(facts={"environment": ("staging",)}), soak=3600),
        entries.Stage("prod", Scope(facts={"environment": ("prod",)})),
    )
    machines = [
        machine("n", cluster, facts={"environment": environment})
        for cluster, environment in (("p1", "prod"), ("s1", "staging"), ("p2", "prod"), ("s2", "staging"))
    ]
    found = good(state(*machines), rules=policy(order=Order(stages=stages)))
    assert [(each.name, each.needs, each.soak) for each in found.waves] == [
        ("s1: kernel, workers", (), 3600),
        ("s2: kernel, workers", (), 3600),
        ("p1: kernel, workers", ("w1", "w2"), 0),
        ("p2: kernel, workers", ("w1", "w2"), 0),
    ]


def test_kinds_of_one_rank_share_a_visit_and_lower_ranks_come_first() -> None:
    both = kernel() | kubelet("1.31.4", "1.31.9")
    machines = workers(2, software=both | {"openssl": kernel("3.0.1", "3.0.2")["linux"]})
    found = good(state(*machines), intent(), intent("kubelet", to="1.31.9"))
    assert [step.id for wave in found.waves for step in wave.steps] == [
        "kubelet@c/w-1", "kubelet@c/w-2", "kernel@c/w-1", "kernel@c/w-2",
    ]  # fmt: skip


def test_an_intent_that_others_come_after_goes_first_whatever_its_rank() -> None:
    machines = workers(2, software=kernel() | kubelet("1.31.4", "1.31.9"))
    found = good(state(*machines), intent("kubelet", to="1.31.9", after=("kernel",)), intent())
    assert [step.changes[0].kind for wave in found.waves for step in wave.steps] == [
        "kernel", "kernel", "kubelet", "kubelet",
    ]  # fmt: skip


def test_a_cycle_of_intents_is_named() -> None:
    one, two = intent(name="one", after=("two",)), intent(name="two", after=("one",))
    with pytest.raises(InputError, match=r"one after two after one"):
        good(state(*workers(2)), one, two)


def test_an_unknown_intent_is_named() -> None:
    with pytest.raises(InputError, match=r"'nothing', which is no intent"):
        good(state(*workers(2)), intent(after=("nothing",)))


def test_what_comes_after_an_intent_waits_for_it_in_all_clusters() -> None:
    lib = {"lib": soft("1", "2", kept=("1",))}
    machines = [machine("n", cluster, software=kernel() | lib) for cluster in ("one", "two")]
    found = good(state(*machines), intent(), intent("packages", names=("lib",), after=("kernel",)))
    assert [(each.name, each.needs) for each in found.waves] == [
        ("one: kernel, workers", ()),
        ("two: kernel, workers", ()),
        ("one: packages, workers", ("w1", "w2")),
        ("two: packages, workers", ("w1", "w2")),
    ]


def test_an_intent_that_is_whole_is_refused_where_one_target_cannot_be_had() -> None:
    machines = [*workers(2), machine("w-3", software=kernel("6.1.90", "6.1.90"))]
    wants = intent(to="6.1.100", whole=True)
    assert [each.object for each in refused(state(*machines), wants).reasons] == ["c/w-3"]
    assert out(good(state(*machines), intent(to="6.1.100"))) == {"c/w-3": "not-offered"}
