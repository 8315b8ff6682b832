"""What every room keeps to: a module says what it decides, stays small, and the command line starts fast."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from oakum.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
MODULES = {str(path.relative_to(ROOT / "src")): path for path in sorted((ROOT / "src/oakum").rglob("*.py"))}
TOOLS = {str(path.relative_to(ROOT)): path for path in sorted((ROOT / "tools").rglob("*.py"))}
BROAD = {"Exception", "BaseException"}
SUPPRESSION = re.compile(
    r"#\s*(?:type: *ignore|no[q]a|pragma: *no cover)(?:\[[\w, -]*\]|: *[A-Z]+\d+(?:, *[A-Z]+\d+)*)?"
)

every_module = pytest.mark.parametrize("path", (MODULES | TOOLS).values(), ids=MODULES | TOOLS)


@every_module
def test_a_module_says_what_it_decides(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_bytes())) or ""
    assert len(text) >= 20, "the docstring of the module is missing or says nothing"


@every_module
def test_a_module_is_small(path: Path) -> None:
    assert path.stat().st_size <= 25_000, "one idea a module: divide it"


@every_module
def test_a_broad_except_or_a_suppressed_warning_has_its_reason_beside_it(path: Path) -> None:
    lines = path.read_text().splitlines()
    for number in broad_excepts(ast.parse(path.read_bytes())):
        beside = lines[number - 2].strip().startswith("#") or "#" in lines[number - 1]
        inside = number < len(lines) and lines[number].strip().startswith("#")
        assert beside or inside, f"line {number}: a broad except without a reason"
    for number, line in enumerate(lines, start=1):
        if found := SUPPRESSION.search(line):
            reason = line[found.end() :].strip(" #-:")
            above = number > 1 and lines[number - 2].strip().startswith("#")
            assert reason or above, f"line {number}: {found.group()} without a reason"


def broad_excepts(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = [node.type] if node.type is not None else []
            names = {name.id for each in caught for name in ast.walk(each) if isinstance(name, ast.Name)}
            if not names or names & BROAD:
                yield node.lineno


def test_the_search_for_broad_excepts_finds_them() -> None:
    source = "try:\n    f()\nexcept {}:\n    pass\n"
    assert [
        list(broad_excepts(ast.parse(source.format(what)))) for what in ("", "Exception", "(ValueError, Exception)")
    ] == [
        [3],
        [3],
        [3],
    ]
    assert not list(broad_excepts(ast.parse(source.format("(ValueError, KeyError)"))))


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL, check=False
    )


SLOW_TO_IMPORT = (
    "rich",
    "cyclonedx",
    "cel_expr_python",
    "yaml",
    "cvss",
    "packageurl",
    "asyncio",
    "multiprocessing",
    "cryptography",
)
PROBE = """
import sys
from oakum.cli.main import main
try:
    main({words!r})
except SystemExit:
    pass
print("loaded:", *sorted(set({slow!r}) & set(sys.modules)))
"""


@pytest.mark.parametrize("words", [["--version"], ["--help"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_the_command_line_starts_without_its_slow_libraries(words: list[str]) -> None:
    done = python("-c", PROBE.format(words=words, slow=SLOW_TO_IMPORT))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded:"


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_shows_an_example(command: str) -> None:
    done = python("-m", "oakum", *([command] if command else []), "--help")
    assert done.returncode == 0, done.stderr
    assert re.search(rf"Examples?:\s+(?:\$ )?oakum {command}", done.stdout), done.stdout


def test_the_console_script_is_the_entry_point() -> None:
    script = Path(sys.executable).parent / "oakum"
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert re.fullmatch(r"oakum \d+\.\d+\.\d+\S*\n", done.stdout)


def test_the_lock_files_stand_for_the_declared_dependencies() -> None:
    locked = {
        name: set(re.findall(r"^([a-z0-9-]+)==", (ROOT / f"requirements/{name}.lock").read_text(), re.MULTILINE))
        for name in ("run", "dev", "bootstrap")
    }
    declared = (ROOT / "pyproject.toml").read_text().split("dependencies = [", 1)[1].split("]", 1)[0]
    for name in re.findall(r'"([A-Za-z0-9_.-]+)', declared):
        assert name.lower() in locked["run"], f"make lock: {name}"
    assert locked["run"] <= locked["dev"]
    assert locked["bootstrap"] <= locked["dev"]


def test_every_command_of_make_that_a_page_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    named = {
        (str(page.relative_to(ROOT)), found)
        for page in pages
        for found in re.findall(r"\bmake ([a-z][a-z0-9-]*[a-z0-9])`", page.read_text())
    }
    assert len(named) > 20
    assert {(page, target) for page, target in named if target not in targets} == set()
