"""A run as one self-contained page for people: what changed, when, why, who agreed, whether it is proven, the way back.

Like the page of a scan it works from disk, without scripts, by keyboard and screen reader; a policy in the page itself
forbids scripts and everything from elsewhere. What comes from plans, journals and people is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from oakum.changes.plans.model import Change
from oakum.changes.proof import Fault, Gap, Proof
from oakum.changes.proof.evidence import Effect, Outcome
from oakum.changes.running.journal import Noted
from oakum.ledger.base64 import encoded
from oakum.policy.amounts import spoken
from oakum.reports import timeline
from oakum.reports.html import page
from oakum.reports.html_table import Tables
from oakum.reports.proofs import SHOWN, summed
from oakum.reports.run_words import told
from oakum.reports.timeline import Visit

#: The verdict: its sign, its words, what follows from it.
_VERDICTS = {
    "proven": ("&#10003;", "Proven", "Everything below was checked against signatures and the signed ledger."),
    "incomplete": ("?", "Not all is shown", "Nothing is wrong; what could not be shown stands under Proof."),
    "not proven": ("&#10007;", "Not proven", "Something is wrong: do not rely on this page. See Proof."),
}
_STYLE = """
.verdict { display: inline-block; border: 2px solid; border-radius: .4rem; padding: .3rem .8rem; font-weight: 600;
  margin: .6rem 0 .2rem }
