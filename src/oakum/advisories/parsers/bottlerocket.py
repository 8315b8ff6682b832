"""Bottlerocket: ``updateinfo.xml``, the notices of its repository.

Source: ``https://advisories.bottlerocket.aws/updateinfo.xml.gz`` (bottlerocket.dev/en/os, "Variants", part "Software
inventory and security advisories", whose example is the form that is read here): updates with an id (GHSA-... or
BRSA-...), references to CVEs, and the packages in which they are fixed, with version, release, epoch and architecture.
The packages are those of the build, as the inventory of a machine lists them
(``oakum.fleet.bottlerocket``); which order they have, and which two forms of versions must not be mixed, is said in
``oakum.versions.bottlerocket``. Collections of other distributions are no notices of Bottlerocket.
"""

from __future__ import annotations

import re

from oakum.advisories.model import Advisory, Affected, Parsed, Range, Severity
from oakum.advisories.parsers import xml_text
from oakum.advisories.parsers.content import Content
from oakum.advisories.parsers.merging import merged
from oakum.advisories.parsers.xml_text import Element
from oakum.advisories.words import cve_of, instant, unique

FORMAT = "bottlerocket"
_LONGEST_SUMMARY = 300
#: Others' notices may speak of Bottlerocket too.
_COLLECTION = re.compile(
    r"""<collection[^>]{0,200}short\s*=\s*["']bottlerocket["']|<name>\s*bottlerocket\s*</name>""", re.IGNORECASE
)


def matches(content: Content) -> bool:
    """XML whose root is ``updates`` and that has a collection of Bottlerocket."""
    return content.root == "updates" and _COLLECTION.search(content.text) is not None


def parse(content: Content) -> Parsed:
    """One advisory for each notice; one that names several CVEs is a bundle of them."""
    found: list[Advisory] = []

    def take(update: Element) -> None:
        try:
            found.append(_advisory(update))
        except ValueError as error:
            id_ = next((each.text[:100] for each in update.all("id")), "")
            content.problem(id_ or "an update without an id", str(error), update.line)

    xml_text.records(content.text, content.name, frozenset({"update"}), take)
    facts = merged(found)
    return content.parsed(FORMAT, [*facts], max((one.modified for one in facts), default=""))


def _advisory(update: Element) -> Advisory:
    name = update.one("id").text
    if not name:
        raise ValueError("its id is empty")
    times = {which: _time(update, which) for which in ("issued", "updated")}
    references = list(update.one("references").all("reference"))
    ids = unique(one.get("id") for one in references)
    cves = unique(cve for one in ids if (cve := cve_of(one)))
    same = unique(one for one in ids if one.startswith("GHSA-") and one != name)
    packages = [
        one
        for collection in update.one("pkglist").all("collection")
        if "bottlerocket" in (collection.get("short").lower(), collection.one("name").text.lower())
        for one in collection.all("package")
    ]
    if not packages:
        raise ValueError("it names no package of Bottlerocket")
    severity = update.one("severity").text
    return Advisory(
        name,
        aliases=(*cves, *same) if len(cves) == 1 else same,
        bundle=len(cves) > 1,
        cves=cves if len(cves) > 1 else (),
        summary=(update.one("title").text or update.one("description").text)[:_LONGEST_SUMMARY],
        published=times["issued"],
        modified=times["updated"] or times["issued"],
        severities=(Severity("Bottlerocket", severity, "Bottlerocket"),) if severity else (),
        affected=_affected(packages),
        references=unique(href for one in references if (href := one.get("href"))),
    )


def _time(update: Element, which: str) -> str:
    given = update.one(which).get("date")
    time = instant(given)
    if time is None:
        raise ValueError(f"{which} is no time: {given[:60]!r}")
    return time


def _affected(packages: list[Element]) -> tuple[Affected, ...]:
    """One part for each package and fixed version, with the architectures for which it is named."""
    arches: dict[tuple[str, str], list[str]] = {}
    for one in packages:
        name, version = one.get("name"), one.get("version")
        if not name or not version:
            raise ValueError(f"a package without {'version' if name else 'name'} (line {one.line})")
        epoch, release = one.get("epoch"), one.get("release")
        fixed = f"{version}-{release}" if release else version
        fixed = f"{epoch}:{fixed}" if epoch not in ("", "0") else fixed
        arches.setdefault((name, fixed), []).append(one.get("arch"))
    return tuple(
        Affected(
            "bottlerocket", name, arches=unique(some) if all(some) else (),
            ranges=(Range("ECOSYSTEM", (("introduced", "0"), ("fixed", fixed))),), state_class="fixed",
        )
        for (name, fixed), some in arches.items()
    )  # fmt: skip
