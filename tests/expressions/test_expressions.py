from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.errors import InputError, OakumError
from oakum.expressions import Failure, compile
from oakum.risk.conditions import FAIL_ON, FAIL_ON_TYPES

FACTS: dict[str, object] = {
    "id": "CVE-2021-44228",
    "aliases": ["GHSA-jfh8-c2jp-5v3q"],
    "asset": "web-1",
    "package_name": "log4j-core",
    "version": "2.14.1",
    "ecosystem": "maven",
    "verdict": "affected",
    "fix_state": "published",
    "fixed_version": "2.15.0",
    "decision": "3 days",
    "urgency": 1,
    "has_due_days": True,
    "due_days": 3,
    "score": 81.0,
    "severity": "critical",
    "cvss": 10.0,
    "has_kev": True,
    "kev": True,
    "exploitation": "active",
    "has_epss": False,
    "exposed": True,
    "tier": 1,
    "has_age": False,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kev", True),
        ("kev && exposed && score >= 80.0", True),
        ('severity in ["high", "critical"] && fix_state != "none"', True),
        ("urgency <= 1", True),
        ("tier > 1", False),
        ('package_name.startsWith("log4j") && version.matches("^2[.]1[0-6]")', True),
        ('aliases.exists(each, each.startsWith("GHSA-"))', True),
        ("has_epss && epss > 0.5", False),
        ("kev || epss > 0.5", True),
        ('decision == "3 days" // with a remark', True),
        ("!kev\n|| exposed", True),
        ("has_due_days && due_days <= 14", True),
    ],
)
def test_a_condition_over_a_finding(text: str, expected: bool) -> None:
    assert compile(text, FAIL_ON_TYPES).holds(FACTS) is expected


def test_every_variable_is_typed_and_explained_and_can_be_used() -> None:
    for name, variable in FAIL_ON.items():
        assert variable.meaning
        compile(f"{name} == {name}", FAIL_ON_TYPES)
    assert set(FACTS) | {"epss", "age_days"} == set(FAIL_ON)


@pytest.mark.parametrize("unknown", [{}, {"epss": None}])
def test_an_unknown_fact_is_a_failure_and_never_false(unknown: dict[str, object]) -> None:
    answer = compile("epss < 0.5", FAIL_ON_TYPES).holds({**FACTS, **unknown})
    assert isinstance(answer, Failure)
    assert "epss" in answer.why


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("1 / urgency == 1", {"urgency": 0}),
        ("int(version) > 3", {"version": "x"}),
        ('timestamp(version) > timestamp("2020-01-01T00:00:00Z")', {"version": "yesterday"}),
        ("kev", {"kev": "yes"}),
        ("score > 1.0", {"score": object()}),
        ("aliases[3] == id", {}),
        ("id == asset", {"id": "\ud800"}),
        (
            "aliases.all(a, aliases.all(b, aliases.all(c, aliases.all(d, a == b || c == d || true))))",
            {"aliases": ["x"] * 100},
        ),
    ],
)
def test_what_cannot_be_evaluated_is_a_failure_and_raises_nothing(text: str, facts: dict[str, object]) -> None:
    answer = compile(text, FAIL_ON_TYPES).holds({**FACTS, **facts})
    assert isinstance(answer, Failure)
    assert answer.why


@pytest.mark.parametrize(
    ("text", "what", "place"),
    [
        ("severty == 'high'", "severty", "--fail-on, column 1"),
        ("kev &&\n  exposd", "exposd", "--fail-on, line 2, column 3"),
        ("kev &&", "Syntax error", "--fail-on, column 7"),
        ("", "Syntax error", "--fail-on, column 1"),
        ("severity > 3", "no matching overload", "--fail-on, column 10"),
        ("severity", "gives string", "--fail-on"),
        ("dyn(kev)", "gives dyn", "--fail-on"),
        ("(" * 500 + "kev" + ")" * 500, "recursion limit", "--fail-on"),
        ("kev || " * 2000 + "kev", "14003 characters", "--fail-on"),
        ("id == '\ud800'", "Unicode", "--fail-on"),
    ],
)
def test_a_wrong_condition_is_refused_where_it_is_wrong(text: str, what: str, place: str) -> None:
    with pytest.raises(InputError) as refused:
        compile(text, FAIL_ON_TYPES, name="--fail-on")
    assert what in refused.value.what
    assert str(refused.value.place) == place
    assert refused.value.remedy


def test_an_unknown_variable_is_answered_with_the_variables_there_are() -> None:
    with pytest.raises(InputError, match=r"the variables are age_days \(int\), aliases \(list of string\)"):
        compile("severty == 'high'", FAIL_ON_TYPES)


def test_a_whole_number_beside_a_double_is_answered_with_how_to_write_it() -> None:
    with pytest.raises(InputError, match=r"7\.0"):
        compile("score > 7", FAIL_ON_TYPES)


def test_an_exponential_pattern_is_answered_at_once() -> None:
    assert compile('id.matches("(a+)+$")', FAIL_ON_TYPES).holds({**FACTS, "id": "a" * 50_000 + "b"}) is False


def test_importing_expressions_loads_no_native_code() -> None:
    code = "import sys, oakum.expressions, oakum.risk.conditions; sys.exit('cel_expr_python' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


SIGNS = "== && || ! ( ) [ ] { } ? : < >= + / % - in 0 1.5 '' 'x' null // has( .size() .matches('x')"
PIECES = st.sampled_from([*FAIL_ON, *re.split(" ", SIGNS), ".all(a, a == id)", "b'\\xff'", "\n"])
TEXTS = st.text(max_size=60) | st.lists(PIECES, max_size=14).map(" ".join)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=3))


@given(TEXTS, st.dictionaries(st.sampled_from(sorted(FAIL_ON)), VALUES, max_size=6))
def test_any_text_is_refused_or_answers_any_facts(text: str, noise: dict[str, object]) -> None:
    try:
        condition = compile(text, FAIL_ON_TYPES)
    except OakumError as error:
        assert error.remedy
        return
    for facts in (FACTS, {**FACTS, **noise}, noise):
        assert isinstance(condition.holds(facts), bool | Failure)


@given(st.sampled_from(sorted(FAIL_ON)), VALUES)
def test_a_fact_of_any_type_raises_nothing(name: str, value: object) -> None:
    assert isinstance(compile(f"{name} == {name}", FAIL_ON_TYPES).holds({name: value}), bool | Failure)
