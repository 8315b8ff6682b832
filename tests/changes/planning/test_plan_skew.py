"""Version skew, machine by machine and phase by phase: what may move, what has to wait, and the least that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from tests.changes.planning.worlds import change, cluster, draft, kubelet, machine, servers, soft, state

from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.reasons import because, key_of
from oakum.changes.planning.skewed import Versions
from oakum.changes.plans.model import Change
from oakum.changes.plans.why_not import Reason
from oakum.changes.state import Machine, Software
from oakum.changes.state.software import made

PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
#: One whose channels nobody has read.
KUBELET = {"kubelet": Software(installed="1.31.4", part="kubelet")}


def to(component: str, after: str, kind: str = "", before: str = "") -> Change:
    return change(component, kind or component, before=before, after=after)


def plane(after: str, *components: str) -> list[Change]:
    return [to(name, after, "control-plane") for name in components or PLANE]


def master(number: int, version: str, *offers: str, cluster: str = "c", **more: Any) -> Machine:
    software = KUBELET | servers(version, *offers, etcd="")
    return machine(f"cp-{number}", cluster, role="control-plane", software=software, **more)


def node(name: str, version: str, *offers: str, proxy: str = "", **more: Any) -> Machine:
    software = kubelet(version, *offers)
    if proxy:
        software["kube-proxy"] = soft(proxy, part="kube-proxy")
    return machine(name, software=software, **more)


class Cluster_:
    """A cluster of which phases are asked."""

    def __init__(self, *machines: Machine, version: str = "v1.31.9") -> None:
        self.machines = {each.name: each for each in machines if each.cluster == "c"}
        around = cluster("c", machines, version=version)
        self.versions = Versions(state(*machines, clusters=[around]), around)

    def draft(self, name: str, *changes: Change) -> Draft:
        return draft(self.machines[name], *changes)

    def phase(self, *drafts: Draft) -> list[list[str]]:
        """The rules and objects that keep each draft of a phase out."""
        self.versions.phase(drafts)
        return [[reason.rule.removeprefix("skew/") for reason in each.reasons] for each in drafts]


def edits(reason: Reason) -> list[tuple[str, str, object]]:
    return [(each.object, each.field, each.value) for each in reason.remedy.edits]


def blocked(name: str = "held") -> Reason:
    return because(name, "c/x", "taken", "", "", [])


def moved(given: Cluster_, after: str, names: Sequence[str], *components: str) -> list[list[str]]:
    return given.phase(*(given.draft(name, *plane(after, *components)) for name in names))


# Control planes


@pytest.mark.parametrize(
    ("versions", "after", "rule"),
    [
        (["1.31.4"], "1.32.1", ""),
        (["1.31.4"], "1.31.9", ""),
        (["1.31.4"], "1.33.0", "kube-apiserver/skips-minor"),
        (["1.31.4", "1.31.4", "1.31.4"], "1.32.1", ""),
        (["1.31.4", "1.32.1", "1.32.1"], "1.33.0", "kube-apiserver/skips-minor"),
        (["1.31.4"], "next", ""),
    ],
)
def test_an_api_server_takes_one_minor_after_the_other(versions: list[str], after: str, rule: str) -> None:
    given = Cluster_(*(master(n, each) for n, each in enumerate(versions)))
    names = [f"cp-{n}" for n in range(len(versions))]
    assert moved(given, after, names) == [[rule] if rule else []] * len(names)


def test_a_jump_is_told_with_the_minor_that_comes_first() -> None:
    given = Cluster_(
        master(1, "1.31.4", "1.32.0", "1.32.1", "1.33.0"), master(2, "1.31.4", "1.33.0"), node("w", "1.31.4", "1.33.0")
    )
    drafts = [given.draft(name, *plane("1.33.0")) for name in ("cp-1", "cp-2")]
    given.phase(*drafts)
    (reason,) = drafts[0].reasons
    assert (reason.rule, reason.object) == ("skew/kube-apiserver/skips-minor", "c: kube-apiserver")
    assert reason.why.startswith("1.31.4 to 1.33.0 jumps over 1.32; kube-apiserver must not skip a minor version")
    assert reason.remedy.says == "go to 1.32.1 first, and then on"
    assert edits(reason) == [
        ("control-plane", "wants.to", "1.32.1"),
        *(("c/cp-2", f"software|{name}|offers", ["1.33.0", "1.32.1"]) for name in PLANE),
    ]


def test_a_minor_that_nobody_offers_is_to_be_offered_to_all_of_the_control_plane() -> None:
    given = Cluster_(master(1, "1.31.4", "1.33.0"), master(2, "1.31.4", cluster="d"))
    one = given.draft("cp-1", to("kube-scheduler", "1.33.0"), *plane("1.33.0"))
    given.phase(one)
    assert edits(one.reasons[0]) == [
        ("control-plane", "wants.to", "1.32.0"),
        *(("c/cp-1", f"software|{name}|offers", ["1.33.0", "1.32.0"]) for name in PLANE),
    ]


@pytest.mark.parametrize(
    ("version", "rule"),
    [("1.29.4", ""), ("1.28.4", "kubelet/older"), ("1.31.4", ""), ("1.32.4", "")],
)
def test_a_control_plane_does_not_leave_its_kubelets_behind(version: str, rule: str) -> None:
    given = Cluster_(master(1, "1.31.4"), master(2, "1.31.4"), node("w", version))
    assert moved(given, "1.32.1", ["cp-1", "cp-2"]) == [[rule] if rule else []] * 2


def test_what_breaks_a_rule_already_stops_no_control_plane() -> None:
    given = Cluster_(master(1, "1.31.4"), node("w", "1.27.4"))
    assert moved(given, "1.31.9", ["cp-1"]) == [[]]
    assert moved(Cluster_(master(1, "1.31.4"), node("w", "1.27.4"), node("v", "1.28.1")), "1.32.1", ["cp-1"]) == [
        ["kubelet/older"]
    ]


def test_an_old_kubelet_is_told_with_the_version_that_it_needs() -> None:
    given = Cluster_(
        master(1, "1.31.4"), node("w", "1.28.4", "1.28.4", "1.29.1", "1.29.3", "1.30.1"), node("v", "1.31.4")
    )
    one = given.draft("cp-1", *plane("1.32.1"))
    given.phase(one)
    (reason,) = one.reasons
    assert (reason.rule, reason.object) == ("skew/kubelet/older", "c: kubelet w")
    assert edits(reason) == [
        ("c/w", "software|kubelet|installed", "1.29.3"),
        ("c/w", "software|kubelet|running", "1.29.3"),
    ]
    assert reason.why.endswith(
        "; kubelet may be three minor versions older than the newest kube-apiserver (before 1.25: two)"
    )
    other = Cluster_(master(1, "1.31.4"), node("w", "1.28.4"))
    two = other.draft("cp-1", *plane("1.32.1"))
    other.phase(two)
    assert edits(two.reasons[0])[0][2] == "1.29.0"


@pytest.mark.parametrize(
    ("components", "rule"),
    [
        (("kube-apiserver",), []),
        (("kube-controller-manager",), ["kube-controller-manager/newer"]),
        (PLANE, []),
    ],
)
def test_controllers_are_measured_against_the_api_server_beside_them(
    components: tuple[str, ...], rule: list[str]
) -> None:
    given = Cluster_(master(1, "1.31.4"), master(2, "1.31.4"), master(3, "1.31.4"))
    assert moved(given, "1.32.1", ["cp-1"], *components) == [rule]


def test_a_controller_without_an_api_server_beside_it_is_measured_against_all() -> None:
    alone = machine(
        "cm", role="control-plane", software={"kube-controller-manager": soft("1.31.4", part="control-plane")}
    )
    given = Cluster_(master(1, "1.31.4"), master(2, "1.31.4"), alone)
    assert given.phase(given.draft("cm", *plane("1.32.1", PLANE[1]))) == [["kube-controller-manager/newer"]]
    after = Cluster_(master(1, "1.32.1"), master(2, "1.32.1"), alone)
    assert after.phase(after.draft("cm", *plane("1.32.1", PLANE[1]))) == [[]]


def test_a_controller_is_not_measured_against_api_servers_on_other_machines() -> None:
    software = KUBELET | servers("1.31.4", etcd="") | {PLANE[1]: soft("1.30.4", part="control-plane")}
    one = machine("cp-1", role="control-plane", software=software)
    assert moved(Cluster_(one, master(2, "1.31.4")), "1.32.1", ["cp-2"]) == [[]]


@pytest.mark.parametrize(("manager", "rule"), [("1.30.4", ["kube-controller-manager/older"]), ("1.31.4", [])])
def test_a_controller_may_be_one_minor_behind_its_own_api_server(manager: str, rule: list[str]) -> None:
    software = KUBELET | servers("1.31.4", etcd="") | {PLANE[1]: soft(manager, part="control-plane")}
    one = machine("cp-1", role="control-plane", software=software)
    assert moved(Cluster_(one, master(2, "1.31.4")), "1.32.1", ["cp-1"], "kube-apiserver") == [rule]


def test_the_own_machine_goes_last_on_its_way() -> None:
    given = Cluster_(master(1, "1.30.4", ours=True), master(2, "1.31.4"), master(3, "1.31.4"))
    one, two = given.draft("cp-1", *plane("1.31.4")), given.draft("cp-2", *plane("1.32.1"))
    rules = given.phase(one, two)
    assert rules == [["kube-apiserver/ha-skew"]] * 2
    other = Cluster_(master(1, "1.30.4"), master(2, "1.31.4", ours=True), master(3, "1.31.4"))
    assert other.phase(other.draft("cp-2", *plane("1.32.1")), other.draft("cp-1", *plane("1.31.4"))) == [[], []]


def test_a_control_plane_that_is_kept_out_stays_where_it_is_for_what_follows() -> None:
    given = Cluster_(master(1, "1.31.4"), node("w", "1.28.4"), node("v", "1.31.4", "1.32.1"))
    assert moved(given, "1.32.1", ["cp-1"]) == [["kubelet/older"]]
    late = given.draft("v", to("kubelet", "1.32.1"))
    assert given.phase(late) == [["kubelet/older"]], "it waits for the control plane that was to move before"
    same, low = given.draft("v", to("kubelet", "1.31.9")), given.draft("v", to("kubelet", "1.27.1"))
    assert given.phase(same) == [[]]
    given.phase(low)
    assert [each.object for each in low.reasons] == ["c: kubelet v"], "that has nothing to do with the control plane"


def test_a_control_plane_of_which_one_machine_is_kept_out_holds_the_kubelets() -> None:
    given = Cluster_(master(1, "1.31.4"), master(2, "1.31.4"), node("w", "1.31.4"))
    held = given.draft("cp-1", *plane("1.32.1"))
    held.block(blocked())
    assert given.phase(held, given.draft("cp-2", *plane("1.32.1"))) == [["held"], []]
    assert given.phase(given.draft("w", to("kubelet", "1.32.1"))) == [["held"]]


def test_a_kubelet_that_is_too_new_already_does_not_stop_its_control_plane() -> None:
    one = master(1, "1.31.4")
    one = msgspec.structs.replace(one, software=one.software | kubelet("1.32.1"))
    assert moved(Cluster_(one), "1.31.9", ["cp-1"]) == [[]]


# Kubelets and proxies


@pytest.mark.parametrize(
    ("after", "rule"), [("1.32.1", "kubelet/newer"), ("1.31.9", ""), ("1.30.1", ""), ("1.27.1", "kubelet/older")]
)
def test_a_kubelet_stays_in_the_range_of_the_oldest_api_server(after: str, rule: str) -> None:
    given = Cluster_(master(1, "1.31.4"), master(2, "1.32.1"), node("w", "1.31.4"), node("v", "1.31.4"))
    assert given.phase(given.draft("w", to("kubelet", after)), given.draft("v", to("linux", "2", "kernel"))) == [
        [rule] if rule else [], [],
    ]  # fmt: skip


def test_a_kubelet_follows_the_control_plane_that_moved_in_the_phase_before() -> None:
    given = Cluster_(master(1, "1.31.4"), node("w", "1.31.4"))
    assert moved(given, "1.32.1", ["cp-1"]) == [[]]
    assert given.phase(given.draft("w", to("kubelet", "1.32.1"))) == [[]]


def test_what_is_too_new_already_goes_no_further_and_what_is_too_old_may_move() -> None:
    given = Cluster_(master(1, "1.31.4"), node("new", "1.32.1"), node("old", "1.26.1"))
    drafts = given.draft("new", to("kubelet", "1.32.5")), given.draft("old", to("kubelet", "1.27.1"))
    assert given.phase(*drafts) == [["kubelet/newer"], []]


def test_only_what_moved_counts_for_what_follows() -> None:
    given = Cluster_(master(1, "1.31.4"), node("w", "1.30.4", proxy="1.30.4"), node("v", "1.30.4"))
    held = given.draft("w", to("kubelet", "1.31.4"))
    held.block(blocked())
    assert given.phase(held, given.draft("v", to("kubelet", "1.32.4"))) == [["held"], ["kubelet/newer"]]
    assert given.phase(given.draft("v", to("kubelet", "1.32.4"))) == [["kubelet/newer"]]
    assert given.phase(given.draft("w", to("kubelet", "1.31.4"))) == [[]]
    assert given.phase(given.draft("w", to("kube-proxy", "1.27.4"))) == [
        ["kube-proxy/older", "kube-proxy/kubelet-skew"]
    ]


def test_what_is_kept_out_gets_no_more_reasons_and_moves_nothing() -> None:
    given = Cluster_(master(1, "1.31.4"), node("w", "1.31.4", proxy="1.31.4"))
    held = given.draft("w", to("kubelet", "1.33.0"))
    held.block(blocked())
    assert given.phase(held) == [["held"]]
    assert given.phase(given.draft("w", to("kubelet", "1.27.1"))) == [["kubelet/older", "kube-proxy/kubelet-skew"]]
    assert given.phase(given.draft("w", to("kube-proxy", "1.31.5"))) == [[]]


def test_a_visit_that_is_kept_out_moves_none_of_its_parts() -> None:
    given = Cluster_(master(1, "1.31.4"), node("w", "1.31.4", proxy="1.31.4"))
    assert given.phase(given.draft("w", to("kubelet", "1.28.1"), to("kube-proxy", "1.32.1"))) == [
        ["kube-proxy/newer", "kube-proxy/kubelet-skew"]
    ]
    assert moved(given, "1.32.1", ["cp-1"]) == [[]]


def test_a_kube_proxy_stays_near_the_kubelet_beside_it() -> None:
    given = Cluster_(master(1, "1.31.4"), node("w", "1.31.4", proxy="1.31.4"), node("v", "1.28.4", proxy="1.31.4"))
    assert given.phase(given.draft("w", to("kube-proxy", "1.28.4")), given.draft("v", to("kube-proxy", "1.31.5"))) == [
        [],
        [],
    ]
    assert given.phase(given.draft("w", to("kubelet", "1.28.1"), to("kube-proxy", "1.31.4"))) == [[]]


def newest_of(given: Cluster_, name: str, after: str, kind: str = "kubelet") -> list[tuple[str, str, object]]:
    one = given.draft(name, to("curl", "2"), to("kubelet", after, kind))
    given.phase(one)
    (reason,) = one.reasons
    return edits(reason)


@pytest.mark.parametrize(
    ("offers", "edit"),
    [
        (("1.31.5", "1.31.9", "1.32.1"), [("kubelet", "wants.to", "1.31.9")]),
        (("1.31.5", "1.31.9", "odd"), [("kubelet", "wants.to", "1.31.9")]),
        (("1.32.1",), [("kubelet", "wants.to", "1.31.4")]),
    ],
)
def test_another_aim_is_the_remedy_of_what_the_plan_moves(offers: tuple[str, ...], edit: list[object]) -> None:
    assert newest_of(Cluster_(master(1, "1.31.4"), node("w", "1.31.4", *offers)), "w", "1.32.1") == edit


def test_an_aim_that_is_not_offered_is_to_be_offered() -> None:
    given = Cluster_(master(1, "1.31.4"), node("w", "1.30.4", "1.32.1"))
    assert newest_of(given, "w", "1.32.1") == [
        ("kubelet", "wants.to", "1.31.0"), ("c/w", "software|kubelet|offers", ["1.32.1", "1.31.0"]),
    ]  # fmt: skip
    other = Cluster_(
        master(1, "1.31.4"), node("w", "1.30.4", "1.32.1"), node("v", "1.30.4", "1.31.7"), node("u", "odd", cluster="d")
    )
    assert newest_of(other, "w", "1.32.1")[0] == ("kubelet", "wants.to", "1.31.7")


def test_the_rest_of_the_control_plane_that_lags_is_to_move_first() -> None:
    given = Cluster_(master(1, "1.32.1"), master(2, "1.31.4"), node("w", "1.31.4", "1.32.1"))
    assert newest_of(given, "w", "1.32.1") == [
        ("c/cp-2", f"software|kube-apiserver|{field}", "1.32.1") for field in ("installed", "running")
    ]


def test_an_api_server_that_would_lag_too_far_is_to_move_first() -> None:
    given = Cluster_(master(1, "1.30.4", "1.31.2"), master(2, "1.31.4", "1.32.1"))
    one = given.draft("cp-2", *plane("1.32.1"))
    assert given.phase(one) == [["kube-apiserver/ha-skew"]]
    assert edits(one.reasons[0]) == [
        ("c/cp-1", f"software|kube-apiserver|{field}", "1.31.2") for field in ("installed", "running")
    ]


def test_versions_of_other_clusters_say_nothing() -> None:
    other = node("o", "1.20.1", "1.31.8", cluster="d")
    given = Cluster_(master(1, "1.31.4"), node("w", "1.30.4", "1.32.1"), other, master(1, "1.20.4", cluster="d"))
    assert newest_of(given, "w", "1.32.1")[0] == ("kubelet", "wants.to", "1.31.0")
    assert moved(given, "1.32.1", ["cp-1"]) == [[]]


# API servers that are no machine's


@pytest.mark.parametrize(
    ("version", "rule"),
    [("v1.32.4", []), ("v1.31.4", ["kubelet/newer"]), ("", ["api-server-unknown"]), ("odd", ["api-server-unknown"])],
)
def test_the_api_server_of_a_provider_is_known_by_what_it_answers(version: str, rule: list[str]) -> None:
    given = Cluster_(node("w", "1.31.4"), version=version)
    assert given.phase(given.draft("w", to("kubelet", "1.32.1")), given.draft("w", to("linux", "2", "kernel"))) == [
        rule,
        [],
    ]


def test_what_a_provider_answers_says_nothing_beside_api_servers_that_are_known() -> None:
    given = Cluster_(master(1, "1.31.4"), node("w", "1.31.4"), version="v1.40.0")
    assert given.phase(given.draft("w", to("kubelet", "1.31.9"))) == [[]]


@pytest.mark.parametrize(("after", "version"), [("1.32.1", "v1.32.0"), ("odd", "v1.0.0")])
def test_an_unknown_api_server_is_to_be_read_again(after: str, version: str) -> None:
    given = Cluster_(node("w", "1.31.4"), version="")
    one = given.draft("w", to("linux", "2", "kernel"), to("kubelet", after))
    given.phase(one)
    (reason,) = one.reasons
    assert (reason.object, edits(reason)) == ("c", [("c", "version", version)])
    assert reason.remedy.edits[0].cluster == "c"


def test_a_provider_whose_api_server_is_too_old_is_asked_for_a_newer_one() -> None:
    given = Cluster_(node("w", "1.28.1", "1.32.1"), version="v1.31.4")
    one = given.draft("w", to("kubelet", "1.27.1"))
    given.phase(one)
    assert edits(one.reasons[0]) == [("kubelet", "wants.to", "1.28.1")]


# Versions that nobody can read


@pytest.mark.parametrize(
    "odd",
    [
        node("odd", "custom"),
        machine("odd", software={"kube-proxy": soft("custom", part="kube-proxy")}),
        machine("odd", role="control-plane", software=servers("custom", etcd="")),
    ],
)
def test_beside_a_version_that_cannot_be_read_no_version_moves(odd: Machine) -> None:
    given = Cluster_(master(1, "1.31.4"), master(2, "1.31.4"), node("w", "1.31.4"), odd)
    plain = given.draft("w", to("linux", "2", "kernel"))
    drafts = given.draft("w", to("kubelet", "1.31.9")), given.draft("cp-1", *plane("1.32.1"))
    assert given.phase(plain, *drafts)[0] == []
    for each in drafts:
        assert {reason.rule for reason in each.reasons} == {"version-unknown"}
        assert {reason.object for reason in each.reasons} == {"c/odd"}
    name = next(name for name in odd.software if name != "etcd")
    first = drafts[0].reasons[0]
    assert first.why == f"{name} is at custom, which no rule of the version skew policy can be asked of"
    assert first.remedy.says == f"state the version of {name} that it runs"
    assert edits(first) == [("c/odd", f"software|{name}|{field}", "1.31.4") for field in ("installed", "running")]


UNTOLD = [{}, {"kubelet": soft("1.31.4", part="package")}, {"k3s": soft("1.31.4", part="kubelet")}]


@pytest.mark.parametrize("software", UNTOLD)
@pytest.mark.parametrize("state", [{}, {"healthy": False}, {"healthy": None}, {"cordoned": True}])
def test_beside_a_kubelet_that_nobody_knows_no_api_server_moves(
    software: dict[str, Software], state: dict[str, Any]
) -> None:
    odd = machine("odd", software=software, **state)
    given = Cluster_(master(1, "1.32.1"), master(2, "1.31.4"), node("w", "1.31.4", "1.31.9"), odd)
    two, scheduler, worker = (
        given.draft("cp-2", *plane("1.32.1")), given.draft("cp-1", *plane("1.32.5", PLANE[2])),
        given.draft("w", to("kubelet", "1.31.9")),
    )  # fmt: skip
    assert given.phase(two, scheduler, worker) == [["version-unknown"], ["version-unknown"], []]
    (reason,) = two.reasons
    assert (reason.object, reason.source) == ("c/odd", "https://kubernetes.io/releases/version-skew-policy/#kubelet")
    assert reason.why.startswith("the version of its kubelet is not known, so that nobody can tell whether it may ")
    assert reason.remedy.says == (
        "let its kubelet tell it, or state it in an inventory (nodes, c/odd, software, kubelet, with part: kubelet)"
    )
    ((object, field, value),) = edits(reason)
    assert (object, field) == ("c/odd", "software|kubelet")
    assert msgspec.convert(value, Software) == made("kubelet", "1.31.4"), "that of the oldest API server"


def test_where_no_api_server_moves_kubelets_that_nobody_knows_are_not_asked_for() -> None:
    given = Cluster_(master(1, "1.31.4"), node("w", "1.31.4"), machine("odd"))
    assert moved(given, "1.31.9", ["cp-1"], PLANE[1]) == [[]]
    assert given.phase(given.draft("w", to("kubelet", "1.31.9"))) == [[]]


def test_beside_an_api_server_that_nobody_knows_kubelets_are_not_asked_for() -> None:
    given = Cluster_(node("w", "1.31.4"), machine("odd"), version="")
    assert given.phase(given.draft("w", to("kubelet", "1.31.9"))) == [["api-server-unknown"]]


def test_kubelets_of_other_clusters_that_nobody_knows_are_not_asked_for() -> None:
    assert moved(Cluster_(master(1, "1.31.4"), machine("odd", cluster="d")), "1.32.1", ["cp-1"]) == [[]]


def test_kubelets_wait_for_the_control_plane_that_a_kubelet_keeps_where_it_is() -> None:
    given = Cluster_(master(1, "1.31.4"), node("w", "1.31.4"), machine("odd"))
    assert moved(given, "1.32.1", ["cp-1"]) == [["version-unknown"]]
    assert given.phase(given.draft("w", to("kubelet", "1.32.1"))) == [["version-unknown"]]


def test_each_kubelet_that_nobody_knows_is_told_once() -> None:
    given = Cluster_(master(1, "1.31.4"), machine("odd-1"), machine("odd-2"))
    first, second = given.draft("cp-1", *plane("1.31.9")), given.draft("cp-1", *plane("1.31.9"))
    given.phase(first)
    given.phase(second)
    assert [each.object for each in first.reasons] == ["c/odd-1", "c/odd-2"]
    assert [key_of(each) for each in first.reasons] == [key_of(each) for each in second.reasons]


def test_software_that_is_no_part_of_kubernetes_has_versions_of_its_own() -> None:
    software = {"curl": soft("8:odd")} | kubelet("1.31.4") | {"wget": soft("odd")}
    given = Cluster_(master(1, "1.31.4"), msgspec.structs.replace(node("w", "1.31.4"), software=software))
    assert given.phase(given.draft("w", to("kubelet", "1.31.9"))) == [[]]
    assert given.phase(given.draft("w", to("kubelet", "1.32.1"))) == [["kubelet/newer"]]


def test_a_visit_that_moves_an_api_server_and_more_is_one_of_the_control_plane() -> None:
    given = Cluster_(master(1, "1.31.4"), node("w", "1.31.4"))
    assert given.phase(given.draft("cp-1", to("curl", "2", "packages"), *plane("1.33.0"))) == [
        ["kube-apiserver/skips-minor"]
    ]
