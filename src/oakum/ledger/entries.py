"""Entries: who decided or did what to what, when, under which policy and which feeds, and the digest of the whole.

An entry has one form in bytes (``canonical``), so that whoever has the record behind it can make the same bytes again.
It has no number: its place in the ledger is its number.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Literal

import msgspec

from oakum.errors import InputError, Place
from oakum.ledger.discretion import looks_like
from oakum.ledger.tiles import LARGEST_ENTRY

Kind = Literal[
    "policy", "feeds", "intent", "plan", "approval", "inventory", "findings", "run", "act", "outcome", "observation",
    "note",
]  # fmt: skip
#: What an entry tells, and of what its ``body`` is the digest.
KINDS: dict[str, str] = {
    "policy": "a policy is in force; body: its canonical form",
    "feeds": "the state of the feeds that answers were made from; body: their digest",
    "intent": "what somebody wants changed; body: the intent",
    "plan": "a plan was made; body: its canonical form, so that the digest is the plan's hash",
    "approval": "somebody agreed to a plan; body: the approval with its signature",
    "inventory": "the versions on the machines of a run before it, or after; body: the inventory",
    "findings": "what advisories said of such an inventory; body: the findings",
    "run": "somebody took up a run; body: the record of the journal",
    "act": "an act is about to be tried; body: the record of the journal, written before the act",
    "outcome": "the answer to an act; body: the record of the journal",
    "observation": "a step entered a state because of what was seen; body: the record of the journal",
    "note": "something about a run or a wave; body: the record of the journal",
}
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ACTOR = re.compile(r"oakum|p-[0-9a-f]{32}")
_WORD = re.compile(r"[a-z0-9]+(?:[-/][a-z0-9]+)*")
#: Names of things: of machines, objects, runs, steps. No spaces, no quotation marks: nobody's sentence.
_NAME = re.compile(r"[\w.:/+~@%=,()\[\]-]+")
_LONGEST = 512


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One entry.

    ``at`` is the time of what it tells, in UTC, by the clock of who wrote it. ``actor`` is a pseudonym
    (``discretion.pseudonym``) or ``oakum`` where nobody but the program did it. ``what`` is the word of the act, the
    answer, the state or the note; ``subject`` what it was about; ``run`` and ``step`` where it belongs. ``plan``,
    ``policy`` and ``feeds`` are digests of what it was done under, ``body`` that of the whole record.
    """

    kind: Kind
    at: datetime
    actor: str
    body: str
    what: str = ""
    subject: str = ""
    run: str = ""
    step: str = ""
    plan: str = ""
    policy: str = ""
    feeds: str = ""


_DECODER = msgspec.json.Decoder(Entry)


def digest(body: bytes) -> str:
    """``sha256:`` and the hash of some bytes."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def tellable(name: str) -> str:
    """A name as it may stand in an entry: itself, or its digest where it is none or looks like a secret."""
    plain = not name or (_NAME.fullmatch(name) and len(name) <= _LONGEST and not looks_like(name))
    return name if plain else digest(name.encode(errors="surrogatepass"))


def canonical(entry: Entry) -> bytes:
    """The one form of an entry: JSON without spaces, keys in order, what is empty left out.

    Raises InputError, with the field, where a value is not of its form, or looks like a secret or a person's address.
    """
    if entry.at.tzinfo is None or entry.at.utcoffset() != UTC.utcoffset(None):
        raise _refused("at", "the time is not in UTC", "give it in UTC, as 2026-01-31T06:00:00Z")
    if not _ACTOR.fullmatch(entry.actor):
        raise _refused("actor", "this is no pseudonym", "give oakum, or p- and 32 hexadecimal digits")
    for name in ("body", "plan", "policy", "feeds"):
        value = getattr(entry, name)
        if (value or name == "body") and not _DIGEST.fullmatch(value):
            raise _refused(name, "this is no digest", "give sha256: and 64 hexadecimal digits")
    if entry.what and not (_WORD.fullmatch(entry.what) and len(entry.what) <= 64):
        raise _refused("what", "this is no word", "give a word of small letters, as evict or draining")
    for name in ("what", "subject", "run", "step"):
        value = getattr(entry, name)
        if looks := looks_like(value):
            raise _refused(name, f"this looks like {looks}", "leave it out; the digest in body stands for it")
        if value and not (_NAME.fullmatch(value) and len(value) <= _LONGEST):
            raise _refused(name, "this is no name", f"give up to {_LONGEST} characters without spaces")
    return msgspec.json.encode(entry, order="sorted")


def read_entry(data: bytes) -> Entry:
    """The entry in some bytes. Raises InputError where they are not the canonical form of one."""
    if len(data) > LARGEST_ENTRY:
        raise InputError(f"no entry: larger than {LARGEST_ENTRY:,} bytes")
    try:
        found = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"no entry: {error}") from None
    try:
        same = canonical(found) == data
    except InputError as error:
        raise InputError(f"no entry: {error.what}", place=error.place) from None
    if not same:
        raise InputError("no entry: it is not written in its one form")
    return found


def _refused(field: str, what: str, remedy: str) -> InputError:
    # Never the value itself: it may be what must not be shown.
    return InputError(what, place=Place(field=field), remedy=remedy)
