"""Remediations of the kernel on a machine with a kernel of its own: a module is unloaded, settings count at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.adapters.ssh.labs import RUN, Bench
from tests.adapters.ssh.test_remedies_on_hosts import change_of
from tests.lab.vm import VirtualLab, VirtualMachine

from oakum.adapters.ssh.connections import Connections
from oakum.adapters.ssh.model import Host
from oakum.adapters.ssh.remedies import shipped, software_of
from oakum.adapters.ssh.world import HostsWorld

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def machine() -> Iterator[VirtualMachine]:
    with VirtualLab() as lab:
        yield lab.start()


@pytest.fixture
def bench(machine: VirtualMachine) -> Iterator[Bench]:
    host = Host(
        address=machine.address, host_keys=(machine.host_key,), identities=(str(machine.key),), agent=False
    )  # fmt: skip
    with Connections({machine.name: host}) as opened:
        bench = Bench(opened)
        bench.world = HostsWorld({machine.name: host}, opened, {machine.name: ""}, run=RUN)
        yield bench


def laid(bench: Bench, machine: VirtualMachine, name: str) -> None:
    work = bench.made("apply", machine.name, change_of(shipped()[name]))
    assert (work.state, work.why) == ("done", "")


def undone(bench: Bench, machine: VirtualMachine, name: str) -> None:
    work = bench.made("undo", machine.name, change_of(shipped()[name], out=True))
    assert (work.state, work.why) == ("done", "")


def test_a_module_is_unloaded_cannot_be_loaded_and_is_loaded_again(bench: Bench, machine: VirtualMachine) -> None:
    tried = 0
    for name, one in shipped().items():
        if "MODULES" not in one.values:
            continue
        module = one.values["MODULES"].split()[-1]
        load = f"modprobe {module} && grep -q ^{module} /proc/modules && echo loaded || echo not"
        if machine.run(load, check=False).splitlines()[-1] != "loaded":
            continue
        tried += 1
        laid(bench, machine, name)
        assert machine.run(load, check=False).splitlines()[-1] == "not"
        assert machine.run(f"grep ^{module} /proc/modules", check=False) == ""
        undone(bench, machine, name)
        assert machine.run(f"grep -c ^{module} /proc/modules", check=False) != "0"
    assert tried, "the kernel of the lab has none of these modules"


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("setting-unprivileged-bpf-off", "kernel/unprivileged_bpf_disabled"),
        ("setting-user-namespaces-off", "user/max_user_namespaces"),
        ("setting-tcp-sack-off", "net/ipv4/tcp_sack"),
    ],
)
def test_a_setting_counts_at_once_over_a_restart_and_goes_back(
    bench: Bench, machine: VirtualMachine, name: str, setting: str
) -> None:
    one = shipped()[name]
    if setting.startswith("kernel"):
        machine.run(f"echo 0 >/proc/sys/{setting}")
    before = machine.run(f"cat /proc/sys/{setting}")
    assert before != one.values["VALUE"]
    laid(bench, machine, name)
    assert machine.run(f"cat /proc/sys/{setting}") == one.values["VALUE"]
    if name == "setting-user-namespaces-off":
        assert "No space left" in machine.run("unshare --user true 2>&1", check=False)
    machine.run(f"echo {before} >/proc/sys/{setting}; systemctl restart systemd-sysctl")
    assert machine.run(f"cat /proc/sys/{setting}") == one.values["VALUE"], "as it would be after a restart"
    undone(bench, machine, name)
    assert machine.run(f"cat /proc/sys/{setting}") == before


def test_a_scan_tells_what_the_kernel_has_and_what_it_has_not(bench: Bench, machine: VirtualMachine) -> None:
    said = machine.run("/usr/local/lib/oakum/host collect | tar -xzO ./.oakum/remediations")
    found = {name: each.installed for name, each in software_of(said).items()}
    assert found.keys() == {one.component for one in shipped().values()}
    for name, one in shipped().items():
        if "MODULES" in one.values:
            has = any(
                machine.run(f"modinfo {module} >/dev/null 2>&1 && echo yes", check=False)
                for module in one.values["MODULES"].split()
            )
            assert found[one.component] == ("absent" if has else "not-applicable"), name
