"""dpkg's database: the same answer as dpkg-query gives, and never a broken stanza that goes unnoticed."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL
from tests.fleet.memory_tree import MemoryTree

from oakum.adapters.files.tree import DirectoryTree
from oakum.errors import InputError, NotAssessableError, OakumError
from oakum.fleet import dpkg
from oakum.fleet.packages import Package

STATUS = "/var/lib/dpkg/status"
FORMAT = "${Package}|${Version}|${Architecture}|${source:Package}|${source:Version}|${db:Status-Abbrev}\n"


def stanza(name: str = "a", status: str = "install ok installed", arch: str = "amd64", extra: str = "") -> str:
    return (
        f"Package: {name}\nStatus: {status}\nArchitecture: {arch}\nVersion: 1.0-1\n{extra}Description: x\n more\n .\n\n"
    )


def read(text: str | bytes, **others: bytes) -> tuple[list[Package], list[str]]:
    content = text.encode() if isinstance(text, str) else text
    packages, gaps = dpkg.read(MemoryTree({STATUS: content, **others}), "debian", "debian-12")
    return packages, [f"{gap.what}: {gap.why}" for gap in gaps]


def installed_by_dpkg(*options: str) -> list[tuple[str, ...]]:
    if shutil.which("dpkg-query") is None:
        pytest.skip("this machine has no dpkg-query")
    command = ["dpkg-query", *options, "-W", f"-f={FORMAT}"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [tuple(line.split("|")) for line in lines]
    return sorted(row[:5] for row in rows if row[5][1] not in "nc")


def as_rows(packages: list[Package]) -> list[tuple[str, ...]]:
    return sorted((p.name, p.version, p.arch, p.source, p.source_version) for p in packages)


def test_this_machine_reads_as_dpkg_query_does() -> None:
    expected = installed_by_dpkg()
    packages, gaps = dpkg.read(DirectoryTree(Path("/")), "debian", "debian-12")
    if as_rows(packages) != expected:  # somebody installs packages at this moment
        expected = installed_by_dpkg()
        packages, gaps = dpkg.read(DirectoryTree(Path("/")), "debian", "debian-12")
    assert as_rows(packages) == expected
    assert not gaps
    for package in packages:
        assert PackageURL.from_string(package.purl).to_string() == package.purl


def test_trap_02_source_versus_binary_name_and_version() -> None:
    text = (
        stanza("libc6", extra="Source: glibc\n")
        + stanza("libgcc-s1", extra="Source: gcc-12 (12.2.0-14)\n")
        + stanza("plain")
    )
    packages, gaps = read(text)
    assert [(p.source, p.source_version) for p in packages] == [
        ("glibc", "1.0-1"),
        ("gcc-12", "12.2.0-14"),
        ("plain", "1.0-1"),
    ]
    assert not gaps


@pytest.mark.parametrize(
    ("status", "state", "held"),
    [
        ("install ok installed", "installed", False),
        ("hold ok installed", "installed", True),
        ("install reinstreq half-installed", "half-installed", False),
        ("install ok unpacked", "unpacked", False),
        ("hold ok half-configured", "half-configured", True),
        ("install ok triggers-awaited", "triggers", False),
        ("install ok triggers-pending", "triggers", False),
        ("deinstall ok installed", "installed", False),
        ("deinstall ok config-files", None, False),
        ("purge ok not-installed", None, False),
        ("hold ok not-installed", None, False),
    ],
)
def test_trap_also_held_and_half_installed_states(status: str, state: str | None, held: bool) -> None:
    packages, gaps = read(stanza(status=status))
    assert [(p.state, p.held) for p in packages] == ([(state, held)] if state else [])
    assert not gaps


def test_trap_also_multiarch_duplicates_are_two_packages() -> None:
    packages, gaps = read(stanza("libc6", arch="amd64") + stanza("libc6", arch="i386"))
    assert [p.arch for p in packages] == ["amd64", "i386"]
    assert not gaps


@pytest.mark.parametrize("version", ["1:2.0+b1", "5.15.0-1.fips~esm1", "2.36-9+deb12u10", "1.0.ksplice1-2"])
def test_trap_07_flavours_stay_in_the_version(version: str) -> None:
    packages, _ = read(stanza("lib++").replace("1.0-1", version))
    assert packages[0].version == version
    parsed = PackageURL.from_string(packages[0].purl)
    assert (parsed.name, parsed.version) == ("lib++", version)
    assert "+" not in packages[0].purl


def test_field_names_in_any_case_and_fields_in_continuation_lines() -> None:
    packages, gaps = read(
        "pAckage: a\nDescription: x\n Version: 9\n Source: no\nSTATUS: install ok installed\nversion: 1\n"
    )
    assert [(p.name, p.version, p.source) for p in packages] == [("a", "1", "a")]
    assert not gaps


def test_dirt_in_other_fields_harms_nothing() -> None:
    packages, gaps = read(
        stanza().encode() + b"Package: b\nStatus: install ok installed\nVersion: 1\nMaintainer: \xff\xfe\n"
    )
    assert len(packages) == 2
    assert not gaps


def test_updates_of_an_interrupted_dpkg_replace_what_status_says() -> None:
    packages, gaps = read(
        stanza(),
        **{
            "/var/lib/dpkg/updates/0001": stanza(status="install reinstreq half-installed").encode(),
            "/var/lib/dpkg/updates/tmp.i": b"x",
        },
    )
    assert [p.state for p in packages] == ["half-installed"]
    assert not gaps


def test_distroless_packages_are_read_and_checksums_are_not() -> None:
    files: dict[str, bytes | None] = {
        "/var/lib/dpkg/status.d/base": b"Package: base-files\nVersion: 12\nArchitecture: amd64\n",
        "/var/lib/dpkg/status.d/base.md5sums": b"0123 usr/x\n",
    }
    packages, gaps = dpkg.read(MemoryTree(files), "debian")
    assert [p.purl for p in packages] == ["pkg:deb/debian/base-files@12?arch=amd64"]
    assert not gaps


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("Package: b\nStatus: install ok installed\n\n", "no version"),
        ("Package: b\nVersion: 1\n\n", "no Status"),
        ("Package: b\nStatus: install ok perhaps\nVersion: 1\n\n", "no status"),
        ("Status: install ok installed\nVersion: 1\n\n", "no Package"),
        ("Package: b\nStatus: install ok installed\nVersion: 1\nVersion: 2\n\n", "twice"),
        ("Package: b\nStatus: install ok installed\nVersion: é\n\n", "no version"),
        ("Package: b c\nStatus: install ok installed\nVersion: 1\n\n", "no package name"),
        ("Package: b\nStatus: install ok installed\nVersion: 1\nSource: x (\n\n", "no source"),
    ],
)
def test_a_broken_stanza_is_a_gap_with_its_line_and_the_others_go_on(broken: str, why: str) -> None:
    packages, gaps = read(stanza("a") + broken + stanza("z"))
    assert [p.name for p in packages] == ["a", "z"]
    assert len(gaps) == 1
    assert gaps[0].startswith(f"{STATUS}:9: ")
    assert why in gaps[0]


def test_a_truncated_file_is_a_gap() -> None:
    _, gaps = read(stanza("a") + stanza("b")[:-30])
    assert "truncated" in " ".join(gaps)


def test_a_file_of_another_kind_is_an_error() -> None:
    with pytest.raises(InputError, match="damaged"):
        read("<x>\n\n" * 100)


def test_no_database_is_not_an_empty_one() -> None:
    with pytest.raises(NotAssessableError):
        dpkg.read(MemoryTree({}), "debian")


@given(
    st.one_of(
        st.binary(max_size=300), st.text(alphabet="Package:Statuinok \nVers1.0()\r", max_size=300).map(str.encode)
    )
)
def test_any_bytes_give_packages_gaps_or_a_clear_error(data: bytes) -> None:
    with contextlib.suppress(OakumError):
        read(data)


@given(st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_damage_never_goes_unnoticed_by_a_crash(at: int, dirt: bytes) -> None:
    sound = (stanza("a") + stanza("b", extra="Source: c (2)\n")).encode()
    with contextlib.suppress(OakumError):
        read(sound[:at] + dirt + sound[at:])
        read(sound[:at])
