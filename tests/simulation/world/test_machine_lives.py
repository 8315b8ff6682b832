"""Machines: work that takes time and can fail, boots and what can go wrong in them, versions that come into effect."""

from __future__ import annotations

import pytest
from tests.simulation.world.made import BACK, KERNEL, OPENSSL, Made

from oakum.changes.plans.model import Change
from oakum.simulation import state_of

HOSTS = "[{name: h, count: 2, kernel: '1', packages: {openssl: ['3', '4']}, offers: {kernel: ['2']}, snapshots: true}]"
KUBELET = Change(
    intent="k", kind="kubelet", component="kubelet", before="1.31.4", after="1.32.1", reversibility="reversible"
)


def made_of(hosts: str = HOSTS, **more: str) -> Made:
    made = Made(hosts=hosts, **more)  # type: ignore[arg-type]  # texts of the world
    made.lease()
    return made


@pytest.mark.parametrize("name", ["w-1", "h-1"])
def test_a_package_is_in_effect_when_it_is_installed(name: str) -> None:
    made = made_of()
    assert made.act("apply", name, key="a", changes=(OPENSSL,)).result == "done"
    assert made.seen(name).work["a"].state == "running"
    assert made.seen(name).running["openssl"] == "3"
    made.wait(40)
    assert made.seen(name).work["a"].state == "done"
    assert made.seen(name).running["openssl"] == "4"


@pytest.mark.parametrize("name", ["w-1", "h-1"])
def test_a_kernel_is_in_effect_after_a_boot_only(name: str) -> None:
    made = made_of()
    before = made.seen(name).boot_id
    made.act("apply", name, changes=(KERNEL,))
    made.wait(100)
    assert (made.seen(name).running["linux"], made.machine(name).software["linux"].installed) == ("1", "2")
    made.act("reboot", name, boot_id=before)
    made.wait(5)
    assert made.seen(name).up is False
    assert made.seen(name).boot_id == before, "the node still shows the boot before"
    made.wait(120)
    assert made.seen(name).up is True
    assert (made.seen(name).running["linux"], made.seen(name).boot_id != before) == ("2", True)


def test_a_kubelet_is_in_effect_when_it_has_restarted() -> None:
    made = made_of()
    made.act("apply", "w-1", changes=(KUBELET,))
    made.wait(60)
    assert made.seen("w-1").running["kubelet"] == "1.32.1"


def test_a_machine_of_another_speed_boots_in_its_own_time() -> None:
    made = made_of("[{name: h, speed: metal, kernel: '1'}]")
    made.act("reboot", "h-1")
    made.wait(400)
    assert made.seen("h-1").up is False
    made.wait(400)
    assert made.seen("h-1").up is True


def test_work_is_cut_off_when_the_machine_goes_down() -> None:
    made = made_of()
    made.act("apply", "w-1", key="a", changes=(OPENSSL,))
    made.wait(10)
    made.world.event("restart", "c/w-1")
    made.wait(300)
    assert made.seen("w-1").work["a"].state == "failed"
    assert made.seen("w-1").running["openssl"] == "3"


def test_only_one_work_runs_on_a_machine() -> None:
    made = made_of()
    made.act("apply", "w-1", changes=(OPENSSL,))
    assert made.act("apply", "w-1", changes=(KERNEL,)).code == "not-now"
    assert made.act("undo", "w-1", changes=(BACK,)).code == "not-now"


@pytest.mark.parametrize(("trouble", "lasts"), [("lock", 600.0), ("full", 600.0)])
def test_an_installation_fails_while_a_lock_is_held_or_the_disk_is_full(trouble: str, lasts: float) -> None:
    made = made_of()
    made.world.event(trouble, "h-1", lasts=lasts)
    made.act("apply", "h-1", key="a", changes=(OPENSSL,))
    made.wait(100)
    assert made.seen("h-1").work["a"].state == "failed"
    assert made.seen("h-1").running["openssl"] == "3"
    made.wait(600)
    made.act("apply", "h-1", key="b", changes=(OPENSSL,))
    made.wait(100)
    assert made.seen("h-1").work["b"].state == "done"


def test_a_half_installed_package_is_on_disk_and_not_in_effect_and_can_be_undone() -> None:
    made = made_of()
    made.world.event("half-install", "h-1")
    made.act("apply", "h-1", key="a", changes=(OPENSSL,))
    made.wait(100)
    assert made.seen("h-1").work["a"].state == "failed"
    soft = made.machine("h-1").software["openssl"]
    assert (soft.installed, soft.running) == ("4", "3")
    made.act("undo", "h-1", key="b", changes=(BACK,))
    made.wait(100)
    assert (soft.installed, soft.running, made.seen("h-1").work["b"].state) == ("3", "3", "done")


def test_a_copy_can_be_put_back() -> None:
    made = made_of()
    made.act("snapshot", "h-1", key="copy")
    made.wait(70)
    assert made.seen("h-1").copies == ("copy",)
    made.act("apply", "h-1", changes=(OPENSSL,))
    made.wait(100)
    made.act("undo", "h-1", parameters={"copy": "copy"})
    made.wait(200)
    assert made.seen("h-1").running["openssl"] == "3"
    made.act("discard", "h-1", parameters={"copy": "copy"})
    assert made.seen("h-1").copies == ()


def test_a_copy_can_fail() -> None:
    made = made_of()
    made.world.event("fail-snapshot", "h-1")
    made.act("snapshot", "h-1", key="copy")
    made.wait(100)
    assert (made.seen("h-1").work["copy"].state, made.seen("h-1").copies) == ("failed", ())


