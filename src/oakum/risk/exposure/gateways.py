"""What the routes of the Gateway API forward, by which gateway, and from where.

Rules: gateway-api.sigs.k8s.io/reference/spec (Listener, AllowedRoutes, ParentReference, BackendRef, ReferenceGrant) and
geps/gep-1762 (labels of what a gateway runs on). A route counts where a listener of its parent takes it: by kind,
namespace, section, port and hostname. A gateway is reached by the ways to its own pods where these are in the cluster,
else by the addresses that it was given, else by what its class is documented to make; else it counts as public.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from oakum.fleet.cluster.networking import (
    BackendReference,
    Gateway,
    GatewayClass,
    GatewayRoute,
    Listener,
    LoadBalancerIngress,
    ParentReference,
    ReferenceGrant,
)
from oakum.fleet.cluster.objects import Map
from oakum.fleet.cluster.selecting import selects
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.risk.exposure.addresses import EVERYWHERE
from oakum.risk.exposure.backends import Backends, Name, gateways_of, numbered, service_of
from oakum.risk.exposure.controllers import Controllers
from oakum.risk.exposure.forwards import Forward
from oakum.risk.exposure.fronts import addresses_of, fronts, reach_of
from oakum.risk.exposure.ground import Ground
from oakum.risk.exposure.model import Hop
from oakum.risk.exposure.nodes import FORWARDED
from oakum.risk.exposure.providers import GATEWAY_CLASSES
from oakum.risk.exposure.ways import Way
from oakum.risk.flows.peers import namespace_of

ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
GROUP = "gateway.networking.k8s.io"
#: The kinds that a listener takes where it names none, by its protocol; any kind for a protocol that is not here.
_KINDS = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute", "TCPRoute"),
    "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}
_PENDING = "nothing tells where the gateway is reached from; it counts as public"
_UNSEEN = "its gateway was not read; it counts as public"


class Reach(msgspec.Struct, frozen=True):
    """How a gateway is reached: through pods in the cluster, or by ways of its own (see ``Forward``)."""

    servers: tuple[int, ...] = ()
    outside: tuple[Way, ...] = ()
    public: tuple[Way, ...] = ()
    holder: Name | None = None


class Gateways:
    """The gateways of a cluster and the routes that hang on them."""

    def __init__(
        self,
        snapshot: Snapshot,
        ground: Ground,
        backends: Backends,
        controllers: Controllers,
        unread: frozenset[str],
    ) -> None:
        """``unread`` are the kinds of which not all objects were read."""
        self._snapshot = snapshot
        self._ground = ground
        self._backends = backends
        self._controllers = controllers
        self._unread = unread
        self._namespaces: dict[str, Map] = {one.metadata.name: one.metadata.labels for one in snapshot.all("Namespace")}
        self._classes = {
            one.metadata.name: one.spec.controller_name for one in snapshot.of(GatewayClass, "GatewayClass")
        }
        self._gateways = {
            (namespace_of(one.metadata), one.metadata.name): one for one in snapshot.of(Gateway, "Gateway")
        }
        self._grants = [(namespace_of(one.metadata), one.spec) for one in snapshot.of(ReferenceGrant, "ReferenceGrant")]
        self._own = self._owned()
        self._reach: dict[Name, Reach] = {}

    def forwards(self) -> Iterator[Forward]:
        """What every route forwards."""
        for kind in ROUTES:
            for route in self._snapshot.of(GatewayRoute, kind):
                services = dict.fromkeys(self._services(route))
                if not services:
                    continue
                parents = dict.fromkeys((name, ports) for name, ports in self._parents(route))
                for name, ports in parents:
                    yield from self._of(route, name, ports, tuple(services))

    def _of(
        self, route: GatewayRoute, gateway: Name, ports: tuple[str, ...], services: tuple[tuple[Name, int], ...]
    ) -> Iterator[Forward]:
        reach = self._reached(gateway)
        stop = Hop("gateway", "/".join(gateway), closes=f"Gateway {'/'.join(gateway)}")
        name = f"{namespace_of(route.metadata)}/{route.metadata.name}"
        hosts = ", ".join(route.spec.hostnames[:2])
        alone = len({service for service, _ in services}) == 1
        for service, number in services:
            closes = f"{route.kind} {name}" + ("" if alone else f", its rules for Service {'/'.join(service)}")
            yield Forward(
                (stop, Hop(route.kind, name, hosts, closes)), service, numbered(number), ports, EVERYWHERE,
                "gateway proxy", servers=reach.servers, outside=reach.outside, public=reach.public,
                holder=reach.holder,
            )  # fmt: skip

    def _parents(self, route: GatewayRoute) -> Iterator[tuple[Name, tuple[str, ...]]]:
        """The gateways whose listeners take a route, with the ports of these."""
        for parent in route.spec.parent_refs:
            if (parent.group, parent.kind) != (GROUP, "Gateway"):
                continue
            name = (parent.namespace or namespace_of(route.metadata), parent.name)
            gateway = self._gateways.get(name)
            if gateway is None:
                if "Gateway" in self._unread:
                    yield name, ("any",)
                continue
            taken = [each for each in gateway.spec.listeners if self._takes(each, gateway, route, parent)]
            if taken:
                udp = route.kind == "UDPRoute"
                yield name, tuple(dict.fromkeys(f"{each.port}/{'UDP' if udp else 'TCP'}" for each in taken))

    def _takes(self, listener: Listener, gateway: Gateway, route: GatewayRoute, parent: ParentReference) -> bool:
        if parent.section_name not in ("", listener.name) or parent.port not in (0, listener.port):
            return False
        kinds = [each.kind for each in listener.allowed_routes.kinds if each.group == GROUP]
        if route.kind not in (kinds or _KINDS.get(listener.protocol, ROUTES)):
            return False
        from_ = listener.allowed_routes.namespaces
        namespace = namespace_of(route.metadata)
        if from_.from_ == "Selector":
            labels = {**self._namespaces.get(namespace, {}), "kubernetes.io/metadata.name": namespace}
            if "Namespace" not in self._unread and not selects(from_.selector, labels):
                return False
        elif from_.from_ != "All" and (from_.from_ != "Same" or namespace != namespace_of(gateway.metadata)):
            return False
        hosts = route.spec.hostnames
        return not listener.hostname or not hosts or any(_meet(listener.hostname, host) for host in hosts)

    def _services(self, route: GatewayRoute) -> Iterator[tuple[Name, int]]:
        own = namespace_of(route.metadata)
        for rule in route.spec.rules:
            for each in rule.backend_refs:
                if (each.group, each.kind) != ("", "Service") or each.weight == 0:
                    continue
                namespace = each.namespace or own
                if namespace == own or self._granted(route.kind, own, namespace, each):
                    yield (namespace, each.name), each.port

    def _granted(self, kind: str, own: str, namespace: str, to: BackendReference) -> bool:
        if "ReferenceGrant" in self._unread:
            return True
        return any(
            where == namespace
            and any((each.group, each.kind, each.namespace) == (GROUP, kind, own) for each in grant.from_)
            and any((each.group, each.kind) == ("", "Service") and each.name in ("", to.name) for each in grant.to)
            for where, grant in self._grants
        )

    def _reached(self, name: Name) -> Reach:
        if name not in self._reach:
            self._reach[name] = self._search(name, self._gateways.get(name))
        return self._reach[name]

    def _search(self, name: Name, gateway: Gateway | None) -> Reach:
        text = "/".join(name)
        if gateway is None:
            return Reach(outside=(Way((), "internet", EVERYWHERE, "proxy", True, (_UNSEEN,)),))
        addresses = [*gateway.status.addresses, *gateway.spec.addresses]
        given = [
            LoadBalancerIngress(ip=each.value) if each.type == "IPAddress" else LoadBalancerIngress(hostname=each.value)
            for each in addresses
        ]
        services, pods = self._own.get(name, ((), ()))
        manual = [found for each in addresses if (found := service_of(each.value)) is not None]
        servers = {*pods, *(one.target for each in (*services, *manual) for one in self._backends.of(each))}
        if not servers and not services and not manual:
            controller = self._classes.get(gateway.spec.gateway_class_name, "")
            servers = set(self._controllers.of_gateway(controller).places)
        public: tuple[Way, ...] = ()
        holder = self._backends.holder(given)
        closes = self._backends.closing(holder) if holder is not None else ""
        if reach_of(given) == "internet":
            public = (Way((Hop("load balancer", text, addresses_of(given), closes),), "internet"),)
        if servers or (manual and not services):
            return Reach(tuple(sorted(servers)), public=public, holder=holder)
        if services:
            ways = [way for each in services for way in self._fronts(each)]
            return Reach(outside=tuple(dict.fromkeys(ways)), public=public, holder=holder)
        return Reach(outside=(self._by_address(gateway, text, given),))

    def _fronts(self, service: Name) -> Iterator[Way]:
        """The ways to a Service of a gateway whose proxy is on the nodes: it has no pods that could be seen."""
        for way, _, _ in fronts(self._backends.services[service], self._ground.nodes, self._backends.closing(service)):
            yield msgspec.structs.replace(way, seen="proxy")

    def _by_address(self, gateway: Gateway, text: str, given: list[LoadBalancerIngress]) -> Way:
        hop = Hop("load balancer", text, addresses_of(given))
        by_address = reach_of(given)
        if by_address is not None:
            notes = () if by_address == "internet" else (FORWARDED,)
            return Way((hop,), by_address, EVERYWHERE, "proxy", False, notes)
        name = gateway.spec.gateway_class_name
        if word := GATEWAY_CLASSES.get(name):
            note = f"load balancers of the GatewayClass {name} are {'internal' if word == 'inside' else 'external'}"
            return Way(
                (hop,), "private network" if word == "inside" else "internet", EVERYWHERE, "proxy", False, (note,)
            )
        return Way((hop,), "internet", EVERYWHERE, "proxy", not given, (_PENDING,))

    def _owned(self) -> dict[Name, tuple[tuple[Name, ...], tuple[int, ...]]]:
        """The Services and pods whose labels name the gateway that they belong to."""
        services: defaultdict[Name, list[Name]] = defaultdict(list)
        pods: defaultdict[Name, list[int]] = defaultdict(list)
        for key, service in self._backends.services.items():
            for name in gateways_of(service.metadata.labels, key[0]):
                services[name].append(key)
        for place, target in enumerate(self._ground.targets):
            for name in gateways_of(target.peer.labels, target.peer.namespace):
                pods[name].append(place)
        return {name: (tuple(services[name]), tuple(pods[name])) for name in {*services, *pods}}


def _meet(one: str, other: str) -> bool:
    """Whether two host names, each perhaps with a wildcard for its first labels, have a host in common."""
    one, other = one.lower(), other.lower()
    if one == other:
        return True
    if one.startswith("*.") and other.startswith("*."):
        return one.endswith(other[1:]) or other.endswith(one[1:])
    if one.startswith("*."):
        return other.endswith(one[1:])
    return other.startswith("*.") and one.endswith(other[1:])
