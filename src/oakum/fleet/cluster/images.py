"""Which images a pod runs: references, and the digests behind them.

A reference is read as the container tools do (the distribution project's reference grammar; ``nginx`` is
``docker.io/library/nginx:latest``). A tag says what was asked for, not what runs: that is the digest in the status's
``imageID``, else one that the specification names. A bare ``sha256:...`` there is the runtime's own id of the image's
configuration, which no registry knows, so it is no digest; an image without one is known by its reference only.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

import msgspec

from oakum.fleet.cluster.objects import Container, ContainerStatus, Pod, PodSpec

DEFAULT_REGISTRY = "docker.io"
#: No reference is longer; of it the repository has at most 255.
_LONGEST, _LONGEST_REPOSITORY = 1024, 255
#: Of the registered algorithms (OCI image specification, "Digests") these are in use.
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_IMAGE_ID = re.compile(r"[0-9a-f]{64}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_REGISTRY = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?")
_WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_WORD}(?:/{_WORD})*")
#: Before an image id of the kubelet: the runtime that it is of (docker-pullable://, docker://, cri-o://).
_RUNTIME = re.compile(r"[a-z][a-z-]*://")

Use = Literal["container", "init", "sidecar", "ephemeral"]


class Reference(msgspec.Struct, frozen=True):
    """An image reference, its defaults filled in: registry ``docker.io``, repository ``library/nginx``.

    ``tag`` is empty where the reference names a digest and no tag; ``digest`` is ``sha256:`` and 64 hex digits (or
    sha384, sha512 with theirs), or empty.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """Registry and repository."""
        return f"{self.registry}/{self.repository}"

    def __str__(self) -> str:
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


class Image(msgspec.Struct, frozen=True):
    """An image of a container: what was asked for, and the digest that runs ("" where only the reference is known).

    ``given`` is the specification's own text; ``reference`` is None where that is no image reference. ``runs`` is what
    the status calls it, where that is another tag of the same repository: a tag of the same contents, or the one that
    still runs after the specification was changed. None where the status says nothing more.
    """

    container: str
    use: Use
    given: str
    reference: Reference | None
    digest: str
    runs: Reference | None = None

    @property
    def key(self) -> str:
        """The image's natural key: ``image/sha256:...``, else ``image/ref:...``."""
        return image_key(self.digest, self.reference, self.given)


def image_key(digest: str, reference: Reference | None, given: str) -> str:
    """The key of an image by its digest, else by what it is called."""
    return f"image/{digest}" if digest else f"image/ref:{reference or given}"


@lru_cache(maxsize=65536)
def parse(text: str) -> Reference | None:
    """Read a reference; None where it is none (empty, too long, a bare image id, characters that none has)."""
    rest = text.strip()
    if not rest or len(rest) > _LONGEST or _DIGEST.fullmatch(rest) or _IMAGE_ID.fullmatch(rest):
        return None
    rest, at, digest = rest.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        return None
    path, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        path, tag = rest, ""
    elif not _TAG.fullmatch(tag):
        return None
    first, slash, others = path.partition("/")
    host = "." in first or ":" in first
    if slash and (host or first == "localhost" or first != first.lower()):
        registry, repository = first.lower() if host else first, others
    else:
        registry, repository = DEFAULT_REGISTRY, path
    if registry in {"index.docker.io", "registry-1.docker.io"}:
        registry = DEFAULT_REGISTRY
    if registry == DEFAULT_REGISTRY and "/" not in repository:
        repository = f"library/{repository}"
    if not _REGISTRY.fullmatch(registry) or len(repository) > _LONGEST_REPOSITORY:
        return None
    if not _REPOSITORY.fullmatch(repository):
        return None
    return Reference(registry, repository, tag or ("" if digest else "latest"), digest)


def images_of(pod: Pod) -> tuple[Image, ...]:
    """The image of each container of a pod, in the order of its specification, init containers first."""
    statuses = _statuses(pod)
    return tuple(_image(container, use, statuses.get(container.name)) for container, use in _containers(pod.spec))


def pulled_from(pod: Pod) -> dict[str, Reference]:
    """By digest, where the runtimes say that they have it from: it may be another repository than was asked for."""
    said = (parse(_RUNTIME.sub("", one.image_id, count=1)) for one in _statuses(pod).values())
    return {one.digest: one for one in said if one is not None and one.digest}


def _statuses(pod: Pod) -> dict[str, ContainerStatus]:
    status = pod.status
    groups = (status.init_container_statuses, status.container_statuses, status.ephemeral_container_statuses)
    return {one.name: one for group in groups for one in group}


def images_of_template(spec: PodSpec) -> tuple[Image, ...]:
    """The images that the next pod of a workload will ask for."""
    return tuple(_image(container, use, None) for container, use in _containers(spec))


def _containers(spec: PodSpec) -> list[tuple[Container, Use]]:
    found: list[tuple[Container, Use]] = [
        (one, "sidecar" if one.restart_policy == "Always" else "init") for one in spec.init_containers
    ]
    found += [(one, "container") for one in spec.containers]
    return found + [(one, "ephemeral") for one in spec.ephemeral_containers]


def _image(container: Container, use: Use, status: ContainerStatus | None) -> Image:
    reference = parse(container.image)
    running = parse(_RUNTIME.sub("", status.image_id, count=1)) if status is not None else None
    digest = (running.digest if running else "") or (reference.digest if reference else "")
    return Image(container.name, use, container.image, reference, digest, _other_tag(reference, status))


def _other_tag(asked: Reference | None, status: ContainerStatus | None) -> Reference | None:
    said = parse(_RUNTIME.sub("", status.image, count=1)) if status is not None and asked is not None else None
    if said is None or asked is None or said.name != asked.name or said.tag in ("", asked.tag):
        return None
    return said
