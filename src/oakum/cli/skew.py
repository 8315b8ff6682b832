"""``oakum skew``: which versions of Kubernetes may stand beside each other, and by which steps a cluster gets on."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.cli import machine
from oakum.errors import InputError, NotAssessableError, OakumError, Place, UsageError
from oakum.naming import listed
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.changes.skew import Instance, Release, State, Step
    from oakum.fleet.assets import Gap

#: One line of a batch may hold a whole dump.
LONGEST_LINE = 1 << 29
#: A state in YAML has these at the start of a line, and is no Kubernetes object.
_YAML_STATE = re.compile(rb"^(?:components|nodes)[ \t]*:", re.MULTILINE)
_YAML_OBJECT = re.compile(rb"^(?:kind|apiVersion)[ \t]*:", re.MULTILINE)
_DEEPEST = 8
#: Objects named one by one for each rule; more are counted.
_SHOWN = 10

_CHECK = """\
Examples:
  oakum skew check --from prod.json                      what runs now (kubectl get nodes,pods -A -o json)
  oakum skew check --from prod.json --target v1.31.4     every state of an upgrade of the control plane
  oakum skew check --from state.json                     {"components": {"kube-apiserver": ["v1.30.1", "v1.29.8"]},
                                                          "nodes": [{"name": "n1", "kubelet": "v1.27.2"}]}
  oakum skew check --batch requests.jsonl -o json        one JSON object a line: id, kind (state, upgrade or path), ...

