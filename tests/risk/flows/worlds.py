"""Small clusters for the cases of flows: objects as the API shows them, and expectations that a person can read.

An expectation is a line ``SOURCE > TARGET: PORTS``. An end is ``namespace/pod`` or an address; ports are ``all``,
``none`` or a list as ``TCP 80, TCP 8000-8080, UDP 53``, and are meant exactly: every protocol is tried at the borders
of every range, inside and outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
import yaml
from tests.risk.flows import reference
from tests.risk.flows.reference import PROTOCOLS

from oakum.fleet.cluster.objects import Pod
from oakum.fleet.cluster.snapshot import KINDS, Snapshot
from oakum.risk.flows import Network

TYPES = {kind: type_ for (_, _, kind), type_ in KINDS.items()}
Json = dict[str, Any]
Allowed = Callable[[str, int], bool]


class Case(NamedTuple):
    """What a case is about, the policies (YAML documents) and what is expected, one pair a line."""

    name: str
    policies: str
    expected: str


def snapshot(*objects: Json) -> Snapshot:
    """A cluster of objects as the API shows them."""
    items: dict[str, list[Any]] = {}
    for one in objects:
        items.setdefault(one["kind"], []).append(msgspec.convert(one, type=TYPES[one["kind"]]))
    ordered = {
        kind: tuple(sorted(found, key=lambda one: (one.metadata.namespace, one.metadata.name)))
        for kind, found in items.items()
    }
    return Snapshot(source="test", items=ordered, listed=frozenset(TYPES))


def namespace(name: str, **labels: str) -> Json:
    return {
        "kind": "Namespace",
        "metadata": {"name": name, "uid": name, "labels": {reference.NAME_LABEL: name, **labels}},
    }


def node(name: str, *addresses: str, **labels: str) -> Json:
    known = [{"type": "InternalIP", "address": one} for one in addresses]
    return {
        "kind": "Node",
        "metadata": {"name": name, "uid": name, "labels": labels},
        "status": {"addresses": [*known, {"type": "Hostname", "address": name}]},
    }


def pod(
    place: str, labels: str = "", address: str = "", on: str = "", ports: str = "", host_network: bool = False
) -> Json:
    """A pod ``namespace/name`` with labels ``a=b,c=d``, addresses ``A,B``, ports ``http TCP 80, dns UDP 53``."""
    space, name = place.split("/")
    addresses = address.split(",") if address else []
    named = [port.split() for port in ports.split(",") if port]
    return {
        "kind": "Pod",
        "metadata": {
            "namespace": space,
            "name": name,
            "uid": place,
            "labels": dict(label.split("=") for label in labels.split(",") if label),
        },
        "spec": {
            "nodeName": on,
            "hostNetwork": host_network,
            "containers": [
                {
                    "name": "main",
                    "ports": [{"name": n, "protocol": p, "containerPort": int(number)} for n, p, number in named],
                }
            ],
        },
        "status": {
            "phase": "Running",
            "podIP": addresses[0] if addresses else "",
            "podIPs": [{"ip": one} for one in addresses],
        },
    }


#: The cluster of most cases. The pods named host are on the host network of nodes of their own.
WORLD: tuple[Json, ...] = (
    namespace("shop", team="a"),
    namespace("ops", team="b", env="prod"),
    namespace("lab"),
    node("n1", "192.168.0.1", zone="a"),
    node("n2", "192.168.0.2", zone="b"),
    pod("shop/web", "app=web,tier=front", "10.1.0.1", "n1", "http TCP 80,dns UDP 53"),
    pod("shop/api", "app=api,tier=back", "10.1.0.2", "n1", "http TCP 8080"),
    pod("shop/db", "app=db,tier=back", "10.1.0.3", "n1", "sql TCP 5432,http UDP 8081"),
    pod("shop/bare", "", "10.1.0.4", "n1"),
    pod("ops/web", "app=web", "10.2.0.1", "n1", "http TCP 9090"),
    pod("ops/mon", "app=mon", "10.2.0.2", "n1"),
    pod("ops/host", "app=web", "192.168.0.2", "n2", "http TCP 9100", host_network=True),
    pod("lab/web", "app=web,tier=front", "10.3.0.1", "n1", "http TCP 80"),
    pod("lab/six", "app=six", "fd00:3::6", "n1", "http TCP 80"),
)


def policies(text: str, kind: str = "NetworkPolicy", place: str = "shop") -> Iterator[Json]:
    """Policies from YAML documents: each is a spec, beside which ``kind`` and ``namespace`` may stand."""
    for number, document in enumerate(yaml.safe_load_all(text)):
        spec = dict(document)
        which = spec.pop("kind", kind)
        where = {"namespace": spec.pop("namespace", place)} if which == "NetworkPolicy" else {}
        name = "default" if which == "BaselineAdminNetworkPolicy" else f"policy-{number}"
        yield {"kind": which, "metadata": {"name": name, "uid": f"uid-{number}", **where}, "spec": spec}


def ranges(text: str) -> dict[str, list[tuple[int, int]]]:
    """Ports as text, by protocol."""
    found: dict[str, list[tuple[int, int]]] = {protocol: [] for protocol in PROTOCOLS}
    if text == "all":
        return {protocol: [(1, 65535)] for protocol in PROTOCOLS}
    for part in text.split(",") if text != "none" else ():
        protocol, numbers = part.split()
        first, _, last = numbers.partition("-")
        found[protocol].append((int(first), int(last or first)))
    return found


def probes(found: Iterable[tuple[int, int]], more: Iterable[int] = ()) -> list[int]:
    """Ports that tell these ranges from any others worth mistaking them for."""
    tried = {1, 53, 80, 443, 65535, *more}
    for first, last in found:
        tried |= {first - 1, first, last, last + 1}
    return sorted(one for one in tried if 1 <= one <= 65535)


def end(cluster: Snapshot, text: str) -> Pod | str:
    if "/" not in text:
        return text
    space, name = text.split("/")
    return next(one for one in cluster.of(Pod, "Pod") if (one.metadata.namespace, one.metadata.name) == (space, name))


def check(cluster: Snapshot, expected: str, by: str) -> None:
    """Compare a cluster with the lines of the expectation, by the reference or by the evaluator."""
    network = Network(cluster) if by == "evaluator" else None
    lines = [line.strip() for line in expected.strip().splitlines()]
    assert lines, "nothing is expected"
    wrong: list[str] = []
    for line in lines:
        ends, _, text = line.rpartition(": ")
        source, _, target = ends.partition(" > ")
        ports = ranges(text)
        if network is None:
            wrong += differences(line, ports, by_reference(cluster, source, target))
            continue
        wrong += differences(line, ports, by_network(network, source, target))
        found = network.ports(peer(network, source), peer(network, target))
        wrong += differences(f"{line} (ports)", ports, found.contains)
        if found.all != (text == "all"):
            wrong.append(f"{line}: ports.all is {found.all}")
    assert not wrong, "\n".join(wrong)


def by_reference(cluster: Snapshot, source: str, target: str) -> Allowed:
    one, other = end(cluster, source), end(cluster, target)
    return lambda protocol, port: reference.allowed(cluster, one, other, protocol, port)


def by_network(network: Network, source: str, target: str) -> Allowed:
    one, other = peer(network, source), peer(network, target)
    return lambda protocol, port: network.allows(one, other, protocol, port)


def peer(network: Network, text: str) -> Any:
    if "/" not in text:
        return text
    found = network.peer(*text.split("/"))
    assert found is not None, f"no peer {text}"
    return found


def differences(line: str, ports: dict[str, list[tuple[int, int]]], allowed: Allowed) -> Iterator[str]:
    everything = [one for found in ports.values() for one in found]
    for protocol in PROTOCOLS:
        tried = {port: any(first <= port <= last for first, last in ports[protocol]) for port in probes(everything)}
        wrong = [port for port, expected in tried.items() if allowed(protocol, port) != expected]
        if wrong:
            yield f"{line}: wrong for {protocol} {', '.join(map(str, wrong))}"
