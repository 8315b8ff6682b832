"""Rules about points in time (CSAF 2.1): nothing is said of a time after the newest revision of a released document."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.advisories.vex.document import Document, Json, listed, when
from oakum.advisories.vex.model import NEW, Found, Rule


def _late(document: Document, path: str, holder: Json, key: str) -> Iterator[Found]:
    date, newest = when(holder, key), document.newest
    if document.is_released and date is not None and newest is not None and date > newest:
        yield f"{path}/{key}", f"{holder[key]} is later than the newest revision"


def _disclosure(document: Document) -> Iterator[Found]:
    if document.document.get("distribution", {}).get("tlp", {}).get("label") == "CLEAR":
        for path, vulnerability in document.each_vulnerability:
            yield from _late(document, path, vulnerability, "disclosure_date")


def _discovery(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        yield from _late(document, path, vulnerability, "discovery_date")
        discovered, disclosed = when(vulnerability, "discovery_date"), when(vulnerability, "disclosure_date")
        if discovered is not None and disclosed is not None and discovered > disclosed:
            yield f"{path}/discovery_date", "the vulnerability is discovered later than it is disclosed"


def _ssvc(document: Document) -> Iterator[Found]:
    for path, content, _ in document.scores:
        yield from _late(document, f"{path}/ssvc_v2", content.get("ssvc_v2", {}), "timestamp")


def _epss(document: Document) -> Iterator[Found]:
    for path, content, _ in document.scores:
        yield from _late(document, f"{path}/epss", content.get("epss", {}), "timestamp")


def _exploitations(document: Document) -> Iterator[tuple[str, Json]]:
    for path, vulnerability in document.each_vulnerability:
        yield from listed(vulnerability, "first_known_exploitation_dates", path)


def _late_exploitation(document: Document) -> Iterator[Found]:
    for path, each in _exploitations(document):
        yield from _late(document, path, each, "date")
        yield from _late(document, path, each, "exploitation_date")


def _exploitation_before_known(document: Document) -> Iterator[Found]:
    for path, each in _exploitations(document):
        exploited, told = when(each, "exploitation_date"), when(each, "date")
        if exploited is not None and told is not None and exploited > told:
            yield f"{path}/exploitation_date", "the exploitation is later than the time at which it was told of"


_EARLIER = "correct the time, or add the revision that says it"
RULES = (
    Rule(
        id="6.1.37", versions=NEW,
        says="every date-time is of the form of RFC 3339 with T, Z or an offset, and no leap second",
        remedy="write it as in 2026-01-31T12:00:00Z",
    ),
    Rule(
        id="6.1.45", versions=NEW, look=_disclosure,
        says="no vulnerability of a released TLP:CLEAR document is disclosed after the newest revision",
        remedy=_EARLIER,
    ),
    Rule(
        id="6.1.49", versions=NEW, look=_ssvc,
        says="no SSVC selection of a released document is of a time after the newest revision", remedy=_EARLIER,
    ),
    Rule(
        id="6.1.51", versions=NEW, look=_epss,
        says="no EPSS score of a released document is of a time after the newest revision", remedy=_EARLIER,
    ),
    Rule(
        id="6.1.52", versions=NEW, look=_late_exploitation,
        says="no first known exploitation of a released document is of a time after the newest revision",
        remedy=_EARLIER,
    ),
    Rule(
        id="6.1.53", versions=NEW, look=_exploitation_before_known,
        says="an exploitation is not later than the time at which it was told of", remedy="correct one of the times",
    ),
    Rule(
        id="6.1.62", versions=NEW, look=_discovery,
        says="no vulnerability is discovered after its disclosure, or after the newest revision of a released document",
        remedy="correct one of the times",
    ),
)  # fmt: skip
