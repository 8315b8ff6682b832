"""Who publishes CSAF documents that are read as a feed, and how each of them writes: a table of differences.

Red Hat names a platform by its CPE alone, and a component without a fix by source or binary name; what a document says
of a platform that is not known is not left out but refuses the document. SUSE names a platform by its name, has a new
one every few months, and lists every product that an update goes to; one that is not known is a problem, and what is
said of the others counts. Its fixes are what it calls "recommended"; the builds are binary packages.
Sources: CSAF 2.0; Red Hat's notes on its VEX files; SUSE's CSAF and VEX documents (ftp.suse.com).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from oakum.advisories.parsers.csaf_components import Component, component, suse_component
from oakum.advisories.statements.model import Identity, Product, Status
from oakum.fleet.distributions import distribution
from oakum.fleet.ecosystems import scope_of_osv
from oakum.fleet.suse_products import releases


class Platform(NamedTuple):
    """The release that a component belongs to, as ``OsvScope`` spells it.

    ``whole``: it is the system itself, whose "not affected" closes the question; else something beside it.
    """

    scope: str
    channel: str
    whole: bool = True


class UnknownProductError(ValueError):
    """A platform of which nobody here knows what it is."""


class Publisher(NamedTuple):
    """How a publisher writes.

    ``name`` begins its name in documents and is how its scores and words are called. ``platforms`` gives the releases
    of a platform, none where that is no system whose packages are inventoried, and raises UnknownProductError;
    ``component`` gives the package of a product (None: no rpm), told whether its status says that it is fixed.
    ``strict``: an unknown platform refuses the document. ``recommended`` is what that status says. ``beside``: bare
    names in products beside the system are packages, too. ``notices`` begins the summary of a reference to an update.
    """

    name: str
    platforms: Callable[[Identity], tuple[Platform, ...]]
    component: Callable[[Product, bool], Component | None]
    strict: bool = True
    recommended: Status | None = None
    beside: bool = False
    notices: tuple[str, ...] = ()


def _red_hat(platform: Identity) -> tuple[Platform, ...]:
    known = _of_cpe(platform.cpe or platform.text)
    return (known,) if distribution(known.scope.partition(":")[0]) is not None else ()


@lru_cache(maxsize=4096)
def _of_cpe(cpe: str) -> Platform:
    """The scope of a CPE (2.2 or 2.3) of Red Hat. Raises UnknownProductError for another vendor's."""
    parts = cpe.removeprefix("cpe:/").removeprefix("cpe:2.3:").rstrip(":*").split(":")
    ours = cpe.startswith("cpe:") and len(parts) > 2 and parts[1] == "redhat"
    known = scope_of_osv(f"Red Hat:{':'.join(parts[2:])}") if ours else None
    if known is None:
        raise UnknownProductError(f"no release is known for the platform {cpe[:100]!r}")
    return Platform(known.scope, known.channel)


def _suse(platform: Identity) -> tuple[Platform, ...]:
    known = releases(platform.name, platform.cpe or platform.text)
    if known is None:
        raise UnknownProductError(f"no release is known for the product {(platform.name or platform.text)[:100]!r}")
    return tuple(Platform(*one) for one in known)


RED_HAT = Publisher("Red Hat", _red_hat, lambda product, _: component(product))
SUSE = Publisher(
    "SUSE",
    _suse,
    suse_component,
    strict=False,
    recommended="fixed",
    beside=True,
    notices=("Advisory link for ", "URL for "),
)
_KNOWN = (RED_HAT, SUSE)


def publisher(name: str) -> Publisher:
    """Who writes so, by the name in a document; who is not known is read as strictly as Red Hat."""
    return next((one for one in _KNOWN if name == one.name or name.startswith(f"{one.name} ")), RED_HAT)
