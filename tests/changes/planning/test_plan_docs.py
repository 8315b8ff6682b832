"""The page about plans names every rule that keeps a target out, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from oakum.changes.intents.kinds import UNKNOWN

ROOT = Path(__file__).parents[3]
_GIVEN = re.compile(r'because\(\s*f?"([^"{]+)(?:\{[^"]*)?"(?: if \w+ else "([^"]+)")?')
_LEFT = re.compile(r'left_out\([a-z.]+, "([^"]+)"')


def test_the_page_about_plans_names_every_rule() -> None:
    text = "\n".join(path.read_text() for path in sorted((ROOT / "src/oakum/changes/planning").glob("*.py")))
    kinds = "\n".join(path.read_text() for path in sorted((ROOT / "src/oakum/changes/intents").glob("*.py")))
    given = {name for found in _GIVEN.findall(text) for name in found if name} | set(_LEFT.findall(kinds)) | UNKNOWN
    page = (ROOT / "docs/explanation/how-a-plan-is-made.md").read_text().partition("## Rules")[2]
    told = {name for row in page.splitlines() for name in re.findall(r"`([^`]+)`", row.partition(" | ")[0])}
    assert {name.removesuffix("...") for name in told} == given
