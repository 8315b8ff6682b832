"""From the bytes of a document to its statements: which format it is of, and who reads that.

A document of no known format, and one that states nothing, is refused with the reason: whoever handed it over believes
that it says something.
"""

from __future__ import annotations

import json
from typing import Any

from oakum.advisories.statements import csaf, cyclonedx, openvex
from oakum.advisories.statements.fields import refused
from oakum.advisories.statements.model import Reading, Refusal
from oakum.advisories.vex.lint import measure
from oakum.errors import OakumError

#: The largest document that is read; the largest published ones stay below 64 MiB.
LARGEST = 128 * 1024 * 1024
_FORMATS = "give OpenVEX, CSAF 2.0 or 2.1, or CycloneDX 1.4 to 1.7, as JSON"


def read(data: bytes, *, file: str) -> Reading:
    """What a document states, and what of it was not understood; this raises nothing."""
    try:
        reading = _read(data, file)
    except OakumError as error:
        return Reading((), (Refusal(error.place.field if error.place else "", error.what),))
    if not reading.statements and not reading.refused:
        return Reading((), (Refusal("", "the document makes no statement about a product"),))
    return reading


def _read(data: bytes, file: str) -> Reading:
    document = _decoded(data)
    if "@context" in document:
        return openvex.read(document, file)
    if document.get("bomFormat") == "CycloneDX":
        return cyclonedx.read(document, file)
    if isinstance(document.get("document"), dict):
        return csaf.read(document, file)
    raise refused("", "neither OpenVEX nor CSAF nor CycloneDX", _FORMATS)


def _decoded(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST:
        raise refused("", f"larger than {LARGEST >> 20} MiB", "split the document")
    try:
        document = json.loads(data, object_pairs_hook=_once)
    except RecursionError:
        raise refused("", "nested too deeply") from None
    except ValueError as error:
        raise refused("", f"not valid JSON: {error}"[:300], _FORMATS) from None
    if not isinstance(document, dict):
        raise refused("", "not a JSON object", _FORMATS)
    measure(document)
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are distinct: of two equal ones, readers disagree about which counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found
