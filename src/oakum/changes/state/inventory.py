"""An inventory: hosts outside of clusters, and what no dump of a cluster tells of its machines.

What is known of a machine here is laid over what a dump says of it (``joining``). A field that is left out says
nothing; ``offers: []`` says that the channels are known to offer nothing. The types are the format, of which the JSON
Schema is made; ``inventory_reading`` reads it with the lines of its mistakes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from oakum.changes.state.model import Effect, Part
from oakum.policy.scopes import Scope

FORMAT = "oakum-inventory/1"
Role = Literal["control-plane", "worker"]


class SoftwareEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Software by its name. ``part`` is package where a dump does not know it; ``offers`` in any order."""

    installed: str = ""
    running: str = ""
    part: Part | None = None
    effect: Effect | None = None
    ecosystem: str = ""
    offers: tuple[str, ...] | None = None
    kept: tuple[str, ...] | None = None
    security: tuple[str, ...] | None = None
    closes: dict[str, tuple[str, ...]] | None = None
    packages: dict[str, tuple[str, ...]] | None = None


class MachineEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A machine. ``uid`` is a host's machine id; of a node it may be left out, else it has to be the node's."""

    uid: str = ""
    environment: str | None = None
    region: str | None = None
    tier: Literal["1", "2", "3", "4", ""] | None = None
    pool: str | None = None
    speed: str | None = None
    labels: dict[str, str] = {}
    healthy: bool | None = None
    cordoned: bool | None = None
    boot_id: str = ""
    snapshots: bool | None = None
    image: str | None = None
    ours: bool | None = None
    kept_away: tuple[str, ...] | None = None
    software: dict[str, SoftwareEntry] = {}


class MemberEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A member of etcd; ``machine`` is the name of its node, left out where it runs elsewhere."""

    machine: str = ""
    learner: bool = False
    healthy: bool | None = None


class ClusterEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A cluster of a dump, found by its ``uid`` (that of kube-system), else by its name.

    ``listed`` names kinds of which all objects are in the dump, be it none; ``all`` stands for every kind that a plan
    needs. ``facts`` are what conditions about known-bad versions ask for (``oakum.changes.compat.facts``), or a site's
    own; an empty text or list is known to be none.
    """

    uid: str = ""
    environment: str | None = None
    region: str | None = None
    tier: Literal["1", "2", "3", "4", ""] | None = None
    managed: bool | None = None
    etcd: dict[str, MemberEntry] | None = None
    listed: tuple[str, ...] = ()
    facts: dict[str, str | tuple[str, ...]] = {}


class OfferEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What many machines alike are offered: for those in the scope (``for`` and ``when``) that have the software."""

    scope: Scope
    software: dict[str, SoftwareEntry]


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """One inventory; nodes by CLUSTER/NAME. Of several ``offers`` for a software of a machine the first counts."""

    source: str
    at: datetime | None = None
    clusters: dict[str, ClusterEntry] = {}
    hosts: dict[str, MachineEntry] = {}
    nodes: dict[str, MachineEntry] = {}
    offers: tuple[OfferEntry, ...] = ()


class OfferDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"scope": "for"}):
    """An entry of ``offers`` as it stands in a file; ``for`` and ``when`` as in a policy."""

    scope: dict[str, str | list[str] | dict[str, str | list[str]]] = {}
    when: str = ""
    software: dict[str, SoftwareEntry]


class InventoryDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file, for its JSON Schema; ``at`` is RFC 3339 with a zone."""

    format: Literal["oakum-inventory/1"]
    at: str = ""
    clusters: dict[str, ClusterEntry] = {}
    hosts: dict[str, MachineEntry] = {}
    nodes: dict[str, MachineEntry] = {}
    offers: list[OfferDocument] = []
