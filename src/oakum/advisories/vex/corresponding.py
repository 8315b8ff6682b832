"""Which products are versions of each other: those below one branch of the category product_name.

A product path corresponds to another one that takes the same steps from a corresponding beginning; one that is
installed with something corresponds to what stands before that step as well, and so does what it is installed with (a
hotfix). A product whose place says nothing of its versions corresponds to all. Source: CSAF 2.1 section 6.1.27.13.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.advisories.vex.document import Document, Json
from oakum.advisories.vex.model import Found, shown
from oakum.advisories.vex.statuses import GROUPS, products_of

#: A family of versions: the branch or the product, and the steps of a product path from there.
Family = tuple[str, tuple[tuple[str, str], ...]]


def fixed_alone(document: Document) -> Iterator[Found]:
    """Fixed products of a vulnerability without an affected one that corresponds to them."""
    own, wider = _families(document)
    for path, vulnerability in document.each_vulnerability:
        affected = products_of(vulnerability, *GROUPS["affected"])
        there = {own[product] for product in affected if product in own}
        for product in sorted(products_of(vulnerability, *GROUPS["fixed"])):
            known = product in own
            if not affected or (known and not (there & wider[product])):
                yield f"{path}/product_status", f"no affected product corresponds to the fixed {shown(product)}"


def _families(document: Document) -> tuple[dict[str, Family], dict[str, set[Family]]]:
    """The family of each product, and all those that correspond to it."""
    own: dict[str, Family] = {}
    names: list[str] = []
    for path, branch, parent in document.branches:
        above = names[parent] if parent >= 0 else ""
        names.append(above or (path if branch.get("category") == "product_name" else ""))
        product = branch.get("product", {}).get("product_id")
        if product and names[-1]:
            own[product] = (names[-1], ())
    wider = {product: {family} for product, family in own.items()}
    for way in document.tree.get("product_paths", ()):
        product = way.get("full_product_name", {}).get("product_id")
        beginning = way.get("beginning_product_reference")
        if not product or not beginning:
            continue
        if beginning not in own:
            continue
        root, before = own[beginning]
        steps = before + tuple(_step(each) for each in way.get("subpaths", ()))
        if len(steps) > _MOST_STEPS:
            continue
        own[product] = (root, steps)
        shorter = {(root, steps[:at]) for at, (category, _) in enumerate(steps) if category == "installed_with"}
        wider[product] = {own[product]} | shorter
        for category, installed in steps:
            if category == "installed_with" and installed in wider:
                wider[installed] |= wider[product]
    return own, wider


#: Longer product paths are not compared.
_MOST_STEPS = 100


def _step(subpath: Json) -> tuple[str, str]:
    return subpath.get("category", ""), subpath.get("next_product_reference", "")
