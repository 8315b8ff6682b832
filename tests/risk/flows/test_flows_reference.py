"""The evaluator of flows equals the slow reference on random clusters: every pair, every border of ports and ranges."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.risk.flows import reference
from tests.risk.flows.clusters import cluster, outside, points
from tests.risk.flows.worlds import Json, snapshot

from oakum.fleet.cluster.objects import Node, Pod
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.risk.flows import Network, Peer, Ports

#: One bit for each port of a protocol at which answers may change.
Answer = int


class Truth:
    """What the reference says of a cluster, found when asked."""

    def __init__(self, objects: list[Json]) -> None:
        self.snapshot = of = snapshot(*objects)
        self.pods = of.of(Pod, "Pod")
        self.points = points(objects)
        self.everything = (1 << len(self.points)) - 1
        own = {one for each in self.pods for one in reference.addresses(each) if not each.spec.host_network}
        self.outside = [text for text in outside(objects) if text not in own]
        by_key = {each.key: each for each in self.pods}

        @cache
        def between(source: str | tuple[str, str, str], target: str | tuple[str, str, str], own_node: bool) -> Answer:
            one = source if isinstance(source, str) else by_key[source]
            other = target if isinstance(target, str) else by_key[target]
            return sum(
                1 << bit
                for bit, (protocol, port) in enumerate(self.points)
                if reference.allowed(of, one, other, protocol, port, own_node=own_node)
            )

        self._between = between

    def asked(self, ports: Ports) -> Answer:
        """Ports of the evaluator in the form of answers."""
        return sum(1 << bit for bit, point in enumerate(self.points) if ports.contains(*point))

    def where(self, answer: Answer) -> str:
        """The first of these ports as text."""
        places = [f"{protocol} {port}" for bit, (protocol, port) in enumerate(self.points) if answer >> bit & 1]
        return ", ".join(places[:6])

    def between(self, source: Pod | str, target: Pod | str, *, own_node: bool = True) -> Answer:
        one = source if isinstance(source, str) else source.key
        return self._between(one, target if isinstance(target, str) else target.key, own_node)


def differences(objects: list[Json], random: Random) -> Iterator[str]:
    truth = Truth(objects)
    network = Network(truth.snapshot)
    yield from (f"{one.what}: {one.why}" for one in network.problems if "refuses" in one.why)
    peers = {each.key: found(network, each) for each in truth.pods}
    yield from pairs(truth, network, peers, random)
    yield from from_elsewhere(truth, network, peers)
    yield from listed(truth, network, peers)


def found(network: Network, pod: Pod) -> Peer:
    peer = network.peer(pod.metadata.namespace, pod.metadata.name)
    assert peer is not None
    return peer


Peers = dict[tuple[str, str, str], Peer]


def pairs(truth: Truth, network: Network, peers: Peers, random: Random) -> Iterator[str]:
    """``ports`` everywhere; ``allows`` at a few places, because it is asked of one port at a time."""
    ends: list[tuple[Pod | str, Pod | str]] = [(one, other) for one in truth.pods for other in truth.pods]
    for address in truth.outside:
        ends += [pair for pod in truth.pods if meets(pod, address) for pair in ((pod, address), (address, pod))]
    for source, target in ends:
        one = source if isinstance(source, str) else peers[source.key]
        other = target if isinstance(target, str) else peers[target.key]
        expected = truth.between(source, target)
        ports = network.ports(one, other)
        name = f"{text(source)} > {text(target)}"
        if truth.asked(ports) != expected:
            yield f"{name}: ports {ports} differ at {truth.where(truth.asked(ports) ^ expected)}"
        if ports.all != (expected == truth.everything):
            yield f"{name}: all is {ports.all}"
        for bit in random.sample(range(len(truth.points)), 2):
            if network.allows(one, other, *truth.points[bit]) != bool(expected >> bit & 1):
                yield f"{name}: allows differs at {truth.points[bit]}"


def from_elsewhere(truth: Truth, network: Network, peers: Peers) -> Iterator[str]:
    """``from_pods`` and ``from_outside``, which leaves the exception for the pod's own node out."""
    for target in truth.pods:
        peer = peers[target.key]
        pods = {one.key: truth.asked(ports) for one, ports in network.from_pods(peer)}
        expected = {peers[one.key].key: truth.between(one, target) for one in truth.pods if one.key != target.key}
        if pods != {key: answer for key, answer in expected.items() if answer}:
            yield f"from_pods({text(target)}) is {network.from_pods(peer)}"
        ranges = network.from_outside(peer)
        yield from (f"from_outside({text(target)}): {wrong}" for wrong in untidy(ranges))
        for address in truth.outside:
            if truth.asked(at(ranges, address)) != truth.between(address, target, own_node=False):
                yield f"from_outside({text(target)}) at {address}: {at(ranges, address)}"


