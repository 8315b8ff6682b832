"""What each rival is documented to do, with the source; every row has a test of its name.

The texts are ours; the sources are the pages that say so. What no page says is an assumption of its rival
(``Rival.assumes``).
"""

from __future__ import annotations

import msgspec

_KURED = "https://kured.dev/docs/configuration/"
_OPERATION = "https://kured.dev/docs/operation/"
_PLAN = "https://github.com/rancher/system-upgrade-controller/blob/master/doc/plan.md"
_README = "https://github.com/rancher/system-upgrade-controller/blob/master/README.md"
_K3S = "https://docs.k3s.io/upgrades/automated"
_MANIFEST = "https://github.com/rancher/system-upgrade-controller/blob/master/manifests/system-upgrade-controller.yaml"
_SUC = "https://github.com/rancher/system-upgrade-controller/issues/"
_DRAIN = "https://kubernetes.io/docs/reference/kubectl/generated/kubectl_drain/"
_SAFELY = "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"
_EVICTION = "https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/"
_UNCORDON = "https://kubernetes.io/docs/reference/kubectl/generated/kubectl_uncordon/"


class Behaviour(msgspec.Struct, frozen=True):
    """One documented behaviour: what it is, and the page that says so."""

    says: str
    source: str


KURED: dict[str, Behaviour] = {
    "sentinel": Behaviour("reboots a node only where the sentinel file is there", _KURED),
    "period": Behaviour("looks for the sentinel once an hour", _KURED),
    "offset": Behaviour("each daemon begins at a random offset within the period", _KURED),
    "lock": Behaviour("a lock in an annotation of its DaemonSet lets one node reboot at a time", _KURED),
    "concurrency": Behaviour("--concurrency lets so many reboot at once", _KURED),
    "manual-lock": Behaviour("a lock taken by hand keeps every node from rebooting", _OPERATION),
    "manual-unlock": Behaviour("a lock removed by hand lets the next node go on", _OPERATION),
    "dead-holder": Behaviour("the lock of a node that is gone stays for ever", _OPERATION),
    "lock-ttl": Behaviour("--lock-ttl lets another node take over when the time is over", _OPERATION),
    "lock-release-delay": Behaviour("--lock-release-delay holds the lock for a while after the reboot", _OPERATION),
    "schedule": Behaviour("reboots only on its days, between start and end, in its time zone", _KURED),
    "times": Behaviour("a time of day is written 5pm, 5:00pm, 17:00 or 17", _KURED),
    "alerts": Behaviour("any active alert keeps nodes from rebooting, where a Prometheus is named", _KURED),
    "alert-filter": Behaviour("--alert-filter-regexp names alerts that do not count", _KURED),
    "alert-match-only": Behaviour("--alert-filter-match-only lets only matching alerts count", _KURED),
    "blocking-pods": Behaviour("a pod of a blocking selector keeps its node; a comma is and, several are or", _KURED),
    "cordon-drain-uncordon": Behaviour(
        "cordons and drains a node before its reboot, and uncordons it after",
        "https://github.com/kubereboot/kured/blob/main/README.md",
    ),
    "drain-timeout": Behaviour("a drain waits for ever, or is aborted after --drain-timeout", _KURED),
    "force-reboot": Behaviour("--force-reboot reboots although the drain failed", _KURED),
    "drain-pod-selector": Behaviour("--drain-pod-selector drains only matching pods", _KURED),
    "skip-wait": Behaviour("--skip-wait-for-delete-timeout does not wait for pods deleted so long ago", _KURED),
    "reboot-delay": Behaviour("--reboot-delay waits between the drain and the reboot", _KURED),
    "annotate-nodes": Behaviour("--annotate-nodes marks a node while its reboot is under way", _KURED),
    "labels": Behaviour("sets node labels before the cordon and after the uncordon", _KURED),
    "failed-drain": Behaviour(
        "after a failed drain it releases the lock, with its delay, and then uncordons the node",
        "https://github.com/kubereboot/kured/issues/1129",
    ),
    "cordoned-before": Behaviour(
        "the lock records whether the node was cordoned before; then it stays so after the reboot",
        "https://github.com/kubereboot/kured/blob/main/cmd/kured/main.go",
    ),
    "late-return": Behaviour(
        "a node that returns when its lock has expired stays cordoned",
        "https://github.com/m-lab/k8s-support/pull/674",
    ),
}  # fmt: skip
UPGRADE_CONTROLLER: dict[str, Behaviour] = {
    "selector": Behaviour("works on the nodes that nodeSelector selects", _PLAN),
    "concurrency": Behaviour("on at most `concurrency` nodes at once", _PLAN),
    "label": Behaviour("labels a node with the hash of the Plan when its Job is complete", _README),
    "not-again": Behaviour("does not work again on a node with that label", _README),
    "new-version": Behaviour("a changed Plan has another hash, and is applied again", _PLAN),
    "disabled": Behaviour("leaves a node out whose label says disabled", _README),
    "no-drain": Behaviour("drains nothing where the Plan does not say so", _PLAN),
    "cordon": Behaviour("cordons the node before the upgrade where the Plan says cordon", _PLAN),
    "drain-cordons": Behaviour("a Plan with a drain cordons, whatever it says of cordon", _PLAN),
    "untouched": Behaviour("with neither, a node that was cordoned stays so", _PLAN),
    "uncordons-any": Behaviour("with either, the node is uncordoned in the end, whoever cordoned it", f"{_SUC}341"),
    "failed-stays": Behaviour("a node whose Job failed stays cordoned", f"{_SUC}71"),
    "tolerates-cordon": Behaviour("its Jobs run on cordoned nodes", _PLAN),
    "other-taints": Behaviour("other taints have to be tolerated, or the Job waits", _PLAN),
    "exclusive": Behaviour("an exclusive Plan does not run beside another exclusive one", _PLAN),
    "window": Behaviour("makes no Job outside of the window", _PLAN),
    "window-goes-on": Behaviour("a Job that has begun goes on after the window", _PLAN),
    "window-days": Behaviour("days are written 0, su, sun or sunday", _PLAN),
    "post-complete-delay": Behaviour("waits postCompleteDelay between two nodes", _PLAN),
    "deadline": Behaviour("a Job over its deadline stops the Plan until somebody changes it", _PLAN),
    "deadline-default": Behaviour("the deadline is 900 seconds by default", _MANIFEST),
    "no-deadline": Behaviour("a deadline of 0 is none", _PLAN),
    "disable-eviction": Behaviour("disableEviction deletes pods past their budgets", _PLAN),
    "drain-defaults": Behaviour("a drain ignores DaemonSets and deletes local data by default", _README),
    "prepare": Behaviour("an agent's Plan waits in its prepare step for the servers' Plan", _K3S),
    "retries": Behaviour("a container that fails is tried again (backoffLimit 99)", _MANIFEST),
}  # fmt: skip
SCRIPT: dict[str, Behaviour] = {
    "drain-cordons": Behaviour("a drain cordons the node first", _DRAIN),
    "daemonsets-stop": Behaviour("pods of a DaemonSet stop it without --ignore-daemonsets", _DRAIN),
    "daemonsets-stay": Behaviour("with the flag they are left alone", _DRAIN),
    "unmanaged-stop": Behaviour("pods that nothing makes again stop it without --force", _DRAIN),
    "unmanaged-deleted": Behaviour("with --force they are gone for good", _DRAIN),
    "emptydir-stops": Behaviour("pods with an emptyDir stop it without --delete-emptydir-data", _DRAIN),
    "emptydir-deleted": Behaviour("with the flag their data is lost", _DRAIN),
    "none-evicted": Behaviour("a drain that is stopped by one pod evicts none", _DRAIN),
    "budgets": Behaviour("evictions respect disruption budgets: refused for now, tried again", _EVICTION),
    "two-budgets": Behaviour("a pod under two budgets fails the drain", _EVICTION),
    "for-ever": Behaviour("waits for ever without --timeout", _DRAIN),
    "timeout": Behaviour("gives up after --timeout", _DRAIN),
    "stays-cordoned": Behaviour(
        "leaves the node cordoned when it fails", "https://github.com/kubernetes/kubernetes/issues/37592"
    ),
    "waits-for-end": Behaviour("waits until the evicted pods have ended", _DRAIN),
    "disable-eviction": Behaviour("--disable-eviction deletes without asking budgets", _DRAIN),
    "pod-selector": Behaviour("--pod-selector drains only matching pods", _DRAIN),
    "skip-wait": Behaviour("--skip-wait-for-delete-timeout does not wait for pods deleted so long ago", _DRAIN),
    "parallel": Behaviour("several drains at once still respect the budgets together", _SAFELY),
    "uncordon": Behaviour("uncordon makes a node schedulable again, whoever cordoned it", _UNCORDON),
    "one-list": Behaviour("pods that come back later are not noticed: the list is made once", _DRAIN),
}  # fmt: skip
