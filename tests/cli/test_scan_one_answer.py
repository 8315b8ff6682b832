"""One image, one answer: the identity probe through the real commands, on Syft's and on Trivy's SBOM of each image.

For every operating system package one advisory is fixed just above its version and one exactly at it, written as that
distribution's feed writes: all of the first must be found and none of the second. What the packages are is read here
from the plain JSON of Syft's SBOM (package URL, ``upstream`` qualifier), not by the program.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

import pytest
from tests.data import shared

from oakum.cli.main import main

NOW = "2026-03-01T12:00:00Z"


class Installed(NamedTuple):
    """One package: versions with their epoch as the distribution's own tools write it."""

    name: str
    version: str
    source: str
    source_version: str


def components(stem: str) -> list[dict[str, Any]]:
    (path,) = shared("sbom").glob(f"{stem}.cdx.json*")
    data = path.read_bytes()
    found: list[dict[str, Any]] = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)["components"]
    return found


def os_packages(image: str) -> list[Installed]:
    """What Syft lists, without the keys of the rpm database, which are no software."""
    found = []
    for component in components(f"{image}_syft"):
        purl = component.get("purl", "")
        type_ = purl.partition("/")[0].removeprefix("pkg:")
        if type_ not in ("deb", "rpm", "apk") or component["name"] == "gpg-pubkey":
            continue
        upstream = unquote(parse_qs(purl.partition("?")[2]).get("upstream", [""])[0])
        name, version = component["name"], component["version"]
        if type_ == "rpm" and (rpm := re.fullmatch(r"(.+)-([^-]+-[^-]+)\.(no)?src\.rpm", upstream)):
            epoch = version.partition(":")[0] + ":" if ":" in version else ""
            found.append(Installed(name, version, rpm[1], epoch + rpm[2]))
        else:
            source, _, source_version = upstream.partition("@")
            found.append(Installed(name, version, source or name, source_version or version))
    return found


def just_above(version: str) -> str:
    """apk counts its builds; for dpkg and rpm a longer release is a newer one."""
    build = re.fullmatch(r"(.*-r)(\d+)", version)
    return f"{build[1]}{int(build[2]) + 1}" if build else f"{version}.1"


def osv(ecosystem: str, id_: str) -> Callable[[Path, dict[str, tuple[str, str]]], None]:
    """OSV as JSON Lines; ``id_`` is the form of the publisher's ids."""

    def write(folder: Path, fixes: dict[str, tuple[str, str]]) -> None:
        with (folder / "probe.jsonl").open("w") as lines:
            for number, (name, fixed) in fixes.items():
                events = [{"introduced": "0"}, {"fixed": fixed}]
                record = {
                    "schema_version": "1.7.0",
                    "id": id_.format(number),
                    "modified": "2026-02-01T00:00:00Z",
                    "published": "2026-01-01T00:00:00Z",
                    "related": [cve(number)],
                    "affected": [
                        {
                            "package": {"ecosystem": ecosystem, "name": name},
                            "ranges": [{"type": "ECOSYSTEM", "events": events}],
                        }
                    ],
                }
                lines.write(json.dumps(record) + "\n")

    return write


def cve(number: str) -> str:
    return f"CVE-2099-{number}"


def debian_tracker(codename: str) -> Callable[[Path, dict[str, tuple[str, str]]], None]:
    def write(folder: Path, fixes: dict[str, tuple[str, str]]) -> None:
        tracker: dict[str, dict[str, Any]] = {}
        for number, (name, fixed) in fixes.items():
            release = {
                "status": "resolved",
                "repositories": {codename: fixed},
                "fixed_version": fixed,
                "urgency": "not yet assigned",
            }
            entry = {"scope": "remote", "description": "a flaw", "releases": {codename: release}}
            tracker.setdefault(name, {})[cve(number)] = entry
        (folder / "probe.json").write_text(json.dumps(tracker))

    return write


