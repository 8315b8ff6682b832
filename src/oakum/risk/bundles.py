"""Which findings are closed together, and on which assets: what one action is about.

A package is moved as a whole, and what is equally urgent on the same assets is one action. Nodes are told apart by
nothing but their pool and what they need by when: each has a business context of its own, since each is measured, and
a pool that needs the same everywhere is patched by one action all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from oakum.findings.kernels import is_image
from oakum.findings.model import Finding
from oakum.fleet.assets import Asset, Host, Kind
from oakum.fleet.ecosystems import OS_TYPES
from oakum.fleet.entitlement import entitled
from oakum.fleet.products import PRODUCT_TYPES

ActionKind = Literal["upgrade", "kernel", "reboot", "rebuild", "bump", "component", "pool", "subscribe", "wait"]


class Ranked(msgspec.Struct, frozen=True):
    """A finding with what was decided about it: ``order`` 0 is the most urgent class of the decision table."""

    finding: Finding
    outcome: str
    order: int
    due_days: int | None
    risk: float


class Estimate(msgspec.Struct, frozen=True):
    """What an action on one asset disturbs beyond its kind: ``weight`` is added to the cost of the kind, in the same
    units; ``words`` say why. ``pool`` names the pool of a node in its ``cluster`` (a key): pools are patched one by
    one."""

    weight: float = 0.0
    words: tuple[str, ...] = ()
    pool: str = ""
    cluster: str = ""


#: The findings about one package that is moved.
Part = list[Ranked]
_Unit = tuple[ActionKind, tuple[str, ...], str, str]
_NO_ESTIMATE = Estimate()


class Bundle(msgspec.Struct, frozen=True):
    """What one action is about: assets (``members``) and the packages that are moved there."""

    kind: ActionKind
    members: tuple[str, ...]
    parts: list[Part]

    @property
    def findings(self) -> list[Ranked]:
        """All of them, in a fixed order."""
        return sorted((one for part in self.parts for one in part), key=lambda one: one.finding.key)

    def risk(self) -> float:
        """The risk closed over all members. A vulnerability in several binaries of one source is closed once: its
        highest score counts."""
        inside = frozenset(self.members)
        worst: dict[tuple[tuple[str, ...], str, str], float] = {}
        for one in self.findings:
            package = one.finding.package
            at = (one.finding.assets, one.finding.id, package.source or package.name)
            worst[at] = max(worst.get(at, 0.0), one.risk)
        counts = {
            assets: len(assets) if assets == self.members else len(inside.intersection(assets))
            for assets, _, _ in worst
        }
        return sum(risk * counts[assets] for (assets, _, _), risk in worst.items())


def bundles(
    ranked: Iterable[Ranked], assets: Mapping[str, Asset], estimates: Mapping[str, Estimate]
) -> Iterable[Bundle]:
    """Every finding in the bundles that close it; ``assets`` and ``estimates`` are by key."""
    units: defaultdict[_Unit, Part] = defaultdict(list)
    on_nodes: defaultdict[tuple[ActionKind, str, str], dict[str, Part]] = defaultdict(dict)
    for one in ranked:
        package = one.finding.package
        source = f"{one.finding.scope}/{package.source or package.name}"
        channel = one.finding.fix.channel
        for kind, members, nodes in _kinds(one.finding, assets):
            if nodes:
                held = on_nodes[kind, source, channel]
                for key in members:
                    held.setdefault(key, []).append(one)
            else:
                units[kind, members, source, channel].append(one)
    for (kind, source, channel), held in on_nodes.items():
        for nodes_alike, part in _alike(held, assets, estimates):
            units[kind, nodes_alike, source, channel] = part
    grouped: defaultdict[tuple[ActionKind, tuple[str, ...], int, str], list[Part]] = defaultdict(list)
    for (kind, members, _, channel), findings in units.items():
        # Moving a package closes all its findings: the most urgent of them sets the date of the others.
        grouped[kind, members, min(one.order for one in findings), channel].append(findings)
    return (Bundle(kind, members, parts) for (kind, members, _, _), parts in grouped.items())


def _alike(
    held: Mapping[str, Part], assets: Mapping[str, Asset], estimates: Mapping[str, Estimate]
) -> Iterable[tuple[tuple[str, ...], Part]]:
    """The nodes of one pool that have the same findings about a package, to be closed by the same day."""
    alike: defaultdict[tuple[str, str, int, frozenset[str]], list[str]] = defaultdict(list)
    for key, part in held.items():
        where = estimates.get(key, _NO_ESTIMATE)
        urgent = min(one.order for one in part)
        alike[where.cluster, where.pool, urgent, frozenset(one.finding.key for one in part)].append(key)
    for keys in alike.values():
        members = tuple(sorted(keys, key=lambda key: (assets[key].name, key)))
        once = {id(one): one for key in members for one in held[key]}
        yield members, list(once.values())


def _kinds(finding: Finding, assets: Mapping[str, Asset]) -> Iterable[tuple[ActionKind, tuple[str, ...], bool]]:
    """Which kind of action closes a finding on which of its assets, and whether these are nodes of a cluster."""
    places = {"cluster", "image", "component", "node"}.intersection(assets[key].kind for key in finding.assets)
    if not places and not finding.fix.channel:
        return ((_kind(finding, "host"), finding.assets, False),)
    kinds: defaultdict[tuple[ActionKind, bool], list[str]] = defaultdict(list)
    for key in finding.assets:
        place = assets[key].kind
        kinds[_kind(finding, place, assets[key].host), place == "node"].append(key)
    return ((kind, tuple(keys), nodes) for (kind, nodes), keys in kinds.items())


def _kind(finding: Finding, place: Kind, host: Host | None = None) -> ActionKind:
    package, fix = finding.package, finding.fix
    if not fix.version:
        return "wait"
    if place == "node":
        return "pool"
    if place in ("component", "cluster"):
        return "component"
    if package.type in PRODUCT_TYPES:
        return "kernel"  # the whole image is replaced, and booted
    if fix.state == "installed":
        return "reboot"
    if package.type not in OS_TYPES:
        return "bump"
    if place == "image":
        return "rebuild"
    if fix.channel and fix.available.answer != "yes" and not entitled(host, fix.channel):
        return "subscribe"
    return "kernel" if is_image(package) else "upgrade"
