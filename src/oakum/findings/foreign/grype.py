"""Grype's own JSON: matches of vulnerabilities with artifacts.

The form has no version of its own; the tool's stands in ``descriptor``. A match names the advisory by which it was
found (a GHSA, an ELSA) and related ones (the CVE). Source: Grype's presenter for JSON, 0.12 to 0.10x; older reports
lack fields, which are then not known.
"""

from __future__ import annotations

import re

import msgspec

from oakum.errors import InputError, Place
from oakum.findings.foreign.model import Claim, Report, State
from oakum.fleet.ecosystems import release_from_name
from oakum.fleet.sbom.document import decode, refuse_duplicates
from oakum.fleet.sbom.inventory import package_of

_ABSENT = msgspec.Raw()
_STATES: dict[str, State] = {"fixed": "fixed", "not-fixed": "affected", "wont-fix": "will-not-fix"}
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_KNOWN = re.compile(r"v?0\.\d+(?:\.\d+)?(?:[-+].*)?|\[not provided\]|")


class _Fix(msgspec.Struct, gc=False):
    versions: list[str] | None = None
    state: str = ""


class _Vulnerability(msgspec.Struct):
    id: str = ""
    namespace: str = ""
    severity: str = ""
    fix: _Fix | None = None
    known_exploited: msgspec.Raw = msgspec.field(default=_ABSENT, name="knownExploited")
    #: What reports from before ``fix`` have.
    fixed_in: str | None = msgspec.field(default=None, name="fixedInVersion")


class _Location(msgspec.Struct, gc=False):
    path: str = ""


class _Artifact(msgspec.Struct):
    name: str = ""
    version: str = ""
    type: str = ""
    purl: str | None = None
    locations: list[_Location] | None = None


class _Ignored(msgspec.Struct):
    vulnerability: str = ""
    reason: str = ""
    fix_state: str = msgspec.field(default="", name="fix-state")
    vex_status: str = msgspec.field(default="", name="vex-status")


class _Match(msgspec.Struct):
    vulnerability: _Vulnerability
    artifact: _Artifact
    related: list[_Vulnerability] | None = msgspec.field(default=None, name="relatedVulnerabilities")
    details: msgspec.Raw = msgspec.field(default=_ABSENT, name="matchDetails")
    ignored_by: list[_Ignored] | None = msgspec.field(default=None, name="appliedIgnoreRules")


class _Target(msgspec.Struct, rename="camel"):
    user_input: str = ""
    manifest_digest: str = ""
    image_id: str = msgspec.field(default="", name="imageID")
    repo_digests: list[str] | None = None


class _Source(msgspec.Struct):
    type: str = ""
    target: msgspec.Raw = _ABSENT


class _Distro(msgspec.Struct):
    name: str = ""
    version: str = ""


class _Descriptor(msgspec.Struct):
    name: str = "grype"
    version: str = ""
    timestamp: str = ""
    db: msgspec.Raw = _ABSENT


class _Document(msgspec.Struct):
    matches: list[_Match] | None = None
    ignored: list[_Match] | None = msgspec.field(default=None, name="ignoredMatches")
    source: _Source | None = None
    distro: _Distro | None = None
    descriptor: _Descriptor = msgspec.field(default_factory=_Descriptor)


_DECODER = msgspec.json.Decoder(_Document)
_TARGET = msgspec.json.Decoder(_Target | str | None)
_BUILT = re.compile(rb'"built"\s*:\s*"(\d{4}-\d\d-\d\d)')


def read(data: bytes, *, name: str) -> Report:
    """The report that Grype made (unpacked UTF-8 JSON); ``name`` is the input's for messages."""
    document = decode(_DECODER, data, name)
    descriptor = document.descriptor
    if descriptor.name.lower() != "grype":
        raise InputError(
            f"a report with matches by {descriptor.name[:60]!r}, which is not known here",
            place=Place(name, field="descriptor.name"),
            remedy="give a report of Grype: grype -o json",
        )
    counted = document.matches or []
    ignored = document.ignored or []
    refuse_duplicates(data, {b"artifact": len(counted) + len(ignored), b"matches": 1}, name)
    target = _target(document.source, name)
    distro = document.distro
    built = _BUILT.search(bytes(descriptor.db))
    notes = (
        []
        if _KNOWN.fullmatch(descriptor.version)
        else [f"Grype {descriptor.version[:40]} is newer than those known here"]
    )
    return Report(
        tool=f"Grype {descriptor.version}".rstrip(),
        file=name,
        subject=target.user_input,
        digests=frozenset(
            _DIGEST.findall(" ".join([target.manifest_digest, target.image_id, *(target.repo_digests or ())]))
        ),
        release=release_from_name(distro.name, distro.version) if distro is not None and distro.name else None,
        claims=tuple(_claim(one) for one in (*counted, *ignored)),
        built=built[1].decode() if built else descriptor.timestamp[:10],
        notes=tuple(notes),
    )


def _target(source: _Source | None, name: str) -> _Target:
    if source is None or not bytes(source.target):
        return _Target()
    found = decode(_TARGET, bytes(source.target), name)
    return found if isinstance(found, _Target) else _Target(user_input=found or "")


def _claim(match: _Match) -> Claim:
    found, artifact = match.vulnerability, match.artifact
    fix = found.fix or _Fix([found.fixed_in] if found.fixed_in else [], "fixed" if found.fixed_in else "")
    related = match.related or []
    exploited = bytes(found.known_exploited)
    return Claim(
        id=found.id,
        aliases=tuple(dict.fromkeys(each.id for each in related if each.id and each.id != found.id)),
        named=artifact.name,
        version=artifact.version,
        package=package_of(artifact.purl, artifact.name, artifact.version) if artifact.purl else None,
        purl=artifact.purl or "",
        path=artifact.locations[0].path if artifact.locations else "",
        fixes=tuple(filter(None, fix.versions or ())),
        state=_STATES.get(fix.state, ""),
        word=fix.state,
        severity=found.severity.lower(),
        source=found.namespace,
        by_cpe=b"cpe-match" in bytes(match.details) or found.namespace == "nvd:cpe",
        exploited=exploited not in (b"[]", b"null") if exploited else None,
        set_aside=_set_aside(match.ignored_by),
    )


def _set_aside(rules: list[_Ignored] | None) -> str:
    words = [
        each.reason or (f"VEX {each.vex_status}" if each.vex_status else "") or each.fix_state or "a rule of theirs"
        for each in rules or ()
    ]
    return ", ".join(dict.fromkeys(words))