def secdb(release: str) -> Callable[[Path, dict[str, tuple[str, str]]], None]:
    def write(folder: Path, fixes: dict[str, tuple[str, str]]) -> None:
        lines = [f"distroversion: {release}", "reponame: main", "urlprefix: https://cdn.example/alpine", "packages:"]
        versions: dict[str, dict[str, list[str]]] = {}
        for number, (name, fixed) in fixes.items():
            versions.setdefault(name, {}).setdefault(fixed, []).append(cve(number))
        for name, by_version in versions.items():
            lines += ["  - pkg:", f"      name: {name}", "      secfixes:"]
            for fixed, ids in by_version.items():
                lines += [f"        {fixed}:", *(f"          - {id_}" for id_ in ids)]
        (folder / "probe.yaml").write_text("\n".join(lines) + "\n")

    return write


#: image, what its feed is written in, and whether that feed names sources
FEEDS = {
    "debian 10, OSV": ("debian_10-slim", osv("Debian:10", "DEBIAN-CVE-2099-{}"), True),
    "debian 12, OSV": ("debian_12-slim", osv("Debian:12", "DEBIAN-CVE-2099-{}"), True),
    "debian 12, tracker": ("debian_12-slim", debian_tracker("bookworm"), True),
    "distroless, OSV": ("gcr.io_distroless_base-debian12_latest", osv("Debian:12", "DEBIAN-CVE-2099-{}"), True),
    "ubuntu 20.04, OSV": ("ubuntu_20.04", osv("Ubuntu:20.04:LTS", "UBUNTU-CVE-2099-{}"), True),
    "ubuntu 24.04, OSV": ("ubuntu_24.04", osv("Ubuntu:24.04:LTS", "UBUNTU-CVE-2099-{}"), True),
    "alpine 3.18, secdb": ("alpine_3.18", secdb("v3.18"), True),
    "alpine 3.20, secdb": ("alpine_3.20", secdb("v3.20"), True),
    "alpine 3.20, OSV": ("alpine_3.20", osv("Alpine:v3.20", "ALPINE-CVE-2099-{}"), True),
    "almalinux 8, OSV": ("almalinux_8-minimal", osv("AlmaLinux:8", "ALSA-2099:{}"), False),
    "rocky 9, OSV by source": ("rockylinux_9-minimal", osv("Rocky Linux:9", "RLSA-2099:{}"), True),
    "rocky 9, OSV by binary": ("rockylinux_9-minimal", osv("Rocky Linux:9", "RLSA-2099:{}"), False),
    "opensuse 15.5, OSV": ("opensuse_leap_15.5", osv("openSUSE:Leap 15.5", "openSUSE-SU-2099:{}-1"), False),
    "oracle 8, OSV": ("oraclelinux_8-slim", osv("Oracle Linux:8", "ELSA-2099-{}"), False),
    "amazon 2, OSV": ("amazonlinux_2", osv("Amazon Linux:2", "ALAS2-2099-{}"), False),
}
#: Syft lists ten Python packages that Trivy leaves out, and no feed about Python is imported.
WITH_LANGUAGE_PACKAGES = {"amazonlinux_2_syft"}


def advisories(packages: list[Installed], by_source: bool) -> dict[tuple[str, str], tuple[str, str]]:
    """(name, version) as the feed would write them -> the numbers of the advisory just above and of the one exactly."""
    named = {(one.source, one.source_version) if by_source else (one.name, one.version) for one in packages}
    return {key: (f"{10_000 + 2 * at}", f"{10_001 + 2 * at}") for at, key in enumerate(sorted(named))}


def scanned(arguments: list[str], out: Path) -> tuple[int, dict[str, Any]]:
    code = main(["scan", *arguments, "--now", NOW, "-o", f"json={out}"])
    return code, json.loads(out.read_bytes())


