"""Traps 6 to 13: stale evidence, quorum, skew, drains that lie, webhooks, domains, and other actors."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.changes.running.looks import ALL, NEW, NOW, OLD, Play, change, plan, pod, step

from oakum.changes.plans import Wave
from oakum.changes.running.acts import Outcome
from oakum.changes.running.observed import Etcd, Sample
from oakum.changes.state.model import Webhook
from oakum.policy.entries import Gate, Metric

ID, STEP = "shop/w-1", "kernel@shop/w-1"
ERRORS = Metric("errors", "rate", "value < 0.01", "value > 0.05", interval=60, count=3, max_failures=1)


def sample(minute: float, value: float | None, about: str = "w1") -> Sample:
    """A measurement so many minutes after the start."""
    return Sample(at=NOW + timedelta(minutes=minute), metric="errors", about=about, value=value)


# 6. Stale success


def test_patching_06_versions_that_were_read_before_the_act_prove_nothing() -> None:
    play = Play(plan(step()))
    play.rebooting()
    play.later(120)
    play.show(ID, boot_id="boot-2", running={"linux": NEW})
    play.turn()
    assert play.state() == "verifying"
    play.later(10)
    play.show(ID, scanned=NOW)
    play.turn()
    assert play.state() == "verifying"
    play.show(ID)
    play.turn()
    assert play.state() == "restoring"


def test_patching_06_a_machine_that_could_not_be_scanned_holds_and_is_a_failure_when_the_time_is_over() -> None:
    play = Play(plan(step()))
    play.rebooting()
    play.later(120)
    play.show(ID, boot_id="boot-2", running={}, scanned=None)
    play.turn()
    for _ in range(9):
        play.later(99)
        play.show(ID, scanned=None)
        play.turn()
        assert play.state() == "verifying"
    play.later(20)
    play.show(ID, scanned=None)
    play.turn()
    assert play.journal.of(STEP).facts["way"] == "back"


def test_patching_06_a_machine_that_is_not_ready_is_no_success() -> None:
    play = Play(plan(step()))
    play.rebooting()
    play.later(120)
    play.show(ID, boot_id="boot-2", running={"linux": NEW})
    play.turn()
    play.later(10)
    play.show(ID, up=False, why="web.service is not active")
    play.turn()
    assert play.state() == "verifying"
    assert play.whys() == "it is not ready yet (web.service is not active)"
    play.later(9000)
    play.turn()
    assert play.why() == "it is not ready (web.service is not active)"
    assert play.journal.of(STEP).facts["failed"] == play.why(), "whoever reads the journal later is told the same"


def test_patching_06_a_change_that_did_not_stay_is_not_done() -> None:
    play = Play(plan(step()))
    play.verified()
    play.turn()
    play.released()
    play.show(ID, running={"linux": OLD})
    play.turn()
    assert play.state() == "failed"
    assert "did not stay" in play.why()


@pytest.mark.parametrize(
    ("samples", "over"),
    [
        ((), False),
        ((sample(1, 0.001), sample(2, 0.001)), False),
        ((sample(1, 0.001), sample(2, 0.001), sample(3, 0.001)), True),
        # From before the steps were over, or of another wave.
        ((sample(-3, 0.001), sample(-2, 0.001), sample(-1, 0.001)), False),
        ((sample(1, 0.001, "w2"), sample(2, 0.001, "w2"), sample(3, 0.001, "w2")), False),
        # Neither good nor bad, and errors.
        ((sample(1, 0.02), sample(2, 0.001), sample(3, 0.001)), False),
        ((sample(1, None), sample(2, 0.001), sample(3, 0.001)), False),
        # The newest count.
        ((sample(1, None), sample(2, 0.001), sample(3, 0.001), sample(4, 0.001)), True),
    ],
)
def test_patching_06_a_gate_without_enough_fresh_good_measurements_holds(
    samples: tuple[Sample, ...], over: bool
) -> None:
    play = Play(plan(step(), gate=Gate("gate", ALL, metrics=(ERRORS,))))
    play.puts(STEP, "done")
    play.sight.measured = samples
    play.later(600)
    play.turn()
    assert bool(play.noted("wave-over")) is over
    assert not play.noted("stopping")


def test_patching_06_a_gate_that_fails_stops_the_run() -> None:
    play = Play(plan(step(), gate=Gate("gate", ALL, metrics=(ERRORS,))))
    play.puts(STEP, "done")
    play.sight.measured = (sample(1, 0.2), sample(2, 0.2))
    play.later(600)
    play.turn(2)
    assert [each.what for each in play.journal.notes] == ["stopping", "stopped"]


@pytest.mark.parametrize("alarms", [None, frozenset({"ErrorsHigh"})])
def test_patching_06_an_alarm_that_fires_or_cannot_be_asked_about_keeps_steps_and_waves_back(
    alarms: frozenset[str] | None,
) -> None:
    waves = (Wave(id="w1", name="one", needs=(), steps=(step(), step("w-2"))),)
    play = Play(plan(waves=waves, gate=Gate("gate", ALL, quiet_alarms=("ErrorsHigh",))))
    play.sight.alarms = alarms
    play.turn(2)
    assert play.acts() == []
    assert "alarm" in play.whys()
    play.puts(STEP, "done")
    play.puts("kernel@shop/w-2", "done")
    play.turn()
    assert not play.noted("wave-over")
    play.sight.alarms = frozenset({"SomethingElse"})
    play.turn()
    assert play.noted("wave-over")


# 7. Quorum


@pytest.mark.parametrize(
    ("members", "starts"),
    [
        (Etcd(voters={"shop/cp-1": True, "shop/cp-2": True, "shop/cp-3": True}), True),
        (Etcd(voters={"shop/cp-1": True, "shop/cp-2": True, "shop/cp-3": False}), False),
        (Etcd(voters={"shop/cp-1": False, "shop/cp-2": True, "shop/cp-3": True}), True),
        (Etcd(voters={"shop/cp-1": True, "shop/cp-2": True}), False),
        (Etcd(voters={"shop/cp-1": True}), False),
        (Etcd(voters={"shop/cp-1": True, "shop/cp-2": True, "shop/cp-3": True}, learners=("shop/cp-4",)), False),
        (Etcd(voters={f"shop/cp-{number}": number != 3 for number in range(1, 6)}), True),
        (None, False),
    ],
)
def test_patching_07_a_member_of_etcd_is_disturbed_only_while_the_others_are_a_quorum(
    members: Etcd | None, starts: bool
) -> None:
    play = Play(plan(step("cp-1"), serial=True))
    play.show("shop/cp-1", running={"linux": OLD, "etcd": "3.5.15"})
    play.sight.members = members
    play.turn()
    assert (play.state("kernel@shop/cp-1") == "admitted") is starts


def test_patching_07_a_member_that_fails_while_another_is_drained_keeps_the_reboot_back() -> None:
    play = Play(plan(step("cp-1"), serial=True))
    play.show("shop/cp-1", running={"linux": OLD, "etcd": "3.5.15"})
    healthy = {"shop/cp-1": True, "shop/cp-2": True, "shop/cp-3": True}
    play.sight.members = Etcd(voters=healthy)
    play.drained("shop/cp-1", "kernel@shop/cp-1")
    play.turn()
    play.works("shop/cp-1", "apply", "done")
    play.sight.members = Etcd(voters={**healthy, "shop/cp-3": False})
    play.turn()
    assert not play.ever("reboot")
    play.sight.members = Etcd(voters=healthy)
    play.turn(2)
    assert play.ever("reboot")


# 8. Skew


def kubelet(name: str, before: str, after: str) -> Play:
    """A step that moves a kubelet, below the API server of the control plane machine beside it."""
    moved = change(kind="kubelet", component="kubelet", before=before, after=after, back=before, reboot=False)
    made = step(name, changes=(moved,), id=f"kubelet@shop/{name}")
    return Play(plan(made, members=("shop/cp-1", "shop/cp-2"), serial=True))


@pytest.mark.parametrize(("servers", "starts"), [(("1.32.1", "1.32.1"), True), (("1.31.4", "1.32.1"), False)])
def test_patching_08_a_kubelet_never_gets_newer_than_the_oldest_api_server(
    servers: tuple[str, str], starts: bool
) -> None:
    play = kubelet("w-1", "1.31.4", "1.32.1")
    for name, version in zip(("shop/cp-1", "shop/cp-2"), servers, strict=True):
        play.show(name, uid=name, running={"kube-apiserver": version})
    play.turn()
    assert (play.state("kubelet@shop/w-1") == "admitted") is starts


def test_patching_08_a_skew_that_nobody_can_tell_holds() -> None:
    play = kubelet("w-1", "1.31.4", "1.32.1")
    play.turn()
    assert play.state("kubelet@shop/w-1") == "waiting"
    assert "API server" in play.whys()


# 9. Drains that lie


def draining(*pods: object) -> Play:
    """A machine that is being drained."""
    play = Play(plan(step()))
    play.turn(2)
    play.claimed()
    play.sight.pods = list(pods)  # type: ignore[arg-type] # pods made by the helper
    play.turn(3)
    return play


def test_patching_09_an_accepted_eviction_is_not_the_end_of_a_pod() -> None:
    play = draining(pod("web-1"))
    assert play.did() == ["evict"]
    play.sight.pods = [pod("web-1", deleted="2026-03-02T22:00:00Z")]
    play.later(5)
    play.turn()
    assert play.state() == "draining"
    play.sight.pods = []
    play.later(5)
    play.turn()
    assert play.state() == "applying"


def test_patching_09_pods_are_told_apart_by_uid_not_by_name() -> None:
    play = draining(pod("web-0", uid="first"))
    play.sight.pods = [pod("web-0", uid="second")]
    play.later(5)
    play.turn()
    assert play.state() == "draining"
    assert [each.uid for each in play.acts() if each.do == "evict"] == ["first", "second"]


def test_patching_09_attached_volumes_keep_a_machine_from_being_drained() -> None:
    play = Play(plan(step()))
    play.turn(2)
    play.claimed(attached=("pv-1",))
    play.turn(3)
    assert play.state() == "draining"
    assert "pv-1" in play.whys()
    play.show(ID, attached=())
    play.turn()
    assert play.state() == "applying"


def test_patching_09_pods_that_were_listed_before_the_claim_prove_nothing() -> None:
    play = Play(plan(step()))
    play.turn()
    play.later(60)
    play.turn()
    play.claimed()
    play.sight.read_at = NOW
    play.turn(3)
    assert play.state() == "draining"
    play.sight.read_at = None
    play.turn()
    assert play.state() == "applying"


def test_patching_09_pods_that_could_not_be_listed_are_not_gone() -> None:
    play = Play(plan(step()))
    play.turn(2)
    play.claimed()
    play.sight.listed = frozenset({"Node"})
    play.turn(3)
    assert play.state() == "draining"


def test_patching_09_a_pod_that_a_finalizer_holds_is_reported_with_its_cause() -> None:
    play = draining(pod("web-1", deleted="2026-03-02T22:00:00Z"))
    for _ in range(80):
        play.later(10)
        play.turn()
    assert play.state() == "restoring"
    assert "finalizer" in play.why()
    assert not play.ever("delete-pod")


# 11. Webhooks


def test_patching_11_the_last_backend_of_a_fail_closed_webhook_is_not_evicted() -> None:
    play = Play(plan(step()))
    play.sight.pods = [pod("web-1")]
    play.sight.hooks = (Webhook(name="policy", pods=("shop/web-1",), fail_closed=True),)
    play.turn(2)
    assert play.state() == "waiting"
    assert "webhook policy" in play.why()


def test_patching_11_of_two_backends_on_one_machine_one_goes_first() -> None:
    play = Play(plan(step()))
    play.sight.pods = [pod("web-1"), pod("web-2")]
    play.sight.hooks = (Webhook(name="policy", pods=("shop/web-1", "shop/web-2"), fail_closed=True),)
    play.turn(2)
    play.claimed()
    play.turn(3)
    assert play.did() == ["evict"]
    play.sight.pods = [pod("web-2")]
    play.sight.hooks = (Webhook(name="policy", pods=("shop/web-2",), fail_closed=True),)
    play.later(5)
    play.turn()
    assert "evict" not in play.did()
    play.sight.hooks = (Webhook(name="policy", pods=("shop/web-2", "shop/web-3"), fail_closed=True),)
    play.later(5)
    play.turn()
    assert [each.pod for each in play.acts() if each.do == "evict"] == ["shop/web-1", "shop/web-2"]


def test_patching_11_webhooks_that_nobody_could_ask_about_hold() -> None:
    play = Play(plan(step()))
    play.sight.hooks = None
    play.turn(2)
    assert play.state() == "waiting"


# 12. Failure domains, and the limits


def test_patching_12_machines_that_are_down_for_other_reasons_take_up_places() -> None:
    play = Play(plan(step("w-1"), step("w-2"), step("w-3"), max_unavailable=2))
    play.show("shop/w-3", up=False)
    play.turn()
    assert [play.state(f"kernel@shop/w-{number}") for number in (1, 2)] == ["admitted", "waiting"]


def test_patching_12_two_failure_domains_are_never_touched_at_once() -> None:
    play = Play(plan(step("w-1"), step("w-2", domain="b"), step("w-3"), max_unavailable=3))
    play.turn()
    states = {name: play.state(f"kernel@shop/{name}") for name in ("w-1", "w-2", "w-3")}
    assert states == {"w-1": "admitted", "w-2": "waiting", "w-3": "admitted"}


def test_patching_12_a_domain_that_is_hurt_already_is_the_one_that_counts() -> None:
    play = Play(plan(step("w-1"), step("w-2", domain="b"), step("w-3", domain="b"), max_unavailable=3))
    play.show("shop/w-3", up=False)
    play.turn()
    states = {name: play.state(f"kernel@shop/{name}") for name in ("w-1", "w-2")}
    assert states == {"w-1": "waiting", "w-2": "admitted"}


def test_patching_12_a_serial_group_takes_one_at_a_time_and_only_while_all_others_are_well() -> None:
    play = Play(plan(step("w-1"), step("w-2"), step("w-3"), max_unavailable=3, serial=True))
    play.turn()
    assert [play.state(f"kernel@shop/w-{number}") for number in (1, 2, 3)] == ["admitted", "waiting", "waiting"]
    play = Play(plan(step("w-1"), step("w-2"), max_unavailable=3, serial=True))
    play.show("shop/w-2", up=False)
    play.turn()
    assert play.state() == "waiting"


def test_patching_12_a_step_in_its_soak_still_counts() -> None:
    play = Play(plan(step("w-1"), step("w-2"), soak_node=600))
    play.puts(STEP, "soaking", soak="600")
    play.turn()
    assert play.state("kernel@shop/w-2") == "waiting"


def test_patching_12_a_rollback_may_visit_machines_that_are_down_one_after_the_other() -> None:
    made = plan(step("w-1"), step("w-2"), step("w-3"))
    play = Play(type(made)(**{name: getattr(made, name) for name in made.__struct_fields__} | {"undoes": "sha256:x"}))
    for number in (1, 2, 3):
        play.show(f"shop/w-{number}", up=False)
    play.turn()
    assert [play.state(f"kernel@shop/w-{number}") for number in (1, 2, 3)] == ["admitted", "waiting", "waiting"]


# 13. Other actors


def test_patching_13_a_machine_that_was_made_anew_under_its_name_is_another_one() -> None:
    play = Play(plan(step()))
    play.show(ID, uid="somebody-else")
    play.turn()
    assert play.state() == "skipped"
    assert play.acts() == []


def test_patching_13_nothing_is_done_to_the_successor_of_a_machine_in_hand() -> None:
    play = Play(plan(step()))
    play.drained()
    play.show(ID, uid="somebody-else", claim=None, cordoned=False)
    before = len(play.acts())
    play.turn()
    assert play.state() == "failed"
    assert len(play.acts()) == before


def test_patching_13_a_version_that_somebody_else_has_changed_is_not_touched() -> None:
    play = Play(plan(step()))
    play.show(ID, running={"linux": "6.1.95"})
    play.turn()
    assert play.state() == "skipped"
    assert "6.1.95" in play.why()


def test_patching_13_an_object_that_was_changed_since_the_look_is_looked_at_again() -> None:
    play = Play(plan(step()))
    play.answers["claim"] = Outcome(result="refused", code="changed", why="changed")
    play.turn(2)
    play.later(5)
    play.show(ID, resource_version="8")
    play.turn()
    versions = [each.resource_version for each in play.acts() if each.do == "claim"]
    assert versions == ["7", "8"]


def test_patching_07_a_member_is_back_when_it_votes_and_not_when_its_machine_is_ready() -> None:
    play = Play(plan(step("cp-1"), serial=True))
    id, name = "shop/cp-1", "kernel@shop/cp-1"
    play.show(id, running={"linux": OLD, "etcd": "3.5.15"})
    healthy = {"shop/cp-1": True, "shop/cp-2": True, "shop/cp-3": True}
    play.sight.members = Etcd(voters=healthy)
    play.rebooting(id, name)
    play.later(60)
    play.show(id, boot_id="boot-2", running={"linux": NEW, "etcd": "3.5.15"})
    play.sight.members = Etcd(voters={**healthy, "shop/cp-1": False})
    play.turn(2)
    assert play.state(name) == "verifying"
    play.sight.members = Etcd(voters=healthy)
    play.turn()
    assert play.state(name) == "restoring"
