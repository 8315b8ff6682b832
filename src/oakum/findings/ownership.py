"""Files of a language ecosystem that an operating system package owns: the distribution's word goes first.

A distribution fixes python3-urllib3 1.24.2 without moving it to the upstream version that has the fix, so an upstream
range judges its files wrongly. The upstream verdict is dropped only where the distribution's own feed speaks about the
same vulnerability of the owning package; where it is silent, nobody has decided, and that is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from oakum.advisories.index import Record
from oakum.findings.model import Cleared, Hit
from oakum.fleet.assets import Gap
from oakum.fleet.packages import Package

_PLACES: dict[str, re.Pattern[str]] = {
    "pypi": re.compile(r"/?usr/lib(64)?/python\d(\.\d+)?/(site|dist)-packages/"),
    "gem": re.compile(r"/?usr/(lib(64)?|share)/(ruby|rubygems|gems|rubygems-integration)/"),
    "npm": re.compile(r"/?usr/(lib|share)/(node_modules|nodejs|npm)/"),
    "maven": re.compile(r"/?usr/share/(java|maven-repo)/"),
}
_PREFIXES: dict[str, tuple[str, ...]] = {
    "pypi": ("python3-", "python-", "python2-", "python36-", "python39-", "python3.11-", "python3.12-", "py3-", ""),
    "gem": ("rubygem-", "ruby-", ""),
    "npm": ("node-", "nodejs-", ""),
    "maven": ("lib", ""),
}
_UPSTREAM = re.compile(r"(?:\d+:)?([^-]*)")


class _Look(Protocol):
    def speaking_of(self, package: Package) -> Iterable[int]:
        """The records of the package's own scope that judge this build of it."""

    def record(self, number: int) -> Record | None:
        """A record, where it counts at the time asked about."""


class Settled(msgspec.Struct, frozen=True):
    """Hits that stand, those that the distribution's word replaces, and those that nobody has decided."""

    hits: list[Hit]
    cleared: list[Cleared]
    gaps: list[Gap]


def owner(package: Package, installed: Mapping[str, Package]) -> Package | None:
    """The OS package that a language package's files belong to: the stated one, else by place, name and version."""
    if package.owner:
        return installed.get(package.owner)
    place = _PLACES.get(package.type)
    if place is None or not place.match(package.path):
        return None
    base = package.name.rpartition(":")[2].rpartition("/")[2].lower()
    for name in (base, base.replace("_", "-"), base.replace(".", "-")):
        for prefix in _PREFIXES[package.type]:
            found = installed.get(prefix + name)
            if found is not None and _upstream(found.version).startswith(package.version):
                return found
    return None


def _upstream(version: str) -> str:
    found = _UPSTREAM.match(version)
    return found[1] if found else version


def settle(hits: Iterable[Hit], installed: Mapping[str, Package], look: _Look) -> Settled:
    """Let the distribution's word replace the upstream's wherever one of its packages owns the files."""
    settled = Settled([], [], [])
    said: dict[str, dict[str, str]] = {}
    for hit in hits:
        owned_by = owner(hit.package, installed) if hit.package.path else None
        if owned_by is None:
            settled.hits.append(hit)
            continue
        if owned_by.name not in said:
            said[owned_by.name] = _said(owned_by, look)
        advisory = hit.record.advisory
        names = {advisory.id, *advisory.aliases}
        source = next((said[owned_by.name][name] for name in sorted(names) if name in said[owned_by.name]), "")
        if source:
            why = f"the files belong to {owned_by.name} {owned_by.version}, which {source} judges"
            settled.cleared.append(Cleared(hit.package, hit.record, why, ground="owner"))
        else:
            settled.gaps.append(
                Gap(
                    "undetermined",
                    f"{hit.package.name} {hit.package.version}: {advisory.id}",
                    f"the files belong to {owned_by.name} {owned_by.version}, about which no feed of the "
                    "distribution says anything for this vulnerability",
                    "ask the distribution, or decide by hand",
                )
            )
    return settled


def _said(package: Package, look: _Look) -> dict[str, str]:
    """Every name of a vulnerability that the distribution's feeds mention for a package -> the source."""
    names: dict[str, str] = {}
    for number in dict.fromkeys(look.speaking_of(package)):
        record = look.record(number)
        if record is not None:
            advisory = record.advisory
            names.update(dict.fromkeys((advisory.id, *advisory.aliases, *advisory.cves), record.source.name))
    return names
