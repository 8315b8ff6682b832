"""Reads YAML from its event stream, in one of two ways, and never constructs what a file asks for.

``texts`` is for files that people write as settings: a scalar stays the text that was written (so that ``yes`` and
``1`` mean what they say) with its line; aliases are refused (they make YAML bombs), and so are tags and several
documents. ``values`` is for Kubernetes manifests: plain scalars become JSON values as ``kubectl`` resolves them (YAML
1.1 booleans, no dates), aliases and merge keys are followed within a budget, documents come one by one.
Both refuse duplicate keys (YAML 1.2 section 3.2.1.3) and any depth beyond the caller's.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import msgspec

from oakum.errors import InputError, LimitError, Place

if TYPE_CHECKING:
    import yaml


class Cell(msgspec.Struct, frozen=True):
    """A text and the line, counted from 1, on which it stands."""

    value: str
    line: int


Node = Cell | list["Node"] | dict[str, "Node"]

#: Keys of one mapping; no object that an API server stores has room for as many.
MOST_KEYS = 100_000
#: Values that aliases may repeat in one file.
MOST_REPEATED = 1_000_000

_STANDARD = "tag:yaml.org,2002:"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"[-+]?0(?:x[0-9a-fA-F]+|o?[0-7]+|b[01]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
#: Longer numbers stand in no object, and take long to read.
_LONGEST_NUMBER = 100
_TAGS = frozenset({"!", *(f"{_STANDARD}{name}" for name in ("str", "int", "float", "bool", "null"))})


def texts(text: str, name: str, *, deepest: int) -> Node:
    """The one document of a file of settings; an empty file is an empty list. Raises InputError, LimitError."""
    found = list(_Texts(text, name, deepest).documents())
    return cast("Node", found[0] if found else [])


def values(text: str, name: str, *, deepest: int, most_repeated: int = MOST_REPEATED) -> Iterator[object]:
    """The documents of a file as JSON values, one by one. Raises InputError, LimitError."""
    return _Values(text, name, deepest, most_repeated).documents()


class _Builder(ABC):
    """Builds scalars, lists and mappings from events; what a scalar and an alias are, the two ways below say."""

    def __init__(self, text: str, name: str, deepest: int) -> None:
        # Imported here because most runs read no YAML.
        import yaml

        self._events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._text = text
        self._name = name
        self._deepest = deepest
        self._line = 1

    def documents(self) -> Iterator[object]:
        import yaml

        try:
            for kind, _ in self._read():
                if kind == "DocumentStartEvent":
                    yield self._document()
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or str(error).partition("\n")[0]
            # A character that YAML forbids has no mark; its position counts bytes.
            before = self._text.encode()[: getattr(error, "position", 0)]
            line = mark.line + 1 if mark is not None else before.count(b"\n") + 1
            raise InputError(f"not valid YAML: {what}", place=Place(self._name, line), remedy="mend the line") from None

    def _document(self) -> object:
        first, content = next(self._read())
        return self._node(first, content, 0)

    def _read(self) -> Iterator[tuple[str, yaml.Event]]:
        for event in self._events:
            mark = event.start_mark
            self._line = mark.line + 1 if mark is not None else self._line
            yield type(event).__name__, event

    def _node(self, kind: str, event: yaml.Event, depth: int) -> object:
        if depth > self._deepest:
            raise LimitError("nested too deeply", place=Place(self._name, self._line), remedy="write it flatter")
        if kind == "ScalarEvent":
            return self._scalar(cast("yaml.ScalarEvent", event))
        if kind == "SequenceStartEvent":
            return [self._node(k, e, depth + 1) for k, e in self._until("SequenceEndEvent")]
        mapping: dict[str, object] = {}
        for key_kind, key_event in self._until("MappingEndEvent"):
            if key_kind != "ScalarEvent":
                raise self._error("a key is a plain word", "write KEY: VALUE")
            key = str(cast("yaml.ScalarEvent", key_event).value).strip()
            if key in mapping:
                raise self._error(f"the key {key!r} stands twice", "drop one of them")
            if len(mapping) >= MOST_KEYS:
                what = f"a mapping of more than {MOST_KEYS:,} keys"
                raise LimitError(what, place=Place(self._name, self._line), remedy="no object has as many")
            value_kind, value_event = next(self._read())
            mapping[key] = self._node(value_kind, value_event, depth + 1)
        return mapping

    @abstractmethod
    def _scalar(self, event: yaml.ScalarEvent) -> object: ...

    def _until(self, end: str) -> Iterator[tuple[str, yaml.Event]]:
        for kind, event in self._read():
            if kind == end:
                return
            yield kind, event

    def _error(self, what: str, remedy: str) -> InputError:
        return InputError(what, place=Place(self._name, self._line), remedy=remedy)


class _Texts(_Builder):
    """Scalars as the text that was written."""

    _found = False

    def _document(self) -> object:
        if self._found:
            raise self._error("several documents in one file", "keep one document")
        self._found = True
        return super()._document()

    def _node(self, kind: str, event: yaml.Event, depth: int) -> object:
        if kind == "AliasEvent":
            raise self._error("an alias (*name)", "write the value out")
        if getattr(event, "tag", None) not in {None, "!"}:
            raise self._error("a tag (!type)", "write plain values")
        return super()._node(kind, event, depth)

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        value = str(event.value)
        empty = bool(event.implicit[0]) and value.lower() in {"", "~", "null"}
        return Cell("" if empty else value.strip(), self._line)


class _Values(_Builder):
    """Scalars as JSON values; an alias is the value of its anchor, repeated within a budget."""

    def __init__(self, text: str, name: str, deepest: int, most_repeated: int) -> None:
        super().__init__(text, name, deepest)
        self._most = most_repeated
        self._nodes = 0
        self._repeated = 0
        self._anchors: dict[str, tuple[object, int]] = {}

    def _document(self) -> object:
        self._anchors.clear()
        return super()._document()

    def _node(self, kind: str, event: yaml.Event, depth: int) -> object:
        before = self._nodes
        self._nodes += 1
        anchor = getattr(event, "anchor", None)
        if kind == "AliasEvent":
            value, size = self._anchors.get(str(anchor), (None, 0))
            if not size:
                raise self._error(f"the alias *{anchor} has no anchor before it", "write the value out")
            self._repeat(size)
            return value
        value = super()._node(kind, event, depth)
        if isinstance(value, dict) and "<<" in value:
            value = self._merged(value)
        if anchor is not None:
            self._anchors[str(anchor)] = value, self._nodes - before
        return value

    def _repeat(self, nodes: int) -> None:
        self._nodes += nodes
        self._repeated += nodes
        if self._repeated > self._most:
            what = f"aliases repeat more than {self._most:,} values"
            raise LimitError(what, place=Place(self._name, self._line), remedy="write the values out")

    def _merged(self, mapping: dict[str, object]) -> dict[str, object]:
        """The mapping with what ``<<`` brings in; its own keys win, then the first of several (YAML merge key)."""
        sources = mapping.pop("<<")
        merged: dict[str, object] = {}
        for source in reversed(sources if isinstance(sources, list) else [sources]):
            if not isinstance(source, dict):
                raise self._error("a merge key (<<) that brings in no mapping", "write the values out")
            merged.update(source)
        return merged | mapping

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        value, tag = str(event.value), event.tag
        if tag is not None and tag not in {
            "!",
            *(_STANDARD + name for name in ("str", "int", "float", "bool", "null")),
        }:
            raise self._error(f"the tag {tag}", "write plain values")
        if not event.implicit[0] and tag in {None, "!", _STANDARD + "str"}:
            return value
        return _resolved(value)


def _resolved(text: str) -> object:
    """A plain scalar as kubectl resolves it before it makes JSON of it."""
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if len(text) <= _LONGEST_NUMBER and text[0] in "+-.0123456789":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _BASED.fullmatch(text):
            sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text.lstrip("+"))
            return int(sign + (digits if not digits[1:].isdigit() else f"0o{digits[1:]}"), 0)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text


def decoded(data: bytes, name: str, most: int) -> str:
    """The text of a file of at most ``most`` bytes, which ``name`` calls it in errors.

    Raises LimitError where it is larger, InputError with the line where it is not UTF-8.
    """
    if len(data) > most:
        size = f"{most >> 20} MiB" if most >= 1 << 20 else f"{most >> 10} KiB"
        raise LimitError(f"the file is larger than {size}", place=Place(name), remedy="divide it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError("the file is not UTF-8", place=Place(name, line), remedy="save it as UTF-8") from None
