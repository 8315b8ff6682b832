"""Versions as spans, and ranges that cover them wholly, in part or not at all."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.compat.ranges import parse_range, span
from oakum.errors import InputError

COVERS = [
    (">=1.7.24 <1.8", "1.7.24", True),
    (">=1.7.24 <1.8", "1.7.23", False),
    (">=1.7.24 <1.8", "1.7.99", True),
    (">=1.7.24 <1.8", "1.8.0", False),
    # A pre-release comes before its release, and belongs to its line.
    (">=1.7.24 <1.8", "1.7.24-rc.1", False),
    (">=1.7.24 <1.8", "1.8.0-rc.1", False),
    (">=1.8", "1.8.0-alpha.1", True),
    ("<1.8", "1.8.0-alpha.1", False),
    ("<3.5.3", "3.5.3-rc.1", True),
    ("1.8", "1.8.0-beta.2", True),
    ("1.8", "1.8.77", True),
    ("1.8", "1.9.0", False),
    ("1.8.1", "1.8.1", True),
    ("1.8.1", "1.8.2", False),
    ("1.8.0", "1.8.0-rc.1", False),
    # A line is covered wholly, in part or not at all.
    (">=1.7.24 <1.8", "1.7", None),
    (">=1.7 <1.8", "1.7", True),
    ("<1.8", "1.7", True),
    ("1.7.3", "1.7", None),
    ("1.7", "1.8", False),
    ("*", "1.7", True),
    # Numbers, not texts; zeros at the end change nothing.
    (">=1.9", "1.10.0", True),
    ("<1.10", "1.9.5", True),
    ("1.10", "1.1.5", False),
    ("2.0", "2.0.0", True),
    ("<2.0", "2.0.0", False),
    (">=0.28 <0.29", "v0.28.10", True),
    # What builds add changes nothing.
    ("1.29.3", "v1.29.3-eks-ae9a62a", True),
    ("1.29.3", "v1.29.3+k3s1", True),
    ("1.7.24", "containerd://1.7.24~ds1-1+b2", True),
    ("3.5.24", "3.5.24-0", True),
    ("1.11.3", "v1.11.3-eksbuild.1", True),
    ("1.29", "1.29+", True),
    ("1.29.0", "v1.29.0-rc.1+vendor", False),
    (">=1.31", "v1.31.0-alpha.1.123+0f3ce1", True),
]


@pytest.mark.parametrize(("text", "version", "covers"), COVERS)
def test_a_range_covers_a_version(text: str, version: str, covers: bool | None) -> None:
    found = span(version)
    assert found is not None
    assert parse_range(text).covers(found) is covers


@pytest.mark.parametrize(
    "text",
    ["", "v", "1", "latest", "1.x", "1..2", "1.2.3.4.5", "1.7.9999999999", "1.7.x", "a1.2", "1.2/3", "1.2 3", "1.2\n3"],
)
def test_what_is_no_version(text: str) -> None:
    assert span(text) is None


def test_a_version_of_128_characters_is_read_and_a_longer_one_is_not() -> None:
    assert span("1.2.3-" + "a" * 122) is not None
    assert span("1.2.3-" + "a" * 123) is None


def test_a_text_of_any_length_is_answered_at_once() -> None:
    assert span("1" * 10**6) is None
    assert span("1.2" + "-a" * 60) is not None
    assert span("1.2" + "-a" * 10**6) is None


@pytest.mark.parametrize(
    "text",
    ["", " ", "1", "x", "<=1.2", ">1.2", "~1.2", ">=1.2 >=1.3", "<1.2 <1.3", "1.2 1.3", "1.2 <1.4", ">=1.2 1.4",
     ">=1.4 <1.2", ">=1.2 <1.2", "* <1.2", "1.2-rc1", "v1.2", ">= 1.2", "1." + "9" * 10],
)  # fmt: skip
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(InputError) as error:
        parse_range(text)
    assert error.value.remedy


@pytest.mark.parametrize(
    ("one", "other", "meets"),
    [
        ("1.7", "1.7.3", True),
        ("1.7", "1.8", False),
        (">=1.7", "<1.7", False),
        (">=1.7", "<1.7.1", True),
        ("*", "1.7", True),
        ("*", "*", True),
        (">=1.7 <1.9", ">=1.8 <2.0", True),
        (">=1.7 <1.8", ">=1.8 <2.0", False),
    ],
)
def test_two_ranges_meet(one: str, other: str, meets: bool) -> None:
    assert parse_range(one).meets(parse_range(other)) is meets
    assert parse_range(other).meets(parse_range(one)) is meets


NUMBERS = st.integers(0, 30)
RELEASES = st.tuples(NUMBERS, NUMBERS, NUMBERS)


@given(RELEASES, RELEASES, RELEASES)
def test_ranges_of_releases_are_those_of_their_numbers(
    low: tuple[int, int, int], high: tuple[int, int, int], asked: tuple[int, int, int]
) -> None:
    low, high = min(low, high), max(low, high)
    text = f">={'.'.join(map(str, low))} <{'.'.join(map(str, high))}"
    found = span(".".join(map(str, asked)))
    assert found is not None
    if low == high:
        with pytest.raises(InputError):
            parse_range(text)
    else:
        assert parse_range(text).covers(found) is (low <= asked < high)


@given(RELEASES, RELEASES, NUMBERS, NUMBERS)
def test_a_line_is_covered_as_all_its_releases_are(
    low: tuple[int, int, int], high: tuple[int, int, int], major: int, minor: int
) -> None:
    low, high = min(low, high), max(low, high)
    if low == high:
        return
    found = parse_range(f">={'.'.join(map(str, low))} <{'.'.join(map(str, high))}")
    line = span(f"{major}.{minor}")
    assert line is not None
    answers = {low <= (major, minor, patch) < high for patch in range(64)}
    if found.covers(line) is not None:
        assert answers == {found.covers(line)}


@given(st.text(max_size=30))
def test_no_text_makes_it_raise_anything_else(text: str) -> None:
    assert span(text) is None or len(text) > 0
    with contextlib.suppress(InputError):
        assert parse_range(text) is not None
