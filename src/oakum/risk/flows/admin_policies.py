"""AdminNetworkPolicy, BaselineAdminNetworkPolicy (v1alpha1) and ClusterNetworkPolicy (v1alpha2): what one means.

Source: the specification and the types at network-policy-api.sigs.k8s.io. Rules are read in their order, without an
implied isolation. ``networks`` speaks of addresses wherever they are, so it meets pods too, by the addresses that the
snapshot knows; pods without a known address are not met, and that is said. A peer of a rule in which nothing is set
stands for an option that is not known here; the rule then fails closed as the specification asks: an Accept matches
nothing, a Deny or Pass denies everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oakum.fleet.assets import Gap
from oakum.fleet.cluster.networking import AdminPeer, AdminPolicy, AdminPort, AdminRule, AdminSubject, ProtocolMatch
from oakum.fleet.cluster.objects import Selector
from oakum.risk.flows.addresses import Network, parse_network
from oakum.risk.flows.ports import LAST, PROTOCOLS, Ports
from oakum.risk.flows.rules import Action, Policy, Rule, World, assumed, first_problem
from oakum.risk.flows.selection import selects, wrong_in

KINDS = ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy")
_BASELINE = KINDS[1]
_ACTIONS: dict[str, Action] = {"Allow": "allow", "Accept": "allow", "Deny": "deny", "Pass": "pass"}
_HIGHEST = 1000

Numbers = tuple[str, int, int]


def name_of(policy: AdminPolicy) -> str:
    """As people and options name it: kind and name."""
    return f"{policy.kind} {policy.metadata.name}"


def wrong(policy: AdminPolicy) -> str:
    """What the API server would refuse; empty where it is right."""
    spec = policy.spec
    if policy.kind == KINDS[2] and spec.tier not in ("Admin", "Baseline"):
        return f"the tier {spec.tier!r} is none of Admin and Baseline"
    if policy.kind == _BASELINE and policy.metadata.name != "default":
        return "the one BaselineAdminNetworkPolicy is named default"
    if not 0 <= spec.priority <= _HIGHEST:
        return f"the priority {spec.priority} is none of 0 to {_HIGHEST}"
    if (spec.subject.namespaces is None) == (spec.subject.pods is None):
        return "the subject names not exactly one of namespaces and pods"
    return first_problem((*map(wrong_in, _selectors(spec.subject)), *_wrong_rules(policy)))


def networks(policy: AdminPolicy) -> Iterator[Network]:
    """Every address range in a policy that is not ``wrong``."""
    for rule in policy.spec.egress:
        for peer in rule.to:
            yield from _networks(peer)


def speaks_of_nodes(policy: AdminPolicy) -> bool:
    """Whether a rule has nodes as peers, so that nodes' addresses are borders."""
    return any(peer.nodes is not None for rule in policy.spec.egress for peer in rule.to)


def compiled(policy: AdminPolicy, world: World) -> Policy:
    """The policy as masks."""
    spec = policy.spec
    return Policy(
        name=name_of(policy),
        subject=_pods(spec.subject, world),
        ingress=tuple(_rule(rule, rule.from_, world, egress=False) for rule in spec.ingress) or None,
        egress=tuple(_rule(rule, rule.to, world, egress=True) for rule in spec.egress) or None,
        tier="Baseline" if policy.kind == _BASELINE or spec.tier == "Baseline" else "Admin",
        priority=spec.priority,
    )


def assumptions(policy: AdminPolicy, world: World) -> Iterator[Gap]:
    """What cannot be known of a policy's peers, each once."""
    name = name_of(policy)
    peers = [peer for rule in policy.spec.egress for peer in rule.to]
    sources = [peer for rule in policy.spec.ingress for peer in rule.from_]
    if any(peer.domain_names is not None for peer in peers):
        why = "domain names are peers: which addresses they have is not known, so they match none"
        yield assumed(name, why, "look at what the network plugin resolves them to")
    if any(not _known(peer, egress=True) for peer in peers) or any(not _known(peer, egress=False) for peer in sources):
        why = "a rule has a peer that is not understood: an Accept matches nothing, a Deny or Pass denies everything"
        yield assumed(name, why, "look at the rule; report a field that Oakum should know")
    if any(peer.networks is not None for peer in peers) and not all(
        each.addresses for each in world.pods.peers if not each.host_network
    ):
        why = "networks are peers, and some pods have no known address: they are not met by it"
        yield assumed(name, why, "read the running cluster, where pods have addresses")
    if any(peer.nodes is not None for peer in peers) and not world.nodes:
        yield assumed(name, "nodes are peers, and no nodes are known", "include the nodes in the dump")


