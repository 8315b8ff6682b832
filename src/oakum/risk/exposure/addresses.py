"""Which addresses can be reached from the internet, and whether a set of allowed addresses is the whole internet.

Private is what is not routed on the internet: RFC 1918, RFC 6598 (shared), RFC 4193 (unique local), loopback,
link-local, the benchmark block of RFC 2544 and the former class E, which clouds use inside. The blocks kept for
documentation count as public, since examples use them for such addresses. A set is taken for the whole internet when it
holds more public addresses than the largest block that one organisation was ever given: a /8 of IPv4
(iana.org/assignments/ipv4-address-space), and a /16 of IPv6 as a generous counterpart.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from oakum.naming import listed

#: An interval of addresses: IP version, first, last.
Interval = tuple[int, int, int]
Ranges = tuple[Interval, ...]

_PRIVATE_TEXT = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)  # fmt: skip
EVERYWHERE: Ranges = ((4, 0, 2**32 - 1), (6, 0, 2**128 - 1))
_LARGEST = {4: 2**24, 6: 2**112}


def _interval(network: IPv4Network | IPv6Network) -> Interval:
    return network.version, int(network.network_address), int(network.broadcast_address)


@lru_cache(maxsize=65_536)
def interval(text: str) -> Interval | None:
    """An address, a CIDR block or "first-last" as an interval; None where it is none of them."""
    try:
        if "-" in text:
            first, last = (ip_address(part.strip()) for part in text.split("-", 1))
            return (first.version, int(first), int(last)) if first.version == last.version else None
        if "/" in text:
            return _interval(ip_network(text.strip(), strict=False))
        address = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.version, int(address), int(address)


_PRIVATE: Ranges = tuple(sorted(_interval(ip_network(text)) for text in _PRIVATE_TEXT))


def ranges(texts: Iterable[str]) -> Ranges:
    """The union of blocks given as text; what is not understood is left out."""
    return union(found for found in map(interval, texts) if found is not None)


def limits(texts: Iterable[str]) -> Ranges:
    """The addresses that a list of allowed blocks lets in: everybody, where one of them is not understood."""
    found = [interval(text) for text in texts]
    return EVERYWHERE if None in found else union(each for each in found if each is not None)


def union(intervals: Iterable[Interval]) -> Ranges:
    """Intervals joined and in order."""
    joined: list[Interval] = []
    for version, first, last in sorted(intervals):
        if joined and joined[-1][0] == version and first <= joined[-1][2] + 1:
            joined[-1] = (version, joined[-1][1], max(last, joined[-1][2]))
        else:
            joined.append((version, first, last))
    return tuple(joined)


def intersection(one: Ranges, other: Ranges) -> Ranges:
    """The addresses in both; both are unions."""
    common = []
    for version, first, last in one:
        for version2, first2, last2 in other:
            if version == version2 and first <= last2 and first2 <= last:
                common.append((version, max(first, first2), min(last, last2)))
    return union(common)


def public_part(given: Ranges) -> Ranges:
    """The addresses of a union that are routed on the internet."""
    found = []
    for version, first, last in given:
        start = first
        for private_version, low, high in _PRIVATE:
            if private_version == version and high >= start and low <= last:
                if low > start:
                    found.append((version, start, low - 1))
                start = max(start, high + 1)
        if start <= last:
            found.append((version, start, last))
    return tuple(found)


def private_part(given: Ranges) -> Ranges:
    """The addresses of a union that are not routed on the internet."""
    return intersection(given, _PRIVATE)


def is_public(address: str) -> bool | None:
    """Whether an address is routed on the internet; None where the text is no address."""
    found = interval(address)
    return None if found is None else bool(public_part((found,)))


def is_world(given: Ranges) -> bool:
    """Whether the public addresses of a union are the whole internet in practice."""
    return any(
        sum(last - first + 1 for version, first, last in public_part(given) if version == wanted) > most
        for wanted, most in _LARGEST.items()
    )


def words(given: Ranges, most: int = 3) -> str:
    """A union as text, the first few intervals of it."""
    return listed(given, most, _word)


def _word(given: Interval) -> str:
    version, first, last = given
    make = IPv4Network if version == 4 else IPv6Network
    bits = 32 if version == 4 else 128
    size = last - first + 1
    if size & (size - 1) == 0 and first % size == 0:
        return str(make((first, bits - size.bit_length() + 1)))
    return f"{make((first, bits)).network_address}-{make((last, bits)).network_address}"
