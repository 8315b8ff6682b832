"""What a host outside of any cluster answers: the twin of the program that stands on a real one (``host/act.sh``).

It knows what it has seen itself, and nothing of leases or of an API server: keys that it has answered, the highest
fencing token of each run, our record. A host that cannot be reached answers nothing at all, whatever is asked. It has
no scheduler, so that a claim takes it out of nobody's service.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.observed import Claim
from oakum.simulation.answers import DONE, UNKNOWN, US, refused
from oakum.simulation.things import Machine

if TYPE_CHECKING:
    from oakum.simulation.world import World

#: Names and versions of packages, as dpkg has them (deb-control(5)).
_NAME, _VERSION = re.compile(r"[a-z0-9][a-z0-9+.-]*\Z"), re.compile(r"[0-9A-Za-z][A-Za-z0-9.+:~-]*\Z")


class HostProgram:
    """The program on every host of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._do: dict[str, Callable[[Act, Machine], Outcome]] = {
            "claim": self._claim, "release": self._release, "apply": self._begin, "undo": self._begin,
            "reboot": self._reboot, "snapshot": self._snapshot, "discard": self._discard,
        }  # fmt: skip

    def known(self, act: Act, machine: Machine) -> Outcome | None:
        """The answer that the host gave to an act of the same key, where it can give it again."""
        return machine.answered.get(act.key) if machine.reached else None

    def answer(self, act: Act, machine: Machine) -> Outcome:
        """Does an act on a host, or refuses it."""
        if not machine.reached:
            return UNKNOWN
        seen = machine.tokens.get(act.run, 0)
        if act.token < seen:
            return refused(f"token {seen} has been seen", "fenced")
        if machine.uid != (act.uid or act.subject.uid or machine.uid):
            return refused("another machine has that name now", "gone")
        if act.resource_version and act.resource_version != machine.resource_version:
            return refused("it was changed since it was looked at", "changed")
        machine.tokens[act.run] = act.token
        machine.token = max(machine.token, act.token)
        if act.do not in self._do:
            return refused("no such act on a host", "never")
        outcome = self._do[act.do](act, machine)
        if outcome.result == "done":
            machine.answered[act.key] = outcome
        return outcome

    def _claim(self, act: Act, machine: Machine) -> Outcome:
        claim, step = machine.claim, act.parameters.get("step", "")
        if claim is not None and (claim.run, claim.step) != (act.run, step):
            return refused(f"{claim.run} holds it", "changed")
        machine.claim = Claim(run=act.run, step=step, token=act.token, cordoned=False)
        self.world.hosts.touch(machine)
        return DONE

    def _release(self, act: Act, machine: Machine) -> Outcome:
        if machine.claim is not None and machine.claim.run != act.run:
            return refused("another run holds it", "changed")
        machine.claim = None
        self.world.hosts.touch(machine)
        return DONE

    def _busy(self, machine: Machine) -> Outcome | None:
        if any(work.state == "running" for work in machine.work.values()):
            return refused("other work is under way on the machine")
        return None

    def _begin(self, act: Act, machine: Machine) -> Outcome:
        packages = [each for each in act.changes if each.kind == "packages"]
        if any(not _NAME.match(each.component) or not _VERSION.match(each.after) for each in packages):
            return refused("no name or no version of a package", "never")
        busy, copy = self._busy(machine), act.parameters.get("copy", "")
        if busy is not None:
            return busy
        if copy and copy not in machine.copies:
            return refused("that copy is not there", "never")
        if copy:
            self.world.hosts.put_back(machine, act.key, copy)
        elif not act.changes:
            return refused("nothing to change", "never")
        else:
            self.world.hosts.apply(machine, act.key, act.changes, back=act.do == "undo")
        return DONE

    def _reboot(self, act: Act, machine: Machine) -> Outcome:
        if act.boot_id and act.boot_id != machine.boot_id:
            return refused("it has restarted since it was looked at", "changed")
        busy = self._busy(machine)
        if busy is None:
            self.world.hosts.reboot(machine, US)
        return busy or DONE

    def _snapshot(self, act: Act, machine: Machine) -> Outcome:
        busy = self._busy(machine)
        if busy is None and not machine.snapshots:
            return refused("nothing on it can copy it", "never")
        if busy is None:
            self.world.hosts.snapshot(machine, act.key)
        return busy or DONE

    def _discard(self, act: Act, machine: Machine) -> Outcome:
        machine.copies.pop(act.parameters.get("copy", ""), None)
        machine.news = True
        return DONE
