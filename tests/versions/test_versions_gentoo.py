"""Gentoo versions: the Package Manager Specification and Portage's own comparison."""

from __future__ import annotations

import os
import sys

import pytest
from tests.versions.pairs import alpine_versions, differences, mutated_pairs, native

from oakum.versions import Unparsable, gentoo

PORTAGE = """
import sys
from portage.versions import vercmp
for line in sys.stdin.read().split("\\n")[:-1]:
    sign = vercmp(*line.split("\\t"))
    print("?" if sign is None else (sign > 0) - (sign < 0))
"""


def test_mutated_pairs_agree_with_portage() -> None:
    versions = sorted({version for each in alpine_versions().values() for version in each})
    pairs = mutated_pairs(versions, "00019abp..-_", 10_000, seed=4)
    # Portage calls equal texts equal before it looks whether they are versions.
    pairs = [(left, right) for left, right in pairs if left != right]
    # Portage is no dependency of this project: name a Python that has it.
    python = os.environ.get("OAKUM_TEST_PORTAGE_PYTHON", sys.executable)
    signs = native([python, "-c", PORTAGE], pairs)
    assert not differences("gentoo", pairs, signs)
    assert len(signs) - signs.count("?") > 3_000


@pytest.mark.parametrize(
    ("left", "right"),
    [("1.0", "1.0-r0"), ("01.1", "1.1"), ("1.0", "1.00"), ("1_p", "1_p0"), ("1-r1", "1-r01")],
)
def test_equal_versions_have_equal_keys(left: str, right: str) -> None:
    assert gentoo.key(left) == gentoo.key(right)


def test_the_parts_decide_in_their_order() -> None:
    ascending = ["1_alpha", "1_alpha1", "1_beta", "1_pre", "1_rc", "1_rc1_p1", "1", "1-r1", "1_p_rc", "1_p", "1_p1"]
    ascending += ["1a", "1.0", "1.0a", "1.0.0", "1.01", "1.1", "1.9", "1.10", "2"]
    keys = [gentoo.key(text) for text in ascending]
    assert keys == sorted(keys, key=lambda key: key if isinstance(key, bytes) else b"")
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("text", ["", "a", "1.", "1.0bc", "1-r", "1_foo", "1.0-r1-r2", "1 ", "1\n", "١"])
def test_what_has_not_the_shape_is_no_version(text: str) -> None:
    assert isinstance(gentoo.key(text), Unparsable)
