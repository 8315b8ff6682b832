"""The state that plans start from, from files: dumps of clusters, inventories, states that were written before.

What a file is it says itself: ``format: oakum-...`` at the top level, or it is a dump. A folder is the dump of one
cluster in several files, and every inventory and state in it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TypedDict

import msgspec

from oakum.changes.drain.items import items_of
from oakum.changes.state import State
from oakum.changes.state.document import FORMAT as STATE
from oakum.changes.state.document import read_state
from oakum.changes.state.inventory import FORMAT as INVENTORY
from oakum.changes.state.inventory import Inventory
from oakum.changes.state.inventory_reading import read_inventory
from oakum.changes.state.joining import join
from oakum.changes.state.of_cluster import Dump
from oakum.changes.state.webhooks import KINDS as WEBHOOKS
from oakum.changes.state.webhooks import Configuration, read_webhooks
from oakum.errors import InputError, LimitError, OakumError, Place
from oakum.fleet.cluster.components import Components, parse_components
from oakum.fleet.cluster.dump_text import LARGEST, Parsed, documents
from oakum.local import drain

_SUFFIXES = (".json", ".yaml", ".yml", ".json.gz", ".yaml.gz", ".yml.gz")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
#: ``format: oakum-...`` in YAML, at the top level.
_FORMAT = re.compile(rb"^(?:\xef\xbb\xbf)?format:[ \t]*[\"']?([A-Za-z0-9./_-]+)", re.MULTILINE)
_MOST_FILES = 10_000


class _Head(msgspec.Struct):
    format: str | None = None


class _Kind(msgspec.Struct):
    kind: str | None = None


class _Webhooks(TypedDict):
    webhooks: tuple[Configuration, ...]
    listed: frozenset[str]


_HEADS = msgspec.json.Decoder(_Head)
_KINDS = msgspec.json.Decoder(_Kind)


def read_states(sources: Sequence[str], now: datetime) -> State:
    """The state that sources are together; each is a path (``-``: standard input), or NAME=PATH for the cluster NAME.

    Its time is the sources' own, ``now`` where none tells one. Raises OakumError naming the source.
    """
    taken = _Taken()
    for given in dict.fromkeys(sources):
        name, path = _named(given)
        if path.is_dir():
            files = _files(path)
            ours = [taken.take(str(file), _bytes(file)) for file in files]
            if not ours or not all(ours):
                taken.dumps.append(_of_folder(path, name, files))
            continue
        source = "standard input" if str(path) == "-" else str(path)
        data = _bytes(path)
        if not taken.take(source, data):
            taken.dumps.append(_of_file(path, name, source, data))
    return taken.joined(now)


def states_of(documents: Sequence[tuple[str, str, bytes]], now: datetime) -> State:
    """The state that documents are together: of each what errors call it, the name of its cluster, and the bytes.

    Raises OakumError as ``read_states`` does.
    """
    taken = _Taken()
    for source, name, data in documents:
        if not taken.take(source, data):
            around = drain.of_bytes(data, source)
            taken.dumps.append(Dump(source=source, name=name, around=around, named=True, **_webhooks([(source, data)])))
    return taken.joined(now)


class _Taken:
    """What was read of several sources."""

    def __init__(self) -> None:
        self.dumps: list[Dump] = []
        self._states: list[tuple[str, State]] = []
        self._inventories: list[Inventory] = []

    def take(self, source: str, data: bytes) -> bool:
        """Reads what is one of ours; False where it is not."""
        said = _format(data)
        if said == INVENTORY:
            self._inventories.append(read_inventory(data, source))
        elif said == STATE:
            self._states.append((source, read_state(data, source)))
        elif said:
            remedy = f"give a dump (kubectl get -o json), or a file of the format {INVENTORY} or {STATE}"
            raise InputError(f"format {said[:40]!r} is no state", place=Place(source), remedy=remedy)
        return bool(said)

    def joined(self, now: datetime) -> State:
        """The one state of all of them."""
        return join(self.dumps, self._states, self._inventories, shipped_components(), now)


@lru_cache(maxsize=1)
def shipped_components() -> Components:
    """The rules by which images are recognised."""
    name = "components.yaml"
    return parse_components(resources.files("oakum.fleet.cluster").joinpath(name).read_bytes(), name)


def _named(source: str) -> tuple[str, Path]:
    """The name that a person gave, empty where none was, and the path."""
    name, sign, rest = source.partition("=")
    if sign and rest and _NAME.match(name) and not Path(source).exists():
        return name, Path(rest)
    return "", Path(source)


def _format(data: bytes) -> str:
    """What a file says of its format; "" where it says nothing, as dumps do."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        try:
            return _HEADS.decode(data).format or ""
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass  # several values after one another, or none: the readers say what is wrong
    found = _FORMAT.search(data)
    return found[1].decode() if found is not None and found[1].startswith(b"oakum-") else ""


def _of_folder(path: Path, name: str, files: Sequence[Path]) -> Dump:
    return Dump(
        source=str(path), name=name or path.resolve().name, around=drain.of_saved(path), named=bool(name),
        **_webhooks((str(file), _bytes(file)) for file in files),
    )  # fmt: skip


def _of_file(path: Path, name: str, source: str, data: bytes) -> Dump:
    stem = path.name if source == str(path) else "cluster"
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        stem = stem.removesuffix(suffix)
    return Dump(
        source=source, name=name or stem, around=drain.of_bytes(data, source), named=bool(name),
        **_webhooks([(source, data)]),
    )  # fmt: skip


def _webhooks(files: Iterable[tuple[str, bytes]]) -> _Webhooks:
    """The configurations of admission webhooks, and the kinds of which there is a list, be it empty."""
    found: list[Configuration] = []
    listed: set[str] = set()
    for source, data in files:
        if data[:2] == b"\x1f\x8b" or b"WebhookConfiguration" in data:
            try:
                read = documents(data, name=source, limit=LARGEST)
                found += read_webhooks(items_of(read, WEBHOOKS))
            except OakumError as error:
                raise error.within(source) from None
            listed |= {kind for kind in WEBHOOKS for each in read if _kind(each) == f"{kind}List"}
    return {"webhooks": tuple(found), "listed": frozenset(listed)}


def _kind(document: msgspec.Raw | Parsed) -> object:
    if isinstance(document, Parsed):
        return document.value.get("kind") if isinstance(document.value, dict) else None
    try:
        return _KINDS.decode(document).kind
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _files(folder: Path) -> list[Path]:
    found = sorted(each for each in folder.rglob("*") if each.name.endswith(_SUFFIXES) and each.is_file())
    if len(found) > _MOST_FILES:
        raise InputError(f"more than {_MOST_FILES:,} files", place=Place(str(folder)), remedy="name the files")
    return found


def _bytes(path: Path) -> bytes:
    """The bytes of a file, or of standard input."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise LimitError(f"larger than {LARGEST:,} bytes", place=Place(str(path)), remedy="divide it")
        return data
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(what, place=Place(str(path)), remedy="check the path and its permissions") from None
