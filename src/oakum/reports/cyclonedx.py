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
from cyclonedx.model.impact_analysis import ImpactAnalysisJustification, ImpactAnalysisState
from cyclonedx.model.tool import Tool
from cyclonedx.model.vulnerability import (
    BomTarget,
    Vulnerability,
    VulnerabilityAnalysis,
    VulnerabilityRating,
    VulnerabilityReference,
    VulnerabilityScoreSource,
    VulnerabilitySource,
)
from cyclonedx.output.json import JsonV1Dot6
from msgspec import UnsetType
from packageurl import PackageURL

from oakum.reports.answer import Answer, FindingEntry, SeverityEntry
from oakum.reports.stated import reason

_METHODS = {
    "CVSS_V2": VulnerabilityScoreSource.CVSS_V2,
    "CVSS_V3": VulnerabilityScoreSource.CVSS_V3_1,
    "CVSS_V4": VulnerabilityScoreSource.CVSS_V4,
}


_STATES = {
    "affected": ImpactAnalysisState.EXPLOITABLE,
    "fixed": ImpactAnalysisState.RESOLVED,
    "not_affected": ImpactAnalysisState.NOT_AFFECTED,
    "under_investigation": ImpactAnalysisState.IN_TRIAGE,
}
_JUSTIFICATIONS = {
    **{each.value: each for each in ImpactAnalysisJustification},
    "component_not_present": ImpactAnalysisJustification.CODE_NOT_PRESENT,
    "inline_mitigations_already_exist": ImpactAnalysisJustification.PROTECTED_BY_MITIGATING_CONTROL,
    "vulnerable_code_not_in_execute_path": ImpactAnalysisJustification.CODE_NOT_REACHABLE,
    "vulnerable_code_not_present": ImpactAnalysisJustification.CODE_NOT_PRESENT,
}


def cyclonedx(answer: Answer) -> bytes:
    """The answer as a CycloneDX 1.6 document, UTF-8 JSON; equal answers give equal bytes."""
    seed = "\0".join((answer.now, answer.feeds, *(asset.package_set for asset in answer.assets)))
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, seed))
    bom.metadata.timestamp = datetime.fromisoformat(answer.now)
    bom.metadata.tools.tools.add(Tool(name=answer.tool.name, version=answer.tool.version))
    components: dict[tuple[str, str], Component] = {}
    seen: dict[str, int] = {}
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
        count = seen[finding.key] = seen.get(finding.key, 0) + 1
        reference = finding.key if count == 1 else f"{finding.key}#{count}"
        bom.vulnerabilities.add(_vulnerability(finding, component, reference))
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


def _vulnerability(finding: FindingEntry, component: Component, reference: str) -> Vulnerability:
    first = finding.evidence[0]
    return Vulnerability(
        bom_ref=reference,
        id=finding.id,
        source=VulnerabilitySource(name=first.source),
        references=[
            VulnerabilityReference(id=alias, source=VulnerabilitySource(name=first.source)) for alias in finding.aliases
        ],
        ratings=[_rating(severity) for severity in finding.severities],
        description=finding.summary or None,
        recommendation=f"Upgrade to {finding.fix.version}" if finding.fix.version else None,
        affects=[BomTarget(ref=str(component.bom_ref))],
        analysis=_analysis(finding),
        properties=[
            Property(name="oakum:decision", value=finding.decision.outcome),
            Property(name="oakum:score", value=str(Decimal(str(finding.score.value)))),
            Property(name="oakum:fix-state", value=finding.fix.state),
        ],
    )


def _analysis(finding: FindingEntry) -> VulnerabilityAnalysis | None:
    """What is stated about the finding. Words that have no counterpart in CycloneDX stay in the detail."""
    one = finding.statement
    if isinstance(one, UnsetType):
        return None
    return VulnerabilityAnalysis(
        state=_STATES[one.status],
        justification=_JUSTIFICATIONS.get(one.justification) if one.status == "not_affected" else None,
        detail=f"{reason(one)}{'. ' if one.action else ''}{one.action}",
    )


def _rating(severity: SeverityEntry) -> VulnerabilityRating:
    method = _METHODS.get(severity.system, VulnerabilityScoreSource.OTHER)
    return VulnerabilityRating(
        source=VulnerabilitySource(name=severity.scorer or "unnamed"), method=method, vector=severity.value
    )
