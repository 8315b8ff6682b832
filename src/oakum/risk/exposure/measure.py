"""Measures the exposure of every workload and node of a cluster.

First the ways that lead to pods directly are found: through Services, host ports, the network of the node. Then those
that go on through proxies: ingress controllers, gateways, routers. Policies are asked at every pod. What remains is the
reach inside of the cluster: a process that no policy shields is reached by every other pod (pods are not isolated by
default: kubernetes.io/docs/concepts/services-networking/network-policies). A port that no container names may be open
all the same, so that only policies, and the end of its pods, make a workload's exposure small.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from oakum.fleet.assets import Gap
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.fleet.cluster.workloads import WorkloadKey
from oakum.risk.exposure import own_routes
from oakum.risk.exposure.addresses import EVERYWHERE, is_public
from oakum.risk.exposure.backends import Backends, Name
from oakum.risk.exposure.controllers import Controllers
from oakum.risk.exposure.forwards import Spread
from oakum.risk.exposure.fronts import fronts
from oakum.risk.exposure.gateways import Gateways
from oakum.risk.exposure.ground import Ground, Target, running
from oakum.risk.exposure.ingresses import ingresses, routes
from oakum.risk.exposure.machines import of_nodes
from oakum.risk.exposure.model import Exposure, Hop, Path, judged, unread
from oakum.risk.exposure.nodes import Nodes
from oakum.risk.exposure.unread import Unread, without_policies
from oakum.risk.exposure.ways import Arrivals, Policies, Way
from oakum.risk.flows.network import Network
from oakum.risk.flows.ports import PROTOCOLS, Ports

_PLUGIN = "the network plugin keeps the policies that select its pods"
#: Why a workload is small: nobody but its node connects.
CUT_OFF = "policies let nothing connect to it but its own node"
_ROUTED = "addresses of pods are routed outside of the cluster, and no firewall stands before them"
_UNPOLICED = "the policies are not known ({} not read): taken as none"


class Measured(msgspec.Struct, frozen=True):
    """The exposure of workloads by their keys, and of nodes by name; ``gaps`` are what may lead in and was not seen."""

    workloads: dict[WorkloadKey, Exposure]
    nodes: dict[str, Exposure]
    gaps: tuple[Gap, ...] = ()


def measure(snapshot: Snapshot, network: Network | None = None, *, source: str = "", time: str = "") -> Measured:
    """The exposure of everything in a snapshot; ``source`` and ``time`` are kept in every answer, by default those of
    the snapshot.

    ``network`` says what the policies let through, where somebody has it already: that of ``ground.running(snapshot)``.
    It is made here where none is given, and where the policies were not read. Never raises for what a snapshot holds.
    """
    return _Measurement(snapshot, network, source or snapshot.source, time or snapshot.read_at).run()


class _Measurement:
    def __init__(self, snapshot: Snapshot, network: Network | None, source: str, time: str) -> None:
        self._snapshot = snapshot
        self._source = source
        self._time = time
        self._unread = Unread(snapshot)
        if self._unread.policies:
            network = Network(without_policies(running(snapshot)))
        elif network is None:
            network = Network(running(snapshot))
        self._nodes = Nodes(snapshot, complete="Node" not in self._unread.kinds)
        self._ground = Ground(snapshot, network, self._nodes)
        self._backends = Backends(snapshot, self._ground)
        self._policies = Policies(network, self._ground)
        self._arrivals = Arrivals()
        self._fronted: set[Name] = set()
        self._by_hand = False
        self._stand_ins = Arrivals()

    def run(self) -> Measured:
        self._through_services()
        for place, target in enumerate(self._ground.targets):
            self._on_nodes(place, target)
        controllers = Controllers(self._snapshot, self._ground, complete="IngressClass" not in self._unread.kinds)
        self._through_proxies(controllers)
        backed = {one.target for name in self._backends.services for one in self._backends.of(name)}
        paths = [self._paths(place, place in backed) for place in range(len(self._ground.targets))]
        stand_ins = [tuple(self._stand_ins.paths(place, each)) for place, each in enumerate(self._ground.targets)]
        unseen = own_routes.reached_from_outside(controllers.seen(), paths)
        notes = tuple(map(own_routes.assumption, unseen))
        workloads = {
            key: self._workload(key, places, paths, stand_ins, notes if backed.intersection(places) else ())
            for key, places in self._ground.workloads.items()
        }
        nodes = of_nodes(
            self._snapshot, self._ground, self._backends, paths, stand_ins,
            unread_pods="Pod" in self._unread.kinds, source=self._source, time=self._time,
        )  # fmt: skip
        return Measured(workloads, nodes, tuple(map(own_routes.gap, unseen)))

    def _through_services(self) -> None:
        for name, service in self._backends.services.items():
            for way, port, client in fronts(service, self._nodes, self._backends.closing(name)):
                self._fronted.add(name)
                self._by_hand = self._by_hand or self._backends.by_hand(name)
                for backend in self._backends.of(name):
                    if backend.port == port:
                        self._arrive(backend.target, way, client, port.protocol, backend.number)

    def _arrive(self, place: int, way: Way, client: str, protocol: str, port: int) -> None:
        passed = self._policies.passed(way, place, protocol, port)
        if passed is not None:
            self._arrivals.add(place, passed, client, protocol, port)

    def _on_nodes(self, place: int, target: Target) -> None:
        """Ports that a pod has on its node: as host ports, or because it is on the node's network."""
        zone = self._nodes.zone(target.node)
        kind = target.workload.kind
        if target.peer.host_network:
            # The API server gives the ports of such pods host ports, which would stay.
            setting = "hostNetwork and host ports" if any(one.host_port for _, one in target.ports()) else "hostNetwork"
            hop = Hop("host network", zone.address or "of any node", closes=f"{setting} of {kind} {target.text}")
            ports = [(one.protocol, one.container_port, one.host_ip) for _, one in target.ports()]
            for protocol, number, bound in ports or [("any", 0, "")]:
                if _loopback(bound):
                    continue
                client = f"{number}/{protocol}" if number else "any"
                way = Way((hop,), zone.source, EVERYWHERE, "client", zone.assumed, (zone.assumption,))
                self._arrivals.add(place, way, client, protocol, number)
            return
        for _, port in target.ports():
            if not port.host_port or _loopback(port.host_ip):
                continue
            at = self._nodes.bound(target.node, port.host_ip)
            name = f"hostPort {port.host_port} of {kind} {target.text}"
            hop = Hop("host port", f"{at.address}:{port.host_port}".lstrip(":"), closes=name)
            way = Way((hop,), at.source, EVERYWHERE, "client", at.assumed, (at.assumption,))
            self._arrive(place, way, f"{port.host_port}/{port.protocol}", port.protocol, port.container_port)

    def _through_proxies(self, controllers: Controllers) -> None:
        gateways = Gateways(self._snapshot, self._ground, self._backends, controllers, self._unread.kinds)
        every = [
            *ingresses(self._snapshot, controllers, self._backends, self._nodes),
            *routes(self._snapshot, controllers),
            *gateways.forwards(),
        ]
        self._by_hand = self._by_hand or any(self._backends.by_hand(each.service) for each in every)
        spread = Spread(self._ground, self._backends, self._policies, self._arrivals, frozenset(self._fronted))
        self._stand_ins = spread.run(every)

    def _paths(self, place: int, behind_service: bool) -> tuple[Path, ...]:
        target = self._ground.targets[place]
        paths = [*self._arrivals.paths(place, target), *self._direct(place, target)]
        if self._unread.policies and not target.peer.host_network:
            note = _UNPOLICED.format(", ".join(self._unread.policies))
            paths = [
                msgspec.structs.replace(path, assumed=True, assumptions=(*path.assumptions, note)) for path in paths
            ]
        hiding = self._unread.hiding(target.peer.namespace, behind_service=behind_service, by_hand=self._by_hand)
        return (*paths, *((unread(hiding),) if hiding else ()))

    def _direct(self, place: int, target: Target) -> Iterator[Path]:
        """Connections to the pod's own address: from other pods, and from outside where such addresses are routed."""
        named = [(one.protocol, one.container_port) for _, one in target.ports()]
        if target.peer.host_network:
            # Policies do not bind such pods, and every pod reaches the network of the nodes.
            bound = {(one.protocol, one.container_port) for _, one in target.ports() if _loopback(one.host_ip)}
            yield _at(target, [each for each in named if each not in bound], "any", Way((), "cluster"))
            return
        inside = self._policies.pods(place)
        if inside:
            open_ports = [each for each in named if inside.contains(*each)]
            yield _at(target, open_ports, _words(inside), Way((), "cluster"))
        public = [address for address in target.peer.addresses if is_public(address)]
        if not public and (inside or not self._policies.speaking(place)):
            return
        clients = self._policies.outside(place)
        way = Way((), "internet" if public else "private network", clients, "client", True, (_ROUTED,))
        if way.admits() is not None:
            hops = (Hop("pod address", public[0]),) if public else ()
            open_ports = [each for each in named if self._policies.outside(place, *each)]
            others = _words(self._policies.outside_ports(place))
            yield _at(target, open_ports, others, msgspec.structs.replace(way, hops=hops))

    def _workload(
        self,
        key: WorkloadKey,
        places: list[int],
        paths: list[tuple[Path, ...]],
        stand_ins: list[tuple[Path, ...]],
        unseen: tuple[str, ...],
    ) -> Exposure:
        found = [path for place in places for path in paths[place]]
        notes: tuple[str, ...] = (_PLUGIN,) if any(self._policies.speaking(place) for place in places) else ()
        if any(path.source == "cluster" for path in found) and not any(path.level == "open" for path in found):
            notes += unseen
        nothing = CUT_OFF
        if not places:
            nothing, known = self._ground.absent[key]
            if not known:
                found.append(unread(("Pod",), nothing))
        instead = tuple(path for place in places for path in stand_ins[place])
        return judged(
            tuple(found), nothing=nothing, source=self._source, time=self._time, notes=notes, stand_ins=instead
        )


def _words(ports: Ports) -> str:
    """Ports as a way names them: "80/TCP, 8000-8080/TCP"."""
    if ports.all:
        return "any"
    ranges = [(protocol, *each) for protocol in PROTOCOLS for each in ports.ranges(protocol)]
    return ", ".join(f"{first}-{last}/{name}" if last > first else f"{first}/{name}" for name, first, last in ranges)


def _loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _at(target: Target, ports: list[tuple[str, int]], others: str, way: Way) -> Path:
    """A way to the pod itself as a path; ``others`` stands for ports that no container names."""
    ports = sorted(set(ports), key=lambda each: (each[1], each[0]))
    text = ", ".join(f"{number}/{protocol}" for protocol, number in ports) or others
    processes = dict.fromkeys(target.process(protocol, number) for protocol, number in ports or [("", 0)])
    admitted = way.admits()
    origin, restricted, limits = admitted if admitted is not None else (way.source, False, "")
    last = (Hop("pod port", text), Hop("process", ", ".join(processes)))
    return Path((*way.hops, *last), origin, text, restricted, limits, way.assumed, way.assumptions)
