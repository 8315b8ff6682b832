"""The cases, each run in a process of its own: ``python -m benchmarks.cases NAME WORK ...`` prints figures as JSON.

Times are seconds. Input is made before the clock starts.
"""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks.examples import almalinux_sbom, almalinux_sboms, fleet, go_sboms, index_file, store
from oakum.advisories.index import Index
from oakum.fleet.sbom import read

Figures = dict[str, float]


def _open(work: Path, name: str) -> Index:
    return Index(sqlite3.connect(f"{index_file(work, name).as_uri()}?mode=ro&immutable=1", uri=True))


def inventory(work: Path, root: str, times: str) -> Figures:
    """The packages of a Debian root, read here and by dpkg-query in turn; medians of the CPU and the wall time."""
    from oakum.adapters.files.tree import DirectoryTree
    from oakum.fleet.rootfs import read_root

    words = ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W"]
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for _ in range(int(times)):
        wall, cpu = time.perf_counter(), time.process_time()
        read_root(DirectoryTree(Path(root)), name="root")
        ours.append((time.perf_counter() - wall, time.process_time() - cpu))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        wall = time.perf_counter()
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        theirs.append((time.perf_counter() - wall, cpu))

    def middle(runs: list[tuple[float, float]], at: int) -> float:
        return sorted(run[at] for run in runs)[len(runs) // 2]

    return {
        "wall": middle(ours, 0),
        "cpu": middle(ours, 1),
        "dpkg_wall": middle(theirs, 0),
        "dpkg_cpu": middle(theirs, 1),
    }


def bulk(work: Path, kind: str, count: str) -> Figures:
    """Read and match ``count`` SBOMs whose versions are all distinct; CPU seconds of each half, and packages."""
    from oakum.findings.match import match

    index = _open(work, "go" if kind == "go" else "almalinux")
    documents = go_sboms(work, int(count)) if kind == "go" else almalinux_sboms(int(count))
    reading = matching = 0.0
    packages = hits = 0
    for document in documents:
        start = time.process_time()
        asset = read(document, name="sbom")
        middle = time.process_time()
        matched = match(asset.packages, index)
        matching += time.process_time() - middle
        reading += middle - start
        packages += len(asset.packages.packages)
        hits += len(matched.hits)
    return {"read": reading, "match": matching, "packages": packages, "hits": hits}


def nodes(work: Path, count: str, sets: str) -> Figures:
    """A whole scan of many machines from few or many images, all answers kept; the machines' own memory counts too."""
    from oakum.local.context import context_of
    from oakum.local.scan import Options, scan

    release = read(almalinux_sbom(), name="sbom").packages.release
    assert release is not None
    assets = fleet(work, int(count), int(sets), release)
    index = _open(work, "almalinux")
    wall, cpu = time.perf_counter(), time.process_time()
    outcome = scan(assets, index, context_of(None), Options(now="2026-09-01T00:00:00Z"))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    findings = outcome.answer.findings
    return {
        "wall": wall,
        "cpu": cpu,
        "findings": len(findings),
        "placements": sum(len(one.assets) for one in findings),
        "actions": len(outcome.answer.actions),
    }


def delta(work: Path, count: str, sets: str, advisories: str) -> Figures:
    """Changed advisories over a fleet whose findings stand; see ``benchmarks.delta``."""
    from benchmarks.delta import measure

    return measure(work, int(count), int(sets), int(advisories))


def build(work: Path, name: str) -> Figures:
    """Build the index of a store, open it, and ask it one first question."""
    from oakum.adapters.feeds.indexing import rebuild_index
    from oakum.adapters.feeds.store import FeedStore

    with FeedStore.open(store(work, name) / "feeds") as opened:
        start = time.process_time()
        path = rebuild_index(opened)
        built = time.process_time() - start
    start = time.process_time()
    index = _open(work, name)
    index.coverage(index.scopes()[0])
    opening = time.process_time() - start
    with sqlite3.connect(path) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM ranges").fetchone()
    return {"build": built, "open": opening, "size": path.stat().st_size, "rows": rows}


def keys(work: Path, name: str, ecosystem: str) -> Figures:
    """Keys of every distinct fixed version that a source names, each asked once in a new process."""
    from oakum.versions import scheme

    with sqlite3.connect(index_file(work, name)) as connection:
        texts = [text for (text,) in connection.execute("SELECT DISTINCT fix FROM ranges WHERE fix != ''")]
    order = scheme(ecosystem)
    assert order is not None
    start = time.process_time()
    for text in texts:
        order.key(text)
    return {"cpu": time.process_time() - start, "keys": len(texts)}


CASES: dict[str, Callable[..., Figures]] = {
    "inventory": inventory, "bulk": bulk, "nodes": nodes, "delta": delta, "build": build, "keys": keys,
}  # fmt: skip


def main() -> None:
    """Run the case that the command line names."""
    name, work, *words = sys.argv[1:]
    sys.stdout.buffer.write(msgspec.json.encode(CASES[name](Path(work), *words)))


if __name__ == "__main__":
    main()
