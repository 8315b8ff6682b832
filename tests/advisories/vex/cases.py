"""For each mandatory test of CSAF: changes to a valid document that break it, and such as leave it valid.

Each case is written from the text of the rule. The versions are those in which the case is tried.
"""

from __future__ import annotations

from typing import Any

from tests.advisories.vex.documents import GONE, branch, product, revision

Changes = dict[str, Any]
#: (test, versions, changes)
Case = tuple[str, str, Changes]

BOTH, OLD, NEW = "2.0 2.1", "2.0", "2.1"
TRACKING = "document/tracking"
HISTORY = f"{TRACKING}/revision_history"
FLAW = "vulnerabilities/0"
STATUS = f"{FLAW}/product_status"
NAMES = "product_tree/full_product_names"
VERSIONS = "product_tree/branches/0/branches/0/branches"
SHARED = "document/distribution/sharing_group"
MAX, NIL = "ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-0000-0000-000000000000"
OTHER = "5868d6be-b28a-404e-a245-0b5093b31b8b"
INVOLVED = "document/involvement"
CATEGORY = "document/category"


def helped(**helper: Any) -> Changes:
    """A product with something that identifies it."""
    return {NAMES: [product("H", product_identification_helper=helper)]}


def hashed(*pairs: tuple[str, str]) -> Changes:
    hashes = [{"algorithm": algorithm, "value": value} for algorithm, value in pairs]
    return helped(hashes=[{"filename": "pump.bin", "file_hashes": hashes}])


def history(*revisions: tuple[str, str], version: str = "", status: str = "final") -> Changes:
    """Revisions by number and day of January; the version is the last one's."""
    items = [revision(number, f"2026-01-{day}T08:00:00Z") for number, day in revisions]
    return {
        HISTORY: items,
        f"{TRACKING}/version": version or revisions[-1][0],
        f"{TRACKING}/status": status,
    }


def profile(category: str, **more: Any) -> Changes:
    return {CATEGORY: category, **{key.replace("__", "/"): value for key, value in more.items()}}


def related(part: str, whole: str, result: str) -> dict[str, Any]:
    return {
        "category": "installed_on",
        "full_product_name": product(result),
        "product_reference": part,
        "relates_to_product_reference": whole,
    }


def path(beginning: str, result: str, *steps: tuple[str, str]) -> dict[str, Any]:
    subpaths = [{"category": category, "next_product_reference": to} for category, to in steps]
    return {"beginning_product_reference": beginning, "full_product_name": product(result), "subpaths": subpaths}


def metrics(*contents: dict[str, Any], source: str = "") -> Changes:
    more = {"source": source} if source else {}
    return {f"{FLAW}/metrics": [{"products": ["P1"], "content": each, **more} for each in contents]}


def scored(key: str, cvss: dict[str, Any], **other: Any) -> list[tuple[str, Changes]]:
    """The same CVSS object in both versions of CSAF."""
    value = {name: each for name, each in {**cvss, **other}.items() if each is not GONE}
    old = {f"{FLAW}/scores": [{"products": ["P1"], key: value}]}
    return ([] if key == "cvss_v4" else [(OLD, old)]) + [(NEW, metrics({key: value}))]


def selected(**point: Any) -> dict[str, Any]:
    selection = {"namespace": "ssvc", "key": "E", "version": "1.1.0", "values": [{"key": "N"}], **point}
    return {"ssvc_v2": {"timestamp": "2026-01-06T00:00:00Z", "schemaVersion": "2.0.0", "selections": [selection]}}


def targeted(*targets: str) -> dict[str, Any]:
    content = selected()
    content["ssvc_v2"]["target_ids"] = list(targets)
    return content


def acted(*actions: dict[str, Any], **more: Any) -> Changes:
    """Actions of two entities and a group of both."""
    whole = [
        {
            "action_id": f"a{at}", "category": "notification", "date": "2026-01-06T00:00:00Z", "status": "completed",
            "acting_entity_refs": ["EID-1"], "receiving_entity_refs": ["EID-2"], **each,
        }
        for at, each in enumerate(actions)
    ]  # fmt: skip
    kept = [{key: value for key, value in each.items() if value is not GONE} for each in whole]
    return {
        INVOLVED: {
            "entities": [{"entity_id": f"EID-{at}", "category": "vendor"} for at in (1, 2, 3)],
            "entity_groups": [{"entity_group_id": "EGID-1", "entity_ids": ["EID-1", "EID-2"], "name": "Both"}],
            "actions": kept,
            **more,
        }
    }


def licensed(expression: str, *notes: tuple[str, str]) -> Changes:
    told = [{"title": title, "category": category, "text": "Take it."} for title, category in notes]
    return {"document/license_expression": expression, **({"document/notes": told} if told else {})}


def extended(**extension: Any) -> Changes:
    whole = {
        "$schema": "https://waterworks.example/schemas/pressure_1.0.0.json",
        "category": "essential",
        "critical": False,
        "content": {"bar": 3},
        **extension,
    }
    return {"x_extensions": [{key: value for key, value in whole.items() if value is not GONE}]}


def deep(levels: int) -> Changes:
    inner = branch("product_version", "9", product=product("D"))
    for at in range(levels - 2):
        inner = branch("product_family", f"level {at}", inner)
    return {"product_tree/branches/-": branch("vendor", "Deep", inner)}


GROUPED = {f"{FLAW}/remediations/-": {"category": "mitigation", "details": "Stop.", "group_ids": ["G"]}}
WEAK = {"id": "CWE-79", "name": "Improper Neutralization of Input During Web Page Generation ('Cross-site Scripting')"}
INVOLVEMENT = {"party": "vendor", "status": "open", "date": "2026-01-06T00:00:00Z"}
EXPLOITED = {"date": "2026-01-07T00:00:00Z", "exploitation_date": "2026-01-06T00:00:00Z", "product_ids": ["P1"]}
LATE = "2026-02-05T08:00:01Z"
ADVISORY = {CATEGORY: "csaf_security_advisory"}
ENDED = {
    "product_tree": GONE,
    "vulnerabilities": GONE,
    "document/references": [
        {"summary": "Superseding Document WW-2026-2", "url": "https://waterworks.example/b", "category": "external"}
    ],
}
WITHDRAWN: Changes = {
    **ENDED,
    CATEGORY: "csaf_withdrawn",
    "document/notes": [{"category": "description", "title": "Reasoning for Withdrawal", "text": "It was wrong."}],
}
SUPERSEDED: Changes = {
    **ENDED,
    CATEGORY: "csaf_superseded",
    "document/notes": [{"category": "description", "title": "Reasoning for Supersession", "text": "See there."}],
}
REPORT = {
    CATEGORY: "csaf_vulnerability_report",
    f"{FLAW}/notes": [{"category": "summary", "title": "Vulnerability Summary", "text": "In short."}],
}
RANGE = {f"{VERSIONS}/0/category": "product_version_range"}
CONFIRMATION = {"category": "confirmation", "acting_entity_refs": ["EID-2"], "receiving_entity_refs": ["EID-1"]}
