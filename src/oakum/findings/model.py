"""What a match says: hits, findings, the life of a fix, and what is known not to be affected."""

from __future__ import annotations

from typing import Literal

import msgspec

from oakum.advisories.index import Detail, Record
from oakum.advisories.model import Severity
from oakum.fleet.assets import Gap
from oakum.fleet.packages import Package

#: The scope of advisories about Kubernetes, and the type of the packages that are its components.
COMPONENTS = "kubernetes"

FixState = Literal["none", "published", "available", "installed", "effective"]
Answer = Literal["yes", "no", "unknown"]


class Hit(msgspec.Struct, frozen=True, gc=False):
    """One row of the index whose interval holds one package's version.

    ``name`` and ``version`` are what was compared: those of the source package where the feed speaks of sources.
    """

    package: Package
    scope: str
    name: str
    version: str
    record: Record
    detail: Detail
    fix: str
    notes: tuple[str, ...] = ()


#: By what a record does not apply: its vendor's word, the owner of the files, an installed fix, its withdrawal, another
#: operating system, or because it is about another build.
Ground = Literal["vendor", "owner", "fixed", "withdrawn", "platform", "build"]


class Cleared(msgspec.Struct, frozen=True, gc=False):
    """A record that names the package and does not apply to it, with the evidence; ``fixed``: its fix is installed."""

    package: Package
    record: Record
    why: str
    fixed: bool = False
    ground: Ground = "vendor"


class Coverage(msgspec.Struct, frozen=True):
    """How many packages of a scope were assessed, by which sources (names); none assessed means there is a gap."""

    scope: str
    packages: int
    assessed: int
    sources: tuple[str, ...]


class Matched(msgspec.Struct, frozen=True):
    """The answer for one package set: no package of it is in neither a hit, nor cleared by coverage, nor in a gap."""

    hits: tuple[Hit, ...]
    cleared: tuple[Cleared, ...]
    gaps: tuple[Gap, ...]
    coverage: tuple[Coverage, ...]


class Evidence(msgspec.Struct, frozen=True):
    """Why something is affected: the record, whose it is, and the vendor's own words."""

    record: str
    source: str
    fix: str = ""
    channel: str = ""
    state: str = ""
    state_class: str = ""
    reason: str = ""
    published: str = ""


class Step(msgspec.Struct, frozen=True):
    """One step in the life of a fix, with its proof or the reason why it is unknown."""

    answer: Answer
    proof: str


class Fix(msgspec.Struct, frozen=True):
    """How far a fix has come: published -> available here -> installed -> effective.

    ``state`` is the last step that is proven; ``version`` the fixed version to reach, empty where none is published.
    """

    state: FixState
    version: str
    channel: str
    published: Step
    available: Step
    installed: Step
    effective: Step


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One vulnerability group on one package, wherever that package stands.

    ``key`` is made of the package's identity and the group's id, never of severity, text or tag, so that the same item
    reopens when it comes back. ``id`` is the CVE where the group has exactly one, else the record's own id. ``cves`` is
    what the finding stands for: one for a group, several for a vendor's bundle. ``bundles`` are vendor notices that say
    nothing else.
    """

    key: str
    id: str
    aliases: tuple[str, ...]
    cves: tuple[str, ...]
    bundles: tuple[str, ...]
    assets: tuple[str, ...]
    package: Package
    scope: str
    evidence: tuple[Evidence, ...]
    fix: Fix
    severities: tuple[Severity, ...]
    summary: str
    published: str
    notes: tuple[str, ...] = ()
