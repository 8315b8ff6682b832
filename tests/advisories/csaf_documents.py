"""Small CSAF documents: platforms by CPE, components by package URL or by name, and what is said of each."""

from __future__ import annotations

import json
from typing import Any

from oakum.advisories.model import Advisory, Affected, Parsed
from oakum.advisories.parsers import parse

#: The platform of a component: its id in the document, and its CPE.
PLATFORMS = {
    "9": "cpe:/o:redhat:enterprise_linux:9",
    "9-baseos": "cpe:/o:redhat:enterprise_linux:9::baseos",
    "9-eus": "cpe:/o:redhat:rhel_eus:9.4::baseos",
    "8-openshift": "cpe:/a:redhat:openshift:4.13::el8",
    "openshift": "cpe:/a:redhat:openshift:4",
}


def document(*said: tuple[str, str, str], cve: str = "CVE-2024-1001", **rest: Any) -> dict[str, Any]:
    """One vulnerability; each of ``said`` is (platform, component, status)."""
    names: dict[str, dict[str, Any]] = {
        f"{platform}:": {"product_id": platform, "product_identification_helper": {"cpe": cpe}}
        for platform, cpe in PLATFORMS.items()
    }
    relations: dict[str, Any] = {}
    statuses: dict[str, list[str]] = {}
    for platform, component, status in said:
        helper = {"purl": component} if component.startswith("pkg:") else {}
        names[component] = {"product_id": component, "name": component, "product_identification_helper": helper}
        whole = f"{platform}:{component}"
        relations[whole] = {
            "category": "default_component_of", "full_product_name": {"product_id": whole, "name": whole},
            "product_reference": component, "relates_to_product_reference": platform,
        }  # fmt: skip
        statuses.setdefault(status, []).append(whole)
    return {
        "document": {
            "csaf_version": "2.0", "category": "csaf_vex", "publisher": {"name": "Red Hat Product Security"},
            "title": "a flaw", "tracking": {
                "id": cve, "status": "final", "current_release_date": "2024-05-02T03:04:05+00:00",
                "initial_release_date": "2024-05-01T00:00:00+00:00",
            },
        },
        "product_tree": {"full_product_names": [*names.values()], "relationships": [*relations.values()]},
        "vulnerabilities": [{"cve": cve, "product_status": statuses, **rest}],
    }  # fmt: skip


def parsed(*documents: dict[str, Any]) -> Parsed:
    """The documents, one a line."""
    return parse("\n".join(json.dumps(each) for each in documents).encode(), name="vex.jsonl")


def affected(*said: tuple[str, str, str], **rest: Any) -> tuple[Affected, ...]:
    """What one document says of packages."""
    (fact,) = parsed(document(*said, **rest)).facts
    assert isinstance(fact, Advisory)
    return fact.affected
