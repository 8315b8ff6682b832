"""What kubectl, the cluster autoscaler and Cluster API would do with the pods of a node: a second, naive hand.

Written without a look at Oakum's own rules, from the public documentation and rules of the three projects: kubectl's
``pkg/drain/filters.go`` and the API server's ``pod/storage/eviction.go``; the autoscaler's ``drainability/rules`` and
``utils/drain``; Cluster API's ``machine/drain/filters.go`` and ``drain.go``. Each profile is its list of rules in the
other project's order, and the first that says anything decides. Every rule walks through the whole dump again.

``None`` in an answer stands for what these sources do not determine, for example whether a pod that goes with a
warning has a reason to show; the facts of a pod are in ``naive_drain_facts.py``. Each pod is asked about alone and at
this moment, as the contract of the command line says: kubectl asks for all evictions at once and the autoscaler for
room for one, so none of them uses up a budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.actors.naive_drain_facts import (
    Expected,
    Object,
    Question,
    budgets,
    eviction,
    group_of,
    has_empty_dir,
    how_long,
    is_ready,
    moment,
    named,
    selects,
    span,
)

MIRROR = "kubernetes.io/config.mirror"
AUTOSCALER = "cluster-autoscaler.kubernetes.io/"
CAPI = "cluster.x-k8s.io"
#: The kinds that replicate for the autoscaler, with the API group in which it looks them up.
REPLICATE = {"ReplicationController": "", "Job": "batch", "ReplicaSet": "apps", "StatefulSet": "apps"}

Rule = Callable[[Question], Expected | None]


def naive(request: Mapping[str, Any]) -> dict[tuple[str, str], Expected]:
    """The answer for every pod of the asked nodes, by namespace and name."""
    items, now = tuple(request["dump"]["items"]), moment(request["now"])
    pods = [each for each in items if each["kind"] == "Pod" and each["spec"].get("nodeName") in request["nodes"]]
    asked = [Question(pod, items, now, request.get("options", {})) for pod in pods]
    ask = PROFILES[request["profile"]]
    return {(each.namespace, each.pod["metadata"]["name"]): ask(each) for each in asked}


def decided(question: Question, rules: Iterable[Rule]) -> Expected | None:
    """What the first rule says that says anything."""
    return next((said for rule in rules if (said := rule(question)) is not None), None)


def mirror(question: Question) -> Expected | None:
    """The kubelet runs it from a file; the annotation counts, whatever its value."""
    return Expected("ignore", "mirror") if question.annotation(MIRROR) is not None else None


# kubectl


def kubectl(question: Question) -> Expected:
    """The filters of kubectl drain, then the eviction; a refusal of a filter is blocked."""
    filters: tuple[Rule, ...] = (skip_deleted, daemon_set, mirror, local_storage, unreplicated)
    return decided(question, filters) or eviction(question)


def skip_deleted(question: Question) -> Expected | None:
    """With a timeout above 0, pods whose deletion is longer ago are left out."""
    timeout = question.options.get("skip_wait_for_delete_timeout", 0)
    return Expected("ignore", "terminating") if timeout > 0 and question.deleted_longer_than(timeout) else None


def daemon_set(question: Question) -> Expected | None:
    """Pods of a DaemonSet stay or stop the drain; where it is missing, only force lets them go.

    Until kubernetes/kubernetes#128779 the kind of the owner alone was read; now also its API version.
    """
    owner = question.controller
    if owner is None or (owner["apiVersion"], owner["kind"]) != ("apps/v1", "DaemonSet") or question.finished:
        return None
    if question.find("apps", "DaemonSet", question.namespace, owner["name"]) is None:
        return None if question.options.get("force") else Expected("blocked", "orphan")
    return Expected("ignore" if question.options.get("ignore_daemonsets") else "blocked", "daemonset")


def local_storage(question: Question) -> Expected | None:
    """The data of an emptyDir is lost."""
    accepted = question.finished or question.options.get("delete_emptydir_data")
    return Expected("blocked", "local-data") if has_empty_dir(question) and not accepted else None


def unreplicated(question: Question) -> Expected | None:
    """Without a controller it does not come back."""
    accepted = question.finished or question.controller or question.options.get("force")
    return None if accepted else Expected("blocked", "unreplicated")


# The cluster autoscaler


def autoscaler(question: Question) -> Expected:
    """The drainability rules in their default order."""
    passing = Expected("evict", None if question.deleted else "")
    return decided(question, (mirror, *AUTOSCALER_RULES)) or passing


def long_terminating(question: Question) -> Expected | None:
    """Half a minute beyond the grace period of its own spec a pod counts as gone."""
    grace = question.pod["spec"].get("terminationGracePeriodSeconds", 30)
    gone = question.deleted and question.deleted + timedelta(seconds=grace + 30) < question.now
    return Expected("ignore", "terminating") if gone else None


def of_daemon_set(question: Question) -> bool:
    """Whether the autoscaler takes the pod for one of a DaemonSet, of whatever API group."""
    owner = question.controller
    by_owner = owner is not None and owner["kind"] == "DaemonSet"
    return by_owner or question.annotation(AUTOSCALER + "daemonset-pod") == "true"


def only_known_controllers(question: Question) -> bool:
    """Whether controllers are looked up and unknown ones do not replicate."""
    return bool(question.options.get("skip_nodes_with_custom_controller_pods", True))


def missing_controller(question: Question) -> Expected | None:
    """Controllers of known kinds are looked up; the API group of the reference is read for two of the kinds only."""
    owner = question.controller
    if owner is None or not only_known_controllers(question):
        return None
    kind, group = owner["kind"], REPLICATE.get(owner["kind"])
    if kind != "ReplicationController" and of_daemon_set(question):
        group = "apps" if kind == "DaemonSet" else None
    if group is None or (kind in ("DaemonSet", "StatefulSet") and group_of(owner) != "apps"):
        return None
    return None if question.find(group, kind, question.namespace, owner["name"]) else Expected("blocked", "orphan")


def daemon_set_goes(question: Question) -> Expected | None:
    """Pods of DaemonSets hold no node."""
    return Expected("evict", "daemonset") if of_daemon_set(question) else None


def marked(question: Question) -> str | None:
    """The value of the mark for or against eviction."""
    return question.annotation(AUTOSCALER + "safe-to-evict")


def safe_or_terminal(question: Question) -> Expected | None:
    """Marked as safe, failed, or succeeded without being started again."""
    restarts = question.pod["spec"]["restartPolicy"] == "Always"
    terminal = question.finished and not (restarts and question.pod["status"]["phase"] == "Succeeded")
    return Expected("evict", None) if marked(question) == "true" or terminal else None


def on_completion(question: Question) -> Expected | None:
    """Left to run to its end."""
    return Expected("wait", "on-completion") if marked(question) == "on-completion" else None


def not_replicated(question: Question) -> Expected | None:
    """Without a controller, or with one that does not count, the pod would not come back."""
    owner = question.controller
    counts = owner is not None and (owner["kind"] in REPLICATE or not only_known_controllers(question))
    return None if counts else Expected("blocked", "unreplicated")


def system_pod(question: Question) -> Expected | None:
    """A pod of kube-system without a budget holds its node for a time.

    kubernetes/autoscaler#7914 calls it drainable after that; whether the next rules are still asked it does not say.
    """
    asked = question.options.get("skip_nodes_with_system_pods", True)
    if question.namespace != "kube-system" or not asked or budgets(question):
        return None
    held_for = span(question.options.get("bsp_disruption_timeout", "1h"))
    if moment(question.pod["metadata"]["creationTimestamp"]) + held_for > question.now:
        return Expected("blocked", "system")
    return Expected(None, None) if not_safe(question) or local_volumes(question) else None


def not_safe(question: Question) -> Expected | None:
    """Marked against eviction."""
    return Expected("blocked", "not-safe-to-evict") if marked(question) == "false" else None


def local_volumes(question: Question) -> Expected | None:
    """A hostPath, or an emptyDir that is not in memory, unless the pod lists it as no loss."""
    listed = (question.annotation(AUTOSCALER + "safe-to-evict-local-volumes") or "").split(",")
    volumes = [each for each in question.pod["spec"].get("volumes", []) if each["name"] not in listed]
    on_disk = [each for each in volumes if each.get("emptyDir", {"medium": "Memory"}).get("medium") != "Memory"]
    found = on_disk or any("hostPath" in each for each in volumes)
    kept = question.options.get("skip_nodes_with_local_storage", True)
    return Expected("blocked", "local-data") if found and kept else None


def no_room(question: Question) -> Expected | None:
    """Any matching budget without room holds the pod; with several such it is open which is named."""
    full = [each for each in budgets(question) if each["status"]["disruptionsAllowed"] < 1]
    if len(full) == 1:
        return Expected("blocked", "pdb", named(full[0]), how_long(question, full[0]))
    return Expected("blocked", "pdb") if full else None


AUTOSCALER_RULES: tuple[Rule, ...] = (
    long_terminating,
    missing_controller,
    daemon_set_goes,
    safe_or_terminal,
    on_completion,
    not_replicated,
    system_pod,
    not_safe,
    local_volumes,
    no_room,
)


# Cluster API


def cluster_api(question: Question) -> Expected:
    """The filters of the machine's drain, then the eviction, unless the pod is already being deleted."""
    filters: tuple[Rule, ...] = (unreachable, stays_with_daemon_set, mirror, labelled, ruled)
    said = decided(question, filters)
    if said is not None:
        return said
    rule = first_rule(question)
    order = 0 if rule is None else rule["spec"]["drain"].get("order", 0)
    return replace(Expected("wait", "terminating") if question.deleted else eviction(question), order=order)


