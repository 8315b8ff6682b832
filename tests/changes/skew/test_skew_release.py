"""Reading of versions: the minor of any real spelling, and a clear error for any other text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.skew import parse_release
from oakum.errors import InputError, NotAssessableError, OakumError, Place


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("v1.29.3", 29),
        ("1.29", 29),
        (" v1.30.0-rc.1 ", 30),
        ("v1.29.3-eks-ae9a62a", 29),
        ("v1.27.14-gke.1042000", 27),
        ("v1.31.2+k3s1", 31),
        ("v1.31.2-k3s1", 31),
        ("v1.28.100", 28),
    ],
)
def test_the_minor_of_a_version(text: str, minor: int) -> None:
    assert parse_release(text).minor == minor


@pytest.mark.parametrize(
    "text", ["", "latest", "v1", "1.29+", "1." + "9" * 5000, "1.9999999999", "1.x", "v1.29.3 v1.30.1"]
)
def test_no_version(text: str) -> None:
    with pytest.raises(InputError, match="no version of Kubernetes"):
        parse_release(text)


def test_a_text_that_no_release_has_is_not_read() -> None:
    with pytest.raises(InputError, match="too long"):
        parse_release("v1.29.3+" + "a" * 1000)


def test_a_version_of_128_characters_is_read_and_a_longer_one_is_not() -> None:
    assert parse_release("v1.29.3+" + "a" * 120).minor == 29
    with pytest.raises(InputError, match="too long"):
        parse_release("v1.29.3+" + "a" * 121)


def test_an_error_shows_40_characters_and_says_where_it_left_some_out() -> None:
    with pytest.raises(InputError, match=f"^'{'x' * 40}' is no version"):
        parse_release("x" * 40)
    with pytest.raises(InputError, match=f"^'{'x' * 40}\\.\\.\\.' is no version"):
        parse_release("x" * 41)


def test_another_major_version_has_no_policy() -> None:
    with pytest.raises(NotAssessableError, match="major version 2"):
        parse_release("v2.0.1")


def test_the_error_says_where() -> None:
    with pytest.raises(InputError, match=r"^state\.json: target: 'x' is no version"):
        parse_release("x", Place("state.json", field="target"))


def test_order_is_that_of_releases() -> None:
    assert parse_release("1.29.9").is_before(parse_release("1.29.10"))
    assert parse_release("1.30.0-rc.1").is_before(parse_release("1.30.0"))
    assert not parse_release("1.29.3-eks-1").is_before(parse_release("1.29.3+k3s1"))
    assert parse_release("1.30.0-rc.1").is_prerelease
    assert not parse_release("1.30.0-eks-ae9a62a").is_prerelease


@given(st.text() | st.from_regex(r"v?[0-9]{1,12}\.[0-9]{0,12}[-+.a-z0-9]{0,20}"))
def test_any_text_is_a_release_or_a_clear_error(text: str) -> None:
    try:
        assert parse_release(text).minor >= 0
    except OakumError as error:
        assert str(error)
        assert error.remedy
