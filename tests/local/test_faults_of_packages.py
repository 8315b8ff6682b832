"""What goes wrong with packages on a real machine: locks, repositories, full disks."""

from __future__ import annotations

import time

import pytest
from tests.adapters.ssh.labs import installs, offer
from tests.local.faults import Patient, fails, meanwhile, script, there

pytestmark = pytest.mark.e2e

MACHINES = ("faults",)


def test_the_lock_that_another_holds_is_named_and_waited_for_but_not_for_ever(patient: Patient) -> None:
    patient.has("f-lock")
    offer(
        patient.lab,
        "f-holder",
        "1.0",
        scripts={"postinst": "#!/bin/sh\nwhile [ ! -e /opt/free ]; do sleep 0.1; done\n"},
    )
    patient.plan("f-lock")
    patient.machine.run("apt-get -qq update; systemd-run --quiet --unit=admin apt-get -qq -y install f-holder")
    there(patient.machine.root / "var/lib/dpkg/info/f-holder.postinst")
    said = fails_planned(patient, "f-lock", "the lock of the package manager is held by apt-get (process ")
    assert "half-installed" not in said, "what another is just installing is no damage"
    patient.machine.run("touch /opt/free; while systemctl is-active --quiet admin; do sleep 0.1; done")
    patient.is_well_again("f-lock")
    assert len(installs(patient.machine, "f-lock")) == 2


def fails_planned(patient: Patient, name: str, *words: str) -> str:
    code, said = patient.run(name)
    assert code == 1, said
    for each in words:
        assert each in said, said
    assert patient.counts() == {"undone": 1}
    assert patient.machine.version(name) == "1.0"
    assert not (patient.machine.root / "var/lib/oakum/claim").exists()
    return said


def test_a_repository_that_does_not_answer(patient: Patient) -> None:
    patient.has("f-dead")
    patient.plan("f-dead")
    patient.machine.run("apt-get clean")
    patient.lab.repository.stop()
    try:
        fails_planned(patient, "f-dead", "the repository does not answer")
    finally:
        patient.lab.repository.serve(patient.lab.gateway)
    patient.nothing_is_left()
    patient.is_well_again("f-dead")


def test_a_repository_whose_packages_are_not_those_of_its_index(patient: Patient) -> None:
    patient.has("f-sync")
    (deb,) = patient.lab.repository.folder.glob("pool/*/f-sync_1.1_*.deb")
    whole = deb.read_bytes()
    deb.unlink()
    deb.write_bytes(whole[:-8] + bytes(8))
    fails(patient, "f-sync", "the repository is out of sync: a package is not what its index says")
    deb.unlink()
    fails(patient, "f-sync", "the repository is out of sync: it has a package no more that the machine's lists name")
    deb.write_bytes(whole)
    patient.is_well_again("f-sync")


def test_no_room_for_what_is_downloaded(patient: Patient) -> None:
    patient.has("f-room")
    patient.machine.run("apt-get clean; mount -t tmpfs -o size=64k tmpfs /var/cache/apt/archives")
    patient.machine.run(
        "mkdir /var/cache/apt/archives/partial; cat /dev/zero >/var/cache/apt/archives/zero", check=False
    )
    try:
        fails(patient, "f-room", "no space left on the device")
    finally:
        patient.machine.run("umount /var/cache/apt/archives; mkdir -p /var/cache/apt/archives/partial")
    patient.is_well_again("f-room")


def test_a_disk_that_is_full_in_the_middle_of_an_installation(patient: Patient) -> None:
    patient.has("f-full", files={"/opt/full/a": "x" * 300_000})
    patient.machine.run("mkdir -p /opt/full; mount -t tmpfs -o size=64k tmpfs /opt/full")
    try:
        fails(patient, "f-full", "no space left on the device")
    finally:
        patient.machine.run("umount /opt/full")
    patient.is_well_again("f-full")


def test_no_room_for_our_own_notes_on_the_host_loses_none_of_them(patient: Patient) -> None:
    fills = "cat /dev/zero >/var/lib/oakum/zero 2>/dev/null; touch /opt/filled"
    patient.has("f-notes", scripts=script("f-notes", fills))
    patient.plan("f-notes")
    patient.machine.run("mount -t tmpfs -o size=60m,mode=700 tmpfs /var/lib/oakum")

    def make_room() -> None:
        there(patient.machine.root / "opt/filled")
        time.sleep(4)
        patient.machine.run("rm /var/lib/oakum/zero")

    with meanwhile(make_room):
        code, said = patient.run("f-notes")
    assert code == 0, said
    assert "no space left for our own notes in /var/lib/oakum" in said
    assert patient.machine.version("f-notes") == "1.1"
    assert len(installs(patient.machine, "f-notes")) == 2, "there once, and up once"
    assert patient.machine.run("ls /var/lib/oakum/claim", check=False) == ""
    patient.machine.run("umount /var/lib/oakum")
