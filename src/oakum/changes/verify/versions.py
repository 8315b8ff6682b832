"""Versions beside each other in every state that a plan can bring about: skew, and pairs of components.

A controller manager or scheduler talks to the API server of its own machine where there is one, as kubeadm sets them up
since 1.20 (kubernetes/kubernetes#94398), and is measured against that; elsewhere against all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from oakum.changes.compat import Compatibility
from oakum.changes.compat.pairs import BESIDE_KUBELET
from oakum.changes.skew import Release, parse_release
from oakum.changes.skew.model import API_SERVER, CONTROLLERS, KUBE_PROXY, KUBELET
from oakum.changes.skew.rules import beside_kubelet, highest, lowest
from oakum.changes.state import Cluster
from oakum.changes.verify.chains import Chain, Link, meet, unlike
from oakum.changes.verify.given import Given, Placed, violation
from oakum.changes.verify.harm import harmful, removed
from oakum.changes.verify.images import component_of, tag_of
from oakum.changes.verify.model import Violation
from oakum.errors import OakumError

_WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet")


def beside(given: Given) -> Iterator[Violation]:
    """Every cluster in which a version changes."""
    compatibility = Compatibility(given.knowledge)
    for name, several in given.by_cluster.items():
        cluster = given.state.clusters_by_name.get(name)
        yield from harmful(given, name, cluster, several)
        if name:
            chains = _chains(given, name, cluster, several)
            yield from _skew(given, name, chains)
            yield from _pairs(given, compatibility, name, chains)
            if cluster is not None:
                yield from removed(given, cluster, chains)


def _chains(given: Given, name: str, cluster: Cluster | None, several: Sequence[Placed]) -> list[Chain]:
    """All parts of a cluster that stand beside others, each through its versions."""
    by_subject: dict[str, list[Placed]] = {}
    for each in several:
        by_subject.setdefault(each.step.subject.id, []).append(each)
    for steps in by_subject.values():
        steps.sort(key=lambda each: given.order.ancestors[each.wave].bit_count())
    chains = _of_objects(given, cluster, by_subject) if cluster is not None else []
    by_object = any(chain.component == KUBE_PROXY and chain.moves for chain in chains)
    for machine in given.state.by_cluster.get(name, ()):
        steps = by_subject.get(machine.id, [])
        for component, software in machine.software.items():
            kind = KUBELET if software.part == "kubelet" else KUBE_PROXY if software.part == "kube-proxy" else component
            judged = software.part in ("kubelet", "container-runtime", "control-plane", "etcd")
            if judged or (kind == KUBE_PROXY and not by_object):
                links = _links(software.current, component, steps)
                chains.append(Chain(kind, f"{component} on {machine.name}", machine.name, links))
    known = any(chain.component == API_SERVER for chain in chains)
    if not known and cluster is not None and cluster.around.snapshot.version:
        link = Link(cluster.around.snapshot.version)
        chains.append(Chain(API_SERVER, f"the API server of {name}", "", (link,)))
    return chains


def _links(start: str, component: str, steps: Sequence[Placed]) -> tuple[Link, ...]:
    found = [Link(start)]
    for each in steps:
        for change in each.step.changes:
            if change.component == component and change.after != found[-1].version:
                found.append(Link(change.after, each))
    return tuple(found)


def _of_objects(given: Given, cluster: Cluster, by_subject: dict[str, list[Placed]]) -> list[Chain]:
    """Add-ons by the names of their images, as far as an image has a tag."""
    found = []
    for one in cluster.around.snapshot.all(*_WORKLOADS):
        template = getattr(getattr(one, "spec", None), "template", None)
        named = "/".join(one.key)
        steps = by_subject.get(f"{cluster.name}/{named}", [])
        for container in template.spec.containers if template is not None else ():
            links = [
                Link(tag_of(link.version), link.step)
                for link in _links(container.image, f"image/{container.name}", steps)
            ]
            if all(link.version for link in links):
                found.append(Chain(component_of(given, container.image), named, "", tuple(links)))
    return found


def _skew(given: Given, name: str, chains: Sequence[Chain]) -> Iterator[Violation]:
    judged = (API_SERVER, *CONTROLLERS, KUBELET, KUBE_PROXY)
    of = {component: [chain for chain in chains if chain.component == component] for component in judged}
    moving = [chain for several in of.values() for chain in several if chain.moves]
    if not moving:
        return
    servers = unlike(of[API_SERVER])
    if not servers:
        yield violation("not-assessable", "the version of its API server is not known", object_=name)
        return
    if any(chain.moves for chain in servers):
        with_kubelet = {chain.node for chain in of[KUBELET]}
        for machine in given.state.by_cluster.get(name, ()):
            if machine.name not in with_kubelet:
                yield violation("not-assessable", "the version of its kubelet is not known", object_=machine.id)
    releases: dict[str, Release] = {}
    for chain in (chain for several in of.values() for chain in several):
        for link in chain.links:
            if link.version not in releases:
                try:
                    releases[link.version] = parse_release(link.version)
                except OakumError as error:
                    yield violation("not-assessable", f"{chain.name}: {error.what}", object_=name)
                    return
    yield from _Skew(given, releases).of(servers, of)


class _Skew:
    """The rules of the skew policy, pair by pair."""

    def __init__(self, given: Given, releases: dict[str, Release]) -> None:
        self._given, self._releases = given, releases
        #: The minor versions of API servers that stay as they are.
        self._unmoved: set[int] = set()

    def of(self, servers: Sequence[Chain], of: dict[str, list[Chain]]) -> Iterator[Violation]:
        """Every pair of a cluster that may not stand beside each other."""
        self._unmoved = {self._minor(server.links[0]) for server in servers if not server.moves}
        for number, server in enumerate(servers):
            yield from self._steps(server)
            for other in servers[number:]:
                yield from self._apart(server, other)
            for component in (KUBELET, KUBE_PROXY):
                for chain in unlike(of[component]):
                    yield from self._outside(chain, server)
        every = {server.node: server for server in of[API_SERVER]}
        for chain in (chain for component in CONTROLLERS for chain in of[component]):
            for server in [every[chain.node]] if chain.node in every else servers:
                yield from self._outside(chain, server)
        kubelets = {chain.node: chain for chain in of[KUBELET]}
        for proxy in of[KUBE_PROXY]:
            near = [kubelets[proxy.node]] if proxy.node in kubelets else [] if proxy.node else unlike(of[KUBELET])
            for kubelet in near:
                yield from self._near(proxy, kubelet)

    def _minor(self, link: Link) -> int:
        return self._releases[link.version].minor

    def _steps(self, server: Chain) -> Iterator[Violation]:
        for one, other in pairwise(server.links):
            before, after = self._minor(one), self._minor(other)
            if after > before + 1:
                yield self._broken(other, other, f"{server.name} skips a minor version: {one.version} to", server.name)
            if after < before and not self._given.plan.undoes:
                yield self._broken(other, other, f"{server.name} would be lowered: {one.version} to", server.name)

    def _apart(self, one: Chain, other: Chain) -> Iterator[Violation]:
        for here, there in meet(self._given.order, one, other):
            if abs(self._minor(here) - self._minor(there)) > 1:
                yield self._broken(here, there, f"{one.name} {here.version} beside {other.name}", other.name)
                return

    def _outside(self, chain: Chain, server: Chain) -> Iterator[Violation]:
        for here, there in meet(self._given.order, chain, server):
            minor, api = self._minor(here), self._minor(there)
            if not chain.moves and api in self._unmoved:
                continue  # it stands beside such a server before, during and after the plan
            if minor > highest(chain.component, api) or minor < lowest(chain.component, api):
                yield self._broken(here, there, f"{chain.name} {here.version} beside {server.name}", chain.name)
                return

    def _near(self, proxy: Chain, kubelet: Chain) -> Iterator[Violation]:
        for here, there in meet(self._given.order, proxy, kubelet):
            if abs(self._minor(here) - self._minor(there)) > beside_kubelet(self._minor(here)):
                yield self._broken(here, there, f"{proxy.name} {here.version} beside {kubelet.name}", proxy.name)
                return

    def _broken(self, here: Link, there: Link, why: str, object_: str) -> Violation:
        step = there.step or here.step
        wave, id_ = (step.wave_id, step.step.id) if step is not None else ("", "")
        return violation("skew", f"{why} {there.version}", wave=wave, step=id_, object_=object_)


def _pairs(given: Given, compatibility: Compatibility, name: str, chains: Sequence[Chain]) -> Iterator[Violation]:
    components = {pairing.component.casefold() for pairing in given.knowledge.pairings}
    servers = unlike([chain for chain in chains if chain.component == API_SERVER])
    kubelets = {chain.node: chain for chain in chains if chain.component == KUBELET}
    seen: set[tuple[object, ...]] = set()
    for chain in chains:
        if chain.component.casefold() not in components:
            continue
        near = [kubelets[chain.node]] if chain.node in kubelets else []
        for other in near if chain.component.casefold() in BESIDE_KUBELET else servers:
            key = chain.kind, other.kind
            if key in seen:
                continue
            seen.add(key)
            for here, there in meet(given.order, chain, other):
                verdict = compatibility.compatible(chain.component, here.version, there.version)
                if verdict.answer == "incompatible":
                    step = there.step or here.step
                    found = step.broken if step is not None else None
                    why = f"{chain.name} {here.version} beside {other.name} {there.version}: {verdict.why}"
                    source = verdict.source.url if verdict.source else ""
                    made = found("compatibility", why, chain.name) if found else violation(
                        "compatibility", why, object_=name
                    )  # fmt: skip
                    yield msgspec.structs.replace(made, source=source)
