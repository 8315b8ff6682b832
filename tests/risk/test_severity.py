from __future__ import annotations

import csv
import gzip
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data import shared

from oakum.advisories.model import Severity
from oakum.risk.severity import RULE, choose

V31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V31_LOW = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
V2 = "AV:N/AC:L/Au:N/C:P/I:P/A:P"
ZERO = "CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"


def test_trap_18_severity_plurality_is_never_averaged_and_names_source_and_rule() -> None:
    choice = choose([Severity("CVSS_V3", V31, "NVD"), Severity("CVSS_V3", V31_LOW, "vendor")])
    assert choice.chosen is not None
    assert (choice.chosen.score, choice.chosen.given.scorer) == (1.8, "vendor")
    assert [reading.score for reading in choice.others] == [9.8]
    assert choice.disagree
    assert choice.rule == RULE


def test_trap_18_severity_plurality_vendor_then_cna_then_nvd_then_adp() -> None:
    given_severities = [Severity("CVSS_V3", V31, scorer) for scorer in ("CISA-ADP", "NVD", "CNA", "Ubuntu")]
    for some in permutations(given_severities):
        choice = choose(some)
        assert choice.chosen is not None
        order = [choice.chosen, *choice.others]
        assert [reading.given.scorer for reading in order] == ["Ubuntu", "CNA", "NVD", "CISA-ADP"]
        assert not choice.disagree


def test_trap_18_severity_plurality_newest_version_of_one_scorer() -> None:
    given_severities = [Severity("CVSS_V2", V2, "NVD"), Severity("CVSS_V4", V4, "NVD"), Severity("CVSS_V3", V31, "NVD")]
    choice = choose(given_severities)
    assert choice.chosen is not None
    assert [reading.basis for reading in (choice.chosen, *choice.others)] == ["CVSS 4.0", "CVSS 3.1", "CVSS 2.0"]


def test_trap_18_severity_plurality_v4_without_v3_is_scored() -> None:
    choice = choose([Severity("CVSS_V4", V4, "CNA")])
    assert choice.chosen is not None
    assert (choice.chosen.score, choice.chosen.band) == (9.3, "critical")


def test_trap_18_severity_plurality_score_0_is_an_answer() -> None:
    choice = choose([Severity("CVSS_V3", ZERO, "CNA"), Severity("CVSS_V3", V31, "NVD")])
    assert choice.chosen is not None
    assert (choice.chosen.score, choice.chosen.band, choice.disagree) == (0.0, "none", True)
    number = choose([Severity("CVSS_V3", "0.0", "CNA")])
    assert number.chosen is not None
    assert number.chosen.score == 0.0


@pytest.mark.parametrize(
    ("word", "band"),
    [("Important", "high"), ("low**", "low"), ("MODERATE", "medium"), ("negligible", "low"), ("Critical", "critical")],
)
def test_trap_18_severity_plurality_word_without_vector(word: str, band: str) -> None:
    choice = choose([Severity("Red Hat", word, "vendor")])
    assert choice.chosen is not None
    assert (choice.chosen.band, choice.chosen.basis, choice.chosen.metrics) == (band, "word", {})


def test_trap_18_severity_plurality_what_is_not_understood_is_shown_and_not_used() -> None:
    odd = [Severity("Ubuntu", "untriaged", "vendor"), Severity("CVSS_V3", "CVSS:3.1/AV:N", "NVD")]
    choice = choose(odd)
    assert choice.chosen is None
    assert set(choice.unreadable) == set(odd)
    with_one = choose([*odd, Severity("CVSS_V3", V31, "ADP")])
    assert with_one.chosen is not None
    assert with_one.chosen.given.scorer == "ADP"


def test_trap_18_severity_plurality_cna_and_adp_of_real_cves_are_both_kept() -> None:
    both = differ = 0
    with gzip.open(shared("intel/vulnrichment.tsv.gz"), "rt", encoding="utf-8") as file:
        for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if line["cna_cvss"] and line["adp_cvss"]:
                choice = choose([Severity("CVSS", line["adp_cvss"], "ADP"), Severity("CVSS", line["cna_cvss"], "CNA")])
                assert choice.chosen is not None
                assert choice.chosen.given.scorer == "CNA"
                assert len(choice.others) == 1
                both += 1
                differ += choice.disagree
    assert both > 50
    assert 0 < differ < both


@pytest.mark.parametrize("value", ["", " ", "nan", "inf", "-1", "11", "CVSS:3.1", "/", "1e400"])
def test_numbers_out_of_range_and_empty_values_are_unreadable(value: str) -> None:
    assert choose([Severity("CVSS_V3", value, "NVD")]).chosen is None


SEVERITIES = st.lists(
    st.builds(
        Severity,
        st.sampled_from(["CVSS_V3", "CVSS_V4", "Ubuntu"]),
        st.sampled_from([V31, V31_LOW, V4, V2, ZERO, "high", "low", "7.1"]) | st.text(max_size=30),
        st.sampled_from(["NVD", "CNA", "ADP", "vendor", ""]),
    ),
    max_size=6,
)


@given(SEVERITIES)
def test_any_severities_in_any_order_give_one_choice(severities: list[Severity]) -> None:
    choice = choose(severities)
    assert choose(severities[::-1]) == choice
    read = [reading for reading in (choice.chosen, *choice.others) if reading is not None]
    assert {reading.given for reading in read} | set(choice.unreadable) == set(severities)
    assert all(0.0 <= reading.score <= 10.0 for reading in read)
    assert choice.disagree == (len({reading.band for reading in read}) > 1)
