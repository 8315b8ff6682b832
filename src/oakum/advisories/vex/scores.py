"""Rules about scores: each CVSS object is sound, computed right and says the same in its fields as in its vector.

Test 6.1.8 is a matter of structure (``cvss_shapes``); here stands only what the structure cannot say of it. The scores
are computed by the ``cvss`` library from the vector, which takes precedence over the fields (section 6.1.9); what the
vector does not say is taken from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from oakum.advisories.vex.cvss_shapes import METRICS, vector_form
from oakum.advisories.vex.document import Document, scores_of
from oakum.advisories.vex.model import BOTH, NEW, Found, Rule, shown

_KEYS = ("cvss_v2", "cvss_v3", "cvss_v4")
#: The words of the vector for a metric that is not defined.
_UNDEFINED = frozenset({"X", "ND"})
_LONGEST_VECTOR = 400


def _objects(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, content, _ in document.scores:
        for key in _KEYS:
            if key in content:
                yield f"{path}/{key}", content[key]


def _several(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        first: dict[tuple[str, str, str], str] = {}
        for at, content, holder in scores_of(path, vulnerability):
            for key in _KEYS:
                if key not in content:
                    continue
                version = content[key].get("version", key)
                for product in dict.fromkeys(holder.get("products", ())):
                    place = first.setdefault((product, version, holder.get("source", "")), at)
                    if product and place != at:
                        yield f"{at}/{key}", f"{shown(product)} has a score of CVSS {version} at {place} already"


def _band(document: Document) -> Iterator[Found]:
    """In 4.0 the structure itself ties the severity to the score."""
    for path, cvss in _objects(document):
        score, severity = cvss.get("baseScore"), cvss.get("baseSeverity")
        if cvss.get("version") == "4.0" and score is not None and severity and severity != _severity(score):
            yield f"{path}/baseSeverity", f"the score {score} is not {severity}"


def _miscomputed(document: Document) -> Iterator[Found]:
    for path, cvss in _objects(document):
        vector, version = cvss.get("vectorString", ""), cvss.get("version", "")
        if version not in METRICS or not vector_form(version).fits(vector):
            continue  # That is test 6.1.8.
        computed = computed_of(version, _complete(version, vector, cvss))
        if isinstance(computed, str):
            yield f"{path}/vectorString", f"no score can be computed: {computed}"
            continue
        for name, score in computed.items():
            key = f"{name}Score"
            if key in cvss and abs(cvss[key] - score) > 1e-9:
                yield f"{path}/{key}", f"the score is {cvss[key]}, but the vector makes it {score}"
            key = f"{name}Severity"
            if version != "2.0" and cvss.get(key) and cvss[key] != _severity(score):
                yield f"{path}/{key}", f"the severity is {cvss[key]}, but the vector makes it {_severity(score)}"


def _complete(version: str, vector: str, cvss: Mapping[str, Any]) -> str:
    """The vector with the metrics that only the fields tell."""
    said = _said(vector)
    more = {}
    for metric, (name, known) in METRICS[version].items():
        letters = next((letters for letters, word in known.items() if word == cvss.get(name)), None)
        if metric not in said and letters is not None and letters not in _UNDEFINED:
            more[metric] = letters
    if not more:
        return vector
    whole = {**said, **more}
    prefix = "" if version == "2.0" else f"CVSS:{version}/"
    return prefix + "/".join(f"{metric}:{whole[metric]}" for metric in METRICS[version] if metric in whole)


def _said(vector: str) -> dict[str, str]:
    """The metrics of a vector with their letters."""
    return dict(part.split(":", 1) for part in vector[:_LONGEST_VECTOR].split("/") if ":" in part)


@lru_cache(maxsize=4096)
def computed_of(version: str, vector: str) -> Mapping[str, float] | str:
    """The scores of a vector by their names; the reason where there are none.

    Where a vector defines no temporal or environmental metrics, those scores are the ones before them.
    """
    from cvss import CVSS2, CVSS3, CVSS4, CVSSError  # only a document with scores pays for the import

    if len(vector) > _LONGEST_VECTOR:
        return f"the vector has {len(vector)} characters"
    try:
        if version == "4.0":
            return {"base": float(CVSS4(vector).base_score)}
        scores = (CVSS2 if version == "2.0" else CVSS3)(vector).scores()
    except CVSSError as error:
        return str(error)[:200]
    base, temporal, environmental = scores
    if temporal is None:
        temporal = base
    if environmental is None:
        environmental = temporal
    return {"base": float(base), "temporal": float(temporal), "environmental": float(environmental)}


def _severity(score: float) -> str:
    """The qualitative rating of a score, from 3.0 on."""
    bounds = ((9.0, "CRITICAL"), (7.0, "HIGH"), (4.0, "MEDIUM"), (0.1, "LOW"))
    return next((word for low, word in bounds if score >= low), "NONE")


def _inconsistent(document: Document) -> Iterator[Found]:
    for path, cvss in _objects(document):
        metrics = METRICS.get(cvss.get("version", ""))
        vector = cvss.get("vectorString", "")
        if metrics is None or not vector:
            continue
        said = _said(vector)
        for metric, (name, known) in metrics.items():
            wanted = known.get(said.get(metric, ""))
            if wanted and cvss.get(name, wanted) != wanted and cvss[name] in known.values():
                yield f"{path}/{name}", f"{name} is {cvss[name]}, but the vector says {wanted}"


def _score_and_rating(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        kinds: dict[tuple[str, str], str] = {}
        ratings: list[tuple[str, tuple[str, str]]] = []
        for at, content, holder in scores_of(path, vulnerability):
            source = holder.get("source", "")
            for product in filter(None, holder.get("products", ())):
                if any(key in content for key in _KEYS):
                    kinds.setdefault((product, source), at)
                if "qualitative_severity_rating" in content:
                    ratings.append((f"{at}/qualitative_severity_rating", (product, source)))
        for at, target in ratings:
            if target in kinds:
                yield at, f"{shown(target[0])} has a CVSS score of the same source at {kinds[target]}"


RULES = (
    Rule(
        id="6.1.7", versions=BOTH, look=_several,
        says="no product has two scores of one CVSS version (2.1: and one source) in a vulnerability",
        remedy="leave one score, or say whose the others are (2.1)",
    ),
    Rule(
        id="6.1.8", versions=BOTH, look=_band, says="every CVSS object is valid by the schema of its version",
        remedy="set the severity that belongs to the score",
    ),
    Rule(
        id="6.1.9", versions=BOTH, look=_miscomputed, says="the scores and severities are those of the vector",
        remedy="correct the vector, or compute the scores from it",
    ),
    Rule(
        id="6.1.10", versions=BOTH, look=_inconsistent, says="the fields of a CVSS object do not contradict its vector",
        remedy="correct the field, or leave it out: the vector says it",
    ),
    Rule(
        id="6.1.56", versions=NEW, look=_score_and_rating,
        says="no product has both a CVSS score and a qualitative rating of one source in a vulnerability",
        remedy="leave the CVSS score only",
    ),
)  # fmt: skip
