"""Whether a machine gets the fixes of a channel that its vendor gives to subscribers alone.

The proof is a configured and enabled channel: Ubuntu's by its pocket, Red Hat's and SUSE's by the word in the id that
the vendor gives to the repository (``rhel-9-for-x86_64-baseos-eus-rpms``, ``SLES15-SP2-LTSS-Updates``). Sources: Red
Hat's "Package manifest" and its page on extended support, SUSE's "Modules and extensions", Ubuntu Pro's services.
"""

from __future__ import annotations

import re

from oakum.fleet.assets import Channel, Host

_WORD = re.compile(r"[a-z0-9]+")
#: How an advisory names a product -> the word in the ids of its repositories.
_PRODUCTS = {"openshift": "rhocp", "elts": "freexian"}


def entitled(host: Host | None, channel: str) -> bool:
    """Whether the machine has the channel ("esm-apps", "eus:9.2"); False where its channels are not known."""
    name = channel.partition(":")[0].lower()
    wanted = frozenset(_WORD.findall(_PRODUCTS.get(name, name)))
    return any(
        each.enabled and (each.pocket == name or wanted.issubset(_WORD.findall(_named(each).lower())))
        for each in (host.channels if host is not None else ())
    )


def _named(channel: Channel) -> str:
    """What names a channel: of Ubuntu's services, whose suites are called like the release, the address does."""
    return f"{channel.name} {channel.url}" if "//esm.ubuntu.com/" in channel.url else channel.name
