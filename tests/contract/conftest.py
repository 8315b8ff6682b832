"""The twins: every test of the contract is asked of both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.contract.simulated import Simulated
from tests.contract.twins import Twin

if TYPE_CHECKING:
    from tests.lab.hosts import Host as Machine
    from tests.lab.hosts import HostsLab


@pytest.fixture(scope="session")
def contract_host(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """The real machine, with the service that has to be active on it; the tests change it one after the other."""
    from tests.contract.real import serve

    lab: HostsLab = request.getfixturevalue("hosts_lab")
    (machine,) = lab.start("contract")
    serve(machine)
    yield machine
    lab.remove(machine)


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.e2e)])
def twin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twin]:
    """A host without anything of ours on it."""
    if request.param == "simulated":
        yield Simulated()
        return
    from tests.contract.real import Real, hurry

    hurry(monkeypatch)
    with Real(request.getfixturevalue("contract_host")) as real:
        yield real
