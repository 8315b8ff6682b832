"""What SUSE's products stand for: systems, what is added to them, longer support; and that no other is guessed at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.fleet.ecosystems import release_from_os_release
from oakum.fleet.suse_products import releases


@pytest.mark.parametrize(
    ("name", "scope", "channel", "whole"),
    [
        ("SUSE Linux Enterprise Server 15 SP5", "sles:15.5", "", True),
        ("SUSE Linux Enterprise Server 15", "sles:15", "", True),
        ("SUSE Linux Enterprise Server 16.0", "sles:16.0", "", True),
        ("SUSE Linux Enterprise Server 15 SP5-LTSS", "sles:15.5", "ltss", True),
        ("SUSE Linux Enterprise Server 15-LTSS", "sles:15", "ltss", True),
        ("SUSE Linux Enterprise Server 15 SP5-LTSS-Core", "sles:15.5", "ltss-core", True),
        ("SUSE Linux Enterprise Server 15 SP4-ESPOS", "sles:15.4", "espos", True),
        ("SUSE Linux Enterprise Server 12 SP5-LTSS Extended Security", "sles:12.5", "ltss-extended-security", True),
        ("SUSE Linux Enterprise Server LTSS Extended Security 12 SP5", "sles:12.5", "ltss-extended-security", True),
        ("SUSE Linux Enterprise Server Teradata 12 SP3", "sles:12.3", "teradata", True),
        ("SUSE Linux Enterprise Server Teradata 12 SP3-LTSS", "sles:12.3", "ltss-teradata", True),
        ("SUSE Linux Enterprise Server 12 SP2-BCL", "sles:12.2", "bcl", True),
        ("SUSE Linux Enterprise Server for SAP Applications 15 SP4", "sles_sap:15.4", "", True),
        ("SUSE Linux Enterprise Server for SAP applications 16.0", "sles_sap:16.0", "", True),
        ("SUSE Linux Enterprise High Performance Computing 15 SP5-LTSS", "sle_hpc:15.5", "ltss", True),
        ("SUSE Linux Enterprise Desktop 15 SP6", "sled:15.6", "", True),
        ("SUSE Linux Enterprise Micro 5.5", "sle-micro:5.5", "", True),
        ("SUSE Linux Enterprise Server 11 SP4-LTSS EXTREME CORE", "sles:11.4", "ltss-extreme-core", True),
        ("SUSE Linux Enterprise Micro for Rancher 5.4", "sle-micro:5.4", "", True),
        ("SUSE Linux Micro 6.1", "sl-micro:6.1", "", True),
        ("openSUSE Leap 15.6", "opensuse-leap:15.6", "", True),
        ("openSUSE Tumbleweed", "opensuse-tumbleweed", "", True),
        ("SUSE Linux Enterprise Module for Basesystem 15 SP6", "sles:15.6", "", False),
        ("SUSE Linux Enterprise Module for Python 3 15 SP6", "sles:15.6", "", False),
        ("SUSE Linux Enterprise Live Patching 15 SP5", "sles:15.5", "live-patching", False),
        ("SUSE Linux Enterprise High Availability Extension 15 SP5", "sles:15.5", "ha", False),
        ("SUSE Real Time Module 15 SP6", "sles:15.6", "rt", False),
        ("SUSE Package Hub 15 SP5", "sles:15.5", "packagehub", False),
    ],
)
def test_a_product_is_the_release_it_stands_on(name: str, scope: str, channel: str, whole: bool) -> None:
    (one,) = releases(name, "") or ()
    assert (one.scope, one.channel, one.whole) == (scope, channel, whole)


def test_a_module_of_12_is_for_each_of_its_service_packs() -> None:
    found = releases("SUSE Linux Enterprise Module for Containers 12", "") or ()
    assert [one.scope for one in found] == [
        "sles:12", "sles:12.1", "sles:12.2", "sles:12.3", "sles:12.4", "sles:12.5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cpe", "scope", "channel"),
    [
        ("cpe:/o:suse:sles:15:sp5", "sles:15.5", ""),
        ("cpe:/o:suse:sles:15", "sles:15", ""),
        ("cpe:/o:suse:sles-ltss:15:sp1", "sles:15.1", "ltss"),
        ("cpe:/o:suse:suse_sles_ltss:11:sp4", "sles:11.4", "ltss"),
        ("cpe:/o:suse:sles-ltss-extended-security:12:sp5", "sles:12.5", "ltss-extended-security"),
        ("cpe:/o:suse:sles_teradata:12:sp3", "sles:12.3", "teradata"),
        ("cpe:/o:suse:sles_ltss_teradata:12:sp3", "sles:12.3", "ltss-teradata"),
        ("cpe:/o:suse:suse-microos:5.2", "sle-micro:5.2", ""),
        ("cpe:/o:suse:sle_rt:15:sp3", "sles:15.3", "rt"),
        ("cpe:/o:suse:sle-hpc:12:sp5", "sle_hpc:12.5", ""),
        ("cpe:/o:suse:sle-module-basesystem:15:sp6", "sles:15.6", ""),
        ("cpe:/o:suse:sle-micro:5.5", "sle-micro:5.5", ""),
        ("cpe:/o:opensuse:leap:15.6", "opensuse-leap:15.6", ""),
        ("cpe:/o:opensuse:tumbleweed", "opensuse-tumbleweed", ""),
    ],
)
def test_without_a_name_the_cpe_counts(cpe: str, scope: str, channel: str) -> None:
    (one,) = releases("", cpe) or ()
    assert (one.scope, one.channel) == (scope, channel)


@pytest.mark.parametrize(
    "name",
    [
        "Container bci/example:15.5", "Image SLES15-SP5-BYOS", "SUSE Manager Server 4.3", "SUSE Enterprise Storage 7.1",
        "SUSE Linux Enterprise Server 11-SECURITY", "SUSE Linux Enterprise Server for VMWare 11 SP3",
        "SUSE OpenStack Cloud 9", "SUSE Liberty Linux 9", "Public Cloud Module for SUSE Linux Enterprise 11",
    ],
)  # fmt: skip
def test_what_is_no_system_has_no_release_whatever_its_cpe(name: str) -> None:
    assert releases(name, "cpe:/o:suse:sles:15:sp5") == ()


@pytest.mark.parametrize(
    ("name", "cpe"),
    [
        ("SUSE Example Appliance 3", "cpe:/o:suse:sles:15:sp5"),
        ("SUSE Linux Enterprise Server 15 SP6 EXTREME CORE", ""),
        ("SUSE Linux Enterprise Server for SAP Applications", ""),
        ("SUSE Linux Enterprise Server", ""),
        ("SUSE Linux Enterprise Server 15 SP5-LTSS-Next", ""),
        ("openSUSE Tumbleweed 3", ""),
        ("", "cpe:/o:suse:sles"),
        ("", "cpe:/o:redhat:enterprise_linux:9"),
        # What stands behind the service pack is an image.
        ("", "cpe:/o:suse:sles:15:sp1:chost-example"),
        ("", ""),
        ("SUSE Linux Enterprise Server 15 SP5" * 100, ""),
    ],
)
def test_another_product_is_not_guessed(name: str, cpe: str) -> None:
    assert releases(name, cpe) is None


@pytest.mark.parametrize(
    ("id_", "version", "name"),
    [
        ("sles", "15.5", "SUSE Linux Enterprise Server 15 SP5"),
        ("sles", "15", "SUSE Linux Enterprise Server 15"),
        ("sles", "12.5", "SUSE Linux Enterprise Server 12 SP5"),
        ("sles", "16.0", "SUSE Linux Enterprise Server 16.0"),
        ("sles_sap", "15.5", "SUSE Linux Enterprise Server for SAP Applications 15 SP5"),
        ("opensuse-leap", "15.6", "openSUSE Leap 15.6"),
        ("opensuse-tumbleweed", "20240101", "openSUSE Tumbleweed"),
        ("sle-micro", "5.5", "SUSE Linux Enterprise Micro 5.5"),
        ("sl-micro", "6.0", "SUSE Linux Micro 6.0"),
    ],
)
def test_a_host_calls_its_release_as_its_product_is_read(id_: str, version: str, name: str) -> None:
    release = release_from_os_release({"ID": id_, "VERSION_ID": version})
    assert release is not None
    assert [one.scope for one in releases(name, "") or ()] == [release.scope]


@given(st.text(max_size=400), st.text(max_size=100))
def test_any_text_is_a_product_or_is_none(name: str, cpe: str) -> None:
    for one in releases(name, cpe) or ():
        assert one.scope
