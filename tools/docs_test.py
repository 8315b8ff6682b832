"""Run the commands of a tutorial, and compare what they print with what the tutorial says.

Each Markdown file starts in a temporary folder of its own that holds a copy of demo/, with a home of its own. In its
fenced ``console`` blocks a line ``$ command`` (continued by lines that begin ``> ``) is run by bash, must end with 0,
and must print the lines that follow, in that order. In such a line ``...`` stands for any text; a line of ``...`` alone
stands for any number of lines, and what comes after the last expected line is not looked at. ``cd`` and ``export`` last
to the end of the file.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT = 120


@dataclass
class Step:
    """One command of a tutorial, the line where it stands, and the lines that it should print."""

    line: int
    command: str
    expected: list[str] = field(default_factory=list)


def steps(text: str) -> Iterator[Step]:
    """The commands of every ``console`` block, in order."""
    step: Step | None = None
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("```"):
            if step is not None:
                yield step
            step = None
            inside = not inside and stripped.removeprefix("```").split("{")[0].strip() == "console"
        elif inside and stripped.startswith("$ "):
            if step is not None:
                yield step
            step = Step(number, stripped.removeprefix("$ "))
        elif inside and step is not None and stripped.startswith("> ") and step.command.endswith("\\"):
            step.command = step.command[:-1] + stripped.removeprefix("> ")
        elif inside and step is not None and stripped:
            step.expected.append(stripped)


def missing(expected: list[str], printed: list[str]) -> str | None:
    """The first expected line that is not printed after its predecessors, or None."""
    at = 0
    skip = True
    for line in expected:
        if line == "...":
            skip = True
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in line.split("...")))
        rest = range(at, len(printed)) if skip else range(at, min(at + 1, len(printed)))
        found = next((i for i in rest if pattern.fullmatch(printed[i])), None)
        if found is None:
            return line
        at, skip = found + 1, False
    return None


def run(file: Path) -> list[str]:
    """What is wrong with a tutorial, one text a fault; after a command that fails the rest is not tried."""
    with tempfile.TemporaryDirectory(prefix="oakum-docs-") as folder:
        environment = {
            "PATH": f"{ROOT / '.venv/bin'}:{os.environ.get('PATH', '/usr/bin:/bin')}",
            "HOME": folder,
            "LANG": "C.UTF-8",
            "COLUMNS": "120",
            "NO_COLOR": "1",
        }
        shutil.copytree(ROOT / "demo", Path(folder, "demo"))
        state = Path(folder, ".state")
        state.write_text(f"cd {folder}\n")
        for step in steps(file.read_text()):
            script = (
                f"source {state}\n{step.command}\ncode=$?\n{{ export -p; echo cd \"'$PWD'\"; }} > {state}\nexit $code"
            )
            done = subprocess.run(
                ["/bin/bash", "-c", script],
                env=environment,
                cwd=folder,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=TIMEOUT,
                check=False,
            )
            place = f"{file}:{step.line}: $ {step.command}\n"
            if done.returncode:
                return [f"{place}ended with {done.returncode}:\n{done.stdout}"]
            absent = missing(step.expected, [line.strip() for line in done.stdout.splitlines() if line.strip()])
            if absent is not None:
                return [f"{place}did not print, in its place:\n{absent}\nbut:\n{done.stdout}"]
    return []


def main(arguments: list[str]) -> int:
    """Run the files, or the Markdown files of the folders; 1 if any says what does not happen."""
    files = [
        file
        for name in arguments
        for file in (sorted(Path(name).rglob("*.md")) if Path(name).is_dir() else [Path(name)])
    ]
    faults: list[str] = []
    for file in files:
        start = time.monotonic()
        found = run(file)
        faults += found
        count = len(list(steps(file.read_text())))
        print(f"{file}: {count} commands, {'FAILED' if found else 'as written'}, {time.monotonic() - start:.1f} s")
    print(*faults, sep="\n\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
