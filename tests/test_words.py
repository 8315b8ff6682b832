"""The pages list what the program has: no condition, kind of gap, command or option is left out."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import get_args

import pytest
from tools import docs_hooks

from oakum.adapters.feeds.sources import TABLE
from oakum.cli import main as cli
from oakum.fleet.assets import GAPS, RelationKind
from oakum.fleet.cluster.component_rules import ROLES
from oakum.fleet.cluster.context import OWNERS, PREFIX
from oakum.fleet.context import DEFAULTS, VALUES
from oakum.reports.answer import BlastEntry, ClosingEntry, ExposureEntry, PathEntry
from oakum.risk.blast import (
    BY_NAME,
    CONTROL_PLANE,
    ONE_NAMESPACE,
    POWER_WEIGHTS,
    PRIVILEGED,
    SECRET,
    TENANT,
    TOKEN,
    UNKNOWN,
)
from oakum.risk.conditions import FAIL_ON

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_every_variable_of_a_condition_is_described_with_its_type() -> None:
    page = (DOCS / "reference/conditions.md").read_text()
    for name, variable in FAIL_ON.items():
        assert f"| `{name}` | {variable.type} | {variable.meaning} |" in page


def test_every_kind_of_gap_has_a_remedy() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \|", (DOCS / "how-to/not-assessable.md").read_text(), re.MULTILINE)
    assert listed == list(GAPS)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_the_reference_prints_every_command_with_every_option(command: str) -> None:
    page = (DOCS / "reference/commands.md").read_text()
    filled = docs_hooks.on_page_markdown(page)
    assert f"## {command}" in page
    assert "generated:" not in filled
    for sub in _leaves(cli._parser(command)[0], command):
        for action in sub._actions:
            for option in action.option_strings:
                assert option in filled, f"{sub.prog} {option}"


def _leaves(parser: argparse.ArgumentParser, command: str) -> list[argparse.ArgumentParser]:
    subs = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    if not subs:
        return [parser]
    below = subs[0].choices
    return [leaf for name in below if name == command or command not in below for leaf in _leaves(below[name], "")]


def test_the_pages_of_context_and_gaps_hold_every_key() -> None:
    for page, keys in (("context", DEFAULTS), ("gaps", GAPS)):
        filled = docs_hooks.on_page_markdown((DOCS / f"reference/{page}.md").read_text())
        assert all(f"| `{key}` |" in filled for key in keys)


def test_no_page_names_a_mark_that_is_not_known() -> None:
    with pytest.raises(KeyError):
        docs_hooks.on_page_markdown("<!-- generated: nothing -->")
    marked = [page for page in DOCS.rglob("*.md") if "<!-- generated" in page.read_text()]
    assert DOCS / "reference/commands.md" in marked
    for page in marked:
        assert "<!-- generated" not in docs_hooks.on_page_markdown(page.read_text()), page


def test_the_page_about_blast_radius_tells_every_weight() -> None:
    page = (DOCS / "explanation/blast-radius.md").read_text()
    rows = re.findall(r"^\| (.*) \| (.*) \|$", page, re.MULTILINE)
    told = {word: float(weight) for words, weight in rows[1:] for word in re.findall(r"`([a-z-]+)`", words)}
    assert told == POWER_WEIGHTS
    assert ("node of the control plane", f"{CONTROL_PLANE:.0f}") in rows
    assert ("pods or rights that could not be read", f"{UNKNOWN:.0f}") in rows
    assert any(weights == f"{TENANT:.0f}, {PRIVILEGED:.0f}, {SECRET:.0f}, {TOKEN:.0f}" for _, weights in rows)
    assert (ONE_NAMESPACE, BY_NAME) == (1 / 4, 1 / 5)


def test_the_page_about_annotations_tells_every_fact_with_its_values() -> None:
    page = (DOCS / "reference/annotations.md").read_text()
    for fact, values in VALUES.items():
        row = next(line for line in page.splitlines() if f"`{PREFIX}{fact.replace('_', '-')}`" in line)
        assert all(value in row for value in values)
    assert all(f"`{name}`" in page for name in OWNERS)


def test_the_page_about_sources_tells_every_source() -> None:
    filled = docs_hooks.on_page_markdown((DOCS / "reference/sources.md").read_text())
    assert all(f"| `{source.name}` |" in filled and source.licence in filled for source in TABLE)


def test_the_page_about_components_tells_every_role() -> None:
    page = (DOCS / "reference/components.md").read_text()
    assert all(f"`{role}`" in page for role in ROLES)


def test_the_page_about_the_answer_tells_every_field_of_an_exposure() -> None:
    page = (DOCS / "reference/answer.md").read_text()
    for entry in (ExposureEntry, PathEntry, ClosingEntry, BlastEntry):
        for name in entry.__struct_fields__:
            assert f"`{name}`" in page or name in ("asset", "name", "findings"), name
    assert all(f"| `{kind}` |" in page for kind in get_args(RelationKind))
