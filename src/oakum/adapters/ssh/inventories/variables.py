"""From the variables of a host to how it is reached: those that mean something here, by Ansible's names and our own.

A value is taken as it is written; a template is refused, for none is evaluated. Source of the names:
docs.ansible.com, the connection plugin ``ansible.builtin.ssh`` (of two names for one thing the longer one wins), and
the become plugin ``ansible.builtin.sudo``. ``oakum_...`` are ours: facts for policies, the host's public key.
"""

from __future__ import annotations

import re
from typing import Literal, cast

from oakum.adapters.ssh.inventories.arguments import hops, jumps
from oakum.adapters.ssh.inventories.inherited import PRIORITY
from oakum.adapters.ssh.inventories.model import Entry, Variables
from oakum.errors import InputError, Place
from oakum.fleet.yaml_events import Cell

#: What is asked, and the variables that say it; a later one goes before an earlier one.
NAMES: dict[str, tuple[str, ...]] = {
    "connection": ("ansible_connection",),
    "address": ("ansible_host", "ansible_ssh_host"),
    "port": ("ansible_port", "ansible_ssh_port"),
    "user": ("ansible_user", "ansible_ssh_user"),
    "identity": ("ansible_private_key_file", "ansible_ssh_private_key_file"),
    "become": ("ansible_become",),
    "become_method": ("ansible_become_method",),
    "become_user": ("ansible_become_user",),
    "common": ("ansible_ssh_common_args",),
    "extra": ("ansible_ssh_extra_args",),
    "jump": ("oakum_jump",),
    "host_key": ("oakum_host_key",),
    "environment": ("oakum_environment",),
    "region": ("oakum_region",),
    "pool": ("oakum_pool",),
    "tier": ("oakum_tier",),
    "health": ("oakum_health",),
    "labels": ("oakum_labels",),
}
MEANT = frozenset(each for names in NAMES.values() for each in names) | {PRIORITY}
_SSH = frozenset({"ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh", "ansible.builtin.paramiko_ssh"})
_YES, _NO = frozenset({"yes", "true", "on", "1", "y", "t"}), frozenset({"no", "false", "off", "0", "n", "f"})
_ADDRESS = re.compile(r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*|[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_UNIT = re.compile(r"[A-Za-z0-9@._:][A-Za-z0-9@._:-]{0,250}")
_FACT = re.compile(r"[^\x00-\x1f\x7f]{0,200}")


class Left(Exception):  # noqa: N818 (an answer, not an error: the others are read)
    """A host is left out, and why."""


def entry(name: str, line: int, groups: tuple[str, ...], variables: Variables, file: str) -> tuple[Entry, list[str]]:
    """A host as its variables say, and the options for ssh that are not followed. Raises InputError, Left."""
    said = _Said(variables, file, line)
    connection = said.word("connection")
    if connection and connection not in _SSH:
        raise Left(f"its connection is {connection[:40]}, not ssh")
    become = said.flag("become")
    if become:
        for key, only in (("become_method", "sudo"), ("become_user", "root")):
            value = said.word(key)
            if value and value.removeprefix("ansible.builtin.") != only:
                raise Left(f"it becomes root by {key} {value[:40]}, and only {only} is used here")
    # ssh reads the extra arguments after the common ones, and keeps the first value of an option.
    common, ignored = jumps(said.word("common"), said.place("common"))
    extra, more = jumps(said.word("extra"), said.place("extra"))
    own = hops(said.word("jump"), said.place("jump")) if said.word("jump") else None
    keys = said.listed("host_key")
    jump = next((each for each in (own, common, extra) if each is not None), None)
    made = Entry(
        name=name, line=line, groups=groups, sudo=become, port=said.port(), jump=jump,
        address=said.match("address", _ADDRESS, "a name or an address") or name,
        user=said.match("user", _USER, "an account: small letters, digits, hyphens"),
        identity=said.match("identity", _FACT, "the name of a file"),
        host_keys=tuple(" ".join(each.split()[:2]) for each in keys),
        environment=said.match("environment", _FACT, "a word"), region=said.match("region", _FACT, "a word"),
        pool=said.match("pool", _FACT, "a word"), tier=said.tier(), labels=said.labels(),
        health=tuple(said.matched(each, "health", _UNIT, "the name of a service") for each in said.listed("health")),
    )  # fmt: skip
    return made, ignored + more


class _Said:
    """What a host's variables say, by what is asked."""

    def __init__(self, variables: Variables, file: str, line: int) -> None:
        self._variables, self._file, self._line = variables, file, line

    def _name(self, key: str) -> str:
        given = [each for each in NAMES[key] if each in self._variables]
        return given[-1] if given else NAMES[key][0]

    def place(self, key: str) -> Place:
        """Where it stands."""
        node = self._variables.get(self._name(key))
        return Place(self._file, node.line if isinstance(node, Cell) else self._line, self._name(key))

    def fail(self, key: str, what: str, remedy: str) -> InputError:
        return InputError(what, place=self.place(key), remedy=remedy)

    def word(self, key: str) -> str:
        """The text; empty where nothing is said."""
        node = self._variables.get(self._name(key))
        if node is None:
            return ""
        if not isinstance(node, Cell):
            raise self.fail(key, "this is no text", "write one value")
        return self._plain(key, node.value)

    def _plain(self, key: str, value: str) -> str:
        if "{{" in value or "{%" in value:
            raise self.fail(key, "this is a template, and none is evaluated", "write the value itself")
        return value

    def listed(self, key: str) -> list[str]:
        """A list of texts, or one text with commas."""
        node = self._variables.get(self._name(key))
        if not isinstance(node, list):
            return [each.strip() for each in self.word(key).split(",") if each.strip()]
        if not all(isinstance(each, Cell) for each in node):
            raise self.fail(key, "this is no list of texts", "write [ONE, ANOTHER]")
        return [self._plain(key, each.value) for each in node if isinstance(each, Cell)]

    def matched(self, value: str, key: str, pattern: re.Pattern[str], remedy: str) -> str:
        if not pattern.fullmatch(value):
            raise self.fail(key, f"it cannot be {value[:60]!r}", remedy)
        return value

    def match(self, key: str, pattern: re.Pattern[str], remedy: str) -> str:
        """A text of a form; empty where nothing is said."""
        value = self.word(key)
        return self.matched(value, key, pattern, remedy) if value else ""

    def flag(self, key: str) -> bool | None:
        """Yes, no, or nothing said."""
        value = self.word(key).lower()
        if value and value not in _YES | _NO:
            raise self.fail(key, f"it cannot be {value[:40]!r}", "yes or no")
        return value in _YES if value else None

    def port(self) -> int:
        """The port; 0 where nothing is said."""
        value = self.word("port")
        if value and not (value.isascii() and value.isdigit() and len(value) < 6 and 0 < int(value) < 65536):
            raise self.fail("port", f"{value[:40]!r} is no port", "1 to 65535")
        return int(value or 0)

    def tier(self) -> Literal["1", "2", "3", "4", ""]:
        """The tier; empty where nothing is said."""
        value = self.match("tier", re.compile("[1-4]"), "1 to 4; 1 is the most critical")
        return cast('Literal["1", "2", "3", "4", ""]', value)

    def labels(self) -> dict[str, str]:
        """A mapping of texts, or ``zone=a,rack=3``."""
        node = self._variables.get(self._name("labels"))
        if isinstance(node, dict):
            pairs = [(name, each.value if isinstance(each, Cell) else None) for name, each in node.items()]
        else:
            pairs = [(one.partition("=")[0], one.partition("=")[2]) for one in self.listed("labels")]
        found: dict[str, str] = {}
        for name, value in pairs:
            if not name or not value or not _FACT.fullmatch(name + value):
                raise self.fail("labels", f"{name[:40]!r} is no label", "write zone=a")
            found[name] = self._plain("labels", value)
        return found
