"""Read a live cluster of many nodes and pods: ``python -m benchmarks.cluster [NODES PODS]`` prints a table.

The API server is the lab's (``tests/lab``), the nodes and pods are fake. Each way of reading runs in a process of its
own (``python -m benchmarks.cluster --case WAY KUBECONFIG FOLDER``), so that its memory is its alone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks.measure import environment, run, spread
from benchmarks.page import mebibytes, seconds, table

RUNS = 3
WAYS = {
    "read": "read_cluster: connect, discover, list, decode",
    "dump": "dump_cluster: the same, and the dump written to a file",
    "reread": "read_dump: the dump read again",
}


class Figures(msgspec.Struct, frozen=True):
    """What one reading took: seconds, calls of the API, bytes received (unpacked) or read, objects found."""

    wall: float
    calls: int
    size: int
    objects: int


def case(way: str, kubeconfig: Path, folder: Path) -> Figures:
    """One way of reading, measured in this process."""
    from oakum.adapters.kubernetes.client import Client
    from oakum.adapters.kubernetes.kubeconfig import choose
    from oakum.adapters.kubernetes.reading import dump_cluster, read_cluster
    from oakum.fleet.cluster.dump import read_dump

    file, now = folder / "dump.json", datetime.now(UTC)
    begin = time.perf_counter()
    if way == "reread":
        data = file.read_bytes()
        snapshot, calls, size = read_dump(data, name="dump"), 0, len(data)
    else:
        with Client(choose(None, {"KUBECONFIG": str(kubeconfig)}, folder)) as client:
            if way == "read":
                snapshot = read_cluster(client, now=now)
            else:
                snapshot, dump = dump_cluster(client, now=now)
                file.write_bytes(dump)
            calls, size = client.calls, client.received
    wall = time.perf_counter() - begin
    return Figures(wall, calls, size, sum(map(len, snapshot.items.values())))


def measured(nodes: int, pods: int, work: Path) -> str:
    """The table of a new cluster of this size; a reason where the lab cannot be had."""
    from tests.lab.control_plane import ControlPlane
    from tests.lab.go import LabUnavailable
    from tests.lab.kwok import load

    try:
        plane = ControlPlane(controllers=False, scheduler=False)
    except LabUnavailable as error:
        return f"Live cluster: skipped, {error}"
    rows = []
    with plane:
        load(plane, nodes=nodes, pods=pods)
        for way, what in WAYS.items():
            found, peaks = [], []
            for _ in range(RUNS):
                output = work / "figures.json"
                words = (sys.executable, "-m", "benchmarks.cluster", "--case", way, str(plane.admin), str(work))
                cost = run(words, environment(work), output)
                if cost.code:
                    raise SystemExit(f"benchmark case {way} ended with {cost.code}")
                found.append(msgspec.json.decode(output.read_bytes(), type=Figures))
                peaks.append(cost.peak)
            last = found[-1]
            rows.append(
                (
                    what,
                    seconds(spread(one.wall for one in found)),
                    mebibytes(max(peaks)),
                    f"{last.calls}",
                    mebibytes(last.size),
                    f"{last.objects:,}",
                )
            )
    head = ("what", "wall", "peak memory", "API calls", "JSON", "objects")
    return f"### A live cluster, {nodes:,} nodes and {pods:,} pods\n\n{table(head, rows)}"


def main(words: list[str]) -> None:
    """Print one case as JSON, or the whole table."""
    if words[:1] == ["--case"]:
        way, kubeconfig, folder = words[1:]
        print(msgspec.json.encode(case(way, Path(kubeconfig), Path(folder))).decode())
        return
    nodes, pods = (int(word) for word in words or ("1000", "10000"))
    with tempfile.TemporaryDirectory(prefix="oakum-bench-") as folder:
        print(measured(nodes, pods, Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
