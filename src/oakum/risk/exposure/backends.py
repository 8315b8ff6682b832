"""Where Services lead: by selector, by endpoint slices that somebody wrote, or, for an ExternalName, nowhere here.

Rules: kubernetes.io/docs/concepts/services-networking/service ("Services without selectors", "type: ExternalName") and
endpoint-slices. An ExternalName with the cluster's own name for a Service (``web.shop.svc.cluster.local``) is an alias
that proxies follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import msgspec

from oakum.fleet.cluster.networking import EndpointSlice, LoadBalancerIngress, Service, ServicePort
from oakum.fleet.cluster.objects import Map
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.risk.exposure.ground import Ground
from oakum.risk.exposure.providers import GATEWAY_LABELS
from oakum.risk.flows.peers import namespace_of

#: A Service by namespace and name.
Name = tuple[str, str]
_SERVICE_NAME = "kubernetes.io/service-name"
#: The API server's own Service, whose endpoints it writes itself.
API_SERVER: Name = ("default", "kubernetes")


class Backend(msgspec.Struct, frozen=True):
    """Where one port of a Service leads: a target (by its place) and the port there."""

    port: ServicePort
    target: int
    number: int


class Backends:
    """The Services of a cluster and where they lead; each is looked up once."""

    def __init__(self, snapshot: Snapshot, ground: Ground) -> None:
        self._ground = ground
        self.services: dict[Name, Service] = {
            (namespace_of(one.metadata), one.metadata.name): one for one in snapshot.of(Service, "Service")
        }
        self._slices: defaultdict[Name, list[EndpointSlice]] = defaultdict(list)
        for each in snapshot.of(EndpointSlice, "EndpointSlice"):
            if name := each.metadata.labels.get(_SERVICE_NAME):
                self._slices[namespace_of(each.metadata), name].append(each)
        self._found: dict[Name, tuple[Backend, ...]] = {}
        self._gateways = {(namespace_of(one.metadata), one.metadata.name) for one in snapshot.all("Gateway")}
        self._holders = {
            address: name
            for name, service in self.services.items()
            for given in service.status.load_balancer.ingress
            for address in (given.ip, given.hostname)
            if address
        }

    def of(self, name: Name) -> tuple[Backend, ...]:
        """Where the ports of a Service lead; nowhere where there is no such Service."""
        if name not in self._found:
            service = self.services.get(name)
            self._found[name] = () if service is None else tuple(dict.fromkeys(self._search(service)))
        return self._found[name]

    def alias(self, name: Name) -> Name:
        """The Service that a Service stands for: itself, or the one that an ExternalName means."""
        service = self.services.get(name)
        if service is None or service.spec.type != "ExternalName":
            return name
        return service_of(service.spec.external_name) or name

    def closing(self, name: Name) -> str:
        """The object whose removal closes a Service: the Service, or the Gateway whose controller made it and would
        make it again."""
        service = self.services.get(name)
        for gateway in gateways_of(service.metadata.labels, name[0]) if service is not None else ():
            if gateway in self._gateways:
                return f"Gateway {'/'.join(gateway)}"
        return f"Service {'/'.join(name)}"

    def holder(self, given: Iterable[LoadBalancerIngress]) -> Name | None:
        """The Service that has all these addresses as its own; None where no single one has."""
        names = {self._holders.get(each.ip or each.hostname) for each in given}
        return names.pop() if len(names) == 1 else None

    def by_hand(self, name: Name) -> bool:
        """Whether the backends of a Service are what somebody wrote as endpoint slices."""
        service = self.services.get(name)
        if service is None or name == API_SERVER:
            return False
        return not service.spec.selector and service.spec.type != "ExternalName"

    def api_servers(self) -> frozenset[str]:
        """The addresses of the API server, as it says itself."""
        return frozenset(
            address
            for part in self._slices.get(API_SERVER, ())
            for endpoint in part.endpoints
            for address in endpoint.addresses
        )

    def _search(self, service: Service) -> Iterable[Backend]:
        if service.spec.type == "ExternalName":
            return
        namespace = namespace_of(service.metadata)
        if not service.spec.selector:
            yield from self._written(service)
            return
        for place in self._ground.select(namespace, service.spec.selector):
            for port in service.spec.ports:
                wanted = port.port if port.target_port in (None, "", 0) else port.target_port
                number = self._ground.targets[place].number(wanted or port.port, port.protocol)
                if number is not None:
                    yield Backend(port, place, number)

    def _written(self, service: Service) -> Iterator[Backend]:
        for part in self._slices.get((namespace_of(service.metadata), service.metadata.name), ()):
            places = self._places(part)
            for own in part.ports:
                for port in service.spec.ports:
                    if port.name != own.name or port.protocol != own.protocol:
                        continue
                    number = own.port or port.port
                    for place in places:
                        if self._ground.listens(place, port.protocol, number):
                            yield Backend(port, place, number)

    def _places(self, part: EndpointSlice) -> list[int]:
        """The targets that a slice names, by pod or by address."""
        places: set[int] = set()
        for endpoint in part.endpoints:
            reference = endpoint.target_ref
            pod = None
            if reference is not None and reference.kind in ("", "Pod"):
                pod = self._ground.of_pod.get((reference.namespace or namespace_of(part.metadata), reference.name))
            if pod is not None:
                places.add(pod)
            else:
                for address in endpoint.addresses:
                    places |= self._ground.by_address.get(address, set())
        return sorted(places)


def service_of(host: str) -> Name | None:
    """The Service that a host name of the cluster means, ``NAME.NAMESPACE.svc`` with or without a domain."""
    parts = host.strip().lower().rstrip(".").split(".")
    return (parts[1], parts[0]) if len(parts) >= 3 and parts[2] == "svc" else None


def gateways_of(labels: Map, namespace: str) -> Iterator[Name]:
    """The gateways that own a Service or a pod, as its labels name them."""
    for key, other in GATEWAY_LABELS:
        if name := labels.get(key):
            yield labels.get(other, namespace) if other else namespace, name


#: Chooses ports of a Service.
Choice = Callable[[ServicePort], bool]


def numbered(number: int, name: str = "") -> Choice:
    """The port of that number, or of that name where the number is 0 (API type ServiceBackendPort)."""
    return lambda port: port.port == number if number else bool(name) and port.name == name
