"""All mandatory tests of CSAF, in the order of their numbers."""

from __future__ import annotations

from oakum.advisories.vex import (
    extension_shape,
    history,
    identities,
    involvement,
    languages,
    licenses,
    products,
    profiles,
    ranges,
    scores,
    selections,
    sharing,
    statuses,
    times,
    vex_profile,
    weaknesses,
)
from oakum.advisories.vex.model import NEW, Rule

_EXTENSIONS = (
    Rule(
        id=extension_shape.INVALID, versions=NEW, says="every extension is valid by the schema of extension contents",
        remedy="follow the schema of extension contents",
    ),
)  # fmt: skip
_MODULES = (
    history, identities, involvement, languages, licenses, products, profiles, ranges, scores, selections, sharing,
    statuses, times, vex_profile, weaknesses,
)  # fmt: skip


def _order(rule: Rule) -> list[int]:
    return [int(part) for part in rule.id.split(".")]


RULES: tuple[Rule, ...] = tuple(
    sorted((*_EXTENSIONS, *(rule for module in _MODULES for rule in module.RULES)), key=_order)
)
