"""A drain in tables: what is evicted, waited for, forced or given up, by what is left on the machine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.changes.running.looks import ALL, DONE, NOW, Play, budget, open_for, plan, pod, step

from oakum.changes.running.acts import Outcome
from oakum.changes.running.judging import Left, Stuck
from oakum.changes.running.observed import Claim, Etcd
from oakum.changes.state.model import Webhook
from oakum.fleet.cluster import objects as k
from oakum.policy.entries import Drain, Escalation
from oakum.policy.entries import Step as Rung

ID, STEP = "shop/w-1", "kernel@shop/w-1"
FORCE = Escalation("force", ALL, (Rung("wait", 600), Rung("force-evict", roles=("owners",))))
PATIENT = Escalation("patient", ALL, (Rung("notify", roles=("a", "b")), Rung("wait", 90_000)))
NOT_NOW = Outcome(result="refused", code="not-now", why="budget web")
UNKNOWN = Outcome(result="unknown")
BARE = "it has no controller, so that it would not come back"


def draining(*pods: k.Pod, **limits: Any) -> Play:
    """A machine that is ours and being drained since now, with these pods on it."""
    facts = {name: limits.pop(name) for name in ("blocked", "begun") if name in limits}
    play = Play(plan(step(), **limits))
    play.meant("claim")
    play.puts(STEP, "draining", **({"begun": NOW.isoformat(), "blocked": ""} | facts))
    play.claimed()
    play.sight.pods = [*pods, pod("elsewhere", "w-2")]
    return play


def going(name: str = "going") -> k.Pod:
    """A pod that is being deleted, with all the time in the world."""
    return pod(name, deleted=NOW.isoformat().replace("+00:00", "Z"), grace=90_000)


def bare(name: str = "naked") -> k.Pod:
    """A pod that nothing makes again."""
    return pod(name, owners=())


def stuck_by(play: Play) -> str:
    """What keeps the bare pod, in the words of a drain."""
    return next(line for line in play.said() if "shop/naked" in line).partition("shop/naked: ")[2].partition(" (")[0]


# Before anything is evicted


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"claim": None}, "somebody has taken our record away from it"),
        ({"claim": Claim(run="run-2", step=STEP, token=1, cordoned=False)}, "run-2 has taken it over"),
        ({"cordoned": False}, "somebody has uncordoned it while it was drained"),
    ],
)
def test_a_machine_that_is_no_longer_ours_is_given_back(seen: dict[str, Any], said: str) -> None:
    play = draining(pod("web-1"))
    play.show(ID, **seen)
    play.turn()
    assert play.said() == [f"restoring: {said} (ending=skipped, uncordoned=true)"]


def test_a_drain_ends_when_the_run_stops() -> None:
    play = draining(pod("web-1"))
    play.stops()
    play.turn()
    assert play.said() == ["restoring: the run stops before its change (ending=waiting)"]


@pytest.mark.parametrize(("minutes", "goes_on"), [(20, True), (19, False)])
def test_a_drain_is_given_back_when_the_way_there_and_back_does_not_fit_any_more(minutes: int, goes_on: bool) -> None:
    play = Play(plan(step()), open_for((0, minutes)))
    play.meant("claim")
    play.puts(STEP, "draining", begun=NOW.isoformat())
    play.claimed()
    play.turn()
    late = "the drain has taken so long that the rest does not fit: always: never open for as long as it takes"
    assert play.said() == ["applying: " if goes_on else f"restoring: {late} (ending=waiting)"]


@pytest.mark.parametrize(
    ("claimed", "entered", "read", "drained"),
    [(60, 120, 60, True), (60, 120, 90, True), (60, 120, 59, False), (None, 120, 120, True), (None, 120, 119, False)],
)
def test_a_machine_is_drained_by_a_list_of_pods_from_after_its_claim(
    claimed: int | None, entered: int, read: int, drained: bool
) -> None:
    play = Play(plan(step()))
    if claimed is not None:
        play.later(claimed)
        play.meant("claim")
    play.later(entered - (play.sight.at - NOW).total_seconds())
    play.puts(STEP, "draining", begun=play.sight.at.isoformat())
    play.claimed()
    play.sight.read_at = NOW + timedelta(seconds=read)
    play.later(60)
    play.turn()
    stale = "2.5 s: the pods were listed before the machine was taken"
    assert play.said() == ["applying: " if drained else stale]


@pytest.mark.parametrize(("healthy", "drained"), [(True, True), (False, False)])
def test_a_drained_member_of_etcd_waits_for_the_others(healthy: bool, drained: bool) -> None:
    play = draining(serial=True)
    play.sight.members = Etcd(voters={ID: True, "shop/cp-2": True, "shop/cp-3": healthy})
    play.turn()
    assert (play.state() == "applying") is drained
    assert drained or "other member of etcd is healthy" in play.said()[0]


def test_no_more_than_so_many_drains_are_judged_in_one_turn_and_the_others_at_once_after_it() -> None:
    steps = [step(f"w-{number}") for number in range(30)]
    play = Play(plan(*steps, max_unavailable=99))
    for each in steps:
        play.meant("claim", step=each.id)
        play.puts(each.id, "draining", begun=NOW.isoformat())
        play.claimed(each.subject.id, each.id)
    play.turn()
    assert [play.state(each.id) for each in steps] == ["applying"] * 24 + ["draining"] * 6
    assert play.said(steps[-1].id) == ["0 s: its pods are looked at next"]
    play.turn()
    assert {play.state(each.id) for each in steps} == {"applying"}


# What is left


def test_what_a_drain_waits_for_in_words() -> None:
    for pods, attached, said in (
        ((pod("web-1"),), (), "1 pod is still there"),
        ((pod("web-1"), pod("web-2")), ("pv-1",), "2 pods are still there"),
        ((going(),), ("pv-1",), "1 pod is still there"),
        ((going(), pod("web-1")), (), "2 pods are still there"),
        ((going(), bare()), (), "2 pods are still there"),
        ((), ("pv-1", "pv-2"), "the volume pv-1 is still attached"),
    ):
        play = draining(*pods)
        play.show(ID, attached=attached)
        play.turn()
        assert play.said()[-1] == f"1 s: {said}", said


def test_a_drain_of_which_the_pods_could_not_be_listed_waits() -> None:
    play = draining(pod("web-1"))
    play.sight.listed = frozenset({"Node"})
    play.turn()
    assert play.said() == ["1 s: the pods of the cluster could not be listed"]


def test_of_several_backends_of_a_webhook_one_is_evicted_and_pods_of_other_kinds_with_it() -> None:
    play = draining(pod("web-1"), pod("web-2"), pod("web-3"))
    play.sight.hooks = (Webhook(name="policy", pods=("shop/web-1", "shop/web-2"), fail_closed=True),)
    play.turn()
    assert [each.pod for each in play.acts() if each.do == "evict"] == ["shop/web-1", "shop/web-3"]


@pytest.mark.parametrize(
    ("outcome", "again", "blocked"),
    [
        # Not asked yet, or nobody knows: that may still move.
        ("", True, False),
        (None, True, False),
        (UNKNOWN, True, False),
        # It was asked, and is still there: nothing moves.
        (DONE, True, True),
        (NOT_NOW, True, True),
    ],
)
def test_a_drain_is_blocked_when_everything_was_asked_to_leave_and_something_is_stuck(
    outcome: Any, again: bool, blocked: bool
) -> None:
    play = draining(pod("web-1"), bare())
    if outcome != "":
        play.meant("evict", 1, outcome, uid="uid-web-1", pod="shop/web-1")
    play.later(60)
    play.turn()
    assert ("evict" in play.did()) is again
    assert any(line.startswith("draining: shop/naked") for line in play.said()) is blocked
    assert blocked or play.said()[-1].endswith("2 pods are still there")


def test_a_drain_is_not_blocked_while_other_pods_are_leaving() -> None:
    play = draining(going(), bare())
    play.turn()
    assert play.said() == ["1 s: 2 pods are still there"]


def test_a_refusal_without_a_reason_is_told_by_its_code() -> None:
    play = draining(pod("web-1"))
    play.meant("evict", 1, Outcome(result="refused", code="never"), uid="uid-web-1", pod="shop/web-1")
    play.turn()
    assert f"draining: shop/web-1: never (blocked={NOW.isoformat()})" in play.said()


def test_a_drain_that_moves_again_starts_its_ladder_anew() -> None:
    play = draining(going(), blocked=NOW.isoformat())
    play.turn()
    assert play.said() == ["draining:  (blocked=)"]
    play = draining(going(), bare(), blocked=NOW.isoformat())
    play.turn()
    assert play.said() == ["1 s: 2 pods are still there"]


@pytest.mark.parametrize(("after", "given_up"), [(3600, False), (3601, True)])
def test_a_drain_that_does_not_end_is_given_up(after: float, given_up: bool) -> None:
    play = draining(going())
    play.later(after)
    play.turn()
    late = "restoring: not drained within 3600 seconds (ending=skipped)"
    assert play.said() == [late if given_up else "15 s: 1 pod is still there"]


# The ladder


@pytest.mark.parametrize(("after", "given_up"), [(3600, False), (3601, True)])
def test_a_blocked_drain_is_given_up_at_its_limit_however_patient_the_ladder_is(after: float, given_up: bool) -> None:
    play = draining(bare(), escalation=PATIENT, blocked=NOW.isoformat())
    play.later(after)
    play.turn()
    told, said = play.said()
    assert told.startswith("noted notify: shop/naked: ")
    assert told.endswith(" (roles=a, b, rung=0)")
    why = told.removeprefix("noted notify: ").removesuffix(" (roles=a, b, rung=0)")
    assert said == (f"restoring: blocked: {why} (ending=skipped)" if given_up else f"15 s: blocked: {why}")


def test_the_roles_of_a_rung_are_told_once() -> None:
    play = draining(bare(), escalation=PATIENT, blocked=NOW.isoformat())
    for _ in range(5):
        play.later(60)
        play.turn()
    assert len(play.noted("notify")) == 1


def forced(*pods: k.Pod, **limits: Any) -> Play:
    """A drain that has been blocked by a budget for ten minutes, and may be forced."""
    play = draining(*pods, escalation=FORCE, blocked=NOW.isoformat(), **limits)
    play.sight.wishes |= {f"approve:{play.plan.hash}/{STEP}/force-evict"}
    play.sight.budgets, play.sight.replicas = [budget(0)], 1
    play.later(600)
    return play


def deleted(play: Play) -> list[str]:
    """The pods that were deleted past their budgets."""
    play.turn()
    return [each.pod for each in play.acts() if each.do == "delete-pod"]


def test_pods_are_deleted_past_their_budget_until_the_last_backend_of_a_webhook() -> None:
    play = forced(pod("web-1"), pod("web-2"))
    assert deleted(play) == ["shop/web-1", "shop/web-2"]
    assert play.said()[-1].startswith("15 s: forced: shop/web-1: ")
    play = forced(pod("web-1"), pod("web-2"))
    play.sight.hooks = (Webhook(name="policy", pods=("shop/web-1", "shop/web-2"), fail_closed=True),)
    assert deleted(play) == ["shop/web-1"]


def test_what_keeps_a_pod_beside_its_budget_is_not_forced() -> None:
    play = forced(pod("web-1"), bare())
    assert deleted(play) == ["shop/web-1"]


def test_the_approval_to_force_is_waited_for_in_words_that_name_the_pods() -> None:
    play = forced(pod("web-1"))
    play.sight.wishes = frozenset({f"approve:{play.plan.hash}"})
    assert deleted(play) == []
    (said,) = play.said()
    assert said.startswith("30 s, held: waits for somebody to approve that its pods are deleted past their budgets: ")
    assert "shop/web-1: " in said


def test_nothing_is_forced_once_a_drain_may_not_take_any_longer() -> None:
    play = forced(pod("web-1"), drain=Drain("drain", ALL, timeout=599))
    assert deleted(play) == []
    assert play.state() == "restoring"


# Judgements


def test_what_is_left_is_nothing_only_when_all_of_it_is() -> None:
    assert Left().nothing
    one = pod("web-1")
    for given in (
        {"evict": (one,)}, {"leaving": (one,)}, {"stuck": (Stuck(one, "why"),)}, {"volumes": ("pv-1",)},
        {"unknown": "why"}, {"later": True},
    ):  # fmt: skip
        assert not Left(**given).nothing, given


@pytest.mark.parametrize(
    ("several", "said"),
    [
        (0, ""),
        (1, "shop/p-1: held"),
        (3, "shop/p-1: held; shop/p-2: held; shop/p-3: held"),
        (4, "shop/p-1: held; shop/p-2: held; shop/p-3: held and 1 more"),
        (9, "shop/p-1: held; shop/p-2: held; shop/p-3: held and 6 more"),
    ],
)
def test_three_pods_that_are_stuck_are_named_and_the_others_are_counted(several: int, said: str) -> None:
    assert Left(stuck=tuple(Stuck(pod(f"p-{number + 1}"), "held") for number in range(several))).why == said
