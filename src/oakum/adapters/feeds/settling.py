"""A document that came in becomes the feed that is in force, or is refused; what was in force stays until then.

It goes the way of ``feeds import``: whole source, one transaction, refused where it shrank. Then it moves to where what
is held lies, and last the state is written.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from oakum.adapters.feeds import checking
from oakum.adapters.feeds.downloads import Download, Result, State, digest_of
from oakum.adapters.feeds.fetching import SentAwayError
from oakum.adapters.feeds.found import Coming
from oakum.adapters.feeds.inputs import Feed
from oakum.adapters.feeds.sources import Source
from oakum.adapters.feeds.store import Change, FeedStore, StoredSource
from oakum.advisories.words import instant
from oakum.errors import InputError, OakumError

#: A source without a date of its own is recorded anew when it is confirmed, but not more often than this.
_CONFIRM_AFTER = timedelta(hours=6)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How the sync of one source went: ``new`` facts, the ``same`` as before, ``failed`` to come, or ``refused``."""

    source: str
    result: Result
    why: str = ""
    facts: int = 0
    added: int = 0
    changed: int = 0
    closed: int = 0
    digest: str = ""


class _OlderError(InputError):
    """An edition from before the one that is in force."""


def settle(
    store: FeedStore, source: Source, download: Download, coming: Coming, now: datetime, *, accept_shrink: bool
) -> Outcome:
    """Take what came. Raises OakumError where it is refused; store, document and state are then as they were."""
    state, time = download.state, text_of(now)
    stored = next((one for one in store.sources() if one.name == source.name), None)
    if coming.document is None and stored is not None and stored.digest == state.digest:
        _confirm(store, stored, now)
        done = Outcome(source=source.name, result="same", facts=stored.facts, digest=stored.digest)
        _write(download, state, coming, done, time)
        return done
    # The store may have been made anew, or something else imported; then what is held is taken again.
    document = coming.document or download.held
    try:
        feed = checking.read(document, source)
        _check_date(feed, source, stored)
    except _OlderError:
        raise
    except OakumError:
        # Damaged on its way, maybe: it is fetched anew.
        if coming.document is not None:
            download.incoming.drop()
        raise
    if stored is not None and stored.digest == feed.digest:
        _confirm(store, stored, now)
        change, result = Change(unchanged=stored.facts), "same"
    else:
        change = store.replace(
            source.name, feed.parsed, time, origin=feed.origin, digest=feed.digest, allow_shrink=accept_shrink
        )
        result = "new"
    facts = len(feed.parsed.facts)
    done = Outcome(
        source=source.name, result="new" if result == "new" else "same", facts=facts, added=change.added,
        changed=change.changed, closed=change.closed, digest=feed.digest,
    )  # fmt: skip
    sha256 = digest_of(document)
    if coming.document is not None:
        download.take(document)
    _write(download, msgspec.structs.replace(state, sha256=sha256), coming, done, time)
    return done


def failed(download: Download, source: Source, error: OakumError, now: datetime, result: Result) -> Outcome:
    """Note that a source could not be had or was refused, and why."""
    away = text_of(now + timedelta(seconds=error.seconds)) if isinstance(error, SentAwayError) else ""
    state = download.state
    download.write(msgspec.structs.replace(state, tried=text_of(now), result=result, why=str(error), not_before=away))
    return Outcome(source=source.name, result=result, why=str(error), digest=state.digest)


def text_of(time: datetime) -> str:
    """RFC 3339 UTC, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_date(feed: Feed, source: Source, stored: StoredSource | None) -> None:
    if source.dated and stored is not None and feed.parsed.as_of and feed.parsed.as_of < stored.as_of:
        raise _OlderError(
            f"is of {feed.parsed.as_of}, and what is in force is of {stored.as_of}",
            remedy="a cache or mirror on the way lags; to go back on purpose, use oakum feeds import",
        )


def _confirm(store: FeedStore, stored: StoredSource, now: datetime) -> None:
    recorded = datetime.fromisoformat(instant(stored.recorded) or stored.recorded)
    if not stored.as_of and now - recorded > _CONFIRM_AFTER:
        store.confirm(stored.name, text_of(now))


def _write(download: Download, state: State, coming: Coming, done: Outcome, time: str) -> None:
    for spent in coming.spent:
        spent.drop()
    if coming.follows:
        lines = "".join(f"{modified},{name}\n" for name, modified in coming.follows.items())
        new = Path(f"{download.followed}.new")
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(lines)
        new.replace(download.followed)
        download.list.drop()
    else:
        download.followed.unlink(missing_ok=True)
        download.index.drop()
    download.write(
        msgspec.structs.replace(
            state, edition=coming.edition, listed=coming.listed, beside=coming.beside, digest=done.digest,
            confirmed=time, tried=time, result=done.result, why="", not_before="",
        )
    )  # fmt: skip
