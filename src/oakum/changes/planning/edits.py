"""Remedies as data, carried out: the state, the intents and the policy as they would be when somebody had mended them.

A field is a path with ``.`` between parts, and ``|`` before keys that may hold dots themselves
(``metadata.annotations|example.org/name``, ``software|linux|offers``). Behind the ``|`` of a list stands the element
itself, or its ``key`` (``kept_away|kured``, ``spec.taints|example.org/name``). The value None takes a key or an element
away, and the empty field is the whole thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from oakum.changes.drain import Surroundings
from oakum.changes.intents.model import Intent
from oakum.changes.plans.why_not import Edit
from oakum.changes.state.model import Cluster, EtcdMember, State, Webhook
from oakum.errors import InputError, Place
from oakum.fleet.cluster.objects import Object
from oakum.fleet.cluster.snapshot import KINDS
from oakum.policy import entries
from oakum.policy.model import Policy

_T = TypeVar("_T", bound=msgspec.Struct)
_TYPES = {kind: type_ for (_, _, kind), type_ in KINDS.items()}
_SECTIONS: dict[str, type[entries.Entry]] = {
    "windows": entries.Window, "freezes": entries.Freeze, "protected": entries.Protected,
    "emergency": entries.Emergency, "budgets": entries.Budget, "canary": entries.Canary, "soak": entries.Soak,
    "gates": entries.Gate, "guardrails": entries.Guardrail, "approvals": entries.Approval,
    "escalation": entries.Escalation, "drain": entries.Drain,
}  # fmt: skip


def apply_edits(
    state: State, intents: Sequence[Intent], policy: Policy, edits: Sequence[Edit]
) -> tuple[State, tuple[Intent, ...], Policy]:
    """All three with the edits made, in their order. Raises InputError for an edit of what is not there."""
    machines: dict[str, list[Edit]] = {}
    objects: dict[str, list[Edit]] = {}
    clusters: dict[str, list[Edit]] = {}
    wants: dict[str, list[Edit]] = {}
    for each in edits:
        if each.of == "policy":
            policy = _of_policy(policy, each)
        elif each.of == "intents":
            wants.setdefault(each.object, []).append(each)
        elif not each.cluster:
            machines.setdefault(each.object, []).append(each)
        elif each.object == each.cluster:
            clusters.setdefault(each.cluster, []).append(each)
        else:
            objects.setdefault(each.cluster, []).append(each)
    made = tuple(_intent(each, wants.pop(each.name, ())) for each in intents)
    changed = tuple(_all(each, machines.pop(each.id, ())) for each in state.machines)
    edited = tuple(
        _of_cluster(_fields(each, clusters.pop(each.name, ())), objects.pop(each.name, ())) for each in state.clusters
    )
    for left in (wants, machines, objects, clusters):
        for several in left.values():
            raise _wrong(several[0], "there is no such thing")
    return msgspec.structs.replace(state, machines=changed, clusters=edited), made, policy


def _all(one: _T, edits: Sequence[Edit]) -> _T:
    for each in edits:
        one = _set(one, each)
    return one


def _intent(intent: Intent, edits: Sequence[Edit]) -> Intent:
    """An intent; the field ``scope.and`` is one more condition that its targets have to meet."""
    for edit in edits:
        if edit.field == "scope.and":
            parts = [f"({each})" for each in (intent.scope.condition, str(edit.value)) if each]
            scope = msgspec.structs.replace(intent.scope, condition=" && ".join(parts))
            intent = msgspec.structs.replace(intent, scope=scope)
        else:
            intent = _set(intent, edit)
    return intent


def _of_policy(policy: Policy, edit: Edit) -> Policy:
    section, _, name = edit.object.partition("/")
    if section not in _SECTIONS:
        raise _wrong(edit, "there is no such section")
    several: tuple[Any, ...] = getattr(policy, section)
    found = next((each for each in several if each.name == name), None)
    if edit.field:
        if found is None:
            raise _wrong(edit, "there is no such entry")
        made = tuple(_set(each, edit) if each is found else each for each in several)
    elif edit.value is None:
        made = tuple(each for each in several if each is not found)
    else:
        entry = _converted(edit.value, _SECTIONS[section], edit)
        made = (entry, *(each for each in several if each is not found))
    return msgspec.structs.replace(policy, **{section: made})


def _fields(cluster: Cluster, edits: Sequence[Edit]) -> Cluster:
    """The cluster's own fields: ``facts|NAME``, ``etcd``, ``webhooks``, and ``version``, which its API server tells."""
    for edit in edits:
        name, _, key = edit.field.partition("|")
        if name == "facts" and key:
            facts = {**cluster.facts, key: str(edit.value)}
            cluster = msgspec.structs.replace(cluster, facts=facts)
        elif name == "etcd":
            cluster = msgspec.structs.replace(cluster, etcd=_several(edit, EtcdMember))
        elif name == "webhooks":
            cluster = msgspec.structs.replace(cluster, webhooks=_several(edit, Webhook))
        elif name == "version":
            around = cluster.around
            snapshot = msgspec.structs.replace(around.snapshot, version=str(edit.value))
            surroundings = Surroundings(snapshot, around.machines, around.storage)
            cluster = msgspec.structs.replace(cluster, around=surroundings)
        else:
            raise _wrong(edit, "there is no such field")
    return cluster


