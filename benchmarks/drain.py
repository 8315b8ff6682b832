"""How long drains take to explain: ``python -m benchmarks.drain [NODES [PODS [BUDGETS]]]``.

The cluster is made up: workloads of five pods over all nodes, most of them under a budget that allows one, a tenth of
the pods under two, a twentieth under one that never allows any, some unready. Reading the dump is not counted. Small
requests go through the machine form, a thousand of them.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from oakum.changes.drain import PROFILES, Surroundings, departures, explain
from oakum.cli.main import main as oakum
from oakum.fleet.cluster.dump import read_value

REPLICAS = 5
Value = dict[str, object]


def cluster(nodes: int, pods: int, budgets: int) -> Surroundings:
    """A cluster of so many nodes, pods and budgets."""
    items: list[Value] = [_thing("v1", "Node", f"n{number}", "", {}) for number in range(nodes)]
    workloads = max(1, pods // REPLICAS)
    for number in range(workloads):
        space = f"s{number % 50}"
        spec: Value = {"replicas": REPLICAS}
        items.append(_thing("apps/v1", "ReplicaSet", f"w{number}", space, spec))
        items += [_pod(number, each, space, nodes) for each in range(REPLICAS)]
    items += [_budget(number, workloads) for number in range(budgets)]
    items += [_thing("v1", "Namespace", f"s{number}", "", {}) for number in range(50)]
    return Surroundings(read_value({"apiVersion": "v1", "kind": "List", "items": items}, name="made up"))


def _thing(version: str, kind: str, name: str, space: str, spec: Value) -> Value:
    meta = {"name": name, "namespace": space, "uid": f"{kind}/{name}"}
    return {"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec}


def _pod(workload: int, number: int, space: str, nodes: int) -> Value:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"w{workload}", "uid": f"ReplicaSet/w{workload}"}
    made = _thing("v1", "Pod", f"w{workload}-{number}", space, {"nodeName": f"n{(workload * 7 + number * 31) % nodes}"})
    meta = {"labels": {"app": f"w{workload}"}, "ownerReferences": [{**owner, "controller": True}]}
    ready = "False" if workload % 50 == 0 and number == 0 else "True"
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}
    return {**made, "metadata": {"name": f"w{workload}-{number}", "namespace": space, **meta}, "status": status}


def _budget(number: int, workloads: int) -> Value:
    workload = number * 10 // 11 % workloads  # every eleventh selects the pods of the one before as well
    spec: Value = {"selector": {"matchLabels": {"app": f"w{workload}"}}, "maxUnavailable": 0 if number % 20 == 0 else 1}
    healthy = REPLICAS - (workload % 50 == 0)
    desired = REPLICAS - (0 if number % 20 == 0 else 1)
    status = {"currentHealthy": healthy, "desiredHealthy": desired, "expectedPods": REPLICAS}
    allowed = max(0, healthy - desired)
    made = _thing("policy/v1", "PodDisruptionBudget", f"b{number}", f"s{workload % 50}", spec)
    return {**made, "status": {**status, "disruptionsAllowed": allowed}}


def main(arguments: list[str]) -> None:
    """Print what was measured."""
    nodes, pods, budgets = (int(given) for given in (*arguments, *("5000", "60000", "800")[len(arguments) :]))
    around = cluster(nodes, pods, budgets)
    for name in PROFILES:
        before = time.perf_counter()
        explain(around, ["n0"], profile=name)
        first = time.perf_counter() - before
        before = time.perf_counter()
        explain(around, [f"n{number}" for number in range(nodes)], profile=name)
        print(
            f"{name}: {first * 1e3:,.0f} ms for the first node, {time.perf_counter() - before:.2f} s for all {nodes:,}"
        )
    before = time.perf_counter()
    played = departures(around.pods, around.selected, around.budgets, around.scales)
    took = time.perf_counter() - before
    print(f"departures of all {len(around.pods):,} pods under {budgets:,} budgets: {took:.2f} s, "
          f"{len(played.rounds)} rounds, {len(played.stuck):,} stuck")  # fmt: skip
    with TemporaryDirectory() as folder:
        file = Path(folder, "requests.jsonl")
        items = [_pod(1, number, "shop", 1) for number in range(REPLICAS)]
        names = list(PROFILES)
        lines = ({"id": at, "nodes": ["n0"], "profile": names[at % 4], "dump": items} for at in range(1_000))
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        before = time.perf_counter()
        with redirect_stdout(io.TextIOWrapper(io.BytesIO())):
            oakum(["drain", "explain", "--batch", str(file), "-o", "json"])
        print(f"1,000 small requests: {time.perf_counter() - before:.2f} s")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10:,} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
