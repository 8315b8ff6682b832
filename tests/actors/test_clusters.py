"""The next clusters of a roll-out, by the cases that Open Cluster Management publishes, and a naive evaluator.

The first tables are the published cases of open-cluster-management-io/sdk-go, pkg/apis/cluster/v1alpha1/
rollout_test.go (its cluster1 is a here, and so on); the naive evaluator is written from rollout.go beside it, in
seconds. Our own module was not looked at for either.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.actors import clusters
from oakum.actors.requests import read
from oakum.errors import InputError, NotAssessableError, OakumError

(KIND,) = clusters.KINDS
START = datetime(2022, 1, 1, tzinfo=UTC)
NOW = START.isoformat().replace("+00:00", "Z")
LETTER = {"T": "ToApply", "P": "Progressing", "S": "Succeeded", "F": "Failed", "O": "TimeOut", "K": "Skip"}

CODE = "https://github.com/open-cluster-management-io/sdk-go/blob/main/pkg/apis/cluster/v1alpha1/rollout.go"
CASES = CODE.replace("rollout.go", "rollout_test.go")


def ago(seconds: int) -> str:
    return (START - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def ask(**fields: object) -> dict[str, Any]:
    reply: dict[str, Any] = msgspec.to_builtins(KIND.answer(read(fields, KIND.request)))
    return reply


def groups_of(text: str) -> list[dict[str, object]]:
    """Groups from ``west=ab c``: the first is named west, the second has no name."""
    found = []
    for index, each in enumerate(text.split()):
        name, _, members = each.rpartition("=")
        found.append({"name": name, "index": index, "clusters": [] if members == "-" else list(members)})
    return found


def statuses_of(text: str) -> list[dict[str, object]]:
    """Statuses from ``aS60 bT``: a has been Succeeded for 60 seconds, b is ToApply and has no time."""
    return [
        {"cluster": each[0], "status": LETTER[each[1]], "since": ago(int(each[2:])) if each[2:] else None}
        for each in text.split()
    ]


def told(reply: dict[str, Any]) -> str:
    """``next/timed out/removed``, then ! for a breach and the seconds until the next look."""
    lists = "/".join("".join(reply[name]) for name in ("next", "timed_out", "removed"))
    after = reply["recheck_after_seconds"]
    return f"{lists}{'!' if reply['max_failure_breach'] else ''}{'' if after is None else f' {after}'}"


def answer(strategy: object, groups: str, statuses: str) -> str:
    return told(ask(strategy=strategy, groups=groups_of(groups), statuses=statuses_of(statuses), now=NOW))


def of(type_: str, deadline: str | None = None, **more: object) -> dict[str, object]:
    """A strategy in the shape of the API."""
    names = {"c": "maxConcurrency", "f": "maxFailures", "soak": "minSuccessTime", "first": "mandatoryDecisionGroups"}
    block = {names[name]: value for name, value in more.items()}
    key = {"All": "all", "Progressive": "progressive", "ProgressivePerGroup": "progressivePerGroup"}[type_]
    return {"type": type_, key: block if deadline is None else {**block, "progressDeadline": deadline}}


A, P, G = "All", "Progressive", "ProgressivePerGroup"
WEST = [{"groupName": "w"}]
TWO, THREE = "w=abc def", "w=abc def ghi"

#: The published cases: strategy, groups, statuses, answer.
PUBLISHED = [
    (of(A, "90s"), "w=ab cdef", "", "abcdef//"),
    (of(A, "90s"), "w=ab cdef", "aS60 bF120 cP120 dF60 eP60", "def/bc/ 30"),
    (of(P, "90s", c=2), TWO, "", "ab//"),
    (of(P, "90s", c=4), THREE, "aP60 bT cT dT eT fT gT hT iT jT", "abcd//j 30"),
    (of(P, "90s"), THREE, "aP60 bT cT dT eT fT gT hT iT jT", "abcdefghi//j 30"),
    (of(P, "90s", c=2), TWO, "aS60 bF120 cP60", "c/b/! 30"),
    (of(P, "90s", c=2, f="100%", soak="60s"), TWO, "aS30 bF120 cP30", "ac/b/ 30"),
    (of(P, "90s", c=4, f="100%", soak="1m"), "w=abcd", "aS30 bP60 cP30 dS120", "abc// 30"),
    (of(P, "90s", c=2, f=1), TWO, "aS60 bF120 cP60", "cd/b/ 30"),
    (of(P, "0s", c=2, f=3), TWO, "aS30 bP30 cP30", "de/bc/"),
    (of(P, "90s", c=3, first=WEST), TWO, "aS60 bF120 cP60", "c/b/! 30"),
    (of(P, "None", c="50%", f="100%"), "w=ab cdef", "aS60 bF120 cP60", "bcd//"),
    (of(P, "None", c="50%", f="0%"), "w=ab cdef", "aS60 bF120 cP60", "bc//!"),
    (of(P, "90s", c=3, first=WEST), "w=ab cd ef", "aF120 bF60", "b/a/! 30"),
    (of(P, "", c=3, first=WEST), "w=ab cd ef", "aS60 bS120", "cde//"),
    (of(G, "90s"), TWO, "", "abc//"),
    (of(G, "90s"), TWO, "aP60 bT cT dT eT fT", "abc// 30"),
    (of(G, "90s"), TWO, "aS60 bF120 cP60", "c/b/! 30"),
    (of(G, "90s", f=2), THREE, "aS60 bF120 cS60", "def/b/"),
    (of(G, "90s", f=2), THREE, "aS60 bF120 cS60 dS60 eS60 fS60", "ghi/b/"),
    (of(G, "None"), THREE, "aS60 bF120 cS60", "b//!"),
    (of(G, "None", f=2), THREE, "aS60 bF120 cS60", "bdef//"),
    (of(G, "None", f="30%"), THREE, "aS60 bF120 cF120", "bc//!"),
    (of(G, "90s", first=WEST), TWO, "aS60 bF120 cF120", "/bc/!"),
    (of(G, "90s", f=2, first=WEST), THREE, "aS60 bF120 cS60", "/b/!"),
    (of(G, "90s", first=WEST), THREE, "aS60 bS60 cS60", "def//"),
    (of(G, "90s", f="50%", soak="1m"), "w=abc x=de", "aS30 bS120 cP30", "ac// 30"),
    (of(A, "90s"), "w=abg cdef", "aS60 bF120 cP120 dF60 eP60", "defg/bc/ 30"),
    (of(P, "90s", c=3, first=WEST), "w=abg cdh efi", "aS60 bS60 cS60 dP60 eP60", "deg// 30"),
    (of(G, "90s"), TWO, "aS60 bS60 dP60 eP60", "dec// 30"),
    (of(A, "90s"), "w=a ce", "aS60 bF120 cP120 dF60 eP60", "e/c/bd 30"),
    (of(P, "90s", c=2, f="100%"), "w=bc def", "aS60 bF120 cP60", "cd/b/a 30"),
    (of(P, "90s", c=2, first=WEST), "w=ac def", "aS60 bF120 cS60", "de//b"),
    (of(G, "90s"), "w=ac def", "aS60 bF60 cP60", "c//b 30"),
    (of(G, "90s", f=2), "w=ac def", "aS60 bF60 cP120", "def/c/b"),
    (of(G, "90s", first=WEST), "w=ac def ghi", "aS60 bF120 cS60", "def//b"),
]

#: What no published case has; each row read off the functions in rollout.go.
READ_OFF = [
    # Only what precedes the breach by name is still applied, and the rest is not told once there are enough.
    (of(P, c=5), "abcdef", "aT bF5 cT dP5", "abd//!"),
    (of(P, "90s", c=2), "abcdef", "aP5 bP5 cP120 dF5", "ab// 85"),
    (of(P, "90s", c=1), "abc", "aF5", "a//! 85"),
    # Limits: more than there are, nothing and less count as left out; percentages are rounded up.
    (of(P, c=2, f=7), "abcdef", "aF5", "a//!"),
    (of(P, c=2, f=6), "abcdef", "aF5", "ab//"),
    (of(P, c=9), "abc", "", "abc//"),
    (of(P, c=0), "abc", "", "abc//"),
    (of(P, c=-1), "abc", "", "abc//"),
    (of(P, c="0%"), "abc", "", "abc//"),
    (of(P, c="200%"), "abc", "", "abc//"),
    (of(P, c="34%"), "abc", "", "ab//"),
    (of(P, c="33.3%"), "abc", "", "a//"),
    (of(P, c="50%", first=WEST), "w=ab cdef", "aS bS", "cd//"),
    (of(G, f="34%"), "abc", "aF5 bF5", "abc//"),
    # A moment: over at the very end, a status without a time begins now, in the future it lasts longer.
    (of(P, "90s"), "a", "aP89", "a// 1"),
    (of(P, "90s"), "a", "aP90", "/a/!"),
    (of(P, "90s"), "a", "aP", "a// 90"),
    (of(P, "0s"), "a", "aP", "/a/!"),
    (of(P, soak="60s"), "a", "aS59", "a// 1"),
    (of(P, soak="60s"), "a", "aS60", "//"),
    (of(P, soak="60s"), "a", "aS", "a// 60"),
    (of(P), "a", "aS-30", "a// 30"),
    (of(A, soak="60s"), "a", "aS30", "//"),
    (of(P, "1h30m"), "a", "aP60", "a// 5340"),
    (of(P, "90ms"), "a", "aP", "a// 0.09"),
    # What already says TimeOut, and Skip, stand nowhere; TimeOut is a failure all the same.
    (of(P, c=2, f=1), "abcd", "aO bK", "cd//"),
    (of(P, c=2), "abcd", "aO bK", "//!"),
    (of(A, "90s"), "abc", "aO bO cF120", "/c/"),
    (of(G), "ab cd", "aO bS", "//!"),
    (of(G, f=1), "ab cd", "aO bS", "cd//"),
    (of(G), "ab cd", "aK bS", "cd//"),
    # One that timed out makes up for one under way, and the next group begins.
    (of(G, "90s", f=1), "ab cd", "aP120 bP5", "bcd/a/ 85"),
    # Mandatory groups: what is under way or timed out anywhere holds back the rest; TimeOut itself does not.
    (of(P, c=3, first=WEST), "w=a bcde", "aS bP5", "b//"),
    (of(P, "90s", c=3, f=3, first=WEST), "w=a bcde", "aS bP120", "/b/"),
    (of(P, c=3, f=3, first=WEST), "w=a bcde", "aO", "bcd//"),
    (of(P, c=3, first=WEST), "w=a bcde", "aO", "//!"),
    (of(P, c=1, first=WEST), "w=abc def", "", "abc//"),
    (of(P, c=1, first=[{"groupIndex": 1}]), "ab cd", "", "cd//"),
    (of(G, first=[{"groupIndex": 1}, {}]), "ab cd ef", "", "ab//"),
    (of(G, first=[{"groupName": "x", "groupIndex": 1}]), "ab cd", "", "ab//"),
    (of(G, first=WEST), "ab w=cd ef w=gh", "cS dS", "gh//"),
    (of(G, first=WEST), "w=- ab", "", "ab//"),
    (of(P, first=WEST), "w=ab", "aS bO", "//"),
    (of(P, first=WEST), "w=ab", "bS aO", "//!"),
    # In groups the statuses keep their order, by name the others follow.
    (of(G), "dcba", "cP dP", "cdab//"),
    (of(P), "dcba", "dP cP", "cdab//"),
    # Nothing at all.
    ({}, "", "aF bS", "//ab"),
    (of(P, c=1), "", "", "//"),
    (of(G), "- ab", "", "ab//"),
]


@pytest.mark.parametrize(("strategy", "groups", "statuses", "expected"), PUBLISHED, ids=range(len(PUBLISHED)))
def test_the_published_cases(strategy: object, groups: str, statuses: str, expected: str) -> None:
    assert answer(strategy, groups, statuses) == expected, CASES


@pytest.mark.parametrize(("strategy", "groups", "statuses", "expected"), READ_OFF, ids=range(len(READ_OFF)))
def test_what_the_code_says(strategy: object, groups: str, statuses: str, expected: str) -> None:
    assert answer(strategy, groups, statuses) == expected, CODE


def test_a_percentage_is_computed_in_floating_point_as_there() -> None:
    names = [f"c{at:03}" for at in range(100)]
    strategy = {"type": P, "maxConcurrency": "7%"}
    assert len(ask(strategy=strategy, groups=[names])["next"]) == 8


EQUAL_GROUPS: list[object] = [
    [{"name": "w", "clusters": ["a", "b"]}, {"clusters": ["c"]}],
    [{"groupIndex": 1, "clusters": ["c"]}, {"groupName": "w", "clusters": ["b", "a"]}],
    [
        {"name": "w", "groupName": "w", "index": 0, "groupIndex": 0, "clusters": ["a", "b", "a"]},
        {"index": 1, "clusters": ["c"]},
    ],
    [{"index": 0, "name": "w", "clusters": ["a"]}, {"index": 1, "clusters": ["c"]}, {"name": "w", "clusters": ["b"]}],
    [{"name": "w", "clusters": ["a", "b"]}, ["c"]],
    {"w": ["a", "b"], "": ["c"]},
]


@pytest.mark.parametrize("groups", EQUAL_GROUPS, ids=range(len(EQUAL_GROUPS)))
def test_forms_of_groups(groups: object) -> None:
    first = {"type": G, "mandatoryDecisionGroups": ["w"]}
    assert told(ask(strategy=first, groups=groups)) == "ab//"
    assert told(ask(strategy={"type": G, "mandatoryDecisionGroups": [1]}, groups=groups)) == "c//"


def test_groups_by_their_indexes_come_by_number() -> None:
    groups = {str(at): [chr(97 + at)] for at in (10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)}
    reply = ask(strategy={"type": G}, groups=groups, statuses=statuses_of("aS bS"), now=NOW)
    assert reply["details"] == [
        {"cluster": "c", "group": "", "group_index": 2, "status": "ToApply", "recheck_after_seconds": None}
    ]


FLAT = {
    "maxConcurrency": "50%", "maxFailures": 1, "minSuccessTime": "30s", "progressDeadline": "90s",
    "mandatoryDecisionGroups": [{"groupName": "w"}],
}  # fmt: skip


def test_the_flat_form_says_the_same_as_the_block() -> None:
    for statuses in ("", "aS60 bS60 cS60 dP60", "aS60 bS60 cS60 dS60", "aF100"):
        flat = answer({"type": P, **FLAT}, TWO, statuses)
        assert flat == answer({"type": P, "progressive": FLAT}, TWO, statuses)
        half = {key: FLAT[key] for key in ("maxConcurrency", "maxFailures")}
        rest = {key: value for key, value in FLAT.items() if key not in half}
        assert flat == answer({"type": P, "progressive": half, **rest}, TWO, statuses)


def test_durations_may_be_numbers_of_seconds() -> None:
    numbers = {"type": P, "minSuccessTime": 60, "progressDeadline": 90}
    assert answer(numbers, "ab", "aS30 bP60") == answer(of(P, "90s", soak="60s"), "ab", "aS30 bP60") == "ab// 30"


NOTES: list[tuple[dict[str, object], list[str]]] = [
    ({"type": A, "minSuccessTime": "0", "maxFailures": 0, "all": {}}, []),
    ({"type": A, "minSuccessTime": "5m"}, ["strategy.minSuccessTime has no effect: the type is All"]),
    ({"all": {"maxFailures": 1}}, ["strategy.all.maxFailures has no effect: the type is All"]),
    ({"type": G, "maxConcurrency": 2}, ["strategy.maxConcurrency has no effect: the type is ProgressivePerGroup"]),
    ({"progressive": {"maxConcurrency": 2}}, ["strategy.progressive has no effect: the type is All"]),
    ({"type": P, "progressivePerGroup": {}, "all": None}, []),
    ({"type": P, "mandatoryDecisionGroups": ["x"]}, ["no group has the mandatory name 'x'"]),
    ({"type": P, "mandatoryDecisionGroups": [7]}, ["no group has the mandatory index 7"]),
]


@pytest.mark.parametrize(("strategy", "notes"), NOTES, ids=range(len(NOTES)))
def test_what_has_no_effect_is_told(strategy: object, notes: list[str]) -> None:
    assert ask(strategy=strategy, groups=[["a"]]).get("notes", []) == notes


WRONG: list[tuple[dict[str, object], str, str]] = [
    ({"strategy": {"type": P, "surge": 1}}, "strategy.surge", "unknown field"),
    ({"strategy": {"type": P, "timeout": "90s"}}, "strategy.timeout", "unknown field"),
    ({"strategy": of(A) | {"all": {"maxConcurrency": 1}}}, "strategy.all.maxConcurrency", "unknown field"),
    ({"strategy": of(P, f=1) | {"maxFailures": 1}}, "strategy.progressive.maxFailures", "beside type"),
    ({"strategy": of(P, c="5")}, "strategy.progressive.maxConcurrency", "neither a number nor a percentage"),
    ({"strategy": of(P, c="five%")}, "strategy.progressive.maxConcurrency", "neither"),
    ({"strategy": of(G, f="")}, "strategy.progressivePerGroup.maxFailures", "neither"),
    ({"strategy": of(P, f="1e999%")}, "strategy.progressive.maxFailures", "neither"),
    ({"strategy": of(P, "2d")}, "strategy.progressive.progressDeadline", "'2d' is no duration"),
    ({"strategy": of(P, "0")}, "strategy.progressive.progressDeadline", "no duration"),
    ({"strategy": of(P, "2d0s")}, "strategy.progressive.progressDeadline", "no duration"),
    ({"strategy": of(P, "10g")}, "strategy.progressive.progressDeadline", "no duration"),
    ({"strategy": of(P, "1.5h")}, "strategy.progressive.progressDeadline", "no duration"),
    ({"strategy": of(P, "-5m")}, "strategy.progressive.progressDeadline", "no duration"),
    ({"strategy": of(P, "9m5")}, "strategy.progressive.progressDeadline", "no duration"),
    ({"strategy": of(A, "none")}, "strategy.all.progressDeadline", "no duration"),
    ({"strategy": {"type": P, "minSuccessTime": "5"}}, "strategy.minSuccessTime", "no duration"),
    ({"strategy": {"type": P, "minSuccessTime": -5}}, "strategy.minSuccessTime", "no duration"),
    ({"strategy": {"type": P, "minSuccessTime": "2562048h"}}, "strategy.minSuccessTime", "no duration"),
    ({"strategy": {"type": P, "mandatoryDecisionGroups": [""]}}, "strategy.mandatoryDecisionGroups[0]", "empty"),
    ({"groups": [{"index": 1, "clusters": []}]}, "groups", "no group has the index 0"),
    ({"groups": {"1": ["a"], "2": ["b"]}}, "groups", "no group has the index 0"),
    ({"groups": [{"index": -1, "clusters": []}]}, "groups[0]", "out of range"),
    ({"groups": [{"index": 0, "groupIndex": 1, "clusters": []}]}, "groups[0]", "index and groupIndex differ"),
    ({"groups": [{"index": 0, "name": "x", "clusters": []}, {"index": 0, "clusters": []}]}, "groups[1]", "two names"),
    ({"groups": [["a"], ["b", "a"]]}, "groups", "'a' stands in the groups 0 and 1"),
    ({"groups": [{"name": "x"}]}, "groups[0]", "missing required field"),
    ({"groups": ["a"]}, "groups[0]", "expected"),
    ({"statuses": statuses_of("aS bT aF")}, "statuses[2].cluster", "two statuses"),
    ({"statuses": [{"cluster": "a", "status": "Done"}]}, "statuses[0].status", "invalid enum value 'Done'"),
    ({"statuses": [{"cluster": "a", "status": "Failed", "since": "today"}]}, "statuses[0].since", "no time"),
    (
        {"statuses": [{"cluster": "a", "status": "Skip", "since": "2022-02-30T00:00:00Z"}]},
        "statuses[0].since",
        "no time",
    ),
    ({"statuses": [{"cluster": "", "status": "Failed"}]}, "statuses[0].cluster", "expected"),
    ({"statuses": [{"cluster": "a", "status": "Failed", "state": 1}]}, "statuses[0].state", "unknown field"),
    ({"now": "2022-01-01T00:00:00"}, "now", "no time with a zone"),
    ({"now": None, "statuses": statuses_of("aS5")}, "now", "missing"),
    ({"now": None, "strategy": of(P, "90s"), "statuses": statuses_of("aP")}, "now", "missing"),
]


@pytest.mark.parametrize(("fields", "field", "text"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_named(fields: dict[str, object], field: str, text: str) -> None:
    with pytest.raises(InputError) as error:
        ask(**{"groups": [["a"]], "now": NOW, **fields})
    assert error.value.place is not None
    assert error.value.place.field == field
    assert text in error.value.what


def test_an_unknown_type_is_not_assessable() -> None:
    for type_ in ("Canary", "progressive", ""):
        with pytest.raises(NotAssessableError, match="not assessable: strategies of the type") as error:
            ask(strategy={"type": type_}, groups=[["a"]])
        assert "ProgressivePerGroup" in error.value.remedy


def test_now_is_needed_only_where_a_duration_counts() -> None:
    assert told(ask(strategy=of(P, "90s", c=2), groups=[list("abc")], statuses=statuses_of("aT bK"))) == "ac//"
    assert told(ask(strategy=of(P, f=1), groups=[list("abc")], statuses=statuses_of("aP5 bF5"))) == "abc//"


SPELT = [("2022-01-01T02:00:00+02:00", 30), ("2021-12-31T19:00:00-05:00", 30), ("2022-01-01T00:00:00.25Z", 29.75)]


@pytest.mark.parametrize(("now", "after"), SPELT)
def test_times_with_offsets_and_fractions(now: str, after: float) -> None:
    reply = ask(strategy=of(P, "90s"), groups=[["a"]], statuses=statuses_of("aP60"), now=now)
    assert reply["recheck_after_seconds"] == after


DURATIONS = [
    ("0", 0), ("-1h", 0), ("+90s", 90), ("1.5h", 5400), (".5m", 30), ("1h1m1s", 3661), ("1500ms", 1.5),
    ("1s500000us", 1.5), ("1s5µs", 1.000005), ("2562047h47m16.854775807s", 0),
    ("2562047h47m16.854775806s", 9223372036.854775806),
]  # fmt: skip


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_durations_of_a_soak(text: str, seconds: float) -> None:
    """https://pkg.go.dev/time#ParseDuration; the longest of all is taken for none."""
    reply = ask(strategy=of(P, soak=text), groups=[["a"]], statuses=statuses_of("aS"), now=NOW)
    assert reply["recheck_after_seconds"] == (seconds or None)


