"""One self-contained HTML file: works from disk, without scripts, by keyboard and screen reader, in light and dark.

Everything that comes from outside is escaped; there is no script and no external resource, and a policy in the page
itself forbids both. Long evidence folds into ``details`` elements, which need no script.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from oakum.reports.answer import ActionEntry, Answer, FindingEntry, GapEntry
from oakum.reports.html_compared import compared_section
from oakum.reports.html_reach import reach_section
from oakum.reports.html_since import is_new, since_notes, since_section
from oakum.reports.html_stated import stated_notes, stated_section
from oakum.reports.html_style import STYLE
from oakum.reports.html_table import Tables
from oakum.reports.plain import age, assets, date, evr, named, not_read, when

#: What the pages may load: nothing.
_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_STATES = {
    "none": "no fix is published",
    "published": "published",
    "available": "available here",
    "installed": "installed, not effective",
}


def html(answer: Answer) -> bytes:
    """The answer as one page, UTF-8."""
    tables = Tables()
    main = [
        '<section aria-labelledby="actions">',
        *_actions(answer, tables),
        "</section>",
        *reach_section(answer, tables),
        *since_section(answer, tables),
        '<section aria-labelledby="findings">',
        *_findings(answer, tables),
        *stated_section(answer, tables),
        "</section>",
        *compared_section(answer, tables),
        '<section aria-labelledby="gaps">',
        *_gaps(answer, tables),
        '</section><section aria-labelledby="sources">',
        *_sources(answer, tables),
        '</section><section aria-labelledby="assets">',
        *_assets(answer, tables),
        "</section>",
    ]
    return page(_names(answer), ("actions", "Skip to what to do first"), _head(answer), main)


def page(title: str, skip: tuple[str, str], head: Iterable[str], main: Iterable[str], *, style: str = "") -> bytes:
    """A whole page, UTF-8, of parts that are HTML: ``skip`` is where its first link leads, and the words of that."""
    place, words = skip
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_CSP}">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>Oakum: {title}</title><style>{STYLE}{style}</style></head><body>",
        f'<a class="skip" href="#{place}">{words}</a>',
        *head,
        "<main>",
        *main,
        "</main></body></html>",
    ]
    return "\n".join(parts).encode("utf-8", "replace")


def _names(answer: Answer) -> str:
    return escape(answer.assets[0].name if len(answer.assets) == 1 else assets(answer))


def _head(answer: Answer) -> Iterable[str]:
    packages = sum(asset.packages for asset in answer.assets)
    assessed = sum(part.assessed for asset in answer.assets for part in asset.coverage)
    as_of = f", as of {escape(answer.as_of)}" if answer.as_of else ""
    yield f"<header><h1>Oakum: {_names(answer)}</h1>"
    yield (
        f'<p class="soft">Scanned {_moment(answer.now)}{as_of} by {escape(answer.tool.name)} '
        f"{escape(answer.tool.version)}: {packages} packages, {assessed} assessed, {len(answer.open)} findings, "
        f"{len(answer.not_assessable)} not assessable.</p>"
    )
    if answer.reconstructed:
        yield "<p>Nothing was recorded that long ago: this answer is reconstructed from the publishers' own dates.</p>"
    if packages and not assessed:
        yield "<p><strong>No package could be assessed, so nothing is known to be clean.</strong></p>"
    if unread := not_read(answer):
        yield f"<p>Not looked for: {escape(unread)}.</p>"
    yield from _bar(answer.open)
    yield "</header>"
    yield from _contents(answer)


def _contents(answer: Answer) -> Iterable[str]:
    """Where to go on, with how much is there."""
    parts = [("actions", f"What to do first ({len(answer.actions)})")]
    if answer.exposures:
        parts += [("reach", "Reachable from outside")]
    if answer.history:
        parts += [("since", "Since the last scan")]
    parts += [
        ("findings", f"Findings ({len(answer.open)})"),
        *((("stated", f"Suppressed ({len(answer.suppressed)})"),) if answer.statements else ()),
        *((("compared", f"Compared ({len(answer.comparisons)})"),) if answer.comparisons else ()),
        ("gaps", f"Not assessable ({len(answer.not_assessable)})"),
        ("sources", f"Sources ({len(answer.sources)})"),
        ("assets", f"Assets ({len(answer.assets)})"),
    ]
    links = "".join(f'<li><a href="#{name}">{words}</a></li>' for name, words in parts)
    yield f'<nav aria-label="Contents"><ul>{links}</ul></nav>'


def _moment(text: str) -> str:
    return f'<time datetime="{escape(text)}">{escape(text[:16].replace("T", " "))} UTC</time>'


def _bar(findings: Sequence[FindingEntry]) -> Iterable[str]:
    counts = Counter((one.decision.order, one.decision.outcome) for one in findings)
    if not counts:
        return
    words = "; ".join(f"{outcome}: {count}" for (_, outcome), count in sorted(counts.items()))
    yield f'<div class="bar" role="img" aria-label="Findings by deadline. {escape(words)}">'
    for (order, _), count in sorted(counts.items()):
        yield f'<span class="bg{_band(order)}" style="width:{100 * count / len(findings):.2f}%"></span>'
    yield f'</div><p class="soft">Findings by deadline: {escape(words)}.</p>'


def _band(order: int) -> int:
    return order if order < 4 else 9


def _actions(answer: Answer, tables: Tables) -> Iterable[str]:
    yield '<h2 id="actions">What to do first</h2>'
    if not answer.actions:
        unknown = any(not gap.accepted for gap in answer.not_assessable)
        yield f"<p>{'Make assessable what is listed below.' if unknown else 'Nothing to act on.'}</p>"
        return
    heads = ("#", "When", "Action", "Closes", "Risk closed")
    rows = map(_action, answer.actions)
    yield from tables.table(heads, rows, "Ranked actions", numbers=(0, 3, 4), header=2, ids="action-")


def _action(action: ActionEntry) -> Sequence[str]:
    moves = "".join(
        f"<li><code>{escape(move.source)}</code>: {escape(', '.join(move.found))}"
        f" &rarr; {escape(move.target or 'no fix')} ({escape(', '.join(move.packages))})</li>"
        for move in action.moves
    )
    why = "".join(f"<li>{escape(line)}</li>" for line in action.why)
    sources = list(dict.fromkeys(move.source for move in action.moves))
    names = f'<br><span class="soft">{escape(", ".join(sources))}</span>' if len(sources) > 1 else ""
    return (
        str(action.rank),
        f'<span class="u{_band(action.order)}">{escape(when(action))}</span>',
        f"<details><summary>{escape(action.title)}{names}</summary><ul>{moves}</ul><ul>{why}</ul></details>",
        str(len(action.findings)),
        f"{action.risk:.0f}",
    )


def _gaps(answer: Answer, tables: Tables) -> Iterable[str]:
    yield '<h2 id="gaps">Not assessable</h2>'
    if not answer.not_assessable:
        yield "<p>Nothing: every package was assessed.</p>"
        return
    groups: dict[tuple[str, str, bool], list[GapEntry]] = {}
    for gap in answer.not_assessable:
        groups.setdefault((gap.kind, gap.why, gap.accepted), []).append(gap)
    yield from tables.table(("What", "Why", "Remedy"), map(_gap, groups.values()), "What could not be assessed")


def _gap(same: Sequence[GapEntry]) -> Sequence[str]:
    """Gaps of one kind for one reason: one row, the others folded in, each with its own remedy where they differ."""
    first = same[0]
    remedy = escape(first.remedy) + (" (accepted)" if first.accepted else "")
    if len(same) == 1:
        return escape(first.what), escape(first.why), remedy
    alike = all(gap.remedy == first.remedy for gap in same)
    others = "".join(f"<li>{escape(gap.what)}{'' if alike else ': ' + escape(gap.remedy)}</li>" for gap in same[1:])
    more = f"<details><summary>and {len(same) - 1} more</summary><ul>{others}</ul></details>"
    return f"{escape(first.what)}{more}", escape(first.why), remedy


def _findings(answer: Answer, tables: Tables) -> Iterable[str]:
    yield '<h2 id="findings">Findings</h2>'
    if not answer.open:
        yield "<p>None.</p>"
        return
    heads = ("Vulnerability", "Package", "Fixed in", "Deadline", "Severity", "Score")
    yield from tables.table(heads, map(_finding, answer.open), "Findings, most urgent first", numbers=(5,))


def _finding(finding: FindingEntry) -> Sequence[str]:
    package, fix, decision = finding.package, finding.fix, finding.decision
    steps = "".join(
        f"<li>{name}: {step.answer}, {escape(step.proof)}</li>"
        for name, step in (
            ("published", fix.published),
            ("available here", fix.available),
            ("installed", fix.installed),
            ("effective", fix.effective),
        )
    )
    inputs = "".join(
        f"<li>{escape(each.key)} = {escape(each.value)} "
        f"({escape(each.source)}{', default' if each.default else ''})</li>"
        for each in decision.inputs
    )
    changes = "".join(
        f"<li>{escape(each.key)} = {escape(each.value)} would make it: {escape(each.outcome)}</li>"
        for each in decision.changes
    )
    parts = "".join(
        f"<li>{escape(part.name)}: {escape(part.value)}, factor {part.factor:g} ({escape(part.source)})</li>"
        for part in finding.score.parts
    )
    evidence = "".join(
        f"<li>{escape(one.record)} ({escape(one.source)}) {escape(one.state)} {escape(one.reason)}"
        f"{' fixed in ' + escape(one.fix) if one.fix else ''}</li>"
        for one in finding.evidence
    )
    notes = "".join(
        f"<li>{escape(note)}</li>" for note in (*finding.notes, *since_notes(finding), *stated_notes(finding))
    )
    new = ' <span class="tag new">new</span>' if is_new(finding) else ""
    tag = ' <span class="tag">known exploited</span>' if finding.kev else ""
    also = ", ".join((*finding.aliases, *finding.bundles))
    return (
        f"<details><summary>{escape(named(finding))}{tag}{new}</summary>"
        f"<p>{escape(finding.summary)}</p><p>{'Also ' if also else ''}{escape(also)}</p>"
        f"<ul>{evidence}{notes}</ul></details>",
        f"{escape(package.name)}<br><code>{escape(evr(finding))}</code>",
        f"<details><summary>{f'<code>{escape(fix.version)}</code>' if fix.version else 'none'}"
        f'<br><span class="soft">{escape(_STATES.get(fix.state, fix.state))}</span></summary>'
        f"<ul>{steps}</ul></details>",
        f'<details><summary class="u{_band(decision.order)}">{escape(decision.outcome)}</summary>'
        f"<ul>{inputs}{changes}</ul></details>",
        escape(finding.severity),
        f"<details><summary>{finding.score.value:.0f}</summary><ul>{parts}</ul></details>",
    )


def _sources(answer: Answer, tables: Tables) -> Iterable[str]:
    yield '<h2 id="sources">Sources</h2>'
    rows = (
        (
            escape(source.name),
            escape(source.format),
            age(source),
            escape(date(source)),
            str(source.facts),
        )
        for source in answer.sources
    )
    yield from tables.table(("Source", "Format", "Age", "Date", "Facts"), rows, "Sources and their age", numbers=(4,))


def _assets(answer: Answer, tables: Tables) -> Iterable[str]:
    yield '<h2 id="assets">Assets</h2>'
    rows = (
        (
            escape(asset.name),
            escape(asset.kind),
            escape(asset.release or "unknown"),
            str(asset.packages),
            escape("; ".join(f"{part.scope}: {part.assessed} of {part.packages}" for part in asset.coverage)),
        )
        for asset in answer.assets
    )
    heads = ("Asset", "Kind", "Release", "Packages", "Assessed")
    yield from tables.table(heads, rows, "What was scanned", numbers=(3,))
