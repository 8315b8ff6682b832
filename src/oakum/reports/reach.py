"""Who can reach what, as text: the workloads that are reachable from outside, how, and what closing that would do.

The most exposed first, those with the most urgent findings behind them before the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from oakum.reports.answer import Answer, ClosingEntry, ExposureEntry

#: Workloads on one screen; the machine forms hold them all.
REACHED = 4
_LEVELS = ("open", "controlled", "small")


def reach(answer: Answer, width: int, everything: bool) -> Iterable[str]:
    """The section of a table; nothing where no exposure was measured."""
    if not answer.exposures:
        return
    counts = {level: sum(one.level == level for one in answer.exposures) for level in _LEVELS}
    yield ""
    yield "REACHABLE: " + ", ".join(f"{counts[level]} {level}" for level in _LEVELS)
    shown = ordered(answer)
    limit = len(shown) if everything else REACHED
    for one in shown[:limit]:
        yield from wrap(f"- {one.name}: {how(one)}", width, subsequent_indent="  ", break_on_hyphens=False)
        for closing in one.closings[: None if everything else 1]:
            yield from wrap(f"  {effect(closing)}", width, subsequent_indent="  ", break_on_hyphens=False)
    if len(shown) > limit:
        yield f"... and {len(shown) - limit} more; -o json or --all shows them"


def ordered(answer: Answer) -> list[ExposureEntry]:
    """What is open, the most urgent first: first what moves decisions when closed, then by name."""
    return sorted(
        (one for one in answer.exposures if one.level == "open"),
        key=lambda one: (-max((_moved(closing) for closing in one.closings), default=0), one.default, one.name),
    )


def _moved(closing: ClosingEntry) -> int:
    return sum(shift.findings for shift in closing.shifts)


def how(exposure: ExposureEntry) -> str:
    """How it is reached, in one line."""
    if exposure.default:
        return f"assumed {exposure.level}: {exposure.why}"
    if not exposure.paths:
        return f"{exposure.level}: {exposure.why}"
    first = exposure.paths[0]
    more = f" (and {len(exposure.paths) - 1} more ways)" if len(exposure.paths) > 1 else ""
    return f"{exposure.level}, " + " -> ".join((first.source, *first.hops)) + more


def effect(closing: ClosingEntry) -> str:
    """What closing something would do."""
    shifts = ", ".join(
        f"{shift.findings} finding{'s' if shift.findings != 1 else ''} from {shift.outcome} to {shift.to}"
        for shift in closing.shifts
    )
    return f"{closing.what}: leaves it {closing.leaves}" + (f"; moves {shifts}" if shifts else "; moves no deadline")
