"""The list of named breaks stays true: every text is where it says, every invariant is broken, every test exists."""

from __future__ import annotations

import ast

import pytest
from tools.breaks import ROOT, Break, breaks

from oakum.simulation.invariants import INVARIANTS

BREAKS = breaks()


@pytest.mark.parametrize("each", BREAKS, ids=[each.name for each in BREAKS])
def test_the_text_of_a_break_stands_once_in_its_module(each: Break) -> None:
    whole = each.path.read_text(encoding="utf-8")
    assert ast.unparse(each.mutant().tree) != ast.unparse(ast.parse(whole)), "it changes something"


@pytest.mark.parametrize("each", BREAKS, ids=[each.name for each in BREAKS])
def test_the_tests_of_a_break_exist(each: Break) -> None:
    for test in each.tests:
        assert (ROOT / test.partition("::")[0]).exists(), test


def test_every_invariant_has_a_break_and_there_are_thirty_at_least() -> None:
    assert {each.rule for each in BREAKS} == {kind.name for kind in INVARIANTS}
    assert len({each.name for each in BREAKS}) == len(BREAKS) >= 30
