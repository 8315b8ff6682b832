"""Cluster API's chained upgrades: a table from its published cases and rules, and an evaluator that knows no texts.

The table's cases are those of exp/topology/desiredstate/upgrade_plan_test.go (github.com/kubernetes-sigs/cluster-api),
where a line says nothing else. The evaluator works on the parts of versions as they were made, never on their texts; it
follows the comments of ``GetUpgradePlanFunc`` in upgrade_plan.go.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.actors import capi_versions, plan_check
from oakum.actors.requests import read
from oakum.errors import InputError, OakumError

(KIND,) = plan_check.KINDS

STEPS = ("control_plane", "machine_deployment", "machine_pool")


def ask(**fields: object) -> dict[str, Any]:
    reply: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(KIND.answer(read(fields, KIND.request))))
    assert set(reply) in ({"error"}, set(STEPS)), "steps or an error, never both"
    return reply


SHORT = {"0a": "30.0+f.1-b.1", "1a": "31.1+f.1-b.1", "1b": "31.1+f.2-b.1", "2a": "32.1+f.1-b.1"}


def version(text: str) -> str:
    return f"v1.{SHORT.get(text, text)}"


def words(text: str) -> list[str] | None:
    """A list of versions; "-" is an empty one, "." none."""
    return None if text == "." else [] if text == "-" else [version(each) for each in text.split(",")]


def request_of(row: str) -> dict[str, object]:
    now, target, plan, workers = (part.strip() for part in row.split("|"))
    control_plane, deployment, pool = (None if each == "." else version(each) for each in now.split())
    return {
        "control_plane": control_plane, "machine_deployment": deployment, "machine_pool": pool,
        "target": version(target), "control_plane_plan": words(plan), "workers_plan": words(workers),
    }  # fmt: skip


# control plane, MachineDeployment, MachinePool | target | plan of the control plane | plan of the workers => the steps,
# "=" where they are the plan of the control plane.
VALID = """
    . . .                  | 33.1 | .                        | .           => - - -
    . 30.0 .               | 33.1 | 31.1                     | .           => - - -
    33.1 33.1 33.1         | 33.1 | .                        | .           => - - -
    33.1 33.1 33.1         | 33.1 | 35.0                     | 29.0        => - - -
    33.1 . .               | 33.1 | -                        | -           => - - -
    30.0 . .               | 33.1 | 31.1,32.0,33.1           | .           => = - -
    31.1 . .               | 33.1 | 32.0,33.1                | -           => = - -
    32.0 . .               | 33.1 | 33.1                     | .           => 33.1 - -
    30.0 30.0 .            | 32.0 | 31.1,32.0                | .           => = 32.0 -
    31.1 30.0 .            | 32.0 | 32.0                     | .           => 32.0 32.0 -
    32.0 30.0 .            | 32.0 | .                        | .           => - 32.0 -
    30.0 . 30.0            | 32.0 | 31.1,32.0                | .           => = - 32.0
    32.0 . 30.0            | 32.0 | -                        | -           => - - 32.0
    30.0 30.0 30.0         | 34.1 | 31.1,32.0,33.1,34.1      | .           => = 33.1,34.1 33.1,34.1
    33.1 30.0 30.0         | 34.1 | 34.1                     | .           => 34.1 33.1,34.1 33.1,34.1
    33.1 33.1 30.0         | 34.1 | 34.1                     | .           => 34.1 33.1,34.1 33.1,34.1
    33.1 33.1 33.1         | 34.1 | 34.1                     | .           => 34.1 34.1 34.1
    34.1 34.1 33.1         | 34.1 | .                        | .           => - 34.1 34.1
    30.0 30.0 30.0         | 33.1 | 31.1,32.0,33.1           | 31.1,33.1   => = 31.1,33.1 31.1,33.1
    31.1 31.1 30.0         | 33.1 | 32.0,33.1                | 31.1,33.1   => = 31.1,33.1 31.1,33.1
    33.1 33.1 31.1         | 33.1 | .                        | 33.1        => - 33.1 33.1
    34.2 31.1 31.1         | 35.2 | 35.2                     | 34.2,35.2   => 35.2 34.2,35.2 34.2,35.2
    30.0 30.0 30.0         | 34.1 | 31.1,31.2,32.0,33.1,33.2,34.1 | .      => = 33.2,34.1 33.2,34.1
    30.0 30.0 .            | 34.1 | 31.1,32.0,33.2,34.1-beta.0,34.1-rc.0,34.1 | . => = 33.2,34.1 -
    0a 0a . | 2a | 1a,1b,2a | . => = 2a -
    1a 0a . | 2a | 1b,2a | 1a,1b,2a => = 1a,1b,2a -
    0a 0a . | 2a | 1a,1b,2a | 1a,2a => = 1a,2a -
    31.0 . .               | 32.0 | .                        | .           => 32.0 - -
    31.0 31.0 .            | 32.0 | .                        | .           => 32.0 32.0 -
    32.0-alpha.1 . .       | 32.0-alpha.2 | .                | .           => 32.0-alpha.2 - -
    32.0+f.1-b.1 . .       | 32.0+f.2-b.1 | .                | .           => 32.0+f.2-b.1 - -
    28.0 28.0 .            | 35.0 | 29.0,30.0,31.0,32.0,33.0,34.0,35.0 | . => = 31.0,34.0,35.0 -
