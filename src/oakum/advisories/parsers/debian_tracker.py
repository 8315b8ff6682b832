"""Debian's security tracker as JSON: source package -> CVE -> release -> state.

Source: security-tracker.debian.org/tracker/data/json. A fixed version of "0" says that the release never had the
flaw. ``nodsa`` marks an open issue for which no advisory is planned, ``nodsa_reason`` whether it was postponed or is
ignored. The tracker names vulnerabilities by CVE (or TEMP-...), so one id gathers all its packages.
"""

from __future__ import annotations

import msgspec

from oakum.advisories.model import Advisory, Affected, Parsed, Severity
from oakum.advisories.parsers import debian
from oakum.advisories.parsers.content import Content

FORMAT = "debian-tracker"
#: Words in the place of an urgency that say nothing about one.
_NO_URGENCY = frozenset({"", "not yet assigned", "end-of-life"})


class _Release(msgspec.Struct):
    status: str
    fixed_version: str = ""
    urgency: str = ""
    nodsa: str | None = None
    nodsa_reason: str | None = None


class _Issue(msgspec.Struct):
    # The tracker writes an empty array where no release has the package any more.
    releases: dict[str, _Release] | list[object]
    description: str = ""


def matches(content: Content) -> bool:
    """An object of objects of objects with ``releases``."""
    document = content.first
    if len(content.values) != 1 or not isinstance(document, dict):
        return False
    issues = next((one for one in document.values() if one), None)
    issue = next(iter(issues.values()), None) if isinstance(issues, dict) else None
    return isinstance(issue, dict) and "releases" in issue


def parse(content: Content) -> Parsed:
    """One advisory for each CVE, with what each release says about each source package."""
    document = content.first
    affected: dict[str, list[Affected]] = {}
    summaries: dict[str, str] = {}
    for package, issues in document.items() if isinstance(document, dict) else ():
        if not isinstance(issues, dict):
            content.problem(package, "its issues are no object")
            continue
        for id_, given in issues.items():
            try:
                issue = msgspec.convert(given, _Issue)
                releases = issue.releases if isinstance(issue.releases, dict) else {}
                found = [_affected(package, codename, release) for codename, release in releases.items()]
            except (msgspec.ValidationError, ValueError) as error:
                content.problem(f"{package} {id_}", str(error))
                continue
            affected.setdefault(id_, []).extend(found)
            summaries.setdefault(id_, issue.description)
    return content.parsed(
        FORMAT,
        [Advisory(id_, summary=summaries[id_], affected=tuple(found)) for id_, found in affected.items()],
    )


def _affected(package: str, codename: str, release: _Release) -> Affected:
    urgency = release.urgency.strip()
    if release.status == "resolved" and release.fixed_version == "0":
        found = debian.stated(codename, package, "not-affected", "fixed version 0: never affected")
    elif release.status == "resolved" and release.fixed_version:
        found = debian.fixed(codename, package, release.fixed_version, "resolved")
    elif release.status == "undetermined":
        found = debian.stated(codename, package, "undetermined")
    elif release.status == "open" and urgency == "end-of-life":
        found = debian.stated(codename, package, "end-of-life")
    elif release.status == "open" and release.nodsa is not None:
        found = debian.stated(codename, package, release.nodsa_reason or "no-dsa", release.nodsa)
    elif release.status == "open":
        found = debian.stated(codename, package, "open")
    else:
        raise ValueError(f"{codename} has the status {release.status!r} with fixed version {release.fixed_version!r}")
    if urgency in _NO_URGENCY:
        return found
    return msgspec.structs.replace(found, severities=(Severity("debian-urgency", urgency, "Debian"),))
