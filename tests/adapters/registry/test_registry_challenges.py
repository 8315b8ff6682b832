"""Challenges as RFC 9110 has them, and as servers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.adapters.registry.challenges import Challenge, challenges

TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789!#$%&'*+-.^_`|~", min_size=1, max_size=12)
#: Not "\" at its end or a quote alone: those are written with a "\" before them.
VALUE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        ("Basic", [("basic", {})]),
        ('Basic realm="a"', [("basic", {"realm": "a"})]),
        ('bearer Realm = "https://a/?x=1,2" , service=s', [("bearer", {"realm": "https://a/?x=1,2", "service": "s"})]),
        (
            'Bearer realm="a",scope="repository:x:pull,push"',
            [("bearer", {"realm": "a", "scope": "repository:x:pull,push"})],
        ),
        ('Basic realm="a", Bearer realm="b"', [("basic", {"realm": "a"}), ("bearer", {"realm": "b"})]),
        ("Negotiate, Basic", [("negotiate", {}), ("basic", {})]),
        ('Negotiate abc+/==, Basic realm="a"', [("negotiate", {}), ("basic", {"realm": "a"})]),
        (r'Basic realm="a\"b\\c"', [("basic", {"realm": r'a"b\c'})]),
        ('Bearer realm="a",realm="b"', [("bearer", {"realm": "a"})]),
        (', , Basic realm=""', [("basic", {"realm": ""})]),
        ('Bearer realm="never closed', [("bearer", {})]),
        ("=nonsense", []),
    ],
)
def test_a_header_is_read(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert challenges([header]) == [Challenge(*each) for each in expected]


@given(st.lists(st.tuples(TOKEN, st.dictionaries(TOKEN.map(str.lower), VALUE, min_size=1, max_size=4)), max_size=4))
def test_what_is_written_is_read(written: list[tuple[str, dict[str, str]]]) -> None:
    text = ", ".join(
        f"{scheme} " + ", ".join(f'{key}="{_quoted(value)}"' for key, value in parameters.items())
        for scheme, parameters in written
    )
    assert challenges([text]) == [Challenge(scheme.lower(), parameters) for scheme, parameters in written]


@given(st.lists(st.text(max_size=300), max_size=3))
def test_any_text_is_passed_without_an_error(headers: list[str]) -> None:
    challenges(headers)


def test_a_long_header_takes_no_time() -> None:
    for text in ('Bearer a="' + "\\" * 100_000, "a " * 100_000, "a=" * 100_000, "," * 100_000, '"' * 100_000):
        challenges([text])


def _quoted(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"")
