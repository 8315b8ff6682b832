"""Real documents: all load, and some hold for just what they name.

Inventories are built from a document's own product ids; the twins differ in one part of them.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.data import shared
from tests.findings.stated import asset, finding

from oakum.advisories.statements.model import Reading, Statement
from oakum.advisories.statements.reading import read
from oakum.findings.statements.ruling import Statements
from oakum.fleet.assets import Asset

NOW = "2027-01-01T00:00:00Z"
HUBS = "openvex-hubs-third.jsonl.gz"


@cache
def hubs(folder: Path) -> tuple[tuple[str, Reading], ...]:
    """Every OpenVEX document of the hubs, by where it is from."""
    with gzip.open(folder / HUBS, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    return tuple((row["_src"], read(json.dumps(row["doc"]).encode(), file=row["_src"])) for row in rows)


def stated(name: str) -> tuple[Statement, ...]:
    """The statements of the OpenVEX documents whose source has this in its name."""
    found = [one for source, reading in hubs(shared("vex")) if name in source for one in reading.statements]
    assert found
    return tuple(found)


def csaf(name: str) -> tuple[Statement, ...]:
    """The statements of a CSAF document."""
    return read(gzip.decompress((shared("vex") / f"{name}.json.gz").read_bytes()), file=name).statements


def gone(statements: tuple[Statement, ...], here: Asset, name: str, **more: Any) -> list[str]:
    """The packages of an asset whose finding of a vulnerability is suppressed."""
    findings = [finding(one, here.key, id_=name, **more) for one in here.packages.packages]
    ruled = Statements(statements, NOW).rule(findings, {here.key: here})
    return [one.finding.package.name for one in ruled if one.suppressed]


def test_every_openvex_document_is_understood() -> None:
    found = hubs(shared("vex"))
    assert len(found) == 283
    assert sum(len(reading.statements) for _, reading in found) == 8711
    assert not [reading.refused for _, reading in found if reading.refused]


def test_csaf_documents_are_understood_or_refused_with_a_reason() -> None:
    refused = {}
    for path in sorted(shared("vex").glob("*.json.gz")):
        reading = read(gzip.decompress(path.read_bytes()), file=path.name)
        if reading.refused:
            refused[path.name] = reading.refused[0].why
        else:
            assert all(one.products and one.author for one in reading.statements), path.name
    # Its vulnerability has no product_status.
    assert refused == {"trivy-db--cve-2024-22222.json.gz": "the document makes no statement about a product"}


TRIVY = "pkg:oci/trivy@sha256:" + "0" * 64 + "?repository_url="
BUSYBOX = "pkg:apk/alpine/busybox@1.36.1-r5?arch=x86_64&distro=3.19"


@pytest.mark.parametrize(
    ("subject", "package", "goes"),
    [
        ("index.docker.io%2Faquasec%2Ftrivy", BUSYBOX, True),
        ("public.ecr.aws%2Faquasecurity%2Ftrivy", BUSYBOX, True),
        ("docker.io%2Faquasec%2Ftrivy", BUSYBOX, True),
        ("docker.io%2Fsomebody%2Ftrivy", BUSYBOX, False),
        ("index.docker.io%2Faquasec%2Ftrivy", BUSYBOX.replace("busybox", "busybox-extras"), False),
        ("index.docker.io%2Faquasec%2Ftrivy", BUSYBOX.replace("alpine", "wolfi"), False),
    ],
)
def test_busybox_inside_the_image_of_trivy(subject: str, package: str, goes: bool) -> None:
    here = asset(package, subject=TRIVY + subject, distro="alpine:3.19.1", container=True)
    assert bool(gone(stated("ghcr.io/aquasecurity/trivy/oci"), here, "CVE-2023-42363")) is goes


def test_busybox_outside_of_that_image() -> None:
    here = asset(BUSYBOX, distro="alpine:3.19.1")
    assert gone(stated("ghcr.io/aquasecurity/trivy/oci"), here, "CVE-2023-42363") == []


@pytest.mark.parametrize(("version", "goes"), [("v0.41.0", True), ("0.42.0", True), ("v0.43.0", False)])
def test_inspektor_gadget_at_two_versions(version: str, goes: bool) -> None:
    here = asset(f"pkg:golang/github.com/inspektor-gadget/inspektor-gadget@{version}")
    assert bool(gone(stated("inspektor-gadget/golang"), here, "CVE-2025-54388")) is goes


@pytest.mark.parametrize(
    ("subject", "version", "name", "goes"),
    [
        ("github.com/k3s-io/helm-set-status", "v23.0.1%2Bincompatible", "CVE-2025-15558", True),
        ("github.com/k3s-io/helm-set-status", "v23.0.2%2Bincompatible", "CVE-2025-15558", False),
        ("github.com/k3s-io/other", "v23.0.1%2Bincompatible", "CVE-2025-15558", False),
        ("github.com/k3s-io/helm-set-status", "v23.0.1%2Bincompatible", "CVE-2025-15559", False),
    ],
)
def test_a_module_inside_another(subject: str, version: str, name: str, goes: bool) -> None:
    here = asset(f"pkg:golang/github.com/docker/cli@{version}", subject=f"pkg:golang/{subject}@v1.0.0")
    assert ("github.com/docker/cli" in gone(stated("helm-set-status"), here, name)) is goes


def test_an_alias_of_a_hub_finds_the_same_vulnerability() -> None:
    here = asset("pkg:maven/org.eclipse.jetty/jetty-security@9.4.60.sts1")
    assert gone(stated("jetty-security"), here, "GHSA-2fvj-hgj9-j2gr")
    assert not gone(stated("jetty-security"), here, "GHSA-0000-0000-0000")
    other = asset("pkg:maven/org.eclipse.jetty/jetty-security@9.4.60")
    assert not gone(stated("jetty-security"), other, "GHSA-2fvj-hgj9-j2gr")


def samba(release: str) -> Asset:
    return asset(f"pkg:rpm/redhat/libsmbclient@4.10-1?arch=x86_64&distro=rhel-{release}", distro=f"rhel:{release}")


def test_samba_of_red_hat_is_not_affected_on_the_releases_that_are_named() -> None:
    statements = csaf("claircore--cve-2023-4154")
    assert gone(statements, samba("6.10"), "CVE-2023-4154") == ["libsmbclient"]
    assert gone(statements, samba("12.1"), "CVE-2023-4154") == []
    assert gone(statements, samba("6.10"), "CVE-2023-4155") == []
    alma = asset("pkg:rpm/almalinux/libsmbclient@4.10-1?distro=almalinux-8.9", distro="almalinux:8.9")
    assert gone(statements, alma, "CVE-2023-4154") == []


@pytest.mark.parametrize(
    ("version", "epoch", "release", "goes"),
    [
        ("9.0.87-1.el8_10.1", "1", "8.10", True),
        ("9.0.87-1.el8_10.2", "1", "8.10", False),
        ("9.0.87-1.el8_10.1", "2", "8.10", False),
        ("9.0.87-1.el8_10.1", "1", "9.4", False),
    ],
)
def test_tomcat_of_red_hat_is_fixed_in_just_the_version_that_is_named(
    version: str, epoch: str, release: str, goes: bool
) -> None:
    purl = f"pkg:rpm/redhat/tomcat@{version}?arch=noarch&epoch={epoch}&distro=rhel-{release}"
    here = asset(purl, distro=f"rhel:{release}")
    assert bool(gone(csaf("trustify--rhsa-2024_3666"), here, "CVE-2024-23672")) is goes


def test_an_image_of_red_hat_by_its_digest() -> None:
    digest = "sha256:9e1e2fac9519bd480c9629f5a9cf69be0169715483b7e662eaac61a48b37eb60"
    module = "pkg:golang/golang.org/x/net@v0.30.0"

    def image(digest: str) -> Asset:
        where = "registry.redhat.io%2Frhdh%2Frhdh-rhel9-operator"
        return asset(module, subject=f"pkg:oci/rhdh-rhel9-operator@{digest}?repository_url={where}", container=True)

    statements = csaf("vulnerablecode--rhba-2025_0409")
    assert gone(statements, image(digest), "CVE-2024-45338") == ["golang.org/x/net"]
    assert gone(statements, image(digest.replace("9e1e", "0000")), "CVE-2024-45338") == []
