"""A package of the system whose source package nobody told: a find under its own name counts, silence does not."""

from __future__ import annotations

import pytest
from tests.traps.answers import index_of, matched, record, upto

from oakum.advisories.model import Naming
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

FEDORA = Release("fedora", "42")


def libs(source: str = "") -> Package:
    return Package(type="rpm", name="openssl-libs", version="3.2.1-1.fc42", arch="x86_64", source=source)


@pytest.mark.parametrize("naming", ["source", "either"])
def test_an_rpm_without_its_source_is_not_clean_where_advisories_go_by_sources(naming: Naming) -> None:
    told = index_of(record("CVE-2024-1", upto("fedora:42", "openssl", "3.2.2-1.fc42", naming=naming)))
    known = matched(told, FEDORA, libs("openssl"))
    assert [hit.record.advisory.id for hit in known.hits] == ["CVE-2024-1"]
    assert (known.coverage[0].assessed, known.gaps) == (1, ())
    unknown = matched(told, FEDORA, libs(), libs("openssl"))
    assert [gap.kind for gap in unknown.gaps] == ["incomplete-inventory"]
    assert unknown.gaps[0].what == "source packages of 1 package of fedora:42"
    assert (unknown.coverage[0].packages, unknown.coverage[0].assessed) == (2, 1)


def test_what_is_found_under_its_own_name_counts_all_the_same() -> None:
    told = index_of(record("CVE-2024-1", upto("fedora:42", "openssl-libs", "3.2.2-1.fc42", naming="source")))
    answer = matched(told, FEDORA, libs())
    assert [hit.record.advisory.id for hit in answer.hits] == ["CVE-2024-1"]
    assert [gap.kind for gap in answer.gaps] == ["incomplete-inventory"]


def test_it_needs_no_source_where_advisories_name_binaries() -> None:
    told = index_of(record("CVE-2024-1", upto("fedora:42", "openssl-libs", "3.2.1-1.fc42", naming="binary")))
    answer = matched(told, FEDORA, libs())
    assert (answer.hits, answer.gaps) == ((), ())
