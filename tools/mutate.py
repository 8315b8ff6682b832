"""``make mutate``: breaks every rule of the change engine, one small mistake at a time, and asks the tests to notice.

    python -m tools.mutate [--named] [--room ROOM]... [--names FILE] [--every N] [--log FILE] [--list]

First come the named breaks (``tools.breaks``): each has tests of its own that have to fail. ``--named`` tries no other.
Then each mutant (``tools.mutants``) of ``oakum.changes`` meets the tests that reach its lines (``tools.harness``); what
differs, or runs, where a module is imported is tried by importing the mutant in the true one's place. A mutant survives
where all tests pass. Survivors have to stand in ``tests/mutants/accepted/ROOM.txt`` with the reason why they change
nothing, and are not tried; any other ends with 1. ``--every 20`` tries each twentieth mutant, ``--names`` those that a
file lists, as they are printed. ``--log`` gets a line for each verdict when it is there: the result, how many tests
reach the mutant, its name, and the test that noticed.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from tools.breaks import Break, breaks
from tools.harness import PYTEST, Verdict, module_name, trials
from tools.mutants import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src/oakum/changes"
ACCEPTED = ROOT / "tests/mutants/accepted"
#: What the tests reach, kept for the next time.
MEASURED = ROOT / "build/mutants/measured.pickle"
#: The tests that may notice a mutant.
SUITE = ("tests/changes", "tests/local", "tests/ledger", "tests/cli", "tests/simulation", "tests/traps")
#: Which of them are meant for a room, where those are not tests/changes/ROOM.
TESTS: dict[str, tuple[str, ...]] = {
    "budgets": ("tests/changes/drain",),
    "run": ("tests/changes/running",),
    "plans": ("tests/changes/plans", "tests/changes/planning"),
    "planning": ("tests/changes/planning", "tests/changes/agreement"),
    "verify": ("tests/changes/verify", "tests/changes/agreement"),
    "approvals": (
        "tests/changes/test_approvals_counting.py",
        "tests/changes/test_approvals_statements.py",
        "tests/local/test_approvals.py",
        "tests/local/test_starting_a_run.py",
    ),
    "recorded": ("tests/ledger",),
}
#: A mutant that takes so many times as long as the tests do, and then some seconds, hangs: it was noticed.
PATIENCE, LEAST = 5.0, 20.0
#: A module and its mutant.
Case = tuple[Path, Mutant]


class _Quick:
    """A plugin that leaves out tests that need a cluster of their own: those are for the true program."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if "lab_programs" not in getattr(item, "fixturenames", ())]


class _Loader(importlib.abc.Loader):
    """Runs the code of a mutant as its module."""

    def __init__(self, code: CodeType) -> None:
        self._code = code

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module by its mutant."""

    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        self._name, self._path, self._code = name, path, code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        below = [str(self._path.parent)] if self._path.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, self._path, loader=_Loader(self._code), submodule_search_locations=below
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries the mutants; 1 where one survives that nobody has accepted, 2 where the tests fail by themselves."""
    parser = argparse.ArgumentParser(description="break the change engine, and see the tests fail")
    parser.add_argument("--room", action="append", help="only this room of oakum.changes (drain, planner, budgets...)")
    parser.add_argument("--named", action="store_true", help="only the named breaks of rules")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth mutant")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="so many at once (2)")
    parser.add_argument("--most", type=float, default=15, metavar="S", help="seconds of tests a survivor passes (15)")
    parser.add_argument("--tests", nargs="*", default=SUITE, help="other tests than those of the change engine")
    parser.add_argument("--names", type=Path, metavar="FILE", help="only the mutants that it names, one a line")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append each verdict to it as it comes")
    parser.add_argument("--list", action="store_true", help="list the mutants and stop")
    given = parser.parse_args(arguments)
    os.chdir(ROOT)
    os.environ["OAKUM_PROFILE"] = "ci"
    accepted = _accepted()
    survivors: list[str] = []
    tried = 0
    if not given.list and not given.room and not given.names:
        tried, survivors = _named(given.jobs)
    if given.named:
        return 1 if survivors else 0
    rooms = {room: modules for room, modules in _rooms().items() if not given.room or room in given.room}
    every = [
        (path, mutant) for modules in rooms.values() for path in modules for mutant in mutants_of(path.read_text())
    ]
    names = {line.strip() for line in given.names.read_text().splitlines()} if given.names else frozenset()
    cases = [case for case in every if not names or _name(*case) in names][:: given.every]
    if given.list:
        print(*(_name(path, mutant) for path, mutant in cases), sep="\n")
        return 0
    stale = accepted - {_name(path, mutant) for path, mutant in every} if not given.room else frozenset()
    trying = [case for case in cases if _name(*case) not in accepted]
    verdicts, broken = trials(
        given.tests, trying, given.jobs, given.most, _is_own, partial(_log, given.log), SOURCES, MEASURED
    )
    if broken:
        print("these tests fail without any mutant:", *broken, sep="\n  ", flush=True)
    pairs = list(zip(trying, verdicts, strict=True))
    # What no test reaches may run while its module is imported.
    untried = [case for case, verdict in pairs if verdict.result == "untried" or not verdict.reached]
    imported = _imported(untried, given.jobs)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for (path, mutant), verdict in pairs:
        name = _name(path, mutant)
        survives = name in imported or (verdict.result == "survives" and verdict.reached > 0)
        counts[_room(path)]["survive" if survives else "noticed"] += 1
        if survives:
            survivors.append(name)
            print(f"  {path.relative_to(ROOT)}:{mutant.line}: {verdict.reached} tests reach it\n    {name}", flush=True)
    for room, several in sorted(counts.items()):
        print(f"{room}: {several.total()} tried, {several['noticed']} noticed, {several['survive']} survive")
    for name in sorted(stale):
        print(f"  accepted, and no longer there: {name}")
    tried += len(cases)
    print(f"{tried} mutants, {len(cases) - len(trying)} accepted, {len(survivors)} survive")
    return 2 if broken else 1 if survivors or stale else 0


