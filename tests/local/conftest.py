"""Keys are made once; each test has files of its own, a module the real machines that its ``MACHINES`` names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab.hosts import Host as Machine
from tests.lab.hosts import HostsLab
from tests.local.estate import Estate, make_keys
from tests.local.faults import Patient, hurry


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("people") / "keys")


@pytest.fixture
def estate(tmp_path: Path, keys: Path) -> Estate:
    return Estate(tmp_path, keys)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the data folder of the test in it."""
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


@pytest.fixture(scope="module")
def machines(hosts_lab: HostsLab, request: pytest.FixtureRequest) -> Iterator[list[Machine]]:
    """Machines that the tests of a module change."""
    with hosts_lab.running(*request.module.MACHINES) as made:
        yield made


@pytest.fixture(scope="module")
def machine(machines: list[Machine]) -> Machine:
    """The only one of them."""
    (made,) = machines
    return made


@pytest.fixture
def patient(
    folder: Path, keys: Path, machine: Machine, hosts_lab: HostsLab, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Patient:  # fmt: skip
    """That machine, and everybody in a hurry."""
    monkeypatch.setenv("COLUMNS", "200")
    hurry(monkeypatch)
    return Patient(folder, keys, machine, hosts_lab, capsys)
