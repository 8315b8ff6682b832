"""Rules about the products of a vulnerability: their status, flags and remediations do not contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.advisories.vex.document import Document, Json, listed
from oakum.advisories.vex.model import BOTH, NEW, Found, Rule, shown

#: Groups of status that exclude each other; ``recommended`` says nothing of a vulnerability being there.
GROUPS: dict[str, tuple[str, ...]] = {
    "affected": ("first_affected", "known_affected", "last_affected"),
    "not affected": ("known_not_affected",),
    "fixed": ("first_fixed", "fixed"),
    "under investigation": ("under_investigation",),
    "unknown": ("unknown",),
}
#: Remediations that make no sense for a product of a group of status (2.1).
_SENSELESS: dict[str, frozenset[str]] = {
    "affected": frozenset({"optional_patch"}),
    "not affected": frozenset({"workaround", "mitigation", "vendor_fix", "none_available"}),
    "fixed": frozenset({"none_available", "fix_planned", "no_fix_planned", "vendor_fix", "mitigation", "workaround"}),
}
#: These exclude every other category of remediation, and those below each other (2.1).
_ALONE = frozenset({"none_available", "optional_patch"})
_RIVALS = frozenset({"no_fix_planned", "fix_planned", "vendor_fix"})


def products_of(vulnerability: Json, *statuses: str) -> set[str]:
    """The products with one of these statuses."""
    status = vulnerability.get("product_status", {})
    return {product for name in statuses for product in status.get(name, ()) if product}


def _contradicting(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        first: dict[str, tuple[str, str]] = {}
        status = vulnerability.get("product_status", {})
        for group, names in GROUPS.items():
            for name in names:
                for at, product in listed(status, name, f"{path}/product_status"):
                    before = first.setdefault(product, (group, name))
                    if product and before[0] != group:
                        yield at, f"the product {shown(product)} is {before[1]} already, which contradicts {name}"


def _without_products(kind: str, document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        for at, item in listed(vulnerability, kind, path):
            if item and "product_ids" not in item and "group_ids" not in item:
                yield at, "it names no product and no product group"


def _remediations_without_products(document: Document) -> Iterator[Found]:
    return _without_products("remediations", document)


def _flags_without_products(document: Document) -> Iterator[Found]:
    return _without_products("flags", document)


def _several_flags(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        flagged: dict[str, str] = {}
        for at, flag in listed(vulnerability, "flags", path):
            for product in sorted(document.members(flag)):
                before = flagged.setdefault(product, at)
                if before != at:
                    yield at, f"the product {shown(product)} has the flag at {before} already"


def _rival_remediations(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        by_product: dict[str, dict[str, str]] = {}
        for at, remediation in listed(vulnerability, "remediations", path):
            category = remediation.get("category", "")
            for product in document.members(remediation):
                by_product.setdefault(product, {}).setdefault(category, at)
        for product, ways in by_product.items():
            clash = (_ALONE & ways.keys() and len(ways) > 1) or len(_RIVALS & ways.keys()) > 1
            if clash:
                names = sorted(ways if _ALONE & ways.keys() else _RIVALS & ways.keys())
                at = max((ways[name] for name in names), key=lambda one: (len(one), one))
                yield at, f"the product {shown(product)} has remediations that exclude each other: {', '.join(names)}"


def _senseless_remediations(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        groups = {group: products_of(vulnerability, *GROUPS[group]) for group in _SENSELESS}
        for at, remediation in listed(vulnerability, "remediations", path):
            category = remediation.get("category", "")
            for group, senseless in _SENSELESS.items():
                if category in senseless:
                    for product in sorted(document.members(remediation) & groups[group]):
                        yield at, f"{category} makes no sense for {shown(product)}, which is {group}"


RULES = (
    Rule(
        id="6.1.6", versions=BOTH, look=_contradicting,
        says="no product of a vulnerability has statuses that contradict each other",
        remedy="leave the product in one group of status",
    ),
    Rule(
        id="6.1.29", versions=BOTH, look=_remediations_without_products,
        says="every remediation names products or product groups",
        remedy="add product_ids or group_ids",
    ),
    Rule(
        id="6.1.32", versions=BOTH, look=_flags_without_products, says="every flag names products or product groups",
        remedy="add product_ids or group_ids",
    ),
    Rule(
        id="6.1.33", versions=BOTH, look=_several_flags, says="no product has more than one flag in a vulnerability",
        remedy="leave the flag that fits best",
    ),
    Rule(
        id="6.1.35", versions=NEW, look=_rival_remediations,
        says="no product has remediations that exclude each other",
        remedy="leave the remediations that are true for the product",
    ),
    Rule(
        id="6.1.36", versions=NEW, look=_senseless_remediations,
        says="no remediation contradicts the status of its products",
        remedy="name only products that the remediation is for, or correct their status",
    ),
)  # fmt: skip
