"""``oakum explain``: what each actor would do with a node now, and why, on one page."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.cli import machine
from oakum.cli.times import time_of
from oakum.errors import UsageError
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.actors.marks import Said
    from oakum.actors.shields import Shield
    from oakum.changes.drain import Judged, Surroundings
    from oakum.reports.node_page import Drained, Page

#: Pods of one heading that are named; more are counted.
_SHOWN = 5
_EXAMPLES = """\
Examples:
  oakum explain node-1 --from prod.json
  oakum explain node-1 --from dumps/ -o json

A dump with all that is asked for, with Cluster API's objects where the cluster has them:
  kubectl get -A -o json pods,pdb,nodes,ns,rs,deploy,sts,ds,rc,jobs,pv,pvc,volumeattachments > prod.json

Ends with 3 where the dump lacks what the answer rests on."""
_OUTCOMES = {
    "stopped": "stopped",
    "possible": "can be done",
    "possible-as-far-as-known": "can be done, as far as the dump tells",
    "unknown": "not assessable",
}
_STANCES = {"acts": "acts on it now", "means-to": "has it in hand", "kept-away": "leaves it alone"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.epilog = _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("node", metavar="NODE", help="a node's name")
    add("--from", dest="dump", metavar="DUMP", help="a dump, a folder of dumps, or '-': standard input")
    add("--now", metavar="TIME", help="the time of the question (default: when the dump was read, if it says so)")
    add("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Answer; 3 where the dump lacks something."""
    if arguments.dump is None:
        raise UsageError("no --from", remedy="oakum explain NODE --from DUMP")
    from oakum.local.skew import observe
    from oakum.reports.node_page import page_of

    around = _read(arguments.dump)
    text = arguments.now or around.snapshot.read_at
    state, gaps = observe(around.snapshot)
    page = page_of(around, arguments.node, state, gaps, time_of(text, "--now") if text else None)
    if arguments.output == "json":
        machine.print_json(_answer(page))
    else:
        for line in _lines(page):
            print(printable(line))
    return 3 if page.gaps else 0


def _read(name: str) -> Surroundings:
    from oakum.fleet.cluster.dump_text import LARGEST
    from oakum.local.drain import of_bytes, of_saved

    if name != "-":
        return of_saved(Path(name))
    return of_bytes(b"".join(machine.read_lines("-", longest=LARGEST)), "standard input")


def _answer(page: Page) -> dict[str, object]:
    from msgspec import to_builtins

    from oakum.changes.drain.answers import judged

    drains = [
        {
            "actor": each.actor, "options": each.options, "outcome": each.outcome, "counts": each.counts,
            "held": [judged(one) for one in each.held],
        }
        for each in page.drains
    ]  # fmt: skip
    gaps = [{"what": gap.what, "why": gap.why, "remedy": gap.remedy} for gap in page.gaps]
    return {
        "node": to_builtins(page.node), "marks": to_builtins(page.marks), "shields": to_builtins(page.shields),
        "drains": drains,
        "karpenter_guarded": list(page.guarded), "not_assessable": gaps,
    }  # fmt: skip


# For people


def _lines(page: Page) -> Iterable[str]:
    node = page.node
    cordon = {"": "takes pods", "somebody": "cordoned, and nothing says by whom"}.get(
        node.cordoned_by, f"cordoned by {node.cordoned_by}"
    )
    yield f"{node.name}: kubelet {node.kubelet or 'unknown'}, {node.ready}, {cordon}, {node.pods} pods"
    yield from (f"  taint {each}" for each in node.taints)
    yield from (f"  {each}" for each in node.skew)
    if node.cordoned_by == "somebody":
        yield "  Oakum leaves this cordon where it is: whoever set it lifts it."
    for stance, group in groupby(sorted(page.marks, key=lambda one: list(_STANCES).index(one.stance)), _stance):
        yield ""
        yield f"{_STANCES[stance][:1].upper()}{_STANCES[stance][1:]}"
        for one in group:
            yield f"  {one.actor}: {one.why}"
            yield f"    {one.mark} ({one.source})"
    if page.shields:
        yield ""
        yield "What keeps them away while you work on it"
    for shield in page.shields:
        yield from _shield(shield, node.name)
    for each in page.drains:
        yield ""
        yield from _drain(each)
    if page.guarded:
        yield ""
        yield "Karpenter replaces or removes the node only when these pods are gone"
        yield from (f"  {each}" for each in page.guarded)
    for gap in page.gaps:
        yield f"Not assessable: {gap.what}: {gap.why} ({gap.remedy})"


def _shield(shield: Shield, node: str) -> Iterable[str]:
    if shield.on in ("annotation", "label"):
        verb = "annotate" if shield.on == "annotation" else "label"
        over = " --overwrite" if shield.before else ""
        back = f"={shield.before}{over}" if shield.before else "-"
        yield f"  {shield.actor}: kubectl {verb} node {node} {shield.key}={shield.value}{over}"
        yield f"    {shield.says} ({shield.source}); undo: kubectl {verb} node {node} {shield.key}{back}"
    else:
        yield f"  {shield.actor}: {shield.says} ({shield.source})"


def _stance(one: Said) -> str:
    return one.stance


def _drain(drain: Drained) -> Iterable[str]:
    flags = " ".join(f"--{key.replace('_', '-')}" for key in drain.options)
    who = {"oakum": "A drain by Oakum", "kubectl": f"kubectl drain {flags}".strip()}.get(
        drain.actor, f"A removal by {drain.actor}"
    )
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(drain.counts.items())) or "no pods"
    yield f"{who}: {_OUTCOMES[drain.outcome]} ({counts})"
    for (_, _, label), group in groupby(sorted(drain.held, key=_heading), _heading):
        several = list(group)
        for one in several[:_SHOWN]:
            yield from _pod(one, label)
        if len(several) > _SHOWN:
            yield f"    and {len(several) - _SHOWN} more: {label}"


def _heading(one: Judged) -> tuple[int, str, str]:
    outcome = one.outcome
    label = {"for-ever": "blocked for ever", "now": "blocked now"}.get(outcome.duration, outcome.verdict)
    return ("error", "blocked", "wait").index(outcome.verdict), outcome.reason, label


def _pod(one: Judged, label: str) -> Iterable[str]:
    meta, outcome = one.pod.metadata, one.outcome
    yield f"  {meta.namespace}/{meta.name}, {label}: {outcome.why or outcome.reason}"
    if outcome.remedy:
        about = (
            f" [{outcome.object}]" if outcome.object and outcome.object != f"Pod/{meta.namespace}/{meta.name}" else ""
        )
        yield f"    {outcome.remedy}{about}"
