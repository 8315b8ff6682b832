"""``make bench-ledger``: measure a ledger of 100,000 entries, for docs/benchmarks.md.

    python -m benchmarks.ledger                everything, three times, into the page
    python -m benchmarks.ledger case ENTRIES   one ledger, its figures as JSON

Entries are those of a run: short names, four digests. They are made before the clock starts.
"""

from __future__ import annotations

import gc
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from benchmarks.measure import environment, run, spread
from benchmarks.page import machine, microseconds, rewrite, seconds, table
from oakum.ledger.entries import Entry, canonical, digest
from oakum.ledger.merkle import Tree, inclusion, leaf_hash
from oakum.ledger.proofs import why_not_included
from oakum.ledger.verification import verify
from oakum.local.ledger.keys import make_key, public_keys
from oakum.local.ledger.places import export, opened
from oakum.local.ledger.signing import sign
from oakum.local.ledger.store import Store

Figures = dict[str, float]
Answer = TypeVar("Answer")
ENTRIES, RUNS = 100_000, 3
#: So many entries are added in one transaction, and so many one by one.
BATCH, SINGLE = 1_000, 200
PROOFS = 2_000


def made(count: int) -> list[Entry]:
    """Entries as a run makes them."""
    begin, plan, policy = datetime(2026, 1, 31, tzinfo=UTC), digest(b"plan"), digest(b"policy")
    return [
        Entry(
            kind="act", at=begin + timedelta(seconds=number), actor=f"p-{0:032x}", body=digest(str(number).encode()),
            what="evict", subject=f"shop/w-{number % 5000}", run="r-1", step="kernel", plan=plan, policy=policy,
        )
        for number in range(count)
    ]  # fmt: skip


def case(count: int) -> Figures:
    """One ledger of so many entries: bytes, and seconds of CPU and wall."""
    figures: Figures = {}
    entries = made(count)
    lines = [canonical(each) for each in entries]
    figures["bytes"] = sum(map(len, lines)) / count
    tree = _timed(figures, "tree", lambda: Tree(map(leaf_hash, lines)))
    with tempfile.TemporaryDirectory(prefix="oakum-bench-") as name:
        folder = Path(name)
        key = make_key("example.com/bench", folder / "key")
        with Store(folder / "ledger.sqlite", write=True) as store:

            def batches() -> None:
                for begin in range(0, count, BATCH):
                    store.append(entries[begin : begin + BATCH])

            def singles() -> None:
                for entry in entries[:SINGLE]:
                    store.append([entry])

            _timed(figures, "append", batches)
            _timed(figures, "sign", lambda: sign(folder / "ledger.sqlite", folder / "key"))
            _timed(figures, "export", lambda: export(store.files(), folder / "ledger.tar"))
            _timed(figures, "single", singles)
            figures["file_mb"] = (folder / "ledger.sqlite").stat().st_size / (1 << 20)
        figures["archive_mb"] = (folder / "ledger.tar").stat().st_size / (1 << 20)

        def verified() -> None:
            with opened(folder / "ledger.tar") as source:
                assert verify(source, public_keys([key.text])).faults == ()

        _timed(figures, "verify", verified)
    asked = range(0, count, max(1, count // PROOFS))
    proofs = [(at, tree.node(0, at), inclusion(at, count, tree.node)) for at in asked]
    root = tree.root()
    _timed(figures, "proof", lambda: [why_not_included(at, count, leaf, proof, root) for at, leaf, proof in proofs])
    figures["proof"] /= len(proofs)
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


def _timed(figures: Figures, name: str, do: Callable[[], Answer]) -> Answer:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    answer = do()
    figures[name], figures[f"{name} wall"] = time.process_time() - cpu, time.perf_counter() - wall
    return answer


def main() -> None:
    """Measure, and write the page."""
    if sys.argv[1:2] == ["case"]:
        print(msgspec.json.encode(case(int(sys.argv[2]))).decode())
        return
    with tempfile.TemporaryDirectory(prefix="oakum-bench-") as folder:
        several = [_figures(Path(folder)) for _ in range(RUNS)]
    text = _page(several)
    print(text)
    rewrite("ledger", text)


def _figures(work: Path) -> Figures:
    output = work / "figures.json"
    cost = run((sys.executable, "-m", "benchmarks.ledger", "case", str(ENTRIES)), environment(work), output)
    if cost.code:
        raise SystemExit(f"benchmarks.ledger ended with {cost.code}")
    return msgspec.json.decode(output.read_bytes(), type=Figures)


def _page(several: list[Figures]) -> str:
    names = {
        "tree": "hashes and tree in memory",
        "append": f"append to the file, {BATCH:,} in a transaction",
        "sign": "sign: the whole tree computed anew from the file",
        "export": "export as one file",
        "verify": "`ledger verify` of that file: signature, every entry, every tile",
    }
    rows = [
        (what, *(seconds(spread(each[key] for each in several)) for key in (name, f"{name} wall")))
        for name, what in names.items()
    ]
    one = microseconds(spread(each["single wall"] / SINGLE for each in several))
    proof = microseconds(spread(each["proof"] for each in several))
    first, peak = several[0], max(each["peak_mb"] for each in several)
    return "\n\n".join(
        (
            machine("make bench-ledger"),
            f"{ENTRIES:,} entries of {first['bytes']:.0f} bytes: {first['file_mb']:.0f} MiB in the ledger's file,"
            f" {first['archive_mb']:.0f} MiB as an export; peak memory {peak:.0f} MiB with all entries held by the"
            " measurement itself. Median of three processes (least to most).",
            table(("what", "CPU", "wall"), rows),
            f"One entry alone, in a synced transaction of its own: {one} on this disk. One inclusion proof checked:"
            f" {proof} of CPU.",
        )
    )


if __name__ == "__main__":
    main()
