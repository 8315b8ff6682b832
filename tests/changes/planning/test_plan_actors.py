"""Other actors on the machines of a plan: whose mark a visit bears, and who keeps a machine out of the plan.

The marks are those of each tool's own documentation; ``oakum.actors`` names the pages.
"""

from __future__ import annotations

import pytest
from tests.changes.planning.test_rollback import back, journal, patched
from tests.changes.planning.worlds import Json, cluster, good, intent, machine, out, policy, refused, state, workers

from oakum.changes.planning.edits import apply_edits
from oakum.changes.planning.explain import explain
from oakum.changes.plans.model import Plan
from oakum.changes.plans.why_not import WhyNot
from oakum.changes.state import State

MCO, FLUO = "machineconfiguration.openshift.io", "flatcar-linux-update.v1.flatcar-linux.net"
UNSEEN = [
    "annotation:cluster-autoscaler.kubernetes.io/scale-down-disabled=true",
    "label:remediation.medik8s.io/exclude-from-remediation=true",
]
WAITS = "weave.works/kured-reboot-in-progress"
KURED = {"annotations": {WAITS: "2026-03-01T00:00:00Z"}}
OUTDATED = "node.cluster.x-k8s.io/outdated-revision:PreferNoSchedule"


def around(count: int = 2, *, kept_away: tuple[str, ...] = (), **marked: Json) -> State:
    """Workers w-1, w-2, ...; the marks of w1, w2, ... are given."""
    several = workers(count, kept_away=kept_away)
    by_name = {name.replace("w", "w-"): marks for name, marks in marked.items()}
    return state(*several, clusters=[cluster("c", several, marked=by_name)])


def marks(found: Plan, name: str) -> list[str]:
    """The marks that the visit of a machine sets."""
    (step,) = [each for each in found.steps.values() if each.subject.name == name]
    return list(found.marks(step))


def test_whoever_leaves_no_mark_on_nodes_is_kept_away_from_each() -> None:
    found = good(around())
    assert marks(found, "w-1") == marks(found, "w-2") == UNSEEN


def test_a_host_outside_of_clusters_has_no_others() -> None:
    found = good(state(machine("db-1", "")))
    assert (found.actors, [each.actors for each in found.steps.values()]) == ((), [()])


@pytest.mark.parametrize(
    ("on", "more"),
    [
        ({"labels": {"karpenter.sh/nodepool": "a"}}, ["annotation:karpenter.sh/do-not-disrupt=true"]),
        ({"annotations": {"karpenter.sh/do-not-disrupt": "true"}}, ["annotation:karpenter.sh/do-not-disrupt=true"]),
        ({"annotations": {f"{FLUO}/reboot-needed": "true"}}, [f"annotation:{FLUO}/reboot-paused=true"]),
        ({"taints": ["DeletionCandidateOfClusterAutoscaler:PreferNoSchedule"]}, []),
        (
            {"labels": {"plan.upgrade.cattle.io/server": "0f3a", "plan.upgrade.cattle.io/agent": "disabled"}},
            ["label:plan.upgrade.cattle.io/agent=disabled", "label:plan.upgrade.cattle.io/server=disabled"],
        ),
        # That kured has restarted it once says nothing of the next time.
        ({"annotations": {"weave.works/kured-most-recent-reboot-needed": "x"}}, []),
        # These obey nothing on a node, and wait for people.
        ({"annotations": {"cluster.x-k8s.io/machine": "m1"}}, []),
        ({"annotations": {f"{MCO}/currentConfig": "a", f"{MCO}/desiredConfig": "a", f"{MCO}/state": "Done"}}, []),
    ],
)
def test_a_visit_bears_the_marks_of_those_who_are_seen(on: Json, more: list[str]) -> None:
    found = good(around(w1=on))
    assert sorted(marks(found, "w-1")) == sorted([*UNSEEN, *more])
    assert marks(found, "w-2") == UNSEEN


