"""The structure of a CVSS object, and which field tells the value of which metric of the vector.

Test 6.1.8 of CSAF demands the structure. Sources: FIRST's JSON representations of CVSS 2.0, 3.0, 3.1 and 4.0, and the
tables of metrics in https://www.first.org/cvss/v2/guide, /v3-0/specification-document, /v3-1/specification-document
and /v4-0/specification-document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from oakum.advisories.vex.forms import Form
from oakum.advisories.vex.shapes import Choice, Fields, Number, Shape, Text, words

INVALID = "6.1.8"
_SCORE = Number(low=0, high=10, test=INVALID)
_SEVERITY = words("NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL", test=INVALID)

#: The words for the values of a metric, by the letters in the vector.
Words = dict[str, str]
#: A metric of the vector -> the field that tells its value, and the words.
Metrics = dict[str, tuple[str, Words]]

_X = {"X": "NOT_DEFINED"}
_ND = {"ND": "NOT_DEFINED"}
_NLH = {"N": "NONE", "L": "LOW", "H": "HIGH"}
_LH = {"L": "LOW", "H": "HIGH"}
_LMH = {"L": "LOW", "M": "MEDIUM", "H": "HIGH"}
_NPC = {"N": "NONE", "P": "PARTIAL", "C": "COMPLETE"}
_VECTOR = {"N": "NETWORK", "A": "ADJACENT_NETWORK", "L": "LOCAL", "P": "PHYSICAL"}
_VECTOR_4 = {**_VECTOR, "A": "ADJACENT"}

METRICS_2: Metrics = {
    "AV": ("accessVector", {"N": "NETWORK", "A": "ADJACENT_NETWORK", "L": "LOCAL"}),
    "AC": ("accessComplexity", _LMH),
    "Au": ("authentication", {"M": "MULTIPLE", "S": "SINGLE", "N": "NONE"}),
    "C": ("confidentialityImpact", _NPC),
    "I": ("integrityImpact", _NPC),
    "A": ("availabilityImpact", _NPC),
    "E": ("exploitability", {"U": "UNPROVEN", "POC": "PROOF_OF_CONCEPT", "F": "FUNCTIONAL", "H": "HIGH", **_ND}),
    "RL": (
        "remediationLevel",
        {"OF": "OFFICIAL_FIX", "TF": "TEMPORARY_FIX", "W": "WORKAROUND", "U": "UNAVAILABLE", **_ND},
    ),
    "RC": ("reportConfidence", {"UC": "UNCONFIRMED", "UR": "UNCORROBORATED", "C": "CONFIRMED", **_ND}),
    "CDP": (
        "collateralDamagePotential",
        {"N": "NONE", "L": "LOW", "LM": "LOW_MEDIUM", "MH": "MEDIUM_HIGH", "H": "HIGH", **_ND},
    ),
    "TD": ("targetDistribution", {"N": "NONE", **_LMH, **_ND}),
    "CR": ("confidentialityRequirement", {**_LMH, **_ND}),
    "IR": ("integrityRequirement", {**_LMH, **_ND}),
    "AR": ("availabilityRequirement", {**_LMH, **_ND}),
}
METRICS_3: Metrics = {
    "AV": ("attackVector", _VECTOR),
    "AC": ("attackComplexity", _LH),
    "PR": ("privilegesRequired", _NLH),
    "UI": ("userInteraction", {"N": "NONE", "R": "REQUIRED"}),
    "S": ("scope", {"U": "UNCHANGED", "C": "CHANGED"}),
    "C": ("confidentialityImpact", _NLH),
    "I": ("integrityImpact", _NLH),
    "A": ("availabilityImpact", _NLH),
    "E": ("exploitCodeMaturity", {"U": "UNPROVEN", "P": "PROOF_OF_CONCEPT", "F": "FUNCTIONAL", "H": "HIGH", **_X}),
    "RL": (
        "remediationLevel",
        {"O": "OFFICIAL_FIX", "T": "TEMPORARY_FIX", "W": "WORKAROUND", "U": "UNAVAILABLE", **_X},
    ),
    "RC": ("reportConfidence", {"U": "UNKNOWN", "R": "REASONABLE", "C": "CONFIRMED", **_X}),
    "CR": ("confidentialityRequirement", {**_LMH, **_X}),
    "IR": ("integrityRequirement", {**_LMH, **_X}),
    "AR": ("availabilityRequirement", {**_LMH, **_X}),
    "MAV": ("modifiedAttackVector", {**_VECTOR, **_X}),
    "MAC": ("modifiedAttackComplexity", {**_LH, **_X}),
    "MPR": ("modifiedPrivilegesRequired", {**_NLH, **_X}),
    "MUI": ("modifiedUserInteraction", {"N": "NONE", "R": "REQUIRED", **_X}),
    "MS": ("modifiedScope", {"U": "UNCHANGED", "C": "CHANGED", **_X}),
    "MC": ("modifiedConfidentialityImpact", {**_NLH, **_X}),
    "MI": ("modifiedIntegrityImpact", {**_NLH, **_X}),
    "MA": ("modifiedAvailabilityImpact", {**_NLH, **_X}),
}
_INTERACTION = {"N": "NONE", "P": "PASSIVE", "A": "ACTIVE"}
_PRESENCE = {"N": "NONE", "P": "PRESENT"}
_NEGLIGIBLE = {"N": "NEGLIGIBLE", **_LH}
METRICS_4: Metrics = {
    "AV": ("attackVector", _VECTOR_4),
    "AC": ("attackComplexity", _LH),
    "AT": ("attackRequirements", _PRESENCE),
    "PR": ("privilegesRequired", _NLH),
    "UI": ("userInteraction", _INTERACTION),
    "VC": ("vulnConfidentialityImpact", _NLH),
    "VI": ("vulnIntegrityImpact", _NLH),
    "VA": ("vulnAvailabilityImpact", _NLH),
    "SC": ("subConfidentialityImpact", _NLH),
    "SI": ("subIntegrityImpact", _NLH),
    "SA": ("subAvailabilityImpact", _NLH),
    "E": ("exploitMaturity", {"A": "ATTACKED", "P": "PROOF_OF_CONCEPT", "U": "UNREPORTED", **_X}),
    "CR": ("confidentialityRequirement", {**_LMH, **_X}),
    "IR": ("integrityRequirement", {**_LMH, **_X}),
    "AR": ("availabilityRequirement", {**_LMH, **_X}),
    "MAV": ("modifiedAttackVector", {**_VECTOR_4, **_X}),
    "MAC": ("modifiedAttackComplexity", {**_LH, **_X}),
    "MAT": ("modifiedAttackRequirements", {**_PRESENCE, **_X}),
    "MPR": ("modifiedPrivilegesRequired", {**_NLH, **_X}),
    "MUI": ("modifiedUserInteraction", {**_INTERACTION, **_X}),
    "MVC": ("modifiedVulnConfidentialityImpact", {**_NLH, **_X}),
    "MVI": ("modifiedVulnIntegrityImpact", {**_NLH, **_X}),
    "MVA": ("modifiedVulnAvailabilityImpact", {**_NLH, **_X}),
    "MSC": ("modifiedSubConfidentialityImpact", {**_NEGLIGIBLE, **_X}),
    "MSI": ("modifiedSubIntegrityImpact", {**_NEGLIGIBLE, "S": "SAFETY", **_X}),
    "MSA": ("modifiedSubAvailabilityImpact", {**_NEGLIGIBLE, "S": "SAFETY", **_X}),
    "S": ("Safety", {"N": "NEGLIGIBLE", "P": "PRESENT", **_X}),
    "AU": ("Automatable", {"N": "NO", "Y": "YES", **_X}),
    "R": ("Recovery", {"A": "AUTOMATIC", "U": "USER", "I": "IRRECOVERABLE", **_X}),
    "V": ("valueDensity", {"D": "DIFFUSE", "C": "CONCENTRATED", **_X}),
    "RE": ("vulnerabilityResponseEffort", {"L": "LOW", "M": "MODERATE", "H": "HIGH", **_X}),
    "U": ("providerUrgency", {"Clear": "CLEAR", "Green": "GREEN", "Amber": "AMBER", "Red": "RED", **_X}),
}
METRICS: dict[str, Metrics] = {"2.0": METRICS_2, "3.0": METRICS_3, "3.1": METRICS_3, "4.0": METRICS_4}
#: The metrics of 4.0 that every vector has.
_BASE_4 = 11


def cvss_v2(*, barred: bool) -> Fields:
    """A CVSS 2.0 object."""
    more = dict.fromkeys(("baseScore", "temporalScore", "environmentalScore"), _SCORE)
    return _object("2.0", more, ("version", "vectorString", "baseScore"), barred)


def cvss_v3(*, barred: bool) -> Choice:
    """A CVSS 3.0 or 3.1 object, by the version that it says."""
    ways = {version: _three(version, barred=barred) for version in ("3.0", "3.1")}

    def pick(value: Mapping[str, Any]) -> Fields:
        return ways["3.0" if value.get("version") == "3.0" else "3.1"]

    return Choice(pick=pick, test=INVALID)


def cvss_v4() -> Fields:
    """A CVSS 4.0 object; its representation bars other fields."""
    more: dict[str, Shape] = {"baseScore": _SCORE, "baseSeverity": _SEVERITY}
    return _object("4.0", more, ("version", "vectorString", "baseScore", "baseSeverity"), True)


def _three(version: str, *, barred: bool) -> Fields:
    more: dict[str, Shape] = {}
    for name in ("base", "temporal", "environmental"):
        more |= {f"{name}Score": _SCORE, f"{name}Severity": _SEVERITY}
    return _object(version, more, ("version", "vectorString", "baseScore", "baseSeverity"), barred)


def _object(version: str, more: Mapping[str, Shape], need: tuple[str, ...], barred: bool) -> Fields:
    fields: dict[str, Shape] = {
        "version": words(version, test=INVALID),
        "vectorString": Text(form=vector_form(version), test=INVALID),
        **more,
    }
    for name, known in METRICS[version].values():
        fields[name] = words(*known.values(), test=INVALID)
    return Fields(of=fields, need=need, barred=barred, test=INVALID)


@cache
def vector_form(version: str) -> Form:
    """The form of a vector: in any order and any number up to 3.1, in the one order of the specification from 4.0."""
    metrics = METRICS[version]
    each = [f"{metric}:(?:{'|'.join(sorted(known, key=len, reverse=True))})" for metric, (_, known) in metrics.items()]
    if version == "4.0":
        pattern = "CVSS:4[.]0" + "".join(f"/{one}" if at < _BASE_4 else f"(?:/{one})?" for at, one in enumerate(each))
    else:
        one = "|".join(each)
        prefix = "" if version == "2.0" else f"CVSS:{version.replace('.', '[.]')}/"
        pattern = f"{prefix}(?:{one})(?:/(?:{one}))*"
    return Form(f"a vector of CVSS {version}", re.compile(pattern).fullmatch)
