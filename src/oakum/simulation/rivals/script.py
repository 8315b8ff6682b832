"""A rival that is no tool: the loop that people write. Drain a node, patch it, restart it, uncordon it, the next one.

What ``kubectl drain`` and ``kubectl uncordon`` do in it is documented (``draining``). That the loop looks at no result,
waits ten minutes for a node to be ready and then goes on, is an assumption: it is what loops without ``set -e`` do.
"""

from __future__ import annotations

import msgspec

from oakum.simulation.rivals.draining import Flags, drain
from oakum.simulation.rivals.hands import Hands
from oakum.simulation.rivals.model import Process, Scene
from oakum.simulation.things import Machine


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """``parallel`` nodes at once; ``flags`` of its drains; ``patience`` seconds for a node to be ready again."""

    parallel: int = 1
    flags: Flags = Flags(force=True, ignore_daemonsets=True, delete_emptydir_data=True, timeout=600.0)
    patience: float = 600.0


class Script:
    """The loop over some machines, ``parallel`` of which are in work at once."""

    def __init__(self, scene: Scene, hands: Hands, options: Options) -> None:
        self.scene, self.hands, self.options = scene, hands, options
        self.time = scene.world.timeline

    def lane(self, queue: list[Machine], starts: float = 0.0) -> Process:
        """One of the loops that take the next machine from the same list."""
        yield starts
        while queue:
            yield from self.visit(queue.pop(0))

    def visit(self, machine: Machine) -> Process:
        """drain; install; reboot; wait; uncordon."""
        if machine.gone:
            return
        self.scene.entered("admitted", machine)
        changes = self.scene.changes[machine.id]
        drains = machine.cluster is not None and any(each.drain for each in changes)
        if drains:
            self.scene.entered("cordoned", machine)
            yield from drain(self.hands, machine, self.options.flags, lambda: self.scene.entered("draining", machine))
        boots = machine.boots
        self.scene.entered("applying", machine)
        key = self.hands.apply(machine, changes)
        while key and machine.alive and self.hands.state_of(machine, key) == "running":
            yield 5.0
        if any(each.reboot for each in changes) and not machine.gone:
            self.scene.entered("rebooting", machine)
            self.hands.reboot(machine)
            boots += 1
        until = self.time.now + self.options.patience
        while not machine.gone and self.time.now < until and not self._back(machine, boots):
            yield 5.0
        if drains and not machine.gone:
            self.hands.uncordon(machine)
        if not machine.gone:
            self.scene.entered("done", machine)
            self.scene.believe(machine, changes)

    def _back(self, machine: Machine, boots: int) -> bool:
        return machine.ready and machine.alive and machine.boots >= boots
