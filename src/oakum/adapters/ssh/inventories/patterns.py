"""A host as an inventory names it: with a port, and with ranges that stand for many (``web[01:20].example:2222``).

Source: docs.ansible.com, "How to build your inventory": adding ranges of hosts; both ends belong to a range.
"""

from __future__ import annotations

import re
from itertools import product

from oakum.adapters.ssh.inventories.model import MOST_HOSTS
from oakum.errors import InputError, LimitError, Place

_RANGE = re.compile(r"\[([^\[\]]*)\]")
_PARTS = re.compile(r"([0-9]{1,9}|[A-Za-z]):([0-9]{1,9}|[A-Za-z])(?::([0-9]{1,9}))?")
_PORT = re.compile(r"(?P<name>[^:\[\]]*(?:\[[^\[\]]*\][^:\[\]]*)*):(?P<port>[0-9]{1,5})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def names_of(pattern: str, place: Place) -> tuple[list[str], int]:
    """The names that a pattern stands for, and its port, 0 where it gives none. Raises InputError, LimitError."""
    found = _PORT.fullmatch(pattern)
    port = int(found["port"]) if found else 0
    if found and not 0 < port < 65536:
        raise InputError(f"{port} is no port", place=place, remedy="1 to 65535")
    parts = _RANGE.split(found["name"] if found else pattern)
    # Every second part is what stood in brackets.
    choices = [_range(part, place) if at % 2 else [part] for at, part in enumerate(parts)]
    many = 1
    for each in choices:
        many *= len(each)
    if many > MOST_HOSTS:
        raise LimitError(f"a range of more than {MOST_HOSTS:,} hosts", place=place, remedy="divide the inventory")
    names = ["".join(each) for each in product(*choices)]
    for name in names:
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{name[:60]!r} is no name of a host", place=place,
                remedy="letters, digits, dots, hyphens, at most 63; give an address as ansible_host beside a name",
            )  # fmt: skip
    return names, port


def _range(given: str, place: Place) -> list[str]:
    found = _PARTS.fullmatch(given)
    if found is None:
        raise InputError(f"[{given[:40]}] is no range", place=place, remedy="write [01:20], [1:9:2] or [a:f]")
    first, last, step = found[1], found[2], int(found[3] or 1)
    if first.isdigit() != last.isdigit() or not step:
        raise InputError(f"[{given}] is no range", place=place, remedy="both ends numbers, or both letters; step 1 on")
    if first.isdigit():
        if first.startswith("0") and len(first) > 1 and len(first) != len(last):
            raise InputError(f"the ends of [{given}] differ in length", place=place, remedy="write [01:20]")
        # Without leading zeros at its beginning a range has none anywhere.
        width = len(first) if first.startswith("0") else 0
        numbers = range(int(first), int(last) + 1, step)
        if len(numbers) > MOST_HOSTS:
            raise LimitError(f"a range of more than {MOST_HOSTS:,} hosts", place=place, remedy="divide the inventory")
        values = [str(each).zfill(width) for each in numbers]
    else:
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        values = list(letters[letters.index(first) : letters.index(last) + 1 : step])
    if not values:
        raise InputError(f"the range [{given}] is empty", place=place, remedy="the smaller end first")
    return values
