"""Who can connect to whom in a cluster, as its policies have it.

``Network`` answers for NetworkPolicy v1 and the (Cluster|Admin|Baseline)NetworkPolicy kinds, as the cluster is or as it
would be without some policies, or with some pods in quarantine. It answers what the policies say: whether the network
plugin keeps them, and what other means forbid, is another question.

A pod always reaches itself, is always reached by the node it runs on (kubelet probes), and reaches that node whatever
the NetworkPolicies say (kubernetes.io/docs, "Network Policies"); admin policies have no such exception, so that a Deny
in egress holds for the own node too. Pods on the network of their node are not isolated, and count as the node;
``connections``, which is about workloads, leaves the exceptions for the own node out.

Quarantine means: a policy that denies everything selects the pod, and no other NetworkPolicy does. A deny-all beside
an allow would change nothing, for NetworkPolicies add up; what a higher tier allows stays open all the same. In one
place quarantine opens something: where a baseline policy forbade a pod its own node, a NetworkPolicy now stands in for
it, and cannot forbid that. ``problems`` tell it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from functools import cached_property

from oakum.errors import UsageError
from oakum.fleet.assets import Gap
from oakum.fleet.cluster.networking import AdminPolicy, NetworkPolicy
from oakum.fleet.cluster.objects import Node
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.risk.flows import admin_policies, connections, network_policies
from oakum.risk.flows.addresses import Address, AddressSpace, parse_address, parse_network
from oakum.risk.flows.addresses import Network as Range
from oakum.risk.flows.choice import left_out, quarantined_peers
from oakum.risk.flows.connections import Connection
from oakum.risk.flows.peers import Peer, peers_of
from oakum.risk.flows.ports import LAST, PROTOCOLS, Ports
from oakum.risk.flows.rules import Direction, Policy, World, assumed, refused
from oakum.risk.flows.selection import Pods
from oakum.risk.flows.verdicts import Verdicts

QUARANTINE = "quarantine"


class Network:
    """The effective connections of one snapshot.

    ``peers`` are its pods (see ``peers``), ``problems`` what its policies leave open: those that the API server would
    refuse and that are therefore left out, and what had to be assumed.
    """

    peers: tuple[Peer, ...]
    problems: tuple[Gap, ...]

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        without: Collection[str] = (),
        quarantine: Collection[str] = (),
        apart: Collection[str] = (),
    ) -> None:
        """``without`` names policies to leave out: ``ns/name``, ``Kind/ns/name`` or, of the cluster, ``Kind/name``.

        ``quarantine`` names pods as ``ns/pod``, or all pods of a workload as ``ns/name`` or ``Kind/ns/name``.
        ``apart`` names pods likewise; they change in nothing, but stand for themselves in ``connections``, as
        pods in quarantine do, so that the two can be compared.

        Raises UsageError for an unknown name, and for a pod that no policy can isolate.
        """
        peers = peers_of(snapshot)
        self.peers, isolated = quarantined_peers(peers, quarantine, apart)
        namespaced = snapshot.of(NetworkPolicy, "NetworkPolicy")
        admin = [each for kind in admin_policies.KINDS for each in snapshot.of(AdminPolicy, kind)]
        gone = left_out(
            {network_policies.name_of(each) for each in namespaced} | {admin_policies.name_of(each) for each in admin},
            without,
        )
        problems: list[Gap] = []
        good = [each for each in namespaced if network_policies.name_of(each) not in gone]
        high = [each for each in admin if admin_policies.name_of(each) not in gone]
        for one in list(good):
            if why := network_policies.wrong(one):
                problems.append(refused(network_policies.name_of(one), why))
                good.remove(one)
        for other in list(high):
            if why := admin_policies.wrong(other):
                problems.append(refused(admin_policies.name_of(other), why))
                high.remove(other)
        self._world = _world(snapshot, self.peers, isolated, good, high)
        self._place = {peer.key: place for place, peer in enumerate(self.peers)}
        self._by_pod = {
            (peer.namespace, peer.pod.metadata.name if peer.pod else peer.name): peer for peer in self.peers
        }
        marked = {index for place in isolated for index in self._world.pods.classes_of[place]}
        mask = sum(1 << index for index in marked)
        policies = [network_policies.compiled(each, self._world, mask) for each in good]
        policies += [admin_policies.compiled(each, self._world) for each in high]
        if mask:
            policies.append(Policy(QUARANTINE, mask, (), ()))
        for one in good:
            problems += network_policies.assumptions(one)
        for other in high:
            problems += admin_policies.assumptions(other, self._world)
        problems += _ambiguous(policies)
        problems += _lifted(policies, mask)
        self.problems = tuple(problems)
        self._verdicts = Verdicts(self._world, policies)
        self._nodes = {
            name: {each.network_address for each in ranges} for name, (_, ranges) in self._world.nodes.items()
        }

    def peer(self, namespace: str, pod_name: str) -> Peer | None:
        """The pod of that name; where no pod has it, what the template of the workload of that name makes."""
        return self._by_pod.get((namespace, pod_name))

    def allows(self, source: Peer | str, target: Peer | str, protocol: str, port: int) -> bool:
        """Whether a connection may be made; a text is an IP address. Raises UsageError for what is none."""
        if protocol not in PROTOCOLS or not 1 <= port <= LAST:
            raise UsageError(
                f"{protocol} {port} is no port", remedy=f"give {', '.join(PROTOCOLS)} and a number from 1 to {LAST}"
            )
        return self.ports(source, target).contains(protocol, port)

    def ports(self, source: Peer | str, target: Peer | str) -> Ports:
        """The ports of ``target`` that ``source`` may connect to; a text is an IP address outside of the pods."""
        if isinstance(source, str) and isinstance(target, str):
            raise UsageError("both ends are addresses", remedy="name a pod at one end: policies are about pods")
        if self._always(source, target):
            return Ports.ALL
        to_node = isinstance(source, Peer) and self._is_node_of(source, target)
        return Ports.union_of(
            (self._between("egress", one, two, to_node) if isinstance(source, Peer) else Ports.ALL).intersection(
                self._between("ingress", two, one) if isinstance(target, Peer) else Ports.ALL
            )
            for one, two in self._pairs(source, target)
        )

    def from_outside(self, target: Peer) -> tuple[tuple[str, Ports], ...]:
        """Which addresses outside of the pods the policies let in, at which ports: ranges ``first-last`` in order,
        IPv4 and then IPv6, neighbours with equal ports in one; those that reach no port are left out."""
        own = self._classes(target)
        return tuple(
            each
            for family in (4, 6)
            for each in connections.ranges(self._world, self._verdicts, "ingress", own, family)
        )

    def from_pods(self, target: Peer) -> tuple[tuple[Peer, Ports], ...]:
        """Which other pods may connect to a pod, at which ports."""
        found = ((each, self.ports(each, target)) for each in self.peers if each.key != target.key)
        return tuple((each, ports) for each, ports in found if ports)

    def from_any_pod(self, target: Peer) -> Ports:
        """The ports at which the policies let some other pod in: the union of ``from_pods`` less what only the target's
        own node may, in a time that goes by the number of policies and not by that of pods."""
        return Ports.union_of(self._from_any(index) for index in self._classes(target))

    def policies_of(self, peer: Peer, direction: Direction) -> tuple[str, ...]:
        """The policies that speak of a pod in a direction: ``NetworkPolicy ns/name``, ``AdminNetworkPolicy name``."""
        return tuple(each.name for each in self._verdicts.selecting(direction, self._classes(peer)[0]))

    def connections(self) -> tuple[Connection, ...]:
        """Everything that is allowed, between workloads and with address ranges outside; see ``connections``."""
        return connections.all_of(self.peers, self._world, self._verdicts)

    def _between(self, direction: Direction, subject: int, other: int, own_node: bool = False) -> Ports:
        pieces = self._verdicts.pieces(direction, subject, own_node=own_node)
        return next((ports for mask, ports in pieces if mask >> other & 1), Ports.NONE)

    def _from_any(self, index: int) -> Ports:
        met = self._world.pods.meets(index) & self._world.pods.everything
        if self._members[index] == 1:
            met &= ~(1 << index)
        found = Ports.NONE
        for mask, received in self._verdicts.pieces("ingress", index):
            for senders in self._senders if mask & met else ():
                if (both := senders & mask & met) and received.difference(found):
                    sent = self._between("egress", (both & -both).bit_length() - 1, index)
                    found = found.union(received.intersection(sent))
        return found

    @cached_property
    def _members(self) -> Counter[int]:
        """How many peers are of each class."""
        return Counter(index for classes in self._world.pods.classes_of for index in classes)

    @cached_property
    def _senders(self) -> tuple[int, ...]:
        """The classes, those together for which egress has one answer."""
        masks: dict[tuple[object, ...], int] = {}
        for index in range(len(self._world.pods.peers)):
            key = self._verdicts.key("egress", index)
            masks[key] = masks.get(key, 0) | 1 << index
        return tuple(masks.values())

    def _pairs(self, source: Peer | str, target: Peer | str) -> Iterator[tuple[int, int]]:
        """The bits between which a connection can be: pods of both families have two."""
        pods = self._world.pods
        if isinstance(source, Peer) and isinstance(target, Peer):
            for one in self._classes(source):
                meets = pods.meets(one)
                yield from ((one, two) for two in self._classes(target) if meets >> two & 1)
        elif isinstance(source, Peer):
            address = _parsed(str(target))
            bit = self._world.space.bit(address)
            yield from ((one, bit) for one in self._classes(source) if pods.speaks(one, address.version))
        elif isinstance(target, Peer):
            address = _parsed(source)
            bit = self._world.space.bit(address)
            yield from ((bit, two) for two in self._classes(target) if pods.speaks(two, address.version))

    def _classes(self, peer: Peer) -> tuple[int, ...]:
        place = self._place.get(peer.key)
        if place is None:
            raise UsageError(f"{peer.text} is no peer of this network", remedy="take one of its peers")
        return self._world.pods.classes_of[place]

    def _always(self, source: Peer | str, target: Peer | str) -> bool:
        """Whether no policy is asked: from a pod to itself, and to a pod from its own node."""
        if not isinstance(target, Peer):
            return False
        itself = isinstance(source, Peer) and source.key == target.key
        return itself or self._is_node_of(target, source)

    def _is_node_of(self, peer: Peer, other: Peer | str) -> bool:
        """Whether the other end is the node on which a pod runs, or on that node's network."""
        if isinstance(other, Peer):
            return other.host_network and bool(peer.node) and peer.node == other.node
        address = _parsed(other)
        if peer.node and address in self._nodes.get(peer.node, ()):
            return True
        return peer.pod is not None and parse_address(peer.pod.status.host_ip) == address


