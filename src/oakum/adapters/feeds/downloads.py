"""What was fetched of each source, beside the store: the publisher's document in force, and how the last try went.

``downloads/NAME/held/NAME`` is the document that the facts in the store were read from, ``downloads/NAME/state`` of
which edition it is; ``incoming/NAME`` is what comes in. The document moves into place only after the store has taken
its facts, and the state is written last: whatever breaks off between, what is held and its state then don't agree, and
the next sync asks without conditions.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from oakum.adapters.feeds.incoming import Edition, Incoming
from oakum.errors import NotAssessableError

FOLDER = "downloads"
Result = Literal["new", "same", "failed", "refused"]


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How a source stands. Times are RFC 3339 UTC; ``confirmed`` is when its publisher last said that this is current.

    ``sha256`` is of the document that is held, ``digest`` how the store calls it. ``listed`` is the edition of the list
    of changes that the document follows, or of the index that names it, ``beside`` those of other lists by name. Before
    ``not_before`` the publisher does not want to be asked.
    """

    edition: Edition | None = None
    listed: Edition | None = None
    beside: dict[str, Edition] = {}
    sha256: str = ""
    digest: str = ""
    confirmed: str = ""
    tried: str = ""
    result: Result = "failed"
    why: str = ""
    not_before: str = ""


class Download:
    """The folder of one source."""

    def __init__(self, store: Path, source: str) -> None:
        self.folder = store / FOLDER / source
        self.held = self.folder / "held" / source
        self.incoming = Incoming(self.folder / "incoming" / source)
        self.list = Incoming(self.folder / "incoming" / "modified_id.csv")
        self.index = Incoming(self.folder / "incoming" / "repomd.xml")
        self.followed = self.folder / "held" / "modified_id.csv"

    @property
    def state(self) -> State:
        """As it was written last; a new one where there is none that can be read."""
        try:
            return msgspec.json.decode((self.folder / "state").read_bytes(), type=State)
        except (OSError, msgspec.MsgspecError):
            return State()

    def intact(self, state: State) -> bool:
        """Whether what is held is the document of this state."""
        return bool(state.sha256) and self.held.is_file() and digest_of(self.held) == state.sha256

    def write(self, state: State) -> None:
        """The state, in one step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.folder / "state.new"
        with new.open("wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.folder / "state")

    def take(self, document: Path) -> None:
        """A document whose facts are in the store becomes the one that is held."""
        self.held.parent.mkdir(parents=True, exist_ok=True)
        document.replace(self.held)
        self.incoming.drop()


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def states(store: Path) -> dict[str, State]:
    """Every source that was ever tried, by name."""
    folder = store / FOLDER
    names = (
        sorted(each.name for each in folder.iterdir() if each.is_dir() and each.name[0] != ".")
        if folder.is_dir()
        else []
    )
    return {name: Download(store, name).state for name in names}


@contextmanager
def alone(store: Path) -> Iterator[None]:
    """One process at a time; the lock ends with the process. Raises NotAssessableError while another one is at it."""
    folder = store / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise NotAssessableError(
                f"another sync of this data folder is at work (process {file.read(20).strip() or 'unknown'})",
                remedy="wait for its end; what was in force stays in force",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
