"""Haskell package versions: lists of numbers, compared as lists."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oakum.versions import Unparsable, hackage

NUMBERS = st.lists(st.integers(0, 300), min_size=1, max_size=6)


@given(left=NUMBERS, right=NUMBERS)
def test_keys_are_ordered_as_lists_of_numbers(left: list[int], right: list[int]) -> None:
    one, two = (hackage.key(".".join(map(str, numbers))) for numbers in (left, right))
    assert isinstance(one, bytes)
    assert isinstance(two, bytes)
    assert (one < two, one == two) == (left < right, left == right)


def test_other_texts_have_no_key() -> None:
    for text in ("", "1.", ".1", "1-2", "1.0-tag", "v1", "1.0\n", "١"):
        assert isinstance(hackage.key(text), Unparsable)
