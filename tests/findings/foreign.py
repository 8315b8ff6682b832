"""Reports of other scanners, made of package URLs, and their comparison with our answer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from oakum.advisories.index import Index
from oakum.findings.foreign.compare import compare
from oakum.findings.foreign.differences import Judged
from oakum.findings.foreign.model import Comparison, Row
from oakum.findings.foreign.reading import read
from oakum.findings.judge import judge, merge
from oakum.findings.match import match
from oakum.findings.statements.model import Ruled
from oakum.fleet.assets import Asset, Kind
from oakum.fleet.packages import Package, package_set
from oakum.fleet.releases import Release

Json = dict[str, Any]


def trivy(*found: Json, os: tuple[str, str] | None = None, kind: str = "debian", **more: Any) -> Json:
    """A report of Trivy about packages of one kind."""
    metadata = {"OS": {"Family": os[0], "Name": os[1]}} if os else {}
    result = {"Target": "x", "Class": "os-pkgs" if os else "lang-pkgs", "Type": kind, "Vulnerabilities": list(found)}
    return {
        "SchemaVersion": 2, "Trivy": {"Version": "0.69.1"}, "CreatedAt": "2026-02-24T07:07:53Z", "ArtifactName": "app",
        "Metadata": metadata, "Results": [result], **more,
    }  # fmt: skip


def vulnerability(id_: str, purl: str, version: str, fixed: str = "", severity: str = "HIGH", **more: Any) -> Json:
    """One vulnerability of a Trivy report."""
    name = purl.partition("@")[0].rpartition("/")[2]
    return {
        "VulnerabilityID": id_, "PkgName": name, "PkgIdentifier": {"PURL": purl}, "InstalledVersion": version,
        "FixedVersion": fixed, "Status": "fixed" if fixed else "affected", "Severity": severity, **more,
    }  # fmt: skip


def grype(*matches: Json, os: tuple[str, str] | None = None, **more: Any) -> Json:
    """A report of Grype."""
    distro = {"name": os[0], "version": os[1]} if os else {"name": "", "version": ""}
    return {
        "matches": list(matches), "source": {"type": "image", "target": {"userInput": "app"}}, "distro": distro,
        "descriptor": {"name": "grype", "version": "0.98.0", "db": {"status": {"built": "2026-02-24T07:00:00Z"}}},
        **more,
    }  # fmt: skip


def matching(
    id_: str, purl: str, version: str, *fixed: str, severity: str = "High", related: Iterable[str] = (), **more: Any
) -> Json:
    """One match of a Grype report."""
    name = purl.partition("@")[0].rpartition("/")[2]
    state = more.pop("state", "fixed" if fixed else "not-fixed")
    return {
        "vulnerability": {
            "id": id_, "severity": severity, "namespace": more.pop("namespace", "x"),
            "fix": {"versions": list(fixed), "state": state}, **more,
        },
        "relatedVulnerabilities": [{"id": each} for each in related],
        "matchDetails": [{"type": "exact-direct-match"}],
        "artifact": {"name": name, "version": version, "type": "x", "purl": purl, "locations": [{"path": "/x"}]},
    }  # fmt: skip


def here(release: Release | None, *packages: Package, kind: Kind = "sbom", key: str = "a", **more: Any) -> Asset:
    """An asset with these packages."""
    return Asset(kind=kind, key=key, name="app", source="test", packages=package_set(release, packages), **more)


def beside(
    report: Json, asset: Asset, index: Index, *others: Asset, ruled: Iterable[Ruled] = (), severity: str = "high"
) -> Comparison:
    """A report beside what a scan of these assets finds, of which every finding has one severity."""
    assets = (asset, *others)
    matched = {
        one.key: match(one.packages, index, kind=one.kind, host=one.host, platform=one.platform) for one in assets
    }
    found = merge(each for one in assets for each in judge(matched[one.key], one.packages, (one.key,), host=one.host))
    own = list(ruled) or [Ruled(one) for one in found]
    judged = {one.finding.key: Judged(severity, "vendor", None) for one in own}
    return compare(read(json.dumps(report).encode(), name="report"), assets, matched, own, judged, index)


def rows(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    """Kind, vulnerability, package and rule of every row."""
    return [(row.kind, row.id, row.package, row.rule) for row in comparison.rows]


def only(comparison: Comparison) -> Row:
    """The one row."""
    (row,) = comparison.rows
    return row
