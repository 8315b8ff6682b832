"""Which lines each test reaches, and how long it takes: measured once, and again only where something has changed.

A measure is of one test over the sources as they were; the file that keeps them forgets all where a source differs,
and a test's where its file does.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import coverage
import pytest


class Measure(NamedTuple):
    """What one test did over the true program: seconds of the processor, whether it passed, and what it reached.

    ``lines`` has for each file a number whose bit N stands for line N.
    """

    seconds: float
    passed: bool
    lines: dict[str, int]

    def reaches(self, file: str, first: int, last: int) -> bool:
        """Whether it reaches one of some lines."""
        return bool(self.lines.get(file, 0) >> first & ((1 << last - first + 1) - 1))


def measured(
    items: Sequence[pytest.Item], passes: Callable[[int], bool], sources: Path, kept: Path | None
) -> list[Measure]:
    """The measures of tests, in their order; ``passes`` runs one of them. ``kept`` is the file that keeps them."""
    whole = _digest(sorted(sources.rglob("*.py")))
    known: dict[str, tuple[str, Measure]] = {}
    if kept is not None and kept.exists():
        about, found = pickle.loads(kept.read_bytes())  # a file of our own, beside the sources
        known = found if about == whole else {}
    stamps = {path: _digest([path]) for path in {item.path for item in items}}
    new = [
        number
        for number, item in enumerate(items)
        if item.nodeid not in known or known[item.nodeid][0] != stamps[item.path]
    ]
    for number, measure in _measure(new, passes, sources):
        known[items[number].nodeid] = stamps[items[number].path], measure
    if kept is not None and new:
        kept.parent.mkdir(parents=True, exist_ok=True)
        written = kept.with_suffix(f".{os.getpid()}")
        written.write_bytes(pickle.dumps((whole, known)))
        written.replace(kept)
    return [known[item.nodeid][1] for item in items]


def _measure(numbers: Iterable[int], passes: Callable[[int], bool], sources: Path) -> Iterable[tuple[int, Measure]]:
    found = coverage.Coverage(data_file=None, config_file=False, include=[f"{sources}/*"], messages=False)
    found.set_option("run:disable_warnings", ["already-imported", "module-not-measured", "no-data-collected"])
    found.start()
    ran: dict[int, tuple[float, bool]] = {}
    for number in numbers:
        found.switch_context(str(number))
        began = time.process_time()
        passed = passes(number)
        ran[number] = time.process_time() - began, passed
    found.stop()
    lines: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    data = found.get_data()
    for file in data.measured_files():
        for line, several in data.contexts_by_lineno(file).items():
            for each in filter(None, several):
                lines[int(each)][file] |= 1 << line
    return [(number, Measure(*told, dict(lines[number]))) for number, told in ran.items()]


def _digest(files: Sequence[Path]) -> str:
    found = hashlib.blake2b(digest_size=16)
    for path in files:
        found.update(f"{path}\0".encode() + path.read_bytes())
    return found.hexdigest()
