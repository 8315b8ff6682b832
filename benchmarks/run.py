"""``make bench``: measure on real data, print the tables, and write them into docs/benchmarks.md."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.examples import ALMALINUX, almalinux_sbom, debian_root, store
from benchmarks.measure import DATA, OAKUM, case, environment, in_turn, run, spread
from benchmarks.page import machine, mebibytes, microseconds, milliseconds, rewrite, seconds, table

ADVISORIES = {
    "almalinux": DATA / "advisories" / "almalinux.jsonl.gz",
    "go": DATA / "advisories" / "go.jsonl.gz",
    "dsa-dla": DATA / "advisories" / "dsa-dla.jsonl.gz",
    "alpine-secdb": DATA / "advisories" / "alpine-secdb",
}
#: source -> the ecosystem whose versions it names.
KEYS = {"dsa-dla": "deb", "almalinux": "rpm", "alpine-secdb": "apk"}
RUNS = 5

Section = Callable[[Path], str]


def inventory(work: Path) -> str:
    """A Debian root: in the process beside dpkg-query, and as a command."""
    made = debian_root(work)
    if isinstance(made, str):
        return f"Inventory of a Debian root: skipped, {made}."
    root, packages = made
    found = case("inventory", work, str(root), "20", times=RUNS)
    ratio = spread(one["wall"] / one["dpkg_wall"] for one in found)
    # Without feeds nothing can be assessed (exit 3): what remains is the inventory.
    words = (*OAKUM, "scan", str(root), "--data", str(work / "empty"), "-o", "json")
    costs = in_turn({"oakum": words}, environment(work), 2 * RUNS)["oakum"]
    rows = [
        (
            "read_root in the process", milliseconds(spread(one["wall"] for one in found)),
            milliseconds(spread(one["cpu"] for one in found)), "", f"{ratio.median:.2f} times dpkg-query; at most 2",
        ),
        (
            "dpkg-query -W, in turn", milliseconds(spread(one["dpkg_wall"] for one in found)),
            milliseconds(spread(one["dpkg_cpu"] for one in found)), "", "",
        ),
        (
            "oakum scan ROOT -o json", milliseconds(spread(one.wall for one in costs)),
            milliseconds(spread(one.cpu for one in costs)), mebibytes(max(one.peak for one in costs)),
            "under 260 ms",
        ),
    ]  # fmt: skip
    return f"### Inventory of a Debian root, {packages} packages\n\n" + table(
        ("what", "wall", "CPU", "peak", "asked"), rows
    )


def command(work: Path) -> str:
    """One SBOM as a command."""
    sbom = work / "almalinux.cdx.json"
    sbom.write_bytes(almalinux_sbom())
    words = (*OAKUM, "scan", str(sbom), "--data", str(store(work, "almalinux")))
    commands = {
        "oakum scan SBOM": words,
        "oakum scan SBOM -o json": (*words, "-o", "json"),
        "oakum --version": (*OAKUM, "--version"),
        "python -c pass": (sys.executable, "-c", "pass"),
    }
    costs = in_turn(commands, environment(work), 3 * RUNS)
    rows = [
        (
            name, milliseconds(spread(one.wall for one in found)), milliseconds(spread(one.cpu for one in found)),
            mebibytes(max(one.peak for one in found)), "under 200 ms" if "scan" in name else "",
        )
        for name, found in costs.items()
    ]  # fmt: skip
    return "### One AlmaLinux 8 SBOM against the whole AlmaLinux feed, as a command\n\n" + table(
        ("command", "wall", "CPU", "peak", "asked"), rows
    )


def bulk(work: Path) -> str:
    """Growth in hosts whose package sets have no version in common."""
    rows = []
    for kind, title in (("almalinux", "AlmaLinux 8, 99 packages"), ("go", "Go, 181 modules")):
        for count in (16, 128, 1024):
            found = case("bulk", work, kind, str(count), times=3)
            matching = spread(one["match"] / one["packages"] for one in found)
            both = spread((one["match"] + one["read"]) / one["packages"] for one in found)
            rows.append(
                (
                    title, f"{count:,}", f"{found[0]['packages']:,.0f}", f"{found[0]['hits']:,.0f}",
                    microseconds(matching), microseconds(both), mebibytes(max(one["peak"] for one in found)),
                )
            )  # fmt: skip
    head = ("set", "sets", "packages", "hits", "match, CPU a package", "with reading", "peak")
    asked = "Asked: at most 10 µs for the match and 40 µs with reading. The first sets pay for opening the index."
    return f"### Distinct package sets in Trivy's form\n\n{table(head, rows)}\n\n{asked}"


def fleets(work: Path) -> str:
    """Many machines from few or many images."""
    rows = []
    for count, sets in ((1_000, 60), (10_000, 60), (10_000, 500), (10_000, 2_000)):
        found = case("nodes", work, str(count), str(sets), times=3 if sets < 2_000 else 2)
        rows.append(
            (
                f"{count:,}", f"{sets:,}", seconds(spread(one["wall"] for one in found)),
                seconds(spread(one["cpu"] for one in found)), mebibytes(max(one["peak"] for one in found)),
                f"{found[0]['findings']:,.0f}", f"{found[0]['placements']:,.0f}", f"{found[0]['actions']:,.0f}",
            )
        )  # fmt: skip
    head = ("nodes", "distinct sets", "wall", "CPU", "peak", "findings", "placements", "actions")
    asked = "Asked: under 60 s, under 1 GiB, linear in distinct sets and not in nodes."
    return f"### Machines with 400 packages each: match, judge, rank\n\n{table(head, rows)}\n\n{asked}"


def deltas(work: Path) -> str:
    """Changed advisories over the same machines."""
    rows = []
    for count, sets in ((10_000, 60), (10_000, 2_000)):
        found = case("delta", work, str(count), str(sets), "50", times=3)
        rows.append(
            (
                f"{count:,}", f"{sets:,}", seconds(spread(one["first"] for one in found)),
                seconds(spread(one["wall"] for one in found)), seconds(spread(one["cpu"] for one in found)),
                f"{found[0]['matched']:,.0f}", f"{found[0]['opened']:,.0f}", f"{found[0]['closed']:,.0f}",
            )
        )  # fmt: skip
    head = (
        "nodes",
        "distinct sets",
        "taken in, wall",
        "update, wall",
        "update, CPU",
        "parts matched",
        "opened",
        "closed",
    )
    asked = "Asked: the update under 1 s. Opened and closed are placements: a finding counts on each machine."
    return f"### 50 changed advisories over the same machines\n\n{table(head, rows)}\n\n{asked}"


def index(work: Path) -> str:
    """Index build and open, and version keys."""
    rows = []
    for name in ADVISORIES:
        found = case("build", work, name, times=3)
        rows.append(
            (
                name, f"{found[0]['rows']:,.0f}", seconds(spread(one["build"] for one in found)),
                milliseconds(spread(one["open"] for one in found)), mebibytes(found[0]["size"]),
                mebibytes(max(one["peak"] for one in found)),
            )
        )  # fmt: skip
    built = table(("source", "ranges", "build, CPU", "open, CPU", "size", "peak"), rows)
    rates = []
    for name, ecosystem in KEYS.items():
        found = case("keys", work, name, ecosystem, times=RUNS)
        rate = spread(one["keys"] / one["cpu"] for one in found)
        rates.append(
            (ecosystem, f"{found[0]['keys']:,.0f}", f"{rate.median:,.0f} ({rate.least:,.0f}–{rate.most:,.0f})")
        )
    keyed = table(("ecosystem", "distinct versions", "keys a second"), rates)
    return f"### Index\n\n{built}\n\n### Version keys\n\n{keyed}"


def prepare(work: Path) -> str:
    """Import every source into a store of its own, through the command that a person would use."""
    rows = []
    for name, path in ADVISORIES.items():
        words = (*OAKUM, "feeds", "import", "--data", str(store(work, name)), str(path))
        cost = run(words, environment(work))
        if cost.code:
            raise SystemExit(f"{path} could not be imported: {' '.join(words)} ended with {cost.code}")
        rows.append((name, f"{cost.wall:.2f} s", f"{cost.cpu:.2f} s", mebibytes(cost.peak)))
    return "### Import of a source, as a command (one run)\n\n" + table(("source", "wall", "CPU", "peak"), rows)


def absent() -> list[str]:
    """What the shared data folder lacks."""
    return [str(path.relative_to(DATA)) for path in (*ADVISORIES.values(), ALMALINUX) if not path.exists()]


def main() -> None:
    """Measure everything, and write the page."""
    if missing := absent():
        print(f"bench: skipped, the shared data folder ({DATA}) lacks {', '.join(missing)}")
        return
    sections: tuple[Section, ...] = (inventory, prepare, command, bulk, fleets, deltas, index)
    parts = []
    with tempfile.TemporaryDirectory(prefix="oakum-bench-") as folder:
        work = Path(folder)
        for section in sections:
            parts.append(section(work))
            print(parts[-1], end="\n\n", flush=True)
    rewrite("bench", "\n\n".join([machine("make bench"), *parts]))
    print("written to docs/benchmarks.md")


if __name__ == "__main__":
    main()
