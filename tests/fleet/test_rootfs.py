"""Whole roots: this machine, a debootstrap root, and small ones in memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from tests.fleet.memory_tree import MemoryTree
from tests.fleet.test_dpkg import as_rows, installed_by_dpkg, stanza

from oakum.adapters.files.tree import DirectoryTree
from oakum.fleet.assets import Kernel
from oakum.fleet.kernels import deb_release
from oakum.fleet.rootfs import read_root

OS_RELEASE = b'ID=debian\nVERSION_ID="12"\n'
RUNNING = "6.1.0-13-amd64"


def root(*packages: str, **files: bytes | None) -> dict[str, bytes | None]:
    return {"/etc/os-release": OS_RELEASE, "/var/lib/dpkg/status": "".join(packages).encode(), **files}


@pytest.fixture(scope="session")
def debootstrap_root() -> Path:
    """A minimal Debian 12, made once and kept in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "oakum-tests"
    made = cache / "debootstrap-bookworm"
    if made.exists():
        return made
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        pytest.skip("making a Debian root needs debootstrap (apt-get install debootstrap) and root")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        part = Path(work) / "root"
        ended = subprocess.run(
            ["debootstrap", "--variant=minbase", "bookworm", part], capture_output=True, text=True, timeout=600
        )
        if ended.returncode:
            pytest.skip(f"debootstrap failed: {ended.stdout[-200:]}")
        if not made.exists():
            part.rename(made)
    return made


def test_a_debootstrap_root_reads_as_dpkg_query_does(debootstrap_root: Path) -> None:
    asset = read_root(DirectoryTree(debootstrap_root), name="bookworm")
    expected = installed_by_dpkg(f"--admindir={debootstrap_root}/var/lib/dpkg")
    assert as_rows(list(asset.packages.packages)) == expected
    assert len(expected) > 50
    assert asset.packages.release is not None
    assert asset.packages.release.scope == "debian:12"
    assert asset.kind == "rootfs"
    assert asset.key == "bookworm"
    assert asset.host is not None
    assert not asset.host.stale_known
    assert [channel.pocket for channel in asset.host.channels] == ["main"]
    assert not asset.gaps


def test_packages_of_foreign_roots_below_are_not_this_hosts(tmp_path: Path) -> None:
    for below in (".", "srv/other", "var/lib/dpkg/other"):
        folder = tmp_path / below / "var/lib/dpkg"
        folder.mkdir(parents=True)
        name = "own" if below == "." else "foreign"
        (folder / "status").write_text(stanza(name))
    apk = tmp_path / "srv/alpine/lib/apk/db"
    apk.mkdir(parents=True)
    (apk / "installed").write_text("P:foreign\nV:1-r0\n\n")
    asset = read_root(DirectoryTree(tmp_path), name="x")
    assert [package.name for package in asset.packages.packages] == ["own"]


def test_this_machine_has_only_its_own_packages_and_a_key_of_its_own(debootstrap_root: Path) -> None:
    asset = read_root(DirectoryTree(Path("/")), name="here")
    assert asset.kind == "host"
    assert len(asset.packages.packages) in {len(installed_by_dpkg()), len(asset.packages.packages)}
    assert len([p for p in asset.packages.packages if p.name == "base-files"]) == 1
    machine_id = Path("/etc/machine-id")
    if machine_id.exists() and machine_id.read_text().strip():
        assert asset.key == machine_id.read_text().strip()
    assert asset.host is not None
    assert asset.host.running_kernel == os.uname().release
    assert asset.host.boot_id


def test_trap_08_this_machines_kernel_without_a_package_is_a_gap() -> None:
    owned = subprocess.run(["dpkg-query", "-W", f"linux-image-{os.uname().release}"], capture_output=True)
    if owned.returncode == 0:
        pytest.skip("a package owns the running kernel of this machine")
    asset = read_root(DirectoryTree(Path("/")), name="here")
    assert [gap.what for gap in asset.gaps if gap.kind == "unowned-kernel"] == [
        f"the running kernel {os.uname().release}"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "linux-headers-6.1.0-13-amd64",
        "linux-libc-dev",
        "linux-doc-6.1",
        "linux-image-amd64",
        "linux-image-6.1.0-13-amd64-dbg",
        "linux-modules-5.15.0-91-generic",
        "linux-image-generic",
    ],
)
def test_trap_08_headers_and_documentation_are_no_kernels(name: str) -> None:
    assert deb_release(name) == ""


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("linux-image-6.1.0-13-amd64", "6.1.0-13-amd64"),
        ("linux-image-6.1.0-13-cloud-amd64-unsigned", "6.1.0-13-cloud-amd64"),
        ("linux-image-unsigned-5.15.0-91-generic", "5.15.0-91-generic"),
        ("proxmox-kernel-6.8.12-1-pve-signed", "6.8.12-1-pve"),
    ],
)
def test_trap_08_names_of_kernels(name: str, release: str) -> None:
    assert deb_release(name) == release


def test_trap_08_many_kernels_one_runs() -> None:
    packages = [stanza(f"linux-image-6.1.0-{n}-amd64") for n in (12, 13)]
    files = root(*packages, **{"/proc/sys/kernel/osrelease": RUNNING.encode(), "/boot/vmlinuz-9.9-own": b""})
    asset = read_root(MemoryTree(files, live=True), name="x")
    assert asset.host is not None
    assert asset.host.kernels == (
        Kernel("6.1.0-12-amd64", "linux-image-6.1.0-12-amd64", "1.0-1"),
        Kernel(RUNNING, f"linux-image-{RUNNING}", "1.0-1", running=True),
        Kernel("9.9-own"),
    )
    assert not [gap for gap in asset.gaps if gap.kind == "unowned-kernel"]


