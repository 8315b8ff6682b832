"""How wide the terminal is; texts are never made narrower than a table can be."""

from __future__ import annotations

import shutil

_NARROWEST = 60


def width() -> int:
    """Columns of the terminal, or 100 where there is none."""
    return max(_NARROWEST, shutil.get_terminal_size((100, 40)).columns)
