"""Karpenter's disruption budgets: a table from its tests, validation and documentation, and a naive evaluator beside.

Sources: pkg/apis/v1/nodepool.go, nodepool_budgets_test.go and nodepool_validation_cel_test.go of
github.com/kubernetes-sigs/karpenter; karpenter.sh/docs/concepts/disruption.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.actors.budgets import KINDS
from oakum.actors.requests import read
from oakum.errors import InputError, OakumError

(KIND,) = KINDS
#: A Thursday.
NOW = "2000-06-15T12:30:30Z"
REASONS = ["Underutilized", "Empty", "Drifted"]


def asked(request: dict[str, Any]) -> dict[str, Any]:
    reply: dict[str, Any] = msgspec.to_builtins(KIND.answer(read(request, KIND.request)))
    return reply


def budget(nodes: Any = "10", schedule: str | None = "* * * * *", duration: str | None = "1h", *reasons: str) -> Any:
    given = {"nodes": nodes, "schedule": schedule, "duration": duration, "reasons": list(reasons) or None}
    return {key: value for key, value in given.items() if value is not None}


def of_upstream(nothing: str = "@weekly") -> list[Any]:
    """The six budgets that Karpenter's own tests begin with."""
    return [
        budget("10"), budget("100"), budget("100%"), budget("15", "* * * * *", "1h", "Drifted", "Underutilized"),
        budget("5", "* * * * *", "1h", "Drifted"), budget("0", nothing, "1h", "Underutilized", "Drifted", "Empty"),
    ]  # fmt: skip


def everywhere(budgets: list[Any], schedule: str) -> list[Any]:
    return [{**each, "schedule": schedule} for each in budgets]


