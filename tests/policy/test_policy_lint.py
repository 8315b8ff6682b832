"""The lint: one bad folder for each rule, none for the example, and nothing said where nothing is certain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from oakum.local.zones import time_zones
from oakum.policy.lint import RULES, Problem, lint
from oakum.policy.reading import read

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ALWAYS = "windows: [{name: always, always: yes}]\n"


def problems(text: str, **more: str) -> list[Problem]:
    reading = read({"p.yaml": text.encode(), **{name: each.encode() for name, each in more.items()}})
    return lint(reading, time_zones(reading.policy.zone_names), NOW)


def window(*lines: str) -> str:
    head = ("windows:", "- name: w", "  time_zone: UTC", "  dtstart: 2026-01-05T22:00", "  duration: 6h")
    return "\n".join((*head, *(f"  {each}" for each in lines), ""))


ALL_YEAR = ("dtstart: 2026-01-01", "duration: 366d", "rrule: FREQ=YEARLY")


def freeze(*lines: str) -> str:
    head = ("freezes:", "- name: f", "  reason: r", "  time_zone: UTC")
    return "\n".join((*head, *(f"  {each}" for each in lines), ""))


#: Rule -> texts, each with the line at which exactly one problem of that rule and no other is found, and its words.
TABLE: dict[str, list[tuple[str, int | None, str]]] = {
    "unreadable": [("windows: [", 2, "not valid YAML"), ("", None, "says nothing")],
    "not-understood": [
        (ALWAYS + "budgets: [{name: b, colour: red}]\n", 2, "unknown field 'colour'"),
        (ALWAYS + "protected: [{name: b, reason: r, when: colour == 'red'}]\n", 2, "colour"),
        (window("rrule: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), 4, "never happens"),
    ],
    "no-window": [
        ("budgets: [{name: b}]\n", None, "nothing may ever run"),
        ("version: 1\nwindows: []\n", 1, "may ever run"),
    ],
    "window-never-opens": [
        (window(), 4, "'w' never opens: no window in the next 10 years"),
        (window("rrule: FREQ=WEEKLY;UNTIL=20261101T000000Z"), 6, "'w' never opens"),
        (window("rrule: FREQ=WEEKLY;COUNT=2"), 6, "'w' never opens"),
        (window("exdate: 2026-01-05"), 4, "'w' never opens"),
    ],
    "freeze-covers-window": [
        (
            window("rrule: FREQ=WEEKLY") + freeze(*ALL_YEAR),
            6,
            "'f'",
        ),
        (
            window("rrule: FREQ=WEEKLY", "for: {environment: prod}")
            + freeze(
                "dtstart: 2026-01-05T20:00", "duration: 12h", "rrule: FREQ=WEEKLY", "for: {environment: [prod, a]}"
            ),
            6,
            "'w' is never open",
        ),
    ],
    "exdate-without-effect": [
        (window("rrule: FREQ=WEEKLY", "exdate: [2026-12-07, 2026-12-24]"), 7, "not have been open at 2026-12-24"),
        (window("rrule: FREQ=WEEKLY", "exdate: 2026-12-07T23:00"), 7, "open at 2026-12-07T23:00"),
    ],
    "unknown-time-zone": [
        (window("rrule: FREQ=WEEKLY").replace("UTC", "Europe/Bremen"), 3, "'Europe/Bremen' is not known"),
        (window("rrule: FREQ=WEEKLY").replace("UTC", "localtime"), 3, "'localtime'"),
        (window("rrule: FREQ=WEEKLY").replace("UTC", "Europe"), 3, "'Europe'"),
    ],
    "unknown-role": [
        (ALWAYS + "approvals:\n- name: a\n  roles: [boss]\n", 4, "'boss' is no role"),
        (
            ALWAYS + "roles: {a: b}\napprovals:\n- name: a\n  roles: [a]\n  forward_only_roles: [c]\n",
            6,
            "'c' is no role",
        ),
        (ALWAYS + "emergency:\n- name: a\n  roles: [boss]\n  lifts: all\n", 4, "'boss'"),
        (ALWAYS + "escalation:\n- name: a\n  steps: [{do: notify, roles: x}, {do: skip-and-report}]\n", 4, "'x'"),
    ],
    "unknown-freeze": [
        (ALWAYS + "roles: {a: b}\nemergency:\n- name: e\n  roles: [a]\n  lifts: [g]\n", 6, "'e' lifts 'g'"),
    ],
    "override-of-nothing": [(ALWAYS + "roles: {a: b}\nemergency:\n- {name: e, roles: [a]}\n", 4, "override nothing")],
    "unreachable-entry": [
        (ALWAYS + "soak:\n- {name: all}\n- {name: late, for: {pool: x}}\n", 4, "'late' never decides: 'all'"),
        (
            ALWAYS + "drain:\n- {name: a, for: {pool: [x, y]}}\n- {name: b, for: {pool: x, tier: 1}}\n",
            4,
            "'a' before it is for pool x or y",
        ),
        (ALWAYS + "order:\n  stages:\n  - {name: a}\n  - {name: b, for: {cluster: c}}\n", 5, "'b' never decides"),
    ],
    "budget-allows-nothing": [
        (ALWAYS + "budgets:\n- name: b\n  max_unavailable: 0\n", 4, "'b' allows no node at all"),
        (ALWAYS + "budgets:\n- name: b\n  max_unavailable: 30%\n  smallest_pool: 3\n", 4, "30% of 3 nodes rounds down"),
        (ALWAYS + "budgets:\n- name: b\n  max_unavailable: 30%\n", 4, "30% of 1 node rounds down to none"),
    ],
    "canary-over-budget": [
        (
            ALWAYS + "budgets:\n- {name: b, max_unavailable: 2}\ncanary:\n- name: c\n  nodes: 3\n  for: {pool: x}\n",
            6,
            "of 1000 nodes 'c' takes 3; the budget 'b' allows 2",
        ),
        (
            ALWAYS
            + "budgets:\n- {name: b, max_unavailable: 10%, smallest_pool: 15}\ncanary:\n- name: c\n  nodes: 10%\n",
            6,
            "of 15 nodes 'c' takes 2; the budget 'b' allows 1",
        ),
    ],
    "ladder-ends-in-nothing": [
        (ALWAYS + "escalation:\n- name: e\n  steps: [{do: wait, for: 1h}]\n", 4, "'e' ends with wait"),
        (
            ALWAYS + "escalation:\n- name: e\n  steps: [{do: skip-and-report}, {do: stop-and-report}]\n",
            4,
            "nothing after skip-and-report ever happens",
        ),
    ],
}
CASES = [(rule, *case) for rule, cases in TABLE.items() for case in cases]


@pytest.mark.parametrize(("rule", "text", "line", "words"), CASES, ids=[f"{case[0]}-{case[3]}" for case in CASES])
def test_each_rule_finds_its_folder_and_nothing_else(rule: str, text: str, line: int | None, words: str) -> None:
    found = problems(text)
    assert [each.rule for each in found] == [rule]
    assert words in found[0].what
    assert found[0].remedy
    assert found[0].place.line == line
    if line is not None:
        assert found[0].place.file == "p.yaml"


def test_a_calendar_that_nobody_names() -> None:
    text = "BEGIN:VCALENDAR\nEND:VCALENDAR\n"
    assert [(each.rule, each.place.file) for each in problems(ALWAYS, **{"a.ics": text})] == [
        ("unused-calendar", "a.ics")
    ]


def test_every_rule_is_in_the_table() -> None:
    assert {*TABLE, "unused-calendar"} == set(RULES)


#: The nearest right neighbour of each rule's bad folder.
RIGHT = [
    ALWAYS,
    window("rrule: FREQ=WEEKLY;UNTIL=20261201T000000Z"),
    window("rrule: FREQ=WEEKLY", "for: {environment: prod}") + freeze(*ALL_YEAR, "for: {environment: dev}"),
    window("rrule: FREQ=WEEKLY") + freeze("dtstart: 2026-01-05T20:00", "duration: 7h", "rrule: FREQ=WEEKLY"),
    window("rrule: FREQ=WEEKLY") + freeze(*ALL_YEAR, "for: {pool: x}"),
    window("rrule: FREQ=WEEKLY", "exdate: [2026-12-07, 2026-12-14T22:00, 2026-12-21T22:00:00Z]"),
    ALWAYS + "roles: {a: b}\nemergency:\n- {name: e, roles: [a], outside_windows: yes}\n",
    ALWAYS + "drain:\n- {name: a, for: {pool: x}}\n- {name: b}\n",
    ALWAYS + "drain:\n- {name: a, when: pool == 'x'}\n- {name: b, for: {pool: x}}\n",
    ALWAYS + "budgets:\n- {name: b, max_unavailable: 30%, smallest_pool: 4}\n",
    ALWAYS + "budgets:\n- {name: b, max_unavailable: 30%, at_least: 1}\n",
    ALWAYS
    + "budgets:\n- {name: b, for: {pool: x}, max_unavailable: 1}\n- {name: c, max_unavailable: 3}\n"
    + "canary:\n- {name: c, for: {pool: y}, nodes: 3}\n",
    ALWAYS + "escalation:\n- name: e\n  steps: [{do: wait, for: 1h}, {do: skip-and-report}]\n",
]


@pytest.mark.parametrize("text", RIGHT, ids=range(len(RIGHT)))
def test_what_is_right_is_left_alone(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize("year", range(6))
def test_the_example_stays_right_in_years_to_come(year: int) -> None:
    reading = read({each.name: each.read_bytes() for each in files("oakum.policy").joinpath("example").iterdir()})
    assert lint(reading, time_zones(reading.policy.zone_names), NOW + timedelta(days=365 * year)) == []


def test_all_problems_come_at_once_by_line() -> None:
    found = problems("windows: [{name: w}]\nbudgets:\n- {name: b, max_unavailable: 0}\nnix: 1\n")
    assert [each.rule for each in found] == ["not-understood", "budget-allows-nothing", "not-understood"]
