"""Each rule of planning by the smallest world that meets it: what stays out, by which rule, and what mends it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.changes.drain.makings import EVERY_KIND, Json, budget, controller, owned, pod
from tests.changes.planning.worlds import (
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
    policy,
    refused,
    rules_of,
    servers,
    soft,
    state,
    workers,
)

from oakum.changes.compat.reading import read
from oakum.changes.plans.model import Override
from oakum.changes.state import EtcdMember, Webhook
from oakum.errors import InputError, NotAssessableError
from oakum.policy import entries
from oakum.policy.amounts import Amount, Span
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.scopes import Scope


def web(replicas: int = 1, node: str = "w-1", **more: Any) -> list[Json]:
    """A ReplicaSet with all of its pods on one node."""
    pods = [pod(f"web-{n}", owned(), node=node, labels={"app": "web"}, **more) for n in range(replicas)]
    return [controller(replicas=replicas), *pods]


LOCAL: dict[str, Any] = {"volumes": [{"name": "scratch", "emptyDir": {}}]}
PDB: dict[str, Any] = {"observed": 0, "selector": {"matchLabels": {"app": "web"}}}


@pytest.mark.parametrize(
    ("objects", "rule", "object", "says"),
    [
        ([*web(), budget(maxUnavailable=0, **PDB)], "drain/pdb", "c/PodDisruptionBudget/shop/pdb", "allow one"),
        ([*web(3), budget(minAvailable=3, **PDB)], "drain/pdb", "c/PodDisruptionBudget/shop/pdb", "scale ReplicaSet"),
        ([*web(), budget(maxUnavailable=1, **PDB), budget("other", maxUnavailable=1, **PDB)], "drain/multiple-pdb",
         "c/PodDisruptionBudget/shop/other", "selectors"),
        (web(**LOCAL), "drain/local-data", "c/Pod/shop/web-0", "may be lost"),
        ([pod("alone", node="w-1")], "drain/unreplicated", "c/Pod/shop/alone", "Deployment"),
        ([pod("lost", owned(name="gone"), node="w-1")], "drain/orphan", "c/Pod/shop/lost", "delete it"),
        (web(annotations={"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}), "drain/not-safe-to-evict",
         "c/Pod/shop/web-0", ""),
        (web(terminationGracePeriodSeconds=7200), "grace", "c/Pod/shop/web-0", "within 1 h"),
    ],
)  # fmt: skip
def test_patching_01_what_never_leaves_keeps_its_node_out_and_names_the_object(
    objects: list[Json], rule: str, object: str, says: str
) -> None:
    found = good(state(*workers(3), objects=objects))
    assert out(found) == {"c/w-1": rule}
    (left,) = found.left_out
    assert object in left.why or object.startswith("c/Pod")
    assert says in left.remedy
    whole = refused(state(*workers(3), objects=objects), intent(whole=True))
    assert [(each.rule, each.object) for each in whole.reasons] == [(rule, object)]


def test_patching_01_what_waits_is_told_and_does_not_keep_a_node_out() -> None:
    objects = [controller(replicas=2), budget(allowed=0, healthy=1, desired=1, maxUnavailable=1, expected=2)]
    objects += [pod(f"web-{n}", owned(), node=f"w-{n + 1}", labels={"app": "web"}, ready=n == 0) for n in range(2)]
    found = good(state(*workers(3), objects=objects))
    evictions = found.step("kernel@c/w-1").evictions
    assert evictions is not None
    assert (evictions.pods, evictions.waits) == (1, ("shop/web-0",))


def test_patching_10_the_policy_may_give_local_data_up() -> None:
    rules = policy(drain=(entries.Drain("scratch", Scope(), local_data="evict"),))
    assert out(good(state(*workers(2), objects=web(**LOCAL)), rules=rules)) == {}


def test_the_policy_may_give_pods_up_that_nothing_makes_again() -> None:
    rules = policy(drain=(entries.Drain("naked", Scope(), unreplicated="evict"),))
    assert out(good(state(*workers(2), objects=[pod("alone", node="w-1")]), rules=rules)) == {}


@pytest.mark.parametrize(
    ("odd", "rule"),
    [
        ({"cordoned": True}, "foreign-cordon"),
        ({"cordoned": True, "owner": "run-7"}, "held"),
        ({"healthy": False}, "unhealthy"),
        ({"healthy": None}, "health-unknown"),
        ({"uid": ""}, "uid-unknown"),
    ],
)
def test_patching_02_what_others_hold_and_what_nobody_knows_is_left_alone(odd: dict[str, Any], rule: str) -> None:
    found = good(state(*workers(4), machine("odd", **odd)), rules=policy(max_unavailable=2))
    assert out(found) == {"c/odd": rule}


def test_protected_targets_are_left_alone_with_the_reason_that_people_gave() -> None:
    keep = entries.Protected("keep", Scope(facts={"node": ("w-2",)}), "it runs the till")
    (left,) = good(state(*workers(3)), rules=policy(protected=(keep,))).left_out
    assert (left.subject, left.rule) == ("c/w-2", "protected")
    assert "it runs the till" in left.why


def test_patching_12_those_out_of_service_use_up_what_is_allowed() -> None:
    sick = machine("sick", healthy=False)
    one = intent(scope=Scope(facts={"node": ("w-1",)}))
    assert rules_of(refused(state(*workers(4), sick), one)) == ["max-unavailable"]
    assert order_of(good(state(*workers(4), sick), rules=policy(max_unavailable=2)))


def test_patching_12_only_the_failure_domain_that_is_hurt_may_be_disturbed() -> None:
    sick = machine("sick", healthy=False, zone="b")
    found = good(state(*workers(4, zones=("a", "b")), sick), rules=policy(max_unavailable=3))
    assert order_of(found) == [["w-2"], ["w-4"]]
    assert {each.rule for each in found.left_out if each.subject == "c/w-1"} == {"max-domains"}


def test_ten_per_cent_of_five_nodes_is_no_node() -> None:
    found = refused(state(*workers(5)), rules=policy(max_unavailable=Amount(10, percent=True)))
    (reason,) = found.reasons
    assert reason.rule == "max-unavailable-none"
    assert reason.figures == {"members": 5, "max_unavailable": "10%"}
    (edit,) = reason.remedy.edits
    assert (edit.object, edit.field, edit.value) == ("budgets/budget", "at_least", 1)


def test_a_budget_per_pool_counts_the_pool() -> None:
    pools = [machine(f"{pool}-{n}", pool=pool) for pool in ("x", "y") for n in range(4)]
    found = good(state(*pools), rules=policy(max_unavailable=Amount(50, percent=True), per="pool"))
    assert [(each.id, len(each.members), each.max_unavailable) for each in found.groups] == [
        ("c/worker/x", 4, 2), ("c/worker/y", 4, 2),
    ]  # fmt: skip


# Control planes


@pytest.mark.parametrize(("count", "planned"), [(1, False), (2, False), (3, True), (5, True)])
def test_patching_07_a_member_goes_only_where_the_others_are_a_quorum(count: int, planned: bool) -> None:
    world = state(*masters(count, software=kernel() | servers()))
    if planned:
        assert [each.serial for each in good(world).groups] == [True]
    else:
        assert "etcd-quorum" in rules_of(refused(world))


def test_patching_07_no_member_goes_while_another_is_ill_or_learning() -> None:
    world = state(*masters(3, software=kernel() | servers()))
    members = [EtcdMember(name=f"cp-{n}", machine=f"c/cp-{n}", healthy=n < 3) for n in (1, 2, 3)]
    ill = msgspec.structs.replace(world.clusters[0], etcd=tuple(members))
    found = good(state(*world.machines, clusters=[ill]))
    assert order_of(found) == [["cp-3"]], "the ill member itself may go: the other two are a quorum"
    learner = msgspec.structs.replace(
        world.clusters[0],
        etcd=(*(msgspec.structs.replace(each, healthy=True) for each in members), EtcdMember(name="new", learner=True)),
    )
    assert rules_of(refused(state(*world.machines, clusters=[learner]))) == ["etcd-learner"]


def test_patching_07_a_control_plane_whose_etcd_nobody_knows_is_not_rebooted() -> None:
    world = state(*masters(3, software=kernel() | servers(etcd="")))
    assert rules_of(refused(world)) == ["etcd-unknown"]
    managed = msgspec.structs.replace(world.clusters[0], managed=True)
    assert good(state(*world.machines, clusters=[managed])).waves


def test_patching_07_control_planes_wait_for_each_other_and_stand_beside_no_worker() -> None:
    machines = [*masters(3, software=kernel() | servers()), *workers(3)]
    for wave in good(state(*machines), rules=policy(max_unavailable=3)).waves:
        assert len({step.group for step in wave.steps}) == 1
    sick = msgspec.structs.replace(machines[0], healthy=False)
    found = good(state(sick, *machines[1:]), rules=policy(max_unavailable=3))
    assert {each.subject: each.rule for each in found.left_out if each.rule == "control-plane-serial"} == {
        "c/cp-2": "control-plane-serial", "c/cp-3": "control-plane-serial",
    }  # fmt: skip


def test_patching_07_what_keeps_one_control_plane_machine_out_keeps_out_all() -> None:
    ready, not_offered = (servers("1.31.4", *offers) | kubelet() for offers in (("1.32.1",), ()))
    machines = [*masters(2, software=ready), machine("cp-3", role="control-plane", software=not_offered)]
    found = refused(state(*machines), intent("control-plane", to="1.32.1"))
    assert rules_of(found) == ["not-offered"] * 3, "its three components, one by one"


@pytest.mark.parametrize(
    ("kubelets", "to", "rules"),
    [
        ("1.31.4", "1.32.1", []),
        ("1.29.9", "1.32.1", []),
        ("1.28.9", "1.32.1", ["skew/kubelet/older"]),
        ("1.31.4", "1.33.0", ["skew/kube-apiserver/skips-minor"]),
    ],
)
def test_patching_08_a_control_plane_moves_one_minor_and_never_beyond_its_kubelets(
    kubelets: str, to: str, rules: list[str]
) -> None:
    machines = [
        *masters(3, software=servers("1.31.4", "1.32.1", "1.33.0") | kubelet()),
        machine("w-1", software=kubelet(kubelets, "1.30.1")),
    ]
    world = state(*machines)
    if not rules:
        assert len(good(world, intent("control-plane", to=to)).steps) == 3
    else:
        assert rules_of(refused(world, intent("control-plane", to=to))) == rules


def test_patching_08_two_minors_are_refused_with_the_next_one_as_the_remedy() -> None:
    world = state(*masters(3, software=servers("1.31.4", "1.32.1", "1.33.0") | kubelet()))
    (reason,) = refused(world, intent("control-plane", to="1.33.0")).reasons
    assert [(each.of, each.object, each.field, each.value) for each in reason.remedy.edits] == [
        ("intents", "control-plane", "wants.to", "1.32.1")
    ]


@pytest.mark.parametrize(
    ("machines", "steps"),
    [
        ([*masters(1, software=servers("1.32.1")), *masters(2, software=servers("1.31.4"))[1:]], 0),
        (masters(2, software=servers("1.32.1")), 1),
    ],
)
def test_patching_08_the_oldest_api_server_bounds_the_kubelets(machines: list[Any], steps: int) -> None:
    world = state(*machines, machine("w-1", software=kubelet("1.31.4", "1.32.1")))
    wants = intent("kubelet", to="1.32.1")
    if steps:
        assert len(good(world, wants).steps) == steps
    else:
        assert rules_of(refused(world, wants)) == ["skew/kubelet/newer"]


def test_patching_08_kubelets_follow_their_control_plane_in_one_plan() -> None:
    machines = [
        *masters(3, software=servers("1.31.4", "1.32.1") | kubelet("1.31.4", "1.32.1")),
        *workers(2, software=kubelet("1.31.4", "1.32.1")),
    ]
    found = good(state(*machines), intent("kubelet", to="1.32.1"), intent("control-plane", to="1.32.1"))
    kinds = [{change.kind for step in wave.steps for change in step.changes} for wave in found.waves]
    assert kinds == [{"control-plane"}, {"control-plane"}, {"kubelet"}, {"kubelet"}, {"kubelet"}]


def test_patching_08_kubelets_stay_where_their_control_plane_cannot_go() -> None:
    machines = [
        *masters(3, software=servers("1.31.4", "1.32.1") | kubelet()),
        *workers(2, software=kubelet("1.31.4", "1.32.1") | kernel()),
        machine("old", software=kubelet("1.28.9", "1.29.1")),
    ]
    found = good(state(*machines), intent("kubelet", to="1.32.1", scope=Scope(facts={"node": ("w-1", "w-2")})),
                 intent("control-plane", to="1.32.1"), intent())  # fmt: skip
    assert {step.changes[0].kind for step in found.steps.values()} == {"kernel"}
    assert {each.rule for each in found.left_out if each.subject == "c/w-1"} == {"skew/kubelet/older"}


def test_an_api_server_whose_version_nobody_tells_moves_no_kubelet() -> None:
    machines = workers(2, software=kubelet("1.31.4", "1.31.9"))
    world = state(*machines, clusters=[cluster("c", machines, version="")])
    assert rules_of(refused(world, intent("kubelet", to="1.31.9"))) == ["api-server-unknown"]


# Compatibility

FILE = b"""
version: 1
apis_until: "1.40"
apis:
  - {api: policy/v1, kinds: [PodDisruptionBudget], removed: "1.32", replacement: policy/v2,
     source: "https://example.org/a", read: 2026-11-01}
