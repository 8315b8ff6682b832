"""The layers of an image: verified, looked through, and put over each other.

Almost all of the time goes into unpacking and digesting, which threads do at the same time. A packed layer is looked
through while the one below it still is; all are put over each other in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from oakum.errors import InputError, NotAssessableError, OakumError
from oakum.fleet.assets import Gap
from oakum.fleet.images import manifests, tar
from oakum.fleet.images.ahead import Ahead
from oakum.fleet.images.manifests import ChangedError, Descriptor
from oakum.fleet.images.overlay import Overlay
from oakum.fleet.images.sources import (
    UNPACKED_LIMIT,
    Part,
    Source,
    Unpack,
    Unpacked,
    UnreachedError,
    too_large,
    unpacked,
)
from oakum.fleet.images.tree import ImageTree

#: How many layers are digested at once, how many looked through, and how many open: a small one may be done early.
_DIGESTED, _LOOKED_THROUGH, _OPEN = 2, 2, 4
#: How many programs of one layer are asked whether they are silent; the largest images have some thousands.
_MOST_ASKED = 50_000
#: From how many places all layers together can be unpacked again; each takes 50 kB of memory.
_MOST_PLACES = 1024
#: What an entry takes in memory beside its names, about.
_COST = 400
_ELF = b"\x7fELF"
MISSING = "copy the whole image again, with all its blobs"


class Layer(NamedTuple):
    """A layer as the documents state it: how it is opened, what it is, its digests packed and unpacked."""

    open: Callable[[], Source | None]
    place: str
    diff_id: str
    packed: Descriptor | None = None


class Means(NamedTuple):
    """What layers are read with: what unpacks them, and what tells that a program says nothing of what it is made of.

    ``silent`` is asked while a program passes, so that most need not be unpacked again to be looked at.
    """

    unpackers: Mapping[str, Unpack]
    silent: Callable[[Part], bool] = lambda program: False


class _Seen(NamedTuple):
    """An entry, whether it is a program, and one that says nothing."""

    entry: tar.Entry
    program: bool
    silent: bool


class _Opened(NamedTuple):
    """A layer that is looked through: what it is called, its archive, unpacked, and what is seen in it."""

    place: str
    archive: Source
    seen: Iterable[_Seen]


def stacked(layers: Sequence[Layer], means: Means, place: str) -> Stack:
    """All layers, put over each other; to be closed.

    Raises ChangedError where a digest is not the one that was stated, UnreachedError where nothing can be had now.
    """
    stack = Stack(means, place)
    try:
        for layer in layers:
            stack.put(layer)
        stack.end()
    except BaseException:  # also where somebody interrupts this: no thread is left behind
        stack.close()
        raise
    return stack


class Stack:
    """Layers as they are put over each other."""

    def __init__(self, means: Means, place: str) -> None:
        self._means = means
        self._place = place
        self._overlay = Overlay()
        self._archives: list[Source] = []
        self._gaps: list[Gap] = []
        self._left = UNPACKED_LIMIT
        self._opened: deque[_Opened] = deque()
        self._digests = ThreadPoolExecutor(_DIGESTED, "verify")
        self._checks: list[tuple[str, Future[None]]] = []
        self._looks = ThreadPoolExecutor(_LOOKED_THROUGH, "look")
        #: Whether nobody waits for digests any more.
        self.closed = False

    def put(self, layer: Layer) -> None:
        """Open the next layer; those before are applied, but for a few that are looked through meanwhile."""
        while self._opened and not (len(self._opened) < _OPEN and isinstance(self._opened[-1].seen, Ahead)):
            self._apply()
        try:
            opened = self._open(layer)
            self._opened.append(opened)
            if isinstance(opened.seen, Ahead):
                opened.seen.begin()
        except (ChangedError, UnreachedError):
            raise
        except OakumError as error:
            self.end()  # what is wrong with those below is told before
            self._unread(layer.place, error)

    def end(self) -> None:
        """Apply what is left."""
        while self._opened:
            self._apply()

    def tree(self) -> ImageTree | None:
        """What all layers make together; None where one cannot be read."""
        return None if self._gaps else ImageTree(self._overlay, self._archives)

    def verify(self) -> tuple[Gap, ...]:
        """Wait for all digests, before which nothing counts: the layers that cannot be read.

        Raises ChangedError where one is not what was stated, UnreachedError where nothing can be had now.
        """
        checks, self._checks = self._checks, []
        for place, check in checks:
            try:
                check.result()
            except (ChangedError, UnreachedError):
                raise
            except OakumError as error:
                self._unread(place, error)
        return tuple(self._gaps)

    def close(self) -> None:
        """Let go of whatever still runs."""
        self.closed = True
        while self._opened:
            _give_up(self._opened[0])
            self._opened.popleft()
        self._looks.shutdown()
        self._digests.shutdown(cancel_futures=True)

    def _open(self, layer: Layer) -> _Opened:
        """Whatever can be verified before it is unpacked is being so."""
        packed = layer.packed
        if packed is not None and not manifests.LAYERS.fullmatch(packed.media_type):
            what = f"it is of the kind {packed.media_type[:150]!a}, which is not read here"
            raise NotAssessableError(what, remedy="copy the image with plain, gzip or zstd layers, decrypted")
        source = layer.open()
        if source is None:
            raise NotAssessableError("it is missing", remedy=MISSING)
        if packed is not None:
            self._check(layer, source, packed.digest, packed.size)
        if self._left < 0:
            raise too_large(UNPACKED_LIMIT)
        archive = unpacked(source, self._means.unpackers, self._left)
        if archive is None:
            if packed is None or packed.digest != layer.diff_id:
                self._check(layer, source, layer.diff_id, None)
            return _Opened(layer.place, source, self._seen(source))
        seen = self._to_the_end(archive, layer)
        return _Opened(layer.place, archive, Ahead(seen, self._looks, _size) if source.shared else seen)

    def _check(self, layer: Layer, source: Source, digest: str, size: int | None) -> None:
        """As ``manifests.verify``; at once where only one may read the source."""
        place = f"{self._place}: {layer.place}"
        if source.shared:
            given = _Given(source, self)
            check = self._digests.submit(manifests.verify, given, digest, size, place)
            self._checks.append((layer.place, check))
        else:
            manifests.verify(source, digest, size, place)

    def _seen(self, archive: Source) -> Iterator[_Seen]:
        asked = 0
        for entry in tar.entries(archive):
            program = _is_program(entry, archive)
            asked += program
            silent = program and asked <= _MOST_ASKED and self._silent(entry, archive)
            yield _Seen(entry, program, silent)

    def _silent(self, entry: tar.Entry, archive: Source) -> bool:
        try:
            return self._means.silent(_Passing(archive, entry.offset, entry.size))
        except _PassedError:
            return False

    def _to_the_end(self, archive: Unpacked, layer: Layer) -> Iterator[_Seen]:
        """What is seen in a packed layer; then what stands behind the last entry is passed, and the digest compared."""
        yield from self._seen(archive)
        digest = archive.finish()
        place = f"{self._place}: {layer.place}"
        if layer.diff_id.startswith("sha256:"):
            manifests.same(layer.diff_id, digest, place)
        else:
            manifests.verify(archive, layer.diff_id, None, place)

    def _apply(self) -> None:
        """Put the lowest layer that is open over those before."""
        # It counts as open until it is applied or given up, so that whoever interrupts this leaves no thread behind.
        opened = self._opened[0]
        try:
            self._overlay.begin()
            self._put_over(opened)
        except (ChangedError, UnreachedError):
            raise
        except OakumError as error:
            self._unread(opened.place, error)
            _give_up(opened)
        self._opened.popleft()

    def _put_over(self, opened: _Opened) -> None:
        for entry, program, silent in opened.seen:
            # Over a layer that could not be read the next one cannot stand either; it is only looked through.
            if not self._gaps:
                self._overlay.apply(entry, program=program, silent=silent)
        if isinstance(opened.archive, Unpacked):
            self._left -= opened.archive.reached
            if self._left < 0:
                raise too_large(UNPACKED_LIMIT)
        self._archives.append(opened.archive)
        packed = [each for each in self._archives if isinstance(each, Unpacked)]
        while sum(each.places for each in packed) > _MOST_PLACES:
            for each in packed:
                each.thin()

    def _unread(self, layer: str, error: OakumError) -> None:
        self._gaps.append(Gap("unread-image", layer, error.what, error.remedy or MISSING))


class _Given:
    """A source whose digest is taken as long as somebody waits for it."""

    shared = True

    def __init__(self, source: Source, stack: Stack) -> None:
        self._source = source
        self._stack = stack

    def read_at(self, offset: int, size: int) -> bytes:
        """See ``Source``."""
        if self._stack.closed:
            raise InputError("it is not read any further")
        return self._source.read_at(offset, size)


class _PassedError(Exception):
    """Bytes are wanted that would have to be unpacked again."""


class _Passing(Part):
    """A file that passes: to go back in it would take longer than to look at it later, with others before it."""

    def read_at(self, offset: int, size: int) -> bytes:
        """See ``Source``; _PassedError where these bytes are gone."""
        if isinstance(self._whole, Unpacked) and self._offset + offset < self._whole.behind:
            raise _PassedError
        return super().read_at(offset, size)


def _give_up(opened: _Opened) -> None:
    """Nobody reads from the layer behind this."""
    if isinstance(opened.archive, Unpacked):
        opened.archive.give_up()
    if isinstance(opened.seen, Ahead):
        opened.seen.stop()


def _size(seen: _Seen) -> int:
    return _COST + len(seen.entry.path) + len(seen.entry.target)


def _is_program(entry: tar.Entry, archive: Source) -> bool:
    return entry.kind == "file" and entry.size > len(_ELF) and archive.read_at(entry.offset, len(_ELF)) == _ELF
