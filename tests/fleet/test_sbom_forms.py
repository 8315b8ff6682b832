"""What single components become, in forms that the real SBOMs here do not have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oakum.fleet.assets import Asset
from oakum.fleet.packages import Package
from oakum.fleet.sbom import read

Json = dict[str, Any]


def cyclonedx(*components: Json, **more: Any) -> Asset:
    return read(json.dumps(bom(*components, **more)).encode(), name="x.json")


def bom(*components: Json, **more: Any) -> Json:
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": list(components), **more}


def library(purl: str, name: str = "x", version: str = "", **properties: str) -> Json:
    listed = [{"name": key.replace("__", ":"), "value": value} for key, value in properties.items()]
    return {"type": "library", "name": name, "version": version, "purl": purl, "properties": listed}


def system(name: str, version: str) -> Json:
    return {"type": "operating-system", "name": name, "version": version}


def only(*components: Json) -> Package:
    (package,) = cyclonedx(*components).packages.packages
    return package


def kinds(asset: Asset) -> list[str]:
    return [gap.kind for gap in asset.gaps]


@pytest.mark.parametrize(
    ("purl", "given", "version"),
    [
        ("pkg:deb/debian/x@1%3A2.0-1?arch=amd64&distro=debian-12", "", "1:2.0-1"),
        ("pkg:deb/debian/x@1:2.0-1?arch=amd64&distro=debian-12", "", "1:2.0-1"),
        ("pkg:deb/debian/x@2.0-1?arch=amd64&distro=debian-12&epoch=1", "", "1:2.0-1"),
        ("pkg:deb/debian/x@2.0-1?arch=amd64&distro=debian-12", "1:2.0-1", "1:2.0-1"),
        ("pkg:deb/debian/x@2.0-1?arch=amd64&distro=debian-12&epoch=0", "2.0-1", "2.0-1"),
        ("pkg:deb/debian/x@2.0-1?distro=debian-12", "2.0-1", "2.0-1"),
    ],
)
def test_trap_01_epoch_of_a_deb_is_in_its_version(purl: str, given: str, version: str) -> None:
    package = only(library(purl, version=given))
    assert (package.version, package.epoch, package.source, package.source_version) == (version, None, "x", version)


@pytest.mark.parametrize(
    ("purl", "given", "epoch"),
    [
        ("pkg:rpm/alma/x@2.0-1.el8?arch=x86_64&distro=alma-8.10&epoch=1", "", 1),
        ("pkg:rpm/alma/x@2.0-1.el8?arch=x86_64&distro=alma-8.10&epoch=0", "", 0),
        ("pkg:rpm/alma/x@1:2.0-1.el8?arch=x86_64&distro=alma-8.10", "", 1),
        ("pkg:rpm/alma/x@1%3A2.0-1.el8?arch=x86_64&distro=alma-8.10", "", 1),
        ("pkg:rpm/alma/x@2.0-1.el8?arch=x86_64&distro=alma-8.10", "1:2.0-1.el8", 1),
        ("pkg:rpm/alma/x@2.0-1.el8?arch=x86_64&distro=alma-8.10", "2.0-1.el8", None),
        ("pkg:rpm/alma/x@2.0-1.el8?arch=x86_64&distro=alma-8.10&epoch=none", "", None),
    ],
)
def test_trap_01_epoch_of_an_rpm_is_apart_and_none_is_not_zero(purl: str, given: str, epoch: int | None) -> None:
    package = only(library(purl, version=given))
    assert (package.version, package.epoch) == ("2.0-1.el8", epoch)


def test_trap_02_source_of_every_spelling() -> None:
    rpm = "pkg:rpm/rocky/x@2.0-1.el9?arch=x86_64&distro=rocky-9.3"
    assert only(library(rpm)).source == ""
    assert only(library(rpm)).source_version == ""
    named = only(library(f"{rpm}&upstream=src-2.1-7.el9.src.rpm"))
    assert (named.source, named.source_version) == ("src", "2.1-7.el9")
    told = only(library(rpm, syft__metadata__sourceRpm="src-2.1-7.el9.src.rpm"))
    assert (told.source, told.source_version) == ("src", "2.1-7.el9")
    apk = only(library("pkg:apk/alpine/x@1-r0?arch=x86_64&distro=3.20.1", syft__metadata__originPackage="o"))
    assert (apk.source, apk.source_version) == ("o", "1-r0")
    deb = only(library("pkg:deb/debian/x@2-1?arch=all&distro=debian-12&upstream=s"))
    assert (deb.source, deb.source_version) == ("s", "2-1")


def test_trap_06_modularity_label_becomes_the_stream() -> None:
    rpm = "pkg:rpm/alma/nodejs@18.1-1.el8?arch=x86_64&distro=alma-8.10"
    label = "nodejs:18:8080020230718:63b34585"
    assert only(library(rpm, syft__metadata__modularityLabel=label)).module == "nodejs:18"
    assert only(library(rpm, aquasecurity__trivy__Modularitylabel=label)).module == "nodejs:18"
    assert only(library(f"{rpm}&rpmmod=nodejs:18:8080020230718:63b34585")).module == "nodejs:18"


def test_purl_case_and_percent_encoding_do_not_make_another_package() -> None:
    spellings = [
        "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/libstdc++6@12.2.0-14+deb12u1?arch=amd64&distro=debian-12",
        "pkg:DEB/Debian/LibStdC%2b%2b6@12.2.0-14%2bdeb12u1?distro=debian-12&arch=amd64",
    ]
    found = {(p.type, p.name, p.version, p.arch) for p in map(only, map(library, spellings))}
    assert found == {("deb", "libstdc++6", "12.2.0-14+deb12u1", "amd64")}
    assert only(library("pkg:pypi/Zope.Interface@5")).name == "zope-interface"
    assert only(library("pkg:npm/%40babel/core@7.0.0", "@babel/core")).name == "@babel/core"
    assert only(library("pkg:npm/JSONStream@1.0.0", "JSONStream")).name == "JSONStream"
    assert only(library("pkg:maven/org.apache/log4j@2.0")).name == "org.apache:log4j"
    assert only(library("pkg:golang/github.com/Masterminds/semver@v1.0.0")).name == "github.com/Masterminds/semver"


@pytest.mark.parametrize(
    ("purl", "name", "module"),
    [
        # As Syft writes them.
        ("pkg:golang/github.com/go-git/go-git@v5.12.0#v5", "github.com/go-git/go-git/v5",
         "github.com/go-git/go-git/v5"),
        ("pkg:golang/github.com/moby/sys@v0.3.0#user", "github.com/moby/sys/user", "github.com/moby/sys/user"),
        # As Trivy does: the purl in small letters.
        ("pkg:golang/github.com/protonmail/go-crypto@v1.1.3", "github.com/ProtonMail/go-crypto",
         "github.com/ProtonMail/go-crypto"),
        # The specification's: a package in the module.
        ("pkg:golang/google.golang.org/genproto@v0.1.0#googleapis/api/annotations", "", "google.golang.org/genproto"),
        ("pkg:golang/google.golang.org/genproto@v0.1.0#googleapis/api", "genproto", "google.golang.org/genproto"),
        ("pkg:golang/google.golang.org/genproto@v2.1.0#v2/api", "", "google.golang.org/genproto/v2"),
        ("pkg:golang/google.golang.org/genproto@v1.1.0#v2/api", "", "google.golang.org/genproto"),
        ("pkg:golang/google.golang.org/genproto@v1.1.0#v1", "", "google.golang.org/genproto"),
    ],
)  # fmt: skip
def test_the_path_of_a_go_module_is_whole(purl: str, name: str, module: str) -> None:
    assert only(library(purl, name)).name == module


def test_one_package_at_two_versions_stays_two() -> None:
    asset = cyclonedx(library("pkg:npm/a@1.0.0"), library("pkg:npm/a@2.0.0"), library("pkg:npm/a@2.0.0"))
    assert [p.version for p in asset.packages.packages] == ["1.0.0", "2.0.0"]


@pytest.mark.parametrize(
    "components",
    [
        [library("pkg:deb/debian/x@1?arch=all")],
        [library("pkg:deb/debian/x@1?arch=all"), system("debian", "twelve")],
        [library("pkg:deb/debian/x@1?arch=all&distro=debian-12"), system("debian", "11")],
        [library("pkg:deb/debian/x@1?distro=debian-12"), library("pkg:deb/debian/y@1?distro=debian-11")],
        [library("pkg:rpm/somebodys/x@1-1?distro=somebodys-3")],
        [library("pkg:deb/ubuntu/x@1?arch=all"), system("plan9", "4")],
    ],
)
def test_trap_13_absent_unknown_or_contradicting_release_is_a_gap(components: list[Json]) -> None:
    asset = cyclonedx(*components)
    assert asset.packages.release is None
    assert kinds(asset) == ["unknown-release"]
    assert asset.packages.packages
    assert asset.gaps[0].remedy


def test_trap_13_the_packages_alone_may_name_the_release() -> None:
    release = cyclonedx(library("pkg:apk/alpine/x@1-r0?arch=x86_64&distro=3.18.12")).packages.release
    assert release is not None
    assert release.scope == "alpine:3.18"
    scout = "pkg:deb/debian/x@1?os_distro=bookworm&os_name=debian&os_version=12"
    release = cyclonedx(library(scout)).packages.release
    assert release is not None
    assert release.scope == "debian:12"
    release = cyclonedx(library("pkg:apk/wolfi/x@1-r0?arch=x86_64")).packages.release
    assert release is not None
    assert release.scope == "wolfi"


def test_trap_13_centos_stream_is_not_centos_and_its_own_packages_do_not_contradict_it() -> None:
    properties = [
        {"name": "syft:distro:id", "value": "centos"},
        {"name": "syft:distro:versionID", "value": "8"},
        {"name": "syft:distro:prettyName", "value": "CentOS Linux 8"},
    ]
    linux = cyclonedx(
        {**system("centos", "8"), "properties": properties}, library("pkg:rpm/centos/x@1-1.el8?distro=centos-8")
    )
    assert linux.packages.release is not None
    assert (linux.packages.release.scope, linux.packages.release.parent) == ("centos:8", "rhel:8")
    properties[2]["value"] = "CentOS Stream 8"
    stream = cyclonedx({**system("centos", "8"), "properties": properties})
    assert stream.packages.release is not None
    assert (stream.packages.release.scope, stream.packages.release.parent) == ("centos-stream:8", "")


def test_a_named_system_without_packages_is_incomplete_and_an_empty_sbom_too() -> None:
    assert kinds(cyclonedx(system("debian", "12"))) == ["incomplete-inventory"]
    assert kinds(cyclonedx()) == ["incomplete-inventory"]
    assert kinds(cyclonedx(library("pkg:npm/a@1"))) == []


def test_unknown_kinds_are_counted_by_kind_and_files_are_not() -> None:
    file = {"type": "file", "name": "/bin/sh"}
    loose = {"type": "library", "name": "mystery", "version": "1"}
    asset = cyclonedx(file, file, loose, loose, library("pkg:conda/a@1", "a"), library("nonsense", "b"))
    assert [gap.what for gap in asset.gaps if gap.kind == "unknown-ecosystem"] == [
        "1 component of type conda (a)",
        "1 component with an invalid package URL (b)",
        "2 components without a package URL (library) (mystery)",
    ]


def test_a_package_without_a_version_is_a_gap() -> None:
    asset = cyclonedx(library("pkg:npm/a", "a"), library("pkg:npm/b@1", "b"))
    assert kinds(asset) == ["unparsable-version"]
    assert len(asset.packages.packages) == 1


def test_nested_components_are_walked_and_lock_files_are_headings() -> None:
    label = [{"name": "aquasecurity:trivy:Class", "value": "lang-pkgs"}]
    heading: Json = {"type": "application", "name": "package-lock.json", "properties": label}
    inner = {"type": "library", "name": "a", "purl": "pkg:npm/a@1", "components": [library("pkg:npm/b@1")]}
    asset = cyclonedx(heading, {**library("pkg:npm/c@1"), "components": [inner]})
    assert [p.name for p in asset.packages.packages] == ["a", "b", "c"]
    assert asset.gaps == ()


def test_the_key_is_digest_then_serial_number_then_content() -> None:
    digest = "sha256:" + "a" * 64
    image = {"type": "container", "name": "r/x", "version": "1", "purl": f"pkg:oci/x@{digest.replace(':', '%3A')}"}
    serial = "urn:uuid:394e81b0-d61d-47a4-852c-d2910476f1dd"
    package = library("pkg:npm/a@1")
    assert cyclonedx(package, metadata={"component": image}, serialNumber=serial).key == digest
    assert cyclonedx(package, serialNumber=serial).key == serial
    assert cyclonedx(package).key.startswith("sha256:")
    assert cyclonedx(package).key != cyclonedx(package, package).key
    assert cyclonedx(package, metadata={"component": image}).name == "r/x:1"


def test_old_and_new_ways_to_name_the_tool() -> None:
    tool = {"vendor": "v", "name": "maker", "version": "1.2"}
    assert cyclonedx(library("pkg:npm/a@1"), metadata={"tools": [tool]}).source == "CycloneDX 1.5 by maker 1.2"
    modern = {"tools": {"components": [{"type": "application", "name": "maker", "version": "1.2"}]}}
    assert cyclonedx(library("pkg:npm/a@1"), metadata=modern).source == "CycloneDX 1.5 by maker 1.2"
    assert cyclonedx(library("pkg:npm/a@1")).source == "CycloneDX 1.5"


def test_syft_json() -> None:
    artifacts: list[Json] = [
        {
            "name": "openssl-libs", "version": "1:1.1.1k-14.el8_6", "type": "rpm", "metadataType": "rpm-db-entry",
            "purl": "pkg:rpm/almalinux/openssl-libs@1.1.1k-14.el8_6?arch=x86_64&distro=almalinux-8.10",
            "metadata": {"epoch": 1, "sourceRpm": "openssl-1.1.1k-14.el8_6.src.rpm", "vendor": "AlmaLinux",
                         "modularityLabel": "", "files": [{"path": "/x"}]},
        },
        {
            "name": "bash", "version": "4.4-1.el8", "type": "rpm", "metadataType": "RpmMetadata",
            "purl": "pkg:rpm/almalinux/bash@4.4-1.el8?arch=x86_64&distro=almalinux-8.10",
            "metadata": {"epoch": 0, "sourceRpm": "bash-4.4-1.el8.src.rpm"},
        },
        {"name": "left-pad", "version": "1.0.0", "type": "npm", "purl": "pkg:npm/left-pad@1.0.0",
         "locations": [{"path": "/app/package.json"}], "metadata": {"source": 7}},
        {"name": "odd", "version": "1", "type": "binary", "purl": ""},
    ]  # fmt: skip
    document = {
        "artifacts": artifacts,
        "source": {"type": "image", "name": "alma", "version": "sha256:0",
                   "metadata": {"userInput": "almalinux:8", "manifestDigest": "sha256:1"}},
        "distro": {"id": "almalinux", "versionID": "8.10", "prettyName": "AlmaLinux 8.10"},
        "descriptor": {"name": "syft", "version": "1.39.0"},
        "schema": {"version": "16.1.0", "url": "x"},
    }  # fmt: skip
    asset = read(json.dumps(document).encode(), name="x")
    found = {p.name: p for p in asset.packages.packages}
    assert (found["openssl-libs"].epoch, found["openssl-libs"].source) == (1, "openssl")
    assert found["bash"].epoch == 0
    assert found["left-pad"].path == "/app/package.json"
    assert (asset.kind, asset.key, asset.name) == ("image", "sha256:1", "almalinux:8")
    assert asset.source == "Syft JSON 16.1.0 by syft 1.39.0"
    assert asset.packages.release is not None
    assert asset.packages.release.scope == "almalinux:8"
    assert [gap.what for gap in asset.gaps] == ["1 component without a package URL (binary) (odd)"]


def test_spdx_of_another_tool_names_the_source_in_the_purl() -> None:
    purl = "pkg:rpm/rocky/x@2.0-1.el9?arch=x86_64&distro=rocky-9.3&upstream=s-2.0-1.el9.src.rpm"
    references = [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": purl}]
    document = {
        "spdxVersion": "SPDX-2.2",
        "name": "x",
        "documentNamespace": "https://example.org/x",
        "creationInfo": {"creators": ["Tool: maker-1.0"]},
        "packages": [
            {"SPDXID": "SPDXRef-Package", "name": "x", "versionInfo": "1:2.0-1.el9", "externalRefs": references},
            {"SPDXID": "SPDXRef-Loose", "name": "loose", "versionInfo": "NOASSERTION"},
        ],
    }
    asset = read(json.dumps(document).encode(), name="x")
    (package,) = asset.packages.packages
    assert (package.epoch, package.source, package.source_version) == (1, "s", "2.0-1.el9")
    assert (asset.key, asset.source) == ("https://example.org/x", "SPDX 2.2 by maker 1.0")
    assert [gap.what for gap in asset.gaps] == ["1 component without a package URL (package) (loose)"]