compatible:
  - {component: containerd, versions: [">=1.7.0 <1.7.20"], kubernetes: ">=1.32.0", answer: incompatible,
     why: it is too old, source: "https://example.org/b", read: 2026-11-01}
edges:
  - {name: bad-kernel, components: [linux], from: "*", to: "6.1.100", why: it does not boot, remedy: wait for the next,
     source: "https://example.org/c", read: 2026-11-01}
  - {name: maybe, components: [lib], from: "*", to: "2.0.0", when: selinux == true, why: it loops, remedy: wait,
     source: "https://example.org/d", read: 2026-11-01}
"""
KNOWN = read(FILE, "site.yaml")


def test_a_known_bad_edge_keeps_a_change_out_and_another_version_is_the_remedy() -> None:
    software = {"linux": soft("6.1.90", "6.1.95", "6.1.100", part="kernel")}
    (reason,) = refused(state(*workers(2, software=software)), knowledge=KNOWN).reasons
    assert (reason.rule, reason.source) == ("known-bad/bad-kernel", "https://example.org/c")
    assert [(each.field, each.value) for each in reason.remedy.edits] == [("wants.to", "6.1.95")]


@pytest.mark.parametrize(
    ("facts", "planned"), [({}, False), ({"selinux": "true"}, False), ({"selinux": "false"}, True)]
)
def test_an_edge_that_may_be_bad_waits_for_the_fact_that_tells(facts: dict[str, str], planned: bool) -> None:
    machines = workers(1, software={"lib": soft("1.0.0", "2.0.0", kept=("1.0.0",))})
    world = state(*machines, clusters=[cluster("c", machines, facts=facts)])
    wants = intent("packages", names=("lib",))
    if planned:
        assert good(world, wants, knowledge=KNOWN).waves
    else:
        assert rules_of(refused(world, wants, knowledge=KNOWN)) == ["known-bad/maybe"]


def test_versions_that_do_not_run_together_are_not_brought_together() -> None:
    runtime = {"containerd": soft("1.7.10", part="container-runtime", ecosystem="semver")}
    software = kubelet("1.31.4", "1.32.1") | runtime
    machines = workers(2, software=software)
    world = state(*machines, clusters=[cluster("c", machines, version="v1.32.1")])
    assert rules_of(refused(world, intent("kubelet", to="1.32.1"), knowledge=KNOWN)) == ["incompatible"]


def test_objects_in_an_api_version_that_goes_stop_the_control_plane() -> None:
    machines = masters(3, software=servers("1.31.4", "1.32.1") | kubelet())
    world = state(*machines, objects=[budget(maxUnavailable=1)])
    (reason,) = refused(world, intent("control-plane", to="1.32.1"), knowledge=KNOWN).reasons
    assert (reason.rule, reason.object) == ("api-removed", "c/PodDisruptionBudget/shop/pdb")


def test_a_release_beyond_what_is_known_is_not_assessable() -> None:
    world = state(*masters(3, software=servers("1.31.4", "1.32.1") | kubelet()))
    known = msgspec.structs.replace(KNOWN, apis_until=31)
    with pytest.raises(NotAssessableError, match=r"removals are known until 1\.31"):
        refused(world, intent("control-plane", to="1.32.1"), knowledge=known)


# Room, webhooks


def test_pods_that_find_no_room_keep_their_node() -> None:
    machines = workers(2)
    asks = {"containers": [{"name": "c", "resources": {"requests": {"cpu": "3"}}}]}
    objects = [controller(replicas=2), *(pod(f"web-{n}", owned(), node=f"w-{n + 1}", **asks) for n in range(2))]
    around = cluster("c", machines, objects)
    items = dict(around.around.snapshot.items)

    def world(cpu: str) -> Any:
        nodes = tuple(
            msgspec.convert({**msgspec.to_builtins(one), "status": {"allocatable": {"cpu": cpu}}}, type(one))
            for one in items["Node"]
        )
        snapshot = msgspec.structs.replace(around.around.snapshot, items={**items, "Node": nodes})
        made = type(around.around)(snapshot, around.around.machines, around.around.storage)
        return state(*machines, clusters=[msgspec.structs.replace(around, around=made)])

    assert rules_of(refused(world("4"))) == ["no-room"]
    assert len(good(world("6")).steps) == 2


def test_pods_that_must_stand_apart_need_a_node_without_their_like() -> None:
    term = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}
    apart = {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}
    pods = [pod(f"web-{n}", owned(), node=f"w-{n + 1}", labels={"app": "web"}, **apart) for n in range(2)]
    objects = [controller(replicas=2), *pods]
    assert rules_of(refused(state(*workers(2), objects=objects))) == ["no-room"]
    assert out(good(state(*workers(3), objects=objects))) == {}


def test_a_single_node_has_nowhere_to_put_its_pods() -> None:
    assert rules_of(refused(state(*workers(1), objects=web()))) == ["no-room"]


def test_patching_11_the_node_with_all_backends_of_a_fail_closed_webhook_is_not_drained() -> None:
    machines = workers(3)
    objects = [controller(replicas=2), *(pod(f"web-{n}", owned(), node=f"w-{n + 1}") for n in range(2))]

    def world(*serving: str, fail_closed: bool = True) -> Any:
        hook = Webhook(name="policy.example.org", pods=serving, fail_closed=fail_closed)
        return state(*machines, clusters=[cluster("c", machines, objects, webhooks=(hook,))])

    assert out(good(world("shop/web-0"))) == {"c/w-1": "webhook"}
    assert out(good(world("shop/web-0", "shop/web-1"))) == {}
    assert out(good(world("shop/web-0", fail_closed=False))) == {}
    assert set(out(good(world("shop/none"))).values()) == {"webhook"}, "nothing serves it: no pod would be made again"


# Windows, freezes, overrides


def once(name: str, seconds: int, **more: Any) -> entries.Window:
    at = Schedule(start=Moment(NOW.replace(tzinfo=None), "UTC"), span=Span(0, seconds))
    return entries.Window(name, Scope(), (at,), **more)


def test_patching_15_a_step_that_fits_into_no_opening_is_not_planned() -> None:
    world = state(*workers(2))
    needs = good(world).step("kernel@c/w-1").takes
    seconds = needs.work.p95 + needs.back.p95
    assert good(world, rules=policy(windows=(once("night", seconds),))).waves
    (reason,) = refused(world, rules=policy(windows=(once("night", seconds - 1),))).reasons
    assert (reason.rule, reason.object) == ("window", "c: night")
    assert (reason.figures["needs"], reason.figures["longest"]) == (seconds, seconds - 1)


def test_without_a_window_nothing_may_run() -> None:
    assert rules_of(refused(state(*workers(2)), rules=policy(windows=()))) == ["no-window"]


FROZEN = entries.Freeze("peak", Scope(), (Schedule(start=Moment(NOW.replace(tzinfo=None, year=2020), "UTC"),
                                                   span=Span(365 * 30, 0)),), "the shop is busy")  # fmt: skip


def test_a_freeze_that_never_ends_is_the_reason_and_not_the_window() -> None:
    (reason,) = refused(state(*workers(2)), rules=policy(freezes=(FROZEN,))).reasons
    assert (reason.rule, reason.object) == ("freeze", "c: peak")


def test_an_emergency_override_lifts_what_its_entry_allows_and_is_recorded() -> None:
    entry = entries.Emergency("cve", Scope(), ("duty",), lifts=("peak",), outside_windows=True, approvals=2)
    rules = policy(freezes=(FROZEN,), emergency=(entry,))
    until = NOW.replace(hour=23, minute=59)
    asked = Override(emergency="cve", reason="exploited", by=("ann", "bob"), until=until, lifts=("peak",))
    found = good(state(*workers(2)), rules=rules, override=asked)
    assert found.override == asked
    assert found.groups[0].calendars == ((("always",), ()),)
    outside = msgspec.structs.replace(asked, outside_windows=True)
    assert good(state(*workers(2)), rules=policy(windows=(), emergency=(entry,), freezes=(FROZEN,)),
                override=outside).groups[0].calendars == ()  # fmt: skip
    short = msgspec.structs.replace(asked, until=NOW.replace(minute=10))
    assert rules_of(refused(state(*workers(2)), rules=rules, override=short)) == ["override"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"emergency": "none"}, "no emergency entry"),
        ({"reason": " "}, "without a reason"),
        ({"by": ("ann", "ann")}, "1 of 2 people"),
        ({"until": NOW}, "over already"),
        ({"until": NOW.replace(day=4)}, "at most"),
        ({"lifts": ("other",)}, "does not lift"),
        ({"outside_windows": True}, "outside of windows"),
    ],
)
def test_an_override_that_its_entry_does_not_allow_is_refused(wrong: dict[str, Any], says: str) -> None:
    entry = entries.Emergency("cve", Scope(), ("duty",), lifts=("peak",), approvals=2)
    until = NOW.replace(hour=23)
    given: dict[str, Any] = {"emergency": "cve", "reason": "exploited", "by": ("ann", "bob"), "until": until} | wrong
    with pytest.raises(InputError, match=says):
        good(state(*workers(2)), rules=policy(freezes=(FROZEN,), emergency=(entry,)), override=Override(**given))


# What the state does not tell


@pytest.mark.parametrize("kind", ["PodDisruptionBudget", "Pod", "ReplicaSet"])
def test_a_dump_that_lacks_a_kind_is_not_assessable(kind: str) -> None:
    machines = workers(2)
    around = cluster("c", machines, web(), listed=EVERY_KIND - {kind})
    with pytest.raises(NotAssessableError, match=r"not assessable: the dump of cluster c has no"):
        good(state(*machines, clusters=[around]))


def test_a_cluster_without_its_objects_is_not_assessable() -> None:
    with pytest.raises(NotAssessableError, match="has no objects of cluster c"):
        good(state(*workers(2), clusters=[]))


def test_an_intent_for_nothing_is_an_error() -> None:
    with pytest.raises(InputError, match="for nothing in the state"):
        good(state(*workers(2)), intent("kubelet", to="1.31.9"))


def test_what_is_in_effect_already_gives_a_plan_without_a_step() -> None:
    found = good(state(*workers(2, software=kernel("6.1.100", "6.1.100"))))
    assert (found.waves, found.left_out) == ((), ())


def test_two_versions_of_one_thing_are_a_mistake() -> None:
    world = state(*workers(2, software=kubelet("1.31.4", "1.31.8", "1.31.9")))
    with pytest.raises(InputError, match=r"wanted at .* and by intent one at"):
        good(world, intent("kubelet", name="one", to="1.31.8"), intent("kubelet", name="two", to="1.31.9"))


def test_an_intent_that_comes_after_another_waits_for_all_of_its_targets() -> None:
    machines = [*workers(2), machine("w-3", cordoned=True)]
    lib = {"lib": soft("1", "2", kept=("1",))}
    machines = [msgspec.structs.replace(each, software=each.software | lib) for each in machines]
    found = good(state(*machines), intent(), intent("packages", names=("lib",), after=("kernel",)),
                 rules=policy(max_unavailable=2))  # fmt: skip
    assert {change.kind for step in found.steps.values() for change in step.changes} == {"kernel"}
    assert {each.rule for each in found.left_out if each.subject == "c/w-1"} == {"foreign-cordon"}


def test_a_forward_only_step_has_no_way_back_and_a_snapshot_gives_one() -> None:
    for snapshots, reversibility in ((False, "forward-only"), (True, "needs-snapshot")):
        world = state(*workers(1, software={"lib": soft("1", "2")}, snapshots=snapshots))
        step = good(world, intent("packages", names=("lib",))).step("packages@c/w-1")
        assert (step.reversibility, step.snapshot, bool(step.back)) == (reversibility, snapshots, snapshots)


def test_an_object_is_one_step_in_a_group_of_its_own() -> None:
    dns = controller("Deployment", "dns", 2)
    dns["spec"]["template"] = {"spec": {"containers": [{"name": "dns", "image": "dns:1"}]}}
    found = good(state(*workers(1), objects=[dns]), intent("add-on", object="Deployment/shop/dns", image="dns:2"))
    (step,) = found.steps.values()
    assert (step.kind, step.subject.name, step.group) == ("set-object", "Deployment/shop/dns", "c/objects")
    assert (found.groups[0].serial, found.groups[0].members) == (True, ("c/Deployment/shop/dns",))


def test_a_node_is_replaced_by_one_from_the_new_image() -> None:
    image = {"image": soft("2026-01", "2026-02", part="image", kept=("2026-01",))}
    found = good(state(*workers(2, software=image)), intent("node-replacement", image="newest"))
    step = found.step("node-replacement@c/w-1")
    assert (step.kind, step.reversibility, step.changes[0].drain) == ("replace", "reversible", True)
    old = [msgspec.structs.replace(each, software={}, image="old") for each in workers(2)]
    named = good(state(*old), intent("node-replacement", image="new")).step("node-replacement@c/w-1")
    assert (named.reversibility, named.back) == ("forward-only", ())
