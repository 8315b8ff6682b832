"""SUSE's CSAF as a feed: which package of which release each status is about, and what is left out with a word."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advisories.csaf_documents import document, parsed
from tests.advisories.suse_documents import BASE, LEAP, LTSS, PRODUCTS, SLES, purl, said_of, suse

from oakum.advisories.model import Advisory, Range, Severity
from oakum.advisories.parsers import parse
from oakum.errors import InputError

OPEN = (Range("ECOSYSTEM", (("introduced", "0"),)),)


def upto(version: str) -> tuple[Range, ...]:
    return (Range("ECOSYSTEM", (("introduced", "0"), ("fixed", version))),)


@pytest.mark.parametrize(
    ("component", "given", "name", "version", "naming", "arches"),
    [
        ("libfoo5-32bit-6.1-150000.5.24.1", None, "libfoo5-32bit", "6.1-150000.5.24.1", "binary", ()),
        ("foo-0:3.1.3-3.34.1.x86_64", None, "foo", "3.1.3-3.34.1", "binary", ("x86_64",)),
        ("foo-3.1.3-3.34.1.noarch", "", "foo", "3.1.3-3.34.1", "binary", ()),
        ("foo-3.1.3-3.34.1.ppc64le", "", "foo", "3.1.3-3.34.1", "binary", ("ppc64le",)),
        ("foo-bar-2:3.1-3.1.s390x", "", "foo-bar", "2:3.1-3.1", "binary", ("s390x",)),
        ("foo-3.1-3.1", "", "foo", "3.1-3.1", "binary", ()),
        ("foo-3.1-3.1.src", "", "foo", "3.1-3.1", "source", ()),
        # What looks like an architecture and is none belongs to the release.
        ("foo-3.1-3.1.g1234", "", "foo", "3.1-3.1.g1234", "binary", ()),
        ("foo-1-1.1", "pkg:rpm/suse/foo@1-1.1?epoch=3&upstream=foo-1-1.1.src.rpm", "foo", "3:1-1.1", "binary", ()),
    ],
)  # fmt: skip
def test_a_recommended_build_is_the_fix_of_its_package(
    component: str, given: str | None, name: str, version: str, naming: str, arches: tuple[str, ...]
) -> None:
    purls = {} if given is None else {component: given}
    (one,) = said_of((SLES, component, "recommended"), purls=purls)
    assert (one.scope, one.channel, one.package, one.naming) == ("sles:15.5", "", name, naming)
    assert (one.ranges, one.arches, one.state, one.state_class) == (upto(version), arches, "fixed", "fixed")


@pytest.mark.parametrize(
    ("component", "given", "naming"),
    [
        ("ntp", None, "binary"),
        ("terminfo-base", None, "binary"),
        # A package URL that is torn apart at a hyphen of the name.
        ("libfoo-4_0-18", "pkg:rpm/suse/libfoo@4_0-18", "either"),
        ("typelib-1_0-Foo-4_0", "pkg:rpm/suse/typelib-1_0@Foo-4_0", "either"),
        # The name of a source, which no binary package has.
        ("foo3", "pkg:rpm/suse/foo3@", "either"),
        ("foo-32bit", "", "either"),
    ],
)
@pytest.mark.parametrize("status", ["known_affected", "known_not_affected", "under_investigation"])
def test_a_bare_name_is_the_whole_name(component: str, given: str | None, naming: str, status: str) -> None:
    purls = {} if given is None else {component: given}
    (one,) = said_of((SLES, component, status), purls=purls)
    assert (one.package, one.naming, one.scope) == (component, naming, "sles:15.5")
    assert one.ranges == (OPEN if status == "known_affected" else ())


def test_trap_05_each_product_is_its_release_and_channel() -> None:
    build = "foo-1-1"
    found = said_of(*((product, build, "recommended") for product in PRODUCTS if "Example" not in product))
    assert [(one.scope, one.channel) for one in found] == [
        ("sles:15.5", ""), ("sles:15.5", "ltss"), ("sles_sap:15.5", ""), ("sle_hpc:15.5", "espos"),
        ("sles:12", ""), ("sles:12.1", ""), ("sles:12.2", ""), ("sles:12.3", ""), ("sles:12.4", ""), ("sles:12.5", ""),
        ("sles:12.5", "ltss-extended-security"), ("sle-micro:5.5", ""), ("sl-micro:6.0", ""),
        ("opensuse-leap:15.6", ""), ("opensuse-tumbleweed", ""),
    ]  # fmt: skip


def test_trap_04_not_affected_is_said_of_the_product_in_question_alone() -> None:
    assert [one.scope for one in said_of((SLES, "foo", "known_not_affected"))] == ["sles:15.5"]
    # A module is not all that a system has of a name, and its longer support is no word about the release.
    assert said_of((BASE, "foo", "known_not_affected")) == ()
    assert [one.channel for one in said_of((LTSS, "foo", "known_not_affected"))] == ["ltss"]
    assert (
        said_of((SLES, "foo-1.0-1.1", "known_not_affected"), purls={"foo-1.0-1.1": purl("foo-1.0-1.1", fixed=True)})
        == ()
    )


def test_an_image_of_a_release_is_not_the_release() -> None:
    image = "Container example/tool:1.0"
    assert said_of((image, "foo-1-1", "recommended")) == ()
    for order in ((image, SLES), (SLES, image)):
        found = said_of(*((product, "foo-1-1", "recommended") for product in order))
        assert [(one.scope, one.ranges) for one in found] == [("sles:15.5", upto("1-1"))]


def test_trap_13_an_unknown_product_is_a_problem_and_the_others_count() -> None:
    unknown = "SUSE Example Appliance 3"
    found = parsed(
        suse((unknown, "foo-1-1", "recommended"), (SLES, "foo-1-1", "recommended")),
        suse((LEAP, "foo", "known_affected")),
    )
    (fact,) = found.facts
    assert isinstance(fact, Advisory)
    assert [one.scope for one in fact.affected] == ["sles:15.5", "opensuse-leap:15.6"]
    assert [(one.record, one.line) for one in found.problems] == [("CVE-2024-1001", 1)]
    assert "no release is known for the product 'SUSE Example Appliance 3'" in found.problems[0].why


def test_a_product_that_is_unknown_in_many_documents_is_one_problem() -> None:
    unknown = "SUSE Example Appliance 3"
    some = [
        suse((unknown, "foo", "known_affected"), (SLES, "foo", "known_affected"), cve=f"CVE-2024-{n}")
        for n in range(1, 4)
    ]
    broken = [suse((SLES, "foo", "recommended"), cve=f"CVE-2024-{n}") for n in (5, 6)]
    found = parsed(*some, *broken)
    assert [one.record for one in found.problems] == ["CVE-2024-5", "CVE-2024-6", "CVE-2024-1"], (
        "what is kept hangs on it"
    )
    assert found.problems[2].why.endswith("'SUSE Example Appliance 3'; what is said of it is left out (in 3 documents)")


def test_only_the_products_of_the_publisher_itself_count() -> None:
    whole = json.loads(
        json.dumps(suse((SLES, "foo", "known_affected"))).replace("SUSE Product Security Team", "Nobody")
    )
    assert (
        "no release is known for the platform" in parsed(whole, document(("9", "a", "known_affected"))).problems[0].why
    )
    other = json.loads(
        json.dumps(document(("9", "a", "known_affected"))).replace("Red Hat Product Security", "SUSE Team")
    )
    found = parsed(other)
    assert [one.affected for one in found.facts if isinstance(one, Advisory)] == [()]
    assert "no release is known for the product" in found.problems[0].why


def test_who_scored_when_and_where_is_kept() -> None:
    score = {"products": [], "cvss_v3": {"vectorString": "CVSS:3.1/AV:N", "version": "3.1"}}
    (fact,) = parsed(suse((SLES, "foo", "known_affected"), scores=[score])).facts
    assert isinstance(fact, Advisory)
    assert (fact.id, fact.aliases, fact.summary, fact.modified) == (
        "CVE-2024-1001", (), "A flaw in a tool.", "2024-05-02T03:04:05Z",
    )  # fmt: skip
    assert fact.references == ("https://lists.example/1",)
    assert fact.severities == (Severity("CVSS_V3", "CVSS:3.1/AV:N", "SUSE"), Severity("SUSE", "moderate", "SUSE"))


def test_an_update_that_closes_no_vulnerability_says_nothing() -> None:
    whole = suse((SLES, "foo-1-1", "recommended"))
    whole["vulnerabilities"] = []
    found = parsed(whole, suse((SLES, "foo-1-1", "recommended"), cve="CVE-2024-1002"))
    assert ([fact.id for fact in found.facts if isinstance(fact, Advisory)], found.problems) == (["CVE-2024-1002"], [])


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        (suse((SLES, "foo", "recommended")), "names no version"),
        (suse((SLES, "foo-1-1", "fixxed")), "not a known status"),
    ],
)
def test_half_of_a_document_is_no_answer(whole: dict[str, Any], why: str) -> None:
    first = suse((SLES, "bar-1-1", "recommended"))
    whole["vulnerabilities"].insert(0, first["vulnerabilities"][0] | {"cve": "CVE-2024-0001"})
    whole["product_tree"]["relationships"] += first["product_tree"]["relationships"]
    whole["product_tree"]["branches"] += first["product_tree"]["branches"]
    with pytest.raises(InputError, match=why):
        parse(json.dumps(whole).encode(), name="alone.json")


_ROW = st.tuples(
    st.sampled_from([one for one in PRODUCTS if not one.startswith("SUSE Example")]),
    st.sampled_from(["foo", "libfoo-1_0-5", "foo-32bit"]),
    st.sampled_from(["recommended", "first_fixed", "known_affected", "known_not_affected", "under_investigation"]),
)
_BESIDE = ("SUSE Manager Server 4.3", "Container example/tool:1.0")


@given(st.lists(_ROW, min_size=1, unique=True))
def test_nothing_that_is_said_of_a_system_is_lost_or_made_up(said: list[tuple[str, str, str]]) -> None:
    fixes = ("recommended", "first_fixed")
    rows = [(where, f"{name}-2.0-3.1" if status in fixes else name, status) for where, name, status in said]
    systems = [
        (where, name, status in fixes) for where, name, status in said
        if where not in _BESIDE and not (status == "known_not_affected" and "Module" in where)
    ]  # fmt: skip
    found = said_of(*rows)
    got = {(one.package, one.state_class == "fixed") for one in found}
    assert got == {(name, fixed) for _, name, fixed in systems}
    assert all((one.ranges == upto("2.0-3.1")) == (one.state_class == "fixed") for one in found)
    assert len(found) == len(set(found))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_a_document_of_which_anything_is_something_else_is_read_or_refused(data: st.DataObject) -> None:
    whole: Any = suse((SLES, "foo-1-1", "recommended"), (LTSS, "foo", "known_affected"))
    at = whole
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(at[key], dict | list) and at[key] and data.draw(st.booleans()):
            at = at[key]
            continue
        at[key] = data.draw(_JSON)
        break
    try:
        found = parse(json.dumps(whole).encode(), name="any.json")
    except InputError as error:
        assert error.what
    else:
        assert found.format in ("csaf", "osv", "kubernetes", "vulnrichment", "kev", "epss", "endoflife", "alpine-secdb")


def test_a_cve_of_which_suse_knows_no_product_is_no_problem_and_no_fact() -> None:
    silent = suse((SLES, "foo-1-1.1", "recommended"))
    del silent["vulnerabilities"], silent["product_tree"]
    found = parsed(silent)
    assert (found.facts, found.problems) == ([], [])
    beside = parsed(silent, suse((SLES, "foo-1-1.1", "recommended")))
    assert (len(beside.facts), beside.problems) == (1, [])
    # A tree without vulnerabilities was cut off, and Red Hat leaves neither out.
    cut = suse((SLES, "foo-1-1.1", "recommended"))
    del cut["vulnerabilities"]
    of_red_hat = document(("9", "foo", "fixed"))
    del of_red_hat["vulnerabilities"], of_red_hat["product_tree"]
    for broken in (cut, of_red_hat):
        with pytest.raises(InputError, match="states nothing about a product"):
            parsed(broken)


@pytest.mark.parametrize("closing", [{}, {"notes": []}])
def test_an_update_that_closes_no_vulnerability_is_no_problem(closing: dict[str, Any]) -> None:
    found = parsed({**suse((SLES, "foo-1-1.1", "recommended")), "vulnerabilities": []} | closing)
    assert (found.facts, found.problems) == ([], [])
