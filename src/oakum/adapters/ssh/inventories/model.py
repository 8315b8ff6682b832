"""What a reader makes of an inventory: its hosts as they are reached, and notes about what was left out."""

from __future__ import annotations

from typing import Literal

import msgspec

from oakum.errors import LimitError, Place
from oakum.fleet.yaml_events import Cell, Node

#: One file; hosts of it; groups of it; names that all groups list together, hosts and groups.
MOST_BYTES, MOST_HOSTS, MOST_GROUPS, MOST_NAMES = 8 << 20, 10_000, 2_000, 100_000

#: Variables by name, each with its line (a nested value has those of its texts).
Variables = dict[str, Node]


class Hop(msgspec.Struct, frozen=True):
    """A host on the way to another, as an inventory names it; user empty and port 0 where it does not."""

    address: str
    user: str = ""
    port: int = 0

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.user}{'@' if self.user else ''}{address}{f':{self.port}' if self.port else ''}"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One host, and the line where it stands. What is empty or None was not said.

    ``address`` is the name where no other was given. ``jump`` are the hosts on the way, the first one first.
    ``groups`` are those that it is in, also by way of others.
    """

    name: str
    line: int
    address: str
    port: int = 0
    user: str = ""
    sudo: bool | None = None
    identity: str = ""
    jump: tuple[Hop, ...] | None = None
    host_keys: tuple[str, ...] = ()
    environment: str = ""
    region: str = ""
    pool: str = ""
    tier: Literal["1", "2", "3", "4", ""] = ""
    health: tuple[str, ...] = ()
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    groups: tuple[str, ...] = ()


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """The hosts of a file in its order, and ``notes`` for people: what was left out and why."""

    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()


class Group(msgspec.Struct, kw_only=True):
    """A group as it is written: ``hosts`` and ``children`` by name, with the line of each."""

    hosts: dict[str, int] = msgspec.field(default_factory=dict)
    children: dict[str, int] = msgspec.field(default_factory=dict)
    variables: Variables = msgspec.field(default_factory=dict)


class Groups:
    """All groups of a file, and the variables that hosts have of their own."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.groups: dict[str, Group] = {"all": Group(), "ungrouped": Group()}
        self.hosts: dict[str, Variables] = {}
        self.lines: dict[str, int] = {}
        self._names = 0

    def group(self, name: str, line: int) -> Group:
        """The group of a name, a new one where there is none. Raises LimitError."""
        if name not in self.groups and len(self.groups) >= MOST_GROUPS:
            self._too_many(f"more than {MOST_GROUPS:,} groups", line)
        return self.groups.setdefault(name, Group())

    def host(self, group: str, name: str, line: int, variables: Variables, port: int = 0) -> None:
        """A host of a group; what it says of itself goes before what it said further up. Raises LimitError.

        A ``port`` behind its name counts where the host is first met, as in Ansible.
        """
        self.count(line)
        if name not in self.hosts and len(self.hosts) >= MOST_HOSTS:
            self._too_many(f"more than {MOST_HOSTS:,} hosts", line)
        self.group(group, line).hosts.setdefault(name, line)
        if port and name not in self.hosts:
            self.hosts[name] = {"ansible_port": Cell(str(port), line)}
        self.hosts.setdefault(name, {}).update(variables)
        self.lines.setdefault(name, line)

    def child(self, group: str, name: str, line: int) -> None:
        """A group within a group. Raises LimitError."""
        self.count(line)
        self.group(group, line).children.setdefault(name, line)

    def count(self, line: int) -> None:
        """One more name that some group lists. Raises LimitError."""
        self._names += 1
        if self._names > MOST_NAMES:
            self._too_many(f"its groups list more than {MOST_NAMES:,} names", line)

    def _too_many(self, what: str, line: int) -> None:
        raise LimitError(what, place=Place(self.file, line), remedy="divide the inventory")


def text(node: Node) -> str | None:
    """The text of a value; None where it is a list or a mapping."""
    return node.value if isinstance(node, Cell) else None
