from __future__ import annotations

import re

from tests.data import ROOT

from oakum.risk.conditions import FAIL_ON
from oakum.risk.score import CRITICALITY, DATA_SENSITIVITY, PUBLIC_EXPOSURE
from oakum.risk.tables import names, table


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_page_of_conditions_lists_every_variable_as_it_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", page("reference/conditions.md"), re.MULTILINE)
    assert rows == [(name, variable.type, variable.meaning) for name, variable in FAIL_ON.items()]


def test_the_page_of_decisions_lists_every_table_key_value_and_outcome() -> None:
    text = page("reference/decisions.md")
    for name in names():
        source = table(name).source
        assert f"| `{name}` | {source.version} | {len(table(name).rows)} |" in text
        assert f"| `{name}` | {'; '.join(word.name for word in source.words)} |" in text
        for column in source.columns:
            row = next(line for line in text.splitlines() if line.startswith(f"| `{column.key}` | {column.values[0]}"))
            assert ", ".join(column.values) in row
            assert name in row


def test_the_page_of_the_score_lists_every_factor() -> None:
    text = page("explanation/exposure-score.md")
    for factors in (CRITICALITY, DATA_SENSITIVITY, PUBLIC_EXPOSURE):
        for value, factor in factors.items():
            assert re.search(rf"\| {value}[^|]* \| {re.escape(factor)} \|", text), value
