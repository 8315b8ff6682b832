"""Changed advisories over a standing fleet, beside the whole match of the same fleet; a case of ``benchmarks.run``.

The fleet is that of the whole scan (``benchmarks.cases.nodes``). The changed advisories are real: half of them are the
newest of AlmaLinux 8, which come, half are withdrawn. Both states are one index, as of two times.
"""

from __future__ import annotations

import gzip
import random
import sqlite3
import time
from pathlib import Path

from benchmarks.examples import almalinux_sbom, fleet
from benchmarks.measure import DATA
from oakum.advisories.index import Recorded, SourceFacts, build
from oakum.advisories.index.noted import NotedIndex
from oakum.advisories.model import Advisory
from oakum.advisories.parsers import parse
from oakum.findings.delta import Standing, subject_of
from oakum.fleet.sbom import read

BEFORE, BETWEEN, AFTER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"


def _changed(count: int, names: set[str]) -> sqlite3.Connection:
    """AlmaLinux 8 with ``count`` advisories, of packages of the fleet, that differ between the two times."""
    data = gzip.decompress((DATA / "advisories" / "almalinux.jsonl.gz").read_bytes())
    records = [fact for fact in parse(data, name="almalinux.jsonl").facts if isinstance(fact, Advisory)]
    speaking = [
        record.id
        for record in sorted(records, key=lambda one: one.published)
        if any(each.scope == "almalinux:8" and each.package in names for each in record.affected)
    ]
    chosen = speaking[-count:]
    random.Random(50).shuffle(chosen)
    coming, going = set(chosen[: count // 2]), set(chosen[count // 2 :])
    facts = [
        Recorded(
            record, BETWEEN if record.id in coming else BEFORE, BETWEEN if record.id in going else ""
        )
        for record in records
    ]  # fmt: skip
    connection = sqlite3.connect(":memory:")
    build(connection, [SourceFacts(name="almalinux", format="osv", recorded=BEFORE, facts=facts)])
    connection.commit()
    return connection


def measure(work: Path, nodes: int, sets: int, advisories: int) -> dict[str, float]:
    """Seconds of the whole match and of the update, and what the update found."""
    release = read(almalinux_sbom(), name="sbom").packages.release
    assert release is not None
    assets = fleet(work, nodes, sets, release)
    names = {package.name for package in assets[0].packages.packages}
    connection = _changed(advisories, names)
    standing = Standing(NotedIndex(connection, as_of=BEFORE))
    wall = time.perf_counter()
    for asset in assets:
        standing.add(asset)
    first = time.perf_counter() - wall
    index = NotedIndex(connection, as_of=AFTER)
    wall, cpu = time.perf_counter(), time.process_time()
    change = standing.update(index)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    holders: dict[object, int] = {}
    for asset in assets:
        subject = subject_of(asset)
        holders[subject] = holders.get(subject, 0) + 1
    return {
        "first": first,
        "wall": wall,
        "cpu": cpu,
        "matched": change.matched,
        "opened": sum(len(found) * holders[subject] for subject, found in change.opened.items()),
        "closed": sum(len(found) * holders[subject] for subject, found in change.closed.items()),
    }
