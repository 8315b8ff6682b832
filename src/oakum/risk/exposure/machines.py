"""The exposure of nodes: their own addresses, and the worst of the pods that run there.

A container shares the kernel of its node, so that whoever reaches a process there is one flaw away from the node (SSVC,
"System Exposure"; kubernetes.io/docs/concepts/security). The node's own services, SSH and the kubelet, are reached at
its addresses; firewalls before them are not visible. Pods always reach the network of the nodes, so that no node's
exposure is small. A node whose address the API server's own endpoints name serves the API too.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from oakum.fleet.cluster.objects import Node
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.risk.exposure.backends import Backends
from oakum.risk.exposure.ground import Ground
from oakum.risk.exposure.model import Exposure, Hop, Path, judged, unread
from oakum.risk.exposure.nodes import Zone

_SERVICES = ("22/TCP, 10250/TCP", "sshd, kubelet")
_API = ("6443/TCP", "kube-apiserver")
_ON_NODE = ("host network", "host port")


def of_nodes(
    snapshot: Snapshot,
    ground: Ground,
    backends: Backends,
    paths: Sequence[tuple[Path, ...]],
    stand_ins: Sequence[tuple[Path, ...]],
    *,
    unread_pods: bool,
    source: str,
    time: str,
) -> dict[str, Exposure]:
    """The exposure of each node by its name; ``paths`` and ``stand_ins`` are those of the targets, ``unread_pods`` says
    that there may be others."""
    servers = backends.api_servers()
    found: dict[str, Exposure] = {}
    for node in snapshot.of(Node, "Node"):
        name = node.metadata.name
        zone = ground.nodes.zone(name)
        serves = any(each.address in servers for each in node.status.addresses)
        own = [_own(name, zone, *_SERVICES), *([_own(name, zone, *_API)] if serves else [])]
        places = sorted(ground.on_node.get(name, ()))
        through = [_here(path, zone) for place in places for path in paths[place] if path.source != "cluster"]
        instead = tuple(dict.fromkeys(path for place in places for path in stand_ins[place]))
        hidden = [unread(("Pod",), "pods of this node may be missing")] if unread_pods else []
        every = tuple(dict.fromkeys((*own, *through, *hidden)))
        found[name] = judged(every, nothing="", source=source, time=time, stand_ins=instead)
    return found


def _own(name: str, zone: Zone, ports: str, processes: str) -> Path:
    hops = (Hop("node", name, zone.address), Hop("process", processes))
    return Path(hops, zone.source, ports, assumed=zone.assumed, assumptions=(zone.assumption,))


def _here(path: Path, zone: Zone) -> Path:
    """A way of a pod as it is on this node: pods that are alike share ways, which name the address of one node."""
    first = path.hops[0]
    if first.what not in _ON_NODE or not zone.address or path.source != zone.source:
        return path
    port = first.name.rpartition(":")[2]
    name = zone.address if first.what == "host network" else f"{zone.address}:{port}"
    if name == first.name:
        return path
    return msgspec.structs.replace(path, hops=(msgspec.structs.replace(first, name=name), *path.hops[1:]))
