"""How the results of a SARIF run stand to the last look at their assets (SARIF 2.1.0, 3.27.24 ``baselineState``).

The specification knows "new", "unchanged", "updated" and "absent", and wants one on every result of a run as soon as
one has it. Whoever reads "absent" may close an issue (its note 2), so that is only what ended with evidence: it is a
result of kind "pass", the rule was evaluated and holds no longer. What a scan does not show and nobody can assess is
still a result: its kind is "open", which stands for too little to decide (3.27.9), and it is never absent.

What is not "fail" has the level "none" (3.27.10). The baseline of an asset is the last scan of the same history that
looked at it, which need not be one run: so there is no ``baselineGuid``, and nothing about assets not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from msgspec import UNSET, UnsetType

from oakum.reports.answer import Answer, AssetEntry, FindingEntry
from oakum.reports.histories import called
from oakum.reports.history_entries import HistoryEntry


def state(answer: Answer, finding: FindingEntry, asset: str) -> str:
    """The ``baselineState`` of a finding on an asset (its key); empty where there is nothing to compare with."""
    if not _baseline(answer) or isinstance(finding.since, UnsetType):
        return ""
    if asset in finding.since.new_on:
        return "new"
    return "updated" if asset in finding.since.changed_on else "unchanged"


def ended(answer: Answer) -> Iterator[tuple[str, dict[str, Any]]]:
    """The results, each behind the id of its rule, of what was found before and is not shown now."""
    history = _baseline(answer)
    if not history:
        return
    assets = called(answer.assets)
    stated: dict[str, Any] = {} if answer.statements is UNSET else {"suppressions": []}
    for event in history.events:
        # A statement suppresses what is still shown: that is a result already.
        if event.kind != "closed" or event.reason == "statement":
            continue
        for name in event.assets:
            text = f"{event.id} in {event.package} on {_name(name, assets)} ended ({event.reason}): {event.why}"
            properties = {"reason": event.reason, "evidence": event.why}
            result = _result("pass", "absent", text, event.package, name, assets)
            yield event.id, {**result, **stated, "properties": properties}
    for one in history.unassessed:
        for name in one.assets:
            text = f"{one.id} in {one.package} on {_name(name, assets)} is open and not assessable: {one.why}"
            result = _result(
                "open", "updated" if one.since == answer.now else "unchanged", text, one.package, name, assets
            )  # fmt: skip
            yield one.id, {**result, **stated, "properties": {"notAssessableSince": one.since, "why": one.why}}


def _baseline(answer: Answer) -> HistoryEntry | None:
    history = answer.history
    return None if isinstance(history, UnsetType) or not history.since else history


def _name(name: str, assets: dict[str, AssetEntry]) -> str:
    return assets[name].name if name in assets else name


def _result(
    kind: str, baseline: str, text: str, package: str, name: str, assets: dict[str, AssetEntry]
) -> dict[str, Any]:  # fmt: skip
    prints = {"oakumAsset/v1": assets[name].key} if name in assets else {}
    return {
        "kind": kind,
        "level": "none",
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": quote(_name(name, assets))}},
                "logicalLocations": [{"fullyQualifiedName": package, "kind": "package"}],
            }
        ],
        "baselineState": baseline,
        **({"partialFingerprints": prints} if prints else {}),
    }
