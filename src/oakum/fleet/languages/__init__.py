"""Packages of languages in an image: what their own installers and builds have left there about themselves.

Each reader knows one kind of file and takes its bytes; no lock file is believed, since it says what somebody wanted and
not what is there. A file that cannot be read is a gap; so is a place with more of them than anybody installs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from oakum.errors import OakumError
from oakum.fleet.assets import Gap
from oakum.fleet.languages import composer, java, node, programs, python, ruby
from oakum.fleet.languages.sources import Source
from oakum.fleet.packages import Package
from oakum.ports import Tree

#: Files of one kind that are read; the largest images have ten thousand.
FILES_LIMIT = 50_000
#: How many files that cannot be read are told one by one, of each kind.
_TOLD = 20
_REMEDY = "check that file, or make an SBOM where the software is built"


class Stored(Tree, Protocol):
    """A tree whose files can be found by their paths, in the order in which they are cheap to read."""

    def files(self, wanted: Callable[[str], object]) -> Sequence[str]:
        """The paths of the regular files for which ``wanted`` holds, in the order in which they are stored."""

    def programs(self) -> Sequence[str]:
        """The paths of the ELF files, in the order in which they are stored."""

    def telling(self) -> Sequence[str]:
        """The same without those that are known to be ``programs.silent``."""

    def source(self, path: str) -> Source:
        """The content of a regular file, to be read at any place."""


class _Reader(NamedTuple):
    """What is read: which files, or None for programs, and how."""

    what: str
    where: re.Pattern[str] | None
    read: Callable[[Stored, str], list[Package]]


def _whole(limit: int, parse: Callable[[bytes, str], list[Package]]) -> Callable[[Stored, str], list[Package]]:
    return lambda tree, path: parse(tree.read(path, limit), path)


def _readers() -> Sequence[_Reader]:
    archives = java.Archives()
    return (
        _Reader("Python packages", python.WHERE, _whole(python.LIMIT, python.read)),
        _Reader("Node packages", node.WHERE, _whole(node.LIMIT, node.read)),
        _Reader("Ruby gems", ruby.WHERE, _whole(ruby.LIMIT, ruby.read)),
        _Reader("PHP packages", composer.WHERE, _whole(composer.LIMIT, composer.read)),
        _Reader("Java archives", java.WHERE, lambda tree, path: archives.read(tree.source(path), path)),
        _Reader("programs", None, lambda tree, path: programs.read(tree.source(path), path)),
    )


def read(tree: Stored) -> tuple[list[Package], list[Gap]]:
    """The packages of all languages, and the files that could not be read."""
    packages: list[Package] = []
    gaps: list[Gap] = []
    for what, where, read_one in _readers():
        paths = tree.telling() if where is None else tree.files(where.search)
        failed: list[Gap] = []
        for path in paths[:FILES_LIMIT]:
            try:
                packages += read_one(tree, path)
            except OakumError as error:
                failed.append(Gap("incomplete-inventory", path, error.what, error.remedy or _REMEDY))
        gaps += failed[:_TOLD]
        unread = len(paths[FILES_LIMIT:]) + len(failed[_TOLD:])
        if unread:
            gaps.append(Gap("incomplete-inventory", what, f"{unread} more files of them could not be read", _REMEDY))
    return packages, gaps
