from __future__ import annotations

import csv
import gzip
from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data import shared

from oakum.errors import OakumError, UsageError
from oakum.risk.tables import Table, key_of, names, plain, table

FILES = {
    "cisa-bod-26-04": ("cisa_bod_26_04_1_0_0.csv", 16),
    "ssvc-deployer": ("deployer_patch_application_priority_1_0_0.csv", 72),
    "cisa-coordinator": ("cisa_coordinator_2_0_3.csv", 36),
    "human-impact": ("human_impact_1_0_0.csv", 16),
}
ALL = pytest.mark.parametrize("name", names())


def published(name: str) -> list[list[str]]:
    with shared(f"ssvc/{FILES[name][0]}").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_the_four_tables_exist_with_their_sources() -> None:
    assert set(names()) == set(FILES)
    for name in names():
        assert table(name).source.version in FILES[name][0].replace("_", ".")
        assert table(name).source.url.startswith("https://")


@ALL
def test_every_published_row_has_the_same_number_inputs_and_outcome(name: str) -> None:
    header, *rows = published(name)
    asked = table(name)
    assert len(rows) == len(asked.rows) == FILES[name][1]
    assert header == ["row", *(column.title for column in asked.source.columns), asked.source.outcome]
    for number, *values, outcome in rows:
        row = asked.row(dict(zip(header[1:-1], values, strict=True)))
        assert (row.number, row.outcome.name) == (int(number), outcome)
        assert asked.rows[int(number)] is row


@ALL
def test_every_combination_has_exactly_one_row(name: str) -> None:
    asked = table(name)
    combinations = set(product(*(column.values for column in asked.source.columns)))
    assert {row.values for row in asked.rows} == combinations
    assert len(asked.rows) == len(combinations)
    assert [row.number for row in asked.rows] == list(range(len(combinations)))


@ALL
def test_changes_are_exactly_the_single_inputs_that_change_the_outcome(name: str) -> None:
    asked = table(name)
    for row in asked.rows:
        found = set()
        for other in asked.rows:
            different = [
                (key, value)
                for key, mine, value in zip(asked.keys, row.values, other.values, strict=True)
                if mine != value
            ]
            if len(different) == 1 and other.outcome != row.outcome:
                found.add((*different[0], other.outcome.name))
        assert {(each.key, each.value, each.outcome) for each in row.changes} == found
        assert len(row.changes) == len(found)


@pytest.mark.parametrize("name", ["cisa-bod-26-04", "ssvc-deployer", "cisa-coordinator", "human-impact"])
def test_a_worse_input_never_makes_the_outcome_less_urgent(name: str) -> None:
    asked = table(name)
    for row in asked.rows:
        for at, column in enumerate(asked.source.columns):
            worse = column.values.index(row.values[at]) + 1
            if worse < len(column.values):
                values = (*row.values[:at], column.values[worse], *row.values[at + 1 :])
                assert asked.by_values[values].outcome.urgency <= row.outcome.urgency


def test_bod_26_04_allows_3_14_and_60_days() -> None:
    days = {row.outcome.name: row.outcome.days for row in table("cisa-bod-26-04").rows}
    assert days == {
        "3 days & forensic investigation": 3,
        "3 days": 3,
        "14 days": 14,
        "60 days": 60,
        "fix on system upgrade": None,
    }


