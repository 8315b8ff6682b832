"""Inputs that once ended as "no findings" although nothing had been understood, each by what its user saw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.cli.main import main

NOW = "2026-01-02T00:00:00Z"


def feeds(folder: Path, *named: tuple[str, str, str]) -> Path:
    """A folder of one OSV record for each (ecosystem, name, fixed version)."""
    folder.mkdir()
    for number, (ecosystem, name, fixed) in enumerate(named):
        record = {
            "id": f"X-{number}",
            "modified": "2026-01-01T00:00:00Z",
            "affected": [
                {
                    "package": {"ecosystem": ecosystem, "name": name},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"fixed": fixed}]}],
                }
            ],
        }
        (folder / f"X-{number}.json").write_text(json.dumps(record))
    return folder


def scan(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], store: Path, components: str
) -> tuple[int, list[str], list[str]]:
    """The exit code, the purls of the findings, and the kinds of gaps, for the text of a component list."""
    bom = tmp_path / "bom.json"
    bom.write_text(f'{{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": {components}}}')
    code = main(["scan", str(bom), "--feeds", str(store), "-o", "json", "--now", NOW])
    out = capsysbinary.readouterr().out
    answer = json.loads(out) if out else {"findings": [], "not_assessable": []}
    purls = [each["package"]["purl"] for each in answer["findings"]]
    return code, purls, sorted({each["kind"] for each in answer["not_assessable"]})


def component(purl: str, **more: str) -> dict[str, str]:
    return {"type": "library", "name": "x", "version": "1.5", "purl": purl, **more}


@pytest.mark.parametrize(
    ("ecosystem", "name", "purl"),
    [
        ("Go", "github.com/BurntSushi/toml", "pkg:golang/github.com/burntsushi/toml@v1.1.0"),
        ("Go", "github.com/BurntSushi/toml", "pkg:golang/github.com/BurntSushi/toml@v1.1.0"),
        ("SwiftURL", "github.com/Alamofire/Alamofire", "pkg:swift/github.com/alamofire/alamofire@1.1.0"),
    ],
)
def test_qa_module_paths_in_lower_case_as_purls_have_them_find_their_advisories(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], ecosystem: str, name: str, purl: str
) -> None:
    store = feeds(tmp_path / "feeds", (ecosystem, name, "1.2.0"))
    assert scan(tmp_path, capsysbinary, store, json.dumps([component(purl)])) == (0, [purl], [])


@pytest.mark.parametrize("word", ["%24%7Blog4j.version%7D", "unknown", "UNKNOWN", "latest", "unspecified", "%2A"])
@pytest.mark.parametrize(
    ("ecosystem", "name", "purl"), [("Maven", "g:a", "pkg:maven/g/a"), ("PyPI", "a", "pkg:pypi/a")]
)
def test_qa_a_placeholder_for_a_version_is_not_compared(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], ecosystem: str, name: str, purl: str, word: str
) -> None:
    store = feeds(tmp_path / "feeds", (ecosystem, name, "2.0"))
    components = json.dumps([component(f"{purl}@{word}"), component(f"{purl}@1.5")])
    assert scan(tmp_path, capsysbinary, store, components) == (3, [f"{purl}@1.5"], ["unparsable-version"])


@pytest.mark.parametrize("purl", ["pkg:maven/log4j-core@1.5", "pkg:composer/http-kernel@1.5"])
def test_qa_half_a_name_is_not_looked_up(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], purl: str) -> None:
    store = feeds(tmp_path / "feeds", ("Maven", "org:log4j-core", "2.0"), ("Packagist", "s/http-kernel", "2.0"))
    whole = component("pkg:maven/org/log4j-core@2.0")
    components = json.dumps([component(purl), whole])
    assert scan(tmp_path, capsysbinary, store, components) == (3, [], ["unknown-ecosystem"])


def test_qa_an_rpm_on_debian_is_not_judged_by_debians_advisories(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    store = feeds(tmp_path / "feeds", ("Debian:12", "openssl", "2.0"))
    components = json.dumps(
        [
            {"type": "operating-system", "name": "debian", "version": "12"},
            component("pkg:rpm/openssl@1.5-1?arch=x86_64"),
            component("pkg:deb/debian/bash@1.5-1"),
        ]
    )
    assert scan(tmp_path, capsysbinary, store, components) == (3, [], ["unknown-release"])


@pytest.mark.parametrize("kind", [{}, {"type": "novelty"}])
def test_qa_a_component_without_purl_or_type_is_not_dropped(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], kind: dict[str, str]
) -> None:
    store = feeds(tmp_path / "feeds", ("npm", "lodash", "2.0"))
    components = json.dumps([{**kind, "name": "lodash", "version": "1.5"}, component("pkg:npm/x@1.5")])
    assert scan(tmp_path, capsysbinary, store, components) == (3, [], ["unknown-ecosystem"])


def test_qa_two_versions_in_one_component_are_refused_where_the_version_decides(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    store = feeds(tmp_path / "feeds", ("npm", "lodash", "2.0"))
    twice = '[{"type": "library", "name": "lodash", "version": "1.5", "version": "9.0", "purl": "pkg:npm/lodash"}]'
    assert scan(tmp_path, capsysbinary, store, twice) == (2, [], [])


@pytest.mark.parametrize("platform", ["java", "x86_64-linux", "arm64-darwin", "x64-mingw32", "aarch64-linux-gnu"])
def test_qa_a_gems_platform_is_no_part_of_its_version(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], platform: str
) -> None:
    store = feeds(tmp_path / "feeds", ("RubyGems", "nokogiri", "1.13.3"))
    bad, good = (f"pkg:gem/nokogiri@{version}-{platform}" for version in ("1.13.2", "1.13.3"))
    components = json.dumps([component(bad), component(good)])
    assert scan(tmp_path, capsysbinary, store, components) == (0, [bad], [])


def test_qa_a_fresh_source_does_not_cover_for_an_old_one(tmp_path: Path) -> None:
    store = feeds(tmp_path / "feeds", ("npm", "old", "2.0"))
    fresh = {"id": "Y-1", "modified": NOW, "affected": [{"package": {"ecosystem": "npm", "name": "z"}}]}
    (store / "fresh.jsonl").write_text(f"{json.dumps(fresh)}\n{json.dumps({**fresh, 'id': 'Y-2'})}\n")
    bom = tmp_path / "bom.json"
    found = [component("pkg:npm/a@1.0.0")]
    bom.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": found}))
    words = ["scan", str(bom), "--feeds", str(store), "--now", NOW]
    assert main([*words, "--max-feed-age", "2d"]) == 0
    assert main([*words, "--max-feed-age", "12h"]) == 3


@pytest.mark.parametrize(("version", "code", "gaps"), [("1.5-1", 3, ["undetermined"]), ("2.0-1", 0, [])])
def test_qa_an_advisory_for_debian_of_no_release_is_not_silence(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], version: str, code: int, gaps: list[str]
) -> None:
    store = feeds(tmp_path / "feeds", ("Debian", "zlib", "2.0"), ("Debian:12", "bash", "2.0"))
    purl = f"pkg:deb/debian/zlib1g@{version}?distro=debian-12&upstream=zlib"
    assert scan(tmp_path, capsysbinary, store, json.dumps([component(purl)])) == (code, [], gaps)


def test_qa_spdx_packages_of_any_purpose_and_under_each_of_their_purls_are_seen(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    store = feeds(tmp_path / "feeds", ("npm", "first", "2.0"), ("PyPI", "second", "2.0"))
    purls = ["pkg:npm/first@1.5.0", "pkg:pypi/second@1.5"]
    references = [{"referenceType": "purl", "referenceLocator": purl} for purl in purls]
    packages = [
        {"SPDXID": "SPDXRef-a", "name": "both", "versionInfo": "1.5", "externalRefs": references},
        {"SPDXID": "SPDXRef-b", "name": "a.jar", "versionInfo": "1.5", "primaryPackagePurpose": "ARCHIVE"},
    ]
    bom = tmp_path / "bom.spdx.json"
    bom.write_text(json.dumps({"spdxVersion": "SPDX-2.3", "name": "x", "packages": packages}))
    assert main(["scan", str(bom), "--feeds", str(store), "-o", "json", "--now", NOW]) == 3
    answer = json.loads(capsysbinary.readouterr().out)
    assert sorted(each["package"]["purl"] for each in answer["findings"]) == purls
    assert [each["kind"] for each in answer["not_assessable"]] == ["unknown-ecosystem"]
