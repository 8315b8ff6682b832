"""Arch Linux' security tracker as JSON: one record for each group of vulnerabilities (AVG) of some packages.

Source: security.archlinux.org/issues/all.json. A group is a bundle: it names all that its fixed version closes. The
word in ``status`` decides: *Vulnerable* has no fix, *Testing* has one in the testing repositories, *Fixed* has one,
*Not affected* has no flaw, *Unknown* is not decided. Advisories (ASA) repeat groups and are references.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from oakum.advisories.model import Advisory, Affected, Parsed, Range, Severity
from oakum.advisories.parsers.content import Content
from oakum.advisories.parsers.merging import merged
from oakum.advisories.words import cve_of, unique
from oakum.versions import Unparsable
from oakum.versions.alpm import key

FORMAT = "arch"
_VENDOR = "Arch Linux"
_ID = re.compile(r"AVG-\d+")
_KEYS = frozenset({"name", "packages", "status", "issues", "affected"})


class _Group(msgspec.Struct):
    name: str
    packages: list[str]
    status: str
    issues: list[str]
    affected: str
    fixed: str | None = None
    severity: str = ""
    type: str = ""
    advisories: list[str] = []


def matches(content: Content) -> bool:
    """An array of objects that are named AVG-..."""
    first = content.first
    if not isinstance(first, dict) or not first.keys() >= _KEYS:
        return False
    return isinstance(first["name"], str) and _ID.fullmatch(first["name"]) is not None


def parse(content: Content) -> Parsed:
    """One advisory for each group."""
    found: list[Advisory] = []
    for number, value in enumerate(content.records(), start=1):
        try:
            found.append(_advisory(msgspec.convert(value.value, _Group)))
        except (msgspec.ValidationError, ValueError) as error:
            given = value.value.get("name") if isinstance(value.value, dict) else None
            record = given[:60] if isinstance(given, str) else f"record {number}"
            content.problem(record, str(error), value.line)
    return content.parsed(FORMAT, [*merged(found)])


def _advisory(group: _Group) -> Advisory:
    if not _ID.fullmatch(group.name):
        raise ValueError("is no group of the tracker")
    if not group.packages or not all(group.packages):
        raise ValueError("names no package")
    known = group.severity.lower() not in ("", "unknown")
    return Advisory(
        group.name,
        bundle=True,
        cves=unique(cve for name in group.issues if (cve := cve_of(name))),
        summary=f"{', '.join(group.packages)}: {group.type}"[:300],
        severities=(Severity(_VENDOR, group.severity, _VENDOR),) if known else (),
        affected=tuple(_affected(group)),
        references=unique(f"https://security.archlinux.org/{name}" for name in (group.name, *group.advisories)),
    )


def _affected(group: _Group) -> Iterator[Affected]:
    status = group.status.lower()
    fixed = group.fixed or ""
    for package in unique(group.packages):
        if status == "not affected":
            yield Affected("arch", package, state=group.status, state_class="not-affected")
        elif status == "unknown":
            yield Affected("arch", package, state=group.status, state_class="undetermined")
        elif status in ("fixed", "testing") and fixed:
            if isinstance(bad := key(fixed), Unparsable):
                raise ValueError(bad.why)
            upto = Range("ECOSYSTEM", (("introduced", "0"), ("fixed", fixed)))
            channel = "testing" if status == "testing" else ""
            yield Affected("arch", package, "either", channel, ranges=(upto,), state=group.status, state_class="fixed")
        elif status in ("vulnerable", "testing") and not fixed:
            open_ = Range("ECOSYSTEM", (("introduced", "0"),))
            yield Affected("arch", package, ranges=(open_,), state=group.status)
        else:
            raise ValueError(f"has the status {group.status[:40]!r} with the fixed version {fixed[:60] or 'none'!r}")
