"""Kubernetes: the official CVE feed (JSON Feed 1.1) and SIG Security's OSV records.

Source: kubernetes.io/docs/reference/issues-security/official-cve-feed and kubernetes/sig-security. The official feed
names vulnerabilities and their issues but neither component nor versions in a form to compare: its records say so
(``NO_VERSIONS``) about Kubernetes as a whole. What is affected stands in the OSV records, by component
(``k8s.io/kubelet``).
"""

from __future__ import annotations

import msgspec

from oakum.advisories.model import NO_VERSIONS, Advisory, Affected, Parsed, Range
from oakum.advisories.parsers import osv
from oakum.advisories.parsers.content import Content
from oakum.advisories.words import cve_of, instant, unique

FORMAT = "kubernetes"
#: A range without events: nothing can be compared with it, and nothing is silently clear of it.
_UNVERSIONED = Affected("kubernetes", "k8s.io/kubernetes", ranges=(Range("SEMVER", ()),), reason=NO_VERSIONS)


class _Item(msgspec.Struct):
    id: str | None = None
    summary: str | None = None
    url: str | None = None
    external_url: str | None = None
    date_published: str | None = None


def matches(content: Content) -> bool:
    """The feed's own extension, or OSV records of the ecosystem ``kubernetes``."""
    first = content.first
    if not isinstance(first, dict):
        return False
    if "_kubernetes_io" in first:
        return True
    return osv.matches(content) and _ecosystem(first) == "kubernetes"


def _ecosystem(record: dict[str, object]) -> str:
    affected = record.get("affected")
    one = affected[0] if isinstance(affected, list) and affected else None
    package = one.get("package") if isinstance(one, dict) else None
    return str(package.get("ecosystem")).lower() if isinstance(package, dict) else ""


def parse(content: Content) -> Parsed:
    """One advisory for each CVE; the feed's own refresh is its date."""
    feed = content.first
    if not isinstance(feed, dict) or "_kubernetes_io" not in feed:
        return osv.parse(content, FORMAT)
    # An older form is a bare array of the items, without a head.
    items = feed["items"] if isinstance(feed.get("items"), list) else [one.value for one in content.records()]
    found = []
    for number, given in enumerate(items, start=1):
        try:
            item = msgspec.convert(given, _Item)
        except msgspec.ValidationError as error:
            content.problem(f"item {number}", str(error))
            continue
        cve = cve_of(item.id or "")
        if cve is None:
            content.problem(f"item {number}", f"names no CVE: {str(item.id)[:60]!r}")
            continue
        found.append(
            Advisory(
                cve,
                summary=item.summary or "",
                published=instant(item.date_published or "") or "",
                affected=(_UNVERSIONED,),
                references=unique(url for url in (item.url, item.external_url) if url),
            )
        )
    head = feed["_kubernetes_io"]
    updated = head.get("updated_at") if isinstance(head, dict) else None
    return content.parsed(FORMAT, [*found], instant(updated) or "" if isinstance(updated, str) else "")
