"""The builds that a notice of an rpm distribution lists, as what can be compared: one row a fix.

A notice lists each build for each architecture. An architecture counts only where it decides: where the builds of one
package differ between architectures (ELSA-2022-4803 has rsyslog 57.0.4 for aarch64 and 57.0.1 for x86_64), each row
names its own. Elsewhere no row names any: a repository may list its own architecture alone, and silence about another
one is no word that this is not affected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from oakum.advisories.model import Affected, Range
from oakum.fleet.flavours import flavour
from oakum.versions import Unparsable
from oakum.versions.rpm import key

#: Builds that run nowhere: sources, and those that hold no code.
_SOURCES = frozenset({"src", "source", "nosrc"})


class Build(msgspec.Struct, frozen=True):
    """One build as a notice names it; ``evr`` without an epoch of 0, ``note`` what its vendor says to do with it."""

    name: str
    evr: str
    arch: str = ""
    module: str = ""
    note: str = ""


def evr_of(epoch: str, version: str, release: str) -> str:
    """An epoch, a version and a release in one text. Raises ValueError where one is missing or none."""
    if not version or not release or "-" in version or "-" in release or not (epoch or "0").isdecimal():
        raise ValueError(f"{epoch[:20]}:{version[:40]}-{release[:40]} is no epoch, version and release")
    evr = f"{version}-{release}"
    return f"{int(epoch)}:{evr}" if epoch and epoch.isascii() and int(epoch) else evr


def fixes(scope: str, channel: str, builds: Iterable[Build]) -> Iterator[Affected]:
    """What a notice fixes, in the order of the builds. Raises ValueError for a version that cannot be compared."""
    found: dict[tuple[str, str, str], dict[str, dict[str, str]]] = {}
    for build in builds:
        if build.arch in _SOURCES:
            continue
        if isinstance(bad := key(build.evr), Unparsable):
            raise ValueError(f"{build.name}: {bad.why}")
        versions = found.setdefault((build.name, build.module, flavour(build.evr)), {})
        versions.setdefault(build.evr, {})[build.arch] = build.note
    for (name, module, _), versions in found.items():
        sets = {frozenset(arches) for arches in versions.values()}
        for evr, arches in versions.items():
            counts = len(sets) > 1 and arches.keys().isdisjoint(("", "noarch"))
            yield Affected(
                scope, name, "binary", channel, module, tuple(sorted(arches)) if counts else (),
                (Range("ECOSYSTEM", (("introduced", "0"), ("fixed", evr))),), (), "fixed", "fixed",
                max(arches.values()),
            )  # fmt: skip
