"""One self-contained HTML file: works from disk, without scripts, by keyboard and screen reader, in light and dark.

Everything that comes from outside is escaped; there is no script and no external resource, and a policy in the page
itself forbids both. Long evidence folds into ``details`` elements, which need no script.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from oakum.reports.answer import ActionEntry, Answer, FindingEntry, PathEntry
from oakum.reports.plain import age, date, evr, named, not_read, when
from oakum.reports.reach import effect, ordered

_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--page:#fff;--band:#f6f8fa;--now:#b3261e;--soon:#9a5b00;--later:#0b5fa5;--quiet:#57606a}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b1;--line:#30363d;--page:#0d1117;--band:#161b22;--now:#ff8f86;--soon:#f0b35c;--later:#79b8ff;--quiet:#9da7b1}}
*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);margin:0 auto;max-width:72rem;padding:1.5rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}p{margin:.4rem 0}.soft{color:var(--soft)}
a{color:inherit}a:focus-visible,summary:focus-visible{outline:3px solid var(--later);outline-offset:2px}
.path{display:inline-flex;flex-wrap:wrap;gap:.2rem 0;list-style:none;margin:.1rem 0;padding:0}.path li{border:1px solid var(--line);border-radius:.4rem;padding:0 .45rem;background:var(--band)}
.path li+li{margin-left:1.4rem;position:relative}.path li+li::before{content:'\\2192' / '';position:absolute;left:-1.2rem;color:var(--soft)}h3{font-size:1rem;margin:1.2rem 0 .3rem}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--page);padding:.5rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.94rem}
th,td{text-align:left;padding:.45rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}thead th{background:var(--band)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}code{font-family:ui-monospace,monospace;font-size:.92em;overflow-wrap:anywhere}
.u0,.u1{color:var(--now);font-weight:600}.u2{color:var(--soon);font-weight:600}.u3{color:var(--later)}.u9{color:var(--quiet)}
.bar{display:flex;height:1rem;border-radius:.25rem;overflow:hidden;background:var(--line);margin:.6rem 0}
.bar span{display:block}.bg0,.bg1{background:var(--now)}.bg2{background:var(--soon)}.bg3{background:var(--later)}.bg9{background:var(--quiet)}
summary{cursor:pointer}ul{margin:.3rem 0;padding-left:1.2rem}.tag{font-size:.8rem;font-weight:600;color:var(--now);border:1px solid;border-radius:.25rem;padding:0 .25rem;white-space:nowrap}
@media(max-width:44rem){body{padding:1rem}thead{position:absolute;left:-99rem}table,tbody,tr,td{display:block}tr{border:1px solid var(--line);border-radius:.4rem;margin:0 0 .75rem;padding:.35rem 0}
td,td.n{display:grid;grid-template-columns:6.5rem minmax(0,1fr);gap:.5rem;text-align:left;border:0;padding:.2rem .6rem}td::before{content:attr(data-label);color:var(--soft)}}
@media print{.wide{overflow:visible}.skip{display:none}}
"""  # noqa: E501 (a style sheet)


_STATES = {
    "none": "no fix is published",
    "published": "published",
    "available": "available here",
    "installed": "installed, not effective",
}


