"""Effective connections: who can reach whom under the network policies of a cluster, now or after a change."""

from __future__ import annotations

from oakum.risk.flows.changes import difference
from oakum.risk.flows.connections import Connection
from oakum.risk.flows.network import Network
from oakum.risk.flows.peers import Peer
from oakum.risk.flows.ports import Ports

__all__ = ["Connection", "Network", "Peer", "Ports", "difference"]
