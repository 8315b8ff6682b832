"""OSV records of any ecosystem: one document, an array, or JSON Lines.

Source: the OSV schema (ossf.github.io/osv-schema) and what its publishers add in ``ecosystem_specific`` and
``database_specific``. Events stay in the publisher's order (they need not be sorted), ``versions`` and ranges of
commits stay beside them; nothing is evaluated here. A record in which something stands that the schema does not know
as a range or an event is a problem and not half an answer.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

import msgspec

from oakum.advisories.model import (
    ALTERNATIVE,
    Advisory,
    Affected,
    EventKind,
    Naming,
    Parsed,
    Range,
    Severity,
    StateClass,
)
from oakum.advisories.parsers.content import Content
from oakum.advisories.parsers.merging import merged
from oakum.advisories.words import cve_of, instant, names, unique
from oakum.fleet.ecosystems import naming, scope_of_osv

FORMAT = "osv"
Loose = dict[str, object]


class _Package(msgspec.Struct):
    ecosystem: str = ""
    name: str = ""
    purl: str = ""


class _Severity(msgspec.Struct):
    type: str = ""
    score: str = ""


class _Range(msgspec.Struct):
    events: list[dict[str, str]]
    type: str = "ECOSYSTEM"
    repo: str = ""


class _Affected(msgspec.Struct):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None
    severity: list[_Severity] | None = None
    ecosystem_specific: Loose | None = None
    database_specific: Loose | None = None


class _Reference(msgspec.Struct):
    url: str = ""


class _Record(msgspec.Struct):
    id: str
    affected: list[_Affected] | None = None
    aliases: list[str] | None = None
    upstream: list[str] | None = None
    related: list[str] | None = None
    summary: str | None = None
    details: str | None = None
    published: str | None = None
    modified: str | None = None
    withdrawn: str | None = None
    severity: list[_Severity] | None = None
    references: list[_Reference] | None = None
    database_specific: Loose | None = None


#: The publisher of an id, by its prefix: who scored, where the record itself does not say.
_PUBLISHERS = {
    "ALSA": "AlmaLinux", "ALBA": "AlmaLinux", "ALEA": "AlmaLinux", "RLSA": "Rocky Linux", "RXSA": "Rocky Linux",
    "RHSA": "Red Hat", "RHBA": "Red Hat", "RHEA": "Red Hat", "GHSA": "GitHub", "UBUNTU": "Ubuntu", "USN": "Ubuntu",
    "DEBIAN": "Debian", "DSA": "Debian", "DLA": "Debian", "BIT": "Bitnami", "CGA": "Chainguard", "GO": "Go",
    "OSV": "OSS-Fuzz", "SUSE": "SUSE", "OPENSUSE": "SUSE", "RUSTSEC": "RustSec", "PYSEC": "PyPA", "PSF": "PSF",
    "CURL": "curl", "CVE": "CNA",
}  # fmt: skip
#: Red Hat's words of severity, which its rebuilders put only in front of the summary.
_RATED = re.compile(r"(Critical|Important|Moderate|Low): ")
_RANGE_KINDS = frozenset({"SEMVER", "ECOSYSTEM", "GIT"})
_EVENT_KINDS: tuple[EventKind, ...] = ("introduced", "fixed", "last_affected", "limit")
_QUALIFIER = re.compile(r"[?&](arch|distro)=([^&#]{1,100})")
_NO_ARCHITECTURE = frozenset({"source", "src", "noarch", "all", "any"})
_LONGEST_SUMMARY = 300
#: How rpm's releases say that a build is of a module, and how a summary names a stream ("Important: nodejs:18 security
#: update", "virt:rhel and virt-devel:rhel bug fix update"). AlmaLinux, Rocky and Red Hat name it nowhere else in OSV.
_MODULAR = re.compile(r"\.module[_+]")
_STREAM = re.compile(r"(?<![\w:.+-])(?!(?:AL|RL|RX|RH)[SBE]A-)[A-Za-z][\w.+-]*:\w[\w.+-]*(?<![.+-])")


def matches(content: Content) -> bool:
    """An object with an id, and what only OSV has beside it."""
    first = content.first
    return isinstance(first, dict) and "id" in first and ("affected" in first or "modified" in first)


def parse(content: Content, format_: str = FORMAT) -> Parsed:
    """Advisories, those of one id united."""
    found: list[Advisory] = []
    for number, value in enumerate(content.records(), start=1):
        name = value.value.get("id") if isinstance(value.value, dict) else None
        try:
            found.append(_advisory(msgspec.convert(value.value, _Record)))
        except (msgspec.ValidationError, ValueError) as error:
            content.problem(str(name or f"record {number}")[:100], str(error), value.line)
    facts = merged(found)
    return content.parsed(format_, [*facts], max((one.modified for one in facts), default=""))


def _advisory(record: _Record) -> Advisory:
    if not record.id.strip():
        raise ValueError("its id is empty")
    withdrawn = instant(record.withdrawn or "")
    if withdrawn is None:
        raise ValueError(f"withdrawn is no time: {record.withdrawn!r}")
    publisher = _PUBLISHERS.get(record.id.partition("-")[0].upper(), record.id.partition("-")[0])
    aliases, bundle, cves = names(record.id, record.aliases or (), record.upstream or (), record.related or ())
    affected = record.affected or []
    if bundle:
        cves = unique((*cves, *(cve for one in affected for cve in _mapped_cves(one))))
    summary = (record.summary or (record.details or "").strip().partition("\n")[0])[:_LONGEST_SUMMARY]
    return Advisory(
        id=record.id,
        aliases=aliases,
        bundle=bundle,
        cves=cves,
        summary=summary,
        published=instant(record.published or "") or "",
        modified=instant(record.modified or "") or "",
        withdrawn=withdrawn,
        severities=_severities(record, publisher),
        affected=tuple(part for one in affected for part in _parts(one, publisher, record.summary or "")),
        references=unique(one.url for one in record.references or () if one.url),
    )


def _severities(record: _Record, publisher: str) -> tuple[Severity, ...]:
    found = _scores(record.severity, publisher)
    rated = _RATED.match(record.summary or "")
    word = (record.database_specific or {}).get("severity") or (rated and rated[1])
    return (*found, Severity(publisher, word, publisher)) if isinstance(word, str) else found


def _scores(given: list[_Severity] | None, publisher: str) -> tuple[Severity, ...]:
    # Ubuntu rates by word; the vectors that it republishes are NVD's.
    vectors = "NVD" if publisher == "Ubuntu" else publisher
    scores = [
        Severity(one.type, one.score, vectors if one.type.startswith("CVSS") else publisher)
        for one in given or ()
        if one.type and one.score
    ]
    return tuple(dict.fromkeys(scores))


def _mapped_cves(affected: _Affected) -> list[str]:
    """The CVEs that Ubuntu maps each package of a notice to."""
    mapped = (affected.database_specific or {}).get("cves_map")
    listed = mapped.get("cves") if isinstance(mapped, dict) else None
    found = [one.get("id") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [cve for name in found if isinstance(name, str) and (cve := cve_of(name))]


def _parts(affected: _Affected, publisher: str, summary: str) -> list[Affected]:
    """What one entry says: usually one part; a repository without a package gives one for each of its ranges."""
    specific = affected.ecosystem_specific or {}
    ranges = [_range(one) for one in affected.ranges or ()]
    versions = tuple(affected.versions or ())
    state, state_class, severities = _words(specific, publisher)
    severities = (*_scores(affected.severity, publisher), *severities)
    package = affected.package
    if package is None or not package.name:
        repositories = unique(one.repo for one in affected.ranges or () if one.repo)
        if package is not None and package.ecosystem and not repositories:
            raise ValueError("an affected package has no name")
        return [
            Affected("git", repository, "either", "", "", (), tuple(
                range_ for given, range_ in zip(affected.ranges or (), ranges, strict=True)
                if given.repo == repository
            ), versions, state, state_class, "", severities)
            for repository in repositories
        ]  # fmt: skip
    scope, channel, named = _scope(package.ecosystem)
    arches: tuple[str, ...] = ()
    for key, text in _QUALIFIER.findall(package.purl):
        if key == "distro" and channel == "pro":
            channel = _pocket(unquote(text))
        elif key == "arch" and text in ("source", "src"):
            named = "source"
        elif key == "arch" and text not in _NO_ARCHITECTURE:
            arches = (text,)
    if specific.get("binaries"):
        named = "source"  # SUSE and Ubuntu name the source and list beside it the binaries built from it.
    return [
        Affected(
            scope, package.name, named, channel, _module(specific, ranges, summary), arches,
            tuple(ranges), versions, state, state_class, _terms(specific), severities,
        )
    ]  # fmt: skip


def _module(specific: Loose, ranges: list[Range], summary: str) -> str:
    """The module stream of a package: as its publisher states it, else, for modular builds, as the summary names it.

    Where a summary names several modules, nobody says which package is of which: they stay alternatives.
    """
    stated = specific.get("rpm_modularity")
    if isinstance(stated, str) and stated:
        return stated
    if not any(_MODULAR.search(version) for one in ranges for _, version in one.events):
        return ""
    return ALTERNATIVE.join(unique(_STREAM.findall(summary)))


@lru_cache(maxsize=1024)
def _scope(ecosystem: str) -> tuple[str, str, Naming]:
    """An ecosystem that nobody here knows keeps its own name: found again as not assessable, never lost."""
    if not ecosystem:
        raise ValueError("an affected package has no ecosystem")
    known = scope_of_osv(ecosystem)
    if known is None:
        return ecosystem.strip().lower(), "", "either"
    return known.scope, known.channel, naming(known.scope.partition(":")[0])


def _pocket(distro: str) -> str:
    """Ubuntu's paid pocket from its purl: ``esm-apps/xenial``, ``trusty/esm`` (which is Infra), ``fips/focal``."""
    for part in distro.split("/"):
        if part == "esm":
            return "esm-infra"
        if part.startswith(("esm-", "fips", "realtime", "bluefield", "nvidia", "fde", "ros-")):
            return part
    return "pro"


