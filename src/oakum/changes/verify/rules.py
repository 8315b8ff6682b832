"""The rules that a plan is held to, each with its source. ``policy`` as a source is the site's own policy."""

from __future__ import annotations

from oakum.changes.verify.model import Rule

_PLANS = "oakum.changes.plans.model"
_INTENTS = "oakum.changes.intents.kinds"
_POLICY = "policy"
_SKEW = "https://kubernetes.io/releases/version-skew-policy/"
_EVICTION = "https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/"
_DRAIN = "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"
_ETCD = "https://etcd.io/docs/latest/faq/"
_WEBHOOKS = "https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/"
_APIS = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/"
_ACTORS = "oakum.actors.shields"
_ADR = "docs/decisions/0010-waves-form-a-graph.md"

RULES: dict[str, Rule] = {
    # The plan as a document.
    "form": Rule("ids are unique, everything that is named exists, and waves form a graph without a circle", _PLANS),
    "other-state": Rule("the plan was made from this state, not before it was seen", _PLANS),
    "other-policy": Rule("the plan was made under this policy", _PLANS),
    "subject": Rule("each subject exists, under the uid that the plan gives", _PLANS),
    "not-assessable": Rule("what a rule asks for is known", "no evidence is not good news"),
    # What is changed.
    "targets": Rule("each target of an intent is changed, is left out with a reason, or is done already", _INTENTS),
    "changes": Rule("a step makes exactly the changes that its intents come to on the machine as it is then", _INTENTS),
    "chain": Rule("a change starts from the version in effect, and one machine has one step at a time", _PLANS),
    "after": Rule("the versions after a step are those that its changes lead to", _PLANS),
    "proof": Rule("each change, and each change of a way back, names what shows its effect", _INTENTS),
    "reversibility": Rule("a step is as final as its most final change, and copies what needs a copy", _INTENTS),
    "way-back": Rule("the way back of a step leads to the versions before it, unless it is forward-only", _INTENTS),
    "undoes": Rule("a roll-back makes only changes of the way back of the plan that it names", _PLANS),
    "reboot": Rule("a step reboots where, and only where, one of its changes asks for it", _INTENTS),
    "untouchable": Rule("no step on what is unhealthy, of unknown health, or cordoned by somebody else", _DRAIN),
    "actors": Rule("a visit bears the marks against others on its node, and is of none that they act on", _ACTORS),
    "protected": Rule("no step on what the policy protects", _POLICY),
    # How much at once.
    "members": Rule("a group counts all machines that its budget is for, changed or not, and no others", _POLICY),
    "max-unavailable": Rule("a group lets no more machines go at once than each budget of its steps", _POLICY),
    "domains": Rule("a group names each machine's domain and lets no more domains go than its budgets", _POLICY),
    "room": Rule("a step can start beside the machines that are impaired already", _POLICY),
    "together": Rule("steps of different groups that may run together keep each other's budgets", _ADR),
    "serial": Rule("machines of a control plane are changed one at a time", _ETCD),
    "quorum": Rule("etcd keeps a quorum of its voters without those in flight, and has no learner", _ETCD),
    # In which order.
    "rank": Rule("kinds of a lower rank are over in a cluster before the next begin", _INTENTS),
    "intents-order": Rule("an intent begins when those it comes after are done on all of their targets", _INTENTS),
    "roles-order": Rule("node roles, then pools, go in the policy's order", _POLICY),
    "stages": Rule("a stage begins when the one before it is over and has soaked", _POLICY),
    "canary": Rule("in each cluster a canary of the policy's size goes first and soaks", _POLICY),
    "own-last": Rule("the machine that Oakum needs to act goes last", "traps: self deadlock"),
    # When, and under whose eyes.
    "soak": Rule("soaks are no shorter than the policy's", _POLICY),
    "gate": Rule("gates ask for no less than the policy's", _POLICY),
    "guardrail": Rule("the run stops no later than the policy says", _POLICY),
    "approval": Rule("no fewer people, of no other roles, have to agree than the policy says", _POLICY),
    "escalation": Rule("a blocked drain escalates as the policy says", _POLICY),
    "drain": Rule("drains are no longer and no rougher than the policy says", _POLICY),
    "calendar": Rule("a step obeys the windows and freezes of its targets, and fits into them", _POLICY),
    "override": Rule("an emergency overrides what the policy lets it, with reason, people and an end", _POLICY),
    "takes": Rule("the durations of a step are possible", "oakum.changes.durations"),
    # What runs beside it.
    "blocked": Rule("every pod that has to leave can be evicted under its budgets", _EVICTION),
    "evictions": Rule("what a drain disturbs is told as it is", _DRAIN),
    "webhook": Rule("no drain takes the last backend of a webhook that fails closed", _WEBHOOKS),
    "skew": Rule("no two versions of Kubernetes ever stand beside each other that may not", _SKEW),
    "compatibility": Rule("no two versions ever stand beside each other that do not fit", "compatibility data"),
    "known-bad": Rule("no change goes along an edge that harms here, or may harm", "compatibility data"),
    "removed-api": Rule("no object is in use in an API version that the new API server does not serve", _APIS),
}  # fmt: skip
