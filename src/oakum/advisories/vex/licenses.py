"""Rules about the license of a document (CSAF 2.1): its expression is one of SPDX, and unlisted licenses are told.

An expression is read by the grammar of SPDX annex B: WITH binds tighter than AND, and AND tighter than OR. Words of the
grammar are upper case, one blank stands between words, references to other documents are not allowed, and NONE and
NOASSERTION stand alone or beside AND. Sources: https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions/;
CSAF 2.1 sections 3.2.2.8, 6.1.54 and 6.1.55.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from oakum.advisories.vex.document import Document
from oakum.advisories.vex.license_list import EXCEPTIONS, LICENSES
from oakum.advisories.vex.model import NEW, Found, Rule, shown
from oakum.advisories.vex.profiles import titled_note

_PLACE = "/document/license_expression"
_LONGEST = 20_000
_WORD = re.compile(r"(?=[.\-]*+[A-Za-z0-9])[A-Za-z0-9.\-]++")
_RESERVED = re.compile(r"and|or|with|none|noassertion|(?:document|license|addition)ref-.*", re.IGNORECASE)
_OPERATORS = frozenset({"AND", "OR", "WITH"})
_NOTHING = frozenset({"NONE", "NOASSERTION"})
_SCANCODE = "licenseref-scancode-"


def fault(text: str) -> str:
    """Why a text is no license expression; "" where it is one."""
    if len(text) > _LONGEST:
        return f"it has more than {_LONGEST} characters"
    words = _words(text)
    if words is None:
        return "exactly one blank stands between words"
    return _grammar_fault(words)


def unlisted(text: str) -> list[str]:
    """Licenses and exceptions of a valid expression that neither SPDX nor ScanCode's database lists."""
    found = []
    before = ""
    for word in _words(text) or ():
        if word not in _OPERATORS and word not in "()" and word not in _NOTHING:
            plain = word.removesuffix("+").lower()
            known = EXCEPTIONS if before == "WITH" else LICENSES
            reference = plain.replace("additionref-", "licenseref-", 1)
            if plain not in known and word.lower() not in known and not reference.startswith(_SCANCODE):
                found.append(word)
        before = word
    return found


def _words(text: str) -> list[str] | None:
    """The words and parentheses; None where blanks stand in the wrong place or are missing beside an operator."""
    words: list[str] = []
    for word in text.split(" "):
        opening = len(word) - len(word.lstrip("("))
        inner = word[opening:]
        plain = inner.rstrip(")")
        if not word or (plain in _OPERATORS and word != plain):
            return None
        words += ["("] * opening + ([plain] if plain else []) + [")"] * (len(inner) - len(plain))
    return words


def _grammar_fault(words: list[str]) -> str:
    """Read the words from left to right, a level for each parenthesis that is open; the first fault."""
    levels = [_Level()]
    for word in words:
        if word == "(":
            why = levels[-1].open()
            levels.append(_Level())
        elif word == ")":
            inner = levels.pop()
            why = inner.close() if levels else "a parenthesis closes in the wrong place"
            if levels:
                levels[-1].take_level(inner)
        else:
            why = levels[-1].take(word)
        if why:
            return why
    return levels[0].close() if len(levels) == 1 else "a parenthesis is not closed"


class _Level:
    """What stands between two parentheses: terms joined by AND, which are joined by OR."""

    def __init__(self) -> None:
        self.wants_operand = True
        self.wants_exception = False
        self.may_have_exception = False
        self.terms: list[list[bool]] = [[]]  # Of each operand: whether it is NONE or NOASSERTION.

    def take(self, word: str) -> str:
        """Take a word in; why it cannot stand here, or ""."""
        if word in _OPERATORS:
            return self._operator(word)
        if not self.wants_operand:
            return f"{word[:50]!r} stands where an operator should"
        why = _operand_fault(word, exception=self.wants_exception)
        if not why and not self.wants_exception:
            self.terms[-1].append(word in _NOTHING)
            self.may_have_exception = word not in _NOTHING
        self.wants_operand = self.wants_exception = False
        return why

    def _operator(self, word: str) -> str:
        if self.wants_operand or (word == "WITH" and not self.may_have_exception):
            return f"{word} stands in the wrong place"
        self.wants_operand = True
        self.wants_exception = word == "WITH"
        self.may_have_exception = False
        if word == "OR":
            self.terms.append([])
        return ""

    def open(self) -> str:
        """Why no parenthesis can open here, or ""."""
        wanted = self.wants_operand and not self.wants_exception
        return "" if wanted else "a parenthesis opens in the wrong place"

    def take_level(self, inner: _Level) -> None:
        """Take an expression in parentheses in; parentheses around nothing but NONE do not change it."""
        self.terms[-1].append(inner.terms == [[True]])
        self.wants_operand = self.may_have_exception = False

    def close(self) -> str:
        """Why the level as a whole is none, or ""."""
        if self.wants_operand:
            return "it ends too early"
        if len(self.terms) > 1 and [True] in self.terms:
            return "NONE and NOASSERTION do not stand beside OR"
        return ""


def _operand_fault(word: str, *, exception: bool) -> str:
    if word in _NOTHING:
        return f"{word} is no exception" if exception else ""
    prefix = "AdditionRef-" if exception else "LicenseRef-"
    name = word.removeprefix(prefix)
    if name == word:
        name = word if exception else word.removesuffix("+")
        if _RESERVED.fullmatch(name):
            return f"{word[:50]!r} is reserved, or written in another case"
    return "" if _WORD.fullmatch(name) else f"{word[:50]!r} is no identifier"


def _expression(document: Document) -> Iterator[Found]:
    text = document.document.get("license_expression", "")
    why = fault(text) if text else ""
    if why:
        yield _PLACE, f"{shown(text)} is no license expression: {why}"


def _untold(document: Document) -> Iterator[Found]:
    text = document.document.get("license_expression", "")
    if not text or not document.is_english or fault(text):
        return
    names = unlisted(text)
    if names:
        for path, what in titled_note(document, "License", "legal_disclaimer"):
            yield path, f"{', '.join(map(shown, names[:5]))} is not listed, and {what}"


RULES = (
    Rule(
        id="6.1.54", versions=NEW, look=_expression, says="the license is a valid SPDX license expression",
        remedy="write it as in CC-BY-4.0, MIT OR Apache-2.0, or LicenseRef-my-license",
    ),
    Rule(
        id="6.1.55", versions=NEW, look=_untold,
        says="an English document has one note titled License where a license or exception is not listed",
        remedy="add one note titled 'License' of the category legal_disclaimer with its text",
    ),
)  # fmt: skip
