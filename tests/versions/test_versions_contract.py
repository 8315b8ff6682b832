"""What holds for every ecosystem: no text raises, keys are bytes that order and equal as versions do."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oakum.versions import Unparsable, compare, scheme
from oakum.versions.encoding import Parts, length_head, number, text
from oakum.versions.schemes import NAMES, Scheme

_WORDS = st.sampled_from(
    ["alpha", "beta", "rc", "pre", "-r", "_p", "~", "^", "+", ":", "-", ".", "v", "go", "0", "00", "1", "9", "10",
     "999999999999999999999", ".dev", "post", "final", "SNAPSHOT", "-gke.", "+k3s", "-eks-", "u", "_", "\n", "\x00",
     "\ud800", "١", "é", " "]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=string.ascii_letters + string.digits + ".-+~^_: ", max_size=30),
    st.lists(_WORDS, max_size=12).map("".join),
)
HUGE = "9" * 6_000


def known(module: str) -> Scheme:
    found = scheme(module)
    assert found is not None
    return found


@pytest.mark.parametrize("module", NAMES)
@given(text=TEXTS)
@example(text="")
@example(text=HUGE)
@example(text="1." * 3_000)
@example(text="1-" * 3_000)
@example(text="a" * 6_000)
@example(text="1" + "_p" * 3_000)
@example(text=" " * 6_000)
@example(text="0" * 6_000 + "1")
def test_no_text_raises_and_every_refusal_says_why(module: str, text: str) -> None:
    key = known(module).key(text)
    if isinstance(key, Unparsable):
        assert key.text == text
        assert key.why
        # Where a tool compares pairs that no order of keys can carry (PHP's "#"), it says that a text equals itself.
        refused = "?" if known(module).pairwise is None else "?="
        assert compare(known(module), text, text).sign in refused
    else:
        assert isinstance(key, bytes)
        assert key
        assert compare(known(module), text, text).sign == "="


@pytest.mark.parametrize("module", NAMES)
@given(left=TEXTS, right=TEXTS)
def test_swapping_two_texts_turns_the_sign_round(module: str, left: str, right: str) -> None:
    sign = compare(known(module), left, right).sign
    assert compare(known(module), right, left).sign == {"<": ">", "=": "=", ">": "<", "?": "?"}[sign]


@pytest.mark.parametrize("module", NAMES)
def test_numbers_of_any_length_count_as_numbers(module: str) -> None:
    prefix, suffix = {
        "jvm": ("17.0.", ""),
        "gentoo": ("1.", ""),
        "cos": ("cos-109-", "-147-54"),
        "rhcos": ("414.", ".20240327-0"),
    }.get(module, ("1.", ".0"))
    answer = compare(known(module), f"{prefix}{HUGE[:-1]}8{suffix}", f"{prefix}{HUGE}{suffix}")
    assert answer.sign == "<" or "long" in answer.why or "big" in answer.why or "large" in answer.why


@given(left=st.integers(min_value=0), right=st.integers(min_value=0), zeros=st.integers(0, 3))
def test_numbers_are_ordered_by_value_and_leading_zeros_do_not_count(left: int, right: int, zeros: int) -> None:
    one, two = number("0" * zeros + str(left)), number(str(right))
    assert (one < two, one == two) == (left < right, left == right)


@given(left=st.integers(0, 10**6), right=st.integers(0, 10**6))
@example(left=223, right=224)
@example(left=255, right=256)
@example(left=65535, right=65536)
def test_lengths_are_ordered_by_value(left: int, right: int) -> None:
    one, two = length_head(left), length_head(right)
    assert (one < two, one == two) == (left < right, left == right)


@given(left=st.text(), right=st.text(), tail_left=st.binary(), tail_right=st.binary())
@example(left="\x00", right="\x01", tail_left=b"", tail_right=b"")
@example(left="a", right="a\x00", tail_left=b"\xff", tail_right=b"")
@example(left="\ud800", right="\ue000", tail_left=b"", tail_right=b"")
def test_texts_are_ordered_whatever_follows_them(left: str, right: str, tail_left: bytes, tail_right: bytes) -> None:
    one, two = text(left) + tail_left, text(right) + tail_right
    if left != right:
        assert (one < two) == (left < right)
    else:
        assert (one < two) == (tail_left < tail_right)


def test_parts_remember_few_and_short_ones_only() -> None:
    parts = Parts(lambda part: part.encode())
    for value in range(10_000):
        assert parts[str(value)] == str(value).encode()
    assert parts["x" * 1_000] == b"x" * 1_000
    assert len(parts) < 5_000
    assert max(map(len, parts)) < 100
