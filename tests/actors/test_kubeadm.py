"""kubeadm's objections: a table from kubeadm's own documentation and tests, and a second reading of its policy.

Each row has its source: P stands for cmd/kubeadm/app/phases/upgrade/policy.go, T for policy_test.go beside it, C for
cmd/kubeadm/app/constants/constants.go, V for apimachinery's version.go (all in github.com/kubernetes/kubernetes),
D for the page "Creating a cluster with kubeadm", section "Version skew policy", and 120825 for the pull request.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.actors import kubeadm
from oakum.actors.kinds import answer
from oakum.actors.kubeadm_versions import parsed
from oakum.errors import InputError, OakumError

(KIND,) = kubeadm.KINDS
LOW = "v1.3.0"


def ask(**fields: object) -> tuple[list[str], list[str]]:
    """The ids of the objections."""
    reply = answer(KIND, fields)
    mandatory, skippable = ([text.split(":")[0] for text in reply[part]] for part in ("mandatory", "skippable"))
    assert {*mandatory, *skippable} <= {rule.id for rule in KIND.rules}
    return mandatory, skippable


# cluster, kubelet, kubeadm, target, further fields, mandatory, skippable, source
Row = tuple[str, Any, str, str, Mapping[str, object], list[str], list[str], str]
MIN = {"minimum_control_plane": LOW}
EXPERIMENTAL, RC = {"allow_experimental": True}, {"allow_rc": True}
BOTH = {**EXPERIMENTAL, **RC}
ROWS: list[Row] = [
    ("1.3.3", "1.3.3", "1.3.5", "1.3.5", {}, [], [], "T: a patch"),
    ("v1.3.3", "v1.3.2", "v1.4.1", "v1.4.0", {}, [], [], "T: a minor"),
    ("1.3.3", "1.3.0", "1.3.3", "1.3.2", {}, [], [], "T: a patch back"),
    ("1.3.3", "1.3.3", "1.3.3", "1.3.3", {}, [], [], "T: the same version"),
    ("1.30.3", "1.30.3", "1.31.0", "1.30.1", {}, [], ["kubeadm-newer"], "T: back, a newer kubeadm"),
    ("1.31.3", "1.30.3", "1.30.4", "1.30.1", {}, [], [], "P: one minor back is allowed"),
    ("v1.12.3", "v1.12.3", "v1.12.3", "v1.10.10", {"minimum_control_plane": "v1.0.0-placeholder-version"},
     ["downgrade-skew"], ["kubeadm-newer"], "T: two minors back, with the minimum that kubeadm's unit tests have"),
    ("v1.12.3", "v1.12.3", "v1.12.3", "v1.10.10", {},
     ["minimum-control-plane", "downgrade-skew"], ["kubeadm-newer"], "P and C: the same with a real kubeadm's minimum"),
    ("v1.11.3", "v1.11.3", "v1.13.0", "v1.13.0", {}, ["upgrade-skew"], [], "T: two minors up"),
    ("v1.14.3", "v1.12.3", "v1.15.0", "v1.15.0", {}, [], [], "T: kubelets three minors older"),
    ("v1.14.3", "v1.11.3", "v1.15.0", "v1.15.0", {}, [], ["kubelet-skew"], "T: kubelets four minors older"),
    ("v1.13.0", "v1.10.8", "v1.13.0", "v1.13.0", {}, [], [], "T: kubelets three minors older, nothing to do"),
    ("v1.14.0", "v1.10.8", "v1.14.0", "v1.14.0", {}, [], ["kubelet-skew"], "T: four"),
    ("1.6.0", "1.6.0", "1.4.0", "1.4.0", {}, ["downgrade-skew"], [], "T: two minors back with a kubeadm of there"),
    ("1.3.3", "1.3.3", "1.3.3", "1.3.5", {}, [], ["kubeadm-older"], "T: kubeadm of an older patch"),
    ("1.3.3", "1.3.3", "1.3.3", "1.4.0", {}, ["kubeadm-minor"], [], "T: kubeadm of an older minor"),
    ("1.3.3", "1.3.3", "1.4.0-beta.1", "1.4.0-beta.1", EXPERIMENTAL, [], [], "T: a beta, allowed"),
    ("1.3.3", "1.3.3", "1.4.0-rc.1", "1.4.0-rc.1", RC, [], [], "T: a candidate, allowed as such"),
    ("1.3.3", "1.3.3", "1.4.0-rc.1", "1.4.0-rc.1", EXPERIMENTAL, [], [], "T: a candidate, allowed as experimental"),
    ("1.3.3", "1.3.3", "1.4.0-beta.1", "1.4.0-beta.1", RC, [], ["unstable"], "T: a beta is no candidate"),
    ("1.3.3", "1.3.3", "1.4.0-rc.1", "1.4.0-rc.1", {}, [], ["unstable"], "T: a candidate, no flag"),
    ("1.3.3", "1.3.3", "1.4.0", "1.3.6", {}, [], ["kubeadm-newer"], "T: kubeadm of a newer minor"),
    ("1.3.0", "1.3.0", "1.3.0+build", "1.3.0+build", MIN, [], [], "T: a build at the minimum"),
    ("1.3.0", "1.3.0", "1.3.0", "1.3.0-rc.1", {**MIN, **RC}, ["minimum-control-plane"], [], "P, V: before the minimum"),
    ("1.30.0", "1.30.0", "1.31.0", "1.29.9", {}, ["minimum-control-plane"], ["kubeadm-newer"], "C: below minor - 1"),
    ("1.30.0", "1.30.0", "1.31.0-rc.0", "1.30.0", {}, [], ["kubeadm-newer"], "C: of a candidate of kubeadm"),
    ("1.30.0", "1.30.0", "1.32.0-alpha.1", "1.32.0-alpha.1", EXPERIMENTAL, [], ["upgrade-skew"], "P: not released"),
    ("1.32.0", [], "1.30.0", "1.30.0-rc.1", BOTH, [], ["downgrade-skew"], "P: not released"),
    ("1.30.0", [], "1.30.5", "1.31.0-beta.0", {}, [], ["kubeadm-minor", "unstable"], "P: not released"),
    ("1.30.0", [], "1.30.0", "1.33.0-rc.0", RC, [], ["upgrade-skew", "kubeadm-minor"], "P: both, not released"),
    ("1.30.0", "1.29.1", "1.30.0", "1.33.0", {}, ["upgrade-skew", "kubeadm-minor"], ["kubelet-skew"], "P: their order"),
    ("1.30.0", "1.30.0", "1.30.0-rc.1", "1.30.0", {}, [], ["kubeadm-older"], "V: a candidate is older"),
    ("1.30.0", None, "1.30.0", "1.30.0", {}, [], ["kubelet-unknown"], "P: not listed"),
    ("1.30.0", "", "1.30.0", "1.30.1", {}, [], ["kubelet-unknown", "kubeadm-older"], "P: before everything else"),
    ("1.30.0", [], "1.30.0", "1.30.0", {}, [], [], "P: no node at all is no objection"),
    ("1.30.0", ["1.26.1", "1.25.9", "1.26.1"], "1.30.0", "1.30.0", {}, [], ["kubelet-skew"], "P: one for all"),
    ("1.30.0", ["1.26.1", "1.30"], "1.30.0", "1.30.0", {}, [], ["kubelet-unreadable"], "P: unreadable goes first"),
    ("1.30.0", {"v1.26.9": ["a", "b"], "v1.30.0": ["c"]}, "1.30.0", "1.30.0", {}, [], ["kubelet-skew"], "120825"),
    ("1.30.0", {"v1.27.0": ["a"], "v1.31.0": 2}, "1.30.0", "1.30.0", {}, [], [], "P: newer ones may be"),
    ("1.30.0", {"a": "v1.26.9", "b": "v1.30.0"}, "1.30.0", "1.30.0", {}, [], ["kubelet-skew"], "120825: by node"),
    ("1.30.0", {"v1.26.9": "a"}, "1.30.0", "1.30.0", {}, [], ["kubelet-skew"], "120825: a node as text"),
    ("1.30.0", "2.26.0", "1.30.0", "1.30.0", {}, [], ["kubelet-skew"], "P: majors are not looked at"),
    ("1.30.0", [], "2.30.0", "1.30.0", {}, ["minimum-control-plane"], ["kubeadm-newer"], "P, C: kubeadm's major"),
    ("1.30.0", [], "1.30.0", "2.30.0", {}, [], ["kubeadm-older"], "P: minors alone tell newer minors"),
    ("2.0.1", [], "2.0.1", "2.0.1", {"minimum_control_plane": "2.0.0"}, ["downgrade-skew"], [], "P: no sign"),
    ("1.30.0", [], "1.30.0", "1.30.0-rcx", RC, [], [], "P: whatever begins with rc"),
    ("1.30.0", [], "1.30.0", "1.30.0-1.rc", RC, [], ["unstable"], "P: whatever does not"),
    ("1.29.3-eks-a1", [], "1.29.3", "1.29.3-eks-b2", {}, [], ["unstable"], "V: a vendor's mark is a pre-release"),
]  # fmt: skip


@pytest.mark.parametrize(("cluster", "kubelet", "own", "target", "more", "mandatory", "skippable", "source"), ROWS)
def test_the_table(
    cluster: str,
    kubelet: object,
    own: str,
    target: str,
    more: Mapping[str, object],
    mandatory: list[str],
    skippable: list[str],
    source: str,
) -> None:
    assert ask(cluster=cluster, kubelet=kubelet, kubeadm=own, target=target, **more) == (mandatory, skippable), source


def test_objections_name_versions_with_their_v() -> None:
    reply = answer(KIND, {"cluster": "1.30.0", "kubeadm": "1.33.0", "target": "1.33.0", "kubelet": {"1.29.4": ["n"]}})
    assert reply == {
        "mandatory": (
            "upgrade-skew: from v1.30.0 to v1.33.0 skips minor versions, and an upgrade takes one at a time",
        ),
        "skippable": ("kubelet-skew: v1.29.4 would be over 3 minor versions older than v1.33.0",),
    }


def test_many_old_kubelets_are_counted() -> None:
    kubelets = [f"1.20.{patch}" for patch in range(12)]
    reply = answer(KIND, {"cluster": "1.30.0", "kubeadm": "1.30.0", "target": "1.30.0", "kubelet": kubelets})
    (text,) = reply["skippable"]
    assert "v1.20.9 and 2 more would" in text


@pytest.mark.parametrize("field", ["cluster", "kubeadm", "target", "minimum_control_plane"])
@pytest.mark.parametrize(
    "text",
    ["stable", "1.30", "v1.30+", "1.30.0.1", "01.30.0", "1.030.0", "V1.30.0", "1.30.0-", "1.30.0-a..b", "1.30.0-rc.01",
     "1.30.0+", "1.30.0 rc", f"1.{2**64}.0", f"1.{'9' * 5000}.0", "1.30.0-rc_1", "١.30.0"],
)  # fmt: skip
def test_a_version_that_is_none_is_named(field: str, text: str) -> None:
    fields = {"cluster": "1.30.0", "kubeadm": "1.30.0", "target": "1.30.0", "kubelet": "1.30.0", field: text}
    with pytest.raises(InputError, match="is no version") as error:
        answer(KIND, fields)
    assert error.value.place is not None
    assert error.value.place.field == field


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kubelets": "1.30.0"}, "kubelets"),
        ({"kubelet": 3}, "kubelet"),
        ({"allow_rc": "yes"}, "allow_rc"),
        ({"cluster": None}, ""),
    ],
)
def test_what_does_not_fit_is_named(fields: dict[str, object], field: str) -> None:
    with pytest.raises(InputError) as error:
        answer(KIND, {"cluster": "1.30.0", "kubeadm": "1.30.0", "target": "1.30.0", **fields})
    assert error.value.place is not None
    assert error.value.place.field == field


def test_spaces_around_and_an_empty_minimum_change_nothing() -> None:
    assert ask(cluster=" 1.30.0 ", kubeadm="v1.30.0\t", target="1.30.0", kubelet=[], minimum_control_plane="") == (
        [],
        [],
    )


ORDERED = ["1.29.9", "1.30.0--", "1.30.0-0", "1.30.0-2", "1.30.0-10", "1.30.0-alpha", "1.30.0-alpha.0",
           "1.30.0-alpha.0.1", "1.30.0-alpha.2", "1.30.0-alpha.11", "1.30.0-alpha.beta", "1.30.0-beta.0",
           f"1.30.0-beta.{2**64 - 1}", "1.30.0-rc.1", "1.30.0", "1.30.1-alpha", "1.30.10", "2.0.0"]  # fmt: skip


def test_the_order_of_versions() -> None:
    """As V compares: a number beside a text goes by characters, so "-" comes before "0"."""
    versions = [parsed(text) for text in ORDERED]
    for at, one in enumerate(versions):
        for to, other in enumerate(versions):
            assert one is not None
            assert other is not None
            assert one.older(other) is (at < to), (one.text, other.text)


def test_a_number_beyond_64_bits_is_text() -> None:
    one, other, third = parsed("1.0.0-9"), parsed(f"1.0.0-{2**64}"), parsed(f"1.0.0-0{2**64}")
    assert one is not None
    assert other is not None
    assert other.older(one)
    assert third is not None


# The second reading: triples of numbers and a rank of the pre-release, and one line for each sentence of the policy.
STAGES = ["", "alpha.0", "alpha.1", "beta.0", "rc.0", "rc.1"]
Plain = tuple[int, int, str]
plain: st.SearchStrategy[Plain] = st.tuples(st.integers(28, 33), st.integers(0, 2), st.sampled_from(STAGES))


def spelled(one: Plain, v: str = "v") -> str:
    minor, patch, stage = one
    return f"{v}1.{minor}.{patch}" + (f"-{stage}" if stage else "")


def rank(one: Plain) -> tuple[int, int, int]:
    return (one[0], one[1], STAGES.index(one[2]) if one[2] else len(STAGES))


def naive(
    cluster: Plain, own: Plain, target: Plain, kubelets: list[Plain], exp: bool, rc: bool
) -> tuple[set[str], set[str]]:
    released = target[2] == ""
    broken = {
        "minimum-control-plane": rank(target) < rank((own[0] - 1, 0, "")),
        "upgrade-skew": target[0] - cluster[0] >= 2,
        "downgrade-skew": cluster[0] - target[0] >= 2,
        "kubeadm-minor": target[0] > own[0],
        "kubeadm-older": target[0] == own[0] and rank(own) < rank(target),
        "kubeadm-newer": own[0] > target[0],
        "unstable": not released and not exp and not (rc and "rc" in target[2]),
        "kubelet-skew": bool(kubelets) and target[0] - min(minor for minor, _, _ in kubelets) >= 4,
    }
    always = {"minimum-control-plane"} | ({"upgrade-skew", "downgrade-skew", "kubeadm-minor"} if released else set())
    found = {name for name, is_so in broken.items() if is_so}
    return found & always, found - always


@given(plain, plain, plain, st.lists(plain, max_size=4), st.booleans(), st.booleans(), st.sampled_from(["", "v"]))
def test_against_the_second_reading(
    cluster: Plain, own: Plain, target: Plain, kubelets: list[Plain], exp: bool, rc: bool, v: str
) -> None:
    mandatory, skippable = ask(
        cluster=spelled(cluster, v), kubeadm=spelled(own, v), target=spelled(target, v),
        kubelet=[spelled(each) for each in kubelets], allow_experimental=exp, allow_rc=rc,
    )  # fmt: skip
    assert (set(mandatory), set(skippable)) == naive(cluster, own, target, kubelets, exp, rc)
    assert len(mandatory + skippable) == len(set(mandatory + skippable))


@given(st.lists(plain, unique=True, max_size=12))
def test_older_sorts_as_ranks_do(versions: list[Plain]) -> None:
    def compared(one: Plain, other: Plain) -> int:
        left, right = parsed(spelled(one)), parsed(spelled(other))
        assert left is not None
        assert right is not None
        return right.older(left) - left.older(right)

    assert sorted(versions, key=cmp_to_key(compared)) == sorted(versions, key=rank)


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.just("v1.30.1-rc.0"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["cluster", "kubeadm", "target", "kubelet", "minimum_control_plane", "allow_experimental", "allow_rc", "other"]


@given(st.dictionaries(st.sampled_from(FIELDS), ANY, max_size=4))
def test_whatever_comes_gives_an_answer_or_an_error_of_ours(fields: dict[str, object]) -> None:
    try:
        reply = answer(KIND, {"cluster": "1.30.0", "kubeadm": "1.30.0", "target": "1.30.0", **fields})
    except OakumError:
        return
    assert set(reply) == {"mandatory", "skippable"}


def test_the_example_is_answered() -> None:
    fields = {key: value for key, value in KIND.example.items() if key != "kind"}
    assert ask(**fields) == (["upgrade-skew"], ["kubeadm-older", "kubelet-skew"])
