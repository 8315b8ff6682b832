"""Trap 10 and what stays behind: data on a node, pods that are stuck, work under way, copies of a visit that failed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.running.looks import ALL, Play, change, plan, pod, step

from oakum.fleet.cluster import objects as k
from oakum.policy.entries import Drain

ID, STEP = "shop/w-1", "kernel@shop/w-1"
SCRATCH = k.Volume(name="scratch", empty_dir={})


@pytest.mark.parametrize("allowed", [False, True])
def test_patching_10_data_in_an_empty_dir_is_given_up_only_where_the_policy_says_so(allowed: bool) -> None:
    limits: dict[str, Any] = {"drain": Drain("given up", ALL, local_data="evict")} if allowed else {}
    play = Play(plan(step(), **limits))
    play.sight.pods = [pod("web-1", volumes=(SCRATCH,)), pod("web-2", "w-2")]
    play.turn(2)
    assert play.ever("claim") is allowed
    if not allowed:
        assert "emptyDir" in play.why()
        return
    play.claimed()
    play.turn(3)
    assert play.ever("evict")


def test_patching_10_a_machine_with_nothing_but_a_pod_that_must_stay_is_not_drained() -> None:
    play = Play(plan(step()))
    play.sight.pods = [pod("web-2", "w-2")]
    play.turn(2)
    play.claimed()
    play.sight.pods = [pod("web-1", volumes=(SCRATCH,)), pod("web-2", "w-2")]
    for _ in range(5):
        play.later(5)
        play.turn()
    assert play.state() == "draining"
    assert not play.ever("evict")
    assert not play.ever("apply")


def test_an_installation_that_is_under_way_is_not_begun_again() -> None:
    play = Play(plan(step()))
    play.drained()
    play.turn()
    play.works(ID, "apply", "running")
    for _ in range(10):
        play.later(60)
        play.turn()
    assert [each.do for each in play.acts()].count("apply") == 1
    assert play.state() == "applying"


@pytest.mark.parametrize("ending", ["undone", "failed", "skipped"])
def test_the_copy_of_a_visit_that_did_not_end_well_is_thrown_away_before_its_end(ending: str) -> None:
    play = Play(plan(step(changes=(change(reversibility="needs-snapshot"),), snapshot=True)))
    copy = f"run-1/{STEP}/snapshot/1"
    play.puts(STEP, "restoring", ending=ending, copy=copy)
    play.later(1)
    play.show(ID, copies=(copy,))
    play.turn()
    assert play.did() == ["discard"]
    assert play.acts()[-1].parameters == {"copy": copy}
    assert play.state() == "restoring"
    play.later(1)
    play.show(ID, copies=())
    play.turn()
    assert play.state() == ending