@pytest.mark.parametrize("feed", FEEDS)
def test_trap_01_02_13_identity_probe(feed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image, write, by_source = FEEDS[feed]
    packages = os_packages(image)
    probes = advisories(packages, by_source)
    fixes = {}
    for (name, version), (above, exact) in probes.items():
        fixes[above], fixes[exact] = (name, just_above(version)), (name, version)
    (tmp_path / "feed").mkdir()
    write(tmp_path / "feed", fixes)
    (made,) = (tmp_path / "feed").iterdir()
    assert main(["feeds", "import", str(made), "--data", str(tmp_path / "data"), "--recorded-at", NOW]) == 0
    expected = sorted(
        (one.name, probes[(one.source, one.source_version) if by_source else (one.name, one.version)][0])
        for one in packages
    )
    answers = {}
    for tool in ("syft", "trivy"):
        (sbom,) = shared("sbom").glob(f"{image}_{tool}.cdx.json*")
        code, answer = scanned([str(sbom), "--data", str(tmp_path / "data")], tmp_path / f"{tool}.json")
        answers[tool] = answer
        found = sorted(
            (finding["package"]["name"], re.findall(r"\d{5}", evidence["record"])[0])
            for finding in answer["findings"]
            if finding["package"]["type"] in ("deb", "rpm", "apk")
            for evidence in finding["evidence"]
        )
        assert found == expected, tool
        given = {component.get("purl") for component in components(f"{image}_{tool}")}
        assert {finding["package"]["purl"] for finding in answer["findings"]} <= given
        languages = f"{image}_{tool}" in WITH_LANGUAGE_PACKAGES
        assert code == (3 if languages else 0)
        assert [gap["what"] for gap in answer["not_assessable"]] == (["10 packages of pypi"] if languages else [])
    capsys.readouterr()
    assert _identities(answers["syft"]) == _identities(answers["trivy"])


def _identities(answer: dict[str, Any]) -> list[tuple[object, ...]]:
    """Everything of a finding that is no spelling of the tool."""
    fields = ("name", "version", "epoch", "arch", "source", "source_version")
    return sorted(
        (one["key"], one["id"], one["fix"]["version"], *(str(one["package"][field]) for field in fields))
        for one in answer["findings"]
        if one["package"]["type"] in ("deb", "rpm", "apk")
    )


def test_the_difference_between_the_tools_is_shown_as_coverage(tmp_path: Path) -> None:
    feed = tmp_path / "probe.jsonl"
    osv("Amazon Linux:2", "ALAS2-2099-{}")(tmp_path, {"10000": ("bash", "99-1")})
    assert main(["feeds", "import", str(feed), "--data", str(tmp_path)]) == 0
    seen = {}
    for tool in ("syft", "trivy"):
        sbom = shared(f"sbom/amazonlinux_2_{tool}.cdx.json.gz")
        code, answer = scanned([str(sbom), "--data", str(tmp_path)], tmp_path / "answer.json")
        (asset,) = answer["assets"]
        seen[tool] = code, {part["scope"]: (part["packages"], part["assessed"]) for part in asset["coverage"]}
        gaps = answer["not_assessable"]
        assert all(gap["what"] and gap["why"] and gap["remedy"] for gap in gaps)
        assert len(gaps) == (tool == "syft")
    assert seen == {
        "syft": (3, {"amzn:2": (106, 106), "pypi": (10, 0)}),
        "trivy": (0, {"amzn:2": (106, 106)}),
    }


def sbom_of(distribution: dict[str, str] | None, purl: str = "pkg:deb/x/bash@5.2-1?arch=amd64") -> str:
    parts: list[dict[str, Any]] = [{"type": "library", "name": "bash", "version": "5.2-1", "purl": purl}]
    if distribution is not None:
        parts.append({"type": "operating-system", **distribution})
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts})


