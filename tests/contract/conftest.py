"""The twins: every test of the contract is asked of both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.contract.simulated import Simulated
from tests.contract.twins import Twin

if TYPE_CHECKING:
    from tests.contract.real import Stock
    from tests.lab.hosts import HostsLab


@pytest.fixture(scope="session")
def stock(request: pytest.FixtureRequest) -> Iterator[Stock]:
    """The real machine and the packages that it is offered; the tests change it one after the other."""
    from tests.contract.real import Stock

    lab: HostsLab = request.getfixturevalue("hosts_lab")
    with lab.running("contract") as (machine,):
        yield Stock(machine)


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.e2e)])
def twin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twin]:
    """A host without anything of ours on it."""
    if request.param == "simulated":
        yield Simulated()
        return
    from tests.contract.real import Real, hurry

    hurry(monkeypatch)
    with Real(request.getfixturevalue("stock")) as real:
        yield real


@pytest.fixture(scope="session")
def stock_on_btrfs(request: pytest.FixtureRequest) -> Iterator[Stock]:
    """A real machine that can be copied."""
    from tests.contract.real import Stock
    from tests.lab.hosts_btrfs import BtrfsHost

    lab: HostsLab = request.getfixturevalue("hosts_lab")
    with lab.running("contract-btrfs", kind=BtrfsHost) as (machine,):
        yield Stock(machine)


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.e2e)])
def copied(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twin]:
    """A host of which copies can be made, without any."""
    if request.param == "simulated":
        yield Simulated(copied=True)
        return
    from tests.contract.real import Real, hurry

    hurry(monkeypatch)
    with Real(request.getfixturevalue("stock_on_btrfs")) as real:
        yield real
