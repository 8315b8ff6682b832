"""What a source's publisher has that is newer than what is held: the document, or that there is nothing newer.

A file is asked for on condition. An OSV ecosystem is asked for its list of changes first; then for the changed records,
or for the whole archive. Of an rpm repository the index is asked for on condition, then the notices that it names. A
folder of CSAF documents has a module of its own (``coming_csaf``).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from oakum.adapters.feeds import coming_csaf, osv_delta, rpm_md
from oakum.adapters.feeds.downloads import Download, State
from oakum.adapters.feeds.fetching import VanishedError, Wanted, fetch
from oakum.adapters.feeds.found import Coming
from oakum.adapters.feeds.incoming import Incoming
from oakum.adapters.feeds.sources import Source
from oakum.adapters.feeds.unpack import UNREADABLE, plain
from oakum.adapters.feeds.web import Web
from oakum.adapters.http.waiting import Clockwork
from oakum.errors import InputError

_LIST, _RECORD, _MIRRORS = 64 << 20, 16 << 20, 1 << 16
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


class _Record(msgspec.Struct):
    id: str
    modified: str = ""


def look(
    web: Web, source: Source, download: Download, clock: Clockwork, progress: Callable[[int, int], None]
) -> Coming:
    """Ask the publisher, and fetch what is newer. Raises OakumError; what is held is never touched."""
    state = download.state
    if source.layout == "rpm-md":
        return _rpm_md(web, source, download, clock, progress, state if download.intact(state) else None)
    held = state if download.intact(state) and state.edition is not None and state.edition.url == source.url else None
    if source.layout == "csaf":
        return coming_csaf.look(web, source, download, clock, progress)
    if source.layout == "osv":
        return _osv(web, source, download, clock, progress, held)
    return _file(web, source, download, clock, progress, held)


def _file(
    web: Web,
    source: Source,
    download: Download,
    clock: Clockwork,
    progress: Callable[[int, int], None],
    held: State | None,
) -> Coming:
    known = held.edition if held is not None else None
    wanted = Wanted(url=source.url, largest=source.largest, seconds=source.seconds, held=known, coded=not source.packed)
    edition = fetch(web, wanted, download.incoming, clock, progress)
    if edition is None:
        return Coming(edition=known)
    return Coming(document=download.incoming.path, edition=edition)


def _rpm_md(
    web: Web,
    source: Source,
    download: Download,
    clock: Clockwork,
    progress: Callable[[int, int], None],
    held: State | None,
) -> Coming:
    index = source.url
    if index.endswith(f"/{rpm_md.MIRRORS}"):
        mirrors = _small(web, Wanted(url=index, largest=_MIRRORS, seconds=source.seconds), download, clock)
        index = rpm_md.through(source, rpm_md.first(mirrors))
    known = held.listed if held is not None and held.listed is not None and held.listed.url == index else None
    wanted = Wanted(url=index, largest=_RECORD, seconds=source.seconds, coded=True, held=known)
    listed = fetch(web, wanted, download.index, clock)
    if listed is None and held is not None:
        return Coming(edition=held.edition, listed=held.listed)
    named = rpm_md.updateinfo(plain(download.index.path, "repomd.xml", _LIST), index)
    if held is not None and named.is_of(download.held):
        return Coming(edition=held.edition, listed=listed)
    document = Wanted(url=named.url, largest=source.largest, seconds=source.seconds)
    edition = fetch(web, document, download.incoming, clock, progress)
    if not named.is_of(download.incoming.path):
        # Of another edition than its index, or damaged: neither is taken, and both are asked for anew.
        download.incoming.drop()
        download.index.drop()
        raise InputError(f"its {named.kind} is not what repomd.xml says", remedy="try again later")
    return Coming(document=download.incoming.path, edition=edition, listed=listed)


def _osv(
    web: Web,
    source: Source,
    download: Download,
    clock: Clockwork,
    progress: Callable[[int, int], None],
    held: State | None,
) -> Coming:
    before = _followed(download) if held is not None else {}
    wanted = Wanted(
        url=osv_delta.address(source, "modified_id.csv"), largest=_LIST, seconds=source.seconds, coded=True,
        held=held.listed if held is not None and before else None,
    )  # fmt: skip
    try:
        listed = fetch(web, wanted, download.list, clock)
    except VanishedError:
        # A mirror may hold the archives alone.
        return _file(web, source, download, clock, progress, held)
    if held is not None and listed is None:
        return Coming(edition=held.edition, listed=held.listed, follows=before)
    now = osv_delta.listed(plain(download.list.path, "modified_id.csv", _LIST))
    names = osv_delta.changed(before, now)
    if held is not None and names is not None:
        if not names:
            return Coming(edition=held.edition, listed=listed, follows=now)
        try:
            records = {name: _record(web, source, download, name, clock) for name in names}
        except VanishedError:
            names = None
        else:
            built = download.folder / "built" / source.name
            built.parent.mkdir(parents=True, exist_ok=True)
            osv_delta.followed(download.held, records, built)
            return Coming(document=built, edition=held.edition, listed=listed, follows=now)
    whole = _file(web, source, download, clock, progress, held)
    if whole.document is None:
        # The archive lags behind its list: the list is asked for again next time.
        return Coming(edition=whole.edition, listed=held.listed if held is not None else None, follows=before)
    return msgspec.structs.replace(whole, listed=listed, follows=_contained(whole.document, now))


def _followed(download: Download) -> dict[str, str]:
    try:
        return osv_delta.listed(download.followed.read_bytes())
    except (OSError, InputError):
        return {}


def _record(web: Web, source: Source, download: Download, name: str, clock: Clockwork) -> bytes:
    wanted = Wanted(url=osv_delta.address(source, f"{name}.json"), largest=_RECORD, seconds=source.seconds)
    data = _small(web, wanted, download, clock)
    try:
        found = msgspec.json.decode(data, type=_Record)
    except msgspec.MsgspecError as error:
        raise InputError(f"the record {name} is no record: {error}", remedy="the next sync tries again") from None
    if found.id != name:
        raise InputError(f"in the place of the record {name} lies {found.id[:60]}", remedy="the next sync tries again")
    return data


def _small(web: Web, wanted: Wanted, download: Download, clock: Clockwork) -> bytes:
    """A document that is asked for without conditions, and not kept."""
    incoming = Incoming(download.folder / "incoming" / "record")
    incoming.drop()
    fetch(web, wanted, incoming, clock)
    data = incoming.path.read_bytes()
    incoming.drop()
    return data


def _contained(archive: Path, listed: dict[str, str]) -> dict[str, str]:
    """Those lines of a list that an archive holds in no older state than it names."""
    held: dict[str, str] = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            for entry in opened.infolist():
                if entry.filename.endswith(".json") and entry.file_size <= _RECORD:
                    with opened.open(entry) as stream:
                        one = msgspec.json.decode(stream.read(_RECORD), type=_Record)
                    held[one.id] = one.modified
    except UNREADABLE:
        # Whoever reads the archive as a feed says what is wrong with it.
        return {}
    return {name: time for name, time in listed.items() if name in held and _second(held[name]) >= _second(time)}


def _second(time: str) -> str:
    found = _TIME.match(time)
    return found[0] if found else ""
