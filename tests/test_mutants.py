"""The mutator makes each kind of mistake once, changes nothing else, and names mutants without line numbers."""

from __future__ import annotations

import ast

import pytest
from tools.mutants import mutants_of

CASES = [
    ("def f(a, b):\n    return a < b", {"a < b -> a <= b", "a < b -> a >= b"}),
    ("def f(a, b):\n    return a is b", {"a is b -> a is not b"}),
    ("def f(a, b):\n    return a and b", {"a and b -> b", "a and b -> a"}),
    (
        "def f(a, b):\n    return a < b or not a",
        {"a < b or not a -> a < b", "a < b or not a -> not a", "a < b -> a <= b"},
    ),
    ("def f(a, b):\n    return a if a == b else b", {"a if a == b else b -> b if a == b else a"}),
    (
        "def f(a, b):\n    return a < b < 7",
        {
            "a < b < 7 -> a <= b < 7",
            "a < b < 7 -> a >= b < 7",
            "a < b < 7 -> a < b <= 7",
            "a < b < 7 -> a < b >= 7",
            "7 -> 8",
        },
    ),
    ("def f(a):\n    return not a", {"not a -> a"}),
    ("def f(a, b):\n    return a + b", {"a + b -> a - b"}),
    ("def f(a):\n    if a:\n        g = a", {"if a -> if True", "if a -> if False"}),
    ("def f(a, b, c):\n    return a if b else c", {"a if b else c -> c if b else a"}),
    ("def f(a):\n    return [b for b in a if b]", {"for b if b -> for b"}),
    ("def f():\n    return True", {"True -> False"}),
    ("def f():\n    return 7", {"7 -> 8"}),
    ("def f(a):\n    return any(a)", {"any(a) -> all(a)"}),
    ("def f(a):\n    a.append()", {"a.append() -> pass"}),
    ("def f(a, b):\n    a += b", {"a += b -> pass"}),
    ("def f(a):\n    for b in a:\n        continue", {"continue -> break"}),
]


@pytest.mark.parametrize(("source", "changes"), CASES)
def test_every_kind_of_mistake_is_made_and_no_other(source: str, changes: set[str]) -> None:
    mutants = mutants_of(source)
    assert {f"{one.before} -> {one.after}" for one in mutants} == changes
    assert all(ast.unparse(one.tree) != ast.unparse(ast.parse(source)) for one in mutants)


def test_texts_annotations_and_documentation_are_left_alone() -> None:
    source = '"""Doc."""\ndef f(a: int | None = None) -> int | str:\n    """Doc."""\n    raise ValueError(f"{1 + 1}")\n'
    assert mutants_of(source) == []


def test_names_are_distinct_and_stay_when_lines_move() -> None:
    source = "def f(a, b):\n    return a < b, a < b\nclass C:\n    def g(self, a):\n        return a == a\n"
    names = [one.name for one in mutants_of(source)]
    assert len(set(names)) == len(names) == 5
    assert names == [one.name for one in mutants_of("\n\n" + source)]
    assert names[-1].startswith("C.g: comparison")
