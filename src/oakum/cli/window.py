"""``oakum window next``: when a change may run next under a policy, for a target, with the time that it needs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.cli import machine
from oakum.cli.times import text_of, time_of
from oakum.errors import InputError, Place, UsageError
from oakum.reports.printable import printable

if TYPE_CHECKING:
    from oakum.policy.asking import Answer
    from oakum.policy.model import Policy
    from oakum.policy.openings import Calendar, Opening

#: A policy whose openings can be asked for, and its digest.
_Asked = tuple["Policy", "Calendar", str]

_EXAMPLES = """\
Examples:
  oakum window next --policy policy/                                  each window by itself
  oakum window next --policy policy/ --target environment=prod --target region=eu --needs 2h
  oakum window next --policy policy/ --target environment=prod --target labels.team=shop --at 2026-12-24T12:00:00Z
  oakum window next --policy policy/ --batch requests.jsonl           one JSON object a line: id, now, target, needs

A target is told by facts: cluster, environment, region, tier, node_role, pool, zone, node, namespace, workload, change,
reversibility, labels.KEY. A window opens only for a target that is known to be meant; a freeze holds unless the target
is known not to be. Ends with 1 where nothing fits in the next ten years."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command below ``window``."""
    parser.epilog = "Example: oakum window next --policy policy/ --target environment=prod --needs 2h"
    commands = parser.add_subparsers(dest="window_command", metavar="COMMAND", title="commands", required=True)
    line = "the next opening in which a change fits"
    sub = commands.add_parser(
        "next", help=line, description=line, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = sub.add_argument
    add("--policy", metavar="DIR", help="the folder of the policy")
    add("--target", metavar="KEY=VALUE", action="append", default=[], help="a fact of what is changed; repeat for more")
    add("--at", metavar="TIME", help="from when on (RFC 3339; default: now)")
    add("--needs", metavar="DURATION", help="how long it takes, as 90m, 2h or PT2H (default: any time)")
    add("--lifted", metavar="FREEZE", action="append", default=[], help="leave a freeze out that somebody has lifted")
    add("--batch", metavar="FILE", help="answer one JSON request a line ('-': standard input)")
    add("--request", metavar="FILE", help="answer the one JSON request in a file")
    add("-o", "--output", choices=("table", "json"), default="table", help="the form of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Answer; 1 where nothing fits, 2 where a line of a batch was bad."""
    if arguments.batch is not None or arguments.request is not None:
        return _machine(arguments)
    if arguments.policy is None:
        raise UsageError("no policy is named", remedy="give --policy DIR; oakum policy init DIR writes an example")
    asked = _of_folder(Path(arguments.policy))
    at = datetime.now(UTC) if arguments.at is None else time_of(arguments.at, "--at")
    needs = timedelta() if arguments.needs is None else _duration(arguments.needs, "--needs")
    if not arguments.target:
        return _each(asked, at, needs, arguments.output)
    from oakum.policy.asking import ask, target_of

    target = target_of(_facts(arguments.target))
    answer = ask(asked[0], asked[1], target, at, needs, tuple(arguments.lifted))
    if arguments.output == "json":
        machine.print_json(_as_json(answer, asked[2]))
    else:
        for line in _lines(answer, asked[0], at):
            print(printable(line))
    return 0 if answer.opening else 1


def _machine(arguments: argparse.Namespace) -> int:
    if arguments.batch is not None and arguments.request is not None:
        raise UsageError("--batch beside --request", remedy="give one of them")
    if arguments.target or arguments.at or arguments.needs or arguments.lifted:
        raise UsageError(
            "--target, --at, --needs and --lifted stand in the request", remedy="give target, now, needs, lifted there"
        )
    from oakum.local.questions import WindowRequest, known_fields

    given = _of_folder(Path(arguments.policy)) if arguments.policy is not None else None
    # Requests of one batch mostly bring the same policy.
    known: dict[str, _Asked] = {}

    def answer_one(request: machine.Request) -> machine.Answer:
        known_fields(request, WindowRequest, "a request")
        asked = _of_request(request, known) if "policy" in request else given
        if asked is None:
            raise InputError(
                "the request has no policy", place=Place(field="policy"), remedy="add it, or give --policy"
            )
        return _answer(request, asked)

    return machine.serve(arguments, answer_one)


def _answer(request: machine.Request, asked: _Asked) -> machine.Answer:
    from oakum.policy.asking import ask, target_of

    now = time_of(machine.text_field(request, "now"), "now")
    needs = _duration(machine.text_field(request, "needs"), "needs") if "needs" in request else timedelta()
    facts, lifted = request.get("target", {}), request.get("lifted", [])
    if not isinstance(facts, dict):
        raise InputError("target is no object", place=Place(field="target"), remedy='give {"environment": "prod"}')
    if not isinstance(lifted, list) or not all(isinstance(each, str) for each in lifted):
        raise InputError("lifted is no list of texts", place=Place(field="lifted"), remedy="name freezes, as a list")
    return _as_json(ask(asked[0], asked[1], target_of(facts), now, needs, tuple(lifted)), asked[2])


def _of_folder(folder: Path) -> _Asked:
    from oakum.local.policies import calendar_of

    policy, calendar = calendar_of(folder)
    return policy, calendar, policy.digest


def _of_request(request: machine.Request, known: dict[str, _Asked]) -> _Asked:
    """A policy that the request brings: the text of one file, or texts by path."""
    from oakum.local.zones import time_zones
    from oakum.policy.reading import read

    given = request["policy"]
    files = {"policy.yaml": given} if isinstance(given, str) else given
    if not isinstance(files, dict) or not all(isinstance(each, str) for each in files.values()):
        remedy = 'give the text of a YAML file, or {"windows.yaml": TEXT, "holidays.ics": TEXT}'
        raise InputError("policy is no text", place=Place(field="policy"), remedy=remedy)
    key = repr(sorted(files.items()))
    if key not in known:
        reading = read({name: text.encode(errors="replace") for name, text in files.items()})
        calendar = reading.calendar(time_zones(reading.policy.zone_names))
        known.clear()
        known[key] = reading.policy, calendar, reading.policy.digest
    return known[key]


def _facts(words: Sequence[str]) -> dict[str, object]:
    facts: dict[str, object] = {}
    labels: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UsageError(f"--target {word!r} is no KEY=VALUE", remedy="write environment=prod")
        label = key.removeprefix("labels.")
        into = labels if label != key else facts
        if label in into:
            raise UsageError(f"--target {key} is given twice", remedy="a target has one value of each fact")
        into[label] = value
    return {**facts, "labels": labels} if labels else facts


def _duration(text: str, name: str) -> timedelta:
    from oakum.policy.amounts import span

    found = span(text)
    if found is None:
        raise InputError(f"{text[:60]!r} is no duration", place=Place(field=name), remedy="write 90m, 2h or PT2H")
    return timedelta(seconds=found.exact)


def _as_json(answer: Answer, digest: str) -> dict[str, object]:
    result: dict[str, object] = {"opening": _opening(answer.opening)}
    if answer.opening is None:
        result |= {"why": answer.why, "longest": _opening(answer.longest)}
    result["frozen"] = [
        {"name": each.name, "until": text_of(each.until), "reason": each.reason} for each in answer.frozen
    ]
    result["unknown"] = [{"kind": each.kind, "name": each.name, "facts": list(each.facts)} for each in answer.doubts]
    return {**result, "policy": digest}


def _opening(opening: Opening | None) -> dict[str, object] | None:
    if opening is None:
        return None
    return {
        "start": text_of(opening.start),
        "end": text_of(opening.end),
        "seconds": int(opening.length.total_seconds()),
        "windows": list(opening.names),
    }


def _each(asked: _Asked, at: datetime, needs: timedelta, output: str) -> int:
    """Without a target: every window by itself, the one that opens first at the top."""
    from oakum.policy.asking import ask_window

    policy, calendar, digest = asked
    found = [(each, ask_window(policy, calendar, each, at, needs)) for each in policy.windows]
    found.sort(key=lambda each: each[1].opening.start if each[1].opening else datetime.max.replace(tzinfo=UTC))
    if output == "json":
        windows = [
            {"name": window.name, "for": str(window.scope), "opening": _opening(answer.opening), "why": answer.why}
            for window, answer in found
        ]
        machine.print_json({"windows": windows, "policy": digest})
    else:
        for window, answer in found:
            when = _when(answer.opening, at) if answer.opening else f"{answer.why}{_longest(answer)}"
            print(printable(f"{window.name}: {when}"))
            print(printable(f"  for {window.scope}"))
        print("Each window by itself, minus every freeze that may concern it; --target KEY=VALUE asks for one target.")
    return 0 if any(answer.opening for _, answer in found) else 1


def _lines(answer: Answer, policy: Policy, at: datetime) -> list[str]:
    """The answer for people: when, on whose clock, what is frozen, and what could not be told."""
    lines: list[str] = []
    if answer.opening is None:
        lines.append(f"Nothing fits: {answer.why}{_longest(answer)}.")
    else:
        lines.append(f"{_when(answer.opening, at)}: {', '.join(answer.opening.names)}")
        lines += [f"  {each}" for each in _clocks(answer.opening, policy)]
    lines += [f"Frozen until {_utc(each.until)}: {each.name} ({each.reason})" for each in answer.frozen]
    for each in answer.doubts:
        taken = "was not counted" if each.kind == "window" else "was taken to hold"
        lines.append(f"The {each.kind} {each.name!r} {taken}: the target does not say {', '.join(each.facts)}")
    return lines


def _longest(answer: Answer) -> str:
    from oakum.policy.amounts import spoken

    if answer.longest is None:
        return ""
    length = spoken(int(answer.longest.length.total_seconds()))
    return f"; the longest is {length}, from {_utc(answer.longest.start)} ({', '.join(answer.longest.names)})"


def _when(opening: Opening, at: datetime) -> str:
    from oakum.policy.amounts import spoken

    wait = int((opening.start - at).total_seconds()) // 60 * 60
    begins = f"opens in {spoken(wait)}" if wait else "open now" if opening.start <= at else "opens within a minute"
    length = opening.length
    if length > timedelta(days=3000):
        return f"{begins}, from {_utc(opening.start)} without an end"
    return f"{begins}: {_utc(opening.start)} to {_utc(opening.end)} ({spoken(int(length.total_seconds()))})"


def _utc(moment: datetime) -> str:
    return moment.strftime("%a %Y-%m-%d %H:%M UTC")


def _clocks(opening: Opening, policy: Policy) -> list[str]:
    """The same on the clocks of the windows' own time zones."""
    from oakum.local.zones import time_zones

    names = {
        schedule.start.zone
        for window in policy.windows
        if window.name in opening.names
        for schedule in window.schedules
    }
    zones: Mapping[str, tzinfo] = time_zones(names - {"UTC"})
    return [
        f"{opening.start.astimezone(zone):%a %H:%M} to {opening.end.astimezone(zone):%a %H:%M} in {name}"
        for name, zone in sorted(zones.items())
    ]
