from __future__ import annotations

import csv
import gzip
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data import shared

from oakum.advisories.model import Enrichment, Epss, Exploited, Severity
from oakum.errors import UsageError
from oakum.fleet.assets import Context, Fact
from oakum.risk.decide import decide
from oakum.risk.inputs import Input, Intel, inputs
from oakum.risk.severity import choose

NOBODY = choose([])
WORM = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
LOCAL = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N"


def context(**given_facts: str) -> Context:
    defaults = {
        "owner": "",
        "tier": "2",
        "confidentiality": "medium",
        "integrity": "medium",
        "availability": "medium",
        "data_sensitivity": "internal",
        "public_exposure": "no",
        "system_exposure": "open",
        "human_impact": "very high",
    }
    return Context(
        **{
            name: Fact(given_facts[name], "context.yaml") if name in given_facts else Fact(value, "default", True)
            for name, value in defaults.items()
        }
    )


def test_kev_is_active_exploitation() -> None:
    given_inputs = inputs(
        Intel(severity=NOBODY, exploited=Exploited("CVE-2021-44228", "2021-12-10"), catalogue="2025-08-01"), context()
    )
    assert given_inputs["in_kev"] == Input("in_kev", "yes", "CISA KEV", "2021-12-10")
    assert given_inputs["exploitation"] == Input("exploitation", "active", "CISA KEV", "2021-12-10")


@pytest.mark.parametrize(
    ("word", "value"), [("none", "none"), ("PoC", "public poc"), ("poc", "public poc"), ("Active", "active")]
)
def test_vulnrichment_words_in_any_case(word: str, value: str) -> None:
    enrichment = Enrichment("CVE-1", word, "Yes", "Total", "2024-06-01T00:00:00Z")
    given_inputs = inputs(Intel(severity=NOBODY, enrichment=enrichment), context())
    source = ("CISA Vulnrichment", "2024-06-01T00:00:00Z", False)
    assert given_inputs["exploitation"] == Input("exploitation", value, *source)
    assert given_inputs["automatable"] == Input("automatable", "yes", *source)
    assert given_inputs["technical_impact"] == Input("technical_impact", "total", *source)


def test_trap_19_kev_and_epss_misuse_epss_alone_is_never_exploitation() -> None:
    """EPSS cannot even be handed in: with or without a score of 0.97 the inputs are the same."""
    epss = Epss("CVE-1", 0.97, 0.999, "2025-08-01", "v4")
    assert not any(isinstance(epss, kind) for kind in (Exploited, Enrichment))
    assert "epss" not in Intel.__struct_fields__
    assert inputs(Intel(severity=choose([Severity("CVSS_V3", WORM, "NVD")])), context())["exploitation"] == Input(
        "exploitation", "none", "default: no evidence of exploitation at hand", default=True
    )


def test_trap_19_kev_and_epss_misuse_xz_is_judged_none_by_cisa_and_not_by_a_default() -> None:
    with gzip.open(shared("intel/vulnrichment.tsv.gz"), "rt", encoding="utf-8") as file:
        xz = next(line.rstrip("\n").split("\t") for line in file if line.startswith("CVE-2024-3094\t"))
    enrichment = Enrichment(xz[0], xz[2], xz[3], xz[4], xz[5], xz[6], xz[1])
    answer = inputs(Intel(severity=NOBODY, enrichment=enrichment), context())["exploitation"]
    assert (answer.value, answer.source, answer.default) == ("none", "CISA Vulnrichment", False)


def test_trap_19_kev_and_epss_misuse_no_catalogue_is_a_default_and_not_a_no() -> None:
    unknown = inputs(Intel(severity=NOBODY), context())["in_kev"]
    looked = inputs(Intel(severity=NOBODY, catalogue="2025-08-01"), context())["in_kev"]
    assert (unknown.value, unknown.default) == ("no", True)
    assert looked == Input("in_kev", "no", "CISA KEV", "2025-08-01")


def test_trap_16_removed_from_kev_the_catalogue_speaks_before_its_copy_in_vulnrichment() -> None:
    enrichment = Enrichment("CVE-2025-4664", "none", "no", "partial", "2025-05-15", "2025-05-15")
    alone = inputs(Intel(severity=NOBODY, enrichment=enrichment), context())
    with_catalogue = inputs(Intel(severity=NOBODY, enrichment=enrichment, catalogue="2025-08-01"), context())
    assert (alone["in_kev"].value, alone["exploitation"].value) == ("yes", "active")
    assert (with_catalogue["in_kev"].value, with_catalogue["exploitation"].value) == ("no", "none")


def test_trap_17_time_facts_of_a_later_day_do_not_change_a_past_decision() -> None:
    intel = Intel(
        severity=NOBODY,
        exploited=Exploited("CVE-1", "2024-09-17"),
        catalogue="2024-10-01",
        enrichment=Enrichment("CVE-1", "active", "no", "partial", "2024-09-20T10:00:00Z", "2024-09-17"),
    )
    before = inputs(intel, context(), as_of="2024-09-16")
    assert (before["in_kev"].value, before["exploitation"].value, before["automatable"].default) == (
        "no",
        "none",
        True,
    )
    listed = inputs(intel, context(), as_of="2024-09-17T00:00:00Z")
    assert (listed["exploitation"].source, listed["automatable"].default) == ("CISA KEV", True)
    judged = inputs(intel, context(), as_of="2024-09-20")
    assert (judged["automatable"].value, judged["automatable"].default) == ("no", False)
    assert inputs(intel, context()) == judged