def _parsed(text: str) -> Address:
    address = parse_address(text)
    if address is None:
        raise UsageError(f"{text[:80]!r} is no IP address", remedy="give one as in 192.0.2.1 or 2001:db8::1")
    return address


def _world(
    snapshot: Snapshot,
    peers: tuple[Peer, ...],
    isolated: frozenset[int],
    good: list[NetworkPolicy],
    high: list[AdminPolicy],
) -> World:
    nodes: dict[str, tuple[dict[str, str], tuple[Range, ...]]] = {}
    for node in snapshot.of(Node, "Node"):
        addresses = {address for each in node.status.addresses if (address := parse_address(each.address)) is not None}
        ranges = (parse_network(f"{each}/{each.max_prefixlen}") for each in sorted(addresses, key=str))
        nodes[node.metadata.name] = (node.metadata.labels, tuple(each for each in ranges if each is not None))
    borders = {each for policy in good for each in network_policies.networks(policy)}
    borders |= {each for policy in high for each in admin_policies.networks(policy)}
    if any(admin_policies.speaks_of_nodes(each) for each in high):
        borders |= {each for _, ranges in nodes.values() for each in ranges}
    space = AddressSpace(borders)
    pods = Pods(peers, isolated, space)
    return World(pods, space.above(len(pods.peers)), nodes)


def _ambiguous(policies: list[Policy]) -> list[Gap]:
    """Policies of one tier with one priority that meet in a pod: which goes first is up to the network plugin."""
    problems: list[Gap] = []
    tiered = sorted((each for each in policies if each.tier), key=lambda each: each.name)
    for number, one in enumerate(tiered):
        for two in tiered[number + 1 :]:
            if (one.tier, one.priority) == (two.tier, two.priority) and one.subject & two.subject:
                why = f"has the priority of {two.name}, and both select some pods: assumed to go first"
                problems.append(assumed(one.name, why, "give each policy of a tier a priority of its own"))
    return problems


def _lifted(policies: list[Policy], quarantined: int) -> list[Gap]:
    """Baseline policies that a quarantine puts out of force: a pod that a NetworkPolicy selects has none."""
    why = (
        "pods in quarantine have a NetworkPolicy in its place, which cannot forbid them their own node: "
        "what it denies towards that node is open"
    )
    remedy = "deny the node in a policy of the Admin tier, or contain the node as well"
    return [
        assumed(each.name, why, remedy)
        for each in policies
        if each.tier == "Baseline"
        and each.subject & quarantined
        and any(rule.action == "deny" for rule in each.egress or ())
    ]
