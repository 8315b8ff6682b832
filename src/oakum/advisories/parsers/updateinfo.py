"""Update notices as rpm repositories carry them (``updateinfo.xml``): Amazon Linux and Oracle Linux.

Sources: createrepo_c's and libsolv's readers of the form, bodhi's issue 2805 for ``module``; the notices of
cdn.amazonlinux.com and yum.oracle.com. Every rpm distribution publishes this form, so nothing is taken for granted: a
notice counts where its publisher (``from``) and its id agree on the distribution, and where all that names a release
agrees. Others are problems and no answer.

A notice is a bundle: it names binary packages, and what it closes all together. One whose vendor calls it a bug fix,
an enhancement or a new package, and which names no CVE, closes no vulnerability and is left out. An Amazon repository
beside the core one (a topic of Amazon Linux 2's extras, the live patches of 2023) is a channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from oakum.advisories.model import Advisory, Affected, Fact, Parsed, Severity
from oakum.advisories.parsers import xml_text
from oakum.advisories.parsers.content import Content
from oakum.advisories.parsers.merging import merged
from oakum.advisories.parsers.rpm_fixes import Build, evr_of, fixes
from oakum.advisories.parsers.xml_text import Element
from oakum.advisories.words import cve_of, instant, unique

FORMAT = "updateinfo"
_AMAZON = re.compile(r"ALAS(?P<release>2(?:0\d\d)?)?(?P<topic>[A-Z][A-Z0-9._-]*)?-\d{4}-\d+")
_ORACLE = re.compile(r"EL[SBE]A-\d{4}-\d+(?:-\d+)?")
_AMAZON_NAME = re.compile(r"Amazon Linux(?: AMI)?(?: (?P<release>2(?:0\d\d)?)(?:\.\d+)*)?(?: - (?P<topic>.+))?")
_ORACLE_NAME = re.compile(r"(?:Oracle ?Linux ?|OL)(?P<release>\d{1,2})(?![0-9]).*", re.IGNORECASE)
_ORACLE_BUILD = re.compile(r"\.el(?P<release>\d{1,2})(?:$|[._u])")
_MODULE_BUILD = re.compile(r"\.module[_+]el(?P<release>\d{1,2})(?:$|[._+])")
#: Who publishes what: the addresses that their notices come from.
_PUBLISHERS = {"linux-security@amazon.com": "Amazon Linux", "el-errata@oss.oracle.com": "Oracle Linux"}
#: What a package may suggest (createrepo_c's ``updateinfo.xml``).
_SUGGESTED = {
    "reboot_suggested": "reboot", "restart_suggested": "restart of what uses it", "relogin_suggested": "new login",
}  # fmt: skip
_NO_SECURITY = frozenset({"bugfix", "enhancement", "newpackage"})


class _Whose(NamedTuple):
    vendor: str
    scope: str
    channel: str


def matches(content: Content) -> bool:
    """XML whose root is ``updates``."""
    return content.root == "updates"


def parse(content: Content) -> Parsed:
    """One advisory for each notice."""
    found: list[Advisory] = []
    left_out = 0

    def take(update: Element) -> None:
        nonlocal left_out
        try:
            advisory = _advisory(update)
        except ValueError as error:
            id_ = next((each.text[:100] for each in update.all("id")), "") or f"the update in line {update.line}"
            content.problem(id_, str(error), update.line)
            return
        if advisory is None:
            left_out += 1
        else:
            found.append(advisory)

    xml_text.records(content.text, content.name, frozenset({"update"}), take)
    facts: list[Fact] = [*merged(found)]
    # Notices bear no date of the whole: a topic in which nothing happens for a year is no stale one.
    return content.parsed(FORMAT, facts, may_be_empty=bool(left_out) and not content.problems)


def _advisory(update: Element) -> Advisory | None:
    id_ = update.one("id").text
    collections = list(update.one("pkglist").all("collection"))
    whose = _whose(update, id_, collections)
    cves = unique(cve for cve in map(_cve, update.one("references").all("reference")) if cve)
    if not cves and update.get("type") in _NO_SECURITY:
        return None
    severity = update.one("severity").text
    return Advisory(
        id_,
        bundle=True,
        cves=cves,
        summary=_summary(update),
        published=_time(update, "issued"),
        modified=_time(update, "updated") or _time(update, "issued"),
        severities=(Severity(whose.vendor, severity, whose.vendor),) if severity.lower() not in ("", "none") else (),
        affected=tuple(_affected(whose, collections)),
        references=unique(href for each in update.one("references").all("reference") if (href := each.get("href"))),
    )


def _affected(whose: _Whose, collections: list[Element]) -> Iterator[Affected]:
    found = list(fixes(whose.scope, whose.channel, _builds(collections)))
    if not found:
        raise ValueError("names no package")
    yield from found


def _builds(collections: list[Element]) -> Iterator[Build]:
    for collection in collections:
        modules = list(collection.all("module"))
        if len(modules) > 1:
            raise ValueError("names several modules for the same packages")
        module = f"{modules[0].get('name')}:{modules[0].get('stream')}" if modules else ""
        if module and (module.startswith(":") or module.endswith(":")):
            raise ValueError("names a module without its stream")
        for each in collection.all("package"):
            name = each.get("name")
            if not name or len(name) > 200:
                raise ValueError("has a package without a name")
            evr = evr_of(each.get("epoch"), each.get("version"), each.get("release"))
            yield Build(name, evr, each.get("arch"), module, _note(each))


def _whose(update: Element, id_: str, collections: list[Element]) -> _Whose:
    """Whose notice it is. Raises ValueError where its words disagree, or name nobody who is known."""
    publisher = update.get("from") or update.get("author")
    vendor = next((name for address, name in _PUBLISHERS.items() if address in publisher.lower()), "")
    names = unique(each.one("name").text for each in collections if each.one("name").text)
    if vendor == "Amazon Linux" and (amazon := _AMAZON.fullmatch(id_)):
        return _amazon(amazon["release"] or "", amazon["topic"] or "", names)
    if vendor == "Oracle Linux" and _ORACLE.fullmatch(id_):
        return _oracle(update, [*names, *unique(each.get("short") for each in collections)], collections)
    raise ValueError(f"is a notice of nobody who is known here ({id_[:40] or 'no id'}, from {publisher[:60]!r})")


def _amazon(release: str, topic: str, names: tuple[str, ...]) -> _Whose:
    # Amazon Linux 1 has no number: "ALAS-2018-939", and its collections are called "Amazon Linux".
    channels = []
    for name in names:
        found = _AMAZON_NAME.fullmatch(name)
        if found is None:
            raise ValueError(f"its packages are of {name[:60]!r}, which is no Amazon Linux")
        if found["release"] and found["release"] != release:
            raise ValueError(f"its id is of Amazon Linux {release or '1'}, its packages are of {name[:60]!r}")
        channels.append("-".join((found["topic"] or "").lower().split()))
    named = unique(channels) or (topic.lower(),)
    if len(named) > 1:
        raise ValueError(f"its packages are of several repositories: {', '.join(map(repr, named))[:100]}")
    channel = named[0] or topic.lower()
    return _Whose(
        "Amazon Linux", f"amzn:{release or '1'}", f"extras:{channel}" if channel and release == "2" else channel
    )


def _oracle(update: Element, names: list[str], collections: list[Element]) -> _Whose:
    """By what names a release, else by what all builds are for."""
    said = {found["release"] for name in (update.one("release").text, *names) if (found := _ORACLE_NAME.match(name))}
    if not said:
        releases = [each.get("release") for one in collections for each in one.all("package")]
        said = {
            found["release"]
            for release in releases
            if (found := _MODULE_BUILD.search(release) or _ORACLE_BUILD.search(release))
        }
    if len(said) != 1:
        raise ValueError(f"names {'no release' if not said else 'several releases: ' + ', '.join(sorted(said))}")
    return _Whose("Oracle Linux", f"ol:{said.pop()}", "")


def _cve(reference: Element) -> str | None:
    return cve_of(reference.get("id")) or cve_of(reference.get("title"))


def _note(package: Element) -> str:
    """What is to be done behind the update of a package: each word is an element, empty or with a truth value."""
    said = [
        what
        for name, what in _SUGGESTED.items()
        if any(each.text.lower() in ("", "1", "true") for each in package.all(name))
    ]
    return f"suggested: {', '.join(said)}" if said else ""


def _summary(update: Element) -> str:
    title = update.one("title").text
    return " ".join((title or update.one("summary").text).split())[:300]


def _time(update: Element, name: str) -> str:
    text = update.one(name).get("date")
    time = instant(text.removesuffix("UTC").strip())
    if time is None:
        raise ValueError(f"{text[:40]!r} is no time ({name})")
    return time
