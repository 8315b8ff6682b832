"""Trap 2: Debian's advisories speak of sources, AlmaLinux's of binaries; one is never read as the other."""

from __future__ import annotations

import msgspec
from tests.traps.answers import ALMA, DEBIAN, deb, findings, ids, index_of, record, rpm, upto

from oakum.fleet.releases import Release


def test_trap_02_source_versus_binary_a_debian_advisory_meets_binaries_by_their_source() -> None:
    index = index_of(record("CVE-2024-1", upto("debian:12", "openssl", "3.0.14-1")))
    (found,) = findings(index, DEBIAN, deb("libssl3", "3.0.13-1", "openssl"))
    assert found.package.name == "libssl3"


def test_trap_02_source_versus_binary_a_binary_that_is_called_like_another_source_is_not_meant() -> None:
    index = index_of(record("CVE-2024-1", upto("debian:12", "gcc", "99")))
    assert ids(findings(index, DEBIAN, deb("gcc", "4:12.2.0-3", "gcc-defaults", "1.203"))) == []


def test_trap_02_source_versus_binary_the_version_of_the_source_is_compared() -> None:
    index = index_of(record("CVE-2024-1", upto("debian:12", "gcc-defaults", "1.204")))
    rebuilt = deb("gcc", "4:12.2.0-3+b1", "gcc-defaults", "1.203")
    assert ids(findings(index, DEBIAN, rebuilt)) == ["CVE-2024-1"]


def test_trap_02_source_versus_binary_an_almalinux_advisory_means_the_binary_only() -> None:
    index = index_of(record("ALSA-1", upto("almalinux:8", "bind", "32:9.11.36-16.el8")))
    library = rpm("bind-libs", "9.11.36-3.el8", epoch=32, source="bind", source_version="9.11.36-3.el8")
    assert ids(findings(index, ALMA, library)) == []


def test_trap_02_source_versus_binary_who_names_the_binary_says_nothing_of_its_source_there() -> None:
    rocky = Release("rocky", "9")
    named = upto("rocky:9", "openssl-libs", "1:3.0.7-27.el9")
    index = index_of(record("RLSA-1", named), record("RLSA-2", upto("rocky:9", "openssl", "1:3.2.2-6.el9")))
    library = rpm("openssl-libs", "3.0.7-25.el9", epoch=1, source="openssl", source_version="3.0.7-25.el9")
    assert ids(findings(index, rocky, library)) == ["RLSA-1"]
    assert ids(findings(index, rocky, msgspec.structs.replace(library, name="openssl-perl"))) == ["RLSA-2"]
