"""CISA's Vulnrichment: SSVC decision points and vectors, from CVE records or from a table of them.

Sources: github.com/cisagov/vulnrichment and the CVE record format 5 (``containers.cna`` by the numbering authority,
``containers.adp`` by others, CISA among them). Keys and values are written in any case; the vocabulary is fixed, and
a word outside it is a problem, not a decision.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from oakum.advisories.model import Enrichment, Parsed, Severity
from oakum.advisories.parsers.content import Content
from oakum.advisories.words import cve_of, day, instant

FORMAT = "vulnrichment"
_COLUMNS = ("cve", "state", "ex", "au", "ti", "ts", "kev", "cna_cvss", "adp_cvss")
_WORDS = {
    "exploitation": {"none": "none", "poc": "poc", "public poc": "poc", "active": "active"},
    "automatable": {"yes": "yes", "no": "no"},
    "technical impact": {"partial": "partial", "total": "total"},
}
_SYSTEMS = {"2": "CVSS_V2", "3": "CVSS_V3", "4": "CVSS_V4"}


class _Metadata(msgspec.Struct, rename="camel"):
    cve_id: str
    state: str = ""
    date_updated: str = ""


class _Container(msgspec.Struct):
    metrics: list[dict[str, object]] = []


class _Containers(msgspec.Struct):
    cna: _Container = msgspec.field(default_factory=_Container)
    adp: list[_Container] = []


class _Record(msgspec.Struct, rename="camel"):
    cve_metadata: _Metadata
    containers: _Containers


def matches(content: Content) -> bool:
    """CVE records, or the table's columns."""
    first = content.first
    if isinstance(first, dict):
        return {"cveMetadata", "containers"} <= first.keys()
    return not content.values and content.text.lower().startswith("cve\tstate\t")


def parse(content: Content) -> Parsed:
    """One fact for each CVE; the latest decision or update is the date of the source."""
    found: list[Enrichment] = []
    latest = ""
    if content.values:
        for number, value in enumerate(content.records(), start=1):
            try:
                record = msgspec.convert(value.value, _Record)
                found.append(_of_record(record))
                latest = max(latest, instant(record.cve_metadata.date_updated) or "")
            except (msgspec.ValidationError, ValueError) as error:
                content.problem(f"record {number}", str(error), value.line)
    else:
        found.extend(_of_table(content))
    return content.parsed(FORMAT, [*found], latest or max((one.decided for one in found), default=""))


def _of_table(content: Content) -> Iterator[Enrichment]:
    lines = content.text.split("\n")
    place = {name: at for at, name in enumerate(lines[0].strip().lower().split("\t"))}
    missing = [name for name in _COLUMNS if name not in place]
    if missing:
        content.problem("line 1", f"lacks the columns {', '.join(missing)}", 1)
        return
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        fields = line.rstrip("\r").split("\t")
        try:
            if len(fields) != len(place):
                raise ValueError(f"has {len(fields)} fields instead of {len(place)}")
            yield _enrichment(
                fields[place["cve"]],
                fields[place["state"]],
                {
                    "exploitation": fields[place["ex"]],
                    "automatable": fields[place["au"]],
                    "technical impact": fields[place["ti"]],
                },
                decided=fields[place["ts"]],
                kev=fields[place["kev"]],
                severities=(
                    *_vector(fields[place["cna_cvss"]], "CNA"),
                    *_vector(fields[place["adp_cvss"]], "ADP"),
                ),
            )
        except ValueError as error:
            content.problem(fields[0][:40], str(error), number)


def _of_record(record: _Record) -> Enrichment:
    points: dict[str, str] = {}
    decided = kev = ""
    severities: list[Severity] = []
    for scorer, container in (("CNA", record.containers.cna), *(("ADP", one) for one in record.containers.adp)):
        for metric in container.metrics:
            for key, score in metric.items():
                if key.lower().startswith("cvssv") and isinstance(score, dict):
                    severities.extend(_vector(str(score.get("vectorString") or ""), scorer))
            other = metric.get("other")
            kind, body = (other.get("type"), other.get("content")) if isinstance(other, dict) else (None, None)
            if not isinstance(body, dict):
                continue
            if str(kind).lower() == "ssvc" and str(body.get("timestamp") or "") >= decided:
                decided = str(body.get("timestamp") or "")
                points = _points(body.get("options"))
            elif str(kind).lower() == "kev":
                kev = str(body.get("dateAdded") or "")
            elif isinstance(kind, str) and isinstance(body.get("value"), str):
                severities.append(Severity(kind, str(body["value"]), scorer))
    meta = record.cve_metadata
    return _enrichment(meta.cve_id, meta.state, points, decided=decided, kev=kev, severities=tuple(severities))


def _points(options: object) -> dict[str, str]:
    listed = options if isinstance(options, list) else []
    return {
        str(key).strip().lower(): value
        for option in listed
        if isinstance(option, dict)
        for key, value in option.items()
        if isinstance(value, str)
    }


def _enrichment(
    cve: str, state: str, points: dict[str, str], *, decided: str, kev: str, severities: tuple[Severity, ...]
) -> Enrichment:
    name = cve_of(cve)
    if name is None:
        raise ValueError(f"{cve[:60]!r} is no CVE")
    words = {key: _word(key, points.get(key, "")) for key in _WORDS}
    return Enrichment(
        name,
        exploitation=words["exploitation"],
        automatable=words["automatable"],
        technical_impact=words["technical impact"],
        decided=instant(decided) or "",
        kev_added=day(kev) or "",
        state=state.strip().upper(),
        severities=tuple(dict.fromkeys(severities)),
    )


def _word(key: str, text: str) -> str:
    if not text.strip():
        return ""
    known = _WORDS[key].get(text.strip().lower())
    if known is None:
        raise ValueError(f"{key} is {text[:40]!r} instead of one of {', '.join(_WORDS[key])}")
    return known


def _vector(text: str, scorer: str) -> Iterator[Severity]:
    """A vector with its version; only those of CVSS 2 carry none."""
    text = text.strip()
    if text:
        version = text[5:6] if text.upper().startswith("CVSS:") else "2"
        if version in _SYSTEMS:
            yield Severity(_SYSTEMS[version], text, scorer)
