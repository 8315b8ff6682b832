"""Which of several severities counts, and where they disagree.

Scorers differ: of vulnerabilities scored twice, about a third end in another band. Nothing here averages. The rule:

1. the scorer who stands nearest to the installed build wins: the vendor or publisher of the advisory (a distribution
   knows its own build flags and patches), then the CNA who assigned the CVE, then NVD, then CISA's ADP;
2. of one scorer the newest CVSS version wins: 4.0, 3.1, 3.0, 2.0, and then a bare number or word;
3. a word without a vector counts as the middle of its CVSS band.

A score of 0.0 is an answer ("no impact") and not a missing one; what cannot be read is shown and not used.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from oakum.advisories.model import Severity
from oakum.errors import InputError
from oakum.risk import cvss

RULE = "vendor before CNA before NVD before ADP; of one scorer the newest CVSS version; a word is its band's middle"

#: Vendors' words: the band, and the score that stands for it, the middle of the band in CVSS 3.1.
_WORDS: dict[str, tuple[str, float]] = {
    "none": ("none", 0.0),
    "unimportant": ("low", 0.5),
    "negligible": ("low", 0.5),
    "low": ("low", 2.0),
    "minor": ("low", 2.0),
    "medium": ("medium", 5.5),
    "moderate": ("medium", 5.5),
    "high": ("high", 8.0),
    "important": ("high", 8.0),
    "critical": ("critical", 9.5),
}
_SCORERS = {"cna": 1, "nvd": 2, "adp": 3}
_VERSIONS = {"4.0": 0, "3.1": 1, "3.0": 2, "2.0": 3}


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A severity that could be read: ``score`` 0.0 to 10.0, its ``band``, and the CVSS ``metrics`` if it is a vector.

    ``basis`` says what the score was read from: "CVSS 3.1", "number" or "word".
    """

    given: Severity
    score: float
    band: str
    basis: str
    metrics: dict[str, str]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The severity that counts. ``chosen`` is None where nobody gave one that can be read.

    ``others`` are the readings that were not chosen, in the order of the rule; ``disagree`` says that some of them
    lies in another band; ``unreadable`` are the given ones that mean nothing here.
    """

    chosen: Reading | None
    others: tuple[Reading, ...] = ()
    disagree: bool = False
    unreadable: tuple[Severity, ...] = ()
    rule: str = RULE

    @property
    def vector(self) -> Reading | None:
        """The first reading, in the order of the rule, that has CVSS metrics."""
        readings = (self.chosen, *self.others)
        return next((reading for reading in readings if reading and reading.metrics), None)


def choose(severities: Sequence[Severity]) -> Choice:
    """Choose among the severities of one vulnerability for one package; the order of the input changes nothing."""
    read: list[tuple[tuple[int, int, float, str, str], Reading]] = []
    unreadable: list[Severity] = []
    for severity in sorted(set(severities), key=lambda each: (each.scorer, each.system, each.value)):
        reading = _read(severity)
        if reading is None:
            unreadable.append(severity)
        else:
            read.append((_rank(reading), reading))
    read.sort(key=lambda each: each[0])
    readings = [reading for _, reading in read]
    if not readings:
        return Choice(chosen=None, unreadable=tuple(unreadable))
    chosen, *others = readings
    return Choice(
        chosen=chosen,
        others=tuple(others),
        disagree=any(reading.band != chosen.band for reading in others),
        unreadable=tuple(unreadable),
    )


def _rank(reading: Reading) -> tuple[int, int, float, str, str]:
    given = reading.given
    version = _VERSIONS.get(reading.basis.removeprefix("CVSS "), 4 if reading.basis == "number" else 5)
    # Two of one scorer and version (per platform, say): the higher counts.
    return (_scorer(given.scorer), version, -reading.score, given.scorer, given.value)


def _scorer(name: str) -> int:
    words = name.lower().replace("-", " ").split()
    return next((_SCORERS[word] for word in words if word in _SCORERS), 0)


def _read(severity: Severity) -> Reading | None:
    text = severity.value.strip()
    if "/" in text:
        try:
            scores = cvss.score(cvss.tidied(text))
        except InputError:
            return None
        return Reading(
            given=severity,
            score=scores.main,
            band=scores.severity,
            basis=f"CVSS {scores.version}",
            metrics=scores.metrics,
        )
    # Debian's tracker marks an urgency that a rule and no person gave with asterisks.
    known = _WORDS.get(text.lower().rstrip("*"))
    if known is not None:
        return Reading(given=severity, score=known[1], band=known[0], basis="word", metrics={})
    try:
        number = float(text)
    except ValueError:
        return None
    if not 0.0 <= number <= 10.0:
        return None
    return Reading(given=severity, score=number, band=cvss.word(number, "3.1"), basis="number", metrics={})
