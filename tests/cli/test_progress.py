"""A run on a terminal: drawn anew in its place, at any width, with words that say the same as the colours."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import sys
import termios
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from rich.live import Live
from tests.local.estate import NEW, NOW, OLD, Estate, make_keys
from tools.terminal import Screen as Terminal

from oakum.changes.running.journal import Started
from oakum.cli.progress import Lines, Screen
from oakum.reports.run_words import Row, shown_waves


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("people") / "keys")


@pytest.fixture
def estate(tmp_path: Path, keys: Path) -> Estate:
    return Estate(tmp_path, keys)


def typed(words: list[str], columns: int, **environment: str) -> tuple[int, str]:
    """What a command writes to a terminal of a width, and its exit code."""
    child, terminal = pty.fork()
    if not child:
        kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")}
        os.execvpe(sys.executable, [sys.executable, "-m", "oakum", *words], kept | {"TERM": "xterm"} | environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    found = b""
    while True:
        try:
            read = os.read(terminal, 1 << 16)
        except OSError:
            break
        if not read:
            break
        found += read
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), found.decode()


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_the_table_is_drawn_in_its_place_and_gives_way_to_the_summary(estate: Estate, columns: int) -> None:
    code, text = typed(
        ["run", str(estate.file), "--from", str(estate.hosts), "--policy", str(estate.policy), "--rehearse"], columns
    )
    assert code == 0
    screen = Terminal(columns)
    screen.feed(text)
    lines = screen.text.splitlines()
    assert max(map(len, lines)) <= columns
    whole = " ".join(screen.text.split())
    assert re.findall(rf"(\S+): openssl {OLD} -> {NEW} is in effect", whole) == ["web-1", "web-2", "web-3"]
    assert not any(line.startswith(("w1 canary", "WAVE       OVER")) for line in lines), "nothing of the table is left"
    assert "In effect: web-1, web-2, web-3." in lines
    # It was there meanwhile, drawn anew, not one below the other.
    assert "WAVE       OVER" in re.sub(r"\x1b\[[0-9;]*m", "", text) and text.count("\x1b[2K") > 5
    assert text.endswith("\n") and text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l"), "the cursor is back"


def test_colours_only_repeat_the_words(estate: Estate) -> None:
    words = ["run", str(estate.file), "--from", str(estate.hosts), "--policy", str(estate.policy), "--rehearse"]
    _, coloured = typed(words, 80)
    _, plain = typed(words, 80, NO_COLOR="1")
    assert "\x1b[32m" in coloured and "\x1b[32m" not in plain
    shown = []
    for text in (coloured, plain):
        screen = Terminal(80)
        screen.feed(text)
        shown.append(re.sub(r"\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d", "", screen.text))
    assert shown[0] == shown[1]


def test_a_stop_is_told_below_the_table_and_past_a_line_that_is_being_printed(
    estate: Estate, capfd: pytest.CaptureFixture[str]
) -> None:
    screen = Screen(estate.plan)
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    with Live(console=console, get_renderable=screen.table, auto_refresh=False) as screen.live:
        screen.wrote(Started(at=NOW, run="run-1", plan=estate.plan.hash, executor="desk/1/a"))
        # The thread that draws may wait for the journal while the signal comes.
        with screen._reading:
            screen.stopping()
    told = "asked to stop: what is in hand is finished or restored"
    with console.capture() as shown:
        console.print(screen.table())
    assert told in shown.get()
    Lines(estate.plan, "rehearsal ").stopping()
    assert capfd.readouterr().out.startswith(f"rehearsal {' ' * 20}{told}")


def test_what_a_run_says_first_is_its_name_and_how_to_stop_it(
    estate: Estate, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines(estate.plan)
    started = Started(at=NOW, run="run-1", plan=estate.plan.hash, executor="desk/1/a")
    lines.wrote(started)
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("run run-1: 2 waves, 3 steps") and "Ctrl-C, or oakum stop run-1" in second
    lines.wrote(msgspec.structs.replace(started, at=NOW + timedelta(hours=1)))
    assert "run run-1: taken up again" in capsys.readouterr().out


def test_of_many_waves_the_table_has_those_at_hand() -> None:
    over, hand, rest = Row("w", "1/1", "over"), Row("w", "0/1", "web-1 begins"), Row("w", "0/1", "waits")
    found = list(shown_waves([over] * 30 + [hand] + [rest] * 30, 8))
    assert found == ["29 before these are over", over, hand, *[rest] * 6, "and 24 more after these"]
    assert list(shown_waves([over] * 8, 8)) == [over] * 8
    assert list(shown_waves([over] * 20, 8)) == ["12 before these are over", *[over] * 8]
