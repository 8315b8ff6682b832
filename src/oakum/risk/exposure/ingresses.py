"""What Ingresses and OpenShift's Routes forward, by whom, and from where.

Rules: kubernetes.io/docs/concepts/services-networking/ingress (rules, default backend, status) and
docs.openshift.com/container-platform/latest/networking/routes (Route, alternate backends with weights). A controller in
the cluster is reached by the ways that lead to its pods; one outside of it by the address that the Ingress was given,
else by what its annotations ask for, else by what its maker documents as the default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from oakum.fleet.cluster.networking import Ingress, IngressServiceBackend, LoadBalancerIngress, Route, ServicePort
from oakum.fleet.cluster.objects import Meta
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.naming import listed
from oakum.risk.exposure.addresses import EVERYWHERE
from oakum.risk.exposure.backends import Backends, Name, numbered
from oakum.risk.exposure.controllers import Controllers, Server
from oakum.risk.exposure.forwards import Forward
from oakum.risk.exposure.fronts import addresses_of, reach_of
from oakum.risk.exposure.model import Hop, Origin
from oakum.risk.exposure.nodes import FORWARDED, Nodes
from oakum.risk.exposure.providers import ROUTER, Controller, allowed, told
from oakum.risk.exposure.ways import Way
from oakum.risk.flows.peers import namespace_of

_WEB = ("80/TCP", "443/TCP")
_NOBODY = "no controller was found that serves it; it counts as served to the internet"
_PENDING = "it was given no address yet; it counts as public"
_KEPT = "the controller keeps the allowed source ranges of its annotations"
_UNSURE = "its class does not tell its controller: any of those that were found, or another, may serve it"


def ingresses(snapshot: Snapshot, controllers: Controllers, backends: Backends, nodes: Nodes) -> Iterator[Forward]:
    """What every Ingress forwards."""
    for one in snapshot.of(Ingress, "Ingress"):
        rules = _rules(one)
        services = {name for name, _, _ in rules}
        for server in controllers.of(one):
            given = one.status.load_balancer.ingress
            outside = () if server.places else (_outside(one, server, nodes),)
            holder = backends.holder(given)
            closes = backends.closing(holder) if holder is not None else ""
            public = _public(server, given, closes) if server.places else ()
            clients = allowed(server.controller.allow, one.metadata.annotations) if server.controller else None
            notes = (*(() if clients is None else (_KEPT,)), *(() if server.sure else (_UNSURE,)))
            for name, backend, hosts in rules:
                forward = _forward(one.metadata, "Ingress", hosts, alone=len(services) == 1, service=name)
                yield Forward(
                    (forward,),
                    name,
                    numbered(backend.port.number, backend.port.name),
                    _WEB,
                    EVERYWHERE if clients is None else clients,
                    assumed=not server.sure,
                    notes=notes,
                    servers=server.places,
                    outside=outside,
                    public=public,
                    holder=holder,
                )


def routes(snapshot: Snapshot, controllers: Controllers) -> Iterator[Forward]:
    """What every OpenShift Route forwards."""
    server = controllers.router()
    for one in snapshot.of(Route, "Route"):
        namespace = namespace_of(one.metadata)
        targets = [each for each in (one.spec.to, *one.spec.alternate_backends) if each.name and each.weight != 0]
        clients = allowed(ROUTER.allow, one.metadata.annotations)
        unseen = Hop("router", _name(server.controller))
        outside = () if server.places else (Way((unseen,), "internet", EVERYWHERE, "proxy", True, (_NOBODY,)),)
        for each in targets:
            if each.kind in ("", "Service"):
                yield Forward(
                    (_forward(one.metadata, "Route", (one.spec.host,), alone=True, service=(namespace, each.name)),),
                    (namespace, each.name),
                    partial(_of_route, wanted=one.spec.port.target_port if one.spec.port else None),
                    _WEB,
                    EVERYWHERE if clients is None else clients,
                    "router",
                    notes=() if clients is None else (_KEPT,),
                    servers=server.places,
                    outside=outside,
                )


def _of_route(port: ServicePort, wanted: int | str | None) -> bool:
    """A route names a port of the pods, by number or name, or of the Service by its name."""
    return wanted in (None, "", 0, port.name, port.target_port) or (port.target_port is None and wanted == port.port)


def _rules(ingress: Ingress) -> list[tuple[Name, IngressServiceBackend, tuple[str, ...]]]:
    """The Services that an Ingress leads to, by port, each with its hosts."""
    namespace = namespace_of(ingress.metadata)
    found: dict[IngressServiceBackend, dict[str, None]] = {}
    default = ingress.spec.default_backend
    if default is not None and default.service is not None:
        found.setdefault(default.service, {})["default backend"] = None
    for rule in ingress.spec.rules:
        for path in rule.http.paths if rule.http is not None else ():
            if path.backend.service is not None:
                found.setdefault(path.backend.service, {})[rule.host or "any host"] = None
    return [((namespace, backend.name), backend, tuple(hosts)) for backend, hosts in found.items()]


def _forward(meta: Meta, kind: str, hosts: tuple[str, ...], *, alone: bool, service: Name) -> Hop:
    name = f"{namespace_of(meta)}/{meta.name}"
    closes = f"{kind} {name}" if alone else f"{kind} {name}, its rules for Service {'/'.join(service)}"
    known = [host for host in hosts if host]
    return Hop(kind.lower(), name, listed(known, 2), closes)


def _public(server: Server, given: Iterable[LoadBalancerIngress], closes: str) -> tuple[Way, ...]:
    """The way by the public address that an Ingress was given; ``closes`` is what takes it away."""
    if reach_of(given) != "internet":
        return ()
    return (Way((Hop("ingress controller", _name(server.controller), addresses_of(given), closes),), "internet"),)


def _outside(ingress: Ingress, server: Server, nodes: Nodes) -> Way:
    """The way to a proxy that is not in the cluster, or that nobody found there."""
    given = ingress.status.load_balancer.ingress
    row = server.controller
    cloud = row is not None and not row.images
    what, name = ("load balancer", row.name) if cloud and row else ("ingress controller", _name(row))
    source, assumed, notes = _source(ingress, row if cloud else None, nodes)
    return Way((Hop(what, name, addresses_of(given)),), source, EVERYWHERE, "proxy", assumed, notes)


def _source(ingress: Ingress, row: Controller | None, nodes: Nodes) -> tuple[Origin, bool, tuple[str, ...]]:
    given = ingress.status.load_balancer.ingress
    by_address = reach_of(given)
    if by_address is not None:
        return by_address, False, () if by_address == "internet" else (FORWARDED,)
    word, key = told(row.signs, ingress.metadata.annotations, nodes.providers) if row is not None else ("", "")
    if word:
        return ("private network" if word == "inside" else "internet"), False, (f"annotation {key}",)
    if row is not None and row.inside:
        return "private network", False, (f"the {row.name} is internal unless an annotation says otherwise",)
    if given:
        return "internet", False, ("its address is known by a name only, which is taken to be public",)
    return "internet", True, (_PENDING if row is not None else _NOBODY,)


def _name(row: Controller | None) -> str:
    return row.name if row is not None else "unknown"
