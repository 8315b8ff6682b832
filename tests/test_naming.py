from __future__ import annotations

from collections.abc import Collection

import pytest

from oakum.naming import listed


@pytest.mark.parametrize(
    ("things", "most", "text"),
    [
        ([], 3, ""),
        (["a"], 3, "a"),
        (["a", "b", "c"], 3, "a, b, c"),
        (["a", "b", "c", "d"], 3, "a, b, c and 1 more"),
        (["a", "b", "c"], 1, "a and 2 more"),
        (("b", "a"), 1, "b and 1 more"),
        (dict.fromkeys("abc"), 2, "a, b and 1 more"),
        (["a"] * 1200, 2, "a, a and 1198 more"),
        ([""], 1, ""),
    ],
)
def test_the_first_are_named_and_the_others_counted(things: Collection[str], most: int, text: str) -> None:
    assert listed(things, most) == text


def test_only_what_is_shown_is_asked_for_its_name() -> None:
    asked: list[int] = []

    def name(thing: int) -> str:
        asked.append(thing)
        return f"<{thing}>"

    assert listed(range(5), 2, name) == "<0>, <1> and 3 more"
    assert asked == [0, 1]
