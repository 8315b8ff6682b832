"""What stands before a Service: load balancers, node ports and external addresses, and who can reach each.

Rules: kubernetes.io/docs/concepts/services-networking/service ("type: NodePort", "type: LoadBalancer", "External IPs",
"Internal load balancer") and kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1. The address that
a load balancer was given decides; where there is none, or only a name, the annotations do; where these say nothing, it
counts as public. ``loadBalancerSourceRanges`` guard the load balancer only, not the node ports behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oakum.fleet.cluster.networking import LoadBalancerIngress, Service, ServicePort
from oakum.risk.exposure.addresses import EVERYWHERE, Ranges, is_public, limits
from oakum.risk.exposure.model import Hop, Origin
from oakum.risk.exposure.nodes import FORWARDED, Nodes
from oakum.risk.exposure.providers import (
    AWS_CONTROLLER_TYPES,
    AWS_TYPE,
    INSIDE_CLASSES,
    SERVICE_RANGES,
    SERVICE_SIGNS,
    allowed,
    told,
)
from oakum.risk.exposure.ways import Seen, Way
from oakum.risk.flows.peers import namespace_of

_PENDING = "the load balancer has no address yet; it counts as what was asked for"
_KEPT = "the platform keeps the allowed source ranges of load balancers; those that cannot ignore them"
_NAME_ONLY = "the load balancer is known by a name only, which is taken to be public"
#: How the names of AWS' classic and application load balancers end, and how those of internal ones begin
#: (docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-internal-load-balancers.html). Those of network load
#: balancers, NAME.elb.REGION.amazonaws.com, do not tell.
_AWS_NAMES = (".elb.amazonaws.com", ".elb.amazonaws.com.cn")
_AWS_INTERNAL = ("internal-", "dualstack.internal-")


def fronts(service: Service, nodes: Nodes, closes: str) -> Iterator[tuple[Way, ServicePort, str]]:
    """Every way from outside of the cluster to a port of a Service, with the port that clients use; ``closes`` is the
    object whose removal closes them."""
    spec = service.spec
    if spec.type == "ExternalName":
        return
    name = f"{namespace_of(service.metadata)}/{service.metadata.name}"
    seen: Seen = "client" if spec.external_traffic_policy == "Local" else "node"
    stop = Hop("service", name)
    if spec.type == "LoadBalancer":
        source, detail, assumed, notes = _load_balancer(service, nodes)
        clients = source_ranges(service)
        if clients != EVERYWHERE:
            notes = (*notes, _KEPT)
        hop = Hop("load balancer", name, detail, closes)
        for port in spec.ports:
            yield Way((hop, stop), source, clients, seen, assumed, notes), port, f"{port.port}/{port.protocol}"
    if spec.type in ("NodePort", "LoadBalancer"):
        zone = nodes.any
        for port in spec.ports:
            if port.node_port or spec.type == "NodePort":
                number = str(port.node_port or "any")
                hop = Hop("node port", name, ":".join(filter(None, (zone.address, number))), closes)
                way = Way((hop, stop), zone.source, EVERYWHERE, seen, zone.assumed, (zone.assumption,))
                yield way, port, f"{number}/{port.protocol}"
    for address in spec.external_ips:
        routed: Origin = "internet" if is_public(address) else "private network"
        note = f"the network routes {address} to the nodes"
        hop = Hop("external address", name, address, closes)
        for port in spec.ports:
            yield Way((hop, stop), routed, EVERYWHERE, seen, False, (note,)), port, f"{port.port}/{port.protocol}"


def source_ranges(service: Service) -> Ranges:
    """Whom the load balancer of a Service lets in."""
    if service.spec.load_balancer_source_ranges:
        return limits(text.strip() for text in service.spec.load_balancer_source_ranges)
    found = allowed(SERVICE_RANGES, service.metadata.annotations)
    return EVERYWHERE if found is None else found


def _load_balancer(service: Service, nodes: Nodes) -> tuple[Origin, str, bool, tuple[str, ...]]:
    """From where a load balancer can be reached: its source, its address, whether that is assumed, and the notes."""
    given = service.status.load_balancer.ingress
    by_address = reach_of(given)
    if by_address is not None:
        return by_address, addresses_of(given), False, () if by_address == "internet" else (FORWARDED,)
    asked, why = _asked(service, nodes)
    if given:
        if asked == "private network":
            return asked, addresses_of(given), False, (why,)
        return "internet", addresses_of(given), False, (_NAME_ONLY, *filter(None, (why,)))
    wanted = service.spec.load_balancer_ip
    if asked is None and wanted and is_public(wanted) is False:
        return "private network", f"asked for {wanted}", False, (_PENDING,)
    if asked is not None:
        return asked, "no address yet", False, (_PENDING, why)
    return "internet", "no address yet", True, (_PENDING,)


def reach_of(given: Iterable[LoadBalancerIngress]) -> Origin | None:
    """From where given addresses can be reached; None where they do not tell: no address, or only a plain name."""
    known = [public for each in given if (public := is_public(each.ip)) is not None]
    if known:
        return "internet" if any(known) else "private network"
    names = [each.hostname.lower() for each in given if each.hostname]
    telling = [name for name in names if name.endswith(_AWS_NAMES)]
    if not all(name.startswith(_AWS_INTERNAL) for name in telling):
        return "internet"
    return "private network" if telling and telling == names else None


def addresses_of(given: Iterable[LoadBalancerIngress]) -> str:
    """Addresses and names as text."""
    return ", ".join(each.ip or each.hostname for each in given)


def _asked(service: Service, nodes: Nodes) -> tuple[Origin | None, str]:
    """What annotations and the class ask for, None where they say nothing; and what says so."""
    annotations = service.metadata.annotations
    word, key = told(SERVICE_SIGNS, annotations, nodes.providers)
    if word:
        return ("private network" if word == "inside" else "internet"), f"annotation {key}"
    name = service.spec.load_balancer_class
    if name in INSIDE_CLASSES:
        return "private network", f"load balancers of class {name} are internal unless an annotation says otherwise"
    if not name and annotations.get(AWS_TYPE) in AWS_CONTROLLER_TYPES:
        return (
            "private network",
            "the AWS Load Balancer Controller makes internal ones unless an annotation says otherwise",
        )
    return None, ""
