"""Trap 1: a drain that is blocked is foreseen, waited for within bounds, and forced only where people have agreed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from tests.changes.running.looks import ALL, Play, budget, plan, pod, step

from oakum.changes.running.acts import Outcome
from oakum.changes.running.journal import Started
from oakum.changes.state.model import Webhook
from oakum.fleet.cluster import objects as k
from oakum.policy.entries import Drain, Escalation
from oakum.policy.entries import Step as Rung

ID, STEP = "shop/w-1", "kernel@shop/w-1"
FORCE = Escalation("force", ALL, (Rung("wait", 600), Rung("force-evict", roles=("owners",))))
STOP = Escalation("stop", ALL, (Rung("wait", 600), Rung("stop-and-report")))


def draining(**limits: Any) -> Play:
    """A machine that is being drained, with one pod of web on it."""
    play = Play(plan(step(), **limits))
    play.sight.pods = [pod("web-1"), pod("web-2", "w-2")]
    play.turn(2)
    play.claimed()
    play.turn(2)
    assert play.state() == "draining"
    return play


def test_patching_01_a_machine_whose_drain_would_be_blocked_is_not_cordoned() -> None:
    play = Play(plan(step()))
    play.sight.pods, play.sight.budgets = [pod("web-1")], [budget(0)]
    play.sight.replicas = 1
    play.turn(2)
    assert play.state() == "waiting"
    assert "blocked" in play.why()
    assert play.acts() == []


def test_patching_01_it_is_left_out_with_the_reason_when_the_ladder_is_at_its_end() -> None:
    play = Play(plan(step()))
    play.sight.pods, play.sight.budgets, play.sight.replicas = [pod("web-1")], [budget(0)], 1
    play.turn()
    play.later(599)
    play.turn()
    assert play.state() == "waiting"
    play.later(2)
    play.turn()
    assert play.state() == "skipped"
    assert "shop/web-1" in play.why()
    assert [each.facts["roles"] for each in play.noted("notify")] == ["owners"]
    assert play.acts() == []


def test_patching_01_a_budget_that_lets_it_go_later_only_delays_it() -> None:
    play = Play(plan(step()))
    play.sight.pods, play.sight.budgets, play.sight.replicas = [pod("web-1")], [budget(0)], 1
    play.turn()
    play.later(300)
    play.sight.budgets = [budget(1)]
    play.sight.replicas = 2
    play.turn()
    assert play.state() == "admitted"


def test_patching_01_a_refusal_is_not_now_and_is_asked_again_with_a_growing_pause() -> None:
    play = draining()
    play.answers["evict"] = Outcome(result="refused", code="not-now", why="budget web")
    asked: list[float] = []
    for second in range(120):
        play.turn()
        asked += [second] * play.did().count("evict")
        play.later(1)
    pauses = [after - before for before, after in pairwise(asked)]
    assert len(asked) >= 3
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]
    assert len({each.key for each in play.acts() if each.do == "evict"}) == len(asked)


def test_patching_01_throttling_says_when_to_come_back() -> None:
    play = draining()
    play.answers["evict"] = Outcome(result="refused", code="not-now", why="throttled", retry_after=50)
    play.turn()
    play.later(49)
    play.turn()
    assert play.did() == []
    play.later(2)
    play.turn()
    assert play.did() == ["evict"]


@pytest.mark.parametrize(("grace", "asked"), [(3600, True), (3601, False), (None, True)])
def test_patching_01_a_pod_that_came_with_a_longer_grace_than_the_policy_waits_is_not_asked_to_end(
    grace: int | None, asked: bool
) -> None:
    play = Play(plan(step()))
    play.turn(2)
    play.claimed()
    play.turn(2)
    play.sight.pods = [pod("web-1", grace=grace), pod("web-2", "w-2")]
    play.later(31)
    play.turn(2)
    assert play.state() == "draining"
    assert play.ever("evict") is asked
    assert asked or "it may take 1 h 1 s to end, and a drain waits at most 1 h for" in play.why()


def test_patching_01_a_drain_that_stays_blocked_is_given_up_and_its_machine_restored() -> None:
    play = draining()
    play.answers["evict"] = Outcome(result="refused", code="not-now", why="budget web")
    for _ in range(70):
        play.turn()
        play.later(10)
    assert play.state() == "restoring"
    assert play.ever("release")
    assert not play.ever("delete-pod")
    play.released()
    play.turn()
    assert play.state() == "skipped"
    assert "budget web" in play.why()


def test_patching_01_nothing_is_forced_without_an_approval_for_just_that_machine() -> None:
    play = draining(escalation=FORCE)
    play.answers["evict"] = Outcome(result="refused", code="not-now", why="budget web")
    play.sight.wishes |= {f"approve:{play.plan.hash}/kernel@shop/w-9/force-evict"}
    for _ in range(100):
        play.turn()
        play.later(10)
    assert play.state() == "draining"
    assert not play.ever("delete-pod")
    play.sight.wishes |= {f"approve:{play.plan.hash}/{STEP}/force-evict"}
    play.turn()
    assert [each.uid for each in play.acts() if each.do == "delete-pod"] == ["uid-web-1"]


def test_patching_01_an_approval_to_force_is_used_only_when_its_rung_is_due() -> None:
    play = draining(escalation=FORCE)
    play.sight.wishes |= {f"approve:{play.plan.hash}/{STEP}/force-evict"}
    play.answers["evict"] = Outcome(result="refused", code="not-now", why="budget web")
    for _ in range(55):
        play.turn()
        play.later(10)
    assert not play.ever("delete-pod")


def test_patching_01_a_ladder_may_stop_the_whole_run() -> None:
    play = draining(escalation=STOP)
    play.answers["evict"] = Outcome(result="refused", code="not-now", why="budget web")
    for _ in range(70):
        play.turn()
        play.later(10)
    assert play.noted("stopping")
    assert play.state() == "restoring"


def test_patching_01_a_drain_has_a_time_limit_whatever_the_ladder_says() -> None:
    ladder = Escalation("patient", ALL, (Rung("wait", 90_000), Rung("skip-and-report")))
    play = draining(escalation=ladder, drain=Drain("drain", ALL, timeout=900))
    play.answers["evict"] = Outcome(result="refused", code="not-now", why="budget web")
    for _ in range(95):
        play.turn()
        play.later(10)
    assert play.state() == "restoring"


@pytest.mark.parametrize("allowed", [True, False])
def test_patching_01_pods_that_nothing_makes_again_leave_only_where_the_policy_says_so(allowed: bool) -> None:
    drain = Drain("drain", ALL, unreplicated="evict" if allowed else "block")
    play = Play(plan(step(), drain=drain))
    play.sight.pods = [pod("naked", owners=())]
    play.turn(2)
    if not allowed:
        assert play.state() == "waiting"
        return
    play.claimed()
    play.turn(4)
    assert play.acts()[-1].do == "evict"


def test_patching_01_time_in_which_nobody_carried_out_the_run_does_not_count_against_a_drain() -> None:
    play = draining()
    play.answers["evict"] = Outcome(result="refused", code="not-now", why="budget web")
    play.turn(3)
    play.later(6 * 3600)
    play.journal.add(Started(at=play.sight.at, run="run-1", plan=play.plan.hash, executor="two"))
    play.turn(3)
    assert play.state() == "draining"
    for _ in range(70):
        play.later(10)
        play.turn()
    assert play.state() == "restoring"


def test_patching_01_only_pods_that_a_budget_keeps_are_ever_forced() -> None:
    play = draining(escalation=FORCE)
    play.answers["evict"] = Outcome(result="refused", code="not-now", why="budget web")
    play.sight.wishes |= {f"approve:{play.plan.hash}/{STEP}/force-evict"}
    scratch = k.Volume(name="scratch", empty_dir={})
    play.sight.pods = [pod("web-1"), pod("naked", owners=()), pod("local", volumes=(scratch,))]
    for _ in range(65):
        play.turn()
        play.later(10)
    assert {each.pod for each in play.acts() if each.do == "delete-pod"} == {"shop/web-1"}


def test_patching_01_the_last_backend_of_a_webhook_is_not_forced() -> None:
    play = draining(escalation=FORCE)
    play.sight.wishes |= {f"approve:{play.plan.hash}/{STEP}/force-evict"}
    play.sight.pods, play.sight.budgets, play.sight.replicas = [pod("web-1")], [budget(0)], 1
    play.sight.hooks = (Webhook(name="policy", pods=("shop/web-1",), fail_closed=True),)
    for _ in range(65):
        play.turn()
        play.later(10)
    assert not play.ever("delete-pod")
