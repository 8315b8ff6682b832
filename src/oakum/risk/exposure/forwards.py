"""How connections go on behind a proxy: from an ingress controller or a gateway to the Services it serves.

A ``Forward`` is one rule by which a proxy passes connections on to a port of a Service. A proxy in the cluster passes
on whatever reaches its pods, so that the ways to them are found first and then followed, also through several proxies
in a row (a load balancer of the cloud before an API gateway). A proxy outside of the cluster stands at the beginning of
its own ways. A proxy opens connections of its own: policies see its address, not the client's
(kubernetes.io/docs/concepts/services-networking/network-policies, "What you can't do with network policies").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from oakum.risk.exposure.addresses import EVERYWHERE, Ranges
from oakum.risk.exposure.backends import Backends, Choice, Name
from oakum.risk.exposure.ground import Ground
from oakum.risk.exposure.model import Hop
from oakum.risk.exposure.ways import Arrivals, Policies, Way

#: Stops before a further proxy: a way through more than three of them is followed no further.
_LONGEST = 12


class Forward(msgspec.Struct, frozen=True, eq=False):
    """A rule of a proxy.

    ``stops`` are shown on the way (ingress, or gateway and route), ``service`` and ``ports`` say where it leads,
    ``clients`` whom it lets in, ``notes`` what that assumes; ``assumed``: the proxy may not serve it. ``servers`` are
    the places of the proxy's pods, ``proxy`` is what people call it. ``outside`` are ways whose proxy is not in the
    cluster; ``public`` are such ways by an address that the object was given: they count where nothing explains
    that address. ``holder`` is the Service in the cluster that has it.
    """

    stops: tuple[Hop, ...]
    service: Name
    ports: Choice
    client_ports: tuple[str, ...]
    clients: Ranges = EVERYWHERE
    proxy: str = "ingress controller"
    assumed: bool = False
    notes: tuple[str, ...] = ()
    servers: tuple[int, ...] = ()
    outside: tuple[Way, ...] = ()
    public: tuple[Way, ...] = ()
    holder: Name | None = None


class Spread:
    """Follows ways through proxies to the end."""

    def __init__(
        self, ground: Ground, backends: Backends, policies: Policies, arrivals: Arrivals, fronted: frozenset[Name]
    ) -> None:
        """``fronted`` are the Services that can be reached from outside by themselves."""
        self._ground = ground
        self._backends = backends
        self._policies = policies
        self._arrivals = arrivals
        self._fronted = fronted
        self._served: defaultdict[int, list[Forward]] = defaultdict(list)

    def run(self, forwards: Iterable[Forward]) -> Arrivals:
        """Add all ways behind proxies to the arrivals, which hold those that lead to pods directly.

        Gives back the stand-ins: ways by addresses that the ways found explain. They count if those are closed.
        """
        every = list(forwards)
        for forward in every:
            for place in forward.servers:
                self._served[place].append(forward)
        queue: list[tuple[int, Way, str]] = [
            (place, way, client) for place in sorted(self._served) for way, client in self._arrived(place)
        ]
        for forward in every:
            for way in forward.outside:
                queue += self._passed_on(self._arrivals, forward, way, None, ", ".join(forward.client_ports))
        self._follow(self._arrivals, queue)
        # An address that no Service before the proxy has: whatever has it (a balancer set up by hand) leads there.
        every = [forward for forward in every if forward.public and not self._held(forward)]
        explained = {forward for forward in every if any(self._is_public(place) for place in forward.servers)}
        stand_ins = Arrivals()
        for arrivals, wanted in ((self._arrivals, False), (stand_ins, True)):
            queue = [
                each
                for forward in every
                if (forward in explained) == wanted
                for way in forward.public
                for each in self._passed_on(arrivals, forward, way, None, ", ".join(forward.client_ports))
            ]
            self._follow(arrivals, queue)
        return stand_ins

    def _follow(self, arrivals: Arrivals, queue: list[tuple[int, Way, str]]) -> None:
        while queue:
            place, way, client = queue.pop()
            for forward in self._served.get(place, ()):
                queue += self._passed_on(arrivals, forward, way, place, client)

    def _arrived(self, place: int) -> list[tuple[Way, str]]:
        return [
            (way, ", ".join(dict.fromkeys(client for client, _, _ in sorted(ports))))
            for way, ports in self._arrivals.at(place).items()
            if way.admits() is not None
        ]

    def _is_public(self, place: int) -> bool:
        """Whether the whole internet reaches a target: that explains any public address."""
        found = (way.admits() for way in self._arrivals.at(place))
        return any(each is not None and each[0] in ("internet", "unknown") and not each[1] for each in found)

    def _held(self, forward: Forward) -> bool:
        """Whether the Service that has the address leads to the proxy: its own ways have been measured."""
        if forward.holder is None:
            return False
        return any(one.target in forward.servers for one in self._backends.of(forward.holder))

    def _passed_on(
        self, arrivals: Arrivals, forward: Forward, way: Way, proxy: int | None, client: str
    ) -> list[tuple[int, Way, str]]:
        """Add a way that goes on by one rule; what arrives anew at other proxies is given back."""
        if forward.stops[-1] in way.hops or len(way.hops) > _LONGEST:
            return []
        name = self._backends.alias(forward.service)
        named = Hop("service", "/".join(forward.service), closes=self._closes(name))
        own = () if proxy is None else (Hop(forward.proxy, self._ground.targets[proxy].text),)
        further = way.further(
            *own, *forward.stops, named, clients=forward.clients, assumed=forward.assumed, notes=forward.notes
        )
        if further.admits() is None:
            return []
        # A way to a proxy of the cluster from an address outside goes through one of its pods.
        proxies = (proxy,) if proxy is not None else forward.servers or (None,)
        again: list[tuple[int, Way, str]] = []
        for backend in self._backends.of(name):
            if not forward.ports(backend.port):
                continue
            place, protocol, number = backend.target, backend.port.protocol, backend.number
            if not any(self._lets(each, place, protocol, number) for each in proxies):
                continue
            if arrivals.add(place, further, client, protocol, number) and place in self._served:
                again.append((place, further, client))
        return again

    def _lets(self, proxy: int | None, place: int, protocol: str, number: int) -> bool:
        if proxy is None:
            return bool(self._policies.outside(place, protocol, number))
        return self._policies.lets_pod(self._ground.targets[proxy].peer, place, protocol, number)

    def _closes(self, service: Name) -> str:
        return self._backends.closing(service) if service in self._fronted else ""
