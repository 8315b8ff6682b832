"""Changes that harm by themselves: along an edge that is known to, and to a release that drops what is in use.

An edge of which nobody knows whether the cluster is exposed counts as one that harms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from oakum.changes.compat import edges, preflight
from oakum.changes.compat.facts import OF_CLUSTER
from oakum.changes.compat.preflight import LAST_APPLIED
from oakum.changes.skew import Release, parse_release
from oakum.changes.skew.model import API_SERVER
from oakum.changes.state import Cluster, Machine
from oakum.changes.verify.chains import Chain, Link
from oakum.changes.verify.given import Given, Placed
from oakum.changes.verify.images import component_of, tag_of
from oakum.changes.verify.model import Violation
from oakum.errors import OakumError
from oakum.fleet.cluster.objects import Object


def harmful(given: Given, name: str, cluster: Cluster | None, several: Sequence[Placed]) -> Iterator[Violation]:
    """Edges of the data that a change goes along, each once for the versions that it leads between."""
    if not given.knowledge.edges:
        return
    facts = _facts(given.state.by_cluster.get(name, ()), cluster)
    seen: set[tuple[str, str, str]] = set()
    for each in several:
        for change in each.step.changes:
            component, before, after = change.component, change.before, change.after
            if component.startswith("image/"):
                component, before, after = component_of(given, after), tag_of(before), tag_of(after)
            if (component, before, after) in seen:
                continue
            seen.add((component, before, after))
            for found in edges(component, before, after, facts, given.knowledge):
                if found.exposure != "not exposed":
                    told = "" if found.exposure == "exposed" else "it may harm, "
                    made = each.broken("known-bad", f"{component} {before} to {after}: {told}{found.why}")
                    yield msgspec.structs.replace(made, source=found.edge.source.url)


def _facts(machines: Sequence[Machine], cluster: Cluster | None) -> dict[str, object]:
    """The facts that edges ask for: those that the state shows and those that somebody has stated; no others."""
    shown = {
        "runtimes": sorted({name for machine in machines for name in machine.of("container-runtime")}),
        "kernels": sorted({one.current for machine in machines for one in machine.of("kernel").values()}),
    }
    facts: dict[str, object] = {name: several for name, several in shown.items() if several}
    if cluster is not None:
        if cluster.etcd:
            facts["etcd_members"] = len(cluster.etcd)
        stated = {name: _stated(name, text) for name, text in cluster.facts.items() if name in OF_CLUSTER}
        facts |= {name: value for name, value in stated.items() if value is not None}
        facts["site"] = dict(cluster.facts)
    return facts


def _stated(name: str, text: str) -> object:
    """A fact as somebody wrote it, an empty text being none of it; None for what is not understood."""
    type_ = OF_CLUSTER[name].type
    if type_ == "bool":
        return {"true": True, "yes": True, "false": False, "no": False, "": False}.get(text.casefold())
    if type_ == "int":
        return int(text or "0") if (text or "0").isdecimal() else None
    if type_ == "list of string":
        return [each.strip() for each in text.split(",") if each.strip()]
    return text


def removed(given: Given, cluster: Cluster, chains: Sequence[Chain]) -> Iterator[Violation]:
    """Objects in an API version that an API server of the plan does not serve any more."""
    highest_: tuple[Release, Link] | None = None
    lowest_minor: int | None = None
    for chain in chains:
        if chain.component != API_SERVER:
            continue
        for link in chain.links:
            try:
                release = parse_release(link.version)
            except OakumError:
                continue  # told with the skew
            if link.step is None:
                lowest_minor = release.minor if lowest_minor is None else min(lowest_minor, release.minor)
            elif highest_ is None or release.minor > highest_[0].minor:
                highest_ = release, link
    if highest_ is None or lowest_minor is None or highest_[0].minor <= lowest_minor:
        return
    release, link = highest_
    lives = given.knowledge.by_api
    objects = [
        _manifest(one)
        for several in cluster.around.snapshot.items.values()
        for one in several
        if (one.api_version, one.kind) in lives or LAST_APPLIED in one.metadata.annotations
    ]
    for hit in preflight(objects, release, given.knowledge):
        if hit.fate == "removed" and link.step is not None:
            yield link.step.broken("removed-api", hit.why, "/".join(filter(None, (hit.kind, hit.namespace, hit.name))))


def _manifest(one: Object) -> dict[str, object]:
    meta = {"name": one.metadata.name, "namespace": one.metadata.namespace, "annotations": one.metadata.annotations}
    return {"apiVersion": one.api_version, "kind": one.kind, "metadata": meta}