.proven { color: #1a7f4b } .incomplete { color: var(--soon) } .not-proven { color: var(--now) }
@media (prefers-color-scheme: dark) { .proven { color: #5fd391 } }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1rem; margin: .6rem 0 }
dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
.no { color: var(--now); font-weight: 600 } .command { font-family: ui-monospace, monospace; font-size: .92em }
"""
_REVERSIBLE = {
    "reversible": "by the former packages", "needs-snapshot": "by a copy of the machine", "forward-only": "no way back",
}  # fmt: skip
_BAD = ("failed", "undone", "lost", "skipped")
_BECAME = {"closed": "closed", "remains": "remains", "new": "new", "unclear": "cannot be told"}
#: What is open comes first.
_ORDER = {"remains": 0, "unclear": 1, "new": 2, "closed": 3}
_MOST_NOTES, _MOST_NAMED = 200, 5


def run_page(proof: Proof, *, now: Sequence[str] = ()) -> bytes:
    """The page of what a bundle, or a run as it stands, shows. ``now`` is what people can do."""
    name = escape(proof.about.run if proof.about is not None else "a bundle")
    tables = Tables()
    found = timeline.visits(proof.plan, proof.records) if proof.plan is not None else []
    parts: list[str] = []
    proven = ['<section aria-labelledby="proof">', *_proof(proof, tables), "</section>"]
    if proof.faults:
        # What is wrong comes before everything that cannot be relied on.
        parts += proven
    if proof.plan is not None:
        parts += [
            '<section aria-labelledby="changes">', *_changes(proof, tables), "</section>",
            '<section aria-labelledby="when">', *_when(proof, found, tables), "</section>",
            '<section aria-labelledby="why">', *_why(proof, tables), "</section>",
            '<section aria-labelledby="who">', *_who(proof, tables), "</section>",
        ]  # fmt: skip
    if not proof.faults:
        parts += proven
    if proof.plan is not None:
        parts += ['<section aria-labelledby="back">', *_back(proof, found, tables, now), "</section>"]
    skip = ("changes", "Skip to what changed")
    return page(f"run {name}", skip, _head(proof, name, found), parts, style=f"{_STYLE}{timeline.STYLE}")


def _head(proof: Proof, name: str, found: Sequence[Visit]) -> Iterator[str]:
    sign, words, means = _VERDICTS[proof.verdict]
    kind = proof.verdict.replace(" ", "-")
    yield f"<header><h1>Run {name}</h1>"
    yield f'<p class="verdict {kind}"><span aria-hidden="true">{sign}</span> {words}</p><p>{means}</p>'
    if proof.plan is None:
        yield "</header>"
        return
    counts = Counter(each.state for each in found)
    states = ", ".join(f"{number} {escape(state)}" for state, number in sorted(counts.items()))
    over = {"done": "The run is done", "stopped": "The run was stopped", "open": "The run is not over"}[proof.state]
    yield f"<p>{over}: of {len(found)} steps on {_machines(found)}, {states}.{_lasted(proof)}</p>"
    if proof.plan.undoes:
        yield f"<p>It takes back the plan <code>{escape(proof.plan.undoes)}</code>.</p>"
    if proof.outcomes:
        yield f"<p>Findings: {escape(summed(proof.outcomes))}.</p>"
    yield "</header>"
    sections = (
        ("changes", "What changed"), ("when", "What happened when"), ("why", "Why"), ("who", "Who agreed"),
        ("proof", "Proof"), ("back", "The way back"),
    )  # fmt: skip
    if proof.faults:
        sections = (sections[4], *sections[:4], *sections[5:])
    links = "".join(f'<li><a href="#{id_}">{text}</a></li>' for id_, text in sections)
    yield f'<nav aria-label="Contents"><ul>{links}</ul></nav>'


def _machines(found: Sequence[Visit]) -> str:
    number = len({each.subject for each in found})
    return f"{number} machine{'s' if number != 1 else ''}"


def _lasted(proof: Proof) -> str:
    if not proof.records:
        return ""
    first, last = proof.records[0].at, proof.records[-1].at
    took = spoken(int((last - first).total_seconds()))
    return f" It began {first:%Y-%m-%d %H:%M:%S} UTC and took {escape(took)}."


# What changed


def _changes(proof: Proof, tables: Tables) -> Iterator[str]:
    yield '<h2 id="changes">What changed</h2>'
    if not proof.effects:
        yield "<p>Nothing: the plan has no steps.</p>"
        return
    heads = ("Machine", "What", "Planned", "Step ended", "Seen before", "Seen after")
    yield from tables.table(heads, map(_change, proof.effects), "Changes, as planned and as the machines showed them")
    looks = [(when, look.findings) for when, look in (("before", proof.before), ("after", proof.after))]
    times = "; ".join(f"{when}: {each.at:%Y-%m-%d %H:%M:%S} UTC" for when, each in looks if each is not None)
    if times:
        yield f'<p class="soft">The machines were looked at {escape(times)}.</p>'


def _change(each: Effect) -> Sequence[str]:
    after = f"<code>{escape(each.after)}</code>" if each.after else "not known"
    if each.shown == "no":
        after += f' <span class="no">{SHOWN["no"]}</span>'
    return (
        escape(each.machine),
        escape(each.change.component) + (' <span class="soft">and a restart</span>' if each.change.reboot else ""),
        f"<code>{escape(each.change.before)}</code> &rarr; <code>{escape(each.change.after)}</code>",
        _ended(each.state),
        f"<code>{escape(each.before)}</code>" if each.before else "not known",
        after,
    )


def _ended(state: str) -> str:
    return f"<strong>{escape(state)}</strong>" if state in _BAD else escape(state)


# When


def _when(proof: Proof, found: Sequence[Visit], tables: Tables) -> Iterator[str]:
    yield '<h2 id="when">What happened when</h2>'
    if not any(each.phases for each in found):
        yield "<p>No step was begun.</p>"
    yield from timeline.picture(found, proof.records)
    heads = ("Wave", "Machine", "Begun (UTC)", "Took", "Ended", "Parts", "Why")
    yield from tables.table(heads, map(_visit, found), "Steps over time", header=1)
    notes = [each for each in proof.records if isinstance(each, Noted)][:_MOST_NOTES]
    plan = proof.plan
    if notes and plan is not None:
        lines = "".join(
            f'<li><time datetime="{each.at:%Y-%m-%dT%H:%M:%SZ}">{each.at:%Y-%m-%d %H:%M:%S}</time> '
            f"{escape(told(each, plan).rstrip(': '))}</li>"
            for each in notes
        )
        yield f"<details><summary>{len(notes)} notes of the run</summary><ul>{lines}</ul></details>"


def _visit(each: Visit) -> Sequence[str]:
    lasted = [(timeline.WORDS[phase.kind], int((phase.end - phase.begin).total_seconds())) for phase in each.phases]
    parts = [f"{word} {spoken(seconds)}" for word, seconds in lasted if seconds > 0]
    took = int((each.end - each.begin).total_seconds()) if each.begin is not None and each.end is not None else 0
    return (
        escape(each.name), escape(each.subject),
        f"{each.begin:%Y-%m-%d %H:%M:%S}" if each.begin is not None else "not begun",
        escape(spoken(took)) if each.phases else "", _ended(each.state), escape(", ".join(parts)), escape(each.why),
    )  # fmt: skip


# Why


def _why(proof: Proof, tables: Tables) -> Iterator[str]:
    yield '<h2 id="why">Why</h2>'
    plan = proof.plan
    wants = [f"{each.name} ({each.kind})" for each in plan.intents] if plan is not None else []
    if wants:
        yield f"<p>Wanted: {escape(', '.join(wants))}.</p>"
    if proof.before.findings is None or proof.after.findings is None:
        yield "<p>Which findings there were, and what became of them, was not recorded.</p>"
        return
    yield f"<p>Findings: {escape(summed(proof.outcomes))}.</p>"
    if proof.outcomes:
        groups: dict[tuple[object, ...], list[Outcome]] = {}
        for each in sorted(proof.outcomes, key=lambda one: (_ORDER[one.became], one.finding.id, one.machine)):
            groups.setdefault((each.became, each.finding, each.now, each.why), []).append(each)
        heads = ("Finding", "Package", "Severity", "Became", "Version before", "Version after", "Machines")
        yield from tables.table(heads, map(_outcome, groups.values()), "Findings before and after the run")


def _outcome(same: Sequence[Outcome]) -> Sequence[str]:
    """A finding of which the same is so on several machines."""
    first, machines = same[0], ", ".join(each.machine for each in same)
    tag = ' <span class="tag">known exploited</span>' if first.finding.exploited else ""
    why = f'<br><span class="soft">{escape(first.why)}</span>' if first.why else ""
    fixed = f'<br><span class="soft">fixed in {escape(first.finding.fixed)}</span>' if first.finding.fixed else ""
    word = _BECAME[first.became] if first.became == "closed" else f"<strong>{_BECAME[first.became]}</strong>"
    if len(same) > _MOST_NAMED:
        machines = f"<details><summary>{len(same)} machines</summary>{escape(machines)}</details>"
    else:
        machines = escape(machines)
    return (
        f"{escape(first.finding.id)}{tag}", escape(first.finding.package), escape(first.finding.severity) or "unknown",
        f"{word}{why}", f"<code>{escape(first.finding.version)}</code>{fixed}",
        f"<code>{escape(first.now)}</code>" if first.now else "gone, or not known", machines,
    )  # fmt: skip


# Who


def _who(proof: Proof, tables: Tables) -> Iterator[str]:
    yield '<h2 id="who">Who agreed</h2>'
    asked = f"Asked for by {escape(proof.requested_by)}, who may not agree." if proof.requested_by else "Nobody asked."
    yield f"<p>{asked}</p>"
    judged = proof.agreed.judged if proof.agreed is not None else ()
    if not judged:
        yield "<p>Nobody agreed.</p>"
        return
    rows = [
        (
            escape(each.who or "nobody whom the policy lists"),
            escape(each.signed.statement.says) + (
                f"<br><span class='soft'>{escape(each.signed.statement.step)}</span>"
                if each.signed.statement.step else ""
            ),
            f"{each.signed.statement.at:%Y-%m-%d %H:%M:%S}", f"{each.signed.statement.until:%Y-%m-%d %H:%M:%S}",
            escape(each.signed.statement.reason),
            f'<span class="no">no: {escape(each.refused)}</span>' if each.refused else "yes",
        )
        for each in judged
    ]  # fmt: skip
    heads = ("Who", "Says", "From (UTC)", "Until (UTC)", "Reason", "Counted when the first step began")
    yield from tables.table(heads, rows, "Statements with their signatures")


# Proof


def _proof(proof: Proof, tables: Tables) -> Iterator[str]:
    yield '<h2 id="proof">Proof</h2>'
    if proof.faults:
        yield "<h3>What is wrong</h3>"
        yield from tables.table(("Where", "What", "Remedy"), map(_fault, proof.faults), "What is wrong")
    if proof.gaps:
        yield "<h3>What is not shown</h3>"
        yield from tables.table(("About", "Why", "Remedy"), map(_gap, proof.gaps), "What could not be shown")
    if not proof.faults and not proof.gaps:
        yield "<p>Nothing is wrong, and nothing is missing.</p>"
    head = proof.ledger.checkpoint
    facts = {
        "Plan": proof.plan.hash if proof.plan is not None else "",
        "Policy": proof.policy.digest if proof.policy is not None else "",
        "Advisories": proof.about.feeds if proof.about is not None else "",
        "Ledger": head.origin if head is not None else "",
        "Its entries": f"{proof.ledger.entries} of this run among {head.size}" if head is not None else "",
        "Its root": encoded(head.root) if head is not None else "",
        "Its key": ("given by whoever made this page" if proof.ledger.pinned else "came with the run: not pinned")
        if head is not None else "",
    }  # fmt: skip
    items = "".join(f"<dt>{name}</dt><dd><code>{escape(value)}</code></dd>" for name, value in facts.items() if value)
    yield f"<dl>{items}</dl>"
    yield (
        "<p>This page is a picture of a proof, not the proof. Check it yourself, offline, with the file of the run and "
        "the ledger's public key: <code>oakum runs verify FILE --key KEY</code></p>"
    )


def _fault(each: Fault) -> Sequence[str]:
    where = escape(each.member) + (f"<br>{escape(each.part)}" if each.part else "")
    return where, escape(each.why), escape(each.remedy)


def _gap(each: Gap) -> Sequence[str]:
    taken = ' <span class="soft">(accepted)</span>' if each.accepted else ""
    return f"{escape(each.what)}{taken}", escape(each.why), escape(each.remedy)


# The way back


def _back(proof: Proof, found: Sequence[Visit], tables: Tables, now: Sequence[str]) -> Iterator[str]:
    yield '<h2 id="back">The way back</h2>'
    steps = proof.plan.steps if proof.plan is not None else {}
    changed = [each for each in found if each.state in ("done", "failed", "lost")]
    if not changed:
        yield "<p>Nothing that the run did is left to be taken back.</p>"
    else:
        rows = [
            (escape(each.subject), _ended(each.state), _REVERSIBLE[steps[each.step].reversibility],
             _moves(steps[each.step].back) or "none")
            for each in changed
        ]  # fmt: skip
        yield from tables.table(("Machine", "Step ended", "Way back", "Changes of the way back"), rows, "The way back")
        name = escape(proof.about.run if proof.about is not None else "RUN")
        yield (
            "<p>A plan takes it back, approved and carried out like any other: "
            f'<span class="command">oakum rollback {name} --from STATE --policy DIR --out back.json</span> for what '
            'failed, <span class="command">--all</span> for everything.</p>'
        )
    if now:
        yield f"<h3>Now</h3><ul>{''.join(f'<li>{escape(each)}</li>' for each in now)}</ul>"


def _moves(changes: Iterable[Change]) -> str:
    return ", ".join(
        f"{escape(each.component)} <code>{escape(each.before)}</code> &rarr; <code>{escape(each.after)}</code>"
        for each in changes
    )
