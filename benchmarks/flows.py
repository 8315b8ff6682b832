"""How long effective connections take in a large cluster: ``python -m benchmarks.flows [PODS [POLICIES [lone]]]``.

The cluster is made up: namespaces with workloads of a few pods each (every tenth a StatefulSet, whose pods differ in
their labels), policies that deny by default, allow by labels, by namespaces, by named ports and by address ranges.
With ``lone`` no pod has an owner, so that each has lines of its own: many times as many.
"""

from __future__ import annotations

import json
import resource
import sys
import time

from oakum.fleet.cluster.dump import read_value
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.risk.flows import Network

PODS_OF_A_WORKLOAD, WORKLOADS_OF_A_NAMESPACE = 4, 16
Value = dict[str, object]


def cluster(pods: int, policies: int, *, lone: bool = False) -> Snapshot:
    """A snapshot with so many pods, which may be lone ones, and NetworkPolicies."""
    items: list[Value] = []
    namespaces = max(1, pods // (PODS_OF_A_WORKLOAD * WORKLOADS_OF_A_NAMESPACE))
    for number in range(namespaces):
        labels = {"team": f"t{number % 7}", "stage": "prod" if number % 3 else "test"}
        items.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"n{number}", "labels": labels}})
    items += [_pod(number, namespaces, lone) for number in range(pods)]
    items += [_policy(number, namespaces) for number in range(policies)]
    return read_value({"apiVersion": "v1", "kind": "List", "items": items}, name="made up")


def _pod(number: int, namespaces: int, lone: bool) -> Value:
    workload, instance = divmod(number, PODS_OF_A_WORKLOAD)
    namespace = f"n{workload % namespaces}"
    labels = {"app": f"a{workload // namespaces}", "tier": ("web", "api", "db", "job")[workload % 4]}
    kind = "StatefulSet" if workload % 10 == 0 else "ReplicaSet"
    if kind == "StatefulSet":
        labels["statefulset.kubernetes.io/pod-name"] = f"w{workload}-{instance}"
    owner = {"apiVersion": "apps/v1", "kind": kind, "name": f"w{workload}", "uid": str(workload), "controller": True}
    ports = [{"name": "http", "containerPort": 8080 + workload % 3}, {"name": "metrics", "containerPort": 9090}]
    owners = [] if lone else [owner]
    meta = {"name": f"w{workload}-{instance}", "namespace": namespace, "labels": labels, "ownerReferences": owners}
    status = {"phase": "Running", "podIP": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}
    spec = {"nodeName": f"node{number % 40}", "containers": [{"name": "main", "ports": ports}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def _policy(number: int, namespaces: int) -> Value:
    form = number // namespaces % 6
    spec: Value = {"podSelector": {}}
    if form == 0:
        spec["policyTypes"] = ["Ingress", "Egress"] if number % 2 else ["Ingress"]
    elif form == 1:
        spec["podSelector"] = {"matchLabels": {"tier": "api"}}
        spec["ingress"] = [{"from": [{"podSelector": {"matchLabels": {"tier": "web"}}}], "ports": [{"port": "http"}]}]
    elif form == 2:
        team = {"matchExpressions": [{"key": "team", "operator": "In", "values": [f"t{number % 7}", "t1"]}]}
        spec["ingress"] = [{"from": [{"namespaceSelector": team}], "ports": [{"port": 8000, "endPort": 8100}]}]
    elif form == 3:
        spec["egress"] = [{"to": [{"namespaceSelector": {}}], "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}]
    elif form == 4:
        block = {"cidr": f"172.{16 + number % 16}.0.0/16", "except": [f"172.{16 + number % 16}.{number % 256}.0/24"]}
        spec["podSelector"] = {"matchLabels": {"tier": "web"}}
        spec["ingress"] = [{"from": [{"ipBlock": block}], "ports": [{"port": 443}]}]
    else:
        spec["podSelector"] = {"matchLabels": {"app": f"a{number % WORKLOADS_OF_A_NAMESPACE}"}}
        spec["egress"] = [{"to": [{"podSelector": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}}]}]
    meta = {"name": f"p{number}", "namespace": f"n{number % namespaces}"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


def main(words: list[str]) -> None:
    """Print the figures as one JSON object: seconds, and megabytes at the peak."""
    pods, policies = (int(word) for word in [*words[:2], *("2000", "300")[len(words[:2]) :]])
    snapshot = cluster(pods, policies, lone="lone" in words[2:])
    start = time.perf_counter()
    network = Network(snapshot)
    made = time.perf_counter()
    lines = network.connections()
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"pods": pods, "policies": policies, "lines": len(lines), "network": made - start,
               "connections": done - made, "peak_mb": peak}  # fmt: skip
    print(json.dumps({key: round(value, 3) for key, value in figures.items()}))


if __name__ == "__main__":
    main(sys.argv[1:])
