"""Oracle's OVAL definitions (linux.oracle.com/security/oval): one for each security notice (ELSA).

Every leaf of the criteria says in words that a package is earlier than a build; what stands above and beside it names
the release, the architecture, the module stream and whether the build is one of Ksplice. Where the document holds the
test of such a leaf, both must say the same. A notice is a bundle of what it closes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from oakum.advisories.model import Advisory, Severity
from oakum.advisories.parsers.oval_document import Criteria, Criterion, Definition, Tests
from oakum.advisories.parsers.rpm_fixes import Build, evr_of, fixes
from oakum.advisories.words import cve_of, instant, unique
from oakum.fleet.flavours import flavour

_VENDOR = "Oracle Linux"
_ID = re.compile(r"EL[SBE]A-\d{4}-\d+(?:-\d+)?")
_EARLIER = re.compile(r"(?P<name>\S+) is earlier than (?P<epoch>\d+):(?P<version>[^\s:-]+)-(?P<release>[^\s:-]+)")
_RELEASE = re.compile(r"Oracle Linux (?P<release>\d+) is installed")
_ARCH = re.compile(r"Oracle Linux arch is (?P<arch>\w+)")
_MODULE = re.compile(r"Module (?P<module>[^\s:]+:[^\s:]+) is enabled")
_KSPLICE = re.compile(r"\S+ is ksplice-based")
_SIGNED = re.compile(r"\S+ is signed with the .+ key")


class _Above(msgspec.Struct, frozen=True):
    """What holds for all that stands below."""

    release: str = ""
    arch: str = ""
    module: str = ""


def advisory(definition: Definition, tests: Tests) -> Advisory:
    """What a definition says. Raises ValueError where something of it is not understood."""
    id_ = next((name for source, name, _ in definition.references if source == "elsa"), "")
    if not _ID.fullmatch(id_):
        raise ValueError("names no notice of Oracle's")
    builds: dict[str, list[Build]] = {}
    for release, build in _builds(definition.criteria, _Above(), tests):
        builds.setdefault(release, []).append(build)
    affected = [one for release, some in builds.items() for one in fixes(f"ol:{release}", "", some)]
    if not affected:
        raise ValueError("names no package")
    for release in builds:
        if f"Oracle Linux {release}" not in definition.platforms:
            raise ValueError(f"is for {', '.join(definition.platforms)[:100]}, and tests for Oracle Linux {release}")
    issued = instant(definition.issued)
    if issued is None:
        raise ValueError(f"{definition.issued[:40]!r} is no time (issued)")
    word = definition.severity
    return Advisory(
        id_,
        bundle=True,
        cves=unique(cve for _, name, _ in definition.references if (cve := cve_of(name))),
        summary=definition.title.removeprefix(f"{id_}:").strip()[:300],
        published=issued,
        modified=issued,
        severities=(Severity(_VENDOR, word, _VENDOR),) if word.upper() not in ("", "N/A", "NA") else (),
        affected=tuple(affected),
        references=unique(url for _, _, url in definition.references if url),
    )


def _builds(criteria: Criteria, above: _Above, tests: Tests) -> Iterator[tuple[str, Build]]:
    """Each build that something must be older than, with its release."""
    earlier: list[tuple[Criterion, re.Match[str]]] = []
    here, ksplice = above, False
    for each in criteria.criteria:
        if found := _EARLIER.fullmatch(each.comment):
            earlier.append((each, found))
        elif criteria.operator == "OR":
            # One of several is enough: a condition of another kind would make the packages beside it count for nothing.
            raise ValueError(f"has a criterion among alternatives that is not understood: {each.comment[:100]!r}")
        elif (
            found := _RELEASE.fullmatch(each.comment)
            or _ARCH.fullmatch(each.comment)
            or _MODULE.fullmatch(each.comment)
        ):
            here = msgspec.structs.replace(here, **found.groupdict())
        elif _KSPLICE.fullmatch(each.comment):
            ksplice = True
        elif not _SIGNED.fullmatch(each.comment):
            raise ValueError(f"has a criterion that is not understood: {each.comment[:100]!r}")
    if criteria.operator == "AND" and (len(earlier) > 1 or (earlier and criteria.inside)):
        raise ValueError("wants several packages to be older at once")
    for criterion, found in earlier:
        yield here.release, _build(criterion, found, here, tests, ksplice=ksplice)
    for inner in criteria.inside:
        yield from _builds(inner, here, tests)


def _build(criterion: Criterion, found: re.Match[str], above: _Above, tests: Tests, *, ksplice: bool) -> Build:
    if not above.release:
        raise ValueError(f"names no release for {found['name'][:100]}")
    test = tests.of(criterion.test)
    if test is not None and test != (
        found["name"],
        "less than",
        f"{found['epoch']}:{found['version']}-{found['release']}",
    ):
        raise ValueError(f"a criterion and its test say different things: {criterion.comment[:100]!r}")
    evr = evr_of(found["epoch"], found["version"], found["release"])
    if ksplice and flavour(evr) != "ksplice":
        raise ValueError(f"{evr} is no build of Ksplice, and is said to be one")
    return Build(found["name"], evr, above.arch, above.module)
