"""SUSE's words against builds of its systems: releases, longer support, modules, images; each with a negative twin."""

from __future__ import annotations

import pytest
from tests.advisories.csaf_documents import parsed
from tests.advisories.suse_documents import BASE, LEAP, LTSS, SLES, suse
from tests.traps.answers import findings, index_of, matched, rpm

from oakum.advisories.index import Index
from oakum.advisories.model import Advisory
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

CVE = "CVE-2024-1001"
SLES12, LTSS12 = "SUSE Linux Enterprise Server 12 SP5", "SUSE Linux Enterprise Server LTSS Extended Security 12 SP5"
SP5 = Release("sles", "15.5")


def known(*said: tuple[str, str, str], purls: dict[str, str] | None = None) -> Index:
    facts = parsed(suse(*said, cve=CVE, purls=purls)).facts
    return index_of(*(fact for fact in facts if isinstance(fact, Advisory)))


def built(name: str, version: str, source: str = "", arch: str = "x86_64") -> Package:
    return rpm(name, version, epoch=None, source=source or name, source_version=version, arch=arch)


def verdict(index: Index, release: Release, package: Package) -> str:
    """The fix and its channel, the word where there is none, or why it is not affected; "" where nothing is said."""
    for found in findings(index, release, package):
        return f"{found.fix.version} {found.fix.channel}".strip() or found.evidence[0].state
    answer = matched(index, release, package)
    for gap in answer.gaps:
        return f"? {gap.why}"
    return next((f"- {one.why}" for one in answer.cleared), "")


@pytest.mark.parametrize(
    ("release", "version", "expected"),
    [
        ("15.5", "1.0-150500.5.13.1", "1.0-150500.5.14.1"),
        ("15.5", "1.0-150500.5.14.1", ""),
        ("15.5", "1.0-150400.9.1", "1.0-150500.5.14.1"),
        # Another service pack: nobody speaks of it here.
        ("15.4", "1.0-150400.9.1", "? no imported source speaks about sles:15.4"),
        ("15", "1.0-1.1", "? no imported source speaks about sles:15"),
    ],
)
@pytest.mark.parametrize("product", [SLES, BASE], ids=["the release", "a module of it"])
def test_trap_13_a_fix_is_of_its_service_pack(product: str, release: str, version: str, expected: str) -> None:
    index = known((product, "foo-1.0-150500.5.14.1", "recommended"))
    found = verdict(index, Release("sles", release), built("foo", version))
    assert found.startswith(expected)
    assert bool(found) == bool(expected)


@pytest.mark.parametrize(
    ("release", "product", "affected"),
    [
        (Release("opensuse-leap", "15.6"), LEAP, True),
        (Release("opensuse-leap", "15.6"), SLES, False),
        (Release("sles", "15.6"), LEAP, False),
        (Release("sle-micro", "5.5"), "SUSE Linux Enterprise Micro 5.5", True),
        (Release("sl-micro", "6.0"), "SUSE Linux Micro 6.0", True),
        (Release("sl-micro", "6.0"), "SUSE Linux Enterprise Micro 5.5", False),
        (Release("sles_sap", "15.5"), "SUSE Linux Enterprise Server for SAP Applications 15 SP5", True),
        (Release("sles_sap", "15.5"), SLES, False),
        (Release("sles", "15.5"), "Container example/tool:1.0", False),
        (Release("sles", "12.3"), "SUSE Linux Enterprise Module for Web and Scripting 12", True),
    ],
)  # fmt: skip
def test_trap_13_each_product_speaks_of_itself(release: Release, product: str, affected: bool) -> None:
    index = known((product, "foo-1.0-2.1", "recommended"), ("openSUSE Tumbleweed", "foo-1.0-2.1", "recommended"))
    answer = matched(index, release, built("foo", "1.0-1.1"))
    assert bool(answer.hits) == affected
    assert bool(answer.gaps) != affected, "of whom nobody speaks is not assessable"
    assert not matched(index, release, built("foo", "1.0-2.1")).hits


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        # Without the entitlement the flaw stays, and with its fix it is closed.
        ("1.0-150500.5.13.1", "1.0-150500.5.20.1 ltss"),
        ("1.0-150500.5.20.1", "- 1.0-150500.5.20.1 of channel ltss or newer is installed"),
        ("1.0-150500.5.21.1", "- 1.0-150500.5.20.1 of channel ltss or newer is installed"),
        # Above it by the order of versions, and of another code stream.
        ("1.0-150600.1.1", "known affected"),
    ],
)
def test_trap_05_a_fix_for_the_entitled_alone_is_told_with_its_channel(version: str, expected: str) -> None:
    index = known((LTSS, "foo-1.0-150500.5.20.1", "recommended"), (SLES, "foo", "known_affected"))
    assert verdict(index, SP5, built("foo", version)) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.0-150500.5.13.1", "1.0-150500.5.14.1"),
        ("1.0-150500.5.14.1", "- 1.0-150500.5.14.1 or newer is installed"),
        ("1.0-150500.5.19.1", "- 1.0-150500.5.14.1 or newer is installed"),
        ("1.0-150500.5.20.1", ""),
    ],
)
def test_trap_05_a_later_build_of_longer_support_does_not_take_back_the_fix_of_the_release(
    version: str, expected: str
) -> None:
    index = known((LTSS, "foo-1.0-150500.5.20.1", "recommended"), (SLES, "foo-1.0-150500.5.14.1", "recommended"))
    assert verdict(index, SP5, built("foo", version)) == expected


