"""``oakum flows``: who can connect to whom under the network policies of a cluster, before and after a change."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from oakum.cli import machine
from oakum.errors import InputError, Place, UsageError
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.fleet.assets import Gap
    from oakum.fleet.cluster.snapshot import Snapshot
    from oakum.risk.flows import Connection, Ports

#: One line of a batch holds a whole dump.
LONGEST_LINE = 1 << 29
#: The kinds that connections depend on; what is not known of others is not said here.
_KINDS = frozenset(
    {
        "Pod", "Namespace", "NetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy",
        "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob",
        "VirtualMachine",
    }
)  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = (
        "Examples:\n"
        "  oakum flows --from prod.json\n"
        "  kubectl get pods,ns,netpol -A -o json | oakum flows --from -\n"
        "  oakum flows --from manifests/ --without shop/allow-web       what that policy lets through\n"
        "  oakum flows --from prod.json --quarantine shop/web-7d4b9-x2x   what isolating the pod would cut\n"
        "  oakum flows --batch requests.jsonl          one JSON object a line: id, dump\n\n"
        "Connections are what NetworkPolicy and (Cluster|Admin|Baseline)NetworkPolicy allow: whether the network\n"
        "plugin enforces them, and connections that are already established, are other questions."
    )
    add = parser.add_argument
    add("--from", dest="dump", metavar="DUMP", help="a dump, a folder of dumps or manifests, or '-': standard input")
    help_ = "leave a policy out: ns/name, or Kind/name for one of the cluster; repeat for more"
    add("--without", metavar="POLICY", action="append", default=[], help=help_)
    help_ = "isolate a pod: ns/pod, or ns/workload for all of its pods; repeat for more"
    add("--quarantine", metavar="POD", action="append", default=[], help=help_)
    add("--batch", metavar="FILE", help="answer one JSON request a line ('-': standard input)")
    add("--request", metavar="FILE", help="answer the one JSON request in a file")
    add("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Print the connections; 2 where a line of a batch was bad."""
    forms = (arguments.dump, arguments.batch, arguments.request)
    if sum(each is not None for each in forms) != 1:
        raise UsageError("one of --from, --batch and --request is needed", remedy="see oakum flows --help")
    changes: tuple[list[str], list[str]] = (arguments.without, arguments.quarantine)

    def answer_one(request: machine.Request) -> machine.Answer:
        return _as_json(*_flows(_of_request(request), *changes))

    if arguments.batch is not None:
        lines = machine.read_lines(arguments.batch, longest=LONGEST_LINE)
        return machine.answer_batch(arguments.batch, lines, answer_one)
    if arguments.request is not None:
        return machine.answer_request(arguments.request, answer_one, longest=LONGEST_LINE)
    from oakum.local.clusters import read_given

    after, before, gaps = _flows(read_given(arguments.dump), *changes)
    if arguments.output == "json":
        machine.print_json(_as_json(after, before, gaps))
    else:
        _print(after, before)
    for gap in gaps:
        print(printable(f"oakum flows: {gap.what}: {gap.why} ({gap.remedy})"), file=sys.stderr)
    return 0


def _of_request(request: machine.Request) -> Snapshot:
    from oakum.fleet.cluster.dump import read_dump, read_value

    place = Place(field="dump")
    if "dump" not in request:
        raise InputError("the field is missing", place=place, remedy='give {"id": 1, "dump": {...}}')
    dump = request["dump"]
    if isinstance(dump, str):
        return read_dump(dump.encode(errors="replace"), name="the request's dump")
    if not isinstance(dump, dict | list):
        raise InputError("the field is no dump", place=place, remedy="give a List of objects, or one as a text")
    return read_value(dump, name="the request's dump")


def _flows(
    snapshot: Snapshot, without: list[str], quarantine: list[str]
) -> tuple[Sequence[Connection], Sequence[Connection] | None, Sequence[Gap]]:
    """The connections, those before the change where there is one, and what could not be known."""
    from oakum.risk.flows import Network

    network = Network(snapshot, without=without, quarantine=quarantine)
    gaps = [*(each for each in snapshot.gaps if _matters(each)), *network.problems]
    if not without and not quarantine:
        return network.connections(), None, gaps
    return network.connections(), Network(snapshot, apart=quarantine).connections(), gaps


def _matters(gap: Gap) -> bool:
    from oakum.fleet.cluster.snapshot import KINDS

    kind = gap.what.partition(" ")[0]
    return kind in _KINDS or all(kind != known for _, _, known in KINDS)


def _as_json(
    after: Sequence[Connection], before: Sequence[Connection] | None, gaps: Sequence[Gap]
) -> dict[str, object]:
    """The answer in its machine form: with a change ``connections`` are those after it."""
    from oakum.risk.flows import difference

    answer: dict[str, object] = {"connections": _listed(after)}
    if before is not None:
        answer["before"] = _listed(before)
        answer["gained"] = _listed(difference(after, before))
        answer["lost"] = _listed(difference(before, after))
    if gaps:
        answer["not_assessable"] = [{"what": gap.what, "why": gap.why, "remedy": gap.remedy} for gap in gaps]
    return answer


def _listed(connections: Iterable[Connection]) -> list[dict[str, object]]:
    shown: dict[Ports, object] = {}  # Millions of lines have a few port sets in common.
    lines: list[dict[str, object]] = []
    for each in connections:
        ports = shown.get(each.ports)
        if ports is None:
            ports = shown[each.ports] = each.ports.as_json()
        lines.append({"from": each.from_, "to": each.to, "ports": ports})
    return lines


def _print(after: Sequence[Connection], before: Sequence[Connection] | None) -> None:
    """By target; with a change what stays is followed by what is lost (-) and gained (+)."""
    from oakum.risk.flows import difference

    lost = difference(before, after) if before is not None else ()
    gained = difference(after, before) if before is not None else ()
    marked = [
        *((each, "  ") for each in (difference(after, gained) if gained else after)),
        *((each, "- ") for each in lost),
        *((each, "+ ") for each in gained),
    ]
    by_target: dict[str, list[tuple[Connection, str]]] = {}
    for each, mark in marked:
        by_target.setdefault(each.to, []).append((each, mark))
    for target in sorted(by_target, key=lambda text: ("/" in text, text)):
        print(printable(target))
        for each, mark in by_target[target]:
            print(printable(f"  {mark}from {each.from_}: {each.ports.text()}"))
    if before is not None:
        print(f"{len(lost)} lost, {len(gained)} gained" if lost or gained else "Nothing would change.")
    elif not after:
        print("No connections are allowed.")
