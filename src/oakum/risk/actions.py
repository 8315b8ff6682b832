"""What closes findings, and what to do first.

People do not work on CVEs; they upgrade packages, move to a kernel, rebuild an image. Findings are therefore grouped by
the one action that closes them. A package is moved as a whole (all binaries of its source, to the version that closes
every finding that has a fix), and what is equally urgent on the same assets is one action. Ranked by decision
class, then by risk closed per disruption, then by name, so that equal inputs give an equal list.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from oakum.advisories.index import scheme_of_scope
from oakum.findings.kernels import is_image
from oakum.findings.model import Finding
from oakum.fleet.assets import Asset, Kind
from oakum.fleet.ecosystems import OS_TYPES
from oakum.versions import Unparsable

ActionKind = Literal["upgrade", "kernel", "reboot", "rebuild", "bump", "component", "pool", "subscribe", "wait"]

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


class Ranked(msgspec.Struct, frozen=True):
    """A finding with what was decided about it: ``order`` 0 is the most urgent class of the decision table."""

    finding: Finding
    outcome: str
    order: int
    due_days: int | None
    risk: float


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


class Estimate(msgspec.Struct, frozen=True):
    """What an action on one asset disturbs beyond its kind: ``weight`` is added to the cost of the kind, in the same
    units; ``words`` say why. ``pool`` names the node pool that an asset belongs to: pools are patched one by one."""

    weight: float = 0.0
    words: tuple[str, ...] = ()
    pool: str = ""


_NO_ESTIMATE = Estimate()
Unit = tuple[ActionKind, tuple[str, ...], str, str]


def actions(
    ranked: Iterable[Ranked],
    assets: Mapping[str, Asset],
    *,
    disruption: Mapping[ActionKind, float] = DISRUPTION,
    estimates: Mapping[str, Estimate] | None = None,
) -> list[Action]:
    """Group findings by what closes them, and rank the actions. ``estimates`` are by asset key."""
    known = estimates or {}
    units: defaultdict[Unit, list[Ranked]] = defaultdict(list)
    for one in ranked:
        package = one.finding.package
        source = f"{one.finding.scope}/{package.source or package.name}"
        channel = one.finding.fix.channel
        for kind, members in _kinds(one.finding, assets, known):
            units[kind, members, source, channel].append(one)
    grouped: defaultdict[tuple[ActionKind, tuple[str, ...], int, str], list[list[Ranked]]] = defaultdict(list)
    for (kind, members, _, channel), findings in units.items():
        # Moving a package closes all its findings: the most urgent of them sets the date of the others.
        grouped[kind, members, min(one.order for one in findings), channel].append(findings)
    made = [
        _action(kind, members, parts, assets, disruption[kind], known)
        for (kind, members, _, _), parts in grouped.items()
    ]
    made.sort(key=lambda one: (one.kind == "wait", one.order, -one.worth, one.title, one.key))
    return [msgspec.structs.replace(one, rank=number) for number, one in enumerate(made, start=1)]


def _kinds(
    finding: Finding, assets: Mapping[str, Asset], estimates: Mapping[str, Estimate]
) -> Iterable[tuple[ActionKind, tuple[str, ...]]]:
    """Which kind of action closes a finding on which of its assets."""
    places = {"image", "component", "node"}.intersection(assets[key].kind for key in finding.assets)
    if not places:
        return ((_kind(finding, "host"), finding.assets),)
    kinds: defaultdict[tuple[ActionKind, str], list[str]] = defaultdict(list)
    for key in finding.assets:
        kind = _kind(finding, assets[key].kind)
        kinds[kind, estimates.get(key, _NO_ESTIMATE).pool if kind == "pool" else ""].append(key)
    return ((kind, tuple(keys)) for (kind, _), keys in kinds.items())


def _kind(finding: Finding, place: Kind) -> ActionKind:
    package, fix = finding.package, finding.fix
    if not fix.version:
        return "wait"
    if place == "node":
        return "pool"
    if place == "component":
        return "component"
    if fix.state == "installed":
        return "reboot"
    if package.type not in OS_TYPES:
        return "bump"
    if place == "image":
        return "rebuild"
    if fix.channel and fix.available.answer != "yes":
        return "subscribe"
    return "kernel" if is_image(package) else "upgrade"


def _action(
    kind: ActionKind,
    members: tuple[str, ...],
    parts: list[list[Ranked]],
    assets: Mapping[str, Asset],
    cost: float,
    estimates: Mapping[str, Estimate],
) -> Action:
    findings = sorted((one for part in parts for one in part), key=lambda one: one.finding.key)
    worst = min(findings, key=lambda one: (one.order, -one.risk, one.finding.key))
    moves = tuple(sorted((_move(part) for part in parts), key=lambda move: (move.source, move.target)))
    names = [assets[key].name for key in members]
    known = [estimates[key] for key in members if key in estimates]
    keys = tuple(dict.fromkeys(one.finding.key for one in findings))
    identity = "\0".join((kind, *sorted(members), *(f"{move.source} {move.target}" for move in moves)))
    return Action(
        key=hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:24],
        rank=0,
        kind=kind,
        title=_title(kind, moves, names, next((one.pool for one in known), "")),
        outcome=worst.outcome,
        order=worst.order,
        due_days=worst.due_days,
        assets=members,
        moves=moves,
        findings=keys,
        risk=round(_distinct_risk(findings) * len(members), 3),
        disruption=round(cost * len(members) + sum(one.weight for one in known), 3),
        why=(*_why(worst, len(keys), len(members)), *_holds(findings), *_disturbed(known)),
    )


def _distinct_risk(findings: Iterable[Ranked]) -> float:
    """A vulnerability in several binaries of one source is closed once: its highest score counts."""
    worst: dict[tuple[str, str], float] = {}
    for one in findings:
        package = one.finding.package
        at = (one.finding.id, package.source or package.name)
        worst[at] = max(worst.get(at, 0.0), one.risk)
    return sum(worst.values())


def _move(part: list[Ranked]) -> Move:
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


def _title(kind: ActionKind, moves: tuple[Move, ...], names: list[str], pool: str) -> str:
    where = names[0] if len(names) == 1 else f"{len(names)} assets"
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
        return f"Move {what} in {where}" if len(moves) > 1 else f"Move {where} to {moves[0].target}"
    if kind == "pool":
        nodes = f"{len(names)} nodes of pool {pool}" if pool and len(names) > 1 else where.replace("assets", "nodes")
        return f"Patch {nodes}: {what}"
    if kind == "subscribe":
        return f"Attach {where} to {moves[0].channel}, then upgrade {what}"
    gone = moves[0].source if len(moves) == 1 else what
    return f"No fix is published for {gone} on {where}: mitigate, accept or watch"


def _why(worst: Ranked, findings: int, assets: int) -> Iterable[str]:
    yield f"{worst.finding.id}: {worst.outcome}"
    yield f"closes {findings} finding{'s' if findings != 1 else ''} on {assets} asset{'s' if assets != 1 else ''}"
    yield f"fix {worst.finding.fix.state}: {_proof(worst.finding)}"


def _disturbed(estimates: Iterable[Estimate]) -> Iterable[str]:
    """What the action disturbs, each word once, with how many assets it is true of."""
    counted = Counter(word for one in estimates for word in one.words)
    for word, count in counted.items():
        yield word if count == 1 else f"{word} ({count} times)"


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
