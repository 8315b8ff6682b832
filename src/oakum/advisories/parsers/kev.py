"""CISA's Known Exploited Vulnerabilities catalogue (JSON; cisa.gov/known-exploited-vulnerabilities-catalog).

An entry is about a product, not about every file that carries the flaw; the product is kept for that reason.
"""

from __future__ import annotations

import msgspec

from oakum.advisories.model import Exploited, Parsed
from oakum.advisories.parsers.content import Content
from oakum.advisories.words import cve_of, day, instant

FORMAT = "kev"


class _Entry(msgspec.Struct, rename="camel"):
    cve_id: str = msgspec.field(name="cveID")
    date_added: str
    due_date: str = ""
    vendor_project: str = ""
    product: str = ""
    required_action: str = ""
    known_ransomware_campaign_use: str = ""


def matches(content: Content) -> bool:
    """The catalogue, or one of its entries."""
    first = content.first
    return isinstance(first, dict) and ("cveID" in first or {"catalogVersion", "vulnerabilities"} <= first.keys())


def parse(content: Content) -> Parsed:
    """One fact for each entry; the catalogue's release is its date."""
    catalogue = content.first if isinstance(content.first, dict) else {}
    listed = catalogue.get("vulnerabilities")
    entries = listed if isinstance(listed, list) else [value.value for value in content.records()]
    found = []
    for number, given in enumerate(entries, start=1):
        try:
            found.append(_exploited(msgspec.convert(given, _Entry)))
        except (msgspec.ValidationError, ValueError) as error:
            content.problem(f"entry {number}", str(error))
    count = catalogue.get("count")
    if isinstance(count, int) and count != len(entries):
        content.problem("count", f"the catalogue says {count} entries and holds {len(entries)}")
    released = catalogue.get("dateReleased")
    return content.parsed(FORMAT, [*found], instant(released) or "" if isinstance(released, str) else "")


def _exploited(entry: _Entry) -> Exploited:
    cve, added = cve_of(entry.cve_id), day(entry.date_added)
    if cve is None:
        raise ValueError(f"{entry.cve_id[:60]!r} is no CVE")
    if not added:
        raise ValueError(f"{cve} was added on {entry.date_added[:40]!r}, which is no day")
    return Exploited(
        cve,
        added,
        due=day(entry.due_date) or "",
        ransomware=entry.known_ransomware_campaign_use.lower() == "known",
        product=f"{entry.vendor_project} {entry.product}".strip(),
        action=entry.required_action,
    )
