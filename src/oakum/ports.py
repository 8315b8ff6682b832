"""The few Protocols through which the core meets the world.

An adapter implements a port for the real world, ``oakum.simulation`` for the simulated one. A port carries no
decision: it opens, lists and reads, with limits that the caller sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeVar

Kind = Literal["file", "directory", "link", "other"]

_Act = TypeVar("_Act", contravariant=True)
_Outcome = TypeVar("_Outcome", covariant=True)
_Observed = TypeVar("_Observed", covariant=True)
_Record = TypeVar("_Record")


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


class World(Protocol[_Act, _Outcome, _Observed]):
    """Clusters and hosts, as a run of a change meets them: it acts, and it looks."""

    def act(self, act: _Act) -> _Outcome:
        """Tries one act, and returns as soon as the request is answered; a time-out is an answer too."""

    def observe(self, about: Sequence[str]) -> _Observed:
        """A look at the world, with at least the subjects of these ids in it."""


class Journal(Protocol[_Record]):
    """The records of one run, in order; what ``append`` has taken survives a crash at any moment after it."""

    def append(self, record: _Record) -> None:
        """Writes a record down, durably, before it returns."""

    def records(self) -> Iterable[_Record]:
        """All records from the first on; a torn last one does not count."""


class Clock(Protocol):
    """The time, and waiting."""

    def now(self) -> datetime:
        """The time in UTC."""

    def sleep_until(self, moment: datetime) -> None:
        """Returns at that time, or earlier where something has happened that is worth a look."""


class Signer(Protocol):
    """Somebody who signs with an Ed25519 key (RFC 8032) that stays where it is: a file, an agent, a module."""

    @property
    def name(self) -> str:
        """The name under which the signature is known."""

    @property
    def public_key(self) -> bytes:
        """The public half, 32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """The signature of a message, 64 bytes."""