def unreachable(question: Question) -> Expected | None:
    """On a node that does not answer, pods under deletion for more than a second are left out."""
    node = question.find("", "Node", None, question.pod["spec"]["nodeName"])
    lost = node is not None and is_ready(node, "Unknown")
    return Expected("ignore", "terminating") if lost and question.deleted_longer_than(1) else None


def stays_with_daemon_set(question: Question) -> Expected | None:
    """Pods of a DaemonSet that is there stay; orphans go on. Only the kind of the owner is read."""
    owner = question.controller
    if owner is None or owner["kind"] != "DaemonSet" or question.finished:
        return None
    there = question.find("apps", "DaemonSet", question.namespace, owner["name"])
    return Expected("ignore", "daemonset") if there else None


def labelled(question: Question) -> Expected | None:
    """The pod's own label, in any case and with or without one hyphen."""
    value = question.pod["metadata"].get("labels", {}).get("cluster.x-k8s.io/drain", "").lower()
    if value == "skip":
        return Expected("ignore", "drain-label")
    return Expected("wait", "drain-label", order=0) if value.replace("-", "", 1) == "waitcompleted" else None


def ruled(question: Question) -> Expected | None:
    """What the first matching rule says but for draining; before any rule the Namespace has to be there."""
    if question.find("", "Namespace", None, question.namespace) is None:
        return Expected("error", "namespace-missing")
    rule = first_rule(question)
    said = {
        "Drain": None,
        "Skip": Expected("ignore", "drain-rule"),
        "WaitCompleted": Expected("wait", "drain-rule", order=0),
    }
    return None if rule is None else said.get(rule["spec"]["drain"]["behavior"], Expected("error", "unknown-behavior"))


