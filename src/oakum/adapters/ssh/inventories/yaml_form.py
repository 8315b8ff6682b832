"""Ansible's inventory in YAML: groups with ``hosts``, ``vars`` and ``children``, read as texts; no tags, no aliases.

Source: docs.ansible.com, the inventory plugin ``ansible.builtin.yaml``.
"""

from __future__ import annotations

from oakum.adapters.ssh.inventories.model import Groups
from oakum.adapters.ssh.inventories.patterns import names_of
from oakum.errors import InputError, Place
from oakum.fleet.yaml_events import Cell, Node, texts
from oakum.policy.fields import line_of

_DEEPEST = 40
_PARTS = ("hosts", "vars", "children")


def read_yaml(given: str, file: str) -> Groups:
    """The groups of a file. Raises InputError with the line, LimitError."""
    root = texts(given, file, deepest=_DEEPEST)
    found = Groups(file)
    if isinstance(root, dict):
        if "_meta" in root:
            raise InputError(
                "this is the answer of a dynamic inventory, which is not read", place=Place(file, _line(root, 1)),
                remedy="have Ansible write the other form: ansible-inventory -i INVENTORY --list --yaml",
            )  # fmt: skip
        for name, node in root.items():
            _group(found, name, node, 1)
    elif not _empty(root):
        raise InputError("an inventory is a mapping of groups", place=Place(file, _line(root, 1)), remedy="write all:")
    return found


def _group(found: Groups, name: str, node: Node, above: int) -> None:
    line = _line(node, above)
    if not name or len(name) > 200 or any(letter.isspace() or letter in ":[]" for letter in name):
        raise InputError(f"{name[:60]!r} is no name of a group", place=Place(found.file, line), remedy="one word")
    group = found.group(name, line)
    if _empty(node):
        return
    if not isinstance(node, dict):
        raise _wrong(found, f"the group {name}", line)
    for key, given in node.items():
        below = _line(given, line)
        if key not in _PARTS:
            raise InputError(
                f"a group has no {key[:40]!r}", place=Place(found.file, below, name),
                remedy=f"{', '.join(_PARTS)}; variables stand below vars",
            )  # fmt: skip
        if _empty(given):
            continue
        # A name alone stands for itself.
        alone = isinstance(given, Cell) and key != "vars"
        value = {given.value: Cell("", given.line)} if alone and isinstance(given, Cell) else given
        if not isinstance(value, dict):
            raise _wrong(found, f"{key} of {name}", below)
        for inner, content in value.items():
            at = _line(content, below)
            if key == "vars":
                group.variables[inner] = content
            elif key == "children":
                found.child(name, inner, at)
                _group(found, inner, content, at)
            else:
                _host(found, name, inner, content, at)


def _host(found: Groups, group: str, pattern: str, content: Node, line: int) -> None:
    names, port = names_of(pattern, Place(found.file, line))
    if not isinstance(content, dict) and not _empty(content):
        raise _wrong(found, f"the host {pattern[:60]}", line)
    variables = content if isinstance(content, dict) else {}
    for name in names:
        found.host(group, name, line, variables, port)


def _wrong(found: Groups, what: str, line: int) -> InputError:
    return InputError(f"{what} is no mapping", place=Place(found.file, line), remedy="write NAME: below it, each alone")


def _empty(node: Node) -> bool:
    return not node or (isinstance(node, Cell) and not node.value)


def _line(node: Node, above: int) -> int:
    return line_of(node) or above
