"""Where the files of a ledger are read from: a folder of tiles here; an archive or a database elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from oakum.ports import Tree

#: The checkpoint's path below the ledger's folder (C2SP tlog-tiles).
CHECKPOINT = "checkpoint"
_MOST_STRANGERS = 1000
_DEEPEST = 12


class Source(Protocol):
    """The files of one ledger, by their paths as C2SP tlog-tiles names them."""

    def read(self, path: str, limit: int) -> bytes:
        """A file. Raises FileNotFoundError where there is none, OakumError where it is damaged or above ``limit``."""

    def expect(self, paths: Sequence[str]) -> None:
        """Tells which files there have to be, in their order, once the size is known and before any is read."""

    def strangers(self) -> Iterator[str]:
        """Paths of what is there and was not expected."""


class FolderSource:
    """The files of a tree, as ``oakum ledger export`` or the tools of other logs lay them."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._expected: frozenset[str] = frozenset()

    def read(self, path: str, limit: int) -> bytes:
        """The file below the root of the tree."""
        return self._tree.read(f"/{path}", limit)

    def expect(self, paths: Sequence[str]) -> None:
        """Remembers them for ``strangers``."""
        self._expected = frozenset(paths)

    def strangers(self) -> Iterator[str]:
        """Files below ``tile`` that are none of the expected; what stands beside it is nobody's business."""
        waiting = ["tile"]
        count = 0
        while waiting and count < _MOST_STRANGERS:
            path = waiting.pop()
            if self._tree.kind(f"/{path}") == "directory" and path.count("/") < _DEEPEST:
                waiting += [f"{path}/{name}" for name in reversed(self._tree.names(f"/{path}"))]
            elif path not in self._expected and path != "tile":
                count += 1
                yield path
