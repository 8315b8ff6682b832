"""Layers put over each other: which entry stands at each path in the end.

An entry replaces what stands at its path, except that a directory over a directory keeps the contents. ``.wh.NAME``
removes NAME, ``.wh..wh..opq`` all its siblings, of the layers below only. A path is followed through the symbolic links
that stand there already, and never out of the root: ``..`` and absolute targets stop there, as the runtimes have it.
Source: OCI image specification, layer.md ("Applying Changesets").

An image may have a hundred thousand files, so an entry is a number into columns; only directories are objects.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import NamedTuple

from oakum.errors import InputError, LimitError
from oakum.fleet.images.tar import Entry
from oakum.ports import Kind

#: How many links one path may pass through, as the kernel limits it (MAXSYMLINKS).
MAX_LINKS = 40
#: Bytes of memory for all entries, about; an image with a million files needs as many.
MEMORY_LIMIT = 160 << 20
#: Steps along paths and looks at entries that whiteouts may remove; an image with a million files needs ten million.
WORK_LIMIT = 1 << 26

_WHITEOUT, _OPAQUE, _META = ".wh.", ".wh..wh..opq", ".wh..wh."
_NOWHERE = ("", ".", "..")
_KINDS: tuple[Kind, ...] = ("file", "link", "other")
#: What an entry takes in memory beside its name, and a directory, measured.
_COST, _FOLDER_COST = 120, 320
_REMEDY = "build the image again"


class Folder:
    """A directory: its entries by name, and the layer that spoke of it last."""

    __slots__ = ("entries", "layer")

    def __init__(self, layer: int) -> None:
        self.entries: dict[str, Node] = {}
        self.layer = layer


#: A directory, or the number of another entry.
Node = Folder | int


class Content(NamedTuple):
    """Where the content of a file stands: in which layer's archive, and there from which byte on."""

    layer: int
    offset: int
    size: int
    sparse: bool