Other actors' rules are asked by --request and --batch with these kinds: kubeadm and available-upgrades (kubeadm),
preflight and plan-check (Cluster API), talos-kubernetes and talos-upgrade (an operating system's support matrix).
Ends with 1 where a rule is broken, 3 where a version could not be told."""
_PATH = """\
Examples:
  oakum skew path --from v1.28.4 --target v1.31.2                                   the stops of an API server
  oakum skew path --from v1.28.4 --target v1.31.2 --available v1.29.14,v1.30.10     the latest patch of each minor
  oakum skew path --from prod.json --target v1.31.2                                 every step of a whole cluster
  oakum skew path --batch requests.jsonl -o json                                    id, current, target, available

Ends with 1 where there is no way."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The two commands below ``skew``."""
    parser.epilog = "Example: oakum skew check --from prod.json --target v1.31.4"
    commands = parser.add_subparsers(dest="skew_command", metavar="COMMAND", title="commands", required=True)
    for name, line, examples, from_, target in (
        ("check", "which rules of the version skew policy a cluster or its upgrade breaks", _CHECK,
         "a dump, a folder of dumps, a JSON or YAML file with components and nodes, or '-': standard input",
         "the version to which the control plane is upgraded"),
        ("path", "the steps to a version through every minor, or why there are none", _PATH,
         "the version of today; or a file as for check, for the steps of a whole cluster", "the version to reach"),
    ):  # fmt: skip
        sub = commands.add_parser(
            name, help=line, description=line, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        sub.add_argument("--from", dest="source", metavar="FILE" if name == "check" else "VERSION|FILE", help=from_)
        sub.add_argument("--target", metavar="VERSION", help=target)
        if name == "path":
            help_ = "releases that may be used on the way, with commas between (default: any)"
            sub.add_argument("--available", metavar="VERSION,...", help=help_)
        sub.add_argument("--batch", metavar="FILE", help="answer one JSON request a line ('-': standard input)")
        sub.add_argument("--request", metavar="FILE", help="answer the one JSON request in a file")
        sub.add_argument("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Answer; 1 where the answer is no, 2 where a line of a batch was bad, 3 where a version is not known."""
    command = arguments.skew_command
    forms = (arguments.source, arguments.batch, arguments.request)
    if sum(each is not None for each in forms) != 1:
        raise UsageError("one of --from, --batch and --request is needed", remedy=f"see oakum skew {command} --help")
    if arguments.source is None:
        if arguments.target is not None or getattr(arguments, "available", None) is not None:
            raise UsageError("--target and --available stand in the request", remedy="give target, available there")

        def answer_one(request: machine.Request) -> machine.Answer:
            return _answer(request, command)

        return machine.serve(arguments, answer_one, longest=LONGEST_LINE)
    from oakum.changes.skew import parse_release

    target = None if arguments.target is None else parse_release(arguments.target, Place(field="--target"))
    if command == "check":
        return _check(arguments.source, target, arguments.output)
    if target is None:
        raise UsageError("no --target", remedy="name the version to reach")
    available = None
    if arguments.available is not None:
        named = [each for each in arguments.available.split(",") if each.strip()]
        available = tuple(parse_release(each, Place(field="--available")) for each in named)
    return _path(arguments.source, target, available, arguments.output)


# The machine form


def _answer(request: machine.Request, command: str) -> machine.Answer:
    from oakum.changes.skew import answers
    from oakum.changes.skew.request import read_release, read_releases
    from oakum.local.questions import SKEW_KINDS, known_fields

    usual = "path" if command == "path" else "upgrade" if request.get("target") is not None else "state"
    kind = request.pop("kind", None)
    kind = usual if kind is None else kind
    if not isinstance(kind, str) or kind not in SKEW_KINDS:
        from oakum.actors.kinds import answer, kind_of

        return answer(kind_of("skew check", kind, also=tuple(SKEW_KINDS)), request)
    given = {key: value for key, value in request.items() if value is not None}
    known_fields(given, SKEW_KINDS[kind], kind)
    if kind == "state":
        return answers.checked(*_state_of_request(given), None)
    if "target" not in given:
        raise InputError("the field is missing", place=Place(field="target"), remedy="give the version to reach")
    target = read_release(given["target"], "target")
    if kind == "upgrade":
        return answers.checked(*_state_of_request(given), target)
    available = read_releases(given["available"], "available") if "available" in given else None
    if "current" in given:
        return answers.routed(read_release(given["current"], "current"), target, available)
    return answers.stepped(*_state_of_request(given), target, available)


def _state_of_request(request: machine.Request) -> tuple[State, Sequence[Gap]]:
    from oakum.changes.skew.request import FIELDS, read_state

    if "dump" not in request:
        return read_state(request), ()
    if any(field in request for field in FIELDS):
        raise InputError("beside components or nodes", place=Place(field="dump"), remedy="give one or the other")
    from oakum.fleet.cluster.dump import read_dump, read_value
    from oakum.local.skew import observe

    dump, name = request["dump"], "the request's dump"
    if isinstance(dump, str):
        return observe(read_dump(dump.encode(errors="replace"), name=name))
    if not isinstance(dump, dict | list):
        raise InputError("no dump", place=Place(field="dump"), remedy="give a List of objects, or one as a text")
    return observe(read_value(dump, name=name))


# For people


def _check(source: str, target: Release | None, output: str) -> int:
    from oakum.changes.skew import answers

    state, gaps = _state_of_file(source)
    answer = answers.checked(state, gaps, target)
    if output == "json":
        machine.print_json(answer)
    else:
        _print_check(state, gaps, target)
    return 1 if answer["allowed"] is False else 3 if gaps else 0


def _print_check(state: State, gaps: Sequence[Gap], target: Release | None) -> None:
    from oakum.changes.skew import COMPONENTS, answers, way_back

    for component in COMPONENTS:
        lines = sorted(each.release.minor for each in state.of(component))
        found = ", ".join(f"1.{minor} ({len(list(each))})" for minor, each in groupby(lines))
        if found:
            _say(f"{component}: {found}")
    broken = list(answers.first_broken(answers.stages_of(state, gaps, target)))
    for (name, rule), group in groupby(broken, key=lambda pair: (answers.stage_name(pair[0]), pair[1].rule)):
        each = [violation for _, violation in group]
        _say(f"\n{rule.id}, {name}")
        _say(f"  {rule.says} (since {rule.since}, {rule.source})")
        for violation in each[:_SHOWN]:
            _say(f"  {violation.why}")
            _say(f"    {violation.remedy.text}")
        if len(each) > _SHOWN:
            _say(f"  and {len(each) - _SHOWN} more")
    for gap in gaps:
        _say(f"Not assessable: {gap.what}: {gap.why} ({gap.remedy})")
    if broken:
        return
    if not gaps:
        _say("Allowed." if target is None else f"The control plane may go to {target.text}: every state is allowed.")
    for violation in way_back(state, target)[:1] if target is not None else ():
        _say(f"The way back: {violation.why}: {violation.rule.says}")
        _say(f"  {violation.remedy.text}")


def _path(source: str, target: Release, available: Sequence[Release] | None, output: str) -> int:
    from oakum.changes.skew import WhyNot, answers

    current = _as_release(source)
    if current is not None:
        answer = answers.routed(current, target, available)
        if output == "json":
            machine.print_json(answer)
        elif "error" in answer:
            _say(f"There is no way: {answer['error']}")
        else:
            stops = answer["steps"]
            assert isinstance(stops, list)
            _say(" -> ".join([current.text, *stops]) if stops else f"Nothing to do: {current.text} is the target.")
        return 1 if "error" in answer else 0
    state, gaps = _state_of_file(source)
    if output == "json":
        answer = answers.stepped(state, gaps, target, available)
        machine.print_json(answer)
        return 1 if "error" in answer else 0
    found = answers.steps_of(state, gaps, target, available)
    if isinstance(found, WhyNot):
        _say("There is no way:")
        for each in found.reasons:
            _say(f"  {each.why} ({each.rule.id}: {each.rule.source})")
            _say(f"    {each.remedy.text}")
        return 1
    _print_steps(found.steps)
    return 0


def _print_steps(steps: Sequence[Step]) -> None:
    if not steps:
        _say("Nothing to do: all is at the target.")
    grouped = groupby(
        steps, key=lambda step: (step.instance.component, step.instance.release.line, step.to.text, step.drain)
    )
    for number, ((component, before, after, drain), group) in enumerate(grouped, 1):
        drained = ", each node drained before" if drain else ""
        _say(f"{number}. {component} {before} -> {after}{drained}: {_names([step.instance for step in group])}")


def _names(instances: Sequence[Instance]) -> str:
    return listed(instances, _SHOWN, lambda each: each.name)


def _say(text: str) -> None:
    for line in text.split("\n"):
        print(printable(line))


# What runs


def _as_release(source: str) -> Release | None:
    from oakum.changes.skew import parse_release

    try:
        return parse_release(source, Place(field="--from"))
    except NotAssessableError:
        raise
    except OakumError:
        if source != "-" and not Path(source).exists():
            raise
        return None


def _state_of_file(name: str) -> tuple[State, Sequence[Gap]]:
    from oakum.changes.skew.request import FIELDS, read_state
    from oakum.fleet.cluster.dump import read_dump
    from oakum.fleet.cluster.dump_text import LARGEST
    from oakum.local.clusters import read_saved
    from oakum.local.skew import observe

    if name != "-" and Path(name).is_dir():
        return observe(read_saved(Path(name)))
    shown = "standard input" if name == "-" else name
    data = b"".join(machine.read_lines(name, longest=LARGEST))
    if _tells_versions(data):
        request = machine.read_object(data, Place(shown))
    elif _YAML_STATE.search(data) and not _YAML_OBJECT.search(data):
        request = _yaml_object(data, shown)
    else:
        return observe(read_dump(data, name=shown))
    try:
        unknown = next((key for key in request if key not in FIELDS), None)
        if unknown is not None:
            raise InputError(
                "no field of a state", place=Place(field=unknown[:40]), remedy=f"fields: {', '.join(FIELDS)}"
            )
        return read_state(request), ()
    except OakumError as error:
        raise error.within(shown) from None


def _yaml_object(data: bytes, name: str) -> machine.Request:
    from oakum.fleet.yaml_events import values

    try:
        found = list(values(data.decode("utf-8-sig"), name, deepest=_DEEPEST))
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8: {error.reason}", place=Place(name), remedy="write it in UTF-8") from None
    state = found[0] if len(found) == 1 else None
    if not isinstance(state, dict):
        raise InputError("not one YAML mapping", place=Place(name), remedy="give components and nodes once")
    return state


def _tells_versions(data: bytes) -> bool:
    """Whether a file is a state and no dump: only a state has components or nodes beside each other at the top."""
    import msgspec

    from oakum.changes.skew.request import FIELDS

    try:
        top = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        return False
    return "kind" not in top and any(field in top for field in FIELDS)
