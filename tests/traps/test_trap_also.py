"""The smaller traps: architectures, third parties, holds, broken installations, keys, names and dirty versions."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data import shared
from tests.traps.answers import (
    ALMA,
    DEBIAN,
    asset,
    deb,
    findings,
    ids,
    index_of,
    library,
    matched,
    record,
    rpm,
    running,
    upto,
)

from oakum.advisories.index import scheme_of_scope
from oakum.advisories.model import Advisory
from oakum.advisories.parsers import parse
from oakum.fleet.packages import Package, State, package_set
from oakum.fleet.sbom import read
from oakum.risk.actions import actions
from oakum.risk.bundles import Ranked
from oakum.versions import Unparsable
from oakum.versions.schemes import NAMES

BASH = index_of(record("CVE-2024-1", upto("debian:12", "bash", "5.2-2")))


@pytest.mark.parametrize(
    ("arch", "expected"), [("x86_64", ["ALSA-1"]), ("noarch", ["ALSA-1"]), ("aarch64", []), ("i686", [])]
)
def test_trap_also_arch_specific_advisories_and_noarch(arch: str, expected: list[str]) -> None:
    index = index_of(record("ALSA-1", upto("almalinux:8", "bash", "4.4.20-6.el8", arches=("x86_64",))))
    assert ids(findings(index, ALMA, rpm("bash", "4.4.20-1.el8", arch=arch))) == expected


def test_trap_also_i386_on_amd64_multiarch_duplicates_are_two_findings_and_one_action() -> None:
    both = [deb("bash", "5.2-1", arch=arch) for arch in ("amd64", "i386")]
    found = findings(BASH, DEBIAN, *both)
    assert sorted(one.package.arch for one in found) == ["amd64", "i386"]
    assert len({one.key for one in found}) == 2
    machine = asset("a", package_set(DEBIAN, both), "sbom")
    (action,) = actions([Ranked(one, "14 days", 1, 14, 10.0) for one in found], {"a": machine})
    assert (len(action.findings), len(action.moves), action.risk) == (2, 1, 10.0)


@pytest.mark.parametrize("vendor", ["NGINX Packaging <nginx-packaging@f5.com>", "Fedora Project", "Docker"])
def test_trap_also_third_party_repositories_are_a_gap_and_no_comparison(vendor: str) -> None:
    index = index_of(record("ALSA-1", upto("almalinux:8", "nginx", "1:99")))
    answer = matched(index, ALMA, rpm("nginx", "1.25.0-1.el8.ngx", epoch=1, vendor=vendor), rpm("bash", "4.4"))
    assert answer.hits == ()
    assert [(gap.kind, vendor in gap.what) for gap in answer.gaps] == [("foreign-package", True)]
    assert [(one.packages, one.assessed) for one in answer.coverage] == [(2, 1)]


@pytest.mark.parametrize("vendor", ["", "AlmaLinux", "CloudLinux"])
def test_trap_also_third_party_repositories_own_builds_and_silent_inventories_are_compared(vendor: str) -> None:
    index = index_of(record("ALSA-1", upto("almalinux:8", "nginx", "1:99")))
    assert ids(findings(index, ALMA, rpm("nginx", "1.14.1-9.el8", epoch=1, vendor=vendor))) == ["ALSA-1"]


def test_trap_also_third_party_repositories_of_debs_are_a_gap_and_no_comparison() -> None:
    index = index_of(record("CVE-2024-1", upto("debian:12", "nginx", "99")))
    theirs = deb("nginx", "1.26.1-1~bookworm", channel="nginx.org")
    answer = matched(index, DEBIAN, theirs, deb("bash", "5.2-1"))
    assert answer.hits == ()
    assert [(gap.kind, "nginx.org" in gap.what) for gap in answer.gaps] == [("foreign-package", True)]
    assert [(one.packages, one.assessed) for one in answer.coverage] == [(2, 1)]
    assert ids(findings(index, DEBIAN, deb("nginx", "1.22.1-9"))) == ["CVE-2024-1"]


def test_trap_also_held_packages_say_so_and_how_to_release_them() -> None:
    package = deb("bash", "5.2-1", held=True)
    (found,) = findings(BASH, DEBIAN, package)
    assert any("held" in note for note in found.notes)
    machine = asset("a", package_set(DEBIAN, [package]), host=running("6.1"))
    (action,) = actions([Ranked(found, "14 days", 1, 14, 10.0)], {"a": machine})
    assert "bash is held: release it first (apt-mark unhold bash)" in action.why


@pytest.mark.parametrize("state", ["half-installed", "unpacked", "half-configured", "triggers"])
def test_trap_also_half_installed_states_are_findings_with_a_note(state: State) -> None:
    (found,) = findings(BASH, DEBIAN, deb("bash", "5.2-1", state=state))
    assert any(state in note for note in found.notes)
    (whole,) = findings(BASH, DEBIAN, deb("bash", "5.2-1"))
    assert whole.notes == ()


def sbom(*purls: str, version: str = "1") -> bytes:
    parts = ",".join(
        f'{{"type": "library", "name": "{purl.rpartition("/")[2].partition("@")[0]}", "purl": "{purl}"}}'
        for purl in purls
    )
    return f'{{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": {version}, "components": [{parts}]}}'.encode()


@pytest.mark.parametrize("tools", ["list", "components"])
def test_trap_also_the_scanner_that_made_an_sbom_is_none_of_its_packages(tools: str) -> None:
    scanner = {
        "type": "application",
        "name": "scanner",
        "version": "0.1",
        "purl": "pkg:golang/example.org/scanner@v0.1.0",
    }
    made = {"list": [scanner | {"vendor": "x"}], "components": {"components": [scanner]}}[tools]
    bash = "pkg:rpm/almalinux/bash@4.4.20-5.el8?arch=x86_64&distro=almalinux-8.10"
    document = json.loads(sbom(bash)) | {"metadata": {"tools": made}}
    asset = read(json.dumps(document).encode(), name="a")
    assert [one.name for one in asset.packages.packages] == ["bash"]
    assert not asset.gaps


def test_trap_also_gpg_pubkey_is_no_software() -> None:
    key = "pkg:rpm/almalinux/gpg-pubkey@3abb34f8-5ffd890e?distro=almalinux-8.10"
    bash = "pkg:rpm/almalinux/bash@4.4.20-5.el8?arch=x86_64&distro=almalinux-8.10"
    assert [one.name for one in read(sbom(key, bash), name="a").packages.packages] == ["bash"]


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/libstdc++6@12.2.0-14+deb12u1?arch=amd64&distro=debian-12",
        "pkg:DEB/Debian/libstdc%2b%2b6@12.2.0-14%2bdeb12u1?arch=amd64&distro=debian-12",
    ],
)
def test_trap_also_purl_case_and_percent_encoding_name_one_package(purl: str) -> None:
    (package,) = read(sbom(purl), name="a").packages.packages
    assert (package.type, package.name, package.version) == ("deb", "libstdc++6", "12.2.0-14+deb12u1")


@pytest.mark.parametrize(
    ("type_", "advised", "found", "expected"),
    [
        ("pypi", "Zope.Interface", "zope-interface", True),
        ("pypi", "ruamel_yaml", "ruamel.yaml", True),
        ("nuget", "newtonsoft.json", "Newtonsoft.Json", True),
        ("composer", "TYPO3/cms", "typo3/cms", True),
        ("npm", "JSONStream", "jsonstream", False),
        ("golang", "github.com/BurntSushi/toml", "github.com/burntsushi/toml", True),
        ("maven", "org.example:Tool", "org.example:tool", False),
    ],
)
def test_trap_also_pypi_name_normalisation_and_what_other_registries_fold(
    type_: str, advised: str, found: str, expected: bool
) -> None:
    index = index_of(record("GHSA-1", upto(type_, advised, "2.0.0")))
    assert bool(findings(index, None, library(type_, found, "1.0.0"))) is expected


def test_trap_also_version_strings_of_real_feeds_have_a_place_or_are_told() -> None:
    unparsable: set[str] = set()
    for name, data in real_feeds():
        for part in (
            part for fact in parse(data, name=name).facts if isinstance(fact, Advisory) for part in fact.affected
        ):
            given = {*part.versions, *(version for one in part.ranges for _, version in one.events if version != "0")}
            if (order := scheme_of_scope(part.scope)) is not None:
                unparsable |= {version for version in given if isinstance(order.key(version), Unparsable)}
    # The name of a branch and a commit, where a version belongs: the only two that are no versions at all.
    assert sorted(map(len, unparsable)) == [13, 40]
    for version in unparsable:
        index = index_of(record("GO-1", upto("golang", "example.org/m", version)))
        answer = matched(index, None, library("golang", "example.org/m", "v1.0.0"))
        assert answer.hits or [gap.kind for gap in answer.gaps] == ["unusable-advisory"]


def real_feeds() -> Iterator[tuple[str, bytes]]:
    for path in sorted(shared("advisories/alpine-secdb").iterdir()):
        yield path.name, path.read_bytes()
    for name in ("bitnami", "go", "kubernetes-sig-cve-feed", "psf", "dsa-dla"):
        yield name, gzip.decompress(shared(f"advisories/{name}.jsonl.gz").read_bytes())
    mixed = gzip.decompress(shared("advisories/mixed-fixtures.jsonl.gz").read_bytes()).splitlines()
    yield "mixed", b"\n".join(json.dumps(json.loads(line)["record"]).encode() for line in mixed)


@pytest.mark.parametrize("type_", ["apk", "pypi", "deb", "rpm", "golang", "npm", "maven", "nuget", "gem"])
def test_trap_also_version_strings_that_make_a_comparator_raise_are_a_gap_at_worst(type_: str) -> None:
    assert type_ in {name for names in NAMES.values() for name in names}
    scope = {"apk": "alpine:3.20", "deb": "debian:12", "rpm": "almalinux:8"}.get(type_, type_)
    product, _, number = scope.partition(":")
    release = DEBIAN.__class__(product, number) if number else None
    index = index_of(record("X-1", upto(scope, "tool", "1.0.0", naming="either")))

    @given(st.text(max_size=20))
    def always_answers(version: str) -> None:
        package = Package(type=type_, name="tool", version=version, source="tool" if number else "")
        answer = matched(index, release, package)
        assert answer.coverage[0].assessed == 1
        assert len(answer.gaps) <= 1

    always_answers()
