"""The quorum of etcd and the version skew as they are now, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.running.looks import OLD, Play, change, plan, step

from oakum.changes.plans import Step
from oakum.changes.running.live import quorum, skew, voting
from oakum.changes.running.observed import Etcd
from oakum.changes.running.turn import Visit

CP = "shop/cp-1"
WITH, WITHOUT = {"linux": OLD, "etcd": "3.5.15"}, {"linux": OLD}
UNASKED = "the members of etcd could not be asked"


def members(*healthy: bool, learners: tuple[str, ...] = ()) -> Etcd:
    """Members of etcd on the machines of the control plane, by whether each is healthy."""
    return Etcd(voters={f"shop/cp-{number + 1}": well for number, well in enumerate(healthy)}, learners=learners)


QUIET = (change(kind="packages", component="openssl", drain=False, reboot=False),)
WELL, SHAKY = members(True, True, True), members(True, True, False)


def seen_so(made: Step, serial: bool, running: dict[str, str] | None, etcd: Etcd | None) -> Visit:
    """The visit of a machine that runs so (None: unseen), beside such members of etcd (None: nobody could ask)."""
    play = Play(plan(made, serial=serial))
    play.show(made.subject.id, running=running or {})
    if running is None:
        play.hide(made.subject.id, None)
    play.sight.members = etcd
    return play.turn_of().visit(made)


@pytest.mark.parametrize(
    ("made", "serial", "running", "etcd", "why"),
    [
        (step("cp-1"), True, WITH, WELL, ""),
        (step("cp-1"), True, WITH, SHAKY, "only 1 other member of etcd is healthy, and 2 are needed"),
        (step("cp-1"), True, WITH, members(True), "only 0 other members of etcd are healthy, and 1 is needed"),
        (
            step("cp-1"), True, WITH, members(True, True, True, False, False),
            "only 2 other members of etcd are healthy, and 3 are needed",
        ),
        (
            step("cp-1"), True, WITH, members(True, True, True, learners=("shop/cp-4",)),
            "a member of etcd still learns: shop/cp-4",
        ),
        # No machine of the control plane, no disturbance, no member: the others' health is their own matter.
        (step("cp-1"), False, WITH, SHAKY, ""),
        (step("cp-1"), False, WITH, None, ""),
        (step("cp-1", changes=QUIET), True, WITH, SHAKY, ""),
        (step("cp-9"), True, WITHOUT, members(True, False, False), ""),
        # Nobody could ask.
        (step("cp-1"), True, WITH, None, UNASKED),
        (step("cp-1"), True, None, None, UNASKED),
        (step("cp-1"), True, WITHOUT, None, ""),
    ],
)  # fmt: skip
def test_when_a_member_of_etcd_may_be_disturbed(
    made: Step, serial: bool, running: dict[str, str] | None, etcd: Etcd | None, why: str
) -> None:
    assert quorum(seen_so(made, serial, running, etcd)) == why


@pytest.mark.parametrize(
    ("made", "serial", "running", "etcd", "why"),
    [
        (step("cp-1"), True, WITH, WELL, ""),
        (step("cp-1"), True, WITH, SHAKY, ""),
        (step("cp-1"), True, WITH, members(False, True, True), "its member of etcd does not vote yet"),
        (step("cp-1"), True, WITH, members(True, True, True, learners=(CP,)), "its member of etcd still learns"),
        (step("cp-1"), True, WITH, members(True, True, True, learners=("shop/cp-2",)), ""),
        (step("cp-1"), False, WITH, members(False, True, True), ""),
        (step("cp-1", changes=QUIET), True, WITH, members(False, True, True), ""),
        (step("cp-9"), True, WITHOUT, WELL, ""),
        (step("cp-1"), True, WITH, None, UNASKED),
        (step("cp-1"), True, None, None, ""),
        (step("cp-1"), True, WITHOUT, None, ""),
    ],
)
def test_when_a_disturbed_member_of_etcd_is_back(
    made: Step, serial: bool, running: dict[str, str] | None, etcd: Etcd | None, why: str
) -> None:
    assert voting(seen_so(made, serial, running, etcd)) == why


# Skew


def moves(component: str, before: str, after: str, name: str = "cp-1", cluster: str = "shop") -> Play:
    """A step that moves one component of one machine; cp-1 and cp-2 are the control plane."""
    made = change(kind="kubelet", component=component, before=before, after=after, back=before, reboot=False)
    play = Play(plan(step(name, cluster, changes=(made,)), members=(CP, "shop/cp-2"), serial=True))
    play.show("shop/cp-2", uid="cp-2", running={"kube-apiserver": before if component == "kube-apiserver" else after})
    return play


def broken(play: Play) -> str:
    """The rule of the version skew policy that the step would break now."""
    (made,) = play.plan.steps.values()
    return skew(play.turn_of().visit(made))


def test_an_api_server_does_not_leave_the_kubelets_of_other_nodes_behind() -> None:
    play = moves("kube-apiserver", "1.31.4", "1.32.1")
    play.show("shop/w-1", uid="w-1")
    play.sight.kubelets = {"shop/w-1": "1.29.3"}
    assert broken(play) == ""
    play.sight.kubelets = {"shop/w-1": "1.28.3"}
    assert "1.28" in broken(play)
    # What a look found on a machine counts, not what its node said last.
    play.show(CP, running={"kube-apiserver": "1.31.4", "kubelet": "1.31.4"})
    play.sight.kubelets = {CP: "1.28.3"}
    assert broken(play) == ""


def test_a_rule_that_is_broken_already_is_not_laid_to_the_step_and_another_one_is() -> None:
    play = moves("kube-apiserver", "1.31.4", "1.31.9")
    play.show("shop/w-1", uid="w-1")
    play.sight.kubelets = {"shop/w-1": "1.27.3"}
    assert broken(play) == ""
    play = moves("kube-apiserver", "1.31.4", "1.32.1")
    play.show("shop/w-1", uid="w-1")
    play.show("shop/w-2", uid="w-2")
    play.sight.kubelets = {"shop/w-1": "1.27.3"}
    assert broken(play) == ""
    play.sight.kubelets = {"shop/w-1": "1.27.3", "shop/w-2": "1.28.3"}
    assert "1.28" in broken(play)


@pytest.mark.parametrize("version", ["", "nobody knows"])
def test_no_api_server_moves_while_a_kubelet_tells_no_version(version: str) -> None:
    play = moves("kube-apiserver", "1.31.4", "1.32.1")
    play.show("shop/w-1", uid="w-1")
    play.sight.kubelets = {"shop/w-1": version}
    assert broken(play) == "the kubelet of shop/w-1 tells no version that can be read"
    play.show("shop/w-1", running={"kubelet": "1.31.4"})
    assert broken(play) != "", "a node that no step is for is known by its object alone"
    play.sight.kubelets = {}
    assert broken(play) == ""


@pytest.mark.parametrize(
    ("name", "cluster", "running", "why"),
    [
        ("w-1", "shop", {"kubelet": "1.31.4"}, ""),
        # A host is in no cluster, and has no API server to agree with.
        ("db", "", {"kubelet": "1.20.0", "kube-apiserver": "1.20.0"}, ""),
    ],
)
def test_a_kubelet_agrees_with_the_api_servers_of_its_cluster(
    name: str, cluster: str, running: dict[str, Any], why: str
) -> None:
    play = moves("kubelet", "1.31.4", "1.32.1", name, cluster)
    play.show(f"{cluster}/{name}" if cluster else name, running=running)
    assert broken(play) == why


def test_a_step_that_moves_nothing_of_kubernetes_breaks_no_skew() -> None:
    assert broken(moves("linux", "6.1.90", "6.1.100")) == ""
