"""Real machines behind the port of a run: what an act does and refuses, what is seen, and that nothing is twice.

What takes long is run by ``make e2e``.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from tests.adapters.ssh.labs import DIES, RUN, Bench, change, installs, offer, until, way
from tests.lab.hosts import Host as Machine
from tests.lab.hosts import HostsLab

from oakum.adapters.ssh import connections
from oakum.adapters.ssh.commands import PLACE, program
from oakum.adapters.ssh.connections import Connections
from oakum.adapters.ssh.model import Host
from oakum.changes.running.acts import Outcome
from oakum.changes.running.observed import Claim
from oakum.local.hosts import sudoers

#: Cables, power, faults and waits on real machines.
long = pytest.mark.e2e

DONE = Outcome(result="done")


@pytest.fixture(scope="module")
def machine(hosts_lab: HostsLab) -> Iterator[Machine]:
    """A machine that the tests of this module change, each by packages of its own."""
    with hosts_lab.running("world") as (made,):
        yield made


@pytest.fixture
def bench(machine: Machine) -> Iterator[Bench]:
    with Connections({"world": way(machine)}) as opened:
        bench = Bench(opened, machine)
        yield bench
        bench.act("release", "world")


def installed(machine: Machine, lab: HostsLab, name: str, *versions: str, **parts: object) -> None:
    """The first of some versions is installed, the others are offered."""
    offer(lab, name, *versions, **parts)  # type: ignore[arg-type]  # words of a test
    machine.run(f"apt-get -qq update; apt-get -qq -y install {name}={versions[0]} >/dev/null")
    assert machine.version(name) == versions[0]


def test_a_claim_is_ours_until_it_is_released(bench: Bench) -> None:
    before = bench.seen("world")
    assert before.claim is None
    assert before.up
    assert bench.act("claim", "world", resource_version=before.resource_version) == DONE
    seen = bench.seen("world")
    assert seen.claim == Claim(run=RUN, step="packages@world", token=1, cordoned=False)
    assert seen.resource_version != before.resource_version
    stale = bench.act("claim", "world", resource_version=before.resource_version)
    assert (stale.result, stale.code) == ("refused", "changed")
    other = bench.act("claim", "world", run="run-2")
    assert (other.code, other.why) == ("changed", f"{RUN} holds it")
    assert bench.act("release", "world", run="run-2").code == "changed"
    assert bench.act("release", "world") == DONE
    assert bench.seen("world").claim is None
    assert bench.act("release", "world") == DONE, "there is nothing left to release"


def test_an_act_of_a_key_is_answered_once_and_done_once(bench: Bench) -> None:
    assert bench.act("claim", "world", key=f"{RUN}/k") == DONE
    assert bench.act("release", "world") == DONE
    assert bench.act("claim", "world", key=f"{RUN}/k") == DONE
    assert bench.seen("world").claim is None, "it was answered as then, and not done again"


def test_a_lower_token_of_the_same_run_is_fenced_and_other_runs_have_their_own(bench: Bench) -> None:
    assert bench.act("claim", "world", token=7, run="run-fence") == DONE
    assert bench.act("release", "world", token=6, run="run-fence").code == "fenced"
    assert bench.act("release", "world", token=7, run="run-fence") == DONE
    assert bench.act("claim", "world", token=1) == DONE


def test_another_machine_under_that_name_is_not_touched(bench: Bench) -> None:
    assert bench.act("claim", "world", uid="0" * 32).code == "gone"
    assert bench.seen("world").claim is None


def test_what_a_host_has_not_is_refused_or_does_nothing(bench: Bench) -> None:
    assert bench.act("snapshot", "world").code == "never"
    assert bench.act("silence", "world") == DONE
    assert not bench.seen("world").silenced


@pytest.mark.parametrize("name", ["a b", "a;reboot", "$(reboot)", "-o", "A", "../x"])
def test_no_name_of_a_package_is_more_than_a_name(bench: Bench, name: str) -> None:
    outcome = bench.act("apply", "world", changes=(change(name, "1", "2"),))
    assert (outcome.result, outcome.code) == ("refused", "never")


def test_packages_change_to_the_very_versions_and_back_to_the_former_ones(
    bench: Bench, machine: Machine, hosts_lab: HostsLab
) -> None:
    file = "/etc/lab-one.conf"
    installed(machine, hosts_lab, "lab-one", "1.0", conffiles=(file,), files={file: "a\n"})
    offer(hosts_lab, "lab-one", "0.9", "1.1", conffiles=(file,), files={file: "b\n"})
    machine.run("apt-get -qq update")
    (machine.root / "etc/lab-one.conf").write_text("ours\n")
    assert bench.act("claim", "world") == DONE
    ahead = change("lab-one", "1.0", "1.1")
    key = f"{RUN}/packages@world/apply/one"
    assert bench.act("apply", "world", key=key, changes=(ahead,)) == DONE
    assert bench.act("apply", "world", key=key, changes=(ahead,)) == DONE
    assert bench.over("world", key).state == "done"
    assert bench.seen("world").running["lab-one"] == machine.version("lab-one") == "1.1"
    assert installs(machine, "lab-one") == ["install lab-one:all <none> 1.0", "upgrade lab-one:all 1.0 1.1"]
    assert bench.act("apply", "world", key=key, changes=(ahead,)) == DONE
    hosts_lab.repository.withdraw("lab-one")
    hosts_lab.repository.publish()
    machine.run("apt-get -qq update")
    assert bench.made("undo", "world", change("lab-one", "1.1", "1.0")).state == "done"
    assert bench.seen("world").running["lab-one"] == machine.version("lab-one") == "1.0"
    assert (machine.root / "etc/lab-one.conf").read_text() == "ours\n"
    assert len(installs(machine, "lab-one")) == 3


def test_former_packages_are_kept_as_long_as_the_way_back_is_promised(bench: Bench, machine: Machine) -> None:
    kept = machine.root / "var/lib/oakum/kept"
    for name, days in (("lab-old_1_all.deb", 61), ("lab-young_1_all.deb", 59)):
        (kept / name).touch()
        machine.run(f"touch -d '{days} days ago' /var/lib/oakum/kept/{name}")
    assert bench.act("claim", "world") == DONE
    assert not (kept / "lab-old_1_all.deb").exists()
    assert (kept / "lab-young_1_all.deb").exists()


@long
def test_looks_do_not_keep_work_from_beginning(bench: Bench, machine: Machine, hosts_lab: HostsLab) -> None:
    """A look tries the lock that work takes; work that finds it taken waits, for nobody begins it a second time."""
    installed(machine, hosts_lab, "lab-looked", "1.0")
    offer(hosts_lab, "lab-looked", "0.9", "1.1")
    machine.run("apt-get -qq update")
    assert bench.act("claim", "world") == DONE
    machine.run(
        "for n in 1 2 3 4; do (while [ ! -e /run/looked ]; do for each in /var/lib/oakum/work/*; do "
        "flock -n $each/lock sleep 0.05; done; done) >/dev/null 2>&1 </dev/null & done"
    )
    try:
        assert bench.made("apply", "world", change("lab-looked", "1.0", "1.1")).state == "done"
    finally:
        machine.run("touch /run/looked")


@long
def test_a_service_that_dies_of_its_update_is_seen_and_lives_again_after_the_way_back(
    bench: Bench, machine: Machine, hosts_lab: HostsLab
) -> None:
    installed(machine, hosts_lab, "lab-bad", "1.0")
    offer(hosts_lab, "lab-bad", "0.1", "1.1", program=DIES)
    machine.run("apt-get -qq update")
    assert bench.act("claim", "world") == DONE
    assert bench.made("apply", "world", change("lab-bad", "1.0", "1.1")).state == "done"
    until(lambda: bench.seen("world").up is False)
    assert "lab-bad.service" in bench.world.problems["world"]
    assert bench.made("undo", "world", change("lab-bad", "1.1", "1.0")).state == "done"
    assert bench.seen("world").up is True
    assert machine.run("systemctl is-active lab-bad") == "active"


@long
def test_a_connection_that_breaks_off_leaves_the_work_to_its_end(
    bench: Bench, machine: Machine, hosts_lab: HostsLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_KEEPALIVE", 1)
    monkeypatch.setattr(connections, "CONNECT", 3.0)
    slow = {"preinst": "#!/bin/sh\n[ $1 = install ] || { touch /run/slow; sleep 5; }\n"}
    installed(machine, hosts_lab, "lab-slow", "1.0", "1.1", scripts=slow)
    key = f"{RUN}/packages@world/apply/cut"
    assert bench.act("apply", "world", key=key, changes=(change("lab-slow", "1.0", "1.1"),)) == DONE
    until(lambda: bool(machine.run("ls /run/slow", check=False)))
    assert bench.seen("world").work[key].state == "running"
    with machine.cut():
        assert bench.act("claim", "world").result == "unknown"
        seen = bench.seen("world")
        assert seen.up is False
        assert seen.scanned is not None and seen.scanned < seen.at
    assert bench.over("world", key).state == "done"
    assert machine.version("lab-slow") == "1.1"
    assert len(installs(machine, "lab-slow")) == 2


@long
def test_work_whose_machine_loses_its_power_has_failed_and_is_mended_by_the_next(
    bench: Bench, machine: Machine, hosts_lab: HostsLab
) -> None:
    slow = {"postinst": "#!/bin/sh\n[ -e /run/second ] || { touch /run/second; sleep 30; }\n"}
    installed(machine, hosts_lab, "lab-cut", "1.0", "1.1")
    offer(hosts_lab, "lab-cut", "0.9", "1.1", scripts=slow)
    machine.run("apt-get -qq update")
    key = f"{RUN}/packages@world/apply/plug"
    boot = bench.seen("world").boot_id
    assert bench.act("apply", "world", key=key, changes=(change("lab-cut", "1.0", "1.1"),)) == DONE
    until(lambda: bool(machine.run("ls /run/second", check=False)))
    machine.run("sync")
    machine.pull_plug()
    assert bench.seen("world").up is False
    machine.power_on()
    machine.wait()
    work = bench.over("world", key)
    assert (work.state, work.why) == ("failed", "the machine went down meanwhile")
    seen = bench.seen("world")
    assert seen.boot_id not in ("", boot)
    assert seen.running.get("lab-cut") != "1.1", "half-installed is not installed"
    machine.run("touch /run/second; apt-get -qq update")
    assert bench.made("apply", "world", change("lab-cut", "1.0", "1.1")).state == "done"
    assert machine.run("dpkg --audit") == ""


def test_a_reboot_is_asked_for_under_the_boot_that_was_seen(bench: Bench, machine: Machine) -> None:
    boot = bench.seen("world").boot_id
    assert bench.act("reboot", "world", boot_id="another").code == "changed"
    assert bench.act("reboot", "world", boot_id=boot, key=f"{RUN}/reboot") == DONE
    until(lambda: bench.seen("world").boot_id not in ("", boot))
    until(lambda: bench.seen("world").up is True)
    again = bench.seen("world").boot_id
    assert bench.act("reboot", "world", boot_id=boot, key=f"{RUN}/reboot") == DONE, "answered as then"
    assert bench.seen("world").boot_id == again


def fault(bench: Bench, name: str) -> str:
    """Why an apply fails."""
    work = bench.made("apply", "world", change(name, "1.0", "1.1"))
    assert work.state == "failed"
    return work.why


@long
def test_faults_of_a_package_manager_are_told_in_words_and_change_nothing(
    bench: Bench, machine: Machine, hosts_lab: HostsLab
) -> None:
    installed(machine, hosts_lab, "lab-f", "1.0", "1.1")
    machine.run("apt-mark hold lab-f")
    assert fault(bench, "lab-f") == "lab-f is held: apt-mark unhold lab-f, or plan without it"
    machine.run("apt-mark unhold lab-f")
    hosts_lab.repository.stop()
    try:
        machine.run("apt-get clean")
        assert fault(bench, "lab-f") in ("the former version of lab-f cannot be kept", "the repository does not answer")
    finally:
        hosts_lab.repository.serve(hosts_lab.gateway)
    offer(hosts_lab, "lab-new", "1.0")
    offer(hosts_lab, "lab-f", "0.9", "1.1", depends="lab-new")
    machine.run("apt-get -qq update")
    assert fault(bench, "lab-f") == "apt would also change lab-new, which is not in the plan"
    assert machine.version("lab-f") == "1.0"
    assert machine.version("lab-new") == ""


@long
def test_a_script_that_fails_prints_its_secret_nowhere_but_on_the_machine(
    bench: Bench, machine: Machine, hosts_lab: HostsLab
) -> None:
    installed(machine, hosts_lab, "lab-secret", "1.0")
    says = {"postinst": "#!/bin/sh\necho E: password=hunter2\necho 'dpkg: error hunter2' >&2\nexit 1\n"}
    offer(hosts_lab, "lab-secret", "0.9", "1.1", scripts=says)
    machine.run("apt-get -qq update")
    why = fault(bench, "lab-secret")
    assert "a script of lab-secret failed; its log is in" in why
    seen = bench.seen("world")
    assert b"hunter2" not in msgspec.json.encode(seen)
    assert "hunter2" in machine.run("cat /var/lib/oakum/work/*/log")
    assert bench.made("undo", "world", change("lab-secret", "1.1", "1.0")).state == "done"
    assert machine.version("lab-secret") == "1.0"
    assert machine.run("dpkg --audit") == ""


@pytest.fixture
def account(machine: Machine) -> Iterator[Host]:
    """An account that is not root, with just what `oakum host sudoers` asks for."""
    machine.run("useradd --create-home --shell /bin/sh oakum")
    machine.authorize("oakum", machine.lab.public_key)
    machine.run("chown -R oakum: /home/oakum")
    machine.run("cat >/etc/sudoers.d/oakum && chmod 440 /etc/sudoers.d/oakum", input=sudoers("oakum"))
    machine.run(f"mkdir -p {PLACE.rpartition('/')[0]} && cat >{PLACE} && chmod 755 {PLACE}", input=program().decode())
    yield way(machine, user="oakum", sudo=True)
    machine.run("userdel --remove --force oakum; rm -f /etc/sudoers.d/oakum", check=False)


def test_an_account_with_sudo_changes_packages_until_that_is_withdrawn(
    account: Host, machine: Machine, hosts_lab: HostsLab
) -> None:
    installed(machine, hosts_lab, "lab-sudo", "1.0", "1.1")
    with Connections({"world": account}) as opened:
        bench = Bench(opened, machine, world=account)
        assert bench.act("claim", "world") == DONE
        assert bench.made("apply", "world", change("lab-sudo", "1.0", "1.1")).state == "done"
        assert machine.version("lab-sudo") == bench.seen("world").running["lab-sudo"] == "1.1"
        machine.run("rm /etc/sudoers.d/oakum")
        outcome = bench.act("release", "world")
        assert (outcome.result, outcome.code) == ("refused", "not-now")
        assert "sudo does not let the account" in outcome.why
        assert bench.seen("world").up is False
        machine.run("cat >/etc/sudoers.d/oakum && chmod 440 /etc/sudoers.d/oakum", input=sudoers("oakum"))
        assert bench.act("release", "world") == DONE
        assert bench.seen("world").up is True


@long
def test_another_agent_is_waited_for(bench: Bench, machine: Machine, hosts_lab: HostsLab) -> None:
    installed(machine, hosts_lab, "lab-agent", "1.0", "1.1")
    machine.run("systemd-run --quiet --unit=packagekit --property=Type=exec flock /var/lib/dpkg/lock-frontend sleep 4")
    assert bench.made("apply", "world", change("lab-agent", "1.0", "1.1")).state == "done"


def test_a_service_that_had_failed_before_the_run_came_is_not_its_concern_and_one_that_fails_since_is(
    machine: Machine,
) -> None:
    for name in ("lab-before", "lab-since"):
        unit = f"[Service]\nType=oneshot\nExecStart=/bin/test ! -e /run/{name}\n"
        machine.run(f"cat >/etc/systemd/system/{name}.service; systemctl daemon-reload; touch /run/{name}", input=unit)
    machine.run("systemctl start lab-before", check=False)
    try:
        with Connections({"world": way(machine)}) as opened:
            bench = Bench(opened, machine, run="run-of-services")
            assert bench.seen("world").up is True
            assert bench.act("claim", "world") == DONE
            assert bench.seen("world").up is True
            machine.run("systemctl start lab-since", check=False)
            assert bench.seen("world").up is False
            assert bench.world.problems["world"] == "lab-since.service is not active"
            assert bench.act("release", "world") == DONE
            assert bench.act("claim", "world") == DONE
            assert bench.seen("world").up is False, "also when the run comes back"
            bench.act("release", "world")
    finally:
        machine.run("rm /etc/systemd/system/lab-before.service /etc/systemd/system/lab-since.service", check=False)
        machine.run("systemctl daemon-reload; systemctl reset-failed", check=False)
