"""Reports of Trivy and Grype as inventories: what they list is read as from an SBOM, what they leave out is a gap."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from tests.data import shared

from oakum.fleet.assets import Asset
from oakum.fleet.packages import Package
from oakum.fleet.sbom import is_report, read

Json = dict[str, Any]
IMAGES = sorted({path.name.partition("_trivy")[0] for path in shared("sbom").glob("*_trivy.cdx.json*")})
DEBIAN = {"OS": {"Family": "debian", "Name": "12.4"}}


def content(name: str) -> bytes:
    """A real file, unpacked."""
    (path,) = shared("").glob(f"{name}*")
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def report(document: Json) -> Asset:
    """What is read of a report."""
    return read(json.dumps(document).encode(), name="report.json")


def trivy(*results: Json, metadata: Json | None = None) -> Json:
    """A report of Trivy."""
    return {"SchemaVersion": 2, "ArtifactName": "app", "Metadata": metadata or {}, "Results": list(results)}


def identities(asset: Asset) -> set[tuple[object, ...]]:
    """What of each package decides about advisories."""
    return {(p.type, p.name, p.version, p.epoch, p.source, p.source_version, p.module) for p in asset.packages.packages}


def listed(sbom: Json) -> Json:
    """The report with --list-all-pkgs that says what an SBOM of Trivy says."""
    metadata: Json = {}
    classes: dict[str, list[Json]] = {"os-pkgs": [], "lang-pkgs": []}
    for one in sbom["components"]:
        said = {
            each["name"].removeprefix("aquasecurity:trivy:"): each["value"] for each in one.get("properties", ())
        }  # fmt: skip
        if one["type"] == "operating-system":
            metadata["OS"] = {"Family": one["name"], "Name": one["version"]}
        elif "purl" in one:
            package = {"Name": one["name"], "Version": one["version"], "Identifier": {"PURL": one["purl"]}}
            if "supplier" in one:
                package["Maintainer"] = one["supplier"]["name"]
            for key in ("SrcName", "SrcVersion", "SrcRelease", "Modularitylabel", "FilePath"):
                package |= {key: said[key]} if key in said else {}
            package |= {"SrcEpoch": int(said["SrcEpoch"])} if "SrcEpoch" in said else {}
            system = one["purl"].startswith(("pkg:deb", "pkg:rpm", "pkg:apk"))
            classes["os-pkgs" if system else "lang-pkgs"].append(package)
    return trivy(
        *({"Target": name, "Class": name, "Type": "x", "Packages": each} for name, each in classes.items() if each),
        metadata=metadata,
    )


@pytest.mark.parametrize("image", IMAGES)
def test_a_report_that_lists_all_packages_is_the_sbom_of_the_same_image(image: str) -> None:
    data = content(f"sbom/{image}_trivy.cdx.json")
    sbom, found = read(data, name="sbom"), report(listed(json.loads(data)))
    assert found.packages.digest == sbom.packages.digest
    assert found.packages.release == sbom.packages.release
    assert {gap.kind for gap in found.gaps} == {gap.kind for gap in sbom.gaps}


@pytest.mark.parametrize("image", IMAGES)
def test_a_report_of_matches_names_packages_as_the_sbom_that_it_was_made_from_and_no_others(image: str) -> None:
    data = content(f"sbom/{image}_syft.cdx.json")
    sbom, document = read(data, name="sbom"), json.loads(data)
    (system,) = [one for one in document["components"] if one["type"] == "operating-system"]
    said = {one["name"]: one["value"] for one in system["properties"]}
    purls = [one["purl"] for one in document["components"] if one.get("purl")]
    matches = [
        {"vulnerability": {"id": f"CVE-2024-{number}"},
         "artifact": {"name": "x", "version": "", "purl": purl, "upstreams": []}}
        for number, purl in enumerate([*purls, *purls])
    ]  # fmt: skip
    found = report({
        "matches": matches, "descriptor": {"name": "grype", "version": "0.98.0"},
        "distro": {"name": said["syft:distro:id"], "version": said.get("syft:distro:versionID", "")},
    })  # fmt: skip
    assert {one[:3] for one in identities(found)} == {one[:3] for one in identities(sbom)}
    assert {one[4] or one[1] for one in identities(found)} == {one[4] or one[1] for one in identities(sbom)}
    assert "packages in which Grype found nothing" in [gap.what for gap in found.gaps]


def package(name: str, version: str, **more: object) -> Json:
    """A package of Debian as Trivy lists it."""
    purl = f"pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-12.4"
    upstream, _, release = version.rpartition("-")
    return {"Name": name, "Version": upstream, "Release": release, "Identifier": {"PURL": purl}, **more}


def only(asset: Asset) -> Package:
    """The one package of an asset."""
    (one,) = asset.packages.packages
    return one


def test_trap_01_and_02_the_source_and_its_version_are_what_trivy_writes_in_parts() -> None:
    one = package(
        "libssl3", "3.0.11-1~deb12u2+b1", SrcName="openssl", SrcVersion="3.0.11", SrcRelease="1~deb12u2", SrcEpoch=1
    )
    found = only(report(trivy({"Class": "os-pkgs", "Packages": [one | {"Epoch": 2}]}, metadata=DEBIAN)))
    assert (found.version, found.source, found.source_version) == (
        "2:3.0.11-1~deb12u2+b1",
        "openssl",
        "1:3.0.11-1~deb12u2",
    )


def test_trap_06_the_module_stream_and_the_epoch_of_an_rpm_are_read() -> None:
    purl = "pkg:rpm/almalinux/npm@8.1-1.module_el8?arch=x86_64&distro=almalinux-8.9"
    one = {"Name": "npm", "Version": "8.1", "Release": "1.module_el8", "Epoch": 1, "Identifier": {"PURL": purl},
           "Modularitylabel": "nodejs:16:8060020220523160029:ad008a3a"}  # fmt: skip
    found = only(report(trivy({"Class": "os-pkgs", "Packages": [one]})))
    assert (found.version, found.epoch, found.module) == ("8.1-1.module_el8", 1, "nodejs:16")


def vulnerability(name: str, purl: str) -> Json:
    """A finding of Trivy."""
    return {
        "VulnerabilityID": "CVE-2024-1", "PkgName": name, "InstalledVersion": "1", "PkgIdentifier": {"PURL": purl}
    }  # fmt: skip


def test_without_a_list_a_package_of_the_system_is_not_taken_and_all_of_it_is_a_gap() -> None:
    purl = "pkg:deb/debian/libssl3@1?arch=amd64&distro=debian-12"
    found = report(trivy(
        {"Target": "app (debian 12)", "Class": "os-pkgs", "Vulnerabilities": [vulnerability("libssl3", purl)]},
        metadata=DEBIAN,
    ))  # fmt: skip
    assert not found.packages.packages, "its own name would be looked up in vain, and it would seem clean"
    gap = next(gap for gap in found.gaps if "app (debian 12)" in gap.what)
    assert gap.kind == "incomplete-inventory"
    assert "1 are named, without the source packages" in gap.why
    assert "--list-all-pkgs" in gap.remedy


def test_without_a_list_packages_of_languages_are_those_with_findings_and_the_others_are_a_gap() -> None:
    one = vulnerability("left", "pkg:npm/left@1")
    found = report(trivy({"Target": "package-lock.json", "Class": "lang-pkgs", "Vulnerabilities": [one, one]}))
    assert only(found).name == "left"
    assert [(gap.kind, gap.what) for gap in found.gaps] == [
        ("incomplete-inventory", "packages of package-lock.json in which Trivy found nothing")
    ]


def test_a_result_that_names_a_system_and_nothing_of_it_is_no_clean_system() -> None:
    found = report(trivy({"Target": "app (debian 12)", "Class": "os-pkgs", "Type": "debian"}, metadata=DEBIAN))
    assert "packages of app (debian 12)" in [gap.what for gap in found.gaps]


def test_a_list_that_is_empty_is_a_list() -> None:
    results: list[Json] = [
        {"Target": "t", "Class": "lang-pkgs", "Packages": []},
        {"Target": "u", "Class": "lang-pkgs", "Packages": [{"Name": "x", "Identifier": {"PURL": "pkg:npm/x@1"}}]},
        {"Target": "v", "Class": "secret"},
    ]
    assert not report(trivy(*results)).gaps


@pytest.mark.parametrize("results", [[], [{"Target": "a", "Class": "secret", "Secrets": []}]])
def test_a_report_about_no_packages_says_so(results: list[Json]) -> None:
    assert [gap.kind for gap in report(trivy(*results)).gaps] == ["incomplete-inventory"]


def test_listed_packages_without_a_url_are_a_gap() -> None:
    found = report(trivy({"Class": "os-pkgs", "Type": "debian", "Packages": [{"Name": "x", "Version": "1"}]}))
    assert "unknown-ecosystem" in {gap.kind for gap in found.gaps}


def match(purl: str, **more: object) -> Json:
    """A match of Grype."""
    artifact = {"name": "x", "version": "1", "purl": purl, **more}
    return {"matches": [{"vulnerability": {"id": "CVE-2024-1"}, "artifact": artifact}],
            "distro": {"name": "almalinux", "version": "8.9"}}  # fmt: skip


def test_the_source_of_a_match_is_its_upstream() -> None:
    deb = "pkg:deb/debian/x@1?arch=amd64&distro=debian-12"
    found = only(report(match(deb, upstreams=[{"name": "y", "version": "0.9"}])))
    assert (found.source, found.source_version) == ("y", "0.9")
    rpm = "pkg:rpm/almalinux/x@1-1.el8?arch=x86_64&distro=almalinux-8"
    metadata = {"epoch": 1, "modularityLabel": "nodejs:18:8080:1"}
    found = only(report(match(rpm, type="rpm", upstreams=[{"name": "y-2-3.el8.src.rpm"}], metadata=metadata)))
    assert (found.source, found.source_version, found.epoch, found.module) == ("y", "2-3.el8", 1, "nodejs:18")


def test_a_match_that_does_not_tell_its_source_is_not_taken() -> None:
    found = report(match("pkg:deb/debian/x@1?arch=amd64&distro=debian-12"))
    assert not found.packages.packages
    assert "1 package of the system (x)" in [gap.what for gap in found.gaps]
    assert only(report(match("pkg:deb/debian/x@1?arch=amd64&distro=debian-12&upstream=y"))).source == "y"
    assert only(report(match("pkg:npm/x@1"))).name == "x"


@pytest.mark.parametrize(
    ("name", "packages", "complete"),
    [
        ("grype_kubevuln_alpine-cve", 2, False),
        ("grype_django-DefectDojo_many_vulns2", 2, False),
        ("trivy_copacetic_pkg_types_test", 0, False),
        ("trivy_copacetic_trivy_valid", 0, False),
        ("trivy_trivy-operator_full_report", 0, False),
        ("trivy_django-DefectDojo_cvssv4_severity_source", 1, True),
    ],
)
def test_real_reports_are_read_and_never_complete_without_their_list(name: str, packages: int, complete: bool) -> None:
    found = read(content(f"reports/reports_{name}"), name=name)
    assert is_report(found)
    assert len(found.packages.packages) == packages
    assert ("incomplete-inventory" not in {gap.kind for gap in found.gaps}) == complete
