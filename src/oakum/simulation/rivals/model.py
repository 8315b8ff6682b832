"""What a rival is: the policy of another tool, or of a script, that patches the machines of a simulated world.

Rivals are reimplementations from public documentation, written to compare policies in one world: they are not the
programs that they are named after, and share no code with them. Whatever a rival does is a documented behaviour with
its source, or says that it is an assumption.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Literal

import msgspec

from oakum.changes.plans.model import Change
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.simulation.faults import Struck
from oakum.simulation.invariants import Broken
from oakum.simulation.rivals.behaviours import Behaviour
from oakum.simulation.rivals.hands import Hands
from oakum.simulation.things import Machine
from oakum.simulation.world import World

#: A process of a rival: it does something, and yields for how many seconds it sleeps until it goes on.
Process = Generator[float, None, None]
#: What is the same in every report that names a rival.
NOT_THE_PROGRAM = "a reimplementation from public documentation, not the program"


class Scene(msgspec.Struct, kw_only=True, eq=False):
    """What a rival is given: the world, what is to change on which machine (by id), and the policy's settings.

    ``entered`` tells the driver that the work on a machine has come to a state, in the words of our own steps, so that
    a fault strikes a rival where it would strike us; ``believe`` that the rival takes changes for made. ``begin`` adds
    a process: its name, and what makes it, for a process that is killed is made anew. ``lifted`` freezes do not hold,
    and ``outside`` of windows may be acted, by an emergency that was declared.
    """

    world: World
    hands: Hands
    changes: dict[str, tuple[Change, ...]]
    policy: Policy
    calendar: Calendar
    seed: int = 0
    lifted: tuple[str, ...] = ()
    outside: bool = False
    entered: Callable[[str, Machine], None]
    believe: Callable[[Machine, tuple[Change, ...]], None]
    begin: Callable[[str, Callable[[], Process]], None]

    def machines(self) -> list[Machine]:
        """The machines that are to change and exist, control planes first, then by id."""
        found = [each for id, each in sorted(self.world.machines.items()) if id in self.changes]
        return sorted(found, key=lambda each: each.role != "control-plane")

    def patched(self, machine: Machine) -> bool:
        """Whether all that was wanted is in effect on a machine."""
        return all(
            (soft := machine.software.get(change.component)) is not None and soft.running == change.after
            for change in self.changes[machine.id]
        )


def installed(machine: Machine, change: Change) -> bool:
    """Whether the wanted version is installed, in effect or not."""
    soft = machine.software.get(change.component)
    return soft is not None and soft.installed == change.after


class Rival(msgspec.Struct, frozen=True, kw_only=True):
    """One rival. ``kinds`` are the kinds of change that it makes; of others it knows nothing.

    ``behaviours`` are what it is documented to do, by name; ``assumes`` the things that no documentation decides.
    ``start`` begins its processes in a scene.
    """

    name: str
    title: str
    says: str
    sources: tuple[str, ...]
    kinds: frozenset[str]
    behaviours: dict[str, Behaviour]
    start: Callable[[Scene], None]
    assumes: tuple[str, ...] = ()


class Result(msgspec.Struct, kw_only=True):
    """What came of a rival's work, to be laid beside ``simulation.runner.Result`` and the judgement of a trial.

    ``result``: done, stopped (it does nothing more by itself), held (its time was over), or out-of-scope where it
    makes none of the wanted changes. ``broken`` are the unsafe states; ``stranded`` how many machines carry its cordon
    at the end; ``patched`` seconds until the last machine was patched, -1 where not all were.
    """

    rival: str
    result: Literal["done", "stopped", "held", "out-of-scope"]
    why: str = ""
    broken: tuple[Broken, ...] = ()
    struck: tuple[Struck, ...] = ()
    stranded: int = 0
    targets: int = 0
    finished: int = 0
    seconds: float = 0.0
    patched: float = -1.0
    evictions: int = 0
    missed: float = 0.0
    trace: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """The share of the targets that are patched and in service."""
        return self.finished / self.targets if self.targets else 0.0
