"""Which versions of a component run beside which of Kubernetes, for one question and for every state of a plan.

A container runtime stands beside the kubelet of its node; everything else stands beside the kube-apiservers, all of
them while they are rolled. A state of many nodes has few different pairs: whoever walks a plan keeps them counted
(``pairs_of``), moves the count of what a step changes, and asks ``judge`` about the pairs alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

from oakum.changes.compat.model import Knowledge, Pairing, Source
from oakum.changes.compat.ranges import Span, span
from oakum.changes.skew.model import API_SERVER, COMPONENTS, KUBELET

Answer = Literal["compatible", "incompatible", "unknown"]

#: What runs on a node for its kubelet, by its name in small letters.
BESIDE_KUBELET = frozenset({"containerd", "cri-o", "docker", "runc"})
#: Answers that are kept; a fleet has far fewer different pairs.
_KEPT = 65_536


class Verdict(msgspec.Struct, frozen=True):
    """Whether two versions run beside each other; unknown has no source."""

    answer: Answer
    why: str
    source: Source | None = None


class Installed(msgspec.Struct, frozen=True):
    """One running component; ``node`` is empty for what belongs to the cluster as a whole."""

    component: str
    version: str
    node: str = ""


class Pair(NamedTuple):
    """A component's version and the version of Kubernetes that it stands beside, empty where nobody knows it."""

    component: str
    version: str
    kubernetes: str


class Judgement(msgspec.Struct, frozen=True):
    """The verdict about one pair."""

    pair: Pair
    verdict: Verdict


class Judged(msgspec.Struct, frozen=True):
    """A state: pairs that must not stand beside each other, and pairs that no source speaks of."""

    violations: tuple[Judgement, ...]
    unknown: tuple[Judgement, ...]


class Compatibility:
    """The pairings of what is known, ready to be asked; the same question is answered once."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._of: dict[str, list[Pairing]] = {}
        for each in knowledge.pairings:
            self._of.setdefault(each.component.casefold(), []).append(each)
        self._kept = lru_cache(maxsize=_KEPT)(self._judge)

    def compatible(self, component: str, version: str, kubernetes_version: str) -> Verdict:
        """Whether a component in a version runs beside a version of Kubernetes. Unknown where no source tells it."""
        return self._kept(component, version, kubernetes_version)

    def judge(self, pairs: Iterable[Pair]) -> Judged:
        """The state that consists of these pairs (the keys of a count are its pairs)."""
        bad: list[Judgement] = []
        unknown: list[Judgement] = []
        for pair in pairs:
            verdict = self._kept(*pair)
            if verdict.answer == "incompatible":
                bad.append(Judgement(pair, verdict))
            elif verdict.answer == "unknown":
                unknown.append(Judgement(pair, verdict))
        return Judged(tuple(bad), tuple(unknown))

    def _judge(self, component: str, version: str, kubernetes: str) -> Verdict:
        entries = self._of.get(component.casefold(), ())
        if not entries:
            return Verdict("unknown", f"no source tells which Kubernetes {component} runs beside")
        one, other = span(version), span(kubernetes)
        if one is None or other is None:
            text, of = (version, component) if one is None else (kubernetes, "Kubernetes")
            return Verdict(
                "unknown", f"{text[:60]!r} is no version of {of}" if text else f"the version of {of} is missing"
            )
        for each in entries:
            speaks = _speaks(each, one, other)
            if speaks is None:
                why = f"a source tells {component} {' or '.join(r.text for r in each.versions)} apart"
                return Verdict("unknown", f"{version} beside {kubernetes} is not precise enough: {why}")
            if speaks:
                return Verdict("compatible" if each.compatible else "incompatible", each.why, each.source)
        return Verdict("unknown", f"no source tells whether {component} {version} runs beside Kubernetes {kubernetes}")


def pairs_of(installed: Iterable[Installed]) -> Counter[Pair]:
    """The pairs of a state and how often each stands there. Parts of Kubernetes are no pairs: skew judges them."""
    listed = list(installed)
    servers = sorted({each.version for each in listed if each.component == API_SERVER}) or [""]
    kubelets = {each.node: each.version for each in listed if each.component == KUBELET}
    found: Counter[Pair] = Counter()
    for each in listed:
        if each.component in COMPONENTS:
            continue
        beside = [kubelets.get(each.node, "")] if each.component.casefold() in BESIDE_KUBELET else servers
        found.update(Pair(each.component, each.version, version) for version in beside)
    return found


def _speaks(pairing: Pairing, version: Span, kubernetes: Span) -> bool | None:
    """Whether a pairing is about two versions; None where it is about some of what they name."""
    beside = pairing.kubernetes.covers(kubernetes)
    if beside is False:
        return False
    answers = {each.covers(version) for each in pairing.versions}
    if True in answers:
        return beside
    return None if None in answers else False
