"""What a cluster's own labels and annotations say about the business meaning of its parts.

Annotations or labels ``oakum.dev/...`` state the facts of ``fleet.context``; the nearest object wins: workload, then
namespace, then the cluster (the namespace kube-system speaks for it, as its uid is the cluster's identity). A value
that is not allowed is not used and becomes a gap, never a silent default. Only the owner is also read from names that
many use: ``owner``, ``team`` and ``contact`` are common practice, ``backstage.io/owner`` follows the software catalogue
of Backstage. ``app.kubernetes.io/managed-by`` names a tool (recommended labels of Kubernetes) and is no owner.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from oakum.fleet.assets import Context, Fact, Gap
from oakum.fleet.cluster.objects import Meta, Object
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.fleet.context import DEFAULTS, VALUES

#: The prefix of our annotations; the fact's name follows with ``-`` for ``_``.
PREFIX = "oakum.dev/"
#: Labels and annotations that name an owner, in order, where none of ours does.
OWNERS = ("backstage.io/owner", "owner", "team", "contact", "app.kubernetes.io/owner", "contact-email")
_SPOKEN = {"true": "yes", "false": "no", "on": "yes", "off": "no"}
_LONGEST = 256


class Stated(msgspec.Struct, frozen=True):
    """What the objects state about one asset: facts by name, and values that could not be used."""

    facts: dict[str, Fact] = msgspec.field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()


class Statements:
    """What a cluster's objects state, by asset."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._namespaces = {one.metadata.name: one for one in snapshot.all("Namespace")}
        self._time = snapshot.read_at

    def cluster(self) -> Stated:
        """What is stated for the whole cluster."""
        return _stated(self._objects("kube-system"), self._time)

    def of(self, one: Object) -> Stated:
        """What is stated for a workload, a node or any other object, its namespace and the cluster included."""
        return _stated([one, *self._objects(one.metadata.namespace, "kube-system")], self._time)

    def _objects(self, *names: str) -> list[Object]:
        return [self._namespaces[name] for name in dict.fromkeys(names) if name in self._namespaces]


def _stated(objects: Iterable[Object], time: str) -> Stated:
    facts: dict[str, Fact] = {}
    gaps: list[Gap] = []
    for one in objects:
        where = f"{one.kind} {_name(one.metadata)}"
        for fact, key, text in _ours(one.metadata):
            value = _value(fact, text)
            if not value:
                gaps.append(_gap(key, text, where, fact))
            elif fact not in facts:
                facts[fact] = Fact(value, f"{key} on {where}", time=time)
        if "owner" not in facts and (found := _owner(one.metadata)):
            kind, key, value = found
            facts["owner"] = Fact(value, f"{kind} {key} on {where}", time=time)
    return Stated(facts, tuple(gaps))


def _name(metadata: Meta) -> str:
    return f"{metadata.namespace}/{metadata.name}" if metadata.namespace else metadata.name


def _ours(metadata: Meta) -> Iterable[tuple[str, str, str]]:
    """Our annotations and labels: the fact, "annotation KEY" or "label KEY", the text; annotations speak first."""
    for word, values in (("annotation", metadata.annotations), ("label", metadata.labels)):
        for key in sorted(values):
            fact = key.removeprefix(PREFIX).replace("-", "_")
            if key.startswith(PREFIX) and fact in VALUES:
                yield fact, f"{word} {key}", values[key]


def _owner(metadata: Meta) -> tuple[str, str, str] | None:
    for key in OWNERS:
        for kind, values in (("annotation", metadata.annotations), ("label", metadata.labels)):
            if value := values.get(key, "").strip()[:_LONGEST]:
                return kind, key, value
    return None


def _value(fact: str, text: str) -> str:
    """The value as the rules know it; empty where it is not allowed."""
    if not text.strip() or len(text) > _LONGEST:
        return ""
    allowed = VALUES[fact]
    if not allowed:
        return text.strip()
    value = " ".join(re.split(r"[_\s-]+", text.strip().lower()))
    if fact == "public_exposure":
        value = _SPOKEN.get(value, value)
    return value if value in allowed else ""


def _gap(key: str, text: str, where: str, fact: str) -> Gap:
    allowed = ", ".join(VALUES[fact]) or f"a text of at most {_LONGEST} characters"
    return Gap(
        kind="incomplete-inventory",
        what=f"{key} on {where}",
        why=f"the value {text[:40]!r} is not understood and was not used",
        remedy=f"allowed: {allowed}",
    )


def merged(file: Context, stated: Stated, measured: dict[str, Fact]) -> Context:
    """One context: the context file, else the annotations, else what was measured, else the default.

    ``measured`` holds ``public_exposure`` and ``system_exposure`` where they were measured. A public exposure that
    somebody states bounds a system exposure that nobody does: what is not public is not open.
    """
    facts: dict[str, Fact] = {}
    for name in DEFAULTS:
        given: Fact = getattr(file, name)
        facts[name] = given if not given.default else stated.facts.get(name) or measured.get(name) or given
    public, system = facts["public_exposure"], facts["system_exposure"]
    said = public is not measured.get("public_exposure") and not public.default
    derived = system is measured.get("system_exposure") or system.default
    if said and derived and public.value == "no" and system.value == "open":
        facts["system_exposure"] = Fact(
            "controlled", f"not open, as public_exposure is no ({public.source})", time=public.time
        )
    return Context(**facts)


def worst(contexts: Iterable[Context]) -> Context:
    """The context of what several assets share (an image): of each fact the most urgent answer, with its source.

    Several owners are all named. Raises ValueError where there is no context at all.
    """
    given = list(contexts)
    facts: dict[str, Fact] = {}
    for name, allowed in VALUES.items():
        answers: list[Fact] = [getattr(each, name) for each in given]
        if allowed:
            # Values stand in order of urgency, but for the tier and yes before no.
            urgent = allowed if name in ("tier", "public_exposure") else allowed[::-1]
            facts[name] = min(answers, key=lambda one: (urgent.index(one.value), one.default))
        else:
            known = {one.value: one for one in answers if not one.default} or {one.value: one for one in answers}
            sources = ", ".join(dict.fromkeys(one.source for _, one in sorted(known.items())))
            times = {one.time for one in known.values()}
            default = all(one.default for one in known.values())
            facts[name] = Fact(", ".join(sorted(known)), sources, default, times.pop() if len(times) == 1 else "")
    return Context(**facts)
