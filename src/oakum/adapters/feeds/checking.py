"""Whether a document that came in is a whole feed of its source: archive, form, records.

A file that is imported by hand may be broken in parts, and its owner is told. Here nobody looks: an archive with one
damaged entry is a damaged download, and nothing of it is used.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import msgspec

from oakum.adapters.feeds import csaf_held
from oakum.adapters.feeds.inputs import Feed, read_feeds
from oakum.adapters.feeds.sources import Source
from oakum.adapters.feeds.unpack import UNREADABLE, Limits
from oakum.advisories.model import Problem
from oakum.errors import InputError, LimitError

_AGAIN = "the next sync fetches it again"
_CHUNK = 1 << 20


def read(path: Path, source: Source) -> Feed:
    """The feed in a document. Raises InputError, LimitError where it is damaged, too large, or another feed."""
    if csaf_held.is_one(path):
        return csaf_held.read(path, source.name, source.url)
    limits = Limits(file=max(source.largest, min(source.unpacked, 1 << 32)), total=source.unpacked)
    _whole(path, limits)
    reading = read_feeds(path, limits, lambda name: name.endswith(source.entries))
    if not reading.feeds:
        raise reading.errors[0]
    feeds = [feed for feed in reading.feeds if feed.parsed.format == source.format]
    others = [feed for feed in reading.feeds if feed.parsed.format != source.format]
    if len(feeds) != 1:
        found = ", ".join(sorted({feed.parsed.format for feed in reading.feeds}))
        raise InputError(f"holds {found} and not one feed of {source.format}", remedy="see to its address")
    parsed = feeds[0].parsed
    if others:
        parsed = msgspec.structs.replace(parsed, problems=[*parsed.problems, *map(_stray, others)])
    return msgspec.structs.replace(feeds[0], source=source.name, origin=source.url, parsed=parsed)


def _stray(feed: Feed) -> Problem:
    """Records of another form in an archive: one word of theirs keeps nothing else back, and is told."""
    return Problem(feed.origin, feed.source, f"{len(feed.parsed.facts)} facts in the form {feed.parsed.format}")


def _whole(path: Path, limits: Limits) -> None:
    """Raises where an archive is damaged anywhere, or unpacks to more than it may."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            return
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > limits.entries:
                raise LimitError(f"holds {len(entries)} entries, more than {limits.entries}", remedy=_AGAIN)
            total = 0
            for entry in entries:
                with archive.open(entry) as stream:
                    # What an entry says of its size is not believed.
                    while chunk := stream.read(_CHUNK):
                        total += len(chunk)
                        if total > limits.total or (total > limits.free and total > limits.ratio * path.stat().st_size):
                            raise LimitError("unpacks to more than such a feed may", remedy="see to its address")
    except UNREADABLE as error:
        raise InputError(f"is a damaged archive: {error}", remedy=_AGAIN) from None
