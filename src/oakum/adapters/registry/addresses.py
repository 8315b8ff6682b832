"""Which addresses may be asked, and which of them are one and the same server.

A registry is asked over TLS. Plain http is for this machine itself and for hosts that a person has named, and nothing
that is asked over TLS leads down to it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import NamedTuple

import httpx2 as httpx

from oakum.errors import UsageError
from oakum.fleet.images.sources import UnreachedError

#: Docker Hub is known by another name than it answers to.
_HUB = {"docker.io": "registry-1.docker.io"}
_NAMED = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
_PORTS = {"http": 80, "https": 443}
#: Characters of a name and of one of its labels (RFC 1035, 2.3.4).
_LONGEST_NAME, _LONGEST_LABEL = 253, 63


class Origin(NamedTuple):
    """What secrets are bound to: a server as scheme, host and port tell it (RFC 6454)."""

    scheme: str
    host: str
    port: int


def origin(url: httpx.URL) -> Origin:
    """The origin of an address."""
    return Origin(url.scheme, url.host, _PORTS.get(url.scheme, 0) if url.port is None else url.port)


def address(text: str) -> httpx.URL:
    """An address that a server has told; UnreachedError, without a word of it, where it is none or has a password."""
    try:
        found = httpx.URL(text)
    except httpx.InvalidURL:
        found = httpx.URL("")
    if not _askable(found):
        raise UnreachedError("it names an address that is none", remedy="see to the registry's own settings")
    return found


def _askable(url: httpx.URL) -> bool:
    """Whether an address can be asked at all: by HTTP, of a host that a name server could know, without a password."""
    labels = url.host.split(".")
    named = len(url.host) <= _LONGEST_NAME and all(len(label) <= _LONGEST_LABEL for label in labels)
    return url.scheme in _PORTS and bool(url.host) and named and 0 < origin(url).port < 1 << 16 and not url.userinfo


def insecure_hosts(words: Iterable[str]) -> frozenset[str]:
    """The registries that a person allows to be asked over plain http; UsageError where one is no HOST[:PORT]."""
    hosts = frozenset(word.lower() for word in words)
    for host in hosts:
        if not _NAMED.fullmatch(host):
            raise UsageError(f"{host[:100]!a} is no registry", remedy="HOST or HOST:PORT, as mirror.lan:5000")
    return frozenset(host.removesuffix(":80") for host in hosts)


class Addresses:
    """The rules for one registry and all that it leads to."""

    def __init__(self, registry: str, insecure: frozenset[str] = frozenset()) -> None:
        """``registry`` is HOST[:PORT]; UsageError where that cannot be asked."""
        self._insecure = insecure
        host = _HUB.get(registry, registry)
        try:
            self.secure = httpx.URL(f"https://{host}/v2/")
            self.plain = httpx.URL(f"http://{host}/v2/")
        except httpx.InvalidURL:
            self.secure = httpx.URL("")
        if not _askable(self.secure):
            raise UsageError(f"{registry[:100]!a} is no registry", remedy="HOST or HOST:PORT") from None

    @property
    def named_insecure(self) -> bool:
        """Whether a person has said that this registry is asked over plain http."""
        return self.plain.netloc.decode("ascii") in self._insecure

    @property
    def local(self) -> bool:
        """Whether the registry is on this machine."""
        return loopback(self.plain.host)

    def led(self, start: httpx.URL, there: httpx.URL) -> httpx.URL:
        """``there``, where ``start`` may lead to it; UnreachedError where it may not."""
        if there.scheme == "https":
            return there
        named = there.netloc.decode("ascii") in self._insecure or loopback(there.host)
        if start.scheme == "http" and named:
            return there
        raise UnreachedError(
            f"leads to http://{there.host}, and only https is followed",
            remedy="see to the registry's settings; plain http is for hosts named with --insecure-registry",
        )


def loopback(host: str) -> bool:
    """Whether a host is this machine, whatever a name server says of it (RFC 6761, 6.3)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
