"""How long measuring exposure takes in a large cluster: ``python -m benchmarks.exposure [PODS [SERVICES]]``.

The cluster is that of ``benchmarks.flows`` with 300 policies in half of its namespaces, on 40 nodes, with Services of
all kinds before its workloads, an ingress controller behind a load balancer and an Ingress for every third Service.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import msgspec

from benchmarks import flows
from benchmarks.flows import PODS_OF_A_WORKLOAD, WORKLOADS_OF_A_NAMESPACE, Value
from oakum.fleet.cluster.dump import read_value
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.risk.exposure.counterfactual import closings
from oakum.risk.exposure.measure import measure

POLICIES, NODES = 300, 40
_EDGE = {"app.kubernetes.io/name": "ingress-nginx"}


def cluster(pods: int, services: int) -> Snapshot:
    """A snapshot with so many pods and Services, of which every kind was read."""
    namespaces = max(1, pods // (PODS_OF_A_WORKLOAD * WORKLOADS_OF_A_NAMESPACE))
    items: list[Value] = [_node(number) for number in range(NODES)]
    items += [_service(number, namespaces) for number in range(services)]
    items += [_ingress(number, namespaces) for number in range(0, services, 3)]
    items += _controller()
    more = read_value({"apiVersion": "v1", "kind": "List", "items": items}, name="made up")
    base = flows.cluster(pods, 2 * POLICIES)
    guarded = tuple(one for one in base.all("NetworkPolicy") if int(one.metadata.namespace[1:]) % 2 == 0)
    base.items["NetworkPolicy"] = guarded
    kinds = {kind: (*base.items.get(kind, ()), *more.items.get(kind, ())) for kind in {*base.items, *more.items}}
    return Snapshot(source="made up", items=kinds, listed=frozenset(kinds) | {"EndpointSlice"})


def _node(number: int) -> Value:
    addresses = [{"type": "InternalIP", "address": f"10.255.0.{number + 1}"}]
    if number % 10 == 0:
        addresses.append({"type": "ExternalIP", "address": f"198.51.100.{number + 1}"})
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node{number}"},
            "status": {"addresses": addresses}}  # fmt: skip


def _service(number: int, namespaces: int) -> Value:
    spec: Value = {
        "type": ("ClusterIP", "ClusterIP", "NodePort", "LoadBalancer")[number % 4],
        "selector": {"app": f"a{number // namespaces % WORKLOADS_OF_A_NAMESPACE}"},
        "ports": [{"name": "web", "port": 80, "targetPort": "http", "nodePort": 30000 + number}],
    }
    status: Value = {}
    if number % 4 == 3:
        public = f"203.0.{number >> 8}.{number & 255}"
        private = f"10.254.{number >> 8}.{number & 255}"
        status = {"loadBalancer": {"ingress": [{"ip": private if number % 8 == 3 else public}]}}
        spec["loadBalancerSourceRanges"] = ["192.0.2.0/24"] if number % 16 == 7 else []
    meta = {"name": f"s{number}", "namespace": f"n{number % namespaces}"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec, "status": status}


def _ingress(number: int, namespaces: int) -> Value:
    backend = {"service": {"name": f"s{number}", "port": {"number": 80}}}
    rule = {"host": f"h{number}.example.com", "http": {"paths": [{"path": "/", "backend": backend}]}}
    meta = {"name": f"i{number}", "namespace": f"n{number % namespaces}"}
    spec = {"ingressClassName": "nginx", "rules": [rule]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": spec}


def _controller() -> list[Value]:
    meta = {"name": "nginx", "namespace": "edge", "labels": _EDGE}
    container = {"name": "controller", "image": "registry.k8s.io/ingress-nginx/controller:v1.11.2",
                 "ports": [{"name": "http", "containerPort": 80}]}  # fmt: skip
    pod = {"nodeName": "node1", "containers": [container]}
    front = {"type": "LoadBalancer", "selector": _EDGE, "ports": [{"port": 80, "targetPort": "http"}]}
    given = {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}
    of = {"name": "nginx", "namespace": "edge"}
    return [
        {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": pod,
         "status": {"phase": "Running", "podIP": "10.253.0.1"}},
        {"apiVersion": "v1", "kind": "Service", "metadata": of, "spec": front, "status": given},
        {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"},
         "spec": {"controller": "k8s.io/ingress-nginx"}},
    ]  # fmt: skip


def main(words: list[str]) -> None:
    """Print the figures as one JSON object: seconds, counts, and megabytes at the peak."""
    pods, services = (int(word) for word in (*words, *("2000", "300")[len(words) :]))
    snapshot = cluster(pods, services)
    start = time.perf_counter()
    measured = measure(snapshot)
    done = time.perf_counter()
    found = closings(measured)
    told = time.perf_counter()
    levels = [one.level for one in measured.workloads.values()]
    figures = {
        "pods": pods, "services": services, "workloads": len(levels), "open": levels.count("open"),
        "controlled": levels.count("controlled"), "small": levels.count("small"), "closings": len(found),
        "measure": done - start, "closing": told - done,
        "answer_mb": len(msgspec.json.encode([list(measured.workloads.values()), measured.nodes])) / 2**20,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip
    print(json.dumps({key: round(value, 3) for key, value in figures.items()}))


if __name__ == "__main__":
    main(sys.argv[1:])
