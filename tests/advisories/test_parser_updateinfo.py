"""Update notices of rpm repositories: whose they are, which builds they bring, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advisories.update_notices import AMAZON, ORACLE, amazon, collection, oracle, update, updates

from oakum.advisories.model import Advisory, Affected, Parsed, Range, Severity
from oakum.advisories.parsers import parse
from oakum.errors import InputError, LimitError


def read(*each: str) -> Parsed:
    return parse(updates(*each), name="updateinfo.xml")


def only(*each: str) -> Advisory:
    (fact,) = read(*each).facts
    assert isinstance(fact, Advisory)
    return fact


def rows(*each: str) -> list[tuple[str, str, str, str, str, tuple[str, ...]]]:
    return [
        (one.scope, one.channel, one.package, one.module, dict(one.ranges[0].events)["fixed"], one.arches)
        for one in only(*each).affected
    ]


def test_a_notice_is_a_bundle_of_what_it_closes() -> None:
    fact = only(amazon("2", "kernel-4.9.76-38.79.amzn2.x86_64", number="2018-939"))
    assert (fact.id, fact.bundle, fact.cves, fact.aliases) == ("ALAS2-2018-939", True, ("CVE-2022-0500",), ())
    assert (fact.published, fact.modified) == ("2022-06-06T17:58:00Z", "2022-11-17T19:23:00Z")
    assert fact.severities == (Severity("Amazon Linux", "important", "Amazon Linux"),)
    assert fact.references == ("http://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2022-0500",)
    assert fact.affected == (
        Affected(
            "amzn:2", "kernel", "binary", state="fixed", state_class="fixed",
            ranges=(Range("ECOSYSTEM", (("introduced", "0"), ("fixed", "4.9.76-38.79.amzn2"))),),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("id_", "name", "scope", "channel"),
    [
        ("ALAS-2018-939", "Amazon Linux", "amzn:1", ""),
        ("ALAS2-2018-939", "Amazon Linux 2", "amzn:2", ""),
        ("ALAS2-2018-939", "Amazon Linux", "amzn:2", ""),
        ("ALAS2KERNEL-5.15-2022-001", "Amazon Linux 2 - Kernel-5.15", "amzn:2", "extras:kernel-5.15"),
        ("ALAS2GOLANG1.19-2023-001", "Amazon Linux 2 - Golang1.19", "amzn:2", "extras:golang1.19"),
        ("ALAS2POSTGRESQL14-2023-001", "Amazon Linux 2", "amzn:2", "extras:postgresql14"),
        ("ALAS2022-2021-001", "Amazon Linux 2022", "amzn:2022", ""),
        ("ALAS2023-2023-001", "Amazon Linux 2023", "amzn:2023", ""),
        ("ALAS2023LIVEPATCH-2023-001", "Amazon Linux 2023 - Kernel Livepatch", "amzn:2023", "kernel-livepatch"),
        ("ALAS2023NVIDIA-2025-001", "Amazon Linux 2023 - NVIDIA", "amzn:2023", "nvidia"),
        ("ALAS2027-2026-001", "Amazon Linux 2027", "amzn:2027", ""),
    ],
)
def test_trap_13_amazons_ids_and_collections_name_the_release_and_the_repository(
    id_: str, name: str, scope: str, channel: str
) -> None:
    ((found, pocket, *_),) = rows(update(id_, collection(name, "a-1-1.x86_64")))
    assert (found, pocket) == (scope, channel)


@pytest.mark.parametrize(
    ("more", "name", "short", "build", "scope"),
    [
        ("<release>Oracle Linux 8</release>", "", "x", "a-1-1.x86_64", "ol:8"),
        ("", "Oracle Linux 9", "x", "a-1-1.el8.x86_64", "ol:9"),
        ("", "x", "ol7_latest", "a-1-1.x86_64", "ol:7"),
        ("", "x", "OL10_baseos_latest", "a-1-1.x86_64", "ol:10"),
        ("", "x", "x", "a-1-1.el8_6.x86_64", "ol:8"),
        ("", "x", "x", "a-1-1.el8uek.x86_64", "ol:8"),
        ("", "x", "x", "a-1-1.module+el8.7.0+21037+8ee66348.x86_64", "ol:8"),
    ],
)
def test_trap_13_oracles_release_is_what_names_one_and_else_what_all_builds_are_for(
    more: str, name: str, short: str, build: str, scope: str
) -> None:
    given = update("ELSA-2022-1", collection(name, build, short=short), publisher=ORACLE, more=more)
    assert [row[0] for row in rows(given)] == [scope]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        # Others publish the same form.
        (update("FEDORA-EPEL-2018-604613b5d5", collection("Fedora EPEL 6", "a-1-1.noarch"),
                publisher="updates@fedoraproject.org"), "nobody who is known"),
        (update("SUSE-SLE-Module-2022-1", collection("SUSE", "a-1-1.noarch"), publisher="maint-coord@suse.de"),
         "nobody who is known"),
        (update("openSUSE-2022-1", collection("openSUSE", "a-1-1.noarch"), publisher="maint-coord@suse.de"),
         "nobody who is known"),
        (update("RHSA-2022:1", collection("rhel-8", "a-1-1.x86_64"), publisher="release-engineering@redhat.com"),
         "nobody who is known"),
        (update("RLSA-2022:1", collection("rocky-8", "a-1-1.x86_64"), publisher="releng@rockylinux.org"),
         "nobody who is known"),
        # The id of one and the address of another.
        (update("ELSA-2022-1", collection("Oracle Linux 8", "a-1-1.x86_64"), publisher=AMAZON), "nobody who is known"),
        (update("ALAS2-2022-001", collection("Amazon Linux 2", "a-1-1.x86_64"), publisher=ORACLE),
         "nobody who is known"),
        (update("ALAS2-2022-001", collection("Amazon Linux 2023", "a-1-1.x86_64")), "its id is of Amazon Linux 2"),
        (update("ALAS-2022-001", collection("Amazon Linux 2", "a-1-1.x86_64")), "its id is of Amazon Linux 1"),
        (update("ALAS2-2022-001", collection("Oracle Linux 8", "a-1-1.x86_64")), "no Amazon Linux"),
        (update("ALAS2-2022-001", collection("Amazon Linux 2 - php8.0", "a-1-1.x86_64"),
                collection("Amazon Linux 2 - docker", "b-1-1.x86_64")), "several repositories"),
        (update("ELSA-2022-1", collection("x", "a-1-1.x86_64"), publisher=ORACLE), "names no release"),
        (update("ELSA-2022-1", collection("Oracle Linux 8", "a-1-1.x86_64"), publisher=ORACLE,
                more="<release>Oracle Linux 9</release>"), "several releases: 8, 9"),
        (update("ELSA-2022-1", collection("x", "a-1-1.el8.x86_64", "b-1-1.el9.x86_64"), publisher=ORACLE),
         "several releases"),
        (update("ALAS2-2022-001"), "names no package"),
        (update("ALAS2-2022-001", collection("Amazon Linux 2", "a-1-1.src")), "names no package"),
        (amazon("2", "a-1-1.x86_64").replace('version="1" ', 'version="" ').replace('version="1">', 'version="">'),
         "no epoch, version and release"),
        (amazon("2", "a-x:1-1.x86_64"), "no epoch, version and release"),
        (amazon("2", "a-1-1.x86_64").replace('name="a"', 'name=""'), "without a name"),
        (amazon("2", "a-1-1.x86_64", issued="yesterday"), "no time"),
        (amazon("2", "a-1-1.x86_64", more="<severity>low</severity>"), "severity stands twice"),
        (oracle("8", "a-1-1.x86_64", module="nodejs:"), "without its stream"),
    ],
)  # fmt: skip
def test_a_notice_that_is_not_understood_is_a_problem_and_the_others_go_on(given: str, why: str) -> None:
    found = read(given, amazon("2", "b-1-1.x86_64", number="2022-777"))
    assert [fact.id for fact in found.facts if isinstance(fact, Advisory)] == ["ALAS2-2022-777"]
    assert [(why in problem.why, problem.line) for problem in found.problems] == [(True, 3)]
    with pytest.raises(InputError, match="none of its 1 records"):
        read(given)


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("", ""), ("<reboot_suggested>True</reboot_suggested>", "suggested: reboot"),
        ("<reboot_suggested/>", "suggested: reboot"), ("<reboot_suggested>0</reboot_suggested>", ""),
        ("<restart_suggested>1</restart_suggested><relogin_suggested>true</relogin_suggested>",
         "suggested: restart of what uses it, new login"),
    ],
)  # fmt: skip
def test_what_a_package_suggests_stands_with_its_fix(inside: str, reason: str) -> None:
    given = amazon("2023", "kernel-6.1-1.amzn2023.x86_64", "bash-5-1.amzn2023.x86_64")
    kernel, bash = only(given.replace("</filename></package>", f"</filename>{inside}</package>", 1)).affected
    assert (kernel.reason, bash.reason) == (reason, "")


def test_trap_17_time_of_the_last_notice_is_no_date_of_the_feed() -> None:
    assert read(amazon("2", "a-1-1.x86_64")).as_of == ""


def test_trap_01_an_epoch_of_0_is_none() -> None:
    assert [row[4] for row in rows(amazon("2", "a-0:1-1.x86_64", "b-2:1-1.x86_64"))] == ["1-1", "2:1-1"]


def test_trap_06_each_collection_has_its_own_module_stream() -> None:
    modular = collection("Oracle Linux 8", "nodejs-1:18-1.module+el8.7.0+1+a.x86_64", module="nodejs:18")
    plain = collection("Oracle Linux 8", "bash-5-1.el8.x86_64")
    found = rows(update("ELSA-2022-1", modular, plain, publisher=ORACLE))
    assert [(row[2], row[3]) for row in found] == [("nodejs", "nodejs:18"), ("bash", "")]


def test_an_architecture_counts_only_where_it_decides() -> None:
    # ELSA-2022-4803: rsyslog was built anew for one architecture.
    differing = ("rsyslog-8.24.0-57.0.4.el7_9.3.aarch64", "rsyslog-8.24.0-57.0.1.el7_9.3.x86_64")
    assert [(row[4], row[5]) for row in rows(oracle("7", *differing))] == [
        ("8.24.0-57.0.4.el7_9.3", ("aarch64",)), ("8.24.0-57.0.1.el7_9.3", ("x86_64",)),
    ]  # fmt: skip
    # One build for all; two builds for both; a repository of one architecture says nothing of the others.
    assert [row[5] for row in rows(oracle("8", "a-1-1.x86_64", "a-1-1.aarch64"))] == [()]
    both = [f"osbuild-{build}.{arch}" for build in ("93-1.el8", "110-1.el8") for arch in ("x86_64", "aarch64")]
    assert [row[5] for row in rows(oracle("8", *both))] == [(), ()]
    assert [row[5] for row in rows(oracle("8", "a-1-1.x86_64"))] == [()]
    # Flavours of one package are no builds for other architectures.
    flavours = ("gnutls-3.6.16-4.el8.x86_64", "gnutls-3.6.16-4.el8.aarch64", "gnutls-10:3.6.16-4.el8_fips.x86_64")
    assert [row[5] for row in rows(oracle("8", *flavours))] == [(), ()]


@pytest.mark.parametrize(
    ("kind", "cves", "kept"),
    [
        ("security", (), True), ("security", ("CVE-2022-1001",), True), ("bugfix", ("CVE-2022-1001",), True),
        ("bugfix", (), False), ("enhancement", (), False), ("newpackage", (), False), ("", (), True),
    ],
)  # fmt: skip
def test_a_notice_that_closes_no_vulnerability_is_left_out(kind: str, cves: Any, kept: bool) -> None:
    found = read(update("ALAS2023-2023-001", collection("Amazon Linux 2023", "a-1-1.x86_64"), kind=kind, cves=cves))
    assert (len(found.facts), found.problems) == (kept, [])


@pytest.mark.parametrize(
    ("data", "error", "what"),
    [
        (b"<!DOCTYPE u [<!ENTITY a 'b'>]>" + updates(amazon("2", "a-1-1.x86_64")), InputError, "XML"),
        (updates(amazon("2", "a-1-1.x86_64")).replace(b"<updates>", b"<updates>&a;"), InputError, "undefined entity"),
        (b"<!-- a --><!DOCTYPE updates SYSTEM 'file:///etc/passwd'><updates/>", InputError, "XML"),
        (b"<updates><!DOCTYPE x></updates>", InputError, "not well-formed"),
        (b"<updates>" + b"<a>" * 100, LimitError, "64 deep"),
        (b"<updates><update>" + b"<a>" * 100, LimitError, "64 deep"),
        (updates(amazon("2", "a-1-1.x86_64"))[:-20], InputError, "cut short"),
        (b"<updates><update><title> <tr></title></update></updates>", InputError, "not well-formed"),
        (updates(), InputError, "holds no record"),
        (b'<?xml version="1.0" encoding="UTF-16"?><updates/>', InputError, "holds no record"),
    ],
)
def test_xml_can_do_nothing_beside_naming_notices(data: bytes, error: type[InputError], what: str) -> None:
    with pytest.raises(error, match=what) as caught:
        parse(data, name="feed")
    assert caught.value.remedy
    assert str(caught.value).startswith("feed")


_ARCHES = st.sampled_from(["x86_64", "aarch64", "i686", "noarch"])
_BUILDS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["1-1.el8", "2-1.el8", "1-1.ksplice1.el8"]), _ARCHES),
    min_size=1, unique=True,
)  # fmt: skip


@given(_BUILDS)
def test_every_build_is_a_fix_for_its_architecture_and_no_other_is(builds: list[tuple[str, str, str]]) -> None:
    found = rows(oracle("8", *(f"{name}-{version}.{arch}" for name, version, arch in builds)))
    assert {(row[2], row[4]) for row in found} == {(name, version) for name, version, _ in builds}
    assert len(found) == len({(row[2], row[4]) for row in found})
    for name, version, arch in builds:
        (arches,) = [row[5] for row in found if (row[2], row[4]) == (name, version)]
        assert not arches or arch in arches
