"""Feeds of rpm distributions through the real commands: import, scan of a real SBOM, and what is said of each package.

Each finding stands beside its negative twin (the fix is what is installed), and without the feed the packages of the
distribution are not assessable.
"""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.advisories.oval_documents import azure, document, earlier, elsa
from tests.advisories.update_notices import amazon, collection, oracle, update, updates
from tests.data import shared

from oakum.cli.main import main

Ask = Callable[[str, bytes | None], dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Import a feed and scan an SBOM of the shared data (or a file)."""
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))

    def asked(sbom: str, feed: bytes | None) -> dict[str, Any]:
        if feed is not None:
            (tmp_path / "feed").write_bytes(feed)
            assert main(["feeds", "import", str(tmp_path / "feed"), "--source", "vendor"]) == 0
        capsys.readouterr()
        path = Path(sbom) if sbom.startswith("/") else shared(f"sbom/{sbom}.cdx.json.gz")
        main(["scan", str(path), "--cleared", "-o", "json"])
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return asked


def told(answer: dict[str, Any]) -> dict[str, str]:
    """Package -> the version that fixes it, or the vendor's word where there is none."""
    return {one["package"]["name"]: one["fix"]["version"] or one["evidence"][0]["state"] for one in answer["findings"]}


def unfed(answer: dict[str, Any], scope: str) -> bool:
    """Whether the packages of the system are not assessable for want of a feed."""
    gaps = [one["what"] for one in answer["not_assessable"] if one["kind"] == "no-feed"]
    return any(gap.endswith((f"package of {scope}", f"packages of {scope}")) for gap in gaps)


@pytest.mark.parametrize("tool", ["syft", "trivy"])
def test_notices_of_amazon_find_what_is_below_the_fix_and_nothing_else(ask: Ask, tool: str) -> None:
    sbom = f"amazonlinux_2_{tool}"
    assert unfed(ask(sbom, None), "amzn:2")
    notices = updates(
        amazon("2", "openssl-libs-1:1.0.2k-24.amzn2.0.17.x86_64", number="2026-1"),
        amazon("2", "glibc-2.26-64.amzn2.0.5.x86_64", number="2026-2"),
        amazon("2023", "python-9-9.amzn2023.x86_64", number="2026-3"),
        amazon("2", "rpm-9-9.amzn2.x86_64", topic="docker", number="2026-4"),
        update("ALAS2-2026-5", collection("Amazon Linux 2", "curl-9-9.amzn2.x86_64"), kind="bugfix", cves=()),
    )
    answer = ask(sbom, gzip.compress(notices))
    assert told(answer) == {"openssl-libs": "1:1.0.2k-24.amzn2.0.17", "rpm": "9-9.amzn2"}
    assert not unfed(answer, "amzn:2")


@pytest.mark.parametrize("tool", ["syft", "trivy"])
def test_notices_of_oracle_keep_flavours_and_modules_apart(ask: Ask, tool: str) -> None:
    sbom = f"oraclelinux_8-slim_{tool}"
    assert unfed(ask(sbom, None), "ol:8")
    notices = updates(
        oracle("8", "gnutls-3.6.16-8.el8_10.5.x86_64", number="2026-1"),
        oracle("8", "openssl-libs-1:1.1.1k-14.el8_10.x86_64", number="2026-2"),
        oracle("8", "glibc-2:2.28-251.0.3.ksplice1.el8_10.28.x86_64", number="2026-3"),
        oracle("8", "nettle-10:3.4.1-8.el8_fips.x86_64", number="2026-4"),
        oracle("8", "curl-9-1.module+el8.7.0+1+a.x86_64", number="2026-5", module="curl:9"),
        oracle("9", "rpm-9-9.el9.x86_64", number="2026-6"),
    )
    answer = ask(sbom, notices)
    assert told(answer) == {"gnutls": "3.6.16-8.el8_10.5"}
    assert not unfed(answer, "ol:8")


def test_definitions_of_oracle_keep_flavours_and_modules_apart(ask: Ask) -> None:
    sbom = "oraclelinux_8-slim_syft"
    plain = earlier("gnutls", "0:3.6.16-8.el8_10.5")
    installed = earlier("openssl-libs", "1:1.1.1k-14.el8_10")
    ksplice = earlier("glibc", "2:2.28-251.0.3.ksplice1.el8_10.28", "glibc is ksplice-based")
    fips = earlier("nettle", "10:3.4.1-8.el8_fips")
    other = elsa(earlier("rpm", "0:9-9.el9"), release="9", number="2022-2")
    answer = ask(sbom, bz2.compress(document(elsa(plain, installed, ksplice, fips) + other)))
    assert told(answer) == {"gnutls": "3.6.16-8.el8_10.5"}
    assert not unfed(answer, "ol:8")


def bill(tmp_path: Path, distro: str, *packages: str, kind: str = "rpm") -> str:
    """An SBOM of a distribution as Syft writes it; the packages are package URLs without type and distribution."""
    product = distro.partition("-")[0]
    purls = [f"pkg:{kind}/{product}/{one}&distro={distro}" for one in packages]
    parts = [one.partition("?")[0].split("@") for one in packages]
    components = [
        {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl}
        for (name, version), purl in zip(parts, purls, strict=True)
    ]
    system = {"type": "operating-system", "name": product, "version": distro.partition("-")[2], "bom-ref": "os"}
    (tmp_path / "sbom.json").write_text(
        json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [*components, system]})
    )
    return str(tmp_path / "sbom.json")


