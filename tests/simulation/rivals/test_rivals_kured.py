"""What kured is documented to do, of the rival that is written after it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from tests.simulation.rivals.shown import SHOWN, shows
from tests.simulation.rivals.worlds import KERNEL, Stage, states

from oakum.errors import InputError
from oakum.simulation.rivals import RIVALS
from oakum.simulation.rivals.kured import IN_PROGRESS, MANUAL, NEEDED, Holder, Kured, Options, offsets
from oakum.simulation.rivals.windows import DayWindow, clock, day

WEB = "{name: web, namespace: shop, replicas: 2, on: [w-1, w-2]}"
NONE_MAY_GO = "{name: web, namespace: shop, for: web, min_available: 2}"
kured = "kured-like"
HOUR = 3600.0


def daemons(stage: Stage, *asking: str, only: tuple[str, ...] = (), **flags: object) -> Kured:
    """Daemons on all machines (or some), one a minute, with the sentinel on those that ask for a reboot."""
    rival = Kured(stage.scene, stage.hands, "c", Options(**flags))  # type: ignore[arg-type]
    for number, machine in enumerate(stage.scene.machines()):
        if not only or machine.name in only:
            stage.begin(rival.daemon(machine, 60.0 * (number + 1)))
    for name in asking:
        asks(stage, rival, name)
    return rival


def asks(stage: Stage, rival: Kured, name: str) -> None:
    """The machine's package manager has installed a kernel."""
    machine = stage.machine(name)
    machine.software["linux"].installed = "6.1.100"
    rival.sentinels[machine.uid] = machine.boots


@shows(kured, "sentinel")
def test_only_a_node_with_the_sentinel_is_rebooted() -> None:
    stage = Stage(WEB)
    daemons(stage, "w-2")
    stage.run(2 * HOUR)
    assert {name for name, _ in stage.entered} == {"w-2"}
    assert [each.boots for each in stage.scene.machines()] == [1, 2, 1]
    assert stage.machine("w-2").software["linux"].running == "6.1.100"


def test_a_machine_installs_by_itself_and_leaves_the_sentinel_until_its_reboot() -> None:
    stage = Stage()
    rival = daemons(stage)
    machine = stage.machine("w-1")
    stage.begin(rival.updates(machine, 10.0))
    stage.run(5.0)
    assert machine.software["linux"].installed == "6.1.90"
    stage.run(115.0)
    assert machine.software["linux"].installed == KERNEL.after
    assert rival.required(machine)
    stage.hands.reboot(machine)
    stage.run(300.0)
    assert not rival.required(machine)


@shows(kured, "period")
def test_it_looks_once_an_hour() -> None:
    stage = Stage()
    rival = daemons(stage)
    stage.run(120.0)
    asks(stage, rival, "w-1")
    began = stage.now
    while not stage.entered:
        stage.run(60.0)
    assert HOUR - 120 <= stage.now - began <= HOUR
    assert Options().period == HOUR


@shows(kured, "offset")
def test_daemons_begin_at_random_offsets_within_the_period() -> None:
    names = [f"n{number}" for number in range(50)]
    found = offsets(7, "c", names, HOUR)
    assert found == offsets(7, "c", names, HOUR)
    assert len(set(found.values())) == 50
    assert min(found.values()) < 600 < 3000 < max(found.values()) < HOUR


@shows(kured, "lock")
def test_one_node_reboots_at_a_time() -> None:
    stage = Stage()
    daemons(stage, "w-1", "w-2", "w-3", period=60.0)
    most = 0
    for _ in range(120):
        stage.run(10.0)
        most = max(most, sum(each.impaired for each in stage.scene.machines()))
    assert most == 1
    assert [each.boots for each in stage.scene.machines()] == [2, 2, 2]
    done = [name for name, state in stage.entered if state == "done"]
    assert [name for name, state in stage.entered if state == "admitted"] == done


@shows(kured, "concurrency")
def test_more_nodes_with_a_higher_concurrency() -> None:
    stage = Stage()
    daemons(stage, "w-1", "w-2", "w-3", period=60.0, concurrency=2, reboot_delay=300.0)
    stage.run(250.0)
    assert [each.unschedulable for each in stage.scene.machines()] == [True, True, False]