@pytest.mark.parametrize(
    ("on", "stance", "who"),
    [
        ({"taints": ["ToBeDeletedByClusterAutoscaler:NoSchedule"]}, "other-acts", "cluster-autoscaler"),
        ({"taints": ["karpenter.sh/disrupted:NoSchedule"]}, "other-acts", "karpenter"),
        ({"annotations": {f"{FLUO}/reboot-ok": "true"}}, "other-acts", "flatcar-linux-update-operator"),
        ({"annotations": {f"{MCO}/currentConfig": "a", f"{MCO}/desiredConfig": "b", f"{MCO}/state": "Working"}},
         "other-acts", "machine-config-operator"),
        ({"annotations": {f"{MCO}/desiredDrain": "drain-b", f"{MCO}/lastAppliedDrain": "uncordon-a"}},
         "other-acts", "machine-config-operator"),
        ({"taints": ["aws-node-termination-handler/spot-itn:NoSchedule"]},
         "other-acts", "aws-node-termination-handler"),
        ({"taints": ["node.cloudprovider.kubernetes.io/shutdown:NoSchedule"]}, "other-acts", "cloud controller"),
        (KURED, "other-means-to", "kured"),
        ({"taints": [OUTDATED]}, "other-means-to", "cluster-api"),
        ({"taints": ["aws-node-termination-handler/spot-itn:NoSchedule",
                     "aws-node-termination-handler/rebalance-recommendation:NoSchedule"]},
         "other-acts", "aws-node-termination-handler"),
    ],
)  # fmt: skip
def test_a_machine_stays_out_while_another_acts_on_it_or_will_with_nothing_to_stop_it(
    on: Json, stance: str, who: str
) -> None:
    one = around(w1=on)
    found = good(one)
    assert out(found) == {"c/w-1": f"{stance}/{who.replace(' ', '-')}"}
    (left,) = found.left_out
    assert left.why.startswith(f"{who} ")
    mended, _, _ = apply_edits(one, [intent()], policy(), left.edits)
    assert out(good(mended)) == {}


def test_where_nothing_else_is_left_the_reasons_are_minimal_and_each_alone_keeps_it_out() -> None:
    both = {**KURED, "taints": ["karpenter.sh/disrupted:NoSchedule"]}
    found = refused(around(1, w1=both))
    assert sorted(each.rule for each in found.reasons) == ["other-acts/karpenter", "other-means-to/kured"]
    one = refused(around(1, w1=both, kept_away=("kured",)))
    assert [each.rule for each in one.reasons] == ["other-acts/karpenter"]


def test_who_is_kept_away_elsewhere_as_somebody_says_keeps_nothing_out_unless_it_acts_already() -> None:
    assert out(good(around(w1=KURED, kept_away=("kured",)))) == {}
    removed = {"taints": ["aws-node-termination-handler/spot-itn:NoSchedule"]}
    assert out(good(around(w1=removed, kept_away=("aws-node-termination-handler",)))) == {
        "c/w-1": "other-acts/aws-node-termination-handler"
    }


@pytest.mark.parametrize(
    ("on", "rules"),
    [
        ({"taints": ["karpenter.sh/disrupted:NoSchedule", "ToBeDeletedByClusterAutoscaler:NoSchedule"]},
         ["other-acts/cluster-autoscaler", "other-acts/karpenter"]),
        ({**KURED, "taints": [OUTDATED]}, ["other-means-to/cluster-api", "other-means-to/kured"]),
        ({**KURED, "taints": ["karpenter.sh/disrupted:NoSchedule", OUTDATED]},
         ["other-acts/karpenter", "other-means-to/cluster-api", "other-means-to/kured"]),
    ],
)  # fmt: skip
def test_each_of_several_is_named_and_all_remedies_together_bring_the_machine_in(on: Json, rules: list[str]) -> None:
    one = around(1, w1=on)
    found = refused(one)
    assert sorted(each.rule for each in found.reasons) == rules
    edits = [edit for each in found.reasons for edit in each.remedy.edits]
    mended, _, _ = apply_edits(one, [intent()], policy(), edits)
    assert out(good(mended)) == {}
    both = around(2, w1=on)
    mended, _, _ = apply_edits(
        both, [intent()], policy(), [edit for each in good(both).left_out for edit in each.edits]
    )
    assert out(good(mended)) == {}


def test_a_run_of_ours_and_the_node_lifecycle_controller_are_judged_by_rules_of_their_own() -> None:
    ours = {"annotations": {"oakum.dev/claim": "run-1"}, "taints": ["node.kubernetes.io/unreachable:NoExecute"]}
    assert out(good(around(w1=ours))) == {}


