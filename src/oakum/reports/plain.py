"""The answer as text for a terminal of any width: what to do first, what was not assessed, how old the sources are.

Plain text without colours or box drawing, so that it survives pipes, logs and screen readers; a terminal may colour it.
One screen unless everything is asked for: each part has a number of lines, and says how much it leaves out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from oakum.naming import listed
from oakum.reports.answer import ActionEntry, Answer, FindingEntry, GapEntry, SourceAge
from oakum.reports.compared import compared
from oakum.reports.histories import since_last, since_words
from oakum.reports.printable import printable
from oakum.reports.reach import reach
from oakum.reports.stated import stated

#: Lines of actions, rows of findings, lines of gaps, rows of sources on one screen; the machine forms hold them all.
ACTIONS, FINDINGS, GAPS, SOURCES = 13, 6, 8, 6
#: Cells of a finding that give way on a narrow terminal: the installed version, then how far the fix has come.
_OPTIONAL = (2, 4)
#: The widest deadline on a narrow terminal; a longer one takes two lines.
_WHEN = 17
_MORE = "-o json or --all shows them"
_IN_CLUSTERS = ("node", "component", "workload", "image")
#: The other kinds of assets, in words.
_MACHINES = {"host": "host", "rootfs": "root file system", "sbom": "SBOM"}


def plain(answer: Answer, *, width: int = 100, everything: bool = False) -> str:
    """One screen; ``everything`` shows all rows."""
    lines: list[str] = []
    lines += _head(answer, width)
    lines += _actions(answer, width, everything)
    lines += reach(answer, width, everything)
    lines += since_last(answer, width, everything)
    lines += _findings(answer, width, everything)
    lines += stated(answer, width, everything)
    lines += compared(answer, width, everything)
    lines += _gaps(answer, width, everything)
    lines += _sources(answer, width, everything)
    return "\n".join(map(printable, lines)) + "\n"


def _head(answer: Answer, width: int) -> Iterable[str]:
    names = answer.assets[0].name if len(answer.assets) == 1 else assets(answer)
    packages = sum(asset.packages for asset in answer.assets)
    assessed = sum(part.assessed for asset in answer.assets for part in asset.coverage)
    when = f" as of {answer.as_of}" if answer.as_of else ""
    rest = f", {packages - assessed} not assessable" if packages > assessed else ""
    yield from wrap(f"{names}: {packages} packages, {assessed} assessed{rest}{when}", width)
    if answer.reconstructed:
        yield from wrap(
            "Nothing was recorded that long ago: this answer is reconstructed from the publishers' own dates.", width
        )
    if packages and not assessed:
        yield "No package could be assessed, so nothing is known to be clean."
        return
    yield from wrap(_count(answer), width)
    if unread := not_read(answer):
        yield from wrap(f"Not looked for: {unread}.", width)


def assets(answer: Answer) -> str:
    """How many assets; where a cluster is among them, of which kind, what is in clusters behind their name."""
    kinds = Counter(asset.kind for asset in answer.assets)
    if "cluster" not in kinds:
        return f"{len(answer.assets)} assets"
    clusters = [asset.name for asset in answer.assets if asset.kind == "cluster"]
    name = clusters[0] if len(clusters) == 1 else f"{len(clusters)} clusters"
    inside = [_number(kinds[kind], kind) for kind in _IN_CLUSTERS if kinds[kind]]
    others = [_number(kinds[kind], word) for kind, word in _MACHINES.items() if kinds[kind]]
    return ", ".join((*others, f"{name} ({', '.join(inside)})" if inside else name))


def not_read(answer: Answer) -> str:
    """What no reader looked for, and where; empty where everything was read that such assets hold."""
    places: dict[str, list[str]] = {}
    for asset in answer.assets:
        for thing in asset.not_read:
            places.setdefault(thing, []).append(asset.name)
    names = next(iter(places.values()), [])
    where = printable(names[0]) if len(names) == 1 else _number(len(names), "asset")
    return f"{', '.join(places)} of {where}" if places else ""


def _count(answer: Answer) -> str:
    new = f" new since {answer.baseline}" if answer.baseline else ""
    states: Counter[str] = Counter(finding.fix.state for finding in answer.open)
    words = {"none": "without a fix", "installed": "with a fix installed but not effective"}
    parts = [
        f"{states[state]} {words.get(state, f'with a fix {state}')}"
        for state in ("none", "published", "available", "installed")
        if states[state]
    ]
    if exploited := sum(finding.kev for finding in answer.open):
        parts.append(f"{exploited} known exploited (KEV)")
    return f"{_number(len(answer.open), 'finding')}{new}" + (f": {', '.join(parts)}" if parts else "")


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _actions(answer: Answer, width: int, everything: bool) -> Iterable[str]:
    yield ""
    if not answer.actions:
        unknown = any(not gap.accepted for gap in answer.not_assessable)
        yield "WHAT TO DO FIRST: " + ("make assessable what is listed below" if unknown else "nothing to act on")
        return
    yield "WHAT TO DO FIRST"
    yield from _ranked(answer.actions, width, None if everything else ACTIONS)
    defaults = Counter(each.key for one in answer.open for each in one.decision.inputs if each.default)
    if defaults:
        words = ", ".join(f"{key} ({count})" for key, count in sorted(defaults.items()))
        yield from wrap(
            f"Deadlines use defaults where nobody answered: {words} of {_number(len(answer.open), 'finding')}.",
            width,
        )


def _ranked(actions: Sequence[ActionEntry], width: int, limit: int | None) -> Iterator[str]:
    """Each action with its whole title and what it moves; nothing of it is cut, so that it can be done as written."""
    ranks = max(len(str(len(actions))), 1)
    deadline = max(4, *(min(len(when(one)), _WHEN if width < 120 else 40) for one in actions))
    title = max(width - ranks - deadline - 6 - 6 - 8, 24)
    risk = max(4, *(len(f"{one.risk:.0f}") for one in actions))
    yield f"{'#':>{ranks}}  {'WHEN':{deadline}}  {'ACTION':{title}}  CLOSES  {'RISK':>{risk}}"
    used = 0
    for at, one in enumerate(actions):
        first = wrap(when(one), deadline) or [""]
        second = [*(wrap(one.title, title, break_on_hyphens=False) or [""]), *_moved(one, title)]
        height = max(len(first), len(second))
        if limit is not None and used and used + height > limit:
            yield f"... and {_number(len(actions) - at, 'more action')}; {_MORE}"
            return
        used += height
        for line in range(height):
            left = first[line] if line < len(first) else ""
            right = second[line] if line < len(second) else ""
            if line == 0:
                numbers = f"  {len(one.findings):>6}  {one.risk:>{risk}.0f}"
                yield f"{one.rank:>{ranks}}  {left:{deadline}}  {right:{title}}{numbers}"
            else:
                yield f"{'':{ranks}}  {left:{deadline}}  {right}".rstrip()


def _moved(action: ActionEntry, width: int) -> Sequence[str]:
    """The names behind "5 packages", on one line."""
    names = list(dict.fromkeys(move.source for move in action.moves))
    if len(names) < 2:
        return ()
    shown = len(names)
    while True:
        text = listed(names, shown)
        if len(text) <= width or shown == 1:
            return (text,)
        shown -= 1


def when(action: ActionEntry) -> str:
    """The deadline in words."""
    return "no fix yet" if action.kind == "wait" else action.outcome


def named(finding: FindingEntry) -> str:
    """The finding's id, and the CVE behind it where a vendor's bundle holds exactly one."""
    return f"{finding.id} {finding.cves[0]}" if len(finding.cves) == 1 and finding.cves[0] != finding.id else finding.id


def evr(finding: FindingEntry) -> str:
    """The installed version with its epoch."""
    package = finding.package
    return f"{package.epoch}:{package.version}" if package.epoch else package.version


def _findings(answer: Answer, width: int, everything: bool) -> Iterable[str]:
    if not answer.open:
        return
    limit = None if everything else FINDINGS
    yield ""
    yield "MOST URGENT FINDINGS"
    # Only a history knows an age.
    aged = [since_words(one) for one in answer.open[:limit]] if answer.history else []
    rows: list[tuple[str, ...]] = [("ID", "PACKAGE", "INSTALLED", "FIXED IN", "FIX", "SEVERITY", "SCORE")]
    rows += [
        (
            named(one),
            one.package.name,
            evr(one),
            one.fix.version or "-",
            one.fix.state,
            one.severity + (" KEV" if one.kev else ""),
            f"{one.score.value:.0f}",
        )
        for one in answer.open[:limit]
    ]
    if aged:
        rows = [(*row, cell) for row, cell in zip(rows, ("FIRST SEEN", *aged), strict=True)]
    yield from table(rows, width, stretch=1, right=(6,), optional=_OPTIONAL)
    if limit is not None and len(answer.open) > limit:
        yield f"... and {_number(len(answer.open) - limit, 'more finding')}; {_MORE}"


def _gaps(answer: Answer, width: int, everything: bool) -> Iterable[str]:
    yield ""
    gaps = answer.not_assessable
    if not gaps:
        yield "NOT ASSESSABLE: nothing; every package was assessed"
        return
    yield f"NOT ASSESSABLE ({len(gaps)})"
    groups: dict[tuple[str, bool] | GapEntry, list[GapEntry]] = {}
    for gap in gaps:
        groups.setdefault(gap if everything else (gap.kind, gap.accepted), []).append(gap)
    used = 0
    left = len(gaps)
    # The kind with the most gaps first: a screen without it would mislead.
    ordered = list(groups.values()) if everything else sorted(groups.values(), key=len, reverse=True)
    for at, same in enumerate(ordered):
        kinds = dict.fromkeys(rest[0].kind for rest in ordered[at:])
        lines = list(_gap(same, width))
        if not everything and used and used + len(lines) > GAPS:
            yield from wrap(f"... and {left} more ({', '.join(kinds)}); {_MORE}", width, break_on_hyphens=False)
            return
        used += len(lines)
        left -= len(same)
        yield from lines


def _gap(same: Sequence[GapEntry], width: int) -> Iterator[str]:
    """Gaps of one kind: the first in full, the others by name."""
    first = same[0]
    accepted = " (accepted)" if first.accepted else ""
    others = list(dict.fromkeys(gap.what for gap in same if gap.what != first.what))
    also = f" Likewise {listed(others, 3)}." if others else ""
    yield from wrap(
        f"- [{first.kind}]{accepted} {first.what}: {first.why}. Do: {first.remedy}.{also}",
        width,
        subsequent_indent="  ",
    )


def _sources(answer: Answer, width: int, everything: bool) -> Iterable[str]:
    yield ""
    used = {name for asset in answer.assets for part in asset.coverage for name in part.sources}
    shown = [source for source in answer.sources if source.name in used or source.format in _INTEL]
    if not shown:
        yield "SOURCES: none speaks about what was scanned"
        return
    # The oldest first: it limits what the answer is worth.
    shown.sort(key=lambda one: (-(one.age_days if one.age_days is not None else float("inf")), one.name))
    limit = len(shown) if everything else SOURCES
    yield "SOURCES"
    rows = [("SOURCE", "FORMAT", "AGE", "DATE", "FACTS")]
    rows += [(one.name, one.format, age(one), date(one), str(one.facts)) for one in shown[:limit]]
    yield from table(rows, width, stretch=0, right=(4,))
    if len(shown) > limit:
        yield f"... and {_number(len(shown) - limit, 'younger source')}; {_MORE}"


#: Sources that speak about vulnerabilities whatever was scanned.
_INTEL = frozenset({"kev", "epss", "vulnrichment"})


def age(source: SourceAge) -> str:
    """The age of a source in words."""
    return f"{source.age_days:.1f} days" if source.age_days is not None else "unknown"


def date(source: SourceAge) -> str:
    """The publisher's day, else that of the import."""
    return (source.as_of or source.recorded)[:10]


def table(
    rows: Sequence[tuple[str, ...]],
    width: int,
    *,
    stretch: int,
    right: tuple[int, ...] = (),
    optional: tuple[int, ...] = (),
) -> Iterable[str]:
    """Columns as wide as their content; where they do not fit, the ``optional`` go, then ``stretch`` gives way."""
    clean = [tuple(" ".join(cell.split()) for cell in row) for row in rows]
    widths = [max(len(row[at]) for row in clean) for at in range(len(clean[0]))]
    kept = list(range(len(widths)))

    def over() -> int:
        return sum(widths[at] for at in kept) + 2 * (len(kept) - 1) - width

    for at in optional:
        if over() > 0:
            kept.remove(at)
    widths[stretch] = max(min(widths[stretch], 12), widths[stretch] - max(over(), 0))
    for row in clean:
        cells = []
        for at in kept:
            text = row[at] if len(row[at]) <= widths[at] else row[at][: widths[at] - 3] + "..."
            cells.append(text.rjust(widths[at]) if at in right else text.ljust(widths[at]))
        yield "  ".join(cells).rstrip()
