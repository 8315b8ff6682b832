"""From where the addresses of nodes can be reached.

A node with an address that is routed on the internet counts as reachable from there, since the firewall before it is
not visible from the cluster (SSVC: unknown is open); one with private addresses only, from the private network; one
whose addresses are not known, from anywhere. Address types: kubernetes.io/docs/reference/node/node-status/#addresses.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oakum.fleet.cluster.objects import Node
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.risk.exposure.addresses import Ranges, interval, is_public, ranges
from oakum.risk.exposure.model import Origin

_FIREWALL = "firewalls before the nodes are not visible from the cluster"
FORWARDED = "nothing outside of the cluster forwards to private addresses"
_UNKNOWN = "the addresses of the nodes are not known"


class Zone(msgspec.Struct, frozen=True):
    """From where some nodes can be reached, an address as an example, and what that assumes."""

    source: Origin
    address: str
    assumed: bool
    assumption: str


_NOWHERE = Zone("unknown", "", True, _UNKNOWN)


class Nodes:
    """The addresses of a cluster's nodes."""

    def __init__(self, snapshot: Snapshot, *, complete: bool = True) -> None:
        """``complete``: whether every node of the cluster is in the snapshot."""
        nodes = snapshot.of(Node, "Node")
        self.complete = complete
        self._zones = {node.metadata.name: _zone(_addresses(node)) for node in nodes}
        self.names = tuple(self._zones)
        self.any = _widest([*self._zones.values(), *(() if complete else (_NOWHERE,))])
        #: All addresses of nodes, as a pod's policies may see them.
        self.addresses: Ranges = ranges(address for node in nodes for address in _addresses(node))
        #: How ``spec.providerID`` begins: "aws", "gce"...
        self.providers = frozenset(
            node.spec.provider_id.split(":", 1)[0] for node in nodes if ":" in node.spec.provider_id
        )

    def zone(self, name: str) -> Zone:
        """Where a node stands; any of them where the name is empty (a pod that is not placed yet)."""
        return self._zones.get(name, _NOWHERE if name else self.any)

    def bound(self, name: str, address: str) -> Zone:
        """Where a port of a node can be reached that is bound to ``address``: there, be it an address that the node
        does not tell; on all of its addresses where none is given, or 0.0.0.0 or ``::``."""
        single = interval(address)
        return _zone([address]) if single is not None and single[2] else self.zone(name)


def _addresses(node: Node) -> list[str]:
    return [each.address for each in node.status.addresses if each.type in ("ExternalIP", "InternalIP")]


def _zone(addresses: list[str]) -> Zone:
    known = [address for address in addresses if is_public(address) is not None]
    for address in known:
        if is_public(address):
            return Zone("internet", address, True, _FIREWALL)
    if known:
        return Zone("private network", known[0], False, FORWARDED)
    return _NOWHERE


def _widest(zones: Iterable[Zone]) -> Zone:
    found = sorted(zones, key=lambda one: (("internet", "unknown", "private network").index(one.source), one.address))
    return found[0] if found else _NOWHERE
