"""Rules about with whom a document may be shared (CSAF 2.1)."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.advisories.vex.document import Document, Json
from oakum.advisories.vex.model import NEW, Found, Rule, shown

#: The group of everybody, and of nobody, and what they are called.
MAX = "ffffffff-ffff-ffff-ffff-ffffffffffff"
NIL = "00000000-0000-0000-0000-000000000000"
_NAMES = {MAX: "Public", NIL: "No sharing allowed"}
_PLACE = "/document/distribution"


def _group(document: Document) -> Json:
    group: Json = document.document.get("distribution", {}).get("sharing_group", {})
    return group


def _label(document: Document) -> str:
    label: str = document.document.get("distribution", {}).get("tlp", {}).get("label", "")
    return label


def _public_not_clear(document: Document) -> Iterator[Found]:
    if _group(document).get("id") == MAX and _label(document) not in ("", "CLEAR"):
        yield f"{_PLACE}/tlp/label", f"everybody is the sharing group, but the label is {_label(document)}"


def _clear_not_public(document: Document) -> Iterator[Found]:
    group = _group(document).get("id")
    allowed = (MAX, NIL) if document.status == "draft" else (MAX,)
    if group and _label(document) == "CLEAR" and group not in allowed:
        yield f"{_PLACE}/sharing_group/id", "the label is CLEAR, but the sharing group is not everybody"


def _reserved_name(document: Document) -> Iterator[Found]:
    group = _group(document)
    for identity, name in _NAMES.items():
        if group.get("name") == name and group.get("id") and group["id"] != identity:
            yield f"{_PLACE}/sharing_group/name", f"{name!r} is the name of the group {identity}"


def _other_name(document: Document) -> Iterator[Found]:
    group = _group(document)
    name = _NAMES.get(group.get("id", ""))
    if name and group.get("name") != name:
        found = shown(group["name"]) if "name" in group else "left without a name"
        yield f"{_PLACE}/sharing_group/name", f"the group is called {name!r}, but is {found}"


RULES = (
    Rule(
        id="6.1.38", versions=NEW, look=_public_not_clear, says="what everybody may see is TLP:CLEAR",
        remedy="label the document CLEAR, or share it with another group",
    ),
    Rule(
        id="6.1.39", versions=NEW, look=_clear_not_public,
        says="the sharing group of a TLP:CLEAR document is everybody, or nobody as long as it is a draft",
        remedy=f"leave the sharing group out, or use {MAX}",
    ),
    Rule(
        id="6.1.40", versions=NEW, look=_reserved_name,
        says="only the groups of everybody and nobody are called Public and No sharing allowed",
        remedy="call the group otherwise, or use the id that belongs to the name",
    ),
    Rule(
        id="6.1.41", versions=NEW, look=_other_name,
        says="the groups of everybody and nobody are called Public and No sharing allowed",
        remedy="use the name that belongs to the id, or leave the sharing group out",
    ),
)  # fmt: skip
