"""Small CSAF documents in the form that SUSE writes: products by name and CPE, builds and bare names, "recommended"."""

from __future__ import annotations

from typing import Any

from oakum.advisories.model import Advisory, Affected

#: The products of the tests, and their CPEs as SUSE's documents have them; "" where they have none.
PRODUCTS = {
    "SUSE Linux Enterprise Server 15 SP5": "cpe:/o:suse:sles:15:sp5",
    "SUSE Linux Enterprise Server 15 SP5-LTSS": "cpe:/o:suse:sles-ltss:15:sp5",
    "SUSE Linux Enterprise Server for SAP Applications 15 SP5": "cpe:/o:suse:sles_sap:15:sp5",
    "SUSE Linux Enterprise High Performance Computing 15 SP5-ESPOS": "cpe:/o:suse:sle_hpc-espos:15:sp5",
    "SUSE Linux Enterprise Module for Basesystem 15 SP5": "cpe:/o:suse:sle-module-basesystem:15:sp5",
    "SUSE Linux Enterprise Module for Web and Scripting 12": "cpe:/o:suse:sle-module-web-scripting:12",
    "SUSE Linux Enterprise Server LTSS Extended Security 12 SP5": "cpe:/o:suse:sles-ltss-extended-security:12:sp5",
    "SUSE Linux Enterprise Server 12 SP5": "cpe:/o:suse:sles:12:sp5",
    "SUSE Linux Enterprise Micro 5.5": "cpe:/o:suse:sle-micro:5.5",
    "SUSE Linux Micro 6.0": "cpe:/o:suse:sl-micro:6.0",
    "openSUSE Leap 15.6": "cpe:/o:opensuse:leap:15.6",
    "openSUSE Tumbleweed": "cpe:/o:opensuse:tumbleweed",
    "SUSE Manager Server 4.3": "cpe:/o:suse:suse-manager-server:4.3",
    # An image that was built of a release has the CPE of that release.
    "Container example/tool:1.0": "cpe:/o:suse:sles:15:sp5",
    "SUSE Example Appliance 3": "cpe:/o:suse:example-appliance:3",
}
SLES = "SUSE Linux Enterprise Server 15 SP5"
LTSS = "SUSE Linux Enterprise Server 15 SP5-LTSS"
BASE = "SUSE Linux Enterprise Module for Basesystem 15 SP5"
LEAP = "openSUSE Leap 15.6"


def purl(name: str, fixed: bool) -> str:
    """The package URL that SUSE gives a component of this name; without an architecture those of VEX."""
    if ":" in name:
        head, _, arch = name.rpartition(".")
        package, version = head.rpartition(":")[0].rpartition("-")[0], head.rpartition(":")[2]
        return f"pkg:rpm/suse/{package}@{version}?arch={arch}&upstream={package}-0:{version}.src.rpm"
    if fixed and name.count("-") > 1:
        package, version, release = name.rsplit("-", 2)
        return f"pkg:rpm/suse/{package}@{version}-{release}?upstream={package}-{version}-{release}.src.rpm"
    return f"pkg:rpm/suse/{name}@?upstream={name}.src.rpm"


def suse(
    *said: tuple[str, str, str], cve: str = "CVE-2024-1001", purls: dict[str, str] | None = None, **rest: Any
) -> dict[str, Any]:
    """One vulnerability; each of ``said`` is (product, component, status). ``purls`` are others than SUSE's own."""
    branches, relations, statuses = {}, {}, dict[str, list[str]]()
    for product, component, status in said:
        cpe = PRODUCTS.get(product, "")
        helper = {"product_identification_helper": {"cpe": cpe}} if cpe else {}
        branches[product] = {
            "category": "product_name", "name": product, "product": {"name": product, "product_id": product, **helper},
        }  # fmt: skip
        named = (purls or {}).get(component, purl(component, status in ("recommended", "first_fixed", "fixed")))
        branches[component] = {
            "category": "product_version", "name": component,
            "product": {
                "name": component, "product_id": component,
                **({"product_identification_helper": {"purl": named}} if named else {}),
            },
        }  # fmt: skip
        whole = f"{product}:{component}"
        relations[whole] = {
            "category": "default_component_of",
            "full_product_name": {"name": f"{component} as component of {product}", "product_id": whole},
            "product_reference": component, "relates_to_product_reference": product,
        }  # fmt: skip
        statuses.setdefault(status, []).append(whole)
    family = {"category": "product_family", "name": "SUSE Linux Enterprise", "branches": [*branches.values()]}
    return {
        "document": {
            "csaf_version": "2.0", "category": "csaf_vex", "title": f"SUSE CVE {cve}",
            "publisher": {
                "category": "vendor", "name": "SUSE Product Security Team", "namespace": "https://www.suse.com/",
            },
            "references": [
                {"category": "external", "summary": "Advisory link for SUSE-SU-2024:1-1", "url": "https://lists.example/1"},
                {"category": "external", "summary": "SUSE Security Ratings", "url": "https://ratings.example/"},
            ],
            "tracking": {
                "id": cve, "status": "interim", "version": "2", "current_release_date": "2024-05-02T03:04:05Z",
                "initial_release_date": "2024-05-01T00:00:00Z",
            },
        },
        "product_tree": {"branches": [{"category": "vendor", "name": "SUSE", "branches": [family]}],
                         "relationships": [*relations.values()]},
        "vulnerabilities": [{
            "cve": cve, "title": cve,
            "ids": [{"system_name": "SUSE CVE Page", "text": f"https://www.suse.com/security/cve/{cve}"}],
            "notes": [{"category": "general", "text": "A flaw in a tool.\nMore of it.", "title": "CVE description"}],
            "product_status": statuses, "threats": [{"category": "impact", "details": "moderate"}], **rest,
        }],
    }  # fmt: skip


def said_of(*said: tuple[str, str, str], **rest: Any) -> tuple[Affected, ...]:
    """What one document says of packages."""
    from tests.advisories.csaf_documents import parsed

    (fact,) = parsed(suse(*said, **rest)).facts
    assert isinstance(fact, Advisory)
    return fact.affected
