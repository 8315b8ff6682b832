"""What a class of pods may receive from whom, and send to whom: the order in which policies are asked.

The Admin tier first, by priority and then in the order of rules; what it neither allows nor denies, or passes, goes to
the NetworkPolicies, whose union is final where any of them selects the pod; otherwise to the Baseline tier; what nobody
decides is allowed (network-policy-api.sigs.k8s.io/api-overview; kubernetes.io/docs, "The two sorts of pod isolation").

An answer is a partition: disjoint masks of peers, each with the ports open to it. Most pods have few rules, so there
are few pieces, however many peers there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oakum.risk.flows.ports import Ports
from oakum.risk.flows.rules import Direction, Pieces, Policy, Rule, World

_TIERS = ("Admin", "", "Baseline")
#: (undecided, passed on, allowed) -> peers
_State = tuple[Ports, Ports, Ports]


class Verdicts:
    """The answers for all classes, each found once."""

    def __init__(self, world: World, policies: Sequence[Policy]) -> None:
        """``policies`` in any order; within a tier equal priorities are asked in the order of their names."""
        self._world = world
        self._policies = sorted(policies, key=lambda each: (_TIERS.index(each.tier), each.priority, each.name))
        self._pieces: dict[tuple[object, ...], Pieces] = {}
        self._keys: dict[tuple[Direction, int], tuple[object, ...]] = {}
        self._names = {
            name
            for policy in policies
            for rule in policy.rules("ingress") or ()
            for name in rule.names
        }  # fmt: skip

    def selecting(self, direction: Direction, index: int) -> tuple[Policy, ...]:
        """The policies that speak of a class in a direction, in the order in which they are asked."""
        return tuple(each for each in self._policies if each.subject >> index & 1 and each.rules(direction) is not None)

    def key(self, direction: Direction, index: int) -> tuple[object, ...]:
        """What the answer for a class depends on: classes with equal keys have equal answers."""
        found = self._keys.get((direction, index))
        if found is None:
            policies = tuple(
                number
                for number, each in enumerate(self._policies)
                if each.subject >> index & 1 and each.rules(direction) is not None
            )
            named = policies and direction == "ingress"
            names = tuple(self._world.by_name(name, index) for name in sorted(self._names)) if named else ()
            found = self._keys[direction, index] = (direction, policies, names)
        return found

    def pieces(self, direction: Direction, index: int, *, own_node: bool = False) -> Pieces:
        """The peers of a class by the ports open between them; peers with none are left out.

        ``own_node``: the answer for the node on which the pod runs. A NetworkPolicy cannot cut a pod off from it;
        admin policies, whose rules are read as they stand, can.
        """
        key = self.key(direction, index)
        if own_node:
            key = ("own node", *key)
        found = self._pieces.get(key)
        if found is None:
            found = self._pieces[key] = self._answer(direction, index, own_node)
        return found

    def _answer(self, direction: Direction, index: int, own_node: bool) -> Pieces:
        policies = self.selecting(direction, index)
        target = index if direction == "ingress" else None
        admin, middle, baseline = (
            [rule for each in policies if each.tier == tier for rule in each.rules(direction) or ()] for tier in _TIERS
        )
        state: dict[_State, int] = {(Ports.ALL, Ports.NONE, Ports.NONE): self._world.everything}
        state = self._walk(state, admin, target)
        if any(not each.tier for each in policies):
            state = _handed_on(state)
            allowed = [(self._world.everything, Ports.ALL)] if own_node else self._union(middle, target)
            state = _met(state, allowed)
        else:
            state = self._walk(_handed_on(state), baseline, target)
            state = _merged(
                ((Ports.NONE, Ports.NONE, allowed.union(left).union(passed)), mask)
                for (left, passed, allowed), mask in state.items()
            )
        return [(mask, allowed) for (_, _, allowed), mask in state.items() if allowed]

    def _walk(self, state: dict[_State, int], rules: Iterable[Rule], target: int | None) -> dict[_State, int]:
        """Ask rules in order: the first that matches a port decides it."""
        for rule in rules:
            for peers, ports in self._world.pieces(rule, target):
                if not peers or not ports:
                    continue
                state = _merged(
                    piece
                    for (left, passed, allowed), mask in state.items()
                    for piece in (
                        ((left, passed, allowed), mask & ~peers),
                        (_applied(rule, left, passed, allowed, ports), mask & peers),
                    )
                )
        return state

    def _union(self, rules: Iterable[Rule], target: int | None) -> Pieces:
        """Rules that only allow: all of them together."""
        whole: dict[Ports, int] = {}
        for rule in rules:
            for peers, ports in self._world.pieces(rule, target):
                if ports:
                    whole[ports] = whole.get(ports, 0) | peers
        found: dict[Ports, int] = {Ports.NONE: self._world.everything}
        for ports, peers in whole.items():
            split: dict[Ports, int] = {}
            for before, mask in found.items():
                if mask & ~peers:
                    split[before] = split.get(before, 0) | mask & ~peers
                if mask & peers:
                    after = before.union(ports)
                    split[after] = split.get(after, 0) | mask & peers
            found = split
        return [(mask, ports) for ports, mask in found.items()]


def _applied(rule: Rule, left: Ports, passed: Ports, allowed: Ports, ports: Ports) -> _State:
    hit = left.intersection(ports)
    if rule.action == "pass":
        passed = passed.union(hit)
    elif rule.action == "allow":
        allowed = allowed.union(hit)
    return left.difference(hit), passed, allowed


def _handed_on(state: dict[_State, int]) -> dict[_State, int]:
    """What goes to the next tier: whatever is not decided."""
    return _merged(((left.union(passed), Ports.NONE, allowed), mask) for (left, passed, allowed), mask in state.items())


def _met(state: dict[_State, int], pieces: Pieces) -> dict[_State, int]:
    """What is undecided is allowed as far as the pieces allow it, and else denied."""
    return _merged(
        ((Ports.NONE, Ports.NONE, allowed.union(left.intersection(ports))), mask & peers)
        for (left, _, allowed), mask in state.items()
        for peers, ports in pieces
    )


def _merged(pieces: Iterable[tuple[_State, int]]) -> dict[_State, int]:
    """Peers in the same state are one piece."""
    state: dict[_State, int] = {}
    for key, mask in pieces:
        if mask:
            state[key] = state.get(key, 0) | mask
    return state
