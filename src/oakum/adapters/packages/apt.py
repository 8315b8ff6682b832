"""What apt on a host would do, from its own words: ``apt-cache policy`` knows pins, priorities and phased updates.

Offered is what lies above the installed version up to apt's own candidate. Source: apt-cache(8), apt_preferences(5).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

import msgspec

from oakum.adapters.packages.entries import entry_of
from oakum.changes.state.inventory import SoftwareEntry
from oakum.fleet.assets import Channel

_HEAD = re.compile(r"([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?:\Z")
_VERSION = re.compile(r" (?:\*\*\*|   ) (\S+)(?: \(phased \d+%\))? -?\d+\Z")
_SOURCE = re.compile(r" {8,}(-?\d+) (\S+)(?: (\S+)(?: (\S+))?)?")
_SECURITY = frozenset({"security", "esm-infra", "esm-apps"})


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
        found[name] = entry_of(
            version, where, ecosystem="deb", upto=policy.candidate, held=name in held, reboot=name in reboot,
            kept={each for each in where if (name, each.replace(":", "%3a")) in files},
            security={each for each, several in where.items() if several & _SECURITY},
        )  # fmt: skip
    return found
