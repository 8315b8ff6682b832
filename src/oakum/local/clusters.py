"""A cluster as a person names it: ``cluster`` or ``cluster:CONTEXT`` for a live one, a file or folder for a dump."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.errors import InputError, LimitError, OakumError, Place, UsageError
from oakum.fleet.cluster.snapshot import Snapshot

if TYPE_CHECKING:
    from oakum.adapters.kubernetes.kubeconfig import Access

_PREFIX = "cluster:"


def is_live(target: str) -> bool:
    """Whether a target names a live cluster."""
    return target == "cluster" or target.startswith(_PREFIX)


def context_of(target: str) -> str | None:
    """The context that a live cluster is named by; None for the current one. Raises UsageError for an empty one."""
    context = target.removeprefix(_PREFIX) if target.startswith(_PREFIX) else None
    if context == "":
        raise UsageError("a context's name is empty", remedy="write cluster for the current one, or cluster:CONTEXT")
    return context


def access_of(target: str, environment: Mapping[str, str], home: Path) -> Access:
    """How a live cluster is reached. Raises OakumError."""
    from oakum.adapters.kubernetes.kubeconfig import choose

    return choose(context_of(target), environment, home)


def read(target: str, *, save_dump: Path | None = None, progress: Callable[[str], None] = lambda _: None) -> Snapshot:
    """The snapshot of ``cluster`` (the current context, or the pod's own cluster) or ``cluster:CONTEXT``.

    With ``save_dump`` its dump is written there as well, readable by its owner only. Raises OakumError.
    """
    from oakum.adapters.kubernetes.client import Client
    from oakum.adapters.kubernetes.reading import dump_cluster, read_cluster

    context_of(target)
    if save_dump is not None and not save_dump.absolute().parent.is_dir():
        raise UsageError(f"{save_dump}: no such folder", remedy="make the folder first")
    with Client(access_of(target, os.environ, Path.home()), progress=progress) as client:
        now = datetime.now(UTC)
        if save_dump is None:
            return read_cluster(client, now=now)
        snapshot, dump = dump_cluster(client, now=now)
    _write(save_dump, dump)
    progress(f"wrote {save_dump} ({len(dump):,} bytes)")
    return snapshot


def read_given(name: str) -> Snapshot:
    """The snapshot of what ``--from`` names: ``-`` is a dump on standard input, else as ``read_saved``."""
    from oakum.fleet.cluster.dump import read_dump
    from oakum.fleet.cluster.dump_text import LARGEST

    if name != "-":
        return read_saved(Path(name))
    return read_dump(sys.stdin.buffer.read(LARGEST + 1), name="standard input")


def read_saved(path: Path) -> Snapshot:
    """The snapshot of a dump, or of a folder of dumps and manifests. Raises OakumError naming it."""
    from oakum.adapters.files.tree import DirectoryTree
    from oakum.fleet.cluster.dump import read_dump, read_folder
    from oakum.fleet.cluster.dump_text import LARGEST

    try:
        if path.is_dir():
            return read_folder(DirectoryTree(path), name=str(path))
        if path.stat().st_size > LARGEST:
            raise LimitError(f"larger than {LARGEST:,} bytes", remedy="divide it into a folder of files")
        return read_dump(path.read_bytes(), name=str(path))
    except OakumError as error:
        raise error.within(str(path)) from None
    except OSError as error:
        raise InputError(
            error.strerror or str(error), place=Place(str(path)), remedy="check the path and its permissions"
        ) from None


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, and for nobody else to read: command lines of pods may hold secrets."""
    try:
        # mkstemp makes a file that only its owner may read.
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:  # whatever ends the write, nothing half-written stays
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", place=Place(str(path)), remedy="name a file that can be"
        ) from None
