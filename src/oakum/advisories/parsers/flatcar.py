"""Flatcar Container Linux: the feed of its releases, with the vulnerabilities that each release says it fixes.

Source: ``https://www.flatcar.org/releases-json/releases.json`` (flatcar/flatcar-website, static/releases-json): an
object of versions, each with its channel, its day and its release notes in Markdown; ``current`` repeats one of them.
The notes have a part "Security fixes", spelled as a heading, in bold or plain, whose items name a component and its
CVEs; where it comes first it may have no heading at all (LTS 4081.3.0). CVEs elsewhere in the notes are no fixes, and
what is fixed in the SDK (``SDK: qemu``) is not in the image.

Flatcar keeps four channels, each in branches of its own, and a fix is made in each of them: what the fixes mean for the
versions between is told by ``oakum.advisories.lines``. The first release of a major version (``MAJOR.0.0``) is cut from
the main branch, as is every later major version: a fix in it is in all of those. For that the feed must hold all
channels; the file of a single channel says nothing about the others and is refused.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from oakum.advisories.lines import upto
from oakum.advisories.model import Advisory, Affected, Parsed
from oakum.advisories.parsers.content import Content
from oakum.advisories.words import instant
from oakum.errors import InputError, Place
from oakum.versions import Unparsable, flatcar

FORMAT = "flatcar"
ADDRESS = "https://www.flatcar.org/releases-json/releases.json"
_CHANNELS = frozenset({"alpha", "beta", "stable"})
_SECURITY = re.compile(r"[#*_\s]*security (?:fix(?:es)?|updates)\b", re.IGNORECASE)
#: The next part of the notes: a heading, bold text alone on its line, or a plain title that ends in a colon.
_HEADING = re.compile(r"\s*#|\s*\*\*[^*]+\*\*:?\s*\Z|[A-Za-z][A-Za-z ]{1,40}:\s*\Z")
_ADDRESS = re.compile(r"\]\([^()\s]*\)")
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}(?!\d)", re.ASCII | re.IGNORECASE)
_SDK = re.compile(r"[-*\s]*SDK\b", re.IGNORECASE)
_ITEM = re.compile(r"\s*[-*+]\s+([^(\[]{1,100})")
#: An item of the part without heading: a component without a CVE in its name, and links in parentheses.
_BARE_ITEM = re.compile(r"\s*[-*+]\s+(?![^(]*CVE-)[^()\[\]]{1,100}\(\[", re.IGNORECASE)
_MAIN = re.compile(r"\d+\.0\.0")


class _Release(msgspec.Struct):
    channel: str
    release_date: str = ""
    release_notes: str = ""


class _Fix(msgspec.Struct, frozen=True):
    version: str
    channel: str
    day: str
    component: str


def matches(content: Content) -> bool:
    """An object whose values have a channel and release notes."""
    first = content.first
    if not isinstance(first, dict) or not first:
        return False
    some = next(iter(first.values()))
    return isinstance(some, dict) and {"channel", "release_notes"} <= some.keys()


def parse(content: Content) -> Parsed:
    """One advisory for each CVE that any release says it fixes; the day of the newest release is the feed's."""
    given = content.first
    fixes: defaultdict[str, list[_Fix]] = defaultdict(list)
    channels: set[str] = set()
    newest = ""
    for version, value in given.items() if isinstance(given, dict) else ():
        if version == "current":
            continue
        if isinstance(why := flatcar.key(version), Unparsable):
            content.problem(version[:100], why.why)
            continue
        try:
            release = msgspec.convert(value, _Release)
        except msgspec.ValidationError as error:
            content.problem(version, str(error))
            continue
        day = instant(release.release_date)
        if day is None:
            content.problem(version, f"release_date is no time: {release.release_date[:60]!r}")
        channels.add(release.channel)
        newest = max(newest, day or "")
        for component, cve in _security_fixes(release.release_notes):
            fixes[cve].append(_Fix(version, release.channel, day or "", component))
    if missing := sorted(_CHANNELS - channels):
        raise InputError(
            f"names no release of the channel {missing[0]}, so it does not tell which versions have a fix",
            place=Place(content.name),
            remedy=f"import the feed of all channels, {ADDRESS}",
        )
    return content.parsed(FORMAT, [_advisory(cve, found) for cve, found in sorted(fixes.items())], newest)


def _security_fixes(notes: str) -> Iterator[tuple[str, str]]:
    """Component and CVE of every fix that release notes name."""
    inside, headed = False, False
    for line in notes.splitlines():
        if _SECURITY.match(line):
            inside = headed = True
        elif _HEADING.match(line):
            inside, headed = False, True
        if (inside or (not headed and _BARE_ITEM.match(line))) and not _SDK.match(line):
            item = _ITEM.match(line)
            component = item[1].strip(" -:") if item else ""
            for cve in dict.fromkeys(_CVE.findall(_ADDRESS.sub("]", line))):
                yield component, cve.upper()


def _advisory(cve: str, fixes: list[_Fix]) -> Advisory:
    days = [fix.day for fix in fixes if fix.day]
    component = next((fix.component for fix in fixes if fix.component), "")
    ordered = sorted(fixes, key=lambda fix: _order(fix.version))
    named = dict.fromkeys(f"{fix.channel} {fix.version}" for fix in ordered)
    return Advisory(
        cve,
        summary=component,
        published=min(days, default=""),
        modified=max(days, default=""),
        affected=(
            Affected(
                "flatcar", "flatcar", ranges=(upto("flatcar", _counting(fix.version for fix in ordered)),),
                state_class="fixed", reason=f"fixed in {', '.join(named)}",
            ),
        ),
        references=tuple(dict.fromkeys(f"https://www.flatcar.org/releases/#release-{fix.version}" for fix in ordered)),
    )  # fmt: skip


def _counting(versions: Iterable[str]) -> list[str]:
    """The fixes up to the one that every later major version holds, where there is one."""
    found = list(versions)
    main = max((version for version in found if _MAIN.fullmatch(version)), key=_order, default=None)
    return found if main is None else [version for version in found if _order(version) <= _order(main)]


def _order(version: str) -> bytes:
    key = flatcar.key(version)
    return b"" if isinstance(key, Unparsable) else key
