"""Ansible's inventory in INI: sections of hosts, of groups (``:children``) and of variables (``:vars``).

Source: docs.ansible.com, the inventory plugin ``ansible.builtin.ini``: a host's line is split like a shell's, with
comments; in ``:vars`` everything behind the first ``=`` is the value; ``#`` and ``;`` begin a comment line.
"""

from __future__ import annotations

import re
import shlex

from oakum.adapters.ssh.inventories.model import Groups, Variables
from oakum.adapters.ssh.inventories.patterns import names_of
from oakum.errors import InputError, LimitError, Place
from oakum.fleet.yaml_events import Cell

_SECTION = re.compile(r"\[([^:\]\s]{1,200})(?::(\w+))?\]\s*(?:#.*)?")
_CHILD = re.compile(r"([^:\]\s]{1,200})\s*(?:#.*)?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KINDS = ("hosts", "children", "vars")
_LONGEST = 10_000


def read_ini(given: str, file: str) -> Groups:
    """The groups of a file. Raises InputError with the line, LimitError."""
    found = Groups(file)
    group, kind = "ungrouped", "hosts"
    meant: list[tuple[str, str, int]] = []
    made = {"all", "ungrouped"}
    for line, raw in enumerate(given.splitlines(), 1):
        place = Place(file, line)
        if len(raw) > _LONGEST:
            raise LimitError(f"a line of more than {_LONGEST:,} characters", place=place, remedy="write it shorter")
        content = raw.strip()
        if not content or content[0] in "#;":
            continue
        if content.startswith("[") and (section := _SECTION.fullmatch(content)):
            group, kind = section[1], section[2] or "hosts"
            if kind not in _KINDS:
                raise InputError(f"a section cannot be of {kind[:40]!r}", place=place, remedy=f"{', '.join(_KINDS)}")
            found.group(group, line)
            if kind == "vars":
                meant.append((group, "its variables are given", line))
            else:
                made.add(group)
        elif kind == "vars":
            name, value = _assignment(content, place)
            found.group(group, line).variables[name] = Cell(_unquoted(value), line)
        elif kind == "children":
            child = _CHILD.fullmatch(content)
            if child is None:
                raise InputError("this is no name of a group", place=place, remedy="one name a line")
            found.child(group, child[1], line)
            meant.append((child[1], f"it is listed in {group}", line))
        else:
            _host(found, group, content, place, line)
    for name, why, line in meant:
        if name not in made:
            raise InputError(
                f"there is no group {name!r}, though {why}", place=Place(file, line), remedy=f"add [{name}]"
            )
    return found


def _host(found: Groups, group: str, content: str, place: Place, line: int) -> None:
    try:
        words = shlex.split(content, comments=True)
    except ValueError:
        raise InputError("a quotation mark has no second one", place=place, remedy="close it") from None
    if not words:
        return
    names, port = names_of(words[0], place)
    variables: Variables = {}
    for word in words[1:]:
        name, value = _assignment(word, place)
        variables[name] = Cell(_unquoted(value), line)
    for name in names:
        found.host(group, name, line, variables, port)


def _assignment(given: str, place: Place) -> tuple[str, str]:
    """A variable and its value; errors do not repeat it, for it may be part of a password."""
    name, sign, value = (part.strip() for part in given.partition("="))
    if not sign or not _VARIABLE.fullmatch(name):
        raise InputError(
            "this is no variable", place=place, remedy="write NAME=VALUE, with quotes around spaces; no templates"
        )
    return name, value


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]:
        return value[1:-1]
    return value
