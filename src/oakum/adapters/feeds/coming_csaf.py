"""What a publisher of CSAF has that is newer than what is held: its archive first, later its changed documents.

The list of changes is asked for on condition, and so is the list of what was withdrawn; a document that is listed with
another time than the one that is held is fetched by its own address, with its digest where the publisher has one. Many
changed documents are settled by a newer archive, if there is one. Documents that came in stay here until all of them
are taken, so that nothing is fetched twice. Sources: CSAF 2.0 section 7.1 (directory-based distribution, requirements
11 to 14 and 18); Red Hat's and SUSE's folders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import msgspec

from oakum.adapters.feeds import csaf_archive, csaf_held, csaf_lists
from oakum.adapters.feeds.csaf_held import Document, Journal
from oakum.adapters.feeds.downloads import Download, State, digest_of
from oakum.adapters.feeds.fetching import VanishedError, Wanted, fetch
from oakum.adapters.feeds.found import Coming, Spent
from oakum.adapters.feeds.incoming import Edition, Incoming
from oakum.adapters.feeds.sources import Source
from oakum.adapters.feeds.unpack import plain
from oakum.adapters.feeds.web import Web
from oakum.adapters.http.waiting import Clockwork
from oakum.advisories.model import Problem
from oakum.errors import InputError, LimitError

#: Changed documents from which on a newer archive is taken instead, and that are fetched one by one at most.
MANY, MOST = 2000, 20_000
_LIST, _SMALL = 64 << 20, 1 << 16
#: Seconds for all attempts to fetch one document.
_SECONDS = 300.0
_CHANGES = "changes.csv"
#: Digests in a row that are not there: who has none for those has none at all.
_NO_SUMS = 3


def look(
    web: Web, source: Source, download: Download, clock: Clockwork, progress: Callable[[int, int], None]
) -> Coming:
    """Ask the publisher, and fetch what is newer. Raises OakumError; what is held is never touched."""
    return _Look(web, source, download, clock, progress).made()


class _Archive(msgspec.Struct, frozen=True):
    """A publisher's archive that came in: its name, its edition, and before which time a change is in it for sure."""

    name: str
    edition: Edition
    since: str


class _List(msgspec.Struct, frozen=True):
    """A list of documents as it is now; without ``rows`` there is none."""

    edition: Edition | None = None
    rows: dict[str, str] | None = None


#: The list is the one that is known.
_SAME = _List()


