from __future__ import annotations

import csv
import gzip
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data import shared

from oakum.errors import InputError
from oakum.risk import cvss

HEARTBLEED = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"


# Examples of FIRST's "CVSS v3.1: Examples" and "CVSS v4.0: Examples", and of the 2.0 guide (section 3.3).
@pytest.mark.parametrize(
    ("vector", "version", "expected"),
    [
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", "2.0", (7.8, None, None)),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C", "2.0", (7.8, 6.4, None)),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H", "2.0", (7.8, 6.4, 9.2)),
        ("AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C/CDP:ND/TD:ND/CR:ND/IR:ND/AR:ND", "2.0", (6.2, 4.9, None)),
        ("AV:L/AC:L/Au:N/C:N/I:N/A:N", "2.0", (0.0, None, None)),
        (HEARTBLEED, "3.0", (7.5, 7.5, 7.5)),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "3.1", (10.0, 10.0, 10.0)),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", "3.1", (6.4, 6.4, 6.4)),
        ("CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", "3.1", (0.0, 0.0, 0.0)),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:U/RC:C", "3.1", (9.8, 9.3, 9.3)),
    ],
)
def test_scores_of_2_and_3(vector: str, version: str, expected: tuple[float | None, ...]) -> None:
    scores = cvss.score(vector)
    assert (scores.version, scores.base, scores.temporal, scores.environmental) == (version, *expected)
    assert scores.score is None


@pytest.mark.parametrize(
    ("vector", "expected", "word"),
    [
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0, "critical"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3, "critical"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/E:U", 9.1, "critical"),
        ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3, "high"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0, "none"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N", 5.1, "medium"),
    ],
)
def test_scores_of_4(vector: str, expected: float, word: str) -> None:
    scores = cvss.score(vector)
    assert (scores.version, scores.score, scores.severity) == ("4.0", expected, word)
    assert scores.base is scores.temporal is scores.environmental is None


def rounded_up(value: Fraction) -> Fraction:
    """Roundup of 3.1, appendix A: in whole hundred-thousandths, so that no binary fraction lifts 4.0 to 4.1."""
    whole = round(value * 100_000)
    return Fraction(whole // 10_000 + (whole % 10_000 != 0), 10)


def test_3_1_rounds_every_base_vector_up_as_its_appendix_a_says() -> None:
    """The reference is the specification's equations in exact fractions, for all 2,592 base vectors."""
    vectors = {"N": "0.85", "A": "0.62", "L": "0.55", "P": "0.2"}
    complexity, interaction = {"L": "0.77", "H": "0.44"}, {"N": "0.85", "R": "0.62"}
    privileges = {"U": {"N": "0.85", "L": "0.62", "H": "0.27"}, "C": {"N": "0.85", "L": "0.68", "H": "0.5"}}
    impacts = {"H": Fraction("0.56"), "L": Fraction("0.22"), "N": Fraction(0)}
    for av, ac, pr, ui, s, c, i, a in product("NALP", "LH", "NLH", "NR", "UC", "HLN", "HLN", "HLN"):
        iss = 1 - (1 - impacts[c]) * (1 - impacts[i]) * (1 - impacts[a])
        impact = Fraction("6.42") * iss
        if s == "C":
            impact = Fraction("7.52") * (iss - Fraction("0.029")) - Fraction("3.25") * (iss - Fraction("0.02")) ** 15
        exploitability = Fraction("8.22")
        for weight in (vectors[av], complexity[ac], privileges[s][pr], interaction[ui]):
            exploitability *= Fraction(weight)
        scope = Fraction("1.08") if s == "C" else 1
        expected = 0 if impact <= 0 else rounded_up(min(scope * (impact + exploitability), Fraction(10)))
        vector = f"CVSS:3.1/AV:{av}/AC:{ac}/PR:{pr}/UI:{ui}/S:{s}/C:{c}/I:{i}/A:{a}"
        assert cvss.score(vector).base == float(expected), vector


def test_the_scores_of_vulnrichment_are_met() -> None:
    """CNAs and CISA published scores beside their vectors; some gave the temporal score, four gave another."""
    differ = checked = 0
    with gzip.open(shared("intel/vulnrichment.tsv.gz"), "rt", encoding="utf-8") as file:
        for number, line in enumerate(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)):
            for by in ("cna", "adp"):
                vector, published = line[f"{by}_cvss"], line[f"{by}_score"]
                four = vector.startswith("CVSS:4.0")
                if not vector or not published or (number % 5 and not four):
                    continue
                scores = cvss.score(vector)
                checked += 1
                differ += float(published) not in (scores.main, scores.temporal, scores.environmental)
    assert checked > 6_000
    assert differ <= 6


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "/",
        "CVSS:3.1",
        "CVSS:3.1/",
        "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:2.0/AV:N/AC:L/Au:N/C:P/I:P/A:P",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
        "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.1/AV:Z/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/",
        "cvss:3.1/av:n/ac:l/pr:n/ui:n/s:u/c:h/i:h/a:h",
        "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H",
        "CVSS:3.1/" + "AV:N/" * 100_000,
    ],
)
def test_an_invalid_vector_is_refused_with_the_reason(vector: str) -> None:
    with pytest.raises(InputError, match=r"is no CVSS vector: .") as refused:
        cvss.score(vector)
    assert refused.value.remedy
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O/RC:C/", None),
        (" cvss:3.0/av:n/ac:l/pr:n/ui:n/s:u/c:h/i:n/a:n \n", HEARTBLEED),
        ("av:n/ac:l/au:n/c:n/i:n/a:c/e:poc", "AV:N/AC:L/Au:N/C:N/I:N/A:C/E:POC"),
        (
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/U:amber",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/U:Amber",
        ),
    ],
)
def test_vectors_of_feeds_are_tidied(dirty: str, clean: str | None) -> None:
    assert cvss.tidied(dirty) == (clean or dirty.rstrip("/"))
    cvss.score(cvss.tidied(dirty))


@given(st.text() | st.text(alphabet="CVSS:3.140/AVNLPHIREUu\x00", max_size=80).map("CVSS:3.1/AV:N/".__add__))
def test_any_text_is_scored_or_refused(text: str) -> None:
    for vector in (text, cvss.tidied(text)):
        try:
            scores = cvss.score(vector)
        except InputError:
            continue
        assert 0.0 <= scores.main <= 10.0


@pytest.mark.parametrize(
    ("value", "word"),
    [(0.0, "none"), (0.1, "low"), (3.9, "low"), (4.0, "medium"), (6.9, "medium"), (7.0, "high"), (9.0, "critical")],
)
def test_severity_words(value: float, word: str) -> None:
    assert cvss.word(value, "3.1") == word


def test_2_0_has_neither_none_nor_critical() -> None:
    assert cvss.word(0.0, "2.0") == "low"
    assert cvss.word(10.0, "2.0") == "high"