@shows(kured, "manual-lock", "manual-unlock")
def test_a_lock_taken_by_hand_keeps_all_until_it_is_removed() -> None:
    stage = Stage()
    rival = daemons(stage, "w-1", period=60.0)
    rival.lock.holders[MANUAL] = Holder(node=MANUAL, created=0.0)
    stage.run(2 * HOUR)
    assert stage.entered == []
    rival.lock.release(MANUAL)
    stage.run(HOUR)
    assert states(stage, "w-1")[-1] == "done"


@shows(kured, "dead-holder", "manual-unlock")
def test_the_lock_of_a_node_that_is_gone_stays_until_somebody_removes_it() -> None:
    stage = Stage()
    rival = daemons(stage, "w-1", "w-2", period=60.0)
    stage.world.event("no-boot", "c/w-1")
    stage.run(600.0)
    stage.world.event("delete-node", "c/w-1")
    stage.run(24 * HOUR)
    assert states(stage, "w-2") == []
    rival.lock.release("w-1")
    stage.run(HOUR)
    assert states(stage, "w-2")[-1] == "done"


@shows(kured, "lock-ttl")
def test_an_expired_lock_is_taken_over() -> None:
    stage = Stage()
    daemons(stage, "w-1", "w-2", period=60.0, lock_ttl=1800.0)
    stage.world.event("no-boot", "c/w-1")
    stage.run(1700.0)
    assert states(stage, "w-2") == []
    stage.run(HOUR)
    assert states(stage, "w-2")[-1] == "done"
    assert stage.machine("w-1").unschedulable, "with the lock the duty to uncordon is lost"


@shows(kured, "late-return")
def test_a_node_that_returns_after_its_lock_has_expired_stays_cordoned() -> None:
    stage = Stage()
    daemons(stage, "w-1", "w-2", period=60.0, lock_ttl=600.0)
    stage.world.event("slow-boot", "c/w-1", "40")
    stage.run(6 * HOUR)
    machine = stage.machine("w-1")
    assert machine.ready
    assert machine.unschedulable
    assert machine.software["linux"].running == "6.1.100"


@shows(kured, "lock-release-delay")
def test_the_lock_is_held_for_a_while_after_the_reboot() -> None:
    stage = Stage()
    daemons(stage, "w-1", "w-2", period=60.0, lock_release_delay=1800.0)
    while "verifying" not in states(stage, "w-1"):
        stage.run(10.0)
    stage.run(60.0)
    assert not stage.machine("w-1").unschedulable
    stage.run(1600.0)
    assert states(stage, "w-2") == []
    stage.run(600.0)
    assert "admitted" in states(stage, "w-2")


@shows(kured, "schedule")
def test_reboots_keep_to_the_schedule_in_its_time_zone() -> None:
    nights = DayWindow(days=frozenset({0, 1}), start=time(20), end=time(22), zone=ZoneInfo("Europe/Berlin"))
    # Monday 2 March 2026, 12:00 UTC is 13:00 in Berlin: seven hours are left.
    stage = Stage()
    daemons(stage, "w-1", period=60.0, windows=(nights,))
    stage.run(7 * HOUR - 120)
    assert stage.entered == []
    stage.run(240.0)
    assert "admitted" in states(stage, "w-1")
    wednesday = datetime(2026, 3, 4, 19, 30, tzinfo=UTC)
    assert [nights.open(wednesday.replace(day=each)) for each in (2, 3, 4)] == [True, True, False]
    assert [nights.open(wednesday.replace(day=2, hour=each)) for each in (18, 20, 21)] == [False, True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5pm", time(17)), ("5:00pm", time(17)), ("17:00", time(17)), ("17", time(17)), ("9am", time(9)),
     ("12am", time(0)), ("12pm", time(12)), ("23:59:59", time(23, 59, 59)), ("0:00", time(0))],
)  # fmt: skip
@shows(kured, "times")
def test_times_of_day(text: str, expected: time) -> None:
    assert clock(text) == expected


