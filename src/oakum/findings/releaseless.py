"""Advisories for a distribution that name none of its releases: they may speak about this one, and nobody says so.

The release behind an ecosystem's name is optional (OSV schema, "Defined ecosystems"), but a fixed version is one
release's. Comparing it with another release's build would be a guess, and leaving it out would be silence: so what such
an advisory says about a package of this release is not assessable.
"""

from __future__ import annotations

from collections.abc import Iterable

from oakum.advisories.index import Index, scheme_of_scope
from oakum.fleet.assets import Gap
from oakum.fleet.ecosystems import OS_TYPES
from oakum.fleet.packages import PackageSet
from oakum.versions import Unparsable


def releaseless(packages: PackageSet, index: Index) -> Iterable[Gap]:
    """A gap for each package and advisory that would be a finding if the advisory held for every release."""
    release = packages.release
    if release is None or not release.known or not release.version or not index.coverage(release.product):
        return
    order = scheme_of_scope(release.product)
    if order is None:
        return
    for package in packages.packages:
        if package.type not in OS_TYPES:
            continue
        named = {(package.name, package.evr), (package.source, package.source_version or package.evr)}
        for name, version in sorted(named):
            key = order.key(version)
            if isinstance(key, Unparsable):
                continue
            for naming in index.namings(release.product):
                scoped = {row.record for row in index.rules(release.scope, name, naming).rows}
                for row in index.rules(release.product, name, naming).affecting(key):
                    record = index.record(row.record)
                    if record is not None and record.id not in scoped:
                        yield Gap(
                            "undetermined",
                            f"{package.name} {package.evr}: {record.advisory.id}",
                            f"{record.source.name} names no release of {release.product}, so whether it speaks about "
                            f"{release.scope} is not known",
                            f"read the advisory and decide by hand, or import one for {release.scope}",
                        )
