"""What a Talos may run and where it may go, by the rows and cases that its own project publishes.

The rows and the first tables are the published limits and cases of siderolabs/talos, pkg/machinery/compatibility
(talosXYZ.go, kubernetes_version_test.go, talos_version_test.go); the naive evaluator is written from the two functions
beside them. Our own module was not looked at for either.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.actors import talos
from oakum.actors.requests import read
from oakum.errors import InputError, NotAssessableError, OakumError

BY_NAME = {each.name: each for each in talos.KINDS}


def row(kubernetes: str, talos_: str, **more: object) -> dict[str, object]:
    """A row from its four limits, as "1.27.0 1.32.99"."""
    least, most = kubernetes.split()
    lowest, below = talos_.split()
    limits = {"kubernetes_min": least, "kubernetes_max": most}
    return {**limits, "upgrade_from_min": lowest, "downgrade_from_below": below, "upgrade_denied": [], **more}


MATRIX: dict[str, object] = {
    "1.2": row("1.23.0 1.25.99", "1.0.0 1.3.0"),
    "1.3": row("1.24.0 1.26.99", "1.0.0 1.5.0"),
    "1.4": row("1.25.0 1.27.99", "1.0.0 1.6.0"),
    "1.5": row("1.26.0 1.28.99", "1.2.0 1.7.0"),
    "1.6": row("1.24.0 1.29.99", "1.3.0 1.8.0"),
    "1.7": row("1.25.0 1.30.99", "1.4.0 1.9.0"),
    "1.8": row("1.26.0 1.31.99", "1.5.0 1.10.0"),
    "1.9": row("1.27.0 1.32.99", "1.8.0 1.11.0"),
    "1.10": row("1.28.0 1.33.99", "1.8.0 1.12.0"),
    "1.11": row("1.29.0 1.34.99", "1.9.0 1.13.0"),
    "1.12": row("1.30.0 1.35.99", "1.10.0 1.14.0"),
    "1.14": row("1.32.0 1.37.99", "1.12.0 1.16.0"),
}


def ask(name: str, **fields: object) -> dict[str, Any]:
    kind = BY_NAME[name]
    reply: dict[str, Any] = msgspec.to_builtins(kind.answer(read(fields, kind.request)))
    return reply


def runs(target: str, kubernetes: str, matrix: dict[str, object] | None = None) -> str | None:
    return told(
        ask("talos-kubernetes", target=target, kubernetes=kubernetes, matrix=MATRIX if matrix is None else matrix)
    )


def goes(host: str, target: str, matrix: dict[str, object] | None = None) -> str | None:
    return told(ask("talos-upgrade", host=host, target=target, matrix=MATRIX if matrix is None else matrix))


def told(reply: dict[str, Any]) -> str | None:
    assert set(reply) == {"allowed", "why"}
    assert reply["allowed"] is (reply["why"] is None)
    why: str | None = reply["why"]
    return why


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


# Each line: Talos, Kubernetes, and what kubernetes_version_test.go expects of them.
PUBLISHED_KUBERNETES = lines("""
    1.2.0         1.23.1          ok
    1.2.0-beta.0  1.24.3          ok
    1.2.7         1.25.0-rc.0     ok
    1.2.0         1.26.0-alpha.0  too-new
    1.2.0         1.22.4          too-old
    1.3.0         1.24.1          ok
    1.3.0-beta.0  1.25.3          ok
    1.3.7         1.26.0-rc.0     ok
    1.3.0         1.27.0-alpha.0  too-new
    1.3.0         1.23.4          too-old
    1.4.0-beta.0  1.26.3          ok
    1.4.7         1.27.0-rc.0     ok
    1.4.0         1.28.0-alpha.0  too-new
    1.4.0         1.24.1          too-old
    1.5.7         1.28.0-rc.0     ok
    1.5.0         1.25.1          too-old
    1.6.0         1.24.1          ok
    1.6.0         1.30.0-alpha.0  too-new
    1.6.0         1.23.1          too-old
    1.7.0         1.25.1          ok
    1.7.7         1.30.0-rc.0     ok
    1.7.0         1.24.1          too-old
    1.8.7         1.31.0-rc.0     ok
    1.8.0         1.32.0-alpha.0  too-new
    1.9.0-beta.0  1.31.3          ok
    1.9.0         1.33.0-alpha.0  too-new
    1.9.0         1.26.1          too-old
    1.10.7        1.33.0-rc.0     ok
    1.10.0        1.27.1          too-old
    1.11.0        1.35.0-alpha.0  too-new
    1.12.0        1.30.1          ok
    1.12.7        1.35.0-rc.0     ok
    1.12.0        1.36.0-alpha.0  too-new
    1.12.0        1.29.1          too-old
    1.13.0-alpha.0  1.25.0        unknown
    1.1.0         1.25.0          unknown