@pytest.mark.parametrize(
    ("patchable", "condition", "below", "expected"),
    [
        ("true", "less than", "2.0-1.azl3", "2.0-2.azl3"),
        ("true", "less than", "2.0-2.azl3", ""),
        ("false", "less than or equal", "2.0-2.azl3", "no patch is available"),
        ("false", "less than or equal", "2.0-3.azl3", ""),
        ("Not Applicable", "less than or equal", "2.0-1.azl3", ""),
    ],
)
def test_trap_02_microsofts_definitions_speak_of_source_packages(
    ask: Ask, tmp_path: Path, patchable: str, condition: str, below: str, expected: str
) -> None:
    built = f"freeglut-libs@{below}?arch=x86_64&upstream=freeglut-{below}.src.rpm"
    other = f"freeglut-doc@{below}?arch=x86_64&upstream=other-{below}.src.rpm"
    sbom = bill(tmp_path, "azurelinux-3.0", built, other)
    assert unfed(ask(sbom, None), "azurelinux:3")
    answer = ask(sbom, azure("freeglut", (condition, "0:2.0-2.azl3"), patchable=patchable))
    assert told(answer) == ({"freeglut-libs": expected} if expected else {})
    assert not unfed(answer, "azurelinux:3")
    cleared = [one["package"] for one in answer["cleared"] if "Not Applicable" in one["why"]]
    assert cleared == (["freeglut-libs"] if patchable == "Not Applicable" else [])


def test_photons_words_are_kept(ask: Ask, tmp_path: Path) -> None:
    names = ("curl", "nghttp2", "httpd", "python3")
    sbom = bill(tmp_path, "photon-4.0", *(f"{name}@7.88.1-1.ph4?arch=x86_64" for name in names))
    assert unfed(ask(sbom, None), "photon:4")
    answer = ask(sbom, shared("feeds/photon/input/cve_data_photon4.0.json").read_bytes())
    assert told(answer) == {"curl": "7.88.1-4.ph4"}
    undecided = [(one["what"], one["kind"]) for one in answer["not_assessable"] if one["kind"] == "undetermined"]
    assert undecided == [("python3: CVE-2023-50447", "undetermined")]
    assert [one["package"] for one in answer["cleared"]] == ["httpd"]


def test_archs_groups_speak_of_packages_by_their_own_order(ask: Ask, tmp_path: Path) -> None:
    versions = {"curl": "8.4.0-1", "openssl": "3.2.0-1", "pam": "1.7.0-9", "glibc": "2.38-1"}
    sbom = bill(tmp_path, "arch", *(f"{name}@{one}?arch=x86_64" for name, one in versions.items()), kind="alpm")
    assert unfed(ask(sbom, None), "arch")
    answer = ask(sbom, shared("feeds/arch/input/arch-advisories/all.json").read_bytes())
    assert told(answer) == {"curl": "8.5.0-1", "pam": "Vulnerable", "glibc": "2.38-2"}
    assert not unfed(answer, "arch")


@pytest.mark.parametrize(("installed", "expected"), [("2.6.4-1.fc40", "2.7.0-1.fc40"), ("2.7.0-1.fc40", "")])
def test_fedoras_updates_speak_of_sources(ask: Ask, tmp_path: Path, installed: str, expected: str) -> None:
    sbom = bill(tmp_path, "fedora-40", f"expat-devel@{installed}?arch=x86_64&upstream=expat-{installed}.src.rpm")
    assert unfed(ask(sbom, None), "fedora:40")
    answer = ask(sbom, shared("feeds/fedora/input/FEDORA-2025-bbb2222222.json").read_bytes())
    assert told(answer) == ({"expat-devel": expected} if expected else {})
    assert not unfed(answer, "fedora:40")
