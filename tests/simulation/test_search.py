"""The exhaustive search over small worlds, in its short form, and that it finds what is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Lifts every cordon at a release, as a tool does that does not remember who has set it.
BREAK = """
from oakum.simulation.acting import Acting
release = Acting._release
def careless(self, act, machine):
    outcome = release(self, act, machine)
    machine.unschedulable, machine.cordoner = False, ""
    self.world.hosts.touch(machine)
    return outcome
Acting._release = careless
"""
#: Takes acts whatever token they carry, as a server does that was never told of fencing.
UNFENCED = """
from oakum.simulation.acting import Acting
checked = Acting._checked
def unfenced(self, act):
    lease, machine = self.world.lease, self.world.machines.get(act.subject.id)
    before, lease.token = lease.token, act.token
    if machine is not None:
        machine.token = min(machine.token, act.token)
    try:
        return checked(self, act)
    finally:
        lease.token = before
Acting._checked = unfenced
"""
#: Never waits until the pods of a machine have left.
UNDRAINED = """
from oakum.changes.running import draining
draining.left = lambda visit, since: draining.Left()
"""


def search(*arguments: str, before: str = "", world: str = "packages") -> subprocess.CompletedProcess[str]:
    code = f"import sys\n{before}\nfrom tools.sim_search import main\nraise SystemExit(main())"
    command = [sys.executable, "-c", code, "--only", world, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)


def limits(crashes: int, overtakings: int, others: int) -> tuple[str, ...]:
    return "--crashes", str(crashes), "--overtakings", str(overtakings), "--others", str(others)


def visited(found: subprocess.CompletedProcess[str]) -> int:
    return int(found.stdout.rpartition(": ")[2].split(" ")[0].replace(",", ""))


@pytest.mark.skipif(sys.platform != "linux", reason="it forks")
def test_a_run_that_dies_at_any_moment_leaves_nothing_unsafe() -> None:
    found = search(*limits(1, 0, 0))
    assert found.returncode == 0, found.stdout + found.stderr
    assert " states visited" in found.stdout and ", 0 unsafe" in found.stdout
    assert visited(found) > 300, "the search has hardly begun"


@pytest.mark.skipif(sys.platform != "linux", reason="it forks")
def test_the_search_in_ticks_comes_to_the_same_as_that_in_all_times_with_fewer_states() -> None:
    ticks = search(*limits(1, 0, 0), world="one-packages")
    fine = search(*limits(1, 0, 0), "--fine", world="one-packages")
    for found in (ticks, fine):
        assert found.returncode == 0, found.stdout + found.stderr
        assert ", 0 unsafe" in found.stdout
    assert 100 < visited(ticks) < visited(fine)
    assert ", in ticks: " in ticks.stdout and ", in all times: " in fine.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="it forks")
def test_where_one_package_changes_each_kind_alone_is_searched_in_all_times_too() -> None:
    found = search("--most", "1", world="one-packages")
    assert found.returncode == 0, found.stdout + found.stderr
    alone = [line.partition(", in all times: ")[0] for line in found.stdout.splitlines() if "all times" in line]
    assert alone == [
        "one-packages, 1 deaths, 0 overtakings, 0 of somebody else's acts",
        "one-packages, 0 deaths, 1 overtakings, 0 of somebody else's acts",
        "one-packages, 0 deaths, 0 overtakings, 1 of somebody else's acts",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="it forks")
def test_the_search_finds_a_world_that_forgets_whose_cordon_it_was() -> None:
    found = search(*limits(0, 0, 1), "--most", "400", before=BREAK)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "foreign-cordon-lifted" in found.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="it forks")
def test_the_search_finds_a_world_without_fencing() -> None:
    found = search(*limits(0, 1, 0), before=UNFENCED, world="one-packages")
    assert found.returncode == 1, found.stdout + found.stderr
    assert "two-writers" in found.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="it forks")
def test_the_search_finds_a_run_that_does_not_drain() -> None:
    found = search(*limits(0, 0, 1), "--most", "100", before=UNDRAINED, world="one-kernel")
    assert found.returncode == 1, found.stdout + found.stderr
    assert "disruption-budget" in found.stdout
