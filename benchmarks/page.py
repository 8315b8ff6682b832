"""Tables in Markdown, what machine they come from, and their place in docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import ROOT, Spread

PAGE = ROOT / "docs" / "benchmarks.md"


def milliseconds(value: Spread) -> str:
    """Median (least to most) of seconds."""
    return _text(value, 1e3, "ms")


def microseconds(value: Spread) -> str:
    """Median (least to most) of seconds."""
    return _text(value, 1e6, "µs")


def seconds(value: Spread) -> str:
    """Median (least to most)."""
    return _text(value, 1, "s")


def mebibytes(value: float) -> str:
    """Bytes."""
    return f"{value / (1 << 20):.0f} MiB"


def _text(value: Spread, factor: float, unit: str) -> str:
    low, middle, high = (number * factor for number in (value.least, value.median, value.most))
    digits = 0 if middle >= 100 else 1 if middle >= 10 else 2
    return f"{middle:.{digits}f} {unit} ({low:.{digits}f}–{high:.{digits}f})"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """One table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def machine(command: str) -> str:
    """Where, when and how these figures were taken."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, `{command}`, on {model}, {os.cpu_count()} cores, {memory:.0f} GiB,"
        f" {platform.system()} {platform.release()}, Python {platform.python_version()};"
        f" load at the end of the run {load:.1f}."
    )


def rewrite(name: str, text: str, page: Path = PAGE) -> None:
    """Replace what stands between the markers of ``name``; what is around them was written by a person."""
    start, end = f"<!-- {name}: start -->", f"<!-- {name}: end -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{page} has no markers {start} and {end}")
    page.write_text(f"{before}{start}\n\n{text.strip()}\n\n{end}{after}", encoding="utf-8")
