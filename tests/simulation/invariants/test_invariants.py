"""Every invariant is broken on purpose, by hand, and seen; and what comes close to it and is allowed is not."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from tests.simulation.invariants.courts import POLICY, Courtroom

from oakum.changes.plans.model import Change
from oakum.changes.running.journal import Noted
from oakum.simulation.invariants import INVARIANTS

Case = tuple[str, str, Callable[[], Courtroom]]
BREAKS: list[Case] = []
ALLOWED: list[Case] = []
ONE_WEB = "[{name: web, replicas: 1, on: [w-1]}]"
GUARD = "[{name: web, for: web, min_available: 1}]"
SCRATCH = "[{name: web, replicas: 1, local: emptyDir, on: [w-1]}]"
TWO = "{windows: [{name: always, always: yes}], budgets: [{name: two, max_unavailable: 2, max_domains: 1}]}"
NIGHT = "{windows: [{name: night, time_zone: UTC, dtstart: 2026-01-05T23:00, duration: 2h, rrule: FREQ=DAILY}]}"
QUIET = "{windows: [{name: always, always: yes}], gates: [{name: g, quiet_alarms: [Burn]}]}"


def breaks(name: str) -> Callable[[Callable[[], Courtroom]], Callable[[], Courtroom]]:
    """A court in which the invariant of a name is broken."""

    def take(case: Callable[[], Courtroom]) -> Callable[[], Courtroom]:
        BREAKS.append((name, case.__name__, case))
        return case

    return take


def allowed(name: str) -> Callable[[Callable[[], Courtroom]], Callable[[], Courtroom]]:
    """A court that comes close to breaking it."""

    def take(case: Callable[[], Courtroom]) -> Callable[[], Courtroom]:
        ALLOWED.append((name, case.__name__, case))
        return case

    return take


# Disruption budgets


@breaks("disruption-budget")
def reboot_with_the_last_pod() -> Courtroom:
    court = Courtroom(workloads=ONE_WEB, budgets=GUARD)
    court.do("claim", "c/w-1")
    court.do("reboot", "c/w-1")
    return court


@breaks("disruption-budget")
def delete_past_the_budget() -> Courtroom:
    court = Courtroom(workloads=ONE_WEB, budgets=GUARD)
    court.do("claim", "c/w-1")
    court.do("delete-pod", "c/w-1", pod="default/web-1")
    return court


@allowed("disruption-budget")
def delete_with_an_approval_of_its_own() -> Courtroom:
    court = Courtroom(workloads=ONE_WEB, budgets=GUARD)
    court.world.wishes.add(f"approve:{court.plan.hash}/kernel@c/w-1/force-evict")
    court.do("claim", "c/w-1")
    court.do("delete-pod", "c/w-1", pod="default/web-1")
    return court


@allowed("disruption-budget")
def drain_that_the_budget_grants() -> Courtroom:
    court = Courtroom(budgets=GUARD)
    court.visit("c/w-1")
    return court


@allowed("disruption-budget")
def somebody_elses_restart() -> Courtroom:
    court = Courtroom(workloads=ONE_WEB, budgets=GUARD)
    court.world.event("restart", "c/w-1", by="human")
    return court


# Quorum


@breaks("quorum")
def second_member_down_by_us() -> Courtroom:
    court = Courtroom()
    court.world.event("crash", "c/cp-2")
    court.pass_time(120)
    court.do("claim", "c/cp-1")
    court.do("reboot", "c/cp-1")
    return court


@allowed("quorum")
def one_member_of_three() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/cp-1")
    court.do("reboot", "c/cp-1")
    return court


@allowed("quorum")
def another_member_fails_while_ours_is_down() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/cp-1")
    court.do("reboot", "c/cp-1")
    court.pass_time(10)
    court.world.event("crash", "c/cp-2")
    return court


@allowed("quorum")
def another_member_fails_while_ours_is_installed() -> Courtroom:
    court = Courtroom()
    change = Change(
        intent="i", kind="etcd", component="etcd", before="3.5.15", after="3.5.17", reversibility="reversible"
    )
    court.do("claim", "c/cp-1")
    court.do("apply", "c/cp-1", changes=(change,))
    court.pass_time(1)
    court.world.event("etcd-down", "c", "cp-2")
    court.pass_time(60)
    return court


@allowed("quorum")
def our_own_member_fails_while_another_is_down() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/cp-1")
    court.world.event("etcd-down", "c", "cp-2")
    court.pass_time(60)
    court.world.event("etcd-down", "c", "cp-1")
    return court


@breaks("quorum")
def a_member_is_installed_while_another_is_down() -> Courtroom:
    court = Courtroom()
    change = Change(
        intent="i", kind="etcd", component="etcd", before="3.5.15", after="3.5.17", reversibility="reversible"
    )
    court.world.event("etcd-down", "c", "cp-2")
    court.pass_time(60)
    court.do("claim", "c/cp-1")
    court.do("apply", "c/cp-1", changes=(change,))
    court.pass_time(60)
    return court


# Version skew


def _change(court: Courtroom, on: str, component: str, after: str) -> None:
    machine = court.machine(on)
    change = Change(
        intent="i", kind="kubelet", component=component, before=machine.software[component].running, after=after,
        reversibility="reversible",
    )  # fmt: skip
    court.do("claim", on)
    court.do("apply", on, changes=(change,))
    court.pass_time(120)


@breaks("version-skew")
def kubelet_before_its_api_servers() -> Courtroom:
    court = Courtroom()
    _change(court, "c/w-1", "kubelet", "1.32.1")
    return court


@breaks("version-skew")
def control_plane_back_below_its_kubelets() -> Courtroom:
    court = Courtroom()
    _change(court, "c/cp-1", "kube-apiserver", "1.30.2")
    return court


@breaks("version-skew")
def api_server_skips_a_minor() -> Courtroom:
    court = Courtroom()
    _change(court, "c/cp-1", "kube-apiserver", "1.33.0")
    return court


@allowed("version-skew")
def api_server_one_minor_ahead() -> Courtroom:
    court = Courtroom()
    _change(court, "c/cp-1", "kube-apiserver", "1.32.1")
    return court


@allowed("version-skew")
def kubelet_that_another_agent_upgrades() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/w-1")
    court.do("apply", "c/w-1")
    court.world.event("foreign-upgrade", "c/w-1", "kubelet")
    assert court.machine("c/w-1").software["kubelet"].running == "1.32.1"
    return court


@allowed("version-skew")
def kubelet_of_another_patch() -> Courtroom:
    court = Courtroom()
    _change(court, "c/w-1", "kubelet", "1.31.9")
    return court


# Budgets of nodes and domains


@breaks("node-budget")
def two_at_once() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/w-1")
    court.do("claim", "c/w-3")
    return court


@breaks("node-budget")
def beside_one_that_is_down() -> Courtroom:
    court = Courtroom()
    court.world.event("crash", "c/w-3")
    court.pass_time(300)
    court.do("claim", "c/w-1")
    return court


@breaks("node-budget")
def beside_a_human_cordon() -> Courtroom:
    court = Courtroom()
    court.world.event("cordon", "c/w-3")
    court.pass_time(300)
    court.do("claim", "c/w-1")
    return court


@allowed("node-budget")
def beside_one_that_nobody_could_see_fail() -> Courtroom:
    court = Courtroom()
    court.world.event("crash", "c/w-3")
    court.pass_time(5)
    court.do("claim", "c/w-1")
    return court


@allowed("node-budget")
def two_where_two_may() -> Courtroom:
    court = Courtroom(policy=TWO)
    court.do("claim", "c/w-1")
    court.do("claim", "c/w-3")
    return court


@allowed("node-budget")
def a_worker_beside_a_control_plane() -> Courtroom:
    court = Courtroom(policy=TWO.replace("max_domains: 1", "max_domains: 3"))
    court.do("claim", "c/cp-1")
    court.do("claim", "c/w-1")
    court.do("claim", "c/w-2")
    return court


@breaks("domain-budget")
def two_domains_at_once() -> Courtroom:
    court = Courtroom(policy=TWO)
    court.do("claim", "c/w-1")
    court.do("claim", "c/w-2")
    return court


@allowed("domain-budget")
def two_nodes_of_one_domain() -> Courtroom:
    court = Courtroom(policy=TWO)
    court.do("claim", "c/w-1")
    court.do("claim", "c/w-3")
    return court


# Cordons


@breaks("foreign-cordon-lifted")
def release_that_lifts_a_human_cordon() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/w-1")
    machine = court.machine("c/w-1")
    # Somebody takes our cordon over, and our record does not know it.
    machine.cordoner = "human"
    court.world.hosts.touch(machine)
    court.world.acting.world.hosts.touch(machine)
    claim = machine.claim
    assert claim is not None
    machine.claim = msgspec.structs.replace(claim, cordoned=False)
    court.do("release", "c/w-1")
    return court


@allowed("foreign-cordon-lifted")
def release_that_restores_a_human_cordon() -> Courtroom:
    court = Courtroom()
    court.world.event("cordon", "h-1")
    court.do("claim", "h-1", cordon="false")
    court.do("release", "h-1")
    assert court.machine("h-1").unschedulable
    return court


@allowed("foreign-cordon-lifted")
def somebody_lifts_his_own() -> Courtroom:
    court = Courtroom()
    court.world.event("cordon", "c/w-1")
    court.world.event("uncordon", "c/w-1")
    return court


@breaks("left-behind")
def end_with_a_cordon() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/w-1")
    court.judge.finish("stopped")
    return court


@breaks("left-behind")
def end_with_a_silence() -> Courtroom:
    court = Courtroom()
    court.do("silence", "c/w-1")
    court.judge.finish("done")
    return court


@breaks("left-behind")
def end_with_a_snapshot() -> Courtroom:
    court = Courtroom()
    court.do("snapshot", "c/w-1")
    court.pass_time(120)
    court.judge.finish("done")
    return court


def end_beside_a_host_that_is_away(*, back: float) -> Courtroom:
    """A host with our record is away and comes back so long after the end of the run."""
    court = Courtroom()
    court.do("claim", "h-1")
    court.world.event("unreachable", "h-1", lasts=100.0)
    court.pass_time(100.0 - back)
    end = Noted(at=court.world.timeline.wall(), what="stopped", why="it does not answer")
    court.judge.wrote(end, court.executor)
    court.pass_time(120)
    court.judge.finish("stopped")
    return court


@breaks("left-behind")
def end_after_a_host_has_come_back() -> Courtroom:
    return end_beside_a_host_that_is_away(back=-1.0)


@allowed("left-behind")
def end_before_a_host_comes_back() -> Courtroom:
    return end_beside_a_host_that_is_away(back=1.0)


@allowed("left-behind")
def held_with_a_cordon() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/w-1")
    court.judge.finish("held")
    return court


@allowed("left-behind")
def end_after_a_visit() -> Courtroom:
    court = Courtroom()
    court.do("silence", "c/w-1")
    court.visit("c/w-1")
    court.do("unsilence", "c/w-1")
    court.judge.finish("done")
    return court


# Writers


@breaks("two-writers")
def a_late_executor_acts() -> Courtroom:
    court = Courtroom()
    court.token = 2
    court.do("claim", "c/w-1")
    # The world itself would refuse: the judge has to see it where the world does not.
    machine = court.machine("c/w-1")
    machine.token, court.token, court.executor = 0, 1, "e0"
    court.do("apply", "c/w-1")
    return court


@breaks("two-writers")
def two_with_one_token() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/w-1")
    court.executor = "e2"
    court.do("apply", "c/w-1")
    return court


@allowed("two-writers")
def a_takeover_with_a_newer_token() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/w-1")
    court.executor, court.token = "e2", 2
    court.do("apply", "c/w-1")
    court.executor, court.token = "e1", 1
    assert court.do("reboot", "c/w-1").code == "fenced"
    return court


# Permission


@breaks("outside-window")
def claim_before_the_window() -> Courtroom:
    court = Courtroom(policy=NIGHT)
    court.do("claim", "c/w-1")
    return court


@breaks("outside-window")
def go_on_long_after_the_window() -> Courtroom:
    court = Courtroom(policy=NIGHT)
    court.pass_time(2 * 3600)
    court.do("claim", "c/w-1")
    court.pass_time(3 * 3600)
    court.do("apply", "c/w-1")
    return court


@breaks("outside-window")
def claim_in_a_freeze() -> Courtroom:
    freeze = "freezes: [{name: f, time_zone: UTC, dtstart: 2026-03-02T20:00, duration: 6h, reason: sale}]"
    court = Courtroom(policy=POLICY.replace("}]}", "}], " + freeze + "}"))
    court.do("claim", "c/w-1")
    return court


@allowed("outside-window")
def finish_what_is_in_hand() -> Courtroom:
    court = Courtroom(policy=NIGHT)
    court.pass_time(2 * 3600)
    court.do("claim", "c/w-1")
    court.pass_time(3600 + 300)
    court.do("apply", "c/w-1")
    court.pass_time(7200)
    court.do("release", "c/w-1")
    return court


@allowed("outside-window")
def act_by_the_clock_of_a_moment_ago() -> Courtroom:
    court = Courtroom(policy=NIGHT)
    court.pass_time(3600)
    court.do("silence", "c/w-1")
    court.world.event("clock-jump", what="-1800")
    court.do("claim", "c/w-1")
    return court


@breaks("outside-window")
def act_long_after_the_clock_was_set_back() -> Courtroom:
    court = Courtroom(policy=NIGHT)
    court.pass_time(3600)
    court.do("silence", "c/w-1")
    court.world.event("clock-jump", what="-1800")
    court.do("unsilence", "c/w-1")
    court.pass_time(60)
    court.do("claim", "c/w-1")
    return court


@breaks("under-alarm")
def claim_under_an_alarm() -> Courtroom:
    court = Courtroom(policy=QUIET)
    court.world.event("alarm", what="Burn")
    court.pass_time(120)
    court.do("claim", "c/w-1")
    return court


@allowed("under-alarm")
def claim_under_another_alarm() -> Courtroom:
    court = Courtroom(policy=QUIET)
    court.world.event("alarm", what="DiskFull")
    court.pass_time(120)
    court.do("claim", "c/w-1")
    return court


@allowed("under-alarm")
def finish_under_an_alarm() -> Courtroom:
    court = Courtroom(policy=QUIET)
    court.do("claim", "c/w-1")
    court.world.event("alarm", what="Burn")
    court.pass_time(120)
    court.do("apply", "c/w-1")
    return court


@breaks("without-approval")
def act_before_anybody_agreed() -> Courtroom:
    court = Courtroom(approved=False)
    court.do("claim", "c/w-1")
    return court


@breaks("without-approval")
def act_under_another_hash() -> Courtroom:
    court = Courtroom()
    court.world.wishes.add("approve:sha256:other")
    court.do("claim", "c/w-1", plan="sha256:other")
    return court


@allowed("without-approval")
def act_that_is_refused() -> Courtroom:
    court = Courtroom(approved=False)
    court.do("claim", "c/w-1", uid="node-of-yesterday")
    return court


def _final(court: Courtroom, on: str) -> None:
    change = Change(
        intent="i", kind="etcd", component="etcd", before="3.5.15", after="3.6.0", reversibility="forward-only"
    )
    court.do("claim", on)
    court.do("apply", on, changes=(change,))


@breaks("forward-only")
def etcd_to_another_minor() -> Courtroom:
    court = Courtroom()
    _final(court, "c/cp-1")
    return court


@allowed("forward-only")
def etcd_to_another_minor_agreed() -> Courtroom:
    court = Courtroom()
    court.world.wishes.add(f"approve:{court.plan.hash}/kernel@c/cp-1")
    _final(court, "c/cp-1")
    return court


@allowed("forward-only")
def etcd_to_another_minor_with_a_copy() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/cp-1")
    court.do("snapshot", "c/cp-1")
    court.pass_time(90)
    _final(court, "c/cp-1")
    return court


@allowed("forward-only")
def kernel_whose_old_one_is_kept() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/w-1")
    court.do("apply", "c/w-1")
    return court


# Data, webhooks


@breaks("local-data")
def evict_a_pod_with_data() -> Courtroom:
    court = Courtroom(workloads=SCRATCH)
    court.do("claim", "c/w-1")
    court.drain("c/w-1")
    return court


@breaks("local-data")
def delete_a_node_with_data() -> Courtroom:
    court = Courtroom(workloads=SCRATCH)
    court.do("claim", "c/w-1")
    court.do("delete-node", "c/w-1")
    return court


@allowed("local-data")
def evict_scratch() -> Courtroom:
    policy = POLICY.replace("}]}", "}], drain: [{name: d, local_data: evict}]}")
    court = Courtroom(workloads=SCRATCH, policy=policy)
    court.do("claim", "c/w-1")
    court.drain("c/w-1")
    return court


@allowed("local-data")
def reboot_beside_data() -> Courtroom:
    court = Courtroom(workloads=SCRATCH)
    court.do("claim", "c/w-1")
    court.do("reboot", "c/w-1")
    return court


@breaks("last-webhook-backend")
def drain_the_last_backend() -> Courtroom:
    court = Courtroom(workloads=ONE_WEB, webhooks="[{name: hook, backend: Deployment/default/web}]")
    court.do("claim", "c/w-1")
    court.drain("c/w-1")
    return court


@allowed("last-webhook-backend")
def drain_one_backend_of_two() -> Courtroom:
    two = "[{name: web, replicas: 2, on: [w-1, w-2]}]"
    court = Courtroom(workloads=two, webhooks="[{name: hook, backend: Deployment/default/web}]")
    court.do("claim", "c/w-1")
    court.drain("c/w-1")
    return court


@allowed("last-webhook-backend")
def drain_a_backend_that_fails_open() -> Courtroom:
    hook = "[{name: hook, backend: Deployment/default/web, fail_closed: false}]"
    court = Courtroom(workloads=ONE_WEB, webhooks=hook)
    court.do("claim", "c/w-1")
    court.drain("c/w-1")
    return court


# Success


@breaks("success-without-effect")
def done_without_a_reboot() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/w-1")
    court.do("apply", "c/w-1")
    court.pass_time(120)
    court.say("c/w-1", "done")
    return court


@breaks("success-without-effect")
def done_with_the_old_kernel() -> Courtroom:
    court = Courtroom()
    court.world.event("old-kernel", "c/w-1")
    court.visit("c/w-1")
    court.say("c/w-1", "done")
    return court


@breaks("success-without-effect")
def undone_with_the_new_kernel() -> Courtroom:
    court = Courtroom()
    court.visit("c/w-1")
    court.say("c/w-1", "undone")
    return court


@breaks("success-without-effect")
def done_on_a_node_that_is_down() -> Courtroom:
    court = Courtroom()
    court.visit("c/w-1")
    court.world.event("crash", "c/w-1")
    court.pass_time(300)
    court.say("c/w-1", "done")
    return court


@allowed("success-without-effect")
def done_when_it_is() -> Courtroom:
    court = Courtroom()
    court.visit("c/w-1")
    court.say("c/w-1", "done")
    return court


@allowed("success-without-effect")
def done_a_moment_after_it_crashed() -> Courtroom:
    court = Courtroom()
    court.visit("c/w-1")
    court.world.event("crash", "c/w-1")
    court.say("c/w-1", "done")
    return court


# What is ours, and at most once


@breaks("not-ours")
def claim_over_a_human_cordon() -> Courtroom:
    court = Courtroom()
    court.world.event("cordon", "c/w-1")
    court.do("claim", "c/w-1")
    return court


@breaks("not-ours")
def act_on_a_machine_that_was_made_anew() -> Courtroom:
    court = Courtroom()
    court.world.event("recreate-node", "c/w-1")
    court.pass_time(400)
    court.do("claim", "c/w-1", uid=court.machine("c/w-1").uid)
    return court


@breaks("not-ours")
def act_on_a_node_that_joined_later() -> Courtroom:
    court = Courtroom()
    court.world.event("join-node", "c/w-1", "w-9")
    court.pass_time(400)
    court.do("claim", "c/w-9")
    return court


@breaks("not-ours")
def act_on_a_protected_machine() -> Courtroom:
    court = Courtroom(policy=POLICY.replace("}]}", "}], protected: [{name: hsm, for: {node: w-1}, reason: vendor}]}"))
    court.do("claim", "c/w-1")
    return court


@allowed("not-ours")
def refused_on_a_machine_that_was_made_anew() -> Courtroom:
    court = Courtroom()
    old = court.machine("c/w-1").uid
    court.world.event("recreate-node", "c/w-1")
    court.pass_time(400)
    assert court.do("claim", "c/w-1", uid=old).code == "gone"
    return court


@breaks("twice")
def install_twice() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/w-1")
    court.do("apply", "c/w-1")
    court.pass_time(120)
    court.do("apply", "c/w-1")
    return court


@allowed("twice")
def install_again_after_a_failure() -> Courtroom:
    court = Courtroom()
    court.world.event("lock", "c/w-1", lasts=110.0)
    court.do("claim", "c/w-1")
    court.do("apply", "c/w-1")
    court.pass_time(120)
    court.do("apply", "c/w-1")
    return court


@allowed("twice")
def the_same_request_again() -> Courtroom:
    court = Courtroom()
    court.do("claim", "c/w-1")
    court.do("apply", "c/w-1", key="same")
    court.do("apply", "c/w-1", key="same")
    return court


@pytest.mark.parametrize(("name", "about", "case"), BREAKS, ids=[each[1] for each in BREAKS])
def test_a_broken_rule_is_seen(name: str, about: str, case: Callable[[], Courtroom]) -> None:
    court = case()
    assert name in court.verdicts, court.judge.broken
    for each in court.judge.broken:
        assert each.object and each.why and str(each)


@pytest.mark.parametrize(("name", "about", "case"), ALLOWED, ids=[each[1] for each in ALLOWED])
def test_what_comes_close_and_is_allowed_is_not(name: str, about: str, case: Callable[[], Courtroom]) -> None:
    court = case()
    assert name not in court.verdicts, court.judge.broken


def test_every_invariant_is_broken_and_nearly_broken_here() -> None:
    names = {each.name for each in INVARIANTS}
    assert {each[0] for each in BREAKS} == names
    assert {each[0] for each in ALLOWED} == names


def test_every_invariant_says_its_rule_and_source() -> None:
    for each in INVARIANTS:
        assert each.rule and each.source and each.__doc__


def test_a_visit_by_the_book_breaks_nothing() -> None:
    court = Courtroom(budgets=GUARD)
    for name in ("c/w-1", "c/w-2", "h-1"):
        court.visit(name)
        court.say(name, "done")
    court.judge.finish("done")
    assert court.judge.broken == []


def test_the_same_unsafe_state_is_told_once() -> None:
    court = Courtroom(approved=False)
    court.do("snapshot", "c/w-1")
    court.do("snapshot", "c/w-1")
    assert len([each for each in court.judge.broken if each.name == "without-approval"]) == 1
