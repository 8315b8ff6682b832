"""Version skew in every state on the way: after each machine of a control plane, and before and after each phase.

The rules and their remedies are those of ``oakum.changes.skew``. API servers of a cluster are moved one by one;
kubelets and kube-proxies meet only the API servers and each other on their node, so that of the states between the
first and the last of them the two ends are enough. What breaks a rule already, and no worse, is nobody's fault here.
The way back of a step passes the same states; a whole plan goes back in the other order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from oakum.changes.planning.drafts import Draft, offers_of
from oakum.changes.planning.reasons import because, intent_edit, machine_edit
from oakum.changes.plans.why_not import Edit, Reason
from oakum.changes.skew import Instance, Release, Violation, check, parse_release
from oakum.changes.skew import State as Skew
from oakum.changes.skew.model import API_SERVER, COMPONENTS, CONTROLLERS, KUBELET
from oakum.changes.skew.release import line
from oakum.changes.skew.violations import Move, skipping
from oakum.changes.state.model import Cluster, Machine, State
from oakum.changes.state.software import made
from oakum.errors import OakumError

_POLICY = "https://kubernetes.io/releases/version-skew-policy/"
_Found = dict[tuple[str, tuple[str, str] | None], Violation]


def _is_master(draft: Draft) -> bool:
    return any(each.component in (API_SERVER, *CONTROLLERS) for each in draft.changes)


def _moves_of(draft: Draft) -> dict[tuple[str, str], str]:
    """The instances that a draft moves, each to a version."""
    return {(each.component, draft.subject.name): each.after for each in draft.changes if each.component in COMPONENTS}


class Versions:
    """The versions of a cluster while the phases go by; ``phase`` is asked for each of them in their order."""

    def __init__(self, state: State, cluster: Cluster) -> None:
        self._cluster, self._by_id = cluster, state.by_id
        unreadable: list[tuple[Machine, str]] = []
        untold: list[Machine] = []
        instances: list[Instance] = []
        for machine in state.by_cluster.get(cluster.name, ()):
            if KUBELET not in machine.of("kubelet"):
                untold.append(machine)
            for name, software in machine.software.items():
                if name not in COMPONENTS:
                    continue
                release = _release(software.current)
                if release is None:
                    unreadable.append((machine, name))
                else:
                    instances.append(Instance(name, machine.name, release, machine.name))
        if not any(one.component == API_SERVER for one in instances):
            release = _release(cluster.around.snapshot.version)
            if release is not None:
                instances.append(Instance(API_SERVER, "that answered", release))
        self._now = Skew(tuple(instances))
        self._unreadable = [_unreadable(*each, self._now) for each in unreadable]
        known = self._now.of(API_SERVER)
        self._untold = [_untold(each, known) for each in untold if known]
        self._before: list[Draft] = []

    def phase(self, drafts: Sequence[Draft]) -> None:
        """Takes one phase, control planes one by one, then the rest at once, and blocks what breaks a rule."""
        moving = [each for each in drafts if _moves_of(each)]
        if not self._now.of(API_SERVER):
            for draft in moving:
                draft.block(self._no_server(draft))
            return
        for draft in moving:
            for reason in self._unreadable:
                draft.block(reason)
        masters = [each for each in moving if _is_master(each)]
        # A kubelet that nobody knows, in service or not, may be too old for what its API server becomes, or too new.
        if any(component == API_SERVER for each in masters for component, _ in _moves_of(each)):
            for draft in masters:
                for reason in self._untold:
                    draft.block(reason)
        self._masters([each for each in masters if not each.reasons])
        self._others([each for each in moving if not _is_master(each) and not each.reasons])
        self._before += moving

    def _masters(self, drafts: Sequence[Draft]) -> None:
        before, known = self._now, self._broken(self._now)
        # What jumps is wrong as it is wanted: what it would meet on its way says nothing of the way that is right.
        reasons = [reason for draft in drafts for reason in self._skipped(draft)]
        for draft in () if reasons else sorted(drafts, key=lambda each: each.machine is not None and each.machine.ours):
            self._now = self._moved(self._now, [draft])
            found = self._broken(self._now)
            reasons += [self._because(each, draft) for key, each in found.items() if key not in known]
        for draft in drafts if reasons else ():
            # A control plane that could go only half of its way does not start.
            for reason in reasons:
                draft.block(reason)
        if reasons:
            self._now = before

    def _others(self, drafts: Sequence[Draft]) -> None:
        if not drafts:
            return
        known = self._broken(self._now)
        moved = self._moved(self._now, drafts)
        # What was too new already may not go still further.
        broken = self._broken(moved).items()
        found = {key: each for key, each in broken if key not in known or each.rule.name == "newer"}
        by_node: dict[str, list[Violation]] = {}
        for each in found.values():
            by_node.setdefault(each.instance.node if each.instance is not None else "", []).append(each)
        for draft in drafts:
            for violation in by_node.get(draft.subject.name, ()):
                waited = self._waits_for(violation)
                for reason in waited or [self._because(violation, draft)]:
                    draft.block(reason)
        self._now = self._moved(self._now, [each for each in drafts if not each.reasons])

    def _waits_for(self, violation: Violation) -> list[Reason]:
        """The reasons of the control plane that was to move before, where its move would have made room."""
        if violation.rule.name != "newer":
            return []
        return [reason for each in self._before if _is_master(each) for reason in each.reasons]

    def _moved(self, skew: Skew, drafts: Iterable[Draft]) -> Skew:
        moves: dict[tuple[str, str], Release] = {}
        for draft in drafts:
            for key, version in _moves_of(draft).items():
                release = _release(version)
                if release is not None:
                    moves[key] = release
        return skew.moved(moves)

    def _broken(self, skew: Skew) -> _Found:
        """What breaks a rule; controllers beside an API server on their own machine are measured against that one."""
        own = {one.node: one.release.minor for one in skew.of(API_SERVER)}
        found: _Found = {}
        for each in check(skew):
            one = each.instance
            at = own.get(one.node) if one is not None and one.component in CONTROLLERS else None
            if at is not None and one is not None and at - 1 <= one.release.minor <= at:
                continue
            found[each.rule.id, one.key if one is not None else None] = each
        return found

    def _skipped(self, draft: Draft) -> list[Reason]:
        """An API server that would jump over a minor: the next one first."""
        reasons: list[Reason] = []
        for one in self._now.of(API_SERVER):
            version = _moves_of(draft).get(one.key)
            target = None if version is None else _release(version)
            if target is not None and target.minor > one.release.minor + 1:
                reasons.append(self._next_first(draft, skipping(one, target.minor), one))
        return reasons

    def _next_first(self, draft: Draft, violation: Violation, one: Instance) -> Reason:
        minor = one.release.minor + 1
        change = next(each for each in draft.changes if each.component == API_SERVER)
        wanted = self._offered(API_SERVER, minor) or f"{line(minor)}.0"
        edits = [intent_edit(change.intent, "wants.to", wanted)]
        for each in self._cluster_machines():
            for name, software in each.software.items():
                offers = offers_of(each, name)
                if software.part == "control-plane" and wanted not in offers:
                    edits.append(machine_edit(each.id, f"software|{name}|offers", [*offers, wanted]))
        rule = violation.rule
        return because(
            f"skew/{rule.id}", f"{self._cluster.name}: {API_SERVER}",
            f"{one.release.text} to {change.after} jumps over {line(minor)}; {rule.says}", rule.source,
            f"go to {wanted} first, and then on", edits,
        )  # fmt: skip

    def _because(self, violation: Violation, draft: Draft) -> Reason:
        rule, one = violation.rule, violation.instance
        edits = [each for move in violation.remedy.moves for each in self._edits(move, draft)]
        name = f"{one.component} {one.name}" if one is not None else rule.component
        return because(
            f"skew/{rule.id}", f"{self._cluster.name}: {name}", f"{violation.why}; {rule.says}", rule.source,
            violation.remedy.text, edits,
        )  # fmt: skip

    def _edits(self, move: Move, draft: Draft) -> list[Edit]:
        """A component that has moved already; one that this plan moves gets another aim instead."""
        one = move.instance
        id = f"{self._cluster.name}/{one.name}"
        wanted = self._offered(one.component, move.minor) or f"{line(move.minor)}.0"
        mine = next((each for each in draft.changes if each.component == one.component), None)
        if mine is not None and one.name == draft.subject.name:
            machine = self._by_id[id]
            current, offers = machine.software[one.component].current, offers_of(machine, one.component)
            now = _release(current)
            if wanted not in offers and now is not None and now.minor == move.minor:
                return [intent_edit(mine.intent, "wants.to", current)]
            edits = [intent_edit(mine.intent, "wants.to", wanted)]
            if wanted not in offers:
                edits.append(machine_edit(id, f"software|{one.component}|offers", [*offers, wanted]))
            return edits
        return [
            machine_edit(id, f"software|{one.component}|installed", wanted),
            machine_edit(id, f"software|{one.component}|running", wanted),
        ]

    def _offered(self, component: str, minor: int) -> str:
        """The newest version of a minor that a machine of the cluster is offered."""
        for machine in self._cluster_machines():
            for version in reversed(offers_of(machine, component)):
                release = _release(version)
                if release is not None and release.minor == minor:
                    return version
        return ""

    def _cluster_machines(self) -> Iterable[Machine]:
        return (each for each in self._by_id.values() if each.cluster == self._cluster.name)

    def _no_server(self, draft: Draft) -> Reason:
        version = next(iter(_moves_of(draft).values()))
        release = _release(version)
        value = f"v{line(release.minor)}.0" if release is not None else "v1.0.0"
        return because(
            "api-server-unknown", self._cluster.name,
            "the version of its API server is not known, against which all others are measured", _POLICY,
            "read the cluster again, with the version that its API server tells",
            [Edit(of="state", object=self._cluster.name, field="version", value=value, cluster=self._cluster.name)],
        )  # fmt: skip


def _unreadable(machine: Machine, component: str, skew: Skew) -> Reason:
    """A version that no rule can be asked of: what moves beside it could break any of them."""
    known = [one.release.text for one in skew.of(API_SERVER)]
    return because(
        "version-unknown", machine.id,
        f"{component} is at {machine.software[component].current or 'no version'}, which no rule of the version skew "
        "policy can be asked of",
        _POLICY, f"state the version of {component} that it runs",
        [machine_edit(machine.id, f"software|{component}|{field}", text) for text in known[:1]
         for field in ("installed", "running")],
    )  # fmt: skip


def _untold(machine: Machine, servers: Sequence[Instance]) -> Reason:
    """A kubelet whose version nobody knows, beside API servers that are to move."""
    oldest = min((one.release for one in servers), key=lambda each: each.minor)
    software = msgspec.to_builtins(made("kubelet", oldest.text))
    return because(
        "version-unknown", machine.id,
        f"the version of its {KUBELET} is not known, so that nobody can tell whether it may stand beside an API server "
        "in another version",
        f"{_POLICY}#{KUBELET}", f"let its {KUBELET} tell it, or state it in an inventory (nodes, {machine.id}, "
        f"software, {KUBELET}, with part: kubelet)",
        [machine_edit(machine.id, f"software|{KUBELET}", software)],
    )  # fmt: skip


def _release(text: str) -> Release | None:
    try:
        return parse_release(text)
    except OakumError:
        return None
