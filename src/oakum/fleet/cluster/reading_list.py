"""Which images of a cluster are worth reading, each once, what matters most first.

An image is one however many pods run it: the digest that they report names it, and only where none does (nothing runs
yet) the reference is all that is known. First come those of workloads that the internet may connect to, then those in
reach of more than their own, then by the number of pods, so that a budget that ends early has been spent well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import msgspec

from oakum.fleet.cluster.images import Image, Reference, images_of, images_of_template
from oakum.fleet.cluster.objects import Node, PodSpec
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.fleet.cluster.workloads import Owners, WorkloadKey
from oakum.fleet.images.choice import machine_platform
from oakum.fleet.images.manifests import Platform

#: Namespace and name of a Secret.
SecretName = tuple[str, str]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An image to be read.

    ``key`` is that of its asset. ``reference`` has the digest that runs, where one is known. ``platforms`` are those of
    the nodes that run it, the most pods first; empty where no node is known. ``secrets`` are what its pods may pull
    with. ``exposure`` is 0 where the internet may connect to a workload that uses it, 1 where others may, else 2.
    """

    key: str
    reference: Reference
    platforms: tuple[Platform, ...] = ()
    secrets: tuple[SecretName, ...] = ()
    pods: int = 0
    exposure: int = 2

    @property
    def exact(self) -> bool:
        """Whether it is known what runs, and not only what was asked for."""
        return bool(self.reference.digest)


def reading_list(snapshot: Snapshot, exposures: Mapping[WorkloadKey, int]) -> list[Wanted]:
    """The images of all workloads that have a reference; ``exposures`` are 0 to 2 as in ``Wanted``, 2 where absent."""
    machines = {
        node.metadata.name: machine_platform(info.operating_system, info.architecture)
        for node in snapshot.of(Node, "Node")
        if (info := node.status.node_info).operating_system and info.architecture
    }
    found: dict[str, _Use] = defaultdict(_Use)
    for owned in Owners(snapshot).workloads:
        exposure = exposures.get(owned.key, 2)
        for pod in owned.running:
            machine = machines.get(pod.spec.node_name)
            for image in {image.key: image for image in images_of(pod)}.values():
                found[image.key].add(image, pod.spec, owned.key.namespace, exposure, machine)
        template = owned.template
        if not owned.running and template is not None:
            for image in images_of_template(template):
                found[image.key].ask(image, template, owned.key.namespace, exposure)
    wanted = [one for key, use in found.items() if (one := use.wanted(key)) is not None]
    return sorted(wanted, key=lambda one: (one.exposure, -one.pods, one.key))


class _Use:
    """Who uses one image."""

    def __init__(self) -> None:
        self._reference: Reference | None = None
        self._pods = 0
        self._exposure = 2
        self._platforms: Counter[Platform] = Counter()
        self._secrets: dict[SecretName, None] = {}

    def add(self, image: Image, spec: PodSpec, namespace: str, exposure: int, machine: Platform | None) -> None:
        """A pod that runs it."""
        self.ask(image, spec, namespace, exposure)
        self._pods += 1
        if machine is not None:
            self._platforms[machine] += 1

    def ask(self, image: Image, spec: PodSpec, namespace: str, exposure: int) -> None:
        """A pod that will."""
        named = image.reference
        if self._reference is None and named is not None:
            self._reference = msgspec.structs.replace(named, tag="", digest=image.digest) if image.digest else named
        self._exposure = min(self._exposure, exposure)
        self._secrets.update(dict.fromkeys((namespace, one.name) for one in spec.image_pull_secrets if one.name))

    def wanted(self, key: str) -> Wanted | None:
        """What is to be read; None where nobody knows where it is."""
        if self._reference is None:
            return None
        return Wanted(
            key=key,
            reference=self._reference,
            platforms=tuple(one for one, _ in self._platforms.most_common()),
            secrets=tuple(self._secrets),
            pods=self._pods,
            exposure=self._exposure,
        )
