"""The pull secrets of Kubernetes: which of their entries are for the repository of an image.

Source: kubernetes.io/docs/concepts/containers/images, "Interpretation of config.json" and "Specifying imagePullSecrets
on a Pod". A key of ``auths`` is a host, with a port where the registry has one; each of its labels may be a pattern
(``*.example.com`` is one label more, no less), and a path behind it confines it to what lies below. All entries that
fit are tried, the longest first. Unlike the kubelet, which compares beginnings of texts, ``host/team`` is not for
``host/team-b``.

No error and no name of these types repeats anything of a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

from oakum.adapters.registry.credentials import Credentials, Entry, read_entry
from oakum.errors import InputError, OakumError, Place
from oakum.fleet.cluster.images import DEFAULT_REGISTRY, Reference

#: A Secret's type, the key of its content, and whether the entries stand below ``auths`` there.
FORMS: Mapping[str, tuple[str, bool]] = {
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson", True),
    "kubernetes.io/dockercfg": (".dockercfg", False),
}
_HUB = frozenset({DEFAULT_REGISTRY, "index.docker.io", "registry-1.docker.io"})
_SCHEME = re.compile(r"(?:https?://)?", re.IGNORECASE)
_VERSION = re.compile(r"/v[12](?=/|$)")
#: A server beyond these is none: longer than a name with its port and a repository can be.
_LONGEST = 600
_REMEDY = "write it anew: kubectl create secret docker-registry"


class _Config(msgspec.Struct, frozen=True):
    auths: dict[str, Entry] | None = None


class Entries:
    """The entries of one Secret."""

    def __init__(self, found: Mapping[str, Entry], place: Place) -> None:
        parsed = [(server, entry) for key, entry in found.items() if (server := _server(key)) is not None]
        # As the kubelet has it: what is confined to more of a path goes before what is not.
        self._entries = sorted(parsed, key=lambda one: one[0], reverse=True)
        self._place = place

    def __repr__(self) -> str:
        return "Entries(...)"

    def of(self, reference: Reference) -> list[Credentials]:
        """Those for the repository of an image, in the order in which they are tried.

        Raises InputError where one of them cannot be understood, and none of the others is for it.
        """
        found: list[Credentials] = []
        problem: OakumError | None = None
        for server, entry in self._entries:
            if server.fits(reference):
                try:
                    one = read_entry(entry, self._place)
                except InputError as error:
                    problem = InputError(error.what, place=self._place, remedy=_REMEDY)
                    continue
                if one is not None and one not in found:
                    found.append(one)
        if problem is not None and not found:
            raise problem
        return found


def entries(type_: str, content: bytes, place: Place) -> Entries:
    """Read what stands in a Secret of one of ``FORMS``. Raises InputError, without a word of it."""
    try:
        if FORMS[type_][1]:
            return Entries(msgspec.json.decode(content, type=_Config).auths or {}, place)
        return Entries(msgspec.json.decode(content, type=dict[str, Entry]), place)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # The words of the decoder would name registries, and more than that in an odd content.
        raise InputError("no configuration of Docker", place=place, remedy=_REMEDY) from None


class _Server(NamedTuple):
    """A key of an entry: labels of the host, the port, and the parts of the path."""

    labels: tuple[str, ...]
    port: str
    path: tuple[str, ...]

    def fits(self, reference: Reference) -> bool:
        """Whether the repository of a reference lies on this server and below this path."""
        host, port = _host_and_port(reference.registry)
        names = ("docker.io", "index.docker.io", "registry-1.docker.io") if host in _HUB else (host,)
        parts = tuple(reference.repository.split("/"))
        return (
            port == self.port
            and any(_alike(self.labels, tuple(name.split("."))) for name in names)
            and parts[: len(self.path)] == self.path
        )


def _alike(patterns: tuple[str, ...], labels: tuple[str, ...]) -> bool:
    return len(patterns) == len(labels) and all(map(fnmatchcase, labels, patterns))


def _server(key: str) -> _Server | None:
    """A key; None where it is none that could ever fit."""
    if len(key) > _LONGEST:
        return None
    rest = key[_SCHEME.match(key).end() :]  # type: ignore[union-attr]  # it matches nothing as well
    host, slash, path = rest.partition("/")
    path = _VERSION.sub("", slash + path, count=1) if _VERSION.match(slash + path) else slash + path
    name, port = _host_and_port(host.lower())
    if not name or "@" in name:
        return None
    return _Server(tuple(name.split(".")), port, tuple(part for part in path.split("/") if part))


def _host_and_port(host: str) -> tuple[str, str]:
    if host.startswith("["):
        name, _, rest = host.partition("]")
        return f"{name}]", rest.removeprefix(":")
    name, _, port = host.partition(":")
    return name, port
