"""Which processes still run code that has been replaced on disk. Source: proc_pid_maps(5).

The version on disk is not what runs: a process keeps the library that it mapped at its start. Counted are executable
mappings whose file is gone. Processes of containers see another root, whose files are not this machine's packages: they
are told by the device of their root and left to the image that they come from.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from oakum.errors import OakumError
from oakum.fleet import dpkg_files, rpmdb
from oakum.fleet.assets import Gap, Stale
from oakum.ports import Tree

_MAPS_LIMIT = 1 << 25
_DELETED = re.compile(rb"^[0-9a-f]+-[0-9a-f]+ ..x. [0-9a-f]+ \S+ \d+ +(/[^\n]*) \(deleted\)$", re.MULTILINE)
#: Files that live in memory or are made by programs at run time, and belong to no package.
_TRANSIENT = (b"/memfd:", b"/dev/", b"/SYSV", b"/tmp/", b"/var/tmp/", b"/run/", b"/proc/", b"/[", b"/anon_hugepage")
_RPM_TEMPORARY = re.compile(r";[0-9a-f]{8}$")


class Processes(NamedTuple):
    """Stale mappings, whether they are all there is, and the gap where they are not."""

    stale: tuple[Stale, ...]
    known: bool
    gaps: tuple[Gap, ...]


def read(tree: Tree) -> Processes:
    """The processes of a live tree; nothing is known of another one's."""
    if not tree.live:
        return Processes((), False, ())
    mapped: list[tuple[int, str, str]] = []
    seen = closed = 0
    try:
        own_root = _root_device(tree, "self")
        names = tree.names("/proc")
    except (FileNotFoundError, PermissionError, OakumError):
        names = ()  # /proc is not mounted here
    for name in names:
        if not name.isdecimal():
            continue
        seen += 1
        try:
            maps = tree.read(f"/proc/{name}/maps", _MAPS_LIMIT)
            paths = sorted({found for found in _DELETED.findall(maps) if not found.startswith(_TRANSIENT)})
            if paths and _root_device(tree, name) == own_root:
                process = tree.read(f"/proc/{name}/comm", 4096).decode("utf-8", "replace").strip()
                mapped += [
                    (int(name), process, _RPM_TEMPORARY.sub("", path.decode("utf-8", "replace"))) for path in paths
                ]
        except FileNotFoundError:
            seen -= 1  # it ended while it was read
        except (PermissionError, OakumError):
            closed += 1
    replaced = {path for _, _, path in mapped}
    owned = dpkg_files.owners(tree, replaced)
    owned |= rpmdb.owners(tree, replaced - owned.keys())
    stale = tuple(Stale(pid, process, path, owned.get(path, "")) for pid, process, path in sorted(mapped))
    if not seen or closed:
        why = f"the mappings of {closed} of {seen} could not be read" if seen else "/proc shows none"
        remedy = "run oakum as root on the machine itself, not in a container"
        return Processes(stale, False, (Gap("incomplete-inventory", "processes with replaced files", why, remedy),))
    return Processes(stale, True, ())


def _root_device(tree: Tree, process: str) -> tuple[str, str]:
    """Device and folder that are mounted as the root of a process."""
    for line in tree.read(f"/proc/{process}/mountinfo", _MAPS_LIMIT).decode("utf-8", "replace").split("\n"):
        fields = line.split(" ", 5)
        if len(fields) > 4 and fields[4] == "/":
            return fields[2], fields[3]
    return "", ""
