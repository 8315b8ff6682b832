"""The objects of a dump that ``Snapshot`` has no kind for, as parsed values; lists are opened, all else passes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from oakum.fleet.cluster.dump_text import Parsed

_DEEPEST_LIST = 3
_NOTHING = msgspec.Raw(b"null")


class _Head(msgspec.Struct, rename="camel"):
    kind: str | None = None
    items: msgspec.Raw = _NOTHING


_HEADS = msgspec.json.Decoder(_Head)
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw] | None)


def items_of(documents: Iterable[msgspec.Raw | Parsed], kinds: Collection[str]) -> Iterator[Mapping[str, object]]:
    """The objects of some kinds. What is no object is passed over here: the reader of the dump tells it as a gap."""
    for document in documents:
        if isinstance(document, Parsed):
            yield from _of_value(document.value, "", kinds, 0)
        else:
            yield from _of_text(document, kinds, 0)


def tidy(value: object) -> object:
    """A value without nulls, which Go writes for parts that are empty."""
    if isinstance(value, dict):
        return {key: tidy(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [tidy(each) for each in value if each is not None]
    return value


def _of_value(value: object, outer: str, kinds: Collection[str], depth: int) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        yield from _each(value, "", None, kinds, depth)
    elif isinstance(value, dict):
        kind = value.get("kind") or outer
        if not isinstance(kind, str):
            return
        items = value.get("items")
        if kind in kinds:
            yield {**value, "kind": kind}
        elif kind.endswith("List") and isinstance(items, list):
            version = None if kind == "List" else value.get("apiVersion")
            yield from _each(items, kind.removesuffix("List"), version, kinds, depth)


def _each(
    items: list[object], kind: str, version: object, kinds: Collection[str], depth: int
) -> Iterator[Mapping[str, object]]:
    """The items of a list, which may leave kind and version to it."""
    if depth < _DEEPEST_LIST:
        for item in items:
            whole = item
            if isinstance(item, dict) and version is not None and not item.get("apiVersion"):
                whole = {**item, "apiVersion": version}
            yield from _of_value(whole, kind, kinds, depth + 1)


def _of_text(text: msgspec.Raw, kinds: Collection[str], depth: int) -> Iterator[Mapping[str, object]]:
    try:
        if bytes(memoryview(text)[:1]) == b"[":
            kind, inner = "List", text
        else:
            head = _HEADS.decode(text)
            kind, inner = head.kind or "", head.items
        if kind.removesuffix("List") in kinds:
            yield from _of_value(msgspec.json.decode(text), "", kinds, depth)
        elif kind.endswith("List") and depth < _DEEPEST_LIST:
            for each in _ITEMS.decode(inner) or ():
                yield from _of_text(each, kinds, depth + 1)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return