UNLESS_TOLD = {"nodes": 100, "now": NOW}
# what is asked, for which reason, what is allowed
ALLOWED: list[tuple[dict[str, Any], str | None, int | None]] = [
    ({"budgets": of_upstream("* * * * *")}, "Empty", 0),
    ({"budgets": of_upstream("* * * * *")}, "Drifted", 0),
    ({"budgets": everywhere(of_upstream(), "@yearly")}, "Underutilized", None),
    ({"budgets": of_upstream()}, "Drifted", 5),
    ({"budgets": of_upstream()}, "Underutilized", 10),
    ({"budgets": of_upstream()}, "Empty", 10),
    ({"budgets": of_upstream()}, None, 5),
    ({"budgets": [*of_upstream(), budget("4", "* * * * *", "1h", "Empty")]}, "Empty", 4),
    ({"budgets": [budget("10")]}, "Empty", 10),
    ({"budgets": [budget("10", "@yearly")]}, None, None),
    # no budgets at all, and none given
    ({}, "Drifted", 10),
    ({"nodes": 15}, "Drifted", 2),
    ({"nodes": 0}, "Drifted", 0),
    ({"budgets": []}, "Drifted", None),
    ({"budgets": [{}], "nodes": 1}, "Drifted", 1),
    ({"budgets": [{"nodes": None}], "nodes": 11}, "Drifted", 2),
    # numbers and percentages, rounded up
    ({"budgets": [{"nodes": "5%"}], "nodes": 10}, None, 1),
    ({"budgets": [{"nodes": "20%"}], "nodes": 19}, None, 4),
    ({"budgets": [{"nodes": "0%"}], "nodes": 19}, None, 0),
    ({"budgets": [{"nodes": "00%"}], "nodes": 19}, None, 0),
    ({"budgets": [{"nodes": "100%"}], "nodes": ["a", {"name": "b"}, 3]}, None, 3),
    ({"budgets": [{"nodes": "7"}], "nodes": None}, None, 7),
    ({"budgets": [{"nodes": 7}], "nodes": 3}, None, 7),
    ({"budgets": [{"nodes": "007"}], "nodes": 3}, None, 7),
    ({"budgets": [{"nodes": "2147483647"}]}, None, None),
    # reasons
    ({"budgets": [{"nodes": "1", "reasons": ["Empty"]}, {"nodes": "2", "reasons": ["Drifted"]}]}, "Drifted", 2),
    ({"budgets": [{"nodes": "1", "reasons": ["Empty"]}, {"nodes": "2", "reasons": ["Drifted"]}]}, "Underutilized",
     None),
    ({"budgets": [{"nodes": "1", "reasons": []}]}, "Drifted", None),
    ({"budgets": [{"nodes": "1", "reasons": None}]}, "Drifted", 1),
    # the example of the documentation: 20% for two reasons, 5, and nothing for ten minutes at the start of each day
    ({"budgets": [budget("20%", None, None, "Empty", "Drifted"), budget("5", None, None),
                  budget("0", "@daily", "10m", "Underutilized")], "nodes": 19}, "Empty", 4),
    ({"budgets": [budget("20%", None, None, "Empty", "Drifted"), budget("5", None, None),
                  budget("0", "@daily", "10m", "Underutilized")], "nodes": 19}, "Underutilized", 5),
    ({"budgets": [budget("20%", None, None, "Empty", "Drifted"), budget("5", None, None),
                  budget("0", "@daily", "10m", "Underutilized")], "nodes": 19, "now": "2000-06-15T00:09:59Z"},
     "Underutilized", 0),
]  # fmt: skip
# schedule, duration, now, active
ACTIVE = [
    (None, None, NOW, True),
    ("* * * * *", "1h", NOW, True),
    ("@yearly", "1h", NOW, False),
    # midnight of a zone one hour ahead is 23:00 UTC
    ("@daily", "30m", "2000-05-31T00:00:00+01:00", False),
    ("@daily", "30m", "2000-05-31T01:15:00+01:00", True),
    ("@yearly", "24h", "1000-01-01T12:00:00Z", True),
    ("@daily", "48h", "2024-01-07T00:00:00Z", True),
    ("30 6 * * SUN", "6h", "2024-01-07T00:00:00Z", False),
    # the window has its beginning and not its end
    ("0 9 * * mon-fri", "8h", "2026-06-15T08:59:59.999999Z", False),
    ("0 9 * * mon-fri", "8h", "2026-06-15T09:00:00Z", True),
    ("0 9 * * mon-fri", "8h", "2026-06-15T16:59:59.999999Z", True),
    ("0 9 * * mon-fri", "8h", "2026-06-15T17:00:00Z", False),
    ("0 9 * * mon-fri", "8h", "2026-06-13T12:00:00Z", False),
    ("0 22 * * *", "8h", "2026-06-13T03:00:00Z", True),
    ("0 0 13 * fri", "24h", "2026-06-12T23:59:00Z", True),
    ("0 0 13 * fri", "24h", "2026-06-13T12:00:00Z", True),
    ("@monthly", "1h30m", "2026-06-01T01:29:00Z", True),
    ("@monthly", "1h30m0s", "2026-06-01T01:30:00Z", False),
    ("@hourly", "0m", NOW, False),
    ("@hourly", "0h0m", "2026-06-01T01:00:00Z", False),
    ("* * * * *", "1m", NOW, True),
    # what never comes counts as active
    ("0 0 31 2 *", "1h", NOW, True),
    ("0 0 29 2 *", "1h", "2096-06-01T00:00:00Z", True),
    ("0 0 29 2 *", "1h", "2092-06-01T00:00:00Z", False),
]
# schedules that do not parse
UNREADABLE = [
    "@wrongly", "*", "* * * * ", "", "0 0 * * tue-mon", "0 0 * * 7", "75 * * * *", "0 24 * * *", "0 0 0 * *",
    "*/0 * * * *",
    "TZ=Europe/Rome 0 0 * * *", "0 0 0 * * *", "@daily @hourly",
]  # fmt: skip
# budgets that no NodePool may have, and the field
REFUSED = [
    (budget("1000a%"), "nodes"),
    (budget("2.5%", None, None), "nodes"),
    (budget("-10", None, None), "nodes"),
    (budget("-10%", None, None), "nodes"),
    (budget("1000%", None, None), "nodes"),
    (budget("101%", None, None), "nodes"),
    (budget("", None, None), "nodes"),
    (budget("10 %", None, None), "nodes"),
    (budget("99999999999", None, None), "nodes"),
    (budget(-1, None, None), "nodes"),
    (budget("10", "* * * * *", "-20m"), "duration"),
    (budget("10", "* * * * *", "30s"), "duration"),
    (budget("10", "* * * * *", "1.5h"), "duration"),
    (budget("10", "* * * * *", "30m1h"), "duration"),
    (budget("10", "* * * * *", "1h 30m"), "duration"),
    (budget("10", "* * * * *", "9999999h"), "duration"),
    (budget("10", "* * * * *", "1d"), "duration"),
    (budget("10", "* * * * *", ""), "duration"),
    (budget("10", "* * * * *", None), "duration"),
    (budget("10", None, "20m"), "schedule"),
    (budget("10", "@every 1h", "2h"), "schedule"),
]


