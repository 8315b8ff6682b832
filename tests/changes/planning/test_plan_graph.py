"""The graph of waves: what needs what, in which order machines stand in a wave, and how long each is watched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from tests.changes.planning.worlds import change, draft, machine, masters, policy, workers

from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.order import Phase
from oakum.changes.planning.waves import Waves
from oakum.changes.plans.model import Subject
from oakum.changes.state import Machine
from oakum.policy import entries
from oakum.policy.amounts import Amount
from oakum.policy.model import Order, Policy
from oakum.policy.scopes import Scope

#: The name of a wave, what it needs, its machines, and how long it is watched.
Told = tuple[str, str, str, int]


def waves(drafts: Sequence[Draft], rules: Policy | None = None, canary: bool = False, impaired: str = "") -> list[Told]:
    """The waves; without canaries unless a test is about them."""

    def name(each: Draft) -> Any:
        return each.subject.name

    made = Waves((rules or policy()).order, name, frozenset(impaired.split()), canary=canary).of(drafts)
    assert [each.id for each in made] == [f"w{n}" for n in range(1, len(made) + 1)]
    return [(each.name, " ".join(each.needs), " ".join(map(str, each.steps)), each.soak) for each in made]


def drafts_of(machines: Sequence[Machine], rules: Policy | None = None, **more: Any) -> list[Draft]:
    return [draft(each, rules=rules, **more) for each in machines]


def thing(name: str, cluster: str = "c", rules: Policy | None = None) -> Draft:
    made = draft(machine("none", cluster), change("image/dns", "add-on"), rules=rules)
    made.machine, made.subject = None, Subject(kind="object", cluster=cluster, name=name, uid=name)
    return made


def in_phase(drafts: Sequence[Draft], segment: int, rank: int, kind: str = "kernel") -> list[Draft]:
    for each in drafts:
        each.phase = Phase(segment, rank, 0)
        each.changes = (change(kind=kind),)
    return list(drafts)


def test_phases_of_a_cluster_follow_each_other_and_clusters_do_not_wait() -> None:
    drafts = [
        *in_phase(drafts_of(workers(2, "b")), 0, 50),
        *in_phase(drafts_of(workers(1, "a")), 0, 50),
        *in_phase(drafts_of(workers(1, "b")), 0, 40, "kubelet"),
        *in_phase(drafts_of([machine("h", "")]), 0, 50),
    ]
    assert waves(drafts) == [
        ("hosts: kernel", "", "h", 0),
        ("a: kernel, workers", "", "w-1", 0),
        ("b: kubelet, workers", "", "w-1", 0),
        ("b: kernel, workers", "w3", "w-1 w-2", 0),
    ]


def test_a_segment_waits_for_the_last_wave_of_every_cluster_before_it() -> None:
    drafts = [
        *in_phase(drafts_of(workers(1, "a")), 1, 50),
        *in_phase([*drafts_of(workers(1, "b")), *drafts_of(masters(1, "b"))], 0, 50),
        *in_phase(drafts_of(workers(1, "a")), 0, 40),
        *in_phase(drafts_of(workers(1, "a")), 2, 50),
    ]
    assert [(name, needs) for name, needs, _, _ in waves(drafts)] == [
        ("a: kernel, workers", ""),
        ("b: kernel, control-plane machines", ""),
        ("b: kernel, workers", "w2"),
        ("a: kernel, workers", "w1 w3"),
        ("a: kernel, workers", "w4"),
    ]


def test_all_kinds_of_a_phase_are_named_once() -> None:
    one, two = drafts_of(workers(2))
    one.changes = (change(), change("lib", "packages"), change("curl", "packages"))
    assert [name for name, *_ in waves([one, two])] == ["c: kernel, packages, workers"]


def test_roles_and_pools_follow_the_order_of_the_policy_and_own_machines_come_last() -> None:
    machines = [
        machine("own", ours=True, pool="x"), *workers(1), machine("gpu-1", pool="gpu"), machine("x-1", pool="x"),
        machine("cp-x", role="control-plane", pool="x"), *masters(1), machine("other", role=""),
        machine("cp-own", role="control-plane", ours=True),
    ]  # fmt: skip
    rules = policy(order=Order(node_roles=("worker", "control-plane"), pools=("x", "gpu")))
    assert waves(drafts_of(machines), rules) == [
        ("c: kernel, workers x", "", "x-1", 0),
        ("c: kernel, workers gpu", "w1", "gpu-1", 0),
        ("c: kernel, workers", "w2", "w-1", 0),
        ("c: kernel, control-plane machines x", "w3", "cp-x", 0),
        ("c: kernel, control-plane machines", "w4", "cp-1", 0),
        ("c: kernel", "w5", "other", 0),
        ("c: kernel, own machines", "w6", "own", 0),
        ("c: kernel, own machines", "w7", "cp-own", 0),
    ]


def test_pools_that_the_policy_does_not_order_stand_in_one_wave_in_turn() -> None:
    machines = [machine(name, pool=pool) for name, pool in (("a", "y"), ("b", "x"), ("d", ""), ("e", "y"))]
    assert waves(drafts_of(machines)) == [("c: kernel, workers", "", "d b a e", 0)]
    ordered = policy(order=Order(pools=("z",)))
    assert waves(drafts_of(machines), ordered) == [("c: kernel, workers x, y", "", "d b a e", 0)]


def test_failure_domains_go_one_after_the_other_and_those_that_are_hurt_first() -> None:
    machines = [machine(f"m-{n}", zone=zone) for n, zone in ((10, "z2"), (9, "z10"), (2, "z2"), (1, "z10"), (3, ""))]
    assert waves(drafts_of(machines)) == [("c: kernel, workers", "", "m-3 m-2 m-10 m-1 m-9", 0)]
    assert waves(drafts_of(machines), impaired="z10") == [("c: kernel, workers", "", "m-1 m-9 m-3 m-2 m-10", 0)]


def test_objects_of_a_cluster_follow_its_machines_of_the_phase() -> None:
    drafts = [thing("Deployment/s/b"), thing("Deployment/s/a"), *drafts_of(workers(1))]
    assert waves(drafts) == [
        ("c: add-on, kernel, workers", "", "w-1", 0),
        ("c: add-on, kernel", "w1", "Deployment/s/b Deployment/s/a", 0),
    ]
    assert waves(drafts[:1]) == [("c: add-on", "", "Deployment/s/b", 0)]


def test_a_wave_is_watched_as_long_as_any_of_its_machines_asks_for() -> None:
    scopes = [Scope(facts={"node": (name,)}) for name in ("w-1", "w-2")]
    rules = policy(soak=tuple(entries.Soak(f"s{n}", each, 0, 60 + 30 * n) for n, each in enumerate(scopes)))
    assert waves(drafts_of(workers(3), rules), rules) == [("c: kernel, workers", "", "w-1 w-2 w-3", 90)]


# Canaries


CANARY = (entries.Canary("first", Scope(), Amount(2), soak=900),)


@pytest.mark.parametrize(("soak", "watched"), [(60, 900), (1200, 1200)])
def test_canaries_are_a_wave_of_their_own_and_are_watched_the_longer_of_both(soak: int, watched: int) -> None:
    rules = policy(canary=CANARY, soak=(entries.Soak("s", Scope(), after_wave=soak),))
    assert waves(drafts_of(workers(4), rules), rules, canary=True) == [
        ("c: kernel, canary", "", "w-1 w-2", watched),
        ("c: kernel, workers", "w1", "w-3 w-4", soak),
    ]


def test_without_canaries_or_where_all_would_be_one_there_is_no_wave_of_them() -> None:
    rules = policy(canary=CANARY)
    whole = ("c: kernel, workers", "", "w-1 w-2", 0)
    assert waves(drafts_of(workers(2), rules), rules, canary=True) == [whole]
    assert waves(drafts_of(workers(4), rules), rules)[0][2] == "w-1 w-2 w-3 w-4"


def test_canaries_of_the_control_plane_stand_beside_no_worker() -> None:
    scope = Scope(facts={"node_role": ("control-plane",)})
    rules = policy(canary=(entries.Canary("plane", scope, Amount(1), soak=60), *CANARY))
    found = waves(drafts_of([*masters(3), *workers(4)], rules), rules, canary=True)
    assert found[:3] == [
        ("c: kernel, canary", "", "w-1 w-2", 900),
        ("c: kernel, canary", "w1", "cp-1", 900),
        ("c: kernel, control-plane machines", "w2", "cp-2 cp-3", 0),
    ]


def test_canaries_of_several_domains_stand_in_the_order_of_a_wave() -> None:
    rules = policy(canary=(msgspec.structs.replace(CANARY[0], amount=Amount(3)),))
    machines = [machine(f"w-{n}", zone=zone) for n, zone in enumerate("babab")]
    assert waves(drafts_of(machines, rules), rules, canary=True)[0][2] == "w-1 w-3 w-0"


# Stages


STAGES = tuple(
    entries.Stage(name, Scope(facts={"environment": (name,)}), soak) for name, soak in (("dev", 600), ("prod", 60))
)


def staged(name: str, cluster: str, environment: str, rules: Policy) -> Draft:
    return draft(machine(name, cluster, facts={"environment": environment}), rules=rules)


def test_stages_follow_each_other_and_what_is_in_none_comes_after_all() -> None:
    rules = policy(order=Order(stages=STAGES), soak=(entries.Soak("s", Scope(), after_wave=90),))
    clusters = (("a", "other"), ("p", "prod"), ("z2", "dev"), ("z1", "dev"))
    drafts = [staged("w", cluster, environment, rules) for cluster, environment in clusters]
    assert [(name, needs, soak) for name, needs, _, soak in waves(drafts, rules)] == [
        ("z1: kernel, workers", "", 600),
        ("z2: kernel, workers", "", 600),
        ("p: kernel, workers", "w1 w2", 90),
        ("a: kernel, workers", "w3", 90),
    ]


def test_a_cluster_is_in_the_last_stage_of_its_machines_and_each_host_in_its_own() -> None:
    rules = policy(order=Order(stages=STAGES))
    drafts = [
        staged("a", "c", "prod", rules), staged("b", "c", "dev", rules), staged("h", "", "dev", rules),
        staged("i", "", "prod", rules), staged("j", "", "other", rules),
    ]  # fmt: skip
    assert [(name, needs, steps) for name, needs, steps, _ in waves(drafts, rules)] == [
        ("hosts: kernel", "", "h"),
        ("hosts: kernel", "w1", "i"),
        ("c: kernel, workers", "w1", "a b"),
        ("hosts: kernel", "w2 w3", "j"),
    ]


def test_only_the_last_wave_of_a_stage_soaks_for_it() -> None:
    rules = policy(order=Order(stages=STAGES))
    machines = [machine(role, role=role, facts={"environment": "dev"}) for role in ("control-plane", "worker")]
    assert [soak for *_, soak in waves(drafts_of(machines, rules), rules)] == [0, 600]
