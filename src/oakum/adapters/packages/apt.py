"""What apt on a host would do, from its own words: ``apt-cache policy`` knows pins, priorities and phased updates.

Offered is what lies above the installed version up to apt's own candidate and comes from a channel of the
distribution; what only a third party offers is left to that party's rules, unless the installed version is theirs too.
The way back is open to versions that a channel still has, or whose package the host keeps. Source: apt-cache(8),
apt_preferences(5).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cmp_to_key

import msgspec

from oakum.changes.state.inventory import SoftwareEntry
from oakum.fleet.assets import Channel
from oakum.versions import compare, scheme

_HEAD = re.compile(r"([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?:\Z")
_VERSION = re.compile(r" (?:\*\*\*|   ) (\S+)(?: \(phased \d+%\))? -?\d+\Z")
_SOURCE = re.compile(r" {8,}(-?\d+) (\S+)(?: (\S+)(?: (\S+))?)?")
_SECURITY = frozenset({"security", "esm-infra", "esm-apps"})
_SCHEME = scheme("deb")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What apt says of one package: what it would install, and where each version comes from (address, suite)."""

    installed: str
    candidate: str
    versions: dict[str, tuple[tuple[str, str], ...]]


def read_policy(text: str) -> dict[str, Policy]:
    """The answer of ``apt-cache policy NAME...``, by name."""
    found: dict[str, Policy] = {}
    name = installed = candidate = version = ""
    versions: dict[str, list[tuple[str, str]]] = {}

    def end() -> None:
        if name:
            several = {each: tuple(sources) for each, sources in versions.items()}
            found[name] = Policy(installed=installed, candidate=candidate, versions=several)

    for line in text.splitlines():
        if head := _HEAD.match(line):
            end()
            name, installed, candidate, version, versions = head[1], "", "", "", {}
        elif line.startswith("  Installed: "):
            installed = line[13:].strip().replace("(none)", "")
        elif line.startswith("  Candidate: "):
            candidate = line[13:].strip().replace("(none)", "")
        elif stated := _VERSION.match(line):
            version = stated[1]
            versions[version] = []
        elif version and (source := _SOURCE.match(line)) and not source[2].startswith("/"):
            versions[version].append((source[2], source[3] or ""))
    end()
    return found


def newer(one: str, other: str) -> bool:
    """Whether one version of a deb is newer than another."""
    return _SCHEME is not None and compare(_SCHEME, one, other).sign == ">"


def software_of(
    policies: Mapping[str, Policy],
    installed: Mapping[str, str],
    channels: Iterable[Channel],
    *,
    held: Collection[str] = (),
    kept: Collection[str] = (),
    reboot: Collection[str] = (),
) -> dict[str, SoftwareEntry]:
    """The packages of a host as a plan needs them.

    ``held`` are names that somebody holds back: nothing is offered of them. ``kept`` are the names of package files
    (NAME_VERSION_ARCH) on the host; ``reboot`` the packages that services use which only a reboot restarts.
    """
    pockets = {(each.url.rstrip("/"), each.name.partition(" ")[2]): each.pocket for each in channels}
    files = {tuple(each.split("_")[:2]) for each in kept}
    found: dict[str, SoftwareEntry] = {}
    for name, version in sorted(installed.items()):
        policy = policies.get(name)
        if policy is None:
            found[name] = SoftwareEntry(installed=version, part="package", ecosystem="deb")
            continue
        where = {
            each: {pockets.get((address.rstrip("/"), suite), "third-party") for address, suite in sources}
            for each, sources in policy.versions.items()
        }
        foreign = where.get(version) == {"third-party"}
        offers = [
            each
            for each, several in where.items()
            if several
            and newer(each, version)
            and not newer(each, policy.candidate)
            and (foreign or several != {"third-party"})
        ]
        offers = [] if name in held or not policy.candidate else in_order(offers)
        back = [
            each
            for each, several in where.items()
            if not newer(each, version) and (several or (name, each.replace(":", "%3a")) in files)
        ]
        found[name] = SoftwareEntry(
            installed=version, part="package", ecosystem="deb", effect="reboot" if name in reboot else "at-once",
            offers=tuple(offers), kept=tuple(in_order(back)),
            security=tuple(each for each in offers if where[each] & _SECURITY),
        )  # fmt: skip
    return found


def in_order(versions: Iterable[str]) -> list[str]:
    """Versions from the oldest to the newest."""

    def order(one: str, other: str) -> int:
        return 1 if newer(one, other) else -1 if newer(other, one) else 0

    return sorted(versions, key=cmp_to_key(order))
