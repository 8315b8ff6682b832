"""Trap 7: the fix of a hot-patched or certified rebuild means nothing for the plain build; a suffix is no flavour."""

from __future__ import annotations

import pytest
from tests.traps.answers import DEBIAN, deb, findings, ids, index_of, record, rpm, upto

from oakum.fleet.releases import Release

ORACLE = Release("ol", "8")


@pytest.mark.parametrize(
    ("fix", "plain", "same"),
    [
        ("2:2.28-251.0.1.ksplice1.el8", "2.28-251.0.1.el8", "2.28-225.0.1.ksplice1.el8"),
        ("10:3.6.16-8.el8_fips", "3.6.16-4.el8", "3.6.16-4.el8_fips"),
    ],
)
def test_trap_07_flavours_are_compared_with_their_like(fix: str, plain: str, same: str) -> None:
    index = index_of(record("ELSA-1", upto("ol:8", "glibc", fix)))
    assert ids(findings(index, ORACLE, rpm("glibc", plain))) == []
    assert ids(findings(index, ORACLE, rpm("glibc", same))) == ["ELSA-1"]


def test_trap_07_flavours_a_security_suffix_of_debian_is_an_ordinary_version() -> None:
    index = index_of(record("CVE-2024-1", upto("debian:12", "bash", "5.2-1+deb12u2")))
    assert ids(findings(index, DEBIAN, deb("bash", "5.2-1"))) == ["CVE-2024-1"]
    assert ids(findings(index, DEBIAN, deb("bash", "5.2-1+deb12u1"))) == ["CVE-2024-1"]
    assert ids(findings(index, DEBIAN, deb("bash", "5.2-1+deb12u2"))) == []
