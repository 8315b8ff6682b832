"""Random small clusters in which policies of all kinds and with all fields meet, and the places where they may differ.

Few labels, ranges and ports, so that they coincide often. What the specification leaves open is left out: equal
priorities in a tier, both versions of the admin policies in one cluster, empty lists of ports in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from random import Random
from typing import Any

from tests.risk.flows.reference import PROTOCOLS
from tests.risk.flows.worlds import Json, namespace, node, pod

SPACES = ("a", "b", "c")
NAMES = ("http", "dns", "x")
NUMBERS = (1, 2, 53, 79, 80, 81, 443, 8080, 65534, 65535)
BLOCKS = (
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.0.0.0/16",
    "10.0.1.0/24",
    "10.0.0.1/32",
    "10.0.1.2/31",
    "10.9.0.0/24",
    "10.9.0.1/32",
    "203.0.113.0/24",
    "203.0.113.64/26",
    "255.255.255.255/32",
    "::/0",
    "fd00::/16",
    "fd00::1/128",
    "fd00:9::/64",
    "2001:db8::/32",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
)


def cluster(random: Random) -> list[Json]:
    """The objects of a cluster."""
    objects = [namespace(name, **labels(random)) for name in SPACES if random.random() < 0.9]
    objects += [node("n1", "10.9.0.1", "fd00:9::1", zone="1"), node("n2", "10.9.0.2", zone="2")]
    objects += [one_pod(random, number) for number in range(random.randint(2, 5))]
    objects += [network_policy(random, number) for number in range(random.choice((0, 1, 2, 3, 5)))]
    return objects + admin_policies(random)


def labels(random: Random) -> dict[str, str]:
    return {key: random.choice("12") for key in "kl" if random.random() < 0.7}


def some(random: Random, choices: tuple[Any, ...] | list[Any], most: int = 2, least: int = 0) -> list[Any]:
    return [random.choice(choices) for _ in range(random.randint(least, most))]


def one_pod(random: Random, number: int) -> Json:
    space = random.choice(SPACES)
    on = random.choice(("n1", "n2", ""))
    four, six = f"10.0.{SPACES.index(space)}.{number}", f"fd00::{number}"
    host = bool(on) and random.random() < 0.25
    if host:
        address = {"n1": "10.9.0.1,fd00:9::1", "n2": "10.9.0.2"}[on]
    else:
        address = random.choice((four, four, four, f"{four},{six}", six, ""))
    ports = ",".join(
        f"{name} {random.choice(PROTOCOLS)} {random.choice(NUMBERS)}" for name in NAMES if random.random() < 0.5
    )
    own = ",".join(f"{key}={value}" for key, value in labels(random).items())
    made = pod(f"{space}/pod-{number}", own, address, on, ports, host_network=host)
    if random.random() < 0.4:
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": random.choice("rs"), "controller": True}
        made["metadata"]["ownerReferences"] = [owner]
    return made


def selector(random: Random, key: str = "") -> Json:
    made: Json = {}
    keys = ("k", "l", key) if key else ("k", "l")
    if random.random() < 0.4:
        made["matchLabels"] = {random.choice("kl"): random.choice("12")}
    if random.random() < 0.4:
        made["matchExpressions"] = [expression(random, random.choice(keys)) for _ in range(random.randint(0, 2))]
    return made


def expression(random: Random, key: str) -> Json:
    operator = random.choice(("In", "NotIn", "Exists", "DoesNotExist"))
    if operator in ("Exists", "DoesNotExist"):
        return {"key": key, "operator": operator}
    return {"key": key, "operator": operator, "values": some(random, ["1", "2", "a", "b"], 2, 1)}


def namespaces(random: Random) -> Json:
    return selector(random, "kubernetes.io/metadata.name")


# NetworkPolicy


def network_policy(random: Random, number: int) -> Json:
    spec: Json = {"podSelector": selector(random)}
    if random.random() < 0.6:
        spec["policyTypes"] = random.choice((["Ingress"], ["Egress"], ["Ingress", "Egress"], []))
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        if random.random() < 0.6:
            spec[direction] = [network_rule(random, peers) for _ in range(random.randint(0, 2))]
    meta = {"namespace": random.choice(SPACES), "name": f"np-{number}", "uid": f"np-{number}"}
    return {"kind": "NetworkPolicy", "metadata": meta, "spec": spec}


def network_rule(random: Random, peers: str) -> Json:
    rule: Json = {}
    if random.random() < 0.8:
        rule[peers] = [network_peer(random) for _ in range(random.choice((0, 1, 1, 2)))]
    if random.random() < 0.7:
        rule["ports"] = [network_port(random) for _ in range(random.choice((0, 1, 1, 2)))]
    return rule


def network_peer(random: Random) -> Json:
    kind = random.randint(0, 9)
    if kind < 3:
        return {"podSelector": selector(random)}
    if kind < 5:
        return {"namespaceSelector": namespaces(random)}
    if kind < 6:
        return {"namespaceSelector": namespaces(random), "podSelector": selector(random)}
    if kind < 7:
        return {}
    cidr = random.choice(BLOCKS)
    whole = ip_network(cidr)
    smaller = [text for text in BLOCKS if ip_network(text)[0] in whole and ip_network(text).prefixlen > whole.prefixlen]
    return {"ipBlock": {"cidr": cidr, "except": some(random, smaller) if smaller else []}}


def network_port(random: Random) -> Json:
    port: Json = {"protocol": random.choice(PROTOCOLS)} if random.random() < 0.7 else {}
    kind = random.random()
    if kind < 0.3:
        port["port"] = random.choice(NAMES)
    elif kind < 0.9:
        first, last = sorted(some(random, NUMBERS, 2, 2))
        port["port"] = first
        if random.random() < 0.5:
            port["endPort"] = last
    return port


# Admin policies


def admin_policies(random: Random) -> list[Json]:
    """Those of one version."""
    priorities = iter(random.sample(range(1001), 8))
    number = random.choice((0, 1, 2, 3))
    made: list[Json] = []
    if random.random() < 0.5:
        for each in range(number):
            spec = {"priority": next(priorities), **admin_spec(random, ("Allow", "Deny", "Pass"), 1)}
            made.append(admin("AdminNetworkPolicy", f"anp-{each}", spec))
        if random.random() < 0.5:
            made.append(admin("BaselineAdminNetworkPolicy", "default", admin_spec(random, ("Allow", "Deny"), 1)))
        return made
    for each in range(number + 1):
        spec = {
            "tier": random.choice(("Admin", "Baseline")),
            "priority": next(priorities),
            **admin_spec(random, ("Accept", "Deny", "Pass"), 2),
        }
        made.append(admin("ClusterNetworkPolicy", f"cnp-{each}", spec))
    return made


def admin(kind: str, name: str, spec: Json) -> Json:
    return {"kind": kind, "metadata": {"name": name, "uid": name}, "spec": spec}


def admin_spec(random: Random, actions: tuple[str, ...], version: int) -> Json:
    spec: Json = {"subject": by_labels(random)}
    for direction in ("ingress", "egress"):
        if random.random() < 0.6:
            spec[direction] = [admin_rule(random, direction, actions, version) for _ in range(random.randint(0, 3))]
    return spec


def by_labels(random: Random) -> Json:
    if random.random() < 0.5:
        return {"namespaces": namespaces(random)}
    return {"pods": {"namespaceSelector": namespaces(random), "podSelector": selector(random)}}


def admin_rule(random: Random, direction: str, actions: tuple[str, ...], version: int) -> Json:
    rule: Json = {"action": random.choice(actions)}
    rule["from" if direction == "ingress" else "to"] = [
        admin_peer(random, direction, rule["action"]) for _ in range(random.randint(1, 2))
    ]
    if random.random() < 0.6:
        if version == 1:
            rule["ports"] = [admin_port(random) for _ in range(random.randint(1, 2))]
        else:
            rule["protocols"] = [protocol(random) for _ in range(random.randint(1, 2))]
    return rule


def admin_peer(random: Random, direction: str, action: str) -> Json:
    kind = random.randint(0, 19)
    if kind == 0:
        return {}
    if direction == "ingress" or kind < 10:
        return by_labels(random)
    if kind < 16:
        return {"networks": some(random, BLOCKS, 2, 1)}
    if kind < 18 or action not in ("Allow", "Accept"):
        return {"nodes": random.choice(({}, {"matchLabels": {"zone": "1"}}, {"matchLabels": {"zone": "2"}}))}
    return {"domainNames": ["*.example.com"]}


def admin_port(random: Random) -> Json:
    kind = random.randint(0, 2)
    if kind == 0:
        return {"namedPort": random.choice(NAMES)}
    which: Json = {"protocol": random.choice(PROTOCOLS)} if random.random() < 0.8 else {}
    if kind == 1:
        return {"portNumber": {**which, "port": random.choice(NUMBERS)}}
    first, last = sorted(random.sample(NUMBERS, 2))
    return {"portRange": {**which, "start": first, "end": last}}


def protocol(random: Random) -> Json:
    kind = random.randint(0, 3)
    if kind == 0:
        return {"destinationNamedPort": random.choice(NAMES)}
    name = random.choice(PROTOCOLS).lower()
    if kind == 1:
        return {name: {}}
    if kind == 2:
        return {name: {"destinationPort": {"number": random.choice(NUMBERS)}}}
    first, last = sorted(random.sample(NUMBERS, 2))
    return {name: {"destinationPort": {"range": {"start": first, "end": last}}}}


# Where answers may change


def leaves(part: Any) -> Iterator[Any]:
    """Every text and number in an object."""
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from leaves(each)
    else:
        yield part


def points(objects: list[Json]) -> list[tuple[str, int]]:
    """Each number of a port that stands in the objects, and its neighbours, for each protocol."""
    numbers = {each for each in leaves(objects) if type(each) is int and each in NUMBERS} | {1, 1000, 65535}
    near = {one for number in numbers for one in (number - 1, number, number + 1) if 1 <= one <= 65535}
    return [(protocol, port) for protocol in PROTOCOLS for port in sorted(near)]


def outside(objects: list[Json]) -> list[str]:
    """The borders of each range that stands in the objects, and what lies next to them; addresses of nodes too."""
    named = {each for each in leaves(objects) if isinstance(each, str)}
    found = {ip_address(text) for text in ("10.9.0.1", "10.9.0.2", "fd00:9::1", "198.51.100.1", "2620::1")}
    for block in map(ip_network, named.intersection(BLOCKS)):
        first, last = block[0], block[-1]
        found |= {first, last}
        if int(first):
            found.add(first - 1)
        if int(last) + 1 < 1 << first.max_prefixlen:
            found.add(last + 1)
    return [str(one) for one in sorted(found, key=lambda one: (one.version, int(one)))]
