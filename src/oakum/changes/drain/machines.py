"""What Cluster API says of a node: its Machine, that machine's Cluster, and the MachineDrainRules of their namespace.

These objects live in the management cluster, which may be another one than the node's; a dump may hold both. Types and
fields: cluster-api.sigs.k8s.io/tasks/automated-machine-management/machine_deletions, API versions v1beta1 and v1beta2.
A rule in another version, or with a field that is unknown here, makes the whole question not assessable: it could say
anything about any pod.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from oakum.changes.drain.items import tidy
from oakum.errors import InputError, NotAssessableError, Place
from oakum.fleet.cluster.objects import Map, Meta, Selector, Slim

KINDS = frozenset({"Machine", "Cluster", "MachineDrainRule"})
GROUP = "cluster.x-k8s.io"
_VERSIONS = ("v1beta1", "v1beta2")
_OPERATORS = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}


class _Strict(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A part of a rule; a field that is not known here is an error."""


class DrainConfig(_Strict, frozen=True):
    """What happens to the pods: Drain in an order, Skip, or WaitCompleted."""

    behavior: str = ""
    order: int | None = None


class MachineSelector(_Strict, frozen=True):
    """Machines for which both selectors hold; an absent one holds for all."""

    selector: Selector | None = None
    cluster_selector: Selector | None = None


class PodSelector(_Strict, frozen=True):
    """Pods for which both selectors hold; an absent one holds for all."""

    selector: Selector | None = None
    namespace_selector: Selector | None = None


class DrainRuleSpec(_Strict, frozen=True):
    """A rule for the pods of some machines; empty lists are for all."""

    drain: DrainConfig = DrainConfig()
    machines: tuple[MachineSelector, ...] = ()
    pods: tuple[PodSelector, ...] = ()


class DrainRule(Slim, frozen=True):
    """A MachineDrainRule."""

    api_version: str = ""
    metadata: Meta = Meta()
    spec: DrainRuleSpec = DrainRuleSpec()


class NodeReference(Slim, frozen=True):
    """The node of a machine."""

    name: str = ""


class MachineDeletion(Slim, frozen=True):
    """Deletion as it is set (v1beta2: a timeout in seconds) and as it goes (when the drain began)."""

    node_drain_timeout_seconds: int | None = None
    node_drain_start_time: str = ""


class MachineSpec(Slim, frozen=True):
    """A machine's wanted state; ``node_drain_timeout`` is a duration of v1beta1, as 10m."""

    cluster_name: str = ""
    node_drain_timeout: str = ""
    deletion: MachineDeletion = MachineDeletion()


class MachineStatus(Slim, frozen=True):
    """A machine's observed state."""

    node_ref: NodeReference = NodeReference()
    deletion: MachineDeletion = MachineDeletion()


class Machine(Slim, frozen=True):
    """A Machine."""

    api_version: str = ""
    metadata: Meta = Meta()
    spec: MachineSpec = MachineSpec()
    status: MachineStatus = MachineStatus()


class Cluster(Slim, frozen=True):
    """A Cluster; only its labels matter."""

    api_version: str = ""
    metadata: Meta = Meta()


class Machines:
    """The objects of Cluster API in a dump."""

    def __init__(
        self, machines: Iterable[Machine] = (), clusters: Iterable[Cluster] = (), rules: Iterable[DrainRule] = ()
    ) -> None:
        self._machines = {one.status.node_ref.name: one for one in machines if one.status.node_ref.name}
        self._clusters = {(one.metadata.namespace, one.metadata.name): one for one in clusters}
        self.rules = tuple(sorted(rules, key=lambda one: (one.metadata.name, one.metadata.namespace)))

    @property
    def objects(self) -> Iterator[tuple[str, Slim]]:
        """Each with its kind, by kind and name: what ``read_machines`` makes the same of again."""
        yield from (("Cluster", self._clusters[key]) for key in sorted(self._clusters))
        yield from (("Machine", self._machines[node]) for node in sorted(self._machines))
        yield from (("MachineDrainRule", rule) for rule in self.rules)

    def of(self, node: str) -> Machine | None:
        """The machine of a node."""
        return self._machines.get(node)

    def labels_of_cluster(self, machine: Machine) -> Map:
        """The labels of a machine's cluster; none where it is not known."""
        found = self._clusters.get((machine.metadata.namespace, machine.spec.cluster_name))
        return {} if found is None else found.metadata.labels


NO_MACHINES = Machines()


def read_machines(items: Iterable[Mapping[str, object]]) -> Machines:
    """The objects of Cluster API among parsed objects. Raises NotAssessableError, InputError naming the object."""
    machines: list[Machine] = []
    clusters: list[Cluster] = []
    rules: list[DrainRule] = []
    for item in items:
        kind, group, version = _told(item)
        if kind not in KINDS or group != GROUP:
            continue
        place = Place(field=f"{kind} {_name(item)}")
        if version not in _VERSIONS:
            what = f"not assessable: {kind} {group}/{version[:40]} is unknown"
            raise NotAssessableError(what, place=place, remedy=f"give it in {GROUP}/{_VERSIONS[-1]}")
        try:
            if kind == "Machine":
                machines.append(msgspec.convert(tidy(item), Machine))
            elif kind == "Cluster":
                clusters.append(msgspec.convert(tidy(item), Cluster))
            else:
                rules.append(msgspec.convert(tidy(item), DrainRule))
        except msgspec.ValidationError as error:
            if "unknown field" in str(error):
                raise NotAssessableError(f"not assessable: {error}", place=place, remedy="leave it out") from None
            raise InputError(f"not of the expected shape: {error}", place=place, remedy="mend the object") from None
        except RecursionError:
            raise InputError("nested too deeply", place=place, remedy="mend the object") from None
    return Machines(machines, clusters, rules)


def flaw(rule: DrainRule) -> str:
    """Why the selectors of a rule are invalid, so that Cluster API refuses to drain at all; "" where they are not."""
    selectors = [each for one in rule.spec.machines for each in (one.selector, one.cluster_selector)]
    selectors += [each for one in rule.spec.pods for each in (one.selector, one.namespace_selector)]
    for each in (one for selector in selectors if selector is not None for one in selector.match_expressions):
        needs = _OPERATORS.get(each.operator)
        if needs is None:
            return f"{each.operator[:40]!r} is no operator of a selector"
        if needs != bool(each.values):
            return f"{each.operator} {'needs' if needs else 'takes no'} values"
    return ""


def _told(item: Mapping[str, object]) -> tuple[str, str, str]:
    kind, api_version = item.get("kind"), item.get("apiVersion")
    if not isinstance(kind, str) or not isinstance(api_version, str):
        return "", "", ""
    group, _, version = api_version.rpartition("/")
    return kind, group, version


def _name(item: Mapping[str, object]) -> str:
    meta = item.get("metadata")
    parts = [meta.get("namespace"), meta.get("name")] if isinstance(meta, dict) else []
    return "/".join(part[:100] for part in parts if isinstance(part, str) and part)
