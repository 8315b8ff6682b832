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


def search(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    code = f"import sys\n{before}\nfrom tools.sim_search import main\nraise SystemExit(main())"
    command = [sys.executable, "-c", code, "--only", "packages", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)


def limits(crashes: int, overtakings: int, others: int) -> tuple[str, ...]:
    return "--crashes", str(crashes), "--overtakings", str(overtakings), "--others", str(others)


@pytest.mark.skipif(sys.platform != "linux", reason="it forks")
def test_a_run_that_dies_at_any_moment_leaves_nothing_unsafe() -> None:
    found = search(*limits(1, 0, 0))
    assert found.returncode == 0, found.stdout + found.stderr
    assert " states visited" in found.stdout and ", 0 unsafe" in found.stdout
    visited = int(found.stdout.rpartition(": ")[2].split(" ")[0].replace(",", ""))
    assert visited > 1000, "the search has hardly begun"


@pytest.mark.skipif(sys.platform != "linux", reason="it forks")
def test_the_search_finds_a_world_that_forgets_whose_cordon_it_was() -> None:
    found = search(*limits(0, 0, 1), "--most", "400", before=BREAK)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "foreign-cordon-lifted" in found.stdout
