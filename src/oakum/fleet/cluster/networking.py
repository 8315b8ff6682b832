"""Services, what stands before them, and network policies, as slim structs (see ``objects``).

Sources: the Kubernetes API reference, Gateway API (gateway-api.sigs.k8s.io/reference/spec), the network policy API
(network-policy-api.sigs.k8s.io) and OpenShift's routes.
"""

from __future__ import annotations

import msgspec

from oakum.fleet.cluster.objects import Map, Object, Selector, Slim

# Services and what stands before them


class ServicePort(Slim, frozen=True):
    """A port of a service; ``target_port`` None means the same number, a text is a container port's name."""

    name: str = ""
    port: int = 0
    target_port: int | str | None = None
    node_port: int = 0
    protocol: str = "TCP"
    app_protocol: str = ""


class ServiceSpec(Slim, frozen=True):
    """A service's wanted state; ``selector`` None or empty means that endpoints are made by hand."""

    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    ports: tuple[ServicePort, ...] = ()
    selector: Map = msgspec.field(default_factory=dict)
    external_ips: tuple[str, ...] = msgspec.field(default=(), name="externalIPs")
    external_name: str = ""
    load_balancer_source_ranges: tuple[str, ...] = ()
    load_balancer_class: str = ""
    load_balancer_ip: str = msgspec.field(default="", name="loadBalancerIP")
    external_traffic_policy: str = ""
    internal_traffic_policy: str = ""
    allocate_load_balancer_node_ports: bool | None = None
    publish_not_ready_addresses: bool = False


class LoadBalancerIngress(Slim, frozen=True):
    """One address that a load balancer has been given."""

    ip: str = ""
    hostname: str = ""


class LoadBalancerStatus(Slim, frozen=True):
    """The addresses of a load balancer."""

    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(Slim, frozen=True):
    """A service's observed state."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(Object, frozen=True):
    """A service."""

    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class ObjectReference(Slim, frozen=True):
    """Another object by kind, namespace and name."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class EndpointConditions(Slim, frozen=True):
    """None means: take it as true (ready, serving) or false (terminating)."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Slim, frozen=True):
    """One backend of a service."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    target_ref: ObjectReference | None = None
    node_name: str = ""


class EndpointPort(Slim, frozen=True):
    """A port of an endpoint slice; None: every port."""

    name: str = ""
    port: int | None = None
    protocol: str = "TCP"


class EndpointSlice(Object, frozen=True):
    """Backends of the service that the label ``kubernetes.io/service-name`` names."""

    address_type: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


class BackendPort(Slim, frozen=True):
    """A service's port by number or by name."""

    number: int = 0
    name: str = ""


class IngressServiceBackend(Slim, frozen=True):
    """A service as the backend of an ingress."""

    name: str = ""
    port: BackendPort = BackendPort()


class IngressBackend(Slim, frozen=True):
    """A backend; a resource instead of a service is None here."""

    service: IngressServiceBackend | None = None


class IngressPath(Slim, frozen=True):
    """One path of a rule."""

    path: str = ""
    path_type: str = ""
    backend: IngressBackend = IngressBackend()


class IngressHttp(Slim, frozen=True):
    """The paths of a rule."""

    paths: tuple[IngressPath, ...] = ()


class IngressRule(Slim, frozen=True):
    """The paths of one host; an empty host is every host."""

    host: str = ""
    http: IngressHttp | None = None


class IngressSpec(Slim, frozen=True):
    """An ingress's wanted state; ``ingress_class_name`` None: the annotation or the default class decides."""

    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    rules: tuple[IngressRule, ...] = ()


class Ingress(Object, frozen=True):
    """An ingress; its status names the addresses at which it is served."""

    spec: IngressSpec = IngressSpec()
    status: ServiceStatus = ServiceStatus()


class IngressClassSpec(Slim, frozen=True):
    """Which controller serves the class."""

    controller: str = ""


class IngressClass(Object, frozen=True):
    """An ingress class; the annotation ``ingressclass.kubernetes.io/is-default-class`` marks the default."""

    spec: IngressClassSpec = IngressClassSpec()


class RouteTarget(Slim, frozen=True):
    """The service that an OpenShift route leads to."""

    kind: str = ""
    name: str = ""
    weight: int | None = None


class RoutePort(Slim, frozen=True):
    """The service's target port, a number or a name."""

    target_port: int | str | None = None


