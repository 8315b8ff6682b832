"""The surroundings of a drain from a saved dump, a folder of dumps, or a dump that a request holds.

A dump is read for the kinds that all of Oakum reads, and once more for those that only drains ask for: Cluster API's
machines and rules, claims, volumes and attachments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from oakum.changes.drain import Surroundings
from oakum.changes.drain import machines as machine_objects
from oakum.changes.drain import storage as storage_objects
from oakum.changes.drain.items import items_of
from oakum.errors import OakumError
from oakum.fleet.cluster.dump import read_dump, read_value
from oakum.fleet.cluster.dump_text import LARGEST, Parsed, documents
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.local.clusters import read_saved

_KINDS = machine_objects.KINDS | storage_objects.KINDS.keys()
_MARKS = tuple(kind.encode() for kind in ("cluster.x-k8s.io", "PersistentVolume", "VolumeAttachment"))
_SUFFIXES = (".json", ".yaml", ".yml", ".json.gz", ".yaml.gz", ".yml.gz")


def of_saved(path: Path) -> Surroundings:
    """The surroundings in a file or a folder. Raises OakumError naming it."""
    snapshot = read_saved(path)
    files = sorted(each for each in path.rglob("*") if each.name.endswith(_SUFFIXES)) if path.is_dir() else [path]
    return _with(snapshot, _documents(files))


def of_bytes(data: bytes, name: str) -> Surroundings:
    """The surroundings in a dump as a text. Raises OakumError."""
    return _with(read_dump(data, name=name), documents(data, name=name) if _worth(data) else ())


def of_value(dump: object, name: str) -> Surroundings:
    """The surroundings in a dump that has been parsed. Raises OakumError."""
    return _with(read_value(dump, name=name), [Parsed(dump)])


def _with(snapshot: Snapshot, found: Iterable[msgspec.Raw | Parsed]) -> Surroundings:
    items = list(items_of(found, _KINDS))
    return Surroundings(snapshot, machine_objects.read_machines(items), storage_objects.read_storage(items))


def _documents(files: Iterable[Path]) -> Iterator[msgspec.Raw | Parsed]:
    for file in files:
        try:
            data = file.read_bytes()
            if _worth(data):
                yield from documents(data, name=str(file), limit=LARGEST)
        except (OSError, OakumError):
            continue  # the reader of the dump has told it as a gap


def _worth(data: bytes) -> bool:
    """Whether a text may hold any of the kinds; a packed one may."""
    return data[:2] == b"\x1f\x8b" or any(mark in data for mark in _MARKS)
