"""The packages that nobody could assess, in words: how many, why, and what would make them assessable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from oakum.advisories.index import scheme_of_scope
from oakum.fleet.assets import Gap
from oakum.fleet.ecosystems import OS_TYPES
from oakum.fleet.packages import PackageSet
from oakum.fleet.products import PRODUCTS
from oakum.fleet.releases import Release

#: Behind the type of packages whose release is not known, in place of a scope.
UNKNOWN = "(release unknown)"


def systems(packages: PackageSet) -> Iterator[Gap]:
    """A named operating system without any package: its packages are not listed, or it has none to list."""
    release = packages.release
    if release is None or any(package.type in OS_TYPES for package in packages.packages):
        return
    product = PRODUCTS.get(release.product)
    own = [package for package in packages.packages if package.type == release.product]
    if product is None or not (own if product.whole else any(package.name != product.id for package in own)):
        yield Gap(
            "incomplete-inventory",
            f"the packages of {release.scope}",
            "the operating system is named, and no package of it is listed",
            "read its package database too; without one, its vendor's advisories for this version decide",
        )


def vendors(foreign: Mapping[str, Sequence[str]], scope: str) -> Iterator[Gap]:
    """Packages of other vendors than the distribution, by vendor."""
    for vendor, names in sorted(foreign.items()):
        distinct = sorted(set(names))
        shown = ", ".join(distinct[:5]) + (", ..." if len(distinct) > 5 else "")
        yield Gap(
            "foreign-package",
            f"{_packages(names)} built by {vendor} ({shown})",
            f"the advisories for {scope} do not speak about this vendor's builds",
            "follow this vendor's own announcements, or replace them by the distribution's packages",
        )


def sourceless(untold: Mapping[str, Sequence[str]]) -> Iterator[Gap]:
    """Packages of the system whose source package is not told, where advisories go by it."""
    for scope, names in sorted(untold.items()):
        yield Gap(
            "incomplete-inventory",
            f"source packages of {_packages(names)} of {scope}",
            "they are not told, and advisories go by them",
            "use a tool that writes upstream= into package URLs, or scan the image, the root or the host",
        )


def scopes(unscoped: Mapping[str, Sequence[str]], release: Release | None, system: str) -> Iterator[Gap]:
    """Packages that no source speaks about, by scope; ``system`` is the scope of the operating system, if known."""
    for scope, names in sorted(unscoped.items()):
        count = f"{_packages(names)} of {scope}"
        if scope.endswith(UNKNOWN):
            given = f"the release {release.given!r} is not understood" if release else "no release is named"
            if system:
                given = f"{system} has packages of another type"
            remedy = "name the operating system and its release in the input (os-release, or an SBOM's distro)"
            yield Gap("unknown-release", count, given, remedy)
        elif scheme_of_scope(scope) is None:
            why = "no order of versions is known for it"
            yield Gap("unknown-ecosystem", count, why, "judge these packages by hand")
        else:
            why = f"no imported source speaks about {scope}"
            product = PRODUCTS.get(scope)
            remedy = product.feed if product else f"import advisories for {scope}: oakum feeds import FILE"
            yield Gap("no-feed", count, why, remedy)


def _packages(names: Sequence[str]) -> str:
    return f"{len(names)} package{'s' if len(names) != 1 else ''}"
