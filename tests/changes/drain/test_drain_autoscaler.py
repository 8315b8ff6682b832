"""The cluster autoscaler, row by row from its public documentation.

FAQ: kubernetes/autoscaler, cluster-autoscaler/FAQ.md (PREVENT: "What types of pods can prevent CA from removing a
node?", FLAGS: "What are the parameters to CA?", PDB: "Does CA work with PodDisruptionBudget in scale-down?", GRACE:
"Does CA respect GracefulTermination in scale-down?"). 7914 and 9355 are pull requests of that repository.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.drain.makings import WEB, Json, budget, check, controller, drain, owned, pod, verdicts

from oakum.changes.drain.durations import duration_of
from oakum.errors import InputError

RS, SAFE = owned(), "cluster-autoscaler.kubernetes.io/safe-to-evict"
WEB_RS = controller()
SCRATCH: list[Json] = [{"name": "scratch", "emptyDir": {}}]
HOST: list[Json] = [{"name": "host", "hostPath": {"path": "/var"}}]
LISTED = f"{SAFE}-local-volumes"
ANY = {"skip_nodes_with_custom_controller_pods": False}


def system(**more: Any) -> Json:
    """A pod of kube-system with a ReplicaSet."""
    return pod(owner=RS, namespace="kube-system", **more)


SYSTEM_RS = controller(namespace="kube-system")

Row = tuple[str, str, list[Json], dict[str, Any], str]
ROWS: list[Row] = [
    ("a pod of a ReplicaSet", "PREVENT", [pod(owner=RS), WEB_RS], {}, "evict"),
    ("of a StatefulSet", "PREVENT", [pod(owner=owned("StatefulSet")), controller("StatefulSet")], {}, "evict"),
    ("of a Job", "PREVENT", [pod(owner=owned("Job")), controller("Job", replicas=None)], {}, "evict"),
    ("of a ReplicationController", "PREVENT",
     [pod(owner=owned("ReplicationController")), controller("ReplicationController")], {}, "evict"),
    ("a bare pod", "PREVENT: not backed by a controller object", [pod()], {}, "blocked unreplicated for-ever"),
    ("a bare pod, any controller", "PREVENT", [pod()], ANY, "blocked unreplicated for-ever"),
    ("a bare pod that is safe to evict", "PREVENT *", [pod(annotations={SAFE: "true"})], {}, "evict"),
    ("of a custom controller", "FLAGS --skip-nodes-with-custom-controller-pods", [pod(owner=owned("Rollout"))], {},
     "blocked unreplicated for-ever"),
    ("of a custom controller, allowed", "FLAGS", [pod(owner=owned("Rollout"))], ANY, "evict"),
    ("its ReplicaSet is gone", "FLAGS", [pod(owner=RS)], {}, "blocked orphan for-ever"),
    ("its ReplicaSet is gone, any controller", "FLAGS", [pod(owner=RS)], ANY, "evict"),
    ("its Job is gone", "FLAGS", [pod(owner=owned("Job"))], {}, "blocked orphan for-ever"),
    ("its StatefulSet is gone", "FLAGS", [pod(owner=owned("StatefulSet"))], {}, "blocked orphan for-ever"),
    ("a StatefulSet of another group", "FLAGS", [pod(owner=owned("StatefulSet", version="apps.kruise.io/v1"))], {},
     "evict"),
    ("few replicas", "FLAGS --min-replica-count", [pod(owner=RS), controller(replicas=1)], {"min_replica_count": 2},
     "blocked unreplicated for-ever"),
    ("enough replicas", "FLAGS --min-replica-count", [pod(owner=RS), controller(replicas=2)],
     {"min_replica_count": 2}, "evict"),
    ("no replicas are few enough for nobody", "FLAGS --min-replica-count: 0 by default",
     [pod(owner=RS), controller(replicas=0)], {}, "evict"),
    ("few replicas, any controller", "FLAGS", [pod(owner=RS), controller(replicas=1)],
     {"min_replica_count": 2, **ANY}, "evict"),
    ("few replicas of a StatefulSet", "FLAGS --min-replica-count: a replica set or replication controller",
     [pod(owner=owned("StatefulSet")), controller("StatefulSet", replicas=1)], {"min_replica_count": 2}, "evict"),
    ("replicas that nobody has told", "FLAGS --min-replica-count", [pod(owner=RS), controller(replicas=None)],
     {"min_replica_count": 2}, "evict"),
    ("few replicas although safe", "FLAGS", [pod(owner=RS, annotations={SAFE: "true"}), controller(replicas=0)],
     {"min_replica_count": 1}, "blocked unreplicated for-ever"),
    ("of a DaemonSet", "PREVENT", [pod(owner=owned("DaemonSet")), controller("DaemonSet")], {}, "evict daemonset"),
    ("its DaemonSet is gone", "FLAGS", [pod(owner=owned("DaemonSet"))], {}, "blocked orphan for-ever"),
    ("its DaemonSet is gone, any controller", "FLAGS", [pod(owner=owned("DaemonSet"))], ANY, "evict daemonset"),
    ("marked as a DaemonSet's", "FAQ, for custom DaemonSets",
     [pod(annotations={"cluster-autoscaler.kubernetes.io/daemonset-pod": "true"})], {}, "evict daemonset"),
    ("marked, and its ReplicaSet is gone", "FAQ, for custom DaemonSets",
     [pod(owner=RS, annotations={"cluster-autoscaler.kubernetes.io/daemonset-pod": "true"})], {}, "evict daemonset"),
    ("marked, and its ReplicationController is gone", "FAQ, for custom DaemonSets",
     [pod(owner=owned("ReplicationController"),
          annotations={"cluster-autoscaler.kubernetes.io/daemonset-pod": "true"})], {}, "blocked orphan for-ever"),
    ("a mirror pod", "PREVENT", [pod(annotations={"kubernetes.io/config.mirror": ""})], {}, "ignore mirror"),
    ("a mirror pod of kube-system", "FLAGS --skip-nodes-with-system-pods: except for DaemonSet or mirror pods",
     [pod(namespace="kube-system", annotations={"kubernetes.io/config.mirror": "x"})], {}, "ignore mirror"),
    ("safe to evict: yes is not true", "PREVENT *", [pod(annotations={SAFE: "yes"})], {},
     "blocked unreplicated for-ever"),
    ("not safe to evict", "PREVENT", [pod(owner=RS, annotations={SAFE: "false"}), WEB_RS], {},
     "blocked not-safe-to-evict for-ever"),
    ("a bare pod that is not safe to evict", "PREVENT", [pod(annotations={SAFE: "false"})], {},
     "blocked unreplicated for-ever"),
    ("on completion", "9355", [pod(annotations={SAFE: "on-completion"})], {}, "wait on-completion"),
    ("on completion, and completed", "9355",
     [pod(phase="Succeeded", restartPolicy="Never", annotations={SAFE: "on-completion"})], {}, "evict"),
    ("failed", "FAQ", [pod(phase="Failed")], {}, "evict"),
    ("succeeded, never restarted", "FAQ", [pod(phase="Succeeded", restartPolicy="Never")], {}, "evict"),
    ("succeeded, restarted on failure", "FAQ", [pod(phase="Succeeded", restartPolicy="OnFailure")], {}, "evict"),
    ("succeeded, always restarted", "FAQ", [pod(phase="Succeeded", restartPolicy="Always")], {},
     "blocked unreplicated for-ever"),
    ("running, never restarted", "FAQ", [pod(restartPolicy="Never")], {}, "blocked unreplicated for-ever"),
    ("a system pod", "FLAGS --skip-nodes-with-system-pods", [system(created=300), SYSTEM_RS], {}, "blocked system now"),
    ("a system pod of an hour", "7914: after one hour", [system(created=3_600), SYSTEM_RS], {}, "blocked system now"),
    ("a system pod of more than an hour", "7914", [system(created=3_601), SYSTEM_RS], {}, "evict"),
    ("more than a shorter timeout", "7914", [system(created=61), SYSTEM_RS], {"bsp_disruption_timeout": "1m"}, "evict"),
    ("less than a longer timeout", "7914", [system(created=3_601), SYSTEM_RS], {"bsp_disruption_timeout": 7_200},
     "blocked system now"),
    ("an old one that is not safe", "7914: drainable", [system(created=9_999, annotations={SAFE: "false"}), SYSTEM_RS],
     {}, "evict"),
    ("without an age", "7914", [system(), SYSTEM_RS], {}, "blocked system for-ever"),
    ("system pods do not matter", "FLAGS", [system(created=1), SYSTEM_RS], {"skip_nodes_with_system_pods": False},
     "evict"),
    ("a system pod with a budget", "PREVENT: don't have a pod disruption budget set",
     [system(created=1, **WEB), SYSTEM_RS, budget(allowed=1, namespace="kube-system")], {}, "evict"),
    ("with a budget that allows none", "PREVENT: or their PDB is too restrictive",
     [system(created=1, **WEB), SYSTEM_RS, budget(healthy=2, namespace="kube-system")], {}, "blocked pdb now"),
    ("with a budget of another namespace", "PREVENT", [system(created=1, **WEB), SYSTEM_RS, budget(allowed=1)], {},
     "blocked system now"),
    ("a safe system pod", "PREVENT *", [system(created=1, annotations={SAFE: "true"}), SYSTEM_RS], {}, "evict"),
    ("an emptyDir", "PREVENT **", [pod(owner=RS, volumes=SCRATCH), WEB_RS], {}, "blocked local-data for-ever"),
    ("an emptyDir in memory", "PREVENT **: not considered local storage",
     [pod(owner=RS, volumes=[{"name": "m", "emptyDir": {"medium": "Memory"}}]), WEB_RS], {}, "evict"),
    ("a hostPath", "PREVENT **", [pod(owner=RS, volumes=HOST), WEB_RS], {}, "blocked local-data for-ever"),
    ("local storage does not matter", "FLAGS --skip-nodes-with-local-storage",
     [pod(owner=RS, volumes=HOST + SCRATCH), WEB_RS], {"skip_nodes_with_local_storage": False}, "evict"),
    ("all local volumes listed", "PREVENT: all of the pod's local volumes are listed",
     [pod(owner=RS, volumes=HOST + SCRATCH, annotations={LISTED: "host,scratch"}), WEB_RS], {}, "evict"),
    ("one is not listed", "PREVENT", [pod(owner=RS, volumes=HOST + SCRATCH, annotations={LISTED: "host"}), WEB_RS],
     {}, "blocked local-data for-ever"),
    ("listed with a space", "PREVENT: volume-1,volume-2",
     [pod(owner=RS, volumes=HOST + SCRATCH, annotations={LISTED: "host, scratch"}), WEB_RS], {},
     "blocked local-data for-ever"),
    ("a Secret", "PREVENT **: ConfigMaps, Secrets", [pod(owner=RS, volumes=[{"name": "s", "secret": {}}]), WEB_RS], {},
     "evict"),
    ("a budget that allows one", "PDB", [pod(owner=RS, **WEB), WEB_RS, budget(allowed=1)], {}, "evict"),
    ("a budget that allows none", "PDB", [pod(owner=RS, **WEB), WEB_RS, budget(healthy=2)], {}, "blocked pdb now"),
    ("one of two budgets allows none", "PDB",
     [pod(owner=RS, **WEB), WEB_RS, budget("a", 1), budget("b", healthy=2)], {}, "blocked pdb now"),
    ("two budgets that allow one", "PDB", [pod(owner=RS, **WEB), WEB_RS, budget("a", 1), budget("b", 1)], {}, "evict"),
    ("an unready pod counts as any", "PDB", [pod(owner=RS, ready=False, **WEB), WEB_RS, budget()], {},
     "blocked pdb now"),
    ("safe to evict before budgets", "PREVENT *", [pod(annotations={SAFE: "true"}, **WEB), budget()], {}, "evict"),
    ("terminating for long", "GRACE", [pod(deleted=61)], {}, "ignore terminating"),
    ("terminating for not so long", "GRACE", [pod(owner=RS, deleted=60), WEB_RS], {}, "evict"),
    ("within its own grace period", "GRACE", [pod(deleted=100, terminationGracePeriodSeconds=120)], {},
     "blocked unreplicated for-ever"),
    ("without a grace period", "GRACE", [pod(deleted=31, terminationGracePeriodSeconds=0)], {}, "ignore terminating"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "objects", "options", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_of_the_faq(name: str, source: str, objects: list[Json], options: dict[str, Any], expected: str) -> None:
    check("cluster-autoscaler", objects, options, expected)


def test_a_replica_set_that_is_too_small_is_the_object_to_mend() -> None:
    (one,) = drain("cluster-autoscaler", pod(owner=RS), controller(replicas=1), min_replica_count=2).pods
    assert (one.outcome.object, one.rule) == ("ReplicaSet/shop/web", "replica-count")


def test_a_pod_that_keeps_its_node_says_why_and_what_would_free_it() -> None:
    def told(*objects: Json, **options: Any) -> tuple[str, str]:
        (one,) = drain("cluster-autoscaler", *objects, **options).pods
        return one.outcome.why, one.outcome.remedy

    assert told(pod())[0] == "it has no controller"
    assert told(pod(owner=owned("Rollout")))[0] == (
        "its controller Rollout is none of ReplicationController, Job, ReplicaSet, StatefulSet"
    )
    web = pod(owner=RS, **WEB)
    assert told(web, WEB_RS, budget(maxUnavailable=0))[1] == "let the budget allow one disruption"
    assert told(web, WEB_RS, budget(healthy=2))[1] == "wait until its pods are healthy"


def test_a_daemonset_is_named_and_a_pod_that_is_only_marked_as_one_of_it_names_itself() -> None:
    mark = {"cluster-autoscaler.kubernetes.io/daemonset-pod": "true"}
    agent = owned("DaemonSet", "agent")
    objects = [
        pod("bare", annotations=mark), pod("web", RS, annotations=mark), WEB_RS,
        pod("agent", agent), pod("both", agent, annotations=mark), controller("DaemonSet", "agent"),
    ]  # fmt: skip
    found = {one.pod.metadata.name: one.outcome.object for one in drain("cluster-autoscaler", *objects).pods}
    of_it = "DaemonSet/shop/agent"
    assert found == {"bare": "Pod/shop/bare", "web": "Pod/shop/web", "agent": of_it, "both": of_it}


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("1h", 3600), ("1h30m", 5400), ("90m", 5400), (".5h", 1800), ("1.5h", 5400), ("5400s", 5400), (5_400, 5400),
     (0, 0), ("0", 0), ("1ms", 0.001), ("250us", 0.00025), ("250µs", 0.00025), ("500ns", 5e-7), (0.5, 0.5),
     ("1h" * 50, 180_000), (9_200_000_000, 9.2e9), ("9200000000s", 9.2e9)],
)  # fmt: skip
def test_durations_as_go_writes_them(given: str | float, seconds: float) -> None:
    assert duration_of(given, "f") == pytest.approx(seconds)
    verdicts("cluster-autoscaler", system(created=1), SYSTEM_RS, bsp_disruption_timeout=given)


@pytest.mark.parametrize(
    "given", ["", "1", "h", "-1h", "1 h", "1d", -5, 1e300, "9" * 99 + "h", "1h" * 80, "1h" * 49 + "1.h", "1.h.", True]
)
def test_what_is_no_duration(given: object) -> None:
    with pytest.raises(InputError):
        verdicts("cluster-autoscaler", system(created=1), SYSTEM_RS, bsp_disruption_timeout=given)
