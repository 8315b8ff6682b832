"""What would have to be pulled to know the images of a cluster: each once, from where, for which platforms, by whom.

A pod's image may be read with its own pull secrets; those of its ServiceAccount count where it names none, since the
admission controller copies them then (kubernetes.io/docs/reference/access-authn-authz/admission-controllers,
ServiceAccount). A secret is always of the pod's namespace: one never stands beside an image that only pods of other
namespaces have, or have from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from oakum.fleet.cluster.images import Image, Reference, images_of, images_of_template, pulled_from
from oakum.fleet.cluster.objects import Node, Pod, PodSpec, ServiceAccount
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.fleet.cluster.workloads import Owners
from oakum.fleet.images.choice import machine_platform
from oakum.fleet.images.manifests import Platform

#: Repositories that are asked for one image at most.
MOST_PLACES = 4


class PullSecret(NamedTuple):
    """A Secret by its place; not what is in it."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Place(msgspec.Struct, frozen=True):
    """Where an image can be had, by digest where one is known, and the secrets of the pods that have it from there."""

    reference: Reference
    secrets: tuple[PullSecret, ...] = ()


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An image of the cluster; ``key`` and ``name`` are its asset's.

    ``digest`` is empty where only a tag is known. ``platforms`` are those of the nodes on which it runs, of all nodes
    where no pod that has it is on one; none where no node is known. ``pods`` counts those that run.
    """

    key: str
    name: str
    digest: str
    places: tuple[Place, ...]
    platforms: tuple[Platform, ...]
    pods: int


def wanted(snapshot: Snapshot) -> tuple[Wanted, ...]:
    """All images of the running pods, and of the templates of workloads that have none, in the order of their keys."""
    nodes = {node.metadata.name: _platform(node) for node in snapshot.of(Node, "Node")}
    found: dict[str, _Gathered] = {}
    for use in _uses(snapshot):
        gathered = found.setdefault(use.image.key, _Gathered(use.image))
        gathered.add(use, nodes.get(use.node))
    everywhere = {platform for platform in nodes.values() if platform is not None}
    return tuple(found[key].wanted(everywhere) for key in sorted(found))


class _Use(NamedTuple):
    """An image of one pod (or of a template: then ``pod`` is empty)."""

    image: Image
    pulled: Reference | None
    pod: str
    node: str
    secrets: tuple[PullSecret, ...]


def _uses(snapshot: Snapshot) -> Iterator[_Use]:
    accounts = {
        (one.metadata.namespace, one.metadata.name): tuple(each.name for each in one.image_pull_secrets)
        for one in snapshot.of(ServiceAccount, "ServiceAccount")
    }

    def secrets(namespace: str, spec: PodSpec) -> tuple[PullSecret, ...]:
        own = tuple(each.name for each in spec.image_pull_secrets)
        names = own or accounts.get((namespace, spec.service_account_name or "default"), ())
        return tuple(PullSecret(namespace, name) for name in names if name)

    for owned in Owners(snapshot).workloads:
        namespace = owned.key.namespace
        for pod in owned.running:
            yield from _of_pod(pod, secrets(pod.metadata.namespace, pod.spec))
        template = owned.template
        if not owned.running and template is not None:
            may = secrets(namespace, template)
            for image in images_of_template(template):
                yield _Use(image, None, "", "", may)


def _of_pod(pod: Pod, secrets: tuple[PullSecret, ...]) -> Iterator[_Use]:
    pulled = pulled_from(pod)
    name = f"{pod.metadata.namespace}/{pod.metadata.name}"
    for image in images_of(pod):
        yield _Use(image, pulled.get(image.digest), name, pod.spec.node_name, secrets)


class _Gathered:
    """An image while its uses are counted."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._pods: set[str] = set()
        self._platforms: set[Platform] = set()
        self._places: dict[Reference, dict[PullSecret, None]] = {}

    def add(self, use: _Use, platform: Platform | None) -> None:
        if use.pod:
            self._pods.add(use.pod)
        if platform is not None:
            self._platforms.add(platform)
        digest = self._image.digest
        for reference in (use.image.reference, use.pulled):
            if reference is not None:
                place = msgspec.structs.replace(reference, tag="", digest=digest) if digest else reference
                self._places.setdefault(place, {}).update(dict.fromkeys(use.secrets))

    def wanted(self, everywhere: set[Platform]) -> Wanted:
        # What was asked for stands before what the runtime calls it.
        places = tuple(Place(reference, tuple(secrets)) for reference, secrets in self._places.items())
        return Wanted(
            key=self._image.key,
            digest=self._image.digest,
            name=str(self._image.reference or self._image.given),
            places=places[:MOST_PLACES],
            platforms=tuple(sorted(self._platforms or everywhere, key=str)),
            pods=len(self._pods),
        )


def _platform(node: Node) -> Platform | None:
    said = node.status.node_info
    return machine_platform(said.operating_system, said.architecture) if said.architecture else None
