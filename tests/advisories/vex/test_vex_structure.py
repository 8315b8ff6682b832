"""The structure of CSAF and OpenVEX documents: what is missing, of the wrong type, unknown or of another form."""

from __future__ import annotations

from typing import Any

import pytest
from tests.advisories.vex.cases import BOTH, FLAW, NEW, OLD, TRACKING, Changes, helped
from tests.advisories.vex.documents import GONE, changed, csaf20, csaf21, openvex

from oakum.advisories.vex.lint import lint

BASES = {"2.0": csaf20, "2.1": csaf21}
_GROUP = "product_tree/product_groups/0"
_HELPER = "/product_tree/full_product_names/0/product_identification_helper"
_PRODUCT = {"name": "n", "product_id": "i"}

#: (versions, changes, path of the one problem, a word of it)
STRUCTURE: list[tuple[str, Changes, str, str]] = [
    (BOTH, {"document/title": GONE}, "/document/title", "missing"),
    (BOTH, {"document/title": ""}, "/document/title", "empty"),
    (BOTH, {"document/title": 7}, "/document/title", "a number, not a text"),
    (BOTH, {"document/title": None}, "/document/title", "null, not a text"),
    (BOTH, {"document/notes": {}}, "/document/notes", "an object, not a list"),
    (BOTH, {"document/notes": []}, "/document/notes", "empty"),
    (BOTH, {"document/notes/0/category": "joke"}, "/document/notes/0/category", "'joke'"),
    (BOTH, {"document/publisher/namespace": "waterworks.example"}, "/document/publisher/namespace", "a URI"),
    (BOTH, {"document/publisher/namespace": "https://a b.example"}, "/document/publisher/namespace", "a URI"),
    (BOTH, {"document/category": "-vex"}, "/document/category", "at its ends"),
    (BOTH, {f"{TRACKING}/id": " x"}, "/document/tracking/id", "at its ends"),
    (BOTH, {f"{TRACKING}/version": "1.0"}, "/document/tracking/version", "version"),
    (BOTH, {f"{TRACKING}/version": "01"}, "/document/tracking/version", "version"),
    (BOTH, {f"{TRACKING}/aliases": ["a", "a"]}, "/document/tracking/aliases/1", "the same as item 0"),
    (BOTH, {f"{TRACKING}/generator": {"engine": {}}}, "/document/tracking/generator/engine/name", "missing"),
    (BOTH, {f"{FLAW}/cve": "CVE-2026-1"}, "/vulnerabilities/0/cve", "a CVE id"),
    (BOTH, {f"{FLAW}/references": [{"summary": "s"}]}, "/vulnerabilities/0/references/0/url", "missing"),
    (BOTH, {f"{FLAW}/ids": [{"system_name": "a", "text": "b"}] * 2}, "/vulnerabilities/0/ids/1", "the same as item 0"),
    (BOTH, {f"{_GROUP}/product_ids": ["P1"]}, "/product_tree/product_groups/0/product_ids", "fewer than 2"),
    (
        BOTH,
        {"product_tree/branches/0/product": {"name": "n", "product_id": "i"}},
        "/product_tree/branches/0",
        "too many",
    ),
    (BOTH, {"document/acknowledgments": [{}]}, "/document/acknowledgments/0", "too few"),
    (BOTH, {"product_tree/full_product_names": []}, "/product_tree/full_product_names", "empty"),
    (
        BOTH,
        helped(cpe="cpe:2.3:a:b"),
        "/product_tree/full_product_names/0/product_identification_helper/cpe",
        "a CPE name",
    ),
    (BOTH, helped(), _HELPER, "too few"),
    (OLD, {f"{TRACKING}/current_release_date": "2026-02-05"}, "/document/tracking/current_release_date", "RFC 3339"),
    (OLD, {"document/distribution": {}}, "/document/distribution", "too few"),
    (OLD, {"document/distribution": {"tlp": {"label": "CLEAR"}}}, "/document/distribution/tlp/label", "'CLEAR'"),
    (OLD, {f"{FLAW}/scores/0": {"products": ["P1"]}}, "/vulnerabilities/0/scores/0", "too few"),
    (NEW, {"document/distribution": GONE}, "/document/distribution", "missing"),
    (NEW, {"document/distribution/tlp/label": "WHITE"}, "/document/distribution/tlp/label", "'WHITE'"),
    (NEW, {"$schema": GONE}, "/$schema", "missing"),
    (NEW, {"$schema": "https://waterworks.example"}, "/$schema", "known word"),
    (NEW, {"document/weather": "fine"}, "/document/weather", "not known here"),
    (NEW, {"document/note": []}, "/document/note", "not known here"),
    (NEW, {"document/a~b/c": 1}, "/document/a~0b", "not known here"),
    (NEW, {"document/distribution/sharing_group": {"id": "1"}}, "/document/distribution/sharing_group/id", "a UUID"),
    (NEW, {"document/publisher/contact": {"email": "nobody"}}, "/document/publisher/contact/email", "e-mail"),
    (NEW, {f"{FLAW}/metrics/0/content": {}}, "/vulnerabilities/0/metrics/0/content", "too few"),
]


