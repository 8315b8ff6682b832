"""Label selectors by the API reference: every operator, on labels that are there, are empty and are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.fleet.cluster.objects import Requirement, Selector
from oakum.fleet.cluster.selecting import selects

LABELS = {"app": "web", "tier": "", "env": "prod"}
ROWS: list[tuple[str, str, tuple[str, ...], bool]] = [
    # key, operator, values, whether LABELS satisfy it
    ("app", "In", ("web",), True),
    ("app", "In", ("db", "web"), True),
    ("app", "In", ("db",), False),
    ("app", "In", ("Web",), False),
    ("app", "In", ("we",), False),
    ("app", "In", (), False),
    ("none", "In", ("web",), False),
    ("none", "In", ("",), False),
    ("tier", "In", ("",), True),
    ("app", "NotIn", ("web",), False),
    ("app", "NotIn", ("db", "web"), False),
    ("app", "NotIn", ("db",), True),
    ("none", "NotIn", ("web",), True),
    ("none", "NotIn", ("",), True),
    ("tier", "NotIn", ("",), False),
    ("tier", "NotIn", ("x",), True),
    ("app", "Exists", (), True),
    ("tier", "Exists", (), True),
    ("none", "Exists", (), False),
    ("app", "DoesNotExist", (), False),
    ("tier", "DoesNotExist", (), False),
    ("none", "DoesNotExist", (), True),
    ("app", "Gt", ("1",), False),
    ("none", "Lt", ("1",), False),
    ("app", "in", ("web",), False),
    ("none", "notin", ("web",), False),
    ("app", "", (), False),
    ("none", "", (), False),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]} {','.join(row[2])}")
def test_every_operator(row: tuple[str, str, tuple[str, ...], bool]) -> None:
    key, operator, values, expected = row
    assert (
        selects(Selector(match_expressions=(Requirement(key=key, operator=operator, values=values),)), LABELS)
        is expected
    )


@pytest.mark.parametrize(
    ("match", "expected"),
    [({}, True), ({"app": "web"}, True), ({"app": "web", "env": "prod"}, True), ({"app": "db"}, False),
     ({"none": ""}, False),
     ({"tier": ""}, True), ({"app": "web", "env": "dev"}, False)],
)  # fmt: skip
def test_all_labels_of_a_match_must_be_there(match: dict[str, str], expected: bool) -> None:
    assert selects(Selector(match_labels=match), LABELS) is expected


def test_an_empty_selector_selects_everything_and_an_absent_one_nothing() -> None:
    assert selects(Selector(), {})
    assert selects(Selector(), LABELS)
    assert not selects(None, {})
    assert not selects(None, LABELS)


def test_labels_and_expressions_must_both_hold() -> None:
    exists = Requirement(key="env", operator="Exists")
    absent = Requirement(key="env", operator="DoesNotExist")
    assert selects(Selector(match_labels={"app": "web"}, match_expressions=(exists,)), LABELS)
    assert not selects(Selector(match_labels={"app": "db"}, match_expressions=(exists,)), LABELS)
    assert not selects(Selector(match_labels={"app": "web"}, match_expressions=(exists, absent)), LABELS)


WORDS = st.sampled_from(["", "a", "b", "c"])


@given(st.dictionaries(WORDS, WORDS), WORDS, st.lists(WORDS, max_size=3).map(tuple))
def test_an_operator_and_its_opposite_never_agree(labels: dict[str, str], key: str, values: tuple[str, ...]) -> None:
    def holds(operator: str) -> bool:
        return selects(Selector(match_expressions=(Requirement(key=key, operator=operator, values=values),)), labels)

    assert holds("In") is not holds("NotIn")
    assert holds("Exists") is not holds("DoesNotExist")
    assert not holds("In") or holds("Exists")