@pytest.mark.parametrize(("live", "expected"), [(True, ("kpatch_1",)), (False, ())])
def test_trap_08_live_patches_are_those_that_are_switched_on(live: bool, expected: tuple[str, ...]) -> None:
    patches = {"kpatch_1": b"1\n", "kpatch_2": b"0\n", "kpatch_3": None}
    files = root(stanza("bash"), **{f"/sys/kernel/livepatch/{name}/enabled": text for name, text in patches.items()})
    host = read_root(MemoryTree(files, live=live), name="x").host
    assert host is not None
    assert host.live_patches == expected


def test_trap_09_a_kernel_upgraded_in_place_is_not_yet_the_running_one() -> None:
    files = root(
        stanza(f"linux-image-{RUNNING}"),
        **{
            "/proc/sys/kernel/osrelease": RUNNING.encode(),
            "/proc/sys/kernel/version": b"#1 SMP PREEMPT_DYNAMIC Debian 0.9-1 (2023-09-29)",
        },
    )
    host = read_root(MemoryTree(files, live=True), name="x").host
    assert host is not None
    assert [(kernel.version, kernel.running) for kernel in host.kernels] == [("1.0-1", False), ("0.9-1", True)]


def test_a_kernel_under_another_name_is_owned_by_its_files() -> None:
    files = root(
        stanza("my-kernel"),
        **{
            "/proc/sys/kernel/osrelease": b"6.9-mine",
            "/var/lib/dpkg/info/my-kernel.list": b"/.\n/boot/vmlinuz-6.9-mine\n",
        },
    )
    host = read_root(MemoryTree(files, live=True), name="x").host
    assert host is not None
    assert host.kernels == (Kernel("6.9-mine", "my-kernel", "1.0-1", running=True),)


MAPS = b"""7f00-7f01 r--p 0000 08:01 1 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)
7f01-7f02 r-xp 0000 08:01 1                      /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)
7f03-7f04 r-xp 0000 00:01 2 /memfd:jit (deleted)
7f05-7f06 r-xp 0000 08:01 3 /usr/lib/libfine.so
"""
MOUNTS = b"20 1 08:01 / / rw - ext4 /dev/root rw\n"
CONTAINER = b"20 1 00:55 / / rw - overlay overlay rw\n"


def test_trap_09_processes_that_map_a_replaced_library() -> None:
    processes = {
        "/proc/self/mountinfo": MOUNTS,
        "/proc/7/maps": MAPS,
        "/proc/7/mountinfo": MOUNTS,
        "/proc/7/comm": b"nginx\n",
        "/proc/8/maps": MAPS,
        "/proc/8/mountinfo": CONTAINER,
        "/proc/8/comm": b"inside\n",
        "/var/lib/dpkg/info/libssl3:amd64.list": b"/.\n/lib/x86_64-linux-gnu/libssl.so.3\n",
    }
    asset = read_root(MemoryTree(root(stanza(), **processes), live=True), name="x")
    assert asset.host is not None
    assert asset.host.stale_known
    assert [(s.pid, s.process, s.package) for s in asset.host.stale] == [(7, "nginx", "libssl3")]


def test_processes_that_may_not_be_read_make_it_unknown() -> None:
    files = root(stanza(), **{"/proc/self/mountinfo": MOUNTS, "/proc/7/maps": None})
    asset = read_root(MemoryTree(files, live=True), name="x")
    assert asset.host is not None
    assert not asset.host.stale_known
    assert "1 of 1" in "".join(gap.why for gap in asset.gaps)


def test_a_pending_reboot_and_who_asked_for_it() -> None:
    files = root(stanza(), **{"/run/reboot-required": b"", "/run/reboot-required.pkgs": b"libc6\nlibc6\nlinux-base\n"})
    host = read_root(MemoryTree(files, live=True), name="x").host
    assert host is not None
    assert host.reboot_required is True
    assert host.reboot_reasons == ("libc6", "linux-base")


def test_without_anything_that_would_ask_for_a_reboot_nothing_is_known() -> None:
    host = read_root(MemoryTree(root(stanza()), live=True), name="x").host
    assert host is not None
    assert host.reboot_required is None


@pytest.mark.parametrize("files", [{"/etc/os-release": OS_RELEASE}, root(""), root(**{"/var/lib/dpkg/status": None})])
def test_no_package_is_a_gap_and_never_a_clean_inventory(files: dict[str, bytes | None]) -> None:
    asset = read_root(MemoryTree(files), name="x")
    assert not asset.packages.packages
    assert [gap.kind for gap in asset.gaps] == ["incomplete-inventory"]
    assert asset.gaps[0].remedy


def test_a_broken_database_does_not_stop_the_others() -> None:
    files = root(**{"/var/lib/dpkg/status": b"<x>\n\n" * 100, "/lib/apk/db/installed": b"P:musl\nV:1.2-r0\n\n"})
    asset = read_root(MemoryTree(files), name="x")
    assert [package.name for package in asset.packages.packages] == ["musl"]
    assert [gap.what for gap in asset.gaps] == ["/var/lib/dpkg/status"]
