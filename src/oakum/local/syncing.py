"""A sync of many sources: several come in at once, one after another they become the feeds that are in force."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event

import msgspec

from oakum.adapters.feeds.coming import look
from oakum.adapters.feeds.downloads import Download, alone
from oakum.adapters.feeds.found import Coming
from oakum.adapters.feeds.indexing import current_index
from oakum.adapters.feeds.settling import Outcome, failed, settle, text_of
from oakum.adapters.feeds.sources import TABLE, Change, Source, changed, chosen, mirrored
from oakum.adapters.feeds.store import FeedStore
from oakum.adapters.feeds.web import Web
from oakum.adapters.http.waiting import Clockwork
from oakum.errors import InputError, OakumError, Place, UsageError

SETTINGS = "sources.toml"
#: Sources that come in at once.
_WORKERS = 4


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``sources.toml``: what the options say otherwise; ``sources`` is what is fetched where none is named."""

    mirror: str = ""
    proxy: str = ""
    ca: str = ""
    allow_http: bool = False
    sources: list[str] = []
    source: dict[str, Change] = {}

    def table(self) -> tuple[Source, ...]:
        """Every source that there is. Raises UsageError."""
        table = changed(TABLE, self.source)
        return mirrored(table, self.mirror) if self.mirror else table

    def chosen(self, words: Sequence[str]) -> tuple[Source, ...]:
        """Those that are meant. Raises UsageError."""
        return chosen(self.table(), words or self.sources)


class Telling:
    """Who is told how it goes; here nobody is."""

    def comes(self, source: str, size: int, whole: int) -> None:
        """So many bytes of a source are here, of so many (-1: not said). Called by many threads."""

    def done(self, outcome: Outcome) -> None:
        """A source is through."""

    def says(self, text: str) -> None:
        """What is being done now."""


def read_settings(path: Path | None, folder: Path) -> Settings:
    """The settings in a file, or in ``sources.toml`` beside the store where there is one. Raises UsageError."""
    found = path or folder / SETTINGS
    if path is None and not found.exists():
        return Settings()
    try:
        return msgspec.convert(tomllib.loads(found.read_text()), Settings)
    except OSError as error:
        raise UsageError(
            f"cannot be read: {error.strerror}", place=Place(str(found)), remedy="check the path"
        ) from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise UsageError(
            str(error), place=Place(str(found)), remedy="see the page about keeping feeds fresh for its form"
        ) from None


def sync(
    folder: Path,
    sources: Sequence[Source],
    web: Web,
    *,
    accept_shrink: Collection[str] = (),
    clock: Clockwork | None = None,
    telling: Telling | None = None,
) -> list[Outcome]:
    """Bring sources up to date; an outcome for each, in their order.

    Raises OakumError only where nothing could be begun: an address may not be asked, another sync is at work, or the
    store cannot be used.
    """
    for source in sources:
        web.allowed(source.url)
    telling = telling or Telling()
    stop = Event()
    clock = clock or Clockwork(sleep=stop.wait)
    outcomes: dict[str, Outcome] = {}
    with alone(folder), FeedStore.open(folder) as store, ThreadPoolExecutor(_WORKERS) as workers:
        try:
            running = {}
            for source in sources:
                if early := _too_early(folder, source, clock):
                    outcomes[source.name] = early
                    telling.done(early)
                    continue
                running[workers.submit(_look, web, source, folder, clock, _progress(source, telling, stop))] = source
            for each in as_completed(running):
                source, download = running[each], Download(folder, running[each].name)
                try:
                    coming = each.result()
                except OakumError as error:
                    outcome = failed(download, source, error, clock.now(), "failed")
                else:
                    outcome = _settled(store, source, download, coming, clock, source.name in accept_shrink, telling)
                outcomes[source.name] = outcome
                telling.done(outcome)
        except BaseException:  # whatever ends it (Ctrl-C, a full disk), no thread goes on; it is raised again
            stop.set()
            workers.shutdown(cancel_futures=True)
            raise
        if any(outcome.result in ("new", "same") for outcome in outcomes.values()):
            telling.says("building the index, where anything changed")
            current_index(store)
    return [outcomes[source.name] for source in sources]


def _look(web: Web, source: Source, folder: Path, clock: Clockwork, progress: Callable[[int, int], None]) -> Coming:
    try:
        return look(web, source, Download(folder, source.name), clock, progress)
    except OSError as error:
        raise _kept(error) from None


def _kept(error: OSError) -> OakumError:
    why = error.strerror or type(error).__name__
    return InputError(f"cannot be kept: {why}", remedy="see to the space on the disk, and who may write")


def _settled(
    store: FeedStore,
    source: Source,
    download: Download,
    coming: Coming,
    clock: Clockwork,
    accept_shrink: bool,
    telling: Telling,
) -> Outcome:
    if coming.document is not None:
        telling.says(f"reading {source.name}")
    try:
        return settle(store, source, download, coming, clock.now(), accept_shrink=accept_shrink)
    except OakumError as error:
        return failed(download, source, _remedied(error, source), clock.now(), "refused")
    except OSError as error:
        return failed(download, source, _kept(error), clock.now(), "failed")


def _remedied(error: OakumError, source: Source) -> OakumError:
    """What names options of ``feeds import`` names those of a sync."""
    if "--allow-shrink" in error.remedy:
        error.remedy = f"see whether its publisher withdrew so much; then --accept-shrink {source.name}"
    return error


def _too_early(folder: Path, source: Source, clock: Clockwork) -> Outcome | None:
    state = Download(folder, source.name).state
    if not state.not_before or text_of(clock.now()) >= state.not_before:
        return None
    why = f"its publisher asked not to be asked before {state.not_before}"
    return Outcome(source=source.name, result="failed", why=why, digest=state.digest)


def _progress(source: Source, telling: Telling, stop: Event) -> Callable[[int, int], None]:
    def told(size: int, whole: int) -> None:
        if stop.is_set():
            raise InputError("interrupted", remedy="the next sync goes on where it broke off")
        telling.comes(source.name, size, whole)

    return told
