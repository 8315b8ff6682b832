"""What is told of trials and soaks: a line, tables for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence

from oakum.simulation import coverage
from oakum.simulation.faults import KINDS
from oakum.simulation.soak import Totals


def summary(totals: Totals) -> str:
    """One line: how many, and how it goes."""
    unsafe = sum(totals.unsafe.values())
    return (
        f"{totals.schedules} schedules, {totals.delivered} faults, {unsafe} unsafe, {totals.stranded} stranded, "
        f"{totals.stuck} stuck; {ends(totals)}"
    )


def ends(totals: Totals) -> str:
    """How runs ended, in words."""
    return ", ".join(f"{number} {name}" for name, number in sorted(totals.ends.items())) or "none ended"


def markdown(totals: Totals) -> str:
    """The tables of a soak."""
    rate = totals.schedules / totals.seconds if totals.seconds else 0.0
    share = 100 * totals.patched / totals.steps if totals.steps else 0.0
    lines = [
        f"- schedules with at least one fault delivered: {totals.schedules:,} (without: {totals.void:,})",
        f"- faults delivered: {totals.delivered:,}",
        f"- unsafe states: {sum(totals.unsafe.values())}"
        + "".join(f"; {name} {number}" for name, number in sorted(totals.unsafe.items())),
        f"- stranded machines: {totals.stranded}",
        f"- ends that the oracle does not accept: {totals.stuck}",
        f"- ends: {ends(totals)}",
        f"- steps done: {totals.patched:,} of {totals.steps:,} ({share:.1f} %)",
        f"- evictions: {totals.evictions:,}; pod minutes lost: {totals.missed / 60:,.0f}",
        f"- processor time: {totals.seconds:,.0f} s, {rate:.1f} schedules a second on one core",
        "", "## Faults by the state of the step", "",
        *_table(["fault", *coverage.STATES], [_row(totals, kind) for kind in KINDS]),
        "", "`-`: cannot be, see `oakum.simulation.coverage`.",
    ]  # fmt: skip
    missing = coverage.gaps(totals.faults)
    if missing:
        lines += ["", f"Not struck: {', '.join(f'{kind} in {state}' for kind, state in missing)}"]
    lines += ["", "## Schedules by scenario", ""]
    lines += _table(["scenario", "schedules"], [[name, f"{n:,}"] for name, n in sorted(totals.by_scenario.items())])
    if totals.failures:
        lines += ["", "## Failures", ""]
        lines += [
            f"- `oakum simulate {each.scenario} --seed {each.seed}`: {each.kind}: {each.what}"
            for each in totals.failures
        ]
    return "\n".join(lines) + "\n"


def _row(totals: Totals, kind: str) -> list[str]:
    cells = []
    for state in coverage.STATES:
        number = coverage.count(totals.faults, kind, state)
        cells.append(f"{number:,}" if number or not coverage.impossible(kind, state) else "-")
    return [kind, *cells]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(each) + " |" for each in rows),
    ]
