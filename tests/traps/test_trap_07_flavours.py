"""Trap 7: the fix of a hot-patched or certified rebuild means nothing for the plain build; a suffix is no flavour."""

from __future__ import annotations

import pytest
from tests.traps.answers import DEBIAN, deb, findings, ids, index_of, matched, record, rpm, upto

from oakum.fleet.flavours import flavour
from oakum.fleet.releases import Release

ORACLE = Release("ol", "8")
AMAZON = Release("amzn", "2")


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.1.1k-6.ksplice1.el8_5", "ksplice"),
        ("2.28-251.0.1.ksplice1.el8", "ksplice"),
        ("3.6.16-4.0.1.el8_fips", "fips"),
        ("3.6.14-7.el8_3_fips", "fips"),
        ("5.15.0-1.43.4.el8uek", "uek"),
        ("5.4.17-2136.300.7.el7uek", "uek"),
        ("3.6.16-4.0.1.el8", ""),
        ("1.14.0-1.module+el8.3.0+7816+49791cfd", ""),
        ("10.23.1-1.module_el8.4.0+2224+b07ac28e", ""),
        ("4.18.0-553.el8_10", ""),
        ("5.10.118-111.515.amzn2", ""),
    ],
)
def test_trap_07_flavours_are_what_a_vendor_writes_into_a_version(version: str, expected: str) -> None:
    assert flavour(version) == expected


@pytest.mark.parametrize(
    ("fix", "plain", "same"),
    [
        ("2:2.28-251.0.1.ksplice1.el8", "2.28-251.0.1.el8", "2.28-225.0.1.ksplice1.el8"),
        ("10:3.6.16-8.el8_fips", "3.6.16-4.el8", "3.6.16-4.el8_fips"),
        ("5.15.0-3.60.5.1.el8uek", "4.18.0-553.el8_10", "5.15.0-2.52.3.el8uek"),
    ],
)
def test_trap_07_flavours_are_compared_with_their_like(fix: str, plain: str, same: str) -> None:
    index = index_of(record("ELSA-1", upto("ol:8", "glibc", fix)))
    assert ids(findings(index, ORACLE, rpm("glibc", plain))) == []
    assert ids(findings(index, ORACLE, rpm("glibc", same))) == ["ELSA-1"]


@pytest.mark.parametrize(
    ("name", "channel", "fix", "installed", "affected"),
    [
        # Oracle keeps several Unbreakable Enterprise Kernels under one name.
        ("kernel-uek", "", "5.15.0-3.60.5.1.el8uek", "5.15.0-1.43.4.el8uek", True),
        ("kernel-uek", "", "5.15.0-3.60.5.1.el8uek", "5.15.0-3.60.5.1.el8uek", False),
        ("kernel-uek", "", "5.15.0-3.60.5.1.el8uek", "5.4.17-2136.300.7.el8uek", False),
        ("kernel-uek-core", "", "5.15.0-3.60.5.1.el8uek", "5.4.17-2136.300.7.el8uek", False),
        # Amazon's topics put another series under the name of the core package.
        ("kernel", "extras:kernel-5.10", "5.10.118-111.515.amzn2", "5.10.109-104.500.amzn2", True),
        ("kernel", "extras:kernel-5.10", "5.10.118-111.515.amzn2", "5.10.118-111.515.amzn2", False),
        ("kernel", "extras:kernel-5.10", "5.10.118-111.515.amzn2", "4.14.275-207.503.amzn2", False),
        ("kernel", "extras:kernel-5.10", "5.10.118-111.515.amzn2", "5.4.1-1.amzn2", False),
        ("kernel", "extras:kernel-5.4", "5.4.196-108.356.amzn2", "4.14.275-207.503.amzn2", False),
        ("kernel", "", "4.14.281-212.502.amzn2", "4.14.275-207.503.amzn2", True),
        # The core line moved from 4.9 to 4.14: that is its own way up.
        ("kernel", "", "4.14.281-212.502.amzn2", "4.9.76-38.79.amzn2", True),
        ("kernel", "", "4.14.281-212.502.amzn2", "5.10.109-104.500.amzn2", False),
        ("php", "extras:php8.0", "8.0.20-1.amzn2", "5.4.16-46.amzn2", False),
        ("php", "extras:php8.0", "8.0.20-1.amzn2", "8.0.18-1.amzn2", True),
        ("postgresql", "extras:postgresql14", "14.3-1.amzn2", "9.2.24-6.amzn2", False),
        ("postgresql", "extras:postgresql14", "14.3-1.amzn2", "14.1-1.amzn2", True),
        # Not of the topic's series, and a topic without one: versions decide.
        ("libzip", "extras:php8.0", "1.3.2-1.amzn2", "1.2.0-1.amzn2", True),
        ("docker", "extras:docker", "20.10.17-1.amzn2", "19.3.6-1.amzn2", True),
        ("kernel-livepatch-5.10.118-111.515", "extras:livepatch", "1.0-2.amzn2", "1.0-1.amzn2", True),
    ],
)
def test_trap_08_kernel_series_of_one_name_are_kept_apart(
    name: str, channel: str, fix: str, installed: str, affected: bool
) -> None:
    release = ORACLE if "uek" in name else AMAZON
    index = index_of(record("A-1", upto(release.scope, name, fix, channel=channel), cves=("CVE-2022-1",)))
    assert len(matched(index, release, rpm(name, installed)).hits) == affected


