"""Tables of the page: with a caption, with headers of columns and rows, and readable on a narrow screen.

On a narrow screen rows are laid out as blocks. Browsers then forget that it is a table, so roles say it again
(adrianroselli.com/2018/02/tables-css-display-properties-and-semantics.html). A wide table scrolls in a region of its
own that the keyboard reaches (WCAG 2.1.1, 1.4.10).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import count


class Tables:
    """Makes the tables of one page; each caption has an id of its own."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def table(
        self,
        heads: Sequence[str],
        rows: Iterable[Sequence[str]],
        caption: str,
        *,
        numbers: tuple[int, ...] = (),
        header: int = 0,
        ids: str = "",
    ) -> Iterable[str]:
        """A table of cells that are HTML already. ``numbers`` are columns of numbers, ``header`` the column that names
        its row; ``ids`` begins the ids of the rows, which are numbered from 1.
        """
        name = f"caption-{next(self._numbers)}"
        yield f'<div class="wide" tabindex="0" role="region" aria-labelledby="{name}">'
        yield f'<table role="table"><caption id="{name}">{escape(caption)}</caption>'
        yield '<thead role="rowgroup"><tr role="row">'
        for at, head in enumerate(heads):
            yield f'<th scope="col" role="columnheader"{_class(at, numbers)}>{escape(head)}</th>'
        yield '</tr></thead><tbody role="rowgroup">'
        for number, row in enumerate(rows, start=1):
            identity = f' id="{ids}{number}"' if ids else ""
            yield f'<tr role="row"{identity}>{"".join(_cells(heads, row, numbers, header))}</tr>'
        yield "</tbody></table></div>"


def _cells(heads: Sequence[str], row: Sequence[str], numbers: tuple[int, ...], header: int) -> Iterable[str]:
    for at, (head, cell) in enumerate(zip(heads, row, strict=True)):
        tag, role = ("th", 'scope="row" role="rowheader"') if at == header else ("td", 'role="cell"')
        yield f'<{tag} {role} data-label="{escape(head)}"{_class(at, numbers)}><div>{cell}</div></{tag}>'


def _class(at: int, numbers: tuple[int, ...]) -> str:
    return ' class="n"' if at in numbers else ""
