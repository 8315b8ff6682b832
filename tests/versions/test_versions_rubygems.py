"""Gem versions: ``Gem::Version`` itself."""

from __future__ import annotations

import pytest
from tests.versions.pairs import differences, native
from tests.versions.tools import listed, near_and_far_pairs, needs

from oakum.versions import Unparsable, rubygems

SEEDS = ["1.0.a", "2.3.0.rc1", "1.0.0-java", "0", "1.0.pre.2", "6.0.0.beta1", "1.a.0.b", "1.a.0.0.1", "1.0.0.0.a"]
RUBY = """
STDIN.each_line do |line|
  left, right = line.chomp.split("\\t", -1)
  puts(begin
    Gem::Version.new(left) <=> Gem::Version.new(right)
  rescue ArgumentError
    "?"
  end)
end
"""


def test_mutated_pairs_agree_with_rubygems() -> None:
    pairs = near_and_far_pairs(listed("rubygems") + SEEDS, "abzAZ019.-..0", 10_000, seed=1)
    signs = native([needs("ruby", "ruby"), "-e", RUBY], pairs)
    assert not differences("RubyGems", pairs, signs)
    assert len(signs) - signs.count("?") > 4_000


@pytest.mark.parametrize(
    ("left", "right"),
    [("1.0", "1"), ("1.0.a", "1.a"), ("1-2", "1.pre.2"), ("1.a.0", "1.a"), ("", "0"), (" 1 ", "1"), ("1.a2", "1.a.2")],
)
def test_equal_versions_have_equal_keys(left: str, right: str) -> None:
    assert rubygems.key(left) == rubygems.key(right)


@pytest.mark.parametrize("text", ["v1", " " * 100_000 + "x", "1..2", "1+2", "junk", "1.é", "1\n2"])
def test_malformed_version_numbers_have_no_key(text: str) -> None:
    assert isinstance(rubygems.key(text), Unparsable)
