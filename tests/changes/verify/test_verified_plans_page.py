"""The page about verified plans names every rule with its words."""

from __future__ import annotations

from pathlib import Path

from oakum.changes.verify import RULES

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "verified-plans.md"


def test_the_page_has_every_rule_in_the_order_of_the_program() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert rows == [f"| `{name}` | {rule.says} |" for name, rule in RULES.items()]
