"""What the data files say: lives of APIs, pairs of versions, and edges between versions that are known to harm.

Every entry has its source and the day on which somebody read it there.
"""

from __future__ import annotations

from functools import cached_property

import msgspec

from oakum.changes.compat.ranges import Range
from oakum.expressions import Condition


class Source(msgspec.Struct, frozen=True):
    """Where an entry was read (``url``), and on which day (``read``, as 2026-11-24)."""

    url: str
    read: str


class Api(msgspec.Struct, frozen=True, kw_only=True):
    """The life of one kind in one API version (``api_version``: GROUP/VERSION).

    ``deprecated`` and ``removed`` are minor versions of Kubernetes, None where there is none yet; from ``removed`` on
    it is served no more. ``replacement`` is the API version to move to, empty where there is none, served from the
    minor version ``replacement_since`` on (None where nobody says).
    """

    api_version: str
    kind: str
    deprecated: int | None
    removed: int | None
    replacement: str
    replacement_since: int | None
    source: Source

    @property
    def last_served(self) -> int | None:
        """The last minor version of Kubernetes that serves it; None where no end is known."""
        return None if self.removed is None else self.removed - 1


class Pairing(msgspec.Struct, frozen=True, kw_only=True):
    """Whether versions of a component run beside versions of Kubernetes, by ``why`` of its ``source``."""

    component: str
    versions: tuple[Range, ...]
    kubernetes: Range
    compatible: bool
    why: str
    source: Source

    def meets(self, other: Pairing) -> bool:
        """Whether both speak of one version beside one version of Kubernetes; the component is the caller's affair."""
        return self.kubernetes.meets(other.kubernetes) and any(
            one.meets(two) for one in self.versions for two in other.versions
        )


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """A change of version that is known to harm: from ``before`` to ``after`` of any of ``components``.

    ``condition`` says of which clusters, over the facts of ``oakum.changes.compat.facts``; None means all. ``why`` is
    the harm, ``remedy`` what to do instead.
    """

    name: str
    components: tuple[str, ...]
    before: Range
    after: Range
    condition: Condition | None
    why: str
    remedy: str
    source: Source


class Knowledge(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All that the files say. ``apis_until`` is the newest minor version whose removals of APIs are all here."""

    apis: tuple[Api, ...] = ()
    pairings: tuple[Pairing, ...] = ()
    edges: tuple[Edge, ...] = ()
    apis_until: int | None = None

    @cached_property
    def by_api(self) -> dict[tuple[str, str], Api]:
        """APIs by their version and kind."""
        return {(each.api_version, each.kind): each for each in reversed(self.apis)}

    @cached_property
    def edges_of(self) -> dict[str, tuple[Edge, ...]]:
        """Edges by their component, its name in small letters."""
        found: dict[str, list[Edge]] = {}
        for each in self.edges:
            for component in each.components:
                found.setdefault(component.casefold(), []).append(each)
        return {name: tuple(several) for name, several in found.items()}


def joined(*several: Knowledge) -> Knowledge:
    """Several as one. Where two speak of the same thing the first wins, so a site's stand before the shipped ones.

    The same thing is one kind in one API version, one component and version beside one Kubernetes, one name of an edge.
    """
    edges = {each.name: each for one in reversed(several) for each in one.edges}
    order = dict.fromkeys(each.name for one in several for each in one.edges)
    return Knowledge(
        apis=tuple(each for one in several for each in one.apis),
        pairings=tuple(each for one in several for each in one.pairings),
        edges=tuple(edges[name] for name in order),
        apis_until=max((one.apis_until for one in several if one.apis_until is not None), default=None),
    )
