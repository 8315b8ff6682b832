"""Installed kernels and the release string that each one boots as; module streams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fleet.rpm_roots import Files

from oakum.errors import InputError
from oakum.fleet.packages import Package
from oakum.fleet.rpmdb import is_modular, kernels, streams
from oakum.fleet.rpmdb.modular import module_of

EMPTY = Files({})


def rpm(name: str, version: str, arch: str = "x86_64", vendor: str = "") -> Package:
    return Package(type="rpm", name=name, version=version, arch=arch, vendor=vendor)


# What `uname -r` prints on these systems.
RELEASES = [
    ("kernel", "3.10.0-1160.119.1.el7", "x86_64", "", "3.10.0-1160.119.1.el7.x86_64"),
    ("kernel-core", "4.18.0-553.5.1.el8_10", "x86_64", "", "4.18.0-553.5.1.el8_10.x86_64"),
    ("kernel-core", "5.14.0-427.13.1.el9_4", "aarch64", "", "5.14.0-427.13.1.el9_4.aarch64"),
    ("kernel-64k-core", "5.14.0-427.13.1.el9_4", "aarch64", "", "5.14.0-427.13.1.el9_4.aarch64+64k"),
    ("kernel-rt-core", "4.18.0-553.rt7.342.el8_10", "x86_64", "", "4.18.0-553.rt7.342.el8_10.x86_64"),
    ("kernel-rt-core", "5.14.0-427.13.1.el9_4", "x86_64", "", "5.14.0-427.13.1.el9_4.x86_64+rt"),
    ("kernel-debug-core", "5.14.0-427.13.1.el9_4", "x86_64", "", "5.14.0-427.13.1.el9_4.x86_64+debug"),
    ("kernel-uek", "5.4.17-2136.331.7.el8uek", "x86_64", "", "5.4.17-2136.331.7.el8uek.x86_64"),
    ("kernel-uek-core", "5.15.0-206.153.7.el9uek", "x86_64", "", "5.15.0-206.153.7.el9uek.x86_64"),
    ("kernel-ml-core", "6.8.9-1.el9.elrepo", "x86_64", "", "6.8.9-1.el9.elrepo.x86_64"),
    ("kernel", "4.14.355-271.569.amzn2", "x86_64", "", "4.14.355-271.569.amzn2.x86_64"),
    ("kernel6.12", "6.12.20-23.97.amzn2023", "x86_64", "", "6.12.20-23.97.amzn2023.x86_64"),
    ("kernel", "6.6.57.1-8.azl3", "x86_64", "", "6.6.57.1-8.azl3"),
    ("linux", "5.10.219-1.ph4", "x86_64", "", "5.10.219-1.ph4"),
    ("linux-esx", "4.19.325-3.ph3", "x86_64", "", "4.19.325-3.ph3-esx"),
    ("kernel-default", "5.14.21-150500.55.52.1", "x86_64", "SUSE LLC", "5.14.21-150500.55.52-default"),
    ("kernel-default", "6.9.5-1.1", "x86_64", "openSUSE", "6.9.5-1-default"),
    ("kernel-azure", "5.14.21-150500.33.48.1", "x86_64", "SUSE LLC", "5.14.21-150500.33.48-azure"),
    ("kernel-rt", "5.14.21-150500.13.35.1", "x86_64", "SUSE LLC <https://www.suse.com/>", "5.14.21-150500.13.35-rt"),
    ("kernel-64kb", "5.14.21-150500.55.52.1", "aarch64", "SUSE LLC", "5.14.21-150500.55.52-64kb"),
]


@pytest.mark.parametrize(("name", "version", "arch", "vendor", "release"), RELEASES)
def test_trap_08_a_kernel_package_says_what_uname_prints(
    name: str, version: str, arch: str, vendor: str, release: str
) -> None:
    (kernel,) = kernels([rpm(name, version, arch, vendor)], EMPTY)
    assert (kernel.release, kernel.package, kernel.version, kernel.running) == (release, name, version, False)


@pytest.mark.parametrize("folder", ["/lib/modules", "/usr/lib/modules"])
def test_trap_08_where_two_rules_are_possible_the_folder_of_modules_decides(folder: str) -> None:
    package = rpm("kernel-debug", "3.10.0-1160.el7")
    (kernel,) = kernels([package], Files({f"{folder}/3.10.0-1160.el7.x86_64.debug/modules.dep": b""}))
    assert kernel.release == "3.10.0-1160.el7.x86_64.debug"


def test_trap_08_headers_tools_and_modules_are_no_kernels() -> None:
    parts = "headers devel doc tools tools-libs modules modules-core modules-extra abi-stablelists cross-headers "
    parts += "srpm-macros rpm-macros firmware source syms macros livepatch debuginfo default-devel rt-devel uek-devel "
    parts += "default-livepatch core-debuginfo uek-modules-extra devel-matched"
    names = [f"kernel-{part}" for part in parts.split()] + ["linux-firmware", "linux-docs", "kernelshark", "perf"]
    assert kernels([rpm(name, "4.18.0-553.el8_10") for name in names], EMPTY) == []


def test_trap_08_a_debian_package_is_none_of_these() -> None:
    assert kernels([Package(type="deb", name="linux", version="1-1")], EMPTY) == []


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_name_and_version_gives_a_kernel_or_none(name: str, version: str) -> None:
    assert len(kernels([rpm(name, version), rpm("kernel-default", version), rpm("kernel", version)], EMPTY)) >= 2


@pytest.mark.parametrize(
    ("label", "module"),
    [
        ("nodejs:18:8100020240807161023:489197e6", "nodejs:18"),
        ("container-tools:rhel8:8100020240101:abcdef12", "container-tools:rhel8"),
        ("perl:5.26", "perl:5.26"),
        ("nodejs", ""),
        (":18:1:2", ""),
        ("", ""),
    ],
)
def test_trap_06_the_label_names_module_and_stream(label: str, module: str) -> None:
    assert module_of(label) == module


def test_trap_06_a_release_of_a_module_build_is_known_without_a_label() -> None:
    assert is_modular("18.20.4-1.module_el8.10.0+3911+b0f1aaf9")
    assert is_modular("18.20.4-1.module+el8.10.0+22202+761b9a65")
    assert not is_modular("3.1.2-1.el8_10.1")
    assert not is_modular("module-init-tools-3")


def test_trap_06_streams_that_are_switched_on() -> None:
    files = {
        "/etc/dnf/modules.d/nodejs.module": b"[nodejs]\nname=nodejs\nprofiles=common\nstate=enabled\nstream=18\n",
        "/etc/dnf/modules.d/perl.module": b"[perl]\nname=perl\nprofiles=\nstate=disabled\nstream=5.26\n",
        "/etc/dnf/modules.d/php.module": b"[php]\nname=php\nprofiles=\nstate=\nstream=\n",
        "/etc/dnf/modules.d/README": b"not ini",
    }
    assert streams(Files(files)) == {"nodejs": "18"}
    assert streams(EMPTY) == {}


def test_trap_06_an_enabled_module_without_a_stream_is_an_error() -> None:
    with pytest.raises(InputError, match=r"^/etc/dnf/modules\.d/a\.module:1: a: .*no stream"):
        streams(Files({"/etc/dnf/modules.d/a.module": b"[a]\nstate=enabled\n"}))