def test_trap_08_kernel_of_another_series_is_told_as_such() -> None:
    index = index_of(record("A-1", upto("ol:8", "kernel-uek", "5.15.0-3.60.5.1.el8uek")))
    (cleared,) = matched(index, ORACLE, rpm("kernel-uek", "5.4.17-2136.300.7.el8uek")).cleared
    assert cleared.why == "the advisory is for the series 5.15, this build is of 5.4"
    assert (cleared.ground, cleared.fixed) == ("build", False)


@pytest.mark.parametrize(
    ("name", "installed", "gap"),
    [
        ("kernel", "4.14.275-207.503.amzn2", ""),
        ("kernel", "4.14.999-1.amzn2", ""),
        ("kernel", "5.10.109-104.500.amzn2", ""),
        # Above every fix of the others: without a source for its series, that is no evidence.
        ("kernel", "5.15.43-20.123.amzn2", "no imported source speaks about the series 5.15 of kernel"),
        ("kernel6.12", "6.12.1-1.amzn2", "no imported source speaks about the series 6.12 of kernel6.12"),
        ("kernel-headers", "5.15.43-20.123.amzn2", ""),
        ("bash", "5.15.43-20.123.amzn2", ""),
    ],
)
def test_trap_08_kernel_of_whose_series_nobody_speaks_is_not_assessed(name: str, installed: str, gap: str) -> None:
    core = upto("amzn:2", "kernel", "4.14.281-212.502.amzn2")
    topic = upto("amzn:2", "kernel", "5.10.118-111.515.amzn2", channel="extras:kernel-5.10")
    index = index_of(record("ALAS2-1", core), record("ALAS2KERNEL-5.10-1", topic))
    assert [one.why for one in matched(index, AMAZON, rpm(name, installed)).gaps] == ([gap] if gap else [])


@pytest.mark.parametrize(
    ("installed", "hits", "gap"),
    [
        ("2.28-251.el8", 1, ""),
        ("2.28-252.el8", 0, ""),
        ("2.28-251.ksplice1.el8", 1, ""),
        ("2.28-252.ksplice1.el8", 0, ""),
        # By its epoch above every plain fix; without a notice for such a build, that is no evidence.
        ("2.28-200.el8_fips", 0, "no imported source speaks about the fips build of glibc"),
    ],
)
def test_trap_07_flavours_of_which_nobody_speaks_are_not_assessed(installed: str, hits: int, gap: str) -> None:
    plain, ksplice = upto("ol:8", "glibc", "2.28-252.el8"), upto("ol:8", "glibc", "2:2.28-252.ksplice1.el8")
    index = index_of(record("ELSA-1", plain), record("ELSA-2", ksplice))
    epoch = {"ksplice": 2, "fips": 10}.get(flavour(installed), 0)
    answer = matched(index, ORACLE, rpm("glibc", installed, epoch=epoch))
    assert (len(answer.hits), [one.why for one in answer.gaps]) == (hits, [gap] if gap else [])


def test_trap_08_kernel_series_are_asked_for_only_where_a_vendor_keeps_several() -> None:
    index = index_of(record("ALSA-1", upto("almalinux:8", "bash", "5-1.el8")))
    assert not matched(index, Release("almalinux", "8"), rpm("kernel", "4.18.0-1.el8")).gaps


def test_trap_07_flavours_a_security_suffix_of_debian_is_an_ordinary_version() -> None:
    index = index_of(record("CVE-2024-1", upto("debian:12", "bash", "5.2-1+deb12u2")))
    assert ids(findings(index, DEBIAN, deb("bash", "5.2-1"))) == ["CVE-2024-1"]
    assert ids(findings(index, DEBIAN, deb("bash", "5.2-1+deb12u1"))) == ["CVE-2024-1"]
    assert ids(findings(index, DEBIAN, deb("bash", "5.2-1+deb12u2"))) == []
