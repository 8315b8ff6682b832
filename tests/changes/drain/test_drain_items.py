"""The objects of a dump that only drains read: as texts and as values, alone, in lists, and in lists of lists."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from oakum.changes.drain.items import items_of, tidy
from oakum.fleet.cluster.dump_text import Parsed

KINDS = frozenset({"Apple"})
APPLE: dict[str, Any] = {"apiVersion": "v1", "kind": "Apple", "metadata": {"name": "a"}}
BARE: dict[str, Any] = {"metadata": {"name": "a"}}
PEAR: dict[str, Any] = {"apiVersion": "v1", "kind": "Pear"}


def in_list(*items: object, kind: str = "List", **more: object) -> dict[str, object]:
    return {"apiVersion": "v2", "kind": kind, "items": list(items), **more}


def found(document: object, *, text: bool) -> list[Any]:
    given = msgspec.Raw(json.dumps(document).encode()) if text else Parsed(document)
    return list(items_of([given], KINDS))


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize(
    ("name", "document", "expected"),
    [
        ("alone", APPLE, [APPLE]),
        ("of another kind", PEAR, []),
        ("in a list", in_list(PEAR, APPLE), [APPLE]),
        ("in a list of its kind, which tells its version", in_list(BARE, kind="AppleList"),
         [{**BARE, "kind": "Apple", "apiVersion": "v2"}]),
        ("with a version of its own", in_list({**BARE, "apiVersion": "v1"}, kind="AppleList"), [APPLE]),
        ("with a kind of its own", in_list(APPLE, PEAR, kind="AppleList"), [APPLE]),
        ("a version is not taken from a list of anything", in_list({"kind": "Apple"}), [{"kind": "Apple"}]),
        ("in a list of another kind", in_list(BARE, kind="PearList"), []),
        ("in a bare array", [PEAR, APPLE], [APPLE]),
        ("in three lists", in_list(in_list(in_list(APPLE))), [APPLE]),
        ("in four lists, which the reader of the dump tells as a gap", in_list(in_list(in_list(in_list(APPLE)))), []),
        ("in three lists, the last of its kind", in_list(in_list(in_list(BARE, kind="AppleList"))),
         [{**BARE, "kind": "Apple", "apiVersion": "v2"}]),
        ("in four lists, the last of its kind", in_list(in_list(in_list(in_list(BARE, kind="AppleList")))), []),
        ("beside what is no object", in_list(5, None, "x", APPLE), [APPLE]),
        ("in a list without items", {"kind": "List"}, []),
        ("in a list of its kind without items", {"kind": "AppleList"}, []),
        ("in a list of null", {"kind": "List", "items": None}, []),
        ("in items that are no list", {"kind": "List", "items": APPLE}, []),
        ("in the items of its kind that are no list", {"kind": "AppleList", "items": 5}, []),
        ("in the items of what is no list", {"kind": "Pear", "items": [APPLE]}, []),
        ("in the items of what has no kind", {"items": [APPLE]}, []),
        ("in a list of another kind, with a kind of its own", in_list(APPLE, kind="PearList"), [APPLE]),
        ("beside what is no object in a list of its kind", in_list(5, None, BARE, kind="AppleList"),
         [{**BARE, "kind": "Apple", "apiVersion": "v2"}]),
        ("a kind that is no text", {"kind": 5, "items": [APPLE]}, []),
        ("no object at all", "apple", []),
        ("null", None, []),
    ],
)  # fmt: skip
def test_objects_are_found_wherever_a_dump_may_hold_them(
    name: str, document: object, expected: list[Any], text: bool
) -> None:
    assert found(document, text=text) == expected


def test_what_cannot_be_read_harms_nothing_after_it() -> None:
    given = [msgspec.Raw(b'{"kind": "Apple", "a": \xff}'), msgspec.Raw(b"[[5"), msgspec.Raw(json.dumps(APPLE).encode())]
    assert list(items_of(given, KINDS)) == [APPLE]


def test_nulls_that_go_writes_for_empty_parts_are_left_out_at_every_depth() -> None:
    assert tidy({"a": None, "b": [None, {"c": None, "d": 0}], "e": "", "f": False}) == (
        {"b": [{"d": 0}], "e": "", "f": False}
    )
    assert tidy(5) == 5
