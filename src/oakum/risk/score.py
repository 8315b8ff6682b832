"""The exposure score, 0 to 100: how bad it would be, here.

    score = 10 x CVSS x criticality x data sensitivity x public exposure

CVSS is 0.0 to 10.0; each factor is 1 for the worst case and less for a better one, so that the score can only fall by
what is known to be better. It orders work inside one decision class and never overrules the class. Each part says its
value, its factor, its source and whether it is a default; ``docs/explanation/exposure-score.md`` explains the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from oakum.fleet.assets import Context, Fact
from oakum.risk.severity import Choice

#: Nobody gave a severity: the lower end of "high". No evidence is not good news, nor is it the worst.
UNKNOWN_CVSS = 7.0

CRITICALITY: Mapping[str, str] = {"1": "1.0", "2": "0.9", "3": "0.8", "4": "0.7"}
DATA_SENSITIVITY: Mapping[str, str] = {
    "restricted": "1.0",
    "confidential": "0.95",
    "internal": "0.9",
    "none": "0.8",
}
PUBLIC_EXPOSURE: Mapping[str, str] = {"yes": "1.0", "no": "0.6"}


class Part(msgspec.Struct, frozen=True):
    """One part of a score: what was asked, the answer, the number that it multiplies by, and who answered."""

    name: str
    value: str
    factor: float
    source: str
    default: bool = False


class Score(msgspec.Struct, frozen=True):
    """An exposure score with one decimal, the parts whose product it is, and how its severity was chosen."""

    value: float
    parts: tuple[Part, ...]
    severity: Choice


def score(severity: Choice, context: Context) -> Score:
    """The exposure score of one vulnerability on one asset."""
    parts = (
        _cvss(severity),
        _factor("criticality", context.tier, CRITICALITY),
        _factor("data sensitivity", context.data_sensitivity, DATA_SENSITIVITY),
        _factor("public exposure", context.public_exposure, PUBLIC_EXPOSURE),
    )
    # Decimal, so that the printed parts multiply to the printed score on every machine.
    product = Decimal(10)
    for part in parts:
        product *= Decimal(str(part.factor))
    return Score(float(product.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)), parts, severity)


def _cvss(severity: Choice) -> Part:
    chosen = severity.chosen
    if chosen is None:
        return Part("CVSS", "unknown", UNKNOWN_CVSS, "default: no severity that can be read", default=True)
    by = chosen.given.scorer or "the publisher"
    return Part("CVSS", chosen.given.value, chosen.score, f"{chosen.basis} by {by}")


def _factor(name: str, fact: Fact, factors: Mapping[str, str]) -> Part:
    factor = factors.get(fact.value)
    if factor is None:
        return Part(name, fact.value, 1.0, f"{fact.source}: not understood, the worst is assumed", default=True)
    return Part(name, fact.value, float(factor), fact.source, fact.default)
