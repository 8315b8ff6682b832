"""What closes findings, and what to do first.

People do not work on CVEs; they upgrade packages, move to a kernel, rebuild an image. Findings are therefore grouped by
the one action that closes them. A package is moved as a whole (all binaries of its source, to the version that closes
every finding that has a fix), and what is equally urgent on the same assets is one action. Ranked by decision
class, then by risk closed per disruption, then by name, so that equal inputs give an equal list.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from oakum.advisories.index import scheme_of_scope
from oakum.findings.model import Finding
from oakum.fleet.assets import Asset, Kind
from oakum.risk.bundles import ActionKind, Bundle, Estimate, Part, Ranked, bundles
from oakum.versions import Unparsable

#: Cost of one action on one asset, in units of one service restart. A site may pass its own.
DISRUPTION: dict[ActionKind, float] = {
    "upgrade": 1.0,  # processes that use the package restart
    "kernel": 5.0,  # the machine is drained and rebooted
    "reboot": 4.0,  # the same, with nothing left to install
    "rebuild": 2.0,  # the image is built, tested and rolled out
    "bump": 2.0,  # a dependency changes: the application is built, tested and rolled out
    "component": 3.0,  # a part of the cluster that others depend on is rolled out
    "pool": 5.0,  # each node of the pool is drained, and its kubelet or runtime is replaced
    "subscribe": 1.0,  # an entitlement is bought and attached, then packages are upgraded
    "wait": 1.0,  # nothing to install: mitigate, accept or watch
}


#: So much of what an action disturbs is told, the rest counted.
_TOLD = 5


class Move(msgspec.Struct, frozen=True):
    """One package to move: the binary packages of one source, from the versions found to ``target``."""

    packages: tuple[str, ...]
    source: str
    found: tuple[str, ...]
    target: str
    channel: str = ""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do. ``risk`` is the sum of the scores it closes over all placements; ``rank`` counts from 1."""

    key: str
    rank: int
    kind: ActionKind
    title: str
    outcome: str
    order: int
    due_days: int | None
    assets: tuple[str, ...]
    moves: tuple[Move, ...]
    findings: tuple[str, ...]
    risk: float
    disruption: float
    why: tuple[str, ...]

    @property
    def worth(self) -> float:
        """Risk closed per disruption."""
        return self.risk / self.disruption


def actions(
    ranked: Iterable[Ranked],
    assets: Mapping[str, Asset],
    *,
    disruption: Mapping[ActionKind, float] = DISRUPTION,
    estimates: Mapping[str, Estimate] | None = None,
) -> list[Action]:
    """Group findings by what closes them, and rank the actions. ``estimates`` are by asset key."""
    known = estimates or {}
    made = [_action(each, assets, disruption[each.kind], known) for each in bundles(ranked, assets, known)]
    made.sort(key=lambda one: (one.kind == "wait", one.order, -one.worth, one.title, one.key))
    return [msgspec.structs.replace(one, rank=number) for number, one in enumerate(made, start=1)]


def _action(bundle: Bundle, assets: Mapping[str, Asset], cost: float, estimates: Mapping[str, Estimate]) -> Action:
    kind, members, findings = bundle.kind, bundle.members, bundle.findings
    worst = min(findings, key=lambda one: (one.order, -one.risk, one.finding.key))
    moves = tuple(sorted((_move(part) for part in bundle.parts), key=lambda move: (move.source, move.target)))
    names = [assets[key].name for key in members]
    # Whoever waits disturbs nothing.
    known = [estimates[key] for key in members if key in estimates] if kind != "wait" else []
    keys = tuple(dict.fromkeys(one.finding.key for one in findings))
    identity = "\0".join((kind, *sorted(members), *(f"{move.source} {move.target}" for move in moves)))
    place = assets[members[0]].kind
    return Action(
        key=hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:24],
        rank=0,
        kind=kind,
        title=_title(
            kind, moves, _where(names, place, estimates.get(members[0], Estimate()).pool), whole=place == "cluster"
        ),
        outcome=worst.outcome,
        order=worst.order,
        due_days=worst.due_days,
        assets=members,
        moves=moves,
        findings=keys,
        risk=round(bundle.risk(), 3),
        disruption=round(cost * len(members) + sum(one.weight for one in known), 3),
        why=(*_why(worst, len(keys), len(members)), *_holds(findings), *_disturbed(kind, names, known)),
    )


