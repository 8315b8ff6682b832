"""Python versions: ``packaging``, and the order that setuptools gave to texts outside PEP 440."""

from __future__ import annotations

import itertools

import pytest
from packaging.version import InvalidVersion, Version
from tests.versions.pairs import differences
from tests.versions.tools import listed, near_and_far_pairs

from oakum.versions import compare, pep440, scheme

SEEDS = ["1!2.0.post1.dev3+ab.1", "1.0rc1", "2004d", "1.0.dev", "1.0alpha-1", "2.0-1", "1.0.0.0", "1.0+ubuntu-1"]
#: Each before the next; as pkg_resources.parse_version ordered them, packaging 21.3 agrees.
LEGACY = ["0-rc.pre-preview", "0.1-bulbasaur", "0.9-doduo", "2004d", "foo", "0", "0.0.1.dev0"]


def _native(left: str, right: str) -> str:
    try:
        one, two = Version(left), Version(right)
    except InvalidVersion:
        return "?"
    return "<" if one < two else ">" if one > two else "="


def test_mutated_pairs_agree_with_packaging() -> None:
    pairs = near_and_far_pairs(listed("pypi") + SEEDS, "abcrpdevost!+._-019v", 10_000, seed=1)
    signs = [_native(left, right) for left, right in pairs]
    assert not differences("PyPI", pairs, signs)
    assert len(signs) - signs.count("?") > 2_000


def test_every_version_of_pep_440_is_after_every_legacy_text() -> None:
    known = scheme("PyPI")
    assert known is not None
    for left, right in itertools.combinations(LEGACY, 2):
        if left[0].isdigit() and right == "foo":
            continue
        assert compare(known, left, right).sign == "<", (left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1.0", "1"), ("1.0-1", "1.post1"), ("1.0c1", "1.0rc01"), ("v1.0", " 1.0 "), ("1.0.RC", "1rc0"),
        ("0!1", "1.0.0"), ("1.0+Ab_1", "1.0+ab.1"), ("1.0-r4", "1.post4"), ("1_beta_2", "1b2"),
        ("1.0-x.0", "1-x"),
    ],
)  # fmt: skip
def test_equal_versions_have_equal_keys(left: str, right: str) -> None:
    assert pep440.key(left) == pep440.key(right)
