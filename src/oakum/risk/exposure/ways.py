"""Ways in, and which of them a pod's policies let through.

What a policy sees as the sender depends on the way (kubernetes.io/docs/concepts/services-networking/network-policies,
"ipBlock", and kubernetes.io/docs/tutorials/services/source-ip): the client itself where its address is kept, a node
where ``externalTrafficPolicy: Cluster`` rewrites it, and the proxy where a load balancer opens a connection of its own.
Where it may be a node, a policy that lets the nodes in may let everybody in: that counts as open, and is said.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

import msgspec

from oakum.risk.exposure.addresses import (
    EVERYWHERE,
    Interval,
    Ranges,
    intersection,
    interval,
    is_world,
    private_part,
    public_part,
    union,
    words,
)
from oakum.risk.exposure.ground import Ground, Target
from oakum.risk.exposure.model import Hop, Origin, Path
from oakum.risk.flows.network import Network
from oakum.risk.flows.peers import Peer
from oakum.risk.flows.ports import Ports

#: Whom a pod's policies see: the client, the client or a node, or a proxy outside of the cluster.
Seen = Literal["client", "node", "proxy"]
_REWRITTEN = "externalTrafficPolicy Cluster may show policies a node's address instead of the client's"
_PRIVATE = private_part(EVERYWHERE)


class Way(msgspec.Struct, frozen=True):
    """A way up to a pod: the stops before it, who stands at its beginning and with which addresses."""

    hops: tuple[Hop, ...]
    source: Origin
    clients: Ranges = EVERYWHERE
    seen: Seen = "client"
    assumed: bool = False
    assumptions: tuple[str, ...] = ()

    def further(self, *hops: Hop, clients: Ranges, assumed: bool, notes: tuple[str, ...]) -> Way:
        """The same way with more stops behind a proxy, which may let in fewer clients."""
        return Way(
            (*self.hops, *hops),
            self.source,
            intersection(self.clients, clients),
            "proxy",
            self.assumed or assumed,
            tuple(dict.fromkeys((*self.assumptions, *notes))),
        )

    def admits(self) -> tuple[Origin, bool, str] | None:
        """From where clients come in the end, whether they are few, and which; None where nobody is left."""
        if self.source in ("internet", "unknown"):
            public = public_part(self.clients)
            if is_world(public):
                return self.source, False, ""
            if public:
                return self.source, True, words(public)
        if self.source in ("internet", "unknown", "private network"):
            private = private_part(self.clients)
            # A pod with addresses of one IP version is not limited because nobody connects by the other.
            versions = {version for version, _, _ in private}
            limited = private != tuple(each for each in _PRIVATE if each[0] in versions)
            return ("private network", limited, words(private) if limited else "") if private else None
        return self.source, False, ""


class Arrivals:
    """The ways that reach each target, with the ports at both ends."""

    def __init__(self) -> None:
        self._ways: defaultdict[int, dict[Way, set[tuple[str, str, int]]]] = defaultdict(dict)

    def add(self, place: int, way: Way, client: str, protocol: str, port: int) -> bool:
        """Note a way to a port (``client`` is the port that clients use); whether it is new."""
        known = self._ways[place].setdefault(way, set())
        before = len(known)
        known.add((client, protocol, port))
        return len(known) > before

    def at(self, place: int) -> dict[Way, set[tuple[str, str, int]]]:
        """The ways that reach a target: (port of the client, protocol, port of the pod)."""
        return self._ways.get(place, {})

    def paths(self, place: int, target: Target) -> list[Path]:
        """The same as paths with their last two stops."""
        found = []
        for way, ports in self.at(place).items():
            admitted = way.admits()
            if admitted is None:
                continue
            source, restricted, limits = admitted
            processes = dict.fromkeys(target.process(protocol, port) for _, protocol, port in sorted(ports))
            inside = dict.fromkeys(f"{port}/{protocol}" if port else "any" for _, protocol, port in sorted(ports))
            last = (Hop("pod port", ", ".join(inside)), Hop("process", ", ".join(processes)))
            clients = ", ".join(dict.fromkeys(client for client, _, _ in sorted(ports)))
            found.append(Path((*way.hops, *last), source, clients, restricted, limits, way.assumed, way.assumptions))
        return found


class Policies:
    """What the policies of pods let in, by port; asked once for each target."""

    def __init__(self, network: Network, ground: Ground) -> None:
        self._network = network
        self._ground = ground
        self._outside: dict[object, tuple[tuple[Interval, Ports], ...]] = {}
        self._speaking: dict[int, tuple[str, ...]] = {}
        self._pods: dict[int, Ports] = {}

    def speaking(self, place: int) -> tuple[str, ...]:
        """The policies that say who may connect to a target."""
        if place not in self._speaking:
            peer = self._ground.targets[place].peer
            self._speaking[place] = () if peer.host_network else self._network.policies_of(peer, "ingress")
        return self._speaking[place]

    def outside(self, place: int, protocol: str = "", port: int = 0) -> Ranges:
        """The outside addresses from which a port can be reached; any port where none is given."""
        if self._ground.targets[place].peer.host_network:
            return EVERYWHERE
        given = self._given(place)
        return union(each for each, ports in given if (ports.contains(protocol, port) if port else bool(ports)))

    def outside_ports(self, place: int) -> Ports:
        """The ports that some outside address can reach."""
        return Ports.union_of(ports for _, ports in self._given(place))

    def _given(self, place: int) -> tuple[tuple[Interval, Ports], ...]:
        target = self._ground.targets[place]
        families = frozenset(":" in address for address in target.peer.addresses)
        # What the answer depends on: many pods have it in common.
        key = (self.speaking(place), target.peer.ports, families)
        if key not in self._outside:
            self._outside[key] = tuple(
                (found, ports)
                for text, ports in self._network.from_outside(target.peer)
                if (found := interval(text)) is not None
            )
        return self._outside[key]

    def pods(self, place: int) -> Ports:
        """The ports that some other pod can reach: all where no policy speaks, be it that there is no other pod yet."""
        if place not in self._pods:
            peer = self._ground.targets[place].peer
            self._pods[place] = self._network.from_any_pod(peer) if self.speaking(place) else Ports.ALL
        return self._pods[place]

    def lets_pod(self, peer: Peer, place: int, protocol: str, port: int) -> bool:
        """Whether one pod can connect to a port."""
        return self._network.ports(peer, self._ground.targets[place].peer).contains(protocol, port)

    def passed(self, way: Way, place: int, protocol: str, port: int) -> Way | None:
        """The way with the clients that the policies let through to a port; None where they let nobody through."""
        outside = self.outside(place, protocol, port)
        if way.seen == "proxy":
            return way if outside else None
        kept = msgspec.structs.replace(way, clients=intersection(way.clients, outside))
        before, after = way.admits(), kept.admits()
        if way.seen == "node" and before != after and self._lets_nodes(outside):
            return msgspec.structs.replace(way, assumed=True, assumptions=(*way.assumptions, _REWRITTEN))
        return kept if after is not None else None

    def _lets_nodes(self, outside: Ranges) -> bool:
        nodes = self._ground.nodes
        return bool(intersection(outside, nodes.addresses)) or (not nodes.complete and bool(outside))
