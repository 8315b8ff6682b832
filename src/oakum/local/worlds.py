"""How the machines of a plan are reached from a terminal: hosts by SSH. What cannot be reached from here says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from oakum.changes.plans import Plan
from oakum.local.paths import data_folder
from oakum.local.running import World


@contextmanager
def open_world(plan: Plan, *, run: str, hosts: Sequence[str], data: str | None) -> Iterator[World]:
    """The world of a plan's machines, for as long as it is needed.

    ``hosts`` are files that tell how hosts are reached, beside that of the data folder. Raises NotAssessableError for
    machines and changes that this version does not act on, InputError and UsageError for what hosts cannot be reached.
    """
    # Connections bring a large library, which only a run needs.
    from oakum.adapters.ssh.world import open_world as by_ssh

    with by_ssh(plan, run=run, hosts=[Path(each) for each in hosts], data=data_folder(data)) as world:
        yield world
