"""Read and scan a live cluster of many nodes and pods: ``python -m benchmarks.cluster [NODES PODS]`` prints a table.

The API server is the lab's (``tests/lab``), the nodes and pods are fake. Each way of reading runs in a process of its
own (``python -m benchmarks.cluster --case WAY KUBECONFIG FOLDER``), so that its memory is its alone. The whole scan is
the command ``oakum scan cluster``, with an index of all advisories about Kubernetes and Go; how often it calls is what
the API server counted.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from tests.lab.control_plane import ControlPlane
from tests.lab.go import LabUnavailable
from tests.lab.kwok import load

from benchmarks.measure import DATA, OAKUM, environment, run, spread
from benchmarks.page import mebibytes, seconds, table

RUNS = 3
NAMESPACES = 50
FEEDS = ("kubernetes-sig-cve-feed.jsonl.gz", "go.jsonl.gz")
#: What ``oakum scan`` may exit with here: it found something, or images that were not read are not assessable.
_ANSWERED = (0, 1, 3)
_CALLS = re.compile(r'^apiserver_request_total\{[^}]*verb="(?:LIST|GET)"[^}]*\} ([0-9.e+]+)$', re.MULTILINE)
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
    try:
        plane = ControlPlane(controllers=False, scheduler=False)
    except LabUnavailable as error:
        return f"Live cluster: skipped, {error}"
    with plane:
        _namespaces(plane)
        load(plane, nodes=nodes, pods=pods, namespaces=[f"team-{number}" for number in range(NAMESPACES)])
        rows = [_read(plane, way, what, work) for way, what in WAYS.items()]
        rows.append(_scanned(plane, work))
    head = ("what", "wall", "peak memory", "API calls", "JSON", "objects")
    return f"### A live cluster, {nodes:,} nodes and {pods:,} pods\n\n{table(head, rows)}"


def _namespaces(plane: ControlPlane) -> None:
    with plane.connect() as client:
        for number in range(NAMESPACES):
            name = f"team-{number}"
            client.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
            # Nobody runs the controller that would make it, and no pod is admitted without it.
            client.request("POST", f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "default"}})


def _read(plane: ControlPlane, way: str, what: str, work: Path) -> tuple[str, ...]:
    found, peaks = [], []
    for _ in range(RUNS):
        output = work / "figures.json"
        words = (sys.executable, "-m", "benchmarks.cluster", "--case", way, str(plane.admin), str(work))
        cost = run(words, environment(work), output)
        if cost.code:
            raise SystemExit(f"benchmark case {way} ended with {cost.code}")
        found.append(msgspec.json.decode(output.read_bytes(), type=Figures))
        peaks.append(cost.peak)
    last, wall = found[-1], spread(one.wall for one in found)
    return what, seconds(wall), mebibytes(max(peaks)), f"{last.calls}", mebibytes(last.size), f"{last.objects:,}"


def _scanned(plane: ControlPlane, work: Path) -> tuple[str, ...]:
    """The command from its start to its end."""
    env, store = environment(work) | {"KUBECONFIG": str(plane.admin)}, str(work / "store")
    feeds = [str(DATA / "advisories" / name) for name in FEEDS if (DATA / "advisories" / name).exists()]
    if code := run((*OAKUM, "feeds", "import", "--data", store, *feeds), env).code:
        raise SystemExit(f"the advisories could not be imported: exit {code}")
    costs, calls, output = [], 0, work / "answer.json"
    for _ in range(RUNS):
        before = _calls(plane)
        costs.append(run((*OAKUM, "scan", "cluster", "--data", store, "-o", "json"), env, output))
        # The second look at the metrics is a call itself, and is counted only after its answer.
        calls = _calls(plane) - before - 1
        if costs[-1].code not in _ANSWERED:
            raise SystemExit(f"the scan of the cluster ended with {costs[-1].code}")
    answer = msgspec.json.decode(output.read_bytes())
    return (
        "`oakum scan cluster -o json`, the whole; asked: under 20 s and 500 MB",
        seconds(spread(one.wall for one in costs)),
        mebibytes(max(one.peak for one in costs)),
        f"{calls}",
        mebibytes(output.stat().st_size),
        f"{len(answer['assets']):,} assets",
    )


def _calls(plane: ControlPlane) -> int:
    """Reads that the API server has answered so far, those of its own parts included."""
    with plane.connect() as client:
        return round(sum(float(each) for each in _CALLS.findall(client.request("GET", "/metrics"))))


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
