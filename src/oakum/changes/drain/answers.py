"""The answers about drains as plain values, in the field names of the machine form."""

from __future__ import annotations

from oakum.changes.drain.explain import Explained
from oakum.changes.drain.model import Judged, Opt, Rule

Answer = dict[str, object]


def explained(found: Explained) -> Answer:
    """``pods``: every pod of the nodes; beside them what is still attached, and what could not be assessed."""
    answer: Answer = {"pods": [judged(each) for each in found.pods]}
    if found.volumes:
        answer["volumes"] = [{"node": node, "volume": volume} for node, volume in found.volumes]
    if found.gaps:
        answer["not_assessable"] = [{"what": gap.what, "why": gap.why, "remedy": gap.remedy} for gap in found.gaps]
    return answer


def judged(one: Judged) -> Answer:
    """One pod; ``why``, ``rule``, ``source`` and ``remedy`` stand only where there is something to say."""
    meta, outcome = one.pod.metadata, one.outcome
    answer: Answer = {
        "namespace": meta.namespace,
        "name": meta.name,
        "verdict": outcome.verdict,
        "reason": outcome.reason or None,
        "order": outcome.order,
        "duration": outcome.duration or None,
        "object": outcome.object or None,
    }
    told = {"why": outcome.why, "rule": one.rule, "source": one.source, "remedy": outcome.remedy}
    return {**answer, **{key: text for key, text in told.items() if text}}


def row(rule: Rule[Opt]) -> str:
    """One rule as a row of the reference: name with its source, what it says, an example."""
    return f"| [`{rule.name}`]({rule.source}) | {rule.says} | {rule.example} |"
