"""Reads intents from YAML files, and refuses what it does not understand, with file, line and remedy.

A file has ``version: 1`` and a list of ``intents``; several files are one list. ``for`` and ``when`` select targets as
they do in a policy. ``wants`` are the fields of the intent's kind, checked against what the kind declares.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from oakum.changes.intents.catalogue import KINDS, kind_of
from oakum.changes.intents.kinds import Field, Kind
from oakum.changes.intents.model import Intent
from oakum.errors import InputError, LimitError, OakumError, Place
from oakum.fleet.yaml_events import decoded, texts
from oakum.policy.fields import Fields

#: One file, and all intents together.
MAX_BYTES = 1024 * 1024
MAX_INTENTS = 1000
_SECTIONS = ("version", "intents")
_DEEPEST = 24
_LONGEST_NAME = 100


class IntentEntry(msgspec.Struct, frozen=True, kw_only=True, rename={"scope": "for"}, forbid_unknown_fields=True):
    """One intent. ``for`` has facts of targets, each with one value or a list, and ``labels``; ``when`` a condition."""

    name: str
    kind: str
    scope: dict[str, str | list[str] | dict[str, str | list[str]]] = {}
    when: str = ""
    wants: dict[str, str | bool | list[str]] = {}
    after: str | list[str] = []
    whole: bool | str = False


class IntentsDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of intents."""

    version: int
    intents: list[IntentEntry]


def read_intents(files: Mapping[str, bytes]) -> tuple[Intent, ...]:
    """The intents of some files by the names that errors call them, in the order of the files and of each file.

    Raises InputError or LimitError at the first mistake.
    """
    found: dict[str, tuple[Intent, Fields]] = {}
    for file, data in files.items():
        for fields in _entries(data, file):
            intent = _intent(fields)
            if intent.name in found:
                other = found[intent.name][1].place_of("name")
                fields.fail("name", f"the name {intent.name!r} stands twice", f"the other is at {other}")
            if len(found) >= MAX_INTENTS:
                raise LimitError(f"more than {MAX_INTENTS} intents", place=fields.place, remedy="plan in several parts")
            found[intent.name] = intent, fields
    if not found:
        place = Place(", ".join(files)) if files else None
        raise InputError("there is no intent", place=place, remedy="write intents: and below it entries with '-'")
    for intent, fields in found.values():
        for name in intent.after:
            if name not in found:
                fields.fail("after", f"there is no intent {name[:60]!r}", f"the intents are {', '.join(found)}")
    _no_circle(found)
    return tuple(intent for intent, _ in found.values())


def _entries(data: bytes, file: str) -> list[Fields]:
    fields = Fields(texts(decoded(data, file, MAX_BYTES), file, deepest=_DEEPEST), Place(file))
    for key in fields.keys:
        if key not in _SECTIONS:
            fields.fail(key, f"unknown section {key[:40]!r}", f"the sections are {', '.join(_SECTIONS)}")
    if fields.text("version") != "1":
        given = fields.text("version")
        fields.fail(
            "version", f"version {given[:20]!r} of the format is not known", "write version: 1, or update Oakum"
        )
    return fields.children("intents")


def _intent(fields: Fields) -> Intent:
    name = fields.text("name")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        fields.fail("name", "a name of more than 100 characters, or of odd ones", "shorten it")
    word = fields.text("kind")
    kind = KINDS.get(word)
    if kind is None:
        fields.fail("kind", f"{word[:40]!r} is no kind of change", f"the kinds are {', '.join(KINDS)}")
    intent = Intent(
        name=name,
        kind=kind.name,
        scope=fields.scope(),
        wants=_wants(fields, kind),
        after=fields.texts("after"),
        whole=fields.flag("whole"),
    )
    fields.done()
    try:
        kind_of(intent)
    except OakumError as error:
        error.place = fields.place_of("wants")
        raise
    return intent


def _wants(fields: Fields, kind: Kind) -> dict[str, str | bool | tuple[str, ...]]:
    given = fields.mapping("wants")
    place = fields.place_of("wants")
    inner = Fields(dict(given), place) if given else Fields({}, place)
    found: dict[str, str | bool | tuple[str, ...]] = {}
    for key in given:
        field = kind.fields.get(key)
        if field is None:
            known = "; ".join(f"{each}: {it.says}" for each, it in kind.fields.items()) or "none"
            inner.fail(key, f"the kind {kind.name} has no field {key[:40]!r}", f"its fields are {known}")
        if inner.has(key):
            found[key] = _value(inner, key, field)
    for key, field in kind.fields.items():
        if field.needed and key not in found:
            inner.fail(key, f"{key} is missing", f"give {key}: {field.says}")
    return found


def _value(inner: Fields, key: str, field: Field) -> str | bool | tuple[str, ...]:
    if field.form is bool:
        return inner.flag(key)
    return inner.texts(key) if field.form is tuple else inner.text(key)


def _no_circle(found: Mapping[str, tuple[Intent, Fields]]) -> None:
    """Raises InputError where intents wait for each other."""
    over: set[str] = set()
    for start in found:
        path: list[str] = []
        stack = [(start, iter(found[start][0].after))]
        while stack:
            name, rest = stack[-1]
            if not path or path[-1] != name:
                path.append(name)
            following = next((each for each in rest if each not in over), None)
            if following is None:
                over.add(name)
                path.pop()
                stack.pop()
            elif following in path:
                circle = [*path[path.index(following) :], following]
                what = f"these come after each other in a circle: {' after '.join(circle)}"
                found[name][1].fail("after", what, "drop one of these lines")
            else:
                stack.append((following, iter(found[following][0].after)))
