"""Sets of ports: what a policy's ``ports`` come to, and what a connection may use.

A port set holds ranges of TCP, UDP and SCTP, the three protocols of the NetworkPolicy API; all ports of all three are
written ``All``. Other protocols are left alone by these policies and are not spoken of.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

#: The protocols in the order in which they are written.
PROTOCOLS = ("TCP", "UDP", "SCTP")
LAST = 65535

Ranges = tuple[tuple[int, int], ...]
Sets = tuple[Ranges, Ranges, Ranges]

_EVERY: Ranges = ((1, LAST),)


class Ports:
    """An immutable set of (protocol, port); ``Ports.ALL`` and ``Ports.NONE`` are the two ends."""

    __slots__ = ("_hash", "_sets")

    ALL: Ports
    NONE: Ports

    def __init__(self, sets: Sets) -> None:
        """``sets`` are the sorted, disjoint ranges of TCP, UDP and SCTP; callers use ``of``."""
        self._sets = sets
        self._hash = hash(sets)

    @classmethod
    def of(cls, protocol: str, first: int = 1, last: int = LAST) -> Ports:
        """The ports ``first`` to ``last`` of one protocol; an empty range is the empty set."""
        first, last = max(first, 1), min(last, LAST)
        if protocol not in PROTOCOLS or first > last:
            return cls.NONE
        own: Ranges = ((first, last),)
        tcp, udp, sctp = (own if protocol == each else () for each in PROTOCOLS)
        return cls((tcp, udp, sctp))

    @classmethod
    def union_of(cls, parts: Iterable[Ports]) -> Ports:
        """All of several sets in one."""
        whole = cls.NONE
        for part in parts:
            whole = whole.union(part)
        return whole

    @property
    def all(self) -> bool:
        """Whether every port of every protocol is in it."""
        return self._sets == Ports.ALL._sets

    def union(self, other: Ports) -> Ports:
        """What is in either."""
        if self is other or other is Ports.NONE or self is Ports.ALL:
            return self
        if self is Ports.NONE or other is Ports.ALL:
            return other
        return _union(self, other)

    def intersection(self, other: Ports) -> Ports:
        """What is in both."""
        if self is other or other is Ports.ALL or self is Ports.NONE:
            return self
        if self is Ports.ALL or other is Ports.NONE:
            return other
        return _intersection(self, other)

    def difference(self, other: Ports) -> Ports:
        """What is here and not in the other."""
        if other is Ports.NONE or self is Ports.NONE:
            return self
        if other is Ports.ALL or self is other:
            return Ports.NONE
        return _difference(self, other)

    def contains(self, protocol: str, port: int) -> bool:
        """Whether the port of the protocol (TCP, UDP or SCTP) is in it."""
        if protocol not in PROTOCOLS:
            return False
        return any(first <= port <= last for first, last in self._sets[PROTOCOLS.index(protocol)])

    def ranges(self, protocol: str) -> Ranges:
        """The sorted ranges of one protocol."""
        return self._sets[PROTOCOLS.index(protocol)]

    def text(self) -> str:
        """``All``, or as in ``TCP 80,443-445; UDP 53``; all ports of one protocol are ``TCP 1-65535``."""
        if self.all:
            return "All"
        named = zip(PROTOCOLS, self._sets, strict=True)
        return "; ".join(f"{protocol} {','.join(map(_text, ranges))}" for protocol, ranges in named if ranges)

    def as_json(self) -> str | dict[str, list[str]]:
        """``"All"``, or protocol -> list of ``"80"`` and ``"443-445"``."""
        if self.all:
            return "All"
        named = zip(PROTOCOLS, self._sets, strict=True)
        return {protocol: [_text(each) for each in ranges] for protocol, ranges in named if ranges}

    def __bool__(self) -> bool:
        return any(self._sets)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Ports) and self._sets == other._sets)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Ports({self.text() or 'none'})"


Ports.ALL = Ports((_EVERY, _EVERY, _EVERY))
Ports.NONE = Ports(((), (), ()))


def _text(each: tuple[int, int]) -> str:
    return str(each[0]) if each[0] == each[1] else f"{each[0]}-{each[1]}"


def _shared(sets: Sets) -> Ports:
    """The two ends are one object each, so that the short cuts above meet them."""
    if sets == Ports.ALL._sets:
        return Ports.ALL
    return Ports(sets) if any(sets) else Ports.NONE


@lru_cache(maxsize=65536)
def _union(one: Ports, two: Ports) -> Ports:
    tcp, udp, sctp = (_joined(sorted(a + b)) for a, b in _pairs(one, two))
    return _shared((tcp, udp, sctp))


@lru_cache(maxsize=65536)
def _intersection(one: Ports, two: Ports) -> Ports:
    tcp, udp, sctp = (_common(a, b) for a, b in _pairs(one, two))
    return _shared((tcp, udp, sctp))


@lru_cache(maxsize=65536)
def _difference(one: Ports, two: Ports) -> Ports:
    tcp, udp, sctp = (_common(a, _complement(b)) for a, b in _pairs(one, two))
    return _shared((tcp, udp, sctp))


def _pairs(one: Ports, two: Ports) -> Iterable[tuple[Ranges, Ranges]]:
    return ((one.ranges(protocol), two.ranges(protocol)) for protocol in PROTOCOLS)


def _joined(ranges: list[tuple[int, int]]) -> Ranges:
    """Sorted ranges without overlap; neighbours become one."""
    joined: list[tuple[int, int]] = []
    for first, last in ranges:
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def _common(one: Ranges, two: Ranges) -> Ranges:
    """Both are sorted and disjoint: walk along both."""
    common: list[tuple[int, int]] = []
    i = j = 0
    while i < len(one) and j < len(two):
        first, last = max(one[i][0], two[j][0]), min(one[i][1], two[j][1])
        if first <= last:
            common.append((first, last))
        if one[i][1] < two[j][1]:
            i += 1
        else:
            j += 1
    return tuple(common)


def _complement(ranges: Ranges) -> Ranges:
    gaps: list[tuple[int, int]] = []
    start = 1
    for first, last in ranges:
        if start < first:
            gaps.append((start, first - 1))
        start = last + 1
    if start <= LAST:
        gaps.append((start, LAST))
    return tuple(gaps)
