"""The answers in the machine form, as docs/reference/skew.md tells them, and the state that a request gives."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.skew.test_skew_table import state

from oakum.changes.skew import State, parse_release
from oakum.changes.skew.answers import Answer, checked, stages_of, stepped
from oakum.changes.skew.request import read_state
from oakum.errors import InputError, NotAssessableError, Place
from oakum.fleet.assets import Gap

OTHER = Gap("unknown-component", "kube-scheduler kube-system/s", "its image's tag tells none", "deploy it by a tag")
SERVER = Gap("unknown-component", "kube-apiserver kube-system/a", "its image is known by digest", "give its version")


def entries(answer: Answer, field: str) -> list[dict[str, Any]]:
    found = answer[field]
    assert isinstance(found, list)
    return found


def test_what_could_not_be_told_stands_in_the_answer() -> None:
    assert checked(state({"kube-apiserver": (30,)}), (OTHER,), None) == {
        "allowed": None,
        "violations": [],
        "not_assessable": [{"what": OTHER.what, "why": OTHER.why, "remedy": OTHER.remedy}],
    }


def test_the_way_back_is_told_only_where_the_way_there_is_allowed() -> None:
    start = state({"kube-apiserver": (29,)})
    (back,) = entries(checked(start, (), parse_release("v1.30.1")), "way_back")
    assert back["rule"] == "downgrade"
    skipping = checked(start, (), parse_release("v1.31.1"))
    assert skipping["allowed"] is False
    assert "way_back" not in skipping


def test_a_violation_has_the_version_of_its_object_and_none_where_it_has_no_object() -> None:
    (old,) = entries(checked(state({"kube-apiserver": (30,)}, [(26, None)]), (), None), "details")
    assert (old["object"], old["version"]) == ("n0", "v1.26.3")
    (missing,) = entries(stepped(state({"kube-apiserver": (28,)}), (), parse_release("v1.30.1"), ()), "reasons")
    assert (missing["object"], missing["version"]) == (None, None)


def test_a_step_before_which_its_node_is_drained_says_so() -> None:
    steps = stepped(state({"kube-apiserver": (29,)}, [(29, None)]), (), parse_release("v1.30.1"), None)["steps"]
    assert steps == [
        {"component": "kube-apiserver", "object": "0", "from": "v1.29.3", "to": "v1.30.1"},
        {"component": "kubelet", "object": "n0", "from": "v1.29.3", "to": "v1.30.1", "drain": True},
    ]


@pytest.mark.parametrize(("gaps", "why"), [((OTHER, SERVER), SERVER), ((OTHER,), OTHER)])
def test_where_no_api_server_is_known_its_own_gap_says_why_if_there_is_one(gaps: tuple[Gap, ...], why: Gap) -> None:
    with pytest.raises(NotAssessableError, match=f"{why.what}: {why.why}") as error:
        stages_of(State(()), gaps, None)
    assert error.value.remedy == why.remedy


def test_a_kubelet_without_a_version_is_an_error_and_a_kube_proxy_without_one_is_none() -> None:
    (one,) = read_state({"nodes": [{"name": "n1", "kubelet": "v1.30.1", "kube-proxy": None}]}).instances
    assert one.component == "kubelet"
    with pytest.raises(InputError, match="no version") as error:
        read_state({"nodes": [{"name": "n1", "kubelet": None, "kube-proxy": "v1.30.1"}]})
    assert error.value.place == Place(field="nodes[0].kubelet")
