"""Ledgers as the command line names them: a folder of tiles, an archive of one, or the file in which one grows."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from oakum.adapters.files.tree import DirectoryTree
from oakum.errors import InputError, OakumError, Place, UsageError
from oakum.ledger.archive import ArchiveSource, looks_like_an_archive, packed
from oakum.ledger.checkpoints import read_checkpoint
from oakum.ledger.notes import LARGEST, read_note
from oakum.ledger.sources import CHECKPOINT, FolderSource, Source
from oakum.ledger.tiles import LARGEST_BUNDLE, entries_in, tiles_of
from oakum.ledger.verification import MOST_ENTRIES
from oakum.local.ledger.store import Store, StoreSource, is_store

_ARCHIVE = ".tar"


class _FileBytes:
    """The bytes of a file, of which only what is asked for is in memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, key: slice, /) -> bytes:
        begin, end, _ = key.indices(self._size)
        self._file.seek(begin)
        return self._file.read(max(0, end - begin))


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The ledger at a path, for as long as it is read. Raises InputError, UsageError where there is none."""
    try:
        if path.is_dir():
            yield FolderSource(DirectoryTree(path))
            return
        if path.exists() and not path.is_file():
            # A pipe would be waited for, and an archive is read from more than one place.
            raise _no_ledger(path, "it is neither a file nor a folder")
        if is_store(path):
            with Store(path) as store:
                # Without a checkpoint there is nothing to verify it by, and that is another answer than "no".
                store.newest()
                yield StoreSource(store)
            return
        with path.open("rb") as file:
            data = _FileBytes(file)
            if not len(data):
                raise _no_ledger(path, "it is empty")
            if not looks_like_an_archive(data):
                raise _no_ledger(path, "it is neither an archive nor a database of one")
            yield ArchiveSource(data)
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError) and path.exists():
            raise _no_ledger(path, f"it has no file {CHECKPOINT}") from None
        raise _unreadable(path, error) from None


def entries(path: Path, begin: int, end: int | None) -> Iterator[tuple[int, bytes]]:
    """Entries of the ledger at a path with their numbers, unverified. Raises OakumError."""
    if path.is_file() and is_store(path):
        with Store(path) as store:
            yield from enumerate(store.entries(begin, end), begin)
        return
    with opened(path) as source:
        try:
            checkpoint = read_checkpoint(read_note(source.read(CHECKPOINT, LARGEST)))
            tiles = list(tiles_of(min(checkpoint.size, MOST_ENTRIES)))
            source.expect([CHECKPOINT, *(tile.path for tile in tiles)])
            for tile in tiles:
                if tile.level >= 0 or tile.begin + tile.width <= begin or (end is not None and tile.begin >= end):
                    continue
                found, problem = entries_in(source.read(tile.path, LARGEST_BUNDLE), tile.width)
                for number, data in enumerate(found, tile.begin):
                    if begin <= number and (end is None or number < end):
                        yield number, data
                if problem:
                    what = f"{tile.path}: {problem}"
                    raise InputError(what, remedy="verify it: oakum ledger verify")
        except OakumError as error:
            raise error.within(str(path)) from None


def read_kept(paths: Iterable[Path]) -> dict[str, bytes]:
    """Checkpoints that somebody has kept, by the names of their files. Raises InputError."""
    found: dict[str, bytes] = {}
    for path in paths:
        try:
            with path.open("rb") as file:
                # One byte more than may be: the reader of checkpoints says what is wrong with it.
                found[str(path)] = file.read(LARGEST + 1)
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from None
    return found


def export(files: Iterable[tuple[str, bytes]], path: Path) -> None:
    """Writes an export: an archive where the name ends with .tar, else a folder. Raises InputError, UsageError.

    In a folder the checkpoint is written last, so that it never tells of files that are not there yet; an older export
    of the same ledger may stand there.
    """
    try:
        if path.name.endswith(_ARCHIVE):
            if path.is_dir():
                raise UsageError(
                    "this is a folder", place=Place(str(path)), remedy="name a file, or a folder without .tar"
                )
            _replace(path, packed(files))
            return
        path.mkdir(parents=True, exist_ok=True)
        head = b""
        for name, data in files:
            if name == CHECKPOINT:
                head = data
                continue
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, [data])
        _replace(path / CHECKPOINT, [head])
    except OSError as error:
        what = f"cannot be written: {error.strerror or error}"
        raise InputError(what, place=Place(str(path)), remedy="name a file or folder that may be written") from None


def write(path: Path, data: bytes) -> None:
    """Writes all of a file or nothing. Raises InputError."""
    try:
        _replace(path, [data])
    except OSError as error:
        what = f"cannot be written: {error.strerror or error}"
        raise InputError(what, place=Place(str(path)), remedy="name a file that may be written") from None


def _replace(path: Path, parts: Iterable[bytes]) -> None:
    """All of a file or nothing, synced before it takes its name."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:  # whatever ends the write, nothing half-written stays
        Path(name).unlink(missing_ok=True)
        raise


def _no_ledger(path: Path, why: str) -> InputError:
    remedy = "give a folder or .tar that oakum ledger export wrote, or a ledger's own file"
    return InputError(f"no ledger: {why}", place=Place(str(path)), remedy=remedy)


def _unreadable(path: Path, error: OSError | ValueError) -> OakumError:
    what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return InputError(f"cannot be read: {what}", place=Place(str(path)), remedy="name a readable file or folder")
