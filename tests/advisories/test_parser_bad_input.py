"""Bad input to every parser: a clear error with place and remedy, and nothing else, whatever the bytes."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advisories.oval_documents import azure
from tests.advisories.update_notices import amazon, updates
from tests.data import shared

from oakum.advisories.model import Parsed
from oakum.advisories.parsers import FORMATS, parse
from oakum.errors import OakumError

SAMPLES: dict[str, str] = {
    "osv": json.dumps(
        {
            "id": "GO-1", "modified": "2024-01-02T03:04:05Z", "aliases": ["CVE-2024-1001"], "severity": [],
            "affected": [
                {
                    "package": {"ecosystem": "Ubuntu:Pro:16.04:LTS", "name": "a", "purl": "pkg:deb/a?arch=source"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1"}]}],
                    "versions": ["1"], "ecosystem_specific": {"urgency": "low"},
                    "database_specific": {"cves_map": {"cves": [{"id": "CVE-2024-1001"}]}},
                }
            ],
        }
    ),
    "debian-tracker": '{"curl":{"CVE-2024-1001":{"releases":{"sid":{"status":"open","nodsa":"x","urgency":"low"}}}}}',
    "dsa": "[29 Mar 2023] DSA-5380-1 xorg - update\n\t{CVE-2023-1393}\n\t[bullseye] - xorg 2:1.20 (note)\n",
    "alpine-secdb": "distroversion: v3.20\nreponame: main\npackages:\n  - pkg:\n      name: a\n      secfixes:\n"
    "        1-r0:\n          - CVE-2019-1001 (note) XSA-1\n",
    "csaf": json.dumps(
        {
            "document": {
                "csaf_version": "2.0", "publisher": {"name": "Red Hat Product Security"},
                "tracking": {"id": "CVE-2024-1001", "status": "final", "current_release_date": "2024-01-02T03:04:05Z"},
            },
            "product_tree": {
                "full_product_names": [
                    {"product_id": "s", "product_identification_helper": {"cpe": "cpe:/o:redhat:enterprise_linux:9"}},
                    {"product_id": "p", "product_identification_helper": {"purl": "pkg:rpm/redhat/a@1-1?arch=x86_64"}},
                ],
                "relationships": [
                    {
                        "category": "default_component_of", "full_product_name": {"product_id": "s:p", "name": "a"},
                        "product_reference": "p", "relates_to_product_reference": "s",
                    }
                ],
            },
            "vulnerabilities": [{"cve": "CVE-2024-1001", "product_status": {"fixed": ["s:p"]}}],
        }
    ),
    "updateinfo": updates(amazon("2", "kernel-4.9.76-38.79.amzn2.x86_64")).decode(),
    "oval": azure("a", ("less than", "0:3.4.0-1.azl3")).decode(),
    "photon": '[{"cve_id":"CVE-2024-1001","pkg":"a","cve_score":5,"res_ver":"1-1.ph4","status":"Fixed"}]',
    "arch": '[{"name":"AVG-1","packages":["a"],"affected":"1-1","fixed":"1-2","status":"Fixed","severity":"High",'
    '"issues":["CVE-2024-1001"]}]',
    "fedora": '{"alias":"FEDORA-2025-a","status":"stable","type":"security","release":'
    '{"id_prefix":"FEDORA","version":"40"},"builds":[{"nvr":"a-1-1.fc40"}],"bugs":[{"title":"CVE-2024-1001 a"}]}',
    "bulletins": '{"bulletins":1,"publisher":"Google","updated":"2024-06-01","entries":[{"id":"GCP-2024-001",'
    '"url":"https://example.com/a","product":"gke","part":"kubelet","cves":["CVE-2024-1001"],"severity":"High",'
    '"fixed":["1.27.13-gke.1","1.28.9-gke.1"],"introduced":"1.26.0","published":"2024-05-30"}]}',
    "flatcar": json.dumps(
        {
            "current": {"channel": "stable", "release_notes": ""},
            "3815.2.2": {
                "channel": "stable", "architectures": ["amd64"], "release_date": "2024-04-11 09:00:00 +0000",
                "major_software": {"kernel": ["6.1.85"]},
                "release_notes": "#### Security fixes:\n\n- Linux ([CVE-2024-1001](https://nvd.nist.gov/x))\n",
            },
            "3874.1.0": {"channel": "beta", "release_notes": ""}, "3913.0.0": {"channel": "alpha", "release_notes": ""},
        }
    ),
    "bottlerocket": '<updates><update author="a" status="final" type="security"><id>GHSA-aaaa-bbbb-cccc</id>'
    '<title>kernel</title><issued date="2023-11-13T22:21:51Z"/><severity>medium</severity><references><reference '
    'href="https://example.com" id="CVE-2024-1001" type="cve"/></references><pkglist><collection short="bottlerocket">'
    '<package arch="x86_64" name="kernel-6.1" version="1.16.1" release="0" epoch="0"/></collection></pkglist></update>'
    "</updates>",
    "kubernetes": '{"items":[{"id":"CVE-2024-1001","summary":"s"}],"_kubernetes_io":{"updated_at":"2024-01-01"}}',
    "kev": '{"catalogVersion":"1","count":1,"dateReleased":"2025-01-01","vulnerabilities":'
    '[{"cveID":"CVE-2024-1001","dateAdded":"2025-01-01","dueDate":"2025-02-01"}]}',
    "epss": "#model_version:v1,score_date:2025-02-20\ncve,epss,percentile\nCVE-2024-1001,0.5,0.5\n",
    "vulnrichment": '{"cveMetadata":{"cveId":"CVE-2024-1001"},"containers":{"cna":{},"adp":[{"metrics":[{"other":'
    '{"type":"ssvc","content":{"timestamp":"2024-01-01","options":[{"Exploitation":"none"}]}}}]}]}}',
    "endoflife": '{"result":[{"name":"python","releases":[{"name":"3.12","eolFrom":"2028-10-01","isEol":false}]}]}',
}  # fmt: skip


def test_every_format_has_a_sample_that_it_reads() -> None:
    assert SAMPLES.keys() == FORMATS.keys()
    for name, text in SAMPLES.items():
        parsed = parse(text.encode(), name="f")
        assert (parsed.format, len(parsed.facts), parsed.problems) == (name, 1, [])


JSON = [name for name, text in SAMPLES.items() if text.startswith(("{", "[{"))]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"\xff\xfe{\x00", "UTF-8"),
        (b"\x1f\x8b\x08\x00", "UTF-8"),
        (b"garbage", "no form"),
        (b"<oops/>", "XML of another form"),
        (b"<rss/>", "name notices and no packages"),
        (b"[]", "no form"),
        (b"{}", "no form"),
        (b"null", "no form"),
        (b'{"id":', "cut short"),
        (b'{"id": "x', "cut short"),
        (b'{"id": tru}', "not valid JSON"),
        (b'{"id": NaN}', "not valid JSON"),
        (b'{"id": 1, "id": 2}', "twice"),
        (b'{"id": "\\ud800"}', "surrogate"),
        (b'{"id": 1} {"id": 2}', "not valid JSON"),
        (b'{"id":' * 200_000, "deep"),
        (b"[" * 200_000, "deep"),
        (b'{"id": ' + b"1" * 10_000 + b"}", "not valid JSON"),
        (b'{"id": "X-1", "modified": 5}', "none of its 1 records"),
        (b'{"id": "X-1", "affected": [[]]}', "none of its 1 records"),
        (b'{"id":"X-1","modified":""}\n{"id":"X-2","modif', "cut short"),
        (b'{"catalogVersion":"1","vulnerabilities":[]}', "holds no record"),
        (b"packages:\nreponame: &a [*a]\n", "alias"),
        (b"packages: {}\nreponame: " + b"[" * 40, "deep"),
        (b"packages: []\nreponame: a\nreponame: b\n", "twice"),
        (b"packages: []\nreponame: a\n---\nb\n", "2 YAML documents"),
        (b"packages: []\nreponame: a\ndistroversion: v?\n", "unknown release"),
        (b"packages: []\nreponame: [\n", "not valid YAML"),
        (b"cve,epss,percentile\nCVE-2024-1001,1,1\n", "model and day"),
        (b"#model_version:v1,score_date:2025-02-20\ncve,epss,percentile\n", "holds no record"),
        (b"cve\tstate\tex\n", "none of its 1 records"),
    ],
)
def test_bad_input_is_an_error_with_a_place_and_a_remedy(data: bytes, what: str) -> None:
    with pytest.raises(OakumError, match=what) as caught:
        parse(data, name="feed")
    assert caught.value.exit_code == 2
    assert caught.value.remedy
    assert str(caught.value).startswith("feed")


def test_amazons_rss_leads_to_its_notices() -> None:
    data = shared("feeds/amazon/input/2_rss.xml").read_bytes()
    with pytest.raises(OakumError, match=r"no packages \(.*oakum feeds sync amazon\)"):
        parse(data, name="feed")


def test_an_error_names_the_line() -> None:
    with pytest.raises(OakumError, match=r"^feed:3: "):
        parse(b'{\n"id": 1,\n"b": }', name="feed")
    with pytest.raises(OakumError, match=r"^feed:3: "):
        parse(b"a\nb\n\xff", name="feed")


def test_a_bad_line_is_a_problem_with_its_line_and_the_others_go_on() -> None:
    good = SAMPLES["osv"]
    parsed = parse(f'{good}\n{{"id": oops}}\n{good}\n{{"id": 5, "modified": "x"}}\n'.encode(), name="feed")
    assert ([problem.line for problem in parsed.problems], len(parsed.facts)) == ([2, 4], 1)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_file_that_breaks_off_is_refused_or_says_less_than_whole(name: str) -> None:
    text = SAMPLES[name]
    whole = parse(text.encode(), name="f").facts
    for cut in range(len(text) - 1):
        with contextlib.suppress(OakumError):
            parsed = parse(text[:cut].encode(), name="f")
            # Text formats have no end mark: what breaks off between two lines is a shorter file.
            assert name in ("dsa", "alpine-secdb")
            assert len(parsed.facts) <= len(whole)


_BITS = [b"null", b"[]", b"{}", b'""', b"0", b"\n", b'"', b":", b"-", b",", b"<", b"/>", b"&"]


def _answers(data: bytes) -> None:
    try:
        parsed = parse(data, name="f")
    except OakumError as error:
        assert error.remedy
        return
    assert isinstance(parsed, Parsed)
    assert parsed.format in FORMATS


@given(st.binary(max_size=300))
def test_any_bytes_are_facts_or_an_error(data: bytes) -> None:
    _answers(data)


@pytest.mark.parametrize("name", sorted(SAMPLES))
@given(data=st.data())
def test_any_mutation_of_a_feed_is_facts_or_an_error(name: str, data: st.DataObject) -> None:
    text = bytearray(SAMPLES[name].encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=6) | st.sampled_from(_BITS))
        if not text:
            break
    _answers(bytes(text))


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("name", sorted(JSON))
@given(data=st.data())
def test_any_value_in_any_place_of_a_feed_is_facts_or_an_error(name: str, data: st.DataObject) -> None:
    document = json.loads(SAMPLES[name])
    node = document
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or data.draw(st.booleans()):
            node[key] = data.draw(_ANY)
            break
        node = node[key]
    _answers(json.dumps(document).encode())
