"""Whose advisories speak about a package: the scope of its system or ecosystem, its namings and its order."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from oakum.advisories.index import Index, scheme_of_scope
from oakum.advisories.model import Naming
from oakum.findings import unassessed
from oakum.fleet.distributions import distribution
from oakum.fleet.ecosystems import LANGUAGE_TYPES, OS_TYPES
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release
from oakum.versions import Scheme

_order = lru_cache(maxsize=256)(scheme_of_scope)


class Advised(msgspec.Struct, frozen=True):
    """Whose advisories hold for a scope (its own, or those it derives from), and how they name and order packages.

    ``several``: more than one publisher speaks there, so that records may disagree about one vulnerability.
    """

    scope: str
    namings: tuple[Naming, ...]
    order: Scheme
    several: bool


class Scopes:
    """The scopes of the packages of one release; ``system`` is that of its own packages, "" where it is not known."""

    def __init__(self, release: Release | None, index: Index) -> None:
        self._release = release
        self._index = index
        self._advised: dict[str, Advised | None] = {}
        self.system = release.scope if release is not None and release.known else ""
        product = distribution(release.product) if release is not None else None
        #: The type of the system's packages; "" where nobody here knows the product.
        self._type = product.type if product is not None else ""

    def of(self, package: Package) -> str:
        """The scope of a package."""
        if package.type not in OS_TYPES:
            return package.type
        # An rpm on Debian is no package of Debian: the names and orders of its advisories say nothing about it.
        ours = self.system and package.type == (self._type or package.type)
        return self.system if ours else f"{package.type} {unassessed.UNKNOWN}"

    def advised(self, scope: str) -> Advised | None:
        """Whose advisories hold for a scope; None where no source speaks about it."""
        if scope not in self._advised:
            self._advised[scope] = self._look(scope)
        return self._advised[scope]

    def _look(self, scope: str) -> Advised | None:
        release = self._release
        candidates = [scope]
        if release is not None and release.parent and scope == release.scope:
            candidates.append(release.parent)
        for candidate in candidates:
            order = _order(candidate)
            if order is not None and self._index.coverage(candidate):
                several = len(self._index.coverage(candidate)) > 1 or candidate in LANGUAGE_TYPES
                return Advised(candidate, self._index.namings(candidate), order, several)
        return None
