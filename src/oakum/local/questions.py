"""Requests and answers of ``skew``, ``drain`` and ``window`` as types: which fields there are, and their JSON Schemas.

What is in a field is read, and complained about, where it is understood; a field that no type here has is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from oakum.actors.model import Request
from oakum.advisories.vex.model import Problem
from oakum.errors import InputError, Place

#: A List of objects as ``kubectl get -o json`` prints it, or the objects, or either as a text.
Dump = dict[str, Any] | list[Any] | str


class NodeVersions(msgspec.Struct, frozen=True, kw_only=True, rename={"kube_proxy": "kube-proxy"}):
    """What one node runs; ``name`` (default: its place in the list) may stand once."""

    kubelet: str
    name: str = ""
    kube_proxy: str | None = None


class StateRequest(Request, frozen=True, kw_only=True):
    """Which rules of the version skew policy does this cluster break?

    ``components``: the versions of each component's instances by its name; ``nodes``: what each node runs. Or both are
    read from a ``dump`` of a control plane of static pods, by the tags of their images.
    """

    components: dict[str, str | list[str]] | None = None
    nodes: list[NodeVersions] | None = None
    dump: Dump | None = None


class UpgradeRequest(StateRequest, frozen=True, kw_only=True):
    """The same of every state of an upgrade to ``target``: API servers one by one, then what else is of the control
    plane; kubelets stay."""

    target: str


class PathRequest(StateRequest, frozen=True, kw_only=True):
    """By which steps does a cluster get to ``target``?

    ``current`` is the version of the API server, and the answer its stops; or components, nodes or a dump, and the
    answer every step of all of them. ``available``: the releases that may be used (default: any).
    """

    target: str
    current: str | None = None
    available: list[str] | None = None


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that a component breaks, however often."""

    component: str
    rule: Literal["newer", "older", "ha-skew", "skew", "kubelet-skew", "skips-minor", "downgrade"]


class SkewViolation(msgspec.Struct, frozen=True, kw_only=True):
    """One object that breaks a rule: what the rule ``says`` and since which release, and what mends it.

    ``object`` and ``version`` are null where the rule is about all of a component; ``state`` says when.
    """

    component: str
    rule: str
    object: str | None
    version: str | None
    why: str
    says: str
    source: str
    since: str
    remedy: str
    state: str = ""


class NotAssessable(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be told, and why."""

    what: str
    why: str
    remedy: str


class CheckAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``allowed`` is null where a version could not be told and nothing else is broken.

    ``way_back``: with a target, what would forbid to go back to the versions of today.
    """

    allowed: bool | None
    violations: list[Broken]
    details: list[SkewViolation] = []
    way_back: list[SkewViolation] = []
    not_assessable: list[NotAssessable] = []


class SkewStep(msgspec.Struct, frozen=True, kw_only=True, rename={"before": "from"}):
    """One instance goes from a version to another; ``drain``: its node is drained first."""

    component: str
    object: str
    before: str
    to: str
    drain: bool = False


class PathAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``steps``: the stops of an API server, or every step of a cluster; or the ``error`` why there are none."""

    steps: list[str | SkewStep] | None = None
    error: str | None = None
    reasons: list[SkewViolation] = []


class DrainRequest(Request, frozen=True, kw_only=True):
    """What would be done with every pod of these nodes, by whose rules?

    ``dump``: the pods, and what the answer rests on. ``options``: those of the profile, by name. ``now``: the time of
    the question, RFC 3339 (default: when the dump was read, if it says so).
    """

    nodes: list[str]
    dump: Dump
    profile: Literal["oakum", "kubectl", "cluster-autoscaler", "cluster-api"] = "oakum"
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    now: datetime | None = None


class PodFate(msgspec.Struct, frozen=True, kw_only=True):
    """One pod: the verdict with its reason, in which round it leaves, and what to mend where it does not."""

    namespace: str
    name: str
    verdict: Literal["evict", "ignore", "blocked", "wait", "error"]
    reason: str | None
    order: int | None
    duration: Literal["now", "for-ever"] | None
    object: str | None
    why: str = ""
    rule: str = ""
    source: str = ""
    remedy: str = ""


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A volume that has to be detached from a node before its drain is done."""

    node: str
    volume: str


class DrainAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All pods of the nodes and no others."""

    pods: list[PodFate]
    volumes: list[Attached] = []
    not_assessable: list[NotAssessable] = []


class WindowRequest(Request, frozen=True, kw_only=True):
    """When may a change of this ``target`` run next, from ``now`` (RFC 3339) on, for as long as it ``needs`` (90m, 2h)?

    ``target``: its facts, such as environment, region and labels. ``lifted``: freezes that somebody has lifted.
    ``policy``: the text of one YAML file, or texts by path (default: the one that the command was given).
    """

    now: datetime
    needs: str = ""
    target: dict[str, Any] = msgspec.field(default_factory=dict)
    lifted: list[str] = msgspec.field(default_factory=list)
    policy: dict[str, str] | str | None = None


class OpeningAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which a change may run, in UTC, by which windows; ``seconds`` is its length."""

    start: str
    end: str
    seconds: int
    windows: list[str]


class FreezeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A freeze that holds, until when (UTC), and why."""

    name: str
    until: str
    reason: str


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """A window that did not count or a freeze that did, since the target does not tell these ``facts``."""

    kind: Literal["window", "freeze"]
    name: str
    facts: list[str]


class WindowAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The next ``opening``; null with ``why``, and the ``longest`` there is. ``policy`` is the digest it rests on."""

    opening: OpeningAnswer | None
    frozen: list[FreezeAnswer]
    unknown: list[Doubt]
    policy: str
    why: str = ""
    longest: OpeningAnswer | None = None


class VexLintRequest(Request, frozen=True, kw_only=True):
    """Is this document sound? A CSAF 2.0, CSAF 2.1 or OpenVEX ``document``, as an object or as its text."""

    document: dict[str, Any] | str


class VexLintAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether it is ``valid``, the ``format`` that it says it has, and what is wrong with it."""

    valid: bool
    format: str
    problems: list[Problem]


#: The kinds of ``skew`` requests that no other actor's rules answer.
SKEW_KINDS: dict[str, type[Request]] = {"state": StateRequest, "upgrade": UpgradeRequest, "path": PathRequest}


def known_fields(request: Mapping[str, object], type_: type[Request], what: str) -> None:
    """Raises InputError naming a field of ``request`` that ``type_`` does not have."""
    names = [each.encode_name for each in msgspec.structs.fields(type_)]
    unknown = next((key for key in request if key not in names), None)
    if unknown is not None:
        raise InputError(f"no field of {what}", place=Place(field=unknown[:40]), remedy=f"fields: {', '.join(names)}")