def first_rule(question: Question) -> Object | None:
    """The first by name of the rules in the Machine's namespace that select both Machine and pod."""
    node = question.pod["spec"]["nodeName"]
    (machine,) = [each for each in question.of(CAPI, "Machine") if each["status"]["nodeRef"]["name"] == node]
    home = machine["metadata"]["namespace"]
    cluster = question.find(CAPI, "Cluster", home, machine["spec"]["clusterName"])
    namespace = question.find("", "Namespace", None, question.namespace)
    assert cluster is not None and namespace is not None
    for rule in sorted(question.of(CAPI, "MachineDrainRule"), key=lambda each: str(each["metadata"]["name"])):
        on_machine = any_entry(rule, "machines", {"selector": machine, "clusterSelector": cluster})
        on_pod = any_entry(rule, "pods", {"selector": question.pod, "namespaceSelector": namespace})
        if rule["metadata"]["namespace"] == home and on_machine and on_pod:
            return rule
    return None


def any_entry(rule: Object, field: str, things: Mapping[str, Object]) -> bool:
    """Whether one entry of the list selects all these things; no list and no selector select everything."""
    entries = rule["spec"].get(field) or [{}]
    return any(all(selects(entry.get(key, {}), thing) for key, thing in things.items()) for entry in entries)


PROFILES = {"kubectl": kubectl, "cluster-autoscaler": autoscaler, "cluster-api": cluster_api}
