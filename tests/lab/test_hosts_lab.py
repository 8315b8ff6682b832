"""The lab's hosts themselves: a reboot is one, the plug can be pulled, and nothing of a run stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from tests.lab.hosts import Host, HostsLab, left, sweep, wait_until


def boot_of(host: Host) -> str:
    """The boot id, empty while it does not answer."""
    return host.run("cat /proc/sys/kernel/random/boot_id", check=False) if host.answers() else ""


def test_a_reboot_is_one_and_a_pulled_plug_ends_everything(hosts_lab: HostsLab) -> None:
    (host,) = hosts_lab.start("lab1")
    before = boot_of(host)
    assert before
    assert host.run("systemctl is-system-running") == "running"
    host.run("touch /run/gone /opt/stays; systemctl reboot", check=False)
    wait_until(lambda: boot_of(host) not in ("", before), "another boot id")
    assert host.run("ls /run/gone /opt/stays 2>/dev/null", check=False) == "/opt/stays"
    host.pull_plug()
    assert not host.answers()
    host.power_on()
    host.wait()
    assert host.run("cat /opt/stays", check=False) == ""
    hosts_lab.remove(host)


def test_security_updates_are_pending_and_both_versions_can_be_had(hosts_lab: HostsLab) -> None:
    (host,) = hosts_lab.start("lab2")
    assert host.run("command -v python3", check=False) == ""
    host.run("apt-get -qq update")
    table = host.run("apt-cache policy openssl")
    assert f"Installed: {host.version('openssl')}" in table
    assert "bookworm-security/main" in table
    assert "bookworm/main" in table
    hosts_lab.remove(host)


def test_machines_that_somebody_needs_go_even_where_that_fails(hosts_lab: HostsLab) -> None:
    with pytest.raises(ZeroDivisionError), hosts_lab.running("lab3", "lab4") as made:
        assert [(host.name, host.answers()) for host in made] == [("lab3", True), ("lab4", True)]
        raise ZeroDivisionError
    assert not [host.name for host in made if host.name in hosts_lab.hosts or host.folder.exists() or host.answers()]


def test_what_a_killed_run_left_is_found_by_its_prefix_and_removed(hosts_lab: HostsLab) -> None:
    code = "import time; from tests.lab.hosts import HostsLab; lab = HostsLab(); lab.start('gone'); "
    code += "print(lab.prefix, flush=True); time.sleep(60)"
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    prefix = run.stdout.readline().strip()
    assert prefix, "the lab did not start"
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    assert left(prefix)
    deadline = time.monotonic() + 20
    while left(prefix) and time.monotonic() < deadline:
        sweep()
        time.sleep(0.1)
    assert left(prefix) == []