class _Look:
    def __init__(
        self, web: Web, source: Source, download: Download, clock: Clockwork, progress: Callable[[int, int], None]
    ) -> None:
        self._web, self._source, self._download = web, source, download
        self._clock, self._progress = clock, progress
        self._until = clock.seconds() + source.seconds
        self._state = download.state
        self._journal = Journal(download.folder / "incoming" / "changed.jsonl")
        self._spent: list[Spent] = [self._journal]
        #: Digests in a row that were not there.
        self._sumless = 0

    def made(self) -> Coming:
        head = self._held()
        state = self._state if head is not None else State()
        editions, lists = self._lists(head, state)
        beside = {name: edition for name, edition in editions.items() if edition is not None and name != _CHANGES}
        if not lists:
            return Coming(edition=state.edition, listed=state.listed, beside=beside, spent=tuple(self._spent))
        listed, deleted = lists[_CHANGES], lists.get(self._source.deleted) or {}
        documents = dict(csaf_held.documents(self._download.held)) if head is not None else {}
        todo = _todo(documents, listed or {}, deleted)
        archive = None
        # A mirror may hold the archives alone.
        if head is None or len(todo) > MANY or listed is None:
            archive = self._archive(head, state.edition)
        if archive is not None:
            documents = self._unpacked(archive, documents, listed or {})
            todo = _todo(documents, listed or {}, deleted)
        missing = self._changed(todo, documents)
        gone = [path for path, document in documents.items() if self._withdrawn(path, document, listed, deleted)]
        first = archive.edition if archive is not None else state.edition
        # What is listed and not there is asked for again: then the list does not count as known.
        known = None if missing else editions[_CHANGES]
        if archive is None and not todo and not gone:
            return Coming(edition=first, listed=known, beside=beside, spent=tuple(self._spent))
        for path in gone:
            del documents[path]
        built = self._download.folder / "built" / self._source.name
        built.parent.mkdir(parents=True, exist_ok=True)
        name = archive.name if archive is not None else head.archive if head is not None else ""
        csaf_held.write(built, csaf_held.Head(base=self._source.url, archive=name), sorted(documents.items()))
        return Coming(document=built, edition=first, listed=known, beside=beside, spent=tuple(self._spent))

    def _held(self) -> csaf_held.Head | None:
        """Whose documents are held; None where none are, or not this publisher's, or not as this reader reads them."""
        if not self._download.intact(self._state) or not csaf_held.is_one(self._download.held):
            return None
        try:
            head = csaf_held.head(self._download.held)
        except InputError:
            return None
        return head if head.base == self._source.url else None

    # The lists

    def _lists(
        self, head: csaf_held.Head | None, state: State
    ) -> tuple[dict[str, Edition | None], dict[str, dict[str, str] | None]]:
        """The editions of the lists, and what they say (None: there is no such list); nothing where all of them are as
        they were."""
        names = [_CHANGES, *filter(None, [self._source.deleted])]
        before = {name: state.listed if name == _CHANGES else state.beside.get(name) for name in names}
        asked = {name: self._list(name, before[name]) for name in names}
        if head is not None and all(one is _SAME for one in asked.values()):
            return before, {}
        # They belong together: what one says anew is read with what the other says still.
        whole = {name: self._list(name, None) if one is _SAME else one for name, one in asked.items()}
        return {name: one.edition for name, one in whole.items()}, {name: one.rows for name, one in whole.items()}

    def _list(self, name: str, known: Edition | None) -> _List:
        incoming = Incoming(self._download.folder / "incoming" / name)
        self._spent.append(incoming)
        url = csaf_lists.address(self._source.url, name)
        wanted = Wanted(url=url, largest=_LIST, seconds=self._left(), held=known, coded=True)
        try:
            edition = fetch(self._web, wanted, incoming, self._clock)
        except VanishedError:
            return _List()
        if edition is None:
            return _SAME
        rows = csaf_lists.listed(plain(incoming.path, name, _LIST), name, may_be_empty=name != _CHANGES)
        return _List(edition, rows)

    def _withdrawn(self, path: str, document: Document, listed: dict[str, str] | None, deleted: dict[str, str]) -> bool:
        if self._source.deleted:
            time = deleted.get(path, "")
            return bool(time) and time >= max((listed or {}).get(path, ""), document.time)
        return listed is not None and path not in listed

    # The archive

    def _archive(self, head: csaf_held.Head | None, edition: Edition | None) -> _Archive | None:
        """The publisher's archive, whole and as its digest says; None where there is none that is newer."""
        try:
            return self._newest(head, edition)
        except VanishedError:
            if head is None:
                raise
            return None

    def _newest(self, head: csaf_held.Head | None, edition: Edition | None) -> _Archive | None:
        name, known = self._source.archive, edition if head is not None else None
        if name.endswith(".txt"):
            name = csaf_lists.archive_named(self._small(csaf_lists.address(self._source.url, name)))
            if head is not None and head.archive == name:
                return None
        csaf_archive.check(name)
        url = csaf_lists.address(self._source.url, name)
        wanted = Wanted(
            url=url, largest=self._source.largest, seconds=self._left(),
            held=known if known is not None and known.url == url else None,
        )  # fmt: skip
        incoming = self._download.incoming
        found = fetch(self._web, wanted, incoming, self._clock, self._progress)
        if found is None:
            return None
        self._check_sum(incoming, url)
        since = csaf_lists.day_of(name) or _day_before(found.modified)
        if not since:
            incoming.drop()
            raise InputError("nobody says of when its archive is", remedy="a mirror must keep Last-Modified")
        self._spent.append(incoming)
        return _Archive(name, found, since)

    def _unpacked(self, archive: _Archive, held: dict[str, Document], listed: dict[str, str]) -> dict[str, Document]:
        """The documents of an archive, and those that are held and newer than it."""
        folder = urlsplit(self._source.url).path.rstrip("/").rpartition("/")[2]
        documents = csaf_archive.documents(self._download.incoming.path, folder, self._source.unpacked)
        found: dict[str, Document] = {}
        size = 0
        while (each := self._sound(documents)) is not None:
            path, data = each
            size += len(data)
            self._progress(size, -1)
            document = csaf_held.united(held, path, csaf_held.read_document(path, data))
            time = listed.get(path, "")
            found[path] = document.marked(time if time < archive.since else "")
        if not any(document.facts for document in found.values()):
            self._download.incoming.drop()
            raise InputError("its archive holds no document that says anything", remedy="see to its address")
        return found | {path: one for path, one in held.items() if one.time and one.time >= archive.since}

    def _sound(self, documents: Iterator[tuple[str, bytes]]) -> tuple[str, bytes] | None:
        """The next document; an archive that is damaged or somebody else's is not kept."""
        try:
            return next(documents, None)
        except (InputError, LimitError):
            self._download.incoming.drop()
            raise

    # Single documents

    def _changed(self, todo: dict[str, str], documents: dict[str, Document]) -> int:
        """Bring changed documents into ``documents``; how many are listed and not there."""
        if len(todo) > MOST:
            raise InputError(
                f"{len(todo)} documents changed since its archive, and no newer archive is there",
                remedy="the next sync looks again; its publisher may have stopped to make archives",
            )
        here, missing, size = self._journal.read(), 0, 0
        for path, time in sorted(todo.items(), key=lambda item: (item[1], item[0])):
            document = here.get(path)
            if document is None or document.time != time:
                if self._clock.seconds() > self._until:
                    seconds = self._source.seconds
                    raise LimitError(f"takes longer than {seconds} s", remedy="the next sync goes on with the rest")
                try:
                    data = self._document(path)
                except VanishedError:
                    missing += 1
                    documents[path] = _absent(documents.get(path), path)
                    continue
                size += len(data)
                self._progress(size, -1)
                document = csaf_held.read_document(path, data).marked(time)
                self._journal.add(path, document)
            documents[path] = csaf_held.united(documents, path, document)
        return missing

    def _document(self, path: str) -> bytes:
        incoming = Incoming(self._download.folder / "incoming" / "document")
        incoming.drop()
        url = csaf_lists.address(self._source.url, path)
        wanted = Wanted(url=url, largest=csaf_archive.LARGEST, seconds=min(_SECONDS, self._left()))
        fetch(self._web, wanted, incoming, self._clock)
        self._check_sum(incoming, url)
        data = incoming.path.read_bytes()
        incoming.drop()
        return data

    def _check_sum(self, incoming: Incoming, url: str) -> None:
        """Raises InputError where the publisher names another digest of what came in."""
        if self._sumless >= _NO_SUMS:
            return
        try:
            wanted = csaf_lists.digest_in(self._small(f"{url}.sha256"))
        except VanishedError:
            self._sumless += 1
            return
        self._sumless = 0
        if digest_of(incoming.path) != wanted:
            incoming.drop()
            name = url.rpartition("/")[2]
            raise InputError(f"{name}: its SHA-256 is not what its publisher says", remedy="try again later")

    def _small(self, url: str) -> bytes:
        incoming = Incoming(self._download.folder / "incoming" / "small")
        incoming.drop()
        fetch(self._web, Wanted(url=url, largest=_SMALL, seconds=min(_SECONDS, self._left())), incoming, self._clock)
        data = incoming.path.read_bytes()
        incoming.drop()
        return data

    def _left(self) -> float:
        return max(self._until - self._clock.seconds(), 1.0)


def _todo(documents: dict[str, Document], listed: dict[str, str], deleted: dict[str, str]) -> dict[str, str]:
    """The documents to fetch, with the times that are listed of them."""
    return {
        path: time
        for path, time in listed.items()
        if (path not in documents or documents[path].time != time) and deleted.get(path, "") < time
    }


def _absent(before: Document | None, path: str) -> Document:
    """What was known of a document that is listed and not there, with a word about that."""
    problem = Problem(path, csaf_held.record_of(path), "is listed as changed and is not there")
    known = before or Document()
    return msgspec.structs.replace(known, time="", problems=(*_told(known, problem), problem))


def _told(known: Document, problem: Problem) -> Iterator[Problem]:
    return (one for one in known.problems if one != problem)


def _day_before(modified: str) -> str:
    """A day before an archive's Last-Modified (RFC 3339 UTC): so long it may have taken to make it."""
    try:
        return (parsedate_to_datetime(modified) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
