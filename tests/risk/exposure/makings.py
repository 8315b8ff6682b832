"""Objects of a small cluster for tests of exposure, as the API writes them, and what is measured of them.

The shop: a StatefulSet ``shop/web`` with one pod (container ``web``, port 8080 named http) on node ``n1``, which has a
private address unless a test gives it another one. Addresses of the blocks for documentation stand for public ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from oakum.fleet.assets import Gap
from oakum.fleet.cluster.dump import read_value
from oakum.fleet.cluster.snapshot import KINDS, Snapshot
from oakum.risk.exposure.measure import Measured, measure
from oakum.risk.exposure.model import Exposure

Json = dict[str, Any]

PRIVATE, PUBLIC = "10.0.0.1", "198.51.100.10"
WEB = {"app": "web"}
GATEWAYS = "gateway.networking.k8s.io/v1"
EVERY_KIND = frozenset(kind for _, _, kind in KINDS)
VERSIONS = {kind: f"{group}/v1" if group else "v1" for group, _, kind in KINDS}


def thing(kind: str, name: str, spec: Json | None = None, **more: Any) -> Json:
    """An object; ``name`` is "namespace/name", or a name alone for one of the cluster."""
    space, _, own = name.rpartition("/")
    meta: Json = {"name": own, "uid": f"{kind}/{name}"}
    if space:
        meta["namespace"] = space
    for key in ("labels", "annotations", "ownerReferences"):
        if more.get(key):
            meta[key] = more.pop(key)
    return {"apiVersion": VERSIONS[kind], "kind": kind, "metadata": meta, "spec": spec or {}, **more}


def node(name: str = "n1", *addresses: str, external: str = "", provider: str = "") -> Json:
    """A node with internal addresses and an external one."""
    given = [{"type": "InternalIP", "address": each} for each in addresses]
    given += [{"type": "ExternalIP", "address": external}] if external else []
    spec = {"providerID": f"{provider}:///zone/{name}"} if provider else {}
    return thing("Node", name, spec, status={"addresses": given})


def port(number: int = 8080, name: str = "http", **more: Any) -> Json:
    """A container port."""
    return {"containerPort": number, **({"name": name} if name else {}), **more}


def pod(
    name: str = "shop/web",
    labels: dict[str, str] | None = None,
    *,
    ports: Iterable[Json] | None = None,
    image: str = "example.com/web:1",
    ip: str = "10.244.0.7",
    on: str = "n1",
    kind: str = "StatefulSet",
    phase: str = "Running",
    args: Iterable[str] = (),
    conditions: Iterable[Json] = (),
    **spec: Any,
) -> Json:
    """A running pod of a workload of its name; the container has the workload's name."""
    own = name.rpartition("/")[2]
    owner = {"apiVersion": "apps/v1", "kind": kind, "name": own, "uid": f"{kind}/{name}", "controller": True}
    container: Json = {"name": own, "image": image, "args": list(args)}
    container["ports"] = [port()] if ports is None else list(ports)
    return thing(
        "Pod",
        f"{name}-0",
        {"nodeName": on, "containers": [container], **spec},
        labels=WEB if labels is None else labels,
        ownerReferences=[owner],
        status={"phase": phase, "podIP": ip, "conditions": list(conditions)},
    )


def service(
    type_: str = "ClusterIP",
    name: str = "shop/web",
    *,
    selector: dict[str, str] | None = None,
    ports: Iterable[Json] | None = None,
    address: str | Iterable[str] = (),
    host: str = "",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    **spec: Any,
) -> Json:
    """A Service whose port 80 leads to the port http of the shop's pods."""
    given: list[Json] = [{"ip": each} for each in ([address] if isinstance(address, str) else address)]
    given += [{"hostname": host}] if host else []
    numbers = [{"port": 80, "targetPort": "http", "name": "web"}] if ports is None else list(ports)
    every = {"type": type_, "selector": WEB if selector is None else selector, "ports": numbers, **spec}
    status = {"loadBalancer": {"ingress": given}} if given else {}
    return thing("Service", name, every, labels=labels, annotations=annotations, status=status)


def on_node_port(**more: Any) -> list[Json]:
    """The ports of a Service that has a port on every node."""
    return [{"port": 80, "targetPort": "http", "nodePort": 30080, **more}]


