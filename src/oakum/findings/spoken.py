"""Under which names and versions advisories speak of a package: its own, or its source's.

Feeds of deb and apk distributions name sources, others binaries, some either.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.advisories.model import Naming
from oakum.findings import kernels
from oakum.fleet.packages import Package

Name = tuple[str, str, Naming]


def spoken(package: Package, namings: tuple[Naming, ...]) -> Iterator[Name]:
    """Each name and version under which advisories of these namings may speak of a package."""
    for naming in namings:
        if naming == "source":
            yield (*kernels.advisory_name(package), naming)
            continue
        yield package.name, package.evr, naming
        if naming == "either" and package.source and package.source != package.name:
            yield package.source, _source_evr(package), naming


def _source_evr(package: Package) -> str:
    """The source's version with the package's epoch: the name of a source rpm has no place for one."""
    if not package.source_version:
        return package.evr
    stated = package.epoch and ":" not in package.source_version
    return f"{package.epoch}:{package.source_version}" if stated else package.source_version
