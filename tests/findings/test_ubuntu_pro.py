"""Ubuntu's own records: a fix that only who has Pro gets is told with its pocket and its terms, and hides nothing.

Each row that is affected stands beside one that is not, which differs in one thing: the build, or the release.
"""

from __future__ import annotations

from functools import cache

import pytest
from tests.data import shared
from tests.traps.answers import deb, findings, index_of, record, upto

from oakum.advisories.index import Index
from oakum.advisories.model import Advisory
from oakum.advisories.parsers import parse
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

NETTY = "osv-esm-cases/cve/2022/UBUNTU-CVE-2022-24823.json"
UNZIP = "osv-esm-cases/cve/2014/UBUNTU-CVE-2014-9913.json"
WOLFSSL = "osv-esm-cases/cve/2014/UBUNTU-CVE-2014-2901.json"
WAYLAND = "osv/cve/2021/UBUNTU-CVE-2021-3782.json"
APPS = "Available with Ubuntu Pro: https://ubuntu.com/pro"
INFRA = "Available with Ubuntu Pro (Infra-only): https://ubuntu.com/pro"


@cache
def known(file: str) -> Index:
    facts = parse(shared(f"feeds/ubuntu/{file}").read_bytes(), name=file).facts
    return index_of(*(fact for fact in facts if isinstance(fact, Advisory)))


def built(name: str, version: str, source: str) -> Package:
    return deb(name, version, source, version)


@pytest.mark.parametrize(
    ("file", "release", "package", "version", "channel", "terms"),
    [
        (NETTY, "22.04", built("libnetty-java", "1:4.1.48-4+deb11u2", "netty"),
         "1:4.1.48-4+deb11u2ubuntu0.1~esm1", "esm-apps", APPS),
        (NETTY, "16.04", built("libnetty-java", "1:4.0.34-1", "netty"), "1:4.0.34-1ubuntu0.1~esm2", "esm-apps", APPS),
        (NETTY, "16.04", built("libnetty-java", "1:4.0.34-1ubuntu0.1~esm1", "netty"),
         "1:4.0.34-1ubuntu0.1~esm2", "esm-apps", APPS),
        (UNZIP, "14.04", built("unzip", "6.0-9ubuntu1.5", "unzip"), "6.0-9ubuntu1.6", "esm-infra", INFRA),
        (WAYLAND, "16.04", built("libwayland-server0", "1.12.0-1~ubuntu16.04.3", "wayland"),
         "1.12.0-1~ubuntu16.04.3+esm1", "esm-infra", INFRA),
        (WAYLAND, "20.04", built("libwayland-server0", "1.18.0-1", "wayland"), "1.18.0-1ubuntu0.1", "", ""),
        (UNZIP, "16.04", built("unzip", "6.0-20ubuntu1", "unzip"), "6.0-20ubuntu1.1", "", ""),
        # Neither who has Pro nor anybody else has a fix.
        (NETTY, "14.04", built("libnetty-java", "1:3.2.6.Final-2", "netty"), "", "", ""),
    ],
)  # fmt: skip
def test_trap_05_who_gets_the_fix_is_told_with_the_terms(
    file: str, release: str, package: Package, version: str, channel: str, terms: str
) -> None:
    (found,) = findings(known(file), Release("ubuntu", release), package)
    assert (found.fix.version, found.fix.channel) == (version, channel)
    assert found.fix.published.proof.endswith(f", for {channel} only ({terms})") == bool(channel)
    assert found.fix.published.answer == ("yes" if version else "no")


@pytest.mark.parametrize(
    ("file", "release", "package"),
    [
        (NETTY, "22.04", built("libnetty-java", "1:4.1.48-4+deb11u2ubuntu0.1~esm1", "netty")),
        (NETTY, "16.04", built("libnetty-java", "1:4.0.34-1ubuntu0.1~esm2", "netty")),
        (UNZIP, "14.04", built("unzip", "6.0-9ubuntu1.6", "unzip")),
        (WAYLAND, "16.04", built("libwayland-server0", "1.12.0-1~ubuntu16.04.3+esm1", "wayland")),
        (WAYLAND, "20.04", built("libwayland-server0", "1.18.0-1ubuntu0.1", "wayland")),
        # Ubuntu has taken the record back.
        (WOLFSSL, "16.04", built("libwolfssl0", "3.4.8+dfsg-1", "wolfssl")),
        # No word about this release, or about this source.
        (UNZIP, "16.04", built("zip", "3.0-11", "zip")),
    ],
)
def test_trap_05_who_has_the_fix_is_not_affected(file: str, release: str, package: Package) -> None:
    assert findings(known(file), Release("ubuntu", release), package) == []


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.1.1f-1ubuntu2.16", ["1.1.1f-1ubuntu2.17"]),
        ("1.1.1f-1ubuntu2.17", []),
        # A certified build, the first update of it, and the one that has the fix.
        ("1.1.1f-1ubuntu2.fips.2.8", ["1.1.1f-1ubuntu2.fips.17"]),
        ("1.1.1f-1ubuntu2.fips.16", ["1.1.1f-1ubuntu2.fips.17"]),
        ("1.1.1f-1ubuntu2.fips.17", []),
    ],
)
def test_trap_07_certified_builds_that_are_never_mended_say_nothing_of_others(
    version: str, expected: list[str]
) -> None:
    index = index_of(
        record(
            "UBUNTU-CVE-2022-4450",
            upto("ubuntu:20.04", "openssl", "1.1.1f-1ubuntu2.17"),
            upto("ubuntu:20.04", "openssl", "1.1.1f-1ubuntu2.fips.17", channel="fips-updates"),
            upto("ubuntu:20.04", "openssl", channel="fips"),
        )
    )
    found = findings(index, Release("ubuntu", "20.04"), built("libssl1.1", version, "openssl"))
    assert [one.fix.version for one in found] == expected
