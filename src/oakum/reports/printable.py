"""Text from outside as a terminal may show it.

A package's name or a file's may hold escape sequences, line breaks or characters that turn the direction of writing; on
a screen they could hide a line or forge one. Sources: ECMA-48 (control functions), UAX 9 (explicit formatting).
"""

from __future__ import annotations

_CONTROLS = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SHOWN = dict.fromkeys((*_CONTROLS, *_DIRECTIONS), "\N{REPLACEMENT CHARACTER}")


def printable(line: str) -> str:
    """One line, with a replacement character for everything that would act instead of being seen."""
    return line.translate(_SHOWN)