class Case(NamedTuple):
    type_: str
    groups: list[tuple[str, list[str]]]
    statuses: list[tuple[str, str, int | None]]
    soak: int
    deadline: int | None
    concurrency: int | str
    failures: int | str
    mandatory: list[str | int]

    def request(self) -> dict[str, object]:
        deadline = "None" if self.deadline is None else f"{self.deadline}s"
        block: dict[str, object] = {"minSuccessTime": f"{self.soak}s", "progressDeadline": deadline}
        block["maxFailures"] = self.failures
        if self.type_ != A:
            keys = [{"groupName": each} if isinstance(each, str) else {"groupIndex": each} for each in self.mandatory]
            block["mandatoryDecisionGroups"] = keys
        if self.type_ == P:
            block["maxConcurrency"] = self.concurrency
        key = {A: "all", P: "progressive", G: "progressivePerGroup"}[self.type_]
        return {
            "strategy": {"type": self.type_, key: block},
            "groups": [{"name": name, "index": at, "clusters": has} for at, (name, has) in enumerate(self.groups)],
            "statuses": [
                {"cluster": name, "status": LETTER[letter], "since": None if age is None else ago(age)}
                for name, letter, age in self.statuses
            ],
            "now": NOW,
        }


def size(limit: int | str, total: int, otherwise: int) -> int:
    wanted = math.ceil(float(limit.removesuffix("%")) / 100 * total) if isinstance(limit, str) else limit
    return otherwise if wanted <= 0 or wanted > total else wanted


