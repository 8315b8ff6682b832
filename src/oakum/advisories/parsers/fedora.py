"""Fedora's updates as bodhi's API gives them: one record for each update.

Source: bodhi.fedoraproject.org (``/updates/ALIAS``, and lists of ``updates``). An update is a bundle of source
packages, named by their builds, and of what its bugs name. Those of EPEL, of containers and of flatpaks stand on other
systems or are no rpm packages: problems and no answer. *stable* is published, *testing* is for who takes
updates-testing; what is pending, obsolete or taken back has fixed nothing for anybody and is left out, as is an update
that its makers don't call a security one and that names no CVE.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from oakum.advisories.model import Advisory, Affected, Parsed, Range, Severity
from oakum.advisories.parsers.content import Content, Value
from oakum.advisories.parsers.merging import merged
from oakum.advisories.parsers.rpm_fixes import evr_of
from oakum.advisories.words import instant, unique

FORMAT = "fedora"
_VENDOR = "Fedora"
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,19}\b")
_BUILD = re.compile(r"(?P<name>[^\s:/]+)-(?P<version>[^\s:/-]+)-(?P<release>[^\s:/-]+)")
_MARK = re.compile(r"\.fc(?P<release>\d+)(?![0-9])")
_KEYS = frozenset({"alias", "release", "builds", "status"})
_CHANNELS = {"stable": "", "testing": "updates-testing"}


class _Release(msgspec.Struct):
    id_prefix: str
    version: str
    name: str = ""


class _Bug(msgspec.Struct):
    title: str | None = None


class _Build(msgspec.Struct):
    nvr: str
    type: str = "rpm"
    epoch: int | None = None


class _Update(msgspec.Struct):
    alias: str
    status: str
    release: _Release
    builds: list[_Build]
    type: str = ""
    severity: str = ""
    bugs: list[_Bug] = []
    title: str | None = None
    display_name: str | None = None
    notes: str | None = None
    url: str | None = None
    date_submitted: str | None = None
    date_stable: str | None = None
    date_modified: str | None = None


def matches(content: Content) -> bool:
    """An update of bodhi's, or a page of its ``updates``."""
    first = content.first
    if isinstance(first, dict) and isinstance(first.get("updates"), list):
        first = next(iter(first["updates"]), None)
    return isinstance(first, dict) and first.keys() >= _KEYS and isinstance(first["builds"], list)


def parse(content: Content) -> Parsed:
    """One advisory for each update."""
    found: list[Advisory] = []
    left_out = 0
    for number, value in enumerate(_updates(content), start=1):
        try:
            advisory = _advisory(msgspec.convert(value.value, _Update))
        except (msgspec.ValidationError, ValueError) as error:
            given = value.value.get("alias") if isinstance(value.value, dict) else None
            content.problem(given[:60] if isinstance(given, str) else f"update {number}", str(error), value.line)
            continue
        if advisory is None:
            left_out += 1
        else:
            found.append(advisory)
    return content.parsed(FORMAT, [*merged(found)], may_be_empty=bool(left_out) and not content.problems)


def _updates(content: Content) -> Iterator[Value]:
    for value in content.records():
        page = value.value.get("updates") if isinstance(value.value, dict) else None
        if isinstance(page, list):
            yield from (Value(one, value.line) for one in page)
        else:
            yield value


def _advisory(update: _Update) -> Advisory | None:
    release = update.release
    if release.id_prefix != "FEDORA" or not update.alias.startswith("FEDORA-") or not release.version.isdecimal():
        raise ValueError(f"is of {release.id_prefix[:40]} {release.version[:20]}, which is no release of Fedora")
    affected = tuple(_affected(update, f"fedora:{release.version}", _CHANNELS.get(update.status, "")))
    cves = _cves(update)
    if update.status not in _CHANNELS or (not cves and update.type != "security"):
        return None
    word = update.severity
    return Advisory(
        update.alias,
        bundle=True,
        cves=cves,
        summary=" ".join((update.display_name or update.title or "").split())[:300],
        published=_time(update.date_stable or update.date_submitted),
        modified=_time(update.date_modified or update.date_stable or update.date_submitted),
        severities=(Severity(_VENDOR, word, _VENDOR),) if word not in ("", "unspecified") else (),
        affected=affected,
        references=(update.url,) if update.url else (),
    )


def _affected(update: _Update, scope: str, channel: str) -> Iterator[Affected]:
    if not update.builds:
        raise ValueError("names no build")
    for build in update.builds:
        found = _BUILD.fullmatch(build.nvr)
        if build.type != "rpm" or found is None:
            raise ValueError(f"{build.nvr[:80]!r} ({build.type[:20]}) is no build of an rpm package")
        mark = _MARK.search(found["release"])
        if mark is not None and mark["release"] != update.release.version:
            raise ValueError(f"{build.nvr[:80]!r} is no build for Fedora {update.release.version}")
        evr = evr_of(str(build.epoch or 0), found["version"], found["release"])
        upto = Range("ECOSYSTEM", (("introduced", "0"), ("fixed", evr)))
        yield Affected(
            scope, found["name"], "source", channel, ranges=(upto,), state=update.status, state_class="fixed"
        )


def _cves(update: _Update) -> tuple[str, ...]:
    """What the update says that it is about; its notes tell of much, and count where nothing else names any."""
    texts = [bug.title or "" for bug in update.bugs] + [update.display_name or "", update.title or ""]
    named = unique(cve for text in texts for cve in _CVE.findall(text))
    return named or unique(_CVE.findall(update.notes or ""))


def _time(text: str | None) -> str:
    time = instant(text or "")
    if time is None:
        raise ValueError(f"{(text or '')[:40]!r} is no time")
    return time
