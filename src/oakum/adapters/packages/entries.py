"""What a package manager tells of one package, as a plan needs it: the same rules for every manager.

Offered is what is newer than the installed version and comes from a channel of the distribution; what only a third
party offers is left to that party's rules, unless the installed version is theirs too. The way back is open to versions
that a channel still has, or whose package the host keeps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cmp_to_key

from oakum.changes.state.inventory import SoftwareEntry
from oakum.versions import compare, scheme

_FOREIGN = frozenset({"third-party"})


def newer(one: str, other: str, ecosystem: str) -> bool:
    """Whether one version of a package is newer than another. ``ecosystem`` says how they compare."""
    order = scheme(ecosystem)
    return order is not None and compare(order, one, other).sign == ">"


def in_order(versions: Iterable[str], ecosystem: str) -> tuple[str, ...]:
    """Versions from the oldest to the newest."""

    def order(one: str, other: str) -> int:
        return 1 if newer(one, other, ecosystem) else -1 if newer(other, one, ecosystem) else 0

    return tuple(sorted(versions, key=cmp_to_key(order)))


def entry_of(
    version: str,
    where: Mapping[str, Collection[str]],
    *,
    ecosystem: str,
    security: Collection[str] = (),
    upto: str | None = None,
    held: bool = False,
    kept: Collection[str] = (),
    reboot: bool = False,
) -> SoftwareEntry:
    """One package at ``version``, whose versions can be had ``where`` (pockets of channels, by version).

    ``upto`` is the newest that the manager would take, None where it does not say; ``kept`` are versions whose package
    the host keeps; ``security`` are those that are security updates. Of a held one nothing is offered.
    """
    foreign = set(where.get(version, ())) == _FOREIGN
    offers = [
        each
        for each, several in where.items()
        if several
        and newer(each, version, ecosystem)
        and (upto is None or not newer(each, upto, ecosystem))
        and (foreign or set(several) != _FOREIGN)
    ]
    offers = [] if held or upto == "" else list(in_order(offers, ecosystem))
    back = {each for each, several in where.items() if several} | set(kept)
    return SoftwareEntry(
        installed=version, part="package", ecosystem=ecosystem, effect="reboot" if reboot else "at-once",
        offers=tuple(offers),
        kept=in_order((each for each in back if not newer(each, version, ecosystem)), ecosystem),
        security=tuple(each for each in offers if each in security),
    )  # fmt: skip
