"""What was not read, and from whom it may hide a way in.

No evidence is no good news. An unread Service may lead to any pod; an unread Ingress, route or gateway only to pods
behind a Service; unread endpoint slices to any pod where a Service without a selector is reached from outside. Policies
only forbid, so that where they, or the namespaces that they select, were not read, the answer without any policy is
the careful one. Kinds of which a dump holds nothing, and which a cluster need not know, count as not installed, unless
an object that is useless without them is there, or the reader says that they could not be read.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from oakum.fleet.cluster.snapshot import KINDS, Snapshot
from oakum.risk.exposure.gateways import ROUTES

POLICIES = ("NetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy")
#: What every cluster has and must be read.
_REQUIRED = ("Node", "Namespace", "Pod", "Service", "Ingress", "NetworkPolicy")
_BEHIND_SERVICES = ("Ingress", "Route", "Gateway", *ROUTES)
_KINDS = frozenset(kind for _, _, kind in KINDS)
#: In place of a namespace: all of them.
_ALL = ""


class Unread:
    """The kinds of which not all objects were read."""

    def __init__(self, snapshot: Snapshot) -> None:
        #: Kind -> the namespaces of which objects may be missing; an empty text: all.
        self._where: defaultdict[str, set[str]] = defaultdict(set)
        for kind in _REQUIRED:
            if kind not in snapshot.listed:
                self._where[kind].add(_ALL)
        for gap in snapshot.gaps:
            if gap.kind == "unread-objects":
                self._note(gap.what)
        if "EndpointSlice" not in snapshot.listed:
            self._where["EndpointSlice"].add(_ALL)
        if snapshot.items.get("Gateway") and not any(kind in snapshot.listed for kind in ROUTES):
            self._where["HTTPRoute"].add(_ALL)
        if "Gateway" not in snapshot.listed and any(snapshot.items.get(kind) for kind in ROUTES):
            self._where["Gateway"].add(_ALL)
        self.kinds = frozenset(self._where)

    def _note(self, what: str) -> None:
        """A gap names a kind ("Service objects", "12 other Service objects") or an object ("Service shop/web")."""
        words = what.split()
        kind = next((word for word in words if word in _KINDS), None)
        if kind is None:
            return
        rest = words[words.index(kind) + 1 :]
        named = len(rest) == 1 and words[0] == kind and rest[0].count("/") == 1
        self._where[kind].add(rest[0].partition("/")[0] if named else _ALL)

    @property
    def policies(self) -> tuple[str, ...]:
        """The kinds without which nobody knows what the policies forbid."""
        return tuple(kind for kind in (*POLICIES, "Namespace") if kind in self.kinds)

    def hiding(self, namespace: str, *, behind_service: bool, by_hand: bool) -> tuple[str, ...]:
        """The kinds among whose unread objects there may be a way to a pod of a namespace.

        ``behind_service``: a Service leads to it. ``by_hand``: a Service without a selector is reached from outside.
        """
        found = []
        if self._may("Service", namespace):
            found.append("Service")
        if behind_service or found:
            found += [kind for kind in _BEHIND_SERVICES if self._may(kind, namespace)]
        if by_hand and "EndpointSlice" in self.kinds:
            found.append("EndpointSlice")
        return tuple(found)

    def _may(self, kind: str, namespace: str) -> bool:
        where = self._where.get(kind, set())
        # Routes of the Gateway API may lead to other namespaces.
        return bool(where) and (kind in ROUTES or kind == "Gateway" or _ALL in where or namespace in where)


def without_policies(snapshot: Snapshot) -> Snapshot:
    """The snapshot as if it had no policies."""
    items = {kind: found for kind, found in snapshot.items.items() if kind not in POLICIES}
    return msgspec.structs.replace(snapshot, items=items)
