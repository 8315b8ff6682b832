"""What an entry of a policy applies to: facts of the target by equality, labels, and a condition.

A target is one thing that a change would touch. A fact of it is a text; an empty text is known to be nothing (a node in
no pool), None is not known. Matching therefore has three answers, and whoever asks takes the careful one for None: a
freeze holds, a window does not open, a setting is not assessable. No evidence is not good news.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from oakum.errors import UsageError
from oakum.expressions import Condition, Failure, TypeName, compile

#: Fact -> what it says. The keys of a scope, of ``--target`` and, by VARIABLES, the variables of a condition.
FACTS: dict[str, str] = {
    "cluster": "the name of the cluster; empty for a host outside of one",
    "environment": "prod, staging, dev or the site's own word",
    "region": "the site's own word for a region",
    "tier": "the criticality, 1 (most critical) to 4",
    "node_role": "control-plane or worker; empty for a host outside of a cluster",
    "pool": "the node pool",
    "zone": "the failure domain",
    "node": "the name of the node or host",
    "namespace": "the namespace of a workload or add-on",
    "workload": "Kind/name of a workload or add-on",
    "change": "the kind of change: packages, kernel, container-runtime, kubelet, control-plane, etcd, add-on...",
    "reversibility": "reversible, needs-snapshot or forward-only",
}

#: Facts with a closed list of values; "" is none.
VALUES: dict[str, tuple[str, ...]] = {
    "tier": ("1", "2", "3", "4", ""),
    "node_role": ("control-plane", "worker", ""),
    "reversibility": ("reversible", "needs-snapshot", "forward-only"),
}

#: Facts whose name CEL reserves are written in a condition as Kubernetes writes such fields: ``__namespace__``.
VARIABLES: dict[str, str] = {name: f"__{name}__" if name == "namespace" else name for name in (*FACTS, "labels")}

_TYPES: dict[str, TypeName] = {
    **dict.fromkeys((VARIABLES[name] for name in FACTS), "string"),
    "labels": "map of string",
}


class Target(msgspec.Struct, frozen=True):
    """Facts of one thing that a change would touch: a text, "" for known to be none, None for not known."""

    cluster: str | None = None
    environment: str | None = None
    region: str | None = None
    tier: str | None = None
    node_role: str | None = None
    pool: str | None = None
    zone: str | None = None
    node: str | None = None
    namespace: str | None = None
    workload: str | None = None
    change: str | None = None
    reversibility: str | None = None
    labels: dict[str, str] | None = None

    def fact(self, name: str) -> str | None:
        """The fact of that name; None where it is not known. Raises UsageError for a name that is no fact."""
        if name not in FACTS:
            raise UsageError(f"{name!r} is no fact of a target", remedy=f"the facts are {', '.join(FACTS)}")
        value: str | None = getattr(self, name)
        return value


class Scope(msgspec.Struct, frozen=True):
    """Which targets: every fact has one of its values, every label too, and the condition holds. Empty means all."""

    facts: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    labels: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    condition: str = ""

    def matches(self, target: Target) -> bool | None:
        """Whether the target is meant; None where a fact that decides it is not known."""
        answer: bool | None = True
        for name, allowed in self.facts.items():
            value = getattr(target, name)
            if value is None:
                answer = None
            elif value not in allowed:
                return False
        for key, allowed in self.labels.items():
            if target.labels is None:
                answer = None
            elif target.labels.get(key) not in allowed:
                return False
        if self.condition:
            held = _held(self.condition, target)
            if held is False:
                return False
            if isinstance(held, Failure):
                return None
        return answer

    def unknown_facts(self, target: Target) -> tuple[str, ...]:
        """The facts that this scope asks for and the target does not know."""
        missing = [name for name in self.facts if getattr(target, name) is None]
        if self.labels and target.labels is None:
            missing.append("labels")
        if self.condition and isinstance(_held(self.condition, target), Failure):
            missing.append(f"when: {self.condition}")
        return tuple(missing)

    def covers(self, other: Scope) -> bool:
        """Whether every target of ``other`` is certainly one of this scope's; False where that cannot be told."""
        if self.condition and self.condition != other.condition:
            return False
        mine, theirs = self._choices(), other._choices()
        return all(key in theirs and set(theirs[key]) <= set(values) for key, values in mine.items())

    def apart_from(self, other: Scope) -> bool:
        """Whether no target can be in both scopes; False where that cannot be told."""
        mine, theirs = self._choices(), other._choices()
        return any(set(mine[key]).isdisjoint(theirs[key]) for key in mine.keys() & theirs.keys())

    def _choices(self) -> dict[str, tuple[str, ...]]:
        return self.facts | {f"labels.{key}": values for key, values in self.labels.items()}

    def __str__(self) -> str:
        """For people: ``environment prod, region eu or us``."""
        parts = [f"{key} {' or '.join(value or '(none)' for value in each)}" for key, each in self._choices().items()]
        if self.condition:
            parts.append(f"where {self.condition}")
        return ", ".join(parts) or "everything"


def _held(condition: str, target: Target) -> bool | Failure:
    return condition_of(condition).holds({variable: getattr(target, name) for name, variable in VARIABLES.items()})


@lru_cache(maxsize=1024)
def condition_of(text: str) -> Condition:
    """The checked condition over facts and ``labels``. Raises InputError where it is none."""
    return compile(text, _TYPES, name="when")
