"""Run the commands of a tutorial, and compare what they print with what the tutorial says.

Each Markdown file starts in a temporary folder of its own that holds a copy of demo/, with a home of its own. In its
fenced ``console`` blocks a line ``$ command`` (continued by lines that begin ``> ``) is run by bash, must end with 0,
and must print the lines that follow, in that order. In such a line ``...`` stands for any text; a line of ``...`` alone
stands for any number of lines, and what comes after the last expected line is not looked at. ``cd`` and ``export`` last
to the end of the file.

What follows a line ``<!-- needs: lab -->`` talks to a real API server of the lab (tests/lab) that holds the demo's
cluster, as the account of deploy/rbac. Where the lab can't be had, it is not run, and the reason is told; in CI that
is a fault. What follows ``<!-- needs: hosts -->`` has three real Debian machines of the lab in the same way, and what
``make hosts`` writes about them.
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
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.lab.go import LabUnavailable

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT = 120
_NEEDS = {f"<!-- needs: {what} -->": what for what in ("lab", "hosts")}


@dataclass
class Step:
    """One command of a tutorial, the line where it stands, and the lines that it should print."""

    line: int
    command: str
    expected: list[str] = field(default_factory=list)
    needs: frozenset[str] = frozenset()


class Result(NamedTuple):
    """What became of a file: its faults, how many commands were run, and why the others were not."""

    faults: list[str]
    run: int
    skipped: str = ""


def steps(text: str) -> Iterator[Step]:
    """The commands of every ``console`` block, in order."""
    step: Step | None = None
    inside, needs = False, frozenset[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        needs |= {_NEEDS[stripped]} if stripped in _NEEDS else set()
        if stripped.startswith("```"):
            if step is not None:
                yield step
            step = None
            inside = not inside and stripped.removeprefix("```").split("{")[0].strip() == "console"
        elif inside and stripped.startswith("$ "):
            if step is not None:
                yield step
            step = Step(number, stripped.removeprefix("$ "), needs=needs)
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


def run(file: Path) -> Result:
    """Run a tutorial; after a command that fails the rest is not tried."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="oakum-docs-"))
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
        count = 0
        had: frozenset[str] = frozenset()
        for step in steps(file.read_text()):
            try:
                if "lab" in step.needs - had:
                    environment["KUBECONFIG"] = str(_cluster(stack))
                if "hosts" in step.needs - had:
                    stack.enter_context(_hosts(Path(folder)))
            except LabUnavailable as error:
                return Result([f"{file}:{step.line}: {error}"] if os.environ.get("CI") else [], count, str(error))
            had |= step.needs
            count += 1
            if fault := _run(step, environment, state):
                return Result([f"{file}:{step.line}: $ {step.command}\n{fault}"], count)
        return Result([], count)


def _run(step: Step, environment: dict[str, str], state: Path) -> str:
    """Run one command where the last one left off, and say what is wrong; empty where nothing is."""
    script = f"source {state}\n{step.command}\ncode=$?\n{{ export -p; echo cd \"'$PWD'\"; }} > {state}\nexit $code"
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        env=environment,
        cwd=state.parent,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT,
        check=False,
    )
    if done.returncode:
        return f"ended with {done.returncode}:\n{done.stdout}"
    absent = missing(step.expected, [line.strip() for line in done.stdout.splitlines() if line.strip()])
    return "" if absent is None else f"did not print, in its place:\n{absent}\nbut:\n{done.stdout}"


def _cluster(stack: ExitStack) -> Path:
    """The kubeconfig of the account of deploy/rbac in a real API server that holds the demo's cluster."""
    from tests.lab.control_plane import ControlPlane
    from tests.lab.crds import install_crds
    from tests.lab.dumped import load_dump, load_manifests

    plane = stack.enter_context(ControlPlane(controllers=False, scheduler=False))
    install_crds(plane)
    load_dump(plane, ROOT / "demo" / "cluster.yaml")
    load_manifests(plane, ROOT / "deploy" / "rbac" / "oakum-reader.yaml")
    return plane.kubeconfig_for_service_account("oakum", "oakum-reader")


def _hosts(folder: Path) -> AbstractContextManager[object]:
    """Three real machines, and ``hosts/`` about them in the folder."""
    from tools.three_hosts import three_hosts

    return three_hosts(folder)


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
        result = run(file)
        faults += result.faults
        state = "FAILED" if result.faults else "as written"
        print(f"{file}: {result.run} commands, {state}, {time.monotonic() - start:.1f} s")
        if result.skipped:
            print(f"  the rest was not run: {result.skipped}")
    print(*faults, sep="\n\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
