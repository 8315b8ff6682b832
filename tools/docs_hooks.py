"""Fill the reference pages with what the program itself says, so that they can't go stale.

A line ``<!-- generated: help scan -->`` becomes that text when the pages are built; likewise ``help feeds import``,
``gaps``, ``context``, ``kinds``, ``facts``, for the simulation ``invariants``, ``faults``, ``events``, ``scenarios``,
``words``, for the ledger ``entries``, ``remediations``, ``proof gaps``, ``actors``, ``vex``, for feeds ``sources``, and
for the table of tests/cases ``cases``.
The JSON Schema of the answer becomes reference/scan.schema.json, those of plans and what they are made from
reference/plan.schema.json and so on.
Each kind of request about another actor has a page reference/actors/KIND.md, and schemas beside it.
"""

from __future__ import annotations

import inspect
import io
import os
import re
from collections.abc import Mapping
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

import msgspec
import yaml
from mkdocs.structure.files import File, Files

from oakum.actors.kinds import answer, kinds
from oakum.actors.marks import MARKS
from oakum.actors.model import Kind
from oakum.actors.shields import SHIELDS
from oakum.adapters.feeds.sources import TABLE as SOURCES
from oakum.adapters.ssh.remedies import shipped
from oakum.advisories.vex import openvex
from oakum.advisories.vex.rules import RULES
from oakum.changes.compat.facts import OF_CLUSTER
from oakum.changes.intents.catalogue import KINDS
from oakum.changes.proof import GAPS as PROOF_GAPS
from oakum.cli.main import main as oakum
from oakum.fleet.assets import GAPS
from oakum.fleet.context import DEFAULTS, VALUES
from oakum.ledger.entries import KINDS as ENTRY_KINDS
from oakum.local.schemas import FEEDS, SCHEMAS, schema_of, schema_of_answer, schema_of_request
from oakum.reports.answer import Answer
from oakum.simulation.events import EVENTS
from oakum.simulation.faults import FAULTS
from oakum.simulation.invariants import INVARIANTS
from oakum.simulation.scenarios import names, read
from oakum.simulation.scenarios.facts import WORDS

_CASES = Path(__file__).resolve().parents[1] / "tests/cases/tables"
_MARK = re.compile(r"^<!-- generated: ([a-z ]+) -->$", re.MULTILINE)


def generated(what: str) -> str:
    """The text for a mark. Raises KeyError for one that is not known."""
    kind, *words = what.split()
    if kind == "help":
        return f"```text\n{_help(words)}```"
    return {
        "gaps": _gaps, "context": _context, "kinds": _kinds, "facts": _facts, "invariants": _invariants,
        "faults": _faults, "events": _events, "scenarios": _scenarios, "words": _words,
        "entries": _kinds_of_entries, "remediations": _remediations, "proof": _proof_gaps,
        "actors": _actors, "marks": _marks, "shields": _shields, "vex": _vex, "sources": _sources,
        "cases": _cases,
    }[kind]()  # fmt: skip


def _help(words: list[str]) -> str:
    os.environ["COLUMNS"] = "100"
    printed = io.StringIO()
    with redirect_stdout(printed), suppress(SystemExit):
        oakum([*words, "--help"])
    return printed.getvalue()


def _gaps() -> str:
    rows = "\n".join(f"| `{kind}` | {meaning} |" for kind, meaning in GAPS.items())
    return f"| kind | means |\n|---|---|\n{rows}"


def _context() -> str:
    rows = "\n".join(
        f"| `{key}` | {', '.join(VALUES[key]) or 'any text'} | {default} | {why} |"
        for key, (default, why) in DEFAULTS.items()
    )
    return f"| key | values | default | why this default |\n|---|---|---|---|\n{rows}"


def _kinds() -> str:
    """Every kind of change with its fields; those that it needs are bold."""
    forms = {str: "a text", tuple: "a list of texts", bool: "yes or no"}
    rows: list[str] = []
    for kind in sorted(KINDS.values(), key=lambda each: each.rank):
        fields = [
            f"{f'**`{name}`**' if field.needed else f'`{name}`'}: {forms[field.form]}, {field.says}"
            for name, field in kind.fields.items()
        ]
        rows.append(f"| `{kind.name}` | {kind.rank} | {kind.says} | {'<br>'.join(fields) or 'none'} |")
    return "\n".join(["| kind | rank | changes | wants |", "|---|---|---|---|", *rows])


