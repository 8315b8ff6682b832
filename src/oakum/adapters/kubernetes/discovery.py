"""Which kinds an API server serves, and where.

Aggregated discovery (``apidiscovery.k8s.io``, KEP-3352) tells all in two answers; a server that does not know it
answers with plain lists of groups, whose versions are then asked for one by one. Versions come with the preferred one
first; of each kind the first version is read that serves it, since a kind may be served in other versions than its
group prefers. A kind that nobody serves has no objects. A group whose own server does not answer (an APIService
that is down) leaves its kinds unknown, not empty.
"""

from __future__ import annotations

import msgspec

from oakum.adapters.kubernetes.client import JSON, Client, RefusedError
from oakum.fleet.cluster.snapshot import KINDS

_AGGREGATED = ",".join(
    [f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")] + [JSON]
)


class Served(msgspec.Struct, frozen=True):
    """What is served of ``KINDS``: ``paths`` from kind to the path of its list in all namespaces; ``unknown`` from
    kind to the reason why nobody can tell. All other kinds are not served, so there are none of them."""

    paths: dict[str, str]
    unknown: dict[str, str] = {}


class _Resource(msgspec.Struct, frozen=True):
    """One resource, as either form of discovery tells it."""

    resource: str = ""
    name: str = ""
    verbs: tuple[str, ...] = ()

    @property
    def listable(self) -> str:
        """Its plural where it can be listed, else empty."""
        return (self.resource or self.name) if "list" in self.verbs else ""


class _Version(msgspec.Struct, frozen=True):
    version: str
    resources: tuple[_Resource, ...] | None = None
    freshness: str = ""


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _Group(msgspec.Struct, frozen=True):
    """A group in either form: aggregated with metadata and resources, plain with a name and bare versions."""

    metadata: _Named = _Named()
    name: str = ""
    versions: tuple[_Version, ...] | None = None
    preferred: _Version | None = msgspec.field(default=None, name="preferredVersion")


class _Groups(msgspec.Struct, frozen=True):
    """The answer of ``/apis`` in either form."""

    kind: str
    items: tuple[_Group, ...] | None = None
    groups: tuple[_Group, ...] | None = None
    versions: tuple[str, ...] | None = None


class _Resources(msgspec.Struct, frozen=True):
    """The answer of ``/apis/GROUP/VERSION``."""

    resources: tuple[_Resource, ...] | None = None


def discover(client: Client) -> Served:
    """Ask what is served. Raises OakumError where discovery itself is refused or unusable."""
    served = Served({}, {})
    wanted: dict[str, dict[str, str]] = {}
    for name, resource, kind in KINDS:
        wanted.setdefault(name, {})[resource] = kind
    for root in ("/api", "/apis"):
        answer = client.get(root, _Groups, accept=_AGGREGATED)
        if answer.kind == "APIGroupDiscoveryList":
            groups = answer.items or ()
        elif root == "/api":
            groups = (_Group(versions=tuple(_Version(one) for one in answer.versions or ())),)
        else:
            groups = answer.groups or ()
        for group in groups:
            name = group.metadata.name or group.name
            if name in wanted and (root == "/apis") == bool(name):
                _discover_group(client, served, group, f"{root}/{name}" if name else root, wanted[name])
    return served


def _discover_group(client: Client, served: Served, group: _Group, path: str, wanted: dict[str, str]) -> None:
    versions = list(group.versions or ())
    if group.preferred:
        versions.sort(key=lambda one: group.preferred is not None and one.version != group.preferred.version)
    doubts = []
    for version in versions:
        if all(kind in served.paths for kind in wanted.values()):
            return
        resources = version.resources
        if version.freshness == "Stale":
            doubts.append(f"the server behind {path}/{version.version} does not answer")
        elif resources is None and not group.metadata.name:
            try:
                resources = client.get(f"{path}/{version.version}", _Resources).resources
            except RefusedError as refused:
                if refused.code in (401, 429):
                    raise
                doubts.append(refused.what)
        for resource in resources or ():
            kind = wanted.get(resource.listable)
            if kind and kind not in served.paths:
                served.paths[kind] = f"{path}/{version.version}/{resource.listable}"
    if doubts:
        for kind in wanted.values():
            if kind not in served.paths:
                served.unknown[kind] = doubts[0]
