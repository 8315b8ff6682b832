"""A terminal's output as frames, and frames as one SVG that plays by itself: no script, no font to fetch.

``Screen`` understands what our own commands write (text, colours, how rich redraws a table in its place), and raises
ValueError for anything else, so that a picture never shows what a terminal would not. In the SVG each row of text
stands once for the time in which it does not change. Who asked for less motion, or has a viewer without animations,
sees the last frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

_SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b(.)", re.DOTALL)
_COLOURS = {31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 36: "#79c0ff", 37: "#e6edf3", 90: "#8b949e"}
_PLAIN = "#e6edf3"
_CELL, _LINE, _SIZE, _EDGE = 8.43, 19, 14, 16


class Style(NamedTuple):
    """How a letter looks."""

    colour: str = _PLAIN
    bold: bool = False
    dim: bool = False


class Cell(NamedTuple):
    """A letter with its looks."""

    letter: str
    style: Style


Row = tuple[Cell, ...]


class Screen:
    """What a terminal of so many columns shows; it has as many rows as are needed."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._rows: list[list[Cell]] = [[]]
        self._at, self._row = 0, 0
        self._style = Style()

    def feed(self, text: str) -> None:
        """Takes more output. Raises ValueError for a sequence that is not understood."""
        end = 0
        for found in _SEQUENCE.finditer(text):
            self._write(text[end : found.start()])
            end = found.end()
            self._obey(found[1] or "", found[2] or "", found[0])
        self._write(text[end:])

    def _write(self, text: str) -> None:
        for letter in text:
            if letter == "\n":
                self._row += 1
            elif letter == "\r":
                self._at = 0
            elif letter < " ":
                raise ValueError(f"the control character {letter!r}")
            else:
                if self._at == self.columns:
                    self._row, self._at = self._row + 1, 0
                self._put(Cell(letter, self._style))
            while len(self._rows) <= self._row:
                self._rows.append([])

    def _put(self, cell: Cell) -> None:
        while len(self._rows) <= self._row:
            self._rows.append([])
        row = self._rows[self._row]
        row += [Cell(" ", Style())] * (self._at - len(row))
        row[self._at : self._at + 1] = [cell]
        self._at += 1

    def _obey(self, given: str, verb: str, whole: str) -> None:
        numbers = [int(each) if each.isdigit() else 0 for each in given.split(";")]
        if verb == "m":
            self._look(numbers)
        elif verb == "A":
            self._row = max(0, self._row - max(1, numbers[0]))
        elif verb == "K" and numbers[0] == 2:
            self._rows[self._row] = []
        elif verb == "K" and numbers[0] == 0:
            self._rows[self._row] = self._rows[self._row][: self._at]
        elif not (verb in "hl" and given == "?25"):
            raise ValueError(f"the sequence {whole!r}")

    def _look(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            if number == 0:
                self._style = Style()
            elif number == 1:
                self._style = self._style._replace(bold=True)
            elif number == 2:
                self._style = self._style._replace(dim=True)
            elif number in _COLOURS:
                self._style = self._style._replace(colour=_COLOURS[number])
            else:
                raise ValueError(f"the colour {number}")

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows as they are now, without empty ends."""
        found = [tuple(row) for row in self._rows]
        while found and not "".join(cell.letter for cell in found[-1]).strip():
            found.pop()
        return tuple(found)

    @property
    def text(self) -> str:
        """The same as plain text."""
        return "\n".join("".join(cell.letter for cell in row).rstrip() for row in self.rows)


class Frame(NamedTuple):
    """What is shown from a time (seconds) on."""

    at: float
    rows: tuple[Row, ...]


def frames(events: Iterable[tuple[float, str]], columns: int, *, least: float = 0.2) -> list[Frame]:
    """The frames of a recording; what lasts for less than ``least`` seconds is not shown."""
    screen, found = Screen(columns), list[Frame]()
    for at, data in events:
        screen.feed(data)
        if found and at - found[-1].at < least:
            found[-1] = Frame(found[-1].at, screen.rows)
        elif not found or screen.rows != found[-1].rows:
            found.append(Frame(at, screen.rows))
    return found


def svg(name: str, shown: Sequence[Frame], columns: int, title: str, description: str, *, rest: float = 8.0) -> str:
    """The frames as one picture that plays again and again; the last one stays for ``rest`` seconds."""
    whole = shown[-1].at + rest
    height = max(len(frame.rows) for frame in shown)
    spans = _spans(shown)
    width = columns * _CELL + 2 * _EDGE
    times = [frame.at for frame in shown] + [whole]
    last = len(shown)
    styles: list[str] = []
    groups: list[str] = []
    for number, ((start, end), rows) in enumerate(sorted(spans.items())):
        content = "".join(_row(at, row) for at, row in rows)
        if (start, end) == (0, last):
            groups.append(f"<g>{content}</g>")
            continue
        begin, finish = 100 * times[start] / whole, 100 * times[end] / whole
        steps = ("0%{visibility:hidden}" if start else "") + f"{begin:.2f}%{{visibility:visible}}"
        steps += f"{finish:.2f}%{{visibility:hidden}}" if end < last else "100%{visibility:visible}"
        styles.append(f"@keyframes {name}{number}{{{steps}}}")
        styles.append(f".{name} .n{number}{{animation-name:{name}{number}}}")
        groups.append(f'<g class="m n{number}{"" if end == last else " h"}">{content}</g>')
    total = height * _LINE + 2 * _EDGE
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{name}" viewBox="0 0 {width:.0f} {total}" role="img"',
        f'  fill="{_PLAIN}" aria-labelledby="{name}-t {name}-d">',
        f'<title id="{name}-t">{escape(title)}</title>', f'<desc id="{name}-d">{escape(description)}</desc>', "<style>",
        f'.{name} text{{font:{_SIZE}px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;white-space:pre}}',
        f".{name} .h{{visibility:hidden}}",
        f".{name} .m{{animation-duration:{whole:.2f}s;animation-timing-function:step-end;"
        "animation-iteration-count:infinite}",
        *styles, f"@media (prefers-reduced-motion:reduce){{.{name} .m{{animation:none}}}}", "</style>",
        f'<rect width="{width:.0f}" height="{total}" rx="8" fill="#161b22"/>', *groups, "</svg>", "",
    ])  # fmt: skip


def _spans(shown: Sequence[Frame]) -> dict[tuple[int, int], list[tuple[int, Row]]]:
    """Rows by the frames (from, before) in which they stand unchanged."""
    found: dict[tuple[int, int], list[tuple[int, Row]]] = {}
    for at in range(max(len(frame.rows) for frame in shown)):
        start = 0
        row = _at(shown[0], at)
        for number in range(1, len(shown) + 1):
            now = _at(shown[number], at) if number < len(shown) else None
            if now != row:
                if row:
                    found.setdefault((start, number), []).append((at, row))
                start, row = number, now or ()
    return found


def _at(frame: Frame, row: int) -> Row:
    return frame.rows[row] if row < len(frame.rows) else ()


def _row(at: int, row: Row) -> str:
    """One row; each run of letters of one style is laid on the grid, whatever font there is."""
    found: list[str] = []
    column = 0
    y = _EDGE + at * _LINE + _SIZE
    while column < len(row):
        end = column
        while end < len(row) and row[end].style == row[column].style:
            end += 1
        text = "".join(cell.letter for cell in row[column:end])
        kept = text.strip()
        if kept:
            x = _EDGE + (column + len(text) - len(text.lstrip())) * _CELL
            style = row[column].style
            looks = "" if style.colour == _PLAIN else f' fill="{style.colour}"'
            looks += ' font-weight="bold"' if style.bold else ""
            looks += ' opacity=".65"' if style.dim else ""
            long = f"{len(kept) * _CELL:.1f}"
            found.append(f'<text x="{x:.1f}" y="{y}" textLength="{long}"{looks}>{escape(kept)}</text>')
        column = end
    return "".join(found)
