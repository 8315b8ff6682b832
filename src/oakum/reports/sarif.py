"""SARIF 2.1.0 (OASIS): one result per finding and asset, for code-scanning dashboards.

A result's ``partialFingerprints`` carry the finding's own key, so that a dashboard recognises it again whatever its
text says. What could not be assessed is a tool notification, never a silent absence.

Beside a history, every result says how it stands to the last look at its asset (``baselineState``, see
``oakum.reports.sarif_since``). Where statements were handed in, every result says whether one suppresses it: 3.27.23
wants all of a run to tell, or none.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from oakum.reports.answer import Answer, AssetEntry, FindingEntry
from oakum.reports.sarif_since import ended, state
from oakum.reports.stated import reason

_LEVELS = ("error", "error", "warning")
_TAGS = ("security", "vulnerability")


def sarif(answer: Answer) -> bytes:
    """The answer as a SARIF log, UTF-8 JSON."""
    assets = {asset.key: asset for asset in answer.assets}
    rules: dict[str, int] = {}
    described: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for finding in answer.findings:
        if finding.id not in rules:
            rules[finding.id] = len(rules)
            described.append(_rule(finding))
        results.extend(_result(finding, rules[finding.id], assets[key], answer) for key in finding.assets)
    for id_, result in ended(answer):
        if id_ not in rules:
            rules[id_] = len(rules)
            described.append({"id": id_, "shortDescription": {"text": id_}, "properties": {"tags": list(_TAGS)}})
        results.append({"ruleId": id_, "ruleIndex": rules[id_], **result})
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": answer.tool.name,
                        "semanticVersion": answer.tool.version,
                        "version": answer.tool.version,
                        "rules": described,
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "endTimeUtc": answer.now,
                        "toolExecutionNotifications": [
                            {
                                "level": "note" if gap.accepted else "warning",
                                "message": {"text": f"Not assessable: {gap.what}: {gap.why}. Remedy: {gap.remedy}"},
                            }
                            for gap in answer.not_assessable
                        ],
                    }
                ],
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode(log), indent=2)


def _rule(finding: FindingEntry) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": finding.id,
        "shortDescription": {"text": finding.summary or finding.id},
        "properties": {"tags": list(_TAGS), "aliases": list(finding.aliases)},
    }
    if finding.score.value > 0:
        # Code-scanning dashboards read a number from 0.0 to 10.0 here.
        rule["properties"]["security-severity"] = f"{finding.score.value / 10:.1f}"
    return rule


def _result(finding: FindingEntry, rule: int, asset: AssetEntry, answer: Answer) -> dict[str, Any]:
    package = finding.package
    fix = f"fixed in {finding.fix.version}" if finding.fix.version else "no fix is published"
    text = f"{package.name} {package.version} on {asset.name}: {finding.id}, {fix}; {finding.decision.outcome}"
    level = _LEVELS[min(finding.decision.order, len(_LEVELS) - 1)]
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": level,
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": quote(package.path.lstrip("/") or asset.name)}},
                "logicalLocations": [{"fullyQualifiedName": package.purl or package.name, "kind": "package"}],
            }
        ],
        "partialFingerprints": {"oakumFinding/v1": finding.key, "oakumAsset/v1": asset.key},
        "properties": {
            "decision": finding.decision.outcome,
            "score": finding.score.value,
            "fixState": finding.fix.state,
            "fixVersion": finding.fix.version,
        },
    }
    if baseline := state(answer, finding, asset.key):
        result["baselineState"] = baseline
    if not isinstance(answer.statements, msgspec.UnsetType):
        result["suppressions"] = []
        if finding.suppressed and not isinstance(finding.statement, msgspec.UnsetType):
            said = {"kind": "external", "status": "accepted", "justification": reason(finding.statement)}
            result["suppressions"] = [said]
    return result