"""
# The same four parts, and a word of the reason.
INVALID = """
    30.0 . .               | 33.1 | foo                      | .           => no version
    30.0 . .               | 33.1 | 30.0                     | .           => not newer
    30.0 . .               | 33.1 | 32.1                     | .           => skips
    30.0 . .               | 33.1 | 31.1,30.0                | .           => not newer
    30.0 . .               | 33.1 | 31.1,32.0                | .           => ends with
    30.0 . .               | 33.1 | 31.1,32.0,33.1,34.1      | .           => ends with
    30.0 . .               | 31.0 | -                        | .           => ends with
    33.1 30.0 .            | 33.1 | 33.1                     | .           => at the target already
    30.0 30.0 .            | 33.1 | 31.1,32.0,33.1           | 32.2        => does not go through
    30.0 30.0 .            | 33.1 | 31.1,32.0,33.1           | 33.1,32.0   => not newer
    33.1 30.0 .            | 33.1 | .                        | foo         => no version
    33.1 30.0 .            | 33.1 | .                        | 30.0        => not newer
    33.1 30.0 .            | 33.1 | .                        | 32.1        => ends with
    33.1 31.0 .            | 33.1 | .                        | 34.1        => ends with
    34.1 30.0 .            | 34.1 | .                        | 34.1        => more than 3 minor versions
    30.0 . .               | 33.1 | 31.1,32.0,33.1           | 35.1        => no workers
    33.0 33.1 .            | 33.1 | 33.1                     | 33.1        => no workers
    0a 0a . | 2a | 1a,1b,2a | 1b,1a,2a => comes before
    31.0 . .               | 33.0 | .                        | .           => more than one minor
    33.1 . .               | 32.0 | .                        | .           => not newer
    33.1 34.0 .            | 33.1 | .                        | .           => not newer
    34.1 30.0 .            | 34.1 | .                        | .           => stop at minor 33
    31.1+b 31.1+a .        | 31.1+c | 31.1+c                 | .           => not told
    32.0 32.0 .            | 33.0-rc.1 | 33.0                | .           => ends with
"""


def rows(text: str) -> list[tuple[str, str]]:
    pairs = [line.split(" => ") for line in text.strip().splitlines()]
    return [(left.strip(), right.strip()) for left, right in pairs]


@pytest.mark.parametrize(("row", "steps"), rows(VALID))
def test_the_steps_of_a_valid_plan(row: str, steps: str) -> None:
    plan = row.split("|")[2].strip()
    expected = [words(plan if each == "=" else each) for each in steps.split()]
    assert ask(**request_of(row)) == dict(zip(STEPS, expected, strict=True))


@pytest.mark.parametrize(("row", "word"), rows(INVALID))
def test_the_reason_against_an_invalid_plan(row: str, word: str) -> None:
    assert word in ask(**request_of(row))["error"]


# Of the list of a ClusterClass: now, target, the list => the plan of the control plane.
LISTS = """
    31.0 | 31.0 | 31.0                                           => -
    31.0 | 32.0 | 31.0,32.0,32.1                                 => 32.0
    35.1 | 35.2 | 35.1,35.2                                      => 35.2
    35.1 | 35.3 | 35.1,35.2,35.3                                 => 35.3
    35.1 | 35.2 | 35.1,35.2,35.3                                 => 35.2
    31.0 | 33.0 | 31.0,32.0,33.0                                 => 32.0,33.0
    31.0 | 33.1 | 31.0,31.1,32.0,32.2,32.3,33.0,33.1             => 32.3,33.1
    31.0 | 33.1 | 31.0,31.1,32.0-alpha.0,32.0-alpha.2,33.0,33.1  => 32.0-alpha.2,33.1
    31.0 | 33.1 | 31.0,32.0+f.1-b.1,32.0+f.2-b.1,32.0+f.2-b.2,33.1 => 32.0+f.2-b.2,33.1
    31.0+b | 33.1+b | 31.0+a,31.0+b,31.0+c,31.1+a,32.0+a,32.0+b,32.0+c,33.0+b,33.1+a,33.1+b,33.1+c => 32.0+c,33.1+b
    31.0 | 33.0 | 31.1,32.0,33.0                                 => 32.0,33.0
    31.2 | 33.0 | 31.0,32.0,33.0                                 => 32.0,33.0
