"""Microsoft's OVAL definitions of Azure Linux and CBL-Mariner: one for each vulnerability of a source package.

Source: github.com/microsoft/AzureLinuxVulnerabilityData. The words about a definition name no release, but each version
in its tests does (``9.16.33-1.cm2``, ``3.4.0-1.azl3``). ``patchable`` is the vendor's word: ``true`` with the version
that is fixed, ``false`` with the last one that is affected, ``Not Applicable`` where the flaw is not there, or no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from oakum.advisories.model import Advisory, Affected, EventKind, Range, Severity
from oakum.advisories.parsers.oval_document import Criteria, Criterion, Definition, Tests
from oakum.advisories.words import cve_of, instant, unique
from oakum.versions import Unparsable
from oakum.versions.rpm import key

_VENDOR = "Azure Linux"
#: Namespace of ids -> what it calls its platform, and the mark of its builds.
_PRODUCTS = {
    "com.microsoft.cbl-mariner": ("CBL-Mariner", "mariner", re.compile(r"\.cm(\d+)\b")),
    "com.microsoft.azurelinux": ("Azure Linux", "azurelinux", re.compile(r"\.azl(\d+)\b")),
}
_EPOCH_0 = "0:"


def advisory(definition: Definition, tests: Tests) -> Advisory:
    """What a definition says. Raises ValueError where something of it is not understood."""
    platform, product, mark = _PRODUCTS[definition.namespace]
    if any(each != platform for each in definition.platforms):
        raise ValueError(f"is of {platform}, and for {', '.join(definition.platforms)[:100]}")
    ids = unique(name for _, name, _ in definition.references)
    if len(ids) != 1:
        raise ValueError("names no vulnerability" if not ids else "names several vulnerabilities")
    conditions = [_condition(each, tests) for each in _flat(definition.criteria)]
    packages = unique(name for name, _, _ in conditions)
    releases = {found[1] if (found := mark.search(evr)) else "" for _, _, evr in conditions}
    if len(packages) != 1:
        raise ValueError("names no package" if not packages else "names several packages")
    if len(releases) != 1 or "" in releases:
        raise ValueError("names no release in its versions, or several")
    published = instant(definition.issued)
    if published is None:
        raise ValueError(f"{definition.issued[:40]!r} is no time (advisory_date)")
    severities = (Severity(_VENDOR, definition.severity, _VENDOR),) if definition.severity else ()
    said = _affected(f"{product}:{releases.pop()}", packages[0], definition, {(op, evr) for _, op, evr in conditions})
    return Advisory(
        cve_of(ids[0]) or ids[0],
        summary=definition.title[:300],
        published=published,
        modified=published,
        severities=severities,
        affected=(said,),
        references=unique(url for _, _, url in definition.references if url),
    )


def _flat(criteria: Criteria) -> Iterator[Criterion]:
    """The criteria, which all hold together."""
    if criteria.operator != "AND" and len(criteria.criteria) + len(criteria.inside) > 1:
        raise ValueError("has alternatives among its criteria")
    yield from criteria.criteria
    for inner in criteria.inside:
        yield from _flat(inner)


def _condition(criterion: Criterion, tests: Tests) -> tuple[str, str, str]:
    found = tests.of(criterion.test)
    if found is None:
        raise ValueError(f"its document has no test {criterion.test[:100]!r}")
    name, operation, evr = found
    if isinstance(bad := key(evr), Unparsable):
        raise ValueError(bad.why)
    return name, operation, evr.removeprefix(_EPOCH_0)


def _affected(scope: str, package: str, definition: Definition, conditions: set[tuple[str, str]]) -> Affected:
    word = definition.patchable
    if word.lower() == "not applicable":
        why = definition.description.partition(". ")[2] or "the vendor calls it not applicable"
        return Affected(scope, package, "source", state=word, state_class="not-affected", reason=why[:300])
    upper = [(operation, evr) for operation, evr in conditions if operation in ("less than", "less than or equal")]
    lower = [evr for operation, evr in conditions if operation == "greater than or equal"]
    # Above a version that is itself not affected; no version can be named that is the first one affected.
    after = [evr for operation, evr in conditions if operation == "greater than"]
    if len(upper) != 1 or len(lower) + len(after) > 1 or len(conditions) != len(upper) + len(lower) + len(after):
        raise ValueError(f"has conditions that are not understood: {sorted(conditions)!r}"[:200])
    operation, evr = upper[0]
    fixed = word.lower() == "true"
    if fixed != (operation == "less than") or word.lower() not in ("true", "false"):
        raise ValueError(f"is called patchable {word[:20]!r}, and tests for {operation} {evr[:60]}")
    since: tuple[EventKind, str] = ("introduced", (lower or after or ["0"])[0])
    until: tuple[EventKind, str] = ("fixed", evr) if fixed else ("last_affected", evr)
    ranges = (Range("ECOSYSTEM", (since, until)),)
    if fixed:
        return Affected(scope, package, "source", ranges=ranges, state="fixed", state_class="fixed")
    return Affected(scope, package, "source", ranges=ranges, state="no patch is available", state_class="affected")
