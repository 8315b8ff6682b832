"""The addresses outside of the pods, cut at every border that a policy draws.

Within one stretch between two borders all addresses are treated alike, so a stretch is one bit of a mask, and an
address range is the mask of its stretches. IPv4 comes first, then IPv6.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import pairwise

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_SIX = 1 << 32  # where IPv6 begins on our line of numbers: right behind IPv4
_END = _SIX + (1 << 128)


def parse_network(text: str) -> Network | None:
    """A CIDR as the API server reads it: with a prefix length, host bits allowed; None where it is none."""
    host, slash, length = text.partition("/")
    if not slash or not (length.isascii() and length.isdigit()) or "%" in host:
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def parse_address(text: str) -> Address | None:
    """An address; None where it is none. IPv4 written as IPv6 (``::ffff:a.b.c.d``) is IPv4."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return None if "%" in text else address


def _number(address: Address) -> int:
    return int(address) + (_SIX if address.version == 6 else 0)


def _address(number: int) -> Address:
    return IPv4Address(number) if number < _SIX else IPv6Address(number - _SIX)


class AddressSpace:
    """All addresses in stretches; stretch ``i`` is bit ``base + i`` of a mask."""

    def __init__(self, networks: Iterable[Network]) -> None:
        """Cut at the borders of ``networks``."""
        borders = {0, _SIX}
        for network in networks:
            borders.add(_number(network.network_address))
            borders.add(_number(network.broadcast_address) + 1)
        self._starts = sorted(borders - {_END})
        self._four = self._starts.index(_SIX)
        self._base = 0
        self._told: dict[bool, tuple[tuple[int, str, str], ...]] = {}

    def above(self, base: int) -> AddressSpace:
        """The same space, in masks whose bits below ``base`` are somebody else's."""
        space = AddressSpace(())
        space._starts, space._four, space._base = self._starts, self._four, base
        return space

    @property
    def mask(self) -> int:
        """All stretches."""
        return ((1 << len(self._starts)) - 1) << self._base

    def span(self, network: Network) -> tuple[int, int]:
        """The first and the last stretch of a network that was among those at whose borders the space was cut."""
        first = bisect_right(self._starts, _number(network.network_address)) - 1
        return first, bisect_right(self._starts, _number(network.broadcast_address)) - 1

    def of(self, network: Network) -> int:
        """The mask of such a network."""
        first, last = self.span(network)
        return ((1 << (last - first + 1)) - 1) << (self._base + first)

    def bit(self, address: Address) -> int:
        """The bit (its number, no mask) of the stretch in which an address lies."""
        return self._base + bisect_right(self._starts, _number(address)) - 1

    def stretches(self, *, six: bool) -> tuple[tuple[int, str, str], ...]:
        """Every stretch of IPv4, or of IPv6, in order: its bit, its first and its last address."""
        if six not in self._told:
            self._told[six] = tuple(
                (self._base + index, str(_address(first)), str(_address(last - 1)))
                for index, (first, last) in enumerate(pairwise((*self._starts, _END)))
                if (index >= self._four) == six
            )
        return self._told[six]
