"""CycloneDX 1.6 with vulnerabilities: what was scanned and what affects it, for tools that read SBOMs.

Written with the project's own library, so that ordering, escaping and the schema are its business. The ratings keep
each scorer's own vector; the decision stands in properties, since it is nobody's severity.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.tool import Tool
from cyclonedx.model.vulnerability import (
    BomTarget,
    Vulnerability,
    VulnerabilityRating,
    VulnerabilityReference,
    VulnerabilityScoreSource,
    VulnerabilitySource,
)
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from oakum.reports.answer import Answer, FindingEntry, SeverityEntry

_METHODS = {
    "CVSS_V2": VulnerabilityScoreSource.CVSS_V2,
    "CVSS_V3": VulnerabilityScoreSource.CVSS_V3_1,
    "CVSS_V4": VulnerabilityScoreSource.CVSS_V4,
}


def cyclonedx(answer: Answer) -> bytes:
    """The answer as a CycloneDX 1.6 document, UTF-8 JSON; equal answers give equal bytes."""
    seed = "\0".join((answer.now, answer.feeds, *(asset.package_set for asset in answer.assets)))
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, seed))
    bom.metadata.timestamp = datetime.fromisoformat(answer.now)
    bom.metadata.tools.tools.add(Tool(name=answer.tool.name, version=answer.tool.version))
    components: dict[tuple[str, str], Component] = {}
    for finding in answer.findings:
        package = finding.package
        at = (package.purl or package.name, package.version)
        component = components.get(at)
        if component is None:
            component = components[at] = Component(
                type=ComponentType.LIBRARY,
                name=package.name,
                version=package.version,
                bom_ref=f"{at[0]}#{len(components)}",
                purl=_purl(package.purl),
            )
            bom.components.add(component)
        bom.vulnerabilities.add(_vulnerability(finding, component))
    for asset in answer.assets:
        bom.metadata.properties.add(Property(name="oakum:asset", value=f"{asset.kind} {asset.name}"))
    for gap in answer.not_assessable:
        bom.metadata.properties.add(Property(name="oakum:not-assessable", value=f"{gap.what}: {gap.why}"))
    return JsonV1Dot6(bom).output_as_string(indent=2).encode()


def _purl(text: str) -> PackageURL | None:
    try:
        return PackageURL.from_string(text) if text else None
    except ValueError:
        return None


def _vulnerability(finding: FindingEntry, component: Component) -> Vulnerability:
    first = finding.evidence[0]
    return Vulnerability(
        bom_ref=finding.key,
        id=finding.id,
        source=VulnerabilitySource(name=first.source),
        references=[
            VulnerabilityReference(id=alias, source=VulnerabilitySource(name=first.source)) for alias in finding.aliases
        ],
        ratings=[_rating(severity) for severity in finding.severities],
        description=finding.summary or None,
        recommendation=f"Upgrade to {finding.fix.version}" if finding.fix.version else None,
        affects=[BomTarget(ref=str(component.bom_ref))],
        properties=[
            Property(name="oakum:decision", value=finding.decision.outcome),
            Property(name="oakum:score", value=str(Decimal(str(finding.score.value)))),
            Property(name="oakum:fix-state", value=finding.fix.state),
        ],
    )


def _rating(severity: SeverityEntry) -> VulnerabilityRating:
    method = _METHODS.get(severity.system, VulnerabilityScoreSource.OTHER)
    return VulnerabilityRating(
        source=VulnerabilitySource(name=severity.scorer or "unnamed"), method=method, vector=severity.value
    )
