"""What is sent to a host is a fixed program with fixed arguments; a shell reads it as just those words."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.adapters.ssh import commands
from oakum.errors import UsageError

PRINTABLE = st.text(st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\x7f"), max_size=20)


@given(st.lists(PRINTABLE, min_size=1, max_size=5))
def test_a_shell_reads_the_very_words(words: list[str]) -> None:
    text = commands.line(("/usr/bin/printf", "%s\\0", *words))
    said = subprocess.run(["/bin/sh", "-c", text], capture_output=True, check=True).stdout
    assert said.decode().split("\0")[:-1] == words


@pytest.mark.parametrize("words", [(), ("ls",), ("/bin/ls", "a\nb"), ("/bin/ls", "a\0b"), ("/bin/ls", "a\rb")])
def test_what_no_shell_can_be_told_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        commands.line(words)


def test_sudo_never_asks_and_reads_no_option_of_ours() -> None:
    assert commands.line(commands.ACT, sudo=True) == f"/usr/bin/sudo -n -- {commands.PLACE} act"


def test_no_other_module_makes_a_command() -> None:
    """Each request to a connection names one of the constants, never a text that it has put together."""
    found = 0
    constants = {"COLLECT", "LOOK", "ACT", "COLLECT_ONCE", "BRIEF", "INSTALL"}
    for path in Path(commands.__file__).parents[2].rglob("*.py"):
        source = path.read_bytes()
        if b"Request(" not in source or b"adapters.ssh" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Request":
                words = node.args[1] if len(node.args) > 1 else None
                if words is None or path.name == "connections.py":
                    continue
                names = {each.attr for each in ast.walk(words) if isinstance(each, ast.Attribute)}
                assert names and names <= constants, f"{path}: {ast.unparse(node)}"
                found += 1
    assert found >= 4
