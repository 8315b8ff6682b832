from __future__ import annotations

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.advisories.model import Severity
from oakum.fleet.assets import Context, Fact
from oakum.risk.score import CRITICALITY, DATA_SENSITIVITY, PUBLIC_EXPOSURE, UNKNOWN_CVSS, score
from oakum.risk.severity import choose

WORST = ("1", "restricted", "yes")


def context(tier: str, data: str, exposure: str, *, default: bool = False) -> Context:
    other = Fact("medium", "default", True)
    return Context(
        owner=other,
        tier=Fact(tier, "context.yaml", default),
        confidentiality=other,
        integrity=other,
        availability=other,
        data_sensitivity=Fact(data, "context.yaml", default),
        public_exposure=Fact(exposure, "context.yaml", default),
        system_exposure=other,
        human_impact=other,
    )


def severity(value: str) -> Severity:
    return Severity("CVSS_V3", value, "NVD")


def test_the_example_of_the_documentation() -> None:
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
    result = score(choose([severity(vector)]), context("2", "confidential", "no"))
    assert [(part.name, part.factor) for part in result.parts] == [
        ("CVSS", 7.5),
        ("criticality", 0.9),
        ("data sensitivity", 0.95),
        ("public exposure", 0.6),
    ]
    assert result.value == 38.5
    assert result.parts[0].source == "CVSS 3.1 by NVD"
    assert result.parts[0].value == vector


def test_worst_and_best() -> None:
    assert score(choose([severity("10.0")]), context(*WORST)).value == 100.0
    assert score(choose([severity("0.0")]), context(*WORST)).value == 0.0


def test_no_severity_is_a_marked_default_and_not_zero() -> None:
    result = score(choose([]), context(*WORST))
    assert result.value == UNKNOWN_CVSS * 10
    assert result.parts[0].default


def test_defaults_of_the_context_stay_marked() -> None:
    result = score(choose([severity("5.0")]), context(*WORST, default=True))
    assert [part.default for part in result.parts] == [False, True, True, True]


def test_a_context_word_that_is_not_understood_costs_nothing_and_says_so() -> None:
    result = score(choose([severity("5.0")]), context("0", "restricted", "perhaps"))
    assert result.value == 50.0
    assert [part.default for part in result.parts] == [False, True, False, True]
    assert "not understood" in result.parts[1].source


def test_trap_18_severity_plurality_the_score_shows_both_and_the_rule() -> None:
    result = score(choose([Severity("Ubuntu", "low", "vendor"), severity("9.8")]), context(*WORST))
    assert result.value == 20.0
    assert result.severity.disagree
    assert [reading.score for reading in result.severity.others] == [9.8]
    assert "vendor before" in result.severity.rule


LEVELS = [list(CRITICALITY), list(DATA_SENSITIVITY), list(PUBLIC_EXPOSURE)]
PLACES = st.tuples(
    st.integers(0, 100), *(st.integers(0, len(levels) - 1).map(lambda place: -place) for levels in LEVELS)
)


@given(PLACES, PLACES)
def test_worse_in_every_input_is_never_a_lower_score(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    better = tuple(map(min, one, other))
    worse = tuple(map(max, one, other))
    results = []
    for tenths, *places in (better, worse):
        values = [levels[-place] for levels, place in zip(LEVELS, places, strict=True)]
        results.append(score(choose([severity(str(tenths / 10))]), context(*values)))
    assert 0.0 <= results[0].value <= results[1].value <= 100.0


@given(PLACES)
def test_the_printed_parts_multiply_to_the_score(place: tuple[int, ...]) -> None:
    values = [levels[-at] for levels, at in zip(LEVELS, place[1:], strict=True)]
    result = score(choose([severity(str(place[0] / 10))]), context(*values))
    assert result.value == pytest.approx(10 * prod(part.factor for part in result.parts), abs=0.0501)
