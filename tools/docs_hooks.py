"""Fill the reference pages with what the program itself says, so that they can't go stale.

A line ``<!-- generated: help scan -->`` (or ``help feeds import``, ``gaps``, ``context``) becomes that text when the
pages are built; the JSON Schema of the answer becomes reference/scan.schema.json.
"""

from __future__ import annotations

import io
import os
import re
from contextlib import redirect_stdout, suppress
from typing import Any

import msgspec
from mkdocs.structure.files import File, Files

from oakum.cli.main import main as oakum
from oakum.fleet.assets import GAPS
from oakum.fleet.context import DEFAULTS, VALUES
from oakum.reports.answer import Answer

_MARK = re.compile(r"^<!-- generated: ([a-z ]+) -->$", re.MULTILINE)


def generated(what: str) -> str:
    """The text for a mark. Raises KeyError for one that is not known."""
    kind, *words = what.split()
    if kind == "help":
        return f"```text\n{_help(words)}```"
    return {"gaps": _gaps, "context": _context}[kind]()


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


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marks of a page."""
    return _MARK.sub(lambda found: generated(found[1]), markdown)


def on_files(files: Files, config: Any) -> Files:
    """Add the schema."""
    schema = msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Answer)), indent=2).decode()
    files.append(File.generated(config, "reference/scan.schema.json", content=schema + "\n"))
    return files