def naive(case: Case) -> tuple[list[str], list[str], list[str], bool, int | None]:
    """The step, as one would work it out by hand with a list of what lies in which heap."""
    every = [name for _, has in case.groups for name in has]
    removed = [name for name, _, _ in case.statuses if name not in every]
    current = [each for each in case.statuses if each[0] in every]
    soak = 0 if case.type_ == A else case.soak

    def heap(letter: str, age: int | None) -> tuple[str, str, int | None]:
        """The heap (next, late or none), the letter as of now, and seconds that are left."""
        if letter == "T":
            return "next", letter, None
        if letter in "OK":
            return "none", letter, None
        limit = soak if letter == "S" else case.deadline
        if limit is None:
            return "next", letter, None
        left = limit - (age or 0)
        if left > 0:
            return "next", letter, left
        return ("none", letter, None) if letter == "S" else ("late", "O", None)

    def one_by_one(among: list[str], most: int, tolerated: int) -> tuple[list[str], list[str], bool]:
        going: list[str] = []
        late: list[str] = []
        failed = 0
        for name, letter, age in sorted(current):
            where, then, _ = heap(letter, age)
            if where == "next" and not (letter == "T" and failed > tolerated):
                going.append(name)
            if where == "late":
                late.append(name)
            failed += then in "OF"
            if len(going) >= most:
                return going, late, failed > tolerated
        if failed > tolerated:
            return going, late, True
        for name in sorted(among):
            if len(going) < most and name not in [each[0] for each in current]:
                going.append(name)
        return going, late, False

    def in_groups(which: list[int], limit: int | str) -> tuple[list[str], list[str], bool]:
        started = [each for each in current if each[1] != "T"]
        going = [name for name, letter, age in started if heap(letter, age)[0] == "next"]
        late = [name for name, letter, age in started if heap(letter, age)[0] == "late"]
        bad = [name for name, letter, age in started if heap(letter, age)[1] in "OF"]
        so_far = 0
        for at in which:
            has = case.groups[at][1]
            here = len([name for name in has if name in bad])
            going = going + sorted(name for name in has if name not in [each[0] for each in started])
            so_far += here
            if here > size(limit, len(has), 0):
                return going, late, True
            if len(going) - so_far > 0:
                return going, late, False
        return going, late, False

    numbers = list(range(len(case.groups)))
    first = [at for at in numbers if at in case.mandatory or case.groups[at][0] in case.mandatory]
    rest = [at for at in numbers if at not in first]
    if case.type_ == A:
        found = one_by_one(every, len(every), len(every))
    else:
        found = in_groups(first, 0) if first else ([], [], False)
        if not found[0] and not found[1]:
            others = [name for at in rest for name in case.groups[at][1]]
            if case.type_ == P:
                most = size(case.concurrency, len(others), len(others))
                found = one_by_one(others, most, size(case.failures, len(every), 0))
            else:
                found = in_groups(rest, case.failures)
    ages = {name: (letter, age) for name, letter, age in current}
    lefts = [heap(*ages[name])[2] for name in found[0] if name in ages]
    return found[0], found[1], removed, found[2], min((left for left in lefts if left), default=None)


