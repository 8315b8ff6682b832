"""Trap 11: what a Go binary says of its parts: toolchain, replaced and unreleased modules, records without a fix."""

from __future__ import annotations

import pytest
from tests.traps.answers import findings, ids, index_of, library, matched, record, upto

from oakum.risk.severity import choose


def test_trap_11_go_binaries_the_standard_library_has_the_version_of_the_toolchain() -> None:
    index = index_of(record("GO-1", upto("golang", "stdlib", "1.21.8")))
    assert ids(findings(index, None, library("golang", "stdlib", "go1.21.7"))) == ["GO-1"]
    assert ids(findings(index, None, library("golang", "stdlib", "go1.21rc2"))) == ["GO-1"]
    assert ids(findings(index, None, library("golang", "stdlib", "go1.21.8"))) == []


@pytest.mark.parametrize("version", ["(devel)", "v0.0.0-00010101000000-000000000000", "unknown"])
def test_trap_11_go_binaries_without_a_version_are_a_gap_and_not_clean(version: str) -> None:
    index = index_of(record("GO-1", upto("golang", "example.org/m", "1.2.0")))
    answer = matched(index, None, library("golang", "example.org/m", version))
    assert answer.hits == ()
    assert [gap.kind for gap in answer.gaps] == ["unparsable-version"]


def test_trap_11_go_binaries_pseudo_versions_stand_before_the_version_they_lead_to() -> None:
    index = index_of(record("GO-1", upto("golang", "example.org/m", "0.0.0-20240501000000-aaaaaaaaaaaa")))
    for day, expected in (("20240430235959", ["GO-1"]), ("20240501000000", []), ("20240502000000", [])):
        found = findings(index, None, library("golang", "example.org/m", f"v0.0.0-{day}-aaaaaaaaaaaa"))
        assert ids(found) == expected


def test_trap_11_go_binaries_incompatible_is_no_part_of_the_version() -> None:
    index = index_of(record("GO-1", upto("golang", "example.org/m", "25.0.6+incompatible")))
    assert ids(findings(index, None, library("golang", "example.org/m", "v25.0.5+incompatible"))) == ["GO-1"]
    assert ids(findings(index, None, library("golang", "example.org/m", "v25.0.6+incompatible"))) == []


def test_trap_11_go_binaries_a_record_without_fix_and_severity_is_still_a_finding() -> None:
    (found,) = findings(
        index_of(record("GO-1", upto("golang", "example.org/m"))), None, library("golang", "example.org/m", "v1.0.0")
    )
    assert (found.fix.state, found.fix.version, found.severities) == ("none", "", ())
    assert choose(found.severities).chosen is None


def test_trap_11_go_binaries_names_of_modules_with_capitals_are_found() -> None:
    index = index_of(record("GO-1", upto("golang", "github.com/Masterminds/goutils", "1.1.1")))
    assert ids(findings(index, None, library("golang", "github.com/Masterminds/goutils", "v1.1.0"))) == ["GO-1"]
