"""The answer as text for a terminal of any width: what to do first, what was not assessed, how old the sources are.

Plain text without colours or box drawing, so that it survives pipes, logs and screen readers; a terminal may colour it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import shorten, wrap

from oakum.reports.answer import ActionEntry, Answer, FindingEntry

#: How many actions and findings one screen shows; the machine forms hold them all.
ACTIONS, FINDINGS, GAPS = 10, 10, 8
#: Sources about vulnerabilities and releases, which speak of no package and so cover none.
_INTELLIGENCE = ("kev", "epss", "vulnrichment", "endoflife")


def plain(answer: Answer, *, width: int = 100, everything: bool = False) -> str:
    """One screen; ``everything`` shows all rows."""
    lines: list[str] = []
    lines += _head(answer, width)
    lines += _actions(answer, width, None if everything else ACTIONS)
    lines += _findings(answer, width, None if everything else FINDINGS)
    lines += _gaps(answer, width, None if everything else GAPS)
    lines += _sources(answer, width)
    return "\n".join(lines) + "\n"


def _head(answer: Answer, width: int) -> Iterable[str]:
    names = answer.assets[0].name if len(answer.assets) == 1 else f"{len(answer.assets)} assets"
    packages = sum(asset.packages for asset in answer.assets)
    assessed = sum(part.assessed for asset in answer.assets for part in asset.coverage)
    when = f" as of {answer.as_of}" if answer.as_of else ""
    yield f"{names}: {packages} packages, {assessed} assessed{when}"
    if answer.reconstructed:
        yield from wrap(
            "Nothing was recorded that long ago: this answer is reconstructed from the publishers' own dates.", width
        )
    new = f" new since {answer.baseline}" if answer.baseline else ""
    states: Counter[str] = Counter(finding.fix.state for finding in answer.findings)
    order = ("none", "published", "available", "installed")
    words = {"none": "without a fix", "installed": "installed, not effective"}
    parts = [f"{states[state]} {words.get(state, 'fix ' + state)}" for state in order if states[state]]
    yield f"{len(answer.findings)} findings{new}" + (f": {', '.join(parts)}" if parts else "")


def _actions(answer: Answer, width: int, limit: int | None) -> Iterable[str]:
    yield ""
    if not answer.actions:
        unknown = any(not gap.accepted for gap in answer.not_assessable)
        yield "WHAT TO DO FIRST: " + ("make assessable what is listed below" if unknown else "nothing to act on")
        return
    yield "WHAT TO DO FIRST"
    rows = [("#", "WHEN", "ACTION", "CLOSES", "RISK")]
    rows += [
        (str(one.rank), when(one), one.title, str(len(one.findings)), f"{one.risk:.0f}")
        for one in answer.actions[:limit]
    ]
    yield from table(rows, width, stretch=2, right=(3, 4))
    yield from _more(len(answer.actions), limit, "actions")
    defaults = Counter(each.key for one in answer.findings for each in one.decision.inputs if each.default)
    if defaults:
        words = ", ".join(f"{key} ({count})" for key, count in sorted(defaults.items()))
        yield from wrap(
            f"Deadlines use defaults where nobody answered: {words} of {len(answer.findings)} findings.", width
        )


def when(action: ActionEntry) -> str:
    """The deadline in words."""
    return "no fix yet" if action.kind == "wait" else action.outcome


def _findings(answer: Answer, width: int, limit: int | None) -> Iterable[str]:
    if not answer.findings:
        return
    yield ""
    yield "MOST URGENT FINDINGS"
    rows = [("ID", "PACKAGE", "INSTALLED", "FIXED IN", "FIX", "SEVERITY", "SCORE")]
    rows += [
        (
            one.id + (" KEV" if one.kev else ""),
            one.package.name,
            _evr(one),
            one.fix.version or "-",
            one.fix.state,
            one.severity,
            f"{one.score.value:.0f}",
        )
        for one in answer.findings[:limit]
    ]
    yield from table(rows, width, stretch=1, right=(6,))
    yield from _more(len(answer.findings), limit, "findings")


def _evr(finding: FindingEntry) -> str:
    package = finding.package
    return f"{package.epoch}:{package.version}" if package.epoch else package.version


def _gaps(answer: Answer, width: int, limit: int | None) -> Iterable[str]:
    yield ""
    if not answer.not_assessable:
        yield "NOT ASSESSABLE: nothing; every package was assessed"
        return
    yield f"NOT ASSESSABLE ({len(answer.not_assessable)})"
    for gap in answer.not_assessable[:limit]:
        accepted = " (accepted)" if gap.accepted else ""
        yield from wrap(
            f"- [{gap.kind}]{accepted} {gap.what}: {gap.why}. Do: {gap.remedy}", width, subsequent_indent="  "
        )
    yield from _more(len(answer.not_assessable), limit, "lines")


def _sources(answer: Answer, width: int) -> Iterable[str]:
    yield ""
    used = {name for asset in answer.assets for part in asset.coverage for name in part.sources}
    shown = [source for source in answer.sources if source.name in used or source.format in _INTELLIGENCE]
    if not shown:
        yield "SOURCES: none speaks about what was scanned"
        return
    yield "SOURCES"
    rows = [("SOURCE", "FORMAT", "AGE", "DATE", "FACTS")]
    for source in shown:
        age = f"{source.age_days:.1f} days" if source.age_days is not None else "unknown"
        rows.append((source.name, source.format, age, (source.as_of or source.recorded)[:10], str(source.facts)))
    yield from table(rows, width, stretch=0, right=(4,))


def _more(count: int, limit: int | None, what: str) -> Iterable[str]:
    if limit is not None and count > limit:
        yield f"... and {count - limit} more {what}; -o json or --all shows them"


def table(rows: Sequence[tuple[str, ...]], width: int, *, stretch: int, right: tuple[int, ...] = ()) -> Iterable[str]:
    """Columns as wide as their content; the ``stretch`` column gives way so that a line fits."""
    clean = [tuple(" ".join(cell.split()) for cell in row) for row in rows]
    widths = [max(len(row[at]) for row in clean) for at in range(len(clean[0]))]
    over = sum(widths) + 2 * (len(widths) - 1) - width
    if over > 0:
        widths[stretch] = max(min(widths[stretch], 12), widths[stretch] - over)
    for row in clean:
        cells = []
        for at, cell in enumerate(row):
            text = cell if len(cell) <= widths[at] else shorten_cell(cell, widths[at])
            cells.append(text.rjust(widths[at]) if at in right else text.ljust(widths[at]))
        yield "  ".join(cells).rstrip()


def shorten_cell(text: str, width: int) -> str:
    """Cut at a word where that keeps most of it, else anywhere, with an ellipsis."""
    cut = shorten(text, width, placeholder="...")
    return cut if len(cut) > width // 2 else text[: width - 3] + "..."