class RouteSpec(Slim, frozen=True):
    """An OpenShift route's wanted state."""

    host: str = ""
    to: RouteTarget = RouteTarget()
    alternate_backends: tuple[RouteTarget, ...] = ()
    port: RoutePort | None = None


class Route(Object, frozen=True):
    """A route of OpenShift (route.openshift.io/v1)."""

    spec: RouteSpec = RouteSpec()


# Gateway API


class GatewayClassSpec(Slim, frozen=True):
    """Which controller serves the class."""

    controller_name: str = ""


class GatewayClass(Object, frozen=True):
    """A gateway class."""

    spec: GatewayClassSpec = GatewayClassSpec()


class RouteNamespaces(Slim, frozen=True):
    """From which namespaces routes may attach: All, Same (the default) or Selector."""

    from_: str = msgspec.field(default="Same", name="from")
    selector: Selector | None = None


class GroupKind(Slim, frozen=True):
    """A kind of route."""

    group: str = "gateway.networking.k8s.io"
    kind: str = ""


class AllowedRoutes(Slim, frozen=True):
    """Which routes may attach to a listener."""

    namespaces: RouteNamespaces = RouteNamespaces()
    kinds: tuple[GroupKind, ...] = ()


class Listener(Slim, frozen=True):
    """One port of a gateway."""

    name: str = ""
    hostname: str = ""
    port: int = 0
    protocol: str = ""
    allowed_routes: AllowedRoutes = AllowedRoutes()


class GatewayAddress(Slim, frozen=True):
    """An address of a gateway: IPAddress, Hostname or the implementation's own type."""

    type: str = "IPAddress"
    value: str = ""


class GatewaySpec(Slim, frozen=True):
    """A gateway's wanted state."""

    gateway_class_name: str = ""
    listeners: tuple[Listener, ...] = ()
    addresses: tuple[GatewayAddress, ...] = ()


class GatewayStatus(Slim, frozen=True):
    """The addresses that a gateway has been given."""

    addresses: tuple[GatewayAddress, ...] = ()


class Gateway(Object, frozen=True):
    """A gateway."""

    spec: GatewaySpec = GatewaySpec()
    status: GatewayStatus = GatewayStatus()


class ParentReference(Slim, frozen=True):
    """What a route attaches to; namespace empty: the route's own. Kind Service is a mesh, no gateway."""

    group: str = "gateway.networking.k8s.io"
    kind: str = "Gateway"
    namespace: str = ""
    name: str = ""
    section_name: str = ""
    port: int = 0


class BackendReference(Slim, frozen=True):
    """Where a route leads; namespace empty: the route's own, another one needs a ReferenceGrant. Weight 0: nowhere."""

    group: str = ""
    kind: str = "Service"
    namespace: str = ""
    name: str = ""
    port: int = 0
    weight: int | None = None


class GatewayRouteRule(Slim, frozen=True):
    """One rule of a route."""

    backend_refs: tuple[BackendReference, ...] = ()


