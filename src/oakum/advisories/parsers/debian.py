"""What Debian's tracker and its advisory lists have in common: releases by code name, and the words for a state.

Sources: security-tracker.debian.org (its JSON and ``data/*/list``), the security team's introduction to the tracker
for the words in angle brackets.
"""

from __future__ import annotations

from functools import lru_cache

from oakum.advisories.model import Affected, Range, StateClass
from oakum.fleet.ecosystems import scope_of_osv

#: Releases before those that machines still run: their advisories are kept under their own numbers.
_ARCHIVED = {"potato": "2.2", "woody": "3.0", "sarge": "3.1", "etch": "4", "lenny": "5"}
OPEN = Range("ECOSYSTEM", (("introduced", "0"),))
#: The tracker's word -> its class.
STATES: dict[str, StateClass] = {
    "not-affected": "not-affected",
    "unfixed": "affected",
    "no-dsa": "deferred",
    "postponed": "deferred",
    "ignored": "will-not-fix",
    "end-of-life": "end-of-life",
    "undetermined": "undetermined",
}


@lru_cache(maxsize=256)
def scope(codename: str) -> str:
    """``debian:12`` of bookworm; a code name that nobody here knows stays one: ``debian:codename``."""
    known = scope_of_osv(f"Debian:{codename}")
    if known is not None and ":" in known.scope:
        return known.scope
    return f"debian:{_ARCHIVED.get(codename, codename)}"


def fixed(codename: str, package: str, version: str, state: str = "") -> Affected:
    """Everything before ``version`` is affected."""
    upto = Range("ECOSYSTEM", (("introduced", "0"), ("fixed", version)))
    return Affected(scope(codename), package, "source", ranges=(upto,), state=state, state_class="fixed")


def stated(codename: str, package: str, state: str, reason: str = "") -> Affected:
    """No fixed version, but a word: all versions are affected, none is, or nobody knows."""
    class_ = STATES.get(state, "affected")
    ranges = () if class_ in ("not-affected", "undetermined") else (OPEN,)
    return Affected(scope(codename), package, "source", ranges=ranges, state=state, state_class=class_, reason=reason)
