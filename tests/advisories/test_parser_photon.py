"""Photon OS' JSON: the release of a file, the words of each row, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data import shared

from oakum.advisories.model import Advisory, Affected, Parsed, Range, Severity
from oakum.advisories.parsers import parse
from oakum.errors import InputError


def row(package: str = "curl", version: str | None = "7.88.1-4.ph4", **rest: Any) -> dict[str, Any]:
    return {
        "cve_id": "CVE-2023-38545", "pkg": package, "cve_score": 9.8, "aff_ver": "x", "res_ver": version,
        "status": "Fixed", **rest,
    }  # fmt: skip


def read(*rows: Any) -> Parsed:
    return parse(json.dumps(rows).encode(), name="photon.json")


def affected(*rows: Any) -> list[Affected]:
    return [each for fact in read(*rows).facts if isinstance(fact, Advisory) for each in fact.affected]


def test_a_row_is_a_fix_of_its_package() -> None:
    (fact,) = read(row()).facts
    assert fact == Advisory(
        "CVE-2023-38545", severities=(Severity("Photon OS", "9.8", "Photon OS"),),
        affected=(
            Affected(
                "photon:4", "curl", state="Fixed", state_class="fixed",
                ranges=(Range("ECOSYSTEM", (("introduced", "0"), ("fixed", "7.88.1-4.ph4"))),),
            ),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given_", "state", "class_", "ranges"),
    [
        (row(), "Fixed", "fixed", 1),
        ({key: value for key, value in row().items() if key != "status"}, "fixed", "fixed", 1),
        (row(version="NA", status="Not Affected"), "Not Affected", "not-affected", 0),
        (row(version="", status="Not Affected"), "Not Affected", "not-affected", 0),
        (row(version=None, status="Not Affected"), "Not Affected", "not-affected", 0),
        (row(version="NA"), "called fixed, and no version is named", "undetermined", 0),
    ],
)
def test_trap_04_the_status_is_the_vendors_word(given_: dict[str, Any], state: str, class_: str, ranges: int) -> None:
    found = affected(given_, row("marker"))[0]
    assert (found.scope, found.state, found.state_class, len(found.ranges)) == ("photon:4", state, class_, ranges)


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        (row(status="Not Affected"), "status 'Not Affected' with the version '7.88.1-4.ph4'"),
        (row(version="NA", status="Will Not Fix"), "status 'Will Not Fix'"),
        (row(version="NA", status=""), "status ''"),
        (row(version="7.88.1-4.ph3"), "no build of Photon OS 4"),
        (row(version="7.88.1"), "no build of Photon OS 4"),
        (row(cve_id="Re"), "no id of a vulnerability"),
        (row(cve_id="UNK-1"), "no id of a vulnerability"),
        (row(package=""), "names no package"),
        ({**row(), "pkg": 5}, "Expected `str`"),
        ([], "Expected `object`"),
        ({"cve_id": "CVE-2023-1001"}, "missing required field"),
    ],
)
def test_a_row_that_is_not_understood_is_a_problem_and_the_others_go_on(given_: Any, why: str) -> None:
    found = read(*[row(f"p{number}") for number in range(12)], given_)
    (fact,) = found.facts
    assert isinstance(fact, Advisory)
    assert len(fact.affected) == 12
    assert [why in problem.why for problem in found.problems] == [True]


def test_ids_of_another_database_are_kept() -> None:
    assert [fact.id for fact in read(row(cve_id="BDSA-2025-0719")).facts if isinstance(fact, Advisory)] == [
        "BDSA-2025-0719"
    ]


@pytest.mark.parametrize("score", [None, 0, 11, -1, "high", "NaN"])
def test_what_is_no_score_is_none(score: Any) -> None:
    (fact,) = read(row(cve_score=score)).facts
    assert isinstance(fact, Advisory)
    assert fact.severities == ()


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([row(version="NA", status="Not Affected")], "no mark"),
        ([row(version="1-1.el8")], "no mark"),
        ([row(), row("b", "1-1.ph5")], ".ph4, .ph5"),
    ],
)
def test_trap_13_a_file_of_no_single_release_is_refused(rows: list[Any], why: str) -> None:
    with pytest.raises(InputError, match=r"is of (no release|several releases)") as caught:
        read(*rows)
    assert why in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("file", "records", "rows"), [("cve_data_photon1.0.json", 2, 3), ("cve_data_photon4.0.json", 5, 7)]
)
def test_the_vendors_own_files_are_read_whole(file: str, records: int, rows: int) -> None:
    found = parse(shared(f"feeds/photon/input/{file}").read_bytes(), name=file)
    facts = [fact for fact in found.facts if isinstance(fact, Advisory)]
    assert (len(facts), sum(len(one.affected) for one in facts), found.problems) == (records, rows, [])


_ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["CVE-2023-1001", "CVE-2023-1002"]), st.integers(1, 3)),
    min_size=1, unique=True,
)  # fmt: skip


@given(_ROWS)
def test_every_row_is_said_once(rows: list[tuple[str, str, int]]) -> None:
    found = read(*(row(name, f"{number}-1.ph5", cve_id=cve) for name, cve, number in rows))
    said = [
        (each.package, fact.id, int(dict(each.ranges[0].events)["fixed"][0]))
        for fact in found.facts
        if isinstance(fact, Advisory)
        for each in fact.affected
    ]
    assert sorted(said) == sorted(rows)
