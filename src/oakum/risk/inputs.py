"""What the decision tables are asked: each input with its value, its source and time, or that it is a default.

The mapping follows the decision points' definitions by CERT/CC SSVC:

- exploitation is what is known today: CISA's catalogue of exploited vulnerabilities, or CISA's own judgement
  (Vulnrichment). A forecast is no evidence, so EPSS is not among the arguments; it orders work inside one outcome.
- automatable and technical impact are Vulnrichment's, else they follow from the CVSS vector that counts.
- exposure and impact are the asset's business context.

Where nothing is known the value is the careful one (SSVC: who does not know the exposure assumes it open) and is marked
as a default; only exploitation defaults to "none", whose definition is the absence of evidence. Facts that became valid
after ``as_of`` are not used, so that a past decision can be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from oakum.advisories.model import Enrichment, Exploited
from oakum.fleet.assets import Context, Fact
from oakum.risk.severity import Choice
from oakum.risk.tables import plain

_KEV = "CISA KEV"
_VULNRICHMENT = "CISA Vulnrichment"


class Input(msgspec.Struct, frozen=True):
    """One input of a decision: ``time`` is when the source says it became so (RFC 3339 or a day), empty if unknown."""

    key: str
    value: str
    source: str
    time: str = ""
    default: bool = False


class Intel(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about one vulnerability, apart from any asset.

    ``catalogue`` is the day of the catalogue of exploited vulnerabilities that was looked into, empty where none was
    at hand: only then does a missing ``exploited`` mean nothing.
    """

    severity: Choice
    exploited: Exploited | None = None
    catalogue: str = ""
    enrichment: Enrichment | None = None


def inputs(intel: Intel, context: Context, *, as_of: str = "") -> dict[str, Input]:
    """The inputs of all tables that intelligence and context can answer, by key.

    ``as_of`` is a day or an RFC 3339 time; facts of a later day are left out. Empty means no limit.
    """
    enrichment = intel.enrichment
    if enrichment is not None and _later(enrichment.decided, as_of):
        enrichment = None
    kev = _in_kev(intel, as_of)
    given = (
        kev,
        _exploitation(kev, enrichment),
        _automatable(enrichment, intel.severity),
        _technical_impact(enrichment, intel.severity),
        _of_context("publicly_exposed", context.public_exposure),
        _of_context("system_exposure", context.system_exposure),
        _of_context("human_impact", context.human_impact),
        _mission_and_well_being(context.human_impact),
    )
    return {each.key: each for each in given}


def _later(time: str, as_of: str) -> bool:
    return bool(time and as_of) and time[:10] > as_of[:10]


def _in_kev(intel: Intel, as_of: str) -> Input:
    if intel.exploited is not None and not _later(intel.exploited.added, as_of):
        return Input("in_kev", "yes", _KEV, intel.exploited.added)
    if intel.exploited is not None or intel.catalogue:
        # Entries are also taken out of the catalogue: it speaks before a copy of it in Vulnrichment.
        return Input("in_kev", "no", _KEV, intel.catalogue)
    enrichment = intel.enrichment
    if enrichment is not None and enrichment.kev_added and not _later(enrichment.kev_added, as_of):
        return Input("in_kev", "yes", _VULNRICHMENT, enrichment.kev_added)
    if enrichment is not None and enrichment.exploitation and not _later(enrichment.decided, as_of):
        return Input("in_kev", "no", _VULNRICHMENT, enrichment.decided)
    return Input("in_kev", "no", "default: no catalogue of exploited vulnerabilities at hand", default=True)


def _exploitation(kev: Input, enrichment: Enrichment | None) -> Input:
    if kev.value == "yes":
        return Input("exploitation", "active", kev.source, kev.time)
    words = {"none": "none", "poc": "public poc", "public poc": "public poc", "active": "active"}
    return _judged("exploitation", enrichment, words) or Input(
        "exploitation", "none", "default: no evidence of exploitation at hand", default=True
    )


def _automatable(enrichment: Enrichment | None, severity: Choice) -> Input:
    judged = _judged("automatable", enrichment, {"no": "no", "yes": "yes"})
    return (
        judged
        or _of_vector(
            severity,
            "automatable",
            # 2.0 calls the privileges authentication; only 4.0 has attack requirements.
            ({"AV": "N", "AC": "L", "PR": "N", "UI": "N"}, {"AV": "N", "AC": "L", "Au": "N"}),
            {True: "yes", False: "no"},
        )
        or Input("automatable", "yes", "default: nobody said", default=True)
    )


def _technical_impact(enrichment: Enrichment | None, severity: Choice) -> Input:
    judged = _judged("technical_impact", enrichment, {"partial": "partial", "total": "total"})
    return (
        judged
        or _of_vector(
            severity,
            "technical_impact",
            (
                {"C": "H", "I": "H", "A": "H"},
                {"VC": "H", "VI": "H", "VA": "H"},
                {"C": "C", "I": "C", "A": "C"},
            ),
            {True: "total", False: "partial"},
        )
        or Input("technical_impact", "total", "default: nobody said", default=True)
    )


def _judged(key: str, enrichment: Enrichment | None, words: Mapping[str, str]) -> Input | None:
    """What Vulnrichment says, in whatever case it says it; None where it says nothing that is understood."""
    if enrichment is None:
        return None
    said: dict[str, str] = {
        "exploitation": enrichment.exploitation,
        "automatable": enrichment.automatable,
        "technical_impact": enrichment.technical_impact,
    }
    value = words.get(plain(said[key]))
    return Input(key, value, _VULNRICHMENT, enrichment.decided) if value else None


def _of_vector(
    severity: Choice, key: str, shapes: tuple[Mapping[str, str], ...], words: Mapping[bool, str]
) -> Input | None:
    """What follows from the vector: whether its metrics hold one of the shapes, attack requirements being none."""
    reading = severity.vector
    if reading is None:
        return None
    metrics = {"AT": "N", **reading.metrics}
    holds = metrics["AT"] == "N" or key != "automatable"
    holds = holds and any(all(metrics.get(name) == value for name, value in each.items()) for each in shapes)
    return Input(key, words[holds], f"{reading.basis} by {reading.given.scorer or 'the publisher'}")


def _of_context(key: str, fact: Fact) -> Input:
    return Input(key, plain(fact.value), fact.source, fact.time, fact.default)


def _mission_and_well_being(fact: Fact) -> Input:
    """CISA's scale has three steps; the deployer's two upper ones are one there."""
    value = plain(fact.value)
    return Input(
        "mission_and_well_being_impact",
        "high" if value == "very high" else value,
        f"{fact.source} (human impact)",
        fact.time,
        fact.default,
    )
