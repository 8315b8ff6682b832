"""All connections at once, between workloads and with the addresses outside.

The pods of one workload are united; connections of a workload with itself are left out. Outside is every address
range at whose borders the ports differ; neighbouring ranges with equal ports are one. IPv6 ranges are listed where a
pod or node of the cluster has an IPv6 address. These are the conventions of np-guard's connectivity lists.

Pods are first brought together that no answer tells apart; answers are found once for each such group, so that the
time goes by the number of different pods and of lines, not by the square of the pods.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from oakum.risk.flows.peers import Peer
from oakum.risk.flows.ports import Ports
from oakum.risk.flows.rules import Direction, Pieces, World
from oakum.risk.flows.selection import bits
from oakum.risk.flows.verdicts import Verdicts

Name = tuple[str, str, str]


class Connection(msgspec.Struct, frozen=True, gc=False):
    """What is allowed: ``from_`` and ``to`` are ``ns/name[Kind]`` or an address range ``first-last``."""

    from_: str
    to: str
    ports: Ports


def ranges(
    world: World, verdicts: Verdicts, direction: Direction, classes: Iterable[int], family: int
) -> Iterator[tuple[str, Ports]]:
    """The addresses of a family (4 or 6) between which and some classes any port is open, in order; neighbours with
    equal ports are one range."""
    pieces = [verdicts.pieces(direction, index) for index in classes if world.pods.speaks(index, family)]
    return _joined(
        (first, last, Ports.union_of(_at(each, bit) for each in pieces))
        for bit, first, last in world.space.stretches(six=family == 6)
    )


def all_of(peers: tuple[Peer, ...], world: World, verdicts: Verdicts) -> tuple[Connection, ...]:
    """Every allowed connection, ordered by its two ends: ranges by address, then workloads by name."""
    return tuple(_Listing(peers, world, verdicts).lines())


class _Listing:
    def __init__(self, peers: tuple[Peer, ...], world: World, verdicts: Verdicts) -> None:
        self._world = world
        self._verdicts = verdicts
        self._outside: dict[tuple[Direction, tuple[int, ...]], list[tuple[str, Ports]]] = {}
        self._shown = (4, 6) if _speaks_six(peers, world) else (4,)
        groups = _groups(world, verdicts)
        group_of = {index: number for number, group in enumerate(groups) for index in bits(group)}
        self._first = [(group & -group).bit_length() - 1 for group in groups]
        members: dict[Name, set[int]] = {}
        for place, peer in enumerate(peers):
            name = (peer.namespace, peer.name, peer.kind)
            members.setdefault(name, set()).update(group_of[index] for index in world.pods.classes_of[place])
        self._texts: list[str] = []
        self._groups_of: list[tuple[int, ...]] = []
        for (namespace, own, kind), numbers in sorted(members.items(), key=lambda item: _text(*item[0])):
            self._texts.append(_text(namespace, own, kind))
            self._groups_of.append(tuple(sorted(numbers)))
        self._workloads_in: dict[int, list[int]] = {}
        for workload, numbers_of in enumerate(self._groups_of):
            for number in numbers_of:
                self._workloads_in.setdefault(self._first[number], []).append(workload)
        self._representatives = sum(1 << index for index in self._first)
        self._listed: dict[int, list[int]] = {}
        self._targets = self._by_answer("ingress")

    def lines(self) -> Iterator[Connection]:
        yield from self._from_outside()
        reached: dict[int, dict[Ports, int]] = {}
        for source, numbers in enumerate(self._groups_of):
            text = self._texts[source]
            found: dict[int, Ports] = {}
            for number in numbers:
                if number not in reached:
                    reached[number] = self._reached_by(self._first[number])
                for ports, mask in reached[number].items():
                    for target in self._workloads(mask):
                        before = found.get(target)
                        found[target] = ports if before is None else before.union(ports)
            found.pop(source, None)
            for target_text, ports in self._ranges("egress", numbers):
                yield Connection(text, target_text, ports)
            for target in sorted(found):
                yield Connection(text, self._texts[target], found[target])

    def _from_outside(self) -> Iterator[Connection]:
        starts = (first for family in (4, 6) for _, first, _ in self._world.space.stretches(six=family == 6))
        place = {first: number for number, first in enumerate(starts)}
        lines = [
            (place[text.partition("-")[0]], Connection(text, self._texts[target], ports))
            for target, numbers in enumerate(self._groups_of)
            for text, ports in self._ranges("ingress", numbers)
        ]
        return (line for _, line in sorted(lines, key=lambda each: each[0]))

    def _ranges(self, direction: Direction, numbers: tuple[int, ...]) -> list[tuple[str, Ports]]:
        found = self._outside.get((direction, numbers))
        if found is None:
            classes = [self._first[number] for number in numbers]
            found = self._outside[direction, numbers] = [
                each
                for family in self._shown
                for each in ranges(self._world, self._verdicts, direction, classes, family)
            ]
        return found

    def _by_answer(self, direction: Direction) -> list[tuple[int, Pieces]]:
        """The representatives of the groups, those with one answer together."""
        masks: dict[tuple[object, ...], int] = {}
        for index in self._first:
            key = self._verdicts.key(direction, index)
            masks[key] = masks.get(key, 0) | 1 << index
        return [(mask, self._verdicts.pieces(direction, next(bits(mask)))) for mask in masks.values()]

    def _reached_by(self, index: int) -> dict[Ports, int]:
        """What a class reaches: representatives of groups by ports."""
        reached: dict[Ports, int] = {}
        met = self._world.pods.meets(index) & self._representatives
        sends = [(mask & met, ports) for mask, ports in self._verdicts.pieces("egress", index)]
        for targets, pieces in self._targets:
            received = _at(pieces, index)
            if not received:
                continue
            for mask, sent in sends:
                both = targets & mask
                if both and (ports := sent.intersection(received)):
                    reached[ports] = reached.get(ports, 0) | both
        return reached

    def _workloads(self, mask: int) -> list[int]:
        found = self._listed.get(mask)
        if found is None:
            found = [workload for index in bits(mask) for workload in self._workloads_in[index]]
            self._listed[mask] = found
        return found


def _text(namespace: str, name: str, kind: str) -> str:
    return f"{namespace}/{name}[{kind}]"


def _at(pieces: Pieces, bit: int) -> Ports:
    return next((ports for mask, ports in pieces if mask >> bit & 1), Ports.NONE)


def _joined(stretches: Iterable[tuple[str, str, Ports]]) -> Iterator[tuple[str, Ports]]:
    start, end, open_ports = "", "", Ports.NONE
    for first, last, ports in stretches:
        if ports == open_ports and (":" in end) == (":" in first):
            end = last
            continue
        if open_ports:
            yield f"{start}-{end}", open_ports
        start, end, open_ports = first, last, ports
    if open_ports:
        yield f"{start}-{end}", open_ports


def _groups(world: World, verdicts: Verdicts) -> list[int]:
    """Classes that no answer tells apart, as masks: a pod of the one reaches what a pod of the other does."""
    masks: dict[int, None] = {}
    answers: dict[tuple[object, ...], int] = {}
    for index in range(len(world.pods.peers)):
        for direction in ("ingress", "egress"):
            key = verdicts.key(direction, index)
            answers[key] = answers.get(key, 0) | 1 << index
    for members in answers.values():
        masks[members] = None
    for key, members in answers.items():
        way: Direction = "ingress" if key[0] == "ingress" else "egress"
        for mask, _ in verdicts.pieces(way, next(bits(members))):
            masks[mask & world.pods.everything] = None
    for index in range(len(world.pods.peers)):
        masks[world.pods.meets(index)] = None
    for speaking in world.pods.speaking.values():
        masks[speaking] = None
    groups = [world.pods.everything] if world.pods.everything else []
    for mask in masks:
        split: list[int] = []
        for group in groups:
            inside = group & mask
            if inside and inside != group:
                split += (inside, group ^ inside)
            else:
                split.append(group)
        groups = split
    return groups


def _speaks_six(peers: tuple[Peer, ...], world: World) -> bool:
    nodes = (each.version == 6 for _, networks in world.nodes.values() for each in networks)
    return any(nodes) or any(":" in each for peer in peers for each in peer.addresses)