def listed(truth: Truth, network: Network, peers: Peers) -> Iterator[str]:
    """``connections``: the union over the pods of each owner; IPv6 ranges where the cluster has an IPv6 address."""
    owners: dict[str, list[Pod]] = {}
    for pod in truth.pods:
        owners.setdefault(peers[pod.key].text, []).append(pod)
    lines = {(each.from_, each.to): each.ports for each in network.connections()}
    if len(lines) != len(network.connections()):
        yield "connections has a pair of ends twice"
    for source, senders in owners.items():
        for target, receivers in owners.items():
            expected = 0
            for one in senders:
                for other in receivers:
                    expected |= truth.between(one, other, own_node=False)
            ports = lines.pop((source, target), Ports.NONE)
            if source == target:
                expected = 0
            if truth.asked(ports) != expected:
                places = truth.where(truth.asked(ports) ^ expected)
                yield f"connections: {source} > {target}: {ports} differs at {places}"
    for name, pods in owners.items():
        into = [(ends[0], ports) for ends, ports in lines.items() if ends[1] == name]
        out = [(ends[1], ports) for ends, ports in lines.items() if ends[0] == name]
        yield from (f"connections into {name}: {wrong}" for wrong in untidy(into))
        yield from (f"connections out of {name}: {wrong}" for wrong in untidy(out))
        for address in truth.outside:
            if ":" in address and not speaks_six(truth.snapshot):
                continue
            enters = leaves = 0
            for pod in pods:
                enters |= truth.between(address, pod, own_node=False)
                leaves |= truth.between(pod, address, own_node=False)
            if truth.asked(at(into, address)) != enters:
                yield f"connections: {address} > {name}: {at(into, address)}"
            if truth.asked(at(out, address)) != leaves:
                yield f"connections: {name} > {address}: {at(out, address)}"
        for end, _ in into:
            lines.pop((end, name))
        for end, _ in out:
            lines.pop((name, end))
    if lines:
        yield f"connections has lines of nobody: {lines}"


def speaks_six(of: Snapshot) -> bool:
    pods = (one for each in of.of(Pod, "Pod") for one in reference.addresses(each))
    nodes = (one.address for each in of.of(Node, "Node") for one in each.status.addresses)
    return any(":" in one for one in (*pods, *nodes))


def at(ranges: tuple[tuple[str, Ports], ...] | list[tuple[str, Ports]], text_: str) -> Ports:
    """The ports of the range in which an address lies."""
    address = ip_address(text_)
    for span, ports in ranges:
        first, last = map(ip_address, span.split("-"))
        if first.version == address.version and int(first) <= int(address) <= int(last):
            return ports
    return Ports.NONE


def untidy(ranges: tuple[tuple[str, Ports], ...] | list[tuple[str, Ports]]) -> Iterator[str]:
    """Ranges stand in order, do not overlap, are open somewhere, and neighbours differ."""
    spans = [(ip_address(span.split("-")[0]), ip_address(span.split("-")[1]), ports) for span, ports in ranges]
    for first, last, ports in spans:
        if int(first) > int(last) or first.version != last.version or not ports:
            yield f"{first}-{last}: {ports}"
    for (_, last, ports), (other, _, more) in pairwise(spans):
        between = int(other) - int(last)
        if last.version == other.version and (between < 1 or (between == 1 and ports == more)):
            yield f"{last} and {other} are no neighbours that differ"
        if last.version > other.version:
            yield "IPv6 stands before IPv4"


def meets(pod: Pod, address: str) -> bool:
    """Whether the pod has an address of that family, or none that is known."""
    return any(not own or (":" in own) == (":" in address) for own in reference.addresses(pod))


def text(end: Pod | str) -> str:
    return end if isinstance(end, str) else f"{end.metadata.namespace}/{end.metadata.name}"


def compare(random: Random) -> None:
    objects = cluster(random)
    wrong = list(differences(objects, Random(1)))
    assert not wrong, "\n".join([*wrong[:20], f"of {len(wrong)}", *(str(one) for one in objects)])


@given(st.randoms(use_true_random=False))
@settings(max_examples=max(10, settings().max_examples // 20))
def test_random_clusters_equal_the_reference(random: Random) -> None:
    compare(random)


@pytest.mark.parametrize("seed", range(40))
def test_seeded_clusters_equal_the_reference(seed: int) -> None:
    compare(Random(seed))


@pytest.mark.fuzz
def test_ever_new_clusters_equal_the_reference() -> None:
    """In ``make fuzz`` as many as a third of its time allows; else one, and always the same."""
    seconds = float(os.environ.get("OAKUM_FUZZ_SECONDS", "0")) / 3
    end = time.monotonic() + seconds
    seeds = Random() if seconds else Random(0)
    while True:
        seed = seeds.getrandbits(64)
        try:
            compare(Random(seed))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error
        if time.monotonic() >= end:
            return
