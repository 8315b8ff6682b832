"""The JSON Schemas of what plans are made from and of plans themselves, from the types that read and write them."""

from __future__ import annotations

from typing import Any

import msgspec

from oakum.changes.intents.reading import IntentsDocument
from oakum.changes.plans import Plan, WhyNot
from oakum.changes.state.document import StateDocument
from oakum.changes.state.inventory import InventoryDocument
from oakum.local.requests import PlanAnswer, PlanRequest, SimulateRequest
from oakum.local.simulate import Report

SCHEMAS: dict[str, type[msgspec.Struct]] = {
    "plan": Plan,
    "why-not": WhyNot,
    "state": StateDocument,
    "inventory": InventoryDocument,
    "intents": IntentsDocument,
    "plan-request": PlanRequest,
    "plan-answer": PlanAnswer,
    "simulate-request": SimulateRequest,
    "simulate-answer": Report,
}


def schema_of(what: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a document, by a key of ``SCHEMAS``."""
    schema = msgspec.json.schema(SCHEMAS[what], schema_hook=_anything)
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"oakum {what}", **schema}
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(whole))
    return found


def _anything(type_: type) -> dict[str, Any]:
    """A value that JSON can say in any form has no type of its own."""
    if type_ is not object:
        raise NotImplementedError(str(type_))
    return {"description": "any JSON value"}
