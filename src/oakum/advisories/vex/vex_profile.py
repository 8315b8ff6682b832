"""Rules about what the profiles VEX, security advisory and vulnerability report ask of each vulnerability."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.advisories.vex.corresponding import fixed_alone
from oakum.advisories.vex.document import Document, Json, listed
from oakum.advisories.vex.model import BOTH, NEW, Found, Rule, shown
from oakum.advisories.vex.profiles import only_for

_VERDICTS = ("fixed", "known_affected", "known_not_affected", "under_investigation")


@only_for("csaf_vex")
def _verdict(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        if not any(name in vulnerability.get("product_status", {}) for name in _VERDICTS):
            yield f"{path}/product_status", f"it has none of {', '.join(_VERDICTS)}"


@only_for("csaf_vex", new=("csaf_security_advisory", "csaf_vulnerability_report"))
def _identity(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        if "cve" in vulnerability:
            continue
        if "ids" not in vulnerability:
            yield path, "the vulnerability has neither a CVE nor other ids"
        elif document.version != "2.0":
            yield from _unassigned(document, path, vulnerability)


def _unassigned(document: Document, path: str, vulnerability: Json) -> Iterator[Found]:
    """Products of the status that no id is for, where every id is for some products only."""
    ids = vulnerability["ids"]
    if not all("product_ids" in each or "group_ids" in each for each in ids):
        return
    assigned = {product for each in ids for product in document.members(each)}
    status = vulnerability.get("product_status", {})
    for kind in status:
        for at, product in listed(status, kind, f"{path}/product_status"):
            if product and product not in assigned:
                yield at, f"no id of the vulnerability is for the product {shown(product)}"


@only_for("csaf_vex")
def _impact(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        told = {product for flag in vulnerability.get("flags", ()) for product in document.members(flag)}
        for threat in vulnerability.get("threats", ()):
            if threat.get("category") == "impact":
                told |= document.members(threat)
        for at, product in _status(vulnerability, "known_not_affected", path):
            if product not in told:
                yield at, f"nothing says why {shown(product)} is not affected"


@only_for("csaf_vex")
def _action(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        remediations = vulnerability.get("remediations", ())
        told = {product for each in remediations for product in document.members(each)}
        for at, product in _status(vulnerability, "known_affected", path):
            if product not in told:
                yield at, f"nothing says what to do about {shown(product)}"


@only_for("csaf_security_advisory")
def _affected(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        if "known_affected" not in vulnerability.get("product_status", {}):
            yield f"{path}/product_status/known_affected", "the vulnerability names no affected products"


def _status(vulnerability: Json, kind: str, path: str) -> Iterator[Found]:
    for at, product in listed(vulnerability.get("product_status", {}), kind, f"{path}/product_status"):
        if product:
            yield at, product


RULES = (
    Rule(
        id="6.1.27.7", versions=BOTH, look=_verdict,
        says="every vulnerability of a VEX says the status of some product",
        remedy=f"add one of {', '.join(_VERDICTS)}, or choose another document category",
    ),
    Rule(
        id="6.1.27.8", versions=BOTH, look=_identity,
        says="every vulnerability of a VEX (2.1: security advisory, vulnerability report) has a CVE or ids, which are "
        "for all of its products (2.1)",
        remedy="add the cve, or ids that are for all products",
    ),
    Rule(
        id="6.1.27.9", versions=BOTH, look=_impact,
        says="a VEX tells by a flag or a threat of the category impact why a product is known not to be affected",
        remedy="add a flag, or a threat of the category impact, for the product",
    ),
    Rule(
        id="6.1.27.10", versions=BOTH, look=_action,
        says="a VEX tells by a remediation what to do about a product that is known to be affected",
        remedy="add a remediation for the product, be it none_available",
    ),
    Rule(
        id="6.1.27.12", versions=NEW, look=_affected,
        says="every vulnerability of a security advisory names affected products",
        remedy="add product_status/known_affected, or choose csaf_deprecated_security_advisory",
    ),
    Rule(
        id="6.1.27.13", versions=NEW, look=only_for("csaf_security_advisory")(fixed_alone),
        says="a security advisory names for every fixed product an affected one that corresponds to it",
        remedy="add the version of the product that is affected to the same vulnerability",
    ),
)  # fmt: skip
