"""Rules about languages, and what a language tag is: of the form of BCP 47, its subtags in the registry.

Variants and extensions have to have their form only. Source: RFC 5646 sections 2.1 and 2.2.9; CSAF 2.1 section 3.1.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from oakum.advisories.vex import subtags
from oakum.advisories.vex.document import Document
from oakum.advisories.vex.model import BOTH, Found, Rule, shown

#: Whole tags that have no subtags; the other irregular ones are deprecated.
_WHOLE = frozenset({"i-default", "i-mingo"})
_VARIANT = re.compile(r"[0-9a-z]{5,8}|[0-9][0-9a-z]{3}")
_LONGEST = 200


def is_language(text: str) -> bool:
    """Whether a text is a language tag that can be in use."""
    return not fault(text)


def fault(text: str) -> str:
    """Why a text is no language tag; "" where it is one."""
    tag = text.lower()
    if tag in _WHOLE:
        return ""
    parts = tag.split("-")
    if len(tag) > _LONGEST or not all(part.isascii() and part.isalnum() and len(part) <= 8 for part in parts):
        return "it is not of the form of BCP 47"
    if parts[0] == "x":
        return "" if len(parts) > 1 else "nothing follows x"
    language, *rest = parts
    if not language.isalpha() or len(language) < 2 or not _is_taken(language):
        return f"{language!r} is no language"
    for _ in range(3):
        if len(language) < 4 and rest and len(rest[0]) == 3 and rest[0].isalpha():
            if not _is_taken(rest[0]):
                return f"{rest[0]!r} is no language"
            rest = rest[1:]
    if rest and len(rest[0]) == 4 and rest[0].isalpha():
        if rest[0] not in subtags.SCRIPTS and not "qaaa" <= rest[0] <= "qabx":
            return f"{rest[0]!r} is no script"
        rest = rest[1:]
    if rest and ((len(rest[0]) == 2 and rest[0].isalpha()) or (len(rest[0]) == 3 and rest[0].isdigit())):
        if rest[0] not in subtags.REGIONS and not ("qm" <= rest[0] <= "qz" or "xa" <= rest[0] <= "xz"):
            return f"{rest[0]!r} is no region"
        rest = rest[1:]
    return _tail_fault(rest)


def _is_taken(language: str) -> bool:
    return language in subtags.LANGUAGES or (len(language) == 3 and "qaa" <= language <= "qtz")


def _tail_fault(parts: list[str]) -> str:
    """Variants, then extensions that begin with one character, then private subtags after x."""
    at = 0
    while at < len(parts) and _VARIANT.fullmatch(parts[at]):
        at += 1
    while at < len(parts):
        if len(parts[at]) != 1:
            return f"{parts[at]!r} stands in the wrong place"
        private = parts[at] == "x"
        end = at + 1
        while end < len(parts) and (private or len(parts[end]) > 1):
            end += 1
        if end == at + 1:
            return f"nothing follows {parts[at]!r}"
        at = end
    return ""


def _languages(document: Document) -> Iterator[Found]:
    for key in ("lang", "source_lang"):
        if key in document.document:
            why = fault(document.document[key])
            if why:
                yield f"/document/{key}", f"{shown(document.document[key])} is no language: {why}"


def _untold_source(document: Document) -> Iterator[Found]:
    if document.document.get("publisher", {}).get("category") != "translator":
        return
    if "source_lang" not in document.document:
        yield "/document/source_lang", "a translator publishes, but source_lang is not there"
    elif not document.document["source_lang"]:
        yield "/document/source_lang", "a translator publishes, but source_lang is empty"


def _untranslated(document: Document) -> Iterator[Found]:
    source = document.document.get("source_lang", "")
    if source and source.lower() == document.language.lower():
        yield "/document/source_lang", f"the document is in {shown(source)}, and translated from the same"


RULES = (
    Rule(
        id="6.1.12", versions=BOTH, look=_languages, says="every language is a valid one that exists",
        remedy="write a language tag of BCP 47, as in en or en-US",
    ),
    Rule(
        id="6.1.15", versions=BOTH, look=_untold_source, says="what a translator publishes names its source language",
        remedy="set source_lang to the language of the original",
    ),
    Rule(
        id="6.1.28", versions=BOTH, look=_untranslated,
        says="the language and the source language of a document differ",
        remedy="correct lang or source_lang",
    ),
)  # fmt: skip
