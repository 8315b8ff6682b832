"""Trap 14: systems without releases are scoped by their name, systems without a package database are a gap."""

from __future__ import annotations

import pytest
from tests.traps.answers import findings, ids, index_of, matched, record, upto

from oakum.fleet.ecosystems import release_from_os_release
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release


def test_trap_14_rolling_and_image_based_wolfi_needs_no_release() -> None:
    release = release_from_os_release({"ID": "wolfi", "VERSION_ID": "20230201", "PRETTY_NAME": "Wolfi"})
    assert release is not None and release.scope == "wolfi"
    index = index_of(record("CGA-1", upto("wolfi", "curl", "8.7.1-r0")))
    curl = Package(type="apk", name="curl", version="8.6.0-r0", source="curl", source_version="8.6.0-r0")
    assert ids(findings(index, release, curl)) == ["CGA-1"]


@pytest.mark.parametrize(
    "fields",
    [
        {"ID": "talos", "VERSION_ID": "v1.7.0"},
        {"ID": "flatcar", "VERSION_ID": "3815.2.0"},
        {"ID": "bottlerocket", "VERSION_ID": "1.19.0"},
        {"ID": "cos", "VERSION_ID": "109"},
        {"ID": "almalinux", "VERSION_ID": "8.10"},
    ],
    ids=lambda fields: fields["ID"],
)
def test_trap_14_rolling_and_image_based_a_system_without_a_package_list_is_a_gap(fields: dict[str, str]) -> None:
    release = release_from_os_release(fields)
    assert isinstance(release, Release)
    answer = matched(index_of(record("ALSA-1", upto("almalinux:8", "bash", "9"))), release)
    (gap,) = answer.gaps
    assert gap.kind == "incomplete-inventory"
    assert release.scope in gap.what