@pytest.mark.parametrize(("request_", "reason", "allowed"), ALLOWED)
def test_so_many_nodes_are_allowed(request_: dict[str, Any], reason: str | None, allowed: int | None) -> None:
    assert asked({**UNLESS_TOLD, "reason": reason, **request_}) == {"allowed": allowed}


@pytest.mark.parametrize(("schedule", "duration", "now", "active"), ACTIVE)
def test_a_budget_is_active_in_its_window(schedule: str | None, duration: str | None, now: str, active: bool) -> None:
    one = {"nodes": "3", "schedule": schedule, "duration": duration}
    assert asked({"budgets": [one], "now": now, "ask": "active"}) == {"active": active}
    assert asked({"budgets": [one], "now": now, "nodes": 9}) == {"allowed": 3 if active else None}


def test_for_several_budgets_active_is_a_list() -> None:
    budgets = [budget("1", "@yearly"), budget("1", None, None), budget("1")]
    assert asked({"budgets": budgets, "now": NOW, "ask": "active"}) == {"active": [False, True, True]}
    assert asked({"budgets": [], "ask": "active"}) == {"active": []}
    assert asked({"ask": "active"}) == {"active": True}


@pytest.mark.parametrize("schedule", UNREADABLE)
def test_a_schedule_that_does_not_parse_allows_nothing_for_any_reason(schedule: str) -> None:
    budgets = [budget("50", None, None), budget("10", schedule, "6h", "Empty")]
    for reason in (None, *REASONS):
        reply = asked({**UNLESS_TOLD, "budgets": budgets, "reason": reason})
        (problem,) = reply["problems"]
        assert reply["allowed"] == 0
        assert problem.startswith("budgets[1].schedule: ")
    with pytest.raises(InputError) as error:
        asked({"budgets": budgets, "now": NOW, "ask": "active"})
    assert str(error.value.place) == "budgets[1].schedule"


def test_a_range_that_runs_backwards_is_told_as_one() -> None:
    (problem,) = asked({**UNLESS_TOLD, "budgets": [budget("10", "0 0 * * tue-mon", "6h")]})["problems"]
    assert "the beginning of the range (2) is beyond its end (1)" in problem


