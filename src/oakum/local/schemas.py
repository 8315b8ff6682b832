"""The JSON Schemas of plans, of what they are made from, and of requests with their answers, from their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from oakum.actors.model import Request
from oakum.advisories.parsers.bulletins import Bulletins
from oakum.changes.intents.reading import IntentsDocument
from oakum.changes.plans import Plan, WhyNot
from oakum.changes.state.document import StateDocument
from oakum.changes.state.inventory import InventoryDocument
from oakum.local.questions import (
    SKEW_KINDS,
    CheckAnswer,
    DrainAnswer,
    DrainRequest,
    PathAnswer,
    PathRequest,
    StateRequest,
    UpgradeRequest,
    VexLintAnswer,
    VexLintRequest,
    WindowAnswer,
    WindowRequest,
)
from oakum.local.requests import PlanAnswer, PlanRequest, SimulateRequest
from oakum.local.simulate import Report

#: What ties an answer to its request.
_IDENTITY: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
#: Documents, by the word of the schema.
DOCUMENTS: dict[str, type[msgspec.Struct]] = {
    "plan": Plan,
    "why-not": WhyNot,
    "state": StateDocument,
    "inventory": InventoryDocument,
    "intents": IntentsDocument,
}
#: Forms of feeds that are this program's own, by the word of the schema.
FEEDS: dict[str, type[msgspec.Struct]] = {"bulletins": Bulletins}
#: Requests with their answers; those of ``skew check`` and ``skew path`` have a kind, which is the word.
REQUESTS: dict[str, tuple[type[Request], type[msgspec.Struct]]] = {
    "plan": (PlanRequest, PlanAnswer),
    "simulate": (SimulateRequest, Report),
    "drain": (DrainRequest, DrainAnswer),
    "window": (WindowRequest, WindowAnswer),
    "state": (StateRequest, CheckAnswer),
    "upgrade": (UpgradeRequest, CheckAnswer),
    "path": (PathRequest, PathAnswer),
    "vex-lint": (VexLintRequest, VexLintAnswer),
}
SCHEMAS = (*DOCUMENTS, *(f"{name}-{what}" for name in REQUESTS for what in ("request", "answer")))


def schema_of(what: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a document, a request or an answer, by a word of ``SCHEMAS`` or ``FEEDS``."""
    if (document := DOCUMENTS.get(what) or FEEDS.get(what)) is not None:
        return _schema(document, what)
    name, _, part = what.rpartition("-")
    request, answer = REQUESTS[name]
    if part == "answer":
        return schema_of_answer(answer, what)
    return schema_of_request(request, what, name if name in SKEW_KINDS else "")


def schema_of_request(type_: type[Request], title: str, kind: str = "") -> dict[str, Any]:
    """The JSON Schema of a request as a batch has it: with its ``id`` and, where there is one, its ``kind``."""
    schema = _schema(type_, title)
    own = {"id": _IDENTITY} | ({"kind": {"const": kind}} if kind else {})
    return _with(schema, type_, own)


def schema_of_answer(type_: type[msgspec.Struct], title: str) -> dict[str, Any]:
    """The JSON Schema of an answer to a line of a batch, with its ``id``; a bad line gets an ``error`` beside it."""
    return _with(_schema(type_, title), type_, {"id": _IDENTITY})


def _with(schema: dict[str, Any], type_: type[msgspec.Struct], own: Mapping[str, Any]) -> dict[str, Any]:
    fields = schema["$defs"][type_.__name__]
    fields["properties"] = {**own, **fields["properties"]}
    return schema


def _schema(type_: type[msgspec.Struct], title: str) -> dict[str, Any]:
    schema = msgspec.json.schema(type_, schema_hook=_anything)
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"oakum {title}", **schema}
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(whole))
    return found


def _anything(type_: type) -> dict[str, Any]:
    """A value that JSON can say in any form has no type of its own."""
    if type_ is not object:
        raise NotImplementedError(str(type_))
    return {"description": "any JSON value"}
