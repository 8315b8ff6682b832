"""Hex versions: Elixir's ``Version`` itself, and the precedence that semver.org gives as its example."""

from __future__ import annotations

import pytest
from tests.versions.pairs import differences, native
from tests.versions.tools import in_order, listed, near_and_far_pairs, needs

from oakum.versions import Unparsable, compare, hex, scheme

ELIXIR = r"""
for line <- IO.stream(:stdio, :line) do
  [left, right] = line |> String.trim_trailing("\n") |> String.split("\t")
  IO.puts(
    try do
      case Version.compare(left, right) do
        :lt -> "<"
        :eq -> "="
        :gt -> ">"
      end
    rescue
      _ -> "?"
    end
  )
end
"""


def test_mutated_pairs_agree_with_elixir() -> None:
    pairs = near_and_far_pairs(listed("semver"), "ab.-+019Z", 5_000, seed=1)
    signs = native([needs("elixir", "elixir"), "-e", ELIXIR], pairs)
    assert not differences("Hex", pairs, signs)
    assert len(signs) - signs.count("?") > 1_000
    known = scheme("Hex")
    assert known is not None
    refused = [pair for pair, sign in zip(pairs, signs, strict=True) if sign == "?"]
    assert not [pair for pair in refused if compare(known, *pair).sign != "?"]


def test_precedence_of_semver_org() -> None:
    words = ["alpha", "alpha.1", "alpha.beta", "beta", "beta.2", "beta.11", "rc.1"]
    assert in_order(hex.key, [f"1.0.0-{word}" for word in words] + ["1.0.0"])
    assert hex.key("1.0.0+a") == hex.key("1.0.0+b")


@pytest.mark.parametrize("text", ["", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-01", "1.0.0-", "v1.0.0", "1.0.0\n"])
def test_what_elixir_refuses_has_no_key(text: str) -> None:
    assert isinstance(hex.key(text), Unparsable)
