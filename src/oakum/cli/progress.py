"""How a run goes, as it goes: a table of its waves on a terminal, and plain lines, one for each thing, elsewhere.

Each line that waits says for what and until when. A reason is told once, not at every look.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from oakum.changes.running.journal import OVER, Journal, Noted, Record, Started, Turned
from oakum.reports.printable import printable
from oakum.reports.runs import told

if TYPE_CHECKING:
    from oakum.changes.plans import Plan
    from oakum.changes.run import Wait
    from oakum.local.running import Listener

#: Machines in hand that a row of the table names.
_NAMED = 3
_STOP = "asked to stop: what is in hand is finished or restored, and nothing is started; Ctrl-C again leaves at once"


class Lines:
    """Plain lines, on standard output. ``mark`` stands before each (what is no real run says so on every line)."""

    def __init__(self, mark: str = "") -> None:
        self._mark = mark
        self._said = set[str]()

    def wrote(self, record: Record) -> None:
        """A line for what people want to know of a record."""
        match record:
            case Started():
                self.say(record.at, f"taken up by {record.executor}")
            case Turned():
                self._said.clear()
                self.say(record.at, f"{record.step}: {record.state}{f': {record.why}' if record.why else ''}")
            case Noted():
                self.say(record.at, told(record).rstrip(": "))

    def waits(self, wait: Wait) -> None:
        """What it waits for, when that was not told since a step last went on."""
        if wait.why and wait.why not in self._said:
            self._said.add(wait.why)
            self.say(None, f"waits until {wait.until:%H:%M:%S} at the latest: {wait.why}")

    def stopping(self) -> None:
        """Somebody at the terminal asked for a stop."""
        self.say(None, _STOP)

    def say(self, at: datetime | None, text: str) -> None:
        """One line."""
        when = f"{at:%Y-%m-%d %H:%M:%S} " if at is not None else " " * 20
        print(printable(f"{self._mark}{when}{text}"), flush=True)


class Screen(Lines):
    """The same lines, which scroll above a table of the waves."""

    def __init__(self, plan: Plan, live: Any, mark: str = "") -> None:
        super().__init__(mark)
        self._plan, self._live = plan, live
        self._journal = Journal()
        self._wait = ""

    def wrote(self, record: Record) -> None:
        """The table follows."""
        self._journal.add(record)
        if isinstance(record, Turned | Noted):
            self._wait = ""
        super().wrote(record)
        self._live.update(self._table())

    def waits(self, wait: Wait) -> None:
        """What it waits for stands below the table."""
        self._wait = printable(f"waits until {wait.until:%H:%M:%S} UTC at the latest: {wait.why}")
        self._live.update(self._table())

    def say(self, at: datetime | None, text: str) -> None:
        """One line above the table."""
        from rich.text import Text

        when = f"{at:%H:%M:%S} " if at is not None else " " * 9
        self._live.console.print(Text(printable(f"{self._mark}{when}{text}")))

    def _table(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        found = Table(box=None, pad_edge=False)
        for name in ("WAVE", "DONE", "OTHERWISE", "IN HAND"):
            found.add_column(name)
        over = {note.about for note in self._journal.notes if note.what == "wave-over"}
        for wave in self._plan.waves:
            states = {step.id: self._journal.state(step.id) for step in wave.steps}
            done = sum(state == "done" for state in states.values())
            other = sum(state in OVER and state != "done" for state in states.values())
            hand = [f"{step} {state}" for step, state in states.items() if state not in OVER and state != "waiting"]
            more = f" and {len(hand) - _NAMED} more" if len(hand) > _NAMED else ""
            text = "over" if wave.id in over else ", ".join(hand[:_NAMED]) + more
            row = (wave.id, f"{done}/{len(states)}", str(other or ""), text)
            found.add_row(*(Text(printable(cell)) for cell in row))
        return Group(found, Text(self._wait))


@contextmanager
def progress(plan: Plan, mark: str = "", *, quiet: bool = False) -> Iterator[Listener]:
    """Somebody who tells how a run of a plan goes; ``quiet`` where the output is for machines."""
    if quiet:
        yield Silent()
    elif not sys.stdout.isatty():
        yield Lines(mark)
    else:
        from rich.live import Live

        with Live(refresh_per_second=4, transient=False) as live:
            yield Screen(plan, live, mark)


class Silent:
    """Tells nothing but that it was asked to stop."""

    def wrote(self, record: Record) -> None:
        """Nothing."""

    def waits(self, wait: Wait) -> None:
        """Nothing."""

    def stopping(self) -> None:
        """To whoever pressed Ctrl-C."""
        print(_STOP, file=sys.stderr)