LIMITS = st.one_of(st.integers(-1, 9), st.integers(0, 120).map("{}%".format), st.sampled_from(["12.5%", "33.4%"]))
AGES = st.one_of(st.none(), st.integers(-30, 150), st.sampled_from([0, 60, 90]))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    names = draw(st.permutations("abcdefghijkl"))
    sizes = draw(st.lists(st.integers(0, 4), max_size=4))
    groups, at = [], 0
    for each in sizes:
        groups.append((draw(st.sampled_from(["", "w", "x"])), names[at : at + each]))
        at += each
    known = draw(st.permutations(names))[: draw(st.integers(0, 12))]
    letters = draw(st.sampled_from(["TPSFOK", "SSSP", "SF", "PF", "TS", "SO"]))
    return Case(
        type_=draw(st.sampled_from([A, P, P, G, G])),
        groups=groups,
        statuses=[(name, draw(st.sampled_from(letters)), draw(AGES)) for name in known],
        soak=draw(st.sampled_from([0, 0, 60])),
        deadline=draw(st.sampled_from([None, 0, 90])),
        concurrency=draw(LIMITS),
        failures=draw(LIMITS),
        mandatory=draw(st.lists(st.sampled_from(["w", "x", "y", 0, 1, 2, 5]), max_size=2)),
    )