class GatewayRouteSpec(Slim, frozen=True):
    """What HTTPRoute, GRPCRoute, TLSRoute, TCPRoute and UDPRoute have in common."""

    parent_refs: tuple[ParentReference, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[GatewayRouteRule, ...] = ()


class GatewayRoute(Object, frozen=True):
    """HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute, told apart by ``kind``."""

    spec: GatewayRouteSpec = GatewayRouteSpec()


class GrantFrom(Slim, frozen=True):
    """Who may refer."""

    group: str = ""
    kind: str = ""
    namespace: str = ""


class GrantTo(Slim, frozen=True):
    """To what in the grant's namespace; an empty name: to all of the kind."""

    group: str = ""
    kind: str = ""
    name: str = ""


class ReferenceGrantSpec(Slim, frozen=True):
    """Any of the first to any of the second."""

    from_: tuple[GrantFrom, ...] = msgspec.field(default=(), name="from")
    to: tuple[GrantTo, ...] = ()


class ReferenceGrant(Object, frozen=True):
    """A permission to refer across namespaces."""

    spec: ReferenceGrantSpec = ReferenceGrantSpec()


# Network policies


class IPBlock(Slim, frozen=True):
    """An address range less the exceptions within it."""

    cidr: str = ""
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")


class NetworkPolicyPeer(Slim, frozen=True):
    """A peer: pods (by pod selector in the own namespace, by namespace selector, or by both) or an address range."""

    pod_selector: Selector | None = None
    namespace_selector: Selector | None = None
    ip_block: IPBlock | None = None


class NetworkPolicyPort(Slim, frozen=True):
    """A port, a name or a range to ``end_port``; ``port`` None: every port of the protocol."""

    protocol: str = "TCP"
    port: int | str | None = None
    end_port: int | None = None


class NetworkPolicyIngressRule(Slim, frozen=True):
    """Allows from any of the peers (none named: from everywhere) to any of the ports (none named: to all)."""

    from_: tuple[NetworkPolicyPeer, ...] = msgspec.field(default=(), name="from")
    ports: tuple[NetworkPolicyPort, ...] = ()


class NetworkPolicyEgressRule(Slim, frozen=True):
    """Allows to any of the peers (none named: everywhere) at any of the ports (none named: all)."""

    to: tuple[NetworkPolicyPeer, ...] = ()
    ports: tuple[NetworkPolicyPort, ...] = ()


class NetworkPolicySpec(Slim, frozen=True):
    """``policy_types`` empty: Ingress always, Egress where an egress rule stands."""

    pod_selector: Selector = Selector()
    policy_types: tuple[str, ...] = ()
    ingress: tuple[NetworkPolicyIngressRule, ...] = ()
    egress: tuple[NetworkPolicyEgressRule, ...] = ()


class NetworkPolicy(Object, frozen=True):
    """A network policy (networking.k8s.io/v1)."""

    spec: NetworkPolicySpec = NetworkPolicySpec()


class PodsOf(Slim, frozen=True):
    """Pods by both selectors."""

    namespace_selector: Selector = Selector()
    pod_selector: Selector = Selector()


class AdminPortNumber(Slim, frozen=True):
    """One port."""

    protocol: str = "TCP"
    port: int = 0


class AdminPortRange(Slim, frozen=True):
    """Ports from ``start`` to ``end``, both included."""

    protocol: str = "TCP"
    start: int = 0
    end: int = 0


class AdminPort(Slim, frozen=True):
    """v1alpha1: exactly one of a number, a range, or a container port's name (of any protocol)."""

    port_number: AdminPortNumber | None = None
    port_range: AdminPortRange | None = None
    named_port: str | None = None


class PortOrRange(Slim, frozen=True):
    """v1alpha2: one number, or a range; both None: every port of the protocol."""

    number: int | None = None
    range: AdminPortRange | None = None


class TransportMatch(Slim, frozen=True):
    """v1alpha2: what one protocol matches by destination port."""

    destination_port: PortOrRange | None = None


class ProtocolMatch(Slim, frozen=True):
    """v1alpha2: exactly one of the protocols, or a destination port by its name."""

    tcp: TransportMatch | None = None
    udp: TransportMatch | None = None
    sctp: TransportMatch | None = None
    destination_named_port: str | None = None


class AdminPeer(Slim, frozen=True):
    """A peer of an admin rule: exactly one field is set, all others are None; nothing known set: matches nothing."""

    namespaces: Selector | None = None
    pods: PodsOf | None = None
    nodes: Selector | None = None
    networks: tuple[str, ...] | None = None
    domain_names: tuple[str, ...] | None = None


class AdminRule(Slim, frozen=True):
    """One rule, in order of the list: ``action`` is Allow or Accept (v1alpha2), Deny, Pass."""

    name: str = ""
    action: str = ""
    from_: tuple[AdminPeer, ...] = msgspec.field(default=(), name="from")
    to: tuple[AdminPeer, ...] = ()
    ports: tuple[AdminPort, ...] | None = None
    protocols: tuple[ProtocolMatch, ...] | None = None


class AdminSubject(Slim, frozen=True):
    """Whom the policy is about: exactly one is set."""

    namespaces: Selector | None = None
    pods: PodsOf | None = None


class AdminPolicySpec(Slim, frozen=True):
    """``tier`` (Admin or Baseline) only in v1alpha2; a lower ``priority`` number goes first."""

    priority: int = 0
    tier: str = ""
    subject: AdminSubject = AdminSubject()
    ingress: tuple[AdminRule, ...] = ()
    egress: tuple[AdminRule, ...] = ()


class AdminPolicy(Object, frozen=True):
    """AdminNetworkPolicy and BaselineAdminNetworkPolicy (policy.networking.k8s.io/v1alpha1), ClusterNetworkPolicy
    (v1alpha2), told apart by ``kind``."""

    spec: AdminPolicySpec = AdminPolicySpec()
