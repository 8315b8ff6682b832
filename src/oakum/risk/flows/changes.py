"""What is allowed in one list of connections and not in another: what a change of policies loses, or gains.

Address ranges of the two are cut at each other's borders, so that a range which is only divided is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from oakum.risk.flows.connections import Connection
from oakum.risk.flows.ports import Ports

Pair = tuple[str, str]
#: Version, first and last address as numbers, and the ports.
Stretch = tuple[int, int, int, Ports]


def difference(of: Sequence[Connection], without: Sequence[Connection]) -> tuple[Connection, ...]:
    """The connections of the first list at ports at which the second has none, in the order of the first."""
    others = {(each.from_, each.to): each.ports for each in without}
    ranges = _ranges(without)
    found: list[Connection] = []
    for each in of:
        end = _range_end(each)
        if end is None:
            parts = [(each.from_, each.to, each.ports.difference(others.get((each.from_, each.to), Ports.NONE)))]
        else:
            parts = [
                _with(each, end, stretch) for stretch in _cut(_stretch(each, end), ranges.get(_key(each, end), ()))
            ]
        found += [Connection(source, target, ports) for source, target, ports in parts if ports]
    return tuple(found)


def _range_end(connection: Connection) -> str | None:
    """Which end is a range, if any."""
    if "/" not in connection.from_:
        return "from"
    return None if "/" in connection.to else "to"


def _key(connection: Connection, end: str) -> Pair:
    return end, connection.to if end == "from" else connection.from_


def _stretch(connection: Connection, end: str) -> Stretch:
    first, _, last = (connection.from_ if end == "from" else connection.to).partition("-")
    start = ip_address(first)
    return start.version, int(start), int(ip_address(last)), connection.ports


def _ranges(connections: Iterable[Connection]) -> dict[Pair, list[Stretch]]:
    """The ranges that each workload has at its other end, by direction and workload, in order."""
    found: dict[Pair, list[Stretch]] = {}
    for each in connections:
        end = _range_end(each)
        if end is not None:
            found.setdefault(_key(each, end), []).append(_stretch(each, end))
    return found


def _cut(one: Stretch, others: Iterable[Stretch]) -> Iterator[Stretch]:
    """What is left of a stretch: the others, sorted and disjoint, take their ports away where they lie."""
    version, start, end, ports = one
    for other_version, first, last, taken in others:
        if other_version != version or last < start or first > end:
            continue
        if start < first:
            yield version, start, first - 1, ports
        yield version, max(start, first), min(end, last), ports.difference(taken)
        start = last + 1
    if start <= end:
        yield version, start, end, ports


def _with(connection: Connection, end: str, stretch: Stretch) -> tuple[str, str, Ports]:
    version, first, last, ports = stretch
    text = "-".join(_address(version, number) for number in (first, last))
    return (text, connection.to, ports) if end == "from" else (connection.from_, text, ports)


def _address(version: int, number: int) -> str:
    return str(IPv4Address(number) if version == 4 else IPv6Address(number))