@given(cases())
def test_random_roll_outs_against_the_naive_evaluator(case: Case) -> None:
    reply = ask(**case.request())
    fields = ("next", "timed_out", "removed", "max_failure_breach", "recheck_after_seconds")
    assert tuple(reply[name] for name in fields) == naive(case)
    assert [each["cluster"] for each in reply["details"]] == reply["next"] + reply["timed_out"] + reply["removed"]


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_groups_and_the_names_of_clusters_do_not_matter(case: Case, random: Any) -> None:
    request = case.request()
    groups = list(request["groups"]) if isinstance(request["groups"], list) else []
    random.shuffle(groups)
    renamed = json.loads(json.dumps({**request, "groups": groups}))
    for each in renamed["groups"]:
        each["clusters"] = [f"shop-{name}" for name in each["clusters"]]
        random.shuffle(each["clusters"])
    for each in renamed["statuses"]:
        each["cluster"] = f"shop-{each['cluster']}"
    assert named(ask(**renamed), "") == named(ask(**request), "shop-")


def named(reply: dict[str, Any], before: str) -> dict[str, Any]:
    lists = {name: [f"{before}{each}" for each in reply[name]] for name in ("next", "timed_out", "removed")}
    return {**lists, "breach": reply["max_failure_breach"], "after": reply["recheck_after_seconds"]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["1h", "None", "5%", "a", "ToApply", "All", "Progressive", NOW, "9" * 50 + "h", "1e400%"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["type", "progressive", "all", "maxFailures", "maxConcurrency", "mandatoryDecisionGroups",
                         "name", "index", "clusters", "cluster", "status", "since", "group", "groupIndex",
                         "minSuccessTime", "progressDeadline", "0", "x"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["strategy", "groups", "statuses", "now", "x"]), JSON, max_size=4), cases())
def test_any_json_gets_an_answer_or_an_error_of_ours(fields: dict[str, object], case: Case) -> None:
    for request in (fields, {**case.request(), **fields}):
        try:
            reply = ask(**request)
        except OakumError as error:
            assert error.what
        else:
            json.dumps(reply)


@given(cases(), st.text(max_size=12), st.sampled_from(["progressDeadline", "minSuccessTime", "maxFailures", "type"]))
def test_any_text_in_a_strategy_gets_an_answer_or_an_error_of_ours(case: Case, text: str, field: str) -> None:
    try:
        ask(**{**case.request(), "strategy": {"type": P, field: text}})
    except OakumError as error:
        assert error.place is not None
        assert error.place.field == f"strategy.{field}"


def test_every_rule_has_a_source_and_its_own_name() -> None:
    assert all(rule.source.startswith("https://") and rule.says.endswith(".") for rule in KIND.rules)
    assert len({rule.id for rule in KIND.rules}) == len(KIND.rules)


def test_the_example_is_answered() -> None:
    example = {key: value for key, value in KIND.example.items() if key != "kind"}
    assert told(ask(**example)) == "c2//c9 180"
