"""The commands that are ever sent to a host: fixed programs with fixed arguments, quoted at this one place.

SSH hands a command to the account's shell as one text (RFC 4254, section 6.5), so whatever stands in it is read by a
shell. No data goes in: names, versions and keys travel on standard input to a program that checks them.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

from oakum.adapters.ssh import remedies
from oakum.errors import UsageError

#: Where the program stands on a host.
PLACE = "/usr/local/lib/oakum/host"
#: Its parts (``host/PART.sh``), in their order: the doors come last, when everything is known.
PARTS = (
    "common", "collect", "look", "act", "work", "apt", "rpm", "dnf", "zypper", "remedies", "kernel", "snapshot", "main",
)  # fmt: skip
COLLECT, LOOK, ACT = (PLACE, "collect"), (PLACE, "look"), (PLACE, "act")
#: The program given on standard input, for an account that has nothing installed.
COLLECT_ONCE = ("/bin/sh", "-s", "--", "collect")
#: The same without what only a plan asks.
BRIEF = (*COLLECT_ONCE, "brief")
#: Puts what stands on standard input in its place, whole or not at all.
INSTALL = (
    "/bin/sh",
    "-c",
    f"umask 022; mkdir -p {PLACE.rpartition('/')[0]} && cat >{PLACE}.new && chmod 0755 {PLACE}.new && "
    f"sync {PLACE}.new && mv {PLACE}.new {PLACE}",
)


@lru_cache(maxsize=1)
def program() -> bytes:
    """The program that stands on hosts: its parts, one after the other."""
    folder = resources.files("oakum.adapters.ssh").joinpath("host")
    parts = {part: folder.joinpath(f"{part}.sh").read_bytes() for part in PARTS}
    return b"\n".join((*(parts[each] for each in PARTS[:-1]), remedies.part().encode(), parts[PARTS[-1]]))


def digest() -> str:
    """SHA-256 of that program, in hexadecimal."""
    return hashlib.sha256(program()).hexdigest()


def line(words: Sequence[str], *, sudo: bool = False) -> str:
    """The text that a shell reads as just these words. ``sudo`` runs them as root, without ever asking.

    Raises UsageError for words that no shell can be told: empty commands, NUL, line ends.
    """
    if not words or not words[0].startswith("/"):
        raise UsageError("a command is a program's full path and its arguments", remedy="this is a mistake of Oakum's")
    for word in words:
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in word):
            raise UsageError("a command holds a control character", remedy="this is a mistake of Oakum's")
    return shlex.join(("/usr/bin/sudo", "-n", "--", *words) if sudo else words)