@pytest.mark.parametrize("text", ["25", "13pm", "noon", "", "5:0"])
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(InputError, match="no time of day"):
        clock(text)


@pytest.mark.parametrize(("text", "number"), [("mo", 0), ("mon", 0), ("Monday", 0), ("su", 6), ("sat", 5)])
def test_days_of_the_week(text: str, number: int) -> None:
    assert day(text) == number


@shows(kured, "alerts")
def test_any_active_alert_blocks_where_a_prometheus_is_named() -> None:
    for asked in (False, True):
        stage = Stage()
        daemons(stage, "w-1", period=60.0, alerts=asked)
        stage.world.alarm("DiskAlmostFull", 2 * HOUR)
        stage.run(HOUR)
        assert bool(stage.entered) is not asked
        stage.run(2 * HOUR)
        assert states(stage, "w-1")[-1] == "done"


@pytest.mark.parametrize(
    ("firing", "only", "blocked"),
    [("RebootRequired", False, False), ("RebootRequired2", False, True), ("Other", False, True),
     ("RebootRequired", True, True), ("Other", True, False)],
)  # fmt: skip
@shows(kured, "alert-filter", "alert-match-only")
def test_alerts_are_filtered_by_name(firing: str, only: bool, blocked: bool) -> None:
    stage = Stage()
    rival = daemons(stage, "w-1", alerts=True, alert_filter="^RebootRequired$", alert_match_only=only)
    stage.world.alarm(firing, HOUR)
    assert bool(rival.blocked(stage.machine("w-1"))) is blocked


@pytest.mark.parametrize(
    ("labels", "blocked"),
    [({"runtime": "long", "cost": "expensive"}, True), ({"runtime": "long"}, False), ({"name": "temperamental"}, True),
     ({"cost": "expensive"}, False)],
)  # fmt: skip
@shows(kured, "blocking-pods")
def test_blocking_pods_keep_their_node(labels: dict[str, str], blocked: bool) -> None:
    stage = Stage(WEB)
    (pod,) = [each for each in stage.pods("web") if each.machine is stage.machine("w-1")]
    pod.workload.labels |= labels
    selectors = ((("runtime", "long"), ("cost", "expensive")), (("name", "temperamental"),))
    rival = daemons(stage, "w-1", blocking=selectors)
    assert bool(rival.blocked(stage.machine("w-1"))) is blocked
    assert not rival.blocked(stage.machine("w-3")), "only the node that has such a pod"


@shows(kured, "cordon-drain-uncordon")
def test_a_node_is_drained_before_and_uncordoned_after_its_reboot() -> None:
    stage = Stage(WEB)
    daemons(stage, "w-1")
    stage.run(HOUR)
    assert states(stage, "w-1") == ["admitted", "cordoned", "draining", "rebooting", "verifying", "done"]
    assert stage.world.evictions == 1
    assert not stage.machine("w-1").unschedulable
    assert stage.believed == ["w-1"]


@shows(kured, "drain-timeout")
def test_a_drain_waits_for_ever_or_is_aborted_after_its_timeout() -> None:
    for timeout, aborted in ((0.0, False), (600.0, True)):
        stage = Stage(WEB, budgets=(NONE_MAY_GO,))
        rival = daemons(stage, "w-1", drain_timeout=timeout, period=30 * HOUR)
        stage.run(24 * HOUR)
        assert ("failed" in states(stage, "w-1")) is aborted
        assert ("w-1" in rival.lock.holders) is not aborted
        assert stage.machine("w-1").unschedulable is not aborted
        assert stage.machine("w-1").boots == 1


@shows(kured, "failed-drain")
def test_after_a_failed_drain_the_lock_is_released_and_then_the_node_uncordoned_whoever_cordoned_it() -> None:
    stage = Stage(WEB, budgets=(NONE_MAY_GO,))
    stage.world.event("cordon", "c/w-1", by="human")
    rival = daemons(stage, "w-1", drain_timeout=60.0, lock_release_delay=300.0, period=30 * HOUR)
    stage.run(300.0)
    assert "w-1" in rival.lock.holders
    assert stage.machine("w-1").unschedulable, "only when the lock is released"
    stage.run(300.0)
    assert rival.lock.holders == {}
    assert not stage.machine("w-1").unschedulable