def _move(part: Part) -> Move:
    first = part[0].finding
    order = scheme_of_scope(first.scope)
    targets = {one.finding.fix.version for one in part if one.finding.fix.version}
    best, best_key = "", b""
    for target in sorted(targets):
        key = order.key(target) if order else target.encode()
        if not isinstance(key, Unparsable) and key >= best_key:
            best, best_key = target, key
    return Move(
        packages=tuple(sorted({one.finding.package.name for one in part})),
        source=first.package.source or first.package.name,
        found=tuple(sorted({one.finding.package.evr for one in part})),
        target=best,
        channel=first.fix.channel,
    )


def _where(names: list[str], place: Kind, pool: str) -> str:
    """Its name where there is one asset; else how many, and for nodes of which pool."""
    if len(names) == 1:
        return names[0]
    if place != "node":
        return f"{len(names)} assets"
    return f"{len(names)} nodes of pool {pool}" if pool else f"{len(names)} nodes"


def _title(kind: ActionKind, moves: tuple[Move, ...], where: str, *, whole: bool) -> str:
    """What is to be done; ``whole``: to a cluster as a whole, and not to a part of it."""
    what = f"{moves[0].source} to {moves[0].target}" if len(moves) == 1 else f"{len(moves)} packages"
    if kind == "upgrade":
        return f"Upgrade {what} on {where}"
    if kind == "kernel":
        kernel = f"{moves[0].source} {moves[0].target}" if len(moves) == 1 else what
        return f"Install {kernel} on {where} and reboot"
    if kind == "reboot":
        return f"Reboot {where} into the installed kernel"
    if kind == "rebuild":
        return f"Rebuild {where} with {what}"
    if kind == "bump":
        return f"Bump {what} in {where}"
    if kind == "component":
        return f"Move {what} in {where}" if whole or len(moves) > 1 else f"Move {where} to {moves[0].target}"
    if kind == "pool":
        return f"Patch {where}: {what}"
    if kind == "subscribe":
        return f"Attach {where} to {moves[0].channel}, then upgrade {what}"
    gone = moves[0].source if len(moves) == 1 else what
    return f"No fix is published for {gone} on {where}: mitigate, accept or watch"


def _why(worst: Ranked, findings: int, assets: int) -> Iterable[str]:
    yield f"{worst.finding.id}: {worst.outcome}"
    yield f"closes {findings} finding{'s' if findings != 1 else ''} on {assets} asset{'s' if assets != 1 else ''}"
    yield f"fix {worst.finding.fix.state}: {_proof(worst.finding)}"


def _disturbed(kind: ActionKind, names: list[str], estimates: Iterable[Estimate]) -> Iterable[str]:
    """What the action disturbs, each word once, with how many assets it is true of; of many words the first."""
    if kind == "pool":
        yield f"{names[0]} is drained" if len(names) == 1 else f"{len(names)} nodes are drained, one after another"
    counted = Counter(word for one in estimates for word in one.words)
    for word, count in counted.most_common(_TOLD):
        yield word if count == 1 else f"{word} ({count} times)"
    if len(counted) > _TOLD:
        yield f"and {len(counted) - _TOLD} more like these"


#: How the tools of each package system release a hold.
_RELEASE = {
    "deb": "apt-mark unhold {}",
    "rpm": "dnf versionlock delete {}, or take it out of the excludes",
    "apk": "take its version out of /etc/apk/world",
}


def _holds(findings: Iterable[Ranked]) -> Iterable[str]:
    """Packages that stay as they are until somebody releases them."""
    held = {one.finding.package.name: one.finding.package.type for one in findings if one.finding.package.held}
    for name in sorted(held):
        how = _RELEASE.get(held[name], "unpin it").format(name)
        yield f"{name} is held: release it first ({how})"


def _proof(finding: Finding) -> str:
    fix = finding.fix
    step = {"available": fix.available, "installed": fix.installed, "effective": fix.effective}.get(
        fix.state, fix.published
    )
    return step.proof
