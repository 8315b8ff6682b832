"""The kernel of a real machine, by a run: installed, booted, proven; not booted, and then no success; taken back.

The machine is emulated, with a boot loader and a kernel of its own: each test takes minutes (``make e2e``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.lab.go import LabUnavailable
from tests.lab.vm import VirtualLab, VirtualMachine
from tests.local.desk import Desk

from oakum.changes.intents.machines import packages_of
from oakum.changes.plans.model import Change
from oakum.cli.main import main
from oakum.local.runs import open_run, run_names
from oakum.local.starting import summary_of
from oakum.reports.runs import Summary

pytestmark = pytest.mark.e2e

Out = pytest.CaptureFixture[str]
BOOT = "cat /proc/sys/kernel/random/boot_id"
PACKAGES = "dpkg-query -W -f '${Package}=${Version} ${db:Status-Status}\\n' 'linux-image-*' | sed -n 's/ installed$//p'"


@pytest.fixture
def machine() -> Iterator[VirtualMachine]:
    """A new machine: the kernel of its security channel is pending."""
    try:
        lab = VirtualLab()
    except LabUnavailable as error:
        pytest.skip(str(error))
    with lab:
        made = lab.start()
        made.run("apt-get -qq update")
        yield made


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: Path, machine: VirtualMachine) -> Desk:
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    return Desk(tmp_path, keys, [machine], "ssh.service", ready="240s")


def planned(desk: Desk) -> Change:
    """The plan's only change."""
    (step,) = desk.plan_of("kernel", "kind: kernel").steps.values()
    (change,) = step.changes
    return change


def ended(name: str) -> Summary:
    """How a run ended."""
    run = open_run(None, name)
    found = summary_of(run, datetime.now(UTC))
    run.close()
    return found


def test_a_new_kernel_is_installed_booted_and_proven_and_taken_back(
    desk: Desk, machine: VirtualMachine, capsys: Out
) -> None:
    old, boot = machine.run("uname -r"), machine.run(BOOT)
    change = planned(desk)
    assert (change.before, change.reversibility) == (old, "reversible")
    assert change.after > old
    assert desk.run("kernel.json") == 0, capsys.readouterr()
    assert machine.run("uname -r") == change.after
    assert machine.run(BOOT) != boot
    assert set(packages_of(change)) <= set(machine.run(PACKAGES).splitlines())
    (run,) = run_names(None)
    assert ended(run).well

    boot, back = machine.run(BOOT), desk.folder / "back.json"
    words = ["--all", "--from", desk.scan(), "--policy", str(desk.policy), "--out", str(back)]
    assert main(["rollback", run, *words]) == 0
    assert desk.run("back.json") == 0, capsys.readouterr()
    assert machine.run("uname -r") == old
    assert machine.run(BOOT) != boot
    # And it stays so: the menu's own choice is the former kernel now, whoever restarts the machine.
    assert re.search(rf"set default=.*gnulinux-{re.escape(old)}-advanced", machine.run("cat /boot/grub/grub.cfg"))


def test_a_machine_that_starts_its_old_kernel_again_is_not_patched_and_is_taken_back(
    desk: Desk, machine: VirtualMachine, capsys: Out
) -> None:
    old, packages = machine.run("uname -r"), machine.run(PACKAGES)
    menu = machine.run("cat /boot/grub/grub.cfg")
    ids = [re.search(rf"menuentry_id_option '(gnulinux-{each}advanced-[^']+)'", menu) for each in ("", f"{old}-")]
    entry = ">".join(found[1] for found in ids if found)
    assert entry.count("gnulinux") == 2
    machine.run(f"grub-set-default '{entry}'")
    change = planned(desk)
    assert desk.run("kernel.json") == 1
    assert "not effective" in capsys.readouterr().out
    (run,) = run_names(None)
    assert (ended(run).state, ended(run).counts) == ("stopped", {"undone": 1})
    assert machine.run("uname -r") == old
    assert machine.run(PACKAGES) == packages, "the former packages, and no other"
    assert change.after not in machine.run("ls /boot")
    assert entry in machine.run("grub-editenv list"), "somebody else's choice in the boot loader was changed"


def test_a_boot_folder_without_room_is_seen_before_anything_is_done(
    desk: Desk, machine: VirtualMachine, capsys: Out
) -> None:
    planned(desk)
    before = machine.run("sha256sum /var/lib/dpkg/status /boot/grub/grub.cfg; ls /boot")
    machine.run(
        "mkdir /small; mount -t tmpfs -o size=60m small /small; cp -a /boot/. /small; mount --bind /small /boot"
    )
    machine.run("fallocate -l $(($(df -Pm /boot | awk 'NR == 2 { print $4 }') - 10))M /boot/full")
    assert desk.run("kernel.json") == 1
    assert "no space left on /boot" in capsys.readouterr().out
    machine.run("rm /boot/full")
    assert machine.run("sha256sum /var/lib/dpkg/status /boot/grub/grub.cfg; ls /boot") == before
    assert "stale linux-image" not in machine.run("/usr/local/lib/oakum/host look"), "its own build runs"
