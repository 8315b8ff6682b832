"""The example of the reference is right: by the schema, by the parser, and in the words of its table."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import msgspec

from oakum.advisories.lines import LINES
from oakum.advisories.parsers import parse
from oakum.advisories.parsers.bulletins import PARTS, Entry
from oakum.local.schemas import schema_of

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/bulletins.md"


def test_the_example_is_read_and_is_as_its_schema_says() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    jsonschema.validate(json.loads(example), schema_of("bulletins"))
    parsed = parse(example.encode(), name="bulletins.md")
    assert (parsed.format, len(parsed.facts), parsed.problems) == ("bulletins", 2, [])


def test_the_page_has_every_field_product_and_part() -> None:
    words = set(re.findall(r"`([a-z_-]+)`", PAGE.read_text()))
    fields = {field.name for field in msgspec.structs.fields(Entry)}
    assert fields | set(LINES) | set(PARTS) - {"kubernetes"} <= words
