"""Every shipped remediation on a real machine: absent, in effect as seen from outside, and the very former state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.adapters.ssh.labs import Bench, way
from tests.adapters.ssh.scenes import SCENES, Scene, everything, give_kmod
from tests.lab.hosts import Host as Machine
from tests.lab.hosts import HostsLab

from oakum.adapters.ssh.connections import Connections
from oakum.adapters.ssh.remedies import shipped
from oakum.changes.plans.model import Change
from oakum.changes.remediations.model import Remediation

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def machine(hosts_lab: HostsLab) -> Iterator[Machine]:
    with hosts_lab.running("remedies") as (made,):
        give_kmod(made)
        yield made


@pytest.fixture
def bench(machine: Machine) -> Iterator[Bench]:
    with Connections({"remedies": way(machine)}) as opened:
        yield Bench(opened, machine)


def change_of(one: Remediation, *, out: bool = False) -> Change:
    before, after = (one.label, "absent") if out else ("absent", one.label)
    return Change(
        intent="i", kind="script", component=one.component, before=before, after=after, back=before,
        reversibility="reversible", proof=("exit",), parameters={"remediation": one.name, "digest": one.digest},
    )  # fmt: skip


def log(machine: Machine) -> str:
    """What the last work has told there."""
    return machine.run('cat "$(ls -td /var/lib/oakum/work/*/ | head -n 1)log"')


def test_every_shipped_remediation_has_its_scene() -> None:
    assert SCENES.keys() == shipped().keys()


@pytest.mark.parametrize("name", SCENES)
def test_it_is_absent_in_effect_and_gone_again(bench: Bench, machine: Machine, name: str) -> None:
    scene: Scene = SCENES[name]
    one = shipped()[name]
    machine.run(f"set -e; {scene.prepare or ':'}")
    assert one.component not in bench.seen(machine.name).running
    before = everything(machine)
    assert scene.outside(machine) == scene.open
    work = bench.made("apply", machine.name, change_of(one))
    assert (work.state, work.why) == ("done", ""), log(machine)
    assert bench.seen(machine.name).running[one.component] == one.label
    assert scene.outside(machine) == scene.closed
    laid = everything(machine)
    assert bench.made("apply", machine.name, change_of(one)).state == "done"
    assert everything(machine) == laid, "what is in effect is not changed again"
    if one.forward_only:
        return
    work = bench.made("undo", machine.name, change_of(one, out=True))
    assert (work.state, work.why) == ("done", ""), log(machine)
    assert one.component not in bench.seen(machine.name).running
    assert scene.outside(machine) == scene.open
    assert everything(machine) == before
