"""A kernel in the words of the host's program: the release that has to run, and its packages, ahead and back."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.adapters.ssh.labs import Bench, way
from tests.changes.intents.test_kernel_packages import MIDDLE, NEW, OLD, change
from tests.changes.state.makings import NOW
from tests.lab.hosts import Host as Machine

from oakum.adapters.ssh.connections import Connections
from oakum.adapters.ssh.world import open_world, request_of
from oakum.changes.planning.steps import turned
from oakum.changes.plans.model import Change, Plan, Step, Stop, Subject, Takes, Times, Wave
from oakum.changes.running.acts import Act, Do
from oakum.errors import NotAssessableError

HOST = Subject(kind="machine", cluster="", name="h", uid="m")


def words(do: Do, one: Change) -> list[str]:
    act = Act(key="k", do=do, run="r", plan="p", token=1, subject=HOST, changes=(one,))
    return [
        line
        for line in request_of(act).decode().splitlines()
        if line.startswith(("kernel", "image", "package", "absent"))
    ]


def test_the_kernel_and_its_packages_are_asked_for_and_on_the_way_back_the_former_ones() -> None:
    ahead = change(OLD, (NEW,))
    meta, image = "linux-image-cloud-amd64", f"linux-image-{NEW}"
    assert words("apply", ahead) == [
        f"kernel {NEW}", f"image {meta}", f"package {meta} 6.1.192-2 lose",
        f"image {image}", f"package {image} 6.1.192-2 lose",
    ]  # fmt: skip
    assert words("undo", turned(ahead)) == [
        f"kernel {OLD}", f"image {meta}", f"package {meta} 6.1.176-1 lose", f"image {image}", f"absent {image}",
    ]  # fmt: skip


def test_a_kernel_that_only_waits_for_its_reboot_is_asked_for_without_packages() -> None:
    assert words("apply", change(MIDDLE, ())) == [f"kernel {MIDDLE}"]


def plan(one: Change) -> Plan:
    takes = Takes(work=Times(p50=1, p95=2), back=Times(p50=1, p95=2))
    step = Step(
        id="kernel@h", kind="visit", subject=HOST, group="g", changes=(one,), reversibility="reversible",
        back=(turned(one),), takes=takes, after={}, reboot=True,
    )  # fmt: skip
    wave = Wave(id="w", name="w", needs=(), steps=(step,))
    return Plan(at=NOW, state="", policy="", intents=(), groups=(), waves=(wave,), stop=Stop(failed=1, lost=1))


@pytest.mark.parametrize(
    ("changed", "says"),
    [({"parameters": {}}, "nobody has told which packages bring"), ({"component": "linux-image"}, "calls it")],
)
def test_a_plan_that_does_not_say_how_the_kernel_is_brought_is_not_begun(
    tmp_path: Path, changed: dict[str, object], says: str
) -> None:
    wrong = msgspec.structs.replace(change(OLD, (NEW,)), **changed)
    with pytest.raises(NotAssessableError, match=says), open_world(plan(wrong), run="r", hosts=(), data=tmp_path):
        pass
    with pytest.raises(NotAssessableError, match="no way to the host h"):
        open_world(plan(change(OLD, (NEW,))), run="r", hosts=(), data=tmp_path).__enter__()


def test_a_host_without_the_running_kernel_in_its_boot_menu_is_left_as_it_is(lab_host: Machine) -> None:
    with Connections({lab_host.name: way(lab_host)}) as opened:
        work = Bench(opened, lab_host, run="run-kernel").made("apply", lab_host.name, change(OLD, (NEW,)))
    assert (work.state, work.for_good) == ("failed", True)
    assert work.why == "the running kernel is not in a menu of GRUB: there would be no way back"
