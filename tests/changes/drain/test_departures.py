"""Evictions played forward, against a search through every order in small worlds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.changes.drain.makings import WEB, Json, budget, controller, owned, pod, surroundings

from oakum.changes.drain import Departures, Surroundings, departures

RS, BARE = owned(), None


def play(around: Surroundings, node: str = "n1") -> Departures:
    return departures(around.on(node), around.selected, around.budgets, around.scales)


def rounds(around: Surroundings) -> list[list[str]]:
    return [[one.metadata.name for one in each] for each in play(around).rounds]


def test_a_pod_that_nothing_replaces_goes_last_or_it_would_stop_the_others() -> None:
    web = {"labels": {"app": "web"}}
    objects = [pod("a", None, **web), pod("b", RS, **web), pod("c", RS, **web), controller(replicas=2)]
    around = surroundings([*objects, budget(allowed=1, healthy=3, desired=2, minAvailable=2)])
    assert rounds(around) == [["b"], ["c"], ["a"]]


def test_bare_pods_use_up_their_budget_for_good() -> None:
    objects = [pod(name, BARE, labels={"app": "web"}) for name in ("a", "b", "c")]
    around = surroundings([*objects, budget(allowed=2, healthy=3, desired=1, minAvailable=1)])
    assert rounds(around) == [["a", "b"]]
    (stuck,) = play(around).stuck
    assert (stuck.pod.metadata.name, stuck.for_ever) == ("c", True)


def test_a_pod_that_is_ending_counts_neither_before_nor_after() -> None:
    here = [
        pod("dying", RS, deleted=5, **WEB),
        pod("done", RS, phase="Failed", ready=False, **WEB),
        pod("p", RS, **WEB),
    ]
    around = surroundings([*here, controller(replicas=2), budget(healthy=1, desired=1, minAvailable=1)])
    played = play(around)
    assert [[one.metadata.name for one in each] for each in played.rounds] == [["done", "dying"]]
    assert [one.pod.metadata.name for one in played.stuck] == ["p"]
    more = [*here, pod("q", RS, **WEB), controller(replicas=2)]
    allowing = surroundings([*more, budget(allowed=1, healthy=2, desired=1, minAvailable=1)])
    assert rounds(allowing) == [["done", "dying", "p"], ["q"]]


def test_an_unready_pod_asks_before_a_ready_one_that_would_use_up_the_budget() -> None:
    """With none desired, an unready pod passes only while a disruption is allowed."""
    web = {"labels": {"app": "web"}}
    objects = [pod("a", BARE, **web), pod("b", BARE, ready=False, **web)]
    around = surroundings([*objects, budget(allowed=1, healthy=1, desired=0, minAvailable=0)])
    assert rounds(around) == [["b"], ["a"]]


def test_overlapping_budgets_that_share_no_pod_of_the_node_do_not_hold_each_other() -> None:
    both = pod("both", RS, labels={"app": "web", "tier": "x"}, node="n2")
    objects = [pod("a", RS, labels={"app": "web"}), pod("b", RS, labels={"tier": "x"}), both, controller()]
    tier = budget("tier", 1, 2, 1, selector={"matchLabels": {"tier": "x"}}, minAvailable=1)
    around = surroundings([*objects, budget("web", 1, 2, 1, minAvailable=1), tier])
    assert rounds(around) == [["a", "b"]]
    (stuck,) = play(around, "n2").stuck
    assert (stuck.answer.code, stuck.for_ever) == (500, True)


def test_a_budget_without_a_status_is_computed_first() -> None:
    objects = [*(pod(f"p{number}", RS, labels={"app": "web"}) for number in range(3)), controller()]
    manifest = {**budget(maxUnavailable=2), "status": {}}
    assert rounds(surroundings([*objects, manifest])) == [["p0", "p1"], ["p2"]]
    del manifest["metadata"]["generation"]
    assert rounds(surroundings([*objects, manifest])) == [["p0", "p1"], ["p2"]]
    changed = budget(allowed=3, generation=2, maxUnavailable=1)
    assert rounds(surroundings([*objects, changed])) == [["p0"], ["p1"], ["p2"]]


def test_stuck_pods_say_for_how_long() -> None:
    web = {"labels": {"app": "web"}}
    objects = [pod("p", RS, **web), pod("sick", RS, ready=False, node="n2", **web), controller(replicas=2)]
    (now,) = play(surroundings([*objects, budget(healthy=1, desired=1, maxUnavailable=1)])).stuck
    (ever,) = play(surroundings([*objects, budget(healthy=1, desired=2, maxUnavailable=0)])).stuck
    assert (now.for_ever, ever.for_ever) == (False, True)


def test_a_pod_under_no_budget_goes_at_once_even_if_nothing_replaces_it() -> None:
    objects = [pod("a", BARE), pod("b", RS, **WEB), pod("c", RS, **WEB), controller(replicas=2)]
    around = surroundings([*objects, budget(allowed=1, healthy=2, desired=1, minAvailable=1)])
    assert rounds(around) == [["a", "b"], ["c"]]


def test_a_pod_of_a_stateful_set_is_made_again_when_it_is_gone_and_no_sooner() -> None:
    """Unlike that of a ReplicaSet, which has been replaced while it ends."""
    owner = owned("StatefulSet", "db")
    objects = [pod("dying", owner, deleted=5, **WEB), pod("p", owner, **WEB), controller("StatefulSet", "db", 2)]
    assert rounds(surroundings([*objects, budget(healthy=1, desired=1, minAvailable=1)])) == [["dying"], ["p"]]


def test_what_has_left_and_come_back_elsewhere_still_counts_for_its_budget() -> None:
    one, two = owned(name="one"), owned(name="two")
    objects = [
        pod("a", one, ready=False, **WEB), pod("b", two, **WEB), pod("q", two, ready=False, node="n2", **WEB),
        controller(name="one", replicas=1), controller(name="two", replicas=2),
    ]  # fmt: skip
    around = surroundings([*objects, budget(healthy=1, desired=2, minAvailable=2, policy="AlwaysAllow")])
    assert rounds(around) == [["a"]]
    (stuck,) = play(around).stuck
    assert (stuck.pod.metadata.name, stuck.for_ever) == ("b", False), "it waits for q, and not for ever"


@st.composite
def worlds(draw: st.DrawFn) -> list[Json]:
    """Up to five pods of two applications on the node, more elsewhere, and up to three budgets with true statuses."""
    objects: list[Json] = []
    for number in range(draw(st.integers(1, 5))):
        labels = draw(st.sampled_from([{"app": "web"}, {"app": "db"}, {"app": "web", "also": "x"}, {}]))
        owner = draw(st.sampled_from([RS, BARE]))
        phase = draw(st.sampled_from(["Running", "Running", "Running", "Pending", "Succeeded"]))
        more: dict[str, Any] = {"deleted": 5} if draw(st.integers(0, 9)) == 0 else {}
        objects.append(pod(f"p{number}", owner, labels=labels, phase=phase, ready=draw(st.booleans()), **more))
    for number in range(draw(st.integers(0, 3))):
        labels = draw(st.sampled_from([{"app": "web"}, {"app": "db"}]))
        objects.append(pod(f"q{number}", RS, labels=labels, node="n2", ready=draw(st.booleans())))
    objects.append(controller(replicas=sum(each["metadata"].get("ownerReferences") is not None for each in objects)))
    for number in range(draw(st.integers(0, 3))):
        labels = draw(st.sampled_from([{"app": "web"}, {"app": "db"}, {"also": "x"}]))
        members = [each for each in objects if labels.items() <= each["metadata"].get("labels", {}).items()]
        healthy = sum(_healthy(each) for each in members)
        desired = draw(st.integers(0, 4))
        policy = draw(st.sampled_from([None, "AlwaysAllow"]))
        allowed = max(0, healthy - desired) if members else 0
        objects.append(
            budget(f"b{number}", allowed, healthy, desired, expected=len(members), policy=policy,
                   selector={"matchLabels": labels}, minAvailable=desired)
        )  # fmt: skip
    return objects


def _healthy(one: Json) -> bool:
    ready = any(each["status"] == "True" for each in one["status"]["conditions"])
    return ready and "deletionTimestamp" not in one["metadata"]


def most_that_leave(objects: Sequence[Json]) -> set[str]:
    """Every order of single evictions, each followed at once by the replacement, or by nothing for a bare pod.

    Written from the documentation alone, on plain values: a budget is its healthy pods and those that must stay.
    """
    pods = [each for each in objects if each["kind"] == "Pod" and each["spec"]["nodeName"] == "n1"]
    budgets = [each for each in objects if each["kind"] == "PodDisruptionBudget"]
    best: set[str] = set()
    for order in itertools.permutations(range(len(pods))):
        healthy = [each["status"]["currentHealthy"] for each in budgets]
        gone: set[str] = set()
        moved = True
        while moved:
            moved = False
            for number in order:
                one = pods[number]
                meta, ready = one["metadata"], _healthy(one)
                if meta["name"] in gone:
                    continue
                labels = meta.get("labels", {})
                over = [
                    at
                    for at, each in enumerate(budgets)
                    if each["spec"]["selector"]["matchLabels"].items() <= labels.items()
                ]
                free = one["status"]["phase"] != "Running" or "deletionTimestamp" in meta
                if not free and len(over) > 1:
                    continue
                if not free and over:
                    must, have = budgets[over[0]]["status"]["desiredHealthy"], healthy[over[0]]
                    always = budgets[over[0]]["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow"
                    sick = any(each["status"] == "False" for each in one["status"]["conditions"])
                    if not (sick and (always or have >= must > 0)) and have - must <= 0:
                        continue
                gone.add(meta["name"])
                moved = True
                # A ReplicaSet has replaced a pod that is ending, or has ended, before it is gone.
                over_already = one["status"]["phase"] == "Succeeded" or "deletionTimestamp" in meta
                change = (1 if meta.get("ownerReferences") and not over_already else 0) - (1 if ready else 0)
                for at in over:
                    healthy[at] += change
        if len(gone) > len(best):
            best = gone
    return best


@given(worlds())
def test_no_order_frees_more_pods(objects: list[Json]) -> None:
    around = surroundings(objects)
    played = play(around)
    left = {one.metadata.name for each in played.rounds for one in each}
    assert len(left) == len(most_that_leave(objects))
    stuck = {one.pod.metadata.name for one in played.stuck}
    assert left | stuck == {one.metadata.name for one in around.on("n1")}
    assert not left & stuck
