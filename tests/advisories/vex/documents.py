"""Small documents of each format that are valid, and a way to change them."""

from __future__ import annotations

import copy
from typing import Any

GONE = object()
CVSS31: dict[str, Any] = {
    "version": "3.1",
    "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "baseScore": 9.8,
    "baseSeverity": "CRITICAL",
}
CVSS30: dict[str, Any] = {**CVSS31, "version": "3.0", "vectorString": "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
CVSS2: dict[str, Any] = {"version": "2.0", "vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P", "baseScore": 7.5}
CVSS4: dict[str, Any] = {
    "version": "4.0",
    "vectorString": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
    "baseScore": 9.3,
    "baseSeverity": "CRITICAL",
}


def revision(number: str, date: str) -> dict[str, Any]:
    return {"number": number, "date": date, "summary": f"What changed in {number}."}


def product(name: str, **more: Any) -> dict[str, Any]:
    return {"name": f"Pump controller {name}", "product_id": name, **more}


def branch(category: str, name: str, *inner: dict[str, Any], product: Any = None) -> dict[str, Any]:
    below = {"branches": list(inner)} if product is None else {"product": product}
    return {"category": category, "name": name, **below}


def csaf20() -> dict[str, Any]:
    """A VEX by the profile of 2.0: of four products each has another status."""
    return {
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "publisher": {"category": "vendor", "name": "Waterworks", "namespace": "https://waterworks.example"},
            "title": "Pumps run backwards",
            "lang": "en-GB",
            "notes": [{"category": "summary", "text": "Pumps may run backwards."}],
            "references": [{"summary": "Our page", "url": "https://waterworks.example/a", "category": "external"}],
            "tracking": {
                "id": "WW-2026-1",
                "status": "final",
                "version": "2",
                "initial_release_date": "2026-01-05T08:00:00Z",
                "current_release_date": "2026-02-05T08:00:00Z",
                "revision_history": [
                    revision("1", "2026-01-05T08:00:00Z"),
                    revision("2", "2026-02-05T09:00:00+01:00"),
                ],
            },
        },
        "product_tree": {
            "branches": [
                branch(
                    "vendor", "Waterworks",
                    branch(
                        "product_name", "Pump controller",
                        *(branch("product_version", name, product=product(name)) for name in ("P1", "P2", "P3", "P4")),
                    ),
                )
            ],
            "product_groups": [{"group_id": "G", "product_ids": ["P1", "P2"]}],
        },
        "vulnerabilities": [
            {
                "cve": "CVE-2026-10001",
                "notes": [{"category": "description", "text": "The direction is not checked."}],
                "product_status": {
                    "known_affected": ["P1"],
                    "fixed": ["P2"],
                    "known_not_affected": ["P3"],
                    "under_investigation": ["P4"],
                },
                "flags": [{"label": "component_not_present", "product_ids": ["P3"]}],
                "remediations": [{"category": "vendor_fix", "details": "Take P2.", "product_ids": ["P1"]}],
                "scores": [{"products": ["P1"], "cvss_v3": dict(CVSS31)}],
            }
        ],
    }  # fmt: skip


def csaf21() -> dict[str, Any]:
    """The same in 2.1."""
    document = csaf20()
    document["$schema"] = "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json"
    document["document"]["csaf_version"] = "2.1"
    document["document"]["distribution"] = {"tlp": {"label": "CLEAR"}}
    vulnerability = document["vulnerabilities"][0]
    [score] = vulnerability.pop("scores")
    vulnerability["metrics"] = [{"products": score["products"], "content": {"cvss_v3": score["cvss_v3"]}}]
    return document


def openvex(version: str = "v0.2.0") -> dict[str, Any]:
    """A statement of each status."""
    old = version != "v0.2.0"
    saying: list[dict[str, Any]] = [
        {"status": "not_affected", "justification": "component_not_present"},
        {"status": "affected", "action_statement": "Update to 2."},
        {"status": "fixed"},
        {"status": "under_investigation"},
    ]
    for statement in saying:
        statement["vulnerability"] = "CVE-2026-10001" if old else {"name": "CVE-2026-10001"}
        purl = "pkg:deb/debian/pump@1"
        statement["products"] = [purl] if old else [{"@id": purl, "subcomponents": [{"@id": "pkg:deb/debian/x"}]}]
    return {
        "@context": f"https://openvex.dev/ns{'' if old else '/' + version}",
        "@id": "https://waterworks.example/vex/1",
        "author": "Waterworks",
        "timestamp": "2026-01-05T08:00:00Z",
        "version": "1" if old else 1,
        "statements": saying,
    }


def changed(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with other values at JSON pointers; "-" is the end of a list, GONE takes a value out."""
    whole = copy.deepcopy(document)
    for pointer, value in changes.items():
        *steps, last = pointer.strip("/").split("/")
        holder: Any = whole
        for step in steps:
            holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
        if value is GONE:
            del holder[int(last) if isinstance(holder, list) else last]
        elif last == "-":
            holder.append(copy.deepcopy(value))
        elif isinstance(holder, list):
            holder[int(last)] = copy.deepcopy(value)
        else:
            holder[last] = copy.deepcopy(value)
    return whole
