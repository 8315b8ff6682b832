"""What is wrong with a VEX document: which format it is of, its structure, and the rules of that format.

The structure stops nothing: rules look at what is left of a document. A text that is no JSON, or a document of no known
format, cannot be judged, and that is an error of the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from oakum.advisories.vex import csaf20_shape, csaf21_shape, openvex
from oakum.advisories.vex.document import Document
from oakum.advisories.vex.model import Problem, shown
from oakum.advisories.vex.rules import RULES
from oakum.advisories.vex.shapes import Fields
from oakum.advisories.vex.structure import compare
from oakum.errors import InputError, LimitError, Place

#: Documents are not nested deeper: a product tree of 100 branches takes 200 of them.
DEEPEST = 240
_CSAF: dict[str, Fields] = {"2.0": csaf20_shape.SHAPE, "2.1": csaf21_shape.SHAPE}
_FORMATS = "give a CSAF 2.0 or 2.1 document (document/csaf_version), or OpenVEX (@context)"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a document is, and what is wrong with it."""

    format: str
    problems: tuple[Problem, ...]

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def lint(whole: Mapping[str, Any]) -> Judgement:
    """Judge a document. Raises InputError where its format is unknown, LimitError where it is too deep or explodes."""
    measure(whole)
    context = whole.get("@context")
    if isinstance(context, str):
        version = openvex.CONTEXTS.get(context.rstrip("/"))
        if version is None:
            raise InputError(f"{shown(context)} is no known context", place=Place(field="/@context"), remedy=_FORMATS)
        return Judgement(format=f"OpenVEX {version}", problems=tuple(openvex.problems(whole, version)))
    version = _csaf_version(whole)
    kept, problems = compare(_CSAF[version], whole)
    document = Document(kept, version)
    for rule in RULES:
        if version in rule.versions:
            problems += rule.problems(document)
    return Judgement(format=f"CSAF {version}", problems=tuple(problems))


def _csaf_version(whole: Mapping[str, Any]) -> str:
    document = whole.get("document")
    version = document.get("csaf_version") if isinstance(document, dict) else None
    if version is None:
        raise InputError("the document is neither CSAF nor OpenVEX", remedy=_FORMATS)
    if not isinstance(version, str) or version not in _CSAF:
        place = Place(field="/document/csaf_version")
        raise InputError(f"{shown(version)} is no known version of CSAF", place=place, remedy=_FORMATS)
    return version


def measure(whole: object) -> None:
    """Raises LimitError where a document is too deep; it walks level by level, so that no depth exhausts the stack."""
    level = [whole]
    for _ in range(DEEPEST):
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(each for each in value.values() if isinstance(each, dict | list))
            elif isinstance(value, list):
                below.extend(each for each in value if isinstance(each, dict | list))
        if not below:
            return
        level = below
    raise LimitError(f"the document is nested deeper than {DEEPEST} levels", remedy="give a flatter document")