def test_a_reboot_into_the_kernel_before_changes_the_boot_id_alone() -> None:
    made = made_of()
    made.world.event("old-kernel", "w-1" if "w-1" in made.world.machines else "c/w-1", lasts=1000)
    before = made.seen("w-1").boot_id
    made.act("apply", "w-1", changes=(KERNEL,))
    made.wait(100)
    made.act("reboot", "w-1")
    made.wait(200)
    assert (made.seen("w-1").up, made.seen("w-1").boot_id != before) == (True, True)
    assert made.seen("w-1").running["linux"] == "1"


@pytest.mark.parametrize(
    ("event", "what", "lasts", "down", "up"),
    [
        ("slow-boot", "8", 0.0, 400, 900),
        ("boot-loop", "3", 0.0, 300, 800),
        ("no-boot", "", float("inf"), 90_000, 0),
        ("no-boot", "", 7200.0, 7100, 200),
    ],
)
def test_boots_that_take_long_or_never_end(event: str, what: str, lasts: float, down: int, up: int) -> None:
    made = made_of()
    made.world.event(event, "c/w-1", what, lasts=lasts)
    made.act("reboot", "w-1")
    made.wait(down)
    assert made.seen("w-1").up is False
    if up:
        made.wait(up)
        assert made.seen("w-1").up is True
    boots = {"slow-boot": 2, "boot-loop": 5, "no-boot": 2 if up else 1}
    assert made.machine("w-1").boots == boots[event]


@pytest.mark.parametrize("shows", ["sick", "alarm", "metric"])
def test_a_bad_version_harms_after_its_time_until_it_is_undone(shows: str) -> None:
    made = made_of(bad=f"[{{component: openssl, version: '4', after: 3m, shows: {shows}}}]")
    made.act("apply", "w-1", changes=(OPENSSL,))
    made.wait(200)
    well = made.seen("w-1").up, made.world.firing(), made.world.alarms.bad_until
    assert well == (True, frozenset(), -1.0)
    made.wait(60)
    if shows == "alarm":
        assert made.world.firing() == frozenset({"ErrorsHigh"})
    elif shows == "metric":
        assert made.world.alarms.bad_until > made.world.timeline.now
    else:
        assert made.seen("w-1").up is False
        made.act("undo", "w-1", changes=(BACK,))
        made.wait(100)
        assert made.seen("w-1").up is True


def test_a_bad_version_that_is_undone_in_time_does_no_harm() -> None:
    made = made_of(bad="[{component: openssl, version: '4', after: 3m, shows: sick}]")
    made.act("apply", "w-1", changes=(OPENSSL,))
    made.wait(60)
    made.act("undo", "w-1", changes=(BACK,))
    made.wait(600)
    assert made.seen("w-1").up is True


def test_a_node_that_is_made_anew_has_another_uid() -> None:
    made = made_of()
    before = made.seen("w-1").uid
    made.world.event("recreate-node", "c/w-1", lasts=100)
    assert made.world.port("a").observe(()).found("c/w-1") is False
    made.wait(300)
    assert made.seen("w-1").up is True
    assert made.seen("w-1").uid != before
    assert made.act("claim", "w-1", uid=before).code == "gone"


def test_a_replacement_comes_from_a_clean_image_with_the_wanted_versions() -> None:
    made = made_of()
    made.act("create-node", "w-1", changes=(KUBELET,), parameters={"name": "w-9"})
    made.wait(80)
    assert "c/w-9" not in made.world.machines
    made.wait(200)
    assert made.seen("w-9").up is True
    assert made.seen("w-9").running["kubelet"] == "1.32.1"
    assert made.act("delete-node", "w-1").result == "done"
    assert "c/w-1" not in made.world.machines


def test_members_of_etcd_go_down_with_their_machines_and_with_them_the_writes() -> None:
    pools = (
        "[{name: cp, role: control-plane, count: 3, kubelet: 1.31.4, control_plane: 1.31.4, etcd: 3.5.15}, "
        "{name: w, count: 1, kubelet: 1.31.4}]"
    )
    made = Made("[{name: web, replicas: 1, on: [w-1]}]", pools=pools)
    made.lease()
    etcd = made.world.port("a").observe(()).etcd("c")
    assert etcd is not None
    assert etcd.voters == {"c/cp-1": True, "c/cp-2": True, "c/cp-3": True}
    made.world.event("crash", "c/cp-1")
    assert made.cluster.quorum
    assert made.act("claim", "w-1").result == "done"
    made.world.event("etcd-down", "c", "cp-2", lasts=100)
    assert not made.cluster.quorum
    look = made.world.port("a").observe(())
    assert (look.etcd("c"), look.seen("c/w-1"), look.found("c/w-1")) == (None, None, None), "nothing is read either"
    assert made.evict(made.pods("web")[0]).code == "not-now"
    made.wait(110)
    assert made.evict(made.pods("web")[0]).result == "done"


def test_a_script_that_stops_half_way_is_not_in_effect() -> None:
    made = made_of()
    script = Change(
        intent="s", kind="script", component="script/s", before="absent", after="applied", reversibility="reversible"
    )
    made.world.event("half-install", "h-1")
    made.act("apply", "h-1", changes=(script,))
    made.wait(100)
    soft = next(each for each in state_of(made.world).machines if each.id == "h-1").software["script/s"]
    assert soft.current == "absent"
    made.act("apply", "h-1", changes=(script,))
    made.wait(100)
    assert made.seen("h-1").running["script/s"] == "applied"


def test_one_of_two_members_of_etcd_decides_nothing() -> None:
    pools = "[{name: cp, role: control-plane, count: 2, control_plane: 1.31.4, etcd: 3.5.15}]"
    made = Made(pools=pools)
    assert made.cluster.quorum
    made.world.event("etcd-down", "c", "cp-2")
    assert not made.cluster.quorum