"""


@pytest.mark.parametrize(("row", "steps"), rows(LISTS))
def test_the_plan_from_a_list_of_versions(row: str, steps: str) -> None:
    now, target, known = (part.strip() for part in row.split("|"))
    reply = ask(control_plane=f"v1.{now}", target=f"v1.{target}", kubernetes_versions=words(known))
    assert reply["control_plane"] == words(steps)


def test_a_list_with_a_gap_gives_no_valid_plan() -> None:
    known = ["v1.32.0", "v1.33.0"]
    assert "skips" in ask(control_plane="v1.30.2", target="v1.33.0", kubernetes_versions=known)["error"]


def test_the_workers_that_are_furthest_behind_count() -> None:
    plan = {"target": "v1.34.1", "control_plane": "v1.33.1", "control_plane_plan": ["v1.34.1"]}
    assert ask(**plan, machine_deployment=["v1.33.1", "v1.30.0"])["machine_deployment"] == ["v1.33.1", "v1.34.1"]
    assert ask(**plan, machine_deployment="v1.33.1", machine_pool=["v1.34.1"])["machine_pool"] == ["v1.34.1"]
    # One without version is not behind, but takes part.
    reply = ask(**plan, machine_deployment=[""], machine_pool="v1.33.1")
    assert reply["machine_deployment"] == reply["machine_pool"] == ["v1.34.1"]
    assert ask(**plan, machine_deployment=[""])["machine_deployment"] == []
    # Of two without an order the one that is not the control plane's is behind (TestIsLowerThanMinVersion).
    tagged = {"target": "v1.32.0", "control_plane": "v1.31.1+f.2-b.1", "control_plane_plan": ["v1.32.0"]}
    both = ["v1.31.1+f.2-b.1", "v1.31.1+f.1-b.1"]
    given = ["v1.31.1+f.2-b.1", "v1.32.0"]
    assert "not told" in ask(**tagged, machine_deployment=both, workers_plan=given)["error"]
    assert "not told" in ask(**tagged, machine_deployment=both[::-1], workers_plan=given)["error"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target", "v1"),
        ("target", "1.x.0"),
        ("target", ""),
        ("target", "v1.34.1."),
        ("control_plane", "v1.25.6.0"),
        ("control_plane", "foo"),
        ("machine_deployment", "v1.30-rc.1"),
        ("machine_pool", ["v1.30.0", "v1.31.0-"]),
        ("kubernetes_versions", ["v1.31.0+"]),
    ],
)
def test_what_is_no_version_is_named(field: str, value: object) -> None:
    if (field, value) == ("target", "v1"):
        assert ask(target="v1", control_plane="v1.0.0")["control_plane"] == []
        return
    with pytest.raises(InputError) as caught:
        ask(**{"target": "v1.34.1", "control_plane": "v1.33.1", field: value})
    assert str(caught.value.place).startswith(field)


def test_a_list_beside_a_plan_is_an_error() -> None:
    with pytest.raises(InputError, match="beside control_plane_plan"):
        ask(target="v1.2.0", control_plane="v1.1.0", control_plane_plan=["v1.2.0"], kubernetes_versions=["v1.2.0"])


# Pairs of versions and their order by util/version/version_test.go and semver.org, item 11.
ORDERS = """
    v1.2.3 1.2.3 0 | v1.2 v1.2.0 0 | v01.02.03 v1.2.3 0 | v1.2.3 v1.2.4 -1 | v1.10.0 v1.9.0 1 | v2.0.0 v1.99.0 1
    v1.2.3-rc.1 v1.2.3 -1 | v1.2.3-alpha.2 v1.2.3-alpha.10 -1 | v1.2.3-1 v1.2.3-a -1 | v1.2.3-a v1.2.3-a.1 -1
    v1.2.3+a v1.2.3 1 | v1.2.3+1 v1.2.3+2 -1 | v1.2.3+a v1.2.3+b 2 | v1.2.3+a.1 v1.2.3+a.2 -1 | v1.2.3+1 v1.2.3+a -1
    v1.2.3+01 v1.2.3+1 0 | v1.2.3+a v1.2.3+a.1 -1 | v1.2.3-rc.1+b v1.2.3+a -1 | v1.2.3+1.x v1.2.3+1.y 2
