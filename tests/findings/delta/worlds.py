"""Fleets and feeds with a history, and the whole match beside which a delta is laid."""

from __future__ import annotations

import gzip
import random
import sqlite3
from collections.abc import Iterable, Sequence

from tests.data import shared

from oakum.advisories.index import Recorded, SourceFacts, build
from oakum.advisories.index.noted import NotedIndex
from oakum.advisories.model import Advisory, Affected, Range
from oakum.advisories.parsers import parse
from oakum.findings.delta import Said, Standing, Subject, subject_of
from oakum.findings.judge import judge, merge
from oakum.findings.match import match
from oakum.fleet.assets import Asset, Host, Kernel
from oakum.fleet.packages import Package, package_set
from oakum.fleet.releases import Release

Facts = Sequence[Recorded]
DEBIAN = Release("debian", "12")


def opened(sources: dict[str, Facts], recorded: str = "2020-01-01T00:00:00Z") -> sqlite3.Connection:
    """A built index of sources, in memory."""
    connection = sqlite3.connect(":memory:")
    facts = [SourceFacts(name=name, format="osv", recorded=recorded, facts=each) for name, each in sources.items()]
    build(connection, facts)
    connection.commit()
    return connection


def said_whole(asset: Asset, index: NotedIndex) -> tuple[object, ...]:
    """What a whole match says of an asset, in an order of its own."""
    found = match(asset.packages, index, kind=asset.kind, host=asset.host, platform=asset.platform)
    cleared = [
        (one.record.advisory.id, one.record.source.name, one.package, one.why, one.ground) for one in found.cleared
    ]
    findings = merge(judge(found, asset.packages, (), host=asset.host))
    return findings, _ordered(cleared), _ordered(found.gaps), _ordered(found.coverage)


def said_kept(said: Said) -> tuple[object, ...]:
    """What is kept of an asset, in the same order."""
    cleared = [(one.record, one.source, one.package, one.why, one.ground) for one in said.cleared]
    return list(said.findings), _ordered(cleared), _ordered(said.gaps), _ordered(said.coverage)


def _ordered(values: Iterable[object]) -> list[str]:
    return sorted(map(repr, values))


def compare(standing: Standing, assets: Iterable[Asset], index: NotedIndex) -> None:
    """What is kept is what a whole match says, and of nobody else."""
    kept: set[Subject] = set()
    for asset in assets:
        subject = subject_of(asset)
        assert said_kept(standing.said(subject)) == said_whole(asset, index)
        kept.add(subject)
    assert set(standing.subjects) == kept


def advisory(name: str, package: str, fixed: str, scope: str = "debian:12", **more: object) -> Advisory:
    """A record about all versions of a package before one."""
    events = (("introduced", "0"), ("fixed", fixed)) if fixed else (("introduced", "0"),)
    affected = Affected(scope, package, more.pop("naming", "source"), ranges=(Range("ECOSYSTEM", events),))  # type: ignore[arg-type]
    return Advisory(name, affected=(affected,), **more)  # type: ignore[arg-type]


def deb(name: str, version: str, source: str = "", **more: object) -> Package:
    """A package of Debian."""
    return Package(
        type="deb", name=name, version=version, source=source or name, source_version=version, **more  # type: ignore[arg-type]
    )  # fmt: skip


def asset(key: str, packages: Iterable[Package], release: Release | None = DEBIAN, kernel: str = "") -> Asset:
    """An asset; with a kernel it is a machine."""
    host = None
    if kernel:
        host = Host(live=True, kernels=(Kernel(kernel, f"linux-image-{kernel}", "", running=True),))
    return Asset(
        kind="host" if kernel else "sbom", key=key, name=key, source="test", packages=package_set(release, packages),
        host=host,
    )  # fmt: skip


def go_history() -> list[tuple[str, Advisory]]:
    """Every record of the Go vulnerability database with the day on which it was first seen."""
    with shared("advisories/go-first-seen.tsv").open(encoding="utf-8") as lines:
        days = dict(line.split() for line in lines)
    data = gzip.decompress(shared("advisories/go.jsonl.gz").read_bytes())
    facts = [fact for fact in parse(data, name="go.jsonl").facts if isinstance(fact, Advisory)]
    return sorted(((days[fact.id], fact) for fact in facts if fact.id in days), key=lambda one: (one[0], one[1].id))


def go_modules(records: Iterable[Advisory], chance: random.Random, count: int) -> list[Package]:
    """Modules that records name, each near a version that one of them calls fixed."""
    fixes: dict[str, list[str]] = {}
    for record in records:
        for each in record.affected:
            fixed = [version for range_ in each.ranges for kind, version in range_.events if kind == "fixed"]
            fixes.setdefault(each.package, []).extend(fixed or ["1.0.0"])
    return [module(name, chance.choice(fixes[name]), chance) for name in chance.sample(sorted(fixes), count)]


def module(name: str, near: str, chance: random.Random) -> Package:
    """A module at a version near another."""
    major, minor = [*near.split("."), "0"][:2]
    minor = minor if minor.isdigit() else "0"
    version = f"v{major}.{max(0, int(minor) + chance.randint(-1, 1))}.{chance.randint(0, 3)}"
    return Package(type="golang", name=name, version=version)
