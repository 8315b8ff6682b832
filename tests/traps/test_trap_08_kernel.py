"""Trap 8: a machine has many kernels and runs one; what is built from its source is none; an image has none."""

from __future__ import annotations

import msgspec
import pytest
from tests.traps.answers import ALMA, DEBIAN, asset, deb, findings, ids, index_of, matched, record, rpm, running, upto

from oakum.fleet.assets import Host, Kernel
from oakum.fleet.packages import Package, package_set
from oakum.risk.actions import actions
from oakum.risk.bundles import Ranked

INDEX = index_of(record("CVE-2024-1", upto("debian:12", "linux", "6.1.90-1")))
OLD, NEW = "6.1.0-20-amd64", "6.1.0-21-amd64"


def image(release: str, version: str) -> Package:
    return deb(f"linux-image-{release}", version, "linux-signed-amd64", version.replace("-", "+"))


OLD_IMAGE, NEW_IMAGE = image(OLD, "6.1.85-1"), image(NEW, "6.1.90-1")
RUNS_OLD = running(OLD, OLD_IMAGE.name, "6.1.85-1", Kernel(NEW, NEW_IMAGE.name, "6.1.90-1"))
RUNS_NEW = running(NEW, NEW_IMAGE.name, "6.1.90-1", Kernel(OLD, OLD_IMAGE.name, "6.1.85-1"))


def on(host: Host | None, *packages: Package) -> list[str]:
    return [one.package.name for one in findings(INDEX, DEBIAN, *packages, kind="host", host=host)]


def test_trap_08_kernel_the_running_one_counts_and_not_the_one_that_stands_by() -> None:
    assert on(RUNS_OLD, OLD_IMAGE, NEW_IMAGE) == [OLD_IMAGE.name]
    assert on(RUNS_NEW, OLD_IMAGE, NEW_IMAGE) == []


def test_trap_08_kernel_fixed_and_installed_but_not_running_needs_a_reboot_only() -> None:
    (found,) = findings(INDEX, DEBIAN, OLD_IMAGE, NEW_IMAGE, kind="host", host=RUNS_OLD)
    assert (found.fix.state, found.fix.installed.answer, found.fix.effective.answer) == ("installed", "yes", "no")
    machine = asset("a", package_set(DEBIAN, [OLD_IMAGE, NEW_IMAGE]), host=RUNS_OLD)
    (action,) = actions([Ranked(found, "14 days", 1, 14, 10.0)], {"a": machine})
    assert action.kind == "reboot"


@pytest.mark.parametrize(
    "name", ["linux-libc-dev", "linux-headers-6.1.0-20-amd64", "linux-doc-6.1", "linux-kbuild-6.1"]
)
def test_trap_08_kernel_headers_libc_and_documentation_are_none(name: str) -> None:
    part = deb(name, "6.1.85-1", "linux")
    assert on(RUNS_OLD, OLD_IMAGE, part) == [OLD_IMAGE.name]
    assert ids(findings(INDEX, DEBIAN, part, kind="image")) == []


def test_trap_08_kernel_belongs_to_the_node_once_and_never_to_an_image() -> None:
    assert ids(findings(INDEX, DEBIAN, OLD_IMAGE, kind="image")) == []
    assert on(RUNS_OLD, OLD_IMAGE) == [OLD_IMAGE.name]


def test_trap_08_kernel_of_an_rpm_machine_is_told_by_its_version_and_not_by_its_name() -> None:
    old, new = rpm("kernel-core", "4.18.0-500.el8"), rpm("kernel-core", "4.18.0-553.el8")
    index = index_of(record("ALSA-1", upto("almalinux:8", "kernel-core", "4.18.0-553.el8")))
    runs_old = running("4.18.0-500.el8.x86_64", "kernel-core", "4.18.0-500.el8")
    runs_new = running("4.18.0-553.el8.x86_64", "kernel-core", "4.18.0-553.el8")
    (found,) = findings(index, ALMA, old, new, kind="host", host=runs_old)
    assert found.fix.state == "installed"
    assert findings(index, ALMA, old, new, kind="host", host=runs_new) == []


def test_trap_08_kernel_upgraded_in_place_is_judged_by_what_runs() -> None:
    upgraded = image(OLD, "6.1.90-1")
    (found,) = findings(INDEX, DEBIAN, upgraded, kind="host", host=running(OLD, upgraded.name, "6.1.85-1"))
    assert found.package.version == "6.1.85-1"
    assert found.fix.state == "installed"


def test_trap_08_kernel_that_no_package_owns_leaves_installed_ones_in_sight() -> None:
    assert on(running("6.18.44-fc"), OLD_IMAGE) == [OLD_IMAGE.name]


def test_trap_08_kernel_headers_are_assessed_and_clear() -> None:
    answer = matched(INDEX, DEBIAN, deb("linux-headers-amd64", "6.1.85-1", "linux-signed-amd64", "6.1.85+1"))
    assert answer.hits == ()
    assert answer.coverage[0].assessed == 1


def test_trap_08_kernel_with_a_live_patch_stays_a_finding_that_says_so() -> None:
    patched = msgspec.structs.replace(RUNS_OLD, live_patches=("lkp_1", "lkp_2", "lkp_3", "lkp_4"))
    found = findings(INDEX, DEBIAN, OLD_IMAGE, deb("bash", "1.0-1"), kind="host", host=patched)
    assert [one.package.name for one in found] == [OLD_IMAGE.name]
    assert [note for note in found[0].notes if "a live patch is loaded (lkp_1, lkp_2, lkp_3 and 1 more)" in note]
    assert not findings(INDEX, DEBIAN, OLD_IMAGE, kind="host", host=RUNS_OLD)[0].notes


@pytest.mark.parametrize(
    ("source", "advised"),
    [
        ("linux-signed-amd64", "linux"), ("linux-signed-arm64", "linux"), ("linux-signed-5.10-amd64", "linux-5.10"),
        ("linux-signed-6.1-arm64", "linux-6.1"), ("linux-signed", "linux"), ("linux-signed-aws", "linux-aws"),
        ("linux-signed-hwe-6.8", "linux-hwe-6.8"), ("linux-signed-azure-fde-5.15", "linux-azure-fde-5.15"),
    ],
)  # fmt: skip
def test_trap_08_kernel_is_signed_from_another_source_than_advisories_name(source: str, advised: str) -> None:
    index = index_of(record("CVE-2024-2", upto("debian:12", advised, "6.1.90-1")))
    package = deb("linux-image-6.1.0-20-amd64", "6.1.85-1", source, "6.1.85+1")
    assert ids(findings(index, DEBIAN, package, kind="host", host=running("6.1.0-20-amd64", package.name))) == [
        "CVE-2024-2"
    ]
