"""What a change starts from: the clusters and the machines, what runs on each, and what their channels offer."""

from __future__ import annotations

from oakum.changes.state.model import Cluster, EtcdMember, Machine, Software, State, Webhook

__all__ = ["Cluster", "EtcdMember", "Machine", "Software", "State", "Webhook"]
