"""The page on policies lists what the program reads and finds."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from oakum.policy import sections
from oakum.policy.entries import RUNGS
from oakum.policy.lint import RULES
from oakum.policy.reading import SECTIONS
from oakum.policy.scopes import FACTS

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "reference/policy.md").read_text()


@pytest.mark.parametrize("table", [RULES, FACTS, RUNGS], ids=["rules", "facts", "steps"])
def test_the_page_holds_every_row(table: dict[str, str]) -> None:
    for key, meaning in table.items():
        assert f"| `{key}` | {meaning} |" in PAGE


def test_the_page_holds_every_section_and_field() -> None:
    assert all(f"| `{each}` |" in PAGE for each in SECTIONS)
    source = Path(sections.__file__).read_text()
    fields = set(
        re.findall(r'fields\.(?:text|flag|number|amount|seconds|choice|texts|children|has)\(\s*"(\w+)"', source)
    )
    assert len(fields) > 30
    assert {each for each in fields if f"`{each}" not in PAGE} == set()


def test_the_examples_of_the_how_to_are_right() -> None:
    from oakum.policy.reading import read

    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / "how-to/write-a-policy.md").read_text(), re.DOTALL)
    calendar = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260501\nEND:VEVENT\nEND:VCALENDAR\n"
    files = {f"{number}.yaml": text.encode() for number, text in enumerate(blocks)}
    policy = read({**files, "holidays.ics": calendar.encode()}).checked()
    assert msgspec.structs.asdict(policy)["budgets"][1].nodes(5) == 1
