"""Vulnerabilities of Kubernetes that are named without versions, and about which nothing else speaks.

The project's own feed names vulnerabilities and no versions. What it alone names cannot be compared with anything, so
it is neither a finding nor clean: it is said once for a set of packages, with the names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oakum.advisories.index import Index
from oakum.advisories.model import NO_VERSIONS
from oakum.findings.component_facts import CORE, WHOLE, fact_of
from oakum.findings.model import COMPONENTS
from oakum.fleet.assets import Gap
from oakum.fleet.packages import PackageSet


def unversioned(packages: PackageSet, index: Index) -> Iterator[Gap]:
    """The vulnerabilities that a feed names without versions and about which nothing else speaks, as one gap."""
    if not any(package.type == COMPONENTS and package.name in (WHOLE, *CORE) for package in packages.packages):
        return
    bare: dict[str, set[str]] = {}
    for naming in index.namings(COMPONENTS):
        for statement in index.rules(COMPONENTS, WHOLE, naming).statements:
            record = index.record(statement.record)
            if record is not None and index.detail(statement.detail).reason == NO_VERSIONS:
                bare.setdefault(record.source.name, set()).add(record.advisory.id)
    if not bare:
        return
    versioned = set(_versioned(index))
    for source, names in sorted(bare.items()):
        left = sorted(name for name in names - versioned if not fact_of((name,)).by_design)
        if left:
            shown = ", ".join(left[:5]) + (", ..." if len(left) > 5 else "")
            count = f"{len(left)} vulnerabilit{'y' if len(left) == 1 else 'ies'}"
            yield Gap(
                "unusable-advisory",
                f"{count} of Kubernetes ({shown})",
                f"{source} names neither component nor versions, and no other source speaks about them",
                "import the OSV records of Kubernetes beside it, or read the issue of each",
            )


def _versioned(index: Index) -> Iterable[str]:
    """The names of every vulnerability in the scope of Kubernetes that has a range."""
    for name in index.names(COMPONENTS):
        for naming in index.namings(COMPONENTS):
            for number in {row.record for row in index.rules(COMPONENTS, name, naming).rows}:
                if (record := index.record(number)) is not None:
                    yield from (record.advisory.id, *record.advisory.aliases)
