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


#: What the simulated host does not do as the real one does, by test: whoever mends it takes the line away.
DIFFERS = {
    "test_work_that_is_over_ended_so_long_ago_as_before_when_the_clock_jumps": "it keeps the time of then",
    "test_a_copy_is_put_back_by_a_restart": "it puts a copy back without one",
}


def simulated(request: pytest.FixtureRequest, *, copied: bool = False) -> Simulated:
    """The simulated host; a test that it does not pass has to fail."""
    why = DIFFERS.get(getattr(request.node, "originalname", ""))
    if why is not None:
        request.applymarker(pytest.mark.xfail(reason=why, strict=True, raises=AssertionError))
    return Simulated(copied=copied)


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
        yield simulated(request)
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
        yield simulated(request, copied=True)
        return
    from tests.contract.real import Real, hurry

    hurry(monkeypatch)
    with Real(request.getfixturevalue("stock_on_btrfs")) as real:
        yield real
