"""Arch's groups and Fedora's updates: which word means what, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.data import shared

from oakum.advisories.model import Advisory, Parsed, Severity
from oakum.advisories.parsers import parse
from oakum.errors import InputError

FEDORA = "fedora/merge-input/FEDORA"


def read(*records: Any) -> Parsed:
    return parse(json.dumps(records).encode(), name="feed.json")


def only(*records: Any) -> Advisory:
    (fact,) = read(*records).facts
    assert isinstance(fact, Advisory)
    return fact


def group(**rest: Any) -> dict[str, Any]:
    return {
        "name": "AVG-1324", "packages": ["glibc", "lib32-glibc"], "affected": "2.38-1", "fixed": "2.38-2",
        "severity": "High", "status": "Fixed", "type": "arbitrary code execution", "issues": ["CVE-2023-4911"],
        "advisories": ["ASA-202310-01"], **rest,
    }  # fmt: skip


def update(**rest: Any) -> dict[str, Any]:
    return {
        "alias": "FEDORA-2025-aaa1111111", "display_name": "", "title": "expat-2.7.0-1.fc40", "notes": "Rebase",
        "severity": "medium", "type": "security", "status": "stable", "date_submitted": "2025-03-01 10:00:00",
        "date_stable": "2025-03-05 12:00:00", "date_modified": None, "url": "https://b/FEDORA-2025-aaa1111111",
        "release": {"name": "F40", "version": "40", "id_prefix": "FEDORA"},
        "bugs": [{"bug_id": 1, "security": True, "title": "CVE-2025-1234 expat: overflow [fedora-40]"}],
        "builds": [{"nvr": "expat-2.7.0-1.fc40", "type": "rpm", "epoch": 0}], **rest,
    }  # fmt: skip


def test_a_group_is_a_bundle_of_what_its_fix_closes() -> None:
    fact = only(group())
    assert (fact.id, fact.bundle, fact.cves) == ("AVG-1324", True, ("CVE-2023-4911",))
    assert fact.severities == (Severity("Arch Linux", "High", "Arch Linux"),)
    assert [(one.scope, one.package, one.naming) for one in fact.affected] == [
        ("arch", "glibc", "either"), ("arch", "lib32-glibc", "either"),
    ]  # fmt: skip
    assert fact.references == (
        "https://security.archlinux.org/AVG-1324",
        "https://security.archlinux.org/ASA-202310-01",
    )


@pytest.mark.parametrize(
    ("status", "fixed", "class_", "channel", "events"),
    [
        ("Fixed", "2.38-2", "fixed", "", (("introduced", "0"), ("fixed", "2.38-2"))),
        ("Testing", "2.38-2", "fixed", "testing", (("introduced", "0"), ("fixed", "2.38-2"))),
        ("Testing", None, "affected", "", (("introduced", "0"),)),
        ("Vulnerable", None, "affected", "", (("introduced", "0"),)),
        ("Not affected", None, "not-affected", "", ()),
        ("Not affected", "2.38-2", "not-affected", "", ()),
        ("Unknown", None, "undetermined", "", ()),
    ],
)
def test_trap_04_arch_status_is_the_vendors_word(
    status: str, fixed: str | None, class_: str, channel: str, events: tuple[tuple[str, str], ...]
) -> None:
    for one in only(group(status=status, fixed=fixed)).affected:
        found = one.ranges[0].events if one.ranges else ()
        assert (one.state, one.state_class, one.channel, found) == (status, class_, channel, events)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": "Fixed", "fixed": None}, "status 'Fixed'"), ({"status": "Vulnerable"}, "status 'Vulnerable'"),
        ({"status": "Maybe"}, "status 'Maybe'"), ({"packages": []}, "names no package"),
        ({"packages": [""]}, "names no package"), ({"issues": "CVE-1"}, "array"), ({"name": "ASA-1"}, "no group"),
    ],
)  # fmt: skip
def test_a_group_that_is_not_understood_is_a_problem_and_the_others_go_on(change: dict[str, Any], why: str) -> None:
    found = read(group(name="AVG-1"), group(**change))
    assert [fact.id for fact in found.facts if isinstance(fact, Advisory)] == ["AVG-1"]
    assert [why in problem.why for problem in found.problems] == [True]


def test_archs_own_file_is_read_whole() -> None:
    found = parse(shared("feeds/arch/input/arch-advisories/all.json").read_bytes(), name="all.json")
    assert (found.format, len(found.facts), found.problems) == ("arch", 5, [])


def test_an_update_is_a_bundle_of_source_packages() -> None:
    fact = only(update(builds=[{"nvr": "java-17-openjdk-17.0.14-1.fc40", "type": "rpm", "epoch": 1}]))
    assert (fact.id, fact.bundle, fact.cves) == ("FEDORA-2025-aaa1111111", True, ("CVE-2025-1234",))
    assert (fact.published, fact.modified) == ("2025-03-05T12:00:00Z", "2025-03-05T12:00:00Z")
    (one,) = fact.affected
    assert (one.scope, one.package, one.naming, one.channel) == ("fedora:40", "java-17-openjdk", "source", "")
    assert one.ranges[0].events == (("introduced", "0"), ("fixed", "1:17.0.14-1.fc40"))


@pytest.mark.parametrize(
    ("change", "cves"),
    [
        ({"bugs": [{"title": "x is available"}], "display_name": "Fix CVE-2024-8176"}, ("CVE-2024-8176",)),
        ({"bugs": [{"title": None}], "title": "CVE-2024-8177 fix"}, ("CVE-2024-8177",)),
        ({"bugs": [], "notes": "for CVE-2025-9999 and CVE-2025-9998"}, ("CVE-2025-9999", "CVE-2025-9998")),
        # Notes tell of much: they count only where nothing else names any.
        ({"notes": "CVE-2020-1111 was fixed long ago"}, ("CVE-2025-1234",)),
    ],
)
def test_what_an_update_closes_is_what_it_says_that_it_is_about(change: dict[str, Any], cves: tuple[str, ...]) -> None:
    assert only(update(**change)).cves == cves


@pytest.mark.parametrize(
    ("change", "channel"),
    [
        ({}, ""), ({"status": "testing"}, "updates-testing"), ({"status": "pending"}, None),
        ({"status": "obsolete"}, None), ({"status": "unpushed"}, None),
        ({"type": "bugfix"}, ""), ({"type": "bugfix", "bugs": []}, None), ({"type": "security", "bugs": []}, ""),
    ],
)  # fmt: skip
def test_trap_05_an_update_that_nobody_gets_fixes_nothing(change: dict[str, Any], channel: str | None) -> None:
    found = read(update(**change))
    channels = [one.channel for fact in found.facts if isinstance(fact, Advisory) for one in fact.affected]
    assert (channels, found.problems) == ([] if channel is None else [channel], [])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"release": {"version": "7", "id_prefix": "FEDORA-EPEL"}}, "no release of Fedora"),
        ({"release": {"version": "40", "id_prefix": "FEDORA-FLATPAK"}}, "no release of Fedora"),
        ({"release": {"version": "eln", "id_prefix": "FEDORA"}}, "no release of Fedora"),
        ({"alias": "RHSA-1"}, "no release of Fedora"),
        ({"builds": []}, "names no build"),
        ({"builds": [{"nvr": "nodejs-18-1.module_f40", "type": "module"}]}, "no build of an rpm package"),
        ({"builds": [{"nvr": "expat"}]}, "no build of an rpm package"),
        ({"builds": [{"nvr": "expat-2.7.0-1.fc41"}]}, "no build for Fedora 40"),
        ({"date_stable": "soon"}, "no time"),
        ({"bugs": "x"}, "array"),
    ],
)
def test_trap_13_an_update_for_something_else_is_a_problem_and_the_others_go_on(
    change: dict[str, Any], why: str
) -> None:
    found = read(update(alias="FEDORA-2025-bbb"), update(**change))
    assert [fact.id for fact in found.facts if isinstance(fact, Advisory)] == ["FEDORA-2025-bbb"]
    assert [why in problem.why for problem in found.problems] == [True]


def test_a_page_of_the_api_is_a_list_of_updates() -> None:
    page = {"updates": [update(), update(alias="FEDORA-2025-bbb")], "page": 1, "pages": 1}
    found = parse(json.dumps(page).encode(), name="page.json")
    assert (found.format, len(found.facts)) == ("fedora", 2)


@pytest.mark.parametrize("file", [f"{FEDORA}-2014-15583", f"{FEDORA}-2023-6d4055d482", f"{FEDORA}-2015-3186"])
def test_fedoras_own_updates_are_read_whole(file: str) -> None:
    found = parse(shared(f"feeds/{file}.json").read_bytes(), name="update.json")
    (fact,) = found.facts
    assert isinstance(fact, Advisory)
    assert (len(fact.cves), len(fact.affected), found.problems) == (3, 1, [])


def test_epel_is_no_fedora() -> None:
    with pytest.raises(InputError, match="FEDORA-EPEL 7, which is no release of Fedora"):
        parse(shared(f"feeds/{FEDORA}-EPEL-2017-a8886eb42e.json").read_bytes(), name="update.json")
