"""Composer versions: PHP's ``version_compare`` itself, and what Composer wraps around it."""

from __future__ import annotations

import itertools

import pytest
from tests.versions.pairs import differences, native
from tests.versions.tools import listed, near_and_far_pairs, needs

from oakum.versions import Unparsable, compare, composer, scheme

SEEDS = ["2.x", "1.0-patch1", "v4.2.0-BETA1", "1.0.0~x", "1.2.3-RC.1", "1.0.0+5", "1.0_a", "dev-foo"]
PHP = r"""
while (($line = fgets(STDIN)) !== false) {
    [$left, $right] = preg_replace('/^[vV]+(?=\d)/', '', explode("\t", rtrim($line, "\n")));
    echo version_compare($left, $right), "\n";
}
"""


def test_mutated_pairs_agree_with_php() -> None:
    versions = [v for v in listed("packagist") + SEEDS if "#" not in v and "99999999999999" not in v]
    pairs = near_and_far_pairs(versions, "abdevpRCrcl019..-_+~!v0", 10_000, seed=1)
    # PHP does not even call 1. equal to itself; and Composer keeps branches apart.
    pairs = [
        pair
        for pair in pairs
        if all(text[-1].isascii() and text[-1].isalnum() for text in pair)
        and not all(text.startswith("dev-") for text in pair)
    ]
    signs = native([needs("php", "php-cli"), "-r", PHP], pairs)
    assert not differences("Packagist", pairs, signs)
    assert len(signs) - signs.count("?") > 5_000


def test_branches_sort_before_numbers_and_are_not_ordered_among_themselves() -> None:
    known = scheme("Packagist")
    assert known is not None
    assert compare(known, "dev-main", "0.0.1").sign == "<"
    assert compare(known, "dev-main", "dev-other").sign == "?"
    assert compare(known, "dev-main", "dev-main").sign == "="


def test_a_branch_of_numbers_is_the_newest_of_its_line() -> None:
    known = scheme("Packagist")
    assert known is not None
    for left, right in itertools.pairwise(["1.2.0", "1.2.999", "1.2.x-dev", "1.3.0", "1.x-dev", "2.0.0-alpha1"]):
        assert compare(known, left, right).sign == "<"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("v1.0", "1.0"), ("1.0.0rc2", "1.0.0.rc2"), ("1.0-RC1", "1.0rc1"), ("1.0-patch", "1.0pl"), ("01.0", "1.0"),
        ("1.0.x-dev as 1.0.3", "1.0.x-dev"), ("1.0@dev", "1.0"), ("1.0--beta", "1.0_b"),
    ],
)  # fmt: skip
def test_equal_versions_have_equal_keys(left: str, right: str) -> None:
    assert composer.key(left) == composer.key(right)


def test_any_number_has_no_one_place() -> None:
    assert isinstance(composer.key("1.2.#"), Unparsable)
    assert composer.pairwise("1.2.#", "1.2") == composer.pairwise("1.2.7", "1.2.#") == "="
    assert composer.pairwise("1.2", "1.2.7") is None
