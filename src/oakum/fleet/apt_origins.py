"""Which installed debs come from a third party's archive: no advisory of the distribution speaks about their builds.

dpkg does not record where a package came from; the downloaded lists of the configured archives tell it. A package is a
third party's where a list of theirs has its very version and none of the distribution's does, or where their lists
alone know its name. An archive of theirs whose list is not there leaves the question open for every package, which is a
gap. Source: sources.list(5), and the layout of apt's folder of lists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from oakum.errors import OakumError
from oakum.fleet import apt_channels, apt_index, apt_lists, apt_sources
from oakum.fleet.apt_lists import Unpack
from oakum.fleet.apt_sources import Source
from oakum.fleet.assets import Gap
from oakum.fleet.packages import Package
from oakum.ports import Tree

#: Name -> version -> whose it is.
_Known = dict[str, dict[str, str]]


def strangers(
    tree: Tree, packages: Iterable[Package], unpack: Mapping[str, Unpack] | None = None
) -> tuple[dict[tuple[str, str], str], list[Gap]]:
    """Name and version of the installed debs that are a third party's, with whose; and what could not be told."""
    sources, _ = apt_sources.read(tree)
    channels, _ = apt_channels.read(tree)
    theirs: list[Source] = []
    ours: list[Source] = []
    enabled: set[Source] = set()
    for source, channel in zip(sources, channels, strict=True):
        (theirs if channel.pocket == "third-party" else ours).append(source)
        if channel.enabled:
            enabled.add(source)
    if not theirs:
        return {}, []
    reading = _Reading(tree, unpack or {})
    installed = {(package.name, package.version) for package in packages if package.type == "deb"}
    found = reading.read(theirs, {name for name, _ in installed})
    gaps = [
        Gap(
            "foreign-package",
            f"packages of {apt_channels.host(source.uri)}",
            "its list of packages cannot be read here, so which of the installed ones are its own is not known",
            "run 'apt-get update' there, or follow this archive's own announcements",
        )
        for source in theirs
        if source in enabled and source not in reading.complete and _elsewhere(source)
    ]
    candidates = {(name, version) for name, version in installed if name in found}
    if not candidates:
        return {}, list(dict.fromkeys(gaps))
    own = reading.read(ours, {name for name, _ in candidates})
    whole = any(source in reading.complete for source in ours)
    return {
        (name, version): found[name].get(version) or next(iter(found[name].values()))
        for name, version in candidates
        if (version in found[name] and version not in own.get(name, ())) or (whole and name not in own)
    }, list(dict.fromkeys(gaps))


def _elsewhere(source: Source) -> bool:
    """Whether an archive is named by a host: a list of mirrors or a folder says nothing of whose it is."""
    return "://" in source.uri and not source.uri.startswith(("mirror", "file:", "copy:", "cdrom:"))


class _Reading:
    """The lists of archives, for some names; ``complete`` are those whose lists were all there and readable."""

    def __init__(self, tree: Tree, unpack: Mapping[str, Unpack]) -> None:
        self._tree = tree
        self._unpack = unpack
        self._present = tree.names(apt_index.LISTS)
        self.complete: set[Source] = set()

    def read(self, sources: Sequence[Source], names: Iterable[str]) -> _Known:
        wanted = frozenset(name.encode() for name in names)
        found: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for source in sources:
            lists = apt_index.lists(source, self._present)
            read = 0
            for name, packed in lists:
                try:
                    data = apt_lists.unpacked(self._tree, f"{apt_index.LISTS}/{name}", packed, self._unpack)
                    rows = apt_lists.scan(data, wanted)
                except (OakumError, FileNotFoundError, PermissionError):
                    continue
                read += 1
                whose = apt_index.release(self._tree, source).origin or apt_channels.host(source.uri)
                for package, version, _ in rows:
                    found[package].setdefault(version, whose)
            if lists and read == len(lists):
                self.complete.add(source)
        return dict(found)
