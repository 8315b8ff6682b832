"""What a look at a publisher found: a document that is newer than what is held, or that there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

from oakum.adapters.feeds.incoming import Edition


class Spent(Protocol):
    """Something that came in and is of no use once its document is in force."""

    def drop(self) -> None:
        """Away with it."""


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """``document`` is None where what is held is current.

    ``listed`` is the edition of the list of changes that it follows, ``follows`` what that says (id -> time),
    ``beside`` the editions of other lists by name. ``spent`` goes when the document is taken.
    """

    document: Path | None = None
    edition: Edition | None = None
    listed: Edition | None = None
    follows: dict[str, str] = {}
    beside: dict[str, Edition] = {}
    spent: tuple[Spent, ...] = ()