def _selectors(part: AdminSubject | AdminPeer) -> Iterator[Selector | None]:
    yield part.namespaces
    if part.pods is not None:
        yield part.pods.namespace_selector
        yield part.pods.pod_selector
    if isinstance(part, AdminPeer):
        yield part.nodes


def _wrong_rules(policy: AdminPolicy) -> Iterator[str]:
    spec = policy.spec
    for rules, way in ((spec.ingress, "from"), (spec.egress, "to")):
        for rule in rules:
            peers = rule.from_ if way == "from" else rule.to
            if rule.action not in _ACTIONS or (policy.kind == _BASELINE and rule.action == "Pass"):
                yield f"the action {rule.action!r} is unknown"
            if not peers:
                yield f"a rule has nothing in {way!r}"
            for peer in peers:
                yield from map(wrong_in, _selectors(peer))
                yield from (f"{each!r} is no CIDR" for each in peer.networks or () if parse_network(each) is None)
            yield from map(_wrong_numbers, _numbers(rule))


def _wrong_numbers(numbers: Numbers) -> str:
    protocol, first, last = numbers
    if protocol not in PROTOCOLS:
        return f"the protocol {protocol!r} is none of {', '.join(PROTOCOLS)}"
    if not (1 <= first <= LAST and 1 <= last <= LAST):
        return f"the port {first if not 1 <= first <= LAST else last} is none of 1 to {LAST}"
    return ""


def _networks(peer: AdminPeer) -> Iterable[Network]:
    return (each for text in peer.networks or () if (each := parse_network(text)) is not None)


def _known(peer: AdminPeer, *, egress: bool) -> bool:
    inside = (peer.namespaces, peer.pods)
    outside = (peer.nodes, peer.networks, peer.domain_names) if egress else ()
    return any(each is not None for each in (*inside, *outside))


def _rule(rule: AdminRule, peers: tuple[AdminPeer, ...], world: World, *, egress: bool) -> Rule:
    action = _ACTIONS[rule.action]
    if not all(_known(peer, egress=egress) for peer in peers):
        return Rule("allow", 0, Ports.NONE) if action == "allow" else Rule("deny", world.everything, Ports.ALL)
    mask = 0
    for peer in peers:
        mask |= _pods(peer, world)
        if egress:
            mask |= _addresses(peer, world)
    numbers = Ports.union_of(Ports.of(*each) for each in _numbers(rule)) if _has_ports(rule) else Ports.ALL
    return Rule(action, mask, numbers, tuple(_names(rule)))


def _pods(part: AdminSubject | AdminPeer, world: World) -> int:
    if part.namespaces is not None:
        return world.pods.select(None, part.namespaces)
    if part.pods is not None:
        return world.pods.select(part.pods.pod_selector, part.pods.namespace_selector)
    return 0


def _addresses(peer: AdminPeer, world: World) -> int:
    mask = 0
    for network in _networks(peer):
        mask |= world.within(network)
    if peer.nodes is not None:
        names = [name for name, (labels, _) in world.nodes.items() if selects(peer.nodes, labels)]
        mask |= world.pods.on(names)
        for name in names:
            for network in world.nodes[name][1]:
                mask |= world.within(network)
    return mask


def _has_ports(rule: AdminRule) -> bool:
    """Whether ports are asked for at all: an empty list of v1alpha1 matches none, of v1alpha2 all."""
    return rule.ports is not None or bool(rule.protocols)


def _numbers(rule: AdminRule) -> Iterator[Numbers]:
    """What a rule matches in numbers: protocol, first and last port."""
    for each in rule.ports or ():
        yield from _of_port(each)
    for match in rule.protocols or ():
        yield from _of_protocol(match)


def _of_port(port: AdminPort) -> Iterator[Numbers]:
    if port.port_number is not None:
        yield port.port_number.protocol or "TCP", port.port_number.port, port.port_number.port
    if port.port_range is not None:
        yield port.port_range.protocol or "TCP", port.port_range.start, port.port_range.end


def _of_protocol(match: ProtocolMatch) -> Iterator[Numbers]:
    for protocol, transport in zip(PROTOCOLS, (match.tcp, match.udp, match.sctp), strict=True):
        if transport is None:
            continue
        wanted = transport.destination_port
        if wanted is not None and wanted.number is not None:
            yield protocol, wanted.number, wanted.number
        elif wanted is not None and wanted.range is not None:
            yield protocol, wanted.range.start, wanted.range.end
        else:
            yield protocol, 1, LAST


def _names(rule: AdminRule) -> Iterator[tuple[str, str]]:
    """The names of ports: they stand for whatever protocol the pod gives them."""
    yield from ((each.named_port, "") for each in rule.ports or () if each.named_port)
    yield from ((each.destination_named_port, "") for each in rule.protocols or () if each.destination_named_port)
