"""Who may connect to whom, decided slowly: every policy is walked for one connection at a time, as its text reads.

Shares nothing with the evaluator under test but the structs of the objects. Written from:

- NetworkPolicy v1: kubernetes.io/docs/concepts/services-networking/network-policies and the API reference
  (NetworkPolicySpec, NetworkPolicyPeer, NetworkPolicyPort, IPBlock, LabelSelector);
- AdminNetworkPolicy and BaselineAdminNetworkPolicy v1alpha1, ClusterNetworkPolicy v1alpha2:
  network-policy-api.sigs.k8s.io, api-overview and reference/spec.

Where the texts leave the behaviour to the network plugin, this takes what they call the most common one: pods on the
host network are neither selected by policies nor by their selectors; they are reached, and seen, by their address.
A pod's own node always reaches it, as no admin rule can name a node as a source; that the pod always reaches its node
is a rule of NetworkPolicy alone, for admin rules are "read as-is".
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import NamedTuple

from oakum.fleet.cluster.networking import (
    AdminPeer,
    AdminPolicy,
    AdminRule,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    PodsOf,
)
from oakum.fleet.cluster.objects import Map, Namespace, Node, Pod, Selector
from oakum.fleet.cluster.snapshot import Snapshot

PROTOCOLS = ("TCP", "UDP", "SCTP")
NAME_LABEL = "kubernetes.io/metadata.name"


class Link(NamedTuple):
    """One connection seen from one of its ends.

    ``subject`` is the pod whose policies are asked, ``peer`` the pod at the other end (None: no pod, an address),
    ``address`` the other end's, ``target`` the pod whose port it is (None: an address outside). ``own_node`` says
    whether what comes from, or goes to, the pod's own node is always allowed.
    """

    subject: Pod
    peer: Pod | None
    address: str
    target: Pod | None
    protocol: str
    port: int
    own_node: bool


def allowed(
    cluster: Snapshot, source: Pod | str, target: Pod | str, protocol: str, port: int, *, own_node: bool = True
) -> bool:
    """Whether the connection is let through by the policies on both of its ends."""
    if isinstance(source, Pod) and isinstance(target, Pod) and source.key == target.key:
        return True  # "a pod cannot block access to itself"
    for source_address, target_address in families(source, target):
        leaves = enters = True
        if isinstance(source, Pod):
            peer = target if isinstance(target, Pod) else None
            leaves = passes(cluster, "Egress", Link(source, peer, target_address, peer, protocol, port, own_node))
        if isinstance(target, Pod):
            peer = source if isinstance(source, Pod) else None
            enters = passes(cluster, "Ingress", Link(target, peer, source_address, target, protocol, port, own_node))
        if leaves and enters:
            return True
    return False


def addresses(end: Pod | str) -> list[str]:
    """The addresses of an end; an empty text where a pod has none yet."""
    if isinstance(end, str):
        return [end]
    found = [one.ip for one in end.status.pod_ips] or [end.status.pod_ip]
    if not found[0] and end.spec.host_network:
        found = [end.status.host_ip]
    return found


def families(source: Pod | str, target: Pod | str) -> list[tuple[str, str]]:
    """The pairs of addresses between which a connection can be: both of one family, or one of them unknown.

    Two pods that have no family in common are judged by their policies all the same.
    """
    pairs = [(one, other) for one in addresses(source) for other in addresses(target)]
    found = [(one, other) for one, other in pairs if not one or not other or (":" in one) == (":" in other)]
    return found or (pairs if isinstance(source, Pod) and isinstance(target, Pod) else [])


def is_own_node(cluster: Snapshot, link: Link) -> bool:
    """Whether the other end is the node of the pod, or on that node's network."""
    on = link.subject.spec.node_name
    if link.peer is not None:
        return link.peer.spec.host_network and bool(on) and link.peer.spec.node_name == on
    known = [
        one.address for node in cluster.of(Node, "Node") if node.metadata.name == on for one in node.status.addresses
    ]
    return link.address in (*known, link.subject.status.host_ip)


