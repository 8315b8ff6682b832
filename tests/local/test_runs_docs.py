"""The pages on runs and approvals hold what the program has; and the table of a run on a terminal what happens."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

import msgspec
from rich.console import Console
from rich.live import Live
from tests.local.estate import NEW, NOW, OLD, Estate

from oakum.changes.approvals import LONGEST, NAMESPACE, SAYS, SKEW
from oakum.cli.progress import Screen
from oakum.local import journal
from oakum.local.rehearsal import rehearse
from oakum.local.running import ASKED
from oakum.reports.runs import StepLine, Summary

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "reference/runs.md").read_text()
HOW_TO = (DOCS / "how-to/approve-with-ssh-keys.md").read_text()


def test_the_page_holds_every_table_field_and_word() -> None:
    tables = re.findall(r"CREATE TABLE (\w+)", journal._SCHEMA)
    fields = [
        each.name for kind in (Summary, StepLine) for each in msgspec.structs.fields(kind) if each.name != "format"
    ]
    for word in (*tables, *fields, *SAYS, *ASKED, NAMESPACE):
        assert f"`{word}`" in PAGE, word
    assert f"{LONGEST.days} days" in PAGE and f"{SKEW.seconds // 60} minutes" in PAGE


def test_an_approval_is_checked_by_hand_as_the_page_says(estate: Estate) -> None:
    script = re.findall(r"```\n(sed .*?)```", HOW_TO, re.DOTALL)[0]
    estate.approved("agrees").rename(estate.folder / "plan.approval")
    (estate.folder / "approver-1.pub").write_text((estate.keys / "agrees.pub").read_text())
    done = subprocess.run(["sh", "-ec", script], cwd=estate.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Good" in done.stdout and "for approver-1" in done.stdout


def test_the_table_on_a_terminal_follows_the_run(estate: Estate) -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100, color_system=None)
    screen = Screen(estate.plan, "rehearsal ")
    screen.pause = 0
    with Live(console=console, get_renderable=screen.table, auto_refresh=False) as screen.live:
        found = rehearse(estate.plan, estate.state, estate.policy, NOW, screen)
        screen.live.refresh()
    assert found.ended is not None
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.getvalue())
    assert f"web-1: openssl {OLD} -> {NEW} is in effect" in text and "wave w1 canary is over" in text
    rows = [" ".join(line.split()) for line in text.splitlines() if line.startswith(("w1 ", "w2 "))]
    assert "w1 canary 1/1 over" in rows and "w2 0/2 after w1" in rows and rows[-1] == "w2 2/2 over"
    assert any(re.fullmatch(r"w1 canary 1/1 watched until \d\d:\d\d:\d\d UTC, 2 min left", row) for row in rows)
