"""Which pods a selector selects, for all pods at once.

Pods that no policy can tell apart (same namespace, labels, named ports, and for pods on the node's network the node)
are one class, and a class is one bit of a mask. A selector is answered with the masks of its labels: label by label,
never pod by pod (kubernetes.io/docs/concepts/overview/working-with-objects/labels, API type LabelSelector).

A pod on its node's network is not selected, neither as a policy's subject nor as a peer: its traffic has the node's
address (kubernetes.io/docs/concepts/services-networking/network-policies, "NetworkPolicy and hostNetwork pods": what
most network plugins do). So policies meet it where they speak of the node's address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from oakum.fleet.cluster.objects import Map, Selector
from oakum.risk.flows.addresses import Address, Network, parse_address
from oakum.risk.flows.peers import Peer

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

    def __init__(self, peers: Sequence[Peer], marked: Collection[int], networks: Collection[Network]) -> None:
        """``marked`` are the places in ``peers`` of those that must not share a class with others; ``networks`` are
        the address ranges by which pods are told apart."""
        numbers: dict[object, int] = {}
        self.class_of: list[int] = []
        self.peers: list[Peer] = []
        for place, peer in enumerate(peers):
            number = numbers.setdefault(_shape(peer, place in marked, networks), len(self.peers))
            if number == len(self.peers):
                self.peers.append(peer)
            self.class_of.append(number)
        self.everything = (1 << len(self.peers)) - 1
        self._labels = _Labels([peer.labels for peer in self.peers])
        self._of_namespace: dict[str, int] = {}
        for index, peer in enumerate(self.peers):
            self._of_namespace[peer.namespace] = self._of_namespace.get(peer.namespace, 0) | 1 << index
        names = {peer.namespace: peer.namespace_labels for peer in self.peers}
        self._namespaces = list(names)
        self._namespace_labels = _Labels(list(names.values()))
        self.on_nodes = sum(1 << index for index, peer in enumerate(self.peers) if peer.host_network)
        self._addresses = [
            (index, address, peer.host_network) for index, peer in enumerate(self.peers) for address in _addresses(peer)
        ]

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

    def within(self, network: Network, *, pods: bool) -> int:
        """The classes on their node's network with an address in a network; with ``pods`` all such classes.

        A network for ``pods`` has to be one of those by which the classes were made.
        """
        mask = 0
        for index, address, on_node in self._addresses:
            if (pods or on_node) and address in network:
                mask |= 1 << index
        return mask

    def on(self, nodes: Iterable[str]) -> int:
        """The classes on the network of one of some nodes."""
        names = set(nodes)
        return sum(1 << index for index in bits(self.on_nodes) if self.peers[index].node in names)


def _shape(peer: Peer, marked: bool, networks: Collection[Network]) -> tuple[object, ...]:
    """What is the same for all of a class."""
    ports = frozenset((each.name, each.protocol, each.container_port) for each in peer.ports)
    place: tuple[object, ...] = ()
    if peer.host_network:
        place = (peer.node, frozenset(_addresses(peer)))
    elif networks:
        addresses = _addresses(peer)
        place = tuple(number for number, each in enumerate(networks) if any(one in each for one in addresses))
    return peer.namespace, tuple(sorted(peer.labels.items())), ports, peer.host_network, place, marked


def _addresses(peer: Peer) -> Iterable[Address]:
    texts = peer.addresses
    if peer.host_network and peer.pod is not None:
        texts = (*texts, peer.pod.status.host_ip)
    return {address for text in texts if text and (address := parse_address(text)) is not None}