@pytest.mark.parametrize(
    ("distribution", "purl"),
    [
        (None, "pkg:deb/bash@5.2-1"),
        ({"name": "quuxlinux", "version": "7"}, "pkg:deb/quuxlinux/bash@5.2-1"),
        ({"name": "quuxlinux", "version": "7"}, "pkg:rpm/quuxlinux/bash@5.2-1?distro=quuxlinux-7"),
        ({"name": "debian", "version": "forky-and-beyond"}, "pkg:deb/debian/bash@5.2-1"),
        ({"name": "debian", "version": "11"}, "pkg:deb/debian/bash@5.2-1?distro=debian-11"),
        ({"name": "3.18.12", "version": ""}, "pkg:rpm/bash@5.2-1"),
        (None, "pkg:quux/bash@5.2-1"),
        (None, "pkg:generic/bash@5.2-1"),
        (None, ""),
    ],
)
def test_trap_13_no_name_that_is_not_understood_is_an_empty_answer(
    distribution: dict[str, str] | None, purl: str, tmp_path: Path
) -> None:
    """A feed for Debian 12 is there; nothing else can be answered, and each case says so with a remedy."""
    osv("Debian:12", "DEBIAN-CVE-2099-{}")(tmp_path, {"10000": ("bash", "99-1")})
    assert main(["feeds", "import", str(tmp_path / "probe.jsonl"), "--data", str(tmp_path)]) == 0
    (tmp_path / "sbom.json").write_text(sbom_of(distribution, purl))
    code, answer = scanned([str(tmp_path / "sbom.json"), "--data", str(tmp_path)], tmp_path / "answer.json")
    assert (code, answer["findings"]) == (3, [])
    assert all(gap["what"] and gap["why"] and gap["remedy"] for gap in answer["not_assessable"])
    assert answer["not_assessable"]


@pytest.mark.parametrize("image", ["debian_12-slim_trivy", "almalinux_8-minimal_syft", "alpine_3.20_trivy"])
def test_without_the_distributions_feed_nothing_is_assessed(image: str, tmp_path: Path) -> None:
    (sbom,) = shared("sbom").glob(f"{image}.cdx.json*")
    osv("openSUSE:Leap 15.5", "openSUSE-SU-2099:{}-1")(tmp_path, {"10000": ("bash", "99-1")})
    for feeds in (["--feeds", str(tmp_path)], ["--data", str(tmp_path / "nothing")]):
        code, answer = scanned([str(sbom), *feeds], tmp_path / ".." / f"{tmp_path.name}.json")
        assert (code, answer["findings"]) == (3, [])
        (gap,) = answer["not_assessable"]
        assert "oakum feeds import" in gap["remedy"]


def test_an_empty_feeds_folder_is_no_clean_answer(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    sbom = shared("sbom/alpine_3.20_trivy.cdx.json")
    code, answer = scanned([str(sbom), "--feeds", str(tmp_path / "empty")], tmp_path / "answer.json")
    assert (code, answer["findings"]) == (3, [])
    assert ["oakum feeds import" in gap["remedy"] for gap in answer["not_assessable"]] == [True]


def test_a_package_of_an_unknown_type_among_known_ones_is_named(tmp_path: Path) -> None:
    osv("Debian:12", "DEBIAN-CVE-2099-{}")(tmp_path, {"10000": ("bash", "99-1")})
    document = json.loads(sbom_of({"name": "debian", "version": "12"}, "pkg:deb/debian/bash@5.2-1?distro=debian-12"))
    document["components"].append({"type": "library", "name": "x", "version": "1", "purl": "pkg:quux/x@1"})
    (tmp_path / "sbom.cdx.json").write_text(json.dumps(document))
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    (tmp_path / "probe.jsonl").rename(feeds / "probe.jsonl")
    code, answer = scanned([str(tmp_path / "sbom.cdx.json"), "--feeds", str(feeds)], tmp_path / "answer.json")
    assert code == 3
    assert [one["package"]["name"] for one in answer["findings"]] == ["bash"]
    assert any("quux" in gap["what"] for gap in answer["not_assessable"])
