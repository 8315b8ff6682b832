"""Programs: what those of Go and Rust say of themselves, and which ones say nothing."""

from __future__ import annotations

from oakum.fleet.images.sources import Memory
from oakum.fleet.languages import go, rust
from oakum.fleet.languages.elf import Elf, NoElfError
from oakum.fleet.languages.sources import Source
from oakum.fleet.packages import Package

#: Programs up to this many bytes are read at once.
_WHOLE = 1 << 24


def read(source: Source, path: str) -> list[Package]:
    """The packages that a program says it is made of. InputError where what it says is damaged."""
    if source.size <= _WHOLE:
        # Reading it to and fro in a packed layer would take longer.
        source = Memory(source.read_at(0, source.size))
    program = Elf(source)
    return [*go.read(program, path), *rust.read(program, path)]


def silent(source: Source) -> bool:
    """Whether ``read`` finds nothing, as far as that is to be seen at once; most programs say so by their sections."""
    try:
        program = Elf(source)
        return program.named and not program.mentions(go.SECTION, rust.SECTION)
    except NoElfError:
        return False