""")
# Each line: host, target, and what talos_version_test.go expects of them.
PUBLISHED_UPGRADES = lines("""
    1.2.0           1.3.0          ok
    1.0.0-alpha.0   1.3.0          ok
    1.2.0-alpha.0   1.3.0-alpha.0  ok
    1.3.0           1.3.1          ok
    1.3.0-beta.0    1.3.0          ok
    1.4.5           1.3.3          ok
    0.14.3          1.3.0          too-old
    1.5.0-alpha.0   1.3.0          too-new
    1.0.0-alpha.0   1.4.0          ok
    1.5.5           1.4.3          ok
    1.6.0-alpha.0   1.4.0          too-new
    1.2.0-alpha.0   1.5.0          ok
    1.1.0           1.5.0          too-old
    1.7.0-alpha.0   1.5.0          too-new
    1.3.0-alpha.0   1.6.0          ok
    1.7.5           1.6.3          ok
    1.2.0           1.6.0          too-old
    1.4.0           1.7.0-alpha.0  ok
    1.3.0           1.7.0          too-old
    1.9.0-alpha.0   1.7.0          too-new
    1.5.0-alpha.0   1.8.0          ok
    1.9.5           1.8.3          ok
    1.10.0-alpha.0  1.8.0          too-new
    1.8.0-alpha.0   1.9.0          ok
    1.9.5           1.9.3          ok
    1.7.0           1.9.0          too-old
    1.11.0-alpha.0  1.9.0          too-new
    1.8.0           1.10.0         ok
    1.12.0-alpha.0  1.10.0         too-new
    1.10.0-alpha.0  1.11.0         ok
    1.8.0           1.11.0         too-old
    1.10.0          1.12.0-alpha.0 ok
    1.14.0-alpha.0  1.12.0         too-new
    1.3.0           1.13.0-alpha.0 unknown
