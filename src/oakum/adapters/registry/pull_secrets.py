"""Pull secrets of Kubernetes: which entry of one is for which image.

A key of ``auths`` is a registry, as an address or without a scheme, with a port and a path where it has them; labels
of the host may be patterns (``*.example.com``), a path is for all repositories below it. Source: Kubernetes,
"Images", "Interpretation of config.json".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

import msgspec

from oakum.adapters.registry.credentials import Credentials, Entry, entry_of
from oakum.errors import InputError, Place
from oakum.fleet.cluster.images import Reference

_REMEDY = "make it anew: kubectl create secret docker-registry"
#: Types of a Secret -> the key of its data.
TYPES = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
_LARGEST = 1 << 20
_SCHEME = re.compile(r"^https?://")
_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


class _Config(msgspec.Struct, frozen=True):
    auths: dict[str, Entry] | None = None


def entries_of(type_: str, data: dict[str, str], place: Place) -> dict[str, Entry]:
    """The entries of a Secret's ``data`` (base64) by their keys.

    Raises InputError, that says nothing of what stands in it, where it is no pull secret.
    """
    name = TYPES.get(type_)
    if name is None:
        raise InputError(f"is of the type {type_[:80]!a}, which is no pull secret's", place=place, remedy=_REMEDY)
    try:
        text = base64.b64decode(data.get(name, ""), validate=True)
        if len(text) > _LARGEST:
            raise ValueError
        if name == ".dockercfg":
            return msgspec.json.decode(text, type=dict[str, Entry])
        return msgspec.json.decode(text, type=_Config).auths or {}
    except (binascii.Error, ValueError, RecursionError):
        raise InputError(f"its {name} is no configuration of Docker", place=place, remedy=_REMEDY) from None


def matching(entries: dict[str, Entry], image: Reference, place: Place) -> Sequence[Credentials]:
    """The credentials that are meant for an image, those for the longest path first."""
    found = [(path, key) for key in entries if (path := _fits(key, image)) is not None]
    known = [entry_of(entries[key], place) for _, key in sorted(found, key=lambda one: (-len(one[0]), one[1]))]
    return [one for one in known if one is not None]


def _fits(key: str, image: Reference) -> str | None:
    """The path of a key that is for the image; None where it is for others."""
    host, _, path = _SCHEME.sub("", key.strip()).partition("/")
    path = path.strip("/")
    if path in ("v1", "v2"):
        path = ""
    if not _is_host(host.lower(), image.registry.lower()):
        return None
    below = f"{image.repository}/".startswith(f"{path}/") if path else True
    return path if below else None


def _is_host(pattern: str, host: str) -> bool:
    if host in _HUB and pattern in _HUB:
        return True
    wanted, _, port = pattern.partition(":")
    named, _, own = host.partition(":")
    labels, others = wanted.split("."), named.split(".")
    # A pattern never spans labels, and so never leads from one registry's domain to another's.
    alike = len(labels) == len(others) and all(map(fnmatchcase, others, labels))
    return port == own and alike
