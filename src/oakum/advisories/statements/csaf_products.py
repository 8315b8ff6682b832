"""What the product ids of a CSAF document stand for.

A product is identified by the package URLs of its helper, else by its CPE. A product that is made of others (a
relationship of 2.0, a product path of 2.1) is its component inside what that belongs to. Sources: CSAF 2.0 sections
3.1.3.3 and 3.2.2, CSAF 2.1 sections 3.1.4.3 and 3.2.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from oakum.advisories.statements.fields import Json, as_text, identity
from oakum.advisories.statements.model import Identity, Product
from oakum.advisories.vex.document import Document, listed
from oakum.advisories.vex.ranges import fault

#: How a component belongs to what it is related to; other relations do not say that it is inside.
_INSIDE = frozenset({"default_component_of", "optional_component_of", "installed_on", "installed_with"})
#: Longer chains of products made of products, and more ways to identify one of them, are followed no further.
_DEEPEST, _MOST = 8, 64
_VERSION = re.compile(r"[vV]?[0-9]")
#: A product, then what it is inside of.
Path = tuple[Identity, ...]


class Products:
    """The products of one document by their ids."""

    def __init__(self, document: Document) -> None:
        self._plain: dict[str, list[Identity]] = {}
        self._made: dict[str, tuple[str, ...]] = {}
        self._known: dict[str, list[Path]] = {}
        branches = {path: branch for path, branch, _ in document.branches}
        for path, product in document.products:
            branch = branches.get(path.removesuffix("/product"), {})
            self._plain.setdefault(product.get("product_id", ""), []).extend(_identities(product, branch, path))
        for _, relation in listed(document.tree, "relationships", ""):
            if relation.get("category") in _INSIDE:
                parts = (relation.get("product_reference", ""), relation.get("relates_to_product_reference", ""))
                self._made[_id(relation)] = parts
        for _, way in listed(document.tree, "product_paths", ""):
            steps = way.get("subpaths", ())
            if all(step.get("category") in _INSIDE for step in steps):
                ways = (step.get("next_product_reference", "") for step in steps)
                self._made[_id(way)] = (way.get("beginning_product_reference", ""), *ways)

    def of(self, name: str) -> tuple[Product, ...]:
        """What an id stands for: one product under each of its identities."""
        return tuple(Product(path[0], path[1:]) for path in self._paths(name, _DEEPEST))

    def _paths(self, name: str, deepest: int) -> list[Path]:
        """Every way to identify a product; by its id, which matches nothing, where it has none or is too deep."""
        if name not in self._known:
            # Until it is known, a product that is made of itself has only its id.
            self._known[name] = [(Identity(name),)]
            own, made = self._plain.get(name, []), self._made.get(name, ())
            if any(each.purl is not None for each in own):
                paths = [(each, *rest) for each in own for rest in self._rows(made[1:], deepest)]
            elif made and deepest:
                paths = self._rows(made, deepest)
            else:
                paths = [(each,) for each in own]
            self._known[name] = paths or [(Identity(name),)]
        return self._known[name]

    def _rows(self, names: tuple[str, ...], deepest: int) -> list[Path]:
        """Every way to identify a row of products, each inside the next; none where there are too many."""
        rows: list[Path] = [()]
        for name in names:
            rows = [(*row, *path) for row in rows for path in self._paths(name, deepest - 1)]
            if len(rows) > _MOST or len(rows[0]) > _MOST:
                return []
        return rows


def _id(relation: Json) -> str:
    return str(relation.get("full_product_name", {}).get("product_id", ""))


def _identities(product: Json, branch: Json, path: str) -> Iterator[Identity]:
    helper = product.get("product_identification_helper", {})
    purls = [helper.get("purl", ""), *helper.get("purls", ())]
    cpe = as_text(helper.get("cpe", ""), f"{path}/product_identification_helper/cpe")
    known = [as_text(each, f"{path}/product_identification_helper/purl") for each in purls if each]
    name = as_text(product.get("name", ""), f"{path}/name")
    for given in known:
        yield replace(_of_branch(identity(given), branch), name=name)
    if not known:
        yield Identity(cpe or name, cpe=cpe, name=name)


def _of_branch(one: Identity, branch: Json) -> Identity:
    """A package URL without a version is of the version, or of the range of versions, that its branch is about."""
    name = str(branch.get("name", "")).strip()
    if one.purl is None or one.purl.version or not name:
        return one
    if branch.get("category") == "product_version" and _VERSION.match(name) and " " not in name:
        return replace(one, text=f"{one.text} ({name})", purl=replace(one.purl, version=name))
    if branch.get("category") == "product_version_range":
        versions = name if name.startswith("vers:") else f"vers:{one.purl.type}/{name}"
        # A range that cannot be read leaves no version, so that the product concerns nothing.
        return replace(one, versions=versions if not fault(versions) else f"vers:none/{name}")
    return one