""")


@pytest.mark.parametrize(("target", "kubernetes", "expected"), PUBLISHED_KUBERNETES)
def test_the_published_cases_of_kubernetes(target: str, kubernetes: str, expected: str) -> None:
    if expected == "unknown":
        with pytest.raises(NotAssessableError, match=r"target: not assessable: Talos 1\.\d+ is not in the matrix"):
            runs(target, kubernetes)
    else:
        assert (runs(target, kubernetes) or "ok") == expected


@pytest.mark.parametrize(("host", "target", "expected"), PUBLISHED_UPGRADES)
def test_the_published_cases_of_upgrades(host: str, target: str, expected: str) -> None:
    if expected == "unknown":
        with pytest.raises(NotAssessableError, match=r"target: not assessable: Talos 1\.13 is not in the matrix"):
            goes(host, target)
    else:
        assert (goes(host, target) or "ok") == expected


# The ends, from the comparisons in kubernetes_version.go (three numbers; not less than, less than).
@pytest.mark.parametrize(
    ("kubernetes", "expected"),
    [
        ("v1.27.0", None),
        ("1.27.0-alpha.0", None),
        ("1.26.99", "too-old"),
        ("1.32.98", None),
        ("1.32.99", "too-new"),
        ("1.32.99-rc.0", "too-new"),
        ("1.33.0", "too-new"),
        ("0.99.0", "too-old"),
        ("2.0.0", "too-new"),
        ("1.27", None),
        ("1.32", None),
        ("1.33", "too-new"),
        ("1", "too-old"),
        ("v1.30.2+k3s1", None),
        (" v1.030.02 ", None),
        ("1.27.-rc.0", None),
    ],
)
def test_the_ends_of_kubernetes(kubernetes: str, expected: str | None) -> None:
    assert runs("v1.9.1", kubernetes) == expected


@pytest.mark.parametrize(
    ("most", "kubernetes", "expected"),
    [
        ("1.33", "1.33.98", None),
        ("v1.33", "1.33.98-rc.1", None),
        ("1.33", "1.33.99", "too-new"),
        ("1.33", "1.34.0-alpha.0", "too-new"),
        ("1.33.99", "1.33.98", None),
        ("1.33.0", "1.33.0-rc.0", "too-new"),
        ("1.33.0", "1.32.14", None),
        ("1.33.5-rc.1", "1.33.4", None),
        ("1.33.5-rc.1", "1.33.5-alpha.0", "too-new"),
    ],
)
def test_a_minor_as_the_greatest_kubernetes_means_its_patches(most: str, kubernetes: str, expected: str | None) -> None:
    assert runs("1.10.0", kubernetes, {"v1.10": {"kubernetes_min": "1.28", "kubernetes_max": most}}) == expected


# From talos_version.go: limits by three numbers, then every denied version whole; build metadata never counts.
@pytest.mark.parametrize(
    ("host", "denied", "expected"),
    [
        ("1.8.4", ["1.8.4"], "denied"),
        ("v1.8.4", ["v1.8.4+abc"], "denied"),
        ("1.8.4-dirty", ["1.8.4"], None),
        ("1.8.4-beta.1", ["1.8.3", "1.8.4-beta.1"], "denied"),
        ("1.8.4-beta.1", ["1.8.4-beta.2"], None),
        ("1.8.4-beta.1", ["1.8.4-beta.1.0"], None),
        ("1.8", ["1.8.0"], "denied"),
        ("1.7.9", ["1.7.9"], "too-old"),
        ("1.11.0", ["1.11.0"], "too-new"),
        ("1.10.99", [], None),
        ("1.10.99", None, None),
        ("1.8.0-alpha.0", [], None),
        ("1.9.1", [], None),
    ],
)
def test_the_limits_come_before_what_is_denied(host: str, denied: list[str] | None, expected: str | None) -> None:
    only = {"upgrade_from_min": "1.8.0", "downgrade_from_below": "1.11.0", "upgrade_denied": denied}
    assert goes(host, "1.9.1", {"1.9": only, "1.10": {}}) == expected


@pytest.mark.parametrize("key", ["1.9", "v1.9", " 1.9", "1.9.x", "1.9.0", "1.09"])
def test_a_minor_may_be_written_in_these_ways(key: str) -> None:
    assert goes("1.7.0", "1.9.0", {key: MATRIX["1.9"]}) == "too-old"


UPGRADE: dict[str, object] = {"upgrade_from_min": "1.8.0", "downgrade_from_below": "1.11.0"}


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("talos-upgrade", {"host": "latest", "target": "1.9.0", "matrix": MATRIX}, "host: 'latest' is no version"),
        ("talos-upgrade", {"host": "1.8.0", "target": "1.9-rc.1", "matrix": MATRIX}, "target: '1.9-rc.1' is no"),
        ("talos-upgrade", {"host": "1.8.0-rc.01", "target": "1.9.0", "matrix": MATRIX}, "host: "),
        ("talos-upgrade", {"host": "1.8.0-rc..1", "target": "1.9.0", "matrix": MATRIX}, "host: "),
        ("talos-upgrade", {"host": "1.8.0+", "target": "1.9.0", "matrix": MATRIX}, "host: "),
        ("talos-upgrade", {"host": "1.8.18446744073709551616", "target": "1.9.0", "matrix": MATRIX}, "host: "),
        ("talos-upgrade", {"host": "1.8.0", "target": "1.9.0"}, "missing required field `matrix`"),
        ("talos-upgrade", {"host": "1.8.0", "matrix": MATRIX}, "missing required field `target`"),
        ("talos-upgrade", {"host": 1.8, "target": "1.9.0", "matrix": MATRIX}, "host: "),
        ("talos-upgrade", {"host": "1.8.0", "target": "1.9.0", "kubernetes": "1.30.0", "matrix": MATRIX}, "unknown"),
        ("talos-upgrade", {"host": "1.8.0", "target": "1.9.0", "matrix": {"1.9": {**UPGRADE, "max": "1"}}}, "unknown"),
        ("talos-upgrade", {"host": "1.8.0", "target": "1.9.0", "matrix": {"1.9": {}}}, "matrix.1.9.upgrade_from_min"),
        (
            "talos-upgrade",
            {"host": "1.8.0", "target": "1.9.0", "matrix": {"v1.9": {"upgrade_from_min": "1.8"}}},
            "matrix.v1.9.downgrade_from_below: the field is missing",
        ),
        (
            "talos-upgrade",
            {"host": "1.7.0", "target": "1.9.0", "matrix": {"1.9": {**UPGRADE, "upgrade_denied": ["1.8.0", "x"]}}},
            r"matrix.1.9.upgrade_denied\[1\]: 'x' is no version",
        ),
        ("talos-upgrade", {"host": "1.8.0", "target": "1.9.0", "matrix": {"1.9": UPGRADE, "v1.9": {}}}, "same minor"),
        ("talos-upgrade", {"host": "1.8.0", "target": "1.9.0", "matrix": {"1.9.3": UPGRADE}}, "not a minor version"),
        ("talos-upgrade", {"host": "1.8.0", "target": "1.9.0", "matrix": {"talos19": UPGRADE}}, "not a minor version"),
        ("talos-kubernetes", {"target": "1.9.0", "kubernetes": "", "matrix": MATRIX}, "kubernetes: '' is no version"),
        ("talos-kubernetes", {"target": "1.9.0", "kubernetes": "1.30.x", "matrix": MATRIX}, "kubernetes: "),
        ("talos-kubernetes", {"target": "1.9.0", "kubernetes": "1.30.1", "matrix": {"1.9": UPGRADE}}, "kubernetes_min"),
        (
            "talos-kubernetes",
            {
                "target": "1.9.0",
                "kubernetes": "1.3.1",
                "matrix": {"1.9": {"kubernetes_min": "1", "kubernetes_max": "1"}},
            },
            "matrix.1.9.kubernetes_max: '1' names no minor version",
        ),
    ],
)
def test_what_is_wrong_is_named(name: str, fields: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        ask(name, **fields)


def test_a_minor_without_a_row_is_not_assessable_and_the_rows_are_named() -> None:
    with pytest.raises(NotAssessableError, match=r"Talos 1\.20 is not in .*rows: 1\.9, 1\.10") as error:
        goes("1.7.0", "v1.20.0-alpha.1", {"1.10": {}, "1.9": {}})
    assert error.value.exit_code == 3
    with pytest.raises(NotAssessableError, match="rows: none"):
        runs("1.9.0", "1.30.0", {})


@pytest.mark.parametrize("kind", talos.KINDS, ids=lambda kind: kind.name)
def test_the_example_is_answered_and_every_rule_has_its_source(kind: Any) -> None:
    fields = {key: value for key, value in kind.example.items() if key != "kind"}
    assert told(ask(kind.name, **fields)) == "too-new"
    assert len({rule.id for rule in kind.rules}) == len(kind.rules)
    assert all(rule.source.startswith("https://github.com/") and rule.says.endswith(".") for rule in kind.rules)


# The naive evaluator: versions as tuples that it writes itself, so that it needs no parser.
NUMBERS = st.tuples(st.integers(0, 2), st.integers(0, 4), st.sampled_from([0, 1, 2, 98, 99, 100]))
STAGES = st.sampled_from(["", "alpha.0", "alpha.1", "beta.0", "rc.1", "dirty"])
VERSIONS = st.tuples(NUMBERS, STAGES)
Version = tuple[tuple[int, int, int], str]


def written(version: Version, *, v: bool = False, build: bool = False) -> str:
    numbers, stage = version
    text = ".".join(str(each) for each in numbers) + (f"-{stage}" if stage else "")
    return ("v" if v else "") + text + ("+git.1" if build else "")


def naive(runs_: Version, least: Version, first_above: Version, denied: list[Version]) -> str | None:
    if list(runs_[0]) < list(least[0]):
        return "too-old"
    if not list(runs_[0]) < list(first_above[0]):
        return "too-new"
    for each in denied:
        if each == runs_:
            return "denied"
    return None


@given(VERSIONS, VERSIONS, VERSIONS, VERSIONS, st.lists(VERSIONS, max_size=4), st.booleans(), st.booleans())
def test_random_limits_are_answered_as_a_naive_evaluator_does(
    one: Version, target: Version, least: Version, above: Version, denied: list[Version], v: bool, build: bool
) -> None:
    key = f"{target[0][0]}.{target[0][1]}"
    row_ = {
        "kubernetes_min": written(least, v=build), "kubernetes_max": written(above, build=v),
        "upgrade_from_min": written(least, build=build), "downgrade_from_below": written(above, v=v),
        "upgrade_denied": [written(each, v=v, build=build) for each in denied],
    }  # fmt: skip
    matrix: dict[str, object] = {("v" if v else "") + key: row_, f"{target[0][0]}.{target[0][1] + 1}": {}}
    shown, to = written(one, v=v, build=build), written(target, v=build)
    assert runs(to, shown, matrix) == naive(one, least, above, [])
    assert goes(shown, to, matrix) == naive(one, least, above, denied)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["1.9", "v1.9.0", "1.9.0-rc.1", "9" * 5000, "1." + "0" * 5000, "1.9.0-" + "1" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.text(max_size=4) | st.sampled_from(["1.9", "v1.9", "kubernetes_min", "upgrade_denied", "9" * 5000 + ".1"]),
        inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
LIMITS = st.dictionaries(
    st.sampled_from(["kubernetes_min", "kubernetes_max", "upgrade_from_min", "downgrade_from_below", "upgrade_denied"]),
    st.sampled_from(["1.9", "1", "x", None, "1.9.0-rc.1", ["1.8.0"], ["", "1"], 1]) | JSON,
)
MATRICES = JSON | st.dictionaries(st.sampled_from(["1.9", "v1.9", "1.10", "x"]), LIMITS, max_size=3)


@settings(max_examples=150)
@given(
    st.sampled_from(sorted(BY_NAME)),
    st.dictionaries(st.sampled_from(["host", "target", "kubernetes", "more"]), st.sampled_from(["1.9.0", "x"]) | JSON),
    MATRICES,
)
def test_anything_gets_an_answer_or_an_error_of_ours(name: str, fields: dict[str, object], matrix: object) -> None:
    try:
        told(ask(name, **fields, matrix=matrix))
    except OakumError as error:
        assert str(error)
