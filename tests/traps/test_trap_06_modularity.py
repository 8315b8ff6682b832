"""Trap 6: module streams share names, and only builds of one stream are compared."""

from __future__ import annotations

import pytest
from tests.traps.answers import ALMA, findings, ids, index_of, matched, record, rpm, upto

FIX = "1:18.20.2-1.module_el8.9.0+3732+ef1ee90a"
INDEX = index_of(record("ALSA-1", upto("almalinux:8", "nodejs", FIX, module="nodejs:18")))


def test_trap_06_modularity_the_same_stream_is_compared() -> None:
    older = rpm("nodejs", "18.19.0-1.module_el8.9.0+1+a", epoch=1, module="nodejs:18")
    (found,) = findings(INDEX, ALMA, older)
    assert found.notes == ()


def test_trap_06_modularity_another_stream_is_not_compared() -> None:
    answer = matched(INDEX, ALMA, rpm("nodejs", "16.20.0-1.module_el8.9.0+1+a", epoch=1, module="nodejs:16"))
    assert answer.hits == ()
    assert "nodejs:18" in answer.cleared[0].why


@pytest.mark.parametrize("fix", [FIX, "1:18.20.2-1.module+el8.9.0+3732+ef1ee90a"])
@pytest.mark.parametrize("label", ["", "nodejs:18"])
def test_trap_06_modularity_a_build_outside_modules_is_not_compared(fix: str, label: str) -> None:
    index = index_of(record("ALSA-1", upto("almalinux:8", "nodejs", fix, module=label)))
    assert ids(findings(index, ALMA, rpm("nodejs", "10.24.0-1.el8", epoch=1))) == []


def test_trap_06_modularity_a_build_without_its_label_says_what_the_verdict_hangs_on() -> None:
    (found,) = findings(INDEX, ALMA, rpm("nodejs", "16.20.0-1.module_el8.9.0+1+a", epoch=1))
    assert any("hangs on the module stream" in note for note in found.notes)


def test_trap_06_modularity_one_stream_rebuilt_for_several_minor_releases_is_one_stream() -> None:
    fixes = [f"1:18.20.2-1.module_el8.{minor}.0+3732+ef1ee90a" for minor in (6, 9)]
    index = index_of(record("ALSA-1", *(upto("almalinux:8", "nodejs", fix, module="nodejs:18") for fix in fixes)))
    own, between = (f"18.20.2-1.module_el8.{minor}.0+3733+aa" for minor in (6, 8))
    for label in ("nodejs:18", ""):
        assert ids(findings(index, ALMA, rpm("nodejs", own, epoch=1, module=label))) == []
        (found,) = findings(index, ALMA, rpm("nodejs", between, epoch=1, module=label))
        assert any("hangs on the module stream" in note for note in found.notes) == (not label)
