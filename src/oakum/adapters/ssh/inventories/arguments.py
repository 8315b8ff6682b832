"""Arguments for ``ssh`` that an inventory gives: the jump hosts among them are followed, the others are told.

Source: ssh(1) and ssh_config(5): ``-J`` and ``ProxyJump`` name hosts, separated by commas, the first one first.
"""

from __future__ import annotations

import re
import shlex

from oakum.adapters.ssh.inventories.model import Hop
from oakum.errors import InputError, Place

_HOP = re.compile(
    r"(?:(?P<user>[a-z_][a-z0-9_-]{0,31})@)?(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
#: Options of ssh(1) that take a value.
_WITH_VALUE = frozenset("BbcDEeFIiJLlmOoPpQRSWw")
_MOST_HOPS = 8


def jumps(given: str, place: Place) -> tuple[tuple[Hop, ...] | None, list[str]]:
    """The jump hosts, None where nothing is said of any, and the options that are not followed.

    Raises InputError, also for a ``ProxyCommand``: it is a program, and none is run.
    """
    try:
        words = shlex.split(given)
    except ValueError:
        raise InputError("a quotation mark has no second one", place=place, remedy="close it") from None
    found: tuple[Hop, ...] | None = None
    others: list[str] = []
    for name, value in _options(words):
        key, _, setting = value.replace("=", " ", 1).partition(" ") if name == "o" else ("", "", value)
        if name == "J" or key.lower() == "proxyjump":
            # ssh keeps the first value that it is given.
            found = hops(setting.strip(), place) if found is None else found
        elif key.lower() == "proxycommand":
            raise InputError(
                "a ProxyCommand is a program, and none is run",
                place=place,
                remedy="name a host: -o ProxyJump=HOST",
            )
        else:
            others.append(f"-o {key}" if key else f"-{name}")
    return found, others


def _options(words: list[str]) -> list[tuple[str, str]]:
    """Options by their letters, with their values. What is no option is told by an empty value."""
    found: list[tuple[str, str]] = []
    left = iter(words)
    for word in left:
        if not word.startswith("-") or len(word) < 2:
            found.append((word[:20], ""))
            continue
        for at, letter in enumerate(word[1:], 1):
            if letter in _WITH_VALUE:
                found.append((letter, word[at + 1 :] or next(left, "")))
                break
            found.append((letter, ""))
    return found


def hops(given: str, place: Place) -> tuple[Hop, ...]:
    """The hosts of a ``ProxyJump``, the first one first. Raises InputError."""
    if given.lower() == "none":
        return ()
    parts = [_HOP.fullmatch(each.strip().removeprefix("ssh://")) for each in given.split(",", _MOST_HOPS)]
    found = [Hop(each["six"] or each["name"], each["user"] or "", int(each["port"] or 0)) for each in parts if each]
    if len(found) != len(parts):
        raise InputError(f"{given[:60]!r} is no jump host", place=place, remedy="[USER@]HOST[:PORT], commas between")
    return tuple(found)