def passes(cluster: Snapshot, direction: str, link: Link) -> bool:
    """Admin tier, then NetworkPolicy for pods that one selects, then baseline, then the default of Kubernetes."""
    if link.subject.spec.host_network:
        return True
    own_node = link.own_node and is_own_node(cluster, link)
    if own_node and direction == "Ingress":
        return True
    word = first_word(cluster, "Admin", direction, link)
    if word == "Deny":
        return False
    if word in ("Allow", "Accept"):
        return True
    isolating = [
        policy
        for policy in cluster.of(NetworkPolicy, "NetworkPolicy")
        if policy.metadata.namespace == link.subject.metadata.namespace
        and selects(policy.spec.pod_selector, link.subject.metadata.labels)
        and direction in types_of(policy)
    ]
    if isolating:
        return own_node or any(network_policy_allows(cluster, policy, direction, link) for policy in isolating)
    return first_word(cluster, "Baseline", direction, link) != "Deny"


# Selectors


def selects(selector: Selector, labels: Map) -> bool:
    """Label selector: all of matchLabels and matchExpressions must hold; NotIn also holds where the key is absent."""
    for key, value in selector.match_labels.items():
        if labels.get(key) != value:
            return False
    for one in selector.match_expressions:
        if one.operator == "In":
            holds = one.key in labels and labels[one.key] in one.values
        elif one.operator == "NotIn":
            holds = one.key not in labels or labels[one.key] not in one.values
        elif one.operator == "Exists":
            holds = one.key in labels
        else:
            assert one.operator == "DoesNotExist"
            holds = one.key not in labels
        if not holds:
            return False
    return True


def namespace_labels(cluster: Snapshot, name: str) -> Map:
    """A namespace's labels, with the one that the API server sets on each."""
    for one in cluster.of(Namespace, "Namespace"):
        if one.metadata.name == name:
            return {NAME_LABEL: name, **one.metadata.labels}
    return {NAME_LABEL: name}


def in_block(address: str, cidr: str) -> bool:
    """Whether an address is known and lies in a range."""
    return bool(address) and ip_address(address) in ip_network(cidr, strict=False)


def names_port(pod: Pod | None, name: str, protocol: str | None, number: tuple[str, int]) -> bool:
    """Whether a pod has a port of that name (and protocol, where one is asked for) with that protocol and number."""
    if pod is None or pod.spec.host_network:
        return False  # A node has no names of ports.
    sidecars = [one for one in pod.spec.init_containers if one.restart_policy == "Always"]
    return any(
        port.name == name and protocol in (None, port.protocol) and (port.protocol, port.container_port) == number
        for container in (*pod.spec.containers, *sidecars)
        for port in container.ports
    )


# NetworkPolicy


def types_of(policy: NetworkPolicy) -> tuple[str, ...]:
    """Named ones; else always Ingress, and Egress where there is an egress rule."""
    if policy.spec.policy_types:
        return policy.spec.policy_types
    return ("Ingress", "Egress") if policy.spec.egress else ("Ingress",)


def network_policy_allows(cluster: Snapshot, policy: NetworkPolicy, direction: str, link: Link) -> bool:
    if direction == "Ingress":
        rules = [(rule.from_, rule.ports) for rule in policy.spec.ingress]
    else:
        rules = [(rule.to, rule.ports) for rule in policy.spec.egress]
    for peers, ports in rules:
        by_peer = not peers or any(network_peer(cluster, policy, peer, link) for peer in peers)
        by_port = not ports or any(network_port(port, link) for port in ports)
        if by_peer and by_port:
            return True
    return False