@pytest.mark.parametrize(
    ("exposed", "expected"),
    [
        (
            "no",
            {
                "fix on system upgrade": 36_028,
                "60 days": 7_774,
                "14 days": 154,
                "3 days & forensic investigation": 70,
            },
        ),
        (
            "yes",
            {"60 days": 25_357, "14 days": 15_430, "3 days": 3_065, "3 days & forensic investigation": 174},
        ),
    ],
)
def test_bod_26_04_over_all_of_vulnrichment(exposed: str, expected: dict[str, int]) -> None:
    asked = table("cisa-bod-26-04")
    counts: Counter[str] = Counter()
    with gzip.open(shared("intel/vulnrichment.tsv.gz"), "rt", encoding="utf-8") as file:
        for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if line["ex"]:
                row = asked.row(
                    {
                        "in_kev": "yes" if line["kev"] else "no",
                        "publicly_exposed": exposed,
                        "automatable": line["au"],
                        "technical_impact": line["ti"],
                    }
                )
                counts[row.outcome.name] += 1
    assert counts == expected
    assert counts.total() == 44_026


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("In KEV v1.0.0 (cisa)", "in_kev"),
        ("in-kev", "in_kev"),
        ("Mission and Well-Being Impact v1.0.0", "mission_and_well_being_impact"),
        ("System Exposure v1.0.1", "system_exposure"),
        ("  Human_Impact ", "human_impact"),
    ],
)
def test_keys_are_column_titles_in_snake_case_without_the_version(title: str, key: str) -> None:
    assert key_of(title) == key


@pytest.mark.parametrize("word", ["public poc", "Public PoC", "public_poc", "public-poc", "PoC", " PUBLIC  POC "])
def test_values_are_understood_in_every_usual_spelling(word: str) -> None:
    given_inputs = {"exploitation": word, "system_exposure": "OPEN", "automatable": "Yes", "human_impact": "very_high"}
    assert table("ssvc-deployer").row(given_inputs).number == 47


def test_a_missing_key_is_refused_with_the_allowed_values() -> None:
    with pytest.raises(UsageError, match=r"needs technical_impact.*technical_impact=partial\|total"):
        table("cisa-bod-26-04").row({"in_kev": "no", "publicly_exposed": "no", "automatable": "no"})


def test_an_unknown_key_is_refused_with_the_allowed_keys() -> None:
    with pytest.raises(UsageError, match=r"no input colour.*safety_impact, mission_impact"):
        table("human-impact").row({"safety_impact": "critical", "mission_impact": "degraded", "colour": "red"})


def test_an_unknown_value_is_refused_with_the_allowed_values() -> None:
    with pytest.raises(UsageError, match=r"'maybe' is no value of safety_impact.*negligible, marginal"):
        table("human-impact").row({"safety_impact": "maybe", "mission_impact": "degraded"})


def test_two_spellings_of_one_key_are_refused() -> None:
    with pytest.raises(UsageError, match="safety_impact is given twice"):
        table("human-impact").row({"safety_impact": "critical", "Safety Impact v2.0.1": "marginal"})


def test_an_unknown_table_is_refused_with_the_tables() -> None:
    with pytest.raises(UsageError, match="ssvc-deployer"):
        table("ssvc")


TABLES: st.SearchStrategy[Table] = st.sampled_from([table(name) for name in names()])


@given(TABLES, st.data())
def test_any_spelling_of_any_row_finds_that_row(asked: Table, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(asked.rows))
    spell = st.sampled_from([str.upper, str.title, lambda text: text.replace(" ", "_"), lambda text: f" {text} "])
    given_inputs = {
        data.draw(st.sampled_from([column.key, column.title, column.key.upper()])): data.draw(spell)(value)
        for column, value in zip(asked.source.columns, row.values, strict=True)
    }
    assert asked.row(given_inputs) is row


@given(TABLES, st.dictionaries(st.text(max_size=40), st.text(max_size=40), max_size=6), st.data())
def test_any_inputs_give_a_row_or_an_error_with_a_remedy(
    asked: Table, noise: dict[str, str], data: st.DataObject
) -> None:
    some = data.draw(st.dictionaries(st.sampled_from(asked.keys), st.sampled_from(["no", "high", "x"]), max_size=4))
    try:
        asked.row({**noise, **some})
    except OakumError as error:
        assert error.remedy


@given(st.text())
def test_plain_is_idempotent(text: str) -> None:
    assert plain(plain(text)) == plain(text)
