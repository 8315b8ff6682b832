"""What vendors of image-based systems publish, as facts: Flatcar's releases, Bottlerocket's notices, bulletins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oakum.advisories.model import Advisory, Parsed
from oakum.advisories.parsers import parse
from oakum.errors import InputError, LimitError, OakumError

Json = dict[str, Any]
OLD = """## Flatcar updates

Notes:
- A note that mentions CVE-2018-9999.

## [Upstream Container Linux updates](https://github.com/coreos/manifest/releases/tag/v1745.0.0):

Security fixes:
- Fix curl out of bounds read ([CVE-2018-1000005](https://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2018-1000005))
- Fix glibc issues ([CVE-2017-15670](https://c?name=CVE-2017-15670), [CVE-2017-15671](https://c?name=CVE-2017-15671))

Bug fixes:
- Fix GRUB crash at boot ([#2284](https://github.com/coreos/bugs/issues/2284)), not CVE-2018-0001
"""
BOLD = """_Changes since  **LTS 2605.18.1**_

**Security fixes**



* Linux [CVE-2020-27815](https://www.openwall.com/lists/oss-security/2020/11/30/5),[ CVE-2020-36158](https://nvd/x)
* Go[ CVE-2021-3114](https://github.com/golang/go/issues/43786)

**Bug fixes**

* networkd: avoid managing MAC addresses, see CVE-2021-0001
"""
HEADED = (
    "_Changes since **Stable 3374.2.5**_\r\n\r\n#### Security fixes:\r\n\r\n- Linux ([CVE-2022-2196](https://nvd/"
    "CVE-2022-2196))\r\n- curl ([CVE-2022-32221](https://nvd/CVE-2022-32221), [CVE-2022-35260](https://nvd/"
    "CVE-2022-3526))\r\n- SDK: qemu ([CVE-2022-4172](https://nvd/CVE-2022-4172))\r\n\r\n#### Bug fixes:\r\n\r\n"
    "- A regression of CVE-2022-0002\r\n\r\n#### Updates:\r\n\r\n- Linux ([5.15.98](https://lwn.net/Articles/925080))\r\n"
)
#: As the notes of LTS 4081.3.0 begin.
BARE = """ _Changes since **LTS 3510.3.6**_

A regression of CVE-2022-0001 is known.

- Linux ([Please refer to the document for the list of CVEs resolved](https://h/x#New-LTS-2024))
- Go ([CVE-2022-41723](https://nvd/CVE-2022-41723),  [CVE-2022-41724](https://nvd/CVE-2022-41724))
- coreutils ([coreutils-2024-03-28](https://lists/msg06.html), [CVE-2024-0684](https://nvd/CVE-2024-0684))
- SDK: nasm ([CVE-2019-6290](https://nvd/CVE-2019-6290))
- Made a workaround for CVE-2022-0002 the default ([scripts#1](https://g/1))

#### Bug fixes:

- zlib ([CVE-2022-0003](https://nvd/CVE-2022-0003))
"""


def release(channel: str, notes: str = "", day: str = "2023-03-07 10:00:00 +0000") -> Json:
    return {
        "channel": channel, "architectures": ["amd64", "arm64"], "release_date": day,
        "major_software": {"kernel": ["5.15.98"]}, "release_notes": notes,
    }  # fmt: skip


EVERY_CHANNEL = {"1.0.0": release("alpha"), "1.1.0": release("beta"), "1.2.0": release("stable")}


def flatcar(**releases: Json) -> Parsed:
    named = {name.removeprefix("v").replace("_", "."): value for name, value in releases.items()}
    return parse(json.dumps(EVERY_CHANNEL | named).encode(), name="releases.json")


def facts(parsed: Parsed) -> dict[str, Advisory]:
    return {fact.id: fact for fact in parsed.facts if isinstance(fact, Advisory)}


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        (OLD, {"CVE-2018-1000005": "Fix curl out of bounds read", "CVE-2017-15670": "Fix glibc issues",
               "CVE-2017-15671": "Fix glibc issues"}),
        (BOLD, {"CVE-2020-27815": "Linux", "CVE-2020-36158": "Linux", "CVE-2021-3114": "Go"}),
        (HEADED, {"CVE-2022-2196": "Linux", "CVE-2022-32221": "curl", "CVE-2022-35260": "curl"}),
        (BARE, {"CVE-2022-41723": "Go", "CVE-2022-41724": "Go", "CVE-2024-0684": "coreutils"}),
    ],
    ids=["plain titles", "bold titles", "headings and CRLF", "no heading"],
)  # fmt: skip
def test_the_security_fixes_of_release_notes_and_nothing_else_are_read(notes: str, expected: dict[str, str]) -> None:
    found = facts(flatcar(v3510_2_0=release("stable", notes)))
    assert {name: one.summary for name, one in found.items()} == expected


def test_every_channels_fix_counts_in_its_own_branch() -> None:
    notes = "#### Security fixes:\n\n- Linux (CVE-2024-1001)\n"
    parsed = flatcar(
        current=release("stable", notes),
        v3510_3_3=release("lts", notes),
        v3815_2_2=release("stable", notes, "2024-04-11 09:00:00 +0000"),
        v3850_1_1=release("beta", notes, "2024-04-09 09:00:00 +0000"),
        v3913_0_0=release("alpha", notes, "2024-04-10 09:00:00 +0000"),
        v3941_1_0=release("beta", notes, "2024-05-10 09:00:00 +0000"),
    )
    (one,) = facts(parsed).values()
    (part,) = one.affected
    assert [version for kind, version in part.ranges[0].events if kind == "fixed"] == [
        "3510.3.3", "3815.2.2", "3850.1.1", "3913.0.0",
    ]  # fmt: skip
    assert (one.published, one.modified, parsed.as_of) == (
        "2023-03-07T10:00:00Z", "2024-05-10T09:00:00Z", "2024-05-10T09:00:00Z",
    )  # fmt: skip
    assert "beta 3941.1.0" in part.reason and "https://www.flatcar.org/releases/#release-3815.2.2" in one.references


@pytest.mark.parametrize("channel", ["alpha", "beta", "stable"])
def test_a_feed_without_one_of_the_channels_is_refused(channel: str) -> None:
    some = {name: one for name, one in EVERY_CHANNEL.items() if one["channel"] != channel}
    with pytest.raises(InputError, match=f"no release of the channel {channel}") as caught:
        parse(json.dumps(some).encode(), name="releases-stable.json")
    assert "https://www.flatcar.org/releases-json/releases.json" in caught.value.remedy


def test_a_release_that_cannot_be_read_is_a_problem() -> None:
    parsed = flatcar(
        v3510_2_0=release("stable", HEADED), next=release("alpha"), v3510_2_1={"channel": 5, "release_notes": ""},
        v3510_2_2=release("stable", "", "soon"),
    )  # fmt: skip
    assert len(parsed.facts) == 3
    assert [one.record for one in parsed.problems] == ["next", "3510.2.1", "3510.2.2"]


def notice(
    id_: str = "GHSA-868r-x68r-5c5p", cves: tuple[str, ...] = ("CVE-2023-5345",), packages: str = "", **rest: str
) -> str:
    references = "".join(f'<reference href="http://cve/{cve}" id="{cve}" type="cve"/>' for cve in cves)
    packages = packages or (
        '<package arch="x86_64" name="kernel-6.1" version="1.16.1" release="0" epoch="0"/>'
        '<package arch="aarch64" name="kernel-6.1" version="1.16.1" release="0" epoch="0"/>'
    )
    return (
        f'<update author="etungsten" from="etungsten" status="final" type="security" version="1.4"><id>{id_}</id>'
        f'<title>kernel CVE-2023-5345</title><issued date="{rest.get("issued", "2023-11-13T22:21:51Z")}"/>'
        '<updated date="2023-11-14T22:21:51Z"/><severity>medium</severity><description>ctx-&gt;password</description>'
        f'<references>{references}<reference href="https://github.com/x" id="{id_}" type="ghsa"/></references><pkglist>'
        f'<collection short="{rest.get("short", "bottlerocket")}"><name>Bottlerocket</name>{packages}</collection>'
        "</pkglist></update>"
    )


def updates(*notices: str) -> Parsed:
    return parse(f'<?xml version="1.0"?>\n<updates>{"".join(notices)}</updates>'.encode(), name="updateinfo.xml")


def test_a_notice_of_bottlerocket_names_packages_with_the_versions_of_their_fixes() -> None:
    parsed = updates(notice())
    (one,) = facts(parsed).values()
    assert (one.id, one.aliases, one.bundle, one.published) == (
        "GHSA-868r-x68r-5c5p", ("CVE-2023-5345",), False, "2023-11-13T22:21:51Z",
    )  # fmt: skip
    (part,) = one.affected
    assert (part.scope, part.package, part.arches) == ("bottlerocket", "kernel-6.1", ("x86_64", "aarch64"))
    assert part.ranges[0].events == (("introduced", "0"), ("fixed", "1.16.1-0"))
    assert [(each.system, each.value) for each in one.severities] == [("Bottlerocket", "medium")]


def test_releases_epochs_and_several_cves_of_a_notice_are_kept() -> None:
    package = '<package arch="x86_64" name="glibc" version="2.40" release="1.1740525475.e3a5862c.br1" epoch="1"/>'
    parsed = updates(notice("BRSA-b8okc9cb56gk", ("CVE-2024-1001", "CVE-2024-1002"), package))
    (one,) = facts(parsed).values()
    assert (one.bundle, one.cves, one.aliases) == (True, ("CVE-2024-1001", "CVE-2024-1002"), ())
    assert one.affected[0].ranges[0].events[1] == ("fixed", "1:2.40-1.1740525475.e3a5862c.br1")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (notice(id_=""), "its id is empty"),
        (notice(issued="yesterday"), "issued is no time"),
        (notice(packages='<package name="a"/>'), "without version"),
        (notice(packages="<nothing/>"), "names no package"),
    ],
)
def test_a_notice_that_cannot_be_read_is_a_problem_and_the_others_go_on(bad: str, why: str) -> None:
    parsed = updates(notice("GHSA-aaaa-bbbb-cccc"), bad)
    assert [fact.id for fact in parsed.facts if isinstance(fact, Advisory)] == ["GHSA-aaaa-bbbb-cccc"]
    assert [why in one.why for one in parsed.problems] == [True]


OWN = '<collection short="bottlerocket"/>'


@pytest.mark.parametrize(
    ("text", "error", "what"),
    [
        (f"<updates><update>{OWN}", InputError, "cut short"),
        (f"<updates><update></a>{OWN}", InputError, "not well-formed"),
        (f"<!DOCTYPE updates [<!ENTITY a 'b'>]><updates><update>{OWN}</update></updates>", InputError, "XML"),
        (f"<updates><update>{OWN}{'<a>' * 80}{'</a>' * 80}</update></updates>", LimitError, "nested"),
        (f"<updates>{OWN}</updates>", InputError, "holds no record"),
        ("<updates><update><a>bottlerocket</a></update></updates>", InputError, "nobody who is known"),
        (f"<rss>{OWN}</rss>", InputError, "RSS"),
    ],
)
def test_xml_that_could_hurt_or_is_none_is_refused(text: str, error: type[OakumError], what: str) -> None:
    with pytest.raises(error, match=what) as caught:
        parse(text.encode(), name="updateinfo.xml")
    assert caught.value.remedy


BULLETIN: Json = {
    "id": "GCP-2024-024", "url": "https://cloud.google.com/kubernetes-engine/security-bulletins#gcp-2024-024",
    "product": "gke", "part": "kubelet", "cves": ["CVE-2024-26585"], "severity": "High", "published": "2024-04-25",
    "fixed": ["1.26.15-gke.1158000", "1.27.13-gke.1166000"],
}  # fmt: skip


def bulletins(*entries: Json, **head: Any) -> Parsed:
    document = {"bulletins": 1, "publisher": "Google", "updated": "2024-06-01", "entries": list(entries), **head}
    return parse(json.dumps(document).encode(), name="gke.json")


def test_a_bulletin_is_one_advisory_for_each_cve_and_cites_its_page() -> None:
    parsed = bulletins(BULLETIN | {"cves": ["CVE-2024-26585", "CVE-2024-26586"]})
    assert (parsed.format, parsed.as_of, parsed.problems) == ("bulletins", "2024-06-01T00:00:00Z", [])
    found = facts(parsed)
    assert list(found) == ["CVE-2024-26585", "CVE-2024-26586"]
    for one in found.values():
        (part,) = one.affected
        assert (part.scope, part.package) == ("gke", "k8s.io/kubelet")
        assert part.reason == f"GCP-2024-024: {BULLETIN['url']}" and one.references == (BULLETIN["url"],)
        assert [(each.system, each.value) for each in one.severities] == [("Google", "High")]


def test_a_bulletin_without_cves_is_the_vulnerability_itself() -> None:
    assert list(facts(bulletins(BULLETIN | {"cves": []}))) == ["GCP-2024-024"]


def test_what_several_bulletins_say_of_one_cve_is_united() -> None:
    other = BULLETIN | {"id": "COS-1", "product": "cos", "part": "kubernetes", "fixed": ["cos-109-17800-147-54"]}
    (one,) = facts(bulletins(BULLETIN, other)).values()
    assert [(part.scope, part.package) for part in one.affected] == [("gke", "k8s.io/kubelet"), ("cos", "cos")]


def without(*names: str) -> Json:
    return {name: value for name, value in BULLETIN.items() if name not in names}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (without("url"), "url"),
        (BULLETIN | {"url": "the bulletin of April"}, "no address"),
        (BULLETIN | {"url": "javascript:x"}, "no address"),
        (without("fixed"), "exactly one"),
        (BULLETIN | {"unfixed": True}, "exactly one"),
        (BULLETIN | {"not_affected": "not built"}, "exactly one"),
        (BULLETIN | {"fixed": ["1.27"], "introduced": "latest"}, "first affected version"),
        (BULLETIN | {"fixed": ["soon"]}, "fixed version 'soon'"),
        (BULLETIN | {"product": "k3s"}, "product"),
        (BULLETIN | {"product": "cos"}, "part is for"),
        (BULLETIN | {"cves": ["CVE-24-1"]}, "no CVE"),
        (BULLETIN | {"published": "in April"}, "no time"),
        (BULLETIN | {"fixd": []}, "fixd"),
        (BULLETIN | {"id": " "}, "its id is empty"),
        ({**without("fixed"), "unfixed": True, "introduced": "soon"}, "first affected version"),
        (5, "object"),
    ],
)
def test_a_wrong_entry_is_a_problem_and_the_others_go_on(entry: Json, why: str) -> None:
    parsed = bulletins(BULLETIN | {"cves": ["CVE-2024-1001"]}, entry)
    assert list(facts(parsed)) == ["CVE-2024-1001"]
    (problem,) = parsed.problems
    assert problem.record.startswith("entry 2") and why in problem.why


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ({"bulletins": 2}, "no file of bulletins"),
        ({"publisher": ""}, "no file of bulletins"),
        ({"updated": "soon"}, "updated is no time"),
        ({"entries": {}}, "no file of bulletins"),
        ({"comment": ""}, "no file of bulletins"),
        ({"entries": []}, "holds no record"),
    ],
)
def test_a_file_of_another_form_is_refused(head: Json, what: str) -> None:
    with pytest.raises(InputError, match=what):
        bulletins(BULLETIN, **head)