def _facts() -> str:
    rows = "\n".join(f"| `{name}` | {each.type} | {each.meaning} |" for name, each in OF_CLUSTER.items())
    return f"| fact | form | says |\n|---|---|---|\n{rows}"


def _invariants() -> str:
    rows = "\n".join(f"| `{each.name}` | {each.rule} | {each.source} |" for each in INVARIANTS)
    return f"| name | rule | source |\n|---|---|---|\n{rows}"


def _faults() -> str:
    return "| fault | what happens |\n|---|---|\n" + "\n".join(
        f"| `{name}` | {says} |" for name, says in FAULTS.items()
    )


def _events() -> str:
    return "| event | what happens |\n|---|---|\n" + "\n".join(
        f"| `{name}` | {says} |" for name, says in EVENTS.items()
    )


def _words() -> str:
    return _two_columns("fact", "says", WORDS)


def _kinds_of_entries() -> str:
    return "\n".join(f"| `{kind}` | {meaning} |" for kind, meaning in ENTRY_KINDS.items())


def _proof_gaps() -> str:
    rows = [f"| `{kind}` | {means} | {'yes' if may else 'no'} |" for kind, (means, may) in PROOF_GAPS.items()]
    return "\n".join(rows)


def _vex() -> str:
    """Every rule of ``vex lint``."""
    csaf = []
    for rule in RULES:
        link = f"[{rule.id}]({rule.source.split()[0]})"
        remedy = rule.remedy.replace("|", "\\|")
        csaf.append(f"| {rule.id} | {', '.join(rule.versions)} | {rule.says} | {remedy} | {link} |")
    own = [f"| {name} | {says} | [specification]({openvex.SPECIFICATION}) |" for name, says in openvex.RULES.items()]
    return "\n".join(
        (
            "| test | CSAF | what it asks for | what to do | source |", "|---|---|---|---|---|", *csaf, "",
            "| test | what OpenVEX asks for | source |", "|---|---|---|", *own,
        )
    )  # fmt: skip


def _sources() -> str:
    """Every source of ``feeds sync``."""
    rows = [
        f"| {'*' if one.usual else ''} | `{one.name}` | {one.group or ''} | [{one.about}]({one.url}) | {one.format} |"
        f" {one.licence} | {one.hours} | {one.largest >> 20} | {one.proven} |"
        for one in SOURCES
    ]
    head = "| | source | group | what | format | licence | hours | MiB at most | proven on |"
    return "\n".join([head, "|---|---|---|---|---|---|---|---|---|", *rows])


def _cases() -> str:
    """The real advisories that are tried, and what each must and must not lead to."""
    sections = []
    for path in sorted(_CASES.glob("*.yaml")):
        table = yaml.safe_load(path.read_text())
        rows = [
            f"| {_cell(one['name'])} | [{_cell(one['claim'])}]({one['source']}) ({one['publisher']}) | "
            f"{_expected(one['expected'])} | {_cell(one['twin']['change'])}: "
            f"{_expected(one['twin']['expected'])} |"
            for one in table["cases"]
        ]
        head = "| case | what its publisher says | then | and with one thing changed |\n|---|---|---|---|"
        sections.append(f"## {table['title']}\n\n{head}\n" + "\n".join(rows) + "\n")
    return "\n".join(sections)


def _expected(said: dict[str, str]) -> str:
    fix = f", fixed in `{said['fix']}`" if said.get("fix") else ", no fix" if said.get("fix") == "" else ""
    action = {"subscribe": "; subscribe", "reboot": "; reboot", "upgrade": "; upgrade"}.get(said.get("action", ""), "")
    return f"**{said['verdict']}**{fix}{action}"


