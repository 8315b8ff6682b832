"""The words of a history: what a scan sighted, what is kept of it, and what is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

#: By what a finding ended: its fix or another version without the flaw is installed; the package is no longer there;
#: the publisher took the record back, or the CVE was rejected; who judges says that it does not apply; a statement says
#: so; the kernel is installed and another one runs; the asset is gone.
Reason = Literal["fixed", "removed", "withdrawn", "rejected", "not-affected", "statement", "not-running", "gone"]
#: What can be told of a finding that a scan does not show: an end, that it stands under another name, or nothing.
Fate = Reason | Literal["stands", "unknown"]
Kind = Literal["new", "reopened", "closed", "not-assessable", "assessable"]


class Sighting(msgspec.Struct, frozen=True):
    """A finding as one scan sees it on one asset.

    ``names`` are its id, its aliases and its records; ``statement`` says who suppresses it, empty where nobody does.
    """

    type: str
    package: str
    id: str
    names: tuple[str, ...]
    version: str
    sources: tuple[str, ...]
    statement: str = ""


class Item(msgspec.Struct, frozen=True):
    """One vulnerability of one package on one asset through all scans, whatever the version of the package.

    An upgrade that does not fix it goes on with it, and so does another name for it: ``id`` is the first one, by which
    it is kept, ``called`` the last. Times are RFC 3339 UTC, empty where it has not come to that; ``unassessed`` is
    since when nothing could be told.
    """

    asset: str
    type: str
    package: str
    id: str
    called: str
    names: tuple[str, ...]
    version: str
    sources: tuple[str, ...]
    first_seen: str
    reopened: str = ""
    closed: str = ""
    reason: str = ""
    why: str = ""
    unassessed: str = ""


class Ending(msgspec.Struct, frozen=True):
    """The fate of a finding that a scan does not show, with the evidence, or why there is none."""

    fate: Fate
    why: str


class Look(msgspec.Struct, frozen=True):
    """What a scan saw of one asset; ``ending`` is asked about what it saw before and does not see now.

    ``before`` is whether any scan saw the asset before.
    """

    sightings: tuple[Sighting, ...]
    ending: Callable[[Item], Ending]
    before: bool = True


class Event(msgspec.Struct, frozen=True):
    """Something that became of an item; ``id`` is what it is called now, ``cause`` what made it so.

    ``first`` marks what the first look at an asset found: it is new to us, and may be old.
    """

    kind: Kind
    item: Item
    id: str
    cause: str
    why: str = ""
    first: bool = False


class Step(msgspec.Struct, frozen=True):
    """What one scan makes of a history: the items that are new or differ, what is told, and what every sighting is
    known as, by asset and by (type, package, id)."""

    changed: tuple[Item, ...]
    events: tuple[Event, ...]
    known: dict[str, dict[tuple[str, str, str], Item]]
