"""How a run goes, as it goes: a table of its waves on a terminal, and plain lines, one for each thing, everywhere.

Each line that waits says for what, and when it is looked at again. A reason is told once, not at every look.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from textwrap import wrap
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from oakum.changes.running.journal import Journal, Noted, Record, Started, Turned
from oakum.reports.printable import printable
from oakum.reports.run_words import WATCHED, Tone, rows, shown_waves, told, turned, waiting

if TYPE_CHECKING:
    from oakum.changes.plans import Plan
    from oakum.changes.run import Wait
    from oakum.local.running import Listener

#: Waves that the table has at most.
_MOST_WAVES = 8
_STOP = "asked to stop: what is in hand is finished or restored, and nothing is started; Ctrl-C again leaves at once"
#: A colour only repeats what the words say.
_COLOURS: dict[Tone, str] = {"": "", "good": "green", "bad": "bold red", "busy": "cyan"}
_NOTES: dict[str, Tone] = {"held": "", "paused": "", "resumed": ""}
#: Seconds from which on it is told when something is looked at again.
_LONG = 15


class Lines:
    """Plain lines, on standard output. ``mark`` stands before each (what is no real run says so on every line)."""

    def __init__(self, plan: Plan, mark: str = "") -> None:
        self._plan, self._mark = plan, mark
        self._journal = Journal()
        self._said = set[str]()

    def wrote(self, record: Record) -> None:
        """A line for what people want to know of a record."""
        self._add(record)
        match record:
            case Started():
                self._begins(record)
            case Turned():
                step = self._plan.steps[record.step]
                text, tone = turned(step, record, self._journal.of(record.step).facts)
                if text:
                    self._said.clear()
                    self.say(record.at, text, tone)
            case Noted() if record.what == "wave-over":
                self.say(record.at, f"wave {told(record, self._plan)}", "good")
            case Noted() if record.what not in ("done", "stopped"):  # the summary says that
                self.say(record.at, told(record, self._plan), _NOTES.get(record.what, "bad"))

    def _add(self, record: Record) -> None:
        self._journal.add(record)

    def _begins(self, record: Started) -> None:
        """The name first: whatever happens to this terminal, the run is found by it."""
        again = self._journal.started != record.at
        waves, steps = len(self._plan.waves), len(self._plan.steps)
        size = f"{waves} wave{'s' if waves > 1 else ''}, {steps} step{'s' if steps > 1 else ''}"
        self.say(record.at, f"run {record.run}: {'taken up again' if again else size}")
        if not self._mark:
            self.say(None, f"to stop it in order: Ctrl-C, or oakum stop {record.run}")

    def waits(self, wait: Wait) -> None:
        """What it waits for, where that was not told since a step last went on: of several hosts each in its turn."""
        if wait.why and wait.why not in self._said:
            self._said.add(wait.why)
            self.say(None, waiting(self._plan, self._journal, wait.why, wait.until))

    def stopping(self) -> None:
        """Somebody at the terminal asked for a stop.

        It comes in a signal, maybe in the middle of a line that is being printed: it is written past that.
        """
        try:
            os.write(sys.stdout.fileno(), f"{self._mark}{' ' * 20}{_STOP}\n".encode())
        except (OSError, ValueError):
            self.say(None, _STOP)

    def say(self, at: datetime | None, text: str, tone: Tone = "") -> None:
        """One line."""
        when = f"{at:%Y-%m-%d %H:%M:%S} " if at is not None else " " * 20
        print(printable(f"{self._mark}{when}{text}"), flush=True)


class Screen(Lines):
    """The same lines, which scroll above a table of the waves; that is drawn anew in its place as time goes on.

    ``pause`` is how many seconds lie between two drawings at least.
    """

    pause = 0.2

    def __init__(self, plan: Plan, mark: str = "") -> None:
        super().__init__(plan, mark)
        self.live: Any = None
        self._wait = ""
        self._last: datetime | None = None
        # The thread that draws reads the journal. It is never held while something is drawn from here.
        self._reading = Lock()
        self._drawn = 0.0
        self._asked = False

    def _add(self, record: Record) -> None:
        with self._reading:
            super()._add(record)
            self._last = record.at
            if isinstance(record, Turned | Noted):
                self._wait = ""

    def wrote(self, record: Record) -> None:
        """The table follows, a few times a second: it is made of all steps."""
        super().wrote(record)
        self._follow()

    def stopping(self) -> None:
        """Told below the table by the thread that draws; a signal that drew itself could wait for that for ever."""
        self._asked = True

    def _follow(self) -> None:
        now = monotonic()
        if now - self._drawn >= self.pause:
            self._drawn = now
            self.live.refresh()

    def waits(self, wait: Wait) -> None:
        """What it waits for stands below the table."""
        now = self._last if self._mark and self._last is not None else datetime.now(UTC)
        text = waiting(self._plan, self._journal, wait.why, wait.until)
        if (wait.until - now).total_seconds() < _LONG:
            text = text.partition("; looks again")[0]
        # That a wave is watched, and until when, stands in its row.
        self._wait = "" if wait.why.endswith(WATCHED) else text
        self._follow()

    def say(self, at: datetime | None, text: str, tone: Tone = "") -> None:
        """One line above the table."""
        from rich.text import Text

        console, mark = self.live.console, f"{self._mark}{at:%H:%M:%S} " if at is not None else f"{self._mark}{' ' * 9}"
        lines = wrap(printable(text), max(console.width - len(mark), 20), break_on_hyphens=False)
        for line in lines:
            console.print(Text(mark + line, style=_COLOURS[tone]), soft_wrap=True)
            mark = " " * len(mark)

    def table(self) -> Any:
        """The table as it is now."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        with self._reading:
            if self._last is None:
                return Text("looks at the machines before anything is done", style="dim")
            # A rehearsal has the time of its simulation.
            now = self._last if self._mark else datetime.now(UTC)
            found_rows = tuple(rows(self._plan, self._journal, now))
        found = Table(box=None, pad_edge=False)
        for name in ("WAVE", "OVER", "NOW"):
            found.add_column(name)
        for row in shown_waves(found_rows, _MOST_WAVES):
            if isinstance(row, str):
                found.add_row("", "", Text(row, style="dim"))
            else:
                cells = (Text(printable(row.wave)), Text(row.over), Text(printable(row.text), _COLOURS[row.tone]))
                found.add_row(*cells)
        below = Text(_STOP, style=_COLOURS["bad"]) if self._asked else Text(printable(self._wait), style="dim")
        return Group(Text(""), found, below)


@contextmanager
def progress(plan: Plan, mark: str = "", *, quiet: bool = False) -> Iterator[Listener]:
    """Somebody who tells how a run of a plan goes; ``quiet`` where the output is for machines."""
    if quiet:
        yield Silent()
    elif not sys.stdout.isatty():
        yield Lines(plan, mark)
    else:
        from rich.live import Live

        screen = Screen(plan, mark)
        # It goes when the run ends: the summary stands in its place.
        with Live(get_renderable=screen.table, refresh_per_second=2, transient=True) as screen.live:
            yield screen


class Silent:
    """Tells nothing but that it was asked to stop."""

    def wrote(self, record: Record) -> None:
        """Nothing."""

    def waits(self, wait: Wait) -> None:
        """Nothing."""

    def stopping(self) -> None:
        """To whoever pressed Ctrl-C."""
        print(_STOP, file=sys.stderr)