class Overlay:
    """The tree of the layers applied so far."""

    def __init__(self) -> None:
        self._root = Folder(0)
        self._layer = -1
        # By number: the kind, the layer that put it there, and the content, which a hard link has from another layer.
        self._kind = array("B")
        self._put = array("H")
        self._source = array("H")
        self._offset = array("Q")
        self._size = array("Q")
        self._target: dict[int, str] = {}
        self._sparse: set[int] = set()
        #: The files that begin as ELF files do, and those of them that say nothing of what they are made of.
        self.programs: set[int] = set()
        self.silent: set[int] = set()
        #: The directory of the last entry, which most have in common with the next one, where no link led to it.
        self._last: tuple[str, Folder | None] = ("", None)
        self._memory = 0
        self._work = 0

    def begin(self) -> None:
        """Begin the next layer."""
        self._layer += 1

    def apply(self, entry: Entry, *, program: bool = False, silent: bool = False) -> None:
        """Put an entry of the current layer in its place.

        ``program`` says that it begins as ELF files do, ``silent`` that it says nothing of what it is made of. Raises
        InputError where no runtime could, LimitError where there are too many.
        """
        above, _, name = entry.path.rpartition("/")
        known, folder = self._last
        if folder is None or above != known or name in _NOWHERE or name.startswith(_WHITEOUT):
            found = self._found(entry, above, name)
            if found is None:
                return
            folder, name = found
        if entry.kind == "directory":
            there = folder.entries.get(name)
            if isinstance(there, Folder):
                there.layer = self._layer
            else:
                folder.entries[name] = self._folder(name)
            return
        folder.entries.pop(name, None)
        folder.entries[name] = self._number(entry, name, program, silent)

    def _found(self, entry: Entry, above: str, written: str) -> tuple[Folder, str] | None:
        """In which directory an entry stands, and its name there; None where nothing is to be put anywhere.

        ``above`` and ``written`` are what its path has before and behind the last slash.
        """
        self._last = "", None
        parts = _clean(entry.path)
        if any(part.startswith(_WHITEOUT) for part in parts):
            self._whiteout(parts)
            return None
        if not parts:
            if entry.kind != "directory":
                raise InputError("an entry would replace the root", remedy=_REMEDY)
            return None
        *parents, name = parts
        folder = self._straight(parents)
        if folder is None:
            return self._made(parents, entry.path), name
        if name == written:
            # What is put in it changes nothing on the way to it.
            self._last = above, folder
        return folder, name

    def walk(self) -> Iterator[tuple[str, int]]:
        """Every path at which something else than a directory stands, with its number."""
        waiting = [("", self._root)]
        while waiting:
            above, folder = waiting.pop()
            for name, node in folder.entries.items():
                if isinstance(node, Folder):
                    waiting.append((f"{above}/{name}", node))
                else:
                    yield f"{above}/{name}", node

    def find(self, path: str, *, follow: bool) -> Node | None:
        """What stands at a path; None where nothing does. InputError where too many links lead on."""
        return self._walk(_parts(path), path, follow=follow)

    def kind(self, node: Node) -> Kind:
        """What a node is."""
        return "directory" if isinstance(node, Folder) else _KINDS[self._kind[node]]

    def target(self, node: Node) -> str | None:
        """The target of a symbolic link as it is written; None for what is none."""
        return None if isinstance(node, Folder) else self._target.get(node)

    def content(self, node: Node) -> Content | None:
        """Where a file's content stands; None for what is no file."""
        if isinstance(node, Folder) or self._kind[node] != 0:
            return None
        return Content(self._source[node], self._offset[node], self._size[node], node in self._sparse)

    def _number(self, entry: Entry, name: str, program: bool, silent: bool) -> int:
        number = len(self._kind)
        self._spend(_COST + len(name) + len(entry.target))
        if entry.kind == "hard link":
            self._link(entry, number)
            return number
        self._kind.append({"file": 0, "link": 1}.get(entry.kind, 2))
        self._put.append(self._layer)
        self._source.append(self._layer)
        self._offset.append(entry.offset)
        self._size.append(entry.size)
        if entry.kind == "link":
            self._target[number] = entry.target
        if entry.sparse:
            self._sparse.add(number)
        elif program:
            self.programs.add(number)
            if silent:
                self.silent.add(number)
        return number

    def _link(self, entry: Entry, number: int) -> None:
        """One more name of a file of this layer or of one below."""
        there = self._walk(_clean(entry.target), entry.target, follow=False)
        if there is None or isinstance(there, Folder):
            what = "nothing" if there is None else "a directory"
            raise InputError(f"{_shown(entry.path)} is a hard link to {what}: {_shown(entry.target)}", remedy=_REMEDY)
        for column in (self._kind, self._source, self._offset, self._size):
            column.append(column[there])
        self._put.append(self._layer)
        if there in self._target:
            self._target[number] = self._target[there]
        for marked in (self._sparse, self.programs, self.silent):
            if there in marked:
                marked.add(number)

    def _folder(self, name: str) -> Folder:
        self._spend(_FOLDER_COST + len(name))
        return Folder(self._layer)

    def _spend(self, cost: int) -> None:
        self._memory += cost
        if self._memory > MEMORY_LIMIT:
            raise LimitError("it has more entries than are followed here", remedy="check whether it is genuine")

    def _toil(self, steps: int) -> None:
        self._work += steps
        if self._work > WORK_LIMIT:
            raise LimitError("its paths and whiteouts take too long to follow", remedy="check whether it is genuine")

    def _straight(self, parts: list[str]) -> Folder | None:
        """The directory at ``parts`` where it stands and no link leads to it."""
        self._toil(len(parts))
        folder = self._root
        for part in parts:
            there = folder.entries.get(part)
            if not isinstance(there, Folder):
                return None
            folder = there
        return folder

    def _made(self, parts: list[str], path: str) -> Folder:
        """The directory at ``parts``, made where it is missing."""
        found = self._walk(parts, path, follow=True, make=True)
        if not isinstance(found, Folder):
            raise InputError(f"{_shown(path)} stands below something that is no directory", remedy=_REMEDY)
        return found

    def _walk(self, parts: list[str], path: str, *, follow: bool, make: bool = False) -> Node | None:
        trail = [self._root]
        waiting = parts[::-1]
        links = 0
        self._toil(len(waiting))
        while waiting:
            name = waiting.pop()
            if name == "..":
                if len(trail) > 1:
                    trail.pop()
                continue
            there = trail[-1].entries.get(name)
            if there is None:
                if not make:
                    return None
                there = trail[-1].entries[name] = self._folder(name)
            if isinstance(there, Folder):
                trail.append(there)
                continue
            target = self._target.get(there)
            if target is None or not (waiting or follow):
                return None if waiting else there
            links += 1
            if links > MAX_LINKS:
                raise InputError(f"{_shown(path)}: more than {MAX_LINKS} symbolic links lead on", remedy=_REMEDY)
            waiting.extend(_parts(target)[::-1])
            self._toil(len(waiting))
            if target.startswith("/"):
                del trail[1:]
        return trail[-1]

    def _whiteout(self, parts: list[str]) -> None:
        at = next(place for place, part in enumerate(parts) if part.startswith(_WHITEOUT))
        marker = parts[at]
        if marker.startswith(_META) and marker != _OPAQUE:
            return  # AUFS keeps its own books there, which are no part of the image
        if at != len(parts) - 1:
            raise InputError(f"something stands below the whiteout {_shown('/'.join(parts))}", remedy=_REMEDY)
        name = marker.removeprefix(_WHITEOUT)
        if name in ("", ".", ".."):
            raise InputError(f"the whiteout {_shown('/'.join(parts))} names nothing", remedy=_REMEDY)
        folder = self._walk(parts[:-1], "/".join(parts), follow=True)
        if not isinstance(folder, Folder):
            return
        if marker == _OPAQUE:
            self._prune(folder)
            return
        there = folder.entries.get(name)
        if isinstance(there, Folder):
            self._prune(there)
            if not there.entries and there.layer != self._layer:
                del folder.entries[name]
        elif there is not None and self._put[there] != self._layer:
            del folder.entries[name]

    def _prune(self, folder: Folder) -> None:
        """Remove from a directory what layers below have put there."""
        # Directories come after all that is above them; from the last one on, each is judged after what it holds.
        found: list[tuple[Folder, str, Folder]] = []
        waiting = [folder]
        while waiting:
            holder = waiting.pop()
            self._toil(1 + len(holder.entries))
            # Made anew, since a dictionary keeps the places of what is removed: to look through a directory that was
            # emptied would take as long as if it were full, and a layer may ask for it as often as it likes.
            kept: dict[str, Node] = {}
            for name, node in holder.entries.items():
                if isinstance(node, Folder):
                    found.append((holder, name, node))
                    waiting.append(node)
                elif self._put[node] != self._layer:
                    continue
                kept[name] = node
            holder.entries = kept
        for holder, name, inner in reversed(found):
            if not inner.entries and inner.layer != self._layer:
                del holder.entries[name]


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _clean(path: str) -> list[str]:
    """The components of an entry's path; ``..`` takes back the one before it, as written, and stops at the root."""
    parts: list[str] = []
    for part in _parts(path):
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
    return parts


def _shown(path: str) -> str:
    return ascii(path[:200])
