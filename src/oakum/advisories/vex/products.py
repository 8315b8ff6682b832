"""Rules about the product tree: ids are defined once, and what refers to them finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oakum.advisories.vex.document import Document, listed, scores_of
from oakum.advisories.vex.model import BOTH, NEW, Found, Rule, shown

#: More steps of ``branches`` down a product tree than these are too many (2.1).
DEEPEST = 30


def references(document: Document) -> Iterator[Found]:
    """Every place that refers to a product, with the id."""
    tree = document.tree
    for path, group in listed(tree, "product_groups", "/product_tree"):
        yield from listed(group, "product_ids", path)
    for path, relationship in listed(tree, "relationships", "/product_tree"):
        for key in ("product_reference", "relates_to_product_reference"):
            if relationship.get(key):
                yield f"{path}/{key}", relationship[key]
    for path, way in listed(tree, "product_paths", "/product_tree"):
        if way.get("beginning_product_reference"):
            yield f"{path}/beginning_product_reference", way["beginning_product_reference"]
        for step, subpath in listed(way, "subpaths", path):
            if subpath.get("next_product_reference"):
                yield f"{step}/next_product_reference", subpath["next_product_reference"]
    for path, vulnerability in document.each_vulnerability:
        status = vulnerability.get("product_status", {})
        for kind in status:
            yield from listed(status, kind, f"{path}/product_status")
        for at, _, holder in scores_of(path, vulnerability):
            yield from listed(holder, "products", at.removesuffix("/content"))
    for path, item in document.targeted:
        yield from listed(item, "product_ids", path)


def _undefined_products(document: Document) -> Iterator[Found]:
    known = document.product_ids
    for path, product in references(document):
        if product and product not in known:
            yield path, f"no product has the id {shown(product)}"


def _repeated_products(document: Document) -> Iterator[Found]:
    ids = ((f"{path}/product_id", product.get("product_id", "")) for path, product in document.products)
    return repeated(ids, "the product id")


def repeated(places: Iterable[Found], what: str) -> Iterator[Found]:
    """The places whose value an earlier place has already."""
    first: dict[str, str] = {}
    for path, value in places:
        if value and first.setdefault(value, path) != path:
            yield path, f"{what} {shown(value)} is already defined at {first[value]}"


def _circles(document: Document) -> Iterator[Found]:
    """Products that are built from others without end: taken apart from the leaves on, they stay over."""
    built: dict[str, set[str]] = {}
    for _, relationship in listed(document.tree, "relationships", ""):
        parts = {relationship.get("product_reference", ""), relationship.get("relates_to_product_reference", "")}
        built.setdefault(relationship.get("full_product_name", {}).get("product_id", ""), set()).update(parts)
    for _, way in listed(document.tree, "product_paths", ""):
        parts = {way.get("beginning_product_reference", "")}
        parts.update(step.get("next_product_reference", "") for step in way.get("subpaths", ()))
        built.setdefault(way.get("full_product_name", {}).get("product_id", ""), set()).update(parts)
    endless = endless_of(built)
    for path, product in document.products:
        if path.endswith("/full_product_name") and product.get("product_id") in endless:
            yield f"{path}/product_id", f"the product {shown(product['product_id'])} is built from itself in the end"


def endless_of(edges: dict[str, set[str]]) -> set[str]:
    """The nodes of a graph from which some way leads into a circle."""
    left = {node: {other for other in others if other in edges} for node, others in edges.items() if node}
    users: dict[str, list[str]] = {}
    for node, others in left.items():
        for other in others:
            users.setdefault(other, []).append(node)
    free = [node for node, others in left.items() if not others]
    while free:
        node = free.pop()
        del left[node]
        for user in users.get(node, ()):
            left[user].discard(node)
            if not left[user]:
                free.append(user)
    return set(left)


def _undefined_groups(document: Document) -> Iterator[Found]:
    for path, item in document.targeted:
        for at, group in listed(item, "group_ids", path):
            if group and group not in document.groups:
                yield at, f"no product group has the id {shown(group)}"


def _repeated_groups(document: Document) -> Iterator[Found]:
    groups = listed(document.tree, "product_groups", "/product_tree")
    return repeated(((f"{path}/group_id", group.get("group_id", "")) for path, group in groups), "the group id")


def _too_deep(document: Document) -> Iterator[Found]:
    depths: list[int] = []
    for path, _, parent in document.branches:
        depth = 1 if parent < 0 else depths[parent] + 1
        depths.append(depth)
        if depth == DEEPEST + 1:
            yield path, f"the product tree is deeper than {DEEPEST} steps of branches here"


def _stacked(document: Document) -> Iterator[Found]:
    above: list[frozenset[str]] = []
    for path, branch, parent in document.branches:
        seen = above[parent] if parent >= 0 else frozenset()
        category = branch.get("category", "")
        if category in seen and category != "product_family":
            yield path, f"a branch of the category {category} stands above this one already"
        above.append(seen | {category} if category else seen)


_VERSIONS = frozenset({"product_version", "product_version_range"})


def _version_and_range(document: Document) -> Iterator[Found]:
    above: list[frozenset[str]] = []
    for path, branch, parent in document.branches:
        seen = above[parent] if parent >= 0 else frozenset()
        category = branch.get("category", "")
        both = seen | ({category} & _VERSIONS)
        if both == _VERSIONS and both != seen:
            yield path, "a product version and a product version range stand in one path of branches"
        above.append(both)


_WORDS = frozenset({"after", "all", "before", "earlier", "later", "prior", "versions"})


def _range_as_version(document: Document) -> Iterator[Found]:
    for path, branch, _ in document.branches:
        if branch.get("category") != "product_version":
            continue
        name = branch.get("name", "")
        found = [sign for sign in "<>" if sign in name] + sorted(_WORDS.intersection(name.lower().split()))
        if found:
            yield f"{path}/name", f"{shown(name)} tells a range of versions by {', '.join(found)}, not one version"


RULES = (
    Rule(
        id="6.1.1", versions=BOTH, look=_undefined_products, says="every product id that is referred to is defined",
        remedy="define the product in the product tree, or refer to one that is there",
    ),
    Rule(
        id="6.1.2", versions=BOTH, look=_repeated_products, says="no product id is defined twice",
        remedy="give every product its own product_id",
    ),
    Rule(
        id="6.1.3", versions=BOTH, look=_circles, says="no product is built from itself in the end",
        remedy="refer to products that are defined without this one",
    ),
    Rule(
        id="6.1.4", versions=BOTH, look=_undefined_groups, says="every product group id that is referred to is defined",
        remedy="define the group in product_tree/product_groups, or refer to one that is there",
    ),
    Rule(
        id="6.1.5", versions=BOTH, look=_repeated_groups, says="no product group id is defined twice",
        remedy="give every group its own group_id",
    ),
    Rule(
        id="6.1.31", versions=BOTH, look=_range_as_version, says="the name of a product version is not a range",
        remedy="name one version, or use the category product_version_range",
    ),
    Rule(
        id="6.1.34", versions=NEW, look=_too_deep, says=f"no product is below more than {DEEPEST} branches",
        remedy="take levels of branches together",
    ),
    Rule(
        id="6.1.57", versions=NEW, look=_stacked,
        says="no category of branches but product_family stands twice in one path",
        remedy="give each level of branches another category",
    ),
    Rule(
        id="6.1.58", versions=NEW, look=_version_and_range,
        says="a product version and a product version range do not stand in one path",
        remedy="use one of the two in each path of branches",
    ),
)  # fmt: skip
