"""Whether a document has the structure of its format, and what is left of it that rules can look at.

``compare`` goes once through a document. It gives the problems, and the document with every value of the wrong JSON
type replaced by the empty value of the right one (a number has none, and is left out): the rules after it need not ask
for types, an empty value tells them nothing, and the places of all others stay the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from oakum.advisories.vex.model import MOST_PROBLEMS, Problem, shown
from oakum.advisories.vex.shapes import SCHEMA, Choice, Fields, Items, Number, Shape, Text, Truth

_NAMES = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}


def compare(shape: Shape, value: object) -> tuple[Any, list[Problem]]:
    """The value as far as it has the shape, and what does not fit."""
    problems: list[Problem] = []
    return _value(shape, value, "", problems), problems


def pointer(key: object) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    text = str(key)[:200]
    return text.replace("~", "~0").replace("/", "~1") if "~" in text or "/" in text else text


def _value(shape: Shape, value: object, path: str, problems: list[Problem]) -> Any:
    match shape:
        case Text():
            return _text(shape, value, path, problems)
        case Fields():
            return _fields(shape, value, path, problems)
        case Items():
            return _items(shape, value, path, problems)
        case Choice():
            return _fields(shape.pick(value if isinstance(value, dict) else {}), value, path, problems)
        case Number():
            return _number(shape, value, path, problems)
        case Truth():
            if not isinstance(value, bool):
                _wrong_type(shape, value, path, "true or false", problems)
            return value is True


def _text(shape: Text, value: object, path: str, problems: list[Problem]) -> str:
    if not isinstance(value, str):
        _wrong_type(shape, value, path, "a text", problems)
        return ""
    if shape.words is not None and value not in shape.words:
        known = ", ".join(sorted(shape.words))
        _say(shape, path, f"{shown(value)} is not a known word here", f"use one of: {known}", problems)
    elif len(value) < shape.least:
        what = "the text is empty" if not value else f"the text is shorter than {shape.least} characters"
        _say(shape, path, what, "write the text, or leave the field out", problems)
    elif shape.most is not None and len(value) > shape.most:
        _say(shape, path, f"the text is longer than {shape.most} characters", "shorten it", problems)
    elif shape.form is not None and not shape.form.fits(value):
        _say(shape, path, f"{shown(value)} is not {shape.form.name}", f"write {shape.form.name}", problems)
    return value


def _number(shape: Number, value: object, path: str, problems: list[Problem]) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _wrong_type(shape, value, path, "a whole number" if shape.whole else "a number", problems)
        return None
    if shape.whole and value != value // 1:
        _say(shape, path, f"{shown(value)} is not a whole number", "write a whole number", problems)
    if (shape.low is not None and value < shape.low) or (shape.high is not None and value > shape.high):
        bounds = f"from {shape.low:g}" + ("" if shape.high is None else f" to {shape.high:g}")
        _say(shape, path, f"{shown(value)} is out of bounds", f"write a number {bounds}", problems)
    return value


def _items(shape: Items, value: object, path: str, problems: list[Problem]) -> list[Any]:
    if not isinstance(value, list):
        _wrong_type(shape, value, path, "a list", problems)
        return []
    if len(value) < shape.least:
        what = "the list is empty" if not value else f"the list has fewer than {shape.least} items"
        _say(shape, path, what, "add items, or leave the field out", problems)
    if shape.unique:
        _unique(shape, value, path, problems)
    return [_value(shape.of, item, f"{path}/{at}", problems) for at, item in enumerate(value)]


def _unique(shape: Items, value: list[Any], path: str, problems: list[Problem]) -> None:
    first: dict[str, int] = {}
    for at, item in enumerate(value):
        # A text cannot be taken for another value: those begin with a bracket, a digit, a minus or a word of JSON.
        key = f'"{item}' if isinstance(item, str) else json.dumps(item, sort_keys=True)
        before = first.setdefault(key, at)
        if before != at:
            what = f"the item is the same as item {before}, and items of this list have to differ"
            _say(shape, f"{path}/{at}", what, "remove one of the two", problems)


def _fields(shape: Fields, value: object, path: str, problems: list[Problem]) -> dict[str, Any]:
    if not isinstance(value, dict):
        _wrong_type(shape, value, path, "an object", problems)
        return {}
    for key in shape.need:
        if key not in value:
            _say(shape, f"{path}/{pointer(key)}", f"the field {key!r} is missing", f"add {key!r}", problems)
    if len(value) < shape.least:
        _say(shape, path, "the object has too few fields", f"give it at least {shape.least}", problems)
    if shape.most is not None and len(value) > shape.most:
        _say(shape, path, "the object has too many fields", f"give it at most {shape.most}", problems)
    kept: dict[str, Any] = {}
    for key, item in value.items():
        inner = shape.of.get(key)
        if inner is not None:
            value_kept = _value(inner, item, f"{path}/{pointer(key)}", problems)
            if value_kept is not None:
                kept[key] = value_kept
        elif shape.barred:
            near = _near(key, shape.of)
            _say(shape, f"{path}/{pointer(key)}", f"the field {shown(key)} is not known here", near, problems)
    return kept


def _near(key: str, known: Iterable[str]) -> str:
    plain = key.lower().strip("_- ")
    close = [name for name in known if name.lower() == plain or name.rstrip("s") == plain.rstrip("s")]
    return f"did you mean {close[0]!r}?" if close else "remove it"


def _wrong_type(shape: Shape, value: object, path: str, wanted: str, problems: list[Problem]) -> None:
    found = _NAMES.get(type(value), "a number")
    _say(shape, path, f"this is {found}, not {wanted}", f"write {wanted}", problems)


def _say(shape: Shape, path: str, what: str, remedy: str, problems: list[Problem]) -> None:
    if len(problems) >= MOST_PROBLEMS:
        return
    lead = "structure:" if shape.test == SCHEMA else shape.test
    problems.append(Problem(path=path, problem=f"{lead} {what}", remedy=remedy, test=shape.test))
