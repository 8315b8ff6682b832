"""What kubeadm would offer: a table from kubeadm's own tests and comments, and a second reading of its computation.

Each row has its source: G stands for GetAvailableUpgrades in cmd/kubeadm/app/phases/upgrade/compute.go, T for
compute_test.go and O for versiongetter.go beside it (github.com/kubernetes/kubernetes), 123578 for the pull request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.actors import targets
from oakum.actors.kinds import answer
from oakum.errors import InputError, NotAssessableError, OakumError
from tests.actors.test_kubeadm import ANY, Plain, plain, rank, spelled

(KIND,) = targets.KINDS
EXPERIMENTAL, RC = {"allow_experimental": True}, {"allow_rc": True}
BOTH = {**EXPERIMENTAL, **RC}


def ask(cluster: str, own: str, labels: tuple[str | None, ...] = (), **more: object) -> list[dict[str, str]]:
    """The offers; labels are stable, that of the current minor, latest, that of the minor before."""
    names = ("stable", "stable_of_current_minor", "latest", "latest_previous_minor")
    given = dict(zip(names, labels, strict=False))
    reply = answer(KIND, {"cluster": cluster, "kubeadm": own, "kubelet": cluster, **given, **more})
    upgrades: list[dict[str, str]] = reply["upgrades"]
    assert list(reply["targets"]) == [each["version"] for each in upgrades]
    return list(upgrades)


# cluster, kubeadm, labels, further fields, offers as "version kind kubeadm", source
Row = tuple[str, str, tuple[str | None, ...], Mapping[str, object], list[str], str]
ROWS: list[Row] = [
    ("1.15.0", "1.15.0", ("1.15.0", "1.15.0"), {}, [], "T: up to date"),
    ("1.15.1", "1.15.2", ("1.15.3", "1.15.3"), {}, ["v1.15.3 patch v1.15.3"], "T: a patch"),
    ("1.15.1", "1.15.2", ("1.15.3", "1.15.3"), {"components": {"etcd": {}}}, ["v1.15.3 patch v1.15.3"],
     "T: a patch, etcd is external"),
    ("1.15.1", "1.15.2", ("1.15.3", "1.15.3"), {"components": {"etcd": "3.1.12"}}, ["v1.15.3 patch v1.15.3"],
     "T: a patch, etcd is not"),
    ("1.15.1", "1.15.2", ("1.15.3", "1.15.3"), {"target": ""}, ["v1.15.3 patch v1.15.3"], "T: no version given"),
    ("1.15.1", "1.15.4", ("1.15.3", "1.15.3"), {}, ["v1.15.3 patch v1.15.4"], "G: kubeadm is not downgraded"),
    ("1.15.1", "1.16.0", ("1.16.0", "1.15.1"), {}, ["v1.16.0 stable v1.16.0"], "T: a minor only"),
    ("1.15.3", "1.15.5", ("1.16.1", "1.15.5"), {}, ["v1.15.5 patch v1.15.5", "v1.16.1 stable v1.16.1"], "T: both"),
    ("1.15.3", "1.16.1", ("1.16.1", "1.15.5"), {}, ["v1.15.5 patch v1.16.1", "v1.16.1 stable v1.16.1"], "G: both"),
    ("1.16.0-alpha.2", "1.15.5", ("1.15.5", "1.15.5", "1.16.0-alpha.2"), EXPERIMENTAL, [], "T: the latest already"),
    ("1.15.5", "1.15.5", ("1.15.5", "1.15.5", "1.16.0-alpha.2"), EXPERIMENTAL,
     ["v1.16.0-alpha.2 experimental v1.16.0-alpha.2"], "T: to an unstable version"),
    ("1.16.0-alpha.1", "1.15.5", ("1.15.5", "1.15.5", "1.16.0-alpha.2"), EXPERIMENTAL,
     ["v1.16.0-alpha.2 experimental v1.16.0-alpha.2"], "T: from unstable to unstable"),
    ("1.14.5", "1.14.5", ("1.14.5", "1.14.5", "1.15.0-alpha.0", "1.16.0-beta.1"), EXPERIMENTAL,
     ["v1.16.0-beta.1 experimental v1.16.0-beta.1"], "T: no alpha.0"),
    ("1.14.5", "1.14.5", ("1.14.5", "1.14.5", "1.15.0-alpha.1", "1.16.0-rc.1"), RC,
     ["v1.16.0-rc.1 release-candidate v1.16.0-rc.1"], "T: a candidate"),
    ("1.14.5", "1.14.5", ("1.14.5", "1.14.5", "1.15.0-alpha.0", "1.16.0-rc.1"), EXPERIMENTAL,
     ["v1.16.0-rc.1 experimental v1.16.0-rc.1"], "T: a candidate in place of alpha.0"),
    ("1.14.5", "1.14.5", ("1.14.5", "1.14.5", "1.15.0-alpha.1", "1.16.0-rc.1"), BOTH,
     ["v1.16.0-rc.1 release-candidate v1.16.0-rc.1", "v1.15.0-alpha.1 experimental v1.15.0-alpha.1"], "T: both"),
    ("1.14.5", "1.14.5", ("1.14.5", "1.14.5", "1.16.0-alpha.0", "1.15.0-rc.1"), BOTH,
     ["v1.15.0-rc.1 release-candidate v1.15.0-rc.1", "v1.15.0-rc.1 experimental v1.15.0-rc.1"], "G: offered twice"),
    ("1.14.5", "1.14.5", ("1.14.5", "1.14.5", "1.16.0-alpha.3", "1.15.0-beta.2"), RC, [], "G: a beta is no candidate"),
    ("1.14.5", "1.14.5", ("1.14.5", "1.14.5", "1.16.0-alpha.3", "1.14.5-rc.1"), RC, [], "G: an older candidate"),
    ("1.14.5", "1.14.5", ("1.14.5", "1.14.5", "1.16.0-alpha.3", "1.15.0-rc.1"), {}, [], "G: no flag"),
    ("1.14.5", "1.14.5", ("1.14.5", "1.14.5", None, "1.15.0-rc.1"), {}, [], "G: no flag, no latest"),
    ("1.15.1", "1.15.1", (), {"target": "1.16.1"}, ["v1.16.1 patch v1.16.1"], "T: a version given"),
    ("1.15.1", "1.15.1", ("1.15.3", "1.15.3"), {"target": "1.16.1"}, ["v1.16.1 patch v1.16.1"], "O: for labels too"),
    ("1.15.1", "1.15.1", (), {"target": "1.16.0-rc.1", **BOTH}, ["v1.16.0-rc.1 patch v1.16.0-rc.1",
     "v1.16.0-rc.1 release-candidate v1.16.0-rc.1", "v1.16.0-rc.1 experimental v1.16.0-rc.1"], "O: for every label"),
    ("1.15.1", "1.15.1", (), {"target": "1.15.0"}, [], "O and G: a version of before"),
    ("1.15.1", "1.16.2", (), {}, ["v1.16.2 stable v1.16.2"], "G: its own"),
    ("1.15.1", "1.15.1", ("", ""), {}, [], "G: nothing fetched, nothing newer"),
    ("1.15.1", "1.16.2", (None, "1.15.4"), {}, ["v1.15.4 patch v1.16.2", "v1.16.2 stable v1.16.2"], "G: the same"),
    ("1.15.1", "1.16.2", ("1.16.4",), {}, ["v1.16.4 stable v1.16.4"], "G: no patch fetched, the guess stays"),
    ("1.16.4", "1.16.4", ("1.16.4",), {}, [], "G: no patch fetched, nothing newer"),
    ("1.16.0-beta.1", "1.16.0-beta.1", ("1.15.5", "1.16.9"), {}, [], "G: ahead"),
    ("1.16.0-rc.1", "1.16.0", ("1.16.0", "1.16.0"), {}, ["v1.16.0 patch v1.16.0"], "G: a release"),
    ("1.15.5", "1.15.5", ("1.15.5", "1.15.3"), {}, ["v1.15.5 stable v1.15.5"], "G: a label that lags"),
    ("1.15.5", "1.15.5", ("1.16.0", "1.15.3"), {}, ["v1.16.0 stable v1.16.0"], "G: a label that lags, and a minor"),
    ("1.13.1", "1.15.5", ("1.15.5", "1.13.4"), {}, ["v1.13.4 patch v1.15.5", "v1.15.5 stable v1.15.5"], "G: minors"),
    ("1.15.3+a", "1.15.3", ("1.15.3+b", "1.15.3+b"), {}, [], "G: build metadata never counts"),
    ("1.15.1", "1.15.2", ("1.15.3", "1.15.3"), {"components": "1.15.3"}, [], "123578: what the pods tell"),
    ("1.15.1", "1.15.2", ("1.15.3", "1.15.3"), {"components": ["1.15.3", "1.15.1"]}, [], "123578: the newest server"),
    ("1.15.3", "1.15.2", ("1.15.3", "1.15.3"), {"components": {"1.15.1": ["a"], "1.15.2": ["b"]}},
     ["v1.15.3 patch v1.15.3"], "123578: versions with their nodes"),
    ("1.15.3", "1.15.2", ("1.15.3", "1.15.3"), {"components": {"kube-apiserver": {"1.15.1": ["a"]}, "etcd": None}},
     ["v1.15.3 patch v1.15.3"], "123578: by component"),
    ("1.15.1", "1.15.2", ("1.15.3", "1.15.3"), {"components": {"kube-scheduler": "?", "CoreDNS": "1.0.6"}},
     ["v1.15.3 patch v1.15.3"], "G: other components are shown only"),
    ("1.15.1", "1.15.2", ("1.15.3", "1.15.3"), {"components": {}, "minimum_control_plane": "1.20.0"},
     ["v1.15.3 patch v1.15.3"], "G: no minimum in the plan"),
]  # fmt: skip


@pytest.mark.parametrize(("cluster", "own", "labels", "more", "expected", "source"), ROWS)
@pytest.mark.parametrize("v", ["", "v"])
def test_the_table(
    cluster: str,
    own: str,
    labels: tuple[str | None, ...],
    more: Mapping[str, Any],
    expected: list[str],
    source: str,
    v: str,
) -> None:
    found = ask(v + cluster, v + own, tuple(each and v + each for each in labels), **more)
    assert [f"{each['version']} {each['offered_as']} {each['kubeadm']}" for each in found] == expected, source


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"kubelet": ""}, "kubelet"),
        (EXPERIMENTAL, "latest"),
        (RC, "latest"),
        ({**RC, "latest": "1.16.0-alpha.1"}, "latest_previous_minor"),
        ({**EXPERIMENTAL, "latest": "1.16.0-alpha.0"}, "latest_previous_minor"),
        ({"components": []}, "components"),
        ({"components": {"kube-apiserver": None}}, "components.kube-apiserver"),
        ({"components": {"kube-apiserver": {}}}, "components.kube-apiserver"),
        ({"components": {"cni": "1.0.0"}}, "components.cni"),
        ({"components": {"node1": ["node1"], "node2": ["node2"]}}, "components.node1"),
        ({"components": {"1.15.1": ["a"], "etcd": "3.1.12"}}, "components.1.15.1"),
    ],
)
def test_what_kubeadm_makes_no_plan_without_is_not_assessable(more: Mapping[str, Any], field: str) -> None:
    with pytest.raises(NotAssessableError, match="not assessable: ") as error:
        ask("1.15.1", "1.15.1", **more)
    assert error.value.place is not None
    assert error.value.place.field == field


FIELDS = ["cluster", "kubeadm", "components", "stable", "stable_of_current_minor", "latest", "latest_previous_minor",
          "target", "minimum_control_plane"]  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_a_version_that_is_none_is_named(field: str) -> None:
    fields = {"cluster": "1.15.1", "kubeadm": "1.15.1", "kubelet": [], field: "multiVersion"}
    with pytest.raises(InputError, match="'multiVersion' is no version") as error:
        answer(KIND, fields)
    assert error.value.place is not None
    assert error.value.place.field == field


def test_kubelets_must_be_told() -> None:
    with pytest.raises(InputError, match="missing required field `kubelet`"):
        answer(KIND, {"cluster": "1.15.1", "kubeadm": "1.15.1"})


def test_a_latest_version_that_is_not_newer_needs_nothing_else() -> None:
    assert ask("1.16.0", "1.16.0", ("1.16.0", "1.16.0", "1.16.0-alpha.0"), allow_experimental=True) == []


# The second reading: which versions are newer than what, in sets, and then their order.
def naive(cluster: Plain, own: Plain, labels: list[Plain | None], exp: bool, rc: bool) -> list[Plain] | None:
    """None where kubeadm fails."""
    stable, patch, latest, previous = labels
    stable = own if stable is None else stable
    found: list[Plain] = []
    if rank(cluster) <= rank(stable):
        found += [patch] if patch and rank(patch) > rank(cluster) else []
        found += [stable] if rank(stable) > rank(patch or cluster) else []
    if exp or rc:
        if latest is None:
            return None
        shows_latest = exp and rank(latest) > rank(cluster)
        if previous is None and (rc or (shows_latest and latest[2] == "alpha.0")):
            return None
        if rc and previous and "rc" in previous[2] and rank(previous) > rank(cluster):
            found.append(previous)
        if shows_latest:
            found += [previous] if previous and latest[2] == "alpha.0" else [latest]
    return found


@given(plain, plain, st.lists(st.none() | plain, min_size=4, max_size=4), st.booleans(), st.booleans())
def test_against_the_second_reading(
    cluster: Plain, own: Plain, labels: list[Plain | None], exp: bool, rc: bool
) -> None:
    texts = tuple(each and spelled(each, "") for each in labels)
    expected = naive(cluster, own, labels, exp, rc)
    if expected is None:
        with pytest.raises(NotAssessableError):
            ask(spelled(cluster), spelled(own), texts, allow_experimental=exp, allow_rc=rc)
    else:
        found = ask(spelled(cluster), spelled(own), texts, allow_experimental=exp, allow_rc=rc)
        assert [each["version"] for each in found] == [spelled(each) for each in expected]


@given(
    st.dictionaries(st.sampled_from([*FIELDS, "kubelet", "allow_experimental", "allow_rc", "other"]), ANY, max_size=4)
)
def test_whatever_comes_gives_an_answer_or_an_error_of_ours(fields: dict[str, object]) -> None:
    try:
        reply = answer(KIND, {"cluster": "1.30.0", "kubeadm": "1.30.0", "kubelet": [], **fields})
    except OakumError:
        return
    assert set(reply) == {"targets", "upgrades"}


def test_the_example_is_answered() -> None:
    fields = {key: value for key, value in KIND.example.items() if key != "kind"}
    assert answer(KIND, fields)["targets"] == ("v1.33.7", "v1.34.3", "v1.35.0-rc.1")
