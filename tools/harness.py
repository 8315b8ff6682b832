"""Runs the tests that reach a mutant, and no others, in a process in which its code has taken the true one's place.

The tests are collected once. A first process runs them all over the true program and tells which lines each reaches
and how long it takes. Then every mutant gets a process of its own, forked from the one that collected: the functions
that differ get the mutant's code, and the tests that reach its lines run, the likeliest to notice first, until one
fails. Nothing on disk changes. A mutant of what runs while a module is imported cannot be put in place that way and is
given back untried.
"""

from __future__ import annotations

import functools
import gc
import importlib
import inspect
import io
import os
import pickle
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple, TypeVar

import pytest

from tools.measured import Measure, measured
from tools.mutants import Mutant

PYTEST = ("-q", "-x", "-p", "no:cacheprovider", "-n", "0", "-p", "no:randomly", "--no-header", "--tb=no")
_T = TypeVar("_T")
#: A module and its mutant.
Case = tuple[Path, Mutant]
#: The functions that live, by their code's file, name and first line.
Functions = dict[tuple[str, str, int], list[FunctionType]]
#: A test that takes so many times as long as over the true program, and then some seconds of the processor, hangs.
PATIENCE, LEAST = 10.0, 20.0
#: The tests that are meant for a module may take so many times as long as others before a mutant survives.
OWN = 4
#: Seconds after which a process is ended that uses no processor.
ASLEEP = 300.0


class Verdict(NamedTuple):
    """Whether a mutant was noticed, or could not be tried here; by how many tests it was reached; by which noticed."""

    result: str
    reached: int
    by: str = ""


