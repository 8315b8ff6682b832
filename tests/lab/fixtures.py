"""The fixtures of tests that need a real Kubernetes API: ``control_plane``, one for the whole run, and ``namespace``;
and of those that need real machines: ``hosts_lab``.

Where the programs of the lab can't be had, a test skips with the reason; in CI it fails, for a skipped test proves
nothing. Every test with one of these fixtures goes to the same worker of a parallel run, where they share one control
plane. (The imports of the lab stand in the fixtures since this module is loaded for every test run.)
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.lab.control_plane import ControlPlane
    from tests.lab.hosts import Host, HostsLab

_ALL = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before xdist reads the groups: whatever needs the lab is one group."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "lab_programs" in names:
            item.add_marker(pytest.mark.xdist_group("lab"))
        elif "hosts_lab" in names:
            item.add_marker(pytest.mark.xdist_group("hosts"))


@pytest.fixture(scope="session")
def lab_programs() -> None:
    """The programs of a control plane are here; for tests that start their own ``ControlPlane``."""
    need(*_ALL)


@pytest.fixture(scope="session")
def kwok_program(lab_programs: None) -> None:
    """kwok is here, too."""
    need("kwok")


@pytest.fixture(scope="session")
def control_plane(lab_programs: None) -> Iterator[ControlPlane]:
    """The control plane of this test run, with every custom kind that Oakum reads (``crds``).

    Tests share it: each keeps to names, best to a namespace, of its own.
    """
    from tests.lab.control_plane import ControlPlane
    from tests.lab.crds import install_crds

    with ControlPlane() as plane:
        install_crds(plane)
        yield plane


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """A new namespace in which pods can be made; the controllers remove it with all that is in it."""
    name = f"test-{secrets.token_hex(4)}"
    control_plane.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}])
    control_plane.wait_for_service_account(name)
    yield name
    control_plane.request("DELETE", f"/api/v1/namespaces/{name}")


def need(*names: str) -> None:
    """Skip the test, in CI fail it, where programs of the lab can't be had."""
    from tests.lab.build import programs

    with needed():
        programs(*names)


@contextmanager
def needed() -> Iterator[None]:
    """What of the lab is asked for in the ``with`` block is needed: without it the test skips, in CI it fails."""
    from tests.lab.go import LabUnavailable

    try:
        yield
    except LabUnavailable as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def hosts_lab() -> Iterator[HostsLab]:
    """The lab's hosts of this test run: a network, a signed repository, and the machines that tests start there."""
    from tests.lab.hosts import HostsLab

    with needed():
        lab = HostsLab()
    with lab:
        yield lab


@pytest.fixture(scope="session")
def lab_host(hosts_lab: HostsLab) -> Host:
    """A machine that many tests look at; none of them changes what is installed there, or restarts it."""
    (host,) = hosts_lab.start("shared")
    host.run("apt-get -qq update")
    return host