@pytest.mark.parametrize(
    ("version", "changes", "path", "word"),
    [(version, *rest) for versions, *rest in STRUCTURE for version in versions.split()],
)
def test_what_is_not_of_the_structure_is_told_with_its_place(
    version: str, changes: Changes, path: str, word: str
) -> None:
    problems = [each for each in lint(changed(BASES[version](), changes)).problems if each.test == "schema"]
    assert [each.path for each in problems] == [path]
    assert word in problems[0].problem
    assert problems[0].problem.startswith("structure: ")
    assert problems[0].remedy


#: What 2.0 leaves to everybody, and forms that are allowed.
ALLOWED: list[tuple[str, Changes]] = [
    (OLD, {"document/weather": "fine"}),
    (OLD, {f"{TRACKING}/current_release_date": "2016-12-31t23:59:60z"}),
    (BOTH, {f"{TRACKING}/id": "x y"}),
    (BOTH, helped(cpe="cpe:2.3:o:water:pump_os:1.0\\:beta:*:*:*:*:*:*:-")),
    (BOTH, helped(cpe="cpe:/o:water:pump_os:1.0")),
    (BOTH, {"document/publisher/namespace": "https://u@[2001:db8::1]:80/a;b?c=d%20e#f"}),
    (BOTH, {"document/references/0/url": "urn:waterworks:a:b"}),
    (NEW, {"document/publisher/contact": {"email": "psirt@waterworks.example", "url": "https://waterworks.example"}}),
]


@pytest.mark.parametrize(
    ("version", "changes"), [(version, changes) for versions, changes in ALLOWED for version in versions.split()]
)
def test_what_is_allowed_is_no_problem(version: str, changes: Changes) -> None:
    assert not lint(changed(BASES[version](), changes)).problems


_STATEMENT = "statements/0"
#: (versions, changes, test, path)
OPENVEX: list[tuple[str, Changes, str, str]] = [
    ("v0.0.1 v0.2.0", {"author": GONE}, "schema", "/author"),
    ("v0.0.1 v0.2.0", {"@id": "no iri"}, "schema", "/@id"),
    ("v0.0.1 v0.2.0", {"timestamp": "yesterday"}, "schema", "/timestamp"),
    ("v0.0.1 v0.2.0", {"statements": []}, "schema", "/statements"),
    ("v0.0.1 v0.2.0", {f"{_STATEMENT}/status": "unknown"}, "schema", "/statements/0/status"),
    ("v0.0.1 v0.2.0", {f"{_STATEMENT}/justification": "because"}, "schema", "/statements/0/justification"),
    ("v0.0.1 v0.2.0", {f"{_STATEMENT}/justification": GONE}, "openvex-not-affected", "/statements/0/justification"),
    ("v0.0.1 v0.2.0", {"statements/1/action_statement": GONE}, "openvex-affected", "/statements/1/action_statement"),
    ("v0.0.1 v0.2.0", {f"{_STATEMENT}/vulnerability": GONE}, "schema", "/statements/0/vulnerability"),
    ("v0.2.0", {f"{_STATEMENT}/vulnerability": "CVE-2026-1"}, "schema", "/statements/0/vulnerability"),
    ("v0.2.0", {f"{_STATEMENT}/vulnerability": {"aliases": []}}, "schema", "/statements/0/vulnerability/name"),
    ("v0.2.0", {"version": "1"}, "schema", "/version"),
    ("v0.2.0", {"version": 0}, "schema", "/version"),
    ("v0.2.0", {"version": 1.5}, "schema", "/version"),
    ("v0.2.0", {"weather": "fine"}, "schema", "/weather"),
    ("v0.2.0", {f"{_STATEMENT}/products": [{}]}, "openvex-product", "/statements/0/products/0"),
    ("v0.2.0", {f"{_STATEMENT}/products/0/hashes": {"crc": "1"}}, "schema", "/statements/0/products/0/hashes/crc"),
    (
        "v0.2.0", {f"{_STATEMENT}/products/0/subcomponents/-": {"supplier": "x"}}, "openvex-product",
        "/statements/0/products/0/subcomponents/1",
    ),
    ("v0.0.1", {f"{_STATEMENT}/products": [{}]}, "schema", "/statements/0/products/0"),
]  # fmt: skip


@pytest.mark.parametrize("version", ["v0.0.1", "v0.2.0"])
def test_openvex_of_both_versions_is_valid(version: str) -> None:
    judgement = lint(openvex(version))
    assert (judgement.format, judgement.problems) == (f"OpenVEX {version[1:]}", ())
    assert not lint({**openvex(version), "tooling": "by hand"}).problems


@pytest.mark.parametrize(
    ("version", "changes", "test", "path"),
    [(version, *rest) for versions, *rest in OPENVEX for version in versions.split()],
)
def test_what_is_wrong_with_openvex_is_told(version: str, changes: Changes, test: str, path: str) -> None:
    problems = lint(changed(openvex(version), changes)).problems
    assert [(each.test, each.path) for each in problems] == [(test, path)]


def test_an_impact_statement_may_stand_in_for_a_justification_or_beside_it() -> None:
    document: dict[str, Any] = changed(openvex(), {f"{_STATEMENT}/impact_statement": "It is not built in."})
    assert not lint(document).problems
    del document["statements"][0]["justification"]
    assert not lint(document).problems


def test_documents_under_the_first_context_may_be_of_the_form_that_came_after() -> None:
    assert not lint({**openvex(), "@context": "https://openvex.dev/ns"}).problems
    assert not lint({**openvex("v0.0.1"), "version": 2}).problems
