"""The core is pure, and this hook sees to it: no file, socket or process may be opened on behalf of core code.

Python tells audit hooks of every such act (PEP 578). The hook walks the stack outwards from the act to the first
frame that is ours: the core there means that the core reached for the world, be it itself or through a library; an
adapter or a test there means that somebody entitled did. Imports are not acts of the code that caused them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

CORE = (
    "naming", "errors", "expressions", "ports", "versions", "ledger", "fleet", "advisories", "findings", "policy",
    "risk", "changes",
)  # fmt: skip

_WATCHED = frozenset(
    {
        "open",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.listdir",
        "os.mkdir",
        "os.posix_spawn",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.scandir",
        "os.spawn",
        "os.system",
        "os.truncate",
        "socket.__new__",
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "sqlite3.connect",
        "subprocess.Popen",
    }
)
_CORE_MODULES = frozenset(f"oakum.{room}" for room in CORE)
_CORE_PREFIXES = tuple(f"oakum.{room}." for room in CORE)
_TESTS = str(Path(__file__).resolve().parent) + "/"


class ImpureCore(AssertionError):
    """Core code opened a file, a socket or a process."""


def forbid_io_in_the_core() -> None:
    """Install the hook; it can't be taken out again, and costs other code one set look-up an audit event."""
    sys.addaudithook(_audit)


def _audit(event: str, arguments: Sequence[object]) -> None:
    if event not in _WATCHED:
        return
    if event == "sqlite3.connect" and arguments[0] in (":memory:", b":memory:"):
        return
    culprit = _core_module(sys._getframe(1))
    if culprit:
        raise ImpureCore(f"{culprit} is core and raised {event}{tuple(arguments)!r}: take the data as an argument")


def _core_module(frame: FrameType | None) -> str:
    while frame is not None:
        name = frame.f_globals.get("__name__") or ""
        if name in _CORE_MODULES or name.startswith(_CORE_PREFIXES):
            return str(name)
        if name.startswith(("oakum.", "importlib._bootstrap", "_frozen_importlib")):
            return ""
        # The hook itself stands in this folder, but it is never on the stack that it walks.
        if frame.f_code.co_filename.startswith(_TESTS):
            return ""
        frame = frame.f_back
    return ""