def test_the_plan_tells_a_person_who_else_acts_and_what_keeps_each_away() -> None:
    found = good(
        around(3, w1={"labels": {"karpenter.sh/nodepool": "a"}}, w2={"annotations": {"cluster.x-k8s.io/machine": "m"}})
    )
    text = " ".join("\n".join(explain(found)).split())
    assert "Who else acts there" in text
    assert "- cluster-autoscaler on c/w-1, c/w-2, c/w-3, if it is there." in text
    assert "While a machine is ours it bears the annotation karpenter.sh/do-not-disrupt=true" in text
    assert "- cluster-api on c/w-2: the node is a Machine's" in text
    assert "Nothing on a node keeps it away" in text
    assert "people say" not in text
    kept = " ".join("\n".join(explain(good(around(3, w1=KURED, kept_away=("kured",))))).split())
    assert "- kured on c/w-1: it has seen that the node wants a restart" in kept
    assert "People say that they keep it away. When all is over, they let it go on." in kept
    assert "Who else" not in "\n".join(explain(good(state(machine("db-1", "")))))


def test_what_an_actor_does_is_what_its_marks_say_that_do_not_keep_it_away() -> None:
    marked = {
        "annotations": {"karpenter.sh/do-not-disrupt": "true"},
        "labels": {"plan.upgrade.cattle.io/agent": "disabled", "plan.upgrade.cattle.io/server": "0f3a"},
    }
    does = {each.name: each.does for each in good(around(w1=marked)).actors}
    server = does.pop("system-upgrade-controller: server")
    assert len(server) == 1 and "does so again" in server[0]
    assert does == {"cluster-autoscaler": (), "karpenter": (), "node-healthcheck-operator": (),
                    "system-upgrade-controller: agent": ()}  # fmt: skip


@pytest.mark.parametrize(("count", "where"), [(6, "c/w-1, c/w-2, c/w-3, c/w-4, c/w-5, c/w-6"), (7, "7 machines")])
def test_more_than_a_few_machines_are_counted(count: int, where: str) -> None:
    assert f"- cluster-autoscaler on {where}, if it is there." in " ".join(explain(good(around(count)), 500))


def test_only_where_all_of_its_machines_are_excused_a_plan_says_that_people_keep_an_actor_away() -> None:
    several = [machine("w-1", kept_away=("cluster-api",)), machine("w-2")]
    owned = {"annotations": {"cluster.x-k8s.io/machine": "m"}}
    marked = {"w-1": {**owned, "taints": [OUTDATED]}, "w-2": owned}
    text = " ".join(explain(good(state(*several, clusters=[cluster("c", several, marked=marked)])), 500))
    assert "people say that" not in text.lower()
    assert "Nothing on a node keeps it away: annotate the Machine" in text


def owned_by(owner: str) -> Json:
    labels = {"app.kubernetes.io/managed-by": owner} if owner else {}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "dns", "namespace": "kube-system", "uid": "d", "labels": labels},
        "spec": {"selector": {"matchLabels": {"app": "dns"}},
                 "template": {"spec": {"containers": [{"name": "dns", "image": "dns:1.11"}]}}},
    }  # fmt: skip


@pytest.mark.parametrize("owner", ["Helm", ""])
def test_a_plan_says_who_puts_an_object_back(owner: str) -> None:
    wanted = intent("add-on", object="Deployment/kube-system/dns", image="dns:1.12", managed=True)
    found = good(state(*workers(1), objects=[owned_by(owner)]), wanted)
    told = "- c/Deployment/kube-system/dns: Helm owns it and puts its own image back when it acts next: change"
    lines = list(explain(found, 500))
    assert any(line.startswith(told) for line in lines) == bool(owner)
    assert sum("Deployment/kube-system/dns: " in line for line in lines) == bool(owner)


def test_the_reason_says_what_to_do_elsewhere_and_how_to_say_that_it_is_done() -> None:
    found = refused(around(1, w1=KURED))
    (reason,) = found.reasons
    assert isinstance(found, WhyNot)
    assert "weave.works/kured-node-lock" in reason.remedy.says
    assert "oakum.dev/kept-away=kured" in reason.remedy.says
    assert reason.source.startswith("https://kured.dev/")


@pytest.mark.parametrize(
    ("on", "left"),
    [(KURED, {}), ({"taints": ["karpenter.sh/disrupted:NoSchedule"]}, {"c/w-1": "other-acts/karpenter"})],
)
def test_the_way_back_waits_only_for_those_who_act_now(on: Json, left: dict[str, str]) -> None:
    rules, found = policy(), good(around())
    after = [patched(each, healthy=each.name != "w-1") for each in workers(2)]
    now = state(*after, clusters=[cluster("c", after, marked={"w-1": on})])
    made = back(found, journal(found, w_1="failed", w_2="done"), now, rules)
    kept = out(made) if isinstance(made, Plan) else {each.object: each.rule for each in made.reasons}
    assert kept == left
