"""Reads the rules by which parts of a cluster are known: ours, and those that a site adds in the same form.

A file has up to four parts. ``components`` are rows with a name, a role, the images, and where needed namespaces, pods
and labels (globs), and the packages under which advisories stand. ``vendors`` tell whose build something is;
``registries`` whose names can be trusted; ``open-registries`` where everybody may publish.
"""

from __future__ import annotations

from typing import Literal, cast, get_args

import msgspec

from oakum.errors import InputError, LimitError, Place
from oakum.fleet.yaml_events import Cell, Node, texts

Role = Literal[
    "control-plane", "node", "runtime", "network", "storage", "dns", "ingress", "gateway", "add-on"
]  # fmt: skip
ROLES: tuple[str, ...] = get_args(Role)

#: Rows of one file, and characters of one glob: each is tried on every image.
_MOST_ROWS = 5_000
_LONGEST = 256
_DEEPEST = 5
_TYPES = frozenset({"kubernetes", "golang"})
_ROW = {"name", "role", "images", "namespaces", "pods", "labels", "packages"}
_VENDOR = {"name", "images", "tags", "versions", "labels"}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a container a known component; ``packages`` are (purl type, name) pairs."""

    name: str
    role: Role
    images: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    pods: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    packages: tuple[tuple[str, str], ...] = ()


class VendorRule(msgspec.Struct, frozen=True, kw_only=True):
    """What makes something a vendor's build: globs of image names, tags, kubelet versions and node label keys."""

    name: str
    images: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class Rules(msgspec.Struct, frozen=True):
    """The content of one file."""

    components: tuple[Rule, ...] = ()
    vendors: tuple[VendorRule, ...] = ()
    registries: tuple[str, ...] = ()
    open_registries: tuple[str, ...] = ()


def read_rules(data: bytes, name: str) -> Rules:
    """The rules of one file. Raises InputError with the line, LimitError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError("not UTF-8 text", place=Place(name, line), remedy="save it as UTF-8") from None
    return _Reader(name).rules(texts(text, name, deepest=_DEEPEST))


class _Reader:
    """Checks what a file says against the form above."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._line = 1

    def rules(self, root: Node) -> Rules:
        parts = self._mapping(
            root, {"components", "vendors", "registries", "open-registries"}, "the file", optional_name=True
        )
        return Rules(
            tuple(self._component(row) for row in self._rows(parts.get("components"), "components")),
            tuple(self._vendor(row) for row in self._rows(parts.get("vendors"), "vendors")),
            self._globs(parts, "registries"),
            self._globs(parts, "open-registries"),
        )

    def _component(self, row: Node) -> Rule:
        fields = self._mapping(row, _ROW, "a component")
        role = self._text(fields, "role")
        if role not in ROLES:
            raise self._error(f"the role {role!r}", "role", f"allowed: {', '.join(ROLES)}")
        rule = Rule(
            name=self._text(fields, "name"),
            role=cast("Role", role),
            images=self._globs(fields, "images"),
            namespaces=self._globs(fields, "namespaces"),
            pods=self._globs(fields, "pods"),
            labels=tuple(self._label(each) for each in self._globs(fields, "labels")),
            packages=tuple(self._package(each) for each in self._globs(fields, "packages")),
        )
        if not (rule.images or rule.pods or rule.labels):
            raise self._error(f"{rule.name} has nothing to be known by", "images", "give images, pods or labels")
        return rule

    def _vendor(self, row: Node) -> VendorRule:
        fields = self._mapping(row, _VENDOR, "a vendor")
        globs = {key: self._globs(fields, key) for key in ("images", "tags", "versions", "labels")}
        return VendorRule(name=self._text(fields, "name"), **globs)

    def _label(self, text: str) -> tuple[str, str]:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise self._error(f"the label {text!r}", "labels", "write KEY=VALUE")
        return key, value

    def _package(self, text: str) -> tuple[str, str]:
        type_, _, name = text.partition(" ")
        if type_ not in _TYPES or not name.strip():
            raise self._error(f"the package {text!r}", "packages", "write kubernetes NAME or golang MODULE")
        return type_, name.strip()

    def _rows(self, node: Node | None, field: str) -> list[Node]:
        rows = [] if node is None or (isinstance(node, Cell) and not node.value) else node
        if not isinstance(rows, list):
            raise self._error(f"{field} is not a list", field, "write '- name: ...'")
        if len(rows) > _MOST_ROWS:
            raise LimitError(f"more than {_MOST_ROWS} rows", place=Place(self._name, field=field), remedy="use globs")
        return rows

    def _mapping(self, node: Node, allowed: set[str], what: str, *, optional_name: bool = False) -> dict[str, Node]:
        if not isinstance(node, dict):
            if isinstance(node, Cell):
                self._line = node.line
            elif optional_name and not node:
                raise self._error("empty", "", "give components, vendors or registries")
            raise self._error(f"{what} is a mapping", "", "write KEY: VALUE")
        first = next((cell.line for cell in node.values() if isinstance(cell, Cell)), None)
        self._line = first or self._line
        for key in node:
            if key not in allowed:
                raise self._error(f"unknown key {key!r}", key, f"allowed: {', '.join(sorted(allowed))}")
        return node

    def _text(self, fields: dict[str, Node], key: str) -> str:
        cell = fields.get(key)
        if not isinstance(cell, Cell) or not cell.value:
            raise self._error(f"{key} is missing", key, f"write {key}: TEXT")
        return self._checked(cell, key)

    def _globs(self, fields: dict[str, Node], key: str) -> tuple[str, ...]:
        return tuple(self._checked(each, key) for each in self._rows(fields.get(key), key))

    def _checked(self, node: Node, key: str) -> str:
        if not isinstance(node, Cell) or not node.value:
            raise self._error("a value is a plain text", key, "write the text")
        self._line = node.line
        if len(node.value) > _LONGEST or not node.value.isprintable():
            raise self._error(f"a text longer than {_LONGEST} characters, or not printable", key, "shorten it")
        if key != "packages" and not node.value.strip("*?"):
            raise self._error(f"{node.value!r} matches everything", key, "name what is meant")
        if node.value.count("*") > 8 or "[" in node.value:
            raise self._error(f"the glob {node.value!r}", key, "use * and ? only, and few of them")
        return node.value

    def _error(self, what: str, field: str, remedy: str) -> InputError:
        return InputError(what, place=Place(self._name, self._line, field), remedy=remedy)
