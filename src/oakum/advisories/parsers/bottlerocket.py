"""Bottlerocket: ``updateinfo.xml``, the notices of its repository.

Source: ``https://advisories.bottlerocket.aws/updateinfo.xml.gz`` (bottlerocket.dev/en/os, "Variants", part "Software
inventory and security advisories", whose example is the form that is read here): updates with an id (GHSA-... or
BRSA-...), references to CVEs, and the packages in which they are fixed, with version, release, epoch and architecture.
The packages are those of the build, as the inventory of a machine lists them
(``oakum.fleet.bottlerocket``); which order they have, and which two forms of versions must not be mixed, is said in
``oakum.versions.bottlerocket``. Collections of other distributions are no notices of Bottlerocket.
"""

from __future__ import annotations

from oakum.advisories.model import Advisory, Affected, Parsed, Range, Severity
from oakum.advisories.parsers.content import Content
from oakum.advisories.parsers.merging import merged
from oakum.advisories.parsers.xml_text import Element, records, root
from oakum.advisories.words import cve_of, instant, unique

FORMAT = "bottlerocket"
_LONGEST_SUMMARY = 300


def matches(content: Content) -> bool:
    """XML whose root is ``updates`` and that names the collection of Bottlerocket."""
    text = content.text.lstrip()
    return text.startswith("<") and "bottlerocket" in text.lower() and root(text) == "updates"


def parse(content: Content) -> Parsed:
    """One advisory for each notice; one that names several CVEs is a bundle of them."""
    found: list[Advisory] = []
    for update in records(content.text.lstrip(), "update", content.name):
        name = update.word("id")
        try:
            found.append(_advisory(name, update))
        except ValueError as error:
            content.problem(name[:100] or "an update without an id", str(error), update.line)
    facts = merged(found)
    return content.parsed(FORMAT, [*facts], max((one.modified for one in facts), default=""))


def _advisory(name: str, update: Element) -> Advisory:
    if not name:
        raise ValueError("its id is empty")
    times = {which: _time(update, which) for which in ("issued", "updated")}
    references = list(update.all("reference"))
    ids = unique(one.attributes.get("id", "").strip() for one in references)
    cves = unique(cve for one in ids if (cve := cve_of(one)))
    same = unique(one for one in ids if one.startswith("GHSA-") and one != name)
    packages = [
        one
        for collection in update.all("collection")
        if collection.attributes.get("short", "").lower() == "bottlerocket"
        or collection.word("name").lower() == "bottlerocket"
        for one in collection.all("package")
    ]
    if not packages:
        raise ValueError("it names no package of Bottlerocket")
    severity = update.word("severity")
    return Advisory(
        name,
        aliases=(*cves, *same) if len(cves) == 1 else same,
        bundle=len(cves) > 1,
        cves=cves if len(cves) > 1 else (),
        summary=(update.word("title") or update.word("description"))[:_LONGEST_SUMMARY],
        published=times["issued"],
        modified=times["updated"] or times["issued"],
        severities=(Severity("Bottlerocket", severity, "Bottlerocket"),) if severity else (),
        affected=_affected(packages),
        references=unique(href for one in references if (href := one.attributes.get("href", ""))),
    )


def _time(update: Element, which: str) -> str:
    given = next((one.attributes.get("date", "") for one in update.all(which)), "")
    time = instant(given)
    if time is None:
        raise ValueError(f"{which} is no time: {given[:60]!r}")
    return time


def _affected(packages: list[Element]) -> tuple[Affected, ...]:
    """One part for each package and fixed version, with the architectures for which it is named."""
    arches: dict[tuple[str, str], list[str]] = {}
    for one in packages:
        name, version = one.attributes.get("name", ""), one.attributes.get("version", "")
        if not name or not version:
            raise ValueError(f"a package without {'version' if name else 'name'} (line {one.line})")
        epoch, release = one.attributes.get("epoch", ""), one.attributes.get("release", "")
        fixed = f"{version}-{release}" if release else version
        fixed = f"{epoch}:{fixed}" if epoch not in ("", "0") else fixed
        arches.setdefault((name, fixed), []).append(one.attributes.get("arch", ""))
    return tuple(
        Affected(
            "bottlerocket", name, arches=unique(some) if all(some) else (),
            ranges=(Range("ECOSYSTEM", (("introduced", "0"), ("fixed", fixed))),), state_class="fixed",
        )
        for (name, fixed), some in arches.items()
    )  # fmt: skip
