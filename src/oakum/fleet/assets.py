"""Assets: what can be patched, what is known about it, and what could not be found out."""

from __future__ import annotations

from typing import Literal

import msgspec

from oakum.fleet.packages import PackageSet

Kind = Literal["host", "rootfs", "image", "sbom", "cluster", "node", "component", "workload"]


class Gap(msgspec.Struct, frozen=True):
    """Something that could not be assessed: ``what``, ``why``, and the ``remedy``.

    ``kind`` is one word of a closed list (see ``GAPS``), so that a person can accept one kind and no other.
    """

    kind: str
    what: str
    why: str
    remedy: str
    asset: str = ""


#: Every kind of gap, with what it means.
GAPS: dict[str, str] = {
    "unknown-release": "the operating system or its release is not named, or the name is not understood",
    "unknown-ecosystem": "no order of versions and no advisories are known for this kind of package",
    "no-feed": "no imported source speaks about this release, ecosystem or series of the kernel",
    "stale-feed": "the source is older than allowed",
    "end-of-life": "the vendor no longer publishes advisories for this release",
    "unparsable-version": "a version has no place in the order of its ecosystem, or none beside an advisory's version",
    "unusable-advisory": "an advisory names the package, but its ranges cannot be evaluated",
    "unreadable-advisory": "records of a source could not be read",
    "unowned-kernel": "the running kernel belongs to no installed package",
    "foreign-package": "the package comes from a third party whose advisories are not known",
    "stale-process": "running processes use files of a package that have been replaced on disk",
    "incomplete-inventory": "a part of the inventory is missing or could not be read",
    "unreadable-statement": "a VEX document, or a statement in it, is not understood",
    "unread-objects": "objects of a kind could not be read, or a dump does not say that all of them are in it",
    "unread-image": "the contents of an image were not read",
    "unread-node": "the packages of a node were not read: only what its kubelet reports is known",
    "unknown-component": "a part of the cluster whose maker or version is not recognised",
    "vendor-build": "a vendor's own build, whose fixes only that vendor's advisories tell",
    "not-assessable-since": "a finding of an earlier scan is not there, and nothing proves that it has ended",
    "undetermined": "the vendor has not decided yet whether the package is affected",
}


class Kernel(msgspec.Struct, frozen=True):
    """An installed or running kernel: ``release`` as ``uname -r`` prints it, and the package that owns it, if any."""

    release: str
    package: str = ""
    version: str = ""
    running: bool = False


class Stale(msgspec.Struct, frozen=True):
    """A process that still maps a file which has been replaced on disk since it started."""

    pid: int
    process: str
    path: str
    package: str = ""


class Channel(msgspec.Struct, frozen=True):
    """A configured package source: an apt suite or a dnf/yum repository, as this host has it.

    ``name`` is ``origin suite/component`` or the repository's id; ``pocket`` is one of main, updates, security,
    backports, esm-infra, esm-apps, extended, third-party.
    """

    name: str
    pocket: str
    url: str = ""
    enabled: bool = True
    file: str = ""


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """What only a machine has. ``live`` is False for a root file system that is not running.

    ``live_patches`` names the patches that the running kernel has loaded and switched on.
    """

    live: bool
    architecture: str = ""
    running_kernel: str = ""
    kernels: tuple[Kernel, ...] = ()
    live_patches: tuple[str, ...] = ()
    boot_id: str = ""
    reboot_required: bool | None = None
    reboot_reasons: tuple[str, ...] = ()
    stale: tuple[Stale, ...] = ()
    stale_known: bool = False
    channels: tuple[Channel, ...] = ()
    channels_known: bool = False


Level = Literal["low", "medium", "high"]


class Fact(msgspec.Struct, frozen=True):
    """One answer about an asset with where it came from; ``default`` marks an answer nobody gave.

    ``time`` is when the source was read or measured (RFC 3339 UTC), empty where that is not known.
    """

    value: str
    source: str
    default: bool = False
    time: str = ""


class Context(msgspec.Struct, frozen=True):
    """The business context of an asset; every value knows its source and whether it is a default.

    ``tier`` is 1 (most critical) to 4; the three requirements are CVSS's (low, medium, high);
    ``data_sensitivity`` is none, internal, confidential or restricted; ``public_exposure`` is yes or no;
    ``system_exposure`` is small, controlled or open; ``human_impact`` is low, medium, high or very high.
    """

    owner: Fact
    tier: Fact
    confidentiality: Fact
    integrity: Fact
    availability: Fact
    data_sensitivity: Fact
    public_exposure: Fact
    system_exposure: Fact
    human_impact: Fact


RelationKind = Literal["holds", "owns", "runs-on", "uses"]


class Relation(msgspec.Struct, frozen=True):
    """How two assets hang together, by key: a cluster ``holds`` its nodes, components and workloads, a component or
    workload ``runs-on`` nodes and ``uses`` images. ``count`` is the number of pods behind it, 0 where none are meant.
    """

    subject: str
    kind: RelationKind
    object: str
    count: int = 0


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A machine, a root file system, an image, what an SBOM describes, a cluster or a part of one.

    ``key`` is natural and stable (machine-id, image digest, serial number, uid or file), never a display name alone.
    ``source`` says who read it ("dpkg", "CycloneDX 1.6 by syft 1.39.0"). ``platform`` is the operating system of the
    nodes that it runs on ("linux", "windows"), empty where it is not known or more than one. ``not_read`` names what
    such an asset may hold and no reader here looks for. ``subject`` is what the input itself calls the whole: package
    URLs, the serial number or namespace of an SBOM.
    """

    kind: Kind
    key: str
    name: str
    source: str
    packages: PackageSet
    host: Host | None = None
    gaps: tuple[Gap, ...] = ()
    platform: str = ""
    not_read: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
