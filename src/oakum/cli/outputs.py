"""The forms of an answer: which are asked for, and each of them written whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from oakum.errors import InputError, UsageError

if TYPE_CHECKING:
    from oakum.local.scan import Outcome

FORMATS = ("table", "json", "sarif", "cyclonedx", "html", "openvex")


def outputs_of(given: list[str]) -> list[tuple[str, Path | None]]:
    """The forms that are asked for, each with its file. Raises UsageError for an unknown one, or two without a file."""
    outputs: list[tuple[str, Path | None]] = []
    for word in ",".join(given or ["table"]).split(","):
        form, _, file = word.strip().partition("=")
        if form not in FORMATS:
            raise UsageError(f"no output form {form!r}", remedy=f"one of {', '.join(FORMATS)}")
        outputs.append((form, Path(file) if file else None))
    if sum(file is None for _, file in outputs) > 1:
        raise UsageError("two forms would share standard output", remedy="name files: -o table,json=answer.json")
    return outputs


def rendered(outcome: Outcome, form: str, file: Path | None, *, author: str, everything: bool) -> bytes:
    """An answer in one form; empty where that form has nothing to say."""
    answer = outcome.answer
    if form == "table":
        from oakum.reports.plain import plain

        width = shutil.get_terminal_size((100, 40)).columns if file is None else 100
        text = plain(answer, width=max(60, width), everything=everything)
        if file is None and sys.stdout.isatty() and "NO_COLOR" not in os.environ:
            text = _painted(text)
        return text.encode("utf-8", "replace")
    if form == "json":
        return msgspec.json.encode(answer) + b"\n"
    if form == "sarif":
        from oakum.reports.sarif import sarif

        return sarif(answer)
    if form == "cyclonedx":
        from oakum.reports.cyclonedx import cyclonedx

        return cyclonedx(answer)
    if form == "openvex":
        from oakum.reports.openvex import openvex

        return openvex(answer, outcome.verdicts, author)
    from oakum.reports.html import html

    return html(answer)


def _painted(text: str) -> str:
    """Headings bold and known exploitation red; every word stays, so that colour is never the only sign."""
    lines = []
    for line in text.splitlines():
        heading = line[:4].isupper() and not line.startswith(("CVE", "GHSA", "DSA", "ALSA"))
        painted = f"\x1b[1m{line}\x1b[0m" if heading else line.replace(" KEV ", " \x1b[1;31mKEV\x1b[0m ")
        lines.append(painted)
    return "\n".join(lines) + "\n"


def write(content: bytes, file: Path | None) -> None:
    """Writes an answer to a file, whole or not at all, or to standard output."""
    if file is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        if file.exists() and not file.is_file():
            # A device or a pipe (/dev/null, /dev/stdout) is written to and never replaced.
            file.write_bytes(content)
            return
        # Beside its place and then moved, so that a reader never sees half of it.
        place = file.resolve()
        beside = place.with_name(f".{place.name}.{os.getpid()}.part")
        try:
            beside.write_bytes(content)
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot write {file}: {error.strerror}", remedy="name a file in a folder you may write"
        ) from None