@shows(kured, "force-reboot")
def test_force_reboots_although_the_drain_failed() -> None:
    stage = Stage(WEB, budgets=(NONE_MAY_GO,))
    daemons(stage, "w-1", drain_timeout=60.0, force_reboot=True)
    stage.run(HOUR)
    assert stage.machine("w-1").boots == 2
    assert stage.world.evictions == 0


@shows(kured, "drain-pod-selector")
def test_only_pods_of_the_selector_are_drained() -> None:
    stage = Stage(WEB, "{name: api, namespace: shop, replicas: 1, on: [w-1]}")
    (before,) = stage.pods("api")
    daemons(stage, "w-1", drain_selector=(("app", "web"),))
    stage.run(HOUR)
    assert stage.world.evictions == 1
    assert [each.uid for each in stage.pods("api")] == [before.uid]


@shows(kured, "skip-wait")
def test_pods_that_do_not_end_are_not_waited_for() -> None:
    held = "{name: web, namespace: shop, replicas: 1, on: [w-1], held: true}"
    for seconds, rebooted in ((0.0, False), (60.0, True)):
        stage = Stage(held)
        daemons(stage, "w-1", skip_wait=seconds)
        stage.run(HOUR)
        assert ("rebooting" in states(stage, "w-1")) is rebooted


@shows(kured, "reboot-delay")
def test_the_reboot_waits_for_its_delay() -> None:
    stage = Stage()
    daemons(stage, "w-1", reboot_delay=600.0)
    stage.run(600.0)
    assert stage.machine("w-1").unschedulable
    assert stage.machine("w-1").alive
    stage.run(100.0)
    assert "rebooting" in states(stage, "w-1")


@shows(kured, "annotate-nodes")
def test_nodes_are_annotated_while_their_reboot_is_under_way() -> None:
    for annotates in (False, True):
        stage = Stage()
        daemons(stage, "w-1", annotate=annotates, reboot_delay=300.0)
        stage.run(200.0)
        assert (IN_PROGRESS in stage.machine("w-1").annotations) is annotates
        stage.run(HOUR)
        notes = stage.machine("w-1").annotations
        assert (IN_PROGRESS in notes, NEEDED in notes) == (False, annotates)


@shows(kured, "labels")
def test_labels_are_set_before_and_after() -> None:
    stage = Stage()
    daemons(stage, "w-1", pre_labels=(("state", "notready"),), post_labels=(("state", "ready"),), reboot_delay=300.0)
    stage.run(200.0)
    assert stage.machine("w-1").labels["state"] == "notready"
    stage.run(HOUR)
    assert stage.machine("w-1").labels["state"] == "ready"


@shows(kured, "cordoned-before")
def test_a_node_that_was_cordoned_before_stays_so_after_its_reboot() -> None:
    stage = Stage()
    stage.world.event("cordon", "c/w-1", by="human")
    daemons(stage, "w-1")
    stage.run(HOUR)
    assert stage.machine("w-1").boots == 2
    assert stage.machine("w-1").cordoner == "human"


def test_the_daemon_set_covers_nodes_that_join_later() -> None:
    stage = Stage()
    rival = Kured(stage.scene, stage.hands, "c", Options(period=60.0))
    stage.begin(rival.daemon_set({}))
    stage.run(HOUR)
    assert [each.software["linux"].running for each in stage.scene.machines()] == ["6.1.100"] * 3
    stage.world.event("recreate-node", "c/w-2", lasts=60.0)
    stage.machine("w-1").software["linux"].offers = ()
    stage.run(2 * HOUR)
    assert stage.machine("w-2").software["linux"].running == "6.1.100"


def test_every_behaviour_is_shown() -> None:
    rival = RIVALS[kured]
    assert SHOWN[kured] == set(rival.behaviours)
    assert len(rival.behaviours) >= 15
