"""Real rpm machines behind the port of a run, by dnf and by zypper: just the planned versions, and back to the former.

What takes long is run by ``make e2e``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from tests.adapters.ssh.labs import RUN, Bench, change, until, way
from tests.adapters.ssh.labs_rpm import build, install, publish
from tests.lab.hosts import HostsLab
from tests.lab.hosts_rpm import DnfHost, RpmHost, ZypperHost, rpm_repository

from oakum.adapters.ssh.connections import Connections
from oakum.changes.plans.model import Change
from oakum.changes.running.acts import Outcome
from oakum.changes.state.inventory import SoftwareEntry
from oakum.local.hosts import inventory, scan_hosts

#: Power, faults and waits on real machines.
long = pytest.mark.e2e

DONE = Outcome(result="done")
NOW = datetime(2026, 3, 2, tzinfo=UTC)
KINDS: dict[str, type[RpmHost]] = {"dnf": DnfHost, "zypper": ZypperHost}


@pytest.fixture(scope="module", params=KINDS)
def machine(hosts_lab: HostsLab, request: pytest.FixtureRequest) -> Iterator[RpmHost]:
    """A machine that the tests of this module change, each by packages of its own."""
    with hosts_lab.running(f"by-{request.param}", kind=KINDS[request.param]) as (made,):
        assert isinstance(made, RpmHost)
        yield made


@pytest.fixture
def bench(machine: RpmHost) -> Iterator[Bench]:
    with Connections({machine.name: way(machine)}) as opened:
        bench = Bench(opened, machine)
        assert bench.act("claim", machine.name) == DONE
        yield bench
        bench.act("release", machine.name)


def to(name: str, before: str = "1.0", after: str = "1.1", **given: object) -> Change:
    return change(name, f"{before}-1.el9", f"{after}-1.el9", **given)


def fault(bench: Bench, machine: RpmHost, *changes: Change) -> tuple[bool, str]:
    """Whether another try of an apply would come to the same, and why it fails."""
    work = bench.made("apply", machine.name, *changes)
    assert work.state == "failed"
    return work.for_good, work.why


def scanned(machine: RpmHost) -> dict[str, SoftwareEntry]:
    """Its software in the inventory of a scan."""
    hosts = {machine.name: way(machine)}
    given = msgspec.json.decode(inventory(scan_hosts(hosts, list(hosts), limit=1), hosts, NOW))
    return msgspec.convert(given["hosts"][machine.name]["software"], dict[str, SoftwareEntry])


def reboot_due(machine: RpmHost) -> tuple[bool | None, tuple[str, ...]]:
    """Whether a scan says that a reboot is due, and for which packages."""
    hosts = {machine.name: way(machine)}
    (found,) = scan_hosts(hosts, list(hosts), limit=1)
    assert found.target is not None and found.target.asset.host is not None
    return found.target.asset.host.reboot_required, found.target.asset.host.reboot_reasons


def test_packages_change_to_the_very_versions_and_back_to_the_former_ones_without_a_repository(
    bench: Bench, machine: RpmHost
) -> None:
    """Two that need each other and one with epochs, in one act; the service runs the new one, and then the old one."""
    name = machine.name
    old = [build(machine, "pair", "1.0", requires=["pair-lib = 1.0"]), build(machine, "pair-lib", "1.0", service=False)]
    new = [build(machine, "pair", "1.1", requires=["pair-lib = 1.1"]), build(machine, "pair-lib", "1.1", service=False)]
    first = build(machine, "Big_Name++", "3.0~rc1", epoch=1, service=False)
    second = build(machine, "Big_Name++", "2.0^git1", epoch=2, service=False)
    repository = rpm_repository(machine.lab, machine.manager)
    repository.advise("LABSA-1", *new, cves=["CVE-2026-0001"])
    repository.advise("LABBA-2", second, type="bugfix")
    install(machine, *old, first)
    publish(machine, *new, second)
    (machine.root / "etc/pair.conf").write_text("ours\n")
    found = scanned(machine)
    assert found["pair"].offers == found["pair"].security == ("1.1-1.el9",)
    assert found["pair"].closes == {"1.1-1.el9": ("CVE-2026-0001", "LABSA-1")}
    assert (found["Big_Name++"].offers, found["Big_Name++"].security) == (("2:2.0^git1-1.el9",), ())
    ahead = (
        to("pair"), to("pair-lib"), change("Big_Name++", "1:3.0~rc1-1.el9", "2:2.0^git1-1.el9"),
    )  # fmt: skip
    key = f"{RUN}/packages@{name}/apply/pair"
    assert bench.act("apply", name, key=key, changes=ahead) == DONE
    assert bench.act("apply", name, key=key, changes=ahead) == DONE
    assert bench.over(name, key).state == "done"
    assert [machine.version(each.component) for each in ahead] == [each.after for each in ahead]
    seen = bench.seen(name)
    assert [seen.running[each.component] for each in ahead] == [each.after for each in ahead]
    assert machine.run("readlink /proc/$(systemctl show -p MainPID --value pair)/exe") == "/usr/sbin/pair"
    assert scanned(machine)["pair"].kept == ("1.0-1.el9", "1.1-1.el9")
    for each in ("pair", "pair-lib", "Big_Name++"):
        repository.withdraw(each)
    publish(machine)
    back = (change("pair", "1.1-1.el9", "1.0-1.el9"), change("pair-lib", "1.1-1.el9", "1.0-1.el9"),
            change("Big_Name++", "2:2.0^git1-1.el9", "1:3.0~rc1-1.el9"))  # fmt: skip
    machine.lab.repository.stop()
    try:
        assert bench.made("undo", name, *back).state == "done"
    finally:
        machine.lab.repository.serve(machine.lab.gateway)
    assert [machine.version(each.component) for each in back] == [each.after for each in back]
    assert [bench.seen(name).running[each.component] for each in back] == [each.after for each in back]
    assert (machine.root / "etc/pair.conf").read_text() == "ours\n"
    assert machine.run("rpm -V pair pair-lib 'Big_Name++'", check=False) == "S.5....T.  c /etc/pair.conf"
    assert machine.run("systemctl is-active pair") == "active"


@pytest.mark.parametrize("name", ["a b", "a;reboot", "$(reboot)", "-o", "../x", "a*"])
def test_no_name_of_a_package_is_more_than_a_name(bench: Bench, machine: RpmHost, name: str) -> None:
    outcome = bench.act("apply", machine.name, changes=(to(name),))
    assert (outcome.result, outcome.code) == ("refused", "never")


@pytest.mark.parametrize("version", ["1.1", "0:1.1-1", "1:2:3-1", "1.1-1-1", "$(x)-1", "1.*-1", "-1", "1.1-"])
def test_no_version_is_more_than_an_epoch_a_version_and_a_release(bench: Bench, machine: RpmHost, version: str) -> None:
    outcome = bench.act("apply", machine.name, changes=(change("pair", "1.0-1.el9", version),))
    assert (outcome.result, outcome.code) == ("refused", "never")


@long
def test_whatever_is_not_planned_held_not_signed_or_gone_is_refused(bench: Bench, machine: RpmHost) -> None:
    old = [build(machine, name, "1.0", service=False) for name in ("more", "held", "unsigned", "lost")]
    install(machine, *old)
    new = [
        build(machine, "more", "1.1", service=False, requires=["more-new"]), build(machine, "more-new", "1.0"),
        build(machine, "held", "1.1", service=False), build(machine, "unsigned", "1.1", service=False, signed=False),
        build(machine, "lost", "1.1", service=False),
    ]  # fmt: skip
    publish(machine, *new)
    manager, lock = machine.manager, LOCKS[machine.manager]
    assert fault(bench, machine, to("more")) == (
        True, f"{manager} would also change more-new, which is not in the plan"
    )  # fmt: skip
    machine.run(lock[0].format("held"))
    for_good, why = fault(bench, machine, to("held"))
    assert (for_good, why.partition(":")[0]) == (True, "held is held")
    assert scanned(machine)["held"].offers == ()
    machine.run(lock[1].format("held"))
    assert fault(bench, machine, to("unsigned")) == (True, "a package is not signed by a trusted key")
    assert fault(bench, machine, to("more", after="1.7"))[1] == "a version is in no channel of the machine any more"
    repository = rpm_repository(machine.lab, machine.manager)
    repository.withdraw("lost", "1.1")
    stale = "the repository is out of sync: a package is not what its index says"
    assert fault(bench, machine, to("lost")) == (False, stale)
    assert {machine.version(name) for name in ("more", "held", "unsigned", "lost")} == {"1.0-1.el9"}
    assert machine.version("more-new") == ""


#: Entries of versionlock beside the one that dnf itself writes: with more dashes, without a version, by a pattern.
ENTRIES = ("many-dashes-lib-0:1.0-1.el9.*", "many-dashes-1.0-1.el9.x86_64", "many-dashes-*", "many-dashes-lib", "many*")


def test_a_scan_holds_what_the_manager_itself_does_not_upgrade(bench: Bench, machine: RpmHost) -> None:
    names = ("many", "many-dashes", "many-dashes-lib")
    install(machine, *(build(machine, name, "1.0", service=False) for name in names))
    publish(machine, *(build(machine, name, "1.1", service=False) for name in names))
    file, form, entries, ask = LOCK_FILES[machine.manager]
    for entry in entries:
        (machine.root / file).write_text(form.format(entry))
        said = machine.run(ask, check=False).replace("|", " ").split()
        kept = {name for name in names if name not in said and f"{name}.x86_64" not in said}
        (found,) = scan_hosts({machine.name: way(machine)}, [machine.name], limit=1)
        assert found.target is not None
        held = {each.name for each in found.target.asset.packages.packages if each.held}
        assert (entry, held) == (entry, kept)
    (machine.root / file).write_text("")


#: The file of locks, one entry in it, the entries, and what lists the upgrades.
LOCK_FILES = {
    "dnf": ("etc/dnf/plugins/versionlock.list", "{}\n", ENTRIES, "dnf -q check-update"),
    "zypper": (
        "etc/zypp/locks", "\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: {}\n",
        ("many-dashes", "many-dashes-*", "many*"), "zypper -q -n list-updates",
    ),
}  # fmt: skip


def test_a_replaced_file_that_is_in_use_names_its_package(bench: Bench, machine: RpmHost) -> None:
    install(machine, build(machine, "used", "1.0", service=False))
    machine.run("setsid /usr/sbin/used 100000 </dev/null >/dev/null 2>&1 &")
    publish(machine, build(machine, "used", "1.1", service=False))
    machine.run(f"{machine.install} {machine.word('used', '0', '1.1', '1.el9')} >/dev/null")
    (found,) = scan_hosts({machine.name: way(machine)}, [machine.name], limit=1)
    machine.run("pkill -x used")
    assert found.target is not None and found.target.asset.host is not None
    stale = [(each.path, each.package) for each in found.target.asset.host.stale if each.process == "used"]
    assert stale == [("/usr/sbin/used", "used")]


LOCKS = {
    "dnf": ("dnf -q versionlock add {}", "dnf -q versionlock delete {}"),
    "zypper": ("zypper -q -n addlock {}", "zypper -q -n removelock {}"),
}


@long
def test_a_script_that_fails_prints_its_secret_nowhere_but_on_the_machine(bench: Bench, machine: RpmHost) -> None:
    says = {"post": "echo 'error: password=hunter2'\necho 'warning: %post(hunter2-1-1) scriptlet failed' >&2\nexit 1\n"}
    install(machine, build(machine, "secret", "1.0", service=False))
    publish(machine, build(machine, "secret", "1.1", service=False, scripts=says))
    for_good, why = fault(bench, machine, to("secret"))
    assert for_good
    assert why.startswith("a script of secret failed; its log is in ")
    seen = bench.seen(machine.name)
    assert b"hunter2" not in msgspec.json.encode(seen)
    assert "secret" not in seen.running, "rpm counts it as installed; what its script was to do is not done"
    assert "hunter2" in machine.run("cat /var/lib/oakum/work/*/log")
    assert bench.made("undo", machine.name, change("secret", "1.1-1.el9", "1.0-1.el9")).state == "done"
    assert machine.version("secret") == bench.seen(machine.name).running["secret"] == "1.0-1.el9"


@long
def test_a_full_disk_and_a_file_of_another_package_are_told_and_nothing_is_changed(
    bench: Bench, machine: RpmHost
) -> None:
    old = [build(machine, name, "1.0", service=False) for name in ("large", "clash")]
    install(machine, *old)
    publish(
        machine, build(machine, "large", "1.1", service=False, more={"/opt/large": os.urandom(6 << 20)}),
        build(machine, "clash", "1.1", service=False, more={"/etc/large.conf": "mine\n"}),
    )  # fmt: skip
    machine.run("mount -t tmpfs -o size=2M small /opt")
    full = "no space left on the device: make room on the machine"
    assert fault(bench, machine, to("large")) == (False, full)
    machine.run("umount /opt")
    for_good, why = fault(bench, machine, to("clash"))
    assert (for_good, why.partition(";")[0]) == (True, "a file of a package belongs to another package")
    assert [machine.version(name) for name in ("large", "clash")] == ["1.0-1.el9"] * 2
    assert bench.made("apply", machine.name, to("large")).state == "done"
    assert machine.version("large") == bench.seen(machine.name).running["large"] == "1.1-1.el9"


@long
def test_a_dead_repository_keeps_former_packages_from_being_kept_and_nothing_is_changed(
    bench: Bench, machine: RpmHost
) -> None:
    install(machine, build(machine, "dead", "1.0", service=False))
    publish(machine, build(machine, "dead", "1.1", service=False))
    machine.lab.repository.stop()
    try:
        assert fault(bench, machine, to("dead")) == (False, "the repository does not answer")
    finally:
        machine.lab.repository.serve(machine.lab.gateway)
    assert machine.version("dead") == "1.0-1.el9"


@long
def test_a_service_that_dies_of_its_update_is_seen_and_lives_again_after_the_way_back(
    bench: Bench, machine: RpmHost
) -> None:
    name = machine.name
    install(machine, build(machine, "dying", "1.0"))
    publish(machine, build(machine, "dying", "1.1", runs="false"))
    assert bench.made("apply", name, to("dying")).state == "done"
    until(lambda: bench.seen(name).up is False)
    assert "dying.service" in bench.world.problems[name]
    assert bench.made("undo", name, change("dying", "1.1-1.el9", "1.0-1.el9")).state == "done"
    assert bench.seen(name).up is True
    assert machine.run("systemctl is-active dying") == "active"


@long
def test_a_service_that_must_not_be_restarted_runs_its_former_version_until_the_reboot(
    bench: Bench, machine: RpmHost
) -> None:
    """Its program has another path at each version, as libraries have: whose it was is remembered."""
    name = machine.name
    old = build(machine, "engine", "1.0", unit="containerd", path="/usr/lib/{name}/engine-1.0")
    new = build(machine, "engine", "1.1", unit="containerd", path="/usr/lib/{name}/engine-1.1")
    install(machine, old, build(machine, "linux-firmware", "1.0", service=False))
    machine.run("systemctl reboot", check=False)
    until(lambda: not machine.answers())
    machine.wait()
    until(lambda: bench.seen(name).up is True)
    publish(machine, new, build(machine, "linux-firmware", "1.1", service=False))
    assert scanned(machine)["engine"].effect == "reboot"
    assert reboot_due(machine) == (None, ())
    assert bench.made("apply", name, to("engine"), to("linux-firmware")).state == "done"
    assert reboot_due(machine) == (True, ("linux-firmware",))
    seen = bench.seen(name)
    assert (machine.version("engine"), seen.running["engine"]) == ("1.1-1.el9", "1.0-1.el9")
    assert bench.act("reboot", name, boot_id=seen.boot_id) == DONE
    until(lambda: bench.seen(name).boot_id not in ("", seen.boot_id))
    until(lambda: bench.seen(name).up is True)
    assert bench.seen(name).running["engine"] == "1.1-1.el9"
    assert reboot_due(machine) == (None, ())


@long
def test_a_machine_whose_power_goes_amid_a_transaction_is_mended_by_the_next_work(
    bench: Bench, machine: RpmHost
) -> None:
    name = machine.name
    slow = {"post": "[ -e /var/second ] || { touch /run/slow; sync; sleep 60; }\ntouch /var/configured\n"}
    install(machine, build(machine, "power", "1.0", service=False))
    publish(machine, build(machine, "power", "1.1", service=False, scripts=slow))
    key = f"{RUN}/packages@{name}/apply/plug"
    boot = bench.seen(name).boot_id
    assert bench.act("apply", name, key=key, changes=(to("power"),)) == DONE
    until(lambda: bool(machine.run("ls /run/slow", check=False)))
    machine.run("sync")
    machine.pull_plug()
    machine.power_on()
    machine.wait()
    assert bench.over(name, key).why == "the machine went down meanwhile"
    seen = bench.seen(name)
    assert seen.boot_id not in ("", boot)
    # The database has both, or where rpm was not the first to go the new one alone, whose script has failed.
    assert machine.version("power").endswith("1.1-1.el9")
    assert "power" not in seen.running
    machine.run("touch /var/second")
    assert bench.made("apply", name, to("power")).state == "done"
    assert machine.version("power") == bench.seen(name).running["power"] == "1.1-1.el9"
    assert machine.run("ls /var/configured") == "/var/configured", "its script has run"
    assert machine.run("rpm -V power", check=False) == ""


@long
def test_locks_and_other_agents_are_waited_for(bench: Bench, machine: RpmHost) -> None:
    install(machine, build(machine, "waits", "1.0", service=False))
    publish(machine, build(machine, "waits", "1.1", service=False))
    file = {"dnf": "/var/lib/dnf/rpmdb_lock.pid", "zypper": "/run/zypp.pid"}[machine.manager]
    # systemd makes one dollar of two.
    machine.run(f"systemd-run --quiet --unit=holder sh -c 'echo $$$$ >{file}; sleep 12; rm {file}'")
    machine.run(f"until [ -s {file} ]; do sleep 0.1; done; test -d /proc/$(cat {file})")
    machine.run("systemd-run --quiet --unit=dnf-automatic-install --property=Type=oneshot --no-block sleep 3")
    assert bench.made("apply", machine.name, to("waits")).state == "done"
    assert machine.run("systemctl is-active holder", check=False) == "inactive"
    assert machine.version("waits") == "1.1-1.el9"
