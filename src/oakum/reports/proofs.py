"""What a bundle shows, at a terminal and for programs: the verdict, who agreed, what changed, what is not shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from textwrap import wrap

from oakum.changes.proof import Proof
from oakum.changes.proof.evidence import Effect, Outcome
from oakum.ledger.base64 import encoded
from oakum.reports.plain import table
from oakum.reports.printable import printable

#: Lines of one kind on a screen; -o json holds them all.
_MOST = 20
#: What the later look says of a change, in words.
SHOWN = {
    "yes": "as the journal says", "no": "another than the journal says", "unknown": "nobody could see",
    "nothing": "",
}  # fmt: skip
VERDICTS = {
    "proven": "proven",
    "incomplete": "nothing is wrong, and not all could be shown",
    "not proven": "NOT PROVEN",
}


def proof_document(proof: Proof) -> dict[str, object]:
    """The machine form; its fields are in the reference of bundles."""
    head = proof.ledger.checkpoint
    return {
        "format": "oakum-proof/1",
        "verdict": proof.verdict,
        "run": proof.about.run if proof.about is not None else "",
        "plan": proof.plan.hash if proof.plan is not None else "",
        "policy": proof.policy.digest if proof.policy is not None else "",
        "feeds": proof.about.feeds if proof.about is not None else "",
        "state": proof.state,
        "ledger": None if head is None else {
            "origin": head.origin, "size": head.size, "root": encoded(head.root), "pinned": proof.ledger.pinned,
            "entries": proof.ledger.entries,
        },
        "requested_by": proof.requested_by,
        "statements": [
            {"by": each.who, "says": each.signed.statement.says, "step": each.signed.statement.step,
             "reason": each.signed.statement.reason, "at": f"{each.signed.statement.at:%Y-%m-%dT%H:%M:%SZ}",
             "counts": not each.refused, "why": each.refused}
            for each in (proof.agreed.judged if proof.agreed is not None else ())
        ],
        "changes": [
            {"step": each.step, "machine": each.machine, "component": each.change.component, "state": each.state,
             "from": each.change.before, "to": each.change.after, "before": each.before, "after": each.after,
             "shown": each.shown}
            for each in proof.effects
        ],
        "findings": [
            {"machine": each.machine, "id": each.finding.id, "package": each.finding.package,
             "version": each.finding.version, "fixed": each.finding.fixed, "now": each.now, "became": each.became,
             "why": each.why}
            for each in proof.outcomes
        ],
        "faults": [
            {"member": each.member, "part": each.part, "why": each.why, "remedy": each.remedy}
            for each in proof.faults
        ],
        "gaps": [
            {"kind": each.kind, "what": each.what, "why": each.why, "remedy": each.remedy, "accepted": each.accepted}
            for each in proof.gaps
        ],
    }  # fmt: skip


def proof_text(proof: Proof, *, width: int = 100) -> str:
    """The verdict for a terminal: what is wrong first, then what was shown, then what was not."""
    name = proof.about.run if proof.about is not None else "the bundle"
    lines = wrap(f"{name}: {VERDICTS[proof.verdict]}", width)
    lines += _listed("WRONG", [str(each) for each in proof.faults], width)
    if proof.plan is None:
        return "\n".join(map(printable, lines)) + "\n"
    lines += ["", *_about(proof, width)]
    if proof.effects:
        rows = [_row(each) for each in proof.effects[:_MOST]]
        head = ("MACHINE", "WHAT", "FROM", "TO", "STEP IS", "SEEN BEFORE", "SEEN AFTER")
        lines += ["", *table([head, *rows], width, stretch=1, optional=(5,))]
        lines += _more(len(proof.effects))
    lines += _findings(proof, width)
    lines += _listed("NOT SHOWN", [str(each) for each in proof.gaps], width)
    return "\n".join(map(printable, lines)) + "\n"


def _about(proof: Proof, width: int) -> Iterator[str]:
    head, agreed = proof.ledger.checkpoint, proof.agreed
    if head is not None:
        key = "a key that you gave" if proof.ledger.pinned else "the key that came with it"
        yield from wrap(
            f"ledger {head.origin}: the run's {proof.ledger.entries} entries are among {head.size}, signed by {key}",
            width,
        )
    yield f"plan {proof.plan.hash if proof.plan is not None else ''}"
    counted = [each for each in agreed.judged if not each.refused] if agreed is not None else []
    says = [f"{each.who}{'' if each.signed.statement.says == 'approve' else ' (broke the glass)'}" for each in counted]
    people = ", ".join(dict.fromkeys(says))
    yield from wrap(f"asked for by {proof.requested_by or 'nobody known'}; agreed: {people or 'nobody'}", width)
    states = Counter({each.step: each.state for each in proof.effects}.values())
    told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    yield f"the run is {proof.state}; steps: {told}"


def _row(each: Effect) -> tuple[str, ...]:
    wrong = f" ({SHOWN[each.shown]})" if each.shown == "no" else ""
    return (
        each.machine, each.change.component, each.change.before, each.change.after, each.state, each.before or "?",
        (each.after or "?") + wrong,
    )  # fmt: skip


def summed(outcomes: tuple[Outcome, ...]) -> str:
    """How many findings became what, in words."""
    counts = Counter[str](each.became for each in outcomes)
    words = {"closed": "closed", "remains": "remain", "unclear": "cannot be told"}
    parts = [f"{counts[each]} {word}" for each, word in words.items() if counts[each]]
    before = len(outcomes) - counts["new"]
    return f"{before} before{': ' if parts else ''}{', '.join(parts)}; {counts['new'] or 'none'} new"


def _findings(proof: Proof, width: int) -> Iterator[str]:
    if proof.before.findings is None or proof.after.findings is None:
        return
    yield from ("", f"FINDINGS  {summed(proof.outcomes)}")
    order = {"remains": 0, "unclear": 1, "new": 2, "closed": 3}
    told = sorted(proof.outcomes, key=lambda each: (order[each.became], each.machine, each.finding.id))
    if told:
        rows = [
            (each.became, each.finding.id, each.machine, each.finding.package, each.finding.version, each.now or "-")
            for each in told[:_MOST]
        ]
        yield from table([("BECAME", "FINDING", "MACHINE", "PACKAGE", "WAS", "IS"), *rows], width, stretch=3)
        yield from _more(len(told))


def _more(count: int) -> list[str]:
    return [f"and {count - _MOST} more; -o json holds them all"] if count > _MOST else []


def _listed(title: str, texts: list[str], width: int) -> Iterator[str]:
    if texts:
        yield from ("", title)
        for each in texts[:_MOST]:
            yield from wrap(each, width, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
        yield from _more(len(texts))
