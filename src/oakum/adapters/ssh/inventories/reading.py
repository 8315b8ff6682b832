"""Reads an inventory by what it is: CSV, YAML or INI. No program is run, and no template is evaluated."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath

from oakum.adapters.ssh.inventories.inherited import Inherited
from oakum.adapters.ssh.inventories.ini import read_ini
from oakum.adapters.ssh.inventories.model import MOST_BYTES, Entry, Groups, Inventory
from oakum.adapters.ssh.inventories.patterns import names_of
from oakum.adapters.ssh.inventories.variables import MEANT, Left, entry
from oakum.adapters.ssh.inventories.yaml_form import read_yaml
from oakum.errors import InputError, Place
from oakum.fleet.context_files import rows_of_csv
from oakum.fleet.yaml_events import decoded
from oakum.naming import listed

#: Names that a note lists.
_NAMED = 5
#: The columns of a table, by the variable that each stands for.
COLUMNS = {
    "name": "", "address": "ansible_host", "port": "ansible_port", "user": "ansible_user", "sudo": "ansible_become",
    "identity": "ansible_private_key_file",
}  # fmt: skip
COLUMNS |= {
    name: f"oakum_{name}" for name in ("jump", "host_key", "environment", "region", "pool", "tier", "health", "labels")
}


def read_inventory(data: bytes, file: str) -> Inventory:
    """The hosts of an inventory. Raises InputError with file and line, LimitError."""
    given = decoded(data, file, MOST_BYTES)
    if given.startswith("#!"):
        raise InputError(
            "this is a program, and none is run", place=Place(file, 1),
            remedy="have Ansible write it down: ansible-inventory -i INVENTORY --list --yaml --output FILE.yaml",
        )  # fmt: skip
    if "\0" in given:
        raise InputError(
            "this is no text", place=Place(file, given.count("\n", 0, given.index("\0")) + 1), remedy="give a text file"
        )
    suffix = PurePath(file).suffix.lower()
    if suffix == ".csv":
        found, unknown = _table(given, file)
    else:
        found, unknown = (read_yaml if suffix in (".yaml", ".yml", ".json") else read_ini)(given, file), Counter[str]()
    return _inventory(found, unknown)


def _table(given: str, file: str) -> tuple[Groups, Counter[str]]:
    found, unknown = Groups(file), Counter[str]()
    for row in rows_of_csv(given, file):
        if "name" not in row:
            raise InputError("no column is called name", place=Place(file, 1), remedy=f"columns: {', '.join(COLUMNS)}")
        name = row.pop("name")
        place = Place(file, name.line, "name")
        names, port = names_of(name.value, place)
        if len(names) != 1 or port or name.value in found.hosts:
            raise InputError(f"{name.value[:60]!r} is no name of one host", place=place, remedy="one host a line")
        unknown.update(key for key, cell in row.items() if key not in COLUMNS and cell.value)
        variables = {COLUMNS[key]: cell for key, cell in row.items() if key in COLUMNS and cell.value}
        found.host("all", name.value, name.line, dict(variables))
    return found, unknown


def _inventory(groups: Groups, unknown: Counter[str]) -> Inventory:
    inherited = Inherited(groups)
    entries: list[Entry] = []
    notes: list[str] = []
    ignored: Counter[str] = Counter()
    for name in groups.hosts:
        names, variables = inherited.of(name)
        unknown.update(key for key in variables if key not in MEANT)
        try:
            made, more = entry(name, groups.lines[name], names, variables, groups.file)
        except Left as left:
            notes.append(f"{name} is left out: {left}")
            continue
        ignored.update(more)
        entries.append(made)
    if unknown:
        notes.append(f"not used here: {_listed(unknown)}")
    if ignored:
        notes.append(f"options of ssh that are not followed: {_listed(ignored)} (see --ssh-config)")
    if not entries and not notes:
        raise InputError("it has no host", place=Place(groups.file), remedy="is this the right file?")
    return Inventory(entries=tuple(entries), notes=tuple(notes))


def _listed(found: Counter[str]) -> str:
    return listed(sorted(found), _NAMED, lambda name: name[:60])
