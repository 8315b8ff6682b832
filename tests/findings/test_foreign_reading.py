"""Reading reports of other scanners: every real form, and a clear error for everything else."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data import shared
from tests.findings.foreign import Json, grype, matching, trivy, vulnerability
from tests.fleet.examples import at_least

from oakum.errors import InputError, LimitError, OakumError
from oakum.findings.foreign.model import Report
from oakum.findings.foreign.reading import read
from oakum.fleet.sbom import document

LEFT = "pkg:npm/left@1.0.0"
TRIVY = json.dumps(trivy(vulnerability("CVE-2025-1", LEFT, "1.0.0", "2.0.0"), kind="npm")).encode()
GRYPE = json.dumps(grype(matching("CVE-2025-1", LEFT, "1.0.0", "2.0.0"))).encode()

#: A real report: the tool, the subject, the release, the day, the number of claims.
REAL = {
    "reports_grype_django-DefectDojo_check_all_fields_no_ids_fabricated.json": (
        "Grype 0.28.0", "vulnerable-image:latest", "debian:10", "2021-12-24", 1),
    "reports_grype_django-DefectDojo_issue_9942.json": ("Grype 0.75.0", "REDACTED", "ubuntu:20.04", "2024-04-10", 1),
    "reports_grype_django-DefectDojo_many_vulns2.json.gz": ("Grype 0.7.0", "python:3.7.10", "debian:10", "", 1567),
    "reports_grype_django-DefectDojo_same_cve_different_paths.json": (
        "Grype 0.36.0", "test-image:latest", "debian:10", "", 2),
    "reports_grype_grype-db_data.json": (
        "Grype 0.65.1",
        "docker.io/oraclelinux:6@sha256:a06327c0f1d18d753f2a60bb17864c84a850bb6dcbcf5946dd1a8123f6e75495", "ol:6",
        "2023-08-08", 9),
    "reports_grype_grype_TestJsonDirsPresenter.golden": ("Grype [not provided]", "/some/path", "centos:8", "", 2),
    "reports_grype_kubevuln_alpine-cve.json.gz": (
        "Grype 0.73.4", "alpine@sha256:e2e16842c9b54d985bf1ef9242a313f36b856181f188de21313820e177002501",
        "alpine:3.17", "2023-12-13", 20),
    "reports_trivy_copacetic_pkg_types_test.json": ("Trivy", "test:latest", "ubuntu:20.04", "", 2),
    "reports_trivy_copacetic_trivy_valid.json": ("Trivy", "alpine:3.14.0", "alpine:3.14", "", 1),
    "reports_trivy_django-DefectDojo_cvssv4_severity_source.json": (
        "Trivy 0.69.1", "lib/catalina.jar", "", "2026-02-24", 3),
    "reports_trivy_django-DefectDojo_license_scheme.json": ("Trivy", "alpine:3.11", "alpine:3.11", "", 0),
    "reports_trivy_django-DefectDojo_scheme_2_many_vulns.json": ("Trivy", "teamdojo:latest", "alpine:3.9", "", 5),
    "reports_trivy_trivy-operator_full_report.json": ("Trivy", "alpine:3.10.2", "alpine:3.10", "", 2),
}  # fmt: skip


def real(name: str) -> Report:
    return read((shared("reports") / name).read_bytes(), name=name)


@pytest.mark.parametrize("name", REAL)
def test_a_real_report_is_read(name: str) -> None:
    report = real(name)
    scope = report.release.scope if report.release is not None else ""
    assert (report.tool, report.subject, scope, report.built, len(report.claims)) == REAL[name]
    assert all(claim.id and claim.named and claim.version for claim in report.claims)


def test_every_real_report_is_among_them() -> None:
    assert {file.name for file in shared("reports").iterdir()} == set(REAL)


def test_what_a_match_of_grype_says() -> None:
    one = matching(
        "GHSA-x", "pkg:deb/debian/x@1%3A2-1?arch=amd64&distro=debian-12&upstream=y", "1:2-1", "1:3-1",
        related=["CVE-2025-1", "GHSA-x"], severity="Critical", namespace="debian:distro:debian:12",
        knownExploited=[{"cve": "CVE-2025-1"}],
    )  # fmt: skip
    (claim,) = read(json.dumps(grype(one)).encode(), name="x").claims
    assert (claim.id, claim.aliases, sorted(claim.names)) == ("GHSA-x", ("CVE-2025-1",), ["CVE-2025-1", "GHSA-x"])
    assert claim.package is not None
    assert (claim.package.name, claim.package.version, claim.package.source) == ("x", "1:2-1", "y")
    assert (claim.fixes, claim.state, claim.severity, claim.exploited) == (("1:3-1",), "fixed", "critical", True)
    assert (claim.path, claim.source, claim.by_cpe) == ("/x", "debian:distro:debian:12", False)
    (claim,) = read(json.dumps(grype(matching("CVE-2025-1", LEFT, "1", knownExploited=[]))).encode(), name="x").claims
    assert claim.exploited is False


def test_what_a_vulnerability_of_trivy_says() -> None:
    one = vulnerability(
        "CVE-2025-1", "pkg:rpm/redhat/x@2-1.el9?arch=x86_64&distro=redhat-9.4&epoch=1", "1:2-1.el9", "",
        Status="fix_deferred", SeveritySource="redhat", VendorIDs=["RHSA-1"], DataSource={"ID": "redhat"},
    )  # fmt: skip
    (claim,) = read(json.dumps(trivy(one, os=("redhat", "9.4"), kind="redhat")).encode(), name="x").claims
    assert (claim.id, claim.aliases, claim.state, claim.word) == ("CVE-2025-1", ("RHSA-1",), "deferred", "fix_deferred")
    assert claim.package is not None
    assert (claim.package.epoch, claim.package.version) == (1, "2-1.el9")
    assert (claim.severity, claim.scorer, claim.source, claim.fixes) == ("high", "redhat", "redhat", ())


@pytest.mark.parametrize(
    ("kind", "name", "version", "expected"),
    [
        ("jar", "org.apache:x", "1", ("maven", "org.apache:x")),
        ("npm", "@babel/core", "1", ("npm", "@babel/core")),
        ("gobinary", "github.com/a/b", "v1.0.0", ("golang", "github.com/a/b")),
        ("python-pkg", "Zope.Interface", "1", ("pypi", "zope-interface")),
        ("something", "x", "1", None),
    ],
)
def test_before_package_urls_the_kind_of_a_result_tells_the_package(
    kind: str, name: str, version: str, expected: tuple[str, str] | None
) -> None:
    one = vulnerability("CVE-2025-1", LEFT, version) | {"PkgName": name, "PkgIdentifier": None}
    (claim,) = read(json.dumps(trivy(one, kind=kind)).encode(), name="x").claims
    found = None if claim.package is None else (claim.package.type, claim.package.name)
    assert found == expected


def changed(data: bytes, **more: object) -> bytes:
    return json.dumps({**json.loads(data), **more}).encode()


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "text": (b"hello", "not a JSON object"),
    "xml": (b"<report/>", "XML"),
    "utf-16": (TRIVY.decode().encode("utf-16"), "UTF-16"),
    "latin-1": (TRIVY.replace(b"app", b"\xe9"), "not UTF-8"),
    "an old Trivy report": (b'[{"Target": "x", "Vulnerabilities": []}]', "before schema 2"),
    "a later Trivy report": (changed(TRIVY, SchemaVersion=3), "schema 3"),
    "a Trivy report without schema": (changed(TRIVY, SchemaVersion=None), "without SchemaVersion"),
    "a Trivy report of a cluster": (changed(TRIVY, ClusterName="x"), "whole cluster"),
    "matches of another tool": (changed(GRYPE, descriptor={"name": "other"}), "'other'"),
    "an SBOM": (b'{"bomFormat": "CycloneDX", "specVersion": "1.6"}', "an SBOM"),
    "an SPDX SBOM": (b'{"spdxVersion": "SPDX-2.3"}', "an SBOM"),
    "a Syft SBOM": (b'{"artifacts": []}', "SBOM of Syft"),
    "sarif": (b'{"runs": []}', "SARIF"),
    "an answer": (b'{"findings": [], "tool": {"name": "oakum"}}', "an answer of ours"),
    "a Kubernetes object": (b'{"apiVersion": "aquasecurity.github.io/v1alpha1", "report": {}}', "of Kubernetes"),
    "another object": (b'{"x": 1}', "unknown kind"),
    "wrong type": (TRIVY.replace(b'"CVE-2025-1"', b"1"), "wrong type"),
    "a match without artifact": (b'{"matches": [{"vulnerability": {"id": "x"}}]}', "wrong type"),
    "trailing": (GRYPE + b"x", "not valid JSON"),
    "deep": (b'{"matches": ' + b"[" * 200_000, "deep"),
    "twice": (TRIVY.replace(b'"VulnerabilityID"', b'"VulnerabilityID": "CVE-1", "VulnerabilityID"'), "stands twice"),
    "matches twice": (GRYPE[:-1] + b', "matches": []}', "stands twice"),
    "truncated gzip": (gzip.compress(TRIVY)[:-9], "truncated"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_says_what_where_and_the_remedy(case: str) -> None:
    data, words = BAD[case]
    with pytest.raises(InputError) as caught:
        read(data, name="the-file")
    assert words in caught.value.what
    assert caught.value.place is not None
    assert caught.value.place.file == "the-file"
    assert caught.value.remedy
    assert "SBOM again" not in caught.value.remedy


@pytest.mark.parametrize("data", [TRIVY, GRYPE], ids=["trivy", "grype"])
def test_every_truncation_is_an_error(data: bytes) -> None:
    assert len(read(data, name="x").claims) == 1
    assert read(gzip.compress(data), name="x").claims == read(data, name="x").claims
    for length in range(len(data)):
        with pytest.raises(InputError):
            read(data[:length], name="x")


def test_a_huge_report_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 1 << 20)
    with pytest.raises(LimitError, match="the file is larger"):
        read(b" " * (4 << 20), name="x")


def test_a_version_of_grype_that_is_not_known_is_named() -> None:
    assert read(GRYPE, name="x").notes == ()
    newer = changed(GRYPE, descriptor={"name": "grype", "version": "2.1.0"})
    assert read(newer, name="x").notes == ("Grype 2.1.0 is newer than those known here",)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([LEFT, "CVE-2025-1", "grype"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["matches", "vulnerability", "artifact", "descriptor", "source", "target", "distro", "fix", "versions",
             "id", "SchemaVersion", "Results", "Vulnerabilities", "Metadata", "OS", "PkgIdentifier", "PURL", "Finding",
             "Type", "ExperimentalModifiedFindings", "appliedIgnoreRules", "ignoredMatches", "purl", "version", "name"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.sampled_from(["Results", "Metadata", "matches", "ignoredMatches", "source", "distro", "descriptor"]))
@settings(max_examples=at_least(300))
def test_no_document_raises_anything_else(value: object, key: str) -> None:
    for content in ({**json.loads(TRIVY), key: value}, {**json.loads(GRYPE), key: value}, value):
        harmless(json.dumps(content).encode())


@given(st.integers(0, 2**32), st.integers(0, 255), st.sampled_from(sorted(REAL)))
@settings(max_examples=at_least(150))
def test_one_changed_byte_of_a_real_report_raises_nothing_else(position: int, byte: int, name: str) -> None:
    data = bytearray((shared("reports") / name).read_bytes())
    data[position % len(data)] = byte
    harmless(bytes(data))


def harmless(data: bytes) -> None:
    try:
        read(data, name="x")
    except OakumError as error:
        assert error.remedy
        assert error.place is not None


def test_names_with_controls_stay_what_they_are() -> None:
    hostile: Json = matching("CVE-2025-1", "pkg:npm/ev%00il@1.0.0", "1.0.0\x1b[31m")
    (claim,) = read(json.dumps(grype(hostile)).encode(), name="x").claims
    assert claim.version == "1.0.0\x1b[31m"
