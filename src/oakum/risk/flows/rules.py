"""Policies of every kind in one form: whom they are about, and rules that are masks and ports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from oakum.fleet.assets import Gap
from oakum.risk.flows.addresses import AddressSpace, Network
from oakum.risk.flows.ports import Ports
from oakum.risk.flows.selection import Pods, bits

Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, Direction] = ("ingress", "egress")
Action = Literal["allow", "deny", "pass"]

#: What a name of a container port stands for: (name, protocol), an empty protocol meaning any.
Name = tuple[str, str]
#: Disjoint masks with the ports that go with each.
Pieces = list[tuple[int, Ports]]


class Rule(msgspec.Struct, frozen=True):
    """Peers (a mask) at some ports: those in numbers, and those that the target pod calls by a name."""

    action: Action
    peers: int
    ports: Ports
    names: tuple[Name, ...] = ()


class Policy(msgspec.Struct, frozen=True):
    """One policy: its name for people, the classes that it is about, and its rules.

    ``ingress`` or ``egress`` None: it does not speak of that direction. ``tier`` is the empty text for a
    NetworkPolicy; within a tier a lower ``priority`` goes first.
    """

    name: str
    subject: int
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None
    tier: Literal["", "Admin", "Baseline"] = ""
    priority: int = 0

    def rules(self, direction: Direction) -> tuple[Rule, ...] | None:
        """The rules of one direction."""
        return self.ingress if direction == "ingress" else self.egress


class World(msgspec.Struct, frozen=True):
    """All that policies can speak of: the classes of pods, the stretches of addresses, the nodes' addresses."""

    pods: Pods
    space: AddressSpace
    nodes: dict[str, tuple[dict[str, str], tuple[Network, ...]]]

    @property
    def everything(self) -> int:
        """The mask of every pod and every address."""
        return self.pods.everything | self.space.mask

    def within(self, network: Network) -> int:
        """The pods and the addresses outside in a range that a policy names."""
        return self.space.of(network) | self.pods.within(network)

    def by_name(self, name: Name, target: int) -> Ports:
        """The ports that a class gives a name: those of its containers with that name and protocol."""
        wanted, protocol = name
        return Ports.union_of(
            Ports.of(each.protocol or "TCP", each.container_port, each.container_port)
            for each in self.pods.peers[target].ports
            if each.name == wanted and protocol in ("", each.protocol or "TCP")
        )

    def pieces(self, rule: Rule, target: int | None) -> Pieces:
        """The rule as disjoint masks with ports: for ingress to the class ``target``, for egress (None) by target.

        Addresses have no names of ports, nor have pods that are met by their node's address.
        """
        if target is not None:
            named = Ports.union_of(self.by_name(name, target) for name in rule.names)
            return [(rule.peers, rule.ports.union(named))]
        if not rule.names:
            return [(rule.peers, rule.ports)]
        found: dict[Ports, int] = {}
        pods = rule.peers & self.pods.everything & ~self.pods.on_nodes
        for index in bits(pods):
            named = Ports.union_of(self.by_name(name, index) for name in rule.names)
            found[named] = found.get(named, 0) | 1 << index
        pieces = [(mask, rule.ports.union(named)) for named, mask in found.items()]
        return [*pieces, (rule.peers & ~pods, rule.ports)]


def refused(name: str, why: str) -> Gap:
    """A policy that the API server would not have taken: it is left out, as in a cluster."""
    return Gap(
        kind="unread-objects",
        what=name,
        why=f"the API server refuses it: {why}; connections are those without it",
        remedy="correct the policy, then ask again",
    )


def assumed(name: str, why: str, remedy: str) -> Gap:
    """Something about a policy that cannot be known from what was read, and what was assumed instead."""
    return Gap(kind="unread-objects", what=name, why=why, remedy=remedy)


def first_problem(problems: Iterable[str]) -> str:
    """The first that is not empty."""
    return next((each for each in problems if each), "")
