"""The kernel of a host, by what apt would do: offered in the flavour that runs, with the packages of both ways."""

from __future__ import annotations

import pytest

from oakum.adapters.packages.kernels import flavour, with_kernel
from oakum.changes.state.inventory import SoftwareEntry
from oakum.fleet.assets import Host, Kernel

OLD, WAITS, NEW = "6.1.0-50-cloud-amd64", "6.1.0-53-cloud-amd64", "6.1.0-56-cloud-amd64"
META = "linux-image-cloud-amd64"
BRINGS = f"""\
for {META}
Inst linux-image-{NEW} (6.1.192-2 Debian-Security:12/oldstable-security [amd64])
Inst {META} [6.1.176-1] (6.1.192-2 Debian-Security:12/oldstable-security [amd64])
"""


def package(version: str, *security: str) -> SoftwareEntry:
    return SoftwareEntry(installed=version, part="package", ecosystem="deb", security=security)


def found(
    text: str, *releases: str, running: str = OLD, owned: bool = True, security: bool = True
) -> dict[str, SoftwareEntry]:
    kernels = [Kernel(each, f"linux-image-{each}", "6.1", each == running) for each in releases]
    software = {each.package: package("6.1") for each in kernels if owned}
    software |= {META: package("6.1.176-1", *(["6.1.192-2"] if security else [])), "openssl": package("3")}
    return with_kernel(software, text, Host(live=True, running_kernel=running, kernels=tuple(kernels)))


def test_a_newer_kernel_is_offered_with_the_packages_that_bring_it_and_those_of_the_way_back() -> None:
    kernel = found(BRINGS, OLD)["kernel"]
    assert (kernel.installed, kernel.running, kernel.part, kernel.effect) == (OLD, OLD, "kernel", "reboot")
    assert kernel.offers == kernel.security == (NEW,)
    assert kernel.packages == {
        NEW: (f"linux-image-{NEW}=6.1.192-2", f"{META}=6.1.192-2"), OLD: (f"linux-image-{NEW}=", f"{META}=6.1.176-1"),
    }  # fmt: skip
    assert found(BRINGS, OLD, security=False)["kernel"].security == ()


def test_what_brings_kernels_is_not_changed_by_itself_and_a_kernels_own_package_wants_a_reboot() -> None:
    software = found(BRINGS, OLD)
    assert META not in software
    assert software[f"linux-image-{OLD}"].effect == "reboot"
    assert software["openssl"].effect != "reboot"


def test_a_kernel_that_is_installed_and_waits_for_its_reboot_is_installed() -> None:
    kernel = found(f"for {META}\n", OLD, WAITS)["kernel"]
    assert (kernel.installed, kernel.running, kernel.offers, kernel.packages) == (WAITS, OLD, (), None)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(f"Remv linux-image-{OLD} [6.1]\nInst linux-image-{NEW} (2 x [amd64])\n", id="something-goes"),
        pytest.param("Inst linux-image-6.1.0-56-amd64 (2 x [amd64])\n", id="another-flavour"),
        pytest.param(f"Inst linux-image-{OLD} [1] (2 x [amd64])\n", id="the-same-release"),
        pytest.param("Inst linux-image-6.1.0-49-cloud-amd64 (2 x [amd64])\n", id="an-older-one"),
        pytest.param("", id="held-or-nothing"),
    ],
)
def test_nothing_is_offered_where_apt_would_do_something_else(lines: str) -> None:
    assert found(f"for {META}\n{lines}", OLD)["kernel"].offers == ()


def test_a_kernel_that_no_installed_package_owns_is_not_ours_to_change() -> None:
    assert "kernel" not in found(BRINGS, OLD, owned=False)
    assert "kernel" not in found(BRINGS, OLD, running="6.18.44-own")


@pytest.mark.parametrize(
    ("release", "wanted"),
    [("6.1.0-50-cloud-amd64", "cloud-amd64"), ("6.8.0-45-generic", "generic"), ("6.12.48+deb13-amd64", "amd64"),
     ("6.1.0-0.deb11.21-rt-amd64", "rt-amd64"), ("6.18.44", "")],
)  # fmt: skip
def test_flavours(release: str, wanted: str) -> None:
    assert flavour(release) == wanted
