"""OVAL of Oracle and Microsoft: what each definition says of which package, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advisories.oval_documents import azure, criterion, document, earlier, elsa, joined, test_of
from tests.data import shared

from oakum.advisories.model import Advisory, Affected, EventKind, Range, Severity
from oakum.advisories.parsers import parse
from oakum.errors import InputError

test_of.__test__ = False  # type: ignore[attr-defined]  # it writes a test of OVAL and is none of ours

Row = tuple[str, str, str, str, tuple[str, ...]]


def advisories(data: bytes) -> list[Advisory]:
    return [fact for fact in parse(data, name="oval.xml").facts if isinstance(fact, Advisory)]


def rows(*criteria: str, tests: str = "", release: str = "8", **rest: str) -> list[Row]:
    (one,) = advisories(document(elsa(*criteria, release=release, **rest), tests))
    return [(each.scope, each.package, each.module, fix(each), each.arches) for each in one.affected]


def fix(each: Affected) -> str:
    return dict(each.ranges[0].events)["fixed"]


def test_a_notice_of_oracles_is_a_bundle() -> None:
    (one,) = advisories(document(elsa(earlier("rsyslog", "0:8.24.0-57.el8"))))
    assert (one.id, one.bundle, one.cves) == ("ELSA-2022-4803", True, ("CVE-2022-24903",))
    assert (one.summary, one.published) == ("a security update (IMPORTANT)", "2022-05-31T00:00:00Z")
    assert one.severities == (Severity("Oracle Linux", "IMPORTANT", "Oracle Linux"),)
    assert one.affected == (
        Affected(
            "ol:8", "rsyslog", "binary", state="fixed", state_class="fixed",
            ranges=(Range("ECOSYSTEM", (("introduced", "0"), ("fixed", "8.24.0-57.el8"))),),
        ),
    )  # fmt: skip
    assert parse(document(elsa(earlier("a", "0:1-1"))), name="f").as_of == "2024-05-08T12:04:07Z"


def arch(name: str, *inside: str) -> str:
    return joined("AND", criterion(f"Oracle Linux arch is {name}"), joined("OR", *inside))


def test_what_stands_above_a_build_is_said_of_it() -> None:
    module = joined("AND", criterion("Module virt:kvm_utils is enabled"), joined("OR", earlier("hivex", "0:1-1.el8")))
    assert rows(arch("aarch64", module, earlier("bash", "2:5-1.el8"))) == [
        ("ol:8", "hivex", "virt:kvm_utils", "1-1.el8", ()), ("ol:8", "bash", "", "2:5-1.el8", ()),
    ]  # fmt: skip


def test_an_architecture_counts_only_where_it_decides() -> None:
    both = [arch(name, earlier("a", f"0:1-{at}.el8")) for at, name in enumerate(("aarch64", "x86_64"), start=1)]
    assert [(row[3], row[4]) for row in rows(*both)] == [("1-1.el8", ("aarch64",)), ("1-2.el8", ("x86_64",))]
    same = [arch(name, earlier("a", "0:1-1.el8")) for name in ("aarch64", "x86_64")]
    assert [(row[3], row[4]) for row in rows(*same)] == [("1-1.el8", ())]


def test_a_test_that_stands_in_the_document_must_agree_with_the_words() -> None:
    good = test_of("t1", "a", "0:1-1.el8")
    assert rows(earlier("a", "0:1-1.el8", test="t1"), tests=good)[0][3] == "1-1.el8"
    for bad in (
        test_of("t1", "b", "0:1-1.el8"), test_of("t1", "a", "0:1-2.el8"),
        test_of("t1", "a", "0:1-1.el8", "greater than"),
    ):  # fmt: skip
        with pytest.raises(InputError, match="say different things"):
            rows(earlier("a", "0:1-1.el8", test="t1"), tests=bad)
    with pytest.raises(InputError, match="names no package and version"):
        rows(earlier("a", "0:1-1.el8", test="t1"), tests=good.replace("less than", "x").replace("0:1-1.el8", ""))


ONE = earlier("a", "0:1-1.el8")


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        (elsa(ONE, namespace="org.opensuse.security"), "nobody who is known"),
        (elsa(ONE, namespace="com.redhat.rhsa"), "nobody who is known"),
        (elsa(ONE, namespace="com.oracle.olamsa"), "nobody who is known"),
        (elsa(ONE, id="RHSA-2022:1"), "no notice of Oracle"),
        (elsa(ONE, platform="Oracle Linux 9"), "tests for Oracle Linux 8"),
        (elsa(ONE, issued="soon"), "no time"),
        (elsa(), "names no package"),
        (elsa(earlier("a", "0:1-1.el8", "a is ksplice-based")), "no build of Ksplice"),
        (elsa(earlier("a", "0:1-1.el8", "a has a moon")), "not understood"),
        (elsa(joined("OR", criterion("a is earlier than 0:1-1.el8"), criterion("Oracle Linux arch is x86_64"))),
         "among alternatives"),
        (elsa(joined("AND", criterion("a is earlier than 0:1-1.el8"), criterion("b is earlier than 0:1-1.el8"))),
         "several packages"),
        (elsa(joined("AND", criterion("a is earlier than 0:1-1.el8"), joined("OR", ONE))), "several packages"),
        (elsa(joined("ONE", ONE)), "joined by 'ONE'"),
        (elsa(joined("AND", criterion("a is earlier than 0:1-1.el8", more=' negate="true"'))), "negated"),
        (elsa(joined("AND", "<extend_definition definition_ref='x'/>")), "extend_definition"),
        (elsa(ONE).replace("Oracle Linux 8 is installed", "a is signed with the x key"), "names no release"),
        (elsa(earlier("a", "0:1.el8")), "not understood"),
    ],
)  # fmt: skip
def test_a_definition_that_is_not_understood_is_a_problem_and_the_others_go_on(definition: str, why: str) -> None:
    found = parse(document(definition + elsa(earlier("b", "0:1-1.el8"), number="2022-9")), name="oval.xml")
    assert [fact.id for fact in found.facts if isinstance(fact, Advisory)] == ["ELSA-2022-9"]
    assert [(why in problem.why, problem.line) for problem in found.problems] == [(True, 3)]


def said(data: bytes) -> tuple[str, str, str, str, str, tuple[tuple[EventKind, str], ...]]:
    (one,) = advisories(data)
    (each,) = one.affected
    events = each.ranges[0].events if each.ranges else ()
    return each.scope, each.package, each.naming, each.state, each.state_class, events


@pytest.mark.parametrize(
    ("patchable", "conditions", "state", "class_", "events"),
    [
        ("true", [("less than", "0:3.4.0-1.azl3")], "fixed", "fixed",
         (("introduced", "0"), ("fixed", "3.4.0-1.azl3"))),
        ("true", [("less than", "2:3-1.azl3")], "fixed", "fixed", (("introduced", "0"), ("fixed", "2:3-1.azl3"))),
        ("true", [("less than", "0:3-1.azl3"), ("greater than", "0:1.19.0.azl3")], "fixed", "fixed",
         (("introduced", "1.19.0.azl3"), ("fixed", "3-1.azl3"))),
        ("false", [("less than or equal", "0:9.16-1.azl3")], "no patch is available", "affected",
         (("introduced", "0"), ("last_affected", "9.16-1.azl3"))),
        ("Not Applicable", [("less than or equal", "0:2.35-4.azl3")], "Not Applicable", "not-affected", ()),
    ],
)  # fmt: skip
def test_trap_04_patchable_is_the_vendors_word(
    patchable: str, conditions: list[tuple[str, str]], state: str, class_: str, events: tuple[tuple[str, str], ...]
) -> None:
    found = said(azure("a", *conditions, patchable=patchable))
    assert found == ("azurelinux:3", "a", "source", state, class_, events)


def test_a_vulnerability_of_microsofts_is_one_record_with_its_words() -> None:
    (one,) = advisories(azure("a", ("less than or equal", "0:2.35-4.azl3"), patchable="Not Applicable"))
    assert (one.id, one.bundle, one.cves, one.published) == ("CVE-2024-24258", False, (), "2024-04-17T22:02:46Z")
    assert one.affected[0].reason == "The vendor's words."
    assert one.severities == (Severity("Azure Linux", "High", "Azure Linux"),)


@pytest.mark.parametrize(
    ("product", "platform", "evr", "scope"),
    [
        ("azurelinux", "Azure Linux", "0:1-1.azl3", "azurelinux:3"),
        ("azurelinux", "Azure Linux", "0:1-1.azl4", "azurelinux:4"),
        ("cbl-mariner", "CBL-Mariner", "0:1-1.cm2", "mariner:2"),
        ("cbl-mariner", "CBL-Mariner", "0:1-1.cm1", "mariner:1"),
    ],
)
def test_trap_13_the_release_is_that_of_the_versions(product: str, platform: str, evr: str, scope: str) -> None:
    assert said(azure("a", ("less than", evr), product=product, platform=platform))[0] == scope


BELOW = ("less than", "0:1-1.azl3")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (azure("a", ("less than", "0:1-1.cm2")), "no release"),
        (azure("a", ("less than", "0:1-1")), "no release"),
        (azure("a", BELOW, ("greater than", "0:1-1.azl4")), "no release in its versions, or several"),
        (azure("a", BELOW, platform="CBL-Mariner"), "is of Azure Linux, and for CBL-Mariner"),
        (azure("a", BELOW, product="windows"), "nobody who is known"),
        (azure("a", BELOW, patchable="false"), "patchable 'false'"),
        (azure("a", BELOW, patchable="maybe"), "patchable 'maybe'"),
        (azure("a", ("less than or equal", "0:1-1.azl3")), "patchable 'true'"),
        (azure("a", ("pattern match", "0:1-1.azl3")), "not understood"),
        (azure("a", BELOW, ("less than", "0:2-1.azl3")), "not understood"),
        (azure("a", BELOW, ("less than or equal", "0:2-1.azl3"), operator="OR"), "alternatives"),
        (azure("a"), "names no package"),
        (azure("", BELOW), "names no package"),
        (azure("a", BELOW, date="soon"), "no time"),
        (azure("a", BELOW).replace(b"rpminfo_state", b"rpminfo_stale"), "no test"),
        (azure("a", BELOW).replace(b"<reference", b"<referenze"), "names no vulnerability"),
    ],
)
def test_half_of_a_definition_is_no_answer(data: bytes, why: str) -> None:
    with pytest.raises(InputError, match="none of its 1 records") as caught:
        parse(data, name="oval.xml")
    assert why in str(caught.value)


def test_trap_02_packages_of_several_names_in_one_definition_are_refused() -> None:
    data = azure("a", BELOW, ("greater than", "0:0-1.azl3")).replace(b"<linux:name>a<", b"<linux:name>b<", 1)
    with pytest.raises(InputError, match="several packages"):
        parse(data, name="oval.xml")


@pytest.mark.parametrize(
    ("file", "records", "found"),
    [
        ("oracle/mock_data.xml", 2, ("ol:6", "kernel-uek", "2.6.39-400.302.2.el6uek", ())),
        ("oracle/mock_ksplice_data.xml", 1, ("ol:8", "openssl-libs", "2:1.1.1g-15.ksplice1.el8_3", ())),
        ("oracle/mock_per_arch_data.xml", 3, ("ol:7", "rsyslog", "8.24.0-57.0.1.el7_9.3", ("x86_64",))),
        ("oracle/mock_per_arch_data.xml", 3, ("ol:7", "rsyslog", "8.24.0-57.0.4.el7_9.3", ("aarch64",))),
        ("oracle/mock_per_arch_data.xml", 3, ("ol:10", "firefox", "128.12.0-1.0.1.el10_0", ())),
        ("oracle/mock_per_arch_data.xml", 3, ("ol:8", "osbuild", "110-1.0.1.el8", ())),
        ("mariner/azure-linux-truncated-3.0-oval.xml", 3, ("azurelinux:3", "ceph", "18.2.1-1.azl3", ())),
        ("mariner/mariner-truncated-2.0-oval.xml", 5, ("mariner:2", "mysql", "8.0.33-1.cm2", ())),
    ],
)
def test_the_vendors_own_documents_are_read_whole(
    file: str, records: int, found: tuple[str, str, str, tuple[str, ...]]
) -> None:
    parsed = parse(shared(f"feeds/{file}").read_bytes(), name=file)
    facts = [fact for fact in parsed.facts if isinstance(fact, Advisory)]
    assert (len(facts), parsed.problems) == (records, [])
    fixes = [
        (one.id, each.scope, each.package, fix(each), each.arches)
        for one in facts
        for each in one.affected
        if each.state_class == "fixed"
    ]
    assert found in [each[1:] for each in fixes]
    assert len(fixes) == len(set(fixes))


def test_suses_definitions_are_no_answer_here() -> None:
    with pytest.raises(InputError, match=r"nobody who is known here \(org.opensuse.security\)"):
        parse(shared("feeds/sles/suse_truncated.xml").read_bytes(), name="suse.xml")


_BUILT = st.tuples(
    st.sampled_from(["x86_64", "aarch64"]), st.sampled_from(["", "m:1", "m:2"]), st.sampled_from("ab"),
    st.sampled_from(["0:1-1.el8", "0:2-1.el8", "2:1-1.ksplice1.el8"]),
)  # fmt: skip


@given(st.lists(_BUILT, min_size=1, unique=True))
def test_nothing_that_criteria_say_is_lost_or_made_up(built: list[tuple[str, str, str, str]]) -> None:
    criteria = []
    for machine, module, name, evr in built:
        leaf = earlier(name, evr, *([f"{name} is ksplice-based"] if "ksplice" in evr else []))
        if module:
            leaf = joined("AND", criterion(f"Module {module} is enabled"), joined("OR", leaf))
        criteria.append(arch(machine, leaf))
    found = rows(*criteria)
    expected = {(name, module, evr.removeprefix("0:")) for _, module, name, evr in built}
    assert {(row[1], row[2], row[3]) for row in found} == expected
    assert len(found) == len(expected)
    for machine, module, name, evr in built:
        (arches,) = [row[4] for row in found if row[1:4] == (name, module, evr.removeprefix("0:"))]
        assert not arches or machine in arches