"""


@pytest.mark.parametrize("pair", [each for line in ORDERS.strip().splitlines() for each in line.split(" | ")])
def test_the_order_of_versions(pair: str) -> None:
    one, other, order = pair.split()
    left, right = capi_versions.read(one, "one"), capi_versions.read(other, "other")
    back = {"0": 0, "-1": 1, "1": -1, "2": 2}[order]
    assert (capi_versions.compare(left, right), capi_versions.compare(right, left)) == (int(order), back)


class Made(NamedTuple):
    """A version by its parts; a tag is a text."""

    minor: int
    patch: int = 0
    rc: int = 9
    tag: str = ""

    @property
    def text(self) -> str:
        stage, tag = f"-rc.{self.rc}" if self.rc < 9 else "", f"+{self.tag}" if self.tag else ""
        return f"v1.{self.minor}.{self.patch}{stage}{tag}"


def greater(one: Made, other: Made) -> bool | None:
    """None where there is no order."""
    if one[:3] != other[:3]:
        return one[:3] > other[:3]
    if one.tag == other.tag:
        return False
    return None if one.tag and other.tag else bool(one.tag)


Question = tuple[Made, list[Made], Made, list[Made], list[Made]]


def naive(question: Question) -> tuple[list[Made], list[Made]] | None:
    """The steps of the control plane and of the workers, or None where there is no valid plan."""
    now, workers, target, plan, given_ = question
    behind = workers[0] if workers else None
    for each in workers[1:]:
        assert behind is not None
        lower = greater(behind, each)
        if (lower and each != behind) or (lower is None and each != now):
            behind = each
    if now == target and behind in (None, target):
        return [], []
    chain = [now, *plan]
    if now == target and plan:
        return None
    for one, two in pairwise(chain):
        if greater(two, one) is False or two.minor - one.minor > 1:
            return None
    if chain[-1] != target:
        return None
    if behind in (None, target):
        return None if given_ else (plan, [])
    assert behind is not None
    if plan and set(given_) - set(chain):
        return None
    steps = given_
    if not steps:
        stops = [minor for minor in range(behind.minor + 1, target.minor) if (minor - behind.minor) % 3 == 0]
        last = {each.minor: each for each in chain}
        if any(minor not in last for minor in stops):
            return None
        steps = [last[minor] for minor in stops] + [target]
    at = behind
    for step in steps:
        ahead = greater(step, at)
        if ahead is False or step.minor - at.minor > 3:
            return None
        if ahead is None and (at not in chain or step not in chain or _last(chain, step) < _last(chain, at)):
            return None
        at = step
    return (plan, steps) if at == target else None


def _last(chain: list[Made], one: Made) -> int:
    return len(chain) - chain[::-1].index(one)


made = st.builds(
    Made, st.integers(28, 35), st.integers(0, 1), st.sampled_from([9, 9, 9, 1]), st.sampled_from(["", "", "", "a", "b"])
)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Often near a valid plan: one minor after another, now and then with something else in it."""
    now = draw(made)
    length = draw(st.integers(0, 7))
    steps = [draw(made)._replace(minor=now.minor + number + 1) for number in range(length)]
    plan = [step for step in steps for step in ([step, draw(made)] if draw(st.integers(0, 9)) == 0 else [step])]
    aside = draw(st.integers(0, 9)) == 0
    target = draw(st.sampled_from([now, *plan]) | made) if aside or not plan else plan[-1]
    older = made.map(lambda each: each._replace(minor=max(1, now.minor - each.minor % 4)))
    least = draw(st.integers(0, 1))
    workers = draw(st.lists(older | st.just(now) | st.just(target) | made, min_size=least, max_size=3))
    picked = [each for each in (now, *plan) if draw(st.booleans())]
    given_ = draw(st.sampled_from([[], picked, [*picked, target]]))
    if draw(st.integers(0, 9)) == 0:
        given_ = [*given_, draw(made)]
    return now, workers, target, plan, given_


@settings(max_examples=600, deadline=None)
@given(questions())
def test_no_difference_to_the_naive_evaluator(question: Question) -> None:
    now, workers, target, plan, given_ = question
    reply = ask(
        control_plane=now.text, machine_deployment=[each.text for each in workers], target=target.text,
        control_plane_plan=[each.text for each in plan], workers_plan=[each.text for each in given_],
    )  # fmt: skip
    expected = naive(question)
    if expected is None:
        assert "error" in reply
        return
    ours, theirs = ([each.text for each in part] for part in expected)
    assert reply == {"control_plane": ours, "machine_deployment": theirs if workers else [], "machine_pool": []}


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | made.map(lambda each: each.text) | st.text("v0123456789.+-ab", max_size=14),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
names = [each.name for each in msgspec.structs.fields(plan_check.PlanRequest)]


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*names, "other"]), json_values, max_size=8))
def test_any_request_has_an_answer_or_an_error_of_ours(fields: dict[str, object]) -> None:
    try:
        reply = ask(**{"target": "v1.34.1", **fields})
    except OakumError:
        return
    assert reply


def test_the_example_is_answered() -> None:
    fields = {key: value for key, value in KIND.example.items() if key != "kind"}
    assert ask(**fields)["machine_deployment"] == ["v1.32.8", "v1.34.1"]