def _several(edit: Edit, type_: type[_T]) -> tuple[_T, ...]:
    if not isinstance(edit.value, list | tuple):
        raise _wrong(edit, "it has to be a list")
    return tuple(_converted(each, type_, edit) for each in edit.value)


def _of_cluster(cluster: Cluster, edits: Sequence[Edit]) -> Cluster:
    if not edits:
        return cluster
    around = cluster.around
    items = {kind: list(several) for kind, several in around.snapshot.items.items()}
    for edit in edits:
        kind, _, rest = edit.object.partition("/")
        namespace, _, name = rest.rpartition("/")
        several = items.setdefault(kind, [])
        at = next((n for n, one in enumerate(several) if one.key == (kind, namespace, name)), None)
        if edit.field:
            if at is None:
                raise _wrong(edit, "there is no such object")
            several[at] = _bumped(_set(several[at], edit), edit)
        elif edit.value is None:
            if at is not None:
                del several[at]
        else:
            several.append(_converted(edit.value, _TYPES[kind], edit))
    snapshot = msgspec.structs.replace(around.snapshot, items={kind: tuple(several) for kind, several in items.items()})
    return msgspec.structs.replace(cluster, around=Surroundings(snapshot, around.machines, around.storage))


def _bumped(one: Object, edit: Edit) -> Object:
    """A new generation where the wanted state changed, so that an old status is not taken for the new one's."""
    if not edit.field.startswith("spec"):
        return one
    metadata = msgspec.structs.replace(one.metadata, generation=one.metadata.generation + 1)
    return msgspec.structs.replace(one, metadata=metadata)


def _set(one: _T, edit: Edit) -> _T:
    head, *keyed = edit.field.split("|")
    # Objects of clusters write their fields in camel case; keys behind a | are taken as they are.
    parts = [_camel(part) if isinstance(one, Object) else part for part in head.split(".")]
    way = [*parts, *keyed]
    value: Any = msgspec.to_builtins(one)
    _put(value, way, edit)
    return _converted(value, type(one), edit)


def _put(value: Any, way: Sequence[str], edit: Edit) -> None:
    inner = value
    for part in way[:-1]:
        value, inner = inner, inner.setdefault(part, {}) if isinstance(inner, dict) else None
    last = way[-1]
    if isinstance(inner, list | tuple):
        rest = [each for each in inner if last not in (each, each.get("key") if isinstance(each, dict) else None)]
        value[way[-2]] = rest if edit.value is None else [*rest, edit.value]
    elif not isinstance(inner, dict):
        raise _wrong(edit, "there is no such field")
    elif edit.value is None:
        inner.pop(last, None)
    else:
        inner[last] = edit.value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


def _converted(value: object, type_: type[_T], edit: Edit) -> _T:
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        raise _wrong(edit, f"it cannot be so: {error}") from None


def _wrong(edit: Edit, what: str) -> InputError:
    place = Place(field=f"edit of {edit.object[:80]} {edit.field[:60]}".strip())
    return InputError(what, place=place, remedy="give edits of what is in the state, the intents and the policy")
