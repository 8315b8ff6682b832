"""Which image of a layout or an archive is meant: by its tag or digest, and by the platform.

A tag is compared as a whole reference (``docker.io/library/nginx:1.27``, or ``nginx:1.27`` for the same), else as the
tag alone. Platforms follow the OCI image specification (image-index.md) and the defaults of containerd's platforms
package: amd64 is v1, arm is v7, arm64 is v8. What no container runs (attestations, signatures, other artifacts) is no
choice.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from oakum.errors import Place, UsageError
from oakum.fleet.cluster.images import parse
from oakum.fleet.images.manifests import CONFIGS, Descriptor, Platform

#: How many choices a message names.
_SHOWN = 20
_MACHINES = {
    "x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armv8l": "arm64", "i386": "386", "i686": "386",
    "armv7l": "arm", "armhf": "arm", "armel": "arm", "armv6l": "arm",
}  # fmt: skip
_VARIANTS = {"armv6l": "v6", "armel": "v6"}
_DEFAULT_VARIANTS = {"amd64": "v1", "arm": "v7", "arm64": "v8"}
_ATTESTATION = "vnd.docker.reference.type"


class Choice(msgspec.Struct, frozen=True):
    """What the user asks for: a tag or digest ("" for the only image), and a platform.

    ``here`` is the platform of this machine, which counts where none is asked for and there is more than one.
    """

    selector: str = ""
    platform: Platform | None = None
    here: Platform = Platform("amd64", "linux")


def read_platform(text: str) -> Platform:
    """Read ``os/arch[/variant]``; UsageError where it is none."""
    parts = text.lower().split("/")
    if not 2 <= len(parts) <= 3 or not all(parts):
        raise UsageError(f"{text!r} is no platform", remedy="os/arch or os/arch/variant, as linux/arm64")
    system, machine, *variant = parts
    return machine_platform(system, machine, *variant)


def machine_platform(system: str, machine: str, variant: str = "") -> Platform:
    """The platform of a machine that calls itself so (``uname -s`` and ``-m``)."""
    machine = machine.lower()
    return Platform(_MACHINES.get(machine, machine), system.lower(), variant or _VARIANTS.get(machine, ""))


def runnable(descriptor: Descriptor) -> bool:
    """Whether an entry of an index may be an image that containers run."""
    platform = descriptor.platform
    unknown = platform is not None and platform.os == platform.architecture == "unknown"
    attests = bool((descriptor.annotations or {}).get(_ATTESTATION))
    return not (unknown or attests or (descriptor.artifact_type and descriptor.artifact_type not in CONFIGS))


def by_selector(found: Sequence[Descriptor], choice: Choice, place: str) -> list[Descriptor]:
    """The entries of a layout's index that are meant; UsageError where it is none, or more than one.

    More than one comes back only where they differ by nothing but the platform.
    """
    found = [each for each in found if runnable(each)]
    if choice.selector:
        meant = [each for each in found if choice.selector == each.digest] or _called(found, choice.selector)
        if not meant:
            raise unclear(f"no image here is called {choice.selector!r}", called(found), place)
        found = meant
    if not found:
        raise UsageError("it holds no image", place=Place(place), remedy="name a layout or an archive with an image")
    images = {each.digest: each for each in found}
    if len(images) > 1 and (len({each.names for each in found}) > 1 or _same_platform(list(images.values()))):
        raise unclear("it holds more than one image", called(found), place)
    return list(images.values())


def likeness(names: Sequence[str], selector: str) -> int:
    """How well a selector names an image: 3 literally, 2 by the same reference, 1 by its tag alone, 0 not at all."""
    if selector in names:
        return 3
    wanted = parse(selector)
    if wanted is not None and any(parse(name) == wanted for name in names):
        return 2
    return int("/" not in selector and any(name.endswith(f":{selector}") for name in names))


def by_platform(found: Sequence[Descriptor], choice: Choice, place: str) -> Descriptor:
    """The entry of an index for a platform; UsageError where there is none, or more than one."""
    found = [each for each in found if runnable(each)]
    if len(found) == 1 and choice.platform is None:
        return found[0]
    wanted = choice.platform or choice.here
    fitting = [each for each in found if each.platform is not None and fits(each.platform, wanted)]
    exact = [each for each in fitting if each.platform is not None and _variant(each.platform) == _variant(wanted)]
    best = {each.digest: each for each in exact or fitting}
    if len(best) == 1:
        return next(iter(best.values()))
    platforms = sorted({str(each.platform or "no platform") for each in found})
    what = f"{'more than one' if best else 'no'} image in it is for {wanted}"
    there = ", ".join(platforms[:_SHOWN]) or "none"
    raise UsageError(what, place=Place(place), remedy=f"choose with --platform or by digest; there are: {there}")


def fits(platform: Platform, wanted: Platform) -> bool:
    """Whether an image of a platform is meant by the one that is wanted; a variant counts only where one is wanted."""
    given = machine_platform(platform.os, platform.architecture, platform.variant)
    if (given.os, given.architecture) != (wanted.os, wanted.architecture):
        return False
    return not wanted.variant or _variant(given) == _variant(wanted)


def called(found: Sequence[Descriptor]) -> list[str]:
    """What the images are called, those without a name by digest."""
    return [name for each in found for name in (each.names[:1] or (f"@{each.digest}",))]


def unclear(what: str, names: Sequence[str], place: str) -> UsageError:
    """The error that says which images are there."""
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    remedy = f"name one as PATH:TAG or PATH@DIGEST; there are: {shown}" if names else "it holds no image"
    return UsageError(what, place=Place(place), remedy=remedy)


def _called(found: Sequence[Descriptor], selector: str) -> list[Descriptor]:
    best = max((likeness(each.names, selector) for each in found), default=0)
    return [each for each in found if best and likeness(each.names, selector) == best]


def _variant(platform: Platform) -> str:
    return platform.variant or _DEFAULT_VARIANTS.get(platform.architecture, "")


def _same_platform(found: Sequence[Descriptor]) -> bool:
    platforms = [each.platform for each in found]
    return None in platforms or len(set(platforms)) < len(platforms)
