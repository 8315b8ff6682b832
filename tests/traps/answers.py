"""A small answer about a few packages and a few advisories: what the tests of the traps ask."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from oakum.advisories.index import Index, Recorded, SourceFacts, build
from oakum.advisories.model import Advisory, Affected, EventKind, Range
from oakum.findings.judge import judge, merge
from oakum.findings.match import match
from oakum.findings.model import Finding, Matched
from oakum.fleet.apt_lists import Offers
from oakum.fleet.assets import Asset, Host, Kernel, Kind
from oakum.fleet.ecosystems import naming
from oakum.fleet.packages import Package, PackageSet, package_set
from oakum.fleet.releases import Release

DEBIAN = Release("debian", "12")
UBUNTU = Release("ubuntu", "22.04")
ALMA = Release("almalinux", "8")


def record(id_: str, *affected: Affected, **rest: Any) -> Advisory:
    """An advisory; what is not given is empty."""
    return Advisory(id_, affected=affected, **rest)


def upto(scope: str, package: str, fixed: str = "", since: str = "0", **rest: Any) -> Affected:
    """Affected from ``since`` up to the fixed version, or for ever."""
    events: tuple[tuple[EventKind, str], ...] = (("introduced", since),)
    if fixed:
        events = (*events, ("fixed", fixed))
    named = rest.pop("naming", naming(scope.partition(":")[0]))
    return Affected(scope, package, naming=named, ranges=(Range("ECOSYSTEM", events),), **rest)


def index_of(*records: Advisory, as_of: str = "", **sources: Sequence[Advisory]) -> Index:
    """An index of one source ``feed``, and of the others by name."""
    connection = sqlite3.connect(":memory:")
    given = {"feed": records, **sources} if records else sources
    build(connection, [facts(name, [Recorded(one) for one in some]) for name, some in given.items()])
    return Index(connection, as_of=as_of)


def facts(name: str, recorded: Iterable[Recorded]) -> SourceFacts:
    """One source, imported when the latest of its facts was recorded."""
    some = list(recorded)
    return SourceFacts(name=name, format="osv", recorded=max((one.since for one in some), default=""), facts=some)


def deb(name: str, version: str, source: str = "", source_version: str = "", **rest: Any) -> Package:
    return Package(
        type="deb", name=name, version=version, source=source or name, source_version=source_version or version,
        arch=str(rest.pop("arch", "amd64")), **rest,
    )  # fmt: skip


def rpm(name: str, version: str, **rest: Any) -> Package:
    arch = str(rest.pop("arch", "x86_64"))
    return Package(type="rpm", name=name, version=version, arch=arch, **rest)


def library(type_: str, name: str, version: str, path: str = "") -> Package:
    return Package(type=type_, name=name, version=version, path=path)


def matched(
    index: Index, release: Release | None, *packages: Package, kind: Kind = "sbom", host: Host | None = None
) -> Matched:
    return match(package_set(release, packages), index, kind=kind, host=host)


def findings(
    index: Index,
    release: Release | None,
    *packages: Package,
    kind: Kind = "sbom",
    host: Host | None = None,
    offers: Offers | None = None,
    assets: tuple[str, ...] = ("a",),
) -> list[Finding]:
    some = package_set(release, packages)
    return merge(judge(match(some, index, kind=kind, host=host), some, assets, host=host, offers=offers))


def ids(found: Iterable[Finding]) -> list[str]:
    return [one.id for one in found]


def asset(key: str, packages: PackageSet, kind: Kind = "host", host: Host | None = None) -> Asset:
    return Asset(kind=kind, key=key, name=key, source="test", packages=packages, host=host)


def running(release: str, package: str = "", version: str = "", *others: Kernel) -> Host:
    """A machine that runs one kernel, with others installed."""
    current = Kernel(release, package, version, running=True)
    return Host(live=True, running_kernel=release, kernels=(current, *others))
