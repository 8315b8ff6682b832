"""What goes before what: kinds, intents, roles, pools, canaries, stages, and the machine that Oakum runs on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.changes.verify import edits
from tests.changes.verify.asking import DNS, OF_DNS, deployment, found, told
from tests.changes.verify.edits import replace
from tests.changes.verify.worlds import (
    ALL,
    CONTROL,
    POLICY,
    WORKERS,
    Draft,
    World,
    kubelet,
    upgrade,
)

from oakum.changes.intents.model import Intent
from oakum.changes.plans import LeftOut, Plan
from oakum.changes.verify.sequence import in_order
from oakum.policy.amounts import Amount
from oakum.policy.entries import Canary, Stage
from oakum.policy.model import Order
from oakum.policy.scopes import Scope

EDGE = Scope(facts={"cluster": ("edge",)})
K = Intent(name="k", kind="kernel", scope=EDGE)
KL = Intent(name="kl", kind="kubelet", scope=EDGE, wants={"to": "1.31.4"})
CP = Intent(name="cp", kind="control-plane", scope=CONTROL, wants={"to": "1.31.4"})
CRI = Intent(name="cri", kind="container-runtime", scope=EDGE)


def ask(world: World, plan: Plan, rule: str = "") -> list[tuple[str, str, str]]:
    return [each for each in told(found(in_order, world, plan)) if rule in ("", each[0])]


def whys(world: World, plan: Plan, rule: str = "") -> list[str]:
    return [each.why for each in found(in_order, world, plan) if rule in ("", each.rule)]


def rows(world: World, intents: Sequence[Intent], *waves: str, soaks: int = 1800, needs: Any = None) -> Plan:
    """A plan of waves a, b, c, ..., each as ``MACHINE INTENT[+INTENT], MACHINE INTENT``; one after the other."""
    draft = Draft(world, *intents).usual()
    draft.group("objects", ())
    for id_, wave in zip("abcdefgh", waves, strict=False):
        steps = []
        for each in wave.split(", "):
            name, _, several = each.partition(" ")
            machine = name if name.startswith("db") else f"edge/{name}"
            group = "objects" if "/" in name else {"cp": "control", "w-": "workers", "db": "hosts"}[name[:2]]
            made = [change for intent in several.split("+") for change in draft.found[intent].changes[machine]]
            steps.append(draft.visit(machine, several.split("+")[0], group, made, id=f"{name} {several}"))
        draft.wave(id_, *steps, soak=soaks, needs=None if needs is None else needs.get(id_, ()))
    return draft.plan()


# kinds


def test_a_kind_of_a_lower_rank_is_over_before_the_next_begins() -> None:
    world = World()
    assert ask(world, upgrade(world).plan()) == []
    plan = edits.wave(upgrade(world).plan(), "cp-canary", needs=("etcd-canary",))
    assert ask(world, plan, "rank") == [
        ("rank", "cp-canary", "edge"), ("rank", "cp-control", "edge"), ("rank", "kl-canary", "edge"),
        ("rank", "kl-control", "edge"), ("rank", "kl-workers", "edge"),
    ]  # fmt: skip
    assert whys(world, plan, "rank")[0] == "cp begins there before etcd is over in wave etcd-control"


def test_kinds_of_one_rank_may_go_in_any_order_and_in_one_visit() -> None:
    world = World()
    assert ask(world, rows(world, (K, CRI), "w-1 cri+k", "w-2 k+cri, w-3 k, w-4 cri"), "rank") == []


def test_hosts_outside_of_clusters_have_no_order_of_kinds() -> None:
    world = World()
    for name in ("db-1", "db-2"):
        world.change(name, software={"kubelet": kubelet()})
    everywhere = [replace(one, scope=ALL) for one in (K, KL)]
    assert ask(world, rows(world, everywhere, "db-1 k", "db-2 k, db-1 kl", "db-2 kl"), "rank") == []
    assert ask(world, rows(world, everywhere, "w-1 k", "w-2 kl"), "rank") == [("rank", "a", "edge")]


def test_an_intent_that_an_intent_of_a_lower_rank_comes_after_goes_before_all_that_this_one_goes_before() -> None:
    world = World()
    first = replace(CP, after=("k",))
    # Kernels, then the control plane that comes after them, then the kubelets, which are behind every control plane.
    plan = rows(world, (K, first, KL), "w-1 k", "cp-1 cp, cp-2 cp, cp-3 cp", "w-1 kl, w-2 kl")
    assert ask(world, plan, "rank") == []
    assert ask(world, rows(world, (K, CP, KL), "w-1 k", "cp-1 cp, cp-2 cp", "w-1 kl"), "rank") != []


def test_another_intent_of_the_same_rank_that_comes_after_changes_nothing() -> None:
    world = World()
    later = replace(KL, name="later", after=("k",))
    plan = rows(world, (K, KL, later), "w-1 k", "w-2 kl", "w-3 later")
    assert ask(world, plan, "rank") == [("rank", "a", "edge")]
    assert whys(world, plan, "rank") == ["k begins there before kl is over in wave b"]
    # It is enough that one of several that come after has a lower rank.
    several = (K, KL, later, replace(CP, after=("k",)))
    assert ask(world, rows(world, several, "w-1 k", "cp-1 cp", "w-2 kl", "w-3 later"), "rank") == []


def backwards(plan: Plan) -> Plan:
    """The waves in the opposite order, as a plan that undoes."""
    ids = [wave.id for wave in plan.waves]
    needs = {one: (other,) for one, other in zip(ids, [*ids[1:], ""], strict=True)}
    waves = tuple(replace(wave, needs=tuple(filter(None, needs[wave.id]))) for wave in plan.waves)
    return replace(plan, waves=waves, undoes="sha256:other")


def test_what_undoes_goes_the_other_way_round() -> None:
    world = World()
    plan = upgrade(world).plan()
    assert ask(world, backwards(plan)) == []
    assert {each[0] for each in ask(world, replace(plan, undoes="sha256:other"))} == {"rank"}
    linked = replace(plan, intents=(plan.intents[0], replace(plan.intents[1], after=("etcd",)), plan.intents[2]))
    assert ask(world, backwards(linked)) == []
    assert "intents-order" in {each[0] for each in ask(world, replace(linked, undoes="sha256:other"))}


# intents


def test_an_intent_begins_when_those_before_it_are_over() -> None:
    world = World()
    then = replace(CRI, after=("k",))
    assert ask(world, rows(world, (K, then), "w-1 k", "w-2 k", "w-1 cri", "w-2 cri")) == []
    plan = rows(world, (K, then), "w-1 k", "w-2 k, w-1 cri", "w-2 cri")
    assert ask(world, plan, "intents-order") == [("intents-order", "b", "cri")]
    assert whys(world, plan, "intents-order") == ["cri begins there before k is over in wave b"]
    # What comes before it by way of another, and is not there itself, counts as well.
    last = replace(KL, after=("cri",))
    plan = rows(world, (K, then, last), "w-1 k", "w-2 k, w-1 kl", "w-2 kl")
    assert ("intents-order", "b", "kl") in ask(world, plan)


def out(plan: Plan, *subjects: str) -> Plan:
    return replace(
        plan, left_out=tuple(LeftOut(subject=each, rule="room", why="no room", remedy="make room") for each in subjects)
    )


def test_nothing_comes_after_an_intent_that_is_never_done_somewhere() -> None:
    world = World()
    then = replace(CRI, after=("k",))
    plan = rows(world, (K, then), "w-1 k", "w-1 cri")
    assert ask(world, plan, "intents-order") == []
    assert ask(world, out(plan, "edge/w-2"), "intents-order") == [("intents-order", "", "edge/w-2")]
    assert whys(world, out(plan, "edge/w-2"), "intents-order") == ["cri comes after k, which is never done there"]
    # An obstacle that keeps it from being done is no better.
    world.change("edge/w-3", software={"linux": replace(world.machines["edge/w-3"].software["linux"], offers=None)})
    assert ask(world, out(plan, "edge/w-3"), "intents-order") == [("intents-order", "", "edge/w-3")]
    # A machine that is left out of the second intent alone was done for the first.
    assert ask(world, out(plan, "edge/w-1"), "intents-order") == []
    # One that the first does not want is no matter of it.
    assert ask(world, out(plan, "db-1"), "intents-order") == []


def test_a_visit_for_several_intents_does_each_of_them() -> None:
    world = World()
    then = replace(KL, after=("k",))
    plan = out(rows(world, (K, CRI, then), "w-1 cri+k", "w-1 kl"), "edge/w-1")
    assert ask(world, plan, "intents-order") == []
    plan = out(rows(world, (K, CRI, then), "w-1 cri", "w-2 k", "w-2 kl"), "edge/w-1")
    assert ask(world, plan, "intents-order") == [("intents-order", "", "edge/w-1")]


def test_an_intent_that_is_wrong_hides_no_other() -> None:
    world = World()
    wrong = Intent(name="aa", kind="packages", scope=EDGE, wants={"speed": "high"})
    plan = rows(world, (K, CRI), "w-1 k", "w-1 cri")
    plan = out(replace(plan, intents=(K, replace(CRI, after=("aa", "k")), wrong)), "edge/w-2")
    assert ask(world, plan, "intents-order") == [("intents-order", "", "edge/w-2")]


# roles and pools


def test_a_role_is_over_before_the_next_begins() -> None:
    world = World()
    plan = rows(world, (K,), "cp-1 k", "cp-2 k, cp-3 k", "w-1 k, w-2 k")
    assert ask(world, plan) == []
    plan = rows(world, (K,), "cp-1 k", "cp-2 k, w-1 k, w-2 k", "cp-3 k, w-3 k", "w-4 k")
    assert sorted(ask(world, plan)) == [("roles-order", "w-1 k", "edge/w-1"), ("roles-order", "w-3 k", "edge/w-3")]
    assert whys(world, plan)[0] == "the role control-plane is not over before it begins"


def test_the_order_of_roles_is_the_policys_and_what_it_does_not_name_comes_last() -> None:
    world = World()
    world.policy = replace(POLICY, order=Order(node_roles=("worker",)))
    assert ask(world, rows(world, (K,), "w-1 k", "w-2 k", "cp-1 k, cp-2 k")) == []
    plan = rows(world, (K,), "cp-1 k", "cp-2 k, w-1 k", "w-2 k")
    assert ask(world, plan) == [("roles-order", "cp-2 k", "edge/cp-2")]
    assert whys(world, plan) == ["the role worker is not over before it begins"]


def test_roles_are_in_order_within_one_kind() -> None:
    """Kubelets of workers may be followed by kernels of the control plane."""
    world = World()
    plan = rows(world, (K, KL), "cp-1 kl", "cp-2 kl", "w-1 kl, w-2 kl", "cp-1 k", "cp-2 k", "w-1 k")
    assert ask(world, plan) == []


def test_a_plan_that_undoes_has_no_order_of_roles() -> None:
    world = World()
    plan = replace(rows(world, (K,), "w-1 k", "cp-1 k, w-2 k", "cp-2 k"), undoes="sha256:other")
    assert ask(world, plan) == []


def test_the_canary_of_each_entry_goes_before_the_roles() -> None:
    world = World()
    assert ask(world, rows(world, (K,), "w-1 k", "cp-1 k, cp-2 k", "w-2 k, w-3 k")) == []
    own = Canary("of workers", WORKERS, Amount(1), 1800)
    world.policy = replace(POLICY, canary=(own, *POLICY.canary))
    # The workers' own canary goes second here, beside nobody, and before the rest of the control plane.
    assert ask(world, rows(world, (K,), "cp-1 k", "w-1 k", "cp-2 k, cp-3 k", "w-2 k")) == []
    world.policy = POLICY
    plan = rows(world, (K,), "cp-1 k", "w-1 k", "cp-2 k, cp-3 k", "w-2 k")
    assert ask(world, plan) == [("roles-order", "w-1 k", "edge/w-1")]


def pooled(*waves: str, pools: tuple[str, ...] = ("fast", "slow"), needs: Any = None) -> list[tuple[str, str, str]]:
    """What is found of kernels of w-1 (in no pool that has a place), w-2 of fast, w-3 of slow, w-4 of fast."""
    world = World()
    world.policy = replace(POLICY, order=Order(pools=pools))
    for name, pool in (("w-2", "fast"), ("w-3", "slow"), ("w-4", "fast"), ("cp-1", "slow"), ("cp-2", "fast")):
        world.change(f"edge/{name}", pool=pool)
    return ask(world, rows(world, (K,), *waves, needs=needs), "roles-order")


def test_pools_go_in_the_policys_order_by_waves_or_within_one() -> None:
    late = [("roles-order", "w-3 k", "edge/w-3")]
    assert pooled("cp-3 k", "w-2 k, w-4 k, w-3 k, w-1 k") == []
    assert pooled("cp-3 k", "w-2 k, w-4 k", "w-3 k", "w-1 k") == []
    assert pooled("cp-3 k", "w-2 k, w-3 k, w-4 k") == late
    assert pooled("cp-3 k", "w-3 k, w-2 k") == late
    assert pooled("cp-3 k", "w-3 k", "w-2 k") == late
    assert pooled("cp-3 k", "w-2 k", "w-3 k", "w-4 k") == late
    # What has no place comes after all that have one.
    assert pooled("cp-3 k", "w-1 k", "w-2 k") == [("roles-order", "w-1 k", "edge/w-1")]
    # Without an order of pools there is none.
    assert pooled("cp-3 k", "w-3 k", "w-2 k", pools=()) == []


def test_pools_of_which_neither_waits_for_the_other_may_begin_together() -> None:
    assert pooled("cp-3 k", "w-3 k", "w-2 k", needs={"b": ("a",), "c": ("a",)}) == []


def test_pools_are_in_order_within_a_role() -> None:
    assert pooled("cp-3 k", "cp-1 k", "w-2 k") == []
    assert pooled("cp-3 k", "cp-2 k", "cp-1 k", "w-2 k, w-4 k, w-3 k") == []


def test_a_canary_is_of_any_pool() -> None:
    assert pooled("w-3 k", "w-2 k, w-4 k") == []
    assert pooled("w-3 k", "w-1 k, w-2 k") == [("roles-order", "w-1 k", "edge/w-1")]


def test_a_canary_of_a_pool_does_not_hide_the_rest_of_the_pool() -> None:
    world = World()
    world.policy = replace(POLICY, order=Order(pools=("fast",)))
    world.change("edge/w-2", pool="fast")
    plan = rows(world, (K,), "w-3 k", "w-1 k", "w-2 k")
    for waves in (plan.waves, plan.waves[::-1]):
        assert ask(world, replace(plan, waves=waves)) == [("roles-order", "w-1 k", "edge/w-1")]


def test_a_pool_is_told_once_for_each_pool_that_comes_before_it() -> None:
    assert sorted(pooled("cp-3 k", "w-1 k", "w-3 k", "w-2 k")) == [
        ("roles-order", "w-1 k", "edge/w-1"), ("roles-order", "w-1 k", "edge/w-1"),
        ("roles-order", "w-3 k", "edge/w-3"),
    ]  # fmt: skip
    assert len(pooled("cp-3 k", "w-3 k", "w-2 k", pools=("fast",))) == 1


def test_objects_have_neither_role_nor_pool_nor_canary() -> None:
    world = World()
    world.objects += [deployment(), deployment("web", "web:1")]
    web = replace(DNS, name="web", wants={"object": "Deployment/shop/web", "image": "web:2"})
    dns, other = OF_DNS.removeprefix("edge/"), "Deployment/shop/web"
    plan = rows(world, (DNS, web), f"{dns} dns, {other} web")
    assert ask(world, plan) == []


# canaries


def canary(*waves: str, soak: int = 1800, needs: Any = None, **policy: Any) -> list[tuple[str, str, str]]:
    world = World()
    world.policy = replace(POLICY, **policy)
    return ask(world, rows(world, (K,), *waves, soaks=soak, needs=needs), "canary")


def test_a_canary_of_the_policys_size_goes_first_and_is_watched() -> None:
    assert canary("w-1 k", "w-2 k, w-3 k") == []
    assert canary("w-1 k, w-2 k", "w-3 k") == [("canary", "a", "edge")]
    assert canary("w-1 k", "w-2 k, w-3 k", soak=1799) == [("canary", "a", "edge")]
    two: dict[str, Any] = {"canary": (Canary("two", ALL, Amount(2), 1800),)}
    assert canary("w-1 k, w-2 k", "w-3 k", **two) == []
    assert canary("w-1 k", "w-2 k, w-3 k", **two) == []
    assert canary("w-1 k, w-2 k, w-3 k", "w-4 k", **two) == [("canary", "a", "edge")]


def test_where_no_more_than_a_canary_is_changed_there_is_nothing_to_watch() -> None:
    assert canary("w-1 k", soak=0) == []
    two: dict[str, Any] = {"canary": (Canary("two", ALL, Amount(2), 1800),)}
    assert canary("w-1 k, w-2 k", soak=0, **two) == []
    assert canary("w-1 k, w-2 k, w-3 k", **two) == [("canary", "a", "edge")]
    # In two waves one goes first, and that one is watched.
    assert canary("w-1 k", "w-2 k", soak=0, **two) == [("canary", "a", "edge")]


def test_a_canary_is_one_for_which_all_others_wait() -> None:
    assert canary("w-1 k", "w-2 k", "w-3 k", needs={"c": ("a",)}) == [("canary", "a", "edge")]
    assert canary("w-1 k", "w-2 k", "w-3 k", needs={"b": ("a",), "c": ("a",)}) == []


def test_what_is_wrong_with_a_canary_is_said_with_its_numbers() -> None:
    world = World()
    assert whys(world, rows(world, (K,), "w-1 k, w-2 k", "w-3 k"), "canary") == [
        "2 of 3 machines go first, one first says 1"
    ]
    assert whys(world, rows(world, (K,), "w-1 k, w-2 k"), "canary") == [
        "of 2 machines no 1 go first, as one first says"
    ]
    assert whys(world, rows(world, (K,), "w-1 k", "w-2 k", soaks=60), "canary") == [
        "the canary is watched for 60 s, one first says 1800 s"
    ]


def test_each_kind_and_each_cluster_has_a_canary_and_one_that_is_right_hides_no_other() -> None:
    world = World()
    everywhere = replace(K, scope=ALL)
    plan = rows(world, (KL, everywhere), "w-1 kl", "w-2 kl, w-3 kl", "w-1 k, w-2 k", "db-1 k, db-2 k")
    assert ask(world, plan, "canary") == [("canary", "c", "edge"), ("canary", "d", "hosts")]
    # One that is as small as a canary itself, and one without any canary, hide no other either.
    plan = rows(world, (KL, everywhere), "w-1 kl", "w-1 k, w-2 k")
    assert ask(world, plan, "canary") == [("canary", "b", "edge")]
    plan = rows(world, (KL, everywhere), "w-1 kl, w-2 kl", "w-1 k, w-2 k, w-3 k", "w-4 k")
    assert ask(world, plan, "canary") == [("canary", "a", "edge"), ("canary", "b", "edge")]


def test_a_step_under_two_entries_takes_the_smaller_canary_and_the_longer_soak() -> None:
    world = World()
    of_kernels = Canary("of kernels", Scope(facts={"change": ("kernel",)}), Amount(1), 60)
    world.policy = replace(POLICY, canary=(of_kernels, Canary("others", ALL, Amount(2), 600)))
    both = "w-{} k+cri"
    rest = f"{both.format(3)}, {both.format(4)}"

    def plan(first: str, soak: int) -> list[tuple[str, str, str]]:
        return ask(world, rows(world, (K, CRI), first, rest, soaks=soak), "canary")

    assert plan(both.format(1), 600) == []
    assert plan(both.format(1), 599) == [("canary", "a", "edge")]
    assert plan(f"{both.format(1)}, {both.format(2)}", 600) == [("canary", "a", "edge")]


def test_a_plan_that_undoes_has_no_canary() -> None:
    world = World()
    assert ask(world, replace(rows(world, (K,), "w-1 k, w-2 k"), undoes="sha256:other")) == []


# the machine that Oakum runs on


def own(*waves: str, name: str = "w-1", needs: Any = None) -> list[tuple[str, str, str]]:
    world = World()
    world.change(f"edge/{name}", ours=True)
    return ask(world, rows(world, (K, KL), *waves, needs=needs))


def test_the_own_machine_goes_after_all_others_of_its_role() -> None:
    early = [("own-last", "w-1 k", "edge/w-1")]
    assert own("w-2 k", "w-3 k, w-4 k", "w-1 k") == []
    assert own("w-2 k", "w-3 k, w-1 k", "w-4 k") == early
    assert own("w-2 k", "w-3 k, w-1 k") == early
    assert own("w-2 k", "w-3 k", "w-1 k", needs={"b": ("a",), "c": ("a",)}) == early
    # It is no canary, however early it goes, and the first of the others is.
    assert own("w-1 k", "w-2 k, w-3 k")[0] == ("canary", "b", "edge")
    assert ("own-last", "w-1 k", "edge/w-1") in own("w-1 k", "w-2 k, w-3 k")


def test_the_own_machine_waits_for_no_other_role_and_no_other_kind() -> None:
    assert own("cp-2 k", "cp-3 k", "cp-1 k", "w-1 k, w-2 k", name="cp-1") == []
    assert own("w-2 kl", "w-1 kl", "w-2 k", "w-1 k") == []


def test_the_own_machine_alone_is_a_canary_of_its_own() -> None:
    assert own("w-1 k") == []
    world = World()
    for name in ("w-1", "w-2"):
        world.change(f"edge/{name}", ours=True)
    assert ask(world, rows(world, (K,), "w-1 k, w-2 k")) == [("canary", "a", "edge")]
    assert ask(world, rows(world, (K,), "w-1 k", "w-2 k")) == []


def test_the_own_machine_does_not_count_against_the_order_of_roles_and_pools() -> None:
    assert own("w-2 k", "cp-2 k", "cp-1 k, w-3 k", name="cp-1") == []


def test_where_the_own_machine_is_objects_are_no_others() -> None:
    world = World()
    world.change("edge/w-1", ours=True)
    world.objects.append(deployment())
    dns = OF_DNS.removeprefix("edge/")
    assert ask(world, rows(world, (DNS, K), f"{dns} dns", "w-2 k", "w-1 k")) == []


# stages


def staged(*waves: str, soaks: dict[str, int] | None = None, needs: Any = None, order: Any = None) -> Any:
    """What is found of kernels of hosts (the first stage), then workers w-1 and w-2 (the second), then of no stage."""
    world = World()
    hosts = Stage("hosts", Scope(facts={"cluster": ("",)}), 3600)
    world.policy = replace(
        POLICY, canary=(Canary("all", ALL, Amount(9)),),
        order=order or Order(stages=(hosts, Stage("some", Scope(facts={"node": ("w-1", "w-2")}), 60))),
    )  # fmt: skip
    plan = rows(world, (replace(K, scope=ALL),), *waves, soaks=3600, needs=needs)
    for id_, soak in (soaks or {}).items():
        plan = edits.wave(plan, id_, soak=soak)
    return [(each.wave, each.object, each.why) for each in found(in_order, world, plan) if each.rule == "stages"]


def test_a_stage_begins_when_the_one_before_it_is_over() -> None:
    assert staged("db-1 k, db-2 k", "w-1 k, w-2 k", "w-3 k, w-4 k") == []
    assert staged("db-1 k", "db-2 k, w-1 k", "w-2 k") == [("b", "b", "it begins before hosts is over in wave b")]
    assert staged("db-1 k", "w-1 k", "w-3 k, w-2 k") == [("c", "c", "it begins before some is over in wave c")]
    assert staged("db-1 k", "w-3 k", "w-1 k") == [("b", "b", "it begins before some is over in wave c")]
    # A stage with nothing to do is over.
    assert staged("db-1 k", "w-3 k") == []
    assert staged("w-1 k", "w-3 k") == []


def test_a_stage_is_watched_as_long_as_the_policy_says_before_the_next_begins() -> None:
    short = "{} is watched for {} s before it begins, the policy says {} s"
    assert staged("db-1 k", "db-2 k", "w-1 k", soaks={"a": 0}) == []
    assert staged("db-1 k", "db-2 k", "w-1 k", soaks={"b": 3599}) == [("c", "b", short.format("hosts", 3599, 3600))]
    # Of several waves in a row the last is told.
    assert staged("db-1 k", "db-2 k", "w-1 k", soaks={"a": 0, "b": 3599}) == [
        ("c", "b", short.format("hosts", 3599, 3600))
    ]
    assert staged("db-1 k", "w-1 k", "w-3 k", soaks={"b": 60}) == []
    assert staged("db-1 k", "w-1 k", "w-3 k", soaks={"b": 59}) == [("c", "b", short.format("some", 59, 60))]
    # The last stage, and what is in no stage, is watched for nobody.
    assert staged("db-1 k", "w-1 k", soaks={"b": 0}) == []
    assert staged("db-1 k", "w-3 k", soaks={"b": 0}) == []


def test_every_last_wave_of_a_stage_is_watched_and_every_wave_of_the_next_waits() -> None:
    aside = {"c": ("a", "b"), "d": ("c",)}
    assert staged("db-1 k", "db-2 k", "w-1 k", "w-2 k", needs=aside) == []
    several = staged("db-1 k", "db-2 k", "w-1 k", needs=aside, soaks={"a": 10, "b": 20})
    assert [each[:2] for each in several] == [("c", "a"), ("c", "b")]
    late = {"b": ("a",), "c": ("a",), "d": ("c",)}
    several = staged("db-1 k", "w-1 k", "w-3 k", "w-2 k", needs=late, soaks={"a": 10, "c": 20})
    assert [each[:2] for each in several if "watched" in each[2]] == [("b", "a"), ("d", "a")]


def test_a_stage_without_a_soak_is_not_watched() -> None:
    order = Order(stages=(Stage("hosts", Scope(facts={"cluster": ("",)})), Stage("rest", ALL, 5)))
    assert staged("db-1 k", "w-1 k", order=order, soaks={"a": 0}) == []


def test_a_visit_whose_changes_are_of_two_stages_is_of_the_later() -> None:
    world = World()
    kernel_first = Stage("kernels", Scope(facts={"change": ("kernel",)}), 0)
    world.policy = replace(POLICY, order=Order(stages=(kernel_first, Stage("rest", ALL))))
    plan = rows(world, (K, CRI), "w-1 k", "w-2 k+cri, w-3 cri")
    assert ask(world, plan, "stages") == []
    plan = rows(world, (K, CRI), "w-1 k", "w-2 k+cri", "w-3 k")
    assert ask(world, plan, "stages") == [("stages", "b", "b")]