def html(answer: Answer) -> bytes:
    """The answer as one page, UTF-8."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_CSP}">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>Oakum: {_names(answer)}</title><style>{_STYLE}</style></head><body>",
        '<a class="skip" href="#actions">Skip to what to do first</a>',
        *_head(answer),
        '<main><section aria-labelledby="actions">',
        *_actions(answer),
        '</section><section aria-labelledby="gaps">',
        *_gaps(answer),
        *_reach(answer),
        '</section><section aria-labelledby="findings">',
        *_findings(answer),
        '</section><section aria-labelledby="sources">',
        *_sources(answer),
        '</section><section aria-labelledby="assets">',
        *_assets(answer),
        "</section></main></body></html>",
    ]
    return "\n".join(parts).encode("utf-8", "replace")


def _names(answer: Answer) -> str:
    return escape(answer.assets[0].name) if len(answer.assets) == 1 else f"{len(answer.assets)} assets"


def _head(answer: Answer) -> Iterable[str]:
    packages = sum(asset.packages for asset in answer.assets)
    assessed = sum(part.assessed for asset in answer.assets for part in asset.coverage)
    as_of = f", as of {escape(answer.as_of)}" if answer.as_of else ""
    yield f"<header><h1>Oakum: {_names(answer)}</h1>"
    yield (
        f'<p class="soft">Scanned {_moment(answer.now)}{as_of} by {escape(answer.tool.name)} '
        f"{escape(answer.tool.version)}: {packages} packages, {assessed} assessed, {len(answer.findings)} findings, "
        f"{len(answer.not_assessable)} not assessable.</p>"
    )
    if answer.reconstructed:
        yield "<p>Nothing was recorded that long ago: this answer is reconstructed from the publishers' own dates.</p>"
    if packages and not assessed:
        yield "<p><strong>No package could be assessed, so nothing is known to be clean.</strong></p>"
    if unread := not_read(answer):
        yield f"<p>Not looked for: {escape(unread)}.</p>"
    yield from _bar(answer.findings)
    yield "</header>"


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


def _table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str, numbers: tuple[int, ...] = ()
) -> Iterable[str]:
    """A table of cells that are HTML already."""
    # The roles repeat what the elements mean, since a narrow page lays rows out as blocks.
    yield f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}">'
    yield '<table role="table"><thead role="rowgroup"><tr role="row">'
    for at, head in enumerate(heads):
        yield f'<th scope="col" role="columnheader"{" class=n" if at in numbers else ""}>{escape(head)}</th>'
    yield '</tr></thead><tbody role="rowgroup">'
    for row in rows:
        cells = "".join(
            f'<td role="cell" data-label="{escape(head)}"{" class=n" if at in numbers else ""}><div>{cell}</div></td>'
            for at, (head, cell) in enumerate(zip(heads, row, strict=True))
        )
        yield f'<tr role="row">{cells}</tr>'
    yield "</tbody></table></div>"


def _actions(answer: Answer) -> Iterable[str]:
    yield '<h2 id="actions">What to do first</h2>'
    if not answer.actions:
        unknown = any(not gap.accepted for gap in answer.not_assessable)
        yield f"<p>{'Make assessable what is listed below.' if unknown else 'Nothing to act on.'}</p>"
        return
    yield from _table(
        ("#", "When", "Action", "Closes", "Risk closed"), map(_action, answer.actions), "Ranked actions", (0, 3, 4)
    )


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


def _gaps(answer: Answer) -> Iterable[str]:
    yield '<h2 id="gaps">Not assessable</h2>'
    if not answer.not_assessable:
        yield "<p>Nothing: every package was assessed.</p>"
        return
    rows = (
        (escape(gap.what), escape(gap.why), escape(gap.remedy) + (" (accepted)" if gap.accepted else ""))
        for gap in answer.not_assessable
    )
    yield from _table(("What", "Why", "Remedy"), rows, "What could not be assessed")


def _findings(answer: Answer) -> Iterable[str]:
    yield '<h2 id="findings">Findings</h2>'
    if not answer.findings:
        yield "<p>None.</p>"
        return
    heads = ("Vulnerability", "Package", "Fixed in", "Deadline", "Severity", "Score")
    yield from _table(heads, map(_finding, answer.findings), "Findings, most urgent first", (5,))


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
    notes = "".join(f"<li>{escape(note)}</li>" for note in finding.notes)
    tag = ' <span class="tag">known exploited</span>' if finding.kev else ""
    also = ", ".join((*finding.aliases, *finding.bundles))
    return (
        f"<details><summary>{escape(named(finding))}{tag}</summary>"
        f"<p>{escape(finding.summary)}</p><p>{'Also ' if also else ''}{escape(also)}</p>"
        f"<ul>{evidence}{notes}</ul></details>",
        f"{escape(package.name)}<br><code>{escape(evr(finding))}</code>",
        f"<details><summary>{f'<code>{escape(fix.version)}</code>' if fix.version else 'none'}"
        f"<br><span class=soft>{escape(_STATES.get(fix.state, fix.state))}</span></summary><ul>{steps}</ul></details>",
        f'<details><summary class="u{_band(decision.order)}">{escape(decision.outcome)}</summary>'
        f"<ul>{inputs}{changes}</ul></details>",
        escape(finding.severity),
        f"<details><summary>{finding.score.value:.0f}</summary><ul>{parts}</ul></details>",
    )


def _reach(answer: Answer) -> Iterable[str]:
    """Who can be reached, by which path, and what closing it would do; nothing where no exposure was measured."""
    if not answer.exposures:
        return
    yield '</section><section aria-labelledby="reach"><h2 id="reach">Reachable from outside</h2>'
    shown = ordered(answer)
    others = len(answer.exposures) - len(shown)
    yield f'<p class="soft">{len(shown)} open, {others} controlled or small.</p>'
    rows = (
        (
            escape(one.name),
            escape(f"{one.level} (assumed)" if one.default else one.level),
            "".join(_path(path) for path in one.paths[:3]) or escape(one.why),
            "<br>".join(escape(effect(closing)) for closing in one.closings) or "-",
        )
        for one in shown
    )
    yield from _table(("Workload", "Exposure", "How it is reached", "What closing would do"), rows, "Reachable")
    if answer.blast:
        yield "<h3>What a node holds</h3>"
        held = ((escape(one.name), f"{one.value:.0f}", escape("; ".join(one.parts))) for one in answer.blast)
        yield from _table(("Node", "Weight", "Whoever holds it holds"), held, "Blast radius of nodes", (1,))


def _path(path: PathEntry) -> str:
    hops = "".join(f"<li>{escape(hop)}</li>" for hop in (path.source, *path.hops))
    ports = f' <span class="soft">{escape(path.ports)}</span>' if path.ports else ""
    return f'<ol class="path">{hops}</ol>{ports}'


def _sources(answer: Answer) -> Iterable[str]:
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
    yield from _table(("Source", "Format", "Age", "Date", "Facts"), rows, "Sources and their age", (4,))


def _assets(answer: Answer) -> Iterable[str]:
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
    yield from _table(("Asset", "Kind", "Release", "Packages", "Assessed"), rows, "What was scanned", (3,))