@pytest.mark.parametrize(("version", "expected"), [
    ("3.1-3.33.1", "3.1-3.34.1 ltss-extended-security"),
    ("3.1-3.34.1", "- 3.1-3.34.1 of channel ltss-extended-security or newer is installed"),
])  # fmt: skip
def test_trap_05_builds_of_12_name_no_code_stream(version: str, expected: str) -> None:
    index = known((LTSS12, "foo-3.1-3.34.1", "recommended"), (SLES12, "foo", "known_affected"))
    assert verdict(index, Release("sles", "12.5"), built("foo", version)) == expected


def test_trap_05_what_is_said_of_longer_support_alone_is_no_word_about_the_release() -> None:
    index = known((LTSS, "foo", "known_not_affected"), (SLES, "bar", "known_affected"))
    assert matched(index, SP5, built("foo", "1-1")).cleared == ()
    plain = known((SLES, "foo", "known_not_affected"))
    assert [one.why for one in matched(plain, SP5, built("foo", "1-1")).cleared] == ["feed says known not affected"]


def test_trap_04_where_the_vendor_says_both_the_flaw_stays() -> None:
    index = known((SLES, "foo", "known_affected"), (SLES, "foo-1.0-150500.5.14.1", "recommended"))
    assert verdict(index, SP5, built("foo", "1.0-150500.5.13.1")) == "1.0-150500.5.14.1"
    assert verdict(index, SP5, built("foo", "1.0-150500.5.14.1")) == "known affected"


def test_trap_02_a_bare_name_of_a_source_is_about_what_is_built_of_it() -> None:
    index = known((SLES, "foo3", "known_affected"), purls={"foo3": "pkg:rpm/suse/foo3@"})
    assert verdict(index, SP5, built("libfoo-1_0", "1-1", source="foo3")) == "known affected"
    assert verdict(index, SP5, built("libfoo-1_0", "1-1", source="foo2")) == ""
    named = known((SLES, "foo3", "known_affected"))
    assert verdict(named, SP5, built("libfoo-1_0", "1-1", source="foo3")) == ""


def test_trap_02_a_torn_package_url_does_not_hide_its_package() -> None:
    index = known((SLES, "libfoo-4_0-18", "known_affected"), purls={"libfoo-4_0-18": "pkg:rpm/suse/libfoo@4_0-18"})
    assert verdict(index, SP5, built("libfoo-4_0-18", "2.24-3.1", source="foo")) == "known affected"
    assert verdict(index, SP5, built("libfoo", "2.24-3.1", source="foo")) == ""


def test_under_investigation_is_not_assessable() -> None:
    index = known((SLES, "foo", "under_investigation"))
    assert verdict(index, SP5, built("foo", "1-1")) == "? feed says under investigation"


def test_a_build_for_another_architecture_is_told_apart() -> None:
    index = known((SLES, "foo-0:1.0-2.1.s390x", "recommended"))
    assert verdict(index, SP5, built("foo", "1.0-1.1", arch="s390x")) == "1.0-2.1"
    assert verdict(index, SP5, built("foo", "1.0-1.1")) == "- the advisory is for s390x, this package is x86_64"
