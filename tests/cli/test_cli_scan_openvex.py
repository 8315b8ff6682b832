"""``oakum scan -o openvex``: what our own evidence says, scoped so narrowly that nothing else is suppressed by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_cli_scan import NOW
from tests.findings.stated import openvex, said

from oakum.cli.main import main

Json = dict[str, Any]
DIGEST = "sha256:" + "ab" * 32
IMAGE = f"pkg:oci/web@{DIGEST}?repository_url=registry.example.com/web"


def sbom(path: Path, release: str, *packages: str, subject: str = "") -> Path:
    """An SBOM of packages of Alpine."""
    components: list[Json] = [{"type": "operating-system", "name": "alpine", "version": release}]
    for each in packages:
        name, _, version = each.partition("@")
        components.append({"type": "library", "name": name, "version": version, "purl": f"pkg:apk/alpine/{each}"})
    component = {"type": "container", "name": "web", "purl": subject} if subject else {"name": "web"}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": component}}
    path.write_text(json.dumps({**bom, "components": components}))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A store with the secdb of a release where curl never had one of two flaws, and of one where it has both."""
    folder = tmp_path / "data"
    for release, secfixes in (
        ("3.19", {"0": ["CVE-2026-1001"], "9-r0": ["CVE-2026-1002"]}),
        ("3.20", {"9-r0": ["CVE-2026-1001", "CVE-2026-1002"]}),
    ):
        file = tmp_path / f"secdb-{release}.json"
        packages = [{"pkg": {"name": "curl", "secfixes": secfixes}}]
        head = {"distroversion": f"v{release}", "reponame": "main", "apkurl": "{{urlprefix}}", "urlprefix": "https://x"}
        file.write_text(json.dumps({**head, "packages": packages}))
        assert main(["feeds", "import", str(file), "--data", str(folder), "--recorded-at", "2026-02-28T00:00:00Z"]) == 0
    return folder


def stated(data: Path, target: Path, *words: str) -> Json:
    """The document about a target, which passes the lint."""
    out = target.with_suffix(".vex.json")
    main(["scan", str(target), "--data", str(data), "--now", NOW, *words, "-o", f"openvex={out}"])
    assert main(["vex", "lint", str(out)]) == 0
    document: Json = json.loads(out.read_bytes())
    return document


def suppressed(data: Path, target: Path, *vex: Path) -> list[str]:
    out = target.with_suffix(".answer.json")
    words = [word for each in vex for word in ("--vex", str(each))]
    main(["scan", str(target), "--data", str(data), "--now", NOW, *words, "-o", f"json={out}"])
    return [one["id"] for one in json.loads(out.read_bytes())["findings"] if one["suppressed"]]


def test_the_words_of_the_distribution_are_evidence_and_name_their_release(data: Path, tmp_path: Path) -> None:
    document = stated(data, sbom(tmp_path / "a.json", "3.19.1", "curl@8.0-r0"))
    found = {one["vulnerability"]["name"]: one for one in document["statements"]}
    assert {name: one["status"] for name, one in found.items()} == {
        "CVE-2026-1001": "not_affected", "CVE-2026-1002": "affected",
    }  # fmt: skip
    one = found["CVE-2026-1001"]
    assert one["products"] == [{"@id": "pkg:apk/alpine/curl@8.0-r0?distro=alpine-3.19"}]
    assert "says" in one["impact_statement"]
    assert found["CVE-2026-1002"]["action_statement"] == "Upgrade to 9-r0"


def test_a_word_about_one_release_suppresses_nothing_on_another(data: Path, tmp_path: Path) -> None:
    first = sbom(tmp_path / "a.json", "3.19.1", "curl@8.0-r0")
    second = sbom(tmp_path / "b.json", "3.20.1", "curl@8.0-r0")
    stated(data, first)
    assert suppressed(data, first, tmp_path / "a.vex.json") == []
    assert suppressed(data, second, tmp_path / "a.vex.json") == []
    # The twin: the same statement without the release does.
    wide = tmp_path / "wide.json"
    wide.write_text(json.dumps(openvex(said("pkg:apk/alpine/curl@8.0-r0", name="CVE-2026-1001"))))
    assert suppressed(data, second, wide) == ["CVE-2026-1001"]


def test_verdicts_about_an_image_are_about_that_image(data: Path, tmp_path: Path) -> None:
    document = stated(data, sbom(tmp_path / "a.json", "3.19.1", "curl@8.0-r0", subject=IMAGE))
    assert {product["@id"] for one in document["statements"] for product in one["products"]} == {
        f"pkg:oci/web@{DIGEST}?repository_url=registry.example.com/web"
    }
    parts = [product["subcomponents"] for one in document["statements"] for product in one["products"]]
    assert parts == [[{"@id": "pkg:apk/alpine/curl@8.0-r0?distro=alpine-3.19"}]] * 2


def test_what_is_vulnerable_by_another_record_is_not_called_unaffected(data: Path, tmp_path: Path) -> None:
    """Two packages of one source: the words hold for each of them by itself."""
    document = stated(data, sbom(tmp_path / "b.json", "3.20.1", "curl@8.0-r0", "curl@9-r0"))
    statuses = {(one["vulnerability"]["name"], one["status"]) for one in document["statements"]}
    assert statuses == {("CVE-2026-1001", "affected"), ("CVE-2026-1002", "affected")}
    assert all("@8.0-r0" in product["@id"] for one in document["statements"] for product in one["products"])


def test_what_an_advisory_does_not_decide_is_under_investigation(data: Path, tmp_path: Path) -> None:
    tracker = {"curl": {"CVE-2026-1003": {"releases": {"bookworm": {"status": "undetermined", "repositories": {}}}}}}
    file = tmp_path / "tracker.json"
    file.write_text(json.dumps(tracker))
    assert main(["feeds", "import", str(file), "--data", str(data), "--recorded-at", "2026-02-28T00:00:00Z"]) == 0
    purl = "pkg:deb/debian/curl@8.0-1?arch=amd64&distro=debian-12"
    target = tmp_path / "d.json"
    system = {"type": "operating-system", "name": "debian", "version": "12"}
    components = [system, {"type": "library", "name": "curl", "version": "8.0-1", "purl": purl}]
    target.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}))
    (one,) = stated(data, target)["statements"]
    assert (one["vulnerability"]["name"], one["status"]) == ("CVE-2026-1003", "under_investigation")
    assert one["products"] == [{"@id": purl}]
