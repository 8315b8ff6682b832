"""Assets, findings and statements, made of package URLs."""

from __future__ import annotations

import json
from typing import Any

from oakum.advisories.statements.fields import identity, names
from oakum.advisories.statements.model import Product, Statement, Status
from oakum.advisories.statements.reading import read
from oakum.findings.model import Finding, Fix, Step
from oakum.fleet.assets import Asset, Kind
from oakum.fleet.packages import Package
from oakum.fleet.sbom import read as read_sbom

NOW = "2026-03-01T12:00:00Z"
_NO = Step("no", "none")
_FIX = Fix("none", "", "", _NO, _NO, _NO, _NO)


def asset(*purls: str, subject: str = "", distro: str = "", name: str = "app", container: bool = False) -> Asset:
    """What an SBOM of these packages describes."""
    component: dict[str, Any] = {"type": "container" if container else "application", "name": name}
    if subject:
        component["purl"] = subject
    components: list[dict[str, Any]] = [{"type": "library", "name": "n", "purl": purl} for purl in purls]
    if distro:
        product, _, version = distro.partition(":")
        components.append({"type": "operating-system", "name": product, "version": version})
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": component}}
    return read_sbom(json.dumps({**bom, "components": components}).encode(), name=name)


def of_kind(one: Asset, kind: Kind, key: str, name: str) -> Asset:
    """The same contents as another asset."""
    return Asset(kind=kind, key=key, name=name, source=one.source, packages=one.packages, subject=one.subject)


def finding(
    package: Package, *assets: str, id_: str = "CVE-2026-1", aliases: tuple[str, ...] = (), cves: tuple[str, ...] = ()
) -> Finding:
    """A finding as the judge makes them; its CVE is its id unless others are given."""
    cves = cves or ((id_,) if id_.startswith("CVE-") else ())
    return Finding(
        key=f"{id_}/{package.name}", id=id_, aliases=aliases, cves=cves, bundles=(), assets=assets, package=package,
        scope="", evidence=(), fix=_FIX, severities=(), summary="", published="",
    )  # fmt: skip


def statement(
    *products: str | Product,
    status: Status = "not_affected",
    time: str = "2026-01-01T00:00:00Z",
    vulnerability: str = "CVE-2026-1",
    aliases: tuple[str, ...] = (),
) -> Statement:
    """A statement; a product is a package URL, or "PART in WHOLE"."""
    made = tuple(each if isinstance(each, Product) else product(each) for each in products)
    return Statement(
        vulnerability=vulnerability, aliases=names(vulnerability, aliases), products=made, status=status, time=time
    )


def product(text: str) -> Product:
    """A product as it is shown: "PART in WHOLE in WHOLE"."""
    part, *inside = (identity(each, cpe=each if each.startswith("cpe:") else "") for each in text.split(" in "))
    return Product(part, tuple(inside))


def openvex(*statements: dict[str, Any], **head: Any) -> dict[str, Any]:
    """An OpenVEX document."""
    return {
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "author": "Site Security",
        "timestamp": "2026-01-15T00:00:00Z", "version": 1, "statements": list(statements), **head,
    }  # fmt: skip


def said(*products: str, status: str = "not_affected", name: str = "CVE-2026-1", **more: Any) -> dict[str, Any]:
    """A statement of an OpenVEX document."""
    made: list[dict[str, Any]] = []
    for each in products:
        part, _, whole = each.partition(" in ")
        made.append({"@id": whole, "subcomponents": [{"@id": part}]} if whole else {"@id": part})
    reason = {"justification": "vulnerable_code_not_present"} if status == "not_affected" else {}
    return {"vulnerability": {"name": name}, "products": made, "status": status, **reason, **more}


def reading(document: object) -> tuple[list[Statement], list[str]]:
    """The statements of a document, and why others were refused."""
    found = read(json.dumps(document).encode(), file="vex.json")
    return list(found.statements), [each.why for each in found.refused]