class Trials:
    """A plugin of pytest: instead of running the tests once, it runs those of each mutant.

    ``own`` tells the tests that are meant for a module: they come first. ``most`` are the seconds of tests that a
    mutant has to pass to survive, several times as many of those. ``tell`` gets each verdict when it is there.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        jobs: int,
        most: float,
        own: Callable[[str, Path], bool],
        tell: Callable[[Case, Verdict], None],
        sources: Path,
        kept: Path | None,
    ) -> None:
        self._cases, self._jobs, self._most, self._own, self._report = cases, jobs, most, own, tell
        self._sources, self._kept = sources, kept
        self._measures: list[Measure] = []
        self.verdicts: list[Verdict] = []
        self.broken: list[str] = []
        self._kills: Counter[str] = Counter()
        #: When each test last noticed a mutant of a module, by both.
        self._last: dict[tuple[Path, str], int] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Random input is drawn the same way each time, and what fails is not made small."""
        from hypothesis import HealthCheck, Phase, settings  # pytest wants to import it first

        settings.register_profile(
            "mutants", deadline=None, max_examples=50, derandomize=True, database=None,
            phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leaves out tests that need a cluster or machines of their own: those are for the true program."""
        apart = {"lab_programs", "hosts_lab", "bench"}
        items[:] = [item for item in items if not apart & set(getattr(item, "fixturenames", ()))]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Runs the tests over the true program, then over each mutant."""
        self._session = session
        # What is imported only when it is needed would have no functions yet to put a mutant in.
        for path, _ in self._cases:
            importlib.import_module(module_name(path, self._sources))
        self._measures = _in_fork(self._measured)
        names = [item.nodeid for item in session.items]
        self.broken = [name for name, each in zip(names, self._measures, strict=True) if not each.passed]
        self.verdicts = self._each(_functions(self._sources))
        return True

    def _measured(self) -> list[Measure]:
        return measured(self._session.items, self._passes, self._sources, self._kept)

    def _passes(self, number: int) -> bool:
        items = self._session.items
        before = self._session.testsfailed
        following = items[number + 1] if number + 1 < len(items) else None
        items[number].config.hook.pytest_runtest_protocol(item=items[number], nextitem=following)
        return self._session.testsfailed == before

    def _each(self, functions: Functions) -> list[Verdict]:
        verdicts: list[Verdict | None] = [None] * len(self._cases)
        running: dict[int, tuple[int, float, int]] = {}
        waiting = list(reversed(range(len(self._cases))))
        with tempfile.TemporaryDirectory() as folder:
            while waiting or running:
                while waiting and len(running) < self._jobs:
                    number = waiting.pop()
                    tests = self._chosen(self._cases[number])
                    child = self._start(self._cases[number], tests, functions, Path(folder, str(number)))
                    running[child] = number, time.monotonic() + ASLEEP, len(tests)
                time.sleep(0.004)
                for child, (number, until, several) in list(running.items()):
                    done, status = os.waitpid(child, os.WNOHANG)
                    if not done and time.monotonic() > until:
                        os.killpg(child, signal.SIGKILL)
                        done, status = os.waitpid(child, 0)
                    if done:
                        del running[child]
                        path = self._cases[number][0]
                        verdicts[number] = found = self._verdict(path, status, several, Path(folder, str(number)))
                        self._report(self._cases[number], found)
                        self._tell(number, len(verdicts) - len(waiting) - len(running))
        return [each for each in verdicts if each is not None]

    def _tell(self, number: int, done: int) -> None:
        if done % 200 == 0:
            print(f"  {done} of {len(self._cases)} tried", file=sys.__stderr__, flush=True)

    def _verdict(self, path: Path, status: int, several: int, said: Path) -> Verdict:
        code = os.waitstatus_to_exitcode(status)
        by = said.read_text() if said.exists() else ""
        if code == 0:
            return Verdict("survives", several)
        if code == 4:
            return Verdict("untried", several)
        self._kills[by] += 1
        self._last[path, by] = self._kills.total()
        return Verdict("noticed", several, by or "hangs")

    def _chosen(self, case: Case) -> list[int]:
        """The tests that reach the mutant's lines, the likeliest to notice first."""
        path, mutant = case
        items, file = self._session.items, str(path)
        found = [
            (not self._own(item.nodeid, path), -self._kills[item.nodeid], measure.seconds, number)
            for number, (item, measure) in enumerate(zip(items, self._measures, strict=True))
            if measure.passed and measure.reaches(file, mutant.line, mutant.last)
        ]
        chosen: list[int] = []
        total = 0.0
        for foreign, _, seconds, number in sorted(found):
            if total > self._most * (1 if foreign else OWN):
                break
            total += seconds
            chosen.append(number)
        # A mutant is most often noticed by what noticed its neighbour.
        return sorted(chosen, key=lambda number: -self._last.get((path, items[number].nodeid), 0))

    def _start(self, case: Case, tests: list[int], functions: Functions, say: Path) -> int:
        child = os.fork()
        if child:
            return child
        code = 3
        try:
            os.setpgid(0, 0)
            code = self._try(case, tests, functions, say)
        finally:
            os._exit(code)

    def _try(self, case: Case, tests: list[int], functions: Functions, say: Path) -> int:
        if not _put(case, functions):
            return 4
        items = self._session.items
        self._session.items = [items[number] for number in tests]
        for place, number in enumerate(tests):
            say.write_text(items[number].nodeid)
            signal.setitimer(signal.ITIMER_PROF, PATIENCE * self._measures[number].seconds + LEAST)
            if not self._passes(place):
                return 1
        return 0


def trials(
    tests: Sequence[str],
    cases: Sequence[Case],
    jobs: int,
    most: float,
    own: Callable[[str, Path], bool],
    tell: Callable[[Case, Verdict], None],
    sources: Path,
    kept: Path | None = None,
) -> tuple[list[Verdict], list[str]]:
    """The verdicts on mutants, in their order; and the tests that fail over the true program, which are left out.

    ``tell`` gets each verdict as soon as it is there, in another process. ``sources`` are the folder that the mutants
    are of, ``kept`` a file that keeps what the tests reach for the next time.
    """

    def inside() -> tuple[list[Verdict], list[str]]:
        plugin = Trials(cases, jobs, most, own, tell, sources, kept)
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            code = pytest.main([*PYTEST, *tests], plugins=[plugin])
        if not plugin.verdicts and not plugin.broken and cases:
            plugin.broken = [f"pytest ended with {int(code)}: {said.getvalue()[-2000:]}"]
        return plugin.verdicts, plugin.broken

    return _in_fork(inside)


def module_name(path: Path, sources: Path) -> str:
    """The name of a module of a package, whose folder the sources are."""
    package = sources.parts[len(sources.parts) - sources.parts[::-1].index("src") :]
    parts = (*package, *path.relative_to(sources).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _in_fork(work: Callable[[], _T]) -> _T:
    """What some work comes to, done in a process of its own."""
    with tempfile.TemporaryFile() as file:
        sys.stdout.flush()
        child = os.fork()
        if not child:
            code = 1
            try:
                pickle.dump(work(), file)
                file.flush()
                code = 0
            except BaseException:  # noqa: BLE001  # whatever it is, it is told here and ends the process
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        if status:
            raise RuntimeError(f"a process of the tests ended with {status}")
        file.seek(0)
        found: _T = pickle.load(file)
        return found


def _functions(sources: Path) -> Functions:
    """The functions of the sources that live now, by their code's file, name and first line."""
    found: defaultdict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(f"{sources}/"):
            found[_key(each.__code__)].append(each)
    gc.freeze()
    return found


def _key(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _put(case: Case, functions: Functions) -> bool:
    """Puts a mutant's code in the place of the true one; False where it differs outside of functions that live."""
    path, mutant = case
    true = compile(path.read_text(), str(path), "exec", dont_inherit=True)
    wrong = compile(mutant.tree, str(path), "exec", dont_inherit=True)
    pairs = list(_different(true, wrong))
    if not pairs:
        return False
    try:
        for old, new in pairs:
            for function in functions[_key(old)]:
                function.__code__ = new
            if not functions[_key(old)]:
                return False
    except ValueError:  # it holds other names of the function around it
        return False
    for each in gc.get_objects():
        if isinstance(each, functools._lru_cache_wrapper):
            with suppress(AttributeError):
                each.cache_clear()
    return True


def _different(true: CodeType, wrong: CodeType) -> Iterable[tuple[CodeType, CodeType]]:
    """The outermost functions that differ. A difference in a module or in a class's body comes as that itself."""
    if true == wrong:
        return
    inner, others = ([each for each in code.co_consts if isinstance(each, CodeType)] for code in (true, wrong))
    if true.co_flags & inspect.CO_NEWLOCALS or len(inner) != len(others) or _bare(true) != _bare(wrong):
        yield true, wrong
        return
    for one, other in zip(inner, others, strict=True):
        yield from _different(one, other)


def _bare(code: CodeType) -> object:
    """A code without the functions in it."""
    constants = tuple(each for each in code.co_consts if not isinstance(each, CodeType))
    return code.co_code, constants, code.co_names, code.co_varnames
