"""Two states of feeds stores, compared: what each source said then and says now.

A store forgets nothing, so a state is a store and a time; two of them may be of one store or of two. Only facts whose
digests differ are read: of a whole database that is a look at two columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from oakum.adapters.feeds.store import TYPES, FeedStore, readable
from oakum.advisories.index.state import Import, content_digest, state_digest
from oakum.advisories.model import Advisory, Fact
from oakum.errors import UsageError

#: Later than every time.
_FOREVER = "9999-12-31T23:59:59Z"
_HELD = """FROM facts WHERE source = (SELECT id FROM sources WHERE name = ?)
    AND recorded_from <= ? AND (recorded_to = '' OR recorded_to > ?)"""
_MARKS, _BODIES = f"SELECT key, digest {_HELD}", f"SELECT key, body {_HELD}"


class State:
    """A store as it was at a time (RFC 3339 UTC), or as it is; ``sources`` are the imports in force then, by name."""

    def __init__(self, store: FeedStore, time: str = "", imports: Mapping[str, Sequence[Import]] | None = None) -> None:
        """``imports`` are those of all sources, the earliest first, for who asks for many times."""
        self._store = store
        self.time = time
        self._until = time or _FOREVER
        self._formats = {one.name: one.format for one in store.sources()}
        self.sources: dict[str, Import] = {}
        for name, made in (_imports(store) if imports is None else imports).items():
            held = [one for one in made if one.recorded <= self._until]
            if held:
                self.sources[name] = held[-1]

    @property
    def folder(self) -> Path:
        """Where the store is."""
        return self._store.folder

    @property
    def digest(self) -> str:
        """The digest by which answers name this state."""
        return state_digest((name, one.digest, one.recorded, one.facts) for name, one in self.sources.items())

    @property
    def snapshot(self) -> str:
        """The digest of what was known, whenever and wherever it was recorded."""
        return content_digest((name, one.digest) for name, one in self.sources.items())

    def format(self, source: str) -> str:
        """The form of a source; "" where there is none of that name."""
        return self._formats.get(source, "")

    def marks(self, source: str) -> dict[str, bytes]:
        """What a source said, by what its facts are about: their digests."""
        with readable(self.folder):
            rows = self._store.rows(_MARKS, (source, self._until, self._until))
            return dict(rows)

    def facts(self, source: str, keys: set[str]) -> dict[str, Fact]:
        """The facts about these."""
        decode = msgspec.msgpack.Decoder(TYPES.get(self.format(source), Advisory)).decode
        found = {}
        with readable(self.folder):
            rows = self._store.rows(_BODIES, (source, self._until, self._until))
            for key, body in rows:
                if key in keys:
                    found[key] = decode(body)
        return found


def state_of(store: FeedStore, digest: str) -> State:
    """The state of a store that a digest names: of an answer, or of a snapshot. Raises UsageError where it had none."""
    imports = _imports(store)
    for time in sorted({one.recorded for made in imports.values() for one in made}, reverse=True):
        state = State(store, time, imports)
        if digest in (state.digest, state.snapshot):
            return state
    raise UsageError(
        f"the store in {store.folder} was never in the state {digest[:19]}",
        remedy="take the digest of an answer that was made from this store, or name a time; see oakum feeds status",
    )


def _imports(store: FeedStore) -> dict[str, list[Import]]:
    return {one.name: store.imports(one.name) for one in store.sources()}


def pairs(before: State, after: State, source: str) -> Iterator[tuple[Fact | None, Fact | None]]:
    """The facts of a source that differ, of both states; None where a state has none."""
    then, now = before.marks(source), after.marks(source)
    keys = {key for key in then.keys() | now.keys() if then.get(key) != now.get(key)}
    if keys:
        former, latter = before.facts(source, keys), after.facts(source, keys)
        for key in sorted(keys):
            yield former.get(key), latter.get(key)
