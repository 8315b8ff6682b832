"""Which records speak of the same vulnerability.

An alias is an assertion by one source, so a group lives only as long as the records that assert it. Two rules keep
false aliases from merging what is different: a vendor's bundle (DSA, USN, RHSA, ALSA) is never an alias of what it
closes, and no group may come to hold two CVEs, for two CVEs are two vulnerabilities by definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from oakum.advisories.model import Advisory


class Group(msgspec.Struct, frozen=True):
    """The positions of its records in the given sequence, its id, and the other names of it."""

    id: str
    aliases: tuple[str, ...]
    cves: tuple[str, ...]
    members: tuple[int, ...]
    bundle: bool = False


def is_cve(name: str) -> bool:
    """Whether a name is a CVE id."""
    return name.startswith("CVE-")


def group(advisories: Sequence[Advisory]) -> list[Group]:
    """Group records; the answer does not depend on their order."""
    bundles: dict[str, list[int]] = {}
    sets: list[tuple[set[str], list[int]]] = []
    for position in sorted(range(len(advisories)), key=lambda at: _names(advisories[at])):
        advisory = advisories[position]
        if advisory.bundle:
            bundles.setdefault(advisory.id, []).append(position)
        else:
            _join(sets, {advisory.id, *advisory.aliases}, position)
    groups = [_group(names, members) for names, members in sets]
    for name, members in bundles.items():
        cves = sorted({cve for at in members for cve in advisories[at].cves})
        aliases = sorted({alias for at in members for alias in advisories[at].aliases} - {name, *cves})
        groups.append(Group(name, tuple(aliases), tuple(cves), tuple(members), bundle=True))
    return sorted(groups, key=lambda one: one.id)


def _names(advisory: Advisory) -> tuple[str, ...]:
    return (advisory.id, *sorted(advisory.aliases))


def _join(sets: list[tuple[set[str], list[int]]], names: set[str], position: int) -> None:
    merged, members = set(names), [position]
    kept = []
    for other, theirs in sets:
        shared = not merged.isdisjoint(other)
        # The same record from two sources is one record, however many CVEs it names.
        if shared and (_cves(merged | other) <= 1 or other == names):
            merged |= other
            members = theirs + members
        else:
            kept.append((other, theirs))
    sets[:] = [*kept, (merged, members)]


def _cves(names: Iterable[str]) -> int:
    return sum(map(is_cve, names))


def _group(names: set[str], members: list[int]) -> Group:
    cves = sorted(filter(is_cve, names))
    id_ = cves[0] if len(cves) == 1 else min(names - set(cves), default=min(names))
    return Group(id_, tuple(sorted(names - {id_})), tuple(cves), tuple(members))