def network_peer(cluster: Snapshot, policy: NetworkPolicy, peer: NetworkPolicyPeer, link: Link) -> bool:
    if peer.ip_block is not None:
        if not in_block(link.address, peer.ip_block.cidr):
            return False
        return not any(in_block(link.address, exception) for exception in peer.ip_block.except_)
    if peer.pod_selector is None and peer.namespace_selector is None:
        return False
    if link.peer is None or link.peer.spec.host_network:
        return False
    namespace = link.peer.metadata.namespace
    if peer.namespace_selector is None:
        if namespace != policy.metadata.namespace:
            return False
    elif not selects(peer.namespace_selector, namespace_labels(cluster, namespace)):
        return False
    return peer.pod_selector is None or selects(peer.pod_selector, link.peer.metadata.labels)


def network_port(port: NetworkPolicyPort, link: Link) -> bool:
    if port.protocol != link.protocol:
        return False
    if port.port is None:
        return True
    if isinstance(port.port, str):
        return names_port(link.target, port.port, port.protocol, (link.protocol, link.port))
    return port.port <= link.port <= (port.port if port.end_port is None else port.end_port)


# Admin policies


def first_word(cluster: Snapshot, tier: str, direction: str, link: Link) -> str:
    """The action of the first rule that matches, by priority and then by the order of the list; empty where none."""
    found: list[AdminPolicy] = list(
        cluster.of(AdminPolicy, {"Admin": "AdminNetworkPolicy", "Baseline": "BaselineAdminNetworkPolicy"}[tier])
    )
    found += [one for one in cluster.of(AdminPolicy, "ClusterNetworkPolicy") if one.spec.tier == tier]
    for policy in sorted(found, key=lambda one: one.spec.priority):
        subject = policy.spec.subject
        if not pods_match(cluster, subject.namespaces, subject.pods, link.subject):
            continue
        for rule in policy.spec.ingress if direction == "Ingress" else policy.spec.egress:
            peers = rule.from_ if direction == "Ingress" else rule.to
            if any(peer == AdminPeer() for peer in peers):
                # A peer of a kind that is not known: "fail closed".
                if rule.action in ("Deny", "Pass"):
                    return "Deny"
                continue
            if any(admin_peer(cluster, peer, link) for peer in peers) and admin_ports(rule, link):
                return rule.action
    return ""


def pods_match(cluster: Snapshot, namespaces: Selector | None, pods: PodsOf | None, pod: Pod) -> bool:
    if pod.spec.host_network:
        return False
    labels = namespace_labels(cluster, pod.metadata.namespace)
    if namespaces is not None:
        return selects(namespaces, labels)
    if pods is not None:
        return selects(pods.namespace_selector, labels) and selects(pods.pod_selector, pod.metadata.labels)
    return False


def admin_peer(cluster: Snapshot, peer: AdminPeer, link: Link) -> bool:
    if peer.networks is not None:
        return any(in_block(link.address, cidr) for cidr in peer.networks)
    if peer.nodes is not None:
        return any(
            bool(link.address) and known.address == link.address
            for node in cluster.of(Node, "Node")
            if selects(peer.nodes, node.metadata.labels)
            for known in node.status.addresses
        )
    return link.peer is not None and pods_match(cluster, peer.namespaces, peer.pods, link.peer)


def admin_ports(rule: AdminRule, link: Link) -> bool:
    number = (link.protocol, link.port)
    if rule.ports is not None:
        for port in rule.ports:
            if port.port_number is not None and (port.port_number.protocol, port.port_number.port) == number:
                return True
            if (
                port.port_range is not None
                and port.port_range.protocol == link.protocol
                and port.port_range.start <= link.port <= port.port_range.end
            ):
                return True
            if port.named_port is not None and names_port(link.target, port.named_port, None, number):
                return True
        return False
    if rule.protocols is not None:
        for one in rule.protocols:
            if one.destination_named_port is not None and names_port(
                link.target, one.destination_named_port, None, number
            ):
                return True
            match = {"TCP": one.tcp, "UDP": one.udp, "SCTP": one.sctp}[link.protocol]
            if match is None:
                continue
            place = match.destination_port
            if place is None or (place.number is None and place.range is None):
                return True
            if place.number == link.port:
                return True
            if place.range is not None and place.range.start <= link.port <= place.range.end:
                return True
        return False
    return True
