"""The state of a feeds store at a time: which import of each source held, and the digest that names it all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec


class Import(msgspec.Struct, frozen=True, array_like=True):
    """One import of a source: when it was recorded, the publisher's own date, and what the file was."""

    recorded: str
    as_of: str = ""
    digest: str = ""
    facts: int = 0
    problems: int = 0


def state_digest(sources: Iterable[tuple[str, str, str, int]]) -> str:
    """``sha256:`` over (name, digest, recorded, facts) of all sources, by name: what an answer was made from."""
    return f"sha256:{hashlib.sha256(msgspec.msgpack.encode(sorted(sources))).hexdigest()}"


def content_digest(sources: Iterable[tuple[str, str]]) -> str:
    """``sha256:`` over (name, digest) of sources, by name: what was known, whenever and wherever it was recorded."""
    return f"sha256:{hashlib.sha256(msgspec.msgpack.encode(sorted(sources))).hexdigest()}"
