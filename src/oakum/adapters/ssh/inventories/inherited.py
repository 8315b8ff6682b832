"""What a host is told by its groups and by itself: the variables of nearer groups go before those further out.

Source: docs.ansible.com, "How variables are merged": all, then parents before children, on one level by
``ansible_group_priority`` and then by name, the last one wins; the host's own at the end.
"""

from __future__ import annotations

from oakum.adapters.ssh.inventories.model import Groups, Variables, text
from oakum.errors import InputError, Place

#: Ansible's own variable for the order of groups of one level; of no other meaning.
PRIORITY = "ansible_group_priority"
#: These groups are in every inventory, and say nothing about a host.
EVERYWHERE = frozenset({"all", "ungrouped"})


class Inherited:
    """Groups and variables of every host. Raises InputError where a group holds itself."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._above: dict[str, list[str]] = {name: [] for name in groups.groups}
        for name, group in groups.groups.items():
            for child in group.children:
                if child != "all":
                    self._above[child].append(name)
        self._depths = self._depth()
        self._holding: dict[str, list[str]] = {name: [] for name in groups.hosts}
        for name, group in groups.groups.items():
            for host in group.hosts:
                self._holding[host].append(name)
        self._merged: dict[tuple[str, ...], tuple[tuple[str, ...], Variables]] = {}

    def of(self, host: str) -> tuple[tuple[str, ...], Variables]:
        """The groups that a host is in, the nearest last, and its variables."""
        own = tuple(sorted(self._holding[host]))
        if own not in self._merged:
            names = sorted(self._around(own), key=self._rank)
            variables: Variables = {}
            for name in names:
                variables |= self._groups.groups[name].variables
            self._merged[own] = (tuple(each for each in names if each not in EVERYWHERE), variables)
        names_, variables = self._merged[own]
        return names_, variables | self._groups.hosts[host]

    def _around(self, names: tuple[str, ...]) -> set[str]:
        found, left = {"all"}, list(names)
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left += self._above[name]
        return found

    def _rank(self, name: str) -> tuple[int, int, str]:
        given = text(self._groups.groups[name].variables.get(PRIORITY, [])) or "1"
        priority = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 1
        return self._depths[name], priority, name

    def _depth(self) -> dict[str, int]:
        """How far each group is below ``all``, by its longest way."""
        depths: dict[str, int] = {}
        waiting = {name: len(above) for name, above in self._above.items()}
        ready = [name for name, count in waiting.items() if not count]
        for name in ready:  # grows meanwhile
            depths[name] = 0 if name == "all" else 1 + max((depths[each] for each in self._above[name]), default=0)
            for child in self._groups.groups[name].children:
                if child != "all":
                    waiting[child] -= 1
                    if not waiting[child]:
                        ready.append(child)
        circular = sorted(set(waiting) - set(depths))
        if circular:
            line = next(iter(self._groups.groups[circular[0]].children.values()), None)
            raise InputError(
                f"the group {circular[0]!r} holds itself, or is held by one that does",
                place=Place(self._groups.file, line), remedy="take it out of one of them",
            )  # fmt: skip
        return depths
