"""The pages list what the program has: no condition, kind of gap, command or option is left out."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest
from tools import docs_hooks

from oakum.cli import main as cli
from oakum.fleet.assets import GAPS
from oakum.fleet.context import DEFAULTS
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
    for page in DOCS.rglob("*.md"):
        docs_hooks.on_page_markdown(page.read_text())