def test_trap_17_time_each_input_says_of_when_it_is() -> None:
    intel = Intel(
        severity=NOBODY,
        exploited=Exploited("CVE-1", "2024-09-17"),
        enrichment=Enrichment("CVE-1", "none", "no", "partial", "2024-09-20T10:00:00Z"),
    )
    times = {key: each.time for key, each in inputs(intel, context()).items()}
    assert times["in_kev"] == times["exploitation"] == "2024-09-17"
    assert times["automatable"] == times["technical_impact"] == "2024-09-20T10:00:00Z"


@pytest.mark.parametrize(
    ("vector", "automatable", "impact"),
    [
        (WORM, "yes", "total"),
        (LOCAL, "no", "partial"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", "no", "total"),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", "yes", "total"),
        ("AV:N/AC:L/Au:S/C:C/I:C/A:P", "no", "partial"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "yes", "total"),
        ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:L/SC:H/SI:H/SA:H", "no", "partial"),
    ],
)
def test_the_vector_answers_where_cisa_does_not(vector: str, automatable: str, impact: str) -> None:
    given_inputs = inputs(Intel(severity=choose([Severity("CVSS", vector, "NVD")])), context())
    assert (given_inputs["automatable"].value, given_inputs["technical_impact"].value) == (automatable, impact)
    assert given_inputs["automatable"].source.endswith("by NVD")
    assert not given_inputs["automatable"].default


def test_a_vendor_word_leaves_the_vector_of_another_to_answer() -> None:
    severity = choose([Severity("Ubuntu", "low", "vendor"), Severity("CVSS_V3", WORM, "NVD")])
    assert inputs(Intel(severity=severity), context())["automatable"].source == "CVSS 3.1 by NVD"


def test_unknown_inputs_are_careful_and_marked_as_defaults() -> None:
    given_inputs = inputs(Intel(severity=NOBODY), context())
    assert all(each.default for each in given_inputs.values())
    assert given_inputs["automatable"].value == "yes"
    assert given_inputs["technical_impact"].value == "total"
    decision = decide(given_inputs, "ssvc-deployer")
    assert decision.outcome == "out-of-cycle"
    assert len(decision.defaults) == 4


def test_a_decision_carries_everything_that_explains_it() -> None:
    intel = Intel(severity=choose([Severity("CVSS_V3", WORM, "NVD")]), exploited=Exploited("CVE-1", "2024-09-17"))
    decision = decide(inputs(intel, context(public_exposure="yes")), "cisa-bod-26-04")
    assert (decision.outcome, decision.row, decision.urgency, decision.days) == (
        "3 days & forensic investigation",
        15,
        0,
        3,
    )
    assert [each.key for each in decision.inputs] == [
        "in_kev",
        "publicly_exposed",
        "automatable",
        "technical_impact",
    ]
    assert [(each.key, each.value, each.outcome) for each in decision.changes] == [
        ("in_kev", "no", "3 days"),
        ("technical_impact", "partial", "3 days"),
    ]
    assert decision.version == "1.0.0"


@pytest.mark.parametrize(("human", "mission"), [("low", "low"), ("medium", "medium"), ("very high", "high")])
def test_the_coordinator_s_impact_follows_the_deployer_s(human: str, mission: str) -> None:
    given_inputs = inputs(Intel(severity=NOBODY), context(human_impact=human))
    assert given_inputs["mission_and_well_being_impact"].value == mission
    assert decide(given_inputs, "cisa-coordinator").version == "2.0.3"


def test_a_table_whose_inputs_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="safety_impact"):
        decide(inputs(Intel(severity=NOBODY), context()), "human-impact")


def test_all_of_the_catalogue_is_urgent() -> None:
    catalogue = json.loads(shared("intel/known_exploited_vulnerabilities.json").read_bytes())
    outcomes: Counter[str] = Counter()
    for entry in catalogue["vulnerabilities"]:
        intel = Intel(
            severity=NOBODY,
            exploited=Exploited(entry["cveID"], entry["dateAdded"], entry["dueDate"]),
            catalogue=catalogue["dateReleased"],
        )
        decision = decide(inputs(intel, context(public_exposure="yes")), "cisa-bod-26-04")
        assert decision.inputs[0].value == "yes"
        outcomes[decision.outcome] += 1
    assert outcomes == {"3 days & forensic investigation": catalogue["count"]}


def test_vulnrichment_through_the_inputs_gives_the_same_counts_as_by_hand() -> None:
    outcomes: Counter[str] = Counter()
    with gzip.open(shared("intel/vulnrichment.tsv.gz"), "rt", encoding="utf-8") as file:
        for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if line["ex"]:
                enrichment = Enrichment(line["cve"], line["ex"], line["au"], line["ti"], line["ts"], line["kev"])
                given_inputs = inputs(Intel(severity=NOBODY, enrichment=enrichment), context(public_exposure="yes"))
                outcomes[decide(given_inputs, "cisa-bod-26-04").outcome] += 1
    assert outcomes == {
        "60 days": 25_357,
        "14 days": 15_430,
        "3 days": 3_065,
        "3 days & forensic investigation": 174,
    }


WORDS = st.text(max_size=12) | st.sampled_from(["none", "PoC", "ACTIVE", "yes", "No", "Total", "2024-01-01"])


@given(st.builds(Enrichment, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS), WORDS)
def test_any_enrichment_can_be_decided_on(enrichment: Enrichment, as_of: str) -> None:
    given_inputs = inputs(Intel(severity=NOBODY, enrichment=enrichment), context(), as_of=as_of)
    for name in ("cisa-bod-26-04", "ssvc-deployer", "cisa-coordinator"):
        assert decide(given_inputs, name).outcome
