"""Which deb owns a file: dpkg's lists of files, read for the wanted paths only."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from oakum.errors import OakumError
from oakum.fleet.dpkg import FOLDER
from oakum.fleet.usr_merge import spellings
from oakum.ports import Tree

_LIMIT = 1 << 26


def owners(tree: Tree, paths: Iterable[str], among: Callable[[str], bool] = lambda name: True) -> dict[str, str]:
    """The package that owns each path, without those that nobody does; ``among`` narrows the packages to look at."""
    wanted = {spelling: path for path in paths for spelling in spellings(path)}
    needles = {b"\n%b\n" % spelling: path for spelling, path in wanted.items()}
    found: dict[str, str] = {}
    folder = f"{FOLDER}/info"
    for name in tree.names(folder) if needles else ():
        package = name.removesuffix(".list").partition(":")[0]
        if not name.endswith(".list") or not among(package):
            continue
        try:
            content = b"\n" + tree.read(f"{folder}/{name}", _LIMIT) + b"\n"
        except (OakumError, OSError):
            continue  # a list that cannot be read proves no owner; the path stays without one
        for needle, path in needles.items():
            if needle in content:
                found.setdefault(path, package)
    return found