def _remediations() -> str:
    """Every shipped remediation, in the words of its own text."""
    sections = []
    for name, one in sorted(shipped().items()):
        against = ", ".join(f"[{each}](https://www.cve.org/CVERecord?id={each})" for each in one.against)
        rows = {
            "against": against, "applies": one.applies, "people may notice": one.effect,
            "touches": "<br>".join(f"`{each}`" for each in one.touches) or "running services",
            "needs": "a restart of the machine" if one.reboot else "no restart of the machine",
            "way back": "none: an approval of its own" if one.forward_only else "the former state",
            "version": f"{one.version}, SHA-256 `{one.digest}`",
            "sources": "<br>".join(f"<{each}>" for each in one.sources),
        }  # fmt: skip
        lines = "\n".join(f"| {what} | {says} |" for what, says in rows.items())
        sections.append(f"### {name}\n\n{one.title}.\n\n| | |\n|---|---|\n{lines}\n")
    return "\n".join(sections)


def _two_columns(one: str, other: str, rows: Mapping[str, str]) -> str:
    return "\n".join([f"| {one} | {other} |", "|---|---|", *(f"| `{name}` | {says} |" for name, says in rows.items())])


def _scenarios() -> str:
    rows = [f"| `{each.name}` | {each.size} | {each.title} | {'; '.join(each.traps)} |" for each in map(read, names())]
    return "\n".join(["| scenario | machines | shows | traps |", "|---|---|---|---|", *rows])


def _actors() -> str:
    rows = [
        f"| [`{each.name}`](actors/{each.name}.md) | `{each.command}` | {each.actor} | {each.says} |"
        for each in kinds()
    ]
    return "\n".join(["| kind | command | whose rules | asks |", "|---|---|---|---|", *rows])


def _marks() -> str:
    """What each mark on a node says of its actor."""
    rows = [
        f"| [{each.actor}]({each.source}) | {each.stance}{'' if each.unasked else ', when its objects are changed'} | "
        f"{each.says} | {'<br>'.join(f'`{part}`' for part in each.example.split(', '))} |"
        for each in MARKS
    ]
    return "\n".join(["| actor, with the source | stance | what it says | for example |", "|---|---|---|---|", *rows])


def _shields() -> str:
    """What keeps each actor away."""
    rows = [
        f"| [{each.actor}]({each.source}) | {f'the {each.on} `{each.key}={each.value}`' if each.key else each.on} | "
        f"{each.says} |"
        for each in SHIELDS.values()
    ]
    return "\n".join(["| actor, with the source | where it stands | what it does |", "|---|---|---|", *rows])


def page_of(kind: Kind) -> str:
    """The page of one rule set: the question with its fields, the rules with their sources, and an example."""
    asked = {"id": 1, "kind": kind.name, **kind.example}
    said = {"id": 1, **answer(kind, kind.example)}
    rules = "\n".join(f"| [`{each.id}`]({each.source}) | {_cell(each.says)} |" for each in kind.rules)
    return f"""# {kind.name}

{kind.says[:1].upper()}{kind.says[1:].removesuffix(".")}. By the rules of {kind.actor}.
It is asked with `oakum {kind.command}`.

## Request

{_described(kind.request)}

The fields in full: [JSON Schema]({kind.name}.request.schema.json).

## Answer

{_described(kind.reply)}

The fields in full: [JSON Schema]({kind.name}.answer.schema.json).

## Rules

| rule, with its source | says |
|---|---|
{rules}

## Example

```json
{_indented(asked)}
```

is answered with

```json
{_indented(said)}
```
"""


def _described(type_: type[msgspec.Struct]) -> str:
    return inspect.cleandoc(type_.__doc__ or "").replace("``", "`")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _indented(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marks of a page."""
    return _MARK.sub(lambda found: generated(found[1]), markdown)


def on_files(files: Files, config: Any) -> Files:
    """Add the schemas, and the pages of other actors' rules."""
    schemas: dict[str, Any] = {
        "scan": msgspec.json.schema(Answer),
        **{what: schema_of(what) for what in (*SCHEMAS, *FEEDS)},
    }
    for what, schema in schemas.items():
        files.append(File.generated(config, f"reference/{what}.schema.json", content=_indented(schema) + "\n"))
    for kind in kinds():
        files.append(File.generated(config, f"reference/actors/{kind.name}.md", content=page_of(kind)))
        for what, schema in (
            ("request", schema_of_request(kind.request, f"{kind.name} request", kind.name)),
            ("answer", schema_of_answer(kind.reply, f"{kind.name} answer")),
        ):
            name = f"reference/actors/{kind.name}.{what}.schema.json"
            files.append(File.generated(config, name, content=_indented(schema) + "\n"))
    return files