@pytest.mark.parametrize(("refused", "field"), REFUSED)
def test_what_no_nodepool_may_have_is_an_error(refused: Any, field: str) -> None:
    with pytest.raises(InputError) as error:
        asked({**UNLESS_TOLD, "budgets": [budget("50", None, None), {**refused, "reasons": ["Empty"]}]})
    assert str(error.value.place) == f"budgets[1].{field}"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"budgets": [budget()], "nodes": 1}, "now"),
        ({"budgets": [{"nodes": "10%"}]}, "nodes"),
        ({"nodes": -1}, "nodes"),
        ({"nodes": True}, "nodes"),
        ({"nodes": 1, "reason": "Expired"}, "reason"),
        ({"nodes": 1, "reason": ""}, "reason"),
        ({"nodes": 1, "budgets": [{"nodes": "1", "reasons": ["expired"]}]}, "budgets[0].reasons[0]"),
        ({"nodes": 1, "budgets": [{"nodes": "1", "reason": "Empty"}]}, "budgets[0].reason"),
        ({"nodes": 1, "budgets": [{"nodes": "1"}] * 51}, "budgets"),
        ({"nodes": 1, "now": "2000-06-15T12:30:30"}, "now"),
        ({"nodes": 1, "ask": "soon"}, "ask"),
        ({"nodes": 1, "now": "0001-01-02T00:00:00Z", "budgets": [budget("1", "@daily", "99h")]}, "now"),
    ],
)
def test_what_is_missing_or_unknown_is_named(request_: dict[str, Any], field: str) -> None:
    with pytest.raises(OakumError) as error:
        asked(request_)
    assert error.value.place is not None
    assert error.value.place.field == field


# A naive evaluator: hourly windows, found by looking at every minute of the last day and a half.
HOURS = st.integers(0, 23)
WINDOWS = st.none() | st.tuples(HOURS, st.integers(0, 59), st.integers(0, 35), st.integers(0, 59))
BUDGETS = st.lists(
    st.tuples(
        st.integers(0, 40) | st.integers(0, 100).map(lambda share: f"{share}%"),
        WINDOWS,
        st.none() | st.lists(st.sampled_from(REASONS), max_size=2),
    ),
    max_size=4,
)


@given(BUDGETS, st.integers(0, 300), st.sampled_from(REASONS), st.integers(0, 3 * 24 * 60 * 60))
def test_the_answer_is_that_of_a_naive_evaluator(
    budgets: list[tuple[Any, Any, Any]], total: int, reason: str, second: int
) -> None:
    now = datetime(2026, 2, 27, tzinfo=UTC) + timedelta(seconds=second)
    limits: list[float] = [math.inf]
    requested = []
    for nodes, window, reasons in budgets:
        one: dict[str, Any] = {"nodes": str(nodes), "reasons": reasons}
        open_now = True
        if window is not None:
            hour, minute, hours, minutes = window
            one |= {"schedule": f"{minute} {hour} * * *", "duration": f"{hours}h{minutes}m"}
            begins = [now.replace(hour=hour, minute=minute, second=0) - timedelta(days=back) for back in range(3)]
            open_now = any(begin <= now < begin + timedelta(hours=hours, minutes=minutes) for begin in begins)
        requested.append(one)
        if open_now and (reasons is None or reason in reasons):
            share = Fraction(nodes.rstrip("%")) / 100 * total if isinstance(nodes, str) else nodes
            limits.append(math.ceil(share))
    expected = None if min(limits) == math.inf else min(limits)
    reply = asked({"budgets": requested, "nodes": total, "reason": reason, "now": now.isoformat()})
    assert reply == {"allowed": expected}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["10%", "* * * * *", "@daily", "0 0 31 2 *", "1h", NOW, "0001-01-01T00:00:00+14:00", *REASONS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ONE = st.fixed_dictionaries({}, optional=dict.fromkeys(("nodes", "schedule", "duration", "reasons"), JSON))
ANY = st.fixed_dictionaries(
    {"budgets": st.lists(ONE, max_size=3) | JSON},
    optional={**dict.fromkeys(("nodes", "reason", "now"), JSON), "ask": st.sampled_from(["active", "allowed"]) | JSON},
)


@given(ANY)
def test_anything_gets_an_answer_or_an_error(request_: dict[str, Any]) -> None:
    try:
        asked(request_)
    except OakumError as error:
        assert error.what


def test_the_example_is_answered_and_every_rule_has_its_source() -> None:
    assert asked(KIND.example) == {"allowed": 4}
    assert len({rule.id for rule in KIND.rules}) == len(KIND.rules)
    assert all(rule.source.startswith("https://") for rule in KIND.rules)