def policy(*ingress: Json, name: str = "shop/policy", pods: Json | None = None, **spec: Any) -> Json:
    """A NetworkPolicy about ingress; without rules it denies all."""
    every = {"podSelector": pods or {}, "policyTypes": ["Ingress"], "ingress": list(ingress), **spec}
    return thing("NetworkPolicy", name, every)


def block(cidr: str, *ports: int, **more: Any) -> Json:
    """A rule that lets addresses in."""
    rule: Json = {"from": [{"ipBlock": {"cidr": cidr, **more}}]}
    return {**rule, "ports": [{"port": each} for each in ports]} if ports else rule


def nginx(service_: Json | None, **more: Any) -> list[Json]:
    """ingress-nginx with its class, and the Service before it."""
    made = [
        pod(
            "edge/nginx",
            {"app.kubernetes.io/name": "ingress-nginx"},
            ports=[port(80)],
            ip="10.244.0.9",
            image="registry.k8s.io/ingress-nginx/controller:v1.11.2",
            **more,
        ),
        ingress_class("nginx", "k8s.io/ingress-nginx"),
    ]
    return [*made, service_] if service_ is not None else made


def edge(type_: str = "LoadBalancer", **more: Any) -> Json:
    """The Service before ingress-nginx."""
    return service(type_, "edge/nginx", selector={"app.kubernetes.io/name": "ingress-nginx"}, **more)


def ingress_class(name: str, controller: str, **annotations: str) -> Json:
    """An IngressClass."""
    return thing("IngressClass", name, {"controller": controller}, annotations=annotations)


def ingress(
    class_: str = "nginx",
    *,
    backend: str = "web",
    number: int | str = 80,
    name: str = "shop/web",
    address: str = "",
    annotations: dict[str, str] | None = None,
) -> Json:
    """An Ingress for shop.example.com."""
    where = {"number": number} if isinstance(number, int) else {"name": number}
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": backend, "port": where}}}
    spec: Json = {"rules": [{"host": "shop.example.com", "http": {"paths": [path]}}]}
    if class_:
        spec["ingressClassName"] = class_
    status = {"loadBalancer": {"ingress": [{"ip": address}]}} if address else {}
    return thing("Ingress", name, spec, annotations=annotations, status=status)


def gateway(class_: str = "acme", *addresses: str, name: str = "edge/gate", **listener: Any) -> Json:
    """A Gateway with one listener, HTTP at port 80 for routes of all namespaces."""
    default = {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}
    status = {"addresses": [{"type": "IPAddress", "value": each} for each in addresses]}
    return thing("Gateway", name, {"gatewayClassName": class_, "listeners": [{**default, **listener}]}, status=status)


def route(kind: str = "HTTPRoute", *, parent: Json | None = None, name: str = "shop/web", **backend: Any) -> Json:
    """A route of the Gateway API to the shop."""
    target = {"name": "web", "port": 80, **backend}
    gate = {"name": "gate", "namespace": "edge", **(parent or {})}
    return thing(kind, name, {"parentRefs": [gate], "rules": [{"backendRefs": [target]}]})


def shop(*more: Json | list[Json], nodes: Iterable[Json] | None = None, web: Json | None = None) -> list[Json]:
    """The shop's cluster with more objects."""
    made = [thing("Namespace", each) for each in ("shop", "edge", "other")]
    made += [node("n1", PRIVATE)] if nodes is None else list(nodes)
    made.append(pod() if web is None else web)
    for each in more:
        made += each if isinstance(each, list) else [each]
    return made


def snapshot(objects: Iterable[Json], unread: Iterable[str] = ()) -> Snapshot:
    """All objects as read from a cluster that told everything but some kinds."""
    kinds = frozenset(unread)
    items = [each for each in objects if each["kind"] not in kinds]
    read = read_value({"apiVersion": "v1", "kind": "List", "items": items}, name="made up")
    gaps = tuple(Gap("unread-objects", f"{kind} objects", "forbidden", "allow it") for kind in sorted(kinds))
    return msgspec.structs.replace(read, listed=EVERY_KIND - kinds, gaps=gaps)


def measured(objects: Iterable[Json], unread: Iterable[str] = ()) -> Measured:
    """What is measured of them."""
    return measure(snapshot(objects, unread))


def exposures(found: Measured) -> dict[str, Exposure]:
    """By "namespace/name" of a workload, and by name of a node."""
    return {f"{key.namespace}/{key.name}": one for key, one in found.workloads.items()} | found.nodes
