"""Which pods a selector selects, for all pods at once.

Pods that no policy can tell apart (same namespace, labels and named ports, addresses between the same borders) are
one class, and a class is one bit of a mask. A pod of both address families is in two classes, one for each, because a
connection is of one family. A selector is answered with the masks of its labels: label by label, never pod by pod
(kubernetes.io/docs/concepts/overview/working-with-objects/labels, API type LabelSelector).

A pod on its node's network is not selected, neither as a policy's subject nor as a peer: its traffic has the node's
address (kubernetes.io/docs/concepts/services-networking/network-policies, "NetworkPolicy and hostNetwork pods": what
most network plugins do). So policies meet it where they speak of the node's address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from oakum.fleet.cluster.objects import Map, Selector
from oakum.risk.flows.addresses import AddressSpace, Network, parse_address
from oakum.risk.flows.peers import Peer

#: The version of an address family, and whether the pod has the other one too.
Family = tuple[int, bool]
UNKNOWN: Family = (0, False)

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, from the lowest."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def wrong_in(selector: Selector | None) -> str:
    """What the API server would refuse in a selector; empty where it is right."""
    for each in selector.match_expressions if selector is not None else ():
        if each.operator not in OPERATORS:
            return f"the operator {each.operator!r} of a selector is none of {', '.join(OPERATORS)}"
        if (each.operator in ("In", "NotIn")) != bool(each.values):
            return f"a selector's expression on {each.key!r} has {'no' if not each.values else 'needless'} values"
        if not each.key:
            return "a selector's expression has no key"
    return ""


def selects(selector: Selector, labels: Map) -> bool:
    """Whether one thing with these labels is selected."""
    return bool(_Labels([labels]).select(selector))


class _Labels:
    """The masks of things by their labels."""

    def __init__(self, all_of_them: Sequence[Map]) -> None:
        self.everything = (1 << len(all_of_them)) - 1
        self._pairs: dict[tuple[str, str], int] = {}
        self._keys: dict[str, int] = {}
        for index, labels in enumerate(all_of_them):
            for pair in labels.items():
                self._pairs[pair] = self._pairs.get(pair, 0) | 1 << index
                self._keys[pair[0]] = self._keys.get(pair[0], 0) | 1 << index

    def select(self, selector: Selector) -> int:
        mask = self.everything
        for pair in selector.match_labels.items():
            mask &= self._pairs.get(pair, 0)
        for each in selector.match_expressions:
            if each.operator in ("In", "NotIn"):
                found = 0
                for value in each.values:
                    found |= self._pairs.get((each.key, value), 0)
            else:
                found = self._keys.get(each.key, 0)
            mask &= self.everything & ~found if each.operator in ("NotIn", "DoesNotExist") else found
        return mask


class Pods:
    """The classes of the peers, and the answers of selectors as masks over them."""

    def __init__(self, peers: Sequence[Peer], marked: Collection[int], space: AddressSpace) -> None:
        """``marked`` are the places in ``peers`` of those that must not share a class with others; ``space`` is cut
        at the borders of all ranges that policies name."""
        numbers: dict[object, int] = {}
        self.classes_of: list[tuple[int, ...]] = []
        self.peers: list[Peer] = []
        self._space = space
        self._families: list[Family] = []
        self._in_stretch: dict[int, int] = {}
        for place, peer in enumerate(peers):
            own: list[int] = []
            for family, stretches in _families(peer, space):
                shape = (*_shape(peer, place in marked), family, stretches)
                number = numbers.setdefault(shape, len(self.peers))
                if number == len(self.peers):
                    self.peers.append(peer)
                    self._families.append(family)
                    for stretch in stretches:
                        self._in_stretch[stretch] = self._in_stretch.get(stretch, 0) | 1 << number
                own.append(number)
            self.classes_of.append(tuple(own))
        self.everything = (1 << len(self.peers)) - 1
        self._labels = _Labels([peer.labels for peer in self.peers])
        self._of_namespace: dict[str, int] = {}
        for index, peer in enumerate(self.peers):
            self._of_namespace[peer.namespace] = self._of_namespace.get(peer.namespace, 0) | 1 << index
        names = {peer.namespace: peer.namespace_labels for peer in self.peers}
        self._namespaces = list(names)
        self._namespace_labels = _Labels(list(names.values()))
        self.on_nodes = sum(1 << index for index, peer in enumerate(self.peers) if peer.host_network)
        self._meets = {
            family: sum(1 << index for index, other in enumerate(self._families) if _common(family, other))
            for family in set(self._families)
        }
        #: The classes that stand for their pods in connections with addresses outside of a family (4 or 6).
        self.speaking = {
            family: sum(1 << index for index, own in enumerate(self._families) if _common(own, (family, True)))
            for family in (4, 6)
        }

    def select(self, pods: Selector | None, namespaces: Selector | None = None, namespace: str = "") -> int:
        """The classes whose labels, and whose namespace's, are selected; None selects all.

        ``namespace`` names the one namespace where there is no selector of namespaces; empty: all of them.
        """
        mask = self.everything & ~self.on_nodes
        if namespaces is not None:
            found = 0
            for index in bits(self._namespace_labels.select(namespaces)):
                found |= self._of_namespace[self._namespaces[index]]
            mask &= found
        elif namespace:
            mask &= self._of_namespace.get(namespace, 0)
        return mask if pods is None else mask & self._labels.select(pods)

    def within(self, network: Network) -> int:
        """The classes with an address in a network, which must be one of those at whose borders the space is cut."""
        first, last = self._space.span(network)
        mask = 0
        for stretch, classes in self._in_stretch.items():
            if first <= stretch <= last:
                mask |= classes
        return mask

    def meets(self, index: int) -> int:
        """The classes with which a class can have a connection: those of its address family, and of unknown ones."""
        return self._meets[self._families[index]]

    def speaks(self, index: int, family: int) -> bool:
        """Whether a class stands for its pods in connections with addresses outside of a family (4 or 6)."""
        return bool(self.speaking[family] >> index & 1)

    def on(self, nodes: Iterable[str]) -> int:
        """The classes on the network of one of some nodes."""
        names = set(nodes)
        return sum(1 << index for index in bits(self.on_nodes) if self.peers[index].node in names)


def _shape(peer: Peer, marked: bool) -> tuple[object, ...]:
    """What is the same for all of a class, but for the address."""
    ports = frozenset((each.name, each.protocol, each.container_port) for each in peer.ports)
    node = peer.node if peer.host_network else ""
    return peer.namespace, tuple(sorted(peer.labels.items())), ports, peer.host_network, node, marked


def _families(peer: Peer, space: AddressSpace) -> Iterable[tuple[Family, tuple[int, ...]]]:
    """The families of a peer with the stretches in which its addresses are; one unknown family where it has none."""
    texts = peer.addresses
    if peer.host_network and not texts and peer.pod is not None:
        texts = (peer.pod.status.host_ip,)
    found: dict[int, set[int]] = {}
    for address in (parse_address(text) for text in texts):
        if address is None:
            continue
        found.setdefault(address.version, set()).add(space.bit(address))
    if not found:
        return [(UNKNOWN, ())]
    return [((version, len(found) > 1), tuple(sorted(stretches))) for version, stretches in sorted(found.items())]


def _common(one: Family, other: Family) -> bool:
    """Whether two ends can meet. Two pods of one family each, and not the same, cannot: but that is no policy's doing
    and may be a snapshot's fault, so policies are asked all the same."""
    return UNKNOWN in (one, other) or one[0] == other[0] or not (one[1] or other[1])
