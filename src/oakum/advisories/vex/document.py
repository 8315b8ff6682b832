"""A CSAF document as the rules look at it: its parts, and what they refer to, found once.

The document has been through ``structure``: what is there has the right type. A list may hold empty values in place of
what was wrong; no rule says anything of those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from oakum.advisories.vex.instants import Instant, instant
from oakum.advisories.vex.revisions import Revision, revisions
from oakum.errors import LimitError, Place

Json = Mapping[str, Any]

#: So many product ids may be reached through groups: a few lines could name billions.
MOST_MEMBERS = 20_000_000
_TARGETED = ("flags", "remediations", "threats", "notes", "ids", "first_known_exploitation_dates", "involvements")


class Document:
    """One CSAF document of a known version."""

    def __init__(self, whole: Json, version: str) -> None:
        self.whole = whole
        self.version = version
        self.document: Json = whole.get("document", {})
        self.tracking: Json = self.document.get("tracking", {})
        self.tree: Json = whole.get("product_tree", {})
        self.vulnerabilities: list[Json] = whole.get("vulnerabilities", [])
        self.category: str = self.document.get("category", "")
        self.language: str = self.document.get("lang", "")
        self.status: str = self.tracking.get("status", "")
        self._members = 0

    @property
    def is_released(self) -> bool:
        """Whether the document is final or interim."""
        return self.status in ("final", "interim")

    @property
    def is_english(self) -> bool:
        """Whether the document is in English or says nothing of its language."""
        return self.language.partition("-")[0].lower() in ("", "en")

    def is_of(self, *categories: str) -> bool:
        """Whether the document follows one of these profiles."""
        return self.category in categories

    @cached_property
    def history(self) -> list[Revision]:
        """The revisions whose number and date can be read, by date and then by number."""
        return revisions(self.tracking.get("revision_history", []))

    @property
    def newest(self) -> Instant | None:
        """The date of the newest revision."""
        return self.history[-1].date if self.history else None

    @cached_property
    def branches(self) -> list[tuple[str, Json, int]]:
        """Every branch with its path and the index of its parent (-1 at the top), parents first."""
        found: list[tuple[str, Json, int]] = []
        open_ = [("/product_tree/branches", self.tree.get("branches", []), -1)]
        for path, branches, parent in open_:  # It grows as branches with branches are found.
            for at, branch in enumerate(branches):
                found.append((f"{path}/{at}", branch, parent))
                if branch.get("branches"):
                    open_.append((f"{path}/{at}/branches", branch["branches"], len(found) - 1))
        return found

    @cached_property
    def products(self) -> list[tuple[str, Json]]:
        """Every full product name with its path."""
        found = [(f"{path}/product", branch["product"]) for path, branch, _ in self.branches if branch.get("product")]
        found += [(path, name) for path, name in listed(self.tree, "full_product_names", "/product_tree")]
        for kind in ("relationships", "product_paths"):
            for path, item in listed(self.tree, kind, "/product_tree"):
                if item.get("full_product_name"):
                    found.append((f"{path}/full_product_name", item["full_product_name"]))
        return found

    @property
    def helpers(self) -> Iterator[tuple[str, Json]]:
        """What helps to identify products, with its path."""
        for path, product in self.products:
            if product.get("product_identification_helper"):
                yield f"{path}/product_identification_helper", product["product_identification_helper"]

    @cached_property
    def product_ids(self) -> frozenset[str]:
        """The ids of all products that the tree defines."""
        return frozenset(product.get("product_id", "") for _, product in self.products)

    @cached_property
    def groups(self) -> dict[str, frozenset[str]]:
        """The products of each group; a group that is defined twice has those of both."""
        groups: dict[str, frozenset[str]] = {}
        for group in self.tree.get("product_groups", []):
            name = group.get("group_id", "")
            groups[name] = groups.get(name, frozenset()) | frozenset(group.get("product_ids", ()))
        return groups

    @property
    def targeted(self) -> Iterator[tuple[str, Json]]:
        """Everything that may name products and groups by ``product_ids`` and ``group_ids``, with its path."""
        yield from listed(self.document, "notes", "/document")
        yield from listed(self.document.get("involvement", {}), "actions", "/document/involvement")
        for path, vulnerability in self.each_vulnerability:
            for kind in _TARGETED:
                yield from listed(vulnerability, kind, path)

    @property
    def each_vulnerability(self) -> Iterator[tuple[str, Json]]:
        """The vulnerabilities with their paths."""
        return listed(self.whole, "vulnerabilities", "")

    @property
    def scores(self) -> Iterator[tuple[str, Json, Json]]:
        """The scores (2.0) or contents of metrics (2.1) of all vulnerabilities: path, content, what it stands in."""
        for path, vulnerability in self.each_vulnerability:
            yield from scores_of(path, vulnerability)

    def members(self, item: Json) -> set[str]:
        """The products that an item names itself and through groups. Raises LimitError where that explodes."""
        found = set(item.get("product_ids", ()))
        for name in item.get("group_ids", ()):
            group = self.groups.get(name, frozenset())
            found |= group
            self.count(len(group))
        self.count(len(found))
        found.discard("")
        return found

    def count(self, members: int) -> None:
        """Keep account of what groups have been taken for. Raises LimitError where that is too much."""
        self._members += members
        if self._members > MOST_MEMBERS:
            raise LimitError(
                f"groups name their members more than {MOST_MEMBERS} times",
                place=Place(field="/product_tree/product_groups"),
                remedy="split the document",
            )


def listed(holder: Json, key: str, path: str) -> Iterator[tuple[str, Any]]:
    """The items of a list of an object, each with its path."""
    for at, item in enumerate(holder.get(key, ())):
        yield f"{path}/{key}/{at}", item


def scores_of(path: str, vulnerability: Json) -> Iterator[tuple[str, Json, Json]]:
    """The scores or contents of metrics of one vulnerability."""
    for at, score in listed(vulnerability, "scores", path):
        yield at, score, score
    for at, metric in listed(vulnerability, "metrics", path):
        yield f"{at}/content", metric.get("content", {}), metric


def when(holder: Json, key: str) -> Instant | None:
    """A date-time of an object; None where it is absent or none."""
    return instant(holder.get(key))
