"""What documents state: every format in one form, and what is not understood told with the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.findings.stated import openvex, reading, said

from oakum.advisories.statements.reading import read

LEFT = "pkg:npm/left@1.0.0"
Json = dict[str, Any]


def csaf(status: Json, *, version: str = "2.0", tree: Json | None = None, **vulnerability: Any) -> Json:
    """A CSAF document with one vulnerability; its tree has a package A, a package B and a platform P."""
    helper = "product_identification_helper"
    one, two = "pkg:rpm/redhat/a@1-1?arch=x86_64", "pkg:rpm/redhat/b"
    old = version == "2.0"
    products = [
        {"name": "A", "product_id": "A", helper: {"purl": one} if old else {"purls": [one]}},
        {"name": "B", "product_id": "B", helper: {"purl": two} if old else {"purls": [two]}},
        {"name": "P", "product_id": "P", helper: {"cpe": "cpe:/o:redhat:enterprise_linux:9"}},
    ]
    tracking = {
        "current_release_date": "2026-02-01T00:00:00Z", "id": "1", "initial_release_date": "2026-01-01T00:00:00Z",
        "revision_history": [{"date": "2026-01-01T00:00:00Z", "number": "1", "summary": "first"}],
        "status": "final", "version": "1",
    }  # fmt: skip
    return {
        "document": {
            "category": "csaf_vex", "csaf_version": version, "title": "T", "tracking": tracking,
            "publisher": {"category": "vendor", "name": "Vendor", "namespace": "https://example.com"},
        },
        "product_tree": {"full_product_names": products, **(tree or {})},
        "vulnerabilities": [{"cve": "CVE-2026-0001", "product_status": status, **vulnerability}],
    }  # fmt: skip


def relation(name: str, part: str, whole: str, category: str = "default_component_of") -> Json:
    return {
        "category": category, "product_reference": part, "relates_to_product_reference": whole,
        "full_product_name": {"name": name, "product_id": name},
    }  # fmt: skip


def bom(*vulnerabilities: Json, **more: Any) -> Json:
    """A CycloneDX document."""
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"timestamp": "2026-01-01T00:00:00Z"}, "vulnerabilities": list(vulnerabilities), **more,
    }  # fmt: skip


def analysed(state: str, *refs: str | Json, **more: Any) -> Json:
    affects = [{"ref": each} if isinstance(each, str) else each for each in refs]
    return {"id": "CVE-2026-0001", "analysis": {"state": state, **more}, "affects": affects}


def shown(document: object) -> list[str]:
    """Each statement in a line; refusals behind it."""
    statements, refused = reading(document)
    lines = [
        f"{one.vulnerability} {one.status} {one.time[:10]}: {', '.join(map(str, one.products))}" for one in statements
    ]
    return lines + [f"! {why}" for why in refused]


# OpenVEX


def test_openvex_as_it_is_made() -> None:
    document = openvex(said(f"{LEFT} in pkg:oci/app", LEFT, impact_statement="never called"))
    (one,), refused = reading(document)
    assert not refused
    assert (one.author, one.time, one.file) == ("Site Security", "2026-01-15T00:00:00Z", "vex.json")
    assert (one.status, one.justification, one.impact) == (
        "not_affected",
        "vulnerable_code_not_present",
        "never called",
    )
    assert list(map(str, one.products)) == [f"{LEFT} in pkg:oci/app", LEFT]


def test_openvex_of_the_first_version_has_texts() -> None:
    old = {"vulnerability": "CVE-2026-0001", "products": ["pkg:oci/app"], "subcomponents": [LEFT], "status": "affected"}
    document = openvex(old, **{"@context": "https://openvex.dev/ns"})
    assert shown(document) == [f"CVE-2026-0001 affected 2026-01-15: {LEFT} in pkg:oci/app"]


@pytest.mark.parametrize(
    ("more", "time"),
    [
        ({}, "2026-01-15T00:00:00Z"),
        ({"timestamp": "2025-01-01T00:00:00Z"}, "2025-01-01T00:00:00Z"),
        ({"timestamp": "2025-01-01T00:00:00Z", "last_updated": "2025-06-01T00:00:00Z"}, "2025-06-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_a_statement_has_its_own_time_or_its_documents(more: Json, time: str) -> None:
    (one,), _ = reading(openvex(said(LEFT, **more)))
    assert one.time == time


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (openvex(said(LEFT, status="harmless")), "'harmless' is no known status"),
        (openvex(said()), "it names no product"),
        (openvex({**said(LEFT), "products": [{}]}), "no IRI and no package URL identifies it"),
        (openvex({**said(LEFT), "products": [{"hashes": {"md5": "0"}}]}), "no IRI and no package URL identifies it"),
        (openvex({**said(LEFT), "products": LEFT}), "not a list"),
        (openvex({**said(LEFT), "vulnerability": {}}), "it names no vulnerability"),
        (openvex({**said(LEFT), "vulnerability": {"name": 1}}), "not a text"),
        (openvex(said(LEFT, timestamp="yesterday")), "'yesterday' is no date-time (RFC 3339)"),
        (openvex(said(LEFT), timestamp=None), "neither the statement nor its document has a time"),
        ({**openvex(), "statements": [said(LEFT), "no statement"]}, "not an object"),
        (openvex(), "the document makes no statement about a product"),
        (openvex(said(LEFT), **{"@context": "https://openvex.dev/ns/v9"}), "no known context"),
        (openvex(said("pkg:npm/\ud800")), "not a text that UTF-8 can carry"),
        (csaf({"harmless": ["A"]}), "not a known status"),
        (csaf({"fixed": ["A"]}, version="3.0"), "'3.0' is no known version of CSAF"),
        (csaf({"recommended": ["A"]}), "the document makes no statement about a product"),
        (csaf({"fixed": ["A"]}, cve=None), "it names no vulnerability"),
        (bom(analysed("harmless", LEFT)), "'harmless' is no known state"),
        (bom(analysed("not_affected")), "it names no product"),
        (bom(analysed("not_affected", "some-ref")), "no component here, no BOM-Link and no package URL"),
        (bom(analysed("not_affected", LEFT), metadata={}), "neither the analysis nor its document has a time"),
        (bom({"id": "CVE-2026-0001", "affects": []}), "the document makes no statement about a product"),
        (bom(analysed("not_affected", LEFT), specVersion="0.9"), "CycloneDX 0.9 is not known here"),
        ({}, "neither OpenVEX nor CSAF nor CycloneDX"),
        ([], "not a JSON object"),
    ],
)
def test_what_is_not_understood_is_told(document: object, why: str) -> None:
    _, refused = reading(document)
    assert any(why in each for each in refused), refused


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b"1" * 5000],
)
def test_what_is_no_document_is_told(data: bytes) -> None:
    found = read(data, file="x")
    assert not found.statements
    assert found.refused


def test_one_statement_that_is_not_understood_harms_no_other() -> None:
    statements, refused = reading(openvex(said(LEFT), said(LEFT, status="harmless"), said("pkg:npm/right")))
    assert len(statements) == 2
    assert len(refused) == 1


# CSAF


def test_csaf_statuses_and_what_stands_beside_them() -> None:
    document = csaf(
        {"known_not_affected": ["A"], "known_affected": ["B"], "fixed": ["P"], "recommended": ["A"]},
        flags=[{"label": "vulnerable_code_not_present", "product_ids": ["A"], "date": "2026-01-05T00:00:00Z"}],
        threats=[{"category": "impact", "details": "never called", "product_ids": ["A"]}],
        remediations=[{"category": "workaround", "details": "turn it off", "product_ids": ["B"]}],
    )
    assert shown(document) == [
        "CVE-2026-0001 not_affected 2026-01-05: pkg:rpm/redhat/a@1-1?arch=x86_64",
        "CVE-2026-0001 affected 2026-02-01: pkg:rpm/redhat/b",
        "CVE-2026-0001 fixed 2026-02-01: cpe:/o:redhat:enterprise_linux:9",
    ]
    (first, second, _), _ = reading(document)
    assert (first.justification, first.impact, first.author) == (
        "vulnerable_code_not_present",
        "never called",
        "Vendor",
    )
    assert second.action == "workaround: turn it off"


def test_csaf_flags_hold_for_groups_and_for_all() -> None:
    tree = {"product_groups": [{"group_id": "G", "product_ids": ["A", "B"]}]}
    flags = [{"label": "component_not_present", "group_ids": ["G"]}]
    (one,), _ = reading(csaf({"known_not_affected": ["A", "B"]}, tree=tree, flags=flags))
    assert (one.justification, len(one.products)) == ("component_not_present", 2)
    (one,), _ = reading(csaf({"known_not_affected": ["A"]}, flags=[{"label": "component_not_present"}]))
    assert one.justification == "component_not_present"


def test_csaf_components_stand_inside_their_product() -> None:
    tree = {"relationships": [relation("P:B", "B", "P"), relation("PP:B", "P:B", "A", "installed_on")]}
    assert shown(csaf({"fixed": ["P:B", "PP:B"]}, tree=tree)) == [
        "CVE-2026-0001 fixed 2026-02-01: pkg:rpm/redhat/b in cpe:/o:redhat:enterprise_linux:9, "
        "pkg:rpm/redhat/b in cpe:/o:redhat:enterprise_linux:9 in pkg:rpm/redhat/a@1-1?arch=x86_64"
    ]
    outside = {"relationships": [relation("P:B", "B", "P", "external_component_of")]}
    assert shown(csaf({"fixed": ["P:B"]}, tree=outside)) == ["CVE-2026-0001 fixed 2026-02-01: P:B"]


def test_csaf_paths_of_the_second_version() -> None:
    path = {
        "beginning_product_reference": "B", "full_product_name": {"name": "P:B", "product_id": "P:B"},
        "subpaths": [{"category": "default_component_of", "next_product_reference": "P"}],
    }  # fmt: skip
    document = csaf({"unknown": ["P:B"]}, version="2.1", tree={"product_paths": [path]})
    assert shown(document) == [
        "CVE-2026-0001 under_investigation 2026-02-01: pkg:rpm/redhat/b in cpe:/o:redhat:enterprise_linux:9"
    ]


def test_csaf_products_without_end_say_nothing_and_end() -> None:
    names = [f"R{at}" for at in range(40)]
    circle = [relation(one, names[at - 1], names[at - 2]) for at, one in enumerate(names)]
    statements, _ = reading(csaf({"known_not_affected": names}, tree={"relationships": circle}))
    assert all(each.purl is None for one in statements for product in one.products for each in product.path)


@pytest.mark.parametrize(
    ("category", "name", "shows"),
    [
        ("product_version", "1.2.3", "pkg:npm/left (1.2.3)"),
        ("product_version", "left", "pkg:npm/left"),
        ("product_version_range", "vers:npm/>=1.0.0|<2.0.0", "pkg:npm/left (vers:npm/>=1.0.0|<2.0.0)"),
        ("product_version_range", "<2.0.0", "pkg:npm/left (vers:npm/<2.0.0)"),
        ("product_version_range", "all before 2", "pkg:npm/left (vers:none/all before 2)"),
    ],
)
def test_csaf_branches_name_the_version(category: str, name: str, shows: str) -> None:
    helper = {"product_identification_helper": {"purl": "pkg:npm/left"}}
    branch = {"category": category, "name": name, "product": {"name": "L", "product_id": "L", **helper}}
    assert shown(csaf({"fixed": ["L"]}, tree={"branches": [branch]})) == [f"CVE-2026-0001 fixed 2026-02-01: {shows}"]


def test_a_draft_of_csaf_states_nothing() -> None:
    document = csaf({"known_not_affected": ["A"]})
    document["document"]["tracking"]["status"] = "draft"
    assert shown(document) == ["! the document is a draft"]


def test_csaf_without_a_cve_has_its_other_ids() -> None:
    ids = [{"system_name": "tracker", "text": "1234"}, {"system_name": "GitHub", "text": "GHSA-a"}]
    (one,), _ = reading(csaf({"known_not_affected": ["A"]}, ids=ids))
    assert (one.vulnerability, one.aliases) == ("CVE-2026-0001", ("GHSA-a",))


# CycloneDX

COMPONENT = {"type": "library", "name": "left", "bom-ref": "l", "purl": LEFT}
SERIAL = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("not_affected", "not_affected"), ("false_positive", "not_affected"), ("resolved", "fixed"),
        ("resolved_with_pedigree", "fixed"), ("exploitable", "affected"), ("in_triage", "under_investigation"),
    ],
)  # fmt: skip
def test_cyclonedx_states(state: str, status: str) -> None:
    assert shown(bom(analysed(state, LEFT))) == [f"CVE-2026-0001 {status} 2026-01-01: {LEFT}"]


def test_cyclonedx_components_stand_inside_the_subject() -> None:
    subject = {
        "timestamp": "2026-01-01T00:00:00Z",
        "component": {"name": "app", "bom-ref": "a", "purl": "pkg:npm/app@3"},
    }
    inside = bom(analysed("not_affected", "l", "a"), metadata=subject, components=[COMPONENT])
    assert shown(inside) == [f"CVE-2026-0001 not_affected 2026-01-01: {LEFT} in pkg:npm/app@3, pkg:npm/app@3"]
    by_serial = bom(analysed("not_affected", "l"), serialNumber=SERIAL, components=[COMPONENT])
    assert shown(by_serial) == [f"CVE-2026-0001 not_affected 2026-01-01: {LEFT} in {SERIAL}"]
    deep = {"type": "library", "name": "outer", "components": [COMPONENT]}
    assert shown(bom(analysed("resolved", "l"), components=[deep])) == [f"CVE-2026-0001 fixed 2026-01-01: {LEFT}"]


def test_cyclonedx_links_to_another_document() -> None:
    link = f"{SERIAL.replace('uuid', 'cdx')}/1"
    assert shown(bom(analysed("not_affected", f"{link}#pkg:npm/left%401.0.0", link))) == [
        f"CVE-2026-0001 not_affected 2026-01-01: {LEFT} in {SERIAL}, {SERIAL}"
    ]


def test_cyclonedx_versions() -> None:
    versions = [{"version": "1.0.0"}, {"range": "vers:npm/>=2.0.0|<3.0.0"}, {"version": "4.0.0", "status": "unknown"}]
    document = bom(analysed("not_affected", {"ref": "pkg:npm/left", "versions": versions}))
    assert shown(document) == [
        "CVE-2026-0001 not_affected 2026-01-01: pkg:npm/left (1.0.0), pkg:npm/left (vers:npm/>=2.0.0|<3.0.0)",
        "CVE-2026-0001 under_investigation 2026-01-01: pkg:npm/left (4.0.0)",
    ]


@pytest.mark.parametrize(
    ("ref", "version", "why"),
    [
        ("pkg:npm/left", {"version": "1", "status": "affected"}, "contradicts the analysis"),
        ("pkg:npm/left", {"range": "vers:generic/<1"}, "no range whose order is known here"),
        ("pkg:npm/left", {"range": "all of them"}, "no range whose order is known here"),
        ("pkg:npm/left@2", {"version": "1"}, "it is not the version of the reference"),
        ("l", {"version": "1"}, "cannot be found"),
    ],
)
def test_cyclonedx_versions_that_cannot_be_used(ref: str, version: Json, why: str) -> None:
    nameless = {"type": "library", "name": "left", "bom-ref": "l"}
    _, refused = reading(bom(analysed("not_affected", {"ref": ref, "versions": [version]}), components=[nameless]))
    assert any(why in each for each in refused), refused


def test_cyclonedx_has_its_own_time_and_what_to_do() -> None:
    more = {"lastUpdated": "2026-02-02T00:00:00Z", "response": ["update", "rollback"], "detail": "reachable"}
    document = bom({**analysed("exploitable", LEFT, **more), "recommendation": "go to 2"})
    (one,), _ = reading(document)
    assert (one.time, one.action) == ("2026-02-02T00:00:00Z", "go to 2\nreachable\nupdate, rollback")


# Hostile input

LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(
    ["", "A", LEFT, "pkg:npm/left", "CVE-2026-0001", "not_affected", "2026-01-01T00:00:00Z", "\ud800", "vers:npm/<1"]
) | st.text(max_size=5)  # fmt: skip
KEYS = st.sampled_from(
    [
        "statements", "vulnerability", "name", "aliases", "products", "@id", "subcomponents", "identifiers", "purl",
        "status", "timestamp", "author", "document", "csaf_version", "tracking", "product_tree", "branches", "product",
        "relationships", "product_groups", "vulnerabilities", "product_status", "flags", "threats", "remediations",
        "product_ids", "group_ids", "cve", "ids", "known_not_affected", "metadata", "component", "components",
        "bom-ref", "analysis", "state", "affects", "ref", "versions", "version", "range", "serialNumber",
    ]
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
GROUP = {"group_id": "G", "product_ids": ["A"]}
RANGES = [{"version": "1"}, {"range": "vers:npm/<1"}]
SOUND = (
    openvex(said(f"{LEFT} in pkg:oci/app", LEFT, timestamp="2025-01-01T00:00:00Z"), said("pkg:npm/right")),
    csaf(
        {"known_not_affected": ["P:B"], "fixed": ["A"]},
        tree={"relationships": [relation("P:B", "B", "P")], "product_groups": [GROUP]},
        flags=[{"label": "component_not_present", "group_ids": ["G"]}],
        remediations=[{"category": "workaround", "details": "x", "product_ids": ["A"]}],
    ),
    csaf({"known_affected": ["A"]}, version="2.1"),
    bom(
        analysed("not_affected", "l", {"ref": "pkg:npm/left", "versions": RANGES}),
        components=[COMPONENT], serialNumber=SERIAL,
    ),
)  # fmt: skip


def _places(value: object) -> list[tuple[Any, Any]]:
    """Every value inside a document, by its holder and key."""
    if isinstance(value, dict):
        inner: list[tuple[Any, Any]] = [(value, key) for key in value]
    elif isinstance(value, list):
        inner = [(value, at) for at in range(len(value))]
    else:
        return []
    return inner + [each for holder, key in inner for each in _places(holder[key])]


@given(st.sampled_from(SOUND), st.lists(st.tuples(st.integers(0, 10_000), VALUES), min_size=1, max_size=4))
def test_a_document_with_anything_anywhere_is_read_or_refused(sound: Json, changes: list[tuple[int, Any]]) -> None:
    document = json.loads(json.dumps(sound))
    for number, value in changes:
        places = _places(document)
        if places:
            holder, key = places[number % len(places)]
            holder[key] = value
    found = read(json.dumps(document).encode(), file="x")
    assert found.statements or found.refused
    for one in found.statements:
        assert one.products
        json.dumps([one.vulnerability, one.author, [str(each) for each in one.products]], ensure_ascii=False).encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert read(data, file="x").refused
