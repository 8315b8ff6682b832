from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from tests.purity import CORE, ImpureCore

ROOT = Path(__file__).resolve().parents[1]

ACTS = {
    "open": "open('/etc/hostname').close()",
    "pathlib": "import pathlib; pathlib.Path('/etc/hostname').read_bytes()",
    "os.open": "import os; os.open('/etc/hostname', os.O_RDONLY)",
    "listing": "import os; os.listdir('/')",
    "socket": "import socket; socket.socket().close()",
    "name resolution": "import socket; socket.getaddrinfo('localhost', 80)",
    "subprocess": "import subprocess; subprocess.run(['true'])",
    "shell": "import os; os.system('true')",
    "database file": "import sqlite3; sqlite3.connect('/nonexistent/file')",
    "standard library": "import tempfile; tempfile.TemporaryFile()",
}


def module(name: str, body: str) -> Callable[..., object]:
    """The function ``act`` of a module of that name, as if it stood in the source tree."""
    made = ModuleType(name)
    source = "def act(*arguments):\n    " + body
    exec(compile(source, f"{ROOT}/src/{name.replace('.', '/')}.py", "exec"), made.__dict__)
    act: Callable[..., object] = made.__dict__["act"]
    return act


@pytest.mark.parametrize("body", ACTS.values(), ids=ACTS)
def test_core_code_that_reaches_for_the_world_fails(body: str) -> None:
    with pytest.raises(ImpureCore, match=r"oakum\.fleet\.x is core"):
        module("oakum.fleet.x", body)()


@pytest.mark.parametrize("room", CORE)
def test_every_room_of_the_core_is_watched(room: str) -> None:
    for name in (f"oakum.{room}", f"oakum.{room}.deep.inside"):
        with pytest.raises(ImpureCore):
            module(name, ACTS["open"])()


def test_an_adapter_may_open_files_even_when_core_code_calls_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("seen")
    adapter = module("oakum.adapters.files", f"with open({str(tmp_path / 'file')!r}) as file: return file.read()")
    assert module("oakum.fleet.x", "return arguments[0]()")(adapter) == "seen"


def test_a_port_that_a_test_implements_may_read_files() -> None:
    found = module("oakum.fleet.x", "return arguments[0]()")(lambda: Path(__file__).read_bytes())
    assert found == Path(__file__).read_bytes()


def test_core_code_may_import_late_and_keep_a_database_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("colorsys", "wave"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    module("oakum.fleet.x", "import colorsys, wave")()
    assert {"colorsys", "wave"} <= sys.modules.keys()
    keeps = "import sqlite3, contextlib\n    with contextlib.closing(sqlite3.connect(':memory:')) as kept:\n"
    assert module("oakum.advisories.x", f"{keeps}        return kept.execute('SELECT 7').fetchall()")() == [(7,)]


def test_a_test_may_do_what_it_likes(tmp_path: Path) -> None:
    with socket.socket() as made:
        assert made.fileno() >= 0
    with closing(sqlite3.connect(tmp_path / "kept")) as kept:
        assert kept.execute("SELECT 7").fetchall() == [(7,)]
    assert subprocess.run([sys.executable, "-c", "print(7)"], check=True, capture_output=True).stdout == b"7\n"


CLOCKS = [
    "import time\n\nnow = time.time()\n",
    "from time import time_ns\n\nnow = time_ns()\n",
    "import datetime\n\nnow = datetime.datetime.now(datetime.UTC)\n",
    "from datetime import date\n\nnow = date.today()\n",
    "import random\n\nnow = random.random()\n",
    "from secrets import token_hex\n\nnow = token_hex()\n",
    "from uuid import uuid4\n\nnow = uuid4()\n",
]


def banned(file: str, text: str) -> bool:
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251", "--output-format", "concise"]
    run = subprocess.run(
        [*command, "--stdin-filename", file, "-"], input=text, capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert run.returncode in (0, 1), run.stderr
    return "TID251" in run.stdout


@pytest.mark.parametrize("text", CLOCKS, ids=[text.splitlines()[0] for text in CLOCKS])
def test_the_linter_bans_clocks_and_chance_in_the_core_and_nowhere_else(text: str) -> None:
    assert banned("src/oakum/fleet/x.py", text)
    assert not banned("src/oakum/adapters/x.py", text)


def test_the_linter_bans_clocks_in_every_room_of_the_core() -> None:
    for room in CORE:
        assert banned(f"src/oakum/{room}/x.py", CLOCKS[0]), room