def _range(given: _Range) -> Range:
    if given.type not in _RANGE_KINDS:
        raise ValueError(f"a range of the unknown type {given.type[:40]!r}")
    events: list[tuple[EventKind, str]] = []
    for event in given.events:
        found = [(kind, event[kind]) for kind in _EVENT_KINDS if kind in event]
        if not found or len(found) != len(event):
            raise ValueError(f"an event that the schema does not know: {', '.join(event)[:80] or 'an empty one'}")
        events.extend(found)
    return Range(given.type, tuple(events))


def _terms(specific: Loose) -> str:
    """For whom Ubuntu's fix is, in its own words; empty where it is for everybody."""
    terms = specific.get("availability")
    return terms if isinstance(terms, str) and terms != "No subscription required" else ""


def _words(specific: Loose, publisher: str) -> tuple[str, StateClass, tuple[Severity, ...]]:
    """The vendor's word for the state of a package, its class, and the vendor's word of severity."""
    urgency, severity = specific.get("urgency"), specific.get("severity")
    if urgency == "end-of-life":
        return "end-of-life", "end-of-life", ()
    if isinstance(urgency, str) and urgency != "not yet assigned":
        return "", "affected", (Severity("debian-urgency", urgency, publisher),)
    if isinstance(severity, str) and severity:
        return "", "affected", (Severity(publisher, severity, publisher),)
    return "", "affected", ()
