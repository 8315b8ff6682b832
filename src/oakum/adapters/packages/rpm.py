"""What dnf or zypper on a host would do, from what its repositories offer and what their advisories say.

The host tells of its installed packages alone: ``NAME VERSION ARCH REPOSITORY`` for what is offered (already without
what excludes, locks and module streams keep away), and ``ID TYPE REBOOT NAME VERSION ARCH CVES`` for what an advisory
(updateinfo) is about. An offered version is a security update where an advisory of that type names a version above the
installed one and not above it: repositories keep the newest build only, and it holds the fixes of those before.
Packages of which several versions stand side by side (kernels) are told, and nothing is offered of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import msgspec

from oakum.adapters.packages.entries import entry_of, newer
from oakum.changes.state.inventory import SoftwareEntry
from oakum.fleet.assets import Channel

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]*")
_VERSION = re.compile(r"(?:[1-9][0-9]*:)?[A-Za-z0-9][A-Za-z0-9.+_~^]*-[A-Za-z0-9.+_~^]+")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/-]{0,99}")
#: Every machine runs what is built for none.
_ANY = "noarch"
_NEVER = frozenset({"src", "nosrc"})


class Offered(msgspec.Struct, frozen=True):
    """One package in a repository."""

    name: str
    version: str
    arch: str
    repository: str


class Advisory(msgspec.Struct, frozen=True):
    """One package that an advisory is about. ``closes`` are the advisory and its CVEs."""

    name: str
    version: str
    arch: str
    security: bool
    reboot: bool
    closes: tuple[str, ...]


def read_offered(text: str) -> list[Offered]:
    """What a host says of its repositories; lines that are none are left out."""
    found = []
    for line in text.splitlines():
        match line.split():
            case [name, version, arch, repository] if _is_package(name, version) and arch not in _NEVER:
                found.append(Offered(name, version, arch, repository))
    return found


def read_advisories(text: str) -> tuple[list[Advisory], bool]:
    """What a host says of advisories, and whether that is all there is: a list that it could not unpack is not."""
    found = []
    whole = True
    for line in text.splitlines():
        match line.split():
            case ["unread"]:
                whole = False
            case [id, type, reboot, name, version, arch, cves] if _is_package(name, version) and arch not in _NEVER:
                listed = [id, *cves.split(",")]
                closes = tuple(each for each in dict.fromkeys(listed) if _WORD.fullmatch(each))
                found.append(Advisory(name, version, arch, type == "security", reboot == "reboot", closes))
    return found, whole


def read_kept(text: str) -> list[tuple[str, str]]:
    """Names and versions of the packages that the host keeps: ``NAME VERSION ARCH DIGEST``."""
    return [
        (parts[0], parts[1])
        for line in text.splitlines()
        if len(parts := line.split()) >= 3 and _is_package(parts[0], parts[1])
    ]


def software_of(
    installed: Mapping[str, Collection[tuple[str, str]]],
    offered: Iterable[Offered] | None,
    advisories: Iterable[Advisory],
    channels: Iterable[Channel],
    *,
    advised: bool = True,
    held: Collection[str] = (),
    kept: Iterable[tuple[str, str]] = (),
    reboot: Collection[str] = (),
    several: Collection[str] = (),
) -> dict[str, SoftwareEntry]:
    """The packages of a host as a plan needs them.

    ``installed`` are versions and architectures by name. ``offered`` is None where the host cannot say (nothing was
    ever fetched there); ``advised`` says whether all advisories were read: else nothing is said of security. ``held``
    are names that somebody holds back, ``reboot`` those that services use which only a reboot restarts, ``several``
    those of which several versions stand side by side.
    """
    pockets = {each.name: each.pocket for each in channels}
    by_name: defaultdict[str, list[Offered]] = defaultdict(list)
    for each in offered or ():
        by_name[each.name].append(each)
    about: defaultdict[str, list[Advisory]] = defaultdict(list)
    for advisory in advisories:
        about[advisory.name].append(advisory)
    back: defaultdict[str, set[str]] = defaultdict(set)
    for name, version in kept:
        back[name].add(version)
    found: dict[str, SoftwareEntry] = {}
    for name, builds in sorted(installed.items()):
        versions = {version for version, _ in builds}
        if len(versions) != 1:
            continue  # half-installed, or side by side: nothing can be planned from it
        (version,) = versions
        if offered is None or name in several:
            found[name] = SoftwareEntry(installed=version, part="package", ecosystem="rpm")
            continue
        arches = {arch for _, arch in builds}
        where: defaultdict[str, set[str]] = defaultdict(set)
        for build in by_name[name]:
            if build.arch in arches or _ANY in (build.arch, *arches):
                where[build.version].add(pockets.get(build.repository, "third-party"))
        closing = {each: _closing(about[name], version, each) for each in where if newer(each, version, "rpm")}
        entry = entry_of(
            version, where, ecosystem="rpm", held=name in held, kept=back[name], reboot=name in reboot,
            security={each for each, several in closing.items() if any(one.security for one in several)},
        )  # fmt: skip
        closes = {
            each: tuple(sorted({one for advisory in closing[each] for one in advisory.closes}))
            for each in entry.offers or ()
            if closing[each]
        }
        restarts = any(one.reboot for each in entry.offers or () for one in closing[each])
        found[name] = msgspec.structs.replace(
            entry, closes=closes or None, security=entry.security if advised else None,
            effect="reboot" if restarts else entry.effect,
        )  # fmt: skip
    return found


def _closing(advisories: Iterable[Advisory], installed: str, version: str) -> list[Advisory]:
    """The advisories whose fix a version holds and the installed one does not."""
    return [
        each for each in advisories if newer(each.version, installed, "rpm") and not newer(each.version, version, "rpm")
    ]


def _is_package(name: str, version: str) -> bool:
    return _NAME.fullmatch(name) is not None and _VERSION.fullmatch(version) is not None