def _log(file: Path | None, case: Case, verdict: Verdict) -> None:
    if file is not None:
        with file.open("a") as lines:
            lines.write(f"{verdict.result}\t{verdict.reached}\t{_name(*case)}\t{verdict.by}\n")


def _imported(cases: Sequence[tuple[Path, Mutant]], jobs: int) -> frozenset[str]:
    """The names of the mutants that pass the tests of their rooms, imported in the true modules' places."""
    left: list[Case | None] = []
    by_room: defaultdict[str, list[Case | None]] = defaultdict(list)
    for path, mutant in cases:
        by_room[_room(path)].append((path, mutant))
    for room, several in by_room.items():
        tests = [each for each in _own(room) if (ROOT / each).exists()]
        began = time.monotonic()
        _survivors(tests, [None], 3600.0, 1)
        left += _survivors(tests, several, PATIENCE * (time.monotonic() - began) + LEAST, jobs)
    return frozenset(_name(*case) for case in left if case is not None)


def _own(room: str) -> tuple[str, ...]:
    return TESTS.get(room, (f"tests/changes/{room}", f"tests/changes/test_{room}.py"))


def _is_own(test: str, path: Path) -> bool:
    return test.startswith(_own(_room(path)))


def _room(path: Path) -> str:
    return path.relative_to(SOURCES).parts[0].removesuffix(".py")


def _name(path: Path, mutant: Mutant) -> str:
    return f"{module_name(path, SOURCES)}: {mutant.name}"


def _named(jobs: int) -> tuple[int, list[str]]:
    """Tries the named breaks; how many there are, and those that their tests pass."""
    several = breaks()
    by_tests: defaultdict[tuple[str, ...], list[Break]] = defaultdict(list)
    for each in several:
        by_tests[each.tests].append(each)
    left: list[str] = []
    for tests, group in by_tests.items():
        if _survivors(tests, [None], 3600.0, 1) != [None]:
            print(f"{', '.join(tests)}: they fail without any break", flush=True)
            left += [each.name for each in group]
            continue
        cases: list[Case | None] = [(each.path, each.mutant()) for each in group]
        passed = _survivors(tests, cases, 3600.0, jobs)
        left += [case[1].before for case in passed if case is not None]
    print(f"{len(several)} named breaks, {len(several) - len(left)} noticed", flush=True)
    for name in left:
        print(f"  survives: {name}", flush=True)
    return len(several), left


def _rooms() -> dict[str, list[Path]]:
    """The modules of each room; a module beside the rooms is a room of its own."""
    rooms: defaultdict[str, list[Path]] = defaultdict(list)
    for path in sorted(SOURCES.rglob("*.py")):
        if _room(path) != "__init__":
            rooms[_room(path)].append(path)
    return dict(rooms)


def _accepted() -> frozenset[str]:
    """The names of mutants that change nothing; every line of the lists ends with `` # `` and the reason."""
    lines = [line for file in sorted(ACCEPTED.glob("*.txt")) for line in file.read_text().splitlines()]
    return frozenset(line.rpartition(" # ")[0].strip() for line in lines if line.strip() and line[0] != "#")


def _survivors(tests: Sequence[str], cases: Sequence[Case | None], limit: float, jobs: int) -> list[Case | None]:
    """The cases that the tests pass, in their order: each in a process of its own, ended when it takes too long."""
    running: dict[int, tuple[int, float]] = {}
    passed: list[int] = []
    waiting = list(reversed(range(len(cases))))
    while waiting or running:
        while waiting and len(running) < jobs:
            number = waiting.pop()
            running[_start(tests, cases[number])] = number, time.monotonic() + limit
        time.sleep(0.01)
        for child, (number, until) in list(running.items()):
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                del running[child]
                if os.waitstatus_to_exitcode(status) == 0:
                    passed.append(number)
            elif time.monotonic() > until:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                del running[child]
    return [cases[number] for number in sorted(passed)]


def _start(tests: Sequence[str], case: Case | None) -> int:
    """Begins the tests in a forked process, with the mutant in its module's place; the process id."""
    child = os.fork()
    if child:
        return child
    code = 3
    try:
        os.setpgid(0, 0)
        if case is not None:
            path, mutant = case
            compiled = compile(mutant.tree, str(path), "exec", dont_inherit=True)
            sys.meta_path.insert(0, _Finder(module_name(path, SOURCES), path, compiled))
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            code = int(pytest.main([*PYTEST, *tests], plugins=[_Quick()]))
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
