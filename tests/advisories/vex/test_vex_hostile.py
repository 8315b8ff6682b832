"""Hostile and real documents: a judgement or one of our errors, soon, whatever they say."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.advisories.vex.broken import BROKEN
from tests.advisories.vex.documents import branch, changed, csaf20, csaf21, openvex, product
from tests.data import shared

from oakum.advisories.vex import forms, languages, licenses, purls, ranges
from oakum.advisories.vex.lint import DEEPEST, lint
from oakum.advisories.vex.model import MOST_PROBLEMS
from oakum.errors import InputError, LimitError

#: What is wrong with published and made-up documents, each decided by the specification: Red Hat's early VEX files
#: have a second revision and still say version 1 (6.1.16), one repeats product ids (6.1.2), one dates its revisions the
#: other way round (6.1.14, 6.1.21); the others are fixtures of tools with invented parts.
COMPLAINTS: dict[str, dict[str, int]] = {
    "claircore--cve-2026-456-python": {"schema": 1, "6.1.27.10": 1},
    "trivy-db--cve-2024-22222": {"schema": 1, "6.1.1": 1, "6.1.11": 1, "6.1.13": 1, "6.1.27.7": 1},
    "trustify--CVE-2023-20862": {"6.1.16": 1},
    "trustify--cve-2023-0481": {"6.1.16": 1},
    "trustify--cve-2023-1370": {"6.1.16": 1},
    "trustify--cve-2023-1664": {"6.1.16": 1},
    "trustify--cve-2023-20862": {"6.1.16": 1},
    "trustify--cve-2023-2455": {"6.1.2": 4, "6.1.16": 1},
    "trustify--cve-2023-26464": {"6.1.16": 1},
    "trustify--cve-2023-2974": {"6.1.16": 1},
    "trustify--cve-2023-33201": {"6.1.16": 1},
    "trustify--cve-2023-34455": {"6.1.16": 1},
    "vulnerablecode--rhsa-2010_0002": {"6.1.14": 1, "6.1.21": 1},
    "vunnel--cve-2026-99999": {"schema": 1, "6.1.1": 1, "6.1.27.5": 1, "6.1.27.10": 1},
}


def test_real_csaf_documents_have_just_the_faults_that_the_specification_sees() -> None:
    found = {}
    files = sorted(shared("vex").glob("*.json.gz"))
    for file in files:
        problems = lint(json.loads(gzip.decompress(file.read_bytes()))).problems
        if problems:
            found[file.name.removesuffix(".json.gz")] = dict(Counter(each.test for each in problems))
    assert len(files) >= 29
    assert found == COMPLAINTS


def test_real_openvex_documents_are_valid_but_for_ids_that_are_no_iris() -> None:
    lines = gzip.decompress((shared("vex") / "openvex-hubs-third.jsonl.gz").read_bytes()).splitlines()
    judgements = [lint(json.loads(line)["doc"]) for line in lines]
    problems = [each.problem for one in judgements for each in one.problems]
    assert sum(one.valid for one in judgements) == len(lines) - 2 == 281
    assert set(problems) == {"structure: '[ERROR] CVE type  not mapped' is not an IRI"}


def _places(value: Any, path: str = "") -> list[str]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, each in inner for place in (f"{path}/{key}", *_places(each, f"{path}/{key}"))]


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8),
    st.sampled_from(["", "P1", "1.0.0", "pkg:a/b", "en", "\ud800", "2026-01-05T08:00:00Z", "EID-1", "a0", "G"]),
    st.just([]), st.just({}), st.just([{}]), st.just([[]]), st.just({"a": [{"b": None}]}),
    st.lists(st.sampled_from(["P1", "", "R", 1, None, {}]), max_size=3),
)  # fmt: skip
_WHOLE = [changed(csaf21(), changes) for _, versions, changes in BROKEN if "2.1" in versions]
_OLD = [changed(csaf20(), changes) for _, versions, changes in BROKEN if "2.0" in versions]
_DOCUMENTS = [*_WHOLE, *_OLD, openvex(), openvex("v0.0.1")]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_change_of_a_document_makes_it_stumble(data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(_DOCUMENTS))
    for _ in range(data.draw(st.integers(1, 4))):
        places = [place for place in _places(document) if "~" not in place and place.count("/") < 12]
        place = data.draw(st.sampled_from(places))
        document = changed(document, {place: data.draw(_VALUES)})
    try:
        judgement = lint(document)
    except InputError as error:
        assert error.remedy
        return
    for each in judgement.problems:
        assert each.path == "" or each.path.startswith("/")
        assert each.problem
        assert each.remedy


_LONG = 200_000
_STRINGS = [
    "a" * _LONG, "a-" * _LONG, "1." * _LONG, "-" * _LONG, "?" * _LONG, "\\*" * _LONG, "x@" * _LONG, "%41" * _LONG,
    "http://" + "a:" * _LONG, "cpe:2.3:a:" + "?" * _LONG, "cpe:2.3:a:" + "a" * _LONG + " ", "1.0.0-" + "0a." * _LONG,
    "1.0.0-" + "1" * _LONG + "!", " " * _LONG, "a" + " " * _LONG, "a@" + "a." * _LONG, "(" * _LONG, "MIT " * _LONG,
    "MIT AND " * _LONG + "MIT", "vers:a/" + "<1|" * _LONG, "pkg:a/" + "b/" * _LONG, "CVSS:3.1/" + "AV:N/" * _LONG,
    "2026-01-05T08:00:00." + "1" * _LONG, "\n" * _LONG, "a\n" * _LONG,
]  # fmt: skip


def test_no_form_takes_long_for_a_long_text() -> None:
    shapes = [each for each in vars(forms).values() if isinstance(each, forms.Form)]
    assert len(shapes) > 20
    begun = time.process_time()
    for text in _STRINGS:
        for form in shapes:
            form.fits(text)
        languages.fault(text)
        licenses.fault(text)
        licenses.unlisted(text)
        purls.fault(text, strict=False)
        ranges.fault(text)
    assert time.process_time() - begun < 20


def test_a_document_of_many_products_is_judged_in_seconds() -> None:
    document = csaf20()
    names = [f"N{at}" for at in range(60_000)]
    products = [branch("product_version", name, product=product(name)) for name in names]
    document["product_tree"]["branches"][0]["branches"][0]["branches"] += products
    document["product_tree"]["relationships"] = [
        {
            "category": "installed_on", "full_product_name": product(f"R{name}"),
            "product_reference": name, "relates_to_product_reference": "P1",
        }
        for name in names
    ]  # fmt: skip
    status = document["vulnerabilities"][0]["product_status"]
    status["known_affected"] += names
    document["vulnerabilities"][0]["remediations"][0]["product_ids"] += names
    begun = time.process_time()
    assert not lint(document).problems
    assert time.process_time() - begun < 10


def test_groups_that_explode_are_a_limit() -> None:
    document = csaf20()
    names = [f"N{at}" for at in range(5000)]
    document["product_tree"]["product_groups"][0]["product_ids"] = names
    flag = {"label": "component_not_present", "group_ids": ["G"]}
    document["vulnerabilities"][0]["flags"] = [{**flag, "date": f"2026-01-05T08:00:00.{at}Z"} for at in range(5000)]
    with pytest.raises(LimitError, match="more than"):
        lint(document)


def test_a_document_of_nothing_but_faults_has_a_bounded_answer() -> None:
    empty = changed(csaf20(), {"product_tree/full_product_names": [{}] * 300_000})
    strange = changed(csaf20(), {"vulnerabilities/0/product_status/fixed": [f"X{at}" for at in range(100_000)]})
    statements = [{"status": "affected", "vulnerability": {"name": str(at)}} for at in range(20_000)]
    for document in (empty, strange, {**openvex(), "statements": statements}):
        counts = Counter(each.test for each in lint(document).problems)
        assert max(counts.values()) == MOST_PROBLEMS


def test_circles_and_chains_of_any_length_are_followed() -> None:
    document = csaf20()
    chain = [f"C{at}" for at in range(20_000)]
    document["product_tree"]["relationships"] = [
        {
            "category": "installed_on", "full_product_name": product(one),
            "product_reference": other, "relates_to_product_reference": "P1",
        }
        for one, other in zip(chain, [*chain[1:], chain[0]], strict=True)
    ]  # fmt: skip
    problems = lint(document).problems
    assert Counter(each.test for each in problems) == {"6.1.3": MOST_PROBLEMS}


def test_deep_documents_are_a_limit_and_not_too_deep_ones_are_judged() -> None:
    deep: Any = product("D")
    inner = branch("product_version", "1", product=deep)
    for _ in range(DEEPEST // 2 - 4):
        inner = branch("product_family", "f", inner)
    assert not lint(changed(csaf20(), {"product_tree/branches/-": inner})).problems
    for _ in range(20):
        inner = branch("product_family", "f", inner)
    with pytest.raises(LimitError, match="nested deeper"):
        lint(changed(csaf20(), {"product_tree/branches/-": inner}))


def test_a_history_of_any_order_is_judged_in_seconds() -> None:
    document = csaf20()
    numbers = [number for at in range(10_000) for number in (at, 10**6 - at)]
    document["document"]["tracking"]["revision_history"] = [
        {"number": str(number), "date": f"2026-01-05T08:00:00.{at:06}Z", "summary": "s"}
        for at, number in enumerate(numbers)
    ]
    document["document"]["tracking"]["version"] = "9" * 3000
    begun = time.process_time()
    assert {each.test for each in lint(document).problems} >= {"6.1.14", "6.1.16", "6.1.21"}
    assert time.process_time() - begun < 15


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ({}, "neither CSAF nor OpenVEX"),
        ({"document": {"csaf_version": "1.2"}}, "'1.2' is no known version"),
        ({"document": {"csaf_version": 2.0}}, "no known version"),
        ({"document": []}, "neither CSAF nor OpenVEX"),
        ({"@context": "https://openvex.dev/ns/v9"}, "no known context"),
        ({"@context": ["https://openvex.dev/ns"]}, "neither CSAF nor OpenVEX"),
    ],
)
def test_what_is_of_no_known_format_is_an_error(document: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word) as error:
        lint(document)
    assert "CSAF 2.0 or 2.1" in error.value.remedy
