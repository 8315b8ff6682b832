"""Small worlds for tests of planning: machines, clusters, policies and intents in a few words.

A world is in the cluster ``c`` unless a test says otherwise. All kinds of objects are listed, all machines healthy, and
a window is always open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from tests.changes.drain.makings import EVERY_KIND

from oakum.changes.compat import Knowledge
from oakum.changes.drain import Surroundings
from oakum.changes.durations import Durations
from oakum.changes.intents.catalogue import KINDS as CHANGES
from oakum.changes.intents.kinds import subject_of
from oakum.changes.intents.model import Intent
from oakum.changes.planning import plan
from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.order import Phase
from oakum.changes.planning.settings import Policies
from oakum.changes.plans.model import Change, Override, Plan, Wave
from oakum.changes.plans.why_not import WhyNot
from oakum.changes.state import Cluster, EtcdMember, Machine, Software, State
from oakum.changes.state.model import Part
from oakum.local.drain import of_value
from oakum.policy import entries
from oakum.policy.amounts import Amount
from oakum.policy.model import Order, Policy
from oakum.policy.openings import Calendar
from oakum.policy.scopes import Scope

Json = dict[str, Any]
NOW = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
ZONE = "topology.kubernetes.io/zone"
ALWAYS = entries.Window("always", Scope(), (), always=True)
KNOWLEDGE = Knowledge(apis_until=60)


def soft(installed: str, *offers: str, part: Part = "package", **more: Any) -> Software:
    """Software in a version, with the versions that are offered."""
    ecosystem = "deb" if part in ("package", "kernel", "image") else "kubernetes"
    return Software(installed=installed, offers=offers or (installed,), part=part, **{"ecosystem": ecosystem, **more})


def kernel(installed: str = "6.1.90", *offers: str) -> dict[str, Software]:
    """A kernel, with a newer one on offer unless others are given."""
    return {"linux": soft(installed, *(offers or ("6.1.100",)), part="kernel", effect="reboot")}


def kubelet(installed: str = "1.31.4", *offers: str) -> dict[str, Software]:
    """A kubelet, whose old version can be put back."""
    return {"kubelet": soft(installed, *offers, part="kubelet", kept=(installed,))}


def servers(installed: str = "1.31.4", *offers: str, etcd: str = "3.5.15") -> dict[str, Software]:
    """The components of a control-plane machine, with its etcd."""
    names = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    parts = {name: soft(installed, *offers, part="control-plane", kept=(installed,)) for name in names}
    return parts | ({"etcd": soft(etcd, part="etcd", kept=(etcd,))} if etcd else {})


def machine(name: str, cluster: str = "c", **more: Any) -> Machine:
    """A healthy worker with a kernel to upgrade; ``zone`` is its failure domain."""
    zone = more.pop("zone", "")
    labels = {**more.pop("labels", {}), **({ZONE: zone} if zone else {})}
    given: dict[str, Any] = {
        "uid": f"uid-{cluster}-{name}", "healthy": True, "role": "worker" if cluster else "", "speed": "vm",
        "software": kernel(),
    }  # fmt: skip
    return Machine(name=name, cluster=cluster, labels=labels, **{**given, **more})


def workers(count: int, cluster: str = "c", *, zones: Sequence[str] = ("",), **more: Any) -> list[Machine]:
    """Workers w-1, w-2, ... in turn in these zones."""
    return [machine(f"w-{n + 1}", cluster, zone=zones[n % len(zones)], **more) for n in range(count)]


def masters(count: int, cluster: str = "c", **more: Any) -> list[Machine]:
    """Control-plane machines cp-1, cp-2, ..."""
    return [machine(f"cp-{n + 1}", cluster, role="control-plane", **more) for n in range(count)]


def cluster(name: str, machines: Iterable[Machine], objects: Iterable[Json] = (), **more: Any) -> Cluster:
    """A cluster with the nodes of its machines; etcd has a voter on every machine that runs one.

    ``marked`` are annotations, labels and taints (KEY:EFFECT) of nodes by their names.
    """
    mine = [each for each in machines if each.cluster == name]
    marked: dict[str, Json] = more.pop("marked", {})
    nodes = [
        {"apiVersion": "v1", "kind": "Node",
         "metadata": {"name": each.name, "uid": each.uid,
                      "labels": {**each.labels, **marked.get(each.name, {}).get("labels", {})},
                      "annotations": marked.get(each.name, {}).get("annotations", {})},
         "spec": {"unschedulable": each.cordoned,
                  "taints": [dict(zip(("key", "effect"), taint.split(":"), strict=True))
                             for taint in marked.get(each.name, {}).get("taints", ())]},
         "status": {"conditions": [{"type": "Ready", "status": "True" if each.healthy else "False"}]}}
        for each in mine
    ]  # fmt: skip
    etcd = tuple(EtcdMember(name=each.name, machine=each.id, healthy=each.healthy) for each in mine if each.of("etcd"))
    listed = more.pop("listed", EVERY_KIND)
    around = of_value({"apiVersion": "v1", "kind": "List", "items": [*nodes, *objects]}, "made up")
    version = more.pop("version", "v1.31.9")
    snapshot = msgspec.structs.replace(around.snapshot, listed=listed, gaps=(), version=version)
    given: dict[str, Any] = {"uid": f"uid-{name}", "etcd": etcd, "facts": {}}
    return Cluster(
        name=name, around=Surroundings(snapshot, around.machines, around.storage), **{**given, **more}
    )  # fmt: skip


def state(*machines: Machine, objects: Iterable[Json] = (), clusters: Iterable[Cluster] | None = None) -> State:
    """A state of these machines; their clusters hold ``objects`` unless they are given."""
    if clusters is None:
        clusters = [cluster(name, machines, objects) for name in dict.fromkeys(m.cluster for m in machines) if name]
    return State(at=NOW, digest="sha256:state", machines=machines, clusters=tuple(clusters))


def intent(kind: str = "kernel", name: str = "", **more: Any) -> Intent:
    """An intent, called as its kind; what is not a field of intents is a want."""
    fields = {key: more.pop(key) for key in ("scope", "after", "whole") if key in more}
    return Intent(name=name or kind, kind=kind, wants=more, **fields)


def policy(**sections: Any) -> Policy:
    """A policy with an open window, unless it has its own; ``max_unavailable`` and the like make its only budget."""
    budget = {
        key: sections.pop(key) for key in ("max_unavailable", "max_domains", "per", "at_least") if key in sections
    }
    if budget:
        most = budget.pop("max_unavailable", 1)
        amount = most if isinstance(most, Amount) else Amount(most)
        sections["budgets"] = (entries.Budget("budget", Scope(), max_unavailable=amount, **budget),)
    return Policy(**{"windows": (ALWAYS,), "order": Order(), **sections})


def planned(
    world: State,
    *intents: Intent,
    rules: Policy | None = None,
    knowledge: Knowledge = KNOWLEDGE,
    durations: Durations | None = None,
    override: Override | None = None,
    now: datetime = NOW,
) -> Plan | WhyNot:
    """A plan, or why not."""
    rules = rules or policy()
    return plan(
        world, intents or (intent(),), rules, now, calendar=Calendar(rules, {}), knowledge=knowledge,
        durations=durations or Durations({name: kind.prior for name, kind in CHANGES.items()}), override=override,
    )  # fmt: skip


def good(*arguments: Any, **named: Any) -> Plan:
    """A plan; fails where there is none."""
    found = planned(*arguments, **named)
    assert isinstance(found, Plan), [(each.rule, each.object, each.why) for each in found.reasons]
    return found


def refused(*arguments: Any, **named: Any) -> WhyNot:
    """Why there is no plan; fails where there is one."""
    found = planned(*arguments, **named)
    assert isinstance(found, WhyNot), [each.name for each in found.waves]
    return found


def draft(of: Machine, *changes: Change, rules: Policy | None = None, **more: Any) -> Draft:
    """A draft of a machine with the settings of a policy; a kernel and its reboot unless it has other changes."""
    changes = changes or (change(reboot=True, drain=True),)
    made = Draft(phase=Phase(0, 0, 0), subject=subject_of(of), changes=changes, cluster=None, machine=of)
    made.settings = Policies(rules or policy(), None).of_machine(of, made.doings)
    made.domain = of.labels.get(ZONE, "")
    for name, value in more.items():
        setattr(made, name, value)
    return made


def change(component: str = "linux", kind: str = "kernel", **more: Any) -> Change:
    """A change from version 1 to 2, of an intent that is called as its kind."""
    given: dict[str, Any] = {"intent": kind, "before": "1", "after": "2", "back": "1", "reversibility": "reversible"}
    return Change(kind=kind, component=component, **{**given, **more})


def names(wave: Wave) -> list[str]:
    """The names of a wave's subjects, in order."""
    return [step.subject.name for step in wave.steps]


def order_of(found: Plan) -> list[list[str]]:
    """The names of each wave's subjects."""
    return [names(wave) for wave in found.waves]


def out(found: Plan) -> dict[str, str]:
    """The rules by what is left out."""
    return {each.subject: each.rule for each in found.left_out}


def rules_of(found: WhyNot) -> list[str]:
    """The rules of the reasons."""
    return [each.rule for each in found.reasons]
