"""The few Protocols through which the core meets the world.

An adapter implements a port for the real world, ``oakum.simulation`` for the simulated one. A port carries no
decision: it opens, lists and reads, with limits that the caller sets.
"""

from __future__ import annotations

from typing import Literal, Protocol

Kind = Literal["file", "directory", "link", "other"]


class Tree(Protocol):
    """A read-only file tree (a live machine's root, an unpacked image, a folder), addressed by absolute POSIX paths.

    Paths are resolved inside the tree: a symbolic link, absolute or relative, never leads out of it.
    """

    @property
    def live(self) -> bool:
        """Whether this is the root of the running machine, so that ``/proc`` speaks of its processes."""

    def read(self, path: str, limit: int) -> bytes:
        """The whole content of a regular file.

        Raises FileNotFoundError where nothing stands there, PermissionError where it may not be read,
        ``oakum.errors.LimitError`` where it is larger than ``limit`` bytes.
        """

    def names(self, path: str) -> tuple[str, ...]:
        """The sorted names in a directory; empty where there is none."""

    def kind(self, path: str) -> Kind | None:
        """What stands at the path, without following a final link; None where nothing does."""

    def readlink(self, path: str) -> str | None:
        """The target of a symbolic link as it is written; None where the path is no link."""
