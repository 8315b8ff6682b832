"""NetworkPolicy (networking.k8s.io/v1): what one means, and what the API server would refuse in one.

Source: the API reference of NetworkPolicy and kubernetes.io/docs/concepts/services-networking/network-policies. An
``ipBlock`` meets pods by the addresses that the snapshot knows, as in the conformance tests of Kubernetes and with most
network plugins; a pod whose address is not known, as in manifests, is met by none. A peer in which nothing is set
stands for an option that is not known here, and matches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oakum.fleet.assets import Gap
from oakum.fleet.cluster.networking import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
)
from oakum.risk.flows.addresses import Network, parse_network
from oakum.risk.flows.peers import namespace_of
from oakum.risk.flows.ports import LAST, PROTOCOLS, Ports
from oakum.risk.flows.rules import DIRECTIONS, Direction, Policy, Rule, World, assumed, first_problem
from oakum.risk.flows.selection import wrong_in

_TYPES = ("Ingress", "Egress")

Parts = tuple[tuple[NetworkPolicyPeer, ...], tuple[NetworkPolicyPort, ...]]


def name_of(policy: NetworkPolicy) -> str:
    """As people and options name it: ``NetworkPolicy ns/name``."""
    return f"NetworkPolicy {namespace_of(policy.metadata)}/{policy.metadata.name}"


def directions(policy: NetworkPolicy) -> tuple[Direction, ...]:
    """What it isolates: ``policyTypes``, or where that is empty ingress, and egress if an egress rule stands."""
    types = policy.spec.policy_types or (_TYPES if policy.spec.egress else _TYPES[:1])
    return tuple(each for each in DIRECTIONS if each.capitalize() in types)


def wrong(policy: NetworkPolicy) -> str:
    """What the API server would refuse; empty where it is right."""
    spec = policy.spec
    unknown = (f"the policy type {each!r} is unknown" for each in spec.policy_types if each not in _TYPES)
    return first_problem((*unknown, wrong_in(spec.pod_selector), *_wrong_rules(policy)))


def networks(policy: NetworkPolicy) -> Iterator[Network]:
    """Every address range in a policy that is not ``wrong``."""
    for peers, _ in _rules(policy):
        for peer in peers:
            if peer.ip_block is not None:
                yield from _parsed(peer.ip_block)


def assumptions(policy: NetworkPolicy) -> Iterator[Gap]:
    """What cannot be known of a policy's peers."""
    if any(_is_unknown(peer) for peers, _ in _rules(policy) for peer in peers):
        why = "a rule has a peer that is not understood: it matches nothing"
        yield assumed(name_of(policy), why, "look at the rule; report a field that Oakum should know")


def compiled(policy: NetworkPolicy, world: World, quarantined: int) -> Policy:
    """The policy as masks; ``quarantined`` classes are outside of its pod selector."""
    namespace = namespace_of(policy.metadata)
    isolates = directions(policy)
    ingress = [_rule((each.from_, each.ports), namespace, world) for each in policy.spec.ingress]
    egress = [_rule((each.to, each.ports), namespace, world) for each in policy.spec.egress]
    return Policy(
        name=name_of(policy),
        subject=world.pods.select(policy.spec.pod_selector, namespace=namespace) & ~quarantined,
        ingress=tuple(ingress) if "ingress" in isolates else None,
        egress=tuple(egress) if "egress" in isolates else None,
    )


def _rules(policy: NetworkPolicy) -> Iterator[Parts]:
    rules: tuple[NetworkPolicyIngressRule | NetworkPolicyEgressRule, ...] = (*policy.spec.ingress, *policy.spec.egress)
    for each in rules:
        yield (each.from_ if isinstance(each, NetworkPolicyIngressRule) else each.to), each.ports


def _wrong_rules(policy: NetworkPolicy) -> Iterator[str]:
    for peers, ports in _rules(policy):
        yield from map(_wrong_peer, peers)
        yield from map(_wrong_port, ports)


def _wrong_peer(peer: NetworkPolicyPeer) -> str:
    if peer.ip_block is None:
        return wrong_in(peer.pod_selector) or wrong_in(peer.namespace_selector)
    if peer.pod_selector is not None or peer.namespace_selector is not None:
        return "a peer has both an ipBlock and a selector"
    whole = parse_network(peer.ip_block.cidr)
    if whole is None:
        return f"{peer.ip_block.cidr!r} is no CIDR"
    for text in peer.ip_block.except_:
        part = parse_network(text)
        if part is None:
            return f"{text!r} is no CIDR"
        if part.version != whole.version or part.prefixlen <= whole.prefixlen or part.network_address not in whole:
            return f"the exception {text} is no smaller part of {peer.ip_block.cidr}"
    return ""


def _wrong_port(port: NetworkPolicyPort) -> str:
    if (port.protocol or "TCP") not in PROTOCOLS:
        return f"the protocol {port.protocol!r} is none of {', '.join(PROTOCOLS)}"
    if isinstance(port.port, int) and not 1 <= port.port <= LAST:
        return f"the port {port.port} is none of 1 to {LAST}"
    if port.port == "":
        return "the name of a port is empty"
    if port.end_port is not None:
        if not isinstance(port.port, int):
            return "endPort stands without a port number"
        if not port.port <= port.end_port <= LAST:
            return f"endPort {port.end_port} is not between port {port.port} and {LAST}"
    return ""


def _parsed(block: IPBlock) -> Iterable[Network]:
    return (each for text in (block.cidr, *block.except_) if (each := parse_network(text)) is not None)


def _rule(parts: Parts, namespace: str, world: World) -> Rule:
    peers, ports = parts
    mask = 0 if peers else world.everything
    for peer in peers:
        mask |= _peer(peer, namespace, world)
    numbers = Ports.union_of(_numbers(each) for each in ports) if ports else Ports.ALL
    names = tuple((each.port, each.protocol or "TCP") for each in ports if isinstance(each.port, str))
    return Rule("allow", mask, numbers, names)


def _peer(peer: NetworkPolicyPeer, namespace: str, world: World) -> int:
    if peer.ip_block is not None:
        whole, *parts = map(world.within, _parsed(peer.ip_block))
        for part in parts:
            whole &= ~part
        return whole
    if _is_unknown(peer):
        return 0
    return world.pods.select(peer.pod_selector, peer.namespace_selector, namespace)


def _is_unknown(peer: NetworkPolicyPeer) -> bool:
    return peer.ip_block is None and peer.pod_selector is None and peer.namespace_selector is None


def _numbers(port: NetworkPolicyPort) -> Ports:
    protocol = port.protocol or "TCP"
    if port.port is None:
        return Ports.of(protocol)
    if isinstance(port.port, str):
        return Ports.NONE
    return Ports.of(protocol, port.port, port.end_port or port.port)
