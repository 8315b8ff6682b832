"""Facts as vendors publish them, kept with their own words.

A parser turns bytes into facts; nothing here judges a package. Each fact is stored with its source (provenance), the
time from which the publisher holds it valid and the time at which this store recorded it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

#: introduced, fixed: half-open; last_affected: inclusive; limit: see the OSV schema, "affected[].ranges[].events".
EventKind = Literal["introduced", "fixed", "last_affected", "limit"]
#: What a vendor says about a package that has no fixed version, or about one that needs none.
StateClass = Literal["affected", "fixed", "not-affected", "will-not-fix", "deferred", "end-of-life", "undetermined"]
Naming = Literal["source", "binary", "either"]
#: Between the streams in ``Affected.module`` where a publisher names several for one package.
ALTERNATIVE = " or "
#: The reason that stands with a record which names a vulnerability of a product and no versions to compare.
NO_VERSIONS = "the feed names no versions"


class Severity(msgspec.Struct, frozen=True, array_like=True):
    """A severity by one scorer: ``system`` is CVSS_V2, CVSS_V3, CVSS_V4 or the vendor's own scale ("Ubuntu",
    "debian-urgency"); ``value`` is the vector or the word; ``scorer`` says who gave it (NVD, CNA, ADP, vendor)."""

    system: str
    value: str
    scorer: str


class Range(msgspec.Struct, frozen=True, array_like=True):
    """One OSV range: ``kind`` SEMVER, ECOSYSTEM or GIT; events as (kind, version) in the publisher's order."""

    kind: str
    events: tuple[tuple[EventKind, str], ...]


class Affected(msgspec.Struct, frozen=True, array_like=True):
    """What an advisory says about one package in one scope.

    ``scope`` is as ``oakum.fleet.ecosystems`` spells it ("debian:12", "almalinux:8", "go"); ``channel`` is the pocket
    in which the fix is published ("" for the plain one, "esm-infra", "esm-apps", "pro", "eus:9.2" ...). ``naming`` says
    whether ``package`` names a source or a binary package. ``module`` is the module stream, or several of which it is
    one (``ALTERNATIVE`` between them). ``state`` is the vendor's own word with its class and the
    reason; an Affected with class not-affected closes the question for its versions.
    """

    scope: str
    package: str
    naming: Naming = "either"
    channel: str = ""
    module: str = ""
    arches: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    state: str = ""
    state_class: StateClass = "affected"
    reason: str = ""
    severities: tuple[Severity, ...] = ()


class Advisory(msgspec.Struct, frozen=True, array_like=True):
    """One record of one source.

    ``aliases`` are assertions by this source that another id means the same vulnerability. ``bundle`` marks a vendor's
    update notice (DSA, USN, RHSA, ALSA ...): ``cves`` are then what it closes, never aliases. Times are RFC 3339 UTC
    texts, empty where unknown (the year 1 of some feeds counts as unknown).
    """

    id: str
    aliases: tuple[str, ...] = ()
    bundle: bool = False
    cves: tuple[str, ...] = ()
    summary: str = ""
    published: str = ""
    modified: str = ""
    withdrawn: str = ""
    severities: tuple[Severity, ...] = ()
    affected: tuple[Affected, ...] = ()
    references: tuple[str, ...] = ()


class Exploited(msgspec.Struct, frozen=True, array_like=True):
    """An entry of CISA's Known Exploited Vulnerabilities catalogue."""

    cve: str
    added: str
    due: str = ""
    ransomware: bool = False
    product: str = ""
    action: str = ""


class Epss(msgspec.Struct, frozen=True, array_like=True):
    """EPSS of one day: probability and percentile in 0..1, with the model's version and the day of the score."""

    cve: str
    probability: float
    percentile: float
    day: str = ""
    model: str = ""


class Enrichment(msgspec.Struct, frozen=True, array_like=True):
    """CISA Vulnrichment: SSVC decision points and vectors by CNA and ADP. Empty where CISA gave none."""

    cve: str
    exploitation: str = ""
    automatable: str = ""
    technical_impact: str = ""
    decided: str = ""
    kev_added: str = ""
    state: str = ""
    severities: tuple[Severity, ...] = ()


class Lifecycle(msgspec.Struct, frozen=True, array_like=True):
    """endoflife.date: until when a product's release cycle is maintained. Days as YYYY-MM-DD, empty where open."""

    product: str
    cycle: str
    released: str = ""
    eol: str = ""
    extended: str = ""
    is_eol: bool | None = None
    latest: str = ""


Fact = Advisory | Exploited | Epss | Enrichment | Lifecycle


class Problem(msgspec.Struct, frozen=True):
    """A record that could not be read: the rest of its source is still used."""

    file: str
    record: str
    why: str
    line: int | None = None


class Parsed(msgspec.Struct, kw_only=True):
    """What a parser found in one input.

    ``format`` names the feed ("osv", "debian-tracker", "dsa", "alpine-secdb", "csaf", "kubernetes", "kev",
    "epss", "vulnrichment", "endoflife"). ``as_of`` is the publisher's own date of the data, empty where it has none.
    """

    format: str
    facts: list[Fact]
    problems: list[Problem]
    as_of: str = ""
