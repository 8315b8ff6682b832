"""``oakum feeds diff``: two states of feeds by what people call them, and what differs between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from oakum.adapters.feeds.bundle import looks_like_a_bundle
from oakum.adapters.feeds.states import State, pairs, state_of
from oakum.adapters.feeds.store import FILE, FeedStore
from oakum.advisories.difference import Counts, Difference, Told, difference, touched
from oakum.advisories.words import instant
from oakum.errors import UsageError

_DIGEST = re.compile(r"sha256:[0-9a-f]{8,64}")
_NOW = "now"


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """What a source was: the digest of what was read, the publisher's date, when it was recorded, how many facts."""

    digest: str
    as_of: str
    recorded: str
    facts: int


class SourceDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One source in both states; None where a state does not have it. Of an equal one ``counts`` are zero."""

    source: str
    format: str
    before: Edition | None
    after: Edition | None
    counts: Counts
    told: tuple[Told, ...] = ()
    models: tuple[str, ...] = ()


class FeedDifference(msgspec.Struct, frozen=True, kw_only=True):
    """All sources of both states by name. The states are named by both of their digests and the time they are of."""

    before: dict[str, str]
    after: dict[str, str]
    sources: tuple[SourceDifference, ...]
    scopes: dict[str, int]


def compare(before: str, after: str, store: Path, progress: Callable[[str], None] = lambda _: None) -> FeedDifference:
    """What ``after`` says otherwise than ``before``.

    Each is a folder with a store, a day or time of the store here, ``now``, or a digest that a state here had. Raises
    UsageError for any other word, InputError where a store is damaged.
    """
    with ExitStack() as stack:
        then, now = (stack.enter_context(_state(word, store)) for word in (before, after))
        found = []
        for name in sorted(then.sources.keys() | now.sources.keys()):
            progress(name)
            found.append(_source(name, then, now))
        return FeedDifference(
            before=_named(then),
            after=_named(now),
            sources=tuple(found),
            scopes=touched(Difference(counts=one.counts, told=one.told) for one in found),
        )


def _source(name: str, then: State, now: State) -> SourceDifference:
    before, after = then.sources.get(name), now.sources.get(name)
    if before is not None and after is not None and before.digest == after.digest and before.digest:
        said = Difference(counts=Counts(), told=())
    else:
        said = difference(pairs(then, now, name))
    editions = [
        None if one is None else Edition(digest=one.digest, as_of=one.as_of, recorded=one.recorded, facts=one.facts)
        for one in (before, after)
    ]
    return SourceDifference(
        source=name,
        format=now.format(name) or then.format(name),
        before=editions[0],
        after=editions[1],
        counts=said.counts,
        told=said.told,
        models=said.models,
    )


def _named(state: State) -> dict[str, str]:
    return {"store": str(state.folder), "time": state.time, "digest": state.digest, "snapshot": state.snapshot}


@contextmanager
def _state(word: str, here: Path) -> Iterator[State]:
    path = Path(word)
    folder = next((each for each in (path, path / "feeds") if (each / FILE).is_file()), None)
    time = "" if word == _NOW else _time(word)
    if folder is None and path.exists():
        bundle = path.is_file() and looks_like_a_bundle(path)
        raise UsageError(
            f"{word} is a bundle, and no store" if bundle else f"there is no store of feeds in {word}",
            remedy=f"oakum feeds import {word} --data OTHER, and compare OTHER",
        )
    if folder is None and time is None and not _DIGEST.fullmatch(word):
        raise UsageError(
            f"{word!r} is no folder, digest, day or time",
            remedy="name a data folder, a digest of an answer, a time as 2026-01-31T06:00:00Z, a day, or now",
        )
    if folder is None and not (here / FILE).is_file():
        raise UsageError(f"there is no store of feeds in {here}", remedy="oakum feeds sync, or name it with --data")
    with FeedStore.open(folder or here) as store:
        state = State(store, time or "") if folder is not None or time is not None else state_of(store, word)
        if not state.sources:
            raise UsageError(f"no feeds were known at {time or word}", remedy="see oakum feeds status for what is here")
        yield state


def _time(word: str) -> str | None:
    """The time that a word names; of a day its last second, as ``--as-of`` takes it. None where it is none."""
    found = instant(word)
    if found and len(word.strip()) == len("2026-01-31"):
        return f"{found[:10]}T23:59:59Z"
    return found or None
