"""Feeds over an air gap: what is in force here as a signed bundle, and a bundle that comes into force there.

A bundle goes the way of a sync: verified and parsed as a whole, guarded against feeds that shrank, and never back in
time unless that is wanted. Its feeds are as old as the day on which their publishers were asked, not the day on which
the bundle was carried over.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from oakum import __version__
from oakum.adapters.feeds import bundle, checking
from oakum.adapters.feeds.bundle import Entry, Manifest
from oakum.adapters.feeds.downloads import FOLDER, Download, State, alone, digest_of
from oakum.adapters.feeds.indexing import current_index
from oakum.adapters.feeds.inputs import Feed
from oakum.adapters.feeds.settling import text_of
from oakum.adapters.feeds.sources import TABLE, Source
from oakum.adapters.feeds.store import Change, FeedStore, StoredSource
from oakum.advisories.index.state import content_digest
from oakum.errors import InputError, OakumError, Place, UsageError
from oakum.ledger.keys import PublicKey
from oakum.local.ledger.keys import FileSigner

_STAGED = ".bundle"


class Taken(msgspec.Struct, frozen=True):
    """A feed of a bundle that came into force, and what it changed."""

    feed: Feed
    change: Change


def export(
    folder: Path, out: Path, key: Path, names: Sequence[str], table: Sequence[Source], now: datetime
) -> Manifest:
    """Write a bundle of sources that were synced here; of all of them where none is named.

    Raises UsageError where a source was not fetched here, InputError where what is held is not what is in force.
    """
    signer = FileSigner(key)
    known = {one.name: one for one in (*TABLE, *table)}
    with alone(folder), FeedStore.open(folder) as store:
        stored = {one.name: one for one in store.sources()}
        chosen = list(names) or [name for name in stored if Download(folder, name).state.sha256]
        if not chosen:
            raise UsageError("no source was synced here", remedy="oakum feeds sync, or oakum feeds import a bundle")
        entries = [_entry(folder, name, stored.get(name), known.get(name)) for name in dict.fromkeys(chosen)]
        manifest = Manifest(
            made=text_of(now),
            snapshot=content_digest((one.name, one.digest) for one in entries),
            sources=tuple(entries),
        )
        new = out.with_name(f"{out.name}.new")
        try:
            with new.open("wb") as file:
                bundle.write(file, manifest, [Download(folder, one.name).held for one in entries], signer)
                file.flush()
                os.fsync(file.fileno())
            new.replace(out)
        except OSError as error:
            raise UsageError(
                f"cannot be written: {error.strerror}", place=Place(str(out)), remedy="name a file that may be written"
            ) from None
        finally:
            new.unlink(missing_ok=True)
    return manifest


def _entry(folder: Path, name: str, stored: StoredSource | None, source: Source | None) -> Entry:
    download = Download(folder, name)
    state = download.state
    if stored is None or not state.sha256:
        raise UsageError(
            f"{name!r} was not fetched here", remedy="sync it first; carry what was imported as the file that it was"
        )
    if state.digest != stored.digest or not download.intact(state):
        raise InputError(f"what is held of {name!r} is not what is in force", remedy=f"oakum feeds sync {name}")
    return Entry(
        name=name, format=stored.format, url=stored.origin, entries=source.entries if source else "",
        size=download.held.stat().st_size, sha256=state.sha256, digest=stored.digest, facts=stored.facts,
        as_of=stored.as_of, confirmed=state.confirmed,
    )  # fmt: skip


def take(
    folder: Path,
    path: Path,
    keys: Sequence[PublicKey],
    now: datetime,
    *,
    accept_older: bool = False,
    allow_shrink: bool = False,
) -> tuple[Manifest, list[Taken], list[OakumError]]:
    """Bring a bundle's feeds into force: the manifest, what was taken, and what was refused of it.

    Raises InputError where it is not signed by one of the keys or is not whole, UsageError where it is older than what
    is in force; nothing is taken then.
    """
    if not keys:
        raise UsageError("a bundle is believed by its signature alone", remedy="pin the key that signs: --key FILE.pub")
    staged = folder / FOLDER / _STAGED
    with alone(folder), FeedStore.open(folder) as store:
        shutil.rmtree(staged, ignore_errors=True)
        try:
            with path.open("rb") as file:
                manifest = bundle.read(file, keys, lambda entry: staged / entry.name)
            if not accept_older:
                _check_age(folder, manifest, store)
            taken, errors = list[Taken](), list[OakumError]()
            for entry in manifest.sources:
                try:
                    taken.append(_take(store, folder, staged / entry.name, entry, now, allow_shrink=allow_shrink))
                except OakumError as error:
                    errors.append(error.within(entry.name))
            if taken:
                current_index(store)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", place=Place(str(path)), remedy="check it") from None
        except OakumError as error:
            raise error.within(str(path)) from None
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return manifest, taken, errors


def _check_age(folder: Path, manifest: Manifest, store: FeedStore) -> None:
    stored = {one.name: one for one in store.sources()}
    for entry in manifest.sources:
        state, held = Download(folder, entry.name).state, stored.get(entry.name)
        if held is None:
            continue
        ours, theirs = (state.confirmed, entry.confirmed) if state.confirmed else (held.as_of, entry.as_of)
        if ours and theirs < ours:
            raise UsageError(
                f"is older than what is in force: {entry.name} of {theirs or 'an unknown day'} instead of {ours}",
                remedy="get a newer bundle; to go back on purpose, --accept-older",
            )


def _take(store: FeedStore, folder: Path, document: Path, entry: Entry, now: datetime, *, allow_shrink: bool) -> Taken:
    source = next((one for one in TABLE if one.name == entry.name), None) or Source(
        name=entry.name, url=entry.url, format=entry.format, entries=entry.entries
    )
    feed = checking.read(document, source)
    if feed.digest != entry.digest or feed.parsed.format != entry.format:
        raise InputError(
            "is read as something else than where it was exported",
            remedy=f"use one version on both sides ({__version__})",
        )
    # What gives no date of its own is as old as its publisher's last word, not as its way here.
    feed = msgspec.structs.replace(
        feed, origin=entry.url,
        parsed=msgspec.structs.replace(feed.parsed, as_of=feed.parsed.as_of or entry.confirmed),
    )  # fmt: skip
    time = text_of(now)
    change = store.replace(
        entry.name, feed.parsed, time, origin=entry.url, digest=feed.digest, allow_shrink=allow_shrink
    )
    download = Download(folder, entry.name)
    sha256 = digest_of(document)
    download.take(document)
    download.followed.unlink(missing_ok=True)
    download.write(
        State(
            sha256=sha256, digest=feed.digest, confirmed=entry.confirmed, tried=time,
            result="new" if change.added or change.changed or change.closed else "same",
        )
    )  # fmt: skip
    return Taken(feed, change)
